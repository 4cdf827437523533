//! A chain of one state over the demo company's organisation, for rules that one step shows.

use countersign_core::command::{Body, CaseNo};
use countersign_core::definition::Definition;
use countersign_core::name::Name;
use countersign_core::value::Raw;

use super::{World, at, demo_definitions_and, record, text};

const DOCUMENT: &str = "\
document: fee
title: { en: Fee, zh: 费用 }
fields: { fee_no: text, total: money, asks: list of position }
commercial: [total]
";

/// When fees are handed in.
pub const SINCE: &str = "2025-05-06T09:00+08:00";

/// The company with the chain `fee`, whose one state is this, in lines of four blanks; its ends are `paid` and `rejected`.
pub fn company(state: &str) -> World {
    let chain = format!(
        "chain: fee\ntitle: {{ en: Fee, zh: 费用 }}\ndocument: fee\nkey: doc.fee_no\namount: doc.total\n\
         initiators: [rep, kam, bgm]\nends: {{ paid: good, rejected: bad }}\nstates:\n  deciding:\n    {state}\n"
    );
    let definitions = demo_definitions_and(&[("documents/fee.yaml", DOCUMENT), ("chains/fee.yaml", &chain)]);
    let mut world = World::new(definitions, at("2025-01-02T09:00+08:00"));
    world.clock(at(SINCE));
    world
}

/// The same with definitions that files say otherwise.
pub fn changed(state: &str, change: impl Fn(&mut Definition)) -> World {
    let mut world = company(state);
    world.definitions.iter_mut().for_each(change);
    world.activate();
    world
}

/// Hands a fee in.
pub fn submitted(world: &mut World, (person, position): (&str, &str), total: &str) -> CaseNo {
    let total = record([("amount", text(total)), ("currency", text("CNY"))]);
    let asks = Raw::List(vec![text("legal"), text("audit_head")]);
    let document = record([("fee_no", text("F-1")), ("total", total), ("asks", asks)]);
    let case = world.state.next_case();
    let body = Body::Submit { chain: Name::from("fee"), document, addressee: None };
    world.request(person, position, body).expect("a fee is handed in");
    case
}
