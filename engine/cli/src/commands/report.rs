//! `countersign report`: a fold over the log as of a time, as a table, CSV or JSON.

use std::path::Path;

use clap::{Args, ValueEnum};
use countersign_core::time::{Date, Timestamp};
use countersign_report::{AsOf, Asked, Book, Fold, NAMES, ReportError, Rules, Sheet, Window, find};
use countersign_server::ids::parse_case;
use serde_json::json;

use super::log;
use crate::exit::Failure;
use crate::output::{Lang, Output, note};
use crate::table::Table;
use crate::transport::DataDir;

const EXAMPLES: &str = "\
Examples:
  countersign report daily-sales --data DIR --from 2025-04-01 --to 2025-04-30
  countersign report monthly-customers --data DIR --to 2025-04-30 --format csv > customers.csv
  countersign report receivables --data DIR --as-of 2025-04-30         as it was known that evening
  countersign report handlers --data DIR --case C-7                    who has it in hand
  countersign report cycle-time --data DIR --from 2025-01-01 --format json
  countersign report bad-debts --data DIR --lang zh                    a register of the company's own

Reports of a period: daily-sales, monthly-customers, monthly-summary, receivables, collection, cycle-time, load, \
refusals, overrides, attempts. Without --from they begin with the month of --to; without --to they end \
with the day of --as-of. Receivables are those at the end of --to.
Reports of an instant, the present unless --as-of names another: waiting, handlers, budgets, delegations.
Registers are named in reports.yaml, which also says what counts as sold and as owed.

A report as of a time reads the log up to then, with the definitions that held then: printed again later it is the \
same to the last digit. It reads only, and works while a server writes.";

/// Make a report from the log, as of any time
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Report {
    /// Which: one of those below, or a register of reports.yaml
    name: String,
    #[command(flatten)]
    data: DataDir,
    /// The first day, such as 2025-04-01
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// What was known at the end of a day, or at an instant such as 2025-04-21T09:00+08:00
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Only this case, of `handlers`
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

impl Report {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let as_of = self.as_of.as_deref().map_or_else(|| Ok(AsOf::Now(present())), as_of)?;
        let asked = self.asked()?;
        let book = book(&self.data.path()?, as_of)?;
        let report = find(&self.name, &book).map_err(failure)?;
        let of_period = self.from.is_some() || self.to.is_some();
        if of_period && !report.period {
            let message = format!("expected no --from and --to, found them: {} is of an instant", self.name);
            return Err(Failure::usage(message).at("--from").hint("give --as-of instead"));
        }
        let window = book.window(&asked).map_err(|(from, to)| {
            Failure::usage(format!("expected --from on or before --to, found {from} and {to}")).at("--from")
        })?;
        let sheet = report.make(&window);
        let head =
            Head { name: &self.name, title: &report.title, period: report.period, window, book: &book };
        match self.format {
            Format::Json => head.json(output, &sheet),
            _ if output.json => head.json(output, &sheet),
            Format::Csv => csv(output, &sheet),
            Format::Table => head.table(output, &sheet),
        }
    }

    fn asked(&self) -> Result<Asked, Failure> {
        let day = |text: &Option<String>, flag: &str| match text {
            None => Ok(None),
            Some(text) => match Date::parse(text) {
                Some(date) => Ok(Some(date)),
                None => {
                    Err(Failure::usage(format!("expected a date such as 2025-04-30, found {text:?}"))
                        .at(flag))
                }
            },
        };
        let case = self.case.as_deref().map(parse_case).transpose();
        let case = case.map_err(|rejection| Failure::usage(rejection.message).at("--case"))?;
        if case.is_some() && self.name != "handlers" {
            return Err(Failure::usage("expected --case with `handlers` only").at("--case"));
        }
        Ok(Asked { from: day(&self.from, "--from")?, to: day(&self.to, "--to")?, case })
    }
}

fn present() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

pub(super) fn as_of(text: &str) -> Result<AsOf, Failure> {
    let day = Date::parse(text).map(AsOf::Day);
    day.or_else(|| Timestamp::parse(text).map(AsOf::Time)).ok_or_else(|| {
        let message = format!(
            "expected a day such as 2025-04-21 or a time such as 2025-04-21T09:00+08:00, found {text:?}"
        );
        Failure::usage(message).at("--as-of")
    })
}

/// Two passes over the log: which definitions held then, then what happened.
fn book(data: &Path, as_of: AsOf) -> Result<Book, Failure> {
    let (log, _) = log::open(data)?;
    let mut rules = Rules::new(as_of);
    log::each_while(&log, 1, |_, frame| Ok(rules.frame(&frame)))?;
    let mut fold = Fold::new(&rules);
    log::each_while(&log, 1, |_, frame| Ok(fold.frame(&frame)))?;
    Ok(fold.book())
}

fn failure(error: ReportError) -> Failure {
    match &error {
        ReportError::Unknown { .. } => {
            let names: Vec<String> = NAMES.iter().map(|(name, title)| format!("{name}: {title}")).collect();
            Failure::usage(error.to_string()).at("NAME").hint(names.join("; "))
        }
        ReportError::NotDefined { .. } => Failure::new("REPORT_NOT_DEFINED", error.to_string())
            .hint("say it in reports.yaml (see the manual) and let it hold with `countersign apply`"),
    }
}

/// What stands above a report.
struct Head<'a> {
    name: &'a str,
    title: &'a countersign_core::name::Title,
    period: bool,
    window: Window,
    book: &'a Book,
}

impl Head<'_> {
    fn json(&self, output: &Output, sheet: &Sheet) -> Result<(), Failure> {
        let mut object = json!({
            "report": self.name,
            "company": self.book.company_id(),
            "as_of": self.window.now.to_string(),
            "sequence": self.book.sequence(),
        });
        if let Some(fields) = object.as_object_mut() {
            if self.period {
                fields.insert("from".to_owned(), json!(self.window.from.to_string()));
                fields.insert("to".to_owned(), json!(self.window.to.to_string()));
            }
            fields.extend(sheet.json());
        }
        output.object(&object)
    }

    fn table(&self, output: &Output, sheet: &Sheet) -> Result<(), Failure> {
        let zh = output.lang == Lang::Zh;
        let title = if zh && !self.title.zh.is_empty() { &self.title.zh } else { &self.title.en };
        let period = match self.period {
            true => format!(", {} – {}", self.window.from, self.window.to),
            false => String::new(),
        };
        let (as_of, frame) = (output.word("as of", "截至"), output.word("frame", "帧"));
        let (now, sequence) = (self.window.now, self.book.sequence());
        output.line(format!("{title}{period}, {as_of} {now} ({frame} {sequence})"))?;
        let heads: Vec<String> = sheet.columns.iter().map(|column| column.head(zh)).collect();
        let mut table = Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());
        for row in &sheet.rows {
            table.row(row.iter().map(|cell| cell.shown()));
        }
        if sheet.rows.is_empty() {
            output.line(output.word("nothing", "无"))?;
        } else {
            table.lines(output).into_iter().try_for_each(|line| output.line(line))?;
        }
        notes(sheet);
        Ok(())
    }
}

fn csv(output: &Output, sheet: &Sheet) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    sheet.csv(output.lang == Lang::Zh, &mut bytes).map_err(Failure::internal)?;
    let text = String::from_utf8(bytes).map_err(Failure::internal)?;
    output.line(text.trim_end_matches('\n'))?;
    notes(sheet);
    Ok(())
}

/// What could not be worked out is said where it does not get into the way of the rows.
fn notes(sheet: &Sheet) {
    sheet.notes.iter().for_each(|text| note(&format!("note: {}", crate::output::plain(text))));
}
