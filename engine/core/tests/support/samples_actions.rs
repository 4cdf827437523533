//! One event of every kind of what people do with tasks beside answering them.

use countersign_core::command::Verdict;
use countersign_core::definition::{Duty, Target};
use countersign_core::event::*;

use super::{capacities, content, milestones, n, slot};

pub(super) fn action_events() -> Vec<Event> {
    let (case, task) = (42, 3);
    let handed = Capacity { position: n("bgm_zj"), why: CapacityWhy::Transferred };
    let transferred = Slot { capacities: capacities().into_iter().chain([handed]).collect(), ..slot() };
    let asked = || Slot { duty: Duty::Input, level: None, seat_of: None, ..slot() };
    let mut events = vec![
        Event::TaskTransferred(TaskTransferred {
            case,
            task,
            person: n("H26"),
            from: n("bgm_zj"),
            slot: transferred,
            holders: vec![n("H25")],
            milestones: milestones(),
            reason: n("leave"),
        }),
        Event::OpinionRequested(OpinionRequested {
            case,
            task: 4,
            of: task,
            person: n("H25"),
            by: n("bgm_js"),
            slot: asked(),
            holders: vec![n("H05")],
            milestones: milestones(),
            question: n("is clause 7 usual?"),
        }),
        Event::OpinionGiven(OpinionGiven {
            case,
            task: 4,
            person: n("H05"),
            verdict: Verdict::Object,
            reason: Some(n("clause 7")),
            blind: true,
        }),
        Event::SignatureTakenBack(SignatureTakenBack {
            case,
            task,
            person: n("H25"),
            position: n("bgm_js"),
            reason: Some(n("too early")),
            again: vec![1, 2],
            dropped: vec![3],
            enter: Some(2),
        }),
    ];
    events.extend(approver_events());
    events.extend(revised_events());
    events
}

fn approver_events() -> Vec<Event> {
    let (case, task) = (42, 3);
    let asked = || Slot { duty: Duty::Input, level: None, seat_of: None, ..slot() };
    vec![
        Event::ApproverAdded(ApproverAdded {
            case,
            of: 1,
            person: n("H25"),
            by: n("bgm_js"),
            place: Place::Beside,
            slot: asked(),
            reason: n("new customer"),
        }),
        Event::ApproverRemoved(ApproverRemoved {
            case,
            slot: 4,
            position: n("legal"),
            person: n("H25"),
            reason: n("not needed"),
        }),
        Event::TaskClaimed(TaskClaimed { case, task, person: n("H25") }),
        Event::TaskReleased(TaskReleased { case, task, person: n("H25"), holders: vec![n("H25"), n("H26")] }),
        Event::CaseJumped(CaseJumped {
            case,
            person: n("H03"),
            position: n("process_owner"),
            from: n("line"),
            go: Target::State(4),
            to: n("sealing"),
            reason: n("the president has agreed by telephone"),
        }),
        Event::ReturnDirected(ReturnDirected { case, slot: 1, go: Target::State(0) }),
        Event::ReturnLed(ReturnLed { case, go: Target::State(0), to: n("clause-review") }),
    ]
}

fn revised_events() -> Vec<Event> {
    let case = 42;
    vec![
        Event::CaseAmended(CaseAmended {
            again: CaseResubmitted {
                case,
                revision: 2,
                content: content(),
                voids_signatures: false,
                person: n("H31"),
                by_editor: false,
            },
            as_opinions: true,
            reason: n("the customer takes more"),
        }),
        Event::CaseReversed(CaseReversed {
            case,
            by_case: 43,
            entry: n("reverse"),
            was: n("rejected"),
            end: n("approved"),
            good: true,
        }),
        Event::AccessDenied(AccessDenied {
            case,
            person: n("H36"),
            position: n("kam_sd"),
            verb: n("reveal"),
            field: Some(n("contact")),
        }),
        Event::SecretRevealed(SecretRevealed {
            case,
            field: n("contact"),
            person: n("H13"),
            position: n("file_custodian"),
        }),
        Event::SecretsErased(SecretsErased {
            case,
            keys: vec![[7; 16]],
            person: n("H13"),
            position: n("file_custodian"),
            reason: n("the customer has asked for it"),
        }),
    ]
}
