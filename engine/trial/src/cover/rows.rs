//! Rows of decision tables that cases read: every condition of a chain that names a row is worked out once more, with
//! what the case knew when it came to the state that the condition stands in. Core itself keeps no such record.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::CaseNo;
use countersign_core::definition::Chain;
use countersign_core::eval::{Scope, evaluate};
use countersign_core::event::Event;
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_core::value::Value;
use serde_json::Value as Json;

/// A condition that names a row.
#[derive(Clone, Debug)]
struct Read {
    table: Name,
    /// Its key.
    key: Expr,
    /// The list of whose items it is asked.
    over: Option<Expr>,
}

/// The conditions of a chain that name rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    /// Those that every case comes by.
    head: Vec<Read>,
    /// Those of each state.
    states: Vec<Vec<Read>>,
}

/// Rows, by table.
pub(crate) type Rows = BTreeSet<(Name, Name)>;

impl Reads {
    pub(crate) fn of(chain: &Chain) -> Reads {
        let Ok(json) = serde_json::to_value(chain) else { return Reads::default() };
        let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
        let mut defines: Vec<Vec<Read>> = Vec::new();
        for define in list("defines") {
            let reads = Collect::all(&define, &defines);
            defines.push(reads);
        }
        let of = |json: &Json| Collect::all(json, &defines);
        let head = ["requires", "amount", "facts"].into_iter().flat_map(|key| of(&json[key])).collect();
        Reads { head, states: list("states").iter().map(of).collect() }
    }

    /// The tables of which rows are named.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Name> {
        self.head.iter().chain(self.states.iter().flatten()).map(|read| &read.table)
    }
}

/// What is collected of a part of a chain.
struct Collect<'j> {
    defines: &'j [Vec<Read>],
    found: Vec<Read>,
}

/// The lists that `it` and the item of a `for_each` are of.
#[derive(Clone, Copy, Default)]
struct Lists<'j> {
    it: Option<&'j Json>,
    item: Option<&'j Json>,
}

impl<'j> Collect<'j> {
    fn all(json: &'j Json, defines: &'j [Vec<Read>]) -> Vec<Read> {
        let mut collect = Collect { defines, found: Vec::new() };
        collect.walk(json, Lists::default());
        collect.found
    }

    fn walk(&mut self, json: &'j Json, lists: Lists<'j>) {
        let map = match json {
            Json::Array(items) => return items.iter().for_each(|item| self.walk(item, lists)),
            Json::Object(map) => map,
            _ => return,
        };
        let only = map.iter().next().filter(|_| map.len() == 1);
        match only.map(|(key, value)| (key.as_str(), value)) {
            Some(("Define", Json::Number(number))) => {
                let number = number.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
                self.found.extend(self.defines.get(number).into_iter().flatten().cloned());
            }
            Some(("Row", Json::Array(parts))) => {
                self.push(parts.first(), json, lists);
                parts.iter().for_each(|part| self.walk(part, lists));
            }
            Some(("Column", column)) => {
                if column["key"].get("Row").is_none() {
                    self.push(column.get("table"), &column["key"], lists);
                }
                self.walk(&column["key"], lists);
            }
            Some(("Fold" | "Sum", Json::Array(parts))) => {
                let list = parts.iter().find(|part| part.is_object());
                let (before, body): (Vec<_>, Vec<_>) = parts.iter().partition(|part| Some(*part) == list);
                before.into_iter().for_each(|part| self.walk(part, lists));
                body.into_iter().for_each(|part| self.walk(part, Lists { it: list, ..lists }));
            }
            _ => {
                let of = map.get("for_each").filter(|of| !of.is_null());
                let item = of.map(|of| of.get("list").unwrap_or(of)).or(lists.item);
                map.values().for_each(|value| self.walk(value, Lists { item, ..lists }));
            }
        }
    }

    fn push(&mut self, table: Option<&Json>, key: &Json, lists: Lists<'_>) {
        let Some(table) = table.and_then(Json::as_str) else { return };
        let list = match (names(key, "It"), names(key, "Item")) {
            (false, false) => None,
            (true, false) => lists.it,
            (false, true) => lists.item,
            (true, true) => return,
        };
        let over = list.and_then(|list| serde_json::from_value(list.clone()).ok());
        if let Ok(key) = serde_json::from_value(as_item(key)) {
            self.found.push(Read { table: Name::from(table), key, over });
        }
    }
}

/// Whether an expression reads such a part.
fn names(json: &Json, part: &str) -> bool {
    match json {
        Json::Array(items) => items.iter().any(|item| names(item, part)),
        Json::Object(map) => map.contains_key(part) || map.values().any(|value| names(value, part)),
        _ => false,
    }
}

/// The expression with the item of a `for_each` in the place of that of a fold.
fn as_item(json: &Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(as_item).collect()),
        Json::Object(map) => {
            let key = |key: &String| if key == "It" { "Item".to_owned() } else { key.clone() };
            Json::Object(map.iter().map(|(name, value)| (key(name), as_item(value))).collect())
        }
        other => other.clone(),
    }
}

/// Adds the rows that a case reads where an event leads it.
pub(crate) fn note(
    reads: &BTreeMap<Name, Reads>,
    state: &State,
    (event, at): (&Event, Timestamp),
    rows: &mut Rows,
) {
    let Event::StateEntered(entered) = event else { return };
    let Some(case) = state.case(entered.case) else { return };
    let Some(reads) = reads.get(case.chain()) else { return };
    let own = reads.states.get(usize::from(entered.state));
    for read in reads.head.iter().chain(own.into_iter().flatten()) {
        rows.extend(keys(state, entered.case, at, read).into_iter().map(|key| (read.table.clone(), key)));
    }
}

fn keys(state: &State, number: CaseNo, at: Timestamp, read: &Read) -> Vec<Name> {
    let found = || {
        let case = state.case(number)?;
        let rules = state.definitions().release(case.release())?;
        let chain = rules.chain(case.chain())?;
        Some(Scope {
            document: case.fields(),
            chain: Some(chain),
            defines: &chain.defines,
            submitter: Some(case.submitter()),
            facts: case.facts(),
            case: Some(case),
            cases: Some(state),
            ..Scope::new(rules, at)
        })
    };
    let Some(scope) = found() else { return Vec::new() };
    let key = |scope: &Scope<'_>| match evaluate(&read.key, scope) {
        Ok(Value::Text(key)) => Some(key),
        _ => None,
    };
    match read.over.as_ref().map(|list| evaluate(list, &scope)) {
        None => key(&scope).into_iter().collect(),
        Some(Ok(Value::List(items))) => {
            items.iter().filter_map(|item| key(&Scope { item: Some(item), ..scope })).collect()
        }
        Some(_) => Vec::new(),
    }
}
