//! Which cases wait for which message. However many wait, a message finds its own by a lookup.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Case, Stage, State};
use crate::command::CaseNo;
use crate::event::{MatchKey, MatchKeys};
use crate::name::Name;
use crate::value::{Fields, Value};

/// Waiting cases by fact and by rule of their wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Waiting(BTreeMap<Name, BTreeMap<u16, RuleWaits>>);

/// The cases that wait by one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct RuleWaits {
    /// Those whose rule implies no equality: each is looked at.
    loose: BTreeSet<CaseNo>,
    /// Those whose rule does: by the message's field, then by the value it must have.
    keyed: BTreeMap<Vec<Name>, BTreeSet<(Key, CaseNo)>>,
}

/// What stands for a value: equal values have equal ones. Unequal values may share one too; the rule itself decides.
type Key = [u8; 8];

fn key(value: &Value) -> Key {
    let mut hasher = blake3::Hasher::new();
    // As conditions compare: numbers of any measure by their size, names of any kind by their text.
    match (value.decimal(), value.as_name()) {
        (Some(number), _) => hasher.update(number.normalize().to_string().as_bytes()),
        (None, Some(name)) => hasher.update(b"/").update(name.as_bytes()),
        // Plain data always encodes; were it not so, such a value would only be compared more often.
        (None, None) => hasher.update(b"=").update(&postcard::to_allocvec(value).unwrap_or_default()),
    };
    let mut key = Key::default();
    key.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    key
}

/// What a case waits for: the fact, and what the rules of its wait look for. None of the latter: a wait of a log
/// that knew one rule only.
pub(super) fn waits_for(case: &Case) -> Option<(Name, Option<MatchKeys>)> {
    match &case.stage {
        Stage::Fact { fact, .. } => Some((fact.clone(), None)),
        Stage::Message { fact, keys, .. } => Some((fact.clone(), Some((**keys).clone()))),
        _ => None,
    }
}

impl Waiting {
    pub(super) fn insert(&mut self, (fact, keys): (Name, Option<MatchKeys>), number: CaseNo) {
        let rules = self.0.entry(fact).or_default();
        for (rule, key_of) in each(&keys) {
            let waits = rules.entry(rule).or_default();
            match key_of {
                None => waits.loose.insert(number),
                Some(MatchKey { field, value }) => {
                    waits.keyed.entry(field.clone()).or_default().insert((key(value), number))
                }
            };
        }
    }

    pub(super) fn remove(&mut self, (fact, keys): &(Name, Option<MatchKeys>), number: CaseNo) {
        let Some(rules) = self.0.get_mut(fact) else { return };
        for (rule, key_of) in each(keys) {
            let Some(waits) = rules.get_mut(&rule) else { continue };
            match key_of {
                None => drop(waits.loose.remove(&number)),
                Some(MatchKey { field, value }) => {
                    if let Some(cases) = waits.keyed.get_mut(field) {
                        cases.remove(&(key(value), number));
                    }
                    waits.keyed.retain(|_, cases| !cases.is_empty());
                }
            }
            if waits.loose.is_empty() && waits.keyed.is_empty() {
                rules.remove(&rule);
            }
        }
        if rules.is_empty() {
            self.0.remove(fact);
        }
    }
}

fn each(keys: &Option<MatchKeys>) -> impl Iterator<Item = (u16, Option<&MatchKey>)> {
    let old = keys.is_none().then_some((0, None));
    let now = keys.iter().flatten().enumerate().map(|(rule, key)| (rule as u16, key.as_ref()));
    old.into_iter().chain(now)
}

/// What a case has to do with a message that may be meant for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeks {
    /// It waits for it.
    Waiting,
    /// It does something else, and the message would move it.
    Listening,
}

impl State {
    fn seeking(&self, seeks: Seeks) -> &Waiting {
        match seeks {
            Seeks::Waiting => &self.waiting,
            Seeks::Listening => &self.listening,
        }
    }

    /// The places of rules by which some case waits for a fact, or listens to it.
    pub fn rules_of(&self, fact: &str, seeks: Seeks) -> impl Iterator<Item = u16> + '_ {
        self.seeking(seeks).0.get(fact).into_iter().flat_map(|rules| rules.keys().copied())
    }

    /// The cases that wait for a fact, or listen to it, by this rule and may be meant by this message, oldest first.
    /// The rule itself has still to be asked.
    pub fn meant_by(&self, (fact, rule): (&str, u16), message: &Fields, seeks: Seeks) -> BTreeSet<CaseNo> {
        let Some(waits) = self.seeking(seeks).0.get(fact).and_then(|rules| rules.get(&rule)) else {
            return BTreeSet::new();
        };
        let mut found = waits.loose.clone();
        for (field, cases) in &waits.keyed {
            let key = key(&super::look::within(message, field));
            found.extend(cases.range((key, 0)..=(key, CaseNo::MAX)).map(|(_, case)| *case));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(keys: &[Option<(&str, Value)>]) -> (Name, Option<MatchKeys>) {
        let key = |key: &Option<(&str, Value)>| {
            key.as_ref()
                .map(|(field, value)| MatchKey { field: vec![Name::from(*field)], value: value.clone() })
        };
        (Name::from("bank.paid"), Some(keys.iter().map(key).collect()))
    }

    /// Of twenty thousand cases a message is held against those that it may mean, by either rule; and what waits no
    /// longer leaves nothing behind.
    #[test]
    fn a_message_is_held_against_few_cases() {
        let mut state = State::default();
        let waits: Vec<_> = (1..=20_000_u64)
            .map(|no| {
                let invoice = Value::text(&format!("I{no}"));
                let customer = Value::Position(Name::from(format!("C{}", no % 5_000)));
                (no, wait(&[Some(("ref", invoice)), Some(("customer", customer))]))
            })
            .collect();
        for (no, wait) in &waits {
            state.waiting.insert(wait.clone(), *no);
        }
        let fields = |field: &str, value: &str| Fields::from([(Name::from(field), Value::text(value))]);
        let found = |rule, message: &Fields| {
            state.meant_by(("bank.paid", rule), message, Seeks::Waiting).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(state.rules_of("bank.paid", Seeks::Waiting).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(found(0, &fields("ref", "I77")), [77]);
        assert_eq!(found(1, &fields("ref", "I77")), []);
        assert_eq!(found(1, &fields("customer", "C77")), [77, 5_077, 10_077, 15_077]);
        for (no, wait) in &waits {
            state.waiting.remove(wait, *no);
        }
        assert_eq!(state, State::default());
    }
}
