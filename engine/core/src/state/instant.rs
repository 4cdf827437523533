//! An instant that may not be there, in the room of one that is: a case has several, and mostly none of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// An instant or none. The earliest that a clock could ever show stands for none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant(i64);

const NONE: i64 = i64::MIN;

impl Instant {
    /// None.
    pub(super) const NONE: Instant = Instant(NONE);

    /// The instant, if there is one.
    pub(super) fn get(self) -> Option<Timestamp> {
        (self.0 != NONE).then_some(Timestamp(self.0))
    }
}

impl From<Option<Timestamp>> for Instant {
    fn from(at: Option<Timestamp>) -> Instant {
        Instant(at.map_or(NONE, |at| at.0))
    }
}

impl std::fmt::Debug for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

// As an option is.
impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Instant::from)
    }
}
