//! Who holds a post, who stands in for whom, and when that changes.

use countersign_core::definition::{Definition, Organisation};
use countersign_core::name::Name;

use crate::support::{at, demo_definitions};

fn organisation() -> Organisation {
    let found = demo_definitions().into_iter().find_map(|definition| match definition {
        Definition::Organisation(organisation) => Some(organisation),
        _ => None,
    });
    found.expect("the demo company has an organisation")
}

#[test]
fn a_person_may_act_in_a_post_as_its_holder_its_deputy_or_while_it_is_vacant_for_it() {
    let mut organisation = organisation();
    let rows = [
        ("H25", "bgm_js", "2025-04-21T09:00+08:00", true),
        ("H31", "bgm_js", "2025-04-21T09:00+08:00", false),
        ("H25", "no_such_post", "2025-04-21T09:00+08:00", false),
        // DG-01, half-open.
        ("H29", "bgm_js", "2025-04-21T08:59:59.999+08:00", false),
        ("H29", "bgm_js", "2025-04-21T09:00+08:00", true),
        ("H29", "bgm_js", "2025-04-25T17:59:59.999+08:00", true),
        ("H29", "bgm_js", "2025-04-25T18:00+08:00", false),
        // Acts for a vacant post, up to an instant.
        ("H41", "bgm_zj", "2025-06-30T23:59:59.999+08:00", true),
        ("H41", "bgm_zj", "2025-07-01T00:00+08:00", false),
        ("H25", "bgm_zj", "2025-06-30T00:00+08:00", false),
    ];
    for (person, position, when, expected) in rows {
        assert_eq!(organisation.holds(person, position, at(when)), expected, "{person}, {position}, {when}");
    }
    let post = organisation.positions.get_mut("bgm_zj").expect("a post");
    post.holders.push(Name::from("H99"));
    let then = at("2025-06-30T00:00+08:00");
    assert!(organisation.holds("H99", "bgm_zj", then));
    assert!(!organisation.holds("H41", "bgm_zj", then), "nobody acts for a post that is held");
}

#[test]
fn the_posts_of_a_person_are_those_that_they_hold() {
    let organisation = organisation();
    assert_eq!(organisation.posts_of("H11"), ["ncd_head", "region_north_head"].map(Name::from));
    assert_eq!(organisation.posts_of("H99"), Vec::<Name>::new());
    assert!(organisation.is_holder("H11", "ncd_head") && !organisation.is_holder("H11", "nka_head"));
    assert!(!organisation.is_holder("H11", "no_such_post"));
}

#[test]
fn superiors_are_told_nearest_first_and_a_circle_ends_the_walk() {
    let mut organisation = organisation();
    let line = |organisation: &Organisation, post: &str| -> Vec<String> {
        organisation.superiors(post).iter().map(ToString::to_string).collect()
    };
    assert_eq!(line(&organisation, "kam_js"), ["bgm_js", "region_east_head", "sales_director", "president"]);
    assert_eq!(line(&organisation, "president"), Vec::<String>::new());
    organisation.positions.get_mut("region_east_head").expect("a post").solid = Some(Name::from("kam_js"));
    assert_eq!(line(&organisation, "kam_js"), ["bgm_js", "region_east_head"], "back to where it began");
    assert_eq!(line(&organisation, "rep_js1"), ["kam_js", "bgm_js", "region_east_head"], "beside the circle");
}

#[test]
fn the_next_instant_at_which_somebody_stands_in_is_after_the_one_given() {
    let organisation = organisation();
    let rows = [
        ("2025-04-01T00:00+08:00", Some("2025-04-21T09:00+08:00")),
        ("2025-04-21T09:00+08:00", Some("2025-04-25T18:00+08:00")),
        ("2025-04-25T18:00+08:00", Some("2025-04-28T09:00+08:00")),
        ("2025-05-10T18:00+08:00", Some("2025-07-01T00:00+08:00")),
        ("2025-07-01T00:00+08:00", None),
    ];
    for (after, expected) in rows {
        assert_eq!(organisation.next_window(at(after)), expected.map(at), "{after}");
    }
}

#[test]
fn a_kind_of_a_unit_is_its_own_or_the_one_that_covers_it() {
    let organisation = organisation();
    let rows = [
        ("bgm", "js", Some("bgm_js")),
        ("bgm", "sd", Some("bgm_sd")),
        ("brfin", "js", Some("brfin_js")),
        ("brfin", "ah", Some("brfin_js")),
        ("brfin", "sd", Some("brfin_sd")),
        ("brfin", "hq", None),
        ("no_such_kind", "js", None),
    ];
    for (kind, unit, expected) in rows {
        assert_eq!(organisation.of_kind(kind, unit).map(Name::as_str), expected, "{kind} of {unit}");
    }
}
