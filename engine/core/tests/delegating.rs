//! Delegations that a chain grants and ends, as the organisation then has them; what it refuses by now the case says.

use countersign_core::command::{Body, CaseNo};
use countersign_core::event::Event;
use countersign_core::name::Name;

use crate::support::{World, at, demo_definitions_and, record, text};

const DOCUMENT: &str = "\
document: grant
title: { en: Grant, zh: 授权 }
fields:
  grant_no: text, unique
  to: position
  authority: list of contract | claim
  up_to: money
  since: time
  until: time
commercial: [to, authority, up_to, since, until]
";
const CHAIN: &str = "\
chain: grant
title: { en: Grant, zh: 授权 }
document: grant
key: doc.grant_no
initiators: [bgm]
ends: { over: good, revoked: good, refused: bad }
anytime:
  revoke: { by: [submitter], in: [active], go: ending }
states:
  granting:
    delegate: doc.grant_no
    from: submitter
    to: doc.to
    authority: doc.authority
    up_to: doc.up_to
    since: doc.since
    until: doc.until
    next: { done: active, refused: refused }
  active:
    while_delegated: doc.grant_no
    next: { due: over, ended: ending }
  ending:
    end_delegation: doc.grant_no
    next: { done: revoked }
";
const SINCE: &str = "2025-05-06T09:00+08:00";
const UNTIL: &str = "2025-05-08T18:00+08:00";

fn company() -> World {
    let definitions =
        demo_definitions_and(&[("documents/grant.yaml", DOCUMENT), ("chains/grant.yaml", CHAIN)]);
    let mut world = World::new(definitions, at("2025-01-02T09:00+08:00"));
    world.clock(at(SINCE));
    world
}

/// H25 of bgm_js, who may decide 300,000 of contracts, hands one in.
fn granted(world: &mut World, authority: &[&str], up_to: &str) -> CaseNo {
    let authority = countersign_core::value::Raw::List(authority.iter().map(|name| text(name)).collect());
    let document = record([
        ("grant_no", text("DG-11")),
        ("to", text("kam_js")),
        ("authority", authority),
        ("up_to", record([("amount", text(up_to)), ("currency", text("CNY"))])),
        ("since", text(SINCE)),
        ("until", text(UNTIL)),
    ]);
    let case = world.state.next_case();
    let body = Body::Submit { chain: Name::from("grant"), document, addressee: None };
    world.request("H25", "bgm_js", body).expect("a grant is handed in");
    case
}

fn ended(world: &World) -> Option<&str> {
    let events = world.frames.iter().flat_map(|frame| &frame.events);
    let ends = events.filter_map(|event| match event {
        Event::CaseEnded(e) => Some(e.end.as_str()),
        _ => None,
    });
    ends.reduce(|_, last| last)
}

fn organisation(world: &World) -> &countersign_core::definition::Organisation {
    world.state.definitions().active().and_then(|release| release.organisation()).expect("an organisation")
}

fn revoke(world: &mut World, case: CaseNo) {
    let body =
        Body::Ask { case, entry: Name::from("revoke"), with: record([]), reason: Name::from("back earlier") };
    world.request("H25", "bgm_js", body).expect("the submitter revokes it");
}

#[test]
fn what_is_granted_holds_as_it_was_written() {
    let mut world = company();
    let case = granted(&mut world, &["contract", "claim"], "20000.00");
    let given = organisation(&world).delegations.get("DG-11").expect("it holds");
    assert_eq!((given.from.as_str(), given.to.as_str()), ("bgm_js", "kam_js"));
    assert_eq!(given.authority, ["contract", "claim"].map(Name::from));
    assert_eq!(given.up_to.to_string(), "20000.00");
    assert_eq!((given.start, given.end), (at(SINCE), at(UNTIL)));
    assert!(given.chains.is_empty() && given.duties.is_empty());
    let recorded = world.frames.iter().flat_map(|frame| &frame.events).find_map(|event| match event {
        Event::DelegationGranted(e) => Some(&e.change),
        _ => None,
    });
    let change = recorded.expect("the organisation's record has it");
    assert_eq!(
        (change.case, change.person.as_str(), change.position.as_str()),
        (Some(case), "H25", "bgm_js")
    );
    world.clock(at(UNTIL));
    assert_eq!(ended(&world), Some("over"));
}

#[test]
fn more_than_ones_own_limit_is_refused_and_nothing_is_granted() {
    let mut world = company();
    granted(&mut world, &["contract"], "300000.01");
    assert_eq!(ended(&world), Some("refused"));
    assert!(!organisation(&world).delegations.contains_key("DG-11"));
}

#[test]
fn one_that_is_revoked_holds_no_more_though_it_were_over_already() {
    let mut world = company();
    let case = granted(&mut world, &["contract"], "300000.00");
    revoke(&mut world, case);
    assert_eq!(ended(&world), Some("revoked"));
    assert!(!organisation(&world).delegations.contains_key("DG-11"));
}

/// `ended` leads to `end_delegation` here, which finds it over already.
#[test]
fn a_case_that_waits_as_long_as_it_lasts_learns_what_else_ended_it() {
    for acts in [
        "- { end: { delegation: DG-11 } }",
        "[{ leave: { person: H29 } }, { hire: { person: H50, position: kam_js } }]",
    ] {
        let mut world = company();
        granted(&mut world, &["contract"], "300000.00");
        world.organise(acts).unwrap_or_else(|refused| panic!("{acts}: {refused}"));
        world.clock(at(SINCE));
        assert_eq!(ended(&world), Some("revoked"), "{acts}");
    }
    let mut world = company();
    granted(&mut world, &["contract"], "300000.00");
    world.organise("- { vacate: { position: rep_js1 } }").expect("another post");
    world.clock(at(SINCE));
    assert_eq!(ended(&world), None, "another change of the organisation");
}
