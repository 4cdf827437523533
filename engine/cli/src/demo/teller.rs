//! How the story is told: sentences with their virtual time, or an object a line.

use countersign_core::time::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::chapter::Chapter;
use crate::exit::Failure;
use crate::output::{Output, Tone, plain};
use crate::table::width;

/// Columns that the story may take.
const COLUMNS: usize = 100;
/// Where sentences begin, after the time.
const MARGIN: usize = 16;

/// A sentence in both languages.
#[derive(Clone, Debug)]
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
    /// Somebody or something does something.
    Act,
    /// A case comes to a good end.
    Good,
    /// Something is refused, or goes wrong.
    Refused,
    /// Time passes.
    Time,
    /// Who is asked, what is waited for.
    Aside,
}

/// A line of the story.
pub(super) struct Line<'l> {
    /// When.
    pub(super) at: Timestamp,
    /// What kind of event it tells, and the case it belongs to.
    pub(super) step: &'l str,
    pub(super) case: Option<String>,
    pub(super) moment: Moment,
    pub(super) text: Said,
    /// For programs.
    pub(super) data: Value,
}

/// Tells the story.
pub(super) struct Teller<'o> {
    pub(super) output: &'o Output,
    chapter: Option<Chapter>,
    day: Option<String>,
}

impl<'o> Teller<'o> {
    pub(super) fn new(output: &'o Output) -> Teller<'o> {
        Teller { output, chapter: None, day: None }
    }

    /// A sentence outside of the story.
    pub(super) fn say(&self, text: &Said) -> Result<(), Failure> {
        if self.output.json {
            return Ok(());
        }
        self.output.line(wrapped(self.output.word(&text.en, &text.zh), 0))
    }

    /// The heading of a chapter, where it is a later one than the story is in.
    pub(super) fn turn_to(&mut self, chapter: Chapter) -> Result<(), Failure> {
        if self.chapter.is_some_and(|now| now >= chapter) {
            return Ok(());
        }
        self.chapter = Some(chapter);
        self.day = None;
        if self.output.json {
            return Ok(());
        }
        let title = chapter.title();
        let title = format!("{}  {}", chapter.number(), self.output.word(&title.en, &title.zh));
        self.output.line(format!("\n{}", self.output.paint(Tone::Bold, &title)))
    }

    /// One line of the story.
    pub(super) fn tell(&mut self, line: Line<'_>) -> Result<(), Failure> {
        let sentence = self.output.word(&line.text.en, &line.text.zh);
        if self.output.json {
            let chapter = self.chapter.map(|chapter| chapter.title());
            let chapter = chapter.map(|title| self.output.word(&title.en, &title.zh).to_owned());
            return self.output.object(&json!({
                "at": time(line.at), "step": line.step, "chapter": chapter, "case": line.case, "text": sentence,
                "data": line.data,
            }));
        }
        self.day(line.at)?;
        let aside = line.moment == Moment::Aside;
        let clock = if aside { String::new() } else { local(line.at, "%H:%M") };
        let case = line.case.unwrap_or_default();
        let body = wrapped(&plain(sentence), MARGIN);
        let body = match line.moment {
            Moment::Act => body,
            Moment::Good => self.output.paint(Tone::Good, &body),
            Moment::Refused => self.output.paint(Tone::Bad, &body),
            Moment::Time => self.output.paint(Tone::Warn, &body),
            Moment::Aside => self.output.paint(Tone::Dim, &body),
        };
        self.output
            .line(format!("  {clock:<5}  {}  {body}", self.output.paint(Tone::Dim, &format!("{case:<5}"))))
    }

    /// A heading where a new day begins.
    fn day(&mut self, at: Timestamp) -> Result<(), Failure> {
        let day = local(at, self.output.word("%A, %-d %B %Y", "%Y年%-m月%-d日"));
        if self.day.as_ref() == Some(&day) {
            return Ok(());
        }
        self.output.line(format!("  {}", self.output.paint(Tone::Bold, &day)))?;
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

/// The text in lines, all but the first with a margin. It breaks after spaces and, in Chinese, after punctuation.
fn wrapped(text: &str, margin: usize) -> String {
    let mut lines = vec![String::new()];
    for piece in text.split_inclusive(|c| " ，：；。".contains(c)) {
        let last = lines.last().map_or(0, |line| width(line));
        if last > 0 && margin + last + width(piece.trim_end()) > COLUMNS {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(piece);
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join(&format!("\n{}", " ".repeat(margin)))
}
