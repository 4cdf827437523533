//! OCEL 2.0 as JSON: cases are objects of the type of their chain, and so are the posts that act on them; what a case
//! and its child do together is an event of both.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use countersign_core::time::Timestamp;
use serde_json::{Value, json};

use super::{MinedCase, MiningLog, Step, WriteError, case_id};

/// The type of the objects that are posts.
const POSITION: &str = "position";
/// The attributes of every event, all of them texts.
const OF_EVENT: &[&str] = &["lifecycle", "resource", "outcome"];
const OF_CASE: &[&str] = &["key", "submitter", "unit", "amount", "currency"];

/// Writes the log as OCEL 2.0.
///
/// # Errors
/// Where the output cannot be written to.
pub fn ocel2(log: &MiningLog, out: impl Write) -> Result<(), WriteError> {
    let texts = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({ "name": name, "type": "string" })).collect()
    };
    let chains: BTreeSet<&str> = log.cases.values().map(|case| case.chain.as_str()).collect();
    let activities: BTreeSet<&str> = log.steps.iter().map(|step| step.activity.as_str()).collect();
    let positions: BTreeSet<&str> = log.steps.iter().filter_map(|step| step.role.as_deref()).collect();
    let mut types: Vec<Value> =
        chains.iter().map(|chain| json!({ "name": chain, "attributes": texts(OF_CASE) })).collect();
    if !positions.is_empty() {
        types.push(json!({ "name": POSITION, "attributes": [] }));
    }
    let begun = begun(log);
    let cases = log.cases.iter().map(|(number, case)| object(*number, case, begun.get(number), log));
    let posts = positions.iter().map(|position| {
        json!({ "id": format!("position:{position}"), "type": POSITION, "attributes": [], "relationships": [] })
    });
    let whole = json!({
        "objectTypes": types,
        "eventTypes": activities.iter()
            .map(|activity| json!({ "name": activity, "attributes": texts(OF_EVENT) }))
            .collect::<Vec<_>>(),
        "objects": cases.chain(posts).collect::<Vec<_>>(),
        "events": log.steps.iter().map(event).collect::<Vec<_>>(),
    });
    let mut out = out;
    serde_json::to_writer(&mut out, &whole)?;
    out.write_all(b"\n")
}

/// When each case was submitted.
fn begun(log: &MiningLog) -> BTreeMap<u64, Timestamp> {
    let mut found = BTreeMap::new();
    for step in &log.steps {
        found.entry(step.case).or_insert(step.at);
    }
    found
}

fn object(number: u64, case: &MinedCase, begun: Option<&Timestamp>, log: &MiningLog) -> Value {
    let (amount, currency) = case.amount.clone().unzip();
    let values = [
        case.key.as_deref().map(str::to_owned),
        Some(case.submitter.to_string()),
        Some(case.unit.to_string()),
        amount,
        currency.flatten(),
    ];
    let time = begun.map(ToString::to_string);
    let attributes = OF_CASE
        .iter()
        .zip(values)
        .filter_map(|(name, value)| Some(json!({ "name": name, "time": time, "value": value? })));
    let parent = case.parent.filter(|parent| log.cases.contains_key(parent));
    let relationships =
        parent.map(|parent| json!({ "objectId": case_id(parent), "qualifier": "started by" }));
    json!({
        "id": case_id(number),
        "type": case.chain.as_str(),
        "attributes": attributes.collect::<Vec<_>>(),
        "relationships": relationships.into_iter().collect::<Vec<_>>(),
    })
}

fn event(step: &Step) -> Value {
    let values =
        [Some(step.lifecycle.to_owned()), step.resource.as_deref().map(str::to_owned), step.outcome.clone()];
    let attributes = OF_EVENT
        .iter()
        .zip(values)
        .filter_map(|(name, value)| Some(json!({ "name": name, "value": value? })));
    let mut relationships = vec![json!({ "objectId": case_id(step.case), "qualifier": "case" })];
    relationships.extend(step.other.map(|other| json!({ "objectId": case_id(other), "qualifier": "child" })));
    relationships.extend(
        step.role.as_ref().map(|role| json!({ "objectId": format!("position:{role}"), "qualifier": "post" })),
    );
    json!({
        "id": step.id(),
        "type": step.activity,
        "time": step.at.to_string(),
        "attributes": attributes.collect::<Vec<_>>(),
        "relationships": relationships,
    })
}
