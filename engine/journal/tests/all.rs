//! All the tests of this crate in one program: one link instead of 10.

mod archive;
mod common;
mod copies;
mod damage;
mod disk_full;
mod follow;
mod fuzz;
mod golden;
mod io_errors;
mod lock;
mod model;
mod power_cut;
mod round_trip;
mod snapshots;
#[path = "../../../tests/faults/told.rs"]
mod told;
mod torn;
