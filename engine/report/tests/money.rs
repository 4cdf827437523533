//! Sales, customers, receivables and collection, with numbers worked out by hand.

use crate::support;

use std::collections::BTreeMap;

use crate::support::{Town, rows};
use countersign_core::definition::{Account, AccountMeasure, Definition, Progress};
use countersign_core::expr::{BalancePart, Comparison, Expr};
use countersign_core::money::Currency;
use countersign_core::name::{Name, Title};
use countersign_core::time::Timestamp;
use countersign_core::value::{Type, Value};
use countersign_report::{AsOf, ReportError, find};
use rust_decimal::Decimal;

const ALL: AsOf = AsOf::Now(Timestamp(0));

#[test]
fn daily_sales_count_up_by_department_and_model() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    town.sell("clerk_east", "A-1", "Ann", "2025-03-31", &[("X", 1, "999.99")]);
    town.sell("clerk_east", "A-2", "Ann", "2025-04-01", &[("X", 2, "100.00"), ("Y", 1, "50.10")]);
    town.sell("clerk_west", "A-3", "Bob", "2025-04-01", &[("X", 3, "100.00")]);
    town.sell("clerk_east", "A-4", "Bob", "2025-04-02", &[("X", 1, "99.90"), ("X", 1, "100.00")]);
    // Not agreed to: not sold.
    town.submit("clerk_west", "A-5", "Bob", "2025-04-02", &[("Y", 9, "100.00")]);
    let found = rows(&town.report("daily-sales", ALL, "2025-04-01", "2025-04-02"));
    assert_eq!(
        found,
        [
            // 200.00 + 50.10 + 300.00 = 550.10 on the first day, 750.00 in all.
            "2025-04-01|east|X|CNY|2|200.00|2|200.00|36.36%",
            "2025-04-01|east|Y|CNY|1|50.10|1|50.10|9.11%",
            "2025-04-01|west|X|CNY|3|300.00|3|300.00|54.54%",
            "2025-04-02|east|X|CNY|2|199.90|4|399.90|53.32%",
        ]
    );
}

#[test]
fn what_is_taken_back_may_be_sold_again() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    let case = town.sell("clerk_east", "A-1", "Ann", "2025-04-01", &[("X", 2, "100.00")]);
    town.at("2025-04-03T10:00+08:00");
    // The signatures that were given still stand: it is open again at once.
    town.ask(case, "again");
    let found = rows(&town.report("daily-sales", ALL, "2025-04-01", "2025-04-30"));
    // Taken back on the day on which it was; sold again on the order's own.
    let again = [
        "2025-04-01|east|X|CNY|4|400.00|4|400.00|100.00%",
        "2025-04-03|east|X|CNY|-2|-200.00|2|200.00|100.00%",
    ];
    assert_eq!(found, again);
}

#[test]
fn what_is_cancelled_is_taken_back_on_its_day() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    let case = town.sell("clerk_east", "A-1", "Ann", "2025-04-01", &[("X", 2, "100.00")]);
    town.sell("clerk_east", "A-2", "Ann", "2025-04-01", &[("X", 1, "100.00")]);
    town.at("2025-04-03T10:00+08:00");
    town.ask(case, "cancel");
    let found = rows(&town.report("daily-sales", ALL, "2025-04-01", "2025-04-30"));
    assert_eq!(
        found,
        [
            "2025-04-01|east|X|CNY|3|300.00|3|300.00|100.00%",
            "2025-04-03|east|X|CNY|-2|-200.00|1|100.00|100.00%"
        ]
    );
    // A cancelled order is no purchase.
    let found = rows(&town.report("monthly-customers", ALL, "2025-04-01", "2025-04-30"));
    assert_eq!(found, ["2025-04|Ann|1||||CNY|1|100.00"]);
}

/// S46: a mean of 6.0 over three months, then 2, 3, 12 and 13 purchases.
#[test]
fn a_customer_who_buys_unusually_seldom_or_often_is_named() {
    let mut town = Town::found("2025-01-01T09:00+08:00");
    let mut no = 0;
    let mut buys = |town: &mut Town, customer: &str, month: u32, times: u32| {
        for n in 0..times {
            no += 1;
            let date = format!("2025-{month:02}-{:02}", 1 + n % 28);
            town.sell("clerk_east", &format!("A-{no}"), customer, &date, &[("X", 1, "10.00")]);
        }
    };
    for (customer, in_april) in [("two", 2), ("three", 3), ("twelve", 12), ("thirteen", 13)] {
        for (month, times) in [(1, 5), (2, 6), (3, 7), (4, in_april)] {
            buys(&mut town, customer, month, times);
        }
    }
    // New in February: there is no mean of three months yet.
    buys(&mut town, "new", 2, 6);
    buys(&mut town, "gone", 1, 1);
    let may = AsOf::Now(support::time("2025-05-02T09:00+08:00"));
    let found = rows(&town.report("monthly-customers", may, "2025-04-01", "2025-04-30"));
    assert_eq!(
        found,
        [
            "2025-04|gone|0|0.33|0.00%|low|||",
            "2025-04|new|0||||||",
            "2025-04|thirteen|13|6.00|216.67%|high|CNY|13|130.00",
            "2025-04|three|3|6.00|50.00%||CNY|3|30.00",
            "2025-04|twelve|12|6.00|200.00%||CNY|12|120.00",
            "2025-04|two|2|6.00|33.33%|low|CNY|2|20.00",
        ]
    );
    // Before its end a month may still become a good one.
    let found = rows(&town.report("monthly-customers", may, "2025-04-01", "2025-04-29"));
    assert!(found.iter().any(|row| row.starts_with("2025-04|two|2|6.00|33.33%||")), "{found:?}");
    assert!(found.iter().any(|row| row.starts_with("2025-04|thirteen|13|6.00|216.67%|high|")), "{found:?}");
}

#[test]
fn receivables_by_age_and_collection_by_manager_tie_out() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    // All are due on 2025-06-30.
    town.sell("clerk_east", "A-1", "Ann", "2025-04-01", &[("X", 1, "1000.00")]);
    let lost = town.sell("clerk_east", "A-2", "Bob", "2025-04-02", &[("X", 1, "300.00")]);
    town.sell("clerk_west", "A-3", "Ann", "2025-05-02", &[("X", 1, "500.00")]);
    town.at("2025-04-20T09:00+08:00");
    town.paid("A-1", "400.00");
    town.at("2025-05-20T09:00+08:00");
    town.paid("A-1", "500.00");
    town.paid("A-3", "500.00");
    town.ask(lost, "give-up");
    let ages = |day: &str| rows(&town.report("receivables", ALL, "2025-04-01", day));
    assert_eq!(ages("2025-04-01"), ["Ann|CNY|1000.00|1000.00|0|0|0"]);
    assert_eq!(ages("2025-04-30"), ["Ann|CNY|600.00|600.00|0|0|0", "Bob|CNY|300.00|300.00|0|0|0"]);
    assert_eq!(ages("2025-06-30"), ["Ann|CNY|100.00|100.00|0|0|0"]);
    assert_eq!(ages("2025-07-30"), ["Ann|CNY|100.00|0|100.00|0|0"]);
    assert_eq!(ages("2025-07-31"), ["Ann|CNY|100.00|0|0|100.00|0"]);
    assert_eq!(ages("2025-08-30"), ["Ann|CNY|100.00|0|0|0|100.00"]);
    let april = rows(&town.report("collection", ALL, "2025-04-01", "2025-04-30"));
    assert_eq!(april, ["clerk_east|CNY|0|1300.00|400.00|0|0|900.00|30.77%"]);
    let may = rows(&town.report("collection", ALL, "2025-05-01", "2025-05-31"));
    assert_eq!(
        may,
        [
            "clerk_east|CNY|900.00|0|500.00|0|300.00|100.00|55.56%",
            "clerk_west|CNY|0|500.00|500.00|0|0|0.00|100.00%"
        ]
    );
}

#[test]
fn a_register_shows_what_the_company_chose() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    town.sell("clerk_east", "A-1", "Ann", "2025-04-01", &[("X", 1, "10.00")]);
    town.submit("clerk_west", "A-2", "Bob", "2025-04-01", &[("X", 2, "10.00")]);
    town.paid("A-1", "10.00");
    let sheet = town.report("orders", ALL, "2025-04-01", "2025-04-30");
    let at = "2025-04-01T01:00:00Z";
    assert_eq!(
        rows(&sheet),
        [
            format!("C-1|A-1|{at}|clerk_east|settled|CNY 10.00|CNY 10.00|clerk_east"),
            format!("C-2|A-2|{at}|clerk_west|looking-at|CNY 20.00|CNY 0|clerk_west"),
        ]
    );
    let heads: Vec<String> = sheet.columns.iter().map(|column| column.head(true)).collect();
    assert_eq!(heads, ["案件", "编号", "提交时间", "提交岗位", "所在步骤", "总额", "PAID", "OWNER"]);
}

#[test]
fn what_nobody_has_defined_is_refused() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    let book = town.book(ALL);
    assert!(matches!(find("nonsense", &book), Err(ReportError::Unknown { .. })));
    town.files.retain(|file| file.path != "reports.yaml");
    town.apply();
    let book = town.book(ALL);
    assert_eq!(find("daily-sales", &book).err(), Some(ReportError::NotDefined { part: "sales" }));
    assert!(find("cycle-time", &book).is_ok());
}

/// A yearly budget of 600,000: yellow above 300,000, red above 360,000, with what was used before by key.
fn budget(used: &[(&str, u32)]) -> Definition {
    let cny = Currency::parse("CNY").unwrap();
    let money = |amount: u32| Expr::Const(Value::money(Decimal::from(amount), cny));
    let above = |amount| {
        Expr::Compare(Comparison::More, Box::new(Expr::Own(BalancePart::Used)), Box::new(money(amount)))
    };
    let share = |percent: i64| Expr::Const(Value::Percent(Decimal::new(percent, 2)));
    Definition::Account(Account {
        name: "budget".into(),
        title: Title { en: "Budget".into(), zh: "预算".into() },
        measure: AccountMeasure::Money(cny),
        parts: vec![("unit".into(), Type::Text)],
        limit: Some(money(600_000)),
        short: "BUDGET_INSUFFICIENT".into(),
        flags: vec![("RED".into(), above(360_000)), ("YELLOW".into(), above(300_000))],
        below_zero: None,
        opening: used
            .iter()
            .map(|(key, used)| (Name::from(*key), Decimal::from(*used)))
            .collect::<BTreeMap<_, _>>(),
        progress: Some(Progress { sales: share(40), time: share(50) }),
    })
}

#[test]
fn budgets_stand_with_their_colours() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    town.more.push(budget(&[("east", 330_000), ("hq", 12_000), ("west", 372_000)]));
    town.apply();
    let found = rows(&town.report("budgets", ALL, "2025-04-01", "2025-04-30"));
    assert_eq!(
        found,
        [
            "budget|east|CNY|600000|330000|0|270000|55.00%|40.00%|50.00%|15.00%|YELLOW",
            "budget|hq|CNY|600000|12000|0|588000|2.00%|40.00%|50.00%|-38.00%|",
            "budget|west|CNY|600000|372000|0|228000|62.00%|40.00%|50.00%|22.00%|RED",
        ]
    );
}
