//! Who may ask what: the rights of a system, and whether a person has to do with a case.

use countersign_core::command::{CaseNo, Request as Asking, VouchedBy};
use countersign_core::decide::{may_ask, may_see};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_runtime::views::CaseRow;

/// A question about a case, for State to judge.
pub(super) struct Question {
    pub(super) asking: Asking,
    pub(super) verb: &'static str,
    /// The time of the question; State may be ahead of it.
    pub(super) now: Timestamp,
    pub(super) case: CaseNo,
    /// The case as the views have it; needed where it is over.
    pub(super) row: Option<Concerned>,
}

/// What of a case says whom it concerns.
pub(super) struct Concerned {
    chain: Name,
    person: Name,
    positions: Vec<Name>,
}

impl Concerned {
    /// The persons and positions of a case that may be over.
    pub(super) fn of(row: &CaseRow) -> Concerned {
        let asked = row.tasks.values().map(|task| &task.position);
        let signed = row.signed.iter().map(|signed| &signed.position);
        let planned = row.route.iter().filter_map(|place| place.slot.as_ref()).map(|slot| &slot.position);
        let positions =
            asked.chain(signed).chain(planned).chain([&row.submitter.position]).cloned().collect();
        Concerned { chain: row.chain.clone(), person: row.submitter.person.clone(), positions }
    }
}

impl Question {
    /// Whether it may be asked, in the order of core's codes: the case, the system, the post, the person.
    pub(super) fn allowed(&self, state: &State) -> Result<(), Rejection> {
        let at = self.now.max(state.head().at);
        let open = state.case(self.case);
        let chain =
            open.map(|case| case.chain().clone()).or_else(|| self.row.as_ref().map(|r| r.chain.clone()));
        may_ask(state, at, &self.asking, self.verb, chain.as_ref())?;
        let sees = match (open, &self.row) {
            (Some(case), _) => may_see(state, at, case, &self.asking),
            (None, Some(row)) => self.saw(state, row),
            (None, None) => return Err(self.unknown(state)),
        };
        if sees { Ok(()) } else { Err(self.forbidden()) }
    }

    /// The same rule as core's for a case that is over and so no longer in State.
    fn saw(&self, state: &State, row: &Concerned) -> bool {
        if self.asking.vouched_by == VouchedBy::Local || row.person == self.asking.person {
            return true;
        }
        let Some(release) = state.definitions().active() else { return false };
        let Some(organisation) = release.organisation() else { return false };
        let own = |name: &Name| *name == self.asking.position;
        let driver = release.chain(&row.chain).and_then(|chain| chain.driver.as_ref());
        let driver = driver.or_else(|| release.company().and_then(|company| company.driver.as_ref()));
        driver.is_some_and(own)
            || row.positions.iter().any(|name| own(name) || organisation.superiors(name).iter().any(own))
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
