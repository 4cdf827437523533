//! R6: where the signatures of a state are independent, whoever has signed elsewhere is left out there, and whoever has
//! signed there is left out elsewhere. A post that only one person can answer for may then have nobody.

use countersign_core::decide::Came;
use countersign_core::definition::{Activity, Node};
use countersign_core::event::Plan;
use countersign_core::name::Name;
use countersign_core::value::Value;

use super::search::{FREE_MAX, Hole, Search};
use super::steps::Step;
use super::truth::{Answers, Known, answers};
use super::ways::{goes_on, reaches};

/// A signature on the way to a step, by the only person who can give it.
#[derive(Clone)]
pub(super) struct Before {
    /// The place of the state that asks for it.
    pub(super) state: usize,
    /// Who is asked there.
    pub(super) node: Node,
    pub(super) person: Name,
}

impl Search<'_> {
    /// What nobody can sign in a step any more once somebody has signed elsewhere.
    pub(super) fn signed_before(
        &self,
        step: &Step<'_>,
        (by, class, sample): (usize, usize, Option<&Value>),
        given: &Answers,
    ) -> Vec<Hole> {
        let independent = |n: usize| self.state(n).is_some_and(|state| state.is_independent());
        let others = self.steps.iter().filter(|other| {
            other.state != step.state && (independent(step.state) || independent(other.state))
        });
        let mut holes = Vec::new();
        for other in others.filter(|other| self.must_sign(other, step)) {
            for answers in more(given, (step, other)) {
                let Some(known) = self.known(step, by, sample) else { continue };
                let known = Known { free: &answers, ..known };
                for before in self.signers(other, &known, sample) {
                    let Some(state) = self.state(other.state) else { continue };
                    let signed = [(state.name.clone(), before.person.clone())];
                    let Some((node, came)) = self.ask(step, &known, sample, &signed) else { continue };
                    let Some(why) = self.nobody(step, came) else { continue };
                    let mut through = |n: usize| self.through(step, n, &known, sample);
                    let way = (other.state, step.state);
                    if reaches(self.chain, &known, other.state, &mut through)
                        && goes_on(self.chain, &known, way, &mut through)
                    {
                        let (answers, before) = (answers.clone(), Some(before));
                        holes.push(Hole { by, class, answers, node, before, why });
                    }
                }
            }
        }
        holes
    }

    /// Whether its state goes on only with this signature, and who is asked can be told by what is known.
    fn must_sign(&self, other: &Step<'_>, step: &Step<'_>) -> bool {
        let all = |state: &countersign_core::definition::StateDef| match &state.activity {
            Activity::People(node) => everybody(node),
            _ => false,
        };
        let climbs = matches!(other.node, Node::Climb(_));
        self.state(other.state).is_some_and(all) && (!climbs || other.measured == step.measured)
    }

    /// The persons without whom a step has no signature.
    fn signers(&self, other: &Step<'_>, known: &Known<'_>, sample: Option<&Value>) -> Vec<Before> {
        let Some((node, Came::Asked(plan))) = self.ask(other, known, sample, &[]) else { return Vec::new() };
        let of = |person: Name| Before { state: other.state, node: node.clone(), person };
        self.only_ones(&plan).into_iter().map(of).collect()
    }

    fn only_ones(&self, plan: &Plan) -> Vec<Name> {
        let Some(organisation) = self.supposed.rules().organisation() else { return Vec::new() };
        let mut found = Vec::new();
        for slot in plan.slots.iter().filter(|slot| slot.duty.signs() && slot.seat_of.is_none()) {
            let Some(post) = organisation.positions.get(&slot.position) else { continue };
            let mut left = post.holders.iter().filter(|person| !slot.barred.contains(person));
            if let (Some(only), None) = (left.next(), left.next())
                && !found.contains(only)
            {
                found.push(only.clone());
            }
        }
        found
    }
}

/// Answers to the free conditions of both steps that agree with those given.
fn more(given: &Answers, (step, other): (&Step<'_>, &Step<'_>)) -> Vec<Answers> {
    let mut free = step.free.clone();
    free.extend(other.free.iter().filter(|expr| !step.free.contains(expr)).cloned());
    if free.len() > FREE_MAX {
        return Vec::new();
    }
    let agrees = |answers: &Answers| given.iter().all(|answer| answers.contains(answer));
    answers(&free).into_iter().filter(agrees).collect()
}

/// Whether all who are asked have to sign.
fn everybody(node: &Node) -> bool {
    match node {
        Node::Signer(_) | Node::Climb(_) => true,
        Node::All(members) | Node::InOrder(members) => members.iter().all(|member| everybody(&member.node)),
        Node::Any(_) | Node::Votes { .. } => false,
    }
}
