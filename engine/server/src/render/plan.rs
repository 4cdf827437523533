//! Plans as JSON: who is to be asked, in which order, and why.

use countersign_core::event::{About, Capacity, Level, Milestones, Plan, PlanNode, Slot, Work};
use countersign_core::value::Value as CoreValue;
use serde_json::{Value, json};

use super::value::{at, names, value};
use super::words::why;

/// What a state waits for.
pub(super) fn work(of: &Work) -> Value {
    match of {
        Work::None => json!({ "kind": "none" }),
        Work::People(plan) => {
            json!({ "kind": "people", "order": node(&plan.root), "slots": slots(0, plan) })
        }
        Work::Fact(fact) => json!({ "kind": "fact", "fact": fact.as_str() }),
        Work::Asked { plan, about } => json!({
            "kind": "people",
            "order": node(&plan.root),
            "slots": slots(0, plan),
            "about": about.iter().map(asked_about).collect::<Vec<_>>(),
        }),
        Work::Following(items) => json!({
            "kind": "outside",
            "commands": items.iter().map(|(_, command)| *command).collect::<Vec<_>>(),
        }),
        Work::Message { fact, .. } => json!({ "kind": "fact", "fact": fact.as_str() }),
        Work::Outside(items) => json!({
            "kind": "outside",
            "items": items.iter().filter(|item| **item != CoreValue::Missing).map(value).collect::<Vec<_>>(),
        }),
        Work::Compensation(_) => json!({ "kind": "compensation" }),
        Work::Until(until) => json!({ "kind": "until", "until": at(*until) }),
    }
}

fn asked_about(about: &About) -> Value {
    json!({ "slot": about.slot, "task": about.task, "item": about.item.as_ref().map(value) })
}

fn slots(first: usize, plan: &Plan) -> Value {
    Value::Array((first..).zip(&plan.slots).map(|(number, of)| slot(Some(number), of)).collect())
}

/// One signature that is wanted; slots that are added later have no number of their own in the event.
pub(super) fn slot(number: Option<usize>, of: &Slot) -> Value {
    json!({
        "slot": number,
        "duty": of.duty.word(),
        "position": of.position.as_str(),
        "capacities": capacities(&of.capacities),
        "veto": of.veto,
        "blind": of.blind,
        "within": of.within.to_string(),
        "level": of.level.as_ref().map(level),
        "seat_of": of.seat_of.as_ref().map(|group| group.as_str()),
        "barred": names(&of.barred),
    })
}

fn level(of: &Level) -> Value {
    json!({
        "authority": of.authority.as_str(),
        "place": of.place,
        "need": of.need.to_string(),
        "limit": of.limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string()),
        "decides": of.decides,
    })
}

/// How slots stand to one another.
pub(super) fn node(of: &PlanNode) -> Value {
    let all = |parts: &[PlanNode]| Value::Array(parts.iter().map(node).collect());
    match of {
        PlanNode::Slot(number) => json!({ "slot": number }),
        PlanNode::All(parts) => json!({ "all": all(parts) }),
        PlanNode::Any(parts) => json!({ "any": all(parts) }),
        PlanNode::InOrder(parts) => json!({ "in_order": all(parts) }),
        PlanNode::Climb(levels) => json!({ "climb": all(levels) }),
        PlanNode::Votes { need, members } => {
            let members = members.iter().map(|(weight, of)| json!({ "weight": weight, "of": node(of) }));
            json!({ "votes": { "need": need, "members": members.collect::<Vec<_>>() } })
        }
    }
}

/// For which positions a signature counts, and why.
pub(super) fn capacities(of: &[Capacity]) -> Value {
    let one =
        |capacity: &Capacity| json!({ "position": capacity.position.as_str(), "why": why(capacity.why) });
    Value::Array(of.iter().map(one).collect())
}

/// When a task is reminded, due and escalated.
pub(super) fn milestones(of: &Milestones) -> Value {
    json!({ "remind_at": at(of.remind), "due_at": at(of.overdue), "escalate_at": at(of.escalate) })
}
