//! `decide`: reads State and a command, answers with events or a refusal. It never writes.

mod access;
mod account;
mod action;
mod advance;
mod alarm;
mod amend;
mod answer;
mod ask;
mod child;
mod clock;
mod command;
mod compensate;
mod cover;
mod definitions;
mod delegate;
mod fact;
mod flags;
mod grow;
mod holds;
mod learn;
mod listen;
mod operate;
mod organise;
mod outside;
mod permission;
mod plan;
mod record;
mod reply;
mod resolve;
mod route;
mod secret;
mod step;
mod submit;
mod suppose;
mod task;
mod timers;
mod unique;
mod weigh;
mod who;

use std::borrow::Cow;

use crate::command::{Body, CaseNo, Cause, Command};
use crate::definition::{Chain, Company, Organisation, PathAt};
use crate::eval::Scope;
use crate::event::{Event, Party};
use crate::fit::Fitting;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Release, RequestKey, State};
use crate::time::Timestamp;
use crate::value::Fields;

pub use access::{About, Sight, shut, sight};
pub use advance::{STEPS_MAX, advance, held, needs_advance};
pub(crate) use cover::above;
pub(crate) use flags::flagged;
pub(crate) use grow::Rung;
pub use organise::{Impact, ImpactKind, impact, overridden};
pub use permission::may_ask;
pub(crate) use resolve::{answers_as, deputy_under};
pub use route::limit_of;
pub use step::{StepResult, ready, result};
pub(crate) use submit::fields_of;
pub use suppose::{Came, Question, Supposed};
pub use task::task_def;
pub(crate) use timers::sweep_case;

/// What is to become of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// These events happen, all of them or none.
    Accept(Vec<Event>),
    /// Nothing happens, but for what auditors must know.
    Refuse {
        /// Why.
        rejection: Rejection,
        /// What is recorded of it; usually nothing.
        audit: Vec<Event>,
    },
    /// The request took effect before, in this frame.
    Repeat(u64),
}

impl From<Rejection> for Decision {
    fn from(rejection: Rejection) -> Decision {
        Decision::Refuse { rejection, audit: Vec::new() }
    }
}

impl From<Result<Vec<Event>, Rejection>> for Decision {
    fn from(result: Result<Vec<Event>, Rejection>) -> Decision {
        match result {
            Ok(events) => Decision::Accept(events),
            Err(rejection) => rejection.into(),
        }
    }
}

/// A refusal leaves at most so many events for auditors per system and minute.
pub const AUDITS_PER_MINUTE: u32 = 60;

/// Decides one command from outside.
pub fn decide(state: &State, command: &Command) -> Decision {
    decide_keyed(state, command, RequestKey::of_cause(&command.cause))
}

/// The same where the digest of its request is known.
pub(crate) fn decide_keyed(state: &State, command: &Command, key: Option<RequestKey>) -> Decision {
    if let (Cause::Request(request), Some(key)) = (&command.cause, key) {
        match permission::repeated(state, request, key, command.at) {
            Ok(None) => {}
            Ok(Some(sequence)) => return Decision::Repeat(sequence),
            Err(rejection) => return rejection.into(),
        }
    }
    let decision = decide_body(state, command);
    within_audit_rate(state, command, decision)
}

const OTHER_CALLER: &str = "expected this command from another kind of caller";

fn decide_body(state: &State, command: &Command) -> Decision {
    let at = command.at;
    match (&command.body, &command.cause) {
        (Body::Found { company, administrator }, Cause::Operator { .. }) => {
            definitions::found(state, company, administrator).into()
        }
        (Body::Store(stored), cause) => {
            definitions::may_change(state, at, cause).and_then(|()| definitions::store(state, stored)).into()
        }
        (Body::Activate { definitions }, cause) => {
            let may = definitions::may_change(state, at, cause);
            may.and_then(|()| definitions::activate(state, at, definitions)).into()
        }
        (Body::Submit { chain, document, addressee }, Cause::Request(request)) => {
            submit::submit(state, at, request, (chain, document, addressee.as_ref()))
        }
        (Body::Resubmit { case, document }, Cause::Request(request)) => {
            submit::resubmit(state, at, request, *case, document).into()
        }
        (Body::Decide(answer), Cause::Request(request)) => {
            answer::decide_task(state, at, request, (answer, answer::How::Plain))
        }
        (Body::Withdraw { case, reason }, Cause::Request(request)) => {
            submit::withdraw(state, at, request, *case, reason.as_ref()).into()
        }
        (Body::ReferUp { case, task, version, reason }, Cause::Request(request)) => {
            answer::refer_up(state, at, request, (*case, *task, *version, reason)).into()
        }
        (Body::Fact { fact, message_id, data }, Cause::Request(request)) => {
            fact::asserted(state, at, request, (fact, message_id, data)).into()
        }
        (Body::Answered(answer), Cause::Answer { adapter, reply_id, .. }) => {
            reply::answered(state, at, (adapter, reply_id), answer).into()
        }
        (Body::Fact { fact, data, .. }, Cause::Fact { adapter, message_id }) => {
            fact::reported(state, at, (adapter, message_id), (fact, data)).into()
        }
        (Body::Ask { case, entry, with, reason }, Cause::Request(request)) => {
            ask::by_person(state, at, request, (*case, entry, with, reason)).into()
        }
        (Body::Operate { case, act, reason }, cause) => {
            operate::operate(state, at, cause, (*case, *act, reason)).into()
        }
        (Body::Amend { case, document, reason }, Cause::Request(request)) => {
            amend::amend(state, at, request, (*case, document, reason)).into()
        }
        (Body::Organise(wanted), cause) => organise::organise(state, at, cause, wanted).into(),
        (Body::DecideWithin(answer), Cause::Request(request)) => {
            answer::decide_task(state, at, request, (answer, answer::How::Within))
        }
        (Body::DecideTo { answer, to }, Cause::Request(request)) => {
            answer::decide_task(state, at, request, (answer, answer::How::To(to)))
        }
        (Body::TakeBack { case, task, reason }, Cause::Request(request)) => {
            action::take_back(state, at, request, (*case, *task, reason.as_ref())).into()
        }
        (Body::RemoveApprover { case, position, reason }, Cause::Request(request)) => {
            action::remove(state, at, request, (*case, position, reason)).into()
        }
        (Body::Jump { case, to, reason }, cause) => {
            action::jump(state, at, cause, (*case, to, reason)).into()
        }
        (Body::OnTask(on), Cause::Request(request)) => action::on_task(state, at, request, on).into(),
        (Body::Look(look), Cause::Request(request)) => access::look(state, at, request, look),
        (Body::Reveal { case, field }, Cause::Request(request)) => {
            secret::reveal(state, at, request, (*case, field))
        }
        (Body::Erase { case, reason }, cause) => secret::erase(state, at, cause, (*case, reason)),
        (body, Cause::Timer { .. }) => due(state, at, body),
        _ => Rejection::new(Code::Forbidden, OTHER_CALLER).into(),
    }
}

/// What only time does.
fn due(state: &State, at: Timestamp, body: &Body) -> Decision {
    match body {
        Body::Timer { case, timer } => timers::fire(state, at, *case, *timer).into(),
        Body::Sweep => timers::sweep(state, at).into(),
        Body::Clock => clock::fire(state, at).into(),
        _ => Rejection::new(Code::Forbidden, OTHER_CALLER).into(),
    }
}

fn within_audit_rate(state: &State, command: &Command, decision: Decision) -> Decision {
    match (decision, &command.cause) {
        (Decision::Refuse { rejection, audit }, Cause::Request(request))
            if state.audits_in_minute(&request.system, command.at) >= AUDITS_PER_MINUTE =>
        {
            drop(audit);
            rejection.into()
        }
        (decision, _) => decision,
    }
}

/// What decisions about one case read: the rules it pinned and the rules that hold now (R8).
#[derive(Clone, Copy)]
pub(crate) struct Ctx<'a> {
    /// Everything.
    pub(crate) state: &'a State,
    /// The command's stamp.
    pub(crate) at: Timestamp,
    /// The rules of the release that the case pinned: chain, document, tables, policies.
    pub(crate) pinned: &'a Release,
    /// The rules that hold now: holders, limits, calendar.
    pub(crate) active: &'a Release,
    /// What the case has learnt within the present batch of events, and all it knew before; None: as it stands.
    pub(crate) facts: Option<&'a Fields>,
}

impl<'a> Ctx<'a> {
    pub(crate) fn now(state: &'a State, at: Timestamp) -> Result<Ctx<'a>, Rejection> {
        let active = state.definitions().active().ok_or_else(|| {
            Rejection::new(
                Code::NotFounded,
                "expected active definitions; activate some with `countersign init`",
            )
        })?;
        Ok(Ctx { state, at, pinned: active, active, facts: None })
    }

    pub(crate) fn of(state: &'a State, at: Timestamp, case: &Case) -> Result<Ctx<'a>, Rejection> {
        let pinned = state.definitions().release(case.release());
        let pinned = pinned.ok_or_else(|| internal("a release that a case pins is kept"))?;
        Ok(Ctx { pinned, ..Ctx::now(state, at)? })
    }

    pub(crate) fn chain(&self, name: &Name) -> Result<&'a Chain, Rejection> {
        self.pinned.chain(name).ok_or_else(|| {
            Rejection::new(
                Code::ChainUnknown,
                format!("expected the name of an active chain, found {name:?}"),
            )
        })
    }

    pub(crate) fn company(&self) -> Result<&'a Company, Rejection> {
        self.pinned.company().ok_or_else(|| internal("a release has a company"))
    }

    pub(crate) fn organisation(&self) -> Result<&'a Organisation, Rejection> {
        self.active.organisation().ok_or_else(|| internal("a release has an organisation"))
    }

    /// The submitter's solid superiors, nearest first, as the policy wants them (R8).
    pub(crate) fn path<'b>(&self, case: &'b Case) -> Result<Cow<'b, [Name]>, Rejection> {
        let pinned = self.company()?.policies.path == PathAt::Submission;
        let now = || resolve::superiors(self, &case.submitter().position);
        Ok(if pinned { Cow::Borrowed(case.path()) } else { Cow::Owned(now()?) })
    }

    /// What gives values their types: the case's own rules, and the rows that hold now.
    pub(crate) fn fitting(&self) -> Fitting<'a> {
        Fitting { rules: self.pinned, state: self.state }
    }

    /// What is read of a document that is being handed in, before it is a case's.
    pub(crate) fn handed_in<'b>(
        &self,
        chain: &'b Chain,
        document: &'b Fields,
        submitter: &'b Party,
    ) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope {
            document,
            chain: Some(chain),
            defines: &chain.defines,
            submitter: Some(submitter),
            cases: Some(self.state),
            ..Scope::new(self.pinned, self.at)
        }
    }

    pub(crate) fn scope(&self, case: &'a Case, chain: &'a Chain) -> Scope<'a> {
        Scope {
            rules: self.pinned,
            document: case.fields(),
            chain: Some(chain),
            defines: &chain.defines,
            submitter: Some(case.submitter()),
            message: None,
            facts: self.facts.unwrap_or(case.facts()),
            reply: None,
            item: None,
            child: None,
            case: Some(case),
            cases: Some(self.state),
            own: None,
            at: self.at,
        }
    }
}

/// A rule of the engine itself does not hold.
pub(crate) fn internal(expected: &str) -> Rejection {
    Rejection::new(Code::Internal, format!("expected that {expected}; this is a defect of the engine"))
}

/// An open case, or why there is none.
pub(crate) fn open_case(state: &State, number: CaseNo) -> Result<&Case, Rejection> {
    if let Some(case) = state.case(number) {
        return Ok(case);
    }
    if (1..state.next_case()).contains(&number) {
        return Err(Rejection::new(
            Code::CaseClosed,
            format!("expected an open case, case {number} is over"),
        ));
    }
    Err(Rejection::new(Code::CaseUnknown, format!("expected the number of a case, found {number}")))
}
