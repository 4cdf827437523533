//! What happened in a case, for whoever wonders why it came out otherwise.

use countersign_core::command::Cause;
use countersign_core::event::Event;
use countersign_core::time::Timestamp;

use crate::company::Company;
use crate::tell::{Whose, because, told};

/// A story longer than this is cut at its beginning.
const LINES_MAX: usize = 2_000;

/// One line of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in the company's zone.
    pub at: String,
    /// The line of the case file; 0: it followed by itself.
    pub line: u32,
    /// Who and what.
    pub text: String,
}

/// The lines so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) lines: Vec<Line>,
    last: Option<(Timestamp, String)>,
}

impl Story {
    /// A sentence of the case file.
    pub(crate) fn sentence(&mut self, at: String, line: u32, text: &str) {
        self.last = None;
        self.push(Line { at, line, text: text.to_owned() });
    }

    /// An event, with what caused it where that is no sentence.
    pub(crate) fn event(
        &mut self,
        at: Timestamp,
        cause: &Cause,
        event: &Event,
        (company, name, whose): (&Company, &str, Whose<'_>),
    ) {
        let local = || company.local(at);
        if let Some(why) = because(cause).filter(|why| self.last.as_ref() != Some(&(at, why.clone()))) {
            self.push(Line { at: local(), line: 0, text: why.clone() });
            self.last = Some((at, why));
        }
        if let Some(text) = told(event, company, (name, whose)) {
            self.push(Line { at: local(), line: 0, text: format!("  {text}") });
        }
    }

    fn push(&mut self, line: Line) {
        if self.lines.len() >= LINES_MAX {
            self.lines.remove(0);
        }
        self.lines.push(line);
    }
}
