//! The decision core of Countersign. Pure: no clock, no chance, no files, no threads, ordered containers only.
//!
//! ```text
//! turn(&mut State, &Command) -> frames     decide, apply, and what follows from it, until nothing does
//! decide(&State, &Command)   -> events     reads, never writes
//! apply(&mut State, &Event)                writes, never fails, never decides
//! ```
//!
//! Start with [`command`] (what comes in), [`event`] (what happened), [`state`] (what is), then `decide`.

pub mod accounts;
pub mod calendar;
pub mod command;
pub mod decide;
pub mod definition;
mod depth;
pub mod document;
pub mod effect;
pub mod eval;
pub mod event;
pub mod explain;
pub mod expr;
pub mod fit;
pub mod frame;
pub mod money;
pub mod name;
pub mod preview;
pub mod rates;
pub mod receipt;
pub mod rejection;
pub mod secret;
pub mod small_map;
pub mod state;
pub mod time;
pub mod turn;
pub mod value;
