//! `countersign accounts`: how accounts stand, which case holds what, and the proof that it is so. Reads the log as it
//! is, without locking or changing it.

mod books;
mod verify;

use clap::{Args, Subcommand};
use countersign_core::accounts::{AccountLimit, AccountRow};
use countersign_core::state::{State, apply_frame};
use countersign_core::time::Timestamp;
use serde_json::{Value, json};

use super::log::{each, open};
use crate::exit::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::time;
use crate::transport::DataDir;

const EXAMPLES: &str = "\
Examples:
  countersign accounts --data DIR                           every key with which something was done
  countersign accounts --data DIR --account credit          one account
  countersign accounts --data DIR CU-JS-001                 one key
  countersign accounts --data DIR --json
  countersign accounts verify --data DIR                    do the books balance, at every sequence?";

/// Show what is used up, set aside and free of accounts, and which case holds what
#[derive(Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Accounts {
    #[command(subcommand)]
    act: Option<Act>,
    /// Only this key
    key: Option<String>,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Subcommand)]
enum Act {
    Verify(verify::Verify),
}

impl Accounts {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        if let Some(Act::Verify(verify)) = self.act {
            return verify.run(output);
        }
        let (log, _) = open(&self.data.path()?)?;
        let (mut state, mut at, mut last) = (State::default(), Timestamp(0), 0);
        each(&log, 1, |sequence, frame| {
            apply_frame(&mut state, &frame);
            (at, last) = (frame.at, sequence);
            Ok(())
        })?;
        let only = self.account.as_deref();
        if let Some(name) = only
            && state.definitions().active().is_none_or(|active| active.account(name).is_none())
            && state.balances().all(|(account, ..)| *account != *name)
        {
            return Err(Failure::usage(format!("expected an account of accounts.yaml, found {name}")));
        }
        let mut rows = state.accounts(only, at);
        rows.retain(|row| self.key.as_deref().is_none_or(|key| *row.key == *key));
        if output.json {
            let rows: Vec<Value> = rows.iter().map(to_json).collect();
            return output.object(&json!({ "sequence": last, "at": at.to_string(), "accounts": rows }));
        }
        lines(&rows, output).into_iter().try_for_each(|line| output.line(line))
    }
}

fn lines(rows: &[AccountRow], output: &Output) -> Vec<String> {
    if rows.is_empty() {
        return vec!["nothing was ever set aside or used up".to_owned()];
    }
    let heads = ["ACCOUNT", "KEY", "LIMIT", "USED", "RESERVED", "FREE", "FLAG", "HELD BY"];
    let mut table = Table::new(&heads);
    for row in rows {
        let flags = [&row.flag, &row.below_zero];
        let flags: Vec<&str> = flags.into_iter().flatten().map(|flag| flag.as_str()).collect();
        let held = row.held.iter().map(|held| {
            let until =
                held.until.map(|until| format!(" until {}", time::instant(until))).unwrap_or_default();
            format!("C-{}.{} {}{until}", held.case, held.name, held.amount)
        });
        table.row([
            row.account.to_string(),
            row.key.to_string(),
            limit(&row.limit),
            row.used.to_string(),
            row.reserved.to_string(),
            row.free().map_or_else(|| "-".to_owned(), |free| free.to_string()),
            flags.join(" "),
            held.collect::<Vec<_>>().join(", "),
        ]);
    }
    table.lines(output)
}

fn limit(limit: &AccountLimit) -> String {
    match limit {
        AccountLimit::Of(limit) => limit.to_string(),
        AccountLimit::Unlimited => "unlimited".to_owned(),
        AccountLimit::Unknown(_) => "unknown".to_owned(),
    }
}

fn to_json(row: &AccountRow) -> Value {
    let held = row.held.iter().map(|held| {
        json!({
            "case": format!("C-{}", held.case), "lot": held.lot, "name": held.name.as_str(),
            "amount": held.amount.to_string(), "until": held.until.map(|until| until.to_string()),
        })
    });
    let why = match &row.limit {
        AccountLimit::Unknown(why) => Some(why.as_str()),
        AccountLimit::Of(_) | AccountLimit::Unlimited => None,
    };
    json!({
        "account": row.account.as_str(), "key": row.key.as_str(), "limit": limit(&row.limit), "unknown": why,
        "used": row.used.to_string(), "reserved": row.reserved.to_string(),
        "free": row.free().map(|free| free.to_string()), "flag": row.flag.as_deref(),
        "below_zero": row.below_zero.as_deref(), "held": held.collect::<Vec<_>>(),
    })
}
