//! The time that a report knows of, and the definitions that held then.

use std::sync::Arc;

use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_core::state::{Release, State, apply};
use countersign_core::time::{Date, Timestamp};

/// How much of the log a report knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// All of it, seen from this instant or from its end, whichever is later.
    Now(Timestamp),
    /// Frames up to this instant, inclusive.
    Time(Timestamp),
    /// Frames up to the end of this day in the company's zone.
    Day(Date),
}

impl AsOf {
    /// Whether a frame of this time is known, under the company that holds before it.
    pub(crate) fn knows(self, at: Timestamp, state: &State) -> bool {
        match self {
            AsOf::Now(_) => true,
            AsOf::Time(last) => at <= last,
            AsOf::Day(last) => local(at, state) <= last,
        }
    }

    /// The last instant that is known.
    pub(crate) fn instant(self, state: &State) -> Timestamp {
        match self {
            AsOf::Now(at) => at.max(state.head().at),
            AsOf::Time(last) => last,
            AsOf::Day(last) => match (company_zone(state), last.plus_days(1)) {
                (Some(zone), Some(next)) => zone.instant(next, 0).plus(-1),
                _ => state.head().at,
            },
        }
    }
}

fn company_zone(state: &State) -> Option<&countersign_core::time::Zone> {
    state.definitions().active()?.company().map(|company| &company.calendar.zone)
}

/// The date of an instant in the company's zone; before there is a company, in UTC.
pub(crate) fn local(at: Timestamp, state: &State) -> Date {
    match company_zone(state) {
        Some(zone) => zone.local(at).0,
        None => Date(at.0.div_euclid(countersign_core::time::DAY) as i32),
    }
}

/// The first pass over the log: which definitions held at the time.
#[derive(Clone, Debug)]
pub struct Rules {
    as_of: AsOf,
    state: State,
}

impl Rules {
    /// Nothing is known yet.
    pub fn new(as_of: AsOf) -> Rules {
        Rules { as_of, state: State::default() }
    }

    /// Takes the next frame. False: it and all after it are past the time.
    pub fn frame(&mut self, frame: &Frame) -> bool {
        if !self.as_of.knows(frame.at, &self.state) {
            return false;
        }
        for event in &frame.events {
            if matches!(event, Event::DefinitionStored(_) | Event::DefinitionsActivated(_)) {
                apply(&mut self.state, event);
            }
        }
        true
    }

    /// The time that was asked for.
    pub fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// The definitions that held then; None: there were none yet.
    pub fn release(&self) -> Option<Arc<Release>> {
        self.state.definitions().active().cloned()
    }
}
