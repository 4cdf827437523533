//! Chains that start by the calendar: once a period, for each row of a table, in bounded frames.

use crate::outward_support;

use countersign_core::definition::*;
use countersign_core::event::Event;
use countersign_core::expr::Expr;
use countersign_core::time::{DAY, HOUR};
use countersign_core::value::Type;

use crate::outward_support::define::*;
use crate::outward_support::{Run, at};

fn grading(period: Period, for_each: Option<&str>, key: Expr) -> Chain {
    let start = Start {
        trigger: Trigger::Every { period, for_each: for_each.map(n) },
        submitter: post("finance"),
        with: with(vec![("no", key)]),
        begins: Begins::First,
    };
    let asking = state("asking", task("finance", &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    Chain { starts: vec![start], ..chain("grading", "grading", &["no"], vec![asking]) }
}

fn gradings(unique: bool) -> Definition {
    document("grading", vec![Field { unique, ..field("no", Type::Text) }])
}

fn customers(count: usize) -> Definition {
    let keys: Vec<String> = (0..count).map(|i| format!("C{i:03}")).collect();
    let rows: Vec<(&str, &[&str])> = keys.iter().map(|key| (key.as_str(), &["A"][..])).collect();
    Definition::Table(table("customers", &["grade"], &rows))
}

fn next(run: &Run) -> Vec<String> {
    let timers = run.world.state.periods().values();
    timers.map(|period| period.next.to_string()).collect()
}

/// The first instant of each quarter, in the company's zone.
#[test]
fn each_quarter_begins_a_case() {
    let chain = grading(Period::Quarter, None, words("Q"));
    let mut run = Run::new(vec![gradings(false), Definition::Chain(chain)]);
    assert_eq!(next(&run), ["2025-06-30T16:00:00Z"]);
    run.wait_until(at("2025-07-01T00:00+08:00").plus(-1));
    assert_eq!(run.world.state.open_cases(), 0);
    run.wait(1);
    assert_eq!((run.stands(1).as_str(), next(&run)), ("asking", vec!["2025-09-30T16:00:00Z".to_owned()]));
    assert_eq!(run.last(), ["case-submitted", "period-began", "state-entered", "task-opened"]);
    assert_eq!(
        (&run.case(1).submitter().position, &run.case(1).submitter().person),
        (&n("finance"), &n("P02"))
    );
    run.wait_until(at("2026-04-01T00:00+08:00"));
    assert_eq!(run.world.state.next_case(), 5);
}

/// Days, weeks from Monday, months and years begin where the calendar says.
#[test]
fn every_period_has_its_first_instant() {
    // The run begins on Monday, 2025-04-21.
    for (period, first, second) in [
        (Period::Day, "2025-04-22T00:00+08:00", "2025-04-23T00:00+08:00"),
        (Period::Week, "2025-04-28T00:00+08:00", "2025-05-05T00:00+08:00"),
        (Period::Month, "2025-05-01T00:00+08:00", "2025-06-01T00:00+08:00"),
        (Period::Year, "2026-01-01T00:00+08:00", "2027-01-01T00:00+08:00"),
    ] {
        let chain = grading(period, None, words("P"));
        let mut run = Run::new(vec![gradings(false), Definition::Chain(chain)]);
        assert_eq!(next(&run), [at(first).to_string()], "{period:?}");
        run.wait_until(at(first));
        assert_eq!(
            (next(&run), run.world.state.next_case()),
            (vec![at(second).to_string()], 2),
            "{period:?}"
        );
    }
}

/// One case for each row, a few in each frame; the row that was reached is remembered, and every row comes once.
#[test]
fn each_row_begins_a_case() {
    let chain = grading(Period::Month, Some("customers"), item(""));
    let mut run = Run::new(vec![gradings(false), customers(40), Definition::Chain(chain)]);
    run.wait_until(at("2025-05-01T00:00+08:00"));
    let mut keys: Vec<String> =
        run.world.state.cases().filter_map(|case| case.key().map(ToString::to_string)).collect();
    keys.dedup();
    assert_eq!(
        (keys.len(), keys.first().map(String::as_str), keys.last().map(String::as_str)),
        (40, Some("C000"), Some("C039"))
    );
    let reached: Vec<Option<String>> = periods(&run).into_iter().map(|(reached, _)| reached).collect();
    assert_eq!(reached, [None, Some("C015".to_owned()), Some("C031".to_owned()), None]);
    assert_eq!(next(&run), [at("2025-06-01T00:00+08:00").to_string()]);
}

/// The row that was reached, and the rows that were refused with their codes.
type Began = (Option<String>, Vec<(String, String)>);

fn periods(run: &Run) -> Vec<Began> {
    let events = run.world.frames.iter().flat_map(|frame| &frame.events);
    let began = events.filter_map(|event| match event {
        Event::PeriodBegan(e) => {
            let refused = e.refused.iter().map(|(row, code)| (row.to_string(), code.to_string()));
            Some((e.reached.as_ref().map(ToString::to_string), refused.collect()))
        }
        _ => None,
    });
    began.collect()
}

/// A row whose case is refused is named with its code, and holds up no other.
#[test]
fn a_refused_row_is_told() {
    let chain = grading(Period::Month, Some("customers"), item(""));
    let mut run = Run::new(vec![gradings(true), customers(3), Definition::Chain(chain)]);
    let document = outward_support::record([("no", outward_support::text("C001"))]);
    run.submit("finance", "grading", document).expect("a grading by hand");
    run.wait_until(at("2025-05-01T00:00+08:00"));
    let refused = periods(&run).pop().map(|(_, refused)| refused);
    assert_eq!(refused, Some(vec![("C001".to_owned(), "NOT_UNIQUE".to_owned())]));
    assert_eq!(run.world.state.open_cases(), 3);
}

/// Other rules: a period that no longer is is forgotten, one that is new is looked at, one that stays is left alone.
#[test]
fn new_rules_set_the_calendar_anew() {
    let chain = |period| Definition::Chain(grading(period, None, words("P")));
    let mut run = Run::new(vec![gradings(false), chain(Period::Quarter)]);
    let place = run.world.definitions.len() - 1;
    run.world.activate();
    run.check();
    assert_eq!(periods(&run).len(), 1);
    run.world.definitions[place] = chain(Period::Month);
    run.world.activate();
    run.check();
    assert_eq!(next(&run), [at("2025-05-01T00:00+08:00").to_string()]);
    run.world.definitions.truncate(place);
    run.world.activate();
    run.check();
    assert_eq!((next(&run).len(), run.world.state.next_timer()), (0, None));
    run.wait(100 * DAY);
    assert_eq!(run.world.state.next_case(), 1);
}

/// Whoever slept through several periods begins once, late.
#[test]
fn a_period_that_was_slept_through() {
    let chain = grading(Period::Day, None, words("P"));
    let mut run = Run::new(vec![gradings(false), Definition::Chain(chain)]);
    run.world.at = run.world.at.plus(10 * DAY + HOUR);
    let now = run.world.at;
    run.wait_until(now);
    assert_eq!(run.world.state.next_case(), 2);
    assert_eq!(next(&run), [at("2025-05-02T00:00+08:00").to_string()]);
}

/// A case may begin as a draft of the post that is named.
#[test]
fn a_started_case_may_begin_as_a_draft() {
    let mut chain = grading(Period::Day, None, words("P"));
    chain.starts[0].begins = Begins::Draft;
    let mut run = Run::new(vec![gradings(false), Definition::Chain(chain)]);
    run.wait(DAY);
    assert_eq!((run.stands(1).as_str(), run.case(1).returns()), ("draft", 0));
    let document = outward_support::record([("no", outward_support::text("P"))]);
    run.resubmit("finance", 1, document).expect("completed");
    assert_eq!(run.stands(1), "asking");
}
