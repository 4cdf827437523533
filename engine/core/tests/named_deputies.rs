//! What a delegation covers: levels of its authorities; what is asked by name only in the chains and for the duties that it
//! names, and decisions only up to its amount.

use countersign_core::command::{Body, Verdict};
use countersign_core::definition::{Definition, Line};
use countersign_core::name::Name;

use crate::support::World;
use crate::support::fee::{self, SINCE, submitted};

/// What a chain asks of bgm_js.
#[derive(Clone, Copy, Debug)]
enum Asks {
    /// As a level of authority contract, which decides.
    Level,
    /// By its name, for a decision.
    Decision,
    /// By its name, for a mandatory opinion.
    Opinion,
    /// As a level, before chrep_js, the deputy's own post, is asked in the same step.
    Before,
}

fn company(asks: Asks) -> World {
    let state = match asks {
        Asks::Level => {
            "climb: contract\n    at_least: [{ level: bgm, when: true }]\n    next: { approved: paid, beyond: rejected }"
        }
        Asks::Decision => "approve: bgm_js\n    next: { approved: paid }",
        Asks::Before => {
            "in_order:\n      - climb: contract\n        at_least: [{ level: bgm, when: true }]\n      - review: chrep_js\n    \
             next: { passed: paid, beyond: rejected }"
        }
        Asks::Opinion => "review: bgm_js\n    next: { passed: paid }",
    };
    fee::company(state)
}

/// Whether H30, who has this of bgm_js, is asked for a fee that H29 of kam_js hands in.
fn is_asked(asks: Asks, given: &str, total: &str) -> bool {
    let mut world = company(asks);
    let act = format!(
        "- {{ delegate: {{ name: DG-30, from: bgm_js, to: chrep_js, {given}, start: \"{SINCE}\", end: \"2025-05-08T18:00+08:00\" }} }}"
    );
    world.organise(&act).unwrap_or_else(|refused| panic!("{act}: {refused}"));
    let case = submitted(&mut world, ("H29", "kam_js"), total);
    let case = world.state.case(case).expect("it is open");
    let task = case.tasks().values().find(|task| task.position == "bgm_js").expect("bgm_js is asked");
    assert!(task.holders.contains(&Name::from("H25")), "its holder is asked whoever else is");
    task.holders.contains(&Name::from("H30"))
}

#[test]
fn a_deputy_is_asked_for_what_the_delegation_covers_and_for_nothing_else() {
    let named = "authority: contract, up_to: 200000, chains: [fee]";
    let rows = [
        (Asks::Level, "authority: contract, up_to: 200000", "9000.00", true),
        (Asks::Level, "authority: claim, up_to: 3000", "2000.00", false),
        (Asks::Level, named, "9000.00", true),
        (Asks::Level, "authority: contract, up_to: 200000, chains: [contract-review]", "9000.00", false),
        (Asks::Level, &format!("{named}, duties: [approve]"), "9000.00", true),
        (Asks::Level, &format!("{named}, duties: [review]"), "9000.00", false),
        (Asks::Decision, &format!("{named}, duties: [approve]"), "200000.00", true),
        (Asks::Decision, &format!("{named}, duties: [approve]"), "200000.01", false),
        (Asks::Decision, &format!("{named}, duties: [review]"), "9000.00", false),
        (Asks::Decision, named, "9000.00", false),
        (Asks::Before, "authority: contract, up_to: 200000", "9000.00", false),
        (Asks::Decision, "authority: contract, up_to: 200000", "9000.00", false),
        (
            Asks::Decision,
            "authority: contract, up_to: 200000, chains: [contract-review], duties: [approve]",
            "9000.00",
            false,
        ),
        (Asks::Opinion, &format!("{named}, duties: [review]"), "200000.01", true),
        (Asks::Opinion, &format!("{named}, duties: [approve]"), "9000.00", false),
        (
            Asks::Opinion,
            "authority: contract, up_to: 200000, chains: [contract-review], duties: [review]",
            "9000.00",
            false,
        ),
    ];
    for (asks, given, total, expected) in rows {
        assert_eq!(is_asked(asks, given, total), expected, "{asks:?}, {given}, {total}");
    }
}

/// R4: a signature for all levels above is one for its own climb. What else a step climbs is another authority, which the
/// delegation does not have.
#[test]
fn a_deputys_signature_for_the_levels_above_is_none_for_another_climb() {
    let state = "in_order:\n      - climb: contract\n      - climb: claim\n    next: { passed: paid, beyond: rejected }";
    let mut world = fee::changed(state, |definition| match definition {
        Definition::Authority(authority) if authority.name == "claim" => {
            authority.line = Line::List(["region_east_head", "sales_director"].map(Name::from).to_vec());
        }
        _ => {}
    });
    let act = format!(
        "- {{ delegate: {{ name: DG-25, from: region_east_head, to: bgm_js, authority: contract, up_to: 1000000, start: \"{SINCE}\", \
         end: \"2025-05-08T18:00+08:00\" }} }}"
    );
    world.organise(&act).expect("the head of the region is away");
    let case = submitted(&mut world, ("H31", "rep_js1"), "400000.00");
    let answer = |world: &mut World, post: &str, verdict| {
        let task = world.task_of(case, post).unwrap_or_else(|| panic!("{post} is asked"));
        let answer = world.answer(case, task, verdict, None);
        world.request(&world.holder(post), post, Body::Decide(answer)).expect("it is taken");
    };
    answer(&mut world, "kam_js", Verdict::Pass);
    answer(&mut world, "bgm_js", Verdict::Approve);
    // The delegation is none of claims.
    answer(&mut world, "region_east_head", Verdict::Pass);
    answer(&mut world, "sales_director", Verdict::Approve);
    assert!(world.state.case(case).is_none(), "it is paid");
}
