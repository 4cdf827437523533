//! A report of a past day is the same to the last byte, however the log has grown since.

use crate::support;

use crate::support::{Town, book, day};
use countersign_core::command::Verdict;
use countersign_core::time::Timestamp;
use countersign_report::{AsOf, Asked, NAMES, find};

/// Every report, as CSV and JSON.
fn printed(town: &Town, as_of: AsOf) -> Vec<(String, Vec<u8>)> {
    let book = book(&town.frames, as_of);
    let names = NAMES.iter().map(|(name, _)| *name).chain(["orders"]);
    names
        .map(|name| {
            let report = find(name, &book).unwrap();
            let window = book.window(&Asked { from: Some(day("2025-01-01")), ..Asked::default() }).unwrap();
            let sheet = report.make(&window);
            let mut bytes = format!("{:?} {} ", window, book.sequence()).into_bytes();
            sheet.csv(true, &mut bytes).unwrap();
            bytes.extend(serde_json::to_vec(&sheet.json()).unwrap());
            (name.to_owned(), bytes)
        })
        .collect()
}

fn work(town: &mut Town, from: usize, day: &str) {
    for n in from..from + 6 {
        let by = if n % 2 == 0 { "clerk_east" } else { "clerk_west" };
        let customer = ["Ann", "Bob", "Cid"][n % 3];
        town.at(&format!("{day}T{:02}:00+08:00", 9 + n % 6));
        let no = format!("A-{n}");
        let case = town.submit(by, &no, customer, day, &[("X", 1 + n as u32, "19.90"), ("Y", 2, "7.35")]);
        match n % 6 {
            0 => town.decide(case, "critic", Verdict::Object, Some("no")),
            1 => {}
            _ => {
                town.decide(case, "critic", Verdict::Pass, None);
                town.decide(case, "boss", Verdict::Approve, None);
            }
        }
        match n % 6 {
            3 => town.paid(&no, "5.00"),
            4 => town.ask(case, "cancel"),
            _ => {}
        }
    }
}

#[test]
fn reprinted_as_of_yesterday_it_is_the_same_to_the_byte() {
    let mut town = Town::found("2025-03-03T08:00+08:00");
    work(&mut town, 0, "2025-03-03");
    work(&mut town, 6, "2025-04-21");
    let yesterday = AsOf::Day(day("2025-04-21"));
    let moment = AsOf::Time(support::time("2025-04-21T11:00+08:00"));
    let (before, before_moment) = (printed(&town, yesterday), printed(&town, moment));
    assert!(before.iter().all(|(name, bytes)| bytes.len() > 100 || panic!("{name}")));

    // The log grows: payments of old orders, new orders, and other definitions of everything.
    work(&mut town, 12, "2025-04-22");
    town.paid("A-2", "11.11");
    town.edit("reports.yaml", "at: open", "at: settled");
    town.edit("reports.yaml", "ages: [30, 60]", "ages: [10]");
    town.edit("company.yaml", "Asia/Shanghai", "Europe/London");
    town.edit("organisation.yaml", "kind: staff", "kind: clerk");
    town.apply();
    work(&mut town, 18, "2025-04-23");

    assert_eq!(printed(&town, yesterday), before);
    assert_eq!(printed(&town, moment), before_moment);
    assert_ne!(printed(&town, AsOf::Now(Timestamp(0))), before);
    // Without the later frames at all, as it was printed that evening.
    let short: Vec<_> = town
        .frames
        .iter()
        .filter(|frame| frame.at < support::time("2025-04-22T00:00+08:00"))
        .cloned()
        .collect();
    town.frames = short;
    assert_eq!(printed(&town, yesterday), before);
}
