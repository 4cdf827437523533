//! How accounts stand: a page of keys, each with who holds what.
//!
//! Asked of State itself, so that an answer contains everything that was acknowledged before it. The work of a page is
//! bounded, because the one writer does it.

use countersign_core::decide::may_ask;
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_messages as wire;
use countersign_messages::{AccountsView, Request};

use super::command::asking;
use super::{Answered, Caller, Desk};
use crate::render;

/// Keys of one answer where the caller names no number, and at most.
const DEFAULT: u32 = 100;
const MAX: u32 = 500;
/// Cases that one key is shown with at most; how many more there are is told.
const HELD_MAX: usize = 100;
/// A page ends with the key that makes its text longer than this, far below what a message may hold.
const TEXT_MAX: usize = 256 * 1024;
/// What a key and a case add to the text of an answer besides their names.
const ROW_TEXT: usize = 320;
const HELD_TEXT: usize = 160;

impl Desk {
    /// How accounts stand.
    pub(super) async fn accounts(&self, caller: &Caller, r: wire::Accounts) -> Answered<AccountsView> {
        let limit = r.limit.unwrap_or(DEFAULT).clamp(1, MAX) as usize;
        let account = r.account.as_ref().map(|account| Name::from(account.as_str()));
        let key = r.key.as_deref().map(Name::from);
        let after = r.after.as_deref().and_then(|after| after.split_once('/'));
        let after = after.map(|(account, key)| (Name::from(account), Name::from(key)));
        let (request, now) = (asking(caller, &Request::Accounts(r), [0; 16]), self.now());
        let look = move |state: &State| {
            let at = now.max(state.head().at);
            may_ask(state, at, &request, "accounts", None)?;
            account.iter().try_for_each(|account| known(state, account))?;
            let Some(key) = key else { return Ok(page(state, at, account.as_ref(), after, limit)) };
            let of = |account: &Name| render::account_view(state, state.account(account, &key, at), HELD_MAX);
            let accounts = match &account {
                Some(account) => vec![of(account)],
                None => state.accounts_with(&key).map(of).collect(),
            };
            Ok(AccountsView { accounts, next: None })
        };
        self.look(look).await
    }
}

/// That an account is defined, or was once and something was done with it.
fn known(state: &State, account: &Name) -> Result<(), Rejection> {
    let defined = state.definitions().active().is_some_and(|active| active.account(account).is_some());
    let nothing = Name::default();
    let mut kept = state.balances_after((account, &nothing)).take_while(|(of, ..)| *of == account);
    if defined || kept.next().is_some() {
        return Ok(());
    }
    let message = format!("expected an account of accounts.yaml, found {account}");
    Err(Rejection::at(Code::AccountUnknown, "account", message))
}

fn page(
    state: &State,
    at: Timestamp,
    only: Option<&Name>,
    after: Option<(Name, Name)>,
    limit: usize,
) -> AccountsView {
    let start = (only.cloned().unwrap_or_default(), Name::default());
    // A place in an account that is not asked for is no place: what is asked for begins at its own first key.
    let place = after.filter(|place| *place > start).unwrap_or(start);
    let mut rows = state
        .accounts_after((&place.0, &place.1), at)
        .take_while(|row| only.is_none_or(|only| row.account == *only))
        .peekable();
    let (mut accounts, mut text, mut last) = (Vec::new(), 0, None);
    while accounts.len() < limit && text < TEXT_MAX {
        let Some(row) = rows.next() else { break };
        last = Some(format!("{}/{}", row.account, row.key));
        text += row.key.len() + ROW_TEXT + HELD_TEXT * row.held.len().min(HELD_MAX);
        accounts.push(render::account_view(state, row, HELD_MAX));
    }
    AccountsView { accounts, next: last.filter(|_| rows.peek().is_some()) }
}
