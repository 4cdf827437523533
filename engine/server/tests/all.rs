//! All the tests of this crate in one program: one link instead of 10.

mod access;
mod accounts;
mod actions;
mod adapters;
mod blind;
mod bus;
mod control;
mod desk;
mod health;
mod organisation;
mod outage;
mod publication;
mod pump;
mod secrets;
mod service;
mod setup;
mod support;
#[path = "../../../tests/faults/told.rs"]
mod told;
