//! The search: for everybody whom a chain asks, whoever hands in, whatever the amount, whatever the free conditions say.

use std::cell::Cell;

use countersign_core::decide::{Came, Question, Supposed};
use countersign_core::definition::{Chain, Duty, Member, Node, StateDef, Target};
use countersign_core::event::Plan;
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::time::Timestamp;
use countersign_core::value::Value;

use super::amounts::Classes;
use super::before::Before;
use super::people::Alike;
use super::same;
use super::steps::{self, Fixing, Step};
use super::truth::{Answers, Known, answers};
use super::ways::{Through, reaches};
use crate::world::World;

/// More free conditions than this make more combinations than anybody looks at.
pub(super) const FREE_MAX: usize = 12;

/// What the search may cost: questions asked of the engine.
pub(super) struct Budget(Cell<u32>);

impl Budget {
    pub(super) fn new(questions: u32) -> Budget {
        Budget(Cell::new(questions))
    }

    /// False: nothing is left.
    pub(super) fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }

    pub(super) fn left(&self) -> u32 {
        self.0.get()
    }
}

/// One chain at one instant.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    /// The chain, without beneficiaries that only a document names.
    pub(super) chain: &'a Chain,
    pub(super) supposed: &'a Supposed,
    /// It is so from this instant on, and was not before.
    pub(super) since: Option<Timestamp>,
    pub(super) steps: &'a [Step<'a>],
    pub(super) people: &'a [&'a Alike],
    pub(super) budget: &'a Budget,
    pub(super) world: &'a World<'a>,
}

/// Something that nobody can sign.
pub(super) struct Hole {
    /// By whom: the place among those who may hand in.
    pub(super) by: usize,
    /// How much: the place among the classes.
    pub(super) class: usize,
    pub(super) answers: Answers,
    /// Who is asked, as the engine was asked.
    pub(super) node: Node,
    /// R6: what was signed before, so that nobody is left.
    pub(super) before: Option<Before>,
    /// None: the amount is beyond every limit.
    pub(super) why: Option<Rejection>,
}

/// What was found of one step.
pub(super) struct Findings {
    pub(super) classes: Option<Classes>,
    pub(super) holes: Vec<Hole>,
    /// A submitter whose own post decides, by another holder of it.
    pub(super) own_post: Option<usize>,
    /// Not all was looked at.
    pub(super) too_wide: bool,
}

impl<'a> Search<'a> {
    pub(super) fn step(&self, step: &Step<'_>) -> Findings {
        let authority: Vec<_> = step.authority(self.supposed).into_iter().collect();
        let classes = Classes::of(&authority, &step.compared, self.supposed, self.world);
        let mut found = Findings { classes: None, holes: Vec::new(), own_post: None, too_wide: false };
        if step.free.len() > FREE_MAX {
            found.too_wide = true;
            return found;
        }
        let ways = answers(&step.free);
        let samples: Vec<Option<&Value>> = match &classes {
            Some(classes) => classes.samples.iter().map(Some).collect(),
            None => vec![None],
        };
        let Some(organisation) = self.supposed.rules().organisation() else { return found };
        for group in
            same::groups(self.people, step, authority.first().copied(), (organisation, &self.chain.defines))
        {
            for (class, sample) in samples.iter().enumerate() {
                for answers in &ways {
                    if self.budget.left() == 0 {
                        found.too_wide = true;
                        return Findings { classes, ..found };
                    }
                    self.one(step, (&group, class, *sample), answers, &mut found);
                }
            }
        }
        Findings { classes, ..found }
    }

    pub(super) fn known<'k>(
        &'k self,
        step: &'k Step<'_>,
        by: usize,
        sample: Option<&'k Value>,
    ) -> Option<Known<'k>> {
        Some(Known {
            supposed: self.supposed,
            defines: &self.chain.defines,
            submitter: &self.people.get(by)?.party,
            measured: step.measured.zip(sample),
            free: &[],
        })
    }

    fn one(
        &self,
        step: &Step<'_>,
        (group, class, sample): (&[usize], usize, Option<&Value>),
        answers: &Answers,
        found: &mut Findings,
    ) {
        let Some(by) = group.first().copied() else { return };
        let Some(known) = self.known(step, by, sample) else { return };
        let known = Known { free: answers, ..known };
        let Some((node, came)) = self.ask(step, &known, sample, &[]) else { return };
        if let Came::Asked(plan) = &came {
            let named = self.chain.initiators.is_some();
            if found.own_post.is_none() && named && step.decides() && own_post(plan, self.people[by]) {
                found.own_post = Some(by);
            }
            let holes = group.iter().flat_map(|by| self.signed_before(step, (*by, class, sample), answers));
            found.holes.extend(holes);
        }
        let Some(why) = self.nobody(step, came) else { return };
        // The way there may depend on who hands in, even where the answer does not.
        for by in group {
            let Some(known) = self.known(step, *by, sample) else { continue };
            let known = Known { free: answers, ..known };
            let mut through = |n: usize| self.through(step, n, &known, sample);
            if reaches(self.chain, &known, step.state, &mut through) {
                let (answers, node, why) = (answers.clone(), node.clone(), why.clone());
                found.holes.push(Hole { by: *by, class, answers, node, before: None, why });
            }
        }
    }

    /// Whether a step came to nobody, and why; within, None: the amount is beyond every limit.
    pub(super) fn nobody(&self, step: &Step<'_>, came: Came) -> Option<Option<Rejection>> {
        match came {
            Came::Asked(_) => None,
            Came::Beyond if self.is_led(step.state) => None,
            Came::Beyond => Some(None),
            Came::Nobody(rejection) if rejection.code == Code::NoApprover => Some(Some(rejection)),
            // What only a document can say.
            Came::Nobody(_) => None,
        }
    }

    /// What the engine makes of a step. None: nobody is asked.
    pub(super) fn ask(
        &self,
        step: &Step<'_>,
        known: &Known<'_>,
        sample: Option<&Value>,
        signed: &[(Name, Name)],
    ) -> Option<(Node, Came)> {
        let organisation = self.supposed.rules().organisation()?;
        let node = Fixing { known: *known, organisation }.step(step)?;
        let state = self.state(step.state)?;
        // Independence belongs to a member.
        let node = match state.is_independent() {
            true => {
                Node::InOrder(vec![Member { when: None, within: None, weight: 1, independent: true, node }])
            }
            false => node,
        };
        let submitter = known.submitter;
        let question = Question { chain: self.chain, state, node: &node, submitter, amount: sample, signed };
        self.budget.take();
        let came = self.supposed.step(&question);
        Some((node, came))
    }

    pub(super) fn state(&self, n: usize) -> Option<&'a StateDef> {
        self.chain.states.get(n)
    }

    /// Whether the chain says what becomes of an amount beyond every limit, other than to wait for a person.
    pub(super) fn is_led(&self, n: usize) -> bool {
        let arrows = self.state(n).and_then(|state| state.next.get("beyond"));
        arrows.is_some_and(|arrows| arrows.iter().any(|arrow| arrow.go != Target::OnHold))
    }

    /// What comes of a step on the way, where the same amount is held against limits there.
    pub(super) fn through(
        &self,
        goal: &Step<'_>,
        n: usize,
        known: &Known<'_>,
        sample: Option<&Value>,
    ) -> Through {
        let mut here = self.steps.iter().filter(|step| step.state == n);
        let (Some(step), None) = (here.next(), here.next()) else { return Through::Any };
        let answered = step.free.iter().all(|free| known.free.iter().any(|(known, _)| known == free));
        if !matches!(step.node, Node::Climb(_)) || step.measured != goal.measured || !answered {
            return Through::Any;
        }
        match self.ask(step, known, sample, &[]) {
            Some((_, Came::Asked(_))) => Through::NotBeyond,
            Some((_, Came::Beyond)) => Through::Beyond,
            Some((_, Came::Nobody(why))) if why.code == Code::NoApprover => Through::Held,
            _ => Through::Any,
        }
    }
}

/// Whether a document is decided in the very post that handed it in.
fn own_post(plan: &Plan, by: &Alike) -> bool {
    plan.slots.iter().any(|slot| {
        slot.duty == Duty::Approve
            && slot.seat_of.is_none()
            && slot.level.as_ref().is_none_or(|level| level.decides)
            && slot.position == by.party.position
    })
}

/// Everybody whom a chain asks.
pub(super) fn steps(chain: &Chain) -> Vec<Step<'_>> {
    steps::of(chain)
}
