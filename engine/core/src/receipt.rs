//! What a frame tells the caller of the command that caused it. A repeated request is answered from the frame.

use crate::command::{CaseNo, ContentHash, TaskNo};
use crate::event::Event;
use crate::frame::Frame;
use crate::name::Name;

/// The answer to an accepted command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The case that it created or touched.
    pub case: Option<CaseNo>,
    /// The document's revision, where the frame holds one.
    pub revision: Option<u32>,
    /// Its hash, where the frame holds one.
    pub content_hash: Option<ContentHash>,
    /// The state that the case stands in at the frame's end, where the frame moved it: a state's name,
    /// `draft`, `on-hold`, `withdrawn`, or an end.
    pub state: Option<Name>,
    /// Tasks that the frame opened.
    pub opened: Vec<(TaskNo, Name)>,
    /// The approval counted as a review only, and the route went on.
    pub counts_as_review: bool,
    /// Codes of checks that failed.
    pub failed_checks: Vec<Name>,
    /// A fact that no case waits for yet: it is kept for one that comes later.
    pub kept: bool,
    /// An adapter's answer that came when the case no longer waited for it.
    pub late: bool,
    /// An adapter's second, different last answer.
    pub conflict: bool,
    /// The number given to a stored definition or release.
    pub number: Option<u32>,
}

impl Receipt {
    /// Reads the receipt off an accepted frame.
    pub fn of(frame: &Frame) -> Receipt {
        let mut receipt = Receipt::default();
        for event in &frame.events {
            receipt.case = receipt.case.or(event.case());
            // What it leads to in other cases is their story.
            if event.case() == receipt.case {
                receipt.take(event);
            }
        }
        receipt
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::DefinitionStored(e) => self.number = Some(e.number),
            Event::DefinitionsActivated(e) => self.number = Some(e.release),
            Event::CaseSubmitted(e) => {
                self.revision = Some(1);
                self.content_hash = Some(e.content.hash);
            }
            Event::CaseResubmitted(e) => {
                self.revision = Some(e.revision);
                self.content_hash = Some(e.content.hash);
            }
            Event::CaseAmended(e) => {
                self.revision = Some(e.again.revision);
                self.content_hash = Some(e.again.content.hash);
            }
            Event::StateEntered(e) => self.state = Some(e.name.clone()),
            Event::CaseEnded(e) => self.state = Some(e.end.clone()),
            Event::CaseReturned(_) => self.state = Some(Name::from("draft")),
            Event::CaseHeld(_) => self.state = Some(Name::from("on-hold")),
            Event::CaseWithdrawn(_) => self.state = Some(Name::from("withdrawn")),
            Event::TaskOpened(e) => self.opened.push((e.task, e.position.clone())),
            Event::TaskDecided(e) => self.counts_as_review |= e.counts_as_review,
            Event::FactKept(_) => self.kept = true,
            Event::CommandAnswered(e) => self.late |= e.late,
            Event::ReplyConflicted(_) => self.conflict = true,
            Event::ChecksFailed(e) => self.failed_checks.clone_from(&e.codes),
            _ => {}
        }
    }
}
