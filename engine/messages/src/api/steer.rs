//! Requests that steer a case from outside its states: what may be asked of it at any time, and operators' acts.

use super::envelope::person_request;
use crate::text::{Document, Name, Reason};

person_request!(
    /// `request`: ask a case for something that its chain offers at any time, such as to cancel or to change it.
    /// Answered with `Accepted`.
    Ask {
        /// The case.
        pub case: Name,
        /// What is asked: the name of an entry under the chain's `anytime`.
        pub request: Name,
        /// What goes with it, as the entry's declaration types it; at most 64 KiB.
        #[serde(default, skip_serializing_if = "is_empty")]
        pub with: Document,
        /// Why.
        pub reason: Reason,
    }
);

person_request!(
    /// `hold`, `resume`, `retry`, `compensate`, `settle`, `erase`: a process owner, or whoever drives the chain, steps in. `hold`: the case
    /// waits until it is resumed. `resume`: a held case enters its state again. `retry`: the commands that a held case
    /// waits for are sent again, under the same ids. `compensate`: a held case undoes what it did, last first, and ends
    /// badly. `settle`: what a held case could not undo was settled outside; it counts as undone, the record says for
    /// ever that a person did it, and the compensation goes on. `erase`: the secrets of a case can be read no more; for
    /// a process owner and the custodian of its document. Recorded with the person and the reason. Answered with `Accepted`.
    Operate {
        /// The case.
        pub case: Name,
        /// Why.
        pub reason: Reason,
    }
);

fn is_empty(document: &Document) -> bool {
    document.0.is_empty()
}

person_request!(
    /// `jump`: a process owner puts a case elsewhere, past what its chain says: what mends a case that is stuck. It is
    /// recorded as an override for ever, never as an approval. Answered with `Accepted`.
    Jump {
        /// The case.
        pub case: Name,
        /// `draft`, or the name of a state or an end of the chain.
        pub to: Name,
        /// Why.
        pub reason: Reason,
    }
);

person_request!(
    /// `reveal`: read a secret of a case. Recorded before it is granted, and where it is denied; sent again it is
    /// another look. Answered with `Revealed`.
    Reveal {
        /// The case.
        pub case: Name,
        /// The secret field of its document.
        pub field: Name,
    }
);
