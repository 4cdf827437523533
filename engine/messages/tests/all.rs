//! All the tests of this crate in one program: one link instead of 9.

mod adapters;
mod common;
mod events;
mod forms;
mod golden;
mod limits;
mod mutations;
mod requests;
mod schemas;
mod subjects;
#[path = "../../../tests/faults/told.rs"]
mod told;
