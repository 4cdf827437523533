//! The company of these tests: an order is made by the factory, reserved in the warehouse, paid back by finance.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use countersign_core::command::CaseNo;
use countersign_core::definition::*;
use countersign_core::event::{CommandIssued, Event};
use countersign_core::value::{Raw, Type, Value};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

use crate::outward_support::define::*;
use crate::outward_support::{Run, number, record, text};

/// What the other systems do and answer.
fn systems() -> Definition {
    let stages =
        [(n("accepted"), shape(&[("mo", Type::Text)])), (n("progress"), shape(&[("pct", Type::Percent)]))];
    let make = Verb {
        stages: BTreeMap::from(stages),
        refused: Refusals::OneOf(names(&["NO_CAPACITY", "BAD_BOM"])),
        ..verb(&[("units", Type::Units)], Undo::By(n("erp.mo.cancel")))
    };
    let cancel = Verb { refused: Refusals::OneOf(names(&["FINISHED"])), ..verb(&[], Undo::IsUndo) };
    let mut reserve = verb(&[("units", Type::Units)], Undo::By(n("logistics.stock.release")));
    reserve.finals.insert(n("short"), shape(&[("units", Type::Units)]));
    let query = Verb { refused: Refusals::Never, ..verb(&[("units", Type::Units)], Undo::ReadsOnly) };
    adapters(
        vec![
            ("erp.mo.create", make),
            ("erp.mo.cancel", cancel),
            ("erp.atp.query", query),
            ("logistics.stock.reserve", reserve),
            ("logistics.stock.release", verb(&[], Undo::IsUndo)),
            ("finance.refund.pay", verb(&[("payment_no", Type::Text)], Undo::Nothing)),
        ],
        vec![("erp.stock.came", shape(&[("no", Type::Text), ("units", Type::Units)]))],
    )
}

fn documents() -> Vec<Definition> {
    let parts = field("parts", Type::List(Box::new(Type::Units)));
    vec![document("order", vec![field("no", Type::Text), field("units", Type::Units), parts])]
}

/// What orders keep of their documents.
pub const ORDER: &[&str] = &["no", "units", "parts"];

pub fn order(no: &str, units: u32) -> Raw {
    record([("no", text(no)), ("units", number(units)), ("parts", Raw::List(vec![]))])
}

pub fn order_of(no: &str, parts: &[u32]) -> Raw {
    let parts = parts.iter().map(number).collect();
    record([("no", text(no)), ("units", number(1)), ("parts", Raw::List(parts))])
}

pub fn factory(chains: Vec<Chain>) -> Run {
    let chains = chains.into_iter().map(Definition::Chain);
    Run::new(documents().into_iter().chain([systems()]).chain(chains).collect())
}

pub fn pieces(count: i64) -> Value {
    Value::Units(Decimal::from(count))
}

/// Where the states of [`making`] stand.
pub mod place {
    pub const COMMANDING: u16 = 0;
    pub const MAKING: u16 = 1;
    pub const REPLANNING: u16 = 2;
    pub const CANCELLING: u16 = 3;
}

/// A production order: commanded, accepted, made; planned anew where there is no capacity.
pub fn making() -> Chain {
    let create = command("erp.mo.create", vec![("no", doc("no")), ("units", doc("units"))]);
    let commanding = state(
        "commanding",
        create,
        &[
            ("accepted", to(place::MAKING)),
            ("refused.NO_CAPACITY", to(place::REPLANNING)),
            ("refused", Target::OnHold),
            ("silent", Target::OnHold),
        ],
    );
    let follow = Activity::Follow { state: place::COMMANDING };
    let following =
        state("making", follow, &[("done", DONE), ("refused", Target::OnHold), ("silent", Target::OnHold)]);
    let replanning = state(
        "replanning",
        task("kam_js", &[], &[]),
        &[("done", to(place::COMMANDING)), ("refused", FAILED)],
    );
    Chain {
        facts: vec![
            fact_def("mo", Type::Text, None),
            fact_def("pct", Type::Percent, None),
            fact_def("made", Type::Units, Some(units(0))),
        ],
        anytime: vec![Anytime { by: vec![post("kam_js")], ..anytime("cancel", Some(to(place::CANCELLING))) }],
        ..chain(
            "making",
            "order",
            ORDER,
            vec![
                learns(vec![(0, reply("mo"))], commanding),
                learns(vec![(1, reply("pct")), (2, plus(fact("made"), reply("units")))], following),
                replanning,
                cancelling(None),
            ],
        )
    }
}

/// Undoes what was done, all of it or since a state.
pub fn cancelling(since: Option<u16>) -> StateDef {
    state("cancelling", Activity::Compensate { since }, &[("done", CANCELLED), ("stuck", Target::OnHold)])
}

/// A state that gives a command, and the usual arrows.
pub fn commands(
    name: &str,
    verb: &str,
    fields: Vec<(&str, countersign_core::expr::Expr)>,
    go: Target,
) -> StateDef {
    let next = [("done", go), ("refused", Target::OnHold), ("silent", Target::OnHold)];
    state(name, command(verb, fields), &next)
}

/// When the adapters were told what: time of day in China, verb, attempt.
pub fn sent(run: &Run, case: CaseNo) -> Vec<(String, String, u32)> {
    let clock = |at: countersign_core::time::Timestamp| {
        let minutes = (at.0 / 60_000 + 8 * 60).rem_euclid(24 * 60);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    };
    let mut sent = Vec::new();
    for frame in &run.world.frames {
        for event in frame.events.iter().filter(|event| event.case() == Some(case)) {
            match event {
                Event::CommandIssued(e) => sent.push((clock(frame.at), e.verb.to_string(), 1)),
                Event::CommandSentAgain(e) => sent.push((clock(frame.at), e.verb.to_string(), e.attempt)),
                _ => {}
            }
        }
    }
    sent
}

/// The commands of a case that undo something, in their order: verb, number of the command undone.
pub fn undos(run: &Run, case: CaseNo) -> Vec<(String, u32)> {
    issued(run, case)
        .into_iter()
        .filter_map(|e| Some((e.verb.to_string(), e.undoes.as_ref()?.command)))
        .collect()
}

pub fn issued(run: &Run, case: CaseNo) -> Vec<&CommandIssued> {
    run.events(case)
        .into_iter()
        .filter_map(|event| match event {
            Event::CommandIssued(e) => Some(e),
            _ => None,
        })
        .collect()
}

/// How often an event of this name happened to a case.
pub fn count(run: &Run, case: CaseNo, name: &str) -> usize {
    run.events(case).into_iter().filter(|event| event.name() == name).count()
}

pub fn nothing() -> Raw {
    record([])
}

pub fn accepted(mo: &str) -> Raw {
    record([("mo", text(mo))])
}

pub fn some(units: u32) -> Raw {
    record([("units", number(units))])
}
