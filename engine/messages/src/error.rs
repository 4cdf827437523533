//! What is wrong with a message, before anybody looks at what it means.

use std::fmt;

/// The stable codes of this layer. The core's refusals have codes of their own (`CONFLICT`, `SELF_APPROVAL` ...),
/// so a reply's code is open text and these are only the ones that a message can earn by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Not JSON, not UTF-8, or something after the end; line and column say where.
    Malformed,
    /// The message, the document or a number is longer than allowed.
    TooLarge,
    /// Objects and lists are nested deeper than allowed.
    TooDeep,
    /// The subject's last token is no request.
    UnknownVerb,
    /// A field that this request does not have.
    UnknownField,
    /// A field that this request must have.
    MissingField,
    /// The same field twice in one object.
    DuplicateField,
    /// A field of another JSON type than expected.
    WrongType,
    /// The right JSON type, but not of the form expected: a time without offset, an unknown verdict.
    BadValue,
    /// Text that is no subject of this product.
    BadSubject,
    /// A reply subject outside the configured inbox prefix.
    ReplySubject,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Code; 11] = [
        Code::Malformed,
        Code::TooLarge,
        Code::TooDeep,
        Code::UnknownVerb,
        Code::UnknownField,
        Code::MissingField,
        Code::DuplicateField,
        Code::WrongType,
        Code::BadValue,
        Code::BadSubject,
        Code::ReplySubject,
    ];

    /// The code as it is written in a reply.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Malformed => "MALFORMED",
            Code::TooLarge => "TOO_LARGE",
            Code::TooDeep => "TOO_DEEP",
            Code::UnknownVerb => "UNKNOWN_VERB",
            Code::UnknownField => "UNKNOWN_FIELD",
            Code::MissingField => "MISSING_FIELD",
            Code::DuplicateField => "DUPLICATE_FIELD",
            Code::WrongType => "WRONG_TYPE",
            Code::BadValue => "BAD_VALUE",
            Code::BadSubject => "BAD_SUBJECT",
            Code::ReplySubject => "REPLY_SUBJECT",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A message that cannot be read, with the place that is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct WireError {
    /// Which kind of mistake.
    pub code: Code,
    /// One sentence: what was expected. At most a few hundred characters, whatever the caller sent.
    pub message: String,
    /// The field, as a path from the top of the message: `document.lines[3].qty`.
    pub field: Option<String>,
    /// Line in the message, from 1.
    pub line: Option<u64>,
    /// Byte in that line, from 1.
    pub column: Option<u64>,
}

/// Longest message or path that an error repeats, in characters: a caller's input is not sent back at length.
const ECHO_CHARS_MAX: usize = 240;

impl WireError {
    /// An error without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        WireError { code, message: shortened(message.into()), field: None, line: None, column: None }
    }

    /// The same error, about this field. An empty path means the message as a whole.
    pub fn at_field(mut self, path: impl Into<String>) -> Self {
        let path = path.into();
        self.field = (!path.is_empty()).then(|| shortened(path));
        self
    }

    /// The same error, at this line and column (both from 1).
    pub fn at_line(mut self, line: u64, column: u64) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(ECHO_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
