//! The sandbox of logistics, by itself and behind HTTP.

mod support;

use countersign_adapter::sandbox::Sandbox;
use countersign_adapter_logistics::{ADAPTER, DECLARATION, Logistics, LogisticsSettings};
use rust_decimal::Decimal;
use serde_json::{from_value, json};
use support::{answered, asked, setup, start, told, work};

fn settings() -> LogisticsSettings {
    from_value(json!({
        "stock": { "EB-P": "150" },
        "full_carriers": ["YTO"],
        "bad_branches": ["xz"],
        "damaged": ["WB-9"],
        "lost_next": ["2"],
    }))
    .expect("settings")
}

#[tokio::test]
async fn each_verb_says_what_it_should() {
    let reserve =
        |product: &str, units: u32| json!({ "warehouse": "W1", "product": product, "units": units });
    let ship = |carrier: &str, branch: &str| json!({ "carrier": carrier, "from": "W1", "branch": branch, "product": "EB-P", "units": 120 });
    let rows = [
        (work("C-1.a.1", "stock.reserve", reserve("EB-P", 100), None), r#"done {"units":100}"#),
        (work("C-2.a.1", "stock.reserve", reserve("EB-P", 100), None), r#"short {"units":50}"#),
        (work("C-3.a.1", "stock.reserve", reserve("EB-P", 1), None), r#"short {"units":0}"#),
        (work("C-1.b.1", "stock.release", json!({}), Some(("C-1.a.1", json!({ "units": 100 })))), "done {}"),
        (work("C-1.c.1", "stock.release", json!({}), Some(("C-1.a.1", json!({ "units": 100 })))), "unknown"),
        (work("C-4.a.1", "stock.reserve", reserve("EB-P", 100), None), r#"done {"units":100}"#),
        (work("C-5.a.1", "stock.reserve", reserve("EB-Z", 9_999), None), r#"done {"units":9999}"#),
        (work("C-6.a.1", "shipment.create", ship("SF", "js"), None), r#"done {"waybill":"WB-1"}"#),
        (work("C-6.b.1", "shipment.create", ship("YTO", "js"), None), "refused NO_CARRIER"),
        (work("C-6.c.1", "shipment.create", ship("", "js"), None), "refused NO_CARRIER"),
        (work("C-6.d.1", "shipment.create", ship("SF", "xz"), None), "refused BAD_ADDRESS"),
        (
            work("C-7.a.1", "stock.return", json!({ "waybill": "WB-1", "units": 20 }), None),
            r#"done {"units":20}"#,
        ),
        (work("C-7.b.1", "stock.return", json!({ "waybill": "WB-7", "units": 20 }), None), "refused UNKNOWN"),
        (work("C-7.c.1", "stock.return", json!({ "waybill": "WB-9", "units": 20 }), None), "refused DAMAGED"),
        (work("C-8.a.1", "shipment.create", ship("SF", "js"), None), r#"done {"waybill":"WB-2"}"#),
        (
            work("C-8.b.1", "shipment.cancel", json!({}), Some(("C-8.a.1", json!({ "waybill": "WB-2" })))),
            "done {}",
        ),
        (work("C-8.c.1", "shipment.cancel", json!({ "waybill": "WB-2" }), None), "refused PICKED_UP"),
    ];
    asked(&ADAPTER, || Logistics::new(settings()), &rows).await;
    let asked_for: std::collections::BTreeSet<String> = rows.iter().map(|(work, _)| work.name()).collect();
    assert_eq!(asked_for.len(), DECLARATION.verbs.len(), "every verb is tried");
}

#[test]
fn a_delivery_is_confirmed_less_what_was_lost_and_a_cancelled_one_is_not() {
    let mut sandbox = Sandbox::new(Logistics::new(settings()), setup());
    let ship = |id: &str| work(id, "shipment.create", json!({ "carrier": "SF", "units": 120 }), None);
    for id in ["C-1.a.1", "C-2.a.1", "C-3.a.1"] {
        sandbox.answer(&ship(id), start());
    }
    let cancel = |id: &str, of: &str| work(id, "shipment.cancel", json!({}), Some((of, json!({}))));
    assert_eq!(answered(&sandbox.answer(&cancel("C-3.b.1", "C-3.a.1"), start())), ["done {}"]);
    let day = jiff::SignedDuration::from_hours(24);
    let late = sandbox.answer(&cancel("C-2.b.1", "C-2.a.1"), start() + day / 2);
    assert_eq!(answered(&late), ["refused PICKED_UP"]);
    assert_eq!(sandbox.next_due(), Some(start() + day));
    let expected = [
        r#"delivery.confirmed {"signed_on":"2025-04-22","units":118,"waybill":"WB-1"}"#,
        r#"delivery.confirmed {"signed_on":"2025-04-22","units":120,"waybill":"WB-2"}"#,
    ];
    assert_eq!(told(&mut sandbox, start() + day), expected);
    assert_eq!(
        (sandbox.rules().shipments(), sandbox.rules().reserved()),
        (vec!["WB-1", "WB-2"], Decimal::ZERO)
    );
    sandbox.rules_mut().settings.delivers = false;
    sandbox.answer(&ship("C-4.a.1"), start());
    assert_eq!(told(&mut sandbox, start() + day * 9), [""; 0]);
}
