//! What the published events have told so far. The figures of a run come from here: from what the engine published, not
//! from what the desk believes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use tokio::sync::watch;

/// A case as the events have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) chain: String,
    pub(crate) key: String,
    /// The order that goods come back of.
    order: String,
    pub(crate) state: String,
    pub(crate) held: Option<String>,
    /// What it has come to.
    pub(crate) end: Option<String>,
    /// Why its checks failed.
    pub(crate) code: String,
    total: Decimal,
    facts: Map<String, Value>,
}

impl Seen {
    /// A fact that is a text or a date; empty: not learnt yet.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What the customer has not been excused from paying.
    pub(crate) fn owed(&self) -> Decimal {
        self.total - self.facts.get("credited").and_then(amount).unwrap_or_default()
    }
}

/// What has been counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) submitted: u64,
    pub(crate) ended: u64,
    /// By `chain end`.
    pub(crate) ends: BTreeMap<String, u64>,
    pub(crate) invoiced: Decimal,
    /// Red-letter invoices, and what of them was paid back.
    pub(crate) returned: Decimal,
    pub(crate) refunded: Decimal,
    pub(crate) settled: Decimal,
    pub(crate) written_off: Decimal,
    /// Orders above their customers' credit, by the post that was asked.
    pub(crate) above_credit: BTreeMap<String, u64>,
}

#[derive(Default)]
struct Told {
    counts: Counts,
    cases: HashMap<String, Seen>,
    /// Orders that have been billed, by number.
    billed: HashSet<String>,
    /// The newest grade of each customer.
    grades: HashMap<String, String>,
    /// Amounts of commands that are not answered yet, by case and command.
    asked: HashMap<(String, u64), (String, Decimal)>,
    /// How many tasks each position has been given.
    tasks: HashMap<String, u64>,
}

/// What the events have told. Shared.
pub(crate) struct World {
    told: Mutex<Told>,
    /// Moves with each batch of events.
    moved: watch::Sender<u64>,
}

impl World {
    pub(crate) fn new() -> World {
        World { told: Mutex::default(), moved: watch::Sender::new(0) }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.told().counts.clone()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// How many tasks a position has been given so far.
    pub(crate) fn tasks_of(&self, position: &str) -> u64 {
        self.told().tasks.get(position).copied().unwrap_or_default()
    }

    /// Whether the order whose goods come back with this case has been billed.
    pub(crate) fn order_is_billed(&self, goods_return: &str) -> bool {
        let told = self.told();
        told.cases.get(goods_return).is_some_and(|seen| told.billed.contains(&seen.order))
    }

    /// How many customers have each grade.
    pub(crate) fn grades(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        self.told().grades.values().for_each(|grade| *counts.entry(grade.clone()).or_default() += 1);
        counts
    }

    /// Waits until the events have told of a case what is looked for.
    pub(crate) async fn until<T>(&self, case: &str, look: impl Fn(&Seen) -> Option<T>) -> T {
        let mut moved = self.watch();
        loop {
            if let Some(found) = self.told().cases.get(case).and_then(&look) {
                return found;
            }
            moved.changed().await.expect("the events go on");
        }
    }

    /// Cases that are not over, the oldest first.
    pub(crate) fn open(&self) -> Vec<(String, Seen)> {
        let told = self.told();
        let open = told.cases.iter().filter(|(_, seen)| seen.end.is_none());
        let mut open: Vec<_> = open.map(|(id, seen)| (id.clone(), seen.clone())).collect();
        open.sort_by_key(|(id, _)| (id.len(), id.clone()));
        open
    }

    /// Lets whoever waits look again.
    pub(crate) fn stir(&self) {
        let events = self.told().counts.events;
        self.moved.send_replace(events);
    }

    /// Takes one event: its chain, its name, its case and what it says.
    pub(crate) fn take(&self, chain: &str, event: &str, case: &str, data: &Value) {
        let text = |field: &str| data[field].as_str().unwrap_or_default().to_owned();
        let mut told = self.told();
        told.counts.events += 1;
        match event {
            "case-submitted" => {
                told.counts.submitted += 1;
                let order = data["document"]["order_no"].as_str().unwrap_or_default().to_owned();
                let total = amount(&data["document"]["total"]).unwrap_or_default();
                let (chain, key) = (chain.to_owned(), text("key"));
                told.cases.insert(case.to_owned(), Seen { chain, key, order, total, ..Seen::default() });
            }
            "state-entered" => {
                let Some(seen) = told.cases.get_mut(case) else { return };
                seen.state = text("state");
                seen.held = None;
                if chain == "order" && seen.state == "open" {
                    let order = seen.order.clone();
                    told.billed.insert(order);
                }
            }
            "facts-learnt" => {
                if let (Some(seen), Some(facts)) = (told.cases.get_mut(case), data["facts"].as_object()) {
                    seen.facts.extend(facts.clone());
                }
            }
            "checks-failed" => {
                if let Some(seen) = told.cases.get_mut(case) {
                    seen.code = data["codes"][0].as_str().unwrap_or_default().to_owned();
                }
            }
            "case-held" => {
                if let Some(seen) = told.cases.get_mut(case) {
                    seen.held = Some(format!("{}: {}", text("code"), text("detail")));
                }
            }
            "case-ended" => {
                if let Some(seen) = told.cases.get_mut(case) {
                    seen.end = Some(text("end"));
                }
                told.counts.ended += 1;
                *told.counts.ends.entry(format!("{chain} {}", text("end"))).or_default() += 1;
            }
            "record-written" if data["table"] == "customers" => {
                let grade = data["row"]["grade"].as_str().expect("a customer has a grade").to_owned();
                told.grades.insert(text("key"), grade);
            }
            "task-opened" => {
                *told.tasks.entry(text("position")).or_default() += 1;
                if told.cases.get(case).is_some_and(|seen| seen.state == "trusting") {
                    *told.counts.above_credit.entry(text("position")).or_default() += 1;
                }
            }
            "command-issued" => {
                if let Some(amount) = amount(&data["with"]["amount"]) {
                    told.asked.insert((case.to_owned(), number(data)), (text("verb"), amount));
                }
            }
            "command-answered" if data["last"] == true => answered(&mut told, case, data),
            "fact-received" if data["fact"] == "finance.receipt.posted" => {
                told.counts.settled += amount(&data["data"]["amount"]).expect("a receipt has an amount");
            }
            _ => {}
        }
    }
}

fn answered(told: &mut Told, case: &str, data: &Value) {
    let Some((verb, amount)) = told.asked.remove(&(case.to_owned(), number(data))) else { return };
    assert!(data["answer"] == "done", "{verb} of {case} was answered {data}");
    match verb.as_str() {
        "finance.invoice.issue" => told.counts.invoiced += amount,
        "finance.invoice.credit" => told.counts.returned += amount,
        "finance.refund.pay" => told.counts.refunded += amount,
        "finance.writeoff.book" => told.counts.written_off += amount,
        verb => panic!("{verb} of {case} has an amount that nobody expected"),
    }
}

fn number(data: &Value) -> u64 {
    data["command"].as_u64().expect("a command has a number")
}

/// An amount in pounds.
fn amount(money: &Value) -> Option<Decimal> {
    let amount = money["amount"].as_str()?;
    assert_eq!(money["currency"], "GBP", "every amount is in pounds");
    Some(amount.parse().expect("an amount is a decimal number"))
}
