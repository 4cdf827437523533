//! What can happen in a case: sentences under `when`.
//!
//! ```text
//! kam_js submits | kam_js submits KEY: {..} | kam_js submits CHAIN [KEY] [to POSITION]: {..} | begins: {..} | kam_js begins: {..}
//! kam_js passes | approves | returns | rejects | objects | advises | completes | does | refuses [KEY]: {reason, ..}
//! kam_js chooses X [for KEY]: {..} | kam_js and legal pass | H25 as bgm_js approves
//! kam_js transfers to bgm_zj | consults legal | adds legal before|after|beside | removes legal [KEY]: {reason}
//! kam_js takes back | claims | releases [KEY] | returns to previous|draft|STATE [KEY]: {reason}
//! operator jumps to STATE [KEY]: why
//! kam_js resubmits [KEY]: {..} | amends [KEY]: {..} | withdraws [KEY] | refers up [KEY]: {reason} | asks ENTRY [of KEY]: {..}
//! finance answers invoice.issue [KEY] [as ID] [twice]: {done: {..}} | finance says receipt.posted [as ID] [twice]: {..}
//! wait: 16wh | wait: until "2025-04-27T09:00+08:00" | CHAIN [KEY] is STATE [: all] | together: [..] | then: {..}
//! operator holds | resumes | retries | compensates | settles [KEY]: why | holder bgm_js: H40 | abolish bgm_js
//! organise: [{ leave: { person: H25 } }, ..]: acts on the organisation, as `countersign org` has them
//! apply: { authority.yaml: { contract: { limits: { bgm: 200000 } } } }: rules that hold from now on
//! ```

use countersign_chain::tree::{Pair, Shape, Span, Tree};
use countersign_core::command::{Operation, Verdict};
use countersign_core::name::Name;
use countersign_core::time::{self, Timestamp};

use crate::case::*;
use crate::codes;
use crate::expect;
use crate::read::Reader;

mod adapter;
mod people;

const HELP: &str = "write who and what, such as `kam_js passes`, `finance answers invoice.issue: { done: { .. } }`, \
                    `wait: 16wh`; workflows/README.md lists the sentences";

/// A race of more is not needed to show what a race does.
const TIMES_MAX: u32 = 1_000;

/// Reads one item of `when`.
pub(crate) fn step(reader: &Reader<'_>, item: &Tree) -> Option<Step> {
    match item.pairs() {
        [pair] if pair.key == "then" => expect::read(reader, &pair.value).map(Step::Then),
        [first, ..] if first.key == "together" => together(reader, item).map(Step::Together),
        _ => sentence(reader, item).map(Step::Do),
    }
}

/// The sentence of an item, its place, and what it carries.
pub(crate) fn parts<'t>(reader: &Reader<'_>, item: &'t Tree) -> Option<(&'t str, Span, Option<&'t Tree>)> {
    match &item.shape {
        Shape::Scalar { text, .. } => Some((text, item.span, None)),
        Shape::Map(pairs) => match pairs.as_slice() {
            [pair] => Some((&pair.key, pair.at, Some(&pair.value))),
            _ => {
                let message = "one item says one thing";
                reader.error(item.span, codes::WRONG_SHAPE, message, "begin a new item with `- `");
                None
            }
        },
        Shape::List(_) => {
            reader.error(item.span, codes::WRONG_SHAPE, "a list is no sentence", HELP);
            None
        }
        Shape::Bad => None,
    }
}

fn sentence(reader: &Reader<'_>, item: &Tree) -> Option<Sentence> {
    let (text, at, value) = parts(reader, item)?;
    let act = act(&Words { reader, at, words: text.split_whitespace().collect(), value })?;
    let carried = value.map(|value| format!(": {}", shown(value))).unwrap_or_default();
    Some(Sentence { text: format!("{text}{carried}"), line: reader.line(at), act })
}

/// A sentence in words, with what it carries.
struct Words<'a> {
    reader: &'a Reader<'a>,
    at: Span,
    words: Vec<&'a str>,
    value: Option<&'a Tree>,
}

fn act(words: &Words<'_>) -> Option<Act> {
    match words.words.as_slice() {
        ["wait"] => wait(words),
        ["begins"] => Some(Act::Begin { who: None, key: None, fields: words.fields()? }),
        ["begins", key] => {
            Some(Act::Begin { who: None, key: Some(Name::from(*key)), fields: words.fields()? })
        }
        ["operator", verb, rest @ ..] => operator(words, verb, rest),
        ["holder", position] => holder(words, position),
        ["organise"] => organise(words),
        ["apply"] => apply(words),
        ["abolish", position] => Some(Act::Abolish { position: words.position(position)? }),
        [chain, "is", place] => forced(words, chain, None, place),
        [chain, key, "is", place] => forced(words, chain, Some(key), place),
        [adapter, "answers", verb, rest @ ..] => adapter::answers(words, adapter, verb, rest),
        [sender, "says", fact, rest @ ..] => adapter::says(words, sender, fact, rest),
        _ => people::act(words),
    }
}

impl Words<'_> {
    fn wrong(&self, message: &str) {
        self.reader.error(self.at, codes::BAD_SENTENCE, message, HELP);
    }

    /// What the sentence carries, as named values; nothing where it carries nothing.
    fn fields(&self) -> Option<Vec<Pair>> {
        match self.value {
            Some(value) => self.reader.mapping(value, "what the sentence carries").map(<[Pair]>::to_vec),
            None => Some(Vec::new()),
        }
    }

    fn position(&self, name: &str) -> Option<Name> {
        let positions = &self.reader.company.organisation.positions;
        if !positions.contains_key(name) {
            self.reader.unknown(self.at, "position", name, positions.keys().map(Name::as_str));
            return None;
        }
        Some(Name::from(name))
    }

    /// A business key, or none, where nothing may follow it.
    fn key(&self, rest: &[&str]) -> Option<Option<Name>> {
        match rest {
            [] => Some(None),
            ["for" | "of", key] | [key] => Some(Some(Name::from(*key))),
            _ => {
                self.wrong("words follow that say nothing here");
                None
            }
        }
    }
}

fn wait(words: &Words<'_>) -> Option<Act> {
    let help = "write a length of time such as 16wh, or `until \"2025-04-27T09:00+08:00\"`";
    let Some(value) = words.value else {
        words.reader.error(words.at, codes::MISSING_KEY, "it is not said how long", help);
        return None;
    };
    let text = words.reader.text(value, "how long")?;
    let until = text.strip_prefix("until").map(|rest| rest.trim().trim_matches('"'));
    let wait = match until {
        Some(time) => Timestamp::parse(time).map(Until::Time),
        None => time::Span::parse(text).map(Until::Span),
    };
    if wait.is_none() {
        let message = format!("`{text}` is no length of time");
        words.reader.error(value.span, codes::BAD_VALUE, message, help);
    }
    wait.map(Act::Wait)
}

fn operator(words: &Words<'_>, verb: &str, rest: &[&str]) -> Option<Act> {
    let reason = match words.value {
        Some(value) if value.get("reason").is_some() => value.get("reason").and_then(Tree::text),
        Some(value) => words.reader.text(value, "the reason"),
        None => None,
    };
    let reason = reason.map(Name::from);
    if let ("jumps", ["to", to, rest @ ..]) = (verb, rest) {
        return Some(Act::Override { to: Name::from(*to), key: words.key(rest)?, reason });
    }
    let acts = [
        ("holds", Operation::Hold),
        ("resumes", Operation::Resume),
        ("retries", Operation::Retry),
        ("compensates", Operation::Compensate),
        ("settles", Operation::Settle),
    ];
    let Some((_, act)) = acts.iter().find(|(word, _)| *word == verb) else {
        let known = acts.iter().map(|(word, _)| *word);
        words.reader.unknown(words.at, "operation", verb, known);
        return None;
    };
    Some(Act::Operate { act: *act, key: words.key(rest)?, reason })
}

fn organise(words: &Words<'_>) -> Option<Act> {
    let Some(value) = words.value else {
        let help = "write `organise: [{ hire: { person: H40, position: bgm_js } }]`";
        words.reader.error(words.at, codes::MISSING_KEY, "it is not said what changes", help);
        return None;
    };
    words.reader.acts(value).map(Act::Organise)
}

fn apply(words: &Words<'_>) -> Option<Act> {
    let Some(value) = words.value else {
        let help = "write `apply: { authority.yaml: { contract: { limits: { bgm: 200000 } } } }`";
        words.reader.error(words.at, codes::MISSING_KEY, "it is not said which rules change", help);
        return None;
    };
    crate::apply::read(words.reader, value).map(Act::Apply)
}

fn holder(words: &Words<'_>, position: &str) -> Option<Act> {
    let position = words.position(position)?;
    let Some(value) = words.value else {
        let help = "write `holder POSITION: PERSON`, or `[]` for nobody";
        words.reader.error(words.at, codes::MISSING_KEY, "it is not said who holds it", help);
        return None;
    };
    let holders = match &value.shape {
        Shape::List(items) => items.iter().filter_map(|item| words.reader.text(item, "a person")).collect(),
        _ => vec![words.reader.text(value, "a person")?],
    };
    Some(Act::Holders { position, holders: holders.into_iter().map(Name::from).collect() })
}

fn forced(words: &Words<'_>, name: &str, key: Option<&str>, place: &str) -> Option<Act> {
    let chain = chain(words.reader, name, words.at)?;
    let all = words.value.and_then(Tree::text) == Some("all");
    let facts = if all { Vec::new() } else { words.fields()? };
    let jump = jump(words.reader, &chain, place, (words.at, &facts))?;
    Some(Act::Jump { key: key.map(Name::from), all, jump })
}

/// A chain that is there.
pub(crate) fn chain(reader: &Reader<'_>, name: &str, at: Span) -> Option<Name> {
    if !reader.company.chains.contains_key(name) {
        reader.unknown(at, "chain", name, reader.company.chains.keys().map(Name::as_str));
        return None;
    }
    Some(Name::from(name))
}

/// A way into a state or end by force.
pub(crate) fn jump(
    reader: &Reader<'_>,
    chain: &Name,
    place: &str,
    (at, facts): (Span, &[Pair]),
) -> Option<Jump> {
    let definition = reader.company.chains.get(chain)?;
    let known = || {
        let states = definition.states.iter().map(|state| state.name.as_str());
        states.chain(definition.ends.iter().map(|end| end.name.as_str()))
    };
    if !known().any(|name| name == place) {
        reader.unknown(at, &format!("state or end of {chain}"), place, known());
        return None;
    }
    for pair in facts {
        if !definition.facts.iter().any(|fact| fact.name == *pair.key.as_str()) {
            let known = definition.facts.iter().map(|fact| fact.name.as_str());
            reader.unknown(pair.at, &format!("fact of {chain}"), &pair.key, known);
            return None;
        }
    }
    let entry = reader.next_jump();
    Some(Jump { entry, chain: chain.clone(), to: Name::from(place), facts: facts.to_vec() })
}

/// `together: [...]`, or `together: 100 times` with `do: ...`.
fn together(reader: &Reader<'_>, item: &Tree) -> Option<Vec<Sentence>> {
    let pairs = reader.keys(item, "what happens together", &["together", "do"])?;
    let together = pairs.first().map(|pair| &pair.value)?;
    let Some(each) = item.get("do") else {
        let items = reader.list(together, "what happens together");
        return Some(items.iter().filter_map(|item| sentence(reader, item)).collect());
    };
    let text = reader.text(together, "how often")?;
    let times = text.strip_suffix(" times").and_then(|n| n.parse::<u32>().ok());
    let Some(times) = times.filter(|n| (1..=TIMES_MAX).contains(n)) else {
        let message = format!("`{text}` does not say how often");
        let help = format!("write `together: 100 times`; at most {TIMES_MAX}");
        reader.error(together.span, codes::BAD_VALUE, message, help);
        return None;
    };
    let numbered = |n: u32| sentence(reader, &renamed(each, n));
    (1..=times).map(numbered).collect()
}

/// Words that end in `-n` get the number of the repetition instead.
fn renamed(tree: &Tree, number: u32) -> Tree {
    let word = |word: &str| match word.strip_suffix("-n") {
        Some(stem) => format!("{stem}-{number}"),
        None => word.to_owned(),
    };
    let text = |text: &str| text.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let shape = match &tree.shape {
        Shape::Scalar { text: of, plain } => Shape::Scalar { text: text(of), plain: *plain },
        Shape::List(items) => Shape::List(items.iter().map(|item| renamed(item, number)).collect()),
        Shape::Map(pairs) => {
            let of =
                |pair: &Pair| Pair { key: text(&pair.key), at: pair.at, value: renamed(&pair.value, number) };
            Shape::Map(pairs.iter().map(of).collect())
        }
        Shape::Bad => Shape::Bad,
    };
    Tree { span: tree.span, shape }
}

/// A verb of people and what it means.
const VERDICTS: &[(&str, &str, Verdict)] = &[
    ("passes", "pass", Verdict::Pass),
    ("approves", "approve", Verdict::Approve),
    ("returns", "return", Verdict::Return),
    ("rejects", "reject", Verdict::Reject),
    ("objects", "object", Verdict::Object),
    ("advises", "advise", Verdict::Input),
    ("completes", "complete", Verdict::Submit),
    ("does", "do", Verdict::Done),
    ("refuses", "refuse", Verdict::Refuse),
];
