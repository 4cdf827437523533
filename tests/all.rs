//! The tests of the whole product in one program: real servers, and the binary that users run.

mod adapters;
mod first_chain;
mod golden;
mod kill;
mod mining;
mod orders;
mod other_language;
mod rules_change;
mod support;
mod tidy;
#[path = "faults/told.rs"]
mod told;
mod versions;
