//! The sandbox of finance, by itself and behind HTTP.

mod support;

use countersign_adapter::sandbox::Sandbox;
use countersign_adapter_finance::{ADAPTER, DECLARATION, Finance, FinanceSettings, Pays};
use countersign_messages::Document;
use rust_decimal::Decimal;
use serde_json::{Value, from_value, json};
use support::{asked, setup, start, told, work};

fn cny(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CNY" })
}

fn invoice(id: &str, amount: &str) -> countersign_adapter::Work {
    work(id, "invoice.issue", json!({ "customer": "CU-1", "units": 118, "amount": cny(amount) }), None)
}

#[tokio::test]
async fn each_verb_says_what_it_should() {
    let pay = |amount: &str| json!({ "dealer": "D-1", "amount": cny(amount) });
    let undo = |id: &str| Some((id.to_owned(), json!({})));
    let undoing = |id: &str, verb: &str, of: &str| {
        let undone = undo(of).expect("an undo");
        work(id, verb, json!({}), Some((undone.0.as_str(), undone.1)))
    };
    let about = |amount: &str| json!({ "invoice_no": "INV-1", "amount": cny(amount) });
    let loss = |amount: &str| json!({ "invoice_no": "INV-2", "amount": cny(amount) });
    let rows = [
        (invoice("C-1.a.1", "401200.00"), r#"done {"due_on":"2025-06-20","invoice_no":"INV-1"}"#),
        (invoice("C-1.b.1", "0.00"), "refused BAD_AMOUNT"),
        (work("C-1.c.1", "invoice.issue", json!({ "amount": cny("1") }), None), "refused NO_CUSTOMER"),
        (
            work(
                "C-2.a.1",
                "invoice.issue",
                json!({ "customer": "CU-1", "days": 1, "amount": cny("1") }),
                None,
            ),
            r#"done {"due_on":"2025-04-22","invoice_no":"INV-2"}"#,
        ),
        (undoing("C-2.b.1", "invoice.credit", "C-2.a.1"), r#"done {"note_no":"CN-1"}"#),
        (
            work("C-2.c.1", "invoice.credit", json!({ "invoice_no": "INV-2" }), None),
            "refused ALREADY_CREDITED",
        ),
        (
            work("C-2.d.1", "invoice.credit", json!({ "invoice_no": "INV-9" }), None),
            "refused UNKNOWN_INVOICE",
        ),
        (work("C-3.a.1", "payment.create", pay("5000.00"), None), r#"done {"payment_no":"PAY-1"}"#),
        (work("C-3.b.1", "payment.create", pay("0"), None), "refused BAD_AMOUNT"),
        (undoing("C-3.c.1", "payment.reverse", "C-3.a.1"), "done {}"),
        (undoing("C-3.d.1", "payment.reverse", "C-3.a.1"), "refused NOTHING_THERE"),
        (work("C-4.a.1", "receivable.offset", pay("5000.00"), None), r#"done {"payment_no":"OFF-1"}"#),
        (undoing("C-4.b.1", "receivable.restore", "C-4.a.1"), "done {}"),
        (undoing("C-4.c.1", "receivable.restore", "C-3.a.1"), "refused NOTHING_THERE"),
        (work("C-5.a.1", "refund.pay", pay("20.00"), None), r#"done {"payment_no":"REF-1"}"#),
        (work("C-6.a.1", "difference.book", about("-0.50"), None), "done {}"),
        (undoing("C-6.b.1", "difference.unbook", "C-6.a.1"), "done {}"),
        (undoing("C-6.c.1", "difference.unbook", "C-6.a.1"), "refused NOTHING_THERE"),
        (work("C-7.a.1", "writeoff.book", about("100.00"), None), "done {}"),
        (undoing("C-7.b.1", "writeoff.reverse", "C-7.a.1"), "done {}"),
        (work("C-7.c.1", "writeoff.reverse", json!({}), None), "refused NOTHING_THERE"),
        // Part of an invoice is credited, and part of a loss is paid after all.
        (work("C-8.a.1", "invoice.credit", about("1200.00"), None), r#"done {"note_no":"CN-2"}"#),
        (work("C-8.b.1", "invoice.credit", about("400000.01"), None), "refused BAD_AMOUNT"),
        (work("C-8.c.1", "invoice.credit", about("400000.00"), None), r#"done {"note_no":"CN-3"}"#),
        (work("C-8.d.1", "invoice.credit", about("0.01"), None), "refused ALREADY_CREDITED"),
        (work("C-9.a.1", "writeoff.book", loss("100.00"), None), "done {}"),
        (work("C-9.b.1", "writeoff.reverse", loss("60.00"), None), "done {}"),
        (work("C-9.c.1", "writeoff.reverse", loss("40.01"), None), "refused BAD_AMOUNT"),
        (work("C-9.d.1", "writeoff.reverse", loss("40.00"), None), "done {}"),
        (work("C-9.e.1", "writeoff.reverse", loss("0.01"), None), "refused NOTHING_THERE"),
    ];
    asked(&ADAPTER, || Finance::new(FinanceSettings::default()), &rows).await;
    let asked_for: std::collections::BTreeSet<String> = rows.iter().map(|(work, _)| work.name()).collect();
    assert_eq!(asked_for.len(), DECLARATION.verbs.len(), "every verb is tried");
}

#[test]
fn customers_pay_as_they_are_told() {
    let by = |amount: &str| amount.parse::<Decimal>().expect("an amount");
    let rows = [
        (Pays::Full, Some("401200.00")),
        (Pays::Short(by("8.50")), Some("401191.50")),
        (Pays::Over(by("800")), Some("402000.00")),
        (Pays::Never, None),
        (Pays::Short(by("401200.00")), None),
    ];
    for (pays, expected) in rows {
        let settings = FinanceSettings { pays, ..FinanceSettings::default() };
        let mut sandbox = Sandbox::new(Finance::new(settings), setup());
        sandbox.answer(&invoice("C-1.a.1", "401200.00"), start());
        let hour = jiff::SignedDuration::from_hours(1);
        assert_eq!(told(&mut sandbox, start() + hour), [r#"invoice.acknowledged {"invoice_no":"INV-1"}"#]);
        let receipt = expected.map(|amount| {
            format!(
                r#"receipt.posted {{"amount":{{"amount":"{amount}","currency":"CNY"}},"customer":"CU-1","id":"R-1","ref":"INV-1"}}"#
            )
        });
        assert_eq!(told(&mut sandbox, start() + hour * 24), Vec::from_iter(receipt), "{pays:?}");
    }
}

#[test]
fn nobody_pays_a_credited_invoice_and_facts_can_be_told_by_hand() {
    let mut sandbox = Sandbox::new(Finance::default(), setup());
    sandbox.answer(&invoice("C-1.a.1", "10.00"), start());
    let credit = work("C-1.b.1", "invoice.credit", json!({}), Some(("C-1.a.1", json!({}))));
    sandbox.answer(&credit, start());
    let later = start() + jiff::SignedDuration::from_hours(999);
    assert_eq!(told(&mut sandbox, later), [""; 0]);
    assert!(sandbox.rules().invoices().is_empty());
    let data: Document =
        from_value(json!({ "order_no": "SO-1", "amount": cny("5.00") })).expect("a document");
    assert!(sandbox.tell("prepayment.posted", "P-1", data.clone(), later));
    assert!(!sandbox.tell("prepayment.lost", "P-2", data, later));
    let expected = r#"prepayment.posted {"amount":{"amount":"5.00","currency":"CNY"},"order_no":"SO-1"}"#;
    assert_eq!(told(&mut sandbox, later), [expected]);
}

/// Red-letter invoices over parts, down to nothing and no further.
#[test]
fn an_invoice_is_credited_in_parts() {
    let mut sandbox = Sandbox::new(Finance::default(), setup());
    sandbox.answer(&invoice("C-1.a.1", "10.00"), start());
    let rows = [
        ("4.00", "done {\"note_no\":\"CN-1\"}"),
        ("6.01", "refused BAD_AMOUNT"),
        ("0.00", "refused BAD_AMOUNT"),
        ("6.00", "done {\"note_no\":\"CN-2\"}"),
        ("0.01", "refused ALREADY_CREDITED"),
    ];
    for (number, (amount, expected)) in rows.into_iter().enumerate() {
        assert_eq!(sandbox.rules().invoices().len(), usize::from(number != 4), "before {amount}");
        let fields = json!({ "invoice_no": "INV-1", "amount": cny(amount) });
        let credit = work(&format!("C-2.b.{}", number + 1), "invoice.credit", fields, None);
        assert_eq!(support::answered(&sandbox.answer(&credit, start())), [expected], "{amount}");
    }
    // Nobody pays what is not owed any more.
    let later = start() + jiff::SignedDuration::from_hours(999);
    assert_eq!(told(&mut sandbox, later), [""; 0]);
}

#[test]
fn what_it_is_told_to_refuse_it_refuses() {
    let settings: FinanceSettings =
        from_value(json!({ "refuses": { "invoice.issue": "PERIOD_CLOSED" }, "pays": { "short": "1.00" } }))
            .expect("settings");
    let mut sandbox = Sandbox::new(Finance::new(settings), setup());
    let answers = sandbox.answer(&invoice("C-1.a.1", "10.00"), start());
    assert_eq!(support::answered(&answers), ["refused PERIOD_CLOSED"]);
}
