//! State from the pieces of a snapshot.

use std::fmt;

use serde::de::DeserializeOwned;

use super::super::{Case, State, waiting};
use super::dictionary::Dictionary;
use super::{Part, Rest};
use crate::name::Name;

/// Takes the pieces of a snapshot in their order. The caller knows them to be whole: bytes that nobody has written
/// may be refused or make any State.
#[derive(Default)]
pub struct Loader {
    state: State,
    dictionary: Dictionary,
    complete: bool,
}

/// Why pieces make no State.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unloadable {
    /// A piece of no known kind.
    Kind,
    /// A piece that does not read as what it is said to be.
    Piece,
    /// Something names what is not there.
    Dangling,
    /// The last piece has not come, or others came after it.
    Incomplete,
}

impl fmt::Display for Unloadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unloadable::Kind => "a piece of an unknown kind",
            Unloadable::Piece => "a piece that cannot be read",
            Unloadable::Dangling => "a release of definitions that are missing",
            Unloadable::Incomplete => "another number of pieces than were written",
        })
    }
}

impl Loader {
    /// The next piece.
    ///
    /// # Errors
    /// It is none, or not the next one. The loader is then of no further use.
    pub fn piece(&mut self, bytes: &[u8]) -> Result<(), Unloadable> {
        let (kind, bytes) = bytes.split_first().ok_or(Unloadable::Kind)?;
        let part = Part::ALL.get(usize::from(*kind)).copied().ok_or(Unloadable::Kind)?;
        if self.complete {
            return Err(Unloadable::Incomplete);
        }
        if part == Part::Name {
            return each(bytes, |name: Name| {
                self.state.names.insert(name);
                Ok(())
            });
        }
        let mut names = std::mem::take(&mut self.state.names);
        let mut dictionary = std::mem::take(&mut self.dictionary);
        let read = names.sharing(|| match part {
            Part::Case => dictionary.naming(|| self.part(part, bytes)),
            Part::Plan | Part::Origin | Part::Asked | Part::FieldNames => {
                self.in_common(part, bytes, &mut dictionary)
            }
            _ => self.part(part, bytes),
        });
        self.dictionary = dictionary;
        self.state.names = names;
        read
    }

    /// The State that all pieces make.
    ///
    /// # Errors
    /// Some have not come.
    pub fn finish(self) -> Result<State, Unloadable> {
        if self.complete { Ok(self.state) } else { Err(Unloadable::Incomplete) }
    }

    fn part(&mut self, part: Part, bytes: &[u8]) -> Result<(), Unloadable> {
        let State { definitions, closed, closed_order, timers, requests, messages, .. } = &mut self.state;
        match part {
            Part::Definition => each(bytes, |(number, (kind, name, path, sha256, compiled))| {
                definitions.store(number, (kind, name, path, sha256), compiled);
                Ok(())
            }),
            Part::Release => each(bytes, |(number, members): (u32, Vec<u32>)| {
                if members.iter().any(|member| definitions.stored(*member).is_none()) {
                    return Err(Unloadable::Dangling);
                }
                definitions.release_of(number, &members);
                Ok(())
            }),
            Part::Case => each(bytes, |case| {
                self.case(case);
                Ok(())
            }),
            Part::Closed => fill(bytes, closed),
            Part::ClosedOrder => fill(bytes, closed_order),
            Part::Timer => fill(bytes, timers),
            Part::Request => each(bytes, |kept| {
                requests.push(kept);
                Ok(())
            }),
            Part::Message => each(bytes, |seen| {
                messages.push(seen);
                Ok(())
            }),
            Part::Rest => each(bytes, |rest| self.rest(rest)),
            _ => self.company_part(part, bytes),
        }
    }

    /// What cases have in common.
    fn in_common(&mut self, part: Part, bytes: &[u8], dictionary: &mut Dictionary) -> Result<(), Unloadable> {
        let state = &mut self.state;
        match part {
            Part::Plan => each(bytes, |form| {
                dictionary.forms.push(state.shared_plan(form));
                Ok(())
            }),
            Part::Origin => each(bytes, |origin| {
                dictionary.origins.push(state.share_origin(origin));
                Ok(())
            }),
            Part::Asked => each(bytes, |asked| {
                dictionary.asked.push(state.share_asked(asked));
                Ok(())
            }),
            _ => each(bytes, |names| {
                dictionary.field_names.push(state.shared_field_names(names));
                Ok(())
            }),
        }
    }

    /// What is no case's.
    fn company_part(&mut self, part: Part, bytes: &[u8]) -> Result<(), Unloadable> {
        let State {
            keys,
            by_key,
            audits,
            written,
            kept,
            kept_count,
            periods,
            clocks,
            accounts,
            adding,
            secrets,
            ..
        } = &mut self.state;
        match part {
            Part::Claim => fill(bytes, keys),
            Part::Key => each(bytes, |(chain, key, number)| {
                by_key.entry(chain).or_default().insert(key, number);
                Ok(())
            }),
            Part::Audit => fill(bytes, audits),
            Part::Written => each(bytes, |(table, key, row)| {
                written.entry(table).or_default().insert(key, row);
                Ok(())
            }),
            Part::Fact => each(bytes, |(name, facts): (_, Vec<_>)| {
                *kept_count += facts.len();
                kept.insert(name, facts);
                Ok(())
            }),
            Part::Secret => fill(bytes, secrets),
            Part::Period => fill(bytes, periods),
            Part::Clock => fill(bytes, clocks),
            Part::Balance => each(bytes, |(account, key, balance)| {
                accounts.entry(account).or_default().insert(key, balance);
                Ok(())
            }),
            Part::Weight | Part::WeightOf | Part::WeightUntil => {
                let (weights, weight_of, weight_until) = adding.parts_mut();
                match part {
                    Part::Weight => fill(bytes, weights),
                    Part::WeightOf => fill(bytes, weight_of),
                    _ => fill(bytes, weight_until),
                }
            }
            _ => Err(Unloadable::Kind),
        }
    }

    /// A case, and where messages find it.
    fn case(&mut self, case: Box<Case>) {
        let number = case.number;
        if let Some(wait) = waiting::waits_for(&case) {
            self.state.waiting.insert(wait, number);
        }
        for listening in case.outward.iter().flat_map(|own| &own.listens) {
            self.state.listening.insert((listening.fact.clone(), Some(listening.keys.clone())), number);
        }
        self.state.cases.insert(number, case);
    }

    fn rest(&mut self, rest: Rest) -> Result<(), Unloadable> {
        let Rest { head, next_case, sweep, active, forgotten_until, last_weight, living, window } = rest;
        let state = &mut self.state;
        if active != 0 && state.definitions.release(active).is_none() {
            return Err(Unloadable::Dangling);
        }
        (state.head, state.next_case, state.sweep) = (head, next_case, sweep);
        state.definitions.activated(active);
        (state.living, state.window) = (living, window);
        state.relive();
        state.requests.forgotten(forgotten_until);
        state.adding.counted(last_weight);
        self.complete = true;
        Ok(())
    }
}

fn each<T: DeserializeOwned>(
    mut bytes: &[u8],
    mut keep: impl FnMut(T) -> Result<(), Unloadable>,
) -> Result<(), Unloadable> {
    while !bytes.is_empty() {
        let (item, rest) = postcard::take_from_bytes(bytes).map_err(|_| Unloadable::Piece)?;
        keep(item)?;
        bytes = rest;
    }
    Ok(())
}

fn fill<C, T>(bytes: &[u8], into: &mut C) -> Result<(), Unloadable>
where
    C: Extend<T> + IntoIterator<Item = T>,
    T: DeserializeOwned,
{
    each(bytes, |item: T| {
        into.extend([item]);
        Ok(())
    })
}
