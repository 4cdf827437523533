//! Mistakes in case files: each has a place, a code and a mending sentence, and nothing panics.

use crate::support::*;
use countersign_chain::tree;
use countersign_trial::{read, run};
use proptest::prelude::*;

const GOOD: &str = r#"chain: contract-review
given:
  document: { contract_no: HT-1, customer: CU-1, note: a, lines: [{ qty: 1, price: 9.00 }] }
cases:
  - name: one
    at: "2025-04-21T09:00+08:00"
    when:
      - rep_js submits: { note: b }
      - legal passes
      - wait: 2wh
      - together: 3 times
        do: { kam_js submits P-n: {} }
    then: { state: review, P-1: { waiting_for: [legal, credit_controller] } }
"#;

type Mistake = (&'static str, &'static str, &'static str, (u32, u32), &'static str);

/// In the good file, `from` becomes `to`: the code, the place, and a part of the mending sentence.
const MISTAKES: &[Mistake] = &[
    ("chain: contract-review", "chain: contract-revue", "UNKNOWN_NAME", (1, 8), "contract-review"),
    ("chain: contract-review\n", "", "MISSING_KEY", (1, 1), "chain"),
    ("given:", "givn:", "UNKNOWN_KEY", (2, 1), "given"),
    ("document: {", "accounts: { credits C-1: {} }\n  document: {", "UNKNOWN_NAME", (3, 15), ""),
    ("customer: CU-1", "custommer: CU-1", "UNKNOWN_FIELD", (3, 34), "customer"),
    ("note: b", "nota: b", "UNKNOWN_FIELD", (8, 27), "note"),
    ("    at: \"2025-04-21T09:00+08:00\"\n", "", "MISSING_KEY", (5, 5), "at"),
    ("\"2025-04-21T09:00+08:00\"", "\"2025-04-21\"", "BAD_VALUE", (6, 9), "2025-04-21T09:00+08:00"),
    ("\"2025-04-21T09:00+08:00\"", "2025-04-21", "YAML_DATE", (6, 9), "quotes"),
    ("legal passes", "legl passes", "UNKNOWN_NAME", (9, 9), "legal"),
    ("legal passes", "legal sleeps", "BAD_SENTENCE", (9, 9), "such as"),
    ("legal passes", "passes", "BAD_SENTENCE", (9, 9), "such as"),
    ("legal passes", "legal or kam_js passes", "BAD_SENTENCE", (9, 9), "such as"),
    ("legal passes", "legal and kam_js submits", "BAD_SENTENCE", (9, 9), "such as"),
    ("legal passes", "legal asks cancel", "UNKNOWN_NAME", (9, 9), ""),
    ("legal passes", "contract-review is lost", "UNKNOWN_NAME", (9, 9), "known here"),
    ("legal passes", "contract is effective", "UNKNOWN_NAME", (9, 9), "contract-review"),
    ("legal passes", "contract-review is effective: { paid: 1 }", "UNKNOWN_NAME", (9, 41), ""),
    ("legal passes", "finance answers invoice.issue: done", "UNKNOWN_NAME", (9, 9), ""),
    ("legal passes", "finance says receipt.posted: {}", "UNKNOWN_NAME", (9, 9), ""),
    ("legal passes", "operator sleeps", "UNKNOWN_NAME", (9, 9), "known here"),
    ("legal passes", "kam_js submits to kam_jss", "UNKNOWN_NAME", (9, 9), "kam_js"),
    ("legal passes", "apply", "MISSING_KEY", (9, 9), "authority.yaml"),
    (
        "legal passes",
        "apply: { authority.yml: { contract: { line: none } } }",
        "UNKNOWN_NAME",
        (9, 18),
        "authority.yaml",
    ),
    ("legal passes", "apply: { authority.yaml: 3 }", "WRONG_SHAPE", (9, 34), ""),
    ("legal passes", "apply: { company.yaml: { currency: CNY } }", "BAD_VALUE", (9, 16), "differs"),
    ("legal passes", "holder legal", "MISSING_KEY", (9, 9), "holder POSITION"),
    ("legal passes", "[legal, passes]", "WRONG_SHAPE", (9, 9), ""),
    ("legal passes", "legal passes: { reason: a }\n        wait: 2h", "WRONG_SHAPE", (9, 9), "new item"),
    ("legal passes", "legal passes: $why", "UNKNOWN_NAME", (9, 23), "examples"),
    ("wait: 2wh", "wait: 2 hours", "BAD_VALUE", (10, 15), "16wh"),
    ("wait: 2wh", "wait: until tomorrow", "BAD_VALUE", (10, 15), "until"),
    ("wait: 2wh", "wait: [2wh]", "WRONG_SHAPE", (10, 15), ""),
    ("3 times", "3000000 times", "BAD_VALUE", (11, 19), "at most"),
    ("state: review", "state: reviewed", "UNKNOWN_NAME", (13, 20), "review"),
    ("state: review", "stat: review", "UNKNOWN_KEY", (13, 13), "state"),
    ("state: review", "capacities: { legal: own }", "WRONG_SHAPE", (13, 34), "own"),
    ("state: review", "capacities: { legal: { legal: owned } }", "UNKNOWN_NAME", (13, 43), "own"),
    ("state: review", "capacities: { legl: { legal: own } }", "UNKNOWN_NAME", (13, 27), "legal"),
    ("state: review", "recorded_for: [legl]", "UNKNOWN_NAME", (13, 28), "legal"),
    ("state: review", "revision: two", "BAD_VALUE", (13, 23), "whole number"),
    ("state: review", "sent finance.invoice.issue: 1", "UNKNOWN_NAME", (13, 13), ""),
    ("state: review", "recorded customers CU-1: { colour: red }", "UNKNOWN_FIELD", (13, 40), "known here"),
    ("state: review", "budget P: { free: 3 }", "UNKNOWN_KEY", (13, 13), ""),
    ("state: review", "states: { reviewed: 3 }", "UNKNOWN_NAME", (13, 23), "review"),
    ("[legal, credit_controller]", "legal", "WRONG_SHAPE", (13, 48), "[a, b]"),
    ("[legal, credit_controller]", "[legl]", "UNKNOWN_NAME", (13, 49), "legal"),
    (
        "    then: { state: review, P-1: { waiting_for: [legal, credit_controller] } }\n",
        "",
        "MISSING_KEY",
        (5, 5),
        "then",
    ),
    ("name: one", "name: one\n    name: two", "DUPLICATE_KEY", (6, 5), "keep one"),
    ("- name: one", "- &a\n    name: one", "YAML_FEATURE", (6, 5), "write the value out"),
    ("legal passes", "legal passes: {", "YAML_SYNTAX", (10, 7), "brackets"),
];

#[test]
fn every_mistake_has_a_place_a_code_and_a_mending_sentence() {
    let company = company(&files("signing"));
    let (file, found) = cases(&company, GOOD);
    assert!(found.is_empty() && file.is_some_and(|file| file.cases.len() == 1), "{found:#?}");
    let mut wrong = Vec::new();
    for (from, to, code, place, help) in MISTAKES {
        assert_eq!(GOOD.matches(from).count(), 1, "{from}");
        let (_, found) = cases(&company, &GOOD.replacen(from, to, 1));
        let Some(first) = found.first() else { panic!("{to}: nothing is found") };
        let at = (first.line, first.column);
        let right =
            (first.code, at) == (*code, *place) && first.help.contains(help) && !first.help.is_empty();
        wrong.extend(
            (!right).then(|| format!("{to}: expected {code} at {place:?} ... {help}, found {first}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_case_with_a_mistake_does_not_run_and_the_others_do() {
    let company = company(&files("signing"));
    let second = GOOD[GOOD.find("  - name").expect("a case")..].replace("name: one", "name: two");
    let (file, found) = cases(&company, &format!("{}{second}", GOOD.replace("legal passes", "legal sleeps")));
    assert_eq!(found.len(), 1, "{found:#?}");
    let names: Vec<String> = file.expect("a file").cases.into_iter().map(|case| case.name).collect();
    assert_eq!(names, ["two"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A piece of the file moved, doubled, cut or replaced: findings with places, or a case that runs to its end.
    #[test]
    fn nothing_in_a_case_file_panics(
        from in 0..GOOD.len(), length in 0..60usize, to in 0..GOOD.len(), junk in "[a-z:{}\\[\\]$&*!\"' \n-]{0,8}",
    ) {
        let company = company(&files("signing"));
        let end = (from + length).min(GOOD.len());
        let mut text = GOOD.to_owned();
        let cut: String = text.drain(from..end).collect();
        text.insert_str(to.min(text.len()), &format!("{cut}{junk}"));
        let file = countersign_chain::SourceFile { path: "cases/test.yaml".to_owned(), text };
        let (cases, found) = read(&file, &company);
        for finding in &found {
            prop_assert!(finding.line > 0 || finding.code == "YAML_NULL", "{finding}");
            prop_assert!(!finding.help.is_empty(), "{finding}");
        }
        for trial in cases.iter().flat_map(|file| &file.cases) {
            let outcome = run(&company, trial);
            prop_assert!(outcome.unmet.iter().all(|unmet| unmet.line > 0));
        }
        prop_assert!(tree::read(&file).0.is_some() || !found.is_empty());
    }
}
