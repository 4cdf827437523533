//! Every no that the log holds, with its reason. Answers of people are read from their tasks: a blind one is not shown.

use countersign_core::command::{CaseNo, Cause, Operation};
use countersign_core::event::Event;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;

use super::Track;

/// One no.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) at: Timestamp,
    /// `request`, `check`, `account`, `system`, `held`, `rule`, `start`, `fact`.
    pub(crate) kind: &'static str,
    pub(crate) chain: Name,
    pub(crate) step: Name,
    /// Who said it: a system, an adapter, nobody.
    pub(crate) by: Name,
    pub(crate) reason: Name,
}

/// Somebody tried what the rules forbid.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    pub(crate) code: &'static str,
    pub(crate) case: Option<CaseNo>,
    pub(crate) chain: Name,
    pub(crate) person: Name,
    pub(crate) position: Name,
    /// To whom it was addressed, past the superior.
    pub(crate) addressee: Name,
    /// The superior who was passed by, for whom it is recorded too.
    pub(crate) superior: Name,
}

pub(super) fn take(track: &mut Track, event: &Event, at: Timestamp) {
    attempt(track, event, at);
    let found: Vec<(&'static str, Name, Name)> = match event {
        Event::ChecksFailed(e) => {
            e.codes.iter().map(|code| ("check", Name::default(), code.clone())).collect()
        }
        Event::CommandAnswered(e) if e.word == *"refused" && !e.late => {
            let reason = e.code.clone().unwrap_or_else(|| Name::from("refused"));
            vec![("system", adapter(track, event), reason)]
        }
        Event::CommandSilent(_) => vec![("system", adapter(track, event), Name::from("SILENT"))],
        Event::CaseEnded(e) => e.code.iter().map(|code| ("rule", Name::default(), code.clone())).collect(),
        Event::CaseHeld(e) => vec![("held", Name::default(), e.code.clone())],
        Event::CaseOperated(e) if e.act == Operation::Hold => {
            vec![("held", e.person.clone(), e.reason.clone())]
        }
        Event::PeriodBegan(e) => {
            let refused = e.refused.iter().map(|(_, code)| Refusal {
                at,
                kind: "start",
                chain: e.chain.clone(),
                step: Name::default(),
                by: Name::default(),
                reason: code.clone(),
            });
            track.refusals.extend(refused);
            return;
        }
        Event::FactGivenUp(e) => {
            let unwanted = Refusal {
                at,
                kind: "fact",
                chain: Name::default(),
                step: e.fact.clone(),
                by: e.sender.clone(),
                reason: Name::from("UNWANTED"),
            };
            track.refusals.push(unwanted);
            return;
        }
        Event::ReservationRefused(e) => {
            vec![("account", Name::from(format!("{} {}", e.account, e.key).trim_end()), e.code.clone())]
        }
        Event::CommandIssued(e) => {
            track.verbs.insert((e.case, e.command), e.verb.clone());
            return;
        }
        _ => return,
    };
    let Some(case) = event.case().and_then(|case| track.cases.get(&case)) else { return };
    let step = case.stay().map(|stay| stay.state.clone()).unwrap_or_default();
    let refusals = found.into_iter().map(|(kind, by, reason)| Refusal {
        at,
        kind,
        chain: case.chain.clone(),
        step: step.clone(),
        by,
        reason,
    });
    track.refusals.extend(refusals);
}

/// Which command of which adapter an answer is about.
fn adapter(track: &Track, event: &Event) -> Name {
    let command = match event {
        Event::CommandAnswered(e) => (e.case, e.command),
        Event::CommandSilent(e) => (e.case, e.command),
        _ => return Name::default(),
    };
    track.verbs.get(&command).cloned().unwrap_or_default()
}

fn attempt(track: &mut Track, event: &Event, at: Timestamp) {
    match event {
        Event::SkipLevelAttempted(e) => track.attempts.push(Attempt {
            at,
            code: "SKIP_LEVEL",
            case: None,
            chain: e.chain.clone(),
            person: e.person.clone(),
            position: e.position.clone(),
            addressee: e.addressee.clone(),
            superior: e.superior.clone().unwrap_or_default(),
        }),
        Event::SelfApprovalAttempted(e) => track.attempts.push(Attempt {
            at,
            code: "SELF_APPROVAL",
            case: Some(e.case),
            chain: track.cases.get(&e.case).map(|case| case.chain.clone()).unwrap_or_default(),
            person: e.person.clone(),
            position: e.position.clone(),
            addressee: Name::default(),
            superior: Name::default(),
        }),
        _ => {}
    }
}

/// A request that was refused and left something for auditors.
pub(super) fn frame(track: &mut Track, frame: &Frame) {
    let Outcome::Refused { code, .. } = &frame.outcome else { return };
    let case = frame.events.iter().find_map(Event::case).and_then(|case| track.cases.get(&case));
    let skipped = frame.events.iter().find_map(|event| match event {
        Event::SkipLevelAttempted(e) => Some(e.chain.clone()),
        _ => None,
    });
    let by = match &frame.cause {
        Cause::Request(request) => request.position.clone(),
        Cause::Operator { os_user } => os_user.clone(),
        Cause::Answer { adapter, .. } | Cause::Fact { adapter, .. } => adapter.clone(),
        Cause::Timer { .. } => Name::default(),
    };
    let stay = case.and_then(|case| case.stay());
    track.refusals.push(Refusal {
        at: frame.at,
        kind: "request",
        chain: case.map(|case| case.chain.clone()).or(skipped).unwrap_or_default(),
        step: stay.map(|stay| stay.state.clone()).unwrap_or_default(),
        by,
        reason: code.clone(),
    });
}
