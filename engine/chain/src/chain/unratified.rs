//! `unratified`: what a green light let happen at once is taken back where nobody ratifies it.
//!
//! ```text
//! green-light: { by_chain: [green-light], in: [line], go: registering, unratified: cancelling }
//! ```
//!
//! It is a second request, `unratified`, of the same chains. It may be made wherever the case can have come since `go`,
//! up to where nothing of it stands any more: not where the case is decided in the ordinary way after all, and not where
//! everything is being undone already.

use countersign_core::definition::{Activity, Anytime, Listen, StateDef, Target};
use countersign_core::name::Name;

use super::Context;
use crate::codes;
use crate::read::Map;

/// The key of an entry, and the name of the request that it stands for.
pub(crate) const UNRATIFIED: &str = "unratified";

/// An entry that says where its case goes when nobody ratifies.
pub(super) struct GreenLight<'t> {
    pub(super) map: Map<'t>,
    pub(super) entry: Anytime,
}

/// The requests that green lights stand for: none, or one.
pub(super) fn requests(
    lights: &[GreenLight<'_>],
    (asked, heard): (&[Anytime], &[Listen]),
    states: &[&StateDef],
    context: &Context<'_, '_>,
) -> Option<Anytime> {
    let report = &context.world.report;
    let mut found = None;
    for light in lights {
        let Some(entry) = light.map.entry(UNRATIFIED) else { continue };
        if found.is_some() || asked.iter().any(|known| known.name == *UNRATIFIED) {
            let help = "keep one of them: a case that gave a green light asks for `unratified`";
            let message = "there is a request `unratified` already";
            report.error(codes::DUPLICATE_NAME, entry.at, message, help);
            continue;
        }
        found = request(light, (asked, heard), states, context);
    }
    found
}

fn request(
    light: &GreenLight<'_>,
    ways: (&[Anytime], &[Listen]),
    states: &[&StateDef],
    context: &Context<'_, '_>,
) -> Option<Anytime> {
    let report = &context.world.report;
    let (map, given) = (&light.map, &light.entry);
    let key = map.entry(UNRATIFIED)?;
    let misplaced = |message: &str, help: &str| {
        report.error(codes::MISPLACED_KEY, key.at, message, help);
        None
    };
    let Some(to) = super::anytime::go(&key.value, context)? else {
        let help = "name the state in which it is undone, such as one with `compensate: all`";
        return misplaced("what nobody ratifies does not stay as it is", help);
    };
    if given.by_chain.is_empty() {
        let help =
            "add `by_chain: [green-light]`: the chain whose case gives it and sees to it that it is ratified";
        return misplaced("a green light that no other case gives is ratified by none", help);
    }
    let Some(passed_by) = &given.in_states else {
        let help = "add `in: [...]`: the states in which those would have signed whom it passes by";
        return misplaced("a green light that holds everywhere passes nobody by", help);
    };
    let after = after(given.go, (passed_by, to), ways, states);
    if after.is_empty() {
        let help = "let `go` lead to a state that does what is to be done at once";
        return misplaced("nothing stands after `go` that could be taken back", help);
    }
    Some(Anytime {
        name: Name::from(UNRATIFIED),
        by: Vec::new(),
        by_chain: given.by_chain.clone(),
        in_states: Some(after),
        asks: Vec::new(),
        go: Some(to),
        learns: Vec::new(),
        unratified: None,
        once_over: Vec::new(),
    })
}

/// The states that a case can have come to since a green light, while something of it stands.
fn after(
    go: Option<Target>,
    (passed_by, to): (&[u16], Target),
    (asked, heard): (&[Anytime], &[Listen]),
    states: &[&StateDef],
) -> Vec<u16> {
    let ends = |n: u16| {
        let undone = |state: &&StateDef| matches!(state.activity, Activity::Compensate { since: None });
        passed_by.contains(&n) || to == Target::State(n) || states.get(usize::from(n)).is_none_or(undone)
    };
    let mut found: Vec<u16> = Vec::new();
    let mut open: Vec<Target> = go.into_iter().collect();
    while let Some(target) = open.pop() {
        // Whoever is sent back to is among those before; a document that comes again is signed anew.
        let Target::State(n) = target else { continue };
        if found.contains(&n) || ends(n) {
            continue;
        }
        found.push(n);
        let Some(state) = states.get(usize::from(n)) else { continue };
        open.extend(state.next.values().flatten().map(|arrow| arrow.go));
        open.extend(state.expires.as_ref().map(|expiry| expiry.go));
        if let Activity::Choose(branches) = &state.activity {
            open.extend(branches.iter().map(|branch| branch.go));
        }
        let here = |states: &Option<Vec<u16>>| states.as_ref().is_none_or(|states| states.contains(&n));
        open.extend(asked.iter().filter(|entry| here(&entry.in_states)).filter_map(|entry| entry.go));
        open.extend(heard.iter().filter(|entry| here(&entry.in_states)).filter_map(|entry| entry.go));
    }
    found.sort_unstable();
    found
}
