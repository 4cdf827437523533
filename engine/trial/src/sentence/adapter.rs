//! Sentences about other systems: they answer commands and report facts.

use countersign_chain::tree::Pair;
use countersign_core::definition::{Activity, Refusals, Verb};
use countersign_core::name::Name;

use super::Words;
use crate::case::{Act, Repeat, Reply};
use crate::codes;

/// `finance answers invoice.issue KEY as R-1 twice: { done: { .. } }`.
pub(super) fn answers(words: &Words<'_>, adapter: &str, verb: &str, rest: &[&str]) -> Option<Act> {
    let full = Name::from(format!("{adapter}.{verb}"));
    let verbs = &words.reader.company.adapters.verbs;
    let Some(definition) = verbs.get(&full) else {
        words.reader.unknown(words.at, "verb in adapters.yaml", &full, verbs.keys().map(Name::as_str));
        return None;
    };
    let (key, mut repeat) = tail(words, rest)?;
    let reply = reply(words, definition, &mut repeat)?;
    Some(Act::Answer { adapter: Name::from(adapter), verb: full, key, reply, repeat })
}

fn reply(words: &Words<'_>, verb: &Verb, repeat: &mut Repeat) -> Option<Reply> {
    let known =
        || verb.finals.keys().chain(verb.stages.keys()).map(Name::as_str).chain(["refused", "unknown"]);
    let wrong = || {
        let help = format!("write one of {}", known().collect::<Vec<_>>().join(", "));
        words.reader.error(words.at, codes::BAD_SENTENCE, "it is not said what is answered", help);
    };
    let Some(value) = words.value else {
        wrong();
        return None;
    };
    let mut pairs: Vec<&Pair> = value.pairs().iter().collect();
    if let Some(place) = pairs.iter().position(|pair| pair.key == "reply_id") {
        let id = pairs.remove(place);
        repeat.id = Some(Name::from(words.reader.text(&id.value, "the id of the reply")?));
    }
    let (word, carried) = match (value.text(), pairs.as_slice()) {
        (Some(word), _) => (word, None),
        (None, [pair]) => (pair.key.as_str(), Some(&pair.value)),
        _ => {
            wrong();
            return None;
        }
    };
    if !known().any(|name| name == word) {
        words.reader.unknown(words.at, "answer of this verb", word, known());
        return None;
    }
    if word == "refused" {
        let code = carried.and_then(|value| value.text()).map(Name::from);
        let declared = match (&verb.refused, &code) {
            (Refusals::OneOf(codes), Some(code)) => codes.contains(code),
            (Refusals::Any, Some(_)) => true,
            _ => false,
        };
        if !declared {
            let message = "this is no code with which it may be refused";
            let help = "write `refused: CODE` with a code that adapters.yaml names";
            words.reader.error(words.at, codes::BAD_VALUE, message, help);
            return None;
        }
        return Some(Reply { word: Name::from(word), code, fields: Vec::new() });
    }
    let fields = match carried {
        Some(value) if value.text().is_some() => Vec::new(),
        Some(value) => words.reader.mapping(value, "what an answer carries")?.to_vec(),
        None => Vec::new(),
    };
    if let Some(shape) = verb.shape(word) {
        unknown_fields(words, shape, &fields);
    }
    Some(Reply { word: Name::from(word), code: None, fields })
}

/// `finance says receipt.posted as M-1 twice: { .. }`.
pub(super) fn says(words: &Words<'_>, sender: &str, fact: &str, rest: &[&str]) -> Option<Act> {
    let full = Name::from(format!("{sender}.{fact}"));
    let company = words.reader.company;
    let shape = company.adapters.facts.get(&full);
    let waited = |activity: &Activity| matches!(activity, Activity::Wait(wait) if wait.fact == *fact);
    let by_name = || {
        let states = company.chains.values().flat_map(|chain| &chain.states);
        company.systems.systems.contains_key(sender) && states.map(|s| &s.activity).any(waited)
    };
    if shape.is_none() && !by_name() {
        let known = company.adapters.facts.keys().map(Name::as_str);
        words.reader.unknown(words.at, "fact in adapters.yaml", &full, known);
        return None;
    }
    let (key, repeat) = tail(words, rest)?;
    if key.is_some() {
        words.wrong("a fact finds its case by what it says");
        return None;
    }
    let fields = words.fields()?;
    if let Some(shape) = shape {
        unknown_fields(words, shape, &fields);
    }
    let declared = shape.is_some();
    let fact = if declared { full } else { Name::from(fact) };
    Some(Act::Report { sender: Name::from(sender), fact, declared, fields, repeat })
}

/// `[KEY] [as ID] [twice]`.
fn tail(words: &Words<'_>, rest: &[&str]) -> Option<(Option<Name>, Repeat)> {
    let (rest, twice) = match rest {
        [rest @ .., "twice"] => (rest, true),
        rest => (rest, false),
    };
    let (rest, id) = match rest {
        [rest @ .., "as", id] => (rest, Some(Name::from(*id))),
        rest => (rest, None),
    };
    Some((words.key(rest)?, Repeat { id, twice }))
}

fn unknown_fields(words: &Words<'_>, shape: &[(Name, countersign_core::value::Type)], fields: &[Pair]) {
    for pair in fields {
        if !shape.iter().any(|(name, _)| *name == *pair.key.as_str()) {
            let message = format!("adapters.yaml declares no field `{}` here", pair.key);
            let known = shape.iter().map(|(name, _)| name.as_str());
            let help = countersign_chain::tree::nearest(&pair.key, known);
            words.reader.error(pair.at, codes::UNKNOWN_FIELD, message, help);
        }
    }
}
