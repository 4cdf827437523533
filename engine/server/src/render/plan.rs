//! Plans as JSON: who is to be asked, in which order, and why.

use countersign_core::event::{About, Capacity, Level, Milestones, Plan, PlanNode, Slot, Work};
use countersign_core::value::Value as CoreValue;

use super::json::{Json, json};
use super::words::why;

/// What a state waits for.
pub(super) fn work(of: &Work) -> Json<'_> {
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
            "about": Json::list(about, asked_about),
        }),
        Work::Following(items) => json!({
            "kind": "outside",
            "commands": Json::list(items, |(_, command)| Json::from(*command)),
        }),
        Work::Message { fact, .. } => json!({ "kind": "fact", "fact": fact.as_str() }),
        Work::Outside(items) => json!({
            "kind": "outside",
            "items": Json::list(items.iter().filter(|item| **item != CoreValue::Missing), Json::Value),
        }),
        Work::Compensation(_) => json!({ "kind": "compensation" }),
        Work::Until(until) => json!({ "kind": "until", "until": Json::At(*until) }),
    }
}

fn asked_about(about: &About) -> Json<'_> {
    json!({ "slot": about.slot, "task": about.task, "item": about.item.as_ref().map(Json::Value) })
}

fn slots(first: usize, plan: &Plan) -> Json<'_> {
    Json::list((first..).zip(&plan.slots), |(number, of)| slot(Some(number), of))
}

/// One signature that is wanted; slots that are added later have no number of their own in the event.
pub(super) fn slot(number: Option<usize>, of: &Slot) -> Json<'_> {
    json!({
        "slot": number,
        "duty": of.duty.word(),
        "position": of.position.as_str(),
        "capacities": capacities(&of.capacities),
        "veto": of.veto,
        "blind": of.blind,
        "within": Json::Printed(&of.within),
        "level": of.level.as_ref().map(level),
        "seat_of": of.seat_of.as_ref(),
        "barred": Json::Names(&of.barred),
    })
}

fn level(of: &Level) -> Json<'_> {
    json!({
        "authority": of.authority.as_str(),
        "place": of.place,
        "need": Json::Printed(&of.need),
        "limit": of.limit.as_ref().map_or(Json::Text("unlimited"), |limit| Json::Printed(limit)),
        "decides": of.decides,
    })
}

/// How slots stand to one another.
pub(super) fn node(of: &PlanNode) -> Json<'_> {
    match of {
        PlanNode::Slot(number) => json!({ "slot": *number }),
        PlanNode::All(parts) => json!({ "all": all(parts) }),
        PlanNode::Any(parts) => json!({ "any": all(parts) }),
        PlanNode::InOrder(parts) => json!({ "in_order": all(parts) }),
        PlanNode::Climb(levels) => json!({ "climb": all(levels) }),
        PlanNode::Votes { need, members } => {
            let members = Json::list(members, |(weight, of)| json!({ "weight": *weight, "of": node(of) }));
            json!({ "votes": json!({ "need": *need, "members": members }) })
        }
    }
}

fn all(parts: &[PlanNode]) -> Json<'_> {
    Json::list(parts, node)
}

/// For which positions a signature counts, and why.
pub(super) fn capacities(of: &[Capacity]) -> Json<'_> {
    Json::list(of, |capacity| json!({ "position": capacity.position.as_str(), "why": why(capacity.why) }))
}

/// When a task is reminded, due and escalated.
pub(super) fn milestones(of: &Milestones) -> Json<'_> {
    json!({ "remind_at": Json::At(of.remind), "due_at": Json::At(of.overdue), "escalate_at": Json::At(of.escalate) })
}
