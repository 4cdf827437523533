//! Which requests took effect, so that a repeat takes none. Part of State: set by apply, never in a view.

use std::collections::VecDeque;
use std::fmt;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize, Serializer};

use crate::command::Cause;
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
///
/// Kept in the order in which they came; tables find them by their digest. Nothing ever goes through a table, so its
/// order, which is none, shows nowhere. There are many small tables, so that none takes long to grow.
#[derive(Clone, Default)]
pub struct Requests {
    order: VecDeque<Kept>,
    /// How many were forgotten: the number of the first that is kept.
    forgotten: u64,
    forgotten_until: Timestamp,
    tables: Vec<HashTable<u64>>,
}

/// A request as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    at: Timestamp,
    key: Key,
    seen: Seen,
}

/// Tables, by the last byte of the digest.
const TABLES: usize = 256;

/// A digest of system and request id: small, of one length, and the same on every machine.
type Key = [u8; 16];

/// The digest by which a request is known, so that it is worked out once.
#[derive(Clone, Copy, Debug)]
pub struct RequestKey(Key);

impl RequestKey {
    /// Of a request by system and id.
    pub fn of(system: &str, request_id: &str) -> RequestKey {
        // The length keeps ("a", "bc") and ("ab", "c") apart.
        let length = (system.len() as u64).to_le_bytes();
        let parts = [&length[..], system.as_bytes(), request_id.as_bytes()];
        let mut short = [0; 128];
        let mut end = 0;
        for part in parts {
            let Some(room) = short.get_mut(end..end + part.len()) else {
                let mut hasher = blake3::Hasher::new();
                for part in parts {
                    hasher.update(part);
                }
                return RequestKey::from(hasher.finalize());
            };
            room.copy_from_slice(part);
            end += part.len();
        }
        RequestKey::from(blake3::hash(&short[..end]))
    }

    /// Of the request that caused a command, if one did.
    pub fn of_cause(cause: &Cause) -> Option<RequestKey> {
        match cause {
            Cause::Request(request) => Some(RequestKey::of(&request.system, &request.request_id)),
            _ => None,
        }
    }

    fn from(hash: blake3::Hash) -> RequestKey {
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        RequestKey(digest)
    }
}

/// What is kept of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The digest of its content.
    pub fingerprint: [u8; 16],
    /// The frame that it caused.
    pub sequence: u64,
}

/// Digests are evenly spread, so that their first bytes serve as a hash.
fn hash(key: &Key) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&key[..8]);
    u64::from_le_bytes(first)
}

impl Requests {
    /// A request by system and id.
    pub fn get(&self, system: &Name, request_id: &Name) -> Option<&Seen> {
        self.find(RequestKey::of(system, request_id))
    }

    /// A request whose digest is known.
    pub(crate) fn find(&self, RequestKey(key): RequestKey) -> Option<&Seen> {
        let table = self.tables.get(usize::from(key[15]))?;
        let number =
            table.find(hash(&key), |number| self.kept(*number).is_some_and(|kept| kept.key == key))?;
        self.kept(*number).map(|kept| &kept.seen)
    }

    fn kept(&self, number: u64) -> Option<&Kept> {
        self.order.get(usize::try_from(number.checked_sub(self.forgotten)?).ok()?)
    }

    /// Requests first sent before this instant may have been forgotten, so none of them can be judged.
    pub fn oldest_judged(&self, at: Timestamp) -> Timestamp {
        at.plus(-REQUEST_WINDOW_MS).max(self.forgotten_until)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Keeps a request that is not yet known, and forgets what has left the window. Forgetting depends on frames
    /// alone, so a replay forgets the same.
    pub(super) fn keep(&mut self, at: Timestamp, RequestKey(key): RequestKey, seen: Seen) {
        self.push(Kept { at, key, seen });
        while let Some(first) = self.order.front() {
            let expired = first.at < at.plus(-REQUEST_WINDOW_MS - SENT_AHEAD_MAX_MS);
            if !expired && self.order.len() <= REQUESTS_MAX {
                break;
            }
            self.forget_first(expired);
        }
    }

    /// As it was kept: those that are kept in their order, and until when others were forgotten early.
    pub(super) fn parts(&self) -> (&VecDeque<Kept>, Timestamp) {
        (&self.order, self.forgotten_until)
    }

    /// Until when others were forgotten early, as it was kept.
    pub(super) fn forgotten(&mut self, until: Timestamp) {
        self.forgotten_until = until;
    }

    /// Puts one behind those that are kept, as it was kept.
    pub(super) fn push(&mut self, kept: Kept) {
        let (number, key) = (self.forgotten + self.order.len() as u64, kept.key);
        self.order.push_back(kept);
        if self.tables.is_empty() {
            self.tables.resize(TABLES, HashTable::new());
        }
        let (order, forgotten) = (&self.order, self.forgotten);
        if let Some(table) = self.tables.get_mut(usize::from(key[15])) {
            // Every number in a table is of one that is kept.
            let rehash =
                |number: &u64| order.get((number - forgotten) as usize).map_or(0, |kept| hash(&kept.key));
            table.insert_unique(hash(&key), number, rehash);
        }
    }

    fn forget_first(&mut self, expired: bool) {
        let Some(first) = self.order.pop_front() else { return };
        let number = self.forgotten;
        self.forgotten += 1;
        if !expired {
            self.forgotten_until = first.at.plus(SENT_AHEAD_MAX_MS + 1);
        }
        let table = self.tables.get_mut(usize::from(first.key[15]));
        if let Some(Ok(entry)) = table.map(|table| table.find_entry(hash(&first.key), |own| *own == number)) {
            entry.remove();
        }
    }
}

// What is known is the order alone: the tables only find it.
impl Serialize for Requests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.order, &self.forgotten_until).serialize(serializer)
    }
}

impl PartialEq for Requests {
    fn eq(&self, other: &Self) -> bool {
        (&self.order, self.forgotten_until) == (&other.order, other.forgotten_until)
    }
}

impl Eq for Requests {}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests")
            .field("order", &self.order)
            .field("forgotten_until", &self.forgotten_until)
            .finish()
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
            requests.keep(at(i), RequestKey::of(&system, id), seen(i as u64));
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

    /// Short or long, a request is known by the same digest as ever: replays of old logs must agree.
    #[test]
    fn digests_do_not_depend_on_the_way() {
        for length in [0, 1, 30, 100, 117, 118, 119, 120, 121, 500] {
            let (system, id) = ("crm", "r".repeat(length));
            let mut hasher = blake3::Hasher::new();
            hasher.update(&3_u64.to_le_bytes()).update(system.as_bytes()).update(id.as_bytes());
            assert_eq!(RequestKey::of(system, &id).0, hasher.finalize().as_bytes()[..16], "{length}");
        }
    }
}
