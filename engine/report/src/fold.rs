//! Frames into what reports are made from.

use std::sync::Arc;

use countersign_core::definition::{Company, Organisation, Reports};
use countersign_core::frame::Frame;
use countersign_core::state::{Release, State, watch_frame};
use countersign_core::time::Date;

use crate::as_of::{AsOf, Rules, local};
use crate::measure::Measures;
use crate::track::Track;
use crate::window::{Asked, Window};

/// The second pass over the log.
#[derive(Debug)]
pub struct Fold {
    as_of: AsOf,
    rules: Option<Arc<Release>>,
    state: State,
    track: Track,
    measures: Measures,
}

impl Fold {
    /// Nothing has happened yet; the definitions are those that hold at the report's time.
    pub fn new(rules: &Rules) -> Fold {
        Fold::over(State::default(), rules.release(), rules.as_of())
    }

    /// Begins with a state that has no cases yet, as one that only knows its definitions. `rules` are those that hold
    /// at the report's time.
    pub fn over(state: State, rules: Option<Arc<Release>>, as_of: AsOf) -> Fold {
        let measures = Measures::new(rules.clone());
        Fold { as_of, measures, rules, state, track: Track::default() }
    }

    /// Takes the next frame. False: it and all after it are past the time.
    pub fn frame(&mut self, frame: &Frame) -> bool {
        if !self.as_of.knows(frame.at, &self.state) {
            return false;
        }
        let (track, measures) = (&mut self.track, &mut self.measures);
        watch_frame(&mut self.state, frame, |state, event| {
            track.event(event, state);
            measures.event(event, state, track);
        });
        self.track.frame(frame, &self.state);
        true
    }

    /// What the log comes to at the report's time.
    pub fn book(mut self) -> Book {
        self.measures.finish(&self.state, &self.track);
        Book {
            as_of: self.as_of,
            rules: self.rules,
            state: self.state,
            track: self.track,
            measures: self.measures,
        }
    }
}

/// What the log comes to at a time.
#[derive(Debug)]
pub struct Book {
    as_of: AsOf,
    pub(crate) rules: Option<Arc<Release>>,
    pub(crate) state: State,
    pub(crate) track: Track,
    pub(crate) measures: Measures,
}

impl Book {
    /// The number of the last frame that is known.
    pub fn sequence(&self) -> u64 {
        self.state.head().sequence
    }

    /// The company's id.
    pub fn company_id(&self) -> &str {
        &self.state.head().company
    }

    /// The period that was asked for.
    ///
    /// # Errors
    /// Where its first day is after its last, with both.
    pub fn window(&self, asked: &Asked) -> Result<Window, (Date, Date)> {
        let now = self.as_of.instant(&self.state);
        let today = local(now, &self.state);
        let to = asked.to.unwrap_or(today);
        let from = asked.from.unwrap_or_else(|| crate::window::Month::of(to).first());
        if from > to {
            return Err((from, to));
        }
        Ok(Window { from, to, today, now, case: asked.case })
    }

    pub(crate) fn company(&self) -> Option<&Company> {
        self.rules.as_ref()?.company()
    }

    pub(crate) fn organisation(&self) -> Option<&Organisation> {
        self.rules.as_ref()?.organisation()
    }

    /// What the company says its documents mean.
    pub fn definition(&self) -> Option<&Reports> {
        self.rules.as_ref()?.reports()
    }
}
