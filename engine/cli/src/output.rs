//! What the process says: the one place that owns its standard output and standard error.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style};
use countersign_messages::Title;
use serde::Serialize;

use crate::exit::Failure;

/// The language of titles and sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, where there is a text; otherwise English.
    Zh,
}

/// How results are said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) lang: Lang,
    pub(crate) colour: bool,
}

/// What a text is, for its colour.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// Worth a look.
    Warn,
    /// Beside the point.
    Dim,
    /// A heading.
    Bold,
}

impl Output {
    pub(crate) fn new(json: bool, lang: Lang) -> Output {
        Output { json, lang, colour: wants_colour(io::stdout().is_terminal()) }
    }

    /// Writes a text and a line feed.
    ///
    /// # Errors
    /// Silent where whoever read the output has gone.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_ref().as_bytes()).and_then(|()| out.write_all(b"\n"));
        written.and_then(|()| out.flush()).map_err(unwritten)
    }

    /// Writes one line of JSON.
    pub(crate) fn object(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(serde_json::to_string(value).map_err(Failure::internal)?)
    }

    /// Asks whoever is at a terminal; nobody else is taken to have said yes.
    ///
    /// # Errors
    /// `NOT_CONFIRMED`, with what is so then; `USAGE` where there is nobody to ask.
    pub(crate) fn ask(&self, question: &str, otherwise: &str) -> Result<(), Failure> {
        let unasked = || Failure::usage("expected --yes, or a terminal to ask at").hint(otherwise);
        if self.json || !io::stdin().is_terminal() {
            return Err(unasked());
        }
        let mut err = io::stderr().lock();
        err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(|_| unasked())?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(|_| unasked())?;
        if matches!(answer.trim(), "y" | "yes") {
            return Ok(());
        }
        Err(Failure::new("NOT_CONFIRMED", format!("expected `y`; {otherwise}")))
    }

    /// The text in its colour, where colours are shown.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if self.colour { painted(tone, text) } else { text.to_owned() }
    }

    /// A title or sentence in the language chosen.
    pub(crate) fn title<'t>(&self, title: &'t Title) -> &'t str {
        match (&title.zh, self.lang) {
            (Some(zh), Lang::Zh) => zh,
            _ => &title.en,
        }
    }

    /// One of two texts, by the language chosen.
    pub(crate) fn word<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        if self.lang == Lang::Zh { zh } else { en }
    }
}

/// Says why a command did not do what it was asked to: `CODE: sentence (place)`.
pub(crate) fn complain(failure: &Failure, json: bool) {
    if failure.silent {
        return;
    }
    let text = if json { failure.to_json().to_string() } else { sentence(failure) };
    note(&text);
}

fn sentence(failure: &Failure) -> String {
    let code = &failure.error.code;
    let code = if wants_colour(io::stderr().is_terminal()) { painted(Tone::Bad, code) } else { code.clone() };
    let mut text = format!("{code}: {}", plain(&failure.error.message));
    // A sentence that names the place itself does not need it twice.
    let place = failure.shown_place().filter(|place| !failure.error.message.contains(place.as_str()));
    if let Some(place) = place {
        text.push_str(&format!(" ({})", plain(&place)));
    }
    if let Some(ms) = failure.error.retry_after_ms {
        text.push_str(&format!("\n  hint: try again in {ms} ms"));
    }
    for hint in &failure.hints {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}

/// A text of somebody else's without control characters, which could move the cursor or feign another line.
pub(crate) fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().collect::<String>() } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// Writes a line to standard error. That nobody reads it changes nothing.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn unwritten(error: io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        return Failure::unheard();
    }
    Failure::new("IO", format!("the output cannot be written: {error}"))
}

/// Colours are for a terminal whose user has not asked for none.
pub(crate) fn wants_colour(terminal: bool) -> bool {
    colours(terminal, std::env::var_os("NO_COLOR"))
}

fn colours(terminal: bool, no_color: Option<OsString>) -> bool {
    terminal && no_color.is_none_or(|value| value.is_empty())
}

fn painted(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Warn => AnsiColor::Yellow.on_default(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Bold => Style::new().bold(),
    };
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_users_want_them() {
        assert!(colours(true, None) && colours(true, Some("".into())));
        assert!(!colours(false, None) && !colours(true, Some("1".into())));
    }

    #[test]
    fn nobody_s_text_moves_the_cursor() {
        assert_eq!(plain("合同 a\u{1b}[2Jb\nc"), "合同 a\\u{1b}[2Jb\\nc");
    }

    #[test]
    fn a_place_is_said_once() {
        let failure = Failure::new("LOG_DAMAGED", "damaged at segment 1: found x").at("segment 1");
        assert_eq!(sentence(&failure), "LOG_DAMAGED: damaged at segment 1: found x");
        let failure = Failure::new("FIELD_TYPE", "expected a number").at("document.days").hint("mend it");
        assert_eq!(sentence(&failure), "FIELD_TYPE: expected a number (document.days)\n  hint: mend it");
    }
}
