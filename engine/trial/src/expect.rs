//! What can be expected: under `then`, or under the business key of another case.
//!
//! ```text
//! state, ends: good | bad, revision, owner, amount, document, facts, held: CODE, due: "time"
//! waiting_for, signed, route, final, never_asked, copied: [positions]
//! capacities: { POSITION: { POSITION: vacant } }, signed_by: [persons], overrode, reminded, overdue, escalated_to: [positions]
//! refused: CODE, recorded_for: [positions]     short: 10.00     alarms: [names]
//! sent VERB: [{..}] | 2, never_sent: [verbs], recorded TABLE KEY: {..}, started CHAIN: [{..}] | 2, kept: [facts]
//! states: { review: 30, draft: 70 }      KEY: {..}, CHAIN KEY: {..}: another case
//! ACCOUNT KEY: { limit, used, reserved, free, flag, below_zero }
//! report NAME: [{..}], or { from: "date", to: "date", rows: [{..}] }: rows that are in it
//! ```

use countersign_chain::tree::{self, Pair, Shape, Tree};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use rust_decimal::Decimal;

use crate::accounts;
use crate::codes;
use crate::read::Reader;
use crate::reports::{self, Report};
use crate::signing::{self, Capacities};

/// What is expected at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expect {
    pub(crate) items: Vec<Item>,
}

/// One expectation.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) line: u32,
    pub(crate) key: String,
    pub(crate) want: Want,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    State(Name),
    Ends(bool),
    Revision(u32),
    Owner(Name),
    Amount(Tree),
    Document(Vec<Pair>),
    Facts(Vec<Pair>),
    Held(Name),
    Due(Timestamp),
    WaitingFor(Vec<Name>),
    Signed(Vec<Name>),
    Route(Vec<Name>),
    Final(Name),
    NeverAsked(Vec<Name>),
    Capacities(Capacities),
    /// The persons who signed.
    SignedBy(Vec<Name>),
    /// Positions whose decision overrode an objection.
    Overrode(Vec<Name>),
    Reminded(Vec<Name>),
    Overdue(Vec<Name>),
    EscalatedTo(Vec<Name>),
    /// For whom a refused attempt is on record.
    RecordedFor(Vec<Name>),
    Refused(Vec<Name>),
    Alarms(Vec<Name>),
    /// Positions that are told of the case, among others.
    Copied(Vec<Name>),
    Sent(Name, Several),
    NeverSent(Vec<Name>),
    Recorded(Name, Name, Tree),
    Started(Name, Several),
    Kept(Vec<Name>),
    /// How much was missing where something was to be reserved or used up.
    Short(Decimal),
    /// How a key of an account stands.
    Account(Name, Name, Vec<Pair>),
    /// What a report says.
    Report(Report),
    States(Vec<(Name, u32)>),
    Case {
        chain: Option<Name>,
        key: Name,
        items: Vec<Item>,
    },
}

/// So many, or these in order.
#[derive(Clone, Debug)]
pub(crate) enum Several {
    Count(u32),
    Each(Vec<Tree>),
}

/// Keys of one word; others are a case's business key.
const KEYS: &[&str] = &[
    "state",
    "ends",
    "revision",
    "owner",
    "amount",
    "document",
    "facts",
    "held",
    "due",
    "waiting_for",
    "signed",
    "route",
    "final",
    "never_asked",
    "capacities",
    "signed_by",
    "overrode",
    "reminded",
    "overdue",
    "escalated_to",
    "recorded_for",
    "refused",
    "short",
    "alarms",
    "copied",
    "never_sent",
    "kept",
    "states",
];

impl Expect {
    /// Whether a refusal is expected, of the sentence before or of one that happened together with others.
    pub(crate) fn refusal(&self) -> bool {
        fn any(items: &[Item]) -> bool {
            items.iter().any(|item| match &item.want {
                Want::Refused(_) => true,
                Want::Case { items, .. } => any(items),
                _ => false,
            })
        }
        any(&self.items)
    }
}

impl Expect {
    /// Whether a report is expected.
    pub(crate) fn reports(&self) -> bool {
        fn any(items: &[Item]) -> bool {
            items.iter().any(|item| match &item.want {
                Want::Report(_) => true,
                Want::Case { items, .. } => any(items),
                _ => false,
            })
        }
        any(&self.items)
    }
}

/// Reads what is expected.
pub(crate) fn read(reader: &Reader<'_>, node: &Tree) -> Option<Expect> {
    let pairs = reader.mapping(node, "what is expected")?;
    if pairs.is_empty() {
        let help = "name at least one thing, such as `state: draft`";
        reader.error(node.span, codes::MISSING_KEY, "nothing is expected", help);
    }
    Some(Expect { items: items(reader, pairs, Some(&reader.chain)) })
}

fn items(reader: &Reader<'_>, pairs: &[Pair], chain: Option<&Name>) -> Vec<Item> {
    let item = |pair: &Pair| {
        let want = want(reader, pair, chain)?;
        Some(Item { line: reader.line(pair.at), key: pair.key.clone(), want })
    };
    pairs.iter().filter_map(item).collect()
}

fn want(reader: &Reader<'_>, pair: &Pair, chain: Option<&Name>) -> Option<Want> {
    let (key, value) = (pair.key.as_str(), &pair.value);
    let words: Vec<&str> = key.split_whitespace().collect();
    match words.as_slice() {
        ["sent", verb] => {
            let verb = verb_name(reader, verb, pair)?;
            Some(Want::Sent(verb, several(reader, value)?))
        }
        ["report", report] => reports::expected(reader, report, pair).map(Want::Report),
        ["started", started] => {
            let chain = crate::sentence::chain(reader, started, pair.at)?;
            Some(Want::Started(chain, several(reader, value)?))
        }
        ["recorded", table, key] => {
            let Some(definition) = reader.company.tables.get(*table) else {
                let known = reader.company.tables.keys().map(Name::as_str);
                reader.unknown(pair.at, "table", table, known);
                return None;
            };
            for pair in value.pairs() {
                if !definition.columns.iter().any(|column| column.name == *pair.key.as_str()) {
                    let message = format!("the table {table} has no column `{}`", pair.key);
                    let known = definition.columns.iter().map(|column| column.name.as_str());
                    reader.error(pair.at, codes::UNKNOWN_FIELD, message, tree::nearest(&pair.key, known));
                }
            }
            Some(Want::Recorded(Name::from(*table), Name::from(*key), value.clone()))
        }
        [word] if KEYS.contains(word) => plain(reader, word, pair, chain),
        [other] => case(reader, (None, other), pair),
        [chain, other] if reader.company.chains.contains_key(*chain) => {
            case(reader, (Some(Name::from(*chain)), other), pair)
        }
        [account, key] if reader.company.accounts.contains_key(*account) => {
            accounts::expected(reader, (account, key), pair)
        }
        _ => {
            let message = format!("`{key}` is nothing that can be expected");
            let known = KEYS.iter().copied().chain(["sent", "started", "recorded", "report"]);
            let help = tree::nearest(words.first().copied().unwrap_or_default(), known);
            reader.error(pair.at, codes::UNKNOWN_KEY, message, help);
            None
        }
    }
}

fn case(reader: &Reader<'_>, (chain, key): (Option<Name>, &str), pair: &Pair) -> Option<Want> {
    let Shape::Map(pairs) = &pair.value.shape else {
        if pair.value.shape != Shape::Bad {
            let message = format!("`{key}` is nothing that can be expected");
            reader.error(pair.at, codes::UNKNOWN_KEY, message, tree::nearest(key, KEYS.iter().copied()));
        }
        return None;
    };
    let items = items(reader, pairs, chain.as_ref());
    Some(Want::Case { chain, key: Name::from(key), items })
}

fn plain(reader: &Reader<'_>, word: &str, pair: &Pair, chain: Option<&Name>) -> Option<Want> {
    let value = &pair.value;
    let name = || reader.text(value, word).map(Name::from);
    Some(match word {
        "state" => Want::State(state(reader, value, chain)?),
        "ends" => match reader.text(value, word)? {
            "good" => Want::Ends(true),
            "bad" => Want::Ends(false),
            other => return wrong(reader, value, other, "write good or bad"),
        },
        "revision" => match reader.text(value, word)?.parse() {
            Ok(number) => Want::Revision(number),
            Err(_) => return wrong(reader, value, word, "write a whole number"),
        },
        "owner" => Want::Owner(position(reader, value)?),
        "amount" => Want::Amount(value.clone()),
        "document" => Want::Document(reader.mapping(value, word)?.to_vec()),
        "facts" => Want::Facts(reader.mapping(value, word)?.to_vec()),
        "held" => Want::Held(name()?),
        "due" => Want::Due(reader.time(value)?),
        "waiting_for" => Want::WaitingFor(positions(reader, value)?),
        "signed" => Want::Signed(positions(reader, value)?),
        "route" => Want::Route(positions(reader, value)?),
        "final" if value.text() == Some("nobody") => Want::Final(Name::default()),
        "final" => Want::Final(position(reader, value)?),
        "never_asked" => Want::NeverAsked(positions(reader, value)?),
        "capacities" => Want::Capacities(signing::capacities(reader, value)?),
        "signed_by" => Want::SignedBy(names(reader, value, word)?),
        "overrode" => Want::Overrode(positions(reader, value)?),
        "reminded" => Want::Reminded(positions(reader, value)?),
        "overdue" => Want::Overdue(positions(reader, value)?),
        "escalated_to" => Want::EscalatedTo(positions(reader, value)?),
        "recorded_for" => Want::RecordedFor(positions(reader, value)?),
        "refused" => Want::Refused(names(reader, value, word)?),
        "short" => Want::Short(accounts::number(reader, value)?),
        "alarms" => Want::Alarms(names(reader, value, word)?),
        "copied" => Want::Copied(positions(reader, value)?),
        "kept" => Want::Kept(names(reader, value, word)?),
        "never_sent" => {
            let verbs = names(reader, value, word)?;
            for verb in &verbs {
                verb_name(reader, verb, pair)?;
            }
            Want::NeverSent(verbs)
        }
        _ => Want::States(states(reader, value, chain)?),
    })
}

fn wrong(reader: &Reader<'_>, value: &Tree, found: &str, help: &str) -> Option<Want> {
    reader.error(value.span, codes::BAD_VALUE, format!("`{found}` cannot stand here"), help);
    None
}

/// One text, or a list of them.
fn names(reader: &Reader<'_>, value: &Tree, what: &str) -> Option<Vec<Name>> {
    let items = match &value.shape {
        Shape::List(items) => items.as_slice(),
        _ => std::slice::from_ref(value),
    };
    items.iter().map(|item| reader.text(item, what).map(Name::from)).collect()
}

fn positions(reader: &Reader<'_>, value: &Tree) -> Option<Vec<Name>> {
    reader.list(value, "positions").iter().map(|item| position(reader, item)).collect()
}

fn position(reader: &Reader<'_>, value: &Tree) -> Option<Name> {
    let text = reader.text(value, "a position")?;
    let positions = &reader.company.organisation.positions;
    if !positions.contains_key(text) {
        reader.unknown(value.span, "position", text, positions.keys().map(Name::as_str));
        return None;
    }
    Some(Name::from(text))
}

/// A state or end: of the chain, where it is known, otherwise of any.
fn state(reader: &Reader<'_>, value: &Tree, chain: Option<&Name>) -> Option<Name> {
    let text = reader.text(value, "a state")?;
    let chains = reader.company.chains.values().filter(|c| chain.is_none_or(|chain| c.name == *chain));
    let mut known: Vec<&str> = vec!["draft", "on-hold", "withdrawn"];
    for chain in chains {
        known.extend(chain.states.iter().map(|state| state.name.as_str()));
        known.extend(chain.ends.iter().map(|end| end.name.as_str()));
    }
    if !known.contains(&text) {
        let of = chain.map(|chain| format!(" of {chain}")).unwrap_or_default();
        reader.unknown(value.span, &format!("state or end{of}"), text, known);
        return None;
    }
    Some(Name::from(text))
}

fn states(reader: &Reader<'_>, value: &Tree, chain: Option<&Name>) -> Option<Vec<(Name, u32)>> {
    let of = |pair: &Pair| {
        let name = Tree { span: pair.at, shape: Shape::Scalar { text: pair.key.clone(), plain: true } };
        let name = state(reader, &name, chain)?;
        let count = reader.text(&pair.value, "a number of cases")?.parse().ok();
        if count.is_none() {
            wrong(reader, &pair.value, &pair.key, "write a whole number");
        }
        Some((name, count?))
    };
    reader.mapping(value, "cases by state")?.iter().map(of).collect()
}

fn several(reader: &Reader<'_>, value: &Tree) -> Option<Several> {
    match &value.shape {
        Shape::List(items) => Some(Several::Each(items.clone())),
        Shape::Map(_) => Some(Several::Each(vec![value.clone()])),
        Shape::Scalar { text, .. } => {
            let count = text.parse().ok().map(Several::Count);
            if count.is_none() {
                wrong(reader, value, text, "write how many, or `[{ .. }]` what each carries");
            }
            count
        }
        Shape::Bad => None,
    }
}

fn verb_name(reader: &Reader<'_>, verb: &str, pair: &Pair) -> Option<Name> {
    let verbs = &reader.company.adapters.verbs;
    if !verbs.contains_key(verb) {
        reader.unknown(pair.at, "verb in adapters.yaml", verb, verbs.keys().map(Name::as_str));
        return None;
    }
    Some(Name::from(verb))
}
