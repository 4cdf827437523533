//! `countersign demo`: an order goes from its evaluation to the last receipt, the same every time, and its log can be
//! looked at.

use crate::common::{run, text};
use serde_json::{Value, json};

/// The story with its lines joined, as sentences are wrapped.
fn told(story: &str) -> String {
    story.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_story_goes_from_evaluation_to_a_closed_order_with_nothing_open() {
    let story = run(["demo"]).done();
    let whole = told(&story.out);
    let mut at = 0;
    // In this order.
    for sentence in [
        "1 The order is evaluated",
        "Key account manager Jiangsu (H29) hands in Order to cash SO-2025-118 over CNY 680,000.00.",
        "ERP answers done: short (product EB-P, ready on 2025-04-22, pieces 40).",
        "2 The contract is reviewed, signed and sealed",
        "Credit controller (H19) has answered. What, nobody can see until all have answered.",
        "All have answered, and the opinions are opened: Credit controller passes, Legal counsel passes.",
        "Head of region East (H24) approves.",
        "ERP is asked to register the contract",
        "Have our seal put on and attach the scan",
        "Contract review HT-2025-118: effective.",
        "3 The prepayment arrives",
        "the prepayment is posted (amount CNY 68,000.00, order SO-2025-118)",
        "4 What is short is made",
        "finance.prepayment.posted a second time. It is ignored.",
        "ERP answers taken on: production order MO-1",
        "erp.mo.create a second time. It is ignored.",
        "ERP answers done: pieces 40.",
        "5 Two deliveries, an invoice each",
        "Head of planning and dispatch (H14) has done it: carrier SF, freight CNY 8,000.00, warehouse W1.",
        "Head of logistics (H16) approves.",
        "Logistics is asked to book the shipment",
        "the customer has signed for the goods (signed on 2025-04-25, pieces 120, waybill WB-1)",
        "No answer from Finance: the command is sent again under its id C-9.invoicing.1",
        "invoice INV-1",
        "No case waits for that yet: it is kept until one does.",
        "pieces 80, waybill WB-2",
        "invoice INV-2",
        "6 The customer pays",
        "One delivery of an order DL-1: closed.",
        "7 The small difference",
        "Receivables accountant (H20) passes.",
        "Credit controller (H19) approves.",
        "Finance is asked to book the difference: amount CNY 200.01, invoice INV-2.",
        "Order to cash SO-2025-118: closed.",
        "The order is closed, and nothing is open:",
        "SO-2025-118 200 680,000.00 200 INV-1, INV-2 680,000.00 679,799.99 200.01 0.00",
        "2 repeated messages ignored",
        "Where to look next:",
        "countersign test workflows/yuanlan",
    ] {
        let found = whole[at..].find(sentence);
        let found = found.unwrap_or_else(|| panic!("expected {sentence:?} next in\n{}", &whole[at..]));
        at += found + sentence.len();
    }
    assert_eq!(story.err, "");
    assert!(
        !whole.contains("Alarm") && !whole.contains("is reminded"),
        "everybody is in time:\n{}",
        story.out
    );
    assert_eq!(run(["demo"]).done().out, story.out);
}

#[test]
fn it_is_told_in_chinese_too() {
    let story = run(["demo", "--lang", "zh"]).done().out;
    let titles = [
        "订单评审",
        "合同评审、签批与盖章",
        "预付款到账",
        "缺口投产",
        "两次交付，各开一张发票",
        "客户回款",
        "尾差核销",
    ];
    for (number, title) in titles.iter().enumerate() {
        let heading = format!("\n{}  {title}\n", number + 1);
        assert!(story.contains(&heading), "expected {heading:?} in\n{story}");
    }
    assert!(story.contains("江苏关键客户经理（H29）提交 订单到收款 SO-2025-118"), "{story}");
    assert!(story.contains("订单已关闭，无未结款项："), "{story}");
}

#[test]
fn for_programs_it_is_an_object_a_line_and_the_last_has_the_final_state() {
    let story = run(["demo", "--json"]).done();
    let lines: Vec<Value> = story.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (end, before) = lines.split_last().expect("an end");
    let expected = json!({
        "step": "end", "at": "2025-05-23T15:00:00+08:00", "case": "C-1", "key": "SO-2025-118",
        "state": "closed", "good": true, "ordered": "680000.00", "pieces": "200", "delivered": "200",
        "invoices": [
            { "invoice_no": "INV-1", "delivery": "DL-1", "amount": "408000.00" },
            { "invoice_no": "INV-2", "delivery": "DL-2", "amount": "272000.00" },
        ],
        "invoiced": "680000.00", "received": "679799.99", "difference": "200.01", "open": "0.00",
        "prepaid": "68000.00", "made": "40", "duplicates_ignored": 2, "sent_again": 1, "verified": true,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&end[name], value, "{name}");
    }
    // What the end says is what the lines before it say.
    let count = |step: &str| before.iter().filter(|line| line["step"] == step).count() as u64;
    assert_eq!(end["answers"], count("task-decided") + count("task-answered"));
    assert_eq!((&end["commands"], count("command-sent-again")), (&count("command-issued").into(), 1));
    assert_eq!(count("duplicate-ignored"), 2);
    assert!(before.iter().all(|line| line["at"].as_str().is_some_and(|at| at.ends_with("+08:00"))));
    assert_eq!(run(["demo", "--json"]).done().out, story.out);
}

#[test]
fn nothing_of_a_blind_answer_is_told_before_all_have_answered() {
    let story = run(["demo", "--json"]).done();
    let lines = story.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let of_review: Vec<Value> = lines.filter(|line| line["case"] == "C-3").collect();
    let opened = of_review.iter().position(|line| line["text"].to_string().contains("opinions are opened"));
    let opened = opened.expect("the opinions are opened");
    let before: Vec<&Value> =
        of_review[..opened].iter().filter(|line| line["step"] == "task-decided").collect();
    assert_eq!(before.len(), 2, "both have answered by then");
    for line in before {
        assert_eq!(
            (&line["data"]["blind"], &line["data"]["verdict"]),
            (&true.into(), &Value::Null),
            "{line}"
        );
        assert!(!line["text"].to_string().contains("passes"), "{line}");
    }
}

#[test]
fn a_log_that_is_kept_can_be_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data = text(&data);
    let story = run(["demo", "--data", data, "--json"]).done().last_json();
    let verified = run(["log", "verify", "--data", data, "--json"]).done().last_json();
    assert_eq!((&verified["frames"], &verified["events"]), (&story["frames"], &story["events"]));
    let timeline = run(["timeline", "C-1", "--all", "--data", data]).done().out;
    for sentence in ["H29 as kam_js handed the document in", "C-2: erp.atp.query was asked"] {
        assert!(timeline.contains(sentence), "{timeline}");
    }
    let case = run(["case", "C-1", "--data", data, "--json"]).done().last_json();
    assert_eq!((&case["ok"]["state"], &case["ok"]["ended"]["good"]), (&"closed".into(), &true.into()));
    let explained = run(["explain", "C-3", "--task", "T-4", "--data", data]).done().out;
    assert!(explained.contains("region_east_head"), "{explained}");
    // Told twice into one directory, the first log stays.
    run(["demo", "--data", data]).refused(1, "LOG_EXISTS");
    run(["log", "verify", "--data", data]).done();
}
