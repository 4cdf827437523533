//! The proof: whoever may hand a document in, however much it is about and whatever its conditions say, somebody can
//! sign it.
//!
//! ```text
//! people    who may hand in; those that make no difference are taken together
//! same      of these, who makes no difference to one step
//! amounts   classes of amounts: between two thresholds the same people are asked
//! truth     conditions: told from amount and submitter, or free to hold or not
//! steps     everybody whom a chain asks, one by one
//! before    R6: what was signed elsewhere before
//! ways      whether a case can come there at all
//! search    all of it together, put to core's own planning
//! confirm   each counterexample as a case in the engine, which must hold it
//! signers   more signers than an amount deserves
//! told      the sentence
//! away      who must not be away at the same time; only where it is asked for
//! ```
//!
//! It is about the rules at every instant from which all authorities have limits: whenever a limit, somebody acting or a
//! delegation begins or ends, it is asked again.

mod amounts;
mod away;
mod before;
mod confirm;
mod people;
mod same;
mod search;
mod signers;
mod steps;
mod told;
mod truth;
mod ways;

use std::collections::BTreeSet;

use countersign_core::decide::Supposed;
use countersign_core::definition::{Authority, Chain, Definition, Organisation};
use countersign_core::time::Timestamp;

use crate::codes;
use crate::lint::Places;
use crate::world::World;
use away::Away;
use people::{Alike, Asked};
use search::{Budget, Search};

/// So many questions are asked of the engine at most.
const QUESTIONS_MAX: u32 = 400_000;
/// Nobody has so many superiors.
const DEPTH_MAX: usize = 100;
/// So many instants are looked at.
const INSTANTS_MAX: usize = 12;

/// Proves the rules of a company that is otherwise right.
pub(crate) fn check(
    definitions: &[Definition],
    places: &[(Chain, Places)],
    world: &World<'_>,
    and_absences: bool,
) {
    let authorities: Vec<&Authority> = definitions
        .iter()
        .filter_map(|d| if let Definition::Authority(authority) = d { Some(authority) } else { None })
        .collect();
    let chains: Vec<&Chain> = definitions
        .iter()
        .filter_map(|d| if let Definition::Chain(chain) = d { Some(chain) } else { None })
        .collect();
    let (budget, for_absences) = (Budget::new(QUESTIONS_MAX), Budget::new(QUESTIONS_MAX));
    let mut away = Away::default();
    let (mut said, mut many) = (BTreeSet::new(), BTreeSet::new());
    if people::depth(&world.organisation) > DEPTH_MAX {
        let message = format!("a line of more than {DEPTH_MAX} superiors; who signs was not looked at");
        let place = world.report.key("organisation.yaml", "positions");
        return world.report.warn(codes::TOO_WIDE, place, message, "let fewer stand above one another");
    }
    for (n, at) in instants(&authorities, &world.organisation).into_iter().enumerate() {
        let since = (n > 0).then_some(at);
        let supposed = Supposed::new(definitions.iter().cloned(), at);
        let all = people::alike(&Asked::of(&chains, &supposed), &supposed);
        let initiators = people::initiators(&chains, &all);
        for chain in &chains {
            let Some((_, places)) = places.iter().find(|(known, _)| known.name == chain.name) else {
                continue;
            };
            let people: Vec<&Alike> =
                initiators.get(&chain.name).into_iter().flatten().filter_map(|n| all.get(*n)).collect();
            let pruned = told::without_documents_beneficiaries(chain, &supposed);
            let steps = search::steps(&pruned);
            let (budget, supposed) = (&budget, &supposed);
            let search =
                Search { chain: &pruned, supposed, since, steps: &steps, people: &people, budget, world };
            told::chain(&search, (definitions, places), &mut said);
            if many.insert(chain.name.clone()) {
                signers::check(&search, places);
                if and_absences {
                    away.chain(&Search { budget: &for_absences, ..search });
                }
            }
        }
        if budget.left() == 0 {
            break;
        }
    }
    away.tell(world);
    if budget.left() == 0 {
        let place = places.first().map(|(_, places)| places.head).unwrap_or_default();
        let message =
            format!("the proof stopped after {QUESTIONS_MAX} questions; not every amount was looked at");
        let help = "take initiators, conditions or limits that make no difference away";
        world.report.warn(codes::TOO_WIDE, place, message, help);
    }
}

/// The instants at which other people may decide than just before, from when on every authority has limits.
fn instants(authorities: &[&Authority], organisation: &Organisation) -> Vec<Timestamp> {
    let first =
        authorities.iter().filter_map(|authority| authority.limits.first()).map(|set| set.since).max();
    let first = first.unwrap_or_default();
    let mut found = BTreeSet::from([first]);
    found.extend(authorities.iter().flat_map(|authority| &authority.limits).map(|set| set.since));
    for post in organisation.positions.values().filter(|post| post.holders.is_empty()) {
        found.extend(post.acting.iter().flat_map(|acting| acting.since.into_iter().chain([acting.until])));
    }
    for delegation in organisation.delegations.values() {
        let vacant = |post: &countersign_core::definition::Position| post.holders.is_empty();
        if organisation.positions.get(&delegation.from).is_some_and(vacant) {
            found.extend([delegation.start, delegation.end]);
        }
    }
    found.into_iter().filter(|at| *at >= first).take(INSTANTS_MAX).collect()
}
