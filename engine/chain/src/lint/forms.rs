//! Documents that ask for more than people fill in with care.

use countersign_core::definition::{DocumentType, Field};
use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::codes;
use crate::world::World;

/// So many fields are filled in with care.
const MANDATORY_MAX: usize = 25;

pub(super) fn check(world: &World<'_>) {
    for (name, document) in &world.documents {
        let count = mandatory(document);
        if count > MANDATORY_MAX {
            let place = world.report.key(&format!("documents/{name}.yaml"), "document");
            let message =
                format!("whoever submits a {name} must fill in {count} fields, more than {MANDATORY_MAX}");
            let help = "give what is usual a default, compute what can be, and make the rest optional";
            world.report.warn(codes::LONG_FORM, place, message, help);
        }
    }
}

fn mandatory(document: &DocumentType) -> usize {
    let asked = |f: &&Field| f.default.is_none() && f.computed.is_none() && !f.numbered;
    document.fields.iter().filter(asked).map(|f| values(&f.kind, &f.member_defaults)).sum()
}

/// How many values must be given. A list may be empty.
fn values(kind: &Type, defaults: &[(Name, countersign_core::value::Value)]) -> usize {
    match kind {
        Type::Optional(_) | Type::List(_) => 0,
        Type::Record(members) => {
            let asked = members.iter().filter(|(name, _)| !defaults.iter().any(|(known, _)| known == name));
            asked.map(|(_, kind)| values(kind, &[])).sum()
        }
        _ => 1,
    }
}
