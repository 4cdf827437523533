//! How a case stood at a sequence: what a reply tells of it.
//!
//! A reply is a function of its frame and of the case before it, so that a repeat gets the same bytes however much
//! later it comes. The case before it comes with the reply; where the command's turn left other frames as well, or for a
//! repeat, it is read from the log.

use countersign_core::command::CaseNo;
use countersign_core::event::{CaseAmended, Event};
use countersign_core::name::Name;
use countersign_core::receipt::Receipt;
use countersign_core::state::Standing;
use countersign_runtime::views::TimelineEvent;
use countersign_runtime::{EngineHandle, ReadError};

use super::refuse::{self, Refusal};

/// Rows of a page, when a case is read from its timeline.
const PAGE: usize = 500;

/// What frames make of it.
pub(super) trait Told: Sized {
    /// The same after a frame with this receipt.
    fn after(self, receipt: &Receipt) -> Self;

    /// Where the frame alone says everything.
    fn told_by(receipt: &Receipt) -> Option<Self>;

    /// As `Receipt` reads a frame.
    fn take(&mut self, event: &Event);
}

impl Told for Standing {
    fn after(mut self, receipt: &Receipt) -> Standing {
        if let Some(state) = &receipt.state {
            self.state = state.clone();
        }
        self.revision = receipt.revision.unwrap_or(self.revision);
        self.content_hash = receipt.content_hash.unwrap_or(self.content_hash);
        self
    }

    fn told_by(receipt: &Receipt) -> Option<Standing> {
        let (state, revision) = (receipt.state.clone()?, receipt.revision?);
        Some(Standing { state, revision, content_hash: receipt.content_hash? })
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::CaseSubmitted(e) => (self.revision, self.content_hash) = (1, e.content.hash),
            Event::CaseResubmitted(e) => (self.revision, self.content_hash) = (e.revision, e.content.hash),
            Event::CaseAmended(CaseAmended { again: e, .. }) => {
                (self.revision, self.content_hash) = (e.revision, e.content.hash);
            }
            Event::StateEntered(e) => self.state = e.name.clone(),
            Event::CaseEnded(e) => self.state = e.end.clone(),
            Event::CaseReturned(_) => self.state = Name::from("draft"),
            Event::CaseHeld(_) => self.state = Name::from("on-hold"),
            Event::CaseWithdrawn(_) => self.state = Name::from("withdrawn"),
            _ => {}
        }
    }
}

/// How a case stood at a durable sequence, read from the log.
pub(super) async fn as_of(handle: &EngineHandle, case: CaseNo, sequence: u64) -> Result<Standing, Refusal> {
    let handle = handle.clone();
    let read = tokio::task::spawn_blocking(move || match from_timeline(&handle, case, sequence) {
        Some(standing) => Ok(standing),
        None => from_log(&handle, case, sequence),
    });
    let found = read.await.map_err(|error| internal(&error.to_string()))?;
    found.map_err(|error| refuse::of(error.code(), error.to_string()))
}

/// By the views, which know where in the log a case is told of. None where they cannot say.
fn from_timeline(handle: &EngineHandle, case: CaseNo, sequence: u64) -> Option<Standing> {
    let views = handle.views()?;
    views.reach_blocking(sequence, countersign_runtime::views::AT_LEAST_WAIT).ok()?;
    let (mut standing, mut from) = (Standing::default(), 0);
    loop {
        let page = views.timeline(case, from, PAGE).ok()?;
        for row in page.rows.iter().take_while(|row| row.sequence <= sequence) {
            if let TimelineEvent::Open(event) = &row.event {
                standing.take(event);
            }
        }
        match page.next.filter(|next| *next <= sequence) {
            Some(next) => from = next,
            None => return (standing.revision > 0).then_some(standing),
        }
    }
}

fn from_log(handle: &EngineHandle, case: CaseNo, sequence: u64) -> Result<Standing, ReadError> {
    let mut standing = Standing::default();
    let mut reader = handle.log().reader(1)?;
    while let Some((at, frame)) = reader.read()? {
        frame.events.iter().filter(|event| event.case() == Some(case)).for_each(|event| standing.take(event));
        if at >= sequence {
            break;
        }
    }
    Ok(standing)
}

fn internal(why: &str) -> Refusal {
    refuse::of("INTERNAL", format!("expected the case to be read from the log: {why}"))
}
