//! The tests of the whole product in one program: real servers, and the binary that users run.

mod adapters;
mod first_chain;
mod kill;
mod mining;
mod orders;
mod other_language;
mod rules_change;
mod support;
mod tidy;
