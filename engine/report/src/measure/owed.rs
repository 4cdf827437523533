//! Receivables: what is owed from when on, what was paid, written off or otherwise closed, and when.

use std::collections::BTreeMap;

use countersign_core::command::CaseNo;
use countersign_core::definition::{ReceivableDef, Reports};
use countersign_core::expr::Expr;
use countersign_core::money::{Currency, Money};
use countersign_core::name::Name;
use countersign_core::time::Date;
use countersign_core::value::Value;
use rust_decimal::Decimal;

use super::{Here, Measures, Problems};

/// Something owed.
#[derive(Debug)]
pub(crate) struct Owed {
    pub(crate) date: Date,
    pub(crate) due: Date,
    pub(crate) customer: String,
    pub(crate) manager: String,
    pub(crate) amount: Money,
    pub(crate) moves: Vec<Move>,
    paid: Decimal,
    written_off: Decimal,
    credited: Decimal,
    closed: bool,
}

/// A change of what is owed.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) date: Date,
    pub(crate) kind: MoveKind,
    pub(crate) amount: Decimal,
}

/// Why less is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoveKind {
    /// It was paid.
    Paid,
    /// It was given up as lost.
    WrittenOff,
    /// It was taken back by a credit note, or the case ended otherwise: a small difference, a cancellation.
    Otherwise,
}

/// Where a case is owed, by its source.
pub(super) type Index = BTreeMap<(CaseNo, usize), usize>;

/// How the notes call it.
pub(crate) const WHAT: &str = "receivables";

impl Owed {
    /// What was owed at the end of a day; before its own day nothing.
    pub(crate) fn left(&self, day: Date) -> Decimal {
        if self.date > day {
            return Decimal::ZERO;
        }
        let gone: Decimal = self.moves.iter().filter(|m| m.date <= day).map(|m| m.amount).sum();
        self.amount.amount - gone
    }

    fn moved(&mut self, date: Date, kind: MoveKind, amount: Decimal) {
        if !amount.is_zero() {
            // What is paid before the document's own day belongs to that day.
            self.moves.push(Move { date: date.max(self.date), kind, amount });
        }
    }

    fn now(&mut self, source: &ReceivableDef, here: &Here<'_>, problems: &mut Problems) {
        let currency = self.amount.currency;
        let mut read = |expr: &Expr| amount(here, expr, currency, problems);
        let paid = read(&source.paid);
        let written_off = source.written_off.as_ref().and_then(&mut read);
        let credited = source.credited.as_ref().and_then(&mut read);
        let day = here.day(source.moved_on.as_ref(), WHAT, problems);
        if let Some(paid) = paid {
            self.moved(day, MoveKind::Paid, paid - self.paid);
            self.paid = paid;
        }
        if let Some(written_off) = written_off {
            self.moved(day, MoveKind::WrittenOff, written_off - self.written_off);
            self.written_off = written_off;
        }
        if let Some(credited) = credited {
            self.moved(day, MoveKind::Otherwise, credited - self.credited);
            self.credited = credited;
        }
    }
}

/// An amount of the currency that is owed; what has not been learnt yet is nothing.
fn amount(here: &Here<'_>, expr: &Expr, currency: Currency, problems: &mut Problems) -> Option<Decimal> {
    match here.value(expr) {
        Ok(Value::Money(money)) if money.currency == currency => Some(money.amount),
        Ok(Value::Missing) => Some(Decimal::ZERO),
        Ok(value) => {
            problems.add(WHAT, here.number, format!("expected an amount in {currency}, found {value}"));
            None
        }
        Err(error) => {
            problems.add(WHAT, here.number, error);
            None
        }
    }
}

impl Measures {
    /// A case has come to a state.
    pub(super) fn owed_from(&mut self, state: &Name, here: &Here<'_>, reports: &Reports) {
        for (number, source) in reports.receivables.iter().enumerate() {
            let fits = source.chain == here.case.chain && source.from == *state;
            if !fits || self.open.contains_key(&(here.number, number)) {
                continue;
            }
            let Some(amount) = here.money(&source.amount, WHAT, &mut self.problems) else { continue };
            let date = here.day(source.date.as_ref(), WHAT, &mut self.problems);
            let mut owed = Owed {
                date,
                due: here.given_day(source.due.as_ref(), WHAT, &mut self.problems).unwrap_or(date),
                customer: here.text(source.customer.as_ref(), WHAT, &mut self.problems),
                manager: here.text(source.manager.as_ref(), WHAT, &mut self.problems),
                amount,
                moves: Vec::new(),
                paid: Decimal::ZERO,
                written_off: Decimal::ZERO,
                credited: Decimal::ZERO,
                closed: false,
            };
            owed.now(source, here, &mut self.problems);
            self.open.insert((here.number, number), self.owed.len());
            self.owed.push(owed);
        }
    }

    /// A case has learnt something.
    pub(super) fn owed_moves(&mut self, here: &Here<'_>, reports: &Reports) {
        for (number, source) in reports.receivables.iter().enumerate() {
            let Some(at) = self.open.get(&(here.number, number)) else { continue };
            if let Some(owed) = self.owed.get_mut(*at).filter(|owed| !owed.closed) {
                owed.now(source, here, &mut self.problems);
            }
        }
    }

    /// A case is over: nothing of it is owed any more.
    pub(super) fn owed_end(&mut self, here: &Here<'_>) {
        let of_case = self.open.range((here.number, 0)..=(here.number, usize::MAX));
        for at in of_case.map(|(_, at)| *at).collect::<Vec<_>>() {
            if let Some(owed) = self.owed.get_mut(at).filter(|owed| !owed.closed) {
                let rest = owed.amount.amount - owed.paid - owed.written_off - owed.credited;
                owed.moved(here.today(), MoveKind::Otherwise, rest);
                owed.closed = true;
            }
        }
    }
}
