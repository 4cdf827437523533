//! Reading nodes as what is expected of them: mappings with known keys, names, numbers, spans.

use countersign_core::name::{Name, Title};
use countersign_core::time::{Span, Timestamp};
use rust_decimal::Decimal;

use crate::codes;
use crate::diagnostic::{Place, Report};
use crate::suggest;
use crate::yaml::{Body, Entry, Node, Scalar};

/// A mapping whose keys have been checked.
#[derive(Clone, Copy)]
pub(crate) struct Map<'t> {
    pub(crate) place: Place,
    pub(crate) entries: &'t [Entry],
}

/// The keys that a mapping may have.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    pub(crate) known: &'static [&'static str],
}

impl Keys {
    pub(crate) const fn of(known: &'static [&'static str]) -> Keys {
        Keys { known }
    }
}

/// The words of several lists in one.
pub(crate) const fn joined<const N: usize>(lists: &[&[&'static str]]) -> [&'static str; N] {
    let (mut all, mut at, mut list) = ([""; N], 0, 0);
    while list < lists.len() {
        let mut word = 0;
        while word < lists[list].len() {
            all[at] = lists[list][word];
            at += 1;
            word += 1;
        }
        list += 1;
    }
    assert!(at == N);
    all
}

impl<'t> Map<'t> {
    /// A mapping with the given keys and no others.
    pub(crate) fn read(node: &'t Node, what: &str, keys: Keys, report: &Report<'_>) -> Option<Map<'t>> {
        let map = Map::any(node, what, report)?;
        #[cfg(test)]
        recorded::keys(keys.known);
        for entry in map.entries {
            if keys.known.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!("`{}` is no key of {what}", entry.key);
            let known = keys.known.iter().copied();
            report.error(codes::UNKNOWN_KEY, entry.at, message, suggest::nearest(&entry.key, known));
        }
        Some(map)
    }

    /// A mapping whose keys are names of the user's.
    pub(crate) fn any(node: &'t Node, what: &str, report: &Report<'_>) -> Option<Map<'t>> {
        match &node.body {
            Body::Map(entries) => Some(Map { place: node.place, entries }),
            Body::Bad => None,
            Body::List(_) | Body::Scalar(_) => {
                let message = format!("{what} is written as `key: value` lines");
                report.error(codes::WRONG_SHAPE, node.place, message, "write `key: value`, one a line");
                None
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'t Node> {
        self.entry(key).map(|e| &e.value)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'t Entry> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, key: &str, what: &str, report: &Report<'_>) -> Option<&'t Node> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{what} needs the key `{key}`");
            report.error(codes::MISSING_KEY, self.head(), message, format!("add `{key}: ...`"));
        }
        found
    }

    /// The first key, to point at a mapping as a whole.
    pub(crate) fn head(&self) -> Place {
        self.entries.first().map_or(self.place, |e| e.at)
    }
}

/// A single value.
pub(crate) fn scalar<'t>(node: &'t Node, what: &str, report: &Report<'_>) -> Option<&'t Scalar> {
    match &node.body {
        Body::Scalar(s) => Some(s),
        Body::Bad => None,
        Body::List(_) | Body::Map(_) => {
            let message = format!("{what} is a single value");
            report.error(codes::WRONG_SHAPE, node.place, message, format!("write one {what} here"));
            None
        }
    }
}

/// The items of a list; a single value stands for a list of one where that is how people write.
pub(crate) fn list<'t>(node: &'t Node, what: &str, report: &Report<'_>) -> &'t [Node] {
    match &node.body {
        Body::List(items) => items,
        Body::Bad => &[],
        Body::Scalar(_) | Body::Map(_) => {
            let message = format!("{what} is a list");
            report.error(
                codes::WRONG_SHAPE,
                node.place,
                message,
                "write `[a, b]`, or `- a` on lines of their own",
            );
            &[]
        }
    }
}

/// One node, or the items of a list.
pub(crate) fn one_or_more(node: &Node) -> &[Node] {
    match &node.body {
        Body::List(items) => items,
        Body::Bad => &[],
        Body::Scalar(_) | Body::Map(_) => std::slice::from_ref(node),
    }
}

const NAME_MAX: usize = 64;

/// Whether a text may be a name.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    text.len() <= NAME_MAX
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// A name that is being given to something.
pub(crate) fn new_name(text: &str, place: Place, report: &Report<'_>) -> Option<Name> {
    if matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off" | "y" | "n") {
        let message = format!("some readers of YAML take `{text}` for true or false");
        report.error(codes::YAML_BOOLEAN, place, message, "give it another name");
        return None;
    }
    if !is_name(text) {
        let message = format!("`{text}` cannot be a name");
        let help = "use letters, digits, - and _; begin with a letter; at most 64";
        report.error(codes::BAD_NAME, place, message, help);
        return None;
    }
    Some(Name::from(text))
}

/// A name that is part of message subjects: lower-case letters, digits and `-`.
pub(crate) fn token(text: &str, place: Place, report: &Report<'_>) -> Option<Name> {
    let name = new_name(text, place, report)?;
    if name.contains(|c: char| c.is_ascii_uppercase() || c == '_') {
        let message = format!("`{name}` cannot be part of a message subject");
        report.error(codes::BAD_NAME, place, message, "use lower-case letters, digits and -");
        return None;
    }
    Some(name)
}

/// A name as a value.
pub(crate) fn name(node: &Node, what: &str, report: &Report<'_>) -> Option<Name> {
    new_name(&scalar(node, what, report)?.text, node.place, report)
}

/// A title: `{ en: ..., zh: ... }`; `en` defaults to the name.
pub(crate) fn title(node: Option<&Node>, name: &str, report: &Report<'_>) -> Title {
    let map = node.and_then(|n| Map::read(n, "a title", Keys::of(&["en", "zh"]), report));
    let text = |key: &str| {
        let node = map.and_then(|m| m.get(key))?;
        scalar(node, "title", report).map(|s| Name::from(s.text.as_str()))
    };
    Title { en: text("en").unwrap_or_else(|| Name::from(name)), zh: text("zh").unwrap_or_default() }
}

/// Reports a value that its type does not allow.
pub(crate) fn bad_value(place: Place, message: impl Into<String>, help: &str, report: &Report<'_>) {
    report.error(codes::BAD_VALUE, place, message, help);
}

/// Digits and at most one point, with an optional minus.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let body = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = body.split_once('.').map_or((body, None), |(w, f)| (w, Some(f)));
    let zeros = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || zeros || !fraction.is_none_or(digits) || text.len() > 28 {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// A plain number.
pub(crate) fn number(node: &Node, what: &str, report: &Report<'_>) -> Option<Decimal> {
    let scalar = scalar(node, what, report)?;
    let found = decimal(&scalar.text).filter(|_| scalar.plain);
    if found.is_none() {
        let message = match scalar.plain {
            true => format!("{what} is written in digits, not `{}`", scalar.text),
            false => format!("{what} does not stand in quotes"),
        };
        bad_value(
            node.place,
            message,
            "write digits and at most one point, without quotes and units",
            report,
        );
    }
    found
}

/// A whole number within bounds.
pub(crate) fn whole(node: &Node, what: &str, bounds: (u32, u32), report: &Report<'_>) -> Option<u32> {
    let scalar = scalar(node, what, report)?;
    let number =
        scalar.text.parse::<u32>().ok().filter(|n| scalar.plain && (bounds.0..=bounds.1).contains(n));
    if number.is_none() {
        let message = format!("{what} is a whole number from {} to {}", bounds.0, bounds.1);
        bad_value(node.place, message, "write digits only", report);
    }
    number
}

/// A share written `15%`, as 0.15.
pub(crate) fn percent(node: &Node, what: &str, report: &Report<'_>) -> Option<Decimal> {
    let scalar = scalar(node, what, report)?;
    let found = scalar.text.strip_suffix('%').and_then(decimal).filter(|_| scalar.plain);
    if found.is_none() {
        let message = format!("{what} is a share such as 15%, not `{}`", scalar.text);
        bad_value(node.place, message, "write a number and %", report);
    }
    found.and_then(|n| n.checked_div(Decimal::ONE_HUNDRED)).map(|n| n.normalize())
}

/// true or false.
pub(crate) fn flag(node: &Node, what: &str, report: &Report<'_>) -> Option<bool> {
    let scalar = scalar(node, what, report)?;
    match (scalar.plain, scalar.text.as_str()) {
        (true, "true") => Some(true),
        (true, "false") => Some(false),
        _ => {
            let message = format!("{what} is true or false, not `{}`", scalar.text);
            bad_value(node.place, message, "write true or false without quotes", report);
            None
        }
    }
}

/// A length of time such as `8wh`.
pub(crate) fn span(node: &Node, what: &str, report: &Report<'_>) -> Option<Span> {
    let scalar = scalar(node, what, report)?;
    let found = Span::parse(&scalar.text);
    if found.is_none() {
        let message = format!("{what} is a length of time, not `{}`", scalar.text);
        let help =
            "write a whole number and min, h, d, mo, wh (working hours) or wd (working days), such as 8wh";
        bad_value(node.place, message, help, report);
    }
    found
}

/// An instant with its offset, in quotes.
pub(crate) fn time(node: &Node, what: &str, report: &Report<'_>) -> Option<Timestamp> {
    let scalar = scalar(node, what, report)?;
    let found = Timestamp::parse(&scalar.text);
    if found.is_none() {
        let message = format!("{what} is a time with its offset, not `{}`", scalar.text);
        bad_value(node.place, message, "write it like \"2025-04-21T09:00+08:00\"", report);
    }
    found
}

/// One of a few words. The first is returned where it is none of them, after the report.
pub(crate) fn word<'w>(node: &Node, what: &str, words: &[&'w str], report: &Report<'_>) -> Option<&'w str> {
    let scalar = scalar(node, what, report)?;
    let found = words.iter().find(|w| **w == scalar.text);
    if found.is_none() {
        let message = format!("{what} is {}, not `{}`", suggest::listed(words), scalar.text);
        bad_value(node.place, message, &suggest::nearest(&scalar.text, words.iter().copied()), report);
    }
    found.copied()
}

/// A refusal code: UPPER_CASE.
pub(crate) fn code(node: &Node, report: &Report<'_>) -> Option<Name> {
    let scalar = scalar(node, "refusal code", report)?;
    let text = scalar.text.as_str();
    let good = text.len() <= NAME_MAX
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !good {
        let message = format!("`{text}` cannot be a refusal code");
        report.error(codes::BAD_CODE, node.place, message, "write it like CUSTOMER_NOT_FILED");
        return None;
    }
    Some(Name::from(text))
}

/// The keys that mappings were read with, so that a test can hold them against the schemas.
#[cfg(test)]
pub(crate) mod recorded {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    type Lists = BTreeSet<&'static [&'static str]>;

    thread_local! {
        static READ: RefCell<Option<Lists>> = const { RefCell::new(None) };
    }

    pub(crate) fn start() {
        READ.with(|read| *read.borrow_mut() = Some(Lists::new()));
    }

    pub(super) fn keys(known: &'static [&'static str]) {
        READ.with(|read| read.borrow_mut().as_mut().map(|lists| lists.insert(known)));
    }

    pub(crate) fn finish() -> Lists {
        READ.with(|read| read.borrow_mut().take()).unwrap_or_default()
    }
}
