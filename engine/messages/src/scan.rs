//! One pass over the text of a message before anything is built from it.
//!
//! serde_json would accept two fields of the same name inside a document (the last wins), build whatever it is
//! sent before a limit could speak, and read a private key of its own as a number. This pass refuses all that in
//! time linear in the text (but for the ordering of each object's keys) and memory for the keys alone. What
//! it lets through is not yet known to be JSON in every letter; serde_json then reads it and says so.

use crate::error::{Code, WireError};
use crate::limits::{DEPTH_CEILING, Limits};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Keys that serde_json uses inside; as a field's name they would turn an object into a number.
const PRIVATE_KEYS: &str = "$serde_json::private::";

/// Checks size, depth, repeated fields and the length of numbers. The values of the top-level fields in
/// `documents` may have `document_bytes_max` bytes each. Returns the message as text.
pub(crate) fn scan<'a>(bytes: &'a [u8], documents: &[&str], limits: &Limits) -> Result<&'a str, WireError> {
    passed_over(bytes, documents, limits, true)
}

/// The same for a text that may be any JSON value, not only an object.
pub(crate) fn scan_any<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, WireError> {
    passed_over(bytes, &[], limits, false)
}

fn passed_over<'a>(
    bytes: &'a [u8],
    documents: &[&str],
    limits: &Limits,
    object: bool,
) -> Result<&'a str, WireError> {
    if bytes.len() > limits.message_bytes_max {
        let message =
            format!("a message has at most {} bytes, this one {}", limits.message_bytes_max, bytes.len());
        return Err(WireError::new(Code::TooLarge, message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = place(bytes, error.valid_up_to());
        WireError::new(Code::Malformed, "a message is JSON in UTF-8").at_line(line, column)
    })?;
    let mut scanner = Scanner { text, at: 0, path: Vec::new(), documents, limits };
    scanner.skip_space();
    if object && scanner.peek() != Some(b'{') {
        return Err(match scanner.peek() {
            Some(b'[' | b'"' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9') => {
                WireError::new(Code::WrongType, "a message is a JSON object")
            }
            _ => scanner.malformed("expected a JSON object"),
        });
    }
    scanner.value(1)?;
    scanner.skip_space();
    match scanner.peek() {
        None => Ok(text),
        Some(_) => Err(scanner.malformed("expected nothing after the message")),
    }
}

/// Line and column (in bytes), both from 1, of an offset.
fn place(bytes: &[u8], offset: usize) -> (u64, u64) {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line as u64, column as u64)
}

enum Step<'a> {
    Key(Cow<'a, str>),
    Index(usize),
}

struct Scanner<'a, 'l> {
    text: &'a str,
    at: usize,
    path: Vec<Step<'a>>,
    documents: &'l [&'l str],
    limits: &'l Limits,
}

impl<'a> Scanner<'a, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn skip_space(&mut self) {
        self.take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn error(&self, code: Code, message: impl Into<String>) -> WireError {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path.push_str(&format!(".{key}")),
            }
        }
        let (line, column) = place(self.text.as_bytes(), self.at);
        WireError::new(code, message).at_field(path).at_line(line, column)
    }

    fn malformed(&self, message: &str) -> WireError {
        self.error(Code::Malformed, message)
    }

    /// Passes over one value that stands `depth` levels deep if it is an object or list.
    fn value(&mut self, depth: usize) -> Result<(), WireError> {
        match self.peek() {
            Some(b'{' | b'[') if depth > self.limits.depth_max.min(DEPTH_CEILING) => {
                let most = self.limits.depth_max.min(DEPTH_CEILING);
                Err(self.error(Code::TooDeep, format!("objects and lists nest at most {most} deep")))
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't' | b'f' | b'n') => {
                self.take_while(|b| b.is_ascii_lowercase());
                Ok(())
            }
            _ => Err(self.malformed("expected a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), WireError> {
        let mut keys = BTreeSet::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.malformed("expected a field's name in quotes"));
            }
            let key = self.key()?;
            self.path.push(Step::Key(key.clone()));
            if key.starts_with(PRIVATE_KEYS) {
                return Err(self.error(Code::BadValue, "this name is reserved"));
            }
            if !keys.insert(key.clone()) {
                return Err(self.error(Code::DuplicateField, "expected each field once"));
            }
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.malformed("expected a colon after the field's name"));
            }
            self.at += 1;
            self.skip_space();
            let start = self.at;
            self.value(depth + 1)?;
            if depth == 1 {
                self.check_document(&key, start)?;
            }
            self.path.pop();
            if self.ends(b'}')? {
                return Ok(());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<(), WireError> {
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            self.path.push(Step::Index(index));
            self.value(depth + 1)?;
            self.path.pop();
            if self.ends(b']')? {
                break;
            }
        }
        Ok(())
    }

    /// Passes over what follows an element: the closing bracket (true), or a comma and the space after it.
    fn ends(&mut self, close: u8) -> Result<bool, WireError> {
        self.skip_space();
        match self.peek() {
            Some(b) if b == close => {
                self.at += 1;
                Ok(true)
            }
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(false)
            }
            _ => Err(self.malformed("expected a comma or the closing bracket")),
        }
    }

    fn check_document(&self, key: &str, start: usize) -> Result<(), WireError> {
        let (bytes, most) = (self.at - start, self.limits.document_bytes_max);
        if bytes > most && self.documents.contains(&key) {
            return Err(
                self.error(Code::TooLarge, format!("expected at most {most} bytes here, found {bytes}"))
            );
        }
        Ok(())
    }

    /// Passes over a string and returns it as written, quotes included.
    fn string(&mut self) -> Result<&'a str, WireError> {
        let start = self.at;
        self.at += 1;
        loop {
            self.take_while(|b| b != b'"' && b != b'\\');
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at]);
                }
                Some(_) if self.text.as_bytes().get(self.at + 1).is_some_and(u8::is_ascii) => self.at += 2,
                _ => return Err(self.malformed("expected the end of a string")),
            }
        }
    }

    /// A field's name with its escapes resolved, so that two spellings of one name are the same name.
    fn key(&mut self) -> Result<Cow<'a, str>, WireError> {
        let written = self.string()?;
        if written.contains('\\') {
            let read = serde_json::from_str(written).map(Cow::Owned);
            return read.map_err(|_| self.malformed("expected a field's name with known escapes"));
        }
        Ok(Cow::Borrowed(&written[1..written.len() - 1]))
    }

    fn number(&mut self) -> Result<(), WireError> {
        let digits = self.take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
        if digits.len() > self.limits.number_bytes_max {
            let message = format!("a number has at most {} characters", self.limits.number_bytes_max);
            return Err(self.error(Code::TooLarge, message));
        }
        Ok(())
    }
}
