//! The schema of each kind of file, put together from its parts.

use serde_json::{Map, Value, json};

use super::parts;
use super::state::STATE;
use super::{Part, Schema, basics, cases, kind, reports};
use crate::adapters;
use crate::chain::keys as chain;

pub(super) fn all() -> Vec<Schema> {
    vec![
        file("company", "company.yaml", parts::of_company(), company()),
        file("organisation", "organisation.yaml", parts::of_organisation(), json!({})),
        file("authority", "authority.yaml", parts::of_authority(), authority()),
        file("systems", "systems.yaml", parts::of_systems(), json!({})),
        file("adapters", "adapters.yaml", Vec::new(), adapters()),
        file("accounts", "accounts.yaml", parts::of_accounts(), accounts()),
        file("reports", "reports.yaml", reports::parts(), json!({})),
        file("responsibility", crate::matrix::FILE, vec![parts::of_activity()], responsibility()),
        file("table", "tables/*.yaml", parts::of_table(), table()),
        file("document", "documents/*.yaml", parts::of_document(), document()),
        file("chain", "chains/*.yaml", parts::of_chain(), chains()),
        file("case", "cases/*.yaml", cases::parts(), cases::more()),
    ]
}

/// One schema: what every file may use, its parts, and what is no plain mapping.
fn file(name: &'static str, files: &'static str, parts: Vec<Part>, more: Value) -> Schema {
    let mut defs = basics();
    for part in parts.iter().chain(&parts::shared()) {
        defs.insert(part.name.to_owned(), part.schema());
    }
    if let Value::Object(more) = more {
        defs.extend(more);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://countersign.example/schema/{name}.json"),
        "title": format!("Countersign: {files}"),
        "$ref": "#/$defs/file",
        "$defs": defs,
    });
    Schema { kind: name, files, schema }
}

fn company() -> Value {
    json!({
        "day": { "enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] },
        "vacancy": { "enum": ["acting", "delegate", "next-superior"] },
    })
}

fn authority() -> Value {
    json!({
        "file": { "type": "object", "additionalProperties": kind("authority") },
        "up_to": { "anyOf": [kind("number"), kind("share"), { "const": "unlimited" }] },
        "limit": { "anyOf": [kind("up_to"), kind("limit_beside")] },
    })
}

fn responsibility() -> Value {
    json!({
        "file": { "type": "object", "additionalProperties": kind("activity") },
        "verb": { "enum": crate::matrix::Verb::ALL.map(crate::matrix::Verb::word) },
    })
}

fn adapters() -> Value {
    let known: Map<String, Value> = adapters::KEYS
        .iter()
        .map(|key| {
            let value = match *key {
                "stage" => kind("{shapes}"),
                "refused" => kind("text"),
                "undo" => json!({ "type": "string", "description": "object.verb, or none" }),
                "message" => kind("shapes"),
                _ => kind("flag"),
            };
            ((*key).to_owned(), value)
        })
        .collect();
    json!({
        "shapes": { "type": "object", "additionalProperties": kind("shape") },
        // Answers have names of the writer's own, beside the known keys.
        "verb": { "type": "object", "properties": known, "additionalProperties": kind("shapes") },
        "adapter": {
            "type": "object",
            "propertyNames": { "pattern": "^[a-z][a-z0-9-]*\\.[a-z][a-z0-9-]*$" },
            "additionalProperties": kind("verb"),
        },
        "file": {
            "type": "object",
            "properties": { "shapes": kind("{shapes}") },
            "additionalProperties": kind("adapter"),
        },
    })
}

fn accounts() -> Value {
    json!({ "file": { "type": "object", "additionalProperties": kind("account") } })
}

fn table() -> Value {
    json!({ "row": { "type": "object", "additionalProperties": true } })
}

fn document() -> Value {
    json!({
        "field": { "anyOf": [kind("type"), { "type": "object", "additionalProperties": kind("field") }] },
    })
}

fn chains() -> Value {
    let arrows = json!({ "anyOf": [kind("name"), kind("arrow"), kind("[learning_branch]")] });
    json!({
        "end": { "enum": ["good", "bad"] },
        "who": { "anyOf": [
            { "type": "string", "description": "A position, a group, kind@unit, superior(...), an expression" },
            kind("group_need"),
            { "type": "array", "minItems": 1, "items": { "anyOf": [kind("who"), kind("one_of_several")] } },
        ] },
        "arrows": arrows,
        "level_of": { "anyOf": [kind("name"), kind("level")] },
        "beside_of": { "anyOf": [kind("who"), kind("beside")] },
        "handing_on": { "anyOf": [kind("name"), kind("[name]"), kind("handed_on")] },
        "rule_of": { "anyOf": [kind("expression"), kind("rule")] },
        "members": kind("[member]"),
        "state": doing(chain::ACTIVITIES, |activity| {
            [chain::own_keys(activity), chain::options(activity)].concat()
        }),
        "member": doing(chain::PEOPLE, |activity| {
            [chain::own_keys(activity), chain::beside_members(activity), &["weight"]].concat()
        }),
    })
}

/// Something that does one of several things, and what may stand beside each.
fn doing(activities: &[&'static str], beside: impl Fn(&str) -> Vec<&'static str>) -> Value {
    let part = |keys: Vec<&'static str>| Part { name: "", keys, required: &[], about: STATE };
    let mut all: Vec<&'static str> = activities.to_vec();
    let mut rules = Vec::new();
    for activity in activities {
        let allowed = [&[*activity], beside(activity).as_slice()].concat();
        rules.push(json!({
            "if": { "required": [activity] },
            "then": { "propertyNames": { "enum": allowed } },
        }));
        all.extend(allowed);
    }
    all.sort_unstable();
    all.dedup();
    let mut schema = part(all).schema();
    let one: Vec<Value> = activities.iter().map(|activity| json!({ "required": [activity] })).collect();
    schema["oneOf"] = json!(one);
    schema["allOf"] = json!(rules);
    schema
}
