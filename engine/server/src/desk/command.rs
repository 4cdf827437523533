//! Requests that change something, as core's commands.
//!
//! | wire | core |
//! |---|---|
//! | verdict `done` | `Done`, which core takes as `Input` where a contribution is asked for |
//! | verdict `veto` | `Reject`: whether the reviewer has a veto is for the plan to say |
//! | verdict `submit` with `fields` | `Submit` with that document |
//! | verdicts `done`, `refuse`, `choose` with `fields` | what the task asked for |
//! | `hold`, `resume`, `retry`, `compensate`, `settle`, `jump`, `erase` of whoever has the files | of the operator, by the system's user |
//! | fact `seal-desk.contract.sealed` of the system `seal-desk` | `contract.sealed`; a `key` becomes a field of its data |
//! | `organise` of a person, also beside the files | by that person: nobody gives themselves a post |
//! | `overrides` | nothing: core records an override by itself wherever an objection stands |
//!
//! A `reason` of `submit` and `resubmit` is part of the request's fingerprint, and is not kept: the log has no
//! place for it. A `return` goes along the chain's own arrow, unless it names another place.

use countersign_core::command::{
    Answer, Body, CaseNo, Cause, OnTask, Operation, Request as Asking, ReturnTo, TaskAct,
    Verdict as CoreVerdict, VouchedBy,
};
use countersign_core::event::Place;
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::time::Timestamp;
use countersign_messages as wire;
use countersign_messages::{Code as WireCode, Request, WireError};
use serde_json::Value;

use super::refuse::Refusal;
use super::{Caller, raw, refuse};
use crate::ids::{parse_case, parse_task};

/// A command on its way to the engine.
pub(super) struct Asked {
    pub(super) cause: Cause,
    pub(super) body: Body,
    /// The case it is about, if it exists already.
    pub(super) case: Option<CaseNo>,
    /// The version of the case that the caller saw, where the request says it.
    pub(super) version: Option<u64>,
    /// The sender's id of a fact.
    pub(super) message_id: Option<String>,
    /// It is about who holds what, and no case.
    pub(super) organises: bool,
    /// The key that was made for its secrets.
    pub(super) made: Option<countersign_core::secret::KeyId>,
}

/// The digest by which a repeat is known: 16 bytes of BLAKE3 over the verb and the request's canonical form, all of
/// it. A retry is the same request to the byte; only its spelling (white space, order of fields) may differ.
pub(super) fn fingerprint(request: &Request) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(request.verb().as_token().as_bytes());
    hasher.update(&[0]);
    hasher.update(&request.to_json());
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    digest
}

/// Who asks, for core. A system that speaks for itself has no person: core decides what that may do.
pub(super) fn asking(caller: &Caller, request: &Request, fingerprint: [u8; 16]) -> Asking {
    let envelope = request.envelope();
    let name = |name: Option<&wire::Name>| name.map_or_else(Name::default, |name| Name::from(name.as_str()));
    Asking {
        system: caller.system.clone(),
        request_id: Name::from(envelope.request_id.as_str()),
        fingerprint,
        // The form was checked; what no clock can show counts as long ago.
        sent_at: Timestamp::parse(envelope.sent_at.as_str()).unwrap_or_default(),
        person: name(envelope.person),
        position: name(envelope.position),
        vouched_by: caller.vouched_by,
    }
}

/// Turns a request into a command; None where it only asks.
pub(super) fn command(caller: &Caller, request: Request) -> Result<Option<Asked>, Refusal> {
    if request.verb().is_query() {
        return Ok(None);
    }
    let cause = cause(caller, &request);
    let asked = |body, case| Asked {
        cause,
        body,
        case,
        version: None,
        message_id: None,
        organises: false,
        made: None,
    };
    let asked = match request {
        Request::Submit(r) => {
            let (chain, document) = (name(&r.chain), raw::record(r.document.0));
            asked(Body::Submit { chain, document, addressee: r.addressee.as_ref().map(name) }, None)
        }
        Request::Resubmit(r) => {
            let (case, document) = (case(&r.case)?, raw::record(r.document.0));
            Asked { version: Some(r.version), ..asked(Body::Resubmit { case, document }, Some(case)) }
        }
        Request::Amend(r) => {
            let (case, document) = (case(&r.case)?, raw::record(r.document.0));
            let reason = Name::from(String::from(r.reason));
            Asked { version: Some(r.version), ..asked(Body::Amend { case, document, reason }, Some(case)) }
        }
        Request::Decide(r) => {
            let to = r.to.clone().map(return_to);
            let answer = answer(r)?;
            let case = answer.case;
            let body = match to {
                None => Body::Decide(answer),
                Some(to) => Body::DecideTo { answer, to },
            };
            asked(body, Some(case))
        }
        Request::ReferUp(r) => {
            let (case, task) = (case(&r.case)?, task(&r.task)?);
            let (version, reason) = (version(r.version), Name::from(String::from(r.reason)));
            asked(Body::ReferUp { case, task, version, reason }, Some(case))
        }
        other @ (Request::Withdraw(_)
        | Request::Ask(_)
        | Request::Transfer(_)
        | Request::Consult(_)
        | Request::AddApprover(_)
        | Request::RemoveApprover(_)
        | Request::Claim(_)
        | Request::Release(_)
        | Request::TakeBack(_)
        | Request::Hold(_)
        | Request::Resume(_)
        | Request::Retry(_)
        | Request::Compensate(_)
        | Request::Settle(_)
        | Request::Erase(_)
        | Request::Jump(_)) => match acted(other)? {
            Some((case, body)) => asked(body, Some(case)),
            None => return Ok(None),
        },
        Request::Fact(r) => {
            let message_id = Some(r.message_id.to_string());
            Asked { message_id, ..asked(fact(caller, r)?, None) }
        }
        Request::Organise(r) => Asked { organises: true, ..asked(super::organisation::organise(r)?, None) },
        _ => return Ok(None),
    };
    Ok(Some(asked))
}

/// What is done with tasks and cases beside answering them.
fn acted(request: Request) -> Result<Option<(CaseNo, Body)>, Refusal> {
    Ok(Some(match request {
        Request::Transfer(r) => {
            let act = TaskAct::Transfer { to: name(&r.to), reason: Name::from(String::from(r.reason)) };
            on_task((&r.case, &r.task, r.version), act)?
        }
        Request::Consult(r) => {
            let act = TaskAct::Consult { to: name(&r.to), question: Name::from(String::from(r.question)) };
            on_task((&r.case, &r.task, r.version), act)?
        }
        Request::AddApprover(r) => {
            let place = match r.place {
                wire::Place::Before => Place::Before,
                wire::Place::After => Place::After,
                wire::Place::Beside => Place::Beside,
            };
            let reason = Name::from(String::from(r.reason));
            let act = TaskAct::AddApprover { to: name(&r.to), place, reason };
            on_task((&r.case, &r.task, r.version), act)?
        }
        Request::Claim(r) => on_task((&r.case, &r.task, r.version), TaskAct::Claim)?,
        Request::Release(r) => on_task((&r.case, &r.task, r.version), TaskAct::Release)?,
        Request::RemoveApprover(r) => {
            let (case, reason) = (case(&r.case)?, Name::from(String::from(r.reason)));
            (case, Body::RemoveApprover { case, position: name(&r.approver), reason })
        }
        Request::TakeBack(r) => {
            let (case, task) = (case(&r.case)?, task(&r.task)?);
            let reason = r.reason.map(|reason| Name::from(String::from(reason)));
            (case, Body::TakeBack { case, task, reason })
        }
        Request::Jump(r) => {
            let (case, reason) = (case(&r.case)?, Name::from(String::from(r.reason)));
            (case, Body::Jump { case, to: name(&r.to), reason })
        }
        Request::Withdraw(r) => {
            let case = case(&r.case)?;
            let reason = r.reason.map(|reason| Name::from(String::from(reason)));
            (case, Body::Withdraw { case, reason })
        }
        Request::Ask(r) => {
            let case = case(&r.case)?;
            let with = raw::record(r.with.0);
            let reason = Name::from(String::from(r.reason));
            (case, Body::Ask { case, entry: name(&r.request), with, reason })
        }
        other => return stepped_in(other),
    }))
}

/// What operators do with cases.
fn stepped_in(request: Request) -> Result<Option<(CaseNo, Body)>, Refusal> {
    Ok(Some(match request {
        Request::Hold(r) => operated(r, Operation::Hold)?,
        Request::Resume(r) => operated(r, Operation::Resume)?,
        Request::Retry(r) => operated(r, Operation::Retry)?,
        Request::Compensate(r) => operated(r, Operation::Compensate)?,
        Request::Settle(r) => operated(r, Operation::Settle)?,
        Request::Erase(r) => {
            let case = case(&r.case)?;
            (case, Body::Erase { case, reason: Name::from(String::from(r.reason)) })
        }
        _ => return Ok(None),
    }))
}

/// Why the command comes. Whoever has the files steps in under the name that the operating system knows them by.
fn cause(caller: &Caller, request: &Request) -> Cause {
    let steps_in = matches!(
        request,
        Request::Hold(_)
            | Request::Resume(_)
            | Request::Retry(_)
            | Request::Compensate(_)
            | Request::Settle(_)
            | Request::Jump(_)
            | Request::Erase(_)
    );
    let local = caller.vouched_by == VouchedBy::Local && steps_in;
    match caller.system.strip_prefix("local:").filter(|_| local) {
        Some(os_user) => Cause::Operator { os_user: Name::from(os_user) },
        None => Cause::Request(asking(caller, request, fingerprint(request))),
    }
}

fn operated(r: wire::Operate, act: Operation) -> Result<(CaseNo, Body), Refusal> {
    let case = case(&r.case)?;
    Ok((case, Body::Operate { case, act, reason: Name::from(String::from(r.reason)) }))
}

fn return_to(to: wire::ReturnTo) -> ReturnTo {
    match to {
        wire::ReturnTo::Draft => ReturnTo::Draft,
        wire::ReturnTo::Previous => ReturnTo::Previous,
        wire::ReturnTo::State(state) => ReturnTo::State(name(&state)),
    }
}

/// One task of many, as a command of its own: its id is derived, so that a retry of all of them repeats each.
pub(super) fn one_of(caller: &Caller, r: &wire::DecideAll, number: usize) -> Result<Asked, Refusal> {
    let item = r.items.get(number).ok_or_else(|| bad("items", "expected a task of the request"))?;
    let whole = Request::DecideAll(r.clone());
    let mut asking = asking(caller, &whole, fingerprint(&whole));
    asking.request_id = Name::from(format!("{}/{number}", asking.request_id));
    let answer = answer(wire::Decide {
        request_id: r.request_id.clone(),
        sent_at: r.sent_at.clone(),
        person: r.person.clone(),
        position: r.position.clone(),
        case: item.case.clone(),
        task: item.task.clone(),
        version: item.version,
        content_hash: item.content_hash.clone(),
        verdict: r.verdict,
        reason: r.reason.clone(),
        to: None,
        choice: None,
        fields: None,
        overrides: false,
    })?;
    let (case, body) = (answer.case, Body::DecideWithin(answer));
    let cause = Cause::Request(asking);
    Ok(Asked { cause, body, case: Some(case), version: None, message_id: None, organises: false, made: None })
}

/// Something that is done with a task.
fn on_task(
    (of, task, seen): (&wire::Name, &wire::Name, u64),
    act: TaskAct,
) -> Result<(CaseNo, Body), Refusal> {
    let (case, task) = (case(of)?, self::task(task)?);
    Ok((case, Body::OnTask(OnTask { case, task, version: version(seen), act })))
}

fn answer(r: wire::Decide) -> Result<Answer, Refusal> {
    let verdict = match r.verdict {
        wire::Verdict::Approve => CoreVerdict::Approve,
        wire::Verdict::Pass => CoreVerdict::Pass,
        wire::Verdict::Object => CoreVerdict::Object,
        wire::Verdict::Return => CoreVerdict::Return,
        wire::Verdict::Reject | wire::Verdict::Veto => CoreVerdict::Reject,
        // Of a contribution and of a piece of work; core says which is asked for.
        wire::Verdict::Done => CoreVerdict::Done,
        wire::Verdict::Submit => CoreVerdict::Submit,
        wire::Verdict::Refuse => CoreVerdict::Refuse,
        wire::Verdict::Choose => CoreVerdict::Choose,
    };
    let carries = matches!(
        verdict,
        CoreVerdict::Submit | CoreVerdict::Done | CoreVerdict::Refuse | CoreVerdict::Choose
    );
    if r.fields.is_some() && !carries {
        let message = "expected fields only with the verdicts submit, done, refuse and choose";
        return Err(bad("fields", message));
    }
    let fields = r.fields.map(|fields| raw::record(fields.0));
    let (document, fields) = if verdict == CoreVerdict::Submit { (fields, None) } else { (None, fields) };
    Ok(Answer {
        case: case(&r.case)?,
        task: task(&r.task)?,
        version: version(r.version),
        content_hash: r.content_hash.to_bytes(),
        verdict,
        reason: r.reason.map(|reason| Name::from(String::from(reason))),
        document,
        choice: r.choice.as_ref().map(name),
        fields,
    })
}

/// Chains name facts `<object>.<fact>`; on the wire the adapter that tells them stands before that. A system speaks
/// as itself only.
fn fact(caller: &Caller, r: wire::Fact) -> Result<Body, Refusal> {
    let told = r.fact.as_str();
    let local = caller.vouched_by == VouchedBy::Local;
    let fact = match told.split_once('.') {
        Some((adapter, rest)) if rest.contains('.') => {
            if !local && *adapter != *caller.system {
                let message = format!(
                    "expected a fact that {} tells itself, as {}.{rest}; found one of {adapter}",
                    caller.system, caller.system
                );
                return Err(refuse::rejected(Rejection::at(Code::Forbidden, "fact", message)));
            }
            rest
        }
        _ => told,
    };
    let mut data = r.data.0;
    if let Some(key) = r.key {
        data.entry("key").or_insert_with(|| Value::String(key.into()));
    }
    Ok(Body::Fact { fact: Name::from(fact), message_id: name(&r.message_id), data: raw::record(data) })
}

pub(super) fn name(name: &wire::Name) -> Name {
    Name::from(name.as_str())
}

fn case(text: &wire::Name) -> Result<CaseNo, Refusal> {
    parse_case(text.as_str()).map_err(refuse::rejected)
}

fn task(text: &wire::Name) -> Result<u32, Refusal> {
    parse_task(text.as_str(), "task").map_err(refuse::rejected)
}

/// A version that no task can have is a stale one.
fn version(version: u64) -> u32 {
    u32::try_from(version).unwrap_or(u32::MAX)
}

fn bad(field: &str, message: &str) -> Refusal {
    Box::new(WireError::new(WireCode::BadValue, message).at_field(field).into())
}
