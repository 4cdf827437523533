//! Which requests took effect, so that a repeat takes none. Part of State: set by apply, never in a view.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::name::Name;
use crate::time::{HOUR, MINUTE, Timestamp};

/// How long repeats are known.
pub const REQUEST_WINDOW_MS: i64 = 24 * HOUR;
/// A caller's clock may be ahead by so much. What is kept is kept so much longer, or a request sent "ahead" could be
/// judged anew just after it was forgotten.
pub const SENT_AHEAD_MAX_MS: i64 = 5 * MINUTE;
/// How many requests are kept at most; beyond it the oldest are forgotten early.
pub const REQUESTS_MAX: usize = 4_000_000;

/// Requests that took effect within the window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    seen: BTreeMap<Key, Seen>,
    order: VecDeque<(Timestamp, Key)>,
    forgotten_until: Timestamp,
}

/// A digest of system and request id: small, of one length, and the same on every machine.
type Key = [u8; 16];

fn key(system: &str, request_id: &str) -> Key {
    let mut hasher = blake3::Hasher::new();
    // The length keeps ("a", "bc") and ("ab", "c") apart.
    hasher
        .update(&(system.len() as u64).to_le_bytes())
        .update(system.as_bytes())
        .update(request_id.as_bytes());
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    digest
}

/// What is kept of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The digest of its content.
    pub fingerprint: [u8; 16],
    /// The frame that it caused.
    pub sequence: u64,
}

impl Requests {
    /// A request by system and id.
    pub fn get(&self, system: &Name, request_id: &Name) -> Option<&Seen> {
        self.seen.get(&key(system, request_id))
    }

    /// Requests first sent before this instant may have been forgotten, so none of them can be judged.
    pub fn oldest_judged(&self, at: Timestamp) -> Timestamp {
        at.plus(-REQUEST_WINDOW_MS).max(self.forgotten_until)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Keeps a request, and forgets what has left the window. Forgetting depends on frames alone, so a
    /// replay forgets the same.
    pub(super) fn keep(&mut self, at: Timestamp, system: &Name, request_id: &Name, seen: Seen) {
        let key = key(system, request_id);
        self.order.push_back((at, key));
        self.seen.insert(key, seen);
        while let Some((first, ..)) = self.order.front() {
            let expired = *first < at.plus(-REQUEST_WINDOW_MS - SENT_AHEAD_MAX_MS);
            if !expired && self.order.len() <= REQUESTS_MAX {
                break;
            }
            if let Some((first, key)) = self.order.pop_front() {
                if !expired {
                    self.forgotten_until = first.plus(SENT_AHEAD_MAX_MS + 1);
                }
                self.seen.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(sequence: u64) -> Seen {
        Seen { fingerprint: [0; 16], sequence }
    }

    /// What has left the window is forgotten, what has not is found, and nothing else is.
    #[test]
    fn requests_are_known_for_the_window_and_no_longer() {
        let (mut requests, system) = (Requests::default(), Name::from("crm"));
        let ids: Vec<Name> = (0..2_000).map(|i| Name::from(format!("r{i}"))).collect();
        let at = |i: usize| Timestamp(i as i64 * HOUR / 10);
        for (i, id) in ids.iter().enumerate() {
            requests.keep(at(i), &system, id, seen(i as u64));
            assert_eq!(requests.get(&system, id), Some(&seen(i as u64)));
        }
        let last = at(ids.len() - 1);
        let window = REQUEST_WINDOW_MS + SENT_AHEAD_MAX_MS;
        let known = ids.iter().enumerate().filter(|(i, _)| at(*i) >= last.plus(-window));
        assert_eq!(requests.len(), known.clone().count());
        for (i, id) in known {
            assert_eq!(requests.get(&system, id), Some(&seen(i as u64)));
        }
        assert_eq!(requests.get(&system, &ids[0]), None);
        assert_eq!(requests.get(&Name::from("cr"), &Name::from("mr1999")), None);
    }
}
