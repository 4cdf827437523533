//! Who may ask what: the rights of a system, and whether a person may see a case. The rule itself is core's, the same
//! for a case that is open and for one that is over.

use countersign_core::command::{Body, CaseNo, Cause, Look, Request as Asking};
use countersign_core::decide::{About, Sight, may_ask, shut, sight};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_runtime::Incoming;
use countersign_runtime::views::CaseRow;

use super::refuse::{self, Refusal};
use super::{Answered, Desk};

/// A question about a case, for State to judge.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) asking: Asking,
    pub(super) verb: &'static str,
    /// The time of the question; State may be ahead of it.
    pub(super) now: Timestamp,
    pub(super) case: CaseNo,
    /// Whom the case concerns as the views have it; needed where it is over.
    pub(super) row: Option<About>,
}

/// Whom a case concerns that may be over.
pub(super) fn about(row: &CaseRow) -> About {
    let planned = row.route.iter().filter_map(|place| place.slot.as_ref());
    About {
        chain: row.chain.clone(),
        release: row.release,
        person: row.submitter.person.clone(),
        submitter: row.submitter.position.clone(),
        owner: row.outward.owner.clone().unwrap_or_else(|| row.submitter.position.clone()),
        asked: row.tasks.values().map(|task| task.position.clone()).collect(),
        planned: planned.map(|slot| slot.position.clone()).collect(),
        signed: row.signed.iter().map(|signed| signed.position.clone()).collect(),
    }
}

impl Question {
    /// Whether it may be asked, in the order of core's codes: the case, the system, the post, the person.
    pub(super) fn allowed(&self, state: &State) -> Result<(), Rejection> {
        let at = self.now.max(state.head().at);
        let about = state.case(self.case).map(About::of).or_else(|| self.row.clone());
        may_ask(state, at, &self.asking, self.verb, about.as_ref().map(|about| &about.chain))?;
        let about = about.ok_or_else(|| self.unknown(state))?;
        match sight(state, at, &about, (self.case, &self.asking)) {
            Sight::Sees => Ok(()),
            Sight::Stranger => Err(self.forbidden()),
            Sight::Shut => Err(shut(&self.asking)),
        }
    }

    fn forbidden(&self) -> Rejection {
        let message = format!(
            "expected somebody who has to do with the case, as submitter, signer or superior of one; found {} as {}",
            self.asking.person, self.asking.position
        );
        Rejection::new(Code::Forbidden, message)
    }

    fn unknown(&self, state: &State) -> Rejection {
        if (1..state.next_case()).contains(&self.case) {
            let message = "expected a case that the views know; they have not come so far or are not kept";
            return Rejection::at(Code::CaseClosed, "case", message);
        }
        Rejection::at(
            Code::CaseUnknown,
            "case",
            format!("expected the number of a case, found C-{}", self.case),
        )
    }
}

impl Desk {
    /// Asks State about a case, if that may be asked. A look at what is confidential is recorded before it is denied.
    pub(super) async fn look_at<T, F>(&self, question: Question, look: F) -> Answered<T>
    where
        T: Send + 'static,
        F: FnOnce(&State) -> Result<T, Rejection> + Send + 'static,
    {
        let asked = question.clone();
        let looked = move |state: &State| asked.allowed(state).and_then(|()| look(state));
        let (found, sequence) = self.engine().read(looked).await.map_err(|e| refuse::unavailable(&e))?;
        match found {
            Ok(found) => Ok((found, sequence)),
            Err(rejection) if rejection.code == Code::Confidential => {
                self.record_denial(&question).await?;
                Err(refuse::rejected(rejection))
            }
            Err(rejection) => Err(refuse::rejected(rejection)),
        }
    }

    /// Puts a denied look into the log. Each has an id of its own: the same question asked again is another look.
    async fn record_denial(&self, question: &Question) -> Result<(), Refusal> {
        let request_id = self.own_id("look", question.now);
        let asking = Asking { request_id, sent_at: question.now, ..question.asking.clone() };
        let about = question.row.clone().map(Box::new);
        let look = Look { case: question.case, verb: Name::from(question.verb), about };
        let incoming = Incoming { cause: Cause::Request(asking), body: Body::Look(Box::new(look)) };
        // Its reply is released when the record is durable; beyond the rate of audits there is none.
        self.engine().command(incoming).await.map(drop).map_err(|e| refuse::unavailable(&e))
    }
}
