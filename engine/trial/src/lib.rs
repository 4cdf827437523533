//! Admins test their own rules: given, when, then. Core alone, in virtual time: no log, no threads.
//!
//! ```text
//! Company::new(bundle)          the rules, founded in memory
//! read(file, company)           cases/*.yaml -> case files, findings with places
//! run(company, file, case)      a fresh State; each sentence a command; each expectation looked up
//! ```
//!
//! Start with [`sentence`] (what can happen), [`expect`] (what can be expected), then `world` and `act`.

mod accounts;
mod act;
mod apply;
mod case;
pub mod codes;
mod company;
mod cover;
mod earlier;
mod expect;
mod fields;
mod find;
mod jump;
mod look;
mod read;
mod reports;
mod run;
mod sentence;
mod signing;
mod story;
mod tell;
mod watch;
mod world;

pub use case::{CaseFile, Trial};
pub use company::Company;
pub use cover::policies::Policy;
pub use cover::{Cover, Uncovered};
pub use read::read;
pub use run::{Outcome, Unmet, run};
pub use story::Line;
pub use watch::{Explained, Watched, watch};
