//! Reports of the demo company as users print them: numbers, languages, formats, refusals.

use crate::common::{Company, Ran, run, text};
use serde_json::Value;

/// The log of the demonstration: one order from its evaluation to the last receipt.
fn demo() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = text(&folder.path().join("data")).to_owned();
    run(["demo", "--data", &data]).done();
    (folder, data)
}

fn report(data: &str, line: &str) -> Ran {
    run(["report"].into_iter().chain(line.split(' ')).chain(["--data", data]))
}

#[test]
fn the_order_of_the_demonstration_is_sold_billed_and_paid() {
    let (_folder, data) = demo();
    let spring = "--from 2025-04-01 --to 2025-12-31 --format csv";
    // 200 pieces at 3,400.00.
    let sold = report(&data, &format!("daily-sales {spring}")).done().out;
    let lines: Vec<&str> = sold.lines().collect();
    assert_eq!(
        lines[0],
        "date,department,model,currency,units,amount,units_so_far,amount_so_far,share_so_far"
    );
    assert_eq!(lines.len(), 2, "{sold}");
    assert!(lines[1].ends_with(",js,EB-P,CNY,200,680000.00,200,680000.00,100.00%"), "{sold}");
    let bought = report(&data, &format!("monthly-customers {spring}")).done().out;
    assert!(bought.contains("2025-04,CU-JS-002,1,,,,CNY,200,680000.00"), "{bought}");
    // Two invoices; everything was paid but what the small difference closed.
    let collected = report(&data, &format!("collection {spring}")).done().out;
    let row: Vec<&str> = collected.lines().nth(1).expect("a manager").split(',').collect();
    assert_eq!(row[..4], ["kam_js", "CNY", "0", "680000.00"], "{collected}");
    let closed: f64 = row[4..7].iter().map(|amount| amount.parse::<f64>().expect("an amount")).sum();
    assert!((closed - 680_000.0).abs() < 0.001 && row[7].parse::<f64>() == Ok(0.0), "{collected}");
    // The month in one view: what was bought, what is owed at its end; the last line is all customers together.
    let april = report(&data, "monthly-summary --to 2025-04-30 --format csv").done().out;
    let lines: Vec<&str> = april.lines().collect();
    assert_eq!(lines[0], "month,customer,purchases,currency,units,sales,collected,owed");
    assert!(lines[1].starts_with("2025-04,CU-JS-002,1,CNY,200,680000.00,"), "{april}");
    assert_eq!(lines[2], lines[1].replace("CU-JS-002", ""), "{april}");
    // Nobody has anything in hand any more.
    assert_eq!(report(&data, "handlers --format csv").done().out.lines().count(), 1);
}

#[test]
fn a_report_speaks_both_languages_and_json() {
    let (_folder, data) = demo();
    let zh = report(&data, "cycle-time --from 2025-04-01 --to 2025-12-31 --lang zh").done().out;
    assert!(zh.contains("流程周期") && zh.contains("流程") && zh.contains("截至"), "{zh}");
    let json = report(&data, "load --from 2025-04-01 --to 2025-12-31 --format json").done().last_json();
    assert_eq!((&json["report"], &json["from"]), (&Value::from("load"), &Value::from("2025-04-01")));
    assert_eq!(json["columns"][0]["title"]["zh"], "岗位");
    assert!(
        json["rows"]
            .as_array()
            .is_some_and(|rows| rows.iter().any(|row| row["position"] == "credit_controller"))
    );
    // The same under the flag that every command knows.
    let again = report(&data, "load --from 2025-04-01 --to 2025-12-31 --as-of 2026-01-01 --json").done();
    assert_eq!(again.last_json()["rows"], json["rows"]);
}

#[test]
fn what_cannot_be_reported_is_refused_with_a_way_out() {
    let company = Company::found();
    company.submit().done();
    let data = text(&company.data()).to_owned();
    let unknown = report(&data, "nonsense").refused(2, "USAGE");
    assert!(unknown.err.contains("daily-sales") && unknown.err.contains("handlers"), "{}", unknown.err);
    let undefined = report(&data, "receivables").refused(1, "REPORT_NOT_DEFINED");
    assert!(undefined.err.contains("reports.yaml") && undefined.err.contains("hint: "), "{}", undefined.err);
    report(&data, "handlers --from 2025-04-01").refused(2, "USAGE");
    report(&data, "load --case C-1").refused(2, "USAGE");
    report(&data, "load --from 2025-04-02 --to 2025-04-01").refused(2, "USAGE");
    report(&data, "load --from yesterday").refused(2, "USAGE");
    report(&data, "load --as-of noon").refused(2, "USAGE");
    let waits = report(&data, "handlers --case C-1").done().out;
    assert!(waits.contains("C-1"), "{waits}");
    let nobody = run(["report", "load", "--data", "/nowhere"]);
    assert_eq!(nobody.code, 1, "{}", nobody.err);
}

#[test]
fn an_exported_log_knows_what_was_known_then() {
    let (_folder, data) = demo();
    let export = |as_of: &str| {
        let args = ["log", "export", "--format", "csv", "--data", &data, "--as-of", as_of];
        run(args).done().out.lines().count()
    };
    let all = run(["log", "export", "--format", "csv", "--data", &data]).done().out.lines().count();
    let (before, within, after) = (export("2025-01-01"), export("2025-04-30"), export("2026-01-01"));
    assert_eq!((before, after), (1, all), "nothing but its heads; everything");
    assert!(before < within && within < after, "{before} {within} {after}");
    run(["log", "export", "--format", "csv", "--data", &data, "--as-of", "noon"]).refused(2, "USAGE");
}
