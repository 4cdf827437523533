//! Conditions into tokens.

use std::ops::Range;

use countersign_core::time::Span;
use rust_decimal::Decimal;

use crate::read;

/// A token and where it stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Number(Decimal),
    /// As written: 15% is 15.
    Percent(Decimal),
    Span(Span),
    Word(String),
    Quoted(String),
    /// One of `( ) [ ] , . @ + - * / == != < <= > >=`.
    Sign(&'static str),
    End,
}

/// What cannot be read, where, and the mending sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Fault {
    pub(crate) fn new(at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault { at, message: message.into(), help: help.into() }
    }
}

const SIGNS: &[&str] =
    &["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", ".", "@", "+", "-", "*", "/"];

/// Spellings of other languages, and what is written here.
const FOREIGN: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`, or `!=` between two values"),
    ("=", "write `==` to compare"),
    ("–", "write - with spaces around it"),
    ("−", "write - with spaces around it"),
    ("≥", "write >="),
    ("≤", "write <="),
    ("“", "use straight quotes: \""),
    ("”", "use straight quotes: \""),
    ("（", "write ("),
    ("）", "write )"),
    ("，", "write ,"),
    ("×", "write *"),
];

/// Cuts a text into tokens, the last of which is [`Kind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let (kind, length) = if c.is_ascii_digit() {
            digits(rest, at).map_err(|fault| thousands(&found, fault))?
        } else if c.is_ascii_alphabetic() || c == '_' {
            let length = word_length(rest);
            (Kind::Word(rest[..length].to_owned()), length)
        } else if c == '"' || c == '\'' {
            quoted(rest, at, c)?
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
            (Kind::Sign(sign), sign.len())
        } else {
            let foreign = FOREIGN.iter().find(|(s, _)| rest.starts_with(s));
            let length = foreign.map_or(c.len_utf8(), |(s, _)| s.len());
            let help = foreign.map_or("put texts in quotes", |(_, help)| help);
            return Err(Fault::new(
                at..at + length,
                format!("`{}` means nothing here", &rest[..length]),
                help,
            ));
        };
        found.push(Token { kind, at: at..at + length });
        at += length;
    }
    found.push(Token { kind: Kind::End, at: text.len()..text.len() });
    Ok(found)
}

/// `300,000`: the fault is the comma.
fn thousands(before: &[Token], fault: Fault) -> Fault {
    match before {
        [.., Token { kind: Kind::Number(_), .. }, Token { kind: Kind::Sign(","), at }]
            if at.end == fault.at.start =>
        {
            Fault::new(
                at.clone(),
                "a comma stands in a number",
                "write numbers without separators, such as 300000",
            )
        }
        _ => fault,
    }
}

/// Letters, digits, `_`, and `-` between them: a minus needs spaces.
fn word_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut length = 0;
    while length < bytes.len() {
        let dash = bytes[length] == b'-' && bytes.get(length + 1).copied().is_some_and(inside);
        if !inside(bytes[length]) && !dash {
            break;
        }
        length += 1;
    }
    length
}

fn quoted(rest: &str, at: usize, quote: char) -> Result<(Kind, usize), Fault> {
    match rest[1..].find(quote) {
        Some(end) => Ok((Kind::Quoted(rest[1..=end].to_owned()), end + 2)),
        None => {
            Err(Fault::new(at..at + rest.len(), "this quote is not closed", format!("close it with {quote}")))
        }
    }
}

fn digits(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let bytes = rest.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = run(0);
    if bytes.get(length) == Some(&b'.') && run(length + 1) > 0 {
        length += 1 + run(length + 1);
    }
    let number = &rest[..length];
    let tail = bytes[length..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let fault = |length: usize, help: &str| {
        let shown = &rest[..length];
        Err(Fault::new(at..at + length, format!("`{shown}` cannot be read"), help))
    };
    if tail > 0 {
        let help = "write lengths of time with min, h, d, mo, wh or wd (a year is 12mo); put texts in quotes; \
                    numbers without separators and exponents";
        return match Span::parse(&rest[..length + tail]) {
            Some(span) => Ok((Kind::Span(span), length + tail)),
            None => fault(length + tail, help),
        };
    }
    let date =
        length == 4 && bytes.get(4) == Some(&b'-') && run(5) > 0 && bytes.get(5 + run(5)) == Some(&b'-');
    if date {
        return fault(word_length(rest), "put dates in quotes, such as \"2025-04-27\"");
    }
    let Some(value) = read::decimal(number) else {
        return fault(length, "write at most 28 digits, one point, and no leading zeros");
    };
    if bytes.get(length) == Some(&b'%') {
        return Ok((Kind::Percent(value), length + 1));
    }
    Ok((Kind::Number(value), length))
}
