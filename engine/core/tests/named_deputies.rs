//! What a delegation covers: levels of its authorities; what is asked by name only in the chains and for the duties that it
//! names, and decisions only up to its amount.

use countersign_core::command::{Body, CaseNo};
use countersign_core::definition::{Definition, VacancyRung};
use countersign_core::event::{CapacityWhy, Event};
use countersign_core::name::Name;
use countersign_core::state::Stage;

use crate::support::{World, at, demo_definitions_and, record, text};

const DOCUMENT: &str = "\
document: fee
title: { en: Fee, zh: 费用 }
fields: { fee_no: text, total: money }
commercial: [total]
";
const SINCE: &str = "2025-05-06T09:00+08:00";

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
    let chain = format!(
        "chain: fee\ntitle: {{ en: Fee, zh: 费用 }}\ndocument: fee\nkey: doc.fee_no\namount: doc.total\n\
         initiators: [kam, bgm]\nends: {{ paid: good, rejected: bad }}\nstates:\n  deciding:\n    {state}\n"
    );
    let definitions = demo_definitions_and(&[("documents/fee.yaml", DOCUMENT), ("chains/fee.yaml", &chain)]);
    let mut world = World::new(definitions, at("2025-01-02T09:00+08:00"));
    world.clock(at(SINCE));
    world
}

fn submitted(world: &mut World, (person, position): (&str, &str), total: &str) -> CaseNo {
    let total = record([("amount", text(total)), ("currency", text("CNY"))]);
    let document = record([("fee_no", text("F-1")), ("total", total)]);
    let case = world.state.next_case();
    let body = Body::Submit { chain: Name::from("fee"), document, addressee: None };
    world.request(person, position, body).expect("a fee is handed in");
    case
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

/// R7: where no superior signs for a vacant post, nobody does for one that stands above a post whose holder may not sign.
#[test]
fn a_vacant_superior_ends_the_way_up_where_vacancies_are_not_passed() {
    for (passes, asked) in [(true, Some("sales_director")), (false, None)] {
        let mut world = company(Asks::Decision);
        for definition in &mut world.definitions {
            if let Definition::Company(company) = definition {
                company.policies.vacancy = vec![VacancyRung::Acting, VacancyRung::Delegate];
                company.policies.vacancy.extend(passes.then_some(VacancyRung::NextSuperior));
            }
        }
        world.activate();
        world.organise("- { vacate: { position: region_east_head } }").expect("it is vacant");
        let case = submitted(&mut world, ("H25", "bgm_js"), "9000.00");
        let case = world.state.case(case).expect("it is open");
        let found = case.tasks().values().next().map(|task| task.position.as_str());
        assert_eq!(found, asked);
        let held = matches!(case.stage(), Stage::Held { code, .. } if code == "NO_APPROVER");
        assert_eq!(held, !passes);
    }
}

/// R9: what a signature covers is said anew where the superior is asked instead.
#[test]
fn who_is_asked_instead_covers_the_post_that_was_passed() {
    let mut world = company(Asks::Decision);
    let case = submitted(&mut world, ("H29", "kam_js"), "9000.00");
    world.organise("- { vacate: { position: bgm_js } }").expect("it is vacant");
    let moved = world.frames.iter().flat_map(|frame| &frame.events).find_map(|event| match event {
        Event::TaskReassigned(e) if e.case == case => Some(e),
        _ => None,
    });
    let moved = moved.expect("the superior is asked");
    let covered: Vec<(&str, CapacityWhy)> =
        moved.capacities.iter().map(|capacity| (capacity.position.as_str(), capacity.why)).collect();
    assert_eq!(moved.position, "region_east_head");
    assert_eq!(covered, [("bgm_js", CapacityWhy::Vacant), ("region_east_head", CapacityWhy::Own)]);
}
