//! Sales: what counts as sold, and what takes it back.

use std::collections::BTreeMap;

use countersign_core::command::CaseNo;
use countersign_core::definition::{Reports, SaleDef};
use countersign_core::money::Money;
use countersign_core::name::Name;
use countersign_core::time::Date;
use countersign_core::value::Value;
use rust_decimal::Decimal;

use super::{Here, Measures, Problems};

/// What a case sold, or took back.
#[derive(Debug)]
pub(crate) struct Sale {
    pub(crate) date: Date,
    /// It counts with the other sign.
    pub(crate) takes_back: bool,
    pub(crate) lines: Vec<Line>,
    /// The day from which on it counts no more.
    pub(crate) undone: Option<Date>,
}

/// One line of it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) department: String,
    pub(crate) customer: String,
    pub(crate) model: String,
    pub(crate) units: Option<Decimal>,
    pub(crate) amount: Money,
}

/// Where a case counts, by its source.
pub(super) type Index = BTreeMap<(CaseNo, usize), usize>;

/// How the notes call it.
pub(crate) const WHAT: &str = "sales";

impl Measures {
    /// A case has come to a state or an end.
    pub(super) fn sold_at(&mut self, place: &Name, here: &Here<'_>, reports: &Reports) {
        for (number, source) in reports.sales.iter().enumerate() {
            if source.chain != here.case.chain {
                continue;
            }
            let known = self.sold.get(&(here.number, number)).copied();
            // What was taken back may be sold again.
            let standing = known.and_then(|at| self.sales.get_mut(at)).filter(|sale| sale.undone.is_none());
            if let Some(sale) = standing {
                if source.undone_at.contains(place) {
                    sale.undone = Some(here.today());
                }
            } else if source.at == *place {
                self.sold.insert((here.number, number), self.sales.len());
                self.sales.push(sale(source, here, &mut self.problems));
            }
        }
    }
}

fn sale(source: &SaleDef, here: &Here<'_>, problems: &mut Problems) -> Sale {
    let items = match source.lines.as_ref().map(|lines| here.value(lines)) {
        None => vec![None],
        Some(Ok(Value::List(items))) => items.into_iter().map(Some).collect(),
        Some(Ok(_)) => Vec::new(),
        Some(Err(error)) => {
            problems.add(WHAT, here.number, error);
            Vec::new()
        }
    };
    let first = Here { item: items.first().and_then(Option::as_ref), ..*here };
    let date = first.day(source.date.as_ref(), WHAT, problems);
    let lines = items.iter().filter_map(|item| {
        let here = Here { item: item.as_ref(), ..*here };
        Some(Line {
            department: here.text(source.department.as_ref(), WHAT, problems),
            customer: here.text(source.customer.as_ref(), WHAT, problems),
            model: here.text(source.model.as_ref(), WHAT, problems),
            units: here.count(source.units.as_ref(), WHAT, problems),
            amount: here.money(&source.amount, WHAT, problems)?,
        })
    });
    Sale { date, takes_back: source.takes_back, lines: lines.collect(), undone: None }
}
