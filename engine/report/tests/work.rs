//! Cycle times, load, refusals, registers of delegations and overrides, handlers: with times worked out by hand.

use crate::support;

use crate::support::{Town, order, refused, rows};
use countersign_core::command::{Body, Verdict};
use countersign_core::time::Timestamp;
use countersign_report::{AsOf, Asked, NAMES, find};

const ALL: AsOf = AsOf::Now(Timestamp(0));

/// Monday to Wednesday: one order agreed to after an objection, one refused, one that waits.
fn town() -> Town {
    let mut town = Town::found("2025-04-21T09:00+08:00");
    let first = town.submit("clerk_east", "A-1", "Ann", "2025-04-21", &[("X", 1, "100.00")]);
    let second = town.submit("clerk_east", "A-2", "Ann", "2025-04-21", &[("X", 1, "40.00")]);
    town.at("2025-04-21T11:00+08:00");
    town.decide(first, "critic", Verdict::Object, Some("too cheap"));
    town.at("2025-04-21T12:30+08:00");
    town.decide(second, "critic", Verdict::Pass, None);
    town.at("2025-04-22T11:00+08:00");
    town.decide(first, "boss", Verdict::Approve, Some("a new customer"));
    town.decide(second, "boss", Verdict::Reject, Some("not for us"));
    let document = order("A-9", "Bob", ("2025-04-22", "2025-06-30"), &[("X", 1, "5.00")]);
    let skipping = Body::Submit { chain: "order".into(), document, addressee: Some("critic".into()) };
    assert!(town.request("clerk_west", skipping).is_err() && town.frames.last().is_some_and(refused));
    town.at("2025-04-23T09:00+08:00");
    town.paid("A-1", "100.00");
    town.submit("clerk_west", "A-3", "Bob", "2025-04-23", &[("X", 1, "7.00")]);
    town.at("2025-04-23T12:00+08:00");
    town.sell("clerk_west", "A-4", "Bob", "2025-04-23", &[("X", 1, "8.00")]);
    town
}

#[test]
fn cycle_times_are_by_chain_step_and_level() {
    let found = rows(&town().report("cycle-time", ALL, "2025-04-21", "2025-04-23"));
    assert_eq!(
        found,
        [
            // 48 h and 26 h by the clock; 16 and 10 working hours.
            "order|||2|26.00|48.00|10.00|16.00",
            "order|deciding||3|22.50|24.00|7.00|8.00",
            "order|deciding|boss|3|22.50|24.00|7.00|8.00",
            "order|looking-at||3|2.00|3.50|2.00|3.00",
            "order|looking-at|staff|3|2.00|3.50|2.00|3.00",
            "order|open||1|22.00|22.00|6.00|6.00",
        ]
    );
}

#[test]
fn load_counts_what_each_was_asked() {
    let found = rows(&town().report("load", ALL, "2025-04-21", "2025-04-23"));
    assert_eq!(
        found,
        [
            "boss|P1|3|2|1|0|22.50|24.00|8.00|0|0",
            "critic||0|0|0|0||||1|0",
            "critic|P2|3|2|1|0|2.00|3.50|8.00|0|0",
        ]
    );
    let monday = rows(&town().report("load", ALL, "2025-04-21", "2025-04-21"));
    assert_eq!(monday, ["critic||0|0|0|0||||1|0", "critic|P2|2|1|1|0|2.00|3.50|40.00|0|0"]);
}

#[test]
fn every_no_is_counted_by_its_reason() {
    let town = town();
    let found = rows(&town.report("refusals", ALL, "2025-04-21", "2025-04-23"));
    assert_eq!(
        found,
        [
            "object|order|looking-at|critic|too cheap|1|2025-04-21T03:00:00Z",
            "reject|order|deciding|boss|not for us|1|2025-04-22T03:00:00Z",
            "request|order||clerk_west|SKIP_LEVEL|1|2025-04-22T03:00:00Z",
        ]
    );
    let attempts = rows(&town.report("attempts", ALL, "2025-04-21", "2025-04-23"));
    assert_eq!(attempts, ["2025-04-22T03:00:00Z|SKIP_LEVEL||order|P4|clerk_west|critic|boss"]);
    let overrides = rows(&town.report("overrides", ALL, "2025-04-21", "2025-04-23"));
    assert_eq!(overrides, ["2025-04-22T03:00:00Z|C-1|order|A-1|deciding|boss|P1|a new customer|CNY 100.00"]);
    assert!(rows(&town.report("refusals", ALL, "2025-04-23", "2025-04-23")).is_empty());
}

#[test]
fn where_work_waits_and_for_whom() {
    let mut town = town();
    town.at("2025-04-23T16:30+08:00");
    town.submit("clerk_west", "A-5", "Bob", "2025-04-23", &[("X", 1, "8.00")]);
    let book = town.book(ALL);
    let made = |name: &str, case| {
        let window = book.window(&Asked { case, ..Asked::default() }).unwrap();
        rows(&find(name, &book).unwrap().make(&window))
    };
    assert_eq!(
        made("waiting", None),
        [
            // 7.5 h are more than twice the usual 2 h; half of the two that wait have waited no time at all.
            "order|looking-at|critic|2|7.50|0.00|2.00|1",
            "order|open|message bank.receipt.posted|1|4.50|4.50|22.00|0",
        ]
    );
    assert_eq!(
        made("handlers", Some(3)),
        ["C-3|order|A-3|looking-at|2025-04-23T01:00:00Z|7.50|critic|P2|2025-04-23T10:00:00Z|clerk_west"]
    );
    assert_eq!(made("handlers", None).len(), 3);
}

#[test]
fn delegations_are_known_from_their_release_on() {
    let mut town = Town::found("2025-04-01T09:00+08:00");
    let line = "D-1|boss|critic|sale|1000|2025-04-21T01:00:00Z|2025-04-25T10:00:00Z|2025-04-01T01:00:00Z";
    let made = |town: &Town, as_of| rows(&town.report("delegations", as_of, "2025-04-01", "2025-04-30"));
    town.at("2025-04-22T09:00+08:00");
    town.edit("organisation.yaml", "up_to: 1000", "up_to: 2000");
    town.apply();
    assert_eq!(made(&town, AsOf::Day(support::day("2025-04-20"))), [format!("{line}||planned|0")]);
    assert_eq!(made(&town, AsOf::Day(support::day("2025-04-21"))), [format!("{line}||in-force|0")]);
    let after = made(&town, ALL);
    assert_eq!(after[0], format!("{line}|2025-04-22T01:00:00Z|taken-back|0"));
    assert!(after[1].contains("|2000|") && after[1].contains("|in-force|"), "{after:?}");
}

#[test]
fn names_of_reports_are_no_names_of_registers() {
    for (name, _) in NAMES {
        assert!(countersign_chain::BUILT_IN_REPORTS.contains(name), "{name}");
    }
}
