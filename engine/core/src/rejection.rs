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
    ($(#[doc = $means:literal] $variant:ident $text:literal, $mend:literal;)+) => {
        /// Stable codes, in their order of precedence: where several hold, the first is reported.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $means] $variant,)+
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

            /// What a code of the engine itself means, and how to mend it; None for a chain's own.
            pub fn explained(&self) -> Option<(&'static str, &'static str)> {
                match self {
                    $(Code::$variant => Some(($means.trim_ascii(), $mend)),)+
                    Code::Rule(_) => None,
                }
            }
        }
    };
}

codes! {
    /// The log has no company yet, or already has one.
    NotFounded "NOT_FOUNDED", "found the company with `countersign init`, or use the folder that has it";
    /// The idempotency key was used with another content.
    RequestIdReused "REQUEST_ID_REUSED", "give every new request an id of its own; repeat one only with the same content";
    /// The request is older than the window in which repeats are known.
    RequestExpired "REQUEST_EXPIRED", "look whether it took effect (`countersign case`), then send it anew under another id";
    /// The request says that it was sent in the future.
    SentAtAhead "SENT_AT_AHEAD", "set the sender's clock";
    /// No chain of this name is active.
    ChainUnknown "CHAIN_UNKNOWN", "correct the name, or apply rules that have the chain";
    /// No case of this number.
    CaseUnknown "CASE_UNKNOWN", "correct the number; `countersign inbox` lists what is open";
    /// No account of this name is active, and nothing was ever done with one.
    AccountUnknown "ACCOUNT_UNKNOWN", "correct the name, or add the account to accounts.yaml";
    /// systems.yaml does not let the calling system assert this.
    Forbidden "FORBIDDEN", "let systems.yaml allow it, or ask the process owner";
    /// The case is confidential, and not for whoever asks.
    Confidential "CONFIDENTIAL", "ask its custodian, or whoever has confided it";
    /// The person does not hold the position named.
    NotHolder "NOT_HOLDER", "act in a post that the person holds, or let `countersign org apply` give it to them";
    /// The delegation under which the person acts does not hold: its time has not come, or is over.
    DelegationExpired "DELEGATION_EXPIRED", "let the post's holder sign, or delegate again";
    /// The case is over.
    CaseClosed "CASE_CLOSED", "nothing is done with it any more; submit a new document";
    /// The case is held for an operator.
    CaseHeld "CASE_HELD", "mend the cause that `countersign case` shows, then `countersign case resume`";
    /// The case never had this task.
    TaskUnknown "TASK_UNKNOWN", "look at the case again; the number is another one's";
    /// Nobody decides a document of their own.
    SelfApproval "SELF_APPROVAL", "let whoever is asked beside or above decide";
    /// The task is another position's.
    NotAssignee "NOT_ASSIGNEE", "let the position that is asked answer; `countersign explain` names it";
    /// Only the submitter may.
    NotSubmitter "NOT_SUBMITTER", "let the submitter's post do it";
    /// What the person saw is no longer so.
    Conflict "CONFLICT", "look at the case as it is now, and decide again";
    /// The position may not submit to this chain.
    NotInitiator "NOT_INITIATOR", "let one of the chain's initiators submit, or add the kind to `initiators`";
    /// The document is not in draft.
    NotInDraft "NOT_IN_DRAFT", "wait until it comes back, or withdraw it";
    /// What was approved does not change any more: others rest on it.
    Frozen "FROZEN", "change it by a case of its own, or submit a new document";
    /// A document is addressed past the immediate superior.
    SkipLevel "SKIP_LEVEL", "address the immediate superior, or let the chain have `skip_level: allowed`";
    /// This task does not take this answer.
    VerdictNotAllowed "VERDICT_NOT_ALLOWED", "give one of the answers that the refusal names";
    /// This task does not take this action.
    ActNotAllowed "ACT_NOT_ALLOWED", "do one of the things that the refusal names";
    /// Nobody was added there by whoever asks.
    NotAdded "NOT_ADDED", "name somebody whom you added yourself and who has not answered";
    /// Others have gone on from it.
    TooLate "TOO_LATE", "appeal, or change the document by a case of its own";
    /// Nobody else would be asked any more.
    LastApprover "LAST_APPROVER", "add another approver first";
    /// An approval that would not decide.
    OverLimit "OVER_LIMIT", "pass it on to the next level instead";
    /// The post may not be asked this here.
    NotEligible "NOT_ELIGIBLE", "name a post that the refusal allows";
    /// This answer needs a reason.
    ReasonRequired "REASON_REQUIRED", "give `--reason`";
    /// What is within one's own limit is not handed up.
    WithinAuthority "WITHIN_AUTHORITY", "decide it, or hand it up for a reason that the policy `within_own_limit` names";
    /// Only a position that decides can hand up.
    NotDeciding "NOT_DECIDING", "give the opinion that is asked; the level above decides anyway";
    /// The document is larger than allowed.
    DocumentTooLarge "DOCUMENT_TOO_LARGE", "split it, or keep attachments elsewhere and name them";
    /// A field that the document type does not have.
    FieldUnknown "FIELD_UNKNOWN", "correct the field's name";
    /// A field that the document must have.
    FieldMissing "FIELD_MISSING", "add the field";
    /// A value of another type than the field's.
    FieldType "FIELD_TYPE", "write the value as the refusal shows";
    /// A secret that came in the clear.
    Unsealed "UNSEALED", "hand it in through the desk, which seals it";
    /// More digits than the currency's minor unit has.
    AmountScale "AMOUNT_SCALE", "round the amount to the currency's minor unit";
    /// A computed field that was sent with another value.
    FieldComputed "FIELD_COMPUTED", "leave the field out, or correct what it is computed from";
    /// A value that must be unique is another case's.
    NotUnique "NOT_UNIQUE", "use another value, or find the case that has it";
    /// An amount in another currency than its limit, and no rate.
    CurrencyMismatch "CURRENCY_MISMATCH", "record a rate of exchange for the day, then `countersign case resume`";
    /// A condition could not be evaluated: a number too large, a row that is not there.
    Unevaluable "UNEVALUABLE", "correct the value or the row that the refusal names, then `countersign case resume`";
    /// Nobody can be found to decide.
    NoApprover "NO_APPROVER", "let somebody hold the post, act for it or be delegated it, then `countersign case resume`";
    /// The amount is beyond every limit, and the chain does not say what then.
    BeyondAuthority "BEYOND_AUTHORITY", "give somebody on the line a limit that suffices, then `countersign case resume`";
    /// No arrow's condition holds.
    NoArrow "NO_ARROW", "let the last arrow of the outcome have no condition; `countersign jump` moves this case";
    /// The chain leads here on purpose.
    OnHold "ON_HOLD", "do what the chain waits for, then `countersign case resume`, or `jump`";
    /// The case took too many steps without input from outside.
    LoopLimit "LOOP_LIMIT", "put a person or a message into the loop; `countersign jump` moves this case";
    /// More often returned than allowed.
    RevisionLimit "REVISION_LIMIT", "submit a new document";
    /// A document is amended in which nothing differs.
    NothingChanged "NOTHING_CHANGED", "change something, or leave it as it is";
    /// No case waits for this.
    NoWaitingCase "NO_WAITING_CASE", "correct what the message says, or send it when a case waits for it";
    /// A deadline lies beyond the calendar.
    DeadlineUnreachable "DEADLINE_UNREACHABLE", "shorten the time, or add working days to the calendar";
    /// What the command did is larger than a frame may be.
    FrameTooLarge "FRAME_TOO_LARGE", "do it in parts";
    /// Definitions that do not fit together.
    DefinitionInvalid "DEFINITION_INVALID", "run `countersign check` on the files and mend what it finds";
    /// A timer that is no longer wanted.
    TimerStale "TIMER_STALE", "nothing; what it was set for is over";
    /// The case never gave this command.
    CommandUnknown "COMMAND_UNKNOWN", "let the adapter answer under the command's own id";
    /// The same answer came before; it is counted and changes nothing.
    ReplyRepeated "REPLY_REPEATED", "nothing; it had been counted";
    /// A second, different last answer to one command.
    ReplyConflict "REPLY_CONFLICT", "find out which answer is true, then `countersign case resume` or `settle`";
    /// The adapter does not know what became of a command.
    ReplyUnknown "REPLY_UNKNOWN", "find out in the other system what became of it, then `countersign case retry` or `settle`";
    /// An answer that adapters.yaml does not declare.
    ReplyUndeclared "REPLY_UNDECLARED", "declare the answer in adapters.yaml, or correct the adapter";
    /// No answer came in time.
    Silent "SILENT", "see whether the other system works, then `countersign case retry`";
    /// The same message came before; it changes nothing.
    MessageRepeated "MESSAGE_REPEATED", "nothing; it took effect before";
    /// The chain has no such `anytime` entry, or not for this caller or state.
    NotAsked "NOT_ASKED_HERE", "ask while the case stands in a state that the entry names, or let the entry allow the caller";
    /// The case is not held.
    NotHeld "NOT_HELD", "nothing; the case goes on by itself";
    /// Something that was done cannot be undone by itself.
    Stuck "STUCK", "undo it in the other system, then `countersign case settle`, or `retry`";
    /// An operator holds the case.
    HeldByOperator "HELD_BY_OPERATOR", "`countersign case resume` when it may go on";
    /// The organisation has no such position, person or delegation.
    NotInOrganisation "NOT_IN_ORGANISATION", "correct the name, or add the position to organisation.yaml";
    /// How the post, or the person, stands does not allow this act.
    PostConflict "POST_CONFLICT", "vacate the post first, or name another";
    /// More is to be delegated than the post itself may decide.
    OverOwnLimit "OVER_OWN_LIMIT", "delegate at most what the post may decide itself";
    /// This authority is never delegated.
    NeverDelegable "NEVER_DELEGABLE", "let the post's holder decide, or somebody act while it is vacant";
    /// What was delegated is not handed on.
    SubDelegation "SUB_DELEGATION", "let the post's own holder delegate";
    /// An end that is not after its beginning, or over already.
    BadPeriod "BAD_PERIOD", "let it end after it begins, and in the future";
    /// The case has no secrets.
    NoSecret "NO_SECRET", "name a field that holds a secret of this case";
    /// The secrets of the case were erased.
    Erased "ERASED", "nothing; its key was destroyed for good";
    /// A defect of the engine. Nothing was done.
    Internal "INTERNAL", "report it with the log's end; the case is held and nothing is lost";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
