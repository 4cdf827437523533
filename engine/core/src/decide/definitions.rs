//! The beginning of a log, and which definitions hold.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::Ctx;
use super::operate::PROCESS_OWNER;
use super::permission::{Wish, allowed};
use crate::command::{Cause, Request, Stored};
use crate::definition::{Account, Definition, DefinitionKind};
use crate::event::{AccountOpened, CompanyFounded, DefinitionStored, DefinitionsActivated, Event};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::State;
use crate::time::Timestamp;

/// A definition's source and compiled form, together, at most; a frame holds one definition.
pub(crate) const DEFINITION_BYTES_MAX: usize = 240 * 1024;

pub(super) fn found(state: &State, company: &Name, administrator: &Name) -> Result<Vec<Event>, Rejection> {
    if state.head().sequence > 0 {
        return Err(Rejection::new(Code::NotFounded, "expected an empty log, found one that has a company"));
    }
    Ok(vec![Event::CompanyFounded(CompanyFounded {
        company: company.clone(),
        administrator: administrator.clone(),
    })])
}

/// Who may change the rules: whoever has access to the files, a person who owns the process, or the first
/// administrator.
pub(super) fn may_change(state: &State, at: Timestamp, cause: &Cause) -> Result<(), Rejection> {
    let request = match cause {
        Cause::Operator { .. } => return Ok(()),
        Cause::Request(request) => request,
        _ => return Err(Rejection::new(Code::Forbidden, "expected a person who changes the rules")),
    };
    owner(&Ctx::now(state, at)?, request, ("apply", "change the rules"))
}

/// Whether a request is of a person who owns the process, or of the first administrator.
pub(super) fn owner(ctx: &Ctx<'_>, request: &Request, (verb, what): (&str, &str)) -> Result<(), Rejection> {
    allowed(ctx, request, Wish { verb, chain: None, amount: None })?;
    let position = &request.position;
    let kind = ctx.organisation()?.positions.get(position).map(|post| &post.kind);
    let owns = *position == PROCESS_OWNER || kind.is_some_and(|kind| *kind == PROCESS_OWNER);
    if owns || request.person == ctx.state.head().administrator {
        return Ok(());
    }
    let message =
        format!("expected a {PROCESS_OWNER}, or the first administrator, to {what}; {position} is neither");
    Err(Rejection::at(Code::Forbidden, "position", message))
}

pub(super) fn store(state: &State, stored: &Stored) -> Result<Vec<Event>, Rejection> {
    let compiled = Definition::decode(stored.form, &stored.compiled);
    let Some(definition) = compiled else {
        return Err(invalid(format!(
            "expected {} in compiled form {}",
            stored.path,
            crate::definition::FORM
        )));
    };
    let size = stored.source.len() + stored.compiled.len();
    if size > DEFINITION_BYTES_MAX {
        return Err(invalid(format!(
            "expected {} to be at most {DEFINITION_BYTES_MAX} bytes with its compiled form, found {size}; split it",
            stored.path
        )));
    }
    Ok(vec![Event::DefinitionStored(DefinitionStored {
        number: state.definitions().next_number(),
        kind: definition.kind(),
        name: definition.name(),
        path: stored.path.clone(),
        source: stored.source.clone(),
        sha256: stored.sha256,
        form: stored.form,
        compiled: stored.compiled.clone(),
    })])
}

pub(super) fn activate(state: &State, at: Timestamp, numbers: &[u32]) -> Result<Vec<Event>, Rejection> {
    let mut seen = BTreeSet::new();
    for number in numbers {
        let Some(stored) = state.definitions().stored(*number) else {
            return Err(invalid(format!("expected stored definitions, found the number {number}")));
        };
        if !seen.insert((stored.kind, stored.name.clone())) {
            return Err(invalid(format!("expected one definition of {}, found two", stored.name)));
        }
    }
    for kind in [DefinitionKind::Company, DefinitionKind::Organisation, DefinitionKind::Systems] {
        if !seen.iter().any(|(k, _)| *k == kind) {
            return Err(invalid(format!("expected a definition of the {kind:?}, found none")));
        }
    }
    keep_their_measure(state, numbers)?;
    let release = state.definitions().next_release();
    let activated = DefinitionsActivated { release, definitions: numbers.to_vec() };
    let mut events = vec![Event::DefinitionsActivated(activated)];
    events.extend(super::organise::superseded(state, numbers));
    events.extend(super::clock::scheduled(state, at, numbers)?);
    events.extend(opened(state, numbers));
    Ok(events)
}

fn accounts<'a>(state: &'a State, numbers: &'a [u32]) -> impl Iterator<Item = &'a Account> {
    let stored = numbers.iter().filter_map(|number| state.definitions().stored(*number));
    stored.filter_map(|stored| match stored.compiled() {
        Definition::Account(account) => Some(account),
        _ => None,
    })
}

/// Amounts in the books mean what they meant when they were entered.
fn keep_their_measure(state: &State, numbers: &[u32]) -> Result<(), Rejection> {
    let Some(active) = state.definitions().active() else { return Ok(()) };
    for account in accounts(state, numbers) {
        let Some(before) = active.account(&account.name) else { continue };
        let same = before.measure == account.measure && before.parts.len() == account.parts.len();
        if !same && state.balances().any(|(name, ..)| *name == account.name) {
            return Err(invalid(format!(
                "expected account {} to keep its measure and the parts of its key: there are balances in it; give \
                 the changed account another name",
                account.name
            )));
        }
    }
    Ok(())
}

/// What was used up of accounts before: entered once, when a definition first says it.
fn opened(state: &State, numbers: &[u32]) -> Vec<Event> {
    let opened = accounts(state, numbers).filter_map(|account| {
        let before = |key: &Name| state.balance(&account.name, key).is_some_and(|balance| balance.opened);
        let used = account.opening.iter().filter(|(key, _)| !before(key));
        let used: Vec<(Name, Decimal)> = used.map(|(key, used)| (key.clone(), *used)).collect();
        let opened = AccountOpened { account: account.name.clone(), used };
        (!opened.used.is_empty()).then_some(Event::AccountOpened(opened))
    });
    opened.collect()
}

fn invalid(message: String) -> Rejection {
    Rejection::new(Code::DefinitionInvalid, message)
}
