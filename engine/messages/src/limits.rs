//! How large and how deep a message may be.

/// What a message may cost. The defaults are those that the product documents to its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole message: 1 MiB.
    pub message_bytes_max: usize,
    /// Bytes of a document or other free object inside a request (`document`, `fields`, `data`), as it was sent,
    /// white space included: 64 KiB.
    pub document_bytes_max: usize,
    /// Nested objects and lists, the message itself being the first: 32. More than 100 has no effect.
    pub depth_max: usize,
    /// Characters of one JSON number: 64.
    pub number_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            message_bytes_max: 1 << 20,
            document_bytes_max: 64 << 10,
            depth_max: 32,
            number_bytes_max: 64,
        }
    }
}

/// Beyond this depth nothing is read, whatever the configuration says: the scanner and serde_json both recurse.
pub(crate) const DEPTH_CEILING: usize = 100;
