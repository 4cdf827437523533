//! What the order comes to, counted from the events alone: ordered, delivered, invoiced, received, differences.

use std::collections::BTreeMap;

use countersign_core::command::CaseNo;
use countersign_core::event::Event;
use countersign_core::money::{Currency, Money, round_half_up};
use countersign_core::value::{Fields, Value};
use rust_decimal::Decimal;

use super::known::Known;

/// The chain of one delivery.
const DELIVERY: &str = "delivery";

/// Pieces and amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Each delivery, by its case.
    pub(super) deliveries: BTreeMap<CaseNo, Line>,
    /// What the order as a whole says.
    pub(super) ordered: Line,
    /// What came before there was an invoice.
    pub(super) prepaid: Decimal,
    /// Pieces that were made for it.
    pub(super) made: Decimal,
    /// Answers that people gave.
    pub(super) answers: usize,
    /// Commands that were sent again.
    pub(super) again: usize,
    /// How the order ended: the end and whether it is a good one.
    pub(super) end: Option<(String, bool)>,
}

/// A line of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The delivery's number, the order's on the last line.
    pub(super) number: String,
    /// Invoices, by their numbers.
    pub(super) invoices: Vec<String>,
    pub(super) units: Decimal,
    pub(super) ordered: Decimal,
    pub(super) delivered: Decimal,
    pub(super) invoiced: Decimal,
    pub(super) received: Decimal,
    pub(super) difference: Decimal,
}

impl Line {
    /// What is still owed.
    pub(super) fn open(&self) -> Decimal {
        self.invoiced - self.received - self.difference
    }

    fn add(&mut self, other: &Line) {
        self.invoices.extend(other.invoices.iter().cloned());
        self.delivered += other.delivered;
        self.invoiced += other.invoiced;
        self.received += other.received;
        self.difference += other.difference;
    }
}

impl Sums {
    /// Counts an event. What it says of a case is found in what is known of that case.
    pub(super) fn count(&mut self, event: &Event, known: &Known) {
        match event {
            Event::CaseSubmitted(e) => {
                let key = e.content.key.as_ref().map(ToString::to_string).unwrap_or_default();
                let document = &e.content.document;
                if known.case(e.case).is_some_and(|case| case.parent.is_none())
                    && self.ordered.number.is_empty()
                {
                    let units = total(document.get("lines"), "qty");
                    self.ordered =
                        Line { number: key, units, ordered: amount(document, "total"), ..Line::default() };
                } else if *e.chain == *DELIVERY {
                    let units = amount(document, "units");
                    let ordered = units * amount(document, "price");
                    self.deliveries.insert(e.case, Line { number: key, units, ordered, ..Line::default() });
                }
            }
            Event::FactReceived(e) => match e.fact.as_str() {
                "finance.prepayment.posted" => self.prepaid += amount(&e.data, "amount"),
                "finance.receipt.posted" => self.of(e.case, known).received += amount(&e.data, "amount"),
                "logistics.delivery.confirmed" => {
                    self.of(e.case, known).delivered += amount(&e.data, "units")
                }
                _ => {}
            },
            // What was paid in advance is drawn on by the invoices.
            Event::CaseAsked(e) if *e.entry == *"use-prepayment" => {
                if let Some(invoice) = e.by_case {
                    self.of(invoice, known).received += amount(&e.with, "amount");
                }
            }
            Event::CommandAnswered(e) if e.last && e.code.is_none() => {
                let Some(command) = known.command(e.case, e.command) else { return };
                let amount = amount(&command.with, "amount");
                match command.verb.as_str() {
                    "erp.mo.create" => self.made += self::amount(&e.fields, "units"),
                    "finance.invoice.issue" => {
                        let line = self.of(e.case, known);
                        line.invoiced += amount;
                        line.invoices.extend(e.fields.get("invoice_no").map(ToString::to_string));
                    }
                    "finance.difference.book" => self.of(e.case, known).difference += amount,
                    _ => {}
                }
            }
            Event::TaskDecided(_) | Event::TaskAnswered(_) => self.answers += 1,
            Event::CommandSentAgain(_) => self.again += 1,
            Event::CaseEnded(e) if known.case(e.case).is_some_and(|case| case.parent.is_none()) => {
                self.end = Some((e.end.to_string(), e.good));
            }
            _ => {}
        }
    }

    /// The deliveries together; `ordered` is what the order itself says.
    pub(super) fn all(&self) -> Line {
        let mut all = self.ordered.clone();
        self.deliveries.values().for_each(|line| all.add(line));
        all
    }

    /// The line of the delivery that a case belongs to; the order's where it belongs to none.
    fn of(&mut self, case: CaseNo, known: &Known) -> &mut Line {
        let mut case = case;
        loop {
            if self.deliveries.contains_key(&case) {
                return self.deliveries.entry(case).or_default();
            }
            match known.case(case).and_then(|known| known.parent) {
                Some(parent) => case = parent,
                None => return &mut self.ordered,
            }
        }
    }
}

fn amount(fields: &Fields, name: &str) -> Decimal {
    fields.get(name).and_then(Value::decimal).unwrap_or_default()
}

/// The sum of a field over a list.
fn total(list: Option<&Value>, name: &str) -> Decimal {
    let Some(Value::List(items)) = list else { return Decimal::ZERO };
    let of = |item: &Value| match item {
        Value::Record(fields) => amount(fields, name),
        _ => Decimal::ZERO,
    };
    items.iter().map(of).sum()
}

/// An amount of the company's currency, as people write it.
pub(super) fn money(amount: Decimal) -> Option<Value> {
    let currency = Currency::parse("CNY")?;
    Some(Value::Money(Money { amount: round_half_up(amount, 2), currency }))
}
