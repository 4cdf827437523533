//! `custodian` and `access` of documents/*.yaml: whose the cases of a confidential document are to see.
//!
//! ```text
//! custodian: file_custodian
//! access: [superior(owner), kam@owner, anyone@js, driver, audit_head]
//! ```
//!
//! Everybody named is found in the organisation when somebody looks; nothing of a document is read for it, so that
//! what is confidential does not depend on what stands in it.

use countersign_core::definition::{At, Confidential, Of, Reader};
use countersign_core::name::Name;

use crate::codes;
use crate::diagnostic::Place;
use crate::read::{self, Map};
use crate::world::World;
use crate::yaml::Node;

/// What both keys of a document say; None where it has neither.
pub(crate) fn read(map: &Map<'_>, document: &Name, world: &World<'_>) -> Option<Confidential> {
    let (custodian, access) = (map.get("custodian"), map.get("access"));
    if custodian.is_none() && access.is_none() {
        return None;
    }
    let custodian = custodian.and_then(|node| {
        let name = read::name(node, "a position", &world.report)?;
        world.need_position(&name, node.place).then_some(name)
    });
    let items = access.map_or(&[][..], |node| read::list(node, "access", &world.report));
    let readers = items.iter().filter_map(|node| reader(node, world)).collect();
    Some(Confidential { document: document.clone(), custodian, readers })
}

fn reader(node: &Node, world: &World<'_>) -> Option<Reader> {
    let written = read::scalar(node, "post", &world.report)?.text.trim();
    let call = |function: &str| written.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')');
    match written {
        "driver" => return Some(Reader::Driver),
        "submitter" | "owner" => {
            let message = format!("the {written}'s post sees the case in any event");
            world.report.error(codes::BAD_VALUE, node.place, message, "take it away");
            return None;
        }
        _ => {}
    }
    if let Some(of) = call("superiors") {
        return post(of, node.place, world).map(Reader::Superiors);
    }
    if let Some(of) = call("superior") {
        return post(of, node.place, world).map(Reader::Superior);
    }
    if let Some((kind, unit)) = written.split_once('@') {
        let at = match unit {
            "submitter" => At::Of(Of::Submitter),
            "owner" => At::Of(Of::Owner),
            unit => world.need_unit(unit, node.place).then(|| At::Unit(Name::from(unit)))?,
        };
        if kind == "anyone" {
            return Some(Reader::Anyone(at));
        }
        return world.need_kind(kind, node.place).then(|| Reader::KindAt(Name::from(kind), at));
    }
    let name = Name::from(written);
    if world.position(written).is_some() {
        return Some(Reader::Position(name));
    }
    if world.is_group(written) {
        return Some(Reader::Group(name));
    }
    if world.kinds.contains(written) {
        return Some(Reader::Kind(name));
    }
    let organisation = &world.organisation;
    let known = organisation.positions.keys().chain(organisation.groups.keys()).chain(&world.kinds);
    world.unknown(
        "position, group or kind of position",
        written,
        node.place,
        known.map(Name::as_str).chain(["driver", "superior(owner)", "superiors(owner)"]),
    );
    None
}

/// `submitter` or `owner`.
fn post(written: &str, place: Place, world: &World<'_>) -> Option<Of> {
    match written.trim() {
        "submitter" => Some(Of::Submitter),
        "owner" => Some(Of::Owner),
        other => {
            let message = format!("`{other}` is no post of a case that is known whatever its document says");
            let help = "write superior(submitter), superior(owner), superiors(submitter) or superiors(owner)";
            world.report.error(codes::BAD_VALUE, place, message, help);
            None
        }
    }
}
