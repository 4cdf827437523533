//! One case: its view is computed anew, each time, from all the inputs that were accepted for it.

use std::collections::BTreeMap;

use countersign_core::command::Verdict;
use countersign_core::definition::*;
use countersign_core::name::Name;
use countersign_core::time::{HOUR, Timestamp};

use super::route::{Asking, Document, Mistake, NoPlan, Plan, Rules, Slot, holds};
use super::tree::{Outcome, ask, blind, climb_with, outcome};

/// What somebody did to a case, and took effect.
#[derive(Clone, Debug)]
pub enum Input {
    Answer {
        slot: usize,
        person: Name,
        verdict: Verdict,
        reason: bool,
        document: Option<Document>,
    },
    ReferUp {
        slot: usize,
        person: Name,
    },
    Resubmit {
        document: Document,
    },
    Amend {
        document: Document,
    },
    Withdraw,
    Fact,
    /// Time alone has passed.
    Clock,
}

/// A case as the model keeps it: what was handed in, and the inputs since.
#[derive(Clone, Debug)]
pub struct Story {
    pub chain: Name,
    pub person: Name,
    pub position: Name,
    pub document: Document,
    pub at: Timestamp,
    pub inputs: Vec<(Timestamp, Input)>,
}

/// Where a case stands.
#[derive(Clone, Debug)]
pub enum Place {
    People { state: usize, plan: Plan, said: BTreeMap<usize, Said> },
    Wait { state: usize, since: Timestamp },
    Draft,
    Ended { end: Name, code: Option<&'static str> },
    Withdrawn,
    Held(&'static str),
}

/// What has become of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Gave(Verdict),
    /// The levels above decide.
    PassedOn,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub state: Name,
    pub position: Name,
    pub duty: Duty,
    pub person: Name,
    pub verdict: Verdict,
    pub void: bool,
    /// An approval that only counted as a review.
    pub review: bool,
    pub revision: u32,
    /// The entry of a state and the slot in which it was given.
    pub given: (u32, usize),
}

/// What is to be seen of a case.
#[derive(Clone, Debug)]
pub struct View {
    pub place: Place,
    pub document: Document,
    pub revision: u32,
    pub returns: u32,
    pub signatures: Vec<Signature>,
    /// How often a state with people was entered.
    pub entries: u32,
    /// Signatures that answer a question of the present step.
    pub used: Vec<usize>,
}

/// An open question: its slot, who is asked, for what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    pub slot: usize,
    pub position: Name,
    pub duty: Duty,
}

/// The view of a case after all its inputs.
pub fn view(rules: &Rules, story: &Story) -> View {
    let mut view = View {
        place: Place::Draft,
        document: story.document.clone(),
        revision: 1,
        returns: 0,
        signatures: Vec::new(),
        entries: 0,
        used: Vec::new(),
    };
    let mut walk = Walk { rules, story, view: &mut view, at: story.at };
    walk.go(Target::State(0));
    for (at, input) in &story.inputs {
        walk.at = *at;
        walk.take(input);
    }
    view
}

impl View {
    pub fn questions(&self, rules: &Rules) -> Vec<Question> {
        let Place::People { plan, said, .. } = &self.place else { return Vec::new() };
        let mut open = Vec::new();
        ask(rules, &plan.root, said, &mut open);
        open.into_iter()
            .map(|slot| Question {
                slot,
                position: plan.slots[slot].position.clone(),
                duty: plan.slots[slot].duty,
            })
            .collect()
    }

    pub fn slot(&self, number: usize) -> Option<&Slot> {
        match &self.place {
            Place::People { plan, .. } => plan.slots.get(number),
            _ => None,
        }
    }

    /// Whether an objection stands that whoever is asked in the slot may know: against this revision, and its post
    /// did not say otherwise in its state since.
    pub fn objections(&self, rules: &Rules, own: usize) -> bool {
        let present: Vec<&Signature> =
            self.signatures.iter().filter(|s| !s.void && s.revision == self.revision).collect();
        let stands = |i: usize, s: &Signature| {
            let same = |l: &&&Signature| l.state == s.state && l.position == s.position;
            let last = present[i..].iter().filter(same).all(|l| l.verdict == Verdict::Object);
            last && !self.hidden(rules, s, own)
        };
        present.iter().enumerate().any(|(i, s)| stands(i, s))
    }

    /// Whether a signature of the present step is closed to the slot.
    fn hidden(&self, rules: &Rules, signature: &Signature, own: usize) -> bool {
        let Place::People { plan, said, .. } = &self.place else { return false };
        let here = signature.given.0 == self.entries;
        here && blind(rules, &plan.root, said, (signature.given.1, own))
    }

    /// Who has signed a level of the climb that holds the slot, once for each level.
    pub fn signed_on_route(&self, slot: usize) -> Vec<Name> {
        let Place::People { plan, said, .. } = &self.place else { return Vec::new() };
        let mut persons = Vec::new();
        for (other, of) in plan.slots.iter().enumerate().filter(|(_, s)| s.level.is_some()) {
            let last = self.signatures.iter().rev().find(|s| !s.void && s.position == of.position);
            if let (true, Some(signature)) = (said.contains_key(&other), last)
                && (other != slot || signature.review)
            {
                persons.push(signature.person.clone());
            }
        }
        persons
    }

    /// Whether an earlier state has approved it.
    pub fn approved_before(&self, chain: &Chain) -> bool {
        let here = match &self.place {
            Place::People { state, .. } => Some(&chain.states[*state].name),
            _ => None,
        };
        let approved = |s: &&Signature| !s.void && !s.review && s.verdict == Verdict::Approve;
        self.signatures.iter().filter(approved).any(|s| Some(&s.state) != here)
    }

    /// Whether a decision was made that nobody may take back any more.
    pub fn decided(&self) -> bool {
        let approved = |s: &Signature| !s.void && !s.review && s.verdict == Verdict::Approve;
        matches!(self.place, Place::Wait { .. } | Place::Held(_)) && self.signatures.iter().any(approved)
    }
}

/// A signature that stands, and its place among all.
struct Kept<'a> {
    index: usize,
    signature: &'a Signature,
}

impl Kept<'_> {
    fn fits(&self, state: &Name, wanted: &Slot, revision: u32) -> bool {
        let s = self.signature;
        // A contribution is no signature: a new revision asks for it again.
        let stands = s.duty != Duty::Input || s.revision == revision;
        let may = !wanted.barred.contains(&s.person);
        // An approval that no longer decides is its level's opinion.
        let duty = match s.review {
            false => s.duty == wanted.duty,
            true => s.duty == Duty::Approve && wanted.duty == Duty::Review && wanted.level.is_some(),
        };
        stands && may && duty && s.state == *state && s.position == wanted.position
    }
}

struct Walk<'a> {
    rules: &'a Rules,
    story: &'a Story,
    view: &'a mut View,
    at: Timestamp,
}

impl<'a> Walk<'a> {
    fn chain(&self) -> &'a Chain {
        &self.rules.chains[&self.story.chain]
    }

    fn go(&mut self, target: Target) {
        match target {
            Target::State(state) => self.enter(usize::from(state)),
            Target::End(end) => {
                let end = self.chain().ends[usize::from(end)].name.clone();
                self.view.place = Place::Ended { end, code: None };
            }
            Target::Back => panic!("the model leads nothing back"),
            Target::OnHold => self.view.place = Place::Held("ON_HOLD"),
            Target::Draft => {
                let returns = self.view.returns + 1;
                if returns > self.rules.company.policies.returns.at_most {
                    let end = Name::from("rejected");
                    self.view.place = Place::Ended { end, code: Some("REVISION_LIMIT") };
                } else {
                    self.view.returns = returns;
                    self.view.place = Place::Draft;
                }
            }
        }
    }

    fn enter(&mut self, number: usize) {
        let state = &self.chain().states[number];
        if !holds(state.when.as_ref(), &self.view.document) {
            return self.leave(number, &state.good);
        }
        match &state.activity {
            Activity::Check(checks) => {
                let passed = checks.iter().all(|c| holds(Some(c.test.expr()), &self.view.document));
                self.leave(number, &Name::from(if passed { "passed" } else { "failed" }));
            }
            Activity::Choose(branches) => {
                match branches.iter().find(|b| holds(b.when.as_ref(), &self.view.document)) {
                    Some(branch) => self.go(branch.go),
                    None => self.view.place = Place::Held("NO_ARROW"),
                }
            }
            Activity::Wait(_) => self.view.place = Place::Wait { state: number, since: self.at },
            Activity::WaitUntil(_) => panic!("the model does not wait for times"),
            Activity::People(node) => self.people(number, node),
            other => panic!("the model has no word for {other:?}"),
        }
    }

    fn asking<'b>(&'b self, document: &'b Document) -> Asking<'b> {
        asking(self.rules, self.story, document, self.at)
    }

    fn people(&mut self, number: usize, node: &Node) {
        let document = self.view.document.clone();
        match self.rules.plan(&self.asking(&document), node) {
            Err(NoPlan::Nobody) => self.view.place = Place::Held("NO_APPROVER"),
            Err(NoPlan::Beyond) => self.leave(number, &Name::from("beyond")),
            Ok(plan) => {
                self.view.entries += 1;
                self.view.used.clear();
                self.view.place = Place::People { state: number, plan, said: BTreeMap::new() };
                self.close();
            }
        }
    }

    /// R12: signatures that still stand answer what would be asked; each answers one question.
    fn keep(&mut self) {
        loop {
            let Place::People { state, plan, said } = &self.view.place else { return };
            let mut open = Vec::new();
            ask(self.rules, &plan.root, said, &mut open);
            let state = &self.chain().states[*state].name;
            let found = open.into_iter().find_map(|slot| {
                let fits = |s: &Kept<'_>| s.fits(state, &plan.slots[slot], self.view.revision);
                let kept = self.standing().into_iter().find(fits)?;
                Some((slot, kept.index, kept.signature.verdict))
            });
            let Some((slot, index, verdict)) = found else { return };
            if self.rules.mistake != Mistake::PeopleNotSlots {
                self.view.used.push(index);
            }
            if let Place::People { said, .. } = &mut self.view.place {
                said.insert(slot, Said::Gave(verdict));
            }
        }
    }

    /// Signatures that stand and answer no question of this step yet.
    fn standing(&self) -> Vec<Kept<'_>> {
        let all = self.view.signatures.iter().enumerate().rev();
        let stands = |s: &Signature| !s.void && s.verdict.agrees();
        let free = all.filter(|(i, s)| stands(s) && !self.view.used.contains(i));
        free.map(|(index, signature)| Kept { index, signature }).collect()
    }

    /// Leaves the state where its people have come to an outcome.
    fn close(&mut self) {
        self.keep();
        let Place::People { state, plan, said } = &self.view.place else { return };
        let number = *state;
        let outcome = outcome(self.rules, &plan.root, said);
        let good = self.chain().states[number].good.clone();
        match outcome {
            None => {}
            Some(Outcome::Good) => self.leave(number, &good),
            Some(Outcome::Returned) => self.leave(number, &Name::from("returned")),
            Some(Outcome::Rejected) => self.leave(number, &Name::from("rejected")),
        }
    }

    fn leave(&mut self, number: usize, outcome: &Name) {
        let arrows = self.chain().states[number].next.get(outcome);
        let arrow =
            arrows.into_iter().flatten().find(|arrow| holds(arrow.when.as_ref(), &self.view.document));
        let Some(arrow) = arrow else {
            let code = if *outcome == "beyond" { "BEYOND_AUTHORITY" } else { "NO_ARROW" };
            self.view.place = Place::Held(code);
            return;
        };
        if let (true, Target::State(back)) = (*outcome == "returned", arrow.go) {
            let back = &self.chain().states[usize::from(back)].name;
            self.view.signatures.iter_mut().filter(|s| s.state == *back).for_each(|s| s.void = true);
        }
        self.go(arrow.go);
    }

    fn take(&mut self, input: &Input) {
        match input {
            Input::Answer { slot, person, verdict, document, .. } => {
                self.answer(*slot, person, *verdict, document.as_ref());
            }
            Input::ReferUp { slot, person } => self.refer_up(*slot, person),
            Input::Resubmit { document } => {
                self.revise(document, true);
                self.go(Target::State(0));
            }
            Input::Amend { document } => {
                self.amend(document);
                self.go(Target::State(0));
            }
            Input::Withdraw => self.view.place = Place::Withdrawn,
            Input::Fact => {
                if let Place::Wait { state, .. } = self.view.place {
                    self.leave(state, &Name::from("received"));
                }
            }
            Input::Clock => {
                if let Place::Wait { state, since } = self.view.place {
                    let expiry = self.chain().states[state].expires.as_ref();
                    let due = expiry.map(|e| since.plus(i64::from(e.after.count) * HOUR));
                    if let (Some(due), Some(expiry)) = (due, expiry)
                        && self.at >= due
                    {
                        self.go(expiry.go);
                    }
                }
            }
        }
    }

    /// R12: a new revision. What a commercial change voids no longer stands; unless the policy keeps signatures,
    /// a return has voided them anyway.
    fn revise(&mut self, document: &Document, returned: bool) -> bool {
        let old = std::mem::replace(&mut self.view.document, document.clone());
        let commercial = old.total != document.total || old.customer != document.customer;
        let keeps = self.rules.company.policies.returns.keep_unless_commercial;
        let voids = commercial || (returned && !keeps);
        if voids && self.rules.mistake != Mistake::SignaturesSurvive {
            self.view.signatures.iter_mut().for_each(|s| s.void = true);
        }
        self.view.revision += 1;
        commercial
    }

    /// A document that changes under way: a smaller amount leaves signatures as they are, a larger one leaves
    /// approvals as opinions, any other commercial change voids them.
    fn amend(&mut self, document: &Document) {
        let old = std::mem::replace(&mut self.view.document, document.clone());
        self.view.revision += 1;
        let keeps = self.rules.company.policies.returns.keep_unless_commercial;
        if !keeps || old.customer != document.customer {
            self.view.signatures.iter_mut().for_each(|s| s.void = true);
        } else if document.total > old.total {
            self.view.signatures.iter_mut().filter(|s| s.duty == Duty::Approve).for_each(|s| s.review = true);
        }
    }

    fn answer(&mut self, slot: usize, person: &Name, verdict: Verdict, document: Option<&Document>) {
        let signed = self.view.signatures.iter().any(|s| !s.void && s.duty != Duty::Edit);
        let again = document.is_some_and(|document| self.revise(document, false)) && signed;
        let Place::People { state, plan, .. } = &self.view.place else { return };
        let asked = plan.slots[slot].clone();
        let state = self.chain().states[*state].name.clone();
        let document = self.view.document.clone();
        let review = verdict == Verdict::Approve && self.rules.falls_short(&self.asking(&document), &asked);
        self.view.signatures.push(Signature {
            state,
            position: asked.position,
            duty: asked.duty,
            person: person.clone(),
            verdict,
            void: false,
            review,
            revision: self.view.revision,
            given: (self.view.entries, slot),
        });
        let said = if review { Said::PassedOn } else { Said::Gave(verdict) };
        self.view.used.push(self.view.signatures.len() - 1);
        if let Place::People { said: all, .. } = &mut self.view.place {
            all.insert(slot, said);
        }
        if again {
            // An editor changed what others had signed: the document walks the states again.
            return self.go(Target::State(0));
        }
        if review {
            self.grow(slot, None);
        }
        self.close();
    }

    /// R8, R22: the route goes on with the levels above.
    fn grow(&mut self, slot: usize, referred_by: Option<&Name>) {
        let asking = asking(self.rules, self.story, &self.view.document, self.at);
        let before = self.view.signed_on_route(slot);
        let Place::People { plan, .. } = &mut self.view.place else { return };
        let Ok(more) = self.rules.above(&asking, plan, slot, (&before, referred_by)) else { return };
        if let Some(climb) = climb_with(&mut plan.root, slot) {
            climb.extend(more);
        }
    }

    /// R22: the level gives no opinion; where it was to decide, the levels above do.
    fn refer_up(&mut self, slot: usize, person: &Name) {
        let Some(asked) = self.view.slot(slot).cloned() else { return };
        if let Place::People { said, .. } = &mut self.view.place {
            said.insert(slot, Said::PassedOn);
        }
        if asked.level.as_ref().is_some_and(|l| l.decides) {
            self.grow(slot, Some(person));
        }
        self.close();
    }
}

/// What the plan of a story's states depends on.
pub fn asking<'a>(rules: &'a Rules, story: &'a Story, document: &'a Document, at: Timestamp) -> Asking<'a> {
    let chain = &rules.chains[&story.chain];
    Asking { document, person: &story.person, position: &story.position, chain, at }
}
