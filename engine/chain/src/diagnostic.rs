//! Diagnostics: what is wrong, where, and the sentence that says how to mend it.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Serialize;

use crate::source::SourceFile;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is activated.
    Error,
    /// It may be meant so.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A stable code; `codes::CODES` explains each.
    pub code: &'static str,
    /// The file, as [`SourceFile::path`] has it.
    pub file: String,
    /// The line, from 1; 0 where the finding is about the file as a whole.
    pub line: u32,
    /// The column in characters, from 1; 0 with line 0.
    pub column: u32,
    /// How many characters from there are meant, within the line.
    pub length: u32,
    /// What is wrong.
    pub message: String,
    /// The mending sentence.
    pub help: String,
}

impl fmt::Display for Diagnostic {
    /// One line, as compilers print it: `file:line:column: error[CODE]: message; help`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}[{}]: {}; {}", self.severity, self.code, self.message, self.help)
    }
}

/// Characters of a source line that are shown.
const SHOWN_MAX: usize = 180;

impl Diagnostic {
    /// The finding with its source line and a mark under what is meant.
    pub fn render(&self, files: &[SourceFile]) -> String {
        let mut out = format!("{}[{}]: {}\n", self.severity, self.code, self.message);
        let line_no = self.line.to_string();
        let margin = " ".repeat(line_no.len());
        let file = files.iter().find(|f| f.path == self.file);
        let source = file.and_then(|f| f.text.lines().nth((self.line as usize).checked_sub(1)?));
        if self.line == 0 {
            out.push_str(&format!("{margin}--> {}\n", self.file));
        } else {
            out.push_str(&format!("{margin}--> {}:{}:{}\n", self.file, self.line, self.column));
        }
        if let Some(source) = source {
            let (before, marked) = (self.column.saturating_sub(1) as usize, self.length as usize);
            // Of a long line the part with the mark is shown.
            let cut = if before + marked <= SHOWN_MAX { 0 } else { before.saturating_sub(SHOWN_MAX / 3) };
            let source: String =
                source.chars().skip(cut).take(SHOWN_MAX).map(|c| if c == '\t' { ' ' } else { c }).collect();
            let indent: usize = source.chars().take(before - cut).map(width).sum();
            let marked: usize = source.chars().skip(before - cut).take(marked).map(width).sum();
            let marks = "^".repeat(marked.max(1));
            out.push_str(&format!("{margin} |\n{line_no} | {}\n", source.trim_end()));
            out.push_str(&format!("{margin} | {}{marks}\n", " ".repeat(indent)));
        }
        out.push_str(&format!("{margin} = help: {}\n", self.help));
        out
    }
}

/// Columns that a character takes in a terminal: two for East Asian wide ones.
fn width(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// A stretch of bytes in one of the files being compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Place {
    /// A file as a whole.
    pub(crate) fn whole(file: u16) -> Place {
        Place { file, start: u32::MAX, end: u32::MAX }
    }
}

/// More findings than this are counted, not kept: whoever mends the first hundreds compiles again.
const KEPT_MAX: usize = 1000;

/// Collects the findings of one run.
pub(crate) struct Report<'a> {
    files: &'a [SourceFile],
    found: RefCell<Vec<(Place, Diagnostic)>>,
    errors: Cell<usize>,
    quiet: Cell<bool>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(files: &'a [SourceFile]) -> Report<'a> {
        Report { files, found: RefCell::default(), errors: Cell::new(0), quiet: Cell::new(false) }
    }

    /// The text of a file, empty for a number that no file has.
    pub(crate) fn text(&self, file: u16) -> &'a str {
        self.files.get(usize::from(file)).map_or("", |f| &f.text)
    }

    pub(crate) fn error(
        &self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Error, code, place, (message.into(), help.into()));
    }

    pub(crate) fn warn(
        &self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Warning, code, place, (message.into(), help.into()));
    }

    fn add(&self, severity: Severity, code: &'static str, place: Place, (message, help): (String, String)) {
        if self.quiet.get() {
            return;
        }
        self.errors.set(self.errors.get() + usize::from(severity == Severity::Error));
        let mut found = self.found.borrow_mut();
        if found.len() >= KEPT_MAX {
            return;
        }
        let file = self.files.get(usize::from(place.file)).map_or("", |f| &f.path).to_owned();
        let (line, column, length) = position(self.text(place.file), place);
        found.push((place, Diagnostic { severity, code, file, line, column, length, message, help }));
    }

    /// Looks at something without a word: whoever reads it in full will say what is wrong with it.
    pub(crate) fn quietly<T>(&self, look: impl FnOnce() -> T) -> T {
        let before = self.quiet.replace(true);
        let found = look();
        self.quiet.set(before);
        found
    }

    /// A finding about a file that is not there.
    pub(crate) fn absent(&self, code: &'static str, path: &str, message: String, help: String) {
        let file = path.to_owned();
        let severity = Severity::Error;
        let place = Place::whole(0);
        let found = Diagnostic { severity, code, file, line: 0, column: 0, length: 0, message, help };
        self.errors.set(self.errors.get() + 1);
        self.found.borrow_mut().push((place, found));
    }

    /// Where a key stands in a file, however deep.
    pub(crate) fn key(&self, path: &str, key: &str) -> Place {
        let Some(number) = self.files.iter().position(|f| f.path == path) else { return Place::whole(0) };
        let file = u16::try_from(number).unwrap_or(u16::MAX);
        let mut start = 0;
        for line in self.files[number].text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            if line[indent..].strip_prefix(key).is_some_and(|rest| rest.starts_with(':')) {
                let start = start + indent as u32;
                return Place { file, start, end: start + key.len() as u32 };
            }
            start += line.len() as u32;
        }
        Place::whole(file)
    }

    /// The path of a file.
    pub(crate) fn path(&self, file: u16) -> &'a str {
        self.files.get(usize::from(file)).map_or("", |f| &f.path)
    }

    /// How many errors were found so far.
    pub(crate) fn count(&self) -> usize {
        self.errors.get()
    }

    /// Whether an error was found so far.
    pub(crate) fn failed(&self) -> bool {
        self.errors.get() > 0
    }

    /// The findings by file and place; equal ones once.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        let at = |place: &Place| match place.start {
            u32::MAX => (place.file, 0, 0),
            start => (place.file, 1, start),
        };
        found.sort_by(|(a, x), (b, y)| at(a).cmp(&at(b)).then_with(|| x.severity.cmp(&y.severity)));
        found.dedup();
        found.into_iter().map(|(_, d)| d).collect()
    }
}

/// Line and column from 1, in characters, and the length within the line.
fn position(text: &str, place: Place) -> (u32, u32, u32) {
    if place.start == u32::MAX {
        return (0, 0, 0);
    }
    let floor = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(place.start), floor(place.end.max(place.start)));
    let before = &text[..start];
    let line = before.matches('\n').count() as u32 + 1;
    let column = before[before.rfind('\n').map_or(0, |n| n + 1)..].chars().count() as u32 + 1;
    let marked = text[start..end].lines().next().unwrap_or("").trim_end();
    (line, column, (marked.chars().count() as u32).max(1))
}
