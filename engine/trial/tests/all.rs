//! All the tests of this crate in one program: one link instead of 3.

mod actions;
mod fuzz;
mod hostile;
mod order;
mod promises;
mod signing;
mod support;
#[path = "../../../tests/faults/told.rs"]
mod told;
mod yuanlan;
