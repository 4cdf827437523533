//! Rows of decision tables that cases read: every condition of a chain that names a row is worked out once more, with
//! what the case knew when it came to the state that the condition stands in; so are limits and flags of accounts where
//! a condition asks how one stands, and where something of one is moved. Core itself keeps no such record.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::CaseNo;
use countersign_core::definition::{Account, Chain};
use countersign_core::eval::{Own, Scope, evaluate, parts_of};
use countersign_core::event::Event;
use countersign_core::expr::{BalancePart, Expr};
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_core::value::Value;
use serde_json::Value as Json;

/// Something that a condition names.
#[derive(Clone, Debug)]
struct Read {
    what: What,
    /// The list of whose items it is asked.
    over: Option<Expr>,
}

#[derive(Clone, Debug)]
enum What {
    /// A row of this table, by its key.
    Row(Name, Expr),
    /// How this account stands, by the parts of its key.
    Balance(Name, Vec<Expr>, BalancePart),
}

/// The conditions of a chain that name rows or accounts.
#[derive(Clone, Debug, Default)]
struct OfChain {
    /// Those that every case comes by.
    head: Vec<Read>,
    /// Those of each state.
    states: Vec<Vec<Read>>,
}

/// The same of an account's own expressions.
#[derive(Clone, Debug, Default)]
struct OfAccount {
    limit: Vec<Read>,
    /// With those of the limit, where a flag reads it.
    flags: Vec<Read>,
}

/// All that conditions of a company name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    chains: BTreeMap<Name, OfChain>,
    accounts: BTreeMap<Name, OfAccount>,
}

/// Rows, by table.
pub(crate) type Rows = BTreeSet<(Name, Name)>;

impl OfChain {
    fn of(chain: &Chain) -> OfChain {
        let Ok(json) = serde_json::to_value(chain) else { return OfChain::default() };
        let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
        let mut defines: Vec<Vec<Read>> = Vec::new();
        for define in list("defines") {
            let reads = Collect::all(&define, (&defines, &[]));
            defines.push(reads);
        }
        let of = |json: &Json| Collect::all(json, (&defines, &[]));
        let head = ["requires", "amount", "facts"].into_iter().flat_map(|key| of(&json[key])).collect();
        OfChain { head, states: list("states").iter().map(of).collect() }
    }
}

impl OfAccount {
    fn of(account: &Account) -> OfAccount {
        let json = |expr: &dyn Fn() -> serde_json::Result<Json>| expr().unwrap_or_default();
        let limit = Collect::all(&json(&|| serde_json::to_value(&account.limit)), (&[], &[]));
        let flags = Collect::all(&json(&|| serde_json::to_value(&account.flags)), (&[], &limit));
        OfAccount { limit, flags }
    }
}

impl Reads {
    pub(crate) fn of<'d>(
        chains: impl Iterator<Item = &'d Chain>,
        accounts: impl Iterator<Item = &'d Account>,
    ) -> Reads {
        Reads {
            chains: chains.map(|chain| (chain.name.clone(), OfChain::of(chain))).collect(),
            accounts: accounts.map(|account| (account.name.clone(), OfAccount::of(account))).collect(),
        }
    }

    /// The tables of which rows are named.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Name> {
        let of_chains = self.chains.values().flat_map(|of| of.head.iter().chain(of.states.iter().flatten()));
        let of_accounts = self.accounts.values().flat_map(|of| of.limit.iter().chain(&of.flags));
        of_chains.chain(of_accounts).filter_map(|read| match &read.what {
            What::Row(table, _) => Some(table),
            What::Balance(..) => None,
        })
    }
}

/// What is collected of a part of a chain or an account.
struct Collect<'j> {
    defines: &'j [Vec<Read>],
    /// What the account's limit names.
    limit: &'j [Read],
    found: Vec<Read>,
}

/// The lists that `it` and the item of a `for_each` are of.
#[derive(Clone, Copy, Default)]
struct Lists<'j> {
    it: Option<&'j Json>,
    item: Option<&'j Json>,
}

impl<'j> Collect<'j> {
    fn all(json: &'j Json, (defines, limit): (&'j [Vec<Read>], &'j [Read])) -> Vec<Read> {
        let mut collect = Collect { defines, limit, found: Vec::new() };
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
            Some(("Own", Json::String(part))) if matches!(part.as_str(), "Limit" | "Free") => {
                self.found.extend(self.limit.iter().cloned());
            }
            Some(("Balance", account)) => {
                let (name, part) = (&account["account"], account["what"].clone());
                self.push(&account["key"], lists, |key| {
                    let (key, part) = (serde_json::from_value(key).ok()?, serde_json::from_value(part).ok()?);
                    Some(What::Balance(Name::from(name.as_str()?), key, part))
                });
                self.walk(&account["key"], lists);
            }
            Some(("Row", Json::Array(parts))) => {
                self.row(parts.first(), json, lists);
                parts.iter().for_each(|part| self.walk(part, lists));
            }
            Some(("Column", column)) => {
                if column["key"].get("Row").is_none() {
                    self.row(column.get("table"), &column["key"], lists);
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

    fn row(&mut self, table: Option<&Json>, key: &Json, lists: Lists<'_>) {
        let Some(table) = table.and_then(Json::as_str) else { return };
        self.push(key, lists, |key| Some(What::Row(Name::from(table), serde_json::from_value(key).ok()?)));
    }

    fn push(&mut self, key: &Json, lists: Lists<'_>, what: impl FnOnce(Json) -> Option<What>) {
        let list = match (names(key, "It"), names(key, "Item")) {
            (false, false) => None,
            (true, false) => lists.it,
            (false, true) => lists.item,
            (true, true) => return,
        };
        let over = list.and_then(|list| serde_json::from_value(list.clone()).ok());
        self.found.extend(what(as_item(key)).map(|what| Read { what, over }));
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

/// Adds the rows that are read where an event leads a case, or moves something of an account.
pub(crate) fn note(reads: &Reads, state: &State, (event, at): (&Event, Timestamp), rows: &mut Rows) {
    let mut look = Look { reads, state, at, rows };
    match event {
        Event::StateEntered(entered) => look.entered(entered.case, usize::from(entered.state)),
        Event::Reserved(e) => look.moved((&e.account, &e.key), true),
        Event::ReservationRefused(e) => look.moved((&e.account, &e.key), true),
        Event::Consumed(e) => look.moved((&e.account, &e.key), e.lot.is_none()),
        Event::Restored(e) => look.moved((&e.account, &e.key), false),
        Event::Released(e) => look.moved((&e.account, &e.key), false),
        _ => {}
    }
}

/// So many accounts may read one another.
const DEPTH_MAX: u32 = 16;

struct Look<'l> {
    reads: &'l Reads,
    state: &'l State,
    at: Timestamp,
    rows: &'l mut Rows,
}

impl<'l> Look<'l> {
    fn entered(&mut self, number: CaseNo, place: usize) {
        let (all, state) = (self.reads, self.state);
        let found = || {
            let case = state.case(number)?;
            let rules = state.definitions().release(case.release())?;
            let chain = rules.chain(case.chain())?;
            let scope = Scope {
                document: case.fields(),
                chain: Some(chain),
                defines: &chain.defines,
                submitter: Some(case.submitter()),
                facts: case.facts(),
                case: Some(case),
                cases: Some(state),
                ..Scope::new(rules, self.at)
            };
            Some((all.chains.get(case.chain())?, scope))
        };
        let Some((reads, scope)) = found() else { return };
        for read in reads.head.iter().chain(reads.states.get(place).into_iter().flatten()) {
            self.read(read, &scope, 0);
        }
    }

    /// Something of an account moved: where it is set aside or used up its limit was read; its words were worked out anew.
    fn moved(&mut self, (account, key): (&Name, &Name), limited: bool) {
        let active = self.state.definitions().active();
        let Some(account) = active.and_then(|active| active.account(account)) else { return };
        let Some(parts) = parts_of(account, key) else { return };
        if limited || account.below_zero.is_some() {
            self.account((account, &parts, key), BalancePart::Limit, 0);
        }
        self.account((account, &parts, key), BalancePart::Flag, 0);
    }

    fn read(&mut self, read: &Read, scope: &Scope<'_>, depth: u32) {
        match read.over.as_ref().map(|list| evaluate(list, scope)) {
            None => self.one(&read.what, scope, depth),
            Some(Ok(Value::List(items))) => {
                items
                    .iter()
                    .for_each(|item| self.one(&read.what, &Scope { item: Some(item), ..*scope }, depth));
            }
            Some(_) => {}
        }
    }

    fn one(&mut self, what: &What, scope: &Scope<'_>, depth: u32) {
        match what {
            What::Row(table, key) => {
                if let Ok(Value::Text(key)) = evaluate(key, scope) {
                    self.rows.insert((table.clone(), key));
                }
            }
            What::Balance(account, key, part) => {
                let active = self.state.definitions().active();
                let Some(account) = active.and_then(|active| active.account(account)) else { return };
                let parts: Result<Vec<Value>, _> = key.iter().map(|part| evaluate(part, scope)).collect();
                let Some(parts) = parts.ok().filter(|parts| !parts.contains(&Value::Missing)) else { return };
                let texts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                self.account((account, &parts, &Name::from(texts.join("/"))), *part, depth);
            }
        }
    }

    /// What an account's own expressions read where this part of it is asked for.
    fn account(&mut self, (account, parts, key): (&Account, &[Value], &Name), part: BalancePart, depth: u32) {
        let (all, state) = (self.reads, self.state);
        let (Some(active), true) = (state.definitions().active(), depth < DEPTH_MAX) else { return };
        let own = Own { account, parts, key };
        let scope = Scope { cases: Some(state), own: Some(&own), ..Scope::new(active, self.at) };
        let named = all.accounts.get(&account.name).map(|of| match part {
            BalancePart::Limit | BalancePart::Free => of.limit.as_slice(),
            BalancePart::Flag => of.flags.as_slice(),
            BalancePart::Used | BalancePart::Reserved => &[],
        });
        named.unwrap_or_default().iter().for_each(|read| self.read(read, &scope, depth + 1));
    }
}
