//! What people have added to a step beyond its plan: opinions that were asked for, further approvers, claims.

use serde::{Deserialize, Serialize};

use crate::command::{TaskNo, Verdict};
use crate::definition::Target;
use crate::event::{About, AmountWeighed};
use crate::name::Name;

use super::{Step, Task};

/// What only some steps have: what is known beyond the document, and what people have added to the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    /// What slots are asked about, where that is more than the document.
    pub about: Vec<About>,
    /// Blind opinions that were opened within the step.
    pub opened: Vec<TaskNo>,
    /// What was converted or added up for its limits, newest last.
    pub weighed: Vec<AmountWeighed>,
    /// Opinions that were asked for, in order.
    pub opinions: Vec<OpinionAskedFor>,
    /// Approvers who were added.
    pub added: Vec<AddedApprover>,
    /// Tasks that one of several holders has claimed, and who could have.
    pub claims: Vec<(TaskNo, Vec<Name>)>,
    /// Where to those who returned the document want it to go.
    pub returns: Vec<(u16, Target)>,
}

/// An opinion that whoever is asked in a slot has asked another post for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpinionAskedFor {
    /// The slot of the opinion; it stands nowhere in the tree, so that nothing waits for it.
    pub slot: u16,
    /// The slot whose holder asked.
    pub of: u16,
    /// The position that asked.
    pub by: Name,
    /// What is asked.
    pub question: Name,
    /// Who answered what, and why.
    pub given: Option<(Name, Verdict, Option<Name>)>,
}

/// An approver who was added to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedApprover {
    /// The slot.
    pub slot: u16,
    /// The position that added it, and may take it away again.
    pub by: Name,
}

impl Step {
    /// What slots are asked about, where that is more than the document.
    pub fn about(&self) -> &[About] {
        self.more.as_ref().map_or(&[], |more| &more.about)
    }

    /// Blind opinions that were opened within the step.
    pub fn opened(&self) -> &[TaskNo] {
        self.more.as_ref().map_or(&[], |more| &more.opened)
    }

    /// What was converted or added up for its limits, newest last.
    pub fn weighed(&self) -> &[AmountWeighed] {
        self.more.as_ref().map_or(&[], |more| &more.weighed)
    }

    /// The opinion that a slot was added for, if it was.
    pub fn opinion(&self, slot: u16) -> Option<&OpinionAskedFor> {
        self.more.as_ref()?.opinions.iter().find(|opinion| opinion.slot == slot)
    }

    /// The approver that a slot was added for, if it was.
    pub fn added(&self, slot: u16) -> Option<&AddedApprover> {
        self.more.as_ref()?.added.iter().find(|added| added.slot == slot)
    }

    /// Who could have claimed a task that one of them has; None: nobody has.
    pub fn candidates(&self, task: TaskNo) -> Option<&[Name]> {
        let claims = self.more.as_ref()?.claims.iter();
        claims.filter(|(claimed, _)| *claimed == task).map(|(_, candidates)| candidates.as_slice()).next()
    }

    /// Who may answer a task where nobody has claimed it.
    pub(crate) fn open_to<'a>(&'a self, number: TaskNo, task: &'a Task) -> &'a [Name] {
        self.candidates(number).unwrap_or(&task.holders)
    }

    pub(super) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Whoever answers a task now has not claimed it.
    pub(super) fn unclaimed(&mut self, task: TaskNo) {
        if let Some(more) = &mut self.more {
            more.claims.retain(|(claimed, _)| *claimed != task);
        }
    }
}
