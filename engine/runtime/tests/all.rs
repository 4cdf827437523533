//! All the tests of this crate in one program: one link instead of 9.

mod archive;
mod clocks;
mod copies;
mod crowd;
mod demo_company;
mod failures;
mod followers;
mod load;
mod power;
mod replies;
mod snapshots;
mod start;
mod support;
#[path = "../../../tests/faults/told.rs"]
mod told;
mod views;
mod whims;
