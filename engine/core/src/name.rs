//! Names: the text by which definitions, positions, persons, states and fields are known.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use ecow::EcoString;
use serde::{Deserialize, Deserializer, Serialize};

/// An immutable text that is cheap to clone: up to 15 bytes stand in it, so that threads which pass one on share no
/// counter; longer ones are shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(EcoString);

impl Name {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands in itself, so that there is nothing to share.
    pub(crate) fn is_short(&self) -> bool {
        self.0.is_inline()
    }

    /// Whether two names need no more memory than one; only interning and its test need to know.
    pub fn shares(&self, other: &Name) -> bool {
        self.0.is_inline() && self == other || std::ptr::eq(self.0.as_ptr(), other.0.as_ptr())
    }
}

impl Default for Name {
    fn default() -> Self {
        Name::from("")
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name(EcoString::from(text))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Name(EcoString::from(text))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0.as_str() == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), f)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Name(EcoString::deserialize(deserializer)?);
        Ok(if name.is_short() { name } else { crate::state::shared(name) })
    }
}

/// A title in the languages of the users. Empty `zh` means: show `en`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// English.
    pub en: Name,
    /// Simplified Chinese.
    pub zh: Name,
}
