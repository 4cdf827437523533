//! A second bookkeeping: double entries of goods and money, made from the events as they are exported, in JSON. It knows
//! nothing of the engine's types, rules or sums.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// Where an amount stands. Every entry takes it from one place and puts it in another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Goods that an order asks for, by its case; what is not yet decided of them.
    Ordered(String),
    /// Goods at the customer's, by the order.
    Delivered(String),
    /// Goods that came back, by the case in which they did.
    Returned(String),
    /// Goods that were dropped, or not sent because all was cancelled, by the order.
    Dropped(String),
    /// What is asked for in the first place.
    Demand,
    /// What is owed on an invoice, by its case.
    Receivable(String),
    Revenue,
    /// Revenue that a red-letter invoice took back.
    Credited,
    WrittenOff,
    Bank,
    /// Money that belongs to no invoice yet.
    Unapplied,
}

/// A case as events tell of it.
#[derive(Clone, Debug, Default)]
struct Seen {
    chain: String,
    parent: Option<String>,
    document: Map<String, Value>,
    state: String,
    /// Somebody has chosen to drop what is missing.
    dropping: bool,
    end: Option<String>,
}

/// The ledger.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    balances: BTreeMap<Place, Decimal>,
    cases: BTreeMap<String, Seen>,
    /// Commands: verb, amount, and which command of which case they undo.
    commands: BTreeMap<(String, u64), Command>,
    /// What shipments brought, by their cases: for which delivery and order, and how many.
    shipped: BTreeMap<String, (String, String, Decimal)>,
    /// How much of an invoice counts against its customer's credit, and how much of it was paid.
    exposed: BTreeMap<String, Decimal>,
    messages: BTreeSet<String>,
    pub(crate) entries: u64,
    receipts: u64,
    credits: u64,
    losses: u64,
}

#[derive(Clone, Default)]
struct Command {
    verb: String,
    amount: Decimal,
    units: Decimal,
    undoes: Option<(String, u64)>,
}

impl Ledger {
    fn book(&mut self, from: Place, to: Place, amount: Decimal) {
        *self.balances.entry(from).or_default() -= amount;
        *self.balances.entry(to).or_default() += amount;
        self.entries += 1;
    }

    fn at(&self, place: &Place) -> Decimal {
        self.balances.get(place).copied().unwrap_or_default()
    }

    /// Enters an event: its name, and what it says.
    pub(crate) fn enter(&mut self, name: &str, data: &Map<String, Value>) {
        let Some(case) = data.get("case").and_then(Value::as_str) else { return };
        match name {
            "case-submitted" => self.begun(case, data),
            "child-started" => {
                let child = self.cases.entry(text(&data["child"])).or_default();
                child.parent = Some(case.to_owned());
            }
            "state-entered" => {
                let seen = self.seen(case);
                seen.state = text(&data["state"]);
                // Where nothing of it has come back, giving up what is stuck undoes all of it instead.
                match (std::mem::take(&mut seen.dropping), seen.state.as_str()) {
                    (true, "settling") => self.drop_rest(case),
                    (true, "using-quota") => self.drop_order(case),
                    _ => {}
                }
            }
            "task-answered" => {
                let seen = self.seen(case);
                let choice = text(&data["choice"]);
                let drops = matches!(
                    (seen.state.as_str(), choice.as_str()),
                    ("short" | "stuck", "drop") | ("blocked", "cancel")
                );
                seen.dropping = drops;
            }
            "fact-received" => self.told(case, data),
            "command-issued" => {
                let undoes = data["undoes"].as_object();
                let undoes = undoes.map(|of| (text(&of["case"]), number(&of["command"])));
                let amount = money(&data["with"]["amount"]).unwrap_or_default();
                let units = decimal(&data["with"]["units"]).unwrap_or_default();
                let command = Command { verb: text(&data["verb"]), amount, units, undoes };
                self.commands.insert((case.to_owned(), number(&data["command"])), command);
            }
            "command-answered" if data["answer"] == "done" => self.done(case, number(&data["command"])),
            "consumed" if data["account"] == "credit" => {
                let amount = decimal(&data["amount"]).expect("an amount");
                *self.exposed.entry(case.to_owned()).or_default() += amount;
            }
            // An undo of a use; what payments give back follows from the payments.
            "restored" if data["account"] == "credit" && data["undo"] == true => {
                let amount = decimal(&data["amount"]).expect("an amount");
                *self.exposed.entry(case.to_owned()).or_default() -= amount;
            }
            "case-ended" => self.ended(case, &text(&data["end"])),
            "case-withdrawn" => self.ended(case, "withdrawn"),
            _ => {}
        }
    }

    fn seen(&mut self, case: &str) -> &mut Seen {
        self.cases.entry(case.to_owned()).or_default()
    }

    fn begun(&mut self, case: &str, data: &Map<String, Value>) {
        let seen = self.seen(case);
        seen.chain = text(&data["chain"]);
        seen.document = data["document"].as_object().cloned().unwrap_or_default();
        if seen.chain == "order-to-cash" {
            let parts = seen.document["deliveries"].as_array().cloned().unwrap_or_default();
            let units: Decimal = parts.iter().filter_map(|part| decimal(&part["units"])).sum();
            self.book(Place::Demand, Place::Ordered(case.to_owned()), units);
        }
    }

    /// The case of a chain to which a case belongs: itself, or one that started it.
    fn above(&self, case: &str, chain: &str) -> Option<String> {
        let mut at = case.to_owned();
        loop {
            let seen = self.cases.get(&at)?;
            if seen.chain == chain {
                return Some(at);
            }
            at = seen.parent.clone()?;
        }
    }

    /// What a delivery was to bring, and what it has brought or dropped.
    fn left_of(&self, delivery: &str) -> Decimal {
        let units = self.cases.get(delivery).and_then(|seen| decimal(&seen.document["units"]));
        units.unwrap_or_default()
            - self.at(&Place::Delivered(delivery.to_owned()))
            - self.at(&Place::Dropped(delivery.to_owned()))
    }

    fn drop_rest(&mut self, delivery: &str) {
        let left = self.left_of(delivery);
        if let Some(order) = self.above(delivery, "order-to-cash") {
            self.book(Place::Demand, Place::Dropped(delivery.to_owned()), left);
            self.book(Place::Ordered(order.clone()), Place::Dropped(order), left);
        }
    }

    /// What is left of an order will not be sent.
    fn drop_order(&mut self, case: &str) {
        let left = self.at(&Place::Ordered(case.to_owned()));
        self.book(Place::Ordered(case.to_owned()), Place::Dropped(case.to_owned()), left);
    }

    fn told(&mut self, case: &str, data: &Map<String, Value>) {
        // A message moves one case; one that came before and was kept is told of once too.
        assert!(
            self.messages.insert(format!("{} {}", text(&data["fact"]), text(&data["message_id"]))),
            "{data:?} was counted twice"
        );
        let with = &data["data"];
        match data["fact"].as_str() {
            Some("logistics.delivery.confirmed") => {
                let units = decimal(&with["units"]).expect("units");
                let (delivery, order) = (self.above(case, "delivery"), self.above(case, "order-to-cash"));
                if let (Some(delivery), Some(order)) = (delivery, order) {
                    self.book(Place::Demand, Place::Delivered(delivery.clone()), units);
                    self.book(Place::Ordered(order.clone()), Place::Delivered(order.clone()), units);
                    self.shipped.insert(case.to_owned(), (delivery, order, units));
                }
            }
            Some("finance.receipt.posted") => {
                let amount = money(&with["amount"]).expect("an amount");
                self.receipts += 1;
                // What is more than what is owed belongs to no invoice yet.
                let owed = self.at(&Place::Receivable(case.to_owned()));
                let applied = amount.min(owed);
                self.book(Place::Receivable(case.to_owned()), Place::Bank, applied);
                self.book(Place::Unapplied, Place::Bank, amount - applied);
                if let Some(exposed) = self.exposed.get_mut(case) {
                    *exposed -= amount.min(*exposed);
                }
            }
            _ => {}
        }
    }

    fn done(&mut self, case: &str, number: u64) {
        let Some(command) = self.commands.get(&(case.to_owned(), number)).cloned() else { return };
        let receivable = Place::Receivable(case.to_owned());
        match command.verb.as_str() {
            "finance.invoice.issue" => self.book(Place::Revenue, receivable, command.amount),
            "finance.difference.book" => self.book(receivable, Place::WrittenOff, command.amount),
            "finance.writeoff.book" => {
                self.losses += 1;
                self.book(receivable, Place::WrittenOff, command.amount);
            }
            "logistics.shipment.cancel" => {
                // What a shipment brought has gone back with it, but for what had come back before; it is still to be
                // delivered.
                let shipped = command.undoes.and_then(|of| self.shipped.remove(&of.0));
                if let Some((delivery, order, units)) = shipped {
                    let units = units.min(self.at(&Place::Delivered(order.clone())));
                    self.book(Place::Delivered(delivery), Place::Demand, units);
                    self.book(Place::Delivered(order.clone()), Place::Ordered(order), units);
                }
            }
            "logistics.stock.return" => self.came_back(case, command.units),
            "finance.refund.pay" => self.book(Place::Bank, Place::Unapplied, command.amount),
            "finance.invoice.credit" => {
                // All of an invoice where it is an undo; otherwise so much less. After it was settled it is a return
                // that asks for the note, and nothing is owed.
                let undone = command.undoes.as_ref().and_then(|of| self.commands.get(of));
                let amount = undone.map_or(command.amount, |undone| undone.amount);
                // An undo frees the credit that it used; a note frees as much as it is worth.
                if let (None, Some(exposed)) = (&command.undoes, self.exposed.get_mut(case)) {
                    *exposed -= amount.min(*exposed);
                }
                let invoice = command.undoes.map_or(case.to_owned(), |of| of.0);
                self.credits += 1;
                // What was paid on it already belongs to the customer.
                let receivable = Place::Receivable(invoice);
                let owed = self.at(&receivable).min(amount);
                self.book(receivable, Place::Credited, owed);
                self.book(Place::Unapplied, Place::Credited, amount - owed);
            }
            "finance.difference.unbook" | "finance.writeoff.reverse" => {
                let Some(of) = command.undoes else { return };
                let amount = self.commands.get(&of).map(|undone| undone.amount).unwrap_or_default();
                self.book(Place::WrittenOff, Place::Receivable(of.0), amount);
            }
            _ => {}
        }
    }

    /// What a document of its own sends back belongs to the order that it names.
    fn came_back(&mut self, case: &str, units: Decimal) {
        let order_no = self.seen(case).document.get("order_no").cloned();
        let of =
            |seen: &Seen| seen.chain == "order-to-cash" && seen.document.get("order_no") == order_no.as_ref();
        let order = self.cases.iter().find(|(_, seen)| of(seen)).map(|(order, _)| order.clone());
        if let (Some(order), "change-cancel-return") = (order, self.seen(case).chain.as_str()) {
            self.book(Place::Delivered(order.clone()), Place::Returned(order), units);
        }
    }

    fn ended(&mut self, case: &str, end: &str) {
        let seen = self.seen(case);
        seen.end = Some(end.to_owned());
        let chain = seen.chain.clone();
        match chain.as_str() {
            "order-to-cash" if end != "closed" => self.drop_order(case),
            "invoice-settlement" => {
                self.exposed.remove(case);
            }
            _ => {}
        }
    }

    /// What is owed on an invoice.
    pub(crate) fn owed(&self, case: &str) -> Decimal {
        self.at(&Place::Receivable(case.to_owned()))
    }

    /// How much of a customer's credit open invoices use.
    pub(crate) fn exposed(&self, customer: &str) -> Decimal {
        let of =
            |case: &String| self.cases.get(case).is_some_and(|seen| seen.document["customer"] == customer);
        self.exposed.iter().filter(|(case, _)| of(case)).map(|(_, exposed)| *exposed).sum()
    }

    /// What must be so when every case is over.
    pub(crate) fn closed(&self) -> Result<(), String> {
        let sum: Decimal = self.balances.values().sum();
        if !sum.is_zero() {
            return Err(format!("the entries make {sum}"));
        }
        for (case, seen) in &self.cases {
            if seen.end.is_none() {
                return Err(format!("{case} of {} is not over", seen.chain));
            }
            match seen.chain.as_str() {
                "order-to-cash" => {
                    let left = self.at(&Place::Ordered(case.clone()));
                    if !left.is_zero() {
                        return Err(format!("{case}: {left} units were neither delivered nor dropped"));
                    }
                    let there = self.at(&Place::Delivered(case.clone()));
                    if there < Decimal::ZERO {
                        return Err(format!("{case}: {there} units are at the customer's, more came back"));
                    }
                }
                "invoice-settlement" => {
                    let owed = self.owed(case);
                    if !owed.is_zero() {
                        return Err(format!("{case}: ended {:?} and {owed} are owed", seen.end));
                    }
                }
                _ => {}
            }
        }
        // settled + written off = invoiced - credited, over all.
        let paid = self.at(&Place::Bank) + self.at(&Place::Unapplied);
        let (lost, revenue) = (self.at(&Place::WrittenOff), -self.at(&Place::Revenue));
        if paid + lost != revenue - self.at(&Place::Credited) {
            return Err(format!("{paid} settled and {lost} written off of {revenue}"));
        }
        Ok(())
    }

    /// Whether a run has shown something.
    pub(crate) fn worth_it(&self) -> bool {
        let ended = |chain: &str, end: &str| {
            self.cases.values().any(|seen| seen.chain == chain && seen.end.as_deref() == Some(end))
        };
        self.receipts > 10
            && !self.at(&Place::WrittenOff).is_zero()
            && !self.at(&Place::Credited).is_zero()
            && self.balances.keys().any(|place| matches!(place, Place::Returned(_)))
            && ended("order-to-cash", "closed")
            && ended("order-to-cash", "cancelled")
            && ended("invoice-settlement", "settled")
    }

    pub(crate) fn tell(&self) -> String {
        let mut ends: BTreeMap<String, u64> = BTreeMap::new();
        for seen in self.cases.values() {
            let end = seen.end.as_deref().unwrap_or("open");
            *ends.entry(format!("{} {end}", seen.chain)).or_default() += 1;
        }
        let ends: Vec<String> = ends.into_iter().map(|(end, count)| format!("{count} {end}")).collect();
        format!(
            "{} entries; {} invoiced, {} credited ({} notes), {} written off ({} bad debts), {} in the bank by {} \
             receipts; {}",
            self.entries,
            -self.at(&Place::Revenue),
            self.at(&Place::Credited),
            self.credits,
            self.at(&Place::WrittenOff),
            self.losses,
            self.at(&Place::Bank),
            self.receipts,
            ends.join(", ")
        )
    }

    /// Makes it wrong, to see that this is noticed: each invoice has one cent more.
    pub(crate) fn add_a_cent(&mut self) {
        let receivables = self.balances.iter_mut().filter(|(place, _)| matches!(place, Place::Receivable(_)));
        receivables.for_each(|(_, balance)| *balance += Decimal::new(1, 2));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn money(value: &Value) -> Option<Decimal> {
    decimal(value.get("amount")?)
}
