//! How deep what is read may nest. Bytes name no depth before they are read: without a bound, a few of them per level
//! would exhaust the stack, which nothing can catch.

use std::cell::Cell;

/// As deep as an expression may be to be evaluated; what is written by hand stays far below.
const DEPTH_MAX: u32 = 256;

thread_local! {
    /// How deep the reading of this thread is just now.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// One level deeper, until it is dropped.
pub(crate) struct Level(());

impl Level {
    /// None: that is too deep.
    pub(crate) fn enter() -> Option<Level> {
        let depth = DEPTH.get();
        (depth < DEPTH_MAX).then(|| {
            DEPTH.set(depth + 1);
            Level(())
        })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// The same for types that are only read.
macro_rules! read_bounded {
    ($type:ident) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let level = $crate::depth::Level::enter();
                if level.is_none() {
                    return Err(serde::de::Error::custom("nested too deep"));
                }
                $type::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use read_bounded;

/// Serde for types that hold themselves, derived with `#[serde(remote = "Self")]`: reading counts the levels.
macro_rules! bounded {
    ($($type:ident),+) => {$(
        $crate::depth::read_bounded!($type);

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // The one that was derived.
                $type::serialize(self, serializer)
            }
        }
    )+};
}
pub(crate) use bounded;
