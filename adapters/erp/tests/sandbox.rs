//! The sandbox of the ERP, by itself and behind HTTP.

mod support;

use countersign_adapter::sandbox::Sandbox;
use countersign_adapter_erp::{ADAPTER, DECLARATION, Erp, ErpSettings};
use serde_json::{from_value, json};
use support::{answered, asked, setup, start, told, work};

fn settings() -> ErpSettings {
    from_value(json!({
        "stock": { "EB-P": "150", "EB-Q": "5" },
        "capacity": "500",
        "wip": { "SO-1": "1250.5" },
        "bad_customers": ["CU-BAD"],
        "locked_customers": ["CU-LOCKED"],
        "customers": ["CU-1", "CU-LOCKED"],
        "bad_boms": ["EB-X"],
        "contracts_in_use": ["HT-9"],
    }))
    .expect("settings")
}

#[tokio::test]
async fn each_verb_says_what_it_should() {
    let contract = |number: &str, customer: &str| json!({ "contract_no": number, "customer": customer });
    let lines = json!({ "lines": [
        { "product": "EB-P", "qty": 100 }, { "product": "EB-P", "qty": "100" },
        { "product": "EB-Q", "qty": 5 }, { "product": "EB-Z", "qty": 9_999 } ] });
    let short = r#"done {"short":[{"product":"EB-P","ready_on":"2025-04-28","units":50}]}"#;
    let order = |product: &str, units: &str, on: &str| {
        json!({ "order_no": "SO-1", "product": product, "units": units.parse::<serde_json::Number>().expect("a number"),
            "wanted_on": on })
    };
    let wip = r#"done {"wip":{"amount":"1250.50","currency":"CNY"}}"#;
    let rows = [
        (work("C-1.a.1", "contract.register", contract("HT-1", "CU-1"), None), r#"done {"reg_no":"REG-1"}"#),
        (work("C-2.a.1", "contract.register", contract("HT-1", "CU-1"), None), "refused DUPLICATE"),
        (work("C-3.a.1", "contract.register", contract("HT-3", "CU-BAD"), None), "refused BAD_CUSTOMER"),
        (
            work("C-1.b.1", "contract.void", json!({}), Some(("C-1.a.1", json!({ "reg_no": "REG-1" })))),
            "done {}",
        ),
        (
            work("C-1.b.2", "contract.void", json!({}), Some(("C-1.a.1", json!({ "reg_no": "REG-1" })))),
            "refused ALREADY_VOID",
        ),
        (work("C-4.a.1", "contract.void", json!({ "reg_no": "REG-77" }), None), "refused ALREADY_VOID"),
        (work("C-5.a.1", "contract.register", contract("HT-1", "CU-1"), None), r#"done {"reg_no":"REG-2"}"#),
        (work("C-9.a.1", "contract.register", contract("HT-9", "CU-1"), None), r#"done {"reg_no":"REG-3"}"#),
        (work("C-9.b.1", "contract.void", json!({ "contract_no": "HT-9" }), None), "refused IN_USE"),
        (work("C-6.a.1", "atp.query", lines, None), short),
        (
            work("C-7.a.1", "mo.create", order("EB-P", "50", "2025-05-08"), None),
            r#"accepted {"mo":"MO-1","ready_on":"2025-05-08"}"#,
        ),
        (
            work("C-7.b.1", "mo.create", order("EB-P", "50", "2025-04-22"), None),
            r#"accepted {"mo":"MO-2","ready_on":"2025-04-28"}"#,
        ),
        (work("C-7.c.1", "mo.create", order("EB-P", "501", "2025-05-08"), None), "refused NO_CAPACITY"),
        (work("C-7.d.1", "mo.create", order("EB-X", "1", "2025-05-08"), None), "refused BAD_BOM"),
        (work("C-7.e.1", "mo.create", order("EB-P", "0", "2025-05-08"), None), "refused BAD_BOM"),
        (work("C-7.f.1", "mo.cancel", json!({}), Some(("C-7.a.1", json!({ "mo": "MO-1" })))), wip),
        (work("C-7.g.1", "mo.cancel", json!({ "mo": "MO-1" }), None), "refused FINISHED"),
        (work("C-8.a.1", "wip.query", json!({ "order_no": "SO-1" }), None), wip),
        (
            work("C-8.b.1", "wip.query", json!({ "order_no": "SO-2" }), None),
            r#"done {"wip":{"amount":"0.00","currency":"CNY"}}"#,
        ),
        (work("C-10.a.1", "customer.update", json!({ "customer": "CU-1", "grade": "D" }), None), "done {}"),
        (work("C-10.b.1", "customer.update", json!({ "customer": "CU-LOCKED" }), None), "refused LOCKED"),
        (work("C-10.c.1", "customer.update", json!({ "customer": "CU-NEW" }), None), "refused UNKNOWN"),
        (work("C-10.d.1", "customer.restore", json!({}), Some(("C-10.a.1", json!({})))), "done {}"),
        (work("C-10.e.1", "customer.restore", json!({}), Some(("C-10.a.1", json!({})))), "refused UNKNOWN"),
    ];
    asked(&ADAPTER, || Erp::new(settings()), &rows).await;
    let asked_for: std::collections::BTreeSet<String> = rows.iter().map(|(work, _)| work.name()).collect();
    assert_eq!(asked_for.len(), DECLARATION.verbs.len(), "every verb is tried");
}

#[test]
fn an_order_is_made_and_a_cancelled_one_is_not() {
    let settings = ErpSettings { making_seconds: 3_600, ..ErpSettings::default() };
    let mut sandbox = Sandbox::new(Erp::new(settings), setup());
    let make =
        |id: &str| work(id, "mo.create", json!({ "product": "EB-P", "units": 7, "order_no": "SO-1" }), None);
    sandbox.answer(&make("C-1.a.1"), start());
    sandbox.answer(&make("C-2.a.1"), start());
    let undo = work("C-2.b.1", "mo.cancel", json!({}), Some(("C-2.a.1", json!({}))));
    assert_eq!(
        answered(&sandbox.answer(&undo, start())),
        [r#"done {"wip":{"amount":"0.00","currency":"CNY"}}"#]
    );
    let hour = jiff::SignedDuration::from_hours(1);
    assert_eq!(told(&mut sandbox, start() + hour / 2), [r#"progress {"pct":"50%"}"#]);
    assert_eq!(told(&mut sandbox, start() + hour), [r#"done {"units":7}"#]);
    assert_eq!(told(&mut sandbox, start() + hour * 9), [""; 0]);
    let late = work("C-1.b.1", "mo.cancel", json!({}), Some(("C-1.a.1", json!({}))));
    assert_eq!(answered(&sandbox.answer(&late, start() + hour)), ["refused FINISHED"]);
    assert_eq!((sandbox.rules().orders(), sandbox.done_twice()), (vec!["MO-1"], vec![]));
}

#[test]
fn settings_that_are_none_are_refused() {
    let bad = (ADAPTER.sandbox)(json!({ "stok": {} })).err().expect("refused");
    assert!(bad.contains("stok"), "{bad}");
    assert!((ADAPTER.sandbox)(json!({})).is_ok());
}
