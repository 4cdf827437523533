//! The beginning of a log, and which definitions hold.

use std::collections::BTreeSet;

use crate::command::Stored;
use crate::definition::{Definition, DefinitionKind};
use crate::event::{CompanyFounded, DefinitionStored, DefinitionsActivated, Event};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::State;
use crate::time::Timestamp;

/// A definition's source and compiled form, together, at most; a frame holds one definition.
pub(crate) const DEFINITION_BYTES_MAX: usize = 240 * 1024;

pub(super) fn found(state: &State, company: &Name, administrator: &Name) -> Result<Vec<Event>, Rejection> {
    if state.head().sequence > 0 {
        return Err(Rejection::new(Code::NotFounded, "expected an empty log, found one that has a company"));
    }
    Ok(vec![Event::CompanyFounded(CompanyFounded {
        company: company.clone(),
        administrator: administrator.clone(),
    })])
}

pub(super) fn store(state: &State, stored: &Stored) -> Result<Vec<Event>, Rejection> {
    let compiled = Definition::decode(stored.form, &stored.compiled);
    let Some(definition) = compiled else {
        return Err(invalid(format!(
            "expected {} in compiled form {}",
            stored.path,
            crate::definition::FORM
        )));
    };
    let size = stored.source.len() + stored.compiled.len();
    if size > DEFINITION_BYTES_MAX {
        return Err(invalid(format!(
            "expected {} to be at most {DEFINITION_BYTES_MAX} bytes with its compiled form, found {size}; split it",
            stored.path
        )));
    }
    Ok(vec![Event::DefinitionStored(DefinitionStored {
        number: state.definitions().next_number(),
        kind: definition.kind(),
        name: definition.name(),
        path: stored.path.clone(),
        source: stored.source.clone(),
        sha256: stored.sha256,
        form: stored.form,
        compiled: stored.compiled.clone(),
    })])
}

pub(super) fn activate(state: &State, at: Timestamp, numbers: &[u32]) -> Result<Vec<Event>, Rejection> {
    let mut seen = BTreeSet::new();
    for number in numbers {
        let Some(stored) = state.definitions().stored(*number) else {
            return Err(invalid(format!("expected stored definitions, found the number {number}")));
        };
        if !seen.insert((stored.kind, stored.name.clone())) {
            return Err(invalid(format!("expected one definition of {}, found two", stored.name)));
        }
    }
    for kind in [DefinitionKind::Company, DefinitionKind::Organisation, DefinitionKind::Systems] {
        if !seen.iter().any(|(k, _)| *k == kind) {
            return Err(invalid(format!("expected a definition of the {kind:?}, found none")));
        }
    }
    let release = state.definitions().next_release();
    let activated = DefinitionsActivated { release, definitions: numbers.to_vec() };
    let mut events = vec![Event::DefinitionsActivated(activated)];
    events.extend(super::clock::scheduled(state, at, numbers)?);
    Ok(events)
}

fn invalid(message: String) -> Rejection {
    Rejection::new(Code::DefinitionInvalid, message)
}
