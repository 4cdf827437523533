//! Refusals as values: a stable code, and a sentence that says what was expected and what to do.

use std::fmt;

use thiserror::Error;

use crate::name::Name;

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// What was expected, and what to do.
    pub message: String,
    /// The field it is about, as a path.
    pub field: Option<String>,
}

impl Rejection {
    /// A refusal about the whole command.
    pub fn new(code: Code, message: impl Into<String>) -> Rejection {
        Rejection { code, message: message.into(), field: None }
    }

    /// A refusal about a field.
    pub fn at(code: Code, field: impl Into<String>, message: impl Into<String>) -> Rejection {
        Rejection { code, message: message.into(), field: Some(field.into()) }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $text:literal),+ $(,)?) => {
        /// Stable codes, in their order of precedence: where several hold, the first is reported.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
            /// A code that a chain gives: of a `requires`, a `check`.
            Rule(Name),
        }

        impl Code {
            /// The code's text.
            pub fn as_str(&self) -> &str {
                match self { $(Code::$variant => $text,)+ Code::Rule(name) => name }
            }

            /// Every code of the engine itself, in order of precedence.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];
        }
    };
}

codes! {
    /// The log has no company yet, or already has one.
    NotFounded "NOT_FOUNDED",
    /// The idempotency key was used with another content.
    RequestIdReused "REQUEST_ID_REUSED",
    /// The request is older than the window in which repeats are known.
    RequestExpired "REQUEST_EXPIRED",
    /// The request says that it was sent in the future.
    SentAtAhead "SENT_AT_AHEAD",
    /// No chain of this name is active.
    ChainUnknown "CHAIN_UNKNOWN",
    /// No case of this number.
    CaseUnknown "CASE_UNKNOWN",
    /// No account of this name is active, and nothing was ever done with one.
    AccountUnknown "ACCOUNT_UNKNOWN",
    /// systems.yaml does not let the calling system assert this.
    Forbidden "FORBIDDEN",
    /// The case is confidential, and not for whoever asks.
    Confidential "CONFIDENTIAL",
    /// The person does not hold the position named.
    NotHolder "NOT_HOLDER",
    /// The delegation under which the person acts does not hold: its time has not come, or is over.
    DelegationExpired "DELEGATION_EXPIRED",
    /// The case is over.
    CaseClosed "CASE_CLOSED",
    /// The case is held for an operator.
    CaseHeld "CASE_HELD",
    /// The case never had this task.
    TaskUnknown "TASK_UNKNOWN",
    /// Nobody decides a document of their own.
    SelfApproval "SELF_APPROVAL",
    /// The task is another position's.
    NotAssignee "NOT_ASSIGNEE",
    /// Only the submitter may.
    NotSubmitter "NOT_SUBMITTER",
    /// What the person saw is no longer so.
    Conflict "CONFLICT",
    /// The position may not submit to this chain.
    NotInitiator "NOT_INITIATOR",
    /// The document is not in draft.
    NotInDraft "NOT_IN_DRAFT",
    /// What was approved does not change any more: others rest on it.
    Frozen "FROZEN",
    /// A document is addressed past the immediate superior.
    SkipLevel "SKIP_LEVEL",
    /// This task does not take this answer.
    VerdictNotAllowed "VERDICT_NOT_ALLOWED",
    /// This task does not take this action.
    ActNotAllowed "ACT_NOT_ALLOWED",
    /// Nobody was added there by whoever asks.
    NotAdded "NOT_ADDED",
    /// Others have gone on from it.
    TooLate "TOO_LATE",
    /// Nobody else would be asked any more.
    LastApprover "LAST_APPROVER",
    /// An approval that would not decide.
    OverLimit "OVER_LIMIT",
    /// The post may not be asked this here.
    NotEligible "NOT_ELIGIBLE",
    /// This answer needs a reason.
    ReasonRequired "REASON_REQUIRED",
    /// What is within one's own limit is not handed up.
    WithinAuthority "WITHIN_AUTHORITY",
    /// Only a position that decides can hand up.
    NotDeciding "NOT_DECIDING",
    /// The document is larger than allowed.
    DocumentTooLarge "DOCUMENT_TOO_LARGE",
    /// A field that the document type does not have.
    FieldUnknown "FIELD_UNKNOWN",
    /// A field that the document must have.
    FieldMissing "FIELD_MISSING",
    /// A value of another type than the field's.
    FieldType "FIELD_TYPE",
    /// A secret that came in the clear.
    Unsealed "UNSEALED",
    /// More digits than the currency's minor unit has.
    AmountScale "AMOUNT_SCALE",
    /// A computed field that was sent with another value.
    FieldComputed "FIELD_COMPUTED",
    /// A value that must be unique is another case's.
    NotUnique "NOT_UNIQUE",
    /// An amount in another currency than its limit, and no rate.
    CurrencyMismatch "CURRENCY_MISMATCH",
    /// A condition could not be evaluated: a number too large, a row that is not there.
    Unevaluable "UNEVALUABLE",
    /// Nobody can be found to decide.
    NoApprover "NO_APPROVER",
    /// The amount is beyond every limit, and the chain does not say what then.
    BeyondAuthority "BEYOND_AUTHORITY",
    /// No arrow's condition holds.
    NoArrow "NO_ARROW",
    /// The chain leads here on purpose.
    OnHold "ON_HOLD",
    /// The case took too many steps without input from outside.
    LoopLimit "LOOP_LIMIT",
    /// More often returned than allowed.
    RevisionLimit "REVISION_LIMIT",
    /// A document is amended in which nothing differs.
    NothingChanged "NOTHING_CHANGED",
    /// No case waits for this.
    NoWaitingCase "NO_WAITING_CASE",
    /// A deadline lies beyond the calendar.
    DeadlineUnreachable "DEADLINE_UNREACHABLE",
    /// What the command did is larger than a frame may be.
    FrameTooLarge "FRAME_TOO_LARGE",
    /// Definitions that do not fit together.
    DefinitionInvalid "DEFINITION_INVALID",
    /// A timer that is no longer wanted.
    TimerStale "TIMER_STALE",
    /// The case never gave this command.
    CommandUnknown "COMMAND_UNKNOWN",
    /// The same answer came before; it is counted and changes nothing.
    ReplyRepeated "REPLY_REPEATED",
    /// A second, different last answer to one command.
    ReplyConflict "REPLY_CONFLICT",
    /// The adapter does not know what became of a command.
    ReplyUnknown "REPLY_UNKNOWN",
    /// An answer that adapters.yaml does not declare.
    ReplyUndeclared "REPLY_UNDECLARED",
    /// No answer came in time.
    Silent "SILENT",
    /// The same message came before; it changes nothing.
    MessageRepeated "MESSAGE_REPEATED",
    /// The chain has no such `anytime` entry, or not for this caller or state.
    NotAsked "NOT_ASKED_HERE",
    /// The case is not held.
    NotHeld "NOT_HELD",
    /// Something that was done cannot be undone by itself.
    Stuck "STUCK",
    /// An operator holds the case.
    HeldByOperator "HELD_BY_OPERATOR",
    /// The organisation has no such position, person or delegation.
    NotInOrganisation "NOT_IN_ORGANISATION",
    /// How the post, or the person, stands does not allow this act.
    PostConflict "POST_CONFLICT",
    /// More is to be delegated than the post itself may decide.
    OverOwnLimit "OVER_OWN_LIMIT",
    /// This authority is never delegated.
    NeverDelegable "NEVER_DELEGABLE",
    /// What was delegated is not handed on.
    SubDelegation "SUB_DELEGATION",
    /// An end that is not after its beginning, or over already.
    BadPeriod "BAD_PERIOD",
    /// The case has no secrets.
    NoSecret "NO_SECRET",
    /// The secrets of the case were erased.
    Erased "ERASED",
    /// Part of the language that this version does not carry yet.
    NotYet "NOT_YET",
    /// A defect of the engine. Nothing was done.
    Internal "INTERNAL",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
