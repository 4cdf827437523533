//! The text of a condition and where each of its bytes stands in the file.

use std::ops::Range;

use crate::diagnostic::{Place, Report};
use crate::yaml::{Node, Scalar};

/// A text out of a scalar, byte by byte aligned with the file.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    file: u16,
    /// The place in the file of each byte, and of the end.
    offsets: Vec<u32>,
}

impl Text {
    /// The text of a scalar.
    pub(crate) fn of(node: &Node, scalar: &Scalar, report: &Report<'_>) -> Text {
        let start = node.place.start as usize;
        let raw = report.text(node.place.file).get(start..node.place.end as usize).unwrap_or("");
        let offsets = align(raw, &scalar.text).into_iter().map(|n| n + node.place.start).collect();
        Text { text: scalar.text.clone(), file: node.place.file, offsets }
    }

    /// A part of it, by bytes.
    pub(crate) fn part(&self, range: Range<usize>) -> Text {
        Text {
            text: self.text.get(range.clone()).unwrap_or("").to_owned(),
            file: self.file,
            offsets: self.offsets.get(range.start..=range.end).unwrap_or(&[0]).to_vec(),
        }
    }

    /// Where a stretch of it stands in the file.
    pub(crate) fn place(&self, range: &Range<usize>) -> Place {
        let at = |n: usize| self.offsets.get(n).or(self.offsets.last()).copied().unwrap_or(0);
        let end = if range.end > range.start { at(range.end - 1) + 1 } else { at(range.start) };
        Place { file: self.file, start: at(range.start), end }
    }

    /// Where all of it stands.
    pub(crate) fn whole(&self) -> Place {
        self.place(&(0..self.text.len()))
    }
}

/// For each byte of `text` the byte of `raw` that it comes from: quotes, escapes, line breaks with their
/// indentation, and block markers in `raw` are stepped over.
fn align(raw: &str, text: &str) -> Vec<u32> {
    let (raw, mut at) = (raw.as_bytes(), 0);
    if matches!(raw.first(), Some(b'"' | b'\'')) {
        at = 1;
    } else if matches!(raw.first(), Some(b'|' | b'>')) {
        at = raw.iter().position(|b| *b == b'\n').map_or(raw.len(), |n| n + 1);
    }
    let mut offsets = Vec::with_capacity(text.len() + 1);
    for byte in text.bytes() {
        let blank = |b: Option<&u8>| b.is_some_and(u8::is_ascii_whitespace);
        if !byte.is_ascii_whitespace() {
            while blank(raw.get(at)) {
                at += 1;
            }
            if raw.get(at) == Some(&b'\\') && byte != b'\\' {
                at += 1;
            }
        }
        offsets.push(at.min(raw.len()) as u32);
        let folded = byte.is_ascii_whitespace() && !blank(raw.get(at));
        if !folded {
            at += 1;
        }
    }
    offsets.push(at.min(raw.len()) as u32);
    offsets
}

#[cfg(test)]
mod tests {
    use super::align;

    #[test]
    fn quotes_and_folds_are_stepped_over() {
        assert_eq!(align("ab", "ab"), [0, 1, 2]);
        assert_eq!(align("\"ab\"", "ab"), [1, 2, 3]);
        assert_eq!(align("a\n    b", "a b"), [0, 1, 6, 7]);
        assert_eq!(align("\"a\\\"b\"", "a\"b"), [1, 3, 4, 5]);
    }
}
