//! All the tests of this crate in one program: one link instead of 10.

mod accounts;
#[path = "../../nats/tests/support/mod.rs"]
mod authority;
mod bench;
mod check;
mod common;
mod company;
mod copies;
mod demo;
mod log;
mod org;
mod quiet;
mod report;
mod rules;
mod run_adapters;
mod secrets;
mod secured;
mod served;
mod shell;
#[path = "../../../tests/support/mod.rs"]
mod support;
#[path = "../../../tests/faults/told.rs"]
mod told;
mod upgrade;
