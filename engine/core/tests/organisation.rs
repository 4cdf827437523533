//! The organisation as living data: what a plan foretells is what happens, who may change it, what a later file keeps.

use std::collections::BTreeMap;

use crate::support::{World, acts, at, contract, demo_definitions};
use countersign_core::command::*;
use countersign_core::decide::{Impact, ImpactKind, impact};
use countersign_core::definition::{Definition, Organisation, PathAt};
use countersign_core::event::Event;
use countersign_core::name::Name;
use countersign_core::rejection::Code;
use countersign_core::state::{State, apply_frame};

fn world() -> World {
    let mut world = World::new(demo_definitions(), at("2025-01-02T09:00+08:00"));
    world.clock(at("2025-04-21T09:00+08:00"));
    world
}

fn submit(world: &mut World, post: &str, number: &str, price: &str) -> CaseNo {
    let case = world.state.next_case();
    let person = world.holder(post);
    let body = Body::Submit {
        chain: Name::from("contract-review"),
        document: contract(number, 1, price),
        addressee: None,
    };
    world.request(&person, post, body).expect("a document is handed in");
    case
}

fn agree(world: &mut World, case: CaseNo, post: &str, verdict: Verdict) {
    let task = world.task_of(case, post).unwrap_or_else(|| panic!("{post} has no task"));
    let answer = world.answer(case, task, verdict, None);
    let person = world.holder(post);
    world.request(&person, post, Body::Decide(answer)).expect("a task is answered");
}

fn organisation(world: &World) -> &Organisation {
    world.state.definitions().active().and_then(|r| r.organisation()).expect("an organisation")
}

fn organise(text: &str) -> Body {
    Body::Organise(Box::new(Organise { acts: acts(text), reason: Name::from("as decided") }))
}

/// Where every open task is.
fn tasks(world: &World) -> BTreeMap<(CaseNo, TaskNo), (Name, Vec<Name>)> {
    let of = |case: &countersign_core::state::Case| {
        let number = case.number();
        let tasks = case.tasks().iter();
        tasks.map(|(no, t)| ((number, *no), (t.position.clone(), t.holders.clone()))).collect::<Vec<_>>()
    };
    world.state.cases().flat_map(of).collect()
}

fn busy() -> World {
    let mut world = world();
    for (i, (post, price)) in [
        ("rep_js1", "120000.00"),
        ("rep_js1", "250000.00"),
        ("rep_ah1", "200000.00"),
        ("rep_sd1", "40000.00"),
    ]
    .into_iter()
    .enumerate()
    {
        let case = submit(&mut world, post, &format!("HT-{i}"), price);
        if world.task_of(case, "credit_controller").is_some() {
            agree(&mut world, case, "credit_controller", Verdict::Pass);
        }
    }
    agree(&mut world, 1, "kam_js", Verdict::Pass);
    let task = world.task_of(2, "kam_js").expect("it is at level one");
    let answer = world.answer(2, task, Verdict::Return, Some("price"));
    world.request("H29", "kam_js", Body::Decide(answer)).expect("it is returned");
    world
}

#[test]
fn what_a_plan_foretells_is_what_happens_and_a_plan_changes_nothing() {
    for plan in [
        "- { leave: { person: H25 } }",
        "[{ leave: { person: H25 } }, { hire: { person: H40, position: bgm_js } }]",
        "- { vacate: { position: kam_sd } }",
        "- { move: { person: H29, to: bgm_ah } }",
        "- { end: { delegation: DG-01 } }",
        "- { act: { position: bgm_ah, by: kam_sd, limit: 50%, until: \"2025-07-01T00:00+08:00\" } }",
        "[{ leave: { person: H24 } }, { leave: { person: H06 } }, { leave: { person: H01 } }]",
    ] {
        let mut world = busy();
        let (before, hash) = (tasks(&world), world.state.hash());
        let (_, impacts) = impact(&world.state, world.at, &acts(plan)).expect("the acts can be planned");
        assert_eq!(world.state.hash(), hash, "{plan}");
        world.organise(plan).expect("the acts can be carried out");
        let after = tasks(&world);
        let told = |case, task| impacts.iter().find(|i| i.case == case && i.task == Some(task));
        for ((case, task), old) in &before {
            let new = &after[&(*case, *task)];
            match told(*case, *task) {
                None => assert_eq!(old, new, "{plan}: C-{case} T-{task}"),
                Some(impact) if impact.kind == ImpactKind::Stranded => assert_eq!(old, new, "{plan}"),
                Some(impact) => {
                    assert_eq!((&impact.from, &impact.to), (old, new), "{plan}: {impact:?}");
                    let same_post = old.0 == new.0;
                    assert_eq!(same_post, impact.kind == ImpactKind::Reassigned, "{plan}: {impact:?}");
                }
            }
        }
    }
}

#[test]
fn a_plan_tells_the_kinds_apart() {
    let world = busy();
    let found = |plan: &str| -> Vec<(CaseNo, Option<TaskNo>, ImpactKind, bool)> {
        let (_, impacts) = impact(&world.state, world.at, &acts(plan)).expect("the acts can be planned");
        impacts.iter().map(|i: &Impact| (i.case, i.task, i.kind, i.beyond_limit)).collect()
    };
    let own = world.task_of(1, "bgm_js").map(|(task, _)| task);
    let hire = "[{ leave: { person: H25 } }, { hire: { person: H40, position: bgm_js } }]";
    assert_eq!(found(hire), [(1, own, ImpactKind::Reassigned, false)]);
    // DG-01 keeps the post answered for; without it the route goes to the region.
    assert_eq!(found("- { leave: { person: H25 } }"), [(1, own, ImpactKind::Reassigned, false)]);
    let up = "[{ leave: { person: H25 } }, { end: { delegation: DG-01 } }]";
    assert_eq!(found(up), [(1, own, ImpactKind::Rerouted, false)]);
    // The document that was returned is with rep_js1: without a holder nobody hands it in again.
    assert_eq!(found("- { leave: { person: H31 } }"), [(2, None, ImpactKind::Stranded, false)]);
    // All above gone: levels to come have nobody.
    let above = "[{ leave: { person: H24 } }, { leave: { person: H06 } }, { leave: { person: H01 } }]";
    assert!(found(above).iter().all(|(.., kind, _)| *kind == ImpactKind::Stranded), "{:?}", found(above));
    assert!(!found(above).is_empty());
    // Acting with half the limit: 200,000 is more than 150,000, so that the approval would count as a review.
    assert_eq!(found("- { hire: { person: H60, position: legal } }"), []);
}

#[test]
fn who_may_change_it() {
    let mut world = world();
    let code = |result: Result<u64, countersign_core::rejection::Rejection>| result.map_err(|r| r.code);
    let hire = "- { hire: { person: H60, position: bgm_ah } }";
    assert_eq!(code(world.request("H06", "sales_director", organise(hire))), Err(Code::Forbidden));
    assert_eq!(code(world.request("H31", "rep_js1", organise(hire))), Err(Code::Forbidden));
    assert_eq!(code(world.request("H99", "process_owner", organise(hire))), Err(Code::NotHolder));
    let nothing = Body::Organise(Box::new(Organise { acts: Vec::new(), reason: Name::from("why") }));
    assert_eq!(code(world.request("H03", "process_owner", nothing)), Err(Code::FieldType));
    let silent = Body::Organise(Box::new(Organise { acts: acts(hire), reason: Name::from(" ") }));
    assert_eq!(code(world.request("H03", "process_owner", silent)), Err(Code::ReasonRequired));
    // Whoever keeps the organisation decides no cases, in whatever post.
    world.operator(organise("- { hire: { person: H03, position: kam_js } }")).expect("who has the files may");
    assert_eq!(code(world.request("H03", "process_owner", organise(hire))), Err(Code::Forbidden));
}

#[test]
fn it_takes_effect_once_and_is_replayed() {
    let mut world = busy();
    let plan = "[{ leave: { person: H25 } }, { hire: { person: H40, position: bgm_js } }]";
    let first = world.request_as("o-1", "H03", "process_owner", organise(plan)).expect("it is carried out");
    assert_eq!(world.request_as("o-1", "H03", "process_owner", organise(plan)), Ok(first));
    world.sweep();
    let change = world.frames.iter().flat_map(|f| &f.events).find_map(|e| match e {
        Event::PersonLeft(e) => Some(e.change.clone()),
        _ => None,
    });
    let change = change.expect("it is recorded");
    assert_eq!((change.person.as_str(), change.position.as_str()), ("H03", "process_owner"));
    assert_eq!((change.reason.as_str(), change.case), ("as decided", None));
    assert_eq!(world.state.living().version(), first);
    let mut again = State::default();
    world.frames.iter().for_each(|frame| apply_frame(&mut again, frame));
    assert_eq!(again, world.state);
    assert_eq!(again.hash(), world.state.hash());
}

#[test]
fn a_later_file_holds_where_it_says_something_new_and_nowhere_else() {
    let mut world = world();
    world.organise("- { leave: { person: H25 } }").expect("carried out");
    world.organise("- { hire: { person: H40, position: bgm_js } }").expect("carried out");
    world.organise("- { hire: { person: H41, position: bgm_ah } }").expect("carried out");
    world.organise("- { end: { delegation: DG-02 } }").expect("carried out");
    let holders = |world: &World, post: &str| -> Vec<String> {
        organisation(world).positions[post].holders.iter().map(ToString::to_string).collect()
    };
    // The same file again: nothing of it comes back.
    world.activate();
    assert_eq!(holders(&world, "bgm_js"), ["H40"]);
    assert_eq!(holders(&world, "bgm_ah"), ["H41"]);
    assert!(!organisation(&world).delegations.contains_key("DG-02"));
    // A file that gives bgm_ah and DG-02 anew holds there; bgm_js stays as acts have it.
    for definition in &mut world.definitions {
        if let Definition::Organisation(file) = definition {
            let ah = Name::from("bgm_ah");
            file.positions.get_mut(&ah).expect("a post").holders = vec![Name::from("H25"), Name::from("H61")];
            file.delegations.get_mut("DG-02").expect("a delegation").up_to = 1.into();
        }
    }
    world.activate();
    let superseded = world.frames.iter().flat_map(|f| &f.events).find_map(|e| match e {
        Event::ActsSuperseded(e) => Some(e.clone()),
        _ => None,
    });
    let superseded = superseded.expect("it is recorded");
    assert_eq!(
        (superseded.posts, superseded.delegations),
        (vec![Name::from("bgm_ah")], vec![Name::from("DG-02")])
    );
    assert_eq!(holders(&world, "bgm_js"), ["H40"]);
    assert_eq!(organisation(&world).delegations["DG-02"].up_to, 1.into());
    // Who left comes back by being hired, never because a file names them.
    assert_eq!(holders(&world, "bgm_ah"), ["H61"]);
    world.organise("- { hire: { person: H25, position: bgm_ah } }").expect("carried out");
    assert_eq!(holders(&world, "bgm_ah"), ["H61", "H25"]);
}

#[test]
fn a_new_holder_ends_the_delegations_of_the_post() {
    let mut world = world();
    world.organise("- { vacate: { position: bgm_js } }").expect("carried out");
    assert!(organisation(&world).delegations.contains_key("DG-01"), "it bridges the vacancy");
    world.organise("- { hire: { person: H40, position: bgm_js } }").expect("carried out");
    assert!(!organisation(&world).delegations.contains_key("DG-01"));
    let ended = world.frames.iter().flat_map(|f| &f.events).find_map(|e| match e {
        Event::DelegationEnded(e) => Some((e.name.to_string(), e.new_holder_of.clone())),
        _ => None,
    });
    assert_eq!(ended, Some(("DG-01".to_owned(), Some(Name::from("bgm_js")))));
}

/// R8: by policy the superiors that the submitter had, or has.
#[test]
fn the_path_is_that_of_the_submission_or_of_the_step() {
    for (path, asked) in [(PathAt::Submission, "kam_js"), (PathAt::Activation, "region_east_head")] {
        let mut definitions = demo_definitions();
        for definition in &mut definitions {
            if let Definition::Company(company) = definition {
                company.policies.path = path;
            }
        }
        let mut world = World::new(definitions, at("2025-01-02T09:00+08:00"));
        world.clock(at("2025-04-21T09:00+08:00"));
        // Reviewed by the credit controller first, so that the climb begins after the change.
        let case = submit(&mut world, "rep_js1", "HT-1", "120000.00");
        for definition in &mut world.definitions {
            if let Definition::Organisation(organisation) = definition {
                let post = organisation.positions.get_mut("rep_js1").expect("a post");
                post.solid = Some(Name::from("region_east_head"));
            }
        }
        world.activate();
        agree(&mut world, case, "credit_controller", Verdict::Pass);
        assert!(world.task_of(case, asked).is_some(), "{path:?}: {:?}", tasks(&world));
    }
}
