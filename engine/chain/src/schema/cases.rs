//! The schema of cases/*.yaml, the tests of a company's rules. The sentences themselves are read by `countersign test`.

use serde_json::{Value, json};

use super::parts::small;
use super::{Part, kind};

/// Mappings whose keys are all known.
pub(super) fn parts() -> Vec<Part> {
    vec![
        small(
            "file",
            &["chain", "cases"],
            &[
                ("chain", "name", "The chain that the cases are about"),
                ("given", "given", "What every case of the file begins with"),
                ("cases", "[case]", ""),
            ],
        ),
        small(
            "given",
            &[],
            &[
                ("document", "{any}", "What `submits` starts from"),
                ("cases", "[one_sentence]", "Earlier cases: `order-evaluation SO-1 is passed: { ... }`"),
                ("accounts", "{any}", "How they stand at first: `ACCOUNT KEY: { used: 100 }`"),
            ],
        ),
        small(
            "case",
            &["name", "at"],
            &[
                ("name", "text", "Shown where it fails; `$x` is filled in from the examples"),
                ("at", "time", "When it begins, in quotes"),
                ("given", "given", "What this case begins with besides"),
                ("examples", "[row]", "The case is run once for each; `$x` is its value x"),
                ("when", "[sentence]", "What happens, one after another"),
                ("then", "expectation", "What has come of it at the end"),
            ],
        ),
        small(
            "together",
            &["together"],
            &[
                (
                    "together",
                    "text/[sentence]",
                    "What happens while everybody has seen the same; `100 times`",
                ),
                ("do", "sentence/[sentence]", "What happens so many times"),
            ],
        ),
        small("expected", &["then"], &[("then", "expectation", "What has come of it so far")]),
    ]
}

/// Sentences and expectations: some of their keys are made of names of the company.
pub(super) fn more() -> Value {
    let names = |about: &str| json!({ "description": about, "anyOf": [kind("text"), kind("[text]")] });
    let text = |about: &str| json!({ "description": about, "$ref": "#/$defs/text" });
    let fields = |about: &str| json!({ "description": about, "type": "object" });
    json!({
        "row": { "type": "object", "additionalProperties": true },
        "one_sentence": { "anyOf": [
            { "type": "string" },
            { "type": "object", "minProperties": 1, "maxProperties": 1 },
        ] },
        "sentence": { "anyOf": [
            { "type": "string", "description": "kam_js submits; legal and kam_js pass; operator resumes" },
            kind("expected"),
            kind("together"),
            {
                "type": "object",
                "description": "kam_js does KEY: { ... }; finance says receipt.posted: { ... }; wait: 16wh",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": { "not": { "enum": ["then", "together", "do"] } },
            },
        ] },
        "expectation": {
            "type": "object",
            "description": "Also: sent VERB, started CHAIN, recorded TABLE KEY, ACCOUNT KEY, report NAME, and KEY or CHAIN KEY for another case",
            "properties": {
                "state": text("A state, an end, draft, on-hold or withdrawn"),
                "ends": { "enum": ["good", "bad"] },
                "revision": kind("whole"),
                "owner": text("The post that owns it"),
                "document": fields("Only the fields named are compared"),
                "facts": fields("Only the facts named are compared"),
                "held": text("The code for which it is held"),
                "due": text("When the open task is due"),
                "waiting_for": names("Whose answer is waited for"),
                "signed": names("Who has signed, in this order"),
                "route": names("Who signs, in this order"),
                "final": text("Who decides, or nobody"),
                "never_asked": names("Who was not asked"),
                "capacities": fields("For what a post signs: `region_east_head: { bgm_ah: vacant, region_east_head: own }`"),
                "signed_by": names("The persons who signed, in this order"),
                "overrode": names("Whose decision overrode an objection"),
                "reminded": names("Who was reminded, in this order"),
                "overdue": names("Who was overdue, in this order"),
                "escalated_to": names("To whom it was escalated, in this order"),
                "recorded_for": names("For whom the refused attempt is on record"),
                "refused": names("The codes with which the sentence before was refused"),
                "short": text("How much was missing of what was to be set aside"),
                "alarms": names("Alarms that were raised"),
                "copied": names("Positions that are told, among others"),
                "kept": names("Facts that are kept for a case that comes later"),
                "never_sent": names("Commands that were not given"),
            },
        },
    })
}
