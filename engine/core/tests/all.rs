//! All the tests of this crate in one program: one link instead of 27.

mod access;
mod accounts;
mod accounts_roam;
mod actions;
mod asking;
mod calendar;
mod calendar_starts;
mod children;
mod compensation;
mod expression_tables;
mod expressions;
mod expressions_world;
mod facts;
mod family_roam;
mod form1;
mod fuzz_frames;
mod golden_events;
mod limits;
mod listening;
mod model;
mod organisation;
mod outward;
mod outward_roam;
mod outward_support;
mod previews;
mod records;
mod replay;
mod rules;
mod scenarios;
mod secrets;
mod snapshots;
mod support;
mod tasks;
#[path = "../../../tests/faults/told.rs"]
mod told;
mod unique;
