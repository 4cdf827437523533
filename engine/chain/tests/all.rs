//! All the tests of this crate in one program: one link instead of 5.

#[path = "broken/main.rs"]
mod broken;
mod demo;
mod faults;
mod fuzz;
mod hostile;
mod matrix;
mod proof;
mod reports;
#[path = "../../../tests/faults/told.rs"]
mod told;
mod works;
