//! All the tests of this crate in one program: one link instead of 9.

mod archive;
mod clocks;
mod copies;
mod demo_company;
mod failures;
mod followers;
mod load;
mod power;
mod replies;
mod snapshots;
mod start;
mod support;
mod views;
