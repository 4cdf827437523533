//! reports.yaml: what the company's documents mean to its reports.
//!
//! ```text
//! sales:
//!   - { chain: order, at: settled, lines: line in doc.lines, model: line.product, amount: line.qty * line.price }
//! frequency: { months: 3, low: 50%, high: 200% }
//! receivables:
//!   - { chain: billing, from: open, amount: doc.amount, paid: facts.received, due: facts.due_on }
//! ages: [30, 60, 90]
//! registers:
//!   bad-debts: { chain: bad-debt, columns: { customer: doc.customer } }
//! ```

use countersign_core::definition::{Frequency, ReceivableDef, RegisterDef, Reports, SaleDef};
use countersign_core::expr::Expr;
use countersign_core::name::{Name, Title};
use countersign_core::value::Type;

use crate::chain::{self, Readable};
use crate::codes;
use crate::condition::{self, Scope, Site, Text};
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::world::World;
use crate::yaml::{Body, Node};

pub(crate) const KEYS: Keys = Keys::of(&["sales", "frequency", "receivables", "ages", "registers"]);
pub(crate) const SALE: Keys = Keys::of(&[
    "chain",
    "at",
    "undone_at",
    "takes_back",
    "lines",
    "date",
    "department",
    "customer",
    "model",
    "units",
    "amount",
]);
pub(crate) const RECEIVABLE: Keys = Keys::of(&[
    "chain",
    "from",
    "amount",
    "paid",
    "written_off",
    "credited",
    "moved_on",
    "date",
    "due",
    "customer",
    "manager",
]);
pub(crate) const FREQUENCY: Keys = Keys::of(&["months", "low", "high"]);
pub(crate) const REGISTER: Keys = Keys::of(&["title", "chain", "columns", "titles"]);

/// Reports that every version makes: a register takes another name.
pub const BUILT_IN: &[&str] = &[
    "daily-sales",
    "monthly-customers",
    "monthly-summary",
    "cycle-time",
    "waiting",
    "load",
    "refusals",
    "delegations",
    "overrides",
    "attempts",
    "receivables",
    "collection",
    "handlers",
    "budgets",
];

/// Reads reports.yaml. `chains` are the files of all chains.
pub(crate) fn read(node: &Node, chains: &[&Node], world: &World<'_>) -> Option<Reports> {
    let report = &world.report;
    let map = Map::read(node, "reports.yaml", KEYS, report)?;
    let reading = Reading { chains, world };
    let items =
        |key: &'static str| map.get(key).map_or(&[][..], |n| read::list(n, "a list of sources", report));
    Some(Reports {
        sales: items("sales").iter().filter_map(|n| reading.sale(n)).collect(),
        frequency: frequency(map.get("frequency"), world),
        receivables: items("receivables").iter().filter_map(|n| reading.receivable(n)).collect(),
        ages: ages(map.get("ages"), world),
        registers: reading.registers(map.get("registers")),
    })
}

fn frequency(node: Option<&Node>, world: &World<'_>) -> Frequency {
    let report = &world.report;
    let mut found = Frequency::default();
    let Some(map) = node.and_then(|n| Map::read(n, "frequency", FREQUENCY, report)) else { return found };
    if let Some(months) = map.get("months").and_then(|n| read::whole(n, "months", (1, 24), report)) {
        found.months = months;
    }
    if let Some(low) = map.get("low").and_then(|n| read::percent(n, "low", report)) {
        found.low = low;
    }
    if let Some(high) = map.get("high").and_then(|n| read::percent(n, "high", report)) {
        found.high = high;
    }
    if found.low > found.high {
        bad_value(map.head(), "low is above high", "let low be the smaller share", report);
    }
    found
}

const AGES: [u32; 3] = [30, 60, 90];

fn ages(node: Option<&Node>, world: &World<'_>) -> Vec<u32> {
    let Some(node) = node else { return AGES.to_vec() };
    let mut found: Vec<u32> = Vec::new();
    for item in read::list(node, "ages", &world.report) {
        let Some(days) = read::whole(item, "an age in days", (1, 10_000), &world.report) else { continue };
        if found.last().is_some_and(|last| *last >= days) {
            bad_value(item.place, "ages ascend", "write the smaller number of days first", &world.report);
        }
        found.push(days);
    }
    if found.is_empty() || found.len() > 8 {
        bad_value(node.place, "from one to eight ages", "write them like [30, 60, 90]", &world.report);
    }
    found
}

/// What the sources of reports are read with.
struct Reading<'r, 'f> {
    chains: &'r [&'r Node],
    world: &'r World<'f>,
}

impl Reading<'_, '_> {
    /// The chain that a source names.
    fn chain(&self, map: &Map<'_>, what: &str) -> Option<Readable> {
        let report = &self.world.report;
        let node = map.need("chain", what, report)?;
        let name = read::name(node, "a chain", report)?;
        if !self.world.names.chains.contains(name.as_str()) {
            let known = self.world.names.chains.iter().map(String::as_str);
            self.world.unknown("chain", &name, node.place, known);
            return None;
        }
        // A chain that cannot be read has been reported.
        self.chains.iter().find_map(|node| chain::readable(node, &name, self.world))
    }

    /// A state of the chain, or one of its ends too.
    fn place(&self, node: &Node, chain: &Readable, ends: bool) -> Option<Name> {
        let name = read::name(node, "a state or end", &self.world.report)?;
        let head = chain.head();
        let ends = head.ends.iter().map(|(end, _)| end).filter(|_| ends);
        let known: Vec<&Name> = head.states.iter().chain(ends).collect();
        if known.contains(&&name) || head.partial {
            return Some(name);
        }
        let message = format!("the chain {} has no such place `{name}`", head.name);
        let help = suggest::nearest(&name, known.into_iter().map(Name::as_str));
        self.world.report.error(codes::UNKNOWN_NAME, node.place, message, help);
        None
    }

    fn sale(&self, node: &Node) -> Option<SaleDef> {
        let (report, what) = (&self.world.report, "a source of sales");
        let map = Map::read(node, what, SALE, report)?;
        let chain = self.chain(&map, what)?;
        let at = map.need("at", what, report).and_then(|n| self.place(n, &chain, true));
        let undone_at = map.get("undone_at").map_or(&[][..], read::one_or_more);
        let undone_at = undone_at.iter().filter_map(|n| self.place(n, &chain, true)).collect();
        let takes_back = map.get("takes_back").and_then(|n| read::flag(n, "takes_back", report));
        let scope = chain.scope(self.world).at(Site::Report);
        let lines = match map.get("lines") {
            None => None,
            Some(node) => Some(chain::for_each(node, &scope)?),
        };
        let item = lines.as_ref().map(|(each, kind)| (each.item.as_str(), kind));
        let line = Values { map, what, scope: Scope { item, ..scope } };
        let found = SaleDef {
            chain: chain.head().name.clone(),
            at: at?,
            undone_at,
            takes_back: takes_back.unwrap_or(false),
            date: line.value("date", is_day, "a date, or a text that begins with one")?,
            department: line.value("department", is_name, NAMES)?,
            customer: line.value("customer", is_name, NAMES)?,
            model: line.value("model", is_name, NAMES)?,
            units: line.value("units", is_count, "units or a number")?,
            amount: line.need("amount", is_money, "money")?,
            lines: lines.as_ref().map(|(each, _)| each.list.clone()),
        };
        Some(found)
    }

    fn receivable(&self, node: &Node) -> Option<ReceivableDef> {
        let (report, what) = (&self.world.report, "a source of receivables");
        let map = Map::read(node, what, RECEIVABLE, report)?;
        let chain = self.chain(&map, what)?;
        let from = map.need("from", what, report).and_then(|n| self.place(n, &chain, false));
        let case = Values { map, what, scope: chain.scope(self.world).at(Site::Report) };
        Some(ReceivableDef {
            chain: chain.head().name.clone(),
            from: from?,
            amount: case.need("amount", is_money, "money")?,
            paid: case.need("paid", is_money, "money")?,
            written_off: case.value("written_off", is_money, "money")?,
            date: case.value("date", is_day, "a date, or a text that begins with one")?,
            due: case.value("due", is_day, "a date, or a text that begins with one")?,
            customer: case.value("customer", is_name, NAMES)?,
            manager: case.value("manager", is_name, NAMES)?,
            credited: case.value("credited", is_money, "money")?,
            moved_on: case.value("moved_on", is_day, "a date, or a text that begins with one")?,
        })
    }

    fn registers(&self, node: Option<&Node>) -> Vec<RegisterDef> {
        let report = &self.world.report;
        let entries = node.and_then(|n| Map::any(n, "registers", report)).map_or(&[][..], |m| m.entries);
        let mut found = Vec::new();
        for entry in entries {
            let Some(name) = read::new_name(&entry.key, entry.at, report) else { continue };
            if BUILT_IN.contains(&name.as_str()) {
                let message = format!("there is a report `{name}` already");
                report.error(codes::RESERVED_NAME, entry.at, message, "give the register another name");
                continue;
            }
            found.extend(self.register(name, &entry.value));
        }
        found
    }

    fn register(&self, name: Name, node: &Node) -> Option<RegisterDef> {
        let (report, what) = (&self.world.report, "a register");
        let map = Map::read(node, what, REGISTER, report)?;
        let chain = self.chain(&map, what)?;
        let scope = chain.scope(self.world).at(Site::Report);
        let columns = map.get("columns").and_then(|n| Map::any(n, "columns", report));
        let titles = map.get("titles").and_then(|n| Map::any(n, "titles", report));
        let mut found: Vec<(Name, Title, Expr)> = Vec::new();
        for entry in columns.map_or(&[][..], |m| m.entries) {
            let title = titles.as_ref().and_then(|titles| titles.get(&entry.key));
            let title = read::title(title, &entry.key, report);
            let name = read::new_name(&entry.key, entry.at, report);
            let value = value(&entry.value, &scope, |_| true, "a value");
            found.extend(name.zip(value).map(|(name, value)| (name, title, value)));
        }
        for entry in titles.map_or(&[][..], |m| m.entries) {
            if columns.is_none_or(|columns| columns.get(&entry.key).is_none()) {
                let message = format!("the register has no column `{}`", entry.key);
                let known = columns.map_or(&[][..], |m| m.entries).iter().map(|e| e.key.as_str());
                report.error(codes::UNKNOWN_FIELD, entry.at, message, suggest::nearest(&entry.key, known));
            }
        }
        let title = read::title(map.get("title"), &name, report);
        Some(RegisterDef { name, title, chain: chain.head().name.clone(), columns: found })
    }
}

/// The values of one source.
struct Values<'v, 'f> {
    map: Map<'v>,
    what: &'static str,
    scope: Scope<'v, 'f>,
}

impl Values<'_, '_> {
    /// The value of a key: `None` after a report, `Some(None)` where it is left out.
    fn value(&self, key: &str, fits: fn(&Type) -> bool, wanted: &str) -> Option<Option<Expr>> {
        match self.map.get(key) {
            None => Some(None),
            Some(node) => value(node, &self.scope, fits, wanted).map(Some),
        }
    }

    fn need(&self, key: &str, fits: fn(&Type) -> bool, wanted: &str) -> Option<Expr> {
        value(self.map.need(key, self.what, &self.scope.world.report)?, &self.scope, fits, wanted)
    }
}

/// A value of a type that fits; what may be missing is missing in the report.
fn value(node: &Node, scope: &Scope<'_, '_>, fits: impl Fn(&Type) -> bool, wanted: &str) -> Option<Expr> {
    let report = &scope.world.report;
    let scalar = match &node.body {
        Body::Scalar(scalar) => scalar,
        _ => read::scalar(node, "expression", report)?,
    };
    let lowered = condition::any(&Text::of(node, scalar, report), scope)?;
    let kind = match &lowered.kind {
        Type::Optional(of) => of,
        kind => kind,
    };
    if fits(kind) {
        return Some(lowered.expr);
    }
    let message = format!("expected {wanted} here, found {kind}");
    report.error(
        codes::TYPE_ERROR,
        node.place,
        message,
        "name a field, a fact or a calculation of that type",
    );
    None
}

const NAMES: &str = "a text, a row, a unit or a position";

fn is_name(kind: &Type) -> bool {
    matches!(kind, Type::Text | Type::Row(_) | Type::Choice(_) | Type::Unit | Type::Position)
}

fn is_day(kind: &Type) -> bool {
    matches!(kind, Type::Date | Type::Time | Type::Text)
}

fn is_count(kind: &Type) -> bool {
    matches!(kind, Type::Units | Type::Number)
}

fn is_money(kind: &Type) -> bool {
    matches!(kind, Type::Money | Type::AnyMoney)
}
