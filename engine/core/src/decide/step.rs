//! The tree of a step: what it has come to, and who is to be asked next. Pure functions of plan and slots.

use crate::command::Verdict;
use crate::event::PlanNode;
use crate::state::{SlotStatus, Step};

/// What a part of a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepResult {
    /// Somebody is still to answer.
    Open,
    /// Everybody needed has agreed.
    Passed,
    /// Back to the submitter.
    Returned,
    /// No.
    Rejected,
    /// A piece of work was refused.
    Failed,
    /// It fell away undecided; it counts neither way.
    Void,
}

/// What the part has come to.
pub fn result(node: &PlanNode, step: &Step) -> StepResult {
    use StepResult::{Failed, Open, Passed, Rejected, Returned, Void};
    match node {
        PlanNode::Slot(slot) => step.slots.get(usize::from(*slot)).map_or(Open, |s| of_slot(*s)),
        PlanNode::All(parts) => {
            // A rejection or a refusal closes at once; otherwise all are waited for, and a return beats the rest.
            let results: Vec<StepResult> = parts.iter().map(|part| result(part, step)).collect();
            [Rejected, Failed, Open, Void, Returned]
                .into_iter()
                .find(|r| results.contains(r))
                .unwrap_or(Passed)
        }
        PlanNode::Any(parts) => {
            // Of the colleagues who fell away with the first answer none has one of its own.
            let results: Vec<StepResult> = parts.iter().map(|part| result(part, step)).collect();
            let first = results.iter().copied().find(|r| !matches!(r, Open | Void));
            first.or([Open, Void].into_iter().find(|r| results.contains(r))).unwrap_or(Passed)
        }
        PlanNode::Votes { need, members } => votes(*need, members, step),
        PlanNode::InOrder(parts) | PlanNode::Climb(parts) => {
            parts.iter().map(|part| result(part, step)).find(|r| *r != Passed).unwrap_or(Passed)
        }
    }
}

fn of_slot(status: SlotStatus) -> StepResult {
    match status {
        SlotStatus::Waiting | SlotStatus::Open(_) => StepResult::Open,
        SlotStatus::Answered(_, Verdict::Return) => StepResult::Returned,
        SlotStatus::Answered(_, Verdict::Reject) => StepResult::Rejected,
        SlotStatus::Answered(_, Verdict::Refuse) => StepResult::Failed,
        SlotStatus::Answered(..)
        | SlotStatus::Kept(_)
        | SlotStatus::PassedOn(_)
        | SlotStatus::Lapsed
        | SlotStatus::Removed => StepResult::Passed,
        SlotStatus::Withdrawn => StepResult::Void,
    }
}

/// The slate is fixed: whoever has not answered may still approve, whoever said anything else may not.
fn votes(need: u32, members: &[(u32, PlanNode)], step: &Step) -> StepResult {
    let weigh = |wanted: StepResult| -> u64 {
        let members = members.iter().filter(|(_, node)| result(node, step) == wanted);
        let for_it = members.filter(|(_, node)| wanted != StepResult::Passed || !objects(node, step));
        for_it.map(|(weight, _)| u64::from(*weight)).sum()
    };
    let (passed, open, void) = (weigh(StepResult::Passed), weigh(StepResult::Open), weigh(StepResult::Void));
    if passed >= u64::from(need) {
        StepResult::Passed
    } else if passed + open + void >= u64::from(need) {
        // Undecided: still open, or it fell away before it was decided.
        if open > 0 { StepResult::Open } else { StepResult::Void }
    } else if weigh(StepResult::Rejected) > 0 {
        StepResult::Rejected
    } else if weigh(StepResult::Failed) > 0 {
        StepResult::Failed
    } else {
        StepResult::Returned
    }
}

/// An objection lets a document go on where all are asked; as a vote it is none for it.
fn objects(node: &PlanNode, step: &Step) -> bool {
    let PlanNode::Slot(slot) = node else { return false };
    matches!(step.slots.get(usize::from(*slot)), Some(SlotStatus::Answered(_, Verdict::Object)))
}

/// The slots that are to be asked now, asked already or not.
pub fn ready(node: &PlanNode, step: &Step) -> Vec<u16> {
    let mut slots = Vec::new();
    collect_ready(node, step, &mut slots);
    slots
}

fn collect_ready(node: &PlanNode, step: &Step, slots: &mut Vec<u16>) {
    if result(node, step) != StepResult::Open {
        return;
    }
    match node {
        PlanNode::Slot(slot) => slots.push(*slot),
        PlanNode::All(parts) | PlanNode::Any(parts) => {
            parts.iter().for_each(|p| collect_ready(p, step, slots))
        }
        PlanNode::Votes { members, .. } => members.iter().for_each(|(_, p)| collect_ready(p, step, slots)),
        PlanNode::InOrder(parts) | PlanNode::Climb(parts) => {
            if let Some(part) = parts.iter().find(|part| result(part, step) == StepResult::Open) {
                collect_ready(part, step, slots);
            }
        }
    }
}

/// The parts that are decided and in no open `all`: their opinions may be opened, whether they closed with all
/// answers or fell away with a colleague's.
pub(super) fn closed_blind_parts<'a>(node: &'a PlanNode, step: &Step, parts: &mut Vec<&'a PlanNode>) {
    match node {
        PlanNode::Slot(_) => {}
        _ if result(node, step) != StepResult::Open => parts.push(node),
        // An `all` within an `all` stays closed with it: whoever is still to answer there must not see it.
        PlanNode::All(_) => {}
        PlanNode::Any(inner) | PlanNode::InOrder(inner) | PlanNode::Climb(inner) => {
            inner.iter().for_each(|part| closed_blind_parts(part, step, parts));
        }
        PlanNode::Votes { members, .. } => {
            members.iter().for_each(|(_, part)| closed_blind_parts(part, step, parts));
        }
    }
}

/// Whether what one slot said is closed to another: they are in different members of an open `all`.
pub(super) fn hidden_from(node: &PlanNode, step: &Step, (theirs, own): (u16, u16)) -> bool {
    let parts: Vec<&PlanNode> = match node {
        PlanNode::Slot(_) => return false,
        PlanNode::Votes { members, .. } => members.iter().map(|(_, part)| part).collect(),
        PlanNode::All(parts) | PlanNode::Any(parts) | PlanNode::InOrder(parts) | PlanNode::Climb(parts) => {
            parts.iter().collect()
        }
    };
    let Some(part) = parts.into_iter().find(|part| part.holds(theirs)) else { return false };
    let apart = matches!(node, PlanNode::All(_)) && !part.holds(own);
    result(node, step) == StepResult::Open && (apart || hidden_from(part, step, (theirs, own)))
}
