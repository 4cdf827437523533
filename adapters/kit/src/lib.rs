//! The kit that adapters are written with. An adapter stands between the engine and a system that does work: it takes
//! commands, does each of them at most once, answers, and passes on facts.
//!
//! Whoever writes one implements [`BackOffice`], four small functions, and declares its verbs ([`Declaration`]). The
//! kit does the rest:
//!
//! | what | where |
//! |---|---|
//! | `started` on disk before the call, the same answer to the same command | [`Ledger`] |
//! | look-up before a repeat, retries, order within a case, dead letters, clean stop | [`Adapter`], [`Running`] |
//! | commands in and answers out, over NATS or within a process | [`transport`] |
//! | a back office that speaks HTTP and JSON, by configuration alone | [`http`] |
//! | a back office that is none, for demonstrations and tests | [`sandbox`] |
//! | health, counters | [`Health`], [`Metrics`] |
//! | from a configuration file to a running adapter | [`process`] |
//!
//! `adapters/README.md` is the guide.

mod breaker;
pub mod declare;
mod health;
pub mod http;
mod ledger;
mod office;
pub mod process;
mod run;
pub mod sandbox;
mod schedule;
mod settings;
mod shape;
pub mod time;
pub mod transport;
mod work;

pub use declare::Declaration;
pub use health::{Health, Metrics};
pub use ledger::{Entry, Kept, Ledger, LedgerError};
pub use office::{BackOffice, Batch, Found, Trouble};
pub use run::{Adapter, Running};
pub use schedule::Schedule;
pub use settings::Settings;
pub use shape::{Misshapen, shaped};
pub use work::{News, Said, Work, answer, reply_id};
