//! How the story is told: sentences with their virtual time, or an object a line.

use countersign_core::time::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::table::width;

/// Columns that the story may take.
const COLUMNS: usize = 100;
/// Where sentences begin, after the time.
const MARGIN: usize = 9;

/// A sentence in both languages.
pub(super) struct Said {
    pub(super) en: String,
    pub(super) zh: String,
}

/// Both languages at once.
pub(super) fn said(en: impl Into<String>, zh: impl Into<String>) -> Said {
    Said { en: en.into(), zh: zh.into() }
}

/// What kind of moment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Somebody does something.
    Act,
    /// Something is refused, as it should be.
    Refused,
    /// Time passes.
    Time,
    /// An explanation of what was just told.
    Aside,
}

/// Tells the story.
pub(super) struct Teller<'o> {
    output: &'o Output,
    day: Option<String>,
}

impl<'o> Teller<'o> {
    pub(super) fn new(output: &'o Output) -> Teller<'o> {
        Teller { output, day: None }
    }

    pub(super) fn begin(&mut self, text: &Said) -> Result<(), Failure> {
        if self.output.json {
            return Ok(());
        }
        self.output.line(wrapped(self.output.word(&text.en, &text.zh), 0))
    }

    /// One moment of the story. `data` is for programs.
    pub(super) fn tell(
        &mut self,
        at: Timestamp,
        (moment, step): (Moment, &str),
        text: &Said,
        data: Value,
    ) -> Result<(), Failure> {
        let sentence = self.output.word(&text.en, &text.zh);
        if self.output.json {
            let mut object = json!({ "at": time(at), "step": step, "text": sentence });
            if let (Value::Object(object), Value::Object(data)) = (&mut object, data) {
                object.extend(data);
            }
            return self.output.object(&object);
        }
        self.day(at)?;
        let clock = if moment == Moment::Aside { String::new() } else { local(at, "%H:%M") };
        let body = wrapped(sentence, MARGIN);
        let body = match moment {
            Moment::Act => body,
            Moment::Refused => self.output.paint(Tone::Bad, &body),
            Moment::Time => self.output.paint(Tone::Warn, &body),
            Moment::Aside => self.output.paint(Tone::Dim, &body),
        };
        self.output.line(format!("  {clock:<5}  {body}"))
    }

    pub(super) fn end(&self, text: &str) -> Result<(), Failure> {
        self.output.line(format!("\n{}", self.output.paint(Tone::Good, &wrapped(text, 0))))
    }

    /// A heading where a new day begins.
    fn day(&mut self, at: Timestamp) -> Result<(), Failure> {
        let day = local(at, self.output.word("%A, %-d %B %Y", "%Y年%-m月%-d日"));
        if self.day.as_ref() == Some(&day) {
            return Ok(());
        }
        self.output.line(format!("\n{}", self.output.paint(Tone::Bold, &day)))?;
        self.day = Some(day);
        Ok(())
    }
}

/// RFC 3339 with the company's offset.
pub(super) fn time(at: Timestamp) -> String {
    local(at, "%Y-%m-%dT%H:%M:%S%:z")
}

/// `22 April, 14:00`.
pub(super) fn moment(at: Timestamp) -> Said {
    said(local(at, "%-d %B, %H:%M"), local(at, "%-m月%-d日 %H:%M"))
}

/// In the company's zone, which has had one offset since 1992.
fn local(at: Timestamp, form: &str) -> String {
    let shanghai = TimeZone::fixed(Offset::constant(8));
    let shown =
        jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_zoned(shanghai).strftime(form).to_string());
    shown.unwrap_or_default()
}

/// The text in lines, all but the first with a margin.
fn wrapped(text: &str, margin: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last().map_or(0, |line| width(line));
        if last > 0 && margin + last + 1 + width(word) > COLUMNS {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(margin)))
}
