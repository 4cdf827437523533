//! Reports and process-mining logs: folds over the log's events, as of a time. Nothing here decides or writes.
//!
//! ```text
//! Rules     a first pass: the definitions that held at the time        as_of.rs
//! Fold      frames -> Book                                              fold.rs
//!   track   what became of each case, its tasks, its states             track/
//!   measure what the company says its documents mean (reports.yaml)     measure/
//! Book      + Window -> Sheet, one file a report                        reports/
//! mining    frames -> XES, OCEL 2.0, CSV                                mining/
//! ```
//!
//! A report as of a time reads the frames up to then and no others, with the definitions that held then: reprinted
//! later it is the same to the last digit, however the log has grown.

mod as_of;
mod durations;
mod fold;
mod measure;
pub mod mining;
mod reports;
mod sheet;
mod track;
mod window;

pub use as_of::{AsOf, Rules};
pub use fold::{Book, Fold};
pub use reports::{NAMES, Report, ReportError, find};
pub use sheet::{Cell, Column, Sheet};
pub use window::{Asked, Window};
