//! Who must not be away at the same time: one or two posts without whose holders something cannot be decided. Stand-ins
//! count as for vacant posts. It is asked for (`countersign check --away`), since there is no company where nobody is
//! needed.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::decide::{Came, Supposed};
use countersign_core::event::Plan;
use countersign_core::name::Name;
use countersign_core::rejection::Code;
use countersign_core::value::Value;

use super::amounts::Classes;
use super::search::{FREE_MAX, Search};
use super::steps::Step;
use super::truth::{Known, answers};
use super::ways::{Through, reaches};
use crate::codes;
use crate::world::World;

/// So many sets are told.
const TOLD_MAX: usize = 20;

/// One post, or two.
type Posts = BTreeSet<Name>;

/// What was found: the chains that nobody can decide while the holders of these posts are away.
#[derive(Default)]
pub(super) struct Away {
    without: BTreeMap<Posts, Supposed>,
    found: BTreeMap<Posts, BTreeSet<Name>>,
}

impl Away {
    /// Looks at all that a chain decides.
    pub(super) fn chain(&mut self, search: &Search<'_>) {
        for step in search.steps.iter().filter(|step| step.decides() && step.free.len() <= FREE_MAX) {
            let authority: Vec<_> = step.authority(search.supposed).into_iter().collect();
            let classes = Classes::of(&authority, &step.compared, search.supposed, search.world);
            let samples: Vec<Option<&Value>> =
                classes.as_ref().map_or(vec![None], |classes| classes.samples.iter().map(Some).collect());
            let ways = answers(&step.free);
            for by in search.people {
                for (sample, free) in
                    samples.iter().flat_map(|sample| ways.iter().map(move |way| (*sample, way)))
                {
                    let known = Known {
                        supposed: search.supposed,
                        defines: &search.chain.defines,
                        submitter: &by.party,
                        measured: step.measured.zip(sample),
                        free,
                    };
                    self.one(search, step, &known, sample);
                }
            }
        }
    }

    fn one(&mut self, search: &Search<'_>, step: &Step<'_>, known: &Known<'_>, sample: Option<&Value>) {
        let Some((_, Came::Asked(plan))) = search.ask(step, known, sample, &[]) else { return };
        for first in asked(&plan) {
            let alone = Posts::from([first.clone()]);
            let Some(came) = self.absent(search, step, (known, sample), &alone) else { continue };
            let Some(plan) = came else { continue };
            for second in asked(&plan) {
                let both = Posts::from([first.clone(), second.clone()]);
                let known_alone = |post: &Name| self.found.get(&Posts::from([post.clone()]));
                let told =
                    |chains: Option<&BTreeSet<Name>>| chains.is_some_and(|c| c.contains(&search.chain.name));
                if second == first || told(known_alone(&second)) || told(self.found.get(&both)) {
                    continue;
                }
                self.absent(search, step, (known, sample), &both);
            }
        }
    }

    /// What comes of a question while the holders of these posts are away: who is asked then; Some(None) where nobody
    /// can be, which is noted; None where it says nothing, since whoever hands in is away too.
    fn absent(
        &mut self,
        search: &Search<'_>,
        step: &Step<'_>,
        (known, sample): (&Known<'_>, Option<&Value>),
        posts: &Posts,
    ) -> Option<Option<Plan>> {
        let organisation = search.supposed.rules().organisation()?;
        let persons: BTreeSet<&Name> = posts
            .iter()
            .filter_map(|post| organisation.positions.get(post))
            .flat_map(|post| &post.holders)
            .collect();
        if persons.contains(&known.submitter.person) || search.budget.left() == 0 {
            return None;
        }
        if !self.without.contains_key(posts) {
            let mut left = organisation.clone();
            left.positions
                .values_mut()
                .for_each(|post| post.holders.retain(|holder| !persons.contains(holder)));
            self.without.insert(posts.clone(), search.supposed.organised(left));
        }
        let supposed = self.without.get(posts)?;
        let came = Search { supposed, ..*search }.ask(step, &Known { supposed, ..*known }, sample, &[])?.1;
        let held = match came {
            Came::Asked(plan) => return Some(Some(plan)),
            Came::Beyond => !search.is_led(step.state),
            Came::Nobody(why) => why.code == Code::NoApprover,
        };
        if held && reaches(search.chain, known, step.state, &mut |_| Through::Any) {
            self.found.entry(posts.clone()).or_default().insert(search.chain.name.clone());
        }
        Some(None)
    }

    /// The smallest sets, each once.
    pub(super) fn tell(self, world: &World<'_>) {
        let alone = |posts: &Posts, chain: &Name| {
            let one =
                |post: &Name| self.found.get(&Posts::from([post.clone()])).is_some_and(|c| c.contains(chain));
            posts.len() > 1 && posts.iter().any(one)
        };
        let mut sets: Vec<(&Posts, Vec<&str>)> = self
            .found
            .iter()
            .map(|(posts, chains)| {
                (posts, chains.iter().filter(|c| !alone(posts, c)).map(Name::as_str).collect())
            })
            .filter(|(_, chains): &(_, Vec<&str>)| !chains.is_empty())
            .collect();
        sets.sort_by_key(|(posts, chains)| (posts.len(), std::cmp::Reverse(chains.len())));
        let more = sets.len().saturating_sub(TOLD_MAX);
        for (n, (posts, chains)) in sets.into_iter().take(TOLD_MAX).enumerate() {
            let names: Vec<&str> = posts.iter().map(Name::as_str).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            let shown = crate::suggest::listed(&chains);
            let rest = if n + 1 == TOLD_MAX && more > 0 {
                format!("; {more} more are not shown")
            } else {
                String::new()
            };
            let message =
                format!("while {} {verb} away nobody can decide all of {shown}{rest}", names.join(" and "));
            let place = world.report.key("organisation.yaml", names.first().copied().unwrap_or_default());
            let help =
                "give one of them a second holder, a delegation or a stand-in, or lower what a group needs";
            world.report.warn(codes::AWAY, place, message, help);
        }
    }
}

/// The posts that a plan asks.
fn asked(plan: &Plan) -> BTreeSet<Name> {
    plan.slots.iter().map(|slot| slot.position.clone()).collect()
}
