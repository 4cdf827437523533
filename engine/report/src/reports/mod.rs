//! The reports, one file each: a book and a period into a sheet.

mod attempts;
mod budgets;
mod collection;
mod customers;
mod cycle;
mod delegations;
mod handlers;
mod load;
mod overrides;
mod receivables;
mod refusals;
mod register;
mod sales;
mod summary;
mod waiting;

use countersign_core::definition::Reports;
use countersign_core::name::Title;
use thiserror::Error;

use crate::fold::Book;
use crate::sheet::Sheet;
use crate::window::Window;

type Make = fn(&Book, &Window) -> Sheet;

/// A part of reports.yaml, and whether it is there.
type Part = (&'static str, fn(&Reports) -> bool);

/// A report that every version makes.
struct BuiltIn {
    name: &'static str,
    title: (&'static str, &'static str),
    /// It is of a period; otherwise of an instant.
    period: bool,
    /// What it cannot do without.
    needs: Option<Part>,
    make: Make,
}

const SALES: Option<Part> = Some(("sales", |reports| !reports.sales.is_empty()));
const RECEIVABLES: Option<Part> = Some(("receivables", |reports| !reports.receivables.is_empty()));

const fn built_in(
    name: &'static str,
    title: (&'static str, &'static str),
    period: bool,
    needs: Option<Part>,
    make: Make,
) -> BuiltIn {
    BuiltIn { name, title, period, needs, make }
}

const BUILT_IN: &[BuiltIn] = &[
    built_in("daily-sales", ("Daily sales", "销售日报"), true, SALES, sales::make),
    built_in("monthly-customers", ("Customers by month", "客户月报"), true, SALES, customers::make),
    built_in("monthly-summary", ("Summary of the month", "月度汇总"), true, SALES, summary::make),
    built_in("receivables", ("Receivables by age", "应收账龄"), true, RECEIVABLES, receivables::make),
    built_in("collection", ("Collection rate per manager", "回款率"), true, RECEIVABLES, collection::make),
    built_in("cycle-time", ("Cycle times", "流程周期"), true, None, cycle::make),
    built_in("load", ("Load per approver", "审批负荷"), true, None, load::make),
    built_in("refusals", ("Refusals by reason", "拒绝原因"), true, None, refusals::make),
    built_in("overrides", ("Objections overridden", "否决意见登记"), true, None, overrides::make),
    built_in("attempts", ("Forbidden attempts", "违规登记"), true, None, attempts::make),
    built_in("waiting", ("Where work waits", "在途瓶颈"), false, None, waiting::make),
    built_in("budgets", ("Budgets and other accounts", "预算进度"), false, None, budgets::make),
    built_in("handlers", ("Current handlers", "当前处理人"), false, None, handlers::make),
    built_in("delegations", ("Delegations", "授权登记"), false, None, delegations::make),
];

/// The names and titles of the reports that every company has.
pub const NAMES: &[(&str, &str)] = &{
    let mut names = [("", ""); BUILT_IN.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = (BUILT_IN[at].name, BUILT_IN[at].title.0);
        at += 1;
    }
    names
};

/// Why there is no such report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReportError {
    /// Nothing has this name.
    #[error("expected one of {}, found {name:?}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The company has not said what its documents mean.
    #[error("expected {part} in reports.yaml among the definitions that held at that time, found none")]
    NotDefined {
        /// The part that is missing.
        part: &'static str,
    },
}

/// A report, ready to be made.
pub struct Report<'b> {
    /// Its title.
    pub title: Title,
    /// Whether it is of a period; otherwise of the instant that it is as of.
    pub period: bool,
    book: &'b Book,
    what: What,
}

enum What {
    BuiltIn(Make),
    Register(usize),
}

/// The report of a name: one that every company has, or a register of the company's own.
///
/// # Errors
/// Where there is none, or the company has not said what it takes.
pub fn find<'b>(name: &str, book: &'b Book) -> Result<Report<'b>, ReportError> {
    let title = |(en, zh): (&str, &str)| Title { en: en.into(), zh: zh.into() };
    if let Some(found) = BUILT_IN.iter().find(|report| report.name == name) {
        if let Some((part, there)) = found.needs
            && !book.definition().is_some_and(there)
        {
            return Err(ReportError::NotDefined { part });
        }
        let what = What::BuiltIn(found.make);
        return Ok(Report { title: title(found.title), period: found.period, book, what });
    }
    let registers = book.definition().map_or(&[][..], |reports| &reports.registers);
    if let Some(at) = registers.iter().position(|register| register.name == *name) {
        let title = registers[at].title.clone();
        return Ok(Report { title, period: true, book, what: What::Register(at) });
    }
    let own = registers.iter().map(|register| register.name.to_string());
    let known = BUILT_IN.iter().map(|report| report.name.to_owned()).chain(own).collect();
    Err(ReportError::Unknown { name: name.to_owned(), known })
}

impl Report<'_> {
    /// Makes it.
    pub fn make(&self, window: &Window) -> Sheet {
        match self.what {
            What::BuiltIn(make) => make(self.book, window),
            What::Register(at) => register::make(self.book, window, at),
        }
    }
}
