//! Who is asked: which levels of a climb (R1, R7), what stands in for a post that is vacant, and what grows.

use std::collections::BTreeMap;

use countersign_core::command::{Body, CaseNo, Verdict};
use countersign_core::definition::{Company, Definition, Limit, LowerLevels, VacancyRung};
use countersign_core::event::{Capacity, CapacityWhy, Event};
use countersign_core::name::Name;
use countersign_core::state::{PlannedSlot, Stage};
use rust_decimal::Decimal;

use crate::support::fee::{changed, company, submitted};
use crate::support::{World, at};

const CLIMB: &str = "climb: contract\n    next: { approved: paid, beyond: rejected }";
const POST: &str = "approve: bgm_js\n    next: { approved: paid }";

/// A company whose policies differ.
fn ruled(state: &str, rule: impl Fn(&mut Company)) -> World {
    changed(state, |definition| {
        if let Definition::Company(company) = definition {
            rule(company);
        }
    })
}

/// Whether the superior signs for a vacant post, or only somebody who acts for it or has its authority.
fn passing(state: &str, passes: bool) -> World {
    ruled(state, |company| {
        company.policies.vacancy = vec![VacancyRung::Acting, VacancyRung::Delegate];
        company.policies.vacancy.extend(passes.then_some(VacancyRung::NextSuperior));
    })
}

/// The slots of the step in which a case stands.
fn slots(world: &World, case: CaseNo) -> Vec<PlannedSlot> {
    match world.state.case(case).expect("it is open").stage() {
        Stage::People { step, .. } => step.plan.slots.clone(),
        other => panic!("expected a case that asks people, found {other:?}"),
    }
}

fn posts(slots: &[PlannedSlot]) -> Vec<&str> {
    slots.iter().map(|slot| slot.position.as_str()).collect()
}

/// Held for want of somebody to ask; None: it asks, and whom.
fn asked(world: &World, case: CaseNo) -> Option<String> {
    let case = world.state.case(case).expect("it is open");
    let found = case.tasks().values().next().map(|task| task.position.to_string());
    let held = matches!(case.stage(), Stage::Held { code, .. } if code == "NO_APPROVER");
    assert_eq!(held, found.is_none(), "whoever is not asked leaves the case on hold");
    found
}

fn approve(world: &mut World, case: CaseNo, position: &str) {
    let task = world.task_of(case, position).unwrap_or_else(|| panic!("{position} is asked"));
    let answer = world.answer(case, task, Verdict::Approve, None);
    world.request(&world.holder(position), position, Body::Decide(answer)).expect("it is taken");
}

/// R1: levels below the deciding one review; a company may not ask them at all. Who reviews beside the line is asked anyway.
#[test]
fn levels_below_the_deciding_one_are_asked_or_not_as_the_policy_says() {
    let dotted = "climb: contract\n    reviewed_by: [dotted(submitter)]\n    next: { approved: paid, beyond: rejected }";
    let rows: [(&str, LowerLevels, &str, &[&str]); 5] = [
        (CLIMB, LowerLevels::Review, "400000.00", &["kam_js", "bgm_js", "region_east_head"]),
        (CLIMB, LowerLevels::NotAsked, "400000.00", &["region_east_head"]),
        (CLIMB, LowerLevels::NotAsked, "40000.00", &["kam_js"]),
        (dotted, LowerLevels::Review, "400000.00", &["nka_head", "bgm_js", "region_east_head"]),
        (dotted, LowerLevels::NotAsked, "400000.00", &["nka_head", "region_east_head"]),
    ];
    for (state, policy, total, expected) in rows {
        let mut world = ruled(state, |company| company.policies.lower_levels = policy);
        // A submitter is no level of their own document: who stands below is asked from the first superior on.
        let by = if state == CLIMB { ("H31", "rep_js1") } else { ("H29", "kam_js") };
        let case = submitted(&mut world, by, total);
        let slots = slots(&world, case);
        assert_eq!(posts(&slots), expected, "{policy:?}, {total}");
        let decides = |slot: &PlannedSlot| slot.level.as_ref().is_some_and(|level| level.decides);
        let deciding: Vec<bool> = slots.iter().map(decides).collect();
        let last = deciding.len() - 1;
        assert!(
            deciding.iter().enumerate().all(|(place, decides)| *decides == (place == last)),
            "{deciding:?}"
        );
    }
}

/// R7: where no superior signs for a vacant post, nobody does: neither for the post that is asked, nor for one that stands
/// above a post whose holder may not sign. A post that somebody holds who may not sign is no vacant one.
#[test]
fn a_vacancy_ends_the_way_up_where_the_policy_does_not_pass_it() {
    let (js, ah) = (("H29", "kam_js"), ("H25", "bgm_js"));
    let rows = [
        (POST, js, "bgm_js", "9000.00", "region_east_head", true),
        (POST, ah, "region_east_head", "9000.00", "sales_director", true),
        (POST, ah, "president", "9000.00", "region_east_head", false),
        (CLIMB, js, "region_east_head", "400000.00", "sales_director", true),
        (CLIMB, js, "region_east_head", "200000.00", "bgm_js", false),
        (CLIMB, js, "president", "400000.00", "bgm_js", false),
    ];
    for (state, by, vacant, total, expected, needs_passing) in rows {
        for passes in [true, false] {
            let mut world = passing(state, passes);
            world.organise(&format!("- {{ vacate: {{ position: {vacant} }} }}")).expect("it is vacant");
            let case = submitted(&mut world, by, total);
            let told = format!("{vacant} is vacant, {total}, passed: {passes}");
            if needs_passing && !passes {
                assert_eq!(asked(&world, case), None, "{told}");
                continue;
            }
            if state == CLIMB && expected == "sales_director" {
                assert_eq!(posts(&slots(&world, case)), ["bgm_js", "sales_director"], "{told}");
                continue;
            }
            assert_eq!(asked(&world, case).as_deref(), Some(expected), "{told}");
        }
    }
}

/// R9: what a signature covers is said anew where the superior is asked instead, besides what it covered before.
#[test]
fn who_is_asked_instead_covers_the_posts_that_were_passed() {
    let covers = |posts: &[(&str, CapacityWhy)]| -> Vec<Capacity> {
        posts.iter().map(|(post, why)| Capacity { position: Name::from(*post), why: *why }).collect()
    };
    let rows = [
        (
            POST,
            ("H29", "kam_js"),
            "9000.00",
            "bgm_js",
            "region_east_head",
            covers(&[("bgm_js", CapacityWhy::Vacant), ("region_east_head", CapacityWhy::Own)]),
        ),
        (
            CLIMB,
            ("H34", "kam_ah"),
            "400000.00",
            "region_east_head",
            "sales_director",
            covers(&[
                ("bgm_ah", CapacityWhy::Vacant),
                ("region_east_head", CapacityWhy::Vacant),
                ("sales_director", CapacityWhy::Own),
            ]),
        ),
    ];
    for (state, by, total, vacant, instead, expected) in rows {
        let mut world = company(state);
        let case = submitted(&mut world, by, total);
        assert!(world.task_of(case, vacant).is_some(), "{vacant} is asked first");
        world.organise(&format!("- {{ vacate: {{ position: {vacant} }} }}")).expect("it is vacant");
        let moved = world.frames.iter().flat_map(|frame| &frame.events).find_map(|event| match event {
            Event::TaskReassigned(e) if e.case == case => Some(e),
            _ => None,
        });
        let moved = moved.expect("the superior is asked");
        assert_eq!(moved.position, instead);
        assert_eq!(moved.capacities[..], expected, "{state}");
    }
}

/// R2: only for documents of whoever stands at the top does a group decide without limit; otherwise its own limit holds.
#[test]
fn a_groups_limit_holds_on_a_line_that_begins_below_it() {
    let rows =
        [("21000000.00", "small_group"), ("22000000.00", "small_group"), ("22000000.01", "leading_group")];
    for (total, decides) in rows {
        let mut world = changed(CLIMB, |definition| match definition {
            Definition::Organisation(organisation) => {
                let group = organisation.groups["leading_group"].clone();
                organisation.groups.insert(Name::from("small_group"), group);
            }
            Definition::Authority(authority) if authority.name == "contract" => {
                let limits: &mut BTreeMap<Name, Limit> = &mut authority.limits[0].limits;
                let limit = Limit { up_to: Some(Decimal::from(22_000_000)), beside: Vec::new() };
                limits.insert(Name::from("small_group"), limit);
            }
            _ => {}
        });
        let case = submitted(&mut world, ("H29", "kam_js"), total);
        let seats: Vec<String> = slots(&world, case)
            .iter()
            .filter_map(|slot| slot.seat_of.as_ref().map(ToString::to_string))
            .collect();
        assert_eq!(seats.last().map(String::as_str), Some(decides), "{total}");
    }
}

/// R14: what a route grows by is as blind as the member of an `all` that it belongs to, and no more.
#[test]
fn levels_that_a_route_grows_by_are_blind_where_the_climb_is() {
    let member = |kind: &str| {
        format!(
            "{kind}:\n      - climb: contract\n      - review: legal\n    next: {{ passed: paid, beyond: rejected }}"
        )
    };
    for (kind, blind) in [("all", true), ("in_order", false)] {
        let mut world = company(&member(kind));
        let case = submitted(&mut world, ("H31", "rep_js1"), "40000.00");
        let (task, version) = world.task_of(case, "kam_js").expect("the first level is asked");
        let reason = Name::from("conflict_of_interest");
        let body = Body::ReferUp { case, task, version, reason };
        world.request("H29", "kam_js", body).expect("somebody else shall decide");
        let slots = slots(&world, case);
        let grown = slots.iter().find(|slot| slot.position == "bgm_js").expect("the next level decides");
        assert_eq!(grown.blind, blind, "{kind}");
        approve(&mut world, case, "bgm_js");
    }
}

/// R7, R8: who acts for a post does so up to the instant that was said, and not at it.
#[test]
fn an_acting_holder_is_asked_up_to_the_end_and_not_at_it() {
    let rows = [("2025-06-30T23:59:59.999+08:00", "bgm_zj"), ("2025-07-01T00:00+08:00", "region_east_head")];
    for (when, expected) in rows {
        let mut world = company(&POST.replace("bgm_js", "bgm_zj"));
        world.clock(at(when));
        let case = submitted(&mut world, ("H29", "kam_js"), "9000.00");
        assert_eq!(asked(&world, case).as_deref(), Some(expected), "{when}");
    }
}

/// A document may name who is told, and several of them.
#[test]
fn a_list_of_positions_is_told_each() {
    let mut world = company("review: legal\n    cc: doc.asks\n    next: { passed: paid }");
    let case = submitted(&mut world, ("H29", "kam_js"), "9000.00");
    let told = world.frames.iter().flat_map(|frame| &frame.events).find_map(|event| match event {
        Event::StateEntered(entered) if entered.case == case => Some(&entered.cc),
        _ => None,
    });
    let told: Vec<&str> = told.expect("a state is entered").iter().map(Name::as_str).collect();
    assert_eq!(told, ["legal", "audit_head"]);
}

/// A level that is wanted is a place in the line: a lower one with a larger limit is not it.
#[test]
fn at_least_a_level_means_its_place_in_the_line() {
    let state = "climb: contract\n    at_least: [{ level: region_head, when: true }]\n    next: { approved: paid, beyond: rejected }";
    let mut world = changed(state, |definition| {
        if let Definition::Authority(authority) = definition
            && authority.name == "contract"
        {
            let limits: &mut BTreeMap<Name, Limit> = &mut authority.limits[0].limits;
            let limit = Limit { up_to: Some(Decimal::from(2_000_000)), beside: Vec::new() };
            limits.insert(Name::from("bgm"), limit);
        }
    });
    let case = submitted(&mut world, ("H29", "kam_js"), "9000.00");
    assert_eq!(posts(&slots(&world, case)), ["bgm_js", "region_east_head"]);
}

/// R3: who has signed below counts towards the floor of a route that grows, as one person in however many posts.
#[test]
fn a_route_that_grows_still_has_as_many_signers_as_the_floor_asks_for() {
    for (alone, decides) in [(true, "sales_director"), (false, "region_east_head")] {
        let mut world = company(CLIMB);
        if alone {
            let acts = "[{ leave: { person: H24 } }, { hire: { person: H29, position: region_east_head } }]";
            world.organise(acts).expect("one person has both posts");
        }
        let case = submitted(&mut world, ("H31", "rep_js1"), "100000.00");
        let task = world.task_of(case, "kam_js").expect("the first level is asked");
        let answer = world.answer(case, task, Verdict::Pass, None);
        world.request("H29", "kam_js", Body::Decide(answer)).expect("it is taken");
        let (task, version) = world.task_of(case, "bgm_js").expect("the next level is asked");
        let reason = Name::from("conflict_of_interest");
        let body = Body::ReferUp { case, task, version, reason };
        world.request("H25", "bgm_js", body).expect("somebody else shall decide");
        let slots = slots(&world, case);
        let deciding = slots.iter().rfind(|slot| slot.level.as_ref().is_some_and(|level| level.decides));
        assert_eq!(deciding.map(|slot| slot.position.as_str()), Some(decides), "alone: {alone}");
    }
}

/// R6: under an independent authority nobody signs twice; the level that is left out stands with the next one, and why.
#[test]
fn an_independent_level_that_is_left_out_is_told_with_the_next() {
    let mut world = company(&CLIMB.replace("contract", "bad_debt"));
    let acts = "[{ leave: { person: H08 } }, { hire: { person: H19, position: finance_director } }]";
    world.organise(acts).expect("one person has both posts");
    let case = submitted(&mut world, ("H29", "kam_js"), "100000.00");
    let slots = slots(&world, case);
    assert_eq!(posts(&slots), ["credit_controller", "president"]);
    let told: Vec<(&str, CapacityWhy)> =
        slots[1].capacities.iter().map(|capacity| (capacity.position.as_str(), capacity.why)).collect();
    assert_eq!(told, [("finance_director", CapacityWhy::Independent), ("president", CapacityWhy::Own)]);
}
