//! What a chain does as a whole, and what chains do to one another: found by walking their states as a graph.
//!
//! - [`reach`]: states and ends that nothing leads to.
//! - [`loops`]: loops that no person, message or shrinking number breaks.
//! - [`facts`]: facts read before they can have been learnt.
//! - [`undo`]: ends that leave something done outside that ought to be undone, and undoing where there is nothing.
//! - [`holds`]: good ends with something of an account still held, and what is used up or given back that never was.
//! - [`children`]: chains that run each other in a circle without end.
//! - [`people`]: more signers than a case deserves, and positions that nobody stands in for.
//! - [`forms`]: documents that ask for too much.
//!
//! All of it looks at compiled chains, after each of them has been found right in itself.

mod children;
mod expressions;
mod facts;
mod flow;
mod forms;
mod holds;
mod loops;
mod people;
mod reach;
mod undo;

use countersign_core::definition::{Activity, Chain, StateDef};

use crate::codes;
use crate::diagnostic::Place;
use crate::world::World;
use flow::Flow;

/// Where the parts of a chain stand in its file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Its name.
    pub(crate) head: Place,
    /// Its states, in order.
    pub(crate) states: Vec<Place>,
    /// Its ends, in order.
    pub(crate) ends: Vec<Place>,
}

impl Places {
    pub(crate) fn state(&self, n: usize) -> Place {
        self.states.get(n).copied().unwrap_or(self.head)
    }

    fn end(&self, n: usize) -> Place {
        self.ends.get(n).copied().unwrap_or(self.head)
    }
}

/// A chain of more than this nobody can read, and no check can go through in time.
const STATES_MAX: usize = 300;
const FACTS_MAX: usize = 200;
const ANYTIME_MAX: usize = 100;
const ARROWS_MAX: usize = 2000;
const WAYS_MAX: usize = 20_000;

/// Checks chains that are right in themselves, each alone and all of them together, and the company around them.
pub(crate) fn check(chains: &[(Chain, Places)], world: &World<'_>) {
    let mut flows = Vec::new();
    for (chain, places) in chains {
        if too_large(chain, places, world) {
            continue;
        }
        let flow = Flow::of(chain);
        if flow.edges.len() > WAYS_MAX {
            let counted = ("ways from state to state", flow.edges.len(), WAYS_MAX);
            report_size(chain, places, counted, world);
            continue;
        }
        reach::check(&flow, places, &world.report);
        loops::check(&flow, places, world);
        facts::check(&flow, places, world);
        holds::check(&flow, places, world);
        people::signers(&flow, places, world);
        flows.push((flow, places));
    }
    crate::duties::check(world);
    undo::check(&flows, world);
    children::check(&flows, world);
    if !world.report.failed() {
        people::holders(&flows, world);
    }
    forms::check(world);
}

/// Checks that every account is there for something.
pub(crate) fn accounts(accounts: &[(countersign_core::name::Name, Place)], world: &World<'_>) {
    if !world.report.failed() {
        holds::unused(accounts, world);
    }
}

fn too_large(chain: &Chain, places: &Places, world: &World<'_>) -> bool {
    let branches = |state: &StateDef| match &state.activity {
        Activity::Choose(branches) => branches.len(),
        _ => state.next.values().map(Vec::len).sum(),
    };
    let counts = [
        ("states", chain.states.len(), STATES_MAX),
        ("facts", chain.facts.len(), FACTS_MAX),
        ("entries of anytime", chain.anytime.len() + chain.listens.len(), ANYTIME_MAX),
        ("arrows", chain.states.iter().map(branches).sum(), ARROWS_MAX),
    ];
    let Some((what, count, most)) = counts.into_iter().find(|(_, count, most)| count > most) else {
        return false;
    };
    report_size(chain, places, (what, count, most), world);
    true
}

fn report_size(chain: &Chain, places: &Places, (what, count, most): (&str, usize, usize), world: &World<'_>) {
    let message = format!("{} has {count} {what}, more than {most}", chain.name);
    let help = "let it run a chain of its own for a part of the work";
    world.report.error(codes::TOO_LARGE, places.head, message, help);
}
