//! Sentences about people, time and other places, and what can be expected of them.

use crate::support::*;
use countersign_trial::{Cover, run};

#[test]
fn every_case_of_the_company_holds() {
    assert_eq!(all_hold("signing"), 11);
}

/// The head of a case file whose only case begins like this.
fn one(when: &str, then: &str) -> String {
    format!(
        "chain: contract-review\ngiven:\n  document: {{ contract_no: HT-1, customer: CU-1, note: a, lines: [{{ qty: 1, price: 9.00 }}] }}\n\
         cases:\n  - name: one\n    at: \"2025-04-21T09:00+08:00\"\n    when:\n{when}    then: {then}\n"
    )
}

#[test]
fn a_wrong_expectation_fails_with_the_story_up_to_it() {
    let company = company(&files("signing"));
    let text = one(
        "      - rep_js submits\n      - legal passes\n      - credit_controller passes\n",
        "{ state: sealing, waiting_for: [bgm_js], final: bgm_js, amount: 9.00 }",
    );
    let outcome = run(&company, &good(&company, &text).cases[0]);
    let unmet: Vec<_> = outcome
        .unmet
        .iter()
        .map(|u| (u.line, u.what.as_str(), u.expected.as_str(), u.found.as_str()))
        .collect();
    assert_eq!(
        unmet,
        [(11, "state", "sealing", "line"), (11, "waiting_for", "[bgm_js]", "[kam_js]")],
        "{}",
        told(&outcome)
    );
    let story: Vec<_> = outcome.story.iter().map(|line| (line.line, line.text.as_str())).collect();
    assert_eq!(story[0], (8, "rep_js submits"));
    assert!(
        story.contains(&(0, "  C-1: contract-review HT-1 is submitted by rep_js (H31), CNY 9.00")),
        "{story:?}"
    );
    assert!(story.contains(&(0, "  HT-1: legal (H05) passes")), "{story:?}");
    assert_eq!(outcome.story[0].at, "2025-04-21 09:00");
}

#[test]
fn what_is_refused_and_not_expected_so_fails_where_it_happened() {
    let company = company(&files("signing"));
    let cases = [
        ("      - rep_js submits\n      - kam_js approves\n", "kam_js approves", "NOT_ASSIGNEE"),
        ("      - kam_js approves\n", "kam_js approves", "is asked nothing"),
        (
            "      - rep_js submits: { contract_no: HT-1 }\n      - legal passes HT-9\n",
            "legal passes HT-9",
            "asked nothing",
        ),
        (
            "      - rep_js submits\n      - wait: until \"2024-01-01T00:00Z\"\n",
            "wait: until",
            "time does not run backwards",
        ),
        (
            "      - contract-review is effective\n",
            "contract-review is effective",
            "no case of contract-review",
        ),
        ("      - operator resumes: x\n", "operator resumes", "no case"),
        ("      - rep_js submits\n      - operator resumes: x\n", "operator resumes", "NOT_HELD"),
    ];
    for (when, what, found) in cases {
        let outcome = run(&company, &good(&company, &one(when, "{ state: review }")).cases[0]);
        let [unmet] = outcome.unmet.as_slice() else { panic!("{when}: {}", told(&outcome)) };
        assert!(unmet.what.starts_with(what) && unmet.found.contains(found), "{when}: {unmet:?}");
    }
}

/// Each expectation, wrong once: none of them holds by itself.
#[test]
fn no_expectation_holds_whatever_happened() {
    let company = company(&files("signing"));
    for then in [
        "{ state: draft }",
        "{ ends: good }",
        "{ revision: 2 }",
        "{ owner: kam_js }",
        "{ amount: 9.01 }",
        "{ document: { note: b } }",
        "{ document: { lines: [] } }",
        "{ facts: { a: 1 } }",
        "{ held: STUCK }",
        "{ due: \"2025-04-21T18:01+08:00\" }",
        "{ waiting_for: [] }",
        "{ signed: [legal] }",
        "{ route: [bgm_js, kam_js] }",
        "{ final: president }",
        "{ never_asked: [legal] }",
        "{ refused: NOT_UNIQUE }",
        "{ capacities: { legal: { legal: acting } } }",
        "{ capacities: { kam_js: { kam_js: own }, bgm_js: { bgm_js: own } } }",
        "{ signed_by: [H05] }",
        "{ overrode: [legal] }",
        "{ reminded: [legal] }",
        "{ overdue: [legal] }",
        "{ escalated_to: [legal] }",
        "{ recorded_for: [legal] }",
        "{ alarms: [late] }",
        "{ started contract-review: 1 }",
        "{ kept: [contract.sealed] }",
        "{ states: { review: 2 } }",
        "{ recorded customers CU-1: { grade: A } }",
        "{ HT-2: { state: review } }",
        "{ HT-1: { state: draft } }",
    ] {
        let outcome = run(&company, &good(&company, &one("      - rep_js submits\n", then)).cases[0]);
        assert_eq!(outcome.unmet.len(), 1, "{then}: {}", told(&outcome));
    }
}

/// What is found of an expectation where company.yaml says this beside its other policies.
fn found_under(policy: &str, when: &str, then: &str) -> String {
    let mut files = files("signing");
    let rules = files.iter_mut().find(|file| file.path == "company.yaml").expect("company.yaml");
    rules.text = rules.text.replacen("policies:\n", &format!("policies:\n  {policy}\n"), 1);
    let company = company(&files);
    let outcome = run(&company, &good(&company, &one(when, then)).cases[0]);
    let [unmet] = outcome.unmet.as_slice() else { panic!("{policy}: {}", told(&outcome)) };
    unmet.found.clone()
}

#[test]
fn who_is_copied_on_what_is_overdue_is_said_by_the_company() {
    let when =
        "      - rep_js submits\n      - legal passes\n      - credit_controller passes\n      - wait: 8wh\n";
    let found = |copies: &str| found_under(&format!("clock: {copies}"), when, "{ copied: [legal] }");
    assert_eq!(found("{ remind: 50% }"), "[bgm_js, process_owner]");
    assert_eq!(found("{ copies: [driver, superior] }"), "[bgm_js, process_owner]");
    assert_eq!(found("{ copies: [superior] }"), "[bgm_js]");
    assert_eq!(found("{ copies: [driver] }"), "[process_owner]");
    assert_eq!(found("{ copies: [] }"), "[]");
}

#[test]
fn a_superior_who_was_passed_by_has_a_record_of_it_or_not() {
    let (when, then) =
        ("      - rep_js submits HT-1 to sales_director\n", "{ recorded_for: [legal], refused: SKIP_LEVEL }");
    let found = |policy: &str| found_under(&format!("skip_level: {policy}"), when, then);
    assert_eq!(found("{ answer: refuse }"), "[rep_js, kam_js]");
    assert_eq!(found("{ recorded_for: [submitter, superior(submitter)] }"), "[rep_js, kam_js]");
    assert_eq!(found("{ recorded_for: [submitter] }"), "[rep_js]");
}

#[test]
fn what_no_case_tries_is_named() {
    let company = company(&files("signing"));
    let mut cover = Cover::default();
    let all: Vec<String> = company.chains().map(ToString::to_string).collect();
    assert_eq!(cover.uncovered(&company).chains.iter().map(ToString::to_string).collect::<Vec<_>>(), all);
    cover
        .add(&run(&company, &good(&company, &one("      - rep_js submits\n", "{ state: review }")).cases[0]));
    let left = cover.uncovered(&company);
    assert!(left.chains.is_empty());
    let has = |state: &str, outcome: &str| left.arrows.iter().any(|(_, s, o)| *s == *state && *o == *outcome);
    assert!(!has("terms", "passed") && !has("mending", "submitted"), "{left:?}");
    assert!(has("terms", "failed") && has("line", "approved") && has("sealing", "expires"), "{left:?}");
    assert_eq!(left.followed.1, left.followed.0 + left.arrows.len());
}
