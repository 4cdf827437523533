//! Who may ask: repeats, what a system may assert, who holds a post.

use rust_decimal::Decimal;

use super::{Ctx, internal, open_case};
use crate::command::{CaseNo, Request, VouchedBy};
use crate::definition::{Allowed, SystemGrant};
use crate::name::Name;
use crate::rates::Rates;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, RequestKey, SENT_AHEAD_MAX_MS, State};
use crate::time::Timestamp;
use crate::value::Value;

/// The frame of an equal request that took effect before, if any.
pub(super) fn repeated(
    state: &State,
    request: &Request,
    key: RequestKey,
    at: Timestamp,
) -> Result<Option<u64>, Rejection> {
    let id = &request.request_id;
    if let Some(seen) = state.requests().find(key) {
        if seen.fingerprint == request.fingerprint {
            return Ok(Some(seen.sequence));
        }
        let message =
            format!("expected a new request_id for a new request; {id:?} was used with another content");
        return Err(Rejection::at(Code::RequestIdReused, "request_id", message));
    }
    if request.sent_at < state.requests().oldest_judged(at) {
        let message = format!(
            "expected a request sent within the last 24 hours, this one was first sent at {}; look up what became of it, then send a new one",
            request.sent_at
        );
        return Err(Rejection::at(Code::RequestExpired, "sent_at", message));
    }
    if request.sent_at > at.plus(SENT_AHEAD_MAX_MS) {
        let message =
            format!("expected sent_at to be at most 5 minutes ahead of {at}, found {}", request.sent_at);
        return Err(Rejection::at(Code::SentAtAhead, "sent_at", message));
    }
    Ok(None)
}

/// What a request wants to do, as systems.yaml bounds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    /// The verb, as in messages.
    pub(super) verb: &'a str,
    /// The chain, where it is about one.
    pub(super) chain: Option<&'a Name>,
    /// The amount, where it changes something.
    pub(super) amount: Option<&'a Value>,
}

/// Whether systems.yaml lets the request's system assert its person and this wish, and the person holds the post.
pub(super) fn allowed(ctx: &Ctx<'_>, request: &Request, wish: Wish<'_>) -> Result<(), Rejection> {
    asserted(ctx, request, wish)?;
    stands_in(ctx, request, wish.verb)
}

/// Verbs of a deputy: what was delegated is to decide.
const DEPUTY: &[&str] = &["decide", "refer-up"];

/// Whether the person may act in the post: as its holder, as who acts for it, or, to decide, as a deputy.
fn stands_in(ctx: &Ctx<'_>, request: &Request, verb: &str) -> Result<(), Rejection> {
    let organisation = ctx.organisation()?;
    let (person, position) = (&request.person, &request.position);
    let acts = |post: &crate::definition::Position| {
        post.holders.is_empty() && organisation.acting_holders(post, ctx.at).contains(person)
    };
    if organisation.is_holder(person, position) || organisation.positions.get(position).is_some_and(acts) {
        return Ok(());
    }
    let given: Vec<_> = organisation.delegated(person, position).collect();
    let refused = |code, message: String| Err(Rejection::at(code, "position", message));
    match given.iter().find(|(_, delegation)| delegation.holds(ctx.at)).or(given.last()) {
        Some((_, d)) if d.holds(ctx.at) && DEPUTY.contains(&verb) => Ok(()),
        Some((name, d)) if d.holds(ctx.at) => {
            let message = format!(
                "expected a holder of {position}; {person} may decide for it by {name}, and nothing else: what was \
                 delegated is not handed on"
            );
            refused(Code::SubDelegation, message)
        }
        Some((name, d)) => {
            let message = format!(
                "expected a delegation of {position} that holds now; {name} holds from {} up to, not including, {}",
                d.start, d.end
            );
            refused(Code::DelegationExpired, message)
        }
        None => refused(Code::NotHolder, format!("expected a post that {person} holds, found {position:?}")),
    }
}

/// The open case of a request. That a case is over is told only to whom it may be told.
pub(super) fn case_of<'a>(
    state: &'a State,
    at: Timestamp,
    request: &Request,
    (verb, number): (&str, CaseNo),
) -> Result<&'a Case, Rejection> {
    open_case(state, number).map_err(|rejection| {
        let wish = Wish { verb, chain: None, amount: None };
        let may = || allowed(&Ctx::now(state, at)?, request, wish);
        let stranger = if rejection.code == Code::CaseClosed { may().err() } else { None };
        stranger.unwrap_or(rejection)
    })
}

/// Verbs that `verbs: all` of systems.yaml does not cover.
const NAMED_ONLY: &[&str] = &["organise", "reveal", "erase"];

/// Whether systems.yaml lets the request's system assert its person and this wish.
pub(super) fn asserted(ctx: &Ctx<'_>, request: &Request, wish: Wish<'_>) -> Result<(), Rejection> {
    if request.vouched_by == VouchedBy::Local {
        return Ok(());
    }
    let grant = grant(ctx, &request.system)?;
    let forbidden = |what: String| {
        let system = &request.system;
        let message =
            format!("expected a system that systems.yaml lets {what}, found {system}; ask the process owner");
        Err(Rejection::new(Code::Forbidden, message))
    };
    // Least privilege: who holds what is changed, and secrets are touched, only by a system that the verb is named for.
    let named =
        |verbs: &Allowed| matches!(verbs, Allowed::Only(names) if names.iter().any(|name| name == wish.verb));
    let may = if NAMED_ONLY.contains(&wish.verb) { named(&grant.verbs) } else { grant.verbs.has(wish.verb) };
    if !may {
        return forbidden(format!("use `{}`", wish.verb));
    }
    if !grant.persons.has(&request.person) {
        return forbidden(format!("speak for {}", request.person));
    }
    if let Some(chain) = wish.chain.filter(|chain| !grant.chains.has(chain)) {
        return forbidden(format!("touch the chain {chain}"));
    }
    let amount = wish.amount.filter(|_| grant.up_to.is_some());
    let amount = amount.map(|amount| in_company_currency(ctx, amount)).transpose()?.flatten();
    if let (Some(limit), Some(amount)) = (grant.up_to, amount)
        && amount > limit
    {
        return forbidden(format!("assert more than {limit}"));
    }
    Ok(())
}

/// What a bound in the company's currency is held against.
pub(super) fn in_company_currency(ctx: &Ctx<'_>, amount: &Value) -> Result<Option<Decimal>, Rejection> {
    let company = ctx.active.company().ok_or_else(|| internal("a release has a company"))?;
    match amount {
        Value::Money(money) => {
            let rates = Rates::new(ctx.active, Some(ctx.state), ctx.at);
            Ok(Some(rates.converted(*money, company.currency)?.0))
        }
        other => Ok(other.decimal()),
    }
}

/// What systems.yaml says of a system.
fn grant<'a>(ctx: &Ctx<'a>, system: &Name) -> Result<&'a SystemGrant, Rejection> {
    let systems = ctx.active.systems();
    systems.and_then(|s| s.systems.get(system)).ok_or_else(|| {
        let message =
            format!("expected a system that systems.yaml names, found {system}; ask the process owner");
        Rejection::new(Code::Forbidden, message)
    })
}

/// Whether a system may report a fact.
pub(super) fn may_report(ctx: &Ctx<'_>, request: &Request, fact: &Name) -> Result<(), Rejection> {
    if request.vouched_by == VouchedBy::Local {
        return Ok(());
    }
    let grant = grant(ctx, &request.system)?;
    if grant.verbs.has("fact") && grant.facts.has(fact) {
        return Ok(());
    }
    let message = format!("expected a system that systems.yaml lets report {fact}, found {}", request.system);
    Err(Rejection::new(Code::Forbidden, message))
}

/// For queries: whether the system may use the verb for the person, about the chain if one is named. Nothing is changed.
pub fn may_ask(
    state: &State,
    at: Timestamp,
    request: &Request,
    verb: &str,
    chain: Option<&Name>,
) -> Result<(), Rejection> {
    let ctx = Ctx::now(state, at)?;
    let wish = Wish { verb, chain, amount: None };
    asserted(&ctx, request, wish)?;
    let known = ctx.organisation()?.holds(&request.person, &request.position, at);
    if known {
        return Ok(());
    }
    let message = format!("expected a post that {} holds, found {:?}", request.person, request.position);
    Err(Rejection::at(Code::NotHolder, "position", message))
}
