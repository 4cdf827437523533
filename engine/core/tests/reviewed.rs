//! R5: who stands beside the line reviews below it (`reviewed_by: dotted(submitter)`): the dotted superiors, but for those
//! who may not or whom the line asks anyway.

use std::collections::BTreeSet;

use countersign_core::command::{Body, CaseNo, Verdict};
use countersign_core::name::Name;

use crate::support::{World, at, contract, demo_definitions_and};

const CHAIN: &str = "\
chain: reviewed
title: { en: Reviewed, zh: 复核 }
document: contract
key: doc.contract_no
amount: doc.total
initiators: [chrep]
ends: { over: good, rejected: bad }
states:
  line:
    climb: contract
    reviewed_by: dotted(submitter)
    next: { approved: over }
";

fn company() -> World {
    let definitions = demo_definitions_and(&[("chains/reviewed.yaml", CHAIN)]);
    let mut world = World::new(definitions, at("2025-01-02T09:00+08:00"));
    world.clock(at("2025-05-12T09:00+08:00"));
    world
}

/// H30 of chrep_js, whose superior is bgm_js and whose dotted superior is ncd_head, hands one in.
fn submitted(world: &mut World) -> CaseNo {
    let case = world.state.next_case();
    let body = Body::Submit {
        chain: Name::from("reviewed"),
        document: contract("HT-1", 1, "40000.00"),
        addressee: None,
    };
    world.request("H30", "chrep_js", body).expect("a contract is handed in");
    case
}

fn waiting(world: &World, case: CaseNo) -> BTreeSet<String> {
    let tasks = world.state.case(case).into_iter().flat_map(|case| case.tasks().values());
    tasks.map(|task| task.position.to_string()).collect()
}

fn answers(world: &mut World, case: CaseNo, position: &str, verdict: Verdict) -> Result<u64, String> {
    let task = world.task_of(case, position).expect("a task");
    let answer = world.answer(case, task, verdict, None);
    let person = world.holder(position);
    world.request(&person, position, Body::Decide(answer)).map_err(|rejection| rejection.to_string())
}

#[test]
fn the_dotted_superior_reviews_and_the_line_decides() {
    let mut world = company();
    let case = submitted(&mut world);
    assert_eq!(waiting(&world, case), BTreeSet::from(["ncd_head".to_owned()]));
    let refused = answers(&mut world, case, "ncd_head", Verdict::Approve).expect_err("it decides nothing");
    assert!(refused.starts_with("VERDICT_NOT_ALLOWED"), "{refused}");
    answers(&mut world, case, "ncd_head", Verdict::Pass).expect("it has nothing against it");
    assert_eq!(waiting(&world, case), BTreeSet::from(["bgm_js".to_owned()]));
    answers(&mut world, case, "bgm_js", Verdict::Approve).expect("it decides");
    assert!(world.state.case(case).is_none(), "the case is over");
}

#[test]
fn a_dotted_superior_who_handed_it_in_drops_out() {
    let mut world = company();
    world.organise("- { vacate: { position: ncd_head } }").expect("it is vacant");
    world.organise("- { hire: { person: H30, position: ncd_head } }").expect("the submitter holds it too");
    let case = submitted(&mut world);
    assert_eq!(waiting(&world, case), BTreeSet::from(["bgm_js".to_owned()]));
}

#[test]
fn for_a_vacant_dotted_superior_the_next_one_reviews() {
    let mut world = company();
    world.organise("- { vacate: { position: ncd_head } }").expect("it is vacant");
    let case = submitted(&mut world);
    assert_eq!(waiting(&world, case), BTreeSet::from(["sales_director".to_owned()]));
}
