//! The model's judgement of a command: every fault it has is collected, and the first in the order of precedence
//! is the refusal.

use std::collections::BTreeMap;

use countersign_core::command::Verdict;
use countersign_core::definition::*;
use countersign_core::name::Name;
use countersign_core::rejection::Code;
use countersign_core::time::{HOUR, Timestamp};

use super::case::{Input, Place, Question, Story, View, asking, view};
use super::order::{Decide, Fault, Order, Verb};
use super::route::{Document, Mistake, NoPlan, Rules, holds};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prediction {
    Accept,
    /// The request took effect before.
    Repeat,
    Refuse(Code),
}

/// A question that was asked, open or not.
#[derive(Clone, Debug)]
pub struct Asked {
    pub entry: u32,
    pub question: Question,
    pub open: bool,
}

/// The whole company as the model knows it: stories, and the numbers that the engine gave to questions.
pub struct Company {
    pub rules: Rules,
    pub stories: Vec<Story>,
    pub views: Vec<View>,
    pub asked: Vec<BTreeMap<u32, Asked>>,
    pub requests: BTreeMap<(Name, Name), String>,
    /// Facts that came for no case yet: name and number.
    pub kept: Vec<(String, String)>,
}

impl Company {
    pub fn new(definitions: &[Definition], mistake: Mistake) -> Company {
        Company {
            rules: Rules::new(definitions, mistake),
            stories: Vec::new(),
            views: Vec::new(),
            asked: Vec::new(),
            requests: BTreeMap::new(),
            kept: Vec::new(),
        }
    }

    pub fn story(&self, case: u64) -> Option<&Story> {
        self.stories.get(usize::try_from(case).ok()?.checked_sub(1)?)
    }

    pub fn view(&self, case: u64) -> Option<&View> {
        self.views.get(usize::try_from(case).ok()?.checked_sub(1)?)
    }

    pub fn is_open(&self, case: u64) -> bool {
        !matches!(self.view(case).map(|v| &v.place), None | Some(Place::Ended { .. } | Place::Withdrawn))
    }

    pub fn asked_in(&self, case: u64) -> Option<&BTreeMap<u32, Asked>> {
        self.asked.get(usize::try_from(case).ok()?.checked_sub(1)?)
    }

    pub fn state_name(&self, case: u64) -> Option<Name> {
        let chain = &self.rules.chains[&self.story(case)?.chain];
        match &self.view(case)?.place {
            Place::People { state, .. } | Place::Wait { state, .. } => {
                Some(chain.states[*state].name.clone())
            }
            _ => None,
        }
    }

    /// What should become of a command.
    pub fn predict(&self, order: &Order) -> Prediction {
        let key = (order.system.clone(), order.request_id.clone());
        match self.requests.get(&key) {
            Some(print) if *print == order.fingerprint() => return Prediction::Repeat,
            Some(_) => return Prediction::Refuse(Code::RequestIdReused),
            None => {}
        }
        let mut faults = self.faults_of_request(order);
        match &order.verb {
            Verb::Submit { chain, document, fault, addressee } => {
                self.faults_of_submission(order, chain, (document, *fault), addressee.as_ref(), &mut faults);
            }
            // Where no case waits for it, it is kept.
            Verb::Fact { .. } => {}
            _ => self.faults_of_case(order, &mut faults),
        }
        let rank = |code: &Code| Code::ALL.iter().position(|c| c == code).unwrap_or(usize::MAX);
        match faults.into_iter().min_by_key(rank) {
            // Of a task that is open somebody who does not hold its post learns that it is not theirs.
            Some(Code::NotHolder) if self.asks(order) => Prediction::Refuse(Code::NotAssignee),
            Some(code) => Prediction::Refuse(code),
            None if !self.amount_allowed(order) => Prediction::Refuse(Code::Forbidden),
            None => Prediction::Accept,
        }
    }

    /// Whether the post is asked by the very task that is to be answered.
    fn asks(&self, order: &Order) -> bool {
        let Verb::Decide(decide) = &order.verb else { return false };
        let asked = self.asked_in(decide.case).and_then(|all| all.get(&decide.task));
        asked.is_some_and(|asked| asked.open && asked.question.position == order.position)
    }

    fn faults_of_request(&self, order: &Order) -> Vec<Code> {
        let mut faults = Vec::new();
        if order.sent_at < order.at.plus(-24 * HOUR) {
            faults.push(Code::RequestExpired);
        }
        if order.sent_at > order.at.plus(10 * 60_000) {
            faults.push(Code::SentAtAhead);
        }
        if !self.allowed(order) {
            faults.push(Code::Forbidden);
        }
        let fact = matches!(order.verb, Verb::Fact { .. });
        if !fact && !self.rules.persons(&order.position).contains(&order.person) {
            faults.push(Code::NotHolder);
        }
        faults
    }

    fn allowed(&self, order: &Order) -> bool {
        let Some(grant) = self.rules.systems.systems.get(&order.system) else { return false };
        let (verb, chain) = match &order.verb {
            Verb::Submit { chain, .. } => ("submit", Some(chain)),
            Verb::Fact { fact, .. } => return grant.verbs.has("fact") && grant.facts.has(fact),
            Verb::Resubmit { .. } => ("resubmit", None),
            Verb::Amend { .. } => ("amend", None),
            Verb::Decide(_) => ("decide", None),
            Verb::Withdraw { .. } => ("withdraw", None),
            Verb::ReferUp { .. } => ("refer-up", None),
        };
        // Of a case that is over nothing is known but its number.
        let open = order.case().filter(|case| self.is_open(*case));
        let chain = chain.or_else(|| Some(&self.story(open?)?.chain));
        let total = match &order.verb {
            Verb::Decide(_) | Verb::ReferUp { .. } => open.and_then(|c| self.view(c)),
            _ => None,
        };
        let within = |total| grant.up_to.is_none_or(|most| total <= most);
        grant.persons.has(&order.person)
            && grant.verbs.has(verb)
            && chain.is_none_or(|c| grant.chains.has(c))
            && total.is_none_or(|view| within(view.document.total))
    }

    /// The amount of a document that comes in is known only once it has been read.
    fn amount_allowed(&self, order: &Order) -> bool {
        let Some(grant) = self.rules.systems.systems.get(&order.system) else { return true };
        let total = match &order.verb {
            Verb::Submit { document, .. }
            | Verb::Resubmit { document, .. }
            | Verb::Amend { document, .. } => document.total,
            _ => return true,
        };
        grant.up_to.is_none_or(|most| total <= most)
    }

    fn faults_of_submission(
        &self,
        order: &Order,
        chain: &Name,
        (document, fault): (&Document, Fault),
        addressee: Option<&Name>,
        faults: &mut Vec<Code>,
    ) {
        let Some(chain) = self.rules.chains.get(chain) else { return faults.push(Code::ChainUnknown) };
        let post = self.rules.post(&order.position);
        let among =
            |all: &Vec<Name>| all.contains(&order.position) || post.is_some_and(|p| all.contains(&p.kind));
        if !chain.initiators.as_ref().is_none_or(among) {
            faults.push(Code::NotInitiator);
        }
        let skip = &self.rules.company.policies.skip_level;
        let direct = chain.skip_level_allowed || skip.except.contains(&chain.name) || !skip.refused;
        let superior = self.rules.superior(&order.position);
        if !direct && addressee.is_some_and(|to| superior.as_ref() != Some(to)) {
            faults.push(Code::SkipLevel);
        }
        faults.extend(fault.code());
        if fault == Fault::None {
            let failed = chain.requires.iter().find(|r| !meets(&r.what, document));
            faults.extend(failed.map(|r| Code::Rule(r.code.clone())));
            if self.number_taken(&chain.name, &document.number, None) {
                faults.push(Code::NotUnique);
            }
        }
    }

    /// Open and well-ended cases keep their number to themselves.
    fn number_taken(&self, chain: &Name, number: &str, own: Option<u64>) -> bool {
        let taken = |(i, story): (usize, &Story)| {
            let view = &self.views[i];
            let lost = match &view.place {
                Place::Withdrawn => true,
                Place::Ended { end, .. } => {
                    !self.rules.chains[chain].ends.iter().any(|e| e.good && e.name == *end)
                }
                _ => false,
            };
            story.chain == *chain && view.document.number == number && !lost && own != Some(i as u64 + 1)
        };
        self.stories.iter().enumerate().any(taken)
    }

    /// The case that waits for a fact.
    pub fn waiting(&self, fact: &str, number: &str) -> Option<u64> {
        (1..=self.stories.len() as u64).find(|case| {
            let (Some(story), Some(view)) = (self.story(*case), self.view(*case)) else { return false };
            let Place::Wait { state, .. } = view.place else { return false };
            let activity = &self.rules.chains[&story.chain].states[state].activity;
            matches!(activity, Activity::Wait(w) if w.fact == *fact) && view.document.number == number
        })
    }

    fn faults_of_case(&self, order: &Order, faults: &mut Vec<Code>) {
        let case = order.case().unwrap_or_default();
        let (Some(story), Some(view)) = (self.story(case), self.view(case)) else {
            return faults.push(Code::CaseUnknown);
        };
        match view.place {
            Place::Ended { .. } | Place::Withdrawn => return faults.push(Code::CaseClosed),
            Place::Held(_) if !matches!(order.verb, Verb::Withdraw { .. }) => faults.push(Code::CaseHeld),
            _ => {}
        }
        match &order.verb {
            Verb::Decide(decide) => self.faults_of_answer(order, decide, faults),
            Verb::ReferUp { task, stale, reason, .. } => {
                self.faults_of_referral(order, (*task, *stale, reason), faults);
            }
            Verb::Withdraw { .. } => {
                if order.position != story.position {
                    faults.push(Code::NotSubmitter);
                }
                if view.decided() {
                    faults.push(Code::Conflict);
                }
            }
            Verb::Resubmit { document, fault, .. } => {
                if order.position != story.position {
                    faults.push(Code::NotSubmitter);
                }
                match view.place {
                    Place::Draft => {}
                    _ if view.approved_before(&self.rules.chains[&story.chain]) => faults.push(Code::Frozen),
                    _ => faults.push(Code::NotInDraft),
                }
                self.faults_of_document((case, document, *fault), faults);
            }
            Verb::Amend { document, fault, reason, .. } => {
                if order.position != story.position {
                    faults.push(Code::NotSubmitter);
                }
                if matches!(view.place, Place::Draft) {
                    faults.push(Code::Conflict);
                }
                if !reason {
                    faults.push(Code::ReasonRequired);
                }
                self.faults_of_document((case, document, *fault), faults);
                if view.revision > self.rules.company.policies.returns.at_most {
                    faults.push(Code::RevisionLimit);
                }
                if *document == view.document {
                    faults.push(Code::NothingChanged);
                }
            }
            Verb::Submit { .. } | Verb::Fact { .. } => {}
        }
    }

    /// What is wrong with a document that is handed in again.
    fn faults_of_document(&self, (case, document, fault): (u64, &Document, Fault), faults: &mut Vec<Code>) {
        faults.extend(fault.code());
        let Some(story) = self.story(case).filter(|_| fault == Fault::None) else { return };
        let failed = self.rules.chains[&story.chain].requires.iter().find(|r| !meets(&r.what, document));
        faults.extend(failed.map(|r| Code::Rule(r.code.clone())));
        if self.number_taken(&story.chain, &document.number, Some(case)) {
            faults.push(Code::NotUnique);
        }
    }

    /// R2: whether the person submitted the document or benefits from it.
    fn is_interested(&self, case: u64, person: &Name) -> bool {
        let (Some(story), Some(view)) = (self.story(case), self.view(case)) else { return false };
        self.rules.barred(&asking(&self.rules, story, &view.document, story.at), &[]).contains(person)
    }

    /// Faults of whoever answers a question: returns the question where it is open.
    fn faults_of_asked(
        &self,
        order: &Order,
        (case, task, stale): (u64, u32, bool),
        faults: &mut Vec<Code>,
    ) -> Option<&Question> {
        let Some(asked) = self.asked_in(case).and_then(|all| all.get(&task)) else {
            faults.push(Code::TaskUnknown);
            return None;
        };
        // A question that was closed is nobody's any more: whoever comes late learns that, whatever their post.
        if !asked.open {
            faults.push(Code::Conflict);
            return None;
        }
        if asked.question.position != order.position {
            faults.push(Code::NotAssignee);
        }
        let own = self.is_interested(case, &order.person);
        let decides = matches!(asked.question.duty, Duty::Approve | Duty::Review);
        let answers = matches!(order.verb, Verb::Decide(_));
        if own && decides && answers && self.rules.mistake != Mistake::SelfAllowed {
            faults.push(Code::SelfApproval);
        }
        if stale {
            faults.push(Code::Conflict);
        }
        Some(&asked.question)
    }

    fn faults_of_answer(&self, order: &Order, decide: &Decide, faults: &mut Vec<Code>) {
        let seen = (decide.case, decide.task, decide.stale || decide.other_content);
        let Some(question) = self.faults_of_asked(order, seen, faults) else { return };
        let Some(view) = self.view(decide.case) else { return };
        let veto = view.slot(question.slot).is_some_and(|s| s.veto);
        let may = match (question.duty, decide.verdict) {
            (Duty::Approve, Verdict::Approve | Verdict::Return | Verdict::Reject) => true,
            (Duty::Review, Verdict::Pass | Verdict::Object | Verdict::Return) => true,
            (Duty::Review, Verdict::Reject) => veto,
            (Duty::Input, Verdict::Input) | (Duty::Edit, Verdict::Submit) => true,
            (Duty::Task, Verdict::Done | Verdict::Refuse) => true,
            _ => false,
        };
        if !may {
            faults.push(Code::VerdictNotAllowed);
        }
        let overrides = decide.verdict == Verdict::Approve && view.objections(&self.rules, question.slot);
        let reason = decide.reason.is_some_and(|r| !r.trim().is_empty());
        if (!decide.verdict.agrees() || overrides) && !reason {
            faults.push(Code::ReasonRequired);
        }
        if let (Some((document, fault)), Some(story)) = (&decide.document, self.story(decide.case)) {
            faults.extend(fault.code());
            let free = !self.number_taken(&story.chain, &document.number, Some(decide.case));
            if *fault == Fault::None && !free {
                faults.push(Code::NotUnique);
            }
        }
        let asking = self.story(decide.case).map(|s| asking(&self.rules, s, &view.document, order.at));
        let slot = view.slot(question.slot);
        let short = asking.zip(slot).is_some_and(|(asking, slot)| self.rules.falls_short(&asking, slot));
        if short && decide.verdict == Verdict::Approve {
            let slot = (decide.case, question.slot);
            faults.extend(self.nobody_above(slot, order.at, None, Some(&order.person)));
        }
    }

    fn faults_of_referral(
        &self,
        order: &Order,
        (task, stale, reason): (u32, bool, &str),
        faults: &mut Vec<Code>,
    ) {
        let case = order.case().unwrap_or_default();
        let Some(question) = self.faults_of_asked(order, (case, task, stale), faults) else { return };
        let slot = self.view(case).and_then(|v| v.slot(question.slot));
        let Some(level) = slot.and_then(|s| s.level.as_ref()) else {
            return faults.push(Code::NotDeciding);
        };
        let push_up = &self.rules.company.policies.push_up;
        if push_up.refused && !push_up.except.iter().any(|r| r == reason) {
            faults.push(Code::WithinAuthority);
        }
        if level.decides {
            faults.extend(self.nobody_above((case, question.slot), order.at, Some(&order.person), None));
        }
    }

    /// Why a route cannot grow above a slot.
    fn nobody_above(
        &self,
        (case, slot): (u64, usize),
        at: Timestamp,
        referred_by: Option<&Name>,
        signed_by: Option<&Name>,
    ) -> Option<Code> {
        let (story, view) = (self.story(case)?, self.view(case)?);
        let Place::People { plan, .. } = &view.place else { return None };
        let asking = asking(&self.rules, story, &view.document, at);
        let mut before = view.signed_on_route(slot);
        before.extend(signed_by.cloned());
        match self.rules.above(&asking, &mut plan.clone(), slot, (&before, referred_by)) {
            Ok(_) => None,
            Err(NoPlan::Beyond) => Some(Code::BeyondAuthority),
            Err(NoPlan::Nobody) => Some(Code::NoApprover),
        }
    }

    /// A refusal that auditors see leaves a frame, and the same request gets the same answer again.
    pub fn remember(&mut self, order: &Order) {
        let key = (order.system.clone(), order.request_id.clone());
        self.requests.insert(key, order.fingerprint());
    }

    /// Takes in a command that took effect; returns the case it touched.
    pub fn record(&mut self, order: &Order) -> u64 {
        self.remember(order);
        let (case, input) = match &order.verb {
            Verb::Submit { chain, document, .. } => {
                self.stories.push(Story {
                    chain: chain.clone(),
                    person: order.person.clone(),
                    position: order.position.clone(),
                    document: document.clone(),
                    at: order.at,
                    inputs: Vec::new(),
                });
                self.asked.push(BTreeMap::new());
                let view = view(&self.rules, &self.stories[self.stories.len() - 1]);
                self.views.push(view);
                let case = self.stories.len() as u64;
                self.take_kept(case, order.at);
                return case;
            }
            Verb::Resubmit { case, document, .. } => (*case, Input::Resubmit { document: document.clone() }),
            Verb::Amend { case, document, .. } => (*case, Input::Amend { document: document.clone() }),
            Verb::Withdraw { case } => (*case, Input::Withdraw),
            Verb::Fact { fact, number } => match self.waiting(fact, number) {
                Some(case) => (case, Input::Fact),
                None => {
                    self.kept.push(((*fact).to_owned(), number.clone()));
                    return 0;
                }
            },
            Verb::ReferUp { case, task, .. } => {
                let slot = self.slot_of(*case, *task);
                (*case, Input::ReferUp { slot, person: order.person.clone() })
            }
            Verb::Decide(decide) => {
                let input = Input::Answer {
                    slot: self.slot_of(decide.case, decide.task),
                    person: order.person.clone(),
                    verdict: decide.verdict,
                    reason: decide.reason.is_some(),
                    document: decide.document.as_ref().map(|(d, _)| d.clone()),
                };
                (decide.case, input)
            }
        };
        self.input(case, order.at, input);
        case
    }

    fn slot_of(&self, case: u64, task: u32) -> usize {
        let asked = self.asked_in(case).and_then(|all| all.get(&task));
        asked.map(|a| a.question.slot).unwrap_or_default()
    }

    /// Adds an input and looks at the whole story again.
    pub fn input(&mut self, case: u64, at: Timestamp, input: Input) {
        let at_index = case as usize - 1;
        self.stories[at_index].inputs.push((at, input));
        self.views[at_index] = view(&self.rules, &self.stories[at_index]);
        self.take_kept(case, at);
    }

    /// A case that comes to wait for what came before it does not wait.
    fn take_kept(&mut self, case: u64, at: Timestamp) {
        let meant = |(fact, number): &(String, String)| {
            let (Some(story), Some(view)) = (self.story(case), self.view(case)) else { return false };
            let Place::Wait { state, .. } = view.place else { return false };
            let activity = &self.rules.chains[&story.chain].states[state].activity;
            matches!(activity, Activity::Wait(w) if w.fact == **fact) && view.document.number == *number
        };
        if let Some(place) = self.kept.iter().position(meant) {
            self.kept.remove(place);
            self.input(case, at, Input::Fact);
        }
    }

    /// The waits that end because of the time.
    pub fn clock(&mut self, at: Timestamp) -> Vec<u64> {
        let mut moved = Vec::new();
        for case in 1..=self.stories.len() as u64 {
            let Some(Place::Wait { since, .. }) = self.view(case).map(|v| &v.place) else { continue };
            if at >= since.plus(2 * HOUR) {
                self.input(case, at, Input::Clock);
                moved.push(case);
            }
        }
        moved
    }
}

fn meets(required: &Required, document: &Document) -> bool {
    match required {
        Required::Must(must) => holds(Some(must), document),
        Required::Case(_) | Required::Unique { .. } => panic!("the model requires no other case"),
    }
}
