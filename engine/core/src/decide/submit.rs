//! Documents come in, come again, are taken back.

use super::advance::withdraw_tasks;
use super::answer::not_held;
use super::command::unanswered;
use super::permission::{Wish, allowed, case_of};
use super::{Ctx, Decision, child, holds, internal, learn, unique};
use crate::command::{CaseNo, Request, Verdict};
use crate::definition::{Chain, DocumentType, Required, RequiredCase};
use crate::document::{commercial_hash, content_hash, typed};
use crate::eval::{Scope, evaluate, holds};
use crate::event::*;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, ChildState, CommandState, Done, DoneWhat, Signature, Stage, State};
use crate::time::Timestamp;
use crate::value::{Fields, Raw, Value};

/// Hands in a document.
pub(super) fn submit(
    state: &State,
    at: Timestamp,
    request: &Request,
    (chain, document, addressee): (&Name, &Raw, Option<&Name>),
) -> Decision {
    let ctx = match Ctx::now(state, at) {
        Ok(ctx) => ctx,
        Err(rejection) => return rejection.into(),
    };
    let (definition, submitter) = match may_submit(&ctx, request, chain) {
        Ok(found) => found,
        Err(rejection) => return rejection.into(),
    };
    match addressed(&ctx, definition, &submitter, addressee) {
        Ok(None) => {}
        Ok(Some((rejection, audit))) => return Decision::Refuse { rejection, audit: vec![audit] },
        Err(rejection) => return rejection.into(),
    }
    let content = match content_of(&ctx, chain, document, &submitter, None) {
        Ok(content) => content,
        Err(rejection) => return rejection.into(),
    };
    let wish = Wish { verb: "submit", chain: Some(chain), amount: content.amount.as_ref() };
    if let Err(rejection) = allowed(&ctx, request, wish) {
        return rejection.into();
    }
    begun(&ctx, (state.next_case(), definition), submitter, content).into()
}

/// The first events of a case: its document, and what it knows from the start.
pub(super) fn begun(
    ctx: &Ctx<'_>,
    (case, chain): (CaseNo, &Chain),
    submitter: Party,
    content: Content,
) -> Result<Vec<Event>, Rejection> {
    let facts = learn::initial(ctx, chain, (&content.document, &submitter))?;
    let facts = (!facts.is_empty()).then_some(Event::FactsLearnt(FactsLearnt { case, facts }));
    let path = ctx.organisation()?.superiors(&submitter.position);
    let taken = holds::taken(ctx, (case, chain), (&content, &submitter))?;
    let (chain, release) = (chain.name.clone(), ctx.pinned.number);
    let submitted = CaseSubmitted { case, chain, release, submitter, path, content };
    Ok([Event::CaseSubmitted(submitted)].into_iter().chain(facts).chain(taken).collect())
}

fn may_submit<'a>(ctx: &Ctx<'a>, request: &Request, chain: &Name) -> Result<(&'a Chain, Party), Rejection> {
    let definition = ctx.chain(chain)?;
    allowed(ctx, request, Wish { verb: "submit", chain: Some(chain), amount: None })?;
    let post =
        ctx.organisation()?.positions.get(&request.position).ok_or_else(|| internal("a held post exists"))?;
    let initiates = |name: &Name| *name == post.kind || *name == request.position;
    if definition.initiators.as_ref().is_some_and(|names| !names.iter().any(initiates)) {
        let names = definition.initiators.iter().flatten().map(Name::as_str).collect::<Vec<_>>().join(", ");
        let message = format!(
            "expected one of {names} to submit to {chain}, found {} ({})",
            request.position, post.kind
        );
        return Err(Rejection::at(Code::NotInitiator, "position", message));
    }
    let submitter = Party {
        person: request.person.clone(),
        position: request.position.clone(),
        unit: post.unit.clone(),
        kind: post.kind.clone(),
    };
    Ok((definition, submitter))
}

/// R10: a document goes to the immediate superior, unless the chain may go direct.
fn addressed(
    ctx: &Ctx<'_>,
    chain: &Chain,
    submitter: &Party,
    addressee: Option<&Name>,
) -> Result<Option<(Rejection, Event)>, Rejection> {
    let Some(addressee) = addressee else { return Ok(None) };
    let organisation = ctx.organisation()?;
    if !organisation.positions.contains_key(addressee) && !organisation.groups.contains_key(addressee) {
        let message = format!("expected the name of a position, found {addressee:?}");
        return Err(Rejection::at(Code::FieldType, "addressee", message));
    }
    let policy = &ctx.company()?.policies.skip_level;
    let superior = organisation.superiors(&submitter.position).first().cloned();
    let exempt = chain.skip_level_allowed || policy.except.contains(&chain.name) || !policy.refused;
    if exempt || superior.as_ref() == Some(addressee) {
        return Ok(None);
    }
    let expected = superior.as_ref().map_or("nobody", |s| s.as_str());
    let message = format!(
        "expected {expected}, the immediate superior of {}, found {addressee}; address it level by level",
        submitter.position
    );
    let attempt = SkipLevelAttempted {
        chain: chain.name.clone(),
        person: submitter.person.clone(),
        position: submitter.position.clone(),
        addressee: addressee.clone(),
        superior: superior.filter(|_| policy.superior_recorded),
    };
    let rejection = Rejection::at(Code::SkipLevel, "addressee", message);
    Ok(Some((rejection, Event::SkipLevelAttempted(attempt))))
}

/// Types a document, tests what the chain requires, and works out what State keeps of it.
pub(super) fn content_of(
    ctx: &Ctx<'_>,
    chain: &Name,
    document: &Raw,
    submitter: &Party,
    own: Option<CaseNo>,
) -> Result<Content, Rejection> {
    let chain = ctx.chain(chain)?;
    let fields = fields_of(ctx, chain, document, own)?;
    content(ctx, chain, fields, submitter, own)
}

/// The document with its types, defaults and number.
pub(crate) fn fields_of(
    ctx: &Ctx<'_>,
    chain: &Chain,
    document: &Raw,
    own: Option<CaseNo>,
) -> Result<Fields, Rejection> {
    let kind = document_of(ctx, chain)?;
    let number = own.unwrap_or(ctx.state.next_case());
    let numbered = with_number(kind, document, number);
    typed(kind, numbered.as_ref().unwrap_or(document), ctx.fitting(), ctx.at)
}

/// The type of document that a chain carries.
pub(super) fn document_of<'a>(ctx: &Ctx<'a>, chain: &Chain) -> Result<&'a DocumentType, Rejection> {
    ctx.pinned.document(&chain.document).ok_or_else(|| internal("a chain's document type is defined"))
}

/// What a case is called, in texts and in fields that take its number.
pub(super) fn number_text(number: CaseNo) -> String {
    format!("C-{number}")
}

/// The document with the case's number in the fields that take it. None: there is none, or all were sent.
fn with_number(kind: &DocumentType, document: &Raw, number: CaseNo) -> Option<Raw> {
    let Raw::Record(sent) = document else { return None };
    let open = |name: &Name| matches!(sent.get(name.as_str()), None | Some(Raw::Null));
    let mut names = kind.fields.iter().filter(|f| f.numbered && open(&f.name)).peekable();
    names.peek()?;
    let mut sent = sent.clone();
    sent.extend(names.map(|field| (field.name.to_string(), Raw::Text(number_text(number)))));
    Some(Raw::Record(sent))
}

/// Tests what the chain requires of a document, and works out what State keeps of it.
pub(super) fn content(
    ctx: &Ctx<'_>,
    chain: &Chain,
    fields: Fields,
    submitter: &Party,
    own: Option<CaseNo>,
) -> Result<Content, Rejection> {
    let kind = document_of(ctx, chain)?;
    let facts = learn::for_amount(ctx, chain, (&fields, submitter), own)?;
    let scope = Scope { facts: &facts, ..ctx.handed_in(chain, &fields, submitter) };
    let mut claims = claims(ctx, chain, &fields, own)?;
    for requirement in &chain.requires {
        let met = match &requirement.what {
            Required::Must(must) => holds(must, &scope)?,
            Required::Case(wanted) => required_case(ctx, &scope, wanted)?,
            Required::Unique { name, of, path } => {
                let values = unique::required(ctx, (&chain.name, own), (name, of, path), &scope)?;
                let met = values.is_some();
                for claim in values.into_iter().flatten() {
                    if !claims.contains(&claim) {
                        claims.push(claim);
                    }
                }
                met
            }
        };
        if !met {
            let message =
                format!("expected what {} requires for a submission to hold; it does not", chain.name);
            return Err(Rejection::new(Code::Rule(requirement.code.clone()), message));
        }
    }
    let amount = chain.amount.as_ref().map(|expr| evaluate(expr, &scope)).transpose()?;
    let key = chain.key.as_ref().map(|expr| evaluate(expr, &scope)).transpose()?;
    let key = key.map(|value| Name::from(value.to_string()));
    let hash = content_hash(&fields);
    let commercial = commercial_hash(kind, &fields);
    Ok(Content { hash, commercial, keeps: chain.reads.clone(), amount, key, claims, document: fields })
}

/// Whether the cases that a submission requires stand where they must.
fn required_case(ctx: &Ctx<'_>, scope: &Scope<'_>, wanted: &RequiredCase) -> Result<bool, Rejection> {
    for number in required_cases(ctx, scope, wanted)? {
        if !required_one(ctx, number, wanted)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The cases that a submission requires, where they are known at all.
pub(super) fn required_cases(
    ctx: &Ctx<'_>,
    scope: &Scope<'_>,
    wanted: &RequiredCase,
) -> Result<Vec<Option<CaseNo>>, Rejection> {
    let Some(list) = &wanted.for_each else { return Ok(vec![numbered(ctx, scope, wanted)?]) };
    let items = match evaluate(list, scope)? {
        Value::List(items) => items,
        Value::Missing => Vec::new(),
        other => {
            let message = format!("expected a list of what cases are required for, found {other}");
            return Err(Rejection::new(Code::Unevaluable, message));
        }
    };
    items.iter().map(|item| numbered(ctx, &Scope { item: Some(item), ..*scope }, wanted)).collect()
}

fn numbered(ctx: &Ctx<'_>, scope: &Scope<'_>, wanted: &RequiredCase) -> Result<Option<CaseNo>, Rejection> {
    Ok(match evaluate(&wanted.key, scope)? {
        Value::Missing => None,
        Value::Case(number) => {
            Some(number).filter(|number| ctx.state.chain_of(*number) == Some(&wanted.chain))
        }
        key => ctx.state.by_key(&wanted.chain, &Name::from(key.to_string())),
    })
}

fn required_one(ctx: &Ctx<'_>, number: Option<CaseNo>, wanted: &RequiredCase) -> Result<bool, Rejection> {
    let Some((stands_in, since)) = number.and_then(|number| ctx.state.stands_in(number)) else {
        return Ok(false);
    };
    let fresh = match wanted.within {
        Some(within) => ctx.company()?.calendar.add(since, within).is_some_and(|until| ctx.at <= until),
        None => true,
    };
    Ok(fresh && wanted.states.contains(&stands_in))
}

/// Unique values: two open or well-ended cases of a chain never share one.
fn claims(
    ctx: &Ctx<'_>,
    chain: &Chain,
    fields: &Fields,
    own: Option<CaseNo>,
) -> Result<Vec<Name>, Rejection> {
    let kind = document_of(ctx, chain)?;
    let mut claims = Vec::new();
    for field in kind.fields.iter().filter(|f| f.unique) {
        let Some(value) = fields.get(&field.name).filter(|v| **v != Value::Missing) else { continue };
        let claim = Name::from(format!("{}/{}/{value}", chain.name, field.name));
        if let Some(other) = ctx.state.claimed(&claim).filter(|other| Some(*other) != own) {
            let message = format!("expected a new {}, {value} is case {other}'s", field.name);
            return Err(Rejection::at(Code::NotUnique, format!("document.{}", field.name), message));
        }
        claims.push(claim);
    }
    Ok(claims)
}

/// Hands in a returned document again (R12).
pub(super) fn resubmit(
    state: &State,
    at: Timestamp,
    request: &Request,
    number: CaseNo,
    document: &Raw,
) -> Result<Vec<Event>, Rejection> {
    let case = case_of(state, at, request, ("resubmit", number))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb: "resubmit", chain: Some(case.chain()), amount: None })?;
    not_held(case)?;
    by_submitter(case.submitter(), request)?;
    if !matches!(case.stage(), Stage::Draft) {
        if approved_before(case) {
            return Err(super::amend::frozen(case, "was approved"));
        }
        let message =
            format!("expected a document that was returned; case {number} is under way, withdraw it first");
        return Err(Rejection::new(Code::NotInDraft, message));
    }
    let content = content_of(&ctx, case.chain(), document, case.submitter(), Some(number))?;
    allowed(
        &ctx,
        request,
        Wish { verb: "resubmit", chain: Some(case.chain()), amount: content.amount.as_ref() },
    )?;
    let keeps = ctx.company()?.policies.returns.keep_unless_commercial;
    let voids_signatures = !keeps || content.commercial != *case.commercial();
    let chain = ctx.chain(case.chain())?;
    let taken = holds::taken(&ctx, (number, chain), (&content, case.submitter()))?;
    let resubmitted = CaseResubmitted {
        case: number,
        revision: case.revision() + 1,
        content,
        voids_signatures,
        person: request.person.clone(),
        by_editor: false,
    };
    Ok([Event::CaseResubmitted(resubmitted)].into_iter().chain(taken).collect())
}

/// Ownership is by position: whoever holds the submitter's post now may act for the document.
pub(super) fn by_submitter(submitter: &Party, request: &Request) -> Result<(), Rejection> {
    if submitter.position == request.position {
        return Ok(());
    }
    let message =
        format!("expected {}, whose document it is, found {}", submitter.position, request.position);
    Err(Rejection::at(Code::NotSubmitter, "position", message))
}

/// Whether something was done outside that is not undone, or may have been: a command without an answer, a child.
pub(super) fn has_done(case: &Case) -> bool {
    case.outward().is_some_and(|outward| {
        let open = |child: &ChildState| child.ended.is_none();
        let undoes = |command: &CommandState| command.undoes.is_some();
        // What is only set aside is given back when the case is taken back.
        let held = |done: &Done| matches!(done.what, DoneWhat::Held(_));
        !outward.effects.iter().all(held)
            || outward.children.values().any(open)
            || outward.commands.values().any(|command| !undoes(command) && unanswered(command))
    })
}

/// An approval that decides and stands.
fn approves(signature: &Signature) -> bool {
    signature.verdict == Verdict::Approve && !signature.void && !signature.counts_as_review
}

/// Whether a step before the present one has approved the document.
fn approved_before(case: &Case) -> bool {
    let here = case.step().map(|step| &step.state);
    case.signatures().iter().any(|signature| approves(signature) && Some(&signature.state) != here)
}

/// Whether the final decision was taken: whoever waits or is held after an approval is beyond it.
fn beyond_approval(case: &Case) -> bool {
    let open = matches!(case.stage(), Stage::Draft | Stage::People { .. });
    !open && case.signatures().iter().any(approves)
}

/// The submitter takes the document back. Whoever has signed is told.
pub(super) fn withdraw(
    state: &State,
    at: Timestamp,
    request: &Request,
    number: CaseNo,
    reason: Option<&Name>,
) -> Result<Vec<Event>, Rejection> {
    let case = case_of(state, at, request, ("withdraw", number))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb: "withdraw", chain: Some(case.chain()), amount: None })?;
    by_submitter(case.submitter(), request)?;
    if beyond_approval(case) {
        let message =
            format!("expected a document that still waits for signatures; case {number} is beyond that");
        return Err(Rejection::new(Code::Conflict, message));
    }
    if has_done(case) {
        let message =
            format!("expected a case that has done nothing outside; case {number} has, or may have");
        return Err(Rejection::new(Code::Conflict, message));
    }
    let mut told: Vec<Name> = Vec::new();
    for position in case.signatures().iter().map(|s| &s.position) {
        if !told.contains(position) {
            told.push(position.clone());
        }
    }
    let mut events = withdraw_tasks(case, WithdrawnCause::CaseWithdrawn);
    events.extend(holds::ended(&ctx, case, &Name::from("withdrawn"))?);
    events.push(Event::CaseWithdrawn(CaseWithdrawn { case: number, reason: reason.cloned(), told }));
    events.extend(child::parent_told(state, case, &Name::from("withdrawn"), false));
    Ok(events)
}
