//! An independent, naive model of approvals, and the company that it and the engine are both run on.
//!
//! The model was written from the documents (rules R1-R22, the approval glossary), not from the engine: plain
//! vectors and recursion, no events, no incremental state. Every view of a case is computed anew from the list of
//! inputs that were accepted.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod case;
pub mod chains;
pub mod climb;
pub mod company;
pub mod driver;
pub mod generator;
pub mod judge;
pub mod order;
pub mod random;
pub mod route;
pub mod tree;
pub mod wild;
