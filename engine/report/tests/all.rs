//! All the tests of this crate in one program: one link instead of 4.

mod again;
mod mined;
mod money;
mod support;
mod work;
