//! `countersign accounts`: how accounts stand, which case holds what, and the proof that it is so. From the log as it is,
//! without locking or changing it, or over NATS.

mod books;
mod verify;

use clap::{Args, Subcommand};
use countersign_core::state::{State, apply_frame};
use countersign_core::time::Timestamp;
use countersign_messages::{AccountView, Accounts as WireAccounts, AccountsView, Request};
use countersign_server::render::account_view;
use serde_json::json;

use super::asking::{Actor, Asking, name};
use super::log::{each, open};
use crate::exit::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::time;
use crate::transport::{Answer, Where};

const EXAMPLES: &str = "\
Examples:
  countersign accounts --data DIR                           every key with which something was done
  countersign accounts --data DIR --account credit          one account
  countersign accounts --data DIR CU-JS-001                 one key
  countersign accounts --data DIR --json
  countersign accounts --nats URL --company yuanlan --system crm --as credit_controller --person H19
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
    actor: Actor,
    #[command(flatten)]
    at: Where,
}

#[derive(Subcommand)]
enum Act {
    Verify(verify::Verify),
}

/// Keys that are asked for at once.
const PAGE: u32 = 500;

/// How accounts stand, as of which sequence, and as of when where the log tells it.
struct Standing {
    sequence: u64,
    at: Option<String>,
    accounts: Vec<AccountView>,
}

impl Accounts {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let Accounts { act, key, account, actor, at } = self;
        if let Some(Act::Verify(verify)) = act {
            return verify.run(output);
        }
        let wanted = Wanted { key, account };
        let Standing { sequence, at, accounts } = match at.files()? {
            Some(data) => wanted.of_log(&data)?,
            None => wanted.over_nats(&actor, &at)?,
        };
        if output.json {
            let shown = match at {
                Some(at) => json!({ "sequence": sequence, "at": at, "accounts": accounts }),
                None => json!({ "sequence": sequence, "accounts": accounts }),
            };
            return output.object(&shown);
        }
        lines(&accounts, output).into_iter().try_for_each(|line| output.line(line))
    }
}

/// Which keys.
struct Wanted {
    key: Option<String>,
    account: Option<String>,
}

impl Wanted {
    fn of_log(&self, data: &std::path::Path) -> Result<Standing, Failure> {
        let (log, _) = open(data)?;
        let (mut state, mut at, mut sequence) = (State::default(), Timestamp(0), 0);
        each(&log, 1, |of, frame| {
            apply_frame(&mut state, &frame);
            (at, sequence) = (frame.at, of);
            Ok(())
        })?;
        let only = self.account.as_deref();
        if let Some(name) = only
            && state.definitions().active().is_none_or(|active| active.account(name).is_none())
            && state.balances().all(|(account, ..)| *account != *name)
        {
            return Err(Failure::usage(format!("expected an account of accounts.yaml, found {name}")));
        }
        let rows = state.accounts(only, at).into_iter();
        let rows = rows.filter(|row| self.key.as_deref().is_none_or(|key| *row.key == *key));
        let accounts = rows.map(|row| account_view(&state, row, usize::MAX)).collect();
        Ok(Standing { sequence, at: Some(at.to_string()), accounts })
    }

    /// Page by page; the sequence is that of the first, so that it never claims more than every page contains.
    fn over_nats(&self, actor: &Actor, at: &Where) -> Result<Standing, Failure> {
        let account = self.account.as_deref().map(|account| name("--account", account)).transpose()?;
        let mut session = at.open()?;
        let (mut standing, mut after) = (None, None);
        let told = loop {
            let Asking { request_id, sent_at, person, position } = actor.asks(&mut session)?;
            let request = Request::Accounts(WireAccounts {
                request_id,
                sent_at,
                person,
                position,
                account: account.clone(),
                key: self.key.clone(),
                after: after.take(),
                limit: Some(PAGE),
            });
            let answer: Answer<AccountsView> = match session.ask(&request) {
                Ok(answer) => answer,
                Err(failure) => break Err(failure),
            };
            let sequence = answer.sequence;
            let standing = standing.get_or_insert(Standing { sequence, at: None, accounts: Vec::new() });
            standing.accounts.extend(answer.value.accounts);
            after = answer.value.next;
            if after.is_none() {
                break Ok(());
            }
        };
        session.close()?;
        told?;
        standing.ok_or_else(|| Failure::internal("expected at least one answer"))
    }
}

fn lines(rows: &[AccountView], output: &Output) -> Vec<String> {
    if rows.is_empty() {
        return vec!["nothing was ever set aside or used up".to_owned()];
    }
    let heads = ["ACCOUNT", "KEY", "LIMIT", "USED", "RESERVED", "FREE", "FLAG", "HELD BY"];
    let mut table = Table::new(&heads);
    for row in rows {
        let flags = [&row.flag, &row.below_zero];
        let flags: Vec<&str> = flags.into_iter().flatten().map(String::as_str).collect();
        let held = row.held.iter().map(|held| {
            let until = held.until.as_ref().map(|until| format!(" until {}", time::wire(until)));
            format!("{}.{} {}{}", held.case, held.name, held.amount, until.unwrap_or_default())
        });
        let more = (row.held_more > 0).then(|| format!("{} more", row.held_more));
        table.row([
            row.account.clone(),
            row.key.clone(),
            row.limit.clone(),
            row.used.to_string(),
            row.reserved.to_string(),
            row.free.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            flags.join(" "),
            held.chain(more).collect::<Vec<_>>().join(", "),
        ]);
    }
    table.lines(output)
}
