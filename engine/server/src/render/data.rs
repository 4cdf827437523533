//! What each kind of event says, as a JSON object.

use countersign_core::definition::Target;
use countersign_core::effect::{Effect, effects};
use countersign_core::event::*;
use serde_json::{Map, Value, json};

use super::outward::outward;
use super::plan::{capacities, milestones, node, slot, work};
use super::value::{at, hash, map, names, value};
use super::words::{definition, verdict, withdrawn};
use crate::ids::{case_text, task_text};

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
    event: &Event,
    following: impl Iterator<Item = &'e Event>,
    opinions: Opinions,
) -> Map<String, Value> {
    let told = match event {
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
            told["to"] = e.go.map_or(Value::Null, |go| target(e.case, go, following));
            told
        }
        _ => match outward(event) {
            Value::Null => match super::actions::data(event) {
                Value::Null => match super::access::data(event) {
                    Value::Null => task(event),
                    told => told,
                },
                told => told,
            },
            told => told,
        },
    };
    complete(event, told)
}

/// Adds what is common: the case, and who is told.
fn complete(event: &Event, told: Value) -> Map<String, Value> {
    let mut map = match told {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    if let Some(case) = event.case() {
        map.insert("case".to_owned(), Value::String(case_text(case)));
    }
    let told: Vec<_> = effects(event)
        .into_iter()
        .flat_map(|effect| match effect {
            Effect::Notify { positions, .. } => positions,
            Effect::Command(_) => Vec::new(),
        })
        .collect();
    if !told.is_empty() {
        map.insert("notify".to_owned(), names(&told));
    }
    map
}

fn company(event: &Event) -> Value {
    match event {
        Event::CompanyFounded(e) => {
            json!({ "company": e.company.as_str(), "administrator": e.administrator.as_str() })
        }
        Event::DefinitionStored(e) => json!({
            "number": e.number,
            "kind": definition(e.kind),
            "name": e.name.as_str(),
            "path": e.path.as_str(),
            "sha256": hash(&e.sha256),
            "form": e.form,
        }),
        Event::DefinitionsActivated(e) => json!({ "release": e.release, "definitions": e.definitions }),
        Event::OrganisationSwept(e) => json!({ "next": e.next.map(case_text), "complete": e.next.is_none() }),
        Event::SkipLevelAttempted(e) => json!({
            "chain": e.chain.as_str(),
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "addressee": e.addressee.as_str(),
            "superior": e.superior.as_ref().map(|name| name.as_str()),
        }),
        _ => Value::Null,
    }
}

fn case(event: &Event) -> Value {
    match event {
        Event::CaseSubmitted(e) => submitted(e),
        Event::CaseResubmitted(e) => resubmitted(e),
        Event::StateEntered(e) => json!({
            "state": e.name.as_str(),
            "work": work(&e.work),
            "expires_at": e.expires_at.map(at),
        }),
        Event::StateSkipped(e) => json!({ "state": e.name.as_str(), "outcome": e.outcome.as_str() }),
        Event::ChecksFailed(e) => json!({ "codes": names(&e.codes) }),
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
            "code": e.code.as_ref().map(|code| code.as_str()),
        }),
        Event::CaseWithdrawn(e) => json!({ "reason": e.reason.as_ref().map(|reason| reason.as_str()) }),
        Event::CaseHeld(e) => json!({ "code": e.code.as_str(), "detail": e.detail }),
        Event::FactReceived(e) => json!({
            "fact": e.fact.as_str(),
            "message_id": e.message_id.as_str(),
            "data": Value::Object(map(&e.data)),
        }),
        _ => Value::Null,
    }
}

fn submitted(e: &CaseSubmitted) -> Value {
    let mut told = json!({
        "chain": e.chain.as_str(),
        "release": e.release,
        "revision": 1,
        "submitter": {
            "person": e.submitter.person.as_str(),
            "position": e.submitter.position.as_str(),
            "unit": e.submitter.unit.as_str(),
            "kind": e.submitter.kind.as_str(),
        },
        "path": names(&e.path),
    });
    content(&mut told, &e.content);
    told
}

pub(super) fn resubmitted(e: &CaseResubmitted) -> Value {
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
fn content(told: &mut Value, of: &Content) {
    told["document"] = Value::Object(map(&of.document));
    told["content_hash"] = hash(&of.hash);
    told["commercial_hash"] = hash(&of.commercial);
    told["amount"] = of.amount.as_ref().map_or(Value::Null, value);
    told["key"] = of.key.as_ref().map_or(Value::Null, |key| Value::String(key.to_string()));
}

fn opinions(of: &[Opinion]) -> Value {
    let one = |opinion: &Opinion| {
        json!({
            "task": task_text(opinion.task),
            "position": opinion.position.as_str(),
            "person": opinion.person.as_str(),
            "verdict": verdict(opinion.verdict),
            "reason": opinion.reason.as_ref().map(|reason| reason.as_str()),
        })
    };
    Value::Array(of.iter().map(one).collect())
}

/// An answer. Of a blind part that is closed only that it was given: whether it counts as a review, or overrides
/// an objection, would tell the verdict too.
fn decided(e: &TaskDecided, opinions: Opinions) -> Value {
    let mut told = json!({
        "task": task_text(e.task),
        "person": e.person.as_str(),
        "blind": e.blind,
        "content_hash": hash(&e.content_hash),
    });
    if !e.blind || opinions == Opinions::Open {
        told["verdict"] = Value::from(verdict(e.verdict));
        told["reason"] = e.reason.as_ref().map_or(Value::Null, |reason| Value::String(reason.to_string()));
        told["counts_as_review"] = Value::Bool(e.counts_as_review);
        told["overrides"] = Value::Bool(e.overrides);
    }
    told
}

fn task(event: &Event) -> Value {
    match event {
        Event::TaskOpened(e) => json!({
            "task": task_text(e.task),
            "slot": e.slot,
            "duty": e.duty.word(),
            "position": e.position.as_str(),
            "holders": names(&e.holders),
            "capacities": capacities(&e.capacities),
            "milestones": milestones(&e.milestones),
        }),
        Event::TaskWithdrawn(e) => json!({ "task": task_text(e.task), "cause": withdrawn(e.cause) }),
        Event::SignatureKept(e) => json!({ "task": task_text(e.task), "slot": e.slot }),
        Event::TaskLapsed(e) => json!({ "task": task_text(e.task) }),
        Event::TaskReminded(e) => json!({ "task": task_text(e.task) }),
        Event::TaskOverdue(e) => json!({ "task": task_text(e.task) }),
        Event::TaskEscalated(e) => json!({ "task": task_text(e.task) }),
        Event::TaskReassigned(e) => json!({
            "task": task_text(e.task),
            "position": e.position.as_str(),
            "holders": names(&e.holders),
            "capacities": capacities(&e.capacities),
            "milestones": milestones(&e.milestones),
        }),
        Event::TaskReferred(e) => json!({
            "task": task_text(e.task),
            "person": e.person.as_str(),
            "reason": e.reason.as_str(),
        }),
        Event::RouteExtended(e) => json!({
            "slot": e.slot,
            "levels": e.levels.iter().map(node).collect::<Vec<_>>(),
            "slots": e.slots.iter().map(|of| slot(None, of)).collect::<Vec<_>>(),
        }),
        Event::AmountWeighed(e) => weighed(e),
        Event::SelfApprovalAttempted(e) => json!({
            "task": task_text(e.task),
            "person": e.person.as_str(),
            "position": e.position.as_str(),
        }),
        Event::LateAnswer(e) => json!({
            "task": task_text(e.task),
            "person": e.person.as_str(),
            "verdict": verdict(e.verdict),
        }),
        _ => Value::Null,
    }
}

fn weighed(e: &AmountWeighed) -> Value {
    let rate = |used: &RateUsed| {
        json!({
            "currency": used.currency.as_str(),
            "rate": used.rate.to_string(),
            "on": used.on.to_string(),
        })
    };
    let added = |added: &Added| {
        json!({
            "key": added.key.as_str(),
            "sum": added.sum.to_string(),
            "count": added.count,
            "cases": added.cases.iter().map(|case| case_text(*case)).collect::<Vec<_>>(),
        })
    };
    json!({
        "task": e.task.map(task_text),
        "authority": e.authority.as_str(),
        "amount": value(&e.amount),
        "rates": e.rates.iter().map(rate).collect::<Vec<_>>(),
        "own": e.own.to_string(),
        "added": e.added.as_ref().map(added),
        "need": e.need.to_string(),
    })
}

/// Where an arrow leads, by name. The number of a state, where the turn went on in another frame.
fn target<'e>(case: u64, go: Target, mut following: impl Iterator<Item = &'e Event>) -> Value {
    let own = |event: &&Event| event.case() == Some(case);
    match go {
        Target::Draft => json!({ "draft": true }),
        Target::OnHold => json!({ "on_hold": true }),
        Target::Back => json!({ "back": true }),
        Target::State(place) => {
            let name = following.filter(own).find_map(|event| match event {
                Event::StateEntered(e) if e.state == place => Some(e.name.clone()),
                Event::StateSkipped(e) if e.state == place => Some(e.name.clone()),
                _ => None,
            });
            name.map_or_else(|| json!({ "state_number": place }), |name| json!({ "state": name.as_str() }))
        }
        Target::End(place) => {
            let end = following.find_map(|event| match event {
                Event::CaseEnded(e) if e.case == case => Some(e.end.clone()),
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
