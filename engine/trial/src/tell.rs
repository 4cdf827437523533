//! Events as a story tells them.

use countersign_core::command::{Cause, TaskNo, Verdict};
use countersign_core::definition::Duty;
use countersign_core::event::{Event, Place, Settled, WithdrawnCause};
use countersign_core::name::Name;

use crate::company::Company;
use crate::fields::{show, show_all};

/// Why a frame came, where no sentence says it.
pub(crate) fn because(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Timer { .. } => Some("time passes".to_owned()),
        _ => None,
    }
}

/// The position that a task of the event's case is or was asked of.
pub(crate) type Whose<'w> = &'w dyn Fn(TaskNo) -> Option<Name>;

/// What an event says of a case by this name; None: nothing that helps.
pub(crate) fn told(event: &Event, company: &Company, (name, whose): (&str, Whose<'_>)) -> Option<String> {
    let of = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let text = of_signatures(event, company)
        .or_else(|| of_tasks(event, whose))
        .or_else(|| beside(event))
        .or_else(|| of_dealings(event))?;
    Some(format!("{of}{text}"))
}

fn of_signatures(event: &Event, company: &Company) -> Option<String> {
    Some(match event {
        Event::CaseSubmitted(e) => {
            let key = e.content.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
            let amount = e.content.amount.as_ref().map(|amount| format!(", {}", show(amount)));
            let by = format!("{} ({})", e.submitter.position, e.submitter.person);
            format!("{}{key} is submitted by {by}{}", e.chain, amount.unwrap_or_default())
        }
        Event::CaseResubmitted(e) => {
            let voids = if e.voids_signatures { "; signatures given before are void" } else { "" };
            format!("revision {}{voids}", e.revision)
        }
        Event::CaseAmended(e) => {
            let given = match (e.again.voids_signatures, e.as_opinions) {
                (true, _) => "; signatures given before are void",
                (false, true) => "; approvals given before are opinions",
                (false, false) => "",
            };
            format!("amended, revision {}{given}: {}", e.again.revision, e.reason)
        }
        Event::CaseReversed(e) => {
            format!("C-{} decides otherwise: {} instead of {}", e.by_case, e.end, e.was)
        }
        Event::StateEntered(e) => format!("in {}", e.name),
        Event::StateSkipped(e) => format!("{} is not needed", e.name),
        Event::ChecksFailed(e) => format!("checks fail: {}", listed(&e.codes)),
        Event::StepClosed(e) => format!("{} is {}", e.state, e.outcome),
        Event::StateExpired(e) => format!("{} expires", e.state),
        Event::CaseReturned(_) => "back to the submitter".to_owned(),
        Event::CaseEnded(e) => {
            let code = e.code.as_ref().map(|code| format!(", {code}")).unwrap_or_default();
            format!("ends: {} ({}{code})", e.end, if e.good { "good" } else { "bad" })
        }
        Event::CaseWithdrawn(_) => "withdrawn".to_owned(),
        Event::CaseHeld(e) => format!("held: {}: {}", e.code, e.detail),
        Event::TaskOpened(e) => {
            let due = company.local(e.milestones.overdue);
            format!("{} ({}) is asked to {}, due {due}", e.position, listed(&e.holders), duty(e.duty))
        }
        Event::RouteExtended(_) => "the route goes on".to_owned(),
        Event::SkipLevelAttempted(e) => {
            let passed = e.superior.as_ref().map_or("nobody", |superior| superior.as_str());
            format!("on record: {} ({}) addressed {}, past {passed}", e.position, e.person, e.addressee)
        }
        Event::SelfApprovalAttempted(e) => {
            format!("on record: {} ({}) tried to decide what is their own", e.position, e.person)
        }
        _ => return None,
    })
}

/// What becomes of a task: told by the post that is asked, not by its number.
fn of_tasks(event: &Event, whose: Whose<'_>) -> Option<String> {
    let post = |task: TaskNo| whose(task).map_or_else(|| format!("task {task}"), |post| post.to_string());
    Some(match event {
        Event::TaskDecided(e) => {
            let why = e.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let only = if e.counts_as_review { ", which counts as a review only" } else { "" };
            let over = if e.overrides { ", over an objection" } else { "" };
            format!("{} ({}) {}{over}{only}{why}", post(e.task), e.person, answers(e.verdict))
        }
        Event::TaskAnswered(e) => {
            let choice = e.choice.as_ref().map(|choice| format!(" {choice}")).unwrap_or_default();
            let (post, answers) = (post(e.task), answers(e.verdict));
            format!("{post} ({}) {answers}{choice} {}", e.person, show_all(&e.fields)).trim_end().to_owned()
        }
        Event::TaskWithdrawn(e) => {
            let why = match e.cause {
                WithdrawnCause::StepClosed => "a colleague's answer has closed the step",
                WithdrawnCause::CaseWithdrawn => "the document was taken back",
                WithdrawnCause::Expired => "the state has expired",
                WithdrawnCause::Held => "the case is held",
                WithdrawnCause::Asked => "the case was moved",
                WithdrawnCause::Preceded => "somebody else is asked before",
                WithdrawnCause::Removed => "it was taken off the list",
                WithdrawnCause::TakenBack => "the answer before was taken back",
                WithdrawnCause::Jumped => "an administrator has moved the case",
                WithdrawnCause::Amended => "the document is another one now",
            };
            format!("{} is no longer asked: {why}", post(e.task))
        }
        Event::TaskLapsed(e) => format!("{} has said nothing in time, and nobody waits", post(e.task)),
        Event::TaskReminded(e) => format!("{} is reminded", post(e.task)),
        Event::TaskOverdue(e) => format!("{} is overdue, copied: {}", post(e.task), listed(&e.copied)),
        Event::TaskEscalated(e) => {
            format!("{} is silent, which is escalated to {}", post(e.task), listed(&e.to))
        }
        Event::TaskReassigned(e) => {
            let from = post(e.task);
            let from = if from == *e.position { String::new() } else { format!(" in the place of {from}") };
            format!("{} ({}) is asked now{from}", e.position, listed(&e.holders))
        }
        Event::TaskReferred(e) => format!("{} ({}) hands it up: {}", post(e.task), e.person, e.reason),
        Event::SignatureKept(e) => format!("the signature of {} still stands", post(e.task)),
        _ => return None,
    })
}

fn answers(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approves",
        Verdict::Pass => "passes",
        Verdict::Object => "objects",
        Verdict::Return => "returns it",
        Verdict::Reject => "rejects it",
        Verdict::Input => "advises",
        Verdict::Submit => "completes the document",
        Verdict::Done => "does it",
        Verdict::Refuse => "refuses it",
        Verdict::Choose => "chooses",
    }
}

/// What people do with tasks beside answering them.
fn beside(event: &Event) -> Option<String> {
    Some(match event {
        Event::TaskTransferred(e) => {
            let (to, duty) = (&e.slot.position, duty(e.slot.duty));
            format!("{} hands task {} over to {to}, who is asked to {duty}: {}", e.person, e.task, e.reason)
        }
        Event::OpinionRequested(e) => {
            format!("{} asks {} for an opinion (task {}): {}", e.by, e.slot.position, e.task, e.question)
        }
        Event::OpinionGiven(e) => format!("the opinion of {}: {}", e.person, e.verdict.word()),
        Event::SignatureTakenBack(e) => format!("{} takes back what it decided in task {}", e.person, e.task),
        Event::ApproverAdded(e) => {
            let place = match e.place {
                Place::Before => "before",
                Place::After => "after",
                Place::Beside => "beside",
            };
            format!("{} adds {} {place} itself: {}", e.by, e.slot.position, e.reason)
        }
        Event::ApproverRemoved(e) => format!("{} is no longer asked: {}", e.position, e.reason),
        Event::TaskClaimed(e) => format!("{} claims task {}", e.person, e.task),
        Event::TaskReleased(e) => format!("{} gives task {} back", e.person, e.task),
        Event::CaseJumped(e) => {
            format!("override: {} puts it from {} to {}: {}", e.person, e.from, e.to, e.reason)
        }
        Event::ReturnLed(e) => format!("back to {}", e.to),
        Event::AccessDenied(e) => format!("{} as {} may not see it", e.person, e.position),
        Event::SecretRevealed(e) => format!("{} as {} reads {}", e.person, e.position, e.field),
        Event::SecretsErased(e) => format!("its secrets are erased by {}: {}", e.person, e.reason),
        _ => return None,
    })
}

fn of_dealings(event: &Event) -> Option<String> {
    Some(match event {
        Event::FactReceived(e) => format!("{} arrives: {}", e.fact, show_all(&e.data)),
        Event::FactsLearnt(e) => format!("learns {}", show_all(&e.facts)),
        Event::CaseAsked(e) if e.entry.starts_with("trial-") => "put there by the case file".to_owned(),
        Event::CaseAsked(e) if e.by_case.is_none() && e.position.is_empty() => {
            format!("moved by {}", e.entry)
        }
        Event::CaseAsked(e) => format!("asked for {}", e.entry),
        Event::CaseHandedOver(e) => format!("handed over from {} to {}", e.from, e.to),
        Event::CaseOperated(e) => format!("{:?} by {}: {}", e.act, e.person, e.reason),
        Event::CommandIssued(e) => {
            let undoes = if e.undoes.is_some() { " (an undo)" } else { "" };
            format!("asks for {} {}{undoes}", e.verb, show_all(&e.with))
        }
        Event::CommandSentAgain(e) => format!("command {} is sent again, attempt {}", e.command, e.attempt),
        Event::CommandSilent(e) => format!("command {} gets no answer", e.command),
        Event::CommandAnswered(e) => {
            let code = e.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let late = if e.late { ", late" } else { "" };
            format!("command {}: {}{code} {}{late}", e.command, e.word, show_all(&e.fields))
        }
        Event::ReplyConflicted(e) => format!("command {}: a second, different answer {}", e.command, e.word),
        Event::EffectUndone(_) => "one thing is undone".to_owned(),
        Event::EffectSettled(e) => match &e.what {
            Settled::Command { id, verb } => format!("{verb} ({id}) is settled by hand"),
            Settled::Child(case) => format!("C-{case} is settled by hand"),
            Settled::Record { table: of, key } | Settled::Account { account: of, key } => {
                format!("{of} {key} is settled by hand")
            }
        },
        Event::Reserved(e) => format!("{}: {} of {} {}", e.name, e.amount, e.account, e.key),
        Event::ReservationRefused(e) => {
            format!("{}: {} {} has {}, short {}", e.code, e.account, e.key, e.free, e.short())
        }
        Event::Consumed(e) => format!("uses {} of {} {}", e.amount, e.account, e.key),
        Event::Restored(e) => format!("{} of {} {} is free again", e.amount, e.account, e.key),
        Event::Released(e) => format!("gives back {} of {} {}", e.amount, e.account, e.key),
        Event::HoldTaken(e) => {
            format!("takes {}: {} of {} {} from C-{}", e.name, e.amount, e.account, e.key, e.from)
        }
        Event::HoldLapsed(e) => format!("what it left behind has lapsed: {}", e.end),
        Event::ChildStarted(e) => format!("starts C-{} of {}", e.child, e.chain),
        Event::ChildEnded(e) => format!("C-{} has ended: {}", e.child, e.end),
        Event::RecordWritten(e) => {
            let row = e.row.as_ref().map_or_else(|| "taken out".to_owned(), show_all);
            format!("records {} {}: {row}", e.table, e.key)
        }
        Event::AlarmRaised(e) => format!("alarm {}, told: {}", e.name, listed(&e.told)),
        Event::FactKept(e) => format!("{} is kept: no case waits for it", e.fact),
        Event::FactGivenUp(e) => format!("{} is given up", e.fact),
        Event::PersonHired(e) => format!("{} takes the post {}", e.person, e.post.position),
        Event::PersonLeft(e) => format!("{} leaves", e.person),
        Event::PersonMoved(e) => format!("{} goes to {}", e.person, e.to.position),
        Event::PostVacated(e) => format!("{} is vacant", e.post.position),
        Event::ActingAppointed(e) => match &e.acting {
            Some(acting) => format!("{} acts for {}", acting.by, e.position),
            None => format!("nobody acts for {} any more", e.position),
        },
        Event::DelegationGranted(e) => {
            format!("{}: {} delegates to {}", e.name, e.delegation.from, e.delegation.to)
        }
        Event::DelegationEnded(e) => format!("{} ends", e.name),
        Event::StoodIn(e) => format!("{} answers for {}", e.person, e.position),
        Event::PeriodBegan(e) => format!("a period of {} begins", e.chain),
        _ => return None,
    })
}

fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::Approve => "decide",
        Duty::OnCall => "decide if it wants to",
        Duty::Review => "review",
        Duty::Input => "contribute",
        Duty::Edit => "complete the document",
        Duty::Task => "do a piece of work",
    }
}

fn listed(names: &[Name]) -> String {
    if names.is_empty() {
        return "nobody".to_owned();
    }
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
