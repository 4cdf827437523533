//! All the tests of this crate in one program: one link instead of 3.

mod http;
mod nats;
mod running;
mod support;
#[path = "../../../tests/faults/told.rs"]
mod told;
