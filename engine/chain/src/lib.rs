//! YAML text -> compiled definitions, with diagnostics.
//!
//! ```text
//! load_dir(folder) -> files          reads, within limits
//! compile(files)   -> bundle, diagnostics
//!
//! yaml      text -> tree with places; nothing that readers of YAML disagree on
//! read      tree -> names, numbers, spans, mappings with known keys
//! condition text -> tokens -> tree -> types -> core's expressions
//! company, organisation, authority, adapters, table, accounts, document, chain, systems, reports: tree -> core's definitions
//! lint      chains as graphs, each and all of them together
//! matrix    responsibility.yaml held against the chains
//! proof     whoever hands in, however much: somebody can sign; asked of core itself
//! schema    JSON Schemas for editors, from the keys that the loader knows
//! ```
//!
//! The language is described in workflows/README.md, each code of a diagnostic in [`codes`].

mod access;
mod accounts;
pub mod acts;
mod adapters;
mod authority;
mod chain;
pub mod codes;
mod company;
mod compile;
mod condition;
mod diagnostic;
mod document;
mod duties;
pub mod examples;
mod hierarchy;
mod lint;
pub mod matrix;
mod organisation;
mod plain;
mod policies;
mod proof;
mod read;
mod reports;
pub mod schema;
mod source;
mod suggest;
mod systems;
mod table;
pub mod tree;
mod types;
mod value;
mod world;
mod yaml;
mod zone;

pub use compile::{Bundle, Compiled, Proof, compile, compile_as};
pub use diagnostic::{Diagnostic, Severity};
pub use reports::BUILT_IN as BUILT_IN_REPORTS;
pub use source::{FILE_BYTES_MAX, FILES_MAX, SourceFile, load_dir};
