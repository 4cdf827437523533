//! Requests that only ask.
//!
//! `at_least` is a sequence from an earlier reply: the answer then includes what that reply saw. The engine waits
//! up to a second for it and then says `VIEW_BEHIND`.

use super::envelope::{person_request, system_request};
use crate::error::{Code, WireError};
use crate::text::{Document, Name};

person_request!(
    /// `inbox`: the open tasks of the post. Answered with `InboxView`.
    Inbox {
        /// Answer from this sequence on, or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub at_least: Option<u64>,
        /// Begin after this task: `next` of an earlier answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<Name>,
        /// At most so many tasks. Absent: all of them, as far as they fit a message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
    }
);

person_request!(
    /// `case`: one case as it stands. Answered with `CaseView`.
    Case {
        /// The case.
        pub case: Name,
        /// Answer from this sequence on, or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub at_least: Option<u64>,
    }
);

person_request!(
    /// `timeline`: what happened to a case, in order. Answered with `TimelineView`.
    Timeline {
        /// The case.
        pub case: Name,
        /// Answer from this sequence on, or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub at_least: Option<u64>,
        /// Of everything that belongs to the same order: the cases that started this one, and those they started.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub all: bool,
        /// Begin at this sequence: `next` of an earlier answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub from: Option<u64>,
        /// At most so many entries; the engine may send fewer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
    }
);

person_request!(
    /// `explain`: why a task or signature is whose it is, or why it is not somebody's. Answered with
    /// `Explanation`. Names a task, a signature, or neither for the case as a whole.
    Explain {
        /// The case.
        pub case: Name,
        /// An open or closed task of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub task: Option<Name>,
        /// A signature of it, as the case view names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub signature: Option<Name>,
        /// "Why not her?": the position that one expected instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub who: Option<Name>,
    }
);

impl Explain {
    /// What one field demands of another.
    pub(super) fn check(&self) -> Result<(), WireError> {
        if self.task.is_some() && self.signature.is_some() {
            let message = "expected a task or a signature, not both";
            return Err(WireError::new(Code::BadValue, message).at_field("signature"));
        }
        Ok(())
    }
}

person_request!(
    /// `preview`: who would have to sign this document, were it handed in now. Records nothing. Answered with
    /// `PreviewView`.
    Preview {
        /// The chain.
        pub chain: Name,
        /// The document; at most 64 KiB.
        pub document: Document,
    }
);

person_request!(
    /// `handler`: who has the case now. Answered with `HandlerView`.
    Handler {
        /// The case.
        pub case: Name,
    }
);

person_request!(
    /// `accounts`: how accounts stand and which case holds what, of everything that was acknowledged by then. Answered
    /// with `AccountsView`, a page at a time.
    Accounts {
        /// Only this account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub account: Option<Name>,
        /// Only this key; parts joined by `/`. With `account`, one with which nothing was ever done is answered too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub key: Option<String>,
        /// Begin after this key: `next` of an earlier answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
        /// At most so many keys; the engine may send fewer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
    }
);

impl Accounts {
    /// What one field demands of another.
    pub(super) fn check(&self) -> Result<(), WireError> {
        if self.after.as_ref().is_some_and(|after| !after.contains('/')) {
            let message = "expected `next` of an earlier answer";
            return Err(WireError::new(Code::BadValue, message).at_field("after"));
        }
        Ok(())
    }
}

system_request!(
    /// `who`: which company, log and version answers here. Answered with `WhoReply`.
    Who {}
);
