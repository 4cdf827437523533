//! What the roaming company's people do with tasks beside answering them, whoever they are and whether they may or not.

use countersign_core::command::{Body, CaseNo, OnTask, ReturnTo, TaskAct, TaskNo, Verdict};
use countersign_core::event::Place;
use countersign_core::name::Name;
use countersign_core::state::Task;

use super::{Duty, Roam};

impl Roam {
    /// Somebody does something with an open task. True: that was it.
    pub(super) fn beside(&mut self, case: CaseNo, (number, task): (TaskNo, &Task), person: &Name) -> bool {
        if !self.random.chance(18) {
            return false;
        }
        let to = self.somewhere();
        let reason = Name::from("as agreed");
        let version = task.version;
        let act = match self.random.below(12) {
            0..=2 => TaskAct::Transfer { to, reason },
            3 | 4 => TaskAct::Consult { to, question: reason },
            5..=7 => {
                let places = [Place::Before, Place::After, Place::Beside];
                let place = places[self.random.below(3)];
                TaskAct::AddApprover { to, place, reason }
            }
            8 | 9 if self.is_claimed(case, number) => {
                let on = OnTask { case, task: number, version, act: TaskAct::Release };
                let owner = task.holders.first().unwrap_or(person).clone();
                self.request(owner, task.position.clone(), Body::OnTask(on));
                return true;
            }
            8 | 9 => TaskAct::Claim,
            10 => {
                let position = self.added(case).unwrap_or(to);
                let body = Body::RemoveApprover { case, position, reason };
                self.request(person.clone(), task.position.clone(), body);
                return true;
            }
            _ if matches!(task.duty, Duty::Approve | Duty::Review) => {
                let content_hash = self.state.case(case).map(|c| *c.content_hash()).unwrap_or_default();
                let answer = self.verdict(case, number, (version, content_hash, task.duty));
                let answer = countersign_core::command::Answer { verdict: Verdict::Return, ..answer };
                let to = if self.random.chance(50) { ReturnTo::Previous } else { ReturnTo::Draft };
                self.request(person.clone(), task.position.clone(), Body::DecideTo { answer, to });
                return true;
            }
            _ => return false,
        };
        let body = Body::OnTask(OnTask { case, task: number, version, act });
        self.request(person.clone(), task.position.clone(), body);
        true
    }

    /// The submitter hands in another revision of a document under way.
    pub(super) fn amend(&mut self, case: CaseNo) {
        let Some((person, position)) = self.submitter(case) else { return };
        let document = super::raw(&self.generator.document(format!("N{case}")), super::Fault::None);
        self.request(person, position, Body::Amend { case, document, reason: Name::from("as agreed") });
    }

    /// A signer takes the newest signature of a case back, if it is not too late.
    pub(super) fn take_back(&mut self, case: CaseNo) {
        let signed = self.state.case(case).and_then(|case| case.signatures().last().cloned());
        let Some(signed) = signed else { return };
        let body = Body::TakeBack { case, task: signed.task, reason: None };
        self.request(signed.person, signed.position, body);
    }

    /// An administrator puts a case elsewhere.
    pub(super) fn jump(&mut self, case: CaseNo) {
        let names = self.state.case(case).and_then(|open| {
            let release = self.state.definitions().release(open.release())?;
            let chain = release.chain(open.chain())?;
            Some(chain.states.iter().map(|state| state.name.clone()).collect::<Vec<_>>())
        });
        let Some(to) = self.random.pick(&names.unwrap_or_default()).cloned() else { return };
        let cause = countersign_core::command::Cause::Operator { os_user: Name::from("root") };
        self.run(cause, Body::Jump { case, to, reason: Name::from("it is stuck") });
    }

    fn is_claimed(&self, case: CaseNo, task: TaskNo) -> bool {
        let step = self.state.case(case).and_then(|case| case.step());
        step.is_some_and(|step| step.candidates(task).is_some())
    }

    fn somewhere(&mut self) -> Name {
        let release = self.state.definitions().active().expect("definitions are active");
        let organisation = release.organisation().expect("an organisation is active");
        let names: Vec<Name> = organisation.positions.keys().cloned().collect();
        self.random.pick(&names).cloned().expect("a company has positions")
    }

    /// A position that was added to the present step.
    fn added(&self, case: CaseNo) -> Option<Name> {
        let step = self.state.case(case)?.step()?;
        let added = step.more.as_ref()?.added.last()?;
        step.plan.slots.get(usize::from(added.slot)).map(|slot| slot.position.clone())
    }
}
