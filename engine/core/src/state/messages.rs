//! Which messages of adapters and systems took effect, so that a repeat takes none. Part of State: set by apply.

use std::collections::{BTreeSet, VecDeque};

use serde::Serialize;

use crate::name::Name;
use crate::time::{DAY, Timestamp};

/// How long a message is known: longer than a fact is kept for a case that comes later.
pub const MESSAGE_WINDOW_MS: i64 = 35 * DAY;
/// How many messages are known at most; beyond it the oldest are forgotten early.
pub const MESSAGES_MAX: usize = 2_000_000;

/// Messages that took effect within the window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Messages {
    seen: BTreeSet<Key>,
    order: VecDeque<Seen>,
}

/// A digest of the sender and its id of the message.
type Key = [u8; 16];

/// When a message took effect, and its digest.
pub(super) type Seen = (Timestamp, Key);

fn key(sender: &str, message_id: &str) -> Key {
    let mut hasher = blake3::Hasher::new();
    // The length keeps ("a", "bc") and ("ab", "c") apart.
    hasher
        .update(&(sender.len() as u64).to_le_bytes())
        .update(sender.as_bytes())
        .update(message_id.as_bytes());
    let mut digest = Key::default();
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    digest
}

impl Messages {
    /// Whether a message took effect before.
    pub(super) fn knows(&self, sender: &Name, message_id: &Name) -> bool {
        self.seen.contains(&key(sender, message_id))
    }

    /// Those that are kept, in their order.
    pub(super) fn order(&self) -> &VecDeque<Seen> {
        &self.order
    }

    /// Puts one behind those that are kept, unless it is among them.
    pub(super) fn push(&mut self, seen: Seen) {
        if self.seen.insert(seen.1) {
            self.order.push_back(seen);
        }
    }

    /// Keeps a message, and forgets what has left the window. Forgetting depends on frames alone.
    pub(super) fn keep(&mut self, at: Timestamp, sender: &Name, message_id: &Name) {
        self.push((at, key(sender, message_id)));
        while let Some((first, key)) = self.order.front() {
            if *first >= at.plus(-MESSAGE_WINDOW_MS) && self.order.len() <= MESSAGES_MAX {
                break;
            }
            self.seen.remove(key);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message is known for the window and no longer, by its sender and its id together.
    #[test]
    fn messages_are_known_for_the_window() {
        let (mut messages, bank) = (Messages::default(), Name::from("bank"));
        let ids: Vec<Name> = (0..100).map(|i| Name::from(format!("m{i}"))).collect();
        for (day, id) in ids.iter().enumerate() {
            messages.keep(Timestamp(day as i64 * DAY), &bank, id);
            messages.keep(Timestamp(day as i64 * DAY), &bank, id);
        }
        let known: Vec<usize> = (0..100).filter(|day| messages.knows(&bank, &ids[*day])).collect();
        assert_eq!(known, (64..100).collect::<Vec<_>>());
        assert_eq!(messages.order.len(), known.len());
        assert!(!messages.knows(&Name::from("ban"), &Name::from("km99")));
    }
}
