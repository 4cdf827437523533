//! What each kind of event says, as a JSON object.

use countersign_core::definition::Target;
use countersign_core::effect::{Effect, effects};
use countersign_core::event::*;
use serde_json::{Map, Value};

use super::json::{Json, json};
use super::outward::outward;
use super::plan::{capacities, milestones, node, slot, work};
use super::words::{definition, verdict, withdrawn};

/// Whether the answers of a blind part may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinions {
    /// The part is still closed, or may be: a blind answer is told without verdict and reason.
    Closed,
    /// It is open.
    Open,
}

/// What an event says. `following` are the events of the same frame after it: they name the places that an arrow
/// leads to, which the event itself has by number. The sources of definitions are left out, their hashes are not.
pub fn data<'e>(
    event: &'e Event,
    following: impl Iterator<Item = &'e Event>,
    opinions: Opinions,
) -> Map<String, Value> {
    told(event, following, opinions).map()
}

/// The same, to be written.
pub(super) fn told<'e>(
    event: &'e Event,
    following: impl Iterator<Item = &'e Event>,
    opinions: Opinions,
) -> Json<'e> {
    let mut told = match event {
        Event::CompanyFounded(_)
        | Event::DefinitionStored(_)
        | Event::DefinitionsActivated(_)
        | Event::OrganisationSwept(_)
        | Event::SkipLevelAttempted(_) => company(event),
        Event::CaseSubmitted(_)
        | Event::CaseResubmitted(_)
        | Event::StateEntered(_)
        | Event::StateSkipped(_)
        | Event::ChecksFailed(_)
        | Event::StepClosed(_)
        | Event::OpinionsOpened(_)
        | Event::CaseReturned(_)
        | Event::CaseEnded(_)
        | Event::CaseWithdrawn(_)
        | Event::CaseHeld(_)
        | Event::FactReceived(_)
        | Event::TurnSplit(_) => case(event),
        Event::BranchChosen(e) => json!({ "to": target(e.case, e.go, following) }),
        Event::StateExpired(e) => {
            json!({ "state": e.state.as_str(), "to": target(e.case, e.go, following) })
        }
        Event::TaskDecided(e) => decided(e, opinions),
        Event::CaseAsked(e) => {
            let mut told = outward(event);
            told.set("to", e.go.map_or(Json::Null, |go| target(e.case, go, following)));
            told
        }
        _ => match outward(event) {
            Json::Null => match super::actions::data(event) {
                Json::Null => match super::access::data(event) {
                    Json::Null => task(event),
                    told => told,
                },
                told => told,
            },
            told => told,
        },
    };
    complete(event, &mut told);
    told
}

/// Adds what is common: the case, and who is told.
fn complete(event: &Event, told: &mut Json<'_>) {
    if let Some(case) = event.case() {
        told.set("case", Json::Case(case));
    }
    let positions = effects(event).into_iter().flat_map(|effect| match effect {
        Effect::Notify { positions, .. } => positions,
        Effect::Command(_) => Vec::new(),
    });
    let positions: Vec<_> = positions.map(Json::Name).collect();
    if !positions.is_empty() {
        told.set("notify", Json::List(positions));
    }
}

fn company(event: &Event) -> Json<'_> {
    match event {
        Event::CompanyFounded(e) => {
            json!({ "company": e.company.as_str(), "administrator": e.administrator.as_str() })
        }
        Event::DefinitionStored(e) => json!({
            "number": e.number,
            "kind": definition(e.kind),
            "name": e.name.as_str(),
            "path": e.path.as_str(),
            "sha256": Json::Hash(&e.sha256),
            "form": e.form,
        }),
        Event::DefinitionsActivated(e) => {
            json!({ "release": e.release, "definitions": e.definitions.clone() })
        }
        Event::OrganisationSwept(e) => {
            json!({ "next": e.next.map(Json::Case), "complete": e.next.is_none() })
        }
        Event::SkipLevelAttempted(e) => json!({
            "chain": e.chain.as_str(),
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "addressee": e.addressee.as_str(),
            "superior": e.superior.as_ref(),
        }),
        _ => Json::Null,
    }
}

fn case(event: &Event) -> Json<'_> {
    match event {
        Event::CaseSubmitted(e) => submitted(e),
        Event::CaseResubmitted(e) => resubmitted(e),
        Event::StateEntered(e) => json!({
            "state": e.name.as_str(),
            "work": work(&e.work),
            "expires_at": e.expires_at.map(Json::At),
        }),
        Event::StateSkipped(e) => json!({ "state": e.name.as_str(), "outcome": e.outcome.as_str() }),
        Event::ChecksFailed(e) => json!({ "codes": Json::Names(&e.codes) }),
        Event::StepClosed(e) => json!({
            "state": e.state.as_str(),
            "outcome": e.outcome.as_str(),
            "opinions": opinions(&e.opinions),
        }),
        Event::OpinionsOpened(e) => json!({ "opinions": opinions(&e.opinions) }),
        Event::CaseReturned(e) => json!({ "returns": e.returns }),
        Event::CaseEnded(e) => json!({
            "end": e.end.as_str(),
            "good": e.good,
            "code": e.code.as_ref(),
        }),
        Event::CaseWithdrawn(e) => json!({ "reason": e.reason.as_ref() }),
        Event::CaseHeld(e) => json!({ "code": e.code.as_str(), "detail": e.detail.as_str() }),
        Event::FactReceived(e) => json!({
            "fact": e.fact.as_str(),
            "message_id": e.message_id.as_str(),
            "data": Json::Record(&e.data),
        }),
        _ => Json::Null,
    }
}

fn submitted(e: &CaseSubmitted) -> Json<'_> {
    let mut told = json!({
        "chain": e.chain.as_str(),
        "release": e.release,
        "revision": 1_u32,
        "submitter": json!({
            "person": e.submitter.person.as_str(),
            "position": e.submitter.position.as_str(),
            "unit": e.submitter.unit.as_str(),
            "kind": e.submitter.kind.as_str(),
        }),
        "path": Json::Names(&e.path),
    });
    content(&mut told, &e.content);
    told
}

pub(super) fn resubmitted(e: &CaseResubmitted) -> Json<'_> {
    let mut told = json!({
        "revision": e.revision,
        "person": e.person.as_str(),
        "by_editor": e.by_editor,
        "voids_signatures": e.voids_signatures,
    });
    content(&mut told, &e.content);
    told
}

/// The document. What State keeps of it, and the unique values it claims, are the engine's own.
fn content<'e>(told: &mut Json<'e>, of: &'e Content) {
    told.set("document", Json::Record(&of.document));
    told.set("content_hash", Json::Hash(&of.hash));
    told.set("commercial_hash", Json::Hash(&of.commercial));
    told.set("amount", of.amount.as_ref().map(Json::Value));
    told.set("key", of.key.as_ref());
}

fn opinions(of: &[Opinion]) -> Json<'_> {
    Json::list(of, opinion)
}

fn opinion(of: &Opinion) -> Json<'_> {
    json!({
        "task": Json::Task(of.task),
        "position": of.position.as_str(),
        "person": of.person.as_str(),
        "verdict": verdict(of.verdict),
        "reason": of.reason.as_ref(),
    })
}

/// An answer. Of a blind part that is closed only that it was given: whether it counts as a review, or overrides
/// an objection, would tell the verdict too.
fn decided(e: &TaskDecided, opinions: Opinions) -> Json<'_> {
    let mut told = json!({
        "task": Json::Task(e.task),
        "person": e.person.as_str(),
        "blind": e.blind,
        "content_hash": Json::Hash(&e.content_hash),
    });
    if !e.blind || opinions == Opinions::Open {
        told.set("verdict", verdict(e.verdict));
        told.set("reason", e.reason.as_ref());
        told.set("counts_as_review", e.counts_as_review);
        told.set("overrides", e.overrides);
    }
    told
}

fn task(event: &Event) -> Json<'_> {
    match event {
        Event::TaskOpened(e) => json!({
            "task": Json::Task(e.task),
            "slot": e.slot,
            "duty": e.duty.word(),
            "position": e.position.as_str(),
            "holders": Json::Names(&e.holders),
            "capacities": capacities(&e.capacities),
            "milestones": milestones(&e.milestones),
        }),
        Event::TaskWithdrawn(e) => json!({ "task": Json::Task(e.task), "cause": withdrawn(e.cause) }),
        Event::SignatureKept(e) => json!({ "task": Json::Task(e.task), "slot": e.slot }),
        Event::TaskLapsed(e) => json!({ "task": Json::Task(e.task) }),
        Event::TaskReminded(e) => json!({ "task": Json::Task(e.task) }),
        Event::TaskOverdue(e) => json!({ "task": Json::Task(e.task) }),
        Event::TaskEscalated(e) => json!({ "task": Json::Task(e.task) }),
        Event::TaskReassigned(e) => json!({
            "task": Json::Task(e.task),
            "position": e.position.as_str(),
            "holders": Json::Names(&e.holders),
            "capacities": capacities(&e.capacities),
            "milestones": milestones(&e.milestones),
        }),
        Event::TaskReferred(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "reason": e.reason.as_str(),
        }),
        Event::RouteExtended(e) => json!({
            "slot": e.slot,
            "levels": Json::list(&e.levels, node),
            "slots": Json::list(&e.slots, |of| slot(None, of)),
        }),
        Event::AmountWeighed(e) => weighed(e),
        Event::SelfApprovalAttempted(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "position": e.position.as_str(),
        }),
        Event::LateAnswer(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "verdict": verdict(e.verdict),
        }),
        _ => Json::Null,
    }
}

fn weighed(e: &AmountWeighed) -> Json<'_> {
    json!({
        "task": e.task.map(Json::Task),
        "authority": e.authority.as_str(),
        "amount": Json::Value(&e.amount),
        "rates": Json::list(&e.rates, rate),
        "own": Json::Printed(&e.own),
        "added": e.added.as_ref().map(added),
        "need": Json::Printed(&e.need),
    })
}

fn rate(used: &RateUsed) -> Json<'_> {
    json!({
        "currency": used.currency.as_str(),
        "rate": Json::Printed(&used.rate),
        "on": Json::Printed(&used.on),
    })
}

fn added(added: &Added) -> Json<'_> {
    json!({
        "key": added.key.as_str(),
        "sum": Json::Printed(&added.sum),
        "count": added.count,
        "cases": Json::list(&added.cases, |case| Json::Case(*case)),
    })
}

/// Where an arrow leads, by name. The number of a state, where the turn went on in another frame.
fn target<'e>(case: u64, go: Target, mut following: impl Iterator<Item = &'e Event>) -> Json<'e> {
    let own = |event: &&Event| event.case() == Some(case);
    match go {
        Target::Draft => json!({ "draft": true }),
        Target::OnHold => json!({ "on_hold": true }),
        Target::Back => json!({ "back": true }),
        Target::State(place) => {
            let name = following.filter(own).find_map(|event| match event {
                Event::StateEntered(e) if e.state == place => Some(&e.name),
                Event::StateSkipped(e) if e.state == place => Some(&e.name),
                _ => None,
            });
            name.map_or_else(|| json!({ "state_number": place }), |name| json!({ "state": name.as_str() }))
        }
        Target::End(place) => {
            let end = following.find_map(|event| match event {
                Event::CaseEnded(e) if e.case == case => Some(&e.end),
                _ => None,
            });
            end.map_or_else(|| json!({ "end_number": place }), |end| json!({ "end": end.as_str() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::every_kind;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn shown(event: &Event, opinions: Opinions) -> String {
        Value::Object(data(event, std::iter::empty(), opinions)).to_string()
    }

    #[test]
    fn every_kind_of_event_is_told() {
        let samples = every_kind();
        let kinds: BTreeSet<&str> = samples.iter().map(Event::name).collect();
        let declared: BTreeSet<&str> = Event::KINDS.iter().map(|(_, name)| *name).collect();
        assert_eq!(kinds, declared, "the samples show every kind");
        for event in &samples {
            let told = data(event, std::iter::empty(), Opinions::Closed);
            assert_eq!(told.contains_key("case"), event.case().is_some(), "{}", event.name());
            let says_more = told.keys().any(|key| key != "case");
            assert!(says_more || event.name() == "turn-split", "{} says nothing", event.name());
        }
    }

    #[test]
    fn a_blind_answer_is_told_without_what_was_answered() {
        let blind = every_kind().into_iter().find(|event| event.name() == "task-decided").expect("a sample");
        let closed = shown(&blind, Opinions::Closed);
        for hidden in ["verdict", "reason", "approve", "prepaid", "counts_as_review", "overrides"] {
            assert!(!closed.contains(hidden), "{hidden} is in {closed}");
        }
        assert!(closed.contains(r#""blind":true"#));
        assert!(shown(&blind, Opinions::Open).contains(r#""verdict":"approve""#));
    }

    #[test]
    fn the_source_of_a_definition_is_not_told_its_hash_is() {
        let stored = every_kind().into_iter().find(|event| event.name() == "definition-stored");
        let told = shown(&stored.expect("a sample"), Opinions::Closed);
        assert!(!told.contains("systems: {}") && !told.contains("source") && !told.contains("compiled"));
        assert!(told.contains(&"03".repeat(32)));
    }

    #[test]
    fn an_arrow_is_told_by_name_where_its_frame_names_it() {
        let events = every_kind();
        let chosen = events.iter().find(|event| event.name() == "branch-chosen").expect("a sample");
        let ended = events.iter().find(|event| event.name() == "case-ended");
        let told = data(chosen, ended.into_iter(), Opinions::Closed);
        assert_eq!(told["to"], json!({ "end": "rejected" }));
        assert_eq!(data(chosen, std::iter::empty(), Opinions::Closed)["to"], json!({ "end_number": 1 }));
    }

    #[test]
    fn positions_that_are_told_stand_under_notify() {
        let overdue = every_kind().into_iter().find(|event| event.name() == "task-overdue");
        let told = data(&overdue.expect("a sample"), std::iter::empty(), Opinions::Closed);
        assert_eq!(told["notify"], json!(["region_east_head"]));
    }
}
