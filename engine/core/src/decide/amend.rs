//! Another revision of a document that is under way: what was signed of the one before stands as far as it can.

use super::advance::withdraw_tasks;
use super::answer::not_held;
use super::permission::{Wish, allowed, case_of};
use super::submit::{by_submitter, content_of, document_of, has_done};
use super::{Ctx, holds};
use crate::command::{CaseNo, Request};
use crate::document::commercial_hash;
use crate::event::{CaseAmended, CaseResubmitted, Content, Event, WithdrawnCause};
use crate::expr::Expr;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Stage, State};
use crate::time::Timestamp;
use crate::value::{Raw, Value};

/// What becomes of signatures that were given before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// They stand.
    Stand,
    /// Approvals stand as opinions: nobody has approved so much.
    AsOpinions,
    /// None stands.
    Void,
}

/// The submitter hands in another revision. The case goes over its course again; what it set aside is given back
/// first, and set aside again on the way.
pub(super) fn amend(
    state: &State,
    at: Timestamp,
    request: &Request,
    (number, document, reason): (CaseNo, &Raw, &Name),
) -> Result<Vec<Event>, Rejection> {
    let case = case_of(state, at, request, ("amend", number))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb: "amend", chain: Some(case.chain()), amount: None })?;
    not_held(case)?;
    by_submitter(case.submitter(), request)?;
    amendable(case)?;
    super::operate::reasoned(reason)?;
    let content = content_of(&ctx, case.chain(), document, case.submitter(), Some(number))?;
    let wish = Wish { verb: "amend", chain: Some(case.chain()), amount: content.amount.as_ref() };
    allowed(&ctx, request, wish)?;
    let most = ctx.company()?.policies.returns.at_most;
    if case.revision() > most {
        let message = format!("expected at most {most} revisions, found revision {}", case.revision());
        return Err(Rejection::new(Code::RevisionLimit, message));
    }
    if content.hash == *case.content_hash() {
        let message = "expected another document than the one that is under way; nothing differs";
        return Err(Rejection::at(Code::NothingChanged, "document", message));
    }
    let given = given(&ctx, case, &content)?;
    let chain = ctx.chain(case.chain())?;
    let taken = holds::taken(&ctx, (number, chain), (&content, case.submitter()))?;
    let mut events = withdraw_tasks(case, WithdrawnCause::Amended);
    events.extend(holds::returned(&ctx, case));
    let again = CaseResubmitted {
        case: number,
        revision: case.revision() + 1,
        content,
        voids_signatures: given == Given::Void,
        person: request.person.clone(),
        by_editor: false,
    };
    let as_opinions = given == Given::AsOpinions;
    events.push(Event::CaseAmended(CaseAmended { again, as_opinions, reason: reason.clone() }));
    events.extend(taken);
    Ok(events)
}

/// Whether a document may still be changed where it is.
fn amendable(case: &Case) -> Result<(), Rejection> {
    let number = case.number();
    match case.stage() {
        Stage::Draft => {
            let message = format!("expected a document under way; case {number} is with you, resubmit it");
            return Err(Rejection::new(Code::Conflict, message));
        }
        Stage::Compensating { .. } => return Err(frozen(case, "is undoing what it did")),
        _ => {}
    }
    if holds::has_lent(case) {
        return Err(frozen(case, "holds what others draw on"));
    }
    if has_done(case) {
        return Err(frozen(case, "is being carried out"));
    }
    Ok(())
}

/// What was approved does not change under the hands of those who carry it out.
pub(super) fn frozen(case: &Case, why: &str) -> Rejection {
    let message = format!(
        "expected a document that nothing rests on yet; case {} {why}, so change it by a chain of its own",
        case.number()
    );
    Rejection::new(Code::Frozen, message)
}

/// R12 where the document was not returned: a smaller amount leaves signatures as they are, a larger one leaves
/// approvals as opinions, any other commercial change voids them all.
fn given(ctx: &Ctx<'_>, case: &Case, content: &Content) -> Result<Given, Rejection> {
    let policies = &ctx.company()?.policies;
    if !policies.returns.keep_unless_commercial {
        return Ok(Given::Void);
    }
    if content.commercial == *case.commercial() {
        return Ok(Given::Stand);
    }
    let chain = ctx.chain(case.chain())?;
    let Some(Expr::Doc(path)) = &chain.amount else { return Ok(Given::Void) };
    let ([field], Some(before)) = (&path[..], path.first().and_then(|field| case.fields().get(field))) else {
        return Ok(Given::Void);
    };
    let mut as_before = content.document.clone();
    as_before.insert(field.clone(), before.clone());
    if commercial_hash(document_of(ctx, chain)?, &as_before) != *case.commercial() {
        return Ok(Given::Void);
    }
    let moved = match (before, content.document.get(field)) {
        (Value::Money(old), Some(Value::Money(new))) if old.currency == new.currency => {
            Some(new.amount <= old.amount)
        }
        (Value::Money(_), _) => None,
        (old, new) => old.decimal().zip(new.and_then(Value::decimal)).map(|(old, new)| new <= old),
    };
    Ok(match moved {
        Some(true) if policies.amendments.smaller_keeps => Given::Stand,
        Some(false) if policies.amendments.larger_keeps_opinions => Given::AsOpinions,
        _ => Given::Void,
    })
}
