//! What happened. Events are the only way in which State changes, live and in replay.
//!
//! A published shape is frozen: each kind has a number and golden bytes; a change of meaning is a new kind.

mod access;
mod account;
mod action;
mod body;
pub(crate) mod codec;
mod organisation;
mod outward;
mod plan;
mod revised;
mod weighed;

pub use access::{AccessDenied, SecretRevealed, SecretsErased};
pub use account::*;
pub use action::*;
pub use body::*;
pub use codec::{DecodeError, decode_events, encode_event};
pub use organisation::*;
pub use outward::*;
pub use plan::{About, Capacity, CapacityWhy, Level, Plan, PlanNode, Slot};
pub use revised::*;
pub use weighed::{Added, AmountWeighed, RateUsed};

use crate::command::CaseNo;
use crate::name::Name;

macro_rules! events {
    ($($(#[$doc:meta])* $kind:literal $name:literal $variant:ident),+ $(,)?) => {
        /// One event. The number of each kind and its name on the wire stand in [`Event::kind`] and [`Event::name`].
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $variant($variant)),+
        }

        impl Event {
            /// Every kind: its number in the log and its name on the wire.
            pub const KINDS: &'static [(u16, &'static str)] = &[$(($kind, $name)),+];

            /// The number of its kind in the log.
            pub fn kind(&self) -> u16 {
                match self { $(Event::$variant(_) => $kind),+ }
            }

            /// Its name in subjects and texts, lower-case kebab.
            pub fn name(&self) -> &'static str {
                match self { $(Event::$variant(_) => $name),+ }
            }

            /// The encoded size of its body.
            fn body_size(&self) -> usize {
                match self { $(Event::$variant(body) => codec::size(body)),+ }
            }

            fn encode_body(&self, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
                match self { $(Event::$variant(body) => codec::append(body, out)),+ }
            }

            fn decode_body(kind: u16, body: &[u8]) -> Result<Event, DecodeError> {
                match kind {
                    $($kind => codec::body(kind, body).map(Event::$variant),)+
                    _ => Err(DecodeError::UnknownKind(kind)),
                }
            }
        }
    };
}

events! {
    /// The log begins.
    1 "company-founded" CompanyFounded,
    /// A definition is kept.
    2 "definition-stored" DefinitionStored,
    /// Definitions hold from now on.
    3 "definitions-activated" DefinitionsActivated,
    /// Open work of a batch of cases was put where the organisation now has it.
    4 "organisation-swept" OrganisationSwept,
    /// Master data changed.
    5 "record-written" RecordWritten,
    /// A fact came for which no case waits yet.
    6 "fact-kept" FactKept,
    /// A fact that no case wanted was given up.
    7 "fact-given-up" FactGivenUp,
    /// A chain that starts by the calendar began a period.
    8 "period-began" PeriodBegan,
    /// A document was handed in.
    10 "case-submitted" CaseSubmitted,
    /// A returned document was handed in again, or completed by an editor.
    11 "case-resubmitted" CaseResubmitted,
    /// A state began.
    12 "state-entered" StateEntered,
    /// A state was not needed.
    13 "state-skipped" StateSkipped,
    /// A check said no.
    14 "checks-failed" ChecksFailed,
    /// A branch was chosen.
    15 "branch-chosen" BranchChosen,
    /// A step has its outcome.
    16 "step-closed" StepClosed,
    /// The opinions of a blind part are open now.
    17 "opinions-opened" OpinionsOpened,
    /// The document went back to its submitter.
    18 "case-returned" CaseReturned,
    /// The case is over.
    19 "case-ended" CaseEnded,
    /// The submitter took it back.
    20 "case-withdrawn" CaseWithdrawn,
    /// The case waits for an operator.
    21 "case-held" CaseHeld,
    /// A state ended by itself.
    22 "state-expired" StateExpired,
    /// A message that the case waited for arrived.
    23 "fact-received" FactReceived,
    /// The turn goes on in a frame of its own.
    24 "turn-split" TurnSplit,
    /// The case knows more than before.
    25 "facts-learnt" FactsLearnt,
    /// A case was asked for one of its `anytime` entries.
    26 "case-asked" CaseAsked,
    /// The case belongs to another post.
    27 "case-handed-over" CaseHandedOver,
    /// An operator stepped in.
    28 "case-operated" CaseOperated,
    /// One item of a state has its outcome.
    29 "item-closed" ItemClosed,
    /// Somebody is asked.
    30 "task-opened" TaskOpened,
    /// Somebody answered.
    31 "task-decided" TaskDecided,
    /// A question fell away unanswered.
    32 "task-withdrawn" TaskWithdrawn,
    /// A signature given before still stands.
    33 "signature-kept" SignatureKept,
    /// A contribution did not come in time; the case went on.
    34 "task-lapsed" TaskLapsed,
    /// Half of the time is gone.
    35 "task-reminded" TaskReminded,
    /// All of the time is gone.
    36 "task-overdue" TaskOverdue,
    /// Twice the time is gone.
    37 "task-escalated" TaskEscalated,
    /// Somebody else is asked.
    38 "task-reassigned" TaskReassigned,
    /// The task was handed up for a reason that allows it.
    39 "task-referred" TaskReferred,
    /// The route grew.
    40 "route-extended" RouteExtended,
    /// Somebody did a piece of work.
    41 "task-answered" TaskAnswered,
    /// An amount was converted, or added to others, before it was held against limits.
    42 "amount-weighed" AmountWeighed,
    /// A submission past the immediate superior was refused.
    50 "skip-level-attempted" SkipLevelAttempted,
    /// Somebody tried to decide an own document.
    51 "self-approval-attempted" SelfApprovalAttempted,
    /// An answer came after others had decided; it changes nothing.
    52 "late-answer" LateAnswer,
    /// Another system is asked to do something.
    60 "command-issued" CommandIssued,
    /// A command is sent again, under the same id.
    61 "command-sent-again" CommandSentAgain,
    /// No answer came in time.
    62 "command-silent" CommandSilent,
    /// An adapter answered.
    63 "command-answered" CommandAnswered,
    /// A second, different last answer to one command.
    64 "reply-conflicted" ReplyConflicted,
    /// One thing was undone.
    65 "effect-undone" EffectUndone,
    /// A person has settled outside what could not be undone.
    66 "effect-settled" EffectSettled,
    /// A case started another one.
    70 "child-started" ChildStarted,
    /// A child is over.
    71 "child-ended" ChildEnded,
    /// A clock of the alarms of the chain started or stopped.
    80 "alarm-set" AlarmSet,
    /// Something takes too long.
    81 "alarm-raised" AlarmRaised,
    /// Messages that would move the case find it, or find it no more.
    82 "case-listens" CaseListens,
    /// Unique values are the case's.
    83 "values-claimed" ValuesClaimed,
    /// What was used up of an account before the company began.
    90 "account-opened" AccountOpened,
    /// An amount was set aside for a case.
    91 "reserved" Reserved,
    /// Too little was there.
    92 "reservation-refused" ReservationRefused,
    /// An amount was used up.
    93 "consumed" Consumed,
    /// What was used up is free again.
    94 "restored" Restored,
    /// What a case held was given back.
    95 "released" Released,
    /// What one case held became another's.
    96 "hold-taken" HoldTaken,
    /// What a case holds outlasts its end.
    97 "holds-kept" HoldsKept,
    /// What a case that is over held was taken by nobody in time.
    98 "hold-lapsed" HoldLapsed,
    /// The word for how an account stands changed.
    99 "account-flagged" AccountFlagged,
    /// A task was handed to another post.
    110 "task-transferred" TaskTransferred,
    /// Another post is asked for an opinion.
    111 "opinion-requested" OpinionRequested,
    /// An opinion that was asked for.
    112 "opinion-given" OpinionGiven,
    /// A signer has taken an own decision back.
    113 "signature-taken-back" SignatureTakenBack,
    /// Somebody else looks at it too.
    114 "approver-added" ApproverAdded,
    /// An approver who was added is not asked any more.
    115 "approver-removed" ApproverRemoved,
    /// One of several holders will answer.
    116 "task-claimed" TaskClaimed,
    /// A claimed task is everybody's again.
    117 "task-released" TaskReleased,
    /// An administrator has put the case elsewhere.
    118 "case-jumped" CaseJumped,
    /// Whoever returned the document wants it to go to an earlier step.
    119 "return-directed" ReturnDirected,
    /// A returned document goes to an earlier step.
    120 "return-led" ReturnLed,
    /// The submitter handed in another revision of a document that was under way.
    121 "case-amended" CaseAmended,
    /// A case that is over ended otherwise after all, because another case decided so.
    122 "case-reversed" CaseReversed,
    /// Somebody took a post.
    100 "person-hired" PersonHired,
    /// Somebody left the company.
    101 "person-left" PersonLeft,
    /// Somebody went from one post to another.
    102 "person-moved" PersonMoved,
    /// A post lost holders who stay with the company.
    103 "post-vacated" PostVacated,
    /// Somebody acts for a vacant post, or no longer.
    104 "acting-appointed" ActingAppointed,
    /// A post gave authority to another for a time.
    105 "delegation-granted" DelegationGranted,
    /// A delegation ended before its time.
    106 "delegation-ended" DelegationEnded,
    /// A new organisation.yaml holds where acts had said otherwise.
    107 "acts-superseded" ActsSuperseded,
    /// A signature is given for a post by somebody who does not hold it.
    108 "stood-in" StoodIn,
    /// Somebody began or ceased to stand in because the time came.
    109 "window-turned" WindowTurned,
    /// Somebody wanted to see what is confidential, and may not.
    140 "access-denied" AccessDenied,
    /// Somebody read a secret.
    141 "secret-revealed" SecretRevealed,
    /// The secrets of a case can be read no more: their keys are destroyed.
    142 "secrets-erased" SecretsErased,
}

impl Event {
    /// Its encoded size, or somewhat more: only what can be large is measured, for the sake of speed.
    pub fn size_at_most(&self) -> usize {
        let text = |name: &Name| 5 + name.len();
        match self {
            Event::TaskOpened(e) => {
                let capacities = e.capacities.iter().map(|capacity| 5 + text(&capacity.position));
                128 + text(&e.position) + e.holders.iter().map(text).chain(capacities).sum::<usize>()
            }
            Event::StepClosed(e) if e.opinions.is_empty() => 64 + text(&e.state) + text(&e.outcome),
            Event::CaseEnded(e) => 64 + text(&e.end) + e.code.as_ref().map_or(0, text),
            Event::TaskDecided(e) => {
                128 + e.person.len() + e.reason.as_ref().map_or(0, |reason| reason.len())
            }
            Event::TaskWithdrawn(_)
            | Event::SignatureKept(_)
            | Event::TaskLapsed(_)
            | Event::TaskReminded(_)
            | Event::CaseReturned(_)
            | Event::TurnSplit(_) => 64,
            _ => 8 + self.body_size(),
        }
    }

    /// Whether it changes the company that all cases work in: its rules, or its organisation.
    pub fn is_of_company(&self) -> bool {
        let founds = matches!(
            self,
            Event::CompanyFounded(_)
                | Event::DefinitionStored(_)
                | Event::DefinitionsActivated(_)
                | Event::ActsSuperseded(_)
        );
        founds || self.change().is_some()
    }

    /// The case it belongs to, if any.
    #[expect(clippy::too_many_lines, reason = "one arm a kind, so that a new one cannot be forgotten")]
    pub fn case(&self) -> Option<CaseNo> {
        match self {
            Event::CompanyFounded(_)
            | Event::DefinitionStored(_)
            | Event::DefinitionsActivated(_)
            | Event::OrganisationSwept(_)
            | Event::FactKept(_)
            | Event::FactGivenUp(_)
            | Event::PeriodBegan(_)
            | Event::AccountOpened(_)
            | Event::ActsSuperseded(_)
            | Event::WindowTurned(_)
            | Event::SkipLevelAttempted(_) => None,
            Event::PersonHired(_)
            | Event::PersonLeft(_)
            | Event::PersonMoved(_)
            | Event::PostVacated(_)
            | Event::ActingAppointed(_)
            | Event::DelegationGranted(_)
            | Event::DelegationEnded(_) => self.change()?.case,
            Event::StoodIn(e) => Some(e.case),
            Event::CaseSubmitted(e) => Some(e.case),
            Event::CaseResubmitted(e) => Some(e.case),
            Event::CaseAmended(e) => Some(e.again.case),
            Event::CaseReversed(e) => Some(e.case),
            Event::StateEntered(e) => Some(e.case),
            Event::StateSkipped(e) => Some(e.case),
            Event::ChecksFailed(e) => Some(e.case),
            Event::BranchChosen(e) => Some(e.case),
            Event::StepClosed(e) => Some(e.case),
            Event::OpinionsOpened(e) => Some(e.case),
            Event::CaseReturned(e) => Some(e.case),
            Event::CaseEnded(e) => Some(e.case),
            Event::CaseWithdrawn(e) => Some(e.case),
            Event::CaseHeld(e) => Some(e.case),
            Event::StateExpired(e) => Some(e.case),
            Event::FactReceived(e) => Some(e.case),
            Event::TurnSplit(e) => Some(e.case),
            Event::TaskOpened(e) => Some(e.case),
            Event::TaskDecided(e) => Some(e.case),
            Event::TaskWithdrawn(e) => Some(e.case),
            Event::SignatureKept(e) => Some(e.case),
            Event::TaskLapsed(e) => Some(e.case),
            Event::TaskReminded(e) => Some(e.case),
            Event::TaskOverdue(e) => Some(e.case),
            Event::TaskEscalated(e) => Some(e.case),
            Event::TaskReassigned(e) => Some(e.case),
            Event::TaskReferred(e) => Some(e.case),
            Event::RouteExtended(e) => Some(e.case),
            Event::AmountWeighed(e) => Some(e.case),
            Event::SelfApprovalAttempted(e) => Some(e.case),
            Event::LateAnswer(e) => Some(e.case),
            Event::RecordWritten(e) => Some(e.case),
            Event::FactsLearnt(e) => Some(e.case),
            Event::CaseAsked(e) => Some(e.case),
            Event::CaseHandedOver(e) => Some(e.case),
            Event::CaseOperated(e) => Some(e.case),
            Event::ItemClosed(e) => Some(e.case),
            Event::TaskAnswered(e) => Some(e.case),
            Event::CommandIssued(e) => Some(e.case),
            Event::CommandSentAgain(e) => Some(e.case),
            Event::CommandSilent(e) => Some(e.case),
            Event::CommandAnswered(e) => Some(e.case),
            Event::ReplyConflicted(e) => Some(e.case),
            Event::EffectUndone(e) => Some(e.case),
            Event::ChildStarted(e) => Some(e.case),
            Event::ChildEnded(e) => Some(e.case),
            Event::AlarmSet(e) => Some(e.case),
            Event::AlarmRaised(e) => Some(e.case),
            Event::EffectSettled(e) => Some(e.case),
            Event::CaseListens(e) => Some(e.case),
            Event::ValuesClaimed(e) => Some(e.case),
            Event::Reserved(e) => Some(e.case),
            Event::ReservationRefused(e) => Some(e.case),
            Event::Consumed(e) => Some(e.case),
            Event::Restored(e) => Some(e.case),
            Event::Released(e) => Some(e.case),
            Event::HoldTaken(e) => Some(e.case),
            Event::HoldsKept(e) => Some(e.case),
            Event::HoldLapsed(e) => Some(e.case),
            Event::AccountFlagged(e) => e.case,
            Event::TaskTransferred(e) => Some(e.case),
            Event::OpinionRequested(e) => Some(e.case),
            Event::OpinionGiven(e) => Some(e.case),
            Event::SignatureTakenBack(e) => Some(e.case),
            Event::ApproverAdded(e) => Some(e.case),
            Event::ApproverRemoved(e) => Some(e.case),
            Event::TaskClaimed(e) => Some(e.case),
            Event::TaskReleased(e) => Some(e.case),
            Event::CaseJumped(e) => Some(e.case),
            Event::ReturnDirected(e) => Some(e.case),
            Event::ReturnLed(e) => Some(e.case),
            Event::AccessDenied(e) => Some(e.case),
            Event::SecretRevealed(e) => Some(e.case),
            Event::SecretsErased(e) => Some(e.case),
        }
    }
}
