//! What the company says its documents mean (reports.yaml), worked out when it happens, with what held then.

mod owed;
mod register;
mod sold;

use std::sync::Arc;

use countersign_core::command::CaseNo;
use countersign_core::definition::Reports;
use countersign_core::eval::{EvalError, Scope, evaluate};
use countersign_core::event::{CaseReversed, Event, HoldLapsed};
use countersign_core::expr::Expr;
use countersign_core::money::Money;
use countersign_core::name::Name;
use countersign_core::state::{Release, State};
use countersign_core::time::{Date, Timestamp, Zone};
use countersign_core::value::Value;
use rust_decimal::Decimal;

pub(crate) use owed::{MoveKind, Owed};
pub(crate) use register::Entry;
pub(crate) use sold::{Line, Sale};

use crate::track::{CaseTrack, Track};

/// What has been worked out.
#[derive(Debug, Default)]
pub(crate) struct Measures {
    rules: Option<Arc<Release>>,
    pub(crate) sales: Vec<Sale>,
    pub(crate) owed: Vec<Owed>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) problems: Problems,
    /// Cases that count among the sales, and where.
    sold: sold::Index,
    /// Cases that are owed, and where.
    open: owed::Index,
}

/// Values that could not be worked out.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<(&'static str, CaseNo, String)>);

const SHOWN: usize = 3;

impl Problems {
    fn add(&mut self, what: &'static str, case: CaseNo, why: impl ToString) {
        self.0.push((what, case, why.to_string()));
    }

    /// Sentences about those of some kinds: the first few, and how many more there are.
    pub(crate) fn notes(&self, of: &[&str]) -> Vec<String> {
        let found: Vec<_> = self.0.iter().filter(|(what, ..)| of.contains(what)).collect();
        let one = |(what, case, why): &&(&str, CaseNo, String)| format!("C-{case}: {what}: {why}");
        let mut notes: Vec<String> = found.iter().take(SHOWN).map(one).collect();
        if found.len() > SHOWN {
            notes.push(format!("and {} more like these", found.len() - SHOWN));
        }
        notes
    }
}

/// A case at the instant at which something of it is worked out.
#[derive(Clone, Copy)]
struct Here<'a> {
    rules: &'a Release,
    state: &'a State,
    number: CaseNo,
    case: &'a CaseTrack,
    item: Option<&'a Value>,
}

impl Measures {
    pub(crate) fn new(rules: Option<Arc<Release>>) -> Measures {
        Measures { rules, ..Measures::default() }
    }

    /// Takes an event, with the state that it came to and what the case has learnt with it.
    pub(crate) fn event(&mut self, event: &Event, state: &State, track: &Track) {
        let Some(rules) = self.rules.clone() else { return };
        let Some(reports) = rules.reports() else { return };
        let Some((number, case)) = event.case().and_then(|n| Some((n, track.cases.get(&n)?))) else { return };
        let here = Here { rules: &rules, state, number, case, item: None };
        match event {
            Event::StateEntered(e) => {
                self.sold_at(&e.name, &here, reports);
                self.owed_from(&e.name, &here, reports);
            }
            Event::FactsLearnt(_) => self.owed_moves(&here, reports),
            Event::CaseEnded(e) => self.over(&e.end, &here, reports),
            // A case that was over comes to another end: nobody took what it held.
            Event::HoldLapsed(HoldLapsed { end, .. }) | Event::CaseReversed(CaseReversed { end, .. }) => {
                self.sold_at(end, &here, reports);
                let own = self.entries.iter_mut().filter(|entry| entry.case == number);
                own.for_each(|entry| entry.place = end.clone());
            }
            Event::CaseWithdrawn(_) => self.over(&Name::from("withdrawn"), &here, reports),
            _ => {}
        }
    }

    fn over(&mut self, end: &Name, here: &Here<'_>, reports: &Reports) {
        self.sold_at(end, here, reports);
        self.owed_end(here);
        self.register(end, here, reports);
    }

    /// The cases that are still open belong into registers too.
    pub(crate) fn finish(&mut self, state: &State, track: &Track) {
        let Some(rules) = self.rules.clone() else { return };
        let Some(reports) = rules.reports() else { return };
        for (number, case) in track.cases.iter().filter(|(_, case)| case.ended.is_none()) {
            let place = case.stay().map(|stay| stay.state.clone()).unwrap_or_default();
            self.register(&place, &Here { rules: &rules, state, number: *number, case, item: None }, reports);
        }
        self.entries.sort_by_key(|entry| entry.case);
    }
}

impl Here<'_> {
    /// The value of an expression. Tables and the calendar are those that the case keeps; names under `define` are
    /// those of the release that the report's definition belongs to.
    fn value(&self, expr: &Expr) -> Result<Value, EvalError> {
        let pinned = self.state.definitions().release(self.case.release);
        let chain = self.rules.chain(&self.case.chain);
        let scope = Scope {
            document: &self.case.document,
            chain,
            defines: chain.map_or(&[], |chain| &chain.defines),
            submitter: Some(&self.case.submitter),
            facts: &self.case.facts,
            item: self.item,
            case: self.state.case(self.number),
            cases: Some(self.state),
            ..Scope::new(pinned.map_or(self.rules, |pinned| &**pinned), self.at())
        };
        evaluate(expr, &scope)
    }

    fn at(&self) -> Timestamp {
        self.state.head().at
    }

    fn zone(&self) -> Option<&Zone> {
        self.rules.company().map(|company| &company.calendar.zone)
    }

    fn today(&self) -> Date {
        self.zone().map_or_else(Date::default, |zone| zone.local(self.at()).0)
    }

    /// A text, and nothing where it is missing.
    fn text(&self, expr: Option<&Expr>, what: &'static str, problems: &mut Problems) -> String {
        match expr.map(|expr| self.value(expr)) {
            None | Some(Ok(Value::Missing)) => String::new(),
            Some(Ok(value)) => value.to_string(),
            Some(Err(error)) => {
                problems.add(what, self.number, error);
                String::new()
            }
        }
    }

    /// A day; the day on which it happens where there is none.
    fn day(&self, expr: Option<&Expr>, what: &'static str, problems: &mut Problems) -> Date {
        self.given_day(expr, what, problems).unwrap_or_else(|| self.today())
    }

    fn given_day(&self, expr: Option<&Expr>, what: &'static str, problems: &mut Problems) -> Option<Date> {
        let value = match self.value(expr?) {
            Ok(value) => value,
            Err(error) => {
                problems.add(what, self.number, error);
                return None;
            }
        };
        match &value {
            Value::Date(date) => Some(*date),
            Value::Time(at) => self.zone().map(|zone| zone.local(*at).0),
            Value::Text(text) => {
                let day = text.get(..10).and_then(Date::parse);
                if day.is_none() {
                    problems.add(
                        what,
                        self.number,
                        format!("expected a text that begins with a date, found {text:?}"),
                    );
                }
                day
            }
            _ => None,
        }
    }

    fn money(&self, expr: &Expr, what: &'static str, problems: &mut Problems) -> Option<Money> {
        match self.value(expr) {
            Ok(Value::Money(money)) => Some(money),
            Ok(value) => {
                problems.add(what, self.number, format!("expected an amount of money, found {value}"));
                None
            }
            Err(error) => {
                problems.add(what, self.number, error);
                None
            }
        }
    }

    fn count(&self, expr: Option<&Expr>, what: &'static str, problems: &mut Problems) -> Option<Decimal> {
        match self.value(expr?) {
            Ok(value) => value.decimal(),
            Err(error) => {
                problems.add(what, self.number, error);
                None
            }
        }
    }
}
