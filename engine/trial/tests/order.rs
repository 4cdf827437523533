//! Sentences about other systems, other cases and time, and what can be expected of them.

use crate::support::*;
use countersign_trial::{Cover, run};

#[test]
fn every_case_of_the_company_holds() {
    assert_eq!(all_hold("order"), 10);
}

/// What is undone outside is looked up: an expectation that names too much, or the wrong thing, does not hold.
#[test]
fn commands_rows_and_children_are_looked_up() {
    let files = files("order");
    let company = company(&files);
    let head = "chain: order\ngiven: { document: { order_no: SO-1, total: 10.00, deliveries: [] } }\ncases:\n  - name: one\n    at: \"2025-04-21T09:00+08:00\"\n    when:\n      - kam_js submits\n      - evaluation is passed\n    then: ";
    for (then, holds) in [
        ("{ sent finance.invoice.issue: 1 }", true),
        ("{ sent finance.invoice.issue: [{ amount: 10 }] }", true),
        ("{ sent finance.invoice.issue: [{ amount: 10.01 }] }", false),
        ("{ sent finance.invoice.issue: 2 }", false),
        ("{ never_sent: [finance.invoice.issue] }", false),
        ("{ recorded claims WB-1: { units: 1 } }", false),
        ("{ started delivery: 0, started evaluation: 1 }", true),
        ("{ started evaluation: [{ order_no: SO-2 }] }", false),
        ("{ facts: { paid: 0 } }", true),
        ("{ facts: { paid: 1 } }", false),
        ("{ evaluation SO-1: { facts: { score: 0 } } }", true),
        ("{ evaluation SO-1: { facts: { score: 1 } } }", false),
        ("{ kept: [finance.receipt.posted] }", false),
        ("{ alarms: [late] }", false),
    ] {
        let outcome = run(&company, &good(&company, &format!("{head}{then}\n")).cases[0]);
        assert_eq!(outcome.unmet.is_empty(), holds, "{then}: {}", told(&outcome));
    }
}

/// A report is made of what the case did until then, earlier cases included, with the definitions that hold.
#[test]
fn reports_are_looked_up() {
    let mut files = files("order");
    let reports = "sales: [{ chain: order, at: delivering, customer: doc.order_no, amount: doc.total }]\n";
    files.push(countersign_chain::SourceFile { path: "reports.yaml".into(), text: reports.into() });
    let company = company(&files);
    let head = "chain: order\ngiven: { document: { order_no: SO-1, total: 10.00, deliveries: [] } }\ncases:\n  - name: one\n    at: \"2025-04-21T09:00+08:00\"\n    given: { cases: [order SO-0 is delivering: { total: 5.00 }] }\n    when:\n      - kam_js submits\n      - order SO-1 is delivering\n      - wait: until \"2025-04-22T09:00+08:00\"\n    then: ";
    for (then, holds) in [
        ("report daily-sales: [{ date: \"2025-04-21\", amount: 15 }]", true),
        ("report daily-sales: [{ date: \"2025-04-21\", amount: 15.01 }]", false),
        ("report daily-sales: [{ date: \"2025-04-22\" }]", false),
        ("report daily-sales: { from: \"2025-04-22\", rows: [{ amount: 15 }] }", false),
        ("report daily-sales: { from: \"2025-04-01\", to: \"2025-04-21\", rows: [{ amount: 15 }] }", true),
        ("report daily-sales: { from: \"2025-04-22\", to: \"2025-04-21\", rows: [] }", false),
        (
            "report monthly-customers: [{ customer: SO-0, purchases: 1, alarm: none }, { customer: SO-1 }]",
            true,
        ),
        ("report monthly-customers: [{ customer: SO-1, alarm: low }]", false),
        ("report monthly-customers: [{ customers: SO-1 }]", false),
        ("report receivables: []", false),
    ] {
        let outcome = run(&company, &good(&company, &format!("{head}{{ {then} }}\n")).cases[0]);
        assert_eq!(outcome.unmet.is_empty(), holds, "{then}: {}", told(&outcome));
    }
    for wrong in
        ["report sales: []", "report daily-sales: { rows: 1 }", "report daily-sales: { to: soon, rows: [] }"]
    {
        let file = countersign_chain::SourceFile {
            path: "cases/wrong.yaml".into(),
            text: format!("{head}{{ {wrong} }}\n"),
        };
        assert!(!countersign_trial::read(&file, &company).1.is_empty(), "{wrong} is no expectation");
    }
}

/// Outcomes that fall back count for the arrow that they follow.
#[test]
fn what_is_followed_is_counted() {
    let files = files("order");
    let company = company(&files);
    let mut cover = Cover::default();
    for file in files.iter().filter(|file| file.path.starts_with("cases/")) {
        let cases = countersign_trial::read(file, &company).0.expect("a case file").cases;
        cases.iter().for_each(|trial| cover.add(&run(&company, trial)));
    }
    let left = cover.uncovered(&company);
    let never =
        |state: &str, outcome: &str| left.arrows.iter().any(|(_, s, o)| *s == *state && *o == *outcome);
    for (state, outcome) in [
        ("evaluating", "good"),
        ("evaluating", "bad"),
        ("invoicing", "refused"),
        ("invoicing", "silent"),
        ("reserving", "short"),
        ("anytime", "cancel"),
        ("anytime", "finance.receipt.bounced"),
        ("anytime", "finance.customer.closed"),
    ] {
        assert!(!never(state, outcome), "{state} {outcome}: {left:?}");
    }
    assert!(
        never("mending", "give-up") && never("delivering", "failed") && never("asking", "drop"),
        "{left:?}"
    );
}
