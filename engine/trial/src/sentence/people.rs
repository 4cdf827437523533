//! Sentences about people: they submit, answer, withdraw, hand up, ask.

use countersign_core::command::{ReturnTo, Verdict};
use countersign_core::event::Place;
use countersign_core::name::Name;

use super::{VERDICTS, Words};
use crate::case::{Act, Actor, Beside, Says};
use crate::codes;

/// Verbs of people beside those that answer a task.
const OTHERS: &[&str] = &[
    "submits",
    "begins",
    "resubmits",
    "amends",
    "withdraws",
    "refers",
    "transfers",
    "consults",
    "adds",
    "removes",
    "takes",
    "claims",
    "releases",
    "asks",
    "opens",
    "reveals",
    "erases",
    "chooses",
    "choose",
];

pub(super) fn act(words: &Words<'_>) -> Option<Act> {
    let verb = |word: &&str| verdict(word).is_some() || OTHERS.contains(word);
    let Some(place) = words.words.iter().position(verb).filter(|place| *place > 0) else {
        words.wrong("this says nothing that can happen");
        return None;
    };
    let (subject, rest) = words.words.split_at(place);
    let who = actors(words, subject)?;
    let (verb, rest) = rest.split_first()?;
    if let Some(verdict) = verdict(verb) {
        let (to, rest) = match (verdict, rest) {
            (Verdict::Return, ["to", place, rest @ ..]) => (Some(return_to(words, place)?), rest),
            _ => (None, rest),
        };
        let key = words.key(rest)?;
        return Some(Act::Decide { who, verdict, choice: None, to, key, says: says(words)? });
    }
    if let ("chooses" | "choose", [choice, rest @ ..]) = (*verb, rest) {
        let (choice, key) = (Some(Name::from(*choice)), words.key(rest)?);
        return Some(Act::Decide {
            who,
            verdict: Verdict::Choose,
            choice,
            to: None,
            key,
            says: says(words)?,
        });
    }
    let [who] = <[Actor; 1]>::try_from(who).ok().or_else(|| {
        words.wrong("several do not do this in one sentence");
        None
    })?;
    match (*verb, rest) {
        ("submits", rest) => submits(words, who, rest),
        ("begins", rest) => {
            let fields = words.fields()?;
            words.reader.fields_of(&words.reader.chain, &fields);
            Some(Act::Begin { who: Some(who), key: words.key(rest)?, fields })
        }
        ("resubmits", rest) => Some(Act::Resubmit { who, key: words.key(rest)?, fields: words.fields()? }),
        ("amends", rest) => Some(Act::Amend { who, key: words.key(rest)?, fields: words.fields()? }),
        ("withdraws", rest) => Some(Act::Withdraw { who, key: words.key(rest)?, says: says(words)? }),
        ("refers", ["up", rest @ ..]) => {
            Some(Act::ReferUp { who, key: words.key(rest)?, says: says(words)? })
        }
        ("transfers" | "consults" | "adds" | "removes" | "takes" | "claims" | "releases", rest) => {
            let (what, rest) = beside(words, verb, rest)?;
            Some(Act::OnTask { who, what, key: words.key(rest)?, says: says(words)? })
        }
        ("opens", rest) => Some(Act::Look { who, key: words.key(rest)? }),
        ("reveals", [field, "of", rest @ ..]) => {
            Some(Act::Reveal { who, field: Name::from(*field), key: words.key(rest)? })
        }
        ("erases", rest) => Some(Act::Erase { who, key: words.key(rest)?, says: says(words)? }),
        ("asks", [entry, rest @ ..]) => {
            let known = || words.reader.company.chains.values().flat_map(|chain| &chain.anytime);
            if !known().any(|one| one.name == **entry) {
                let known = known().map(|one| one.name.as_str());
                words.reader.unknown(words.at, "`anytime` entry", entry, known);
                return None;
            }
            let (entry, key) = (Name::from(*entry), words.key(rest)?);
            Some(Act::Ask { who, entry, key, says: says(words)? })
        }
        _ => {
            words.wrong("it is not said what");
            None
        }
    }
}

/// What is done with a task beside answering it, and the words that follow.
fn beside<'w>(words: &Words<'_>, verb: &str, rest: &'w [&'w str]) -> Option<(Beside, &'w [&'w str])> {
    let place = |word: &str| match word {
        "before" => Some(Place::Before),
        "after" => Some(Place::After),
        "beside" => Some(Place::Beside),
        _ => None,
    };
    Some(match (verb, rest) {
        ("transfers", ["to", to, rest @ ..]) => (Beside::Transfer(words.position(to)?), rest),
        ("consults", [to, rest @ ..]) => (Beside::Consult(words.position(to)?), rest),
        ("adds", [to, word, rest @ ..]) if place(word).is_some() => {
            (Beside::Add(words.position(to)?, place(word)?), rest)
        }
        ("removes", [position, rest @ ..]) => (Beside::Remove(words.position(position)?), rest),
        ("takes", ["back", rest @ ..]) => (Beside::TakeBack, rest),
        ("claims", rest) => (Beside::Claim, rest),
        ("releases", rest) => (Beside::Release, rest),
        _ => {
            words.wrong("it is not said what");
            return None;
        }
    })
}

/// `draft`, `previous`, or a state of some chain.
fn return_to(words: &Words<'_>, place: &str) -> Option<ReturnTo> {
    match place {
        "draft" => return Some(ReturnTo::Draft),
        "previous" => return Some(ReturnTo::Previous),
        _ => {}
    }
    let states = || words.reader.company.chains.values().flat_map(|chain| &chain.states);
    if !states().any(|state| state.name == *place) {
        words.reader.unknown(words.at, "state", place, states().map(|state| state.name.as_str()));
        return None;
    }
    Some(ReturnTo::State(Name::from(place)))
}

/// A chain, a key, both, or neither; to whom it is addressed, where that is not whoever is next above.
fn submits(words: &Words<'_>, who: Actor, rest: &[&str]) -> Option<Act> {
    let known = |name: &str| words.reader.company.chains.contains_key(name);
    let (rest, to) = match rest {
        [rest @ .., "to", to] => (rest, Some(words.position(to)?)),
        rest => (rest, None),
    };
    let (chain, key) = match rest {
        [] => (words.reader.chain.clone(), None),
        [chain] if known(chain) => (Name::from(*chain), None),
        [key] => (words.reader.chain.clone(), Some(*key)),
        [chain, key] => (super::chain(words.reader, chain, words.at)?, Some(*key)),
        _ => {
            words.wrong("words follow that say nothing here");
            return None;
        }
    };
    let fields = words.fields()?;
    words.reader.fields_of(&chain, &fields);
    Some(Act::Submit { who, chain, key: key.map(Name::from), to, fields })
}

/// `a`, `a and b`, `a, b and c`, `H25 as bgm_js`.
fn actors(words: &Words<'_>, subject: &[&str]) -> Option<Vec<Actor>> {
    let mut actors = Vec::new();
    let separate = |word: &&str| *word == "and";
    for part in subject.split(separate).flat_map(|part| part.split_inclusive(|word| word.ends_with(','))) {
        let part: Vec<&str> = part.iter().map(|word| word.trim_end_matches(',')).collect();
        actors.push(match part.as_slice() {
            [position] => Actor { position: words.position(position)?, person: None },
            [person, "as", position] => {
                Actor { position: words.position(position)?, person: Some(Name::from(*person)) }
            }
            _ => {
                words.wrong("it is not said who");
                return None;
            }
        });
    }
    Some(actors)
}

fn verdict(word: &str) -> Option<Verdict> {
    VERDICTS.iter().find(|(one, many, _)| *one == word || *many == word).map(|(_, _, verdict)| *verdict)
}

/// A reason, or named values with a reason among them.
fn says(words: &Words<'_>) -> Option<Says> {
    let Some(value) = words.value else { return Some(Says::default()) };
    if let Some(reason) = value.text() {
        return Some(Says { reason: Some(Name::from(reason)), fields: Vec::new() });
    }
    let mut fields = words.fields()?;
    let place = fields.iter().position(|pair| pair.key == "reason");
    let reason = place.map(|place| fields.remove(place));
    let text = reason.as_ref().map(|pair| words.reader.text(&pair.value, "the reason"));
    if text == Some(None) {
        return None;
    }
    if fields.len() > 256 {
        words.reader.error(words.at, codes::TOO_LARGE, "more than 256 values", "name fewer");
        return None;
    }
    Some(Says { reason: text.flatten().map(Name::from), fields })
}
