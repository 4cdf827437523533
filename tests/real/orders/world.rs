//! What the published events have told so far. The figures of a run come from here: from what the engine published, not
//! from what the desk believes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rust_decimal::Decimal;
use serde_json::Value;
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
    pub(crate) returned: Decimal,
    pub(crate) settled: Decimal,
}

#[derive(Default)]
struct Told {
    counts: Counts,
    open: HashMap<String, Seen>,
    /// Orders that have left the house.
    out: HashSet<String>,
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

    /// Whether the order whose goods come back with this case has left the house.
    pub(crate) fn order_is_out(&self, goods_return: &str) -> bool {
        let told = self.told();
        told.open.get(goods_return).is_some_and(|seen| told.out.contains(&seen.order))
    }

    /// Cases that are not over, the oldest first.
    pub(crate) fn open(&self) -> Vec<(String, Seen)> {
        let mut open: Vec<_> = self.told().open.iter().map(|(id, seen)| (id.clone(), seen.clone())).collect();
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
                let seen = Seen { chain: chain.to_owned(), key: text("key"), order, ..Seen::default() };
                told.open.insert(case.to_owned(), seen);
            }
            "state-entered" => {
                let Some(seen) = told.open.get_mut(case) else { return };
                seen.state = text("state");
                seen.held = None;
                if chain == "order" && seen.state == "under-way" {
                    let order = seen.order.clone();
                    told.out.insert(order);
                }
            }
            "case-held" => {
                if let Some(seen) = told.open.get_mut(case) {
                    seen.held = Some(format!("{}: {}", text("code"), text("detail")));
                }
            }
            "case-ended" => {
                told.open.remove(case);
                told.counts.ended += 1;
                *told.counts.ends.entry(format!("{chain} {}", text("end"))).or_default() += 1;
            }
            "task-opened" => *told.tasks.entry(text("position")).or_default() += 1,
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
        "finance.refund.pay" => told.counts.returned += amount,
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
