//! State as bytes and back, so that a start need not fold the whole log. Bytes only: where they are kept, and how
//! they are known to be whole, is the caller's business.
//!
//! A snapshot is pieces of some ten thousand bytes, each of one kind of part. Hash tables and indexes are not in it:
//! they are built anew, so that nothing is ever read off a table's order.

pub(super) mod dictionary;
mod load;

use serde::Serialize;

pub use load::{Loader, Unloadable};

use super::{CaseNo, Head, Living, State, Timestamp};

/// The sources of this crate as a number. State is what *these* sources make of the log: what other ones have folded
/// may mean another thing, byte by byte or in its sense, and is folded anew instead.
pub const VERSION: u64 = number(env!("COUNTERSIGN_CORE_SOURCES"));

/// A piece is handed over once it has so many bytes.
const PIECE_BYTES: usize = 64 * 1024;

const fn number(text: &str) -> u64 {
    match u64::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("the build script gives a number"),
    }
}

/// What a piece consists of. The numbers stand in the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Part {
    Name,
    Definition,
    Release,
    Plan,
    Origin,
    Asked,
    FieldNames,
    Case,
    Closed,
    ClosedOrder,
    Timer,
    Request,
    Message,
    Claim,
    Key,
    Audit,
    Written,
    Fact,
    Period,
    Clock,
    Balance,
    Weight,
    WeightOf,
    WeightUntil,
    Secret,
    Rest,
}

impl Part {
    const ALL: [Part; 26] = [
        Part::Name,
        Part::Definition,
        Part::Release,
        Part::Plan,
        Part::Origin,
        Part::Asked,
        Part::FieldNames,
        Part::Case,
        Part::Closed,
        Part::ClosedOrder,
        Part::Timer,
        Part::Request,
        Part::Message,
        Part::Claim,
        Part::Key,
        Part::Audit,
        Part::Written,
        Part::Fact,
        Part::Period,
        Part::Clock,
        Part::Balance,
        Part::Weight,
        Part::WeightOf,
        Part::WeightUntil,
        Part::Secret,
        Part::Rest,
    ];
}

/// What there is one of. It comes last: without it a snapshot is none.
#[derive(Serialize, serde::Deserialize)]
struct Rest {
    head: Head,
    next_case: CaseNo,
    sweep: Option<CaseNo>,
    active: u32,
    forgotten_until: Timestamp,
    last_weight: u64,
    living: Living,
    window: Option<Timestamp>,
}

/// Why a snapshot was not written.
#[derive(Debug)]
pub enum Unwritten<E> {
    /// Something does not encode. Plain data always does.
    Encoding(postcard::Error),
    /// Whoever took the pieces did not take this one.
    Refused(E),
}

/// Hands over State, piece by piece.
///
/// # Errors
/// What taking a piece gave.
pub fn write<E>(state: &State, take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), Unwritten<E>> {
    // Every field by name, so that a new one cannot be forgotten.
    let State {
        head,
        definitions,
        cases: _,
        next_case,
        timers,
        requests,
        keys,
        waiting: _,
        listening: _,
        audits,
        sweep,
        names,
        forms: _,
        origins: _,
        asked: _,
        field_names: _,
        closed,
        closed_order,
        by_key,
        written,
        kept,
        kept_count: _,
        messages,
        periods,
        clocks,
        accounts,
        adding,
        living,
        window,
        secrets,
    } = state;
    let (stored, releases, active) = definitions.parts();
    let (seen, forgotten_until) = requests.parts();
    let (weights, weight_of, weight_until, last_weight) = adding.parts();
    let mut pieces = Pieces { buffer: Vec::new(), take };
    // Names first: what follows shares them.
    pieces.each(Part::Name, names.in_order())?;
    let definition = |(number, d): (_, _)| (number, super::StoredDefinition::parts(d));
    pieces.each(Part::Definition, stored.iter().map(definition))?;
    let members = |release: &super::Release| release.members.values().copied().collect::<Vec<u32>>();
    pieces.each(Part::Release, releases.iter().map(|(number, release)| (number, members(release))))?;
    pieces.cases(state)?;
    pieces.each(Part::Closed, closed)?;
    pieces.each(Part::ClosedOrder, closed_order)?;
    pieces.each(Part::Timer, timers)?;
    pieces.each(Part::Request, seen)?;
    pieces.each(Part::Message, messages.order())?;
    pieces.each(Part::Claim, keys)?;
    let by_key = by_key.iter().flat_map(|(chain, keys)| keys.iter().map(move |(key, no)| (chain, key, no)));
    pieces.each(Part::Key, by_key)?;
    pieces.each(Part::Audit, audits)?;
    let rows = written.iter().flat_map(|(table, rows)| rows.iter().map(move |(key, row)| (table, key, row)));
    pieces.each(Part::Written, rows)?;
    pieces.each(Part::Fact, kept)?;
    pieces.each(Part::Period, periods)?;
    pieces.each(Part::Clock, clocks)?;
    let balances =
        accounts.iter().flat_map(|(account, keys)| keys.iter().map(move |(key, b)| (account, key, b)));
    pieces.each(Part::Balance, balances)?;
    pieces.each(Part::Weight, weights)?;
    pieces.each(Part::WeightOf, weight_of)?;
    pieces.each(Part::WeightUntil, weight_until)?;
    pieces.each(Part::Secret, secrets)?;
    let (head, next_case, sweep) = (head.clone(), *next_case, *sweep);
    let (living, window) = (living.clone(), *window);
    let rest = Rest { head, next_case, sweep, active, forgotten_until, last_weight, living, window };
    pieces.each(Part::Rest, [rest])
}

struct Pieces<T> {
    buffer: Vec<u8>,
    take: T,
}

impl<E, T: FnMut(&[u8]) -> Result<(), E>> Pieces<T> {
    /// Open cases, after what they have in common.
    fn cases(&mut self, state: &State) -> Result<(), Unwritten<E>> {
        let mut dictionary = state.dictionary();
        self.each(Part::Plan, dictionary.forms.iter())?;
        self.each(Part::Origin, dictionary.origins.iter())?;
        self.each(Part::Asked, dictionary.asked.iter())?;
        self.each(Part::FieldNames, dictionary.field_names.iter())?;
        dictionary.naming(|| self.each(Part::Case, state.cases()))
    }

    /// Everything of one kind: its number, then one after another.
    fn each<I: Serialize>(
        &mut self,
        part: Part,
        items: impl IntoIterator<Item = I>,
    ) -> Result<(), Unwritten<E>> {
        self.buffer.clear();
        for item in items {
            if self.buffer.is_empty() {
                self.buffer.push(part as u8);
            }
            let buffer = std::mem::take(&mut self.buffer);
            self.buffer = postcard::to_extend(&item, buffer).map_err(Unwritten::Encoding)?;
            if self.buffer.len() >= PIECE_BYTES {
                self.hand_over()?;
            }
        }
        if self.buffer.is_empty() { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> Result<(), Unwritten<E>> {
        (self.take)(&self.buffer).map_err(Unwritten::Refused)?;
        self.buffer.clear();
        Ok(())
    }
}
