//! company.yaml: currency, working time, default deadlines, and the policies R1-R22 as named settings.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::money::Currency;
use crate::name::{Name, Title};
use crate::time::{Span, SpanUnit};

/// A company as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its id, the token of every subject.
    pub id: Name,
    /// Its title.
    pub title: Title,
    /// Its currency; limits and bare numbers are meant in it.
    pub currency: Currency,
    /// Minor-unit digits of every currency that a document may hold.
    pub currency_digits: BTreeMap<Currency, u8>,
    /// Working time.
    pub calendar: Calendar,
    /// Who drives every chain that names no other.
    pub driver: Option<Name>,
    /// Deadlines of steps that name none.
    pub deadlines: Deadlines,
    /// The rules of signing.
    pub policies: Policies,
}

/// Default deadlines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// By kind of the position asked.
    pub by_kind: BTreeMap<Name, Span>,
    /// A review by a kind that `by_kind` does not name, and every other step without a deadline.
    pub review: Span,
    /// A member of a group.
    pub group: Span,
}

/// The rules of signing (R1-R22). Where company.yaml says nothing, the strictest reading that lets work go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// R1: what the levels below the deciding one do.
    pub lower_levels: LowerLevels,
    /// R2: who decides the documents of whoever has no superior. None: nobody can (fail closed).
    pub own_top: Option<OwnTop>,
    /// R3, R5: one person in several posts on one route.
    pub same_person: SamePerson,
    /// R6: steps marked independent keep their own signature; a second one falling on the same person goes up.
    pub independent_never_merged: bool,
    /// R7: what is tried, in order, where a post is vacant. Nothing that helps: the case is held.
    pub vacancy: Vec<VacancyRung>,
    /// R9: working time that a new holder has at least.
    pub new_holder_has: Span,
    /// R10: submissions past the immediate superior.
    pub skip_level: SkipLevel,
    /// R11: reminders and escalation.
    pub clock: Clock,
    /// R12: what a return keeps, and how often it may happen.
    pub returns: Returns,
    /// R22: handing upward what one may decide oneself.
    pub push_up: PushUp,
    /// R8: whose superiors are asked: those at submission, or those when a step is entered.
    pub path: PathAt,
    /// R12: what a change of the amount under way leaves of signatures.
    pub amendments: Amendments,
}

impl Default for Policies {
    fn default() -> Policies {
        Policies {
            lower_levels: LowerLevels::Review,
            own_top: None,
            same_person: SamePerson { signs_once: true, never_below: 2, above: Decimal::ZERO },
            independent_never_merged: true,
            vacancy: vec![VacancyRung::Acting, VacancyRung::Delegate, VacancyRung::NextSuperior],
            new_holder_has: Span { count: 4, unit: SpanUnit::WorkHour },
            skip_level: SkipLevel { refused: true, except: Vec::new(), superior_recorded: true },
            clock: Clock {
                remind: 50,
                overdue: 100,
                escalate: 200,
                copies_superior: true,
                copies_driver: true,
                top_overdue: None,
            },
            returns: Returns { keep_unless_commercial: true, at_most: 5 },
            push_up: PushUp { refused: true, except: vec![Name::from("conflict_of_interest")] },
            path: PathAt::default(),
            amendments: Amendments::default(),
        }
    }
}

/// R8: as of when the submitter's superiors are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathAt {
    /// As they were when the document was handed in.
    #[default]
    Submission,
    /// As they are when a step asks them.
    Activation,
}

/// R12: documents that change under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendments {
    /// A smaller amount leaves signatures as they are; otherwise it voids them.
    pub smaller_keeps: bool,
    /// A larger one leaves approvals as opinions; otherwise it voids them.
    pub larger_keeps_opinions: bool,
}

impl Default for Amendments {
    fn default() -> Amendments {
        Amendments { smaller_keeps: true, larger_keeps_opinions: true }
    }
}

/// R1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LowerLevels {
    /// Each gives a mandatory opinion, one after another.
    Review,
    /// Only the first sufficient level is asked.
    NotAsked,
}

/// R2: the documents of whoever stands at the top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTop {
    /// The group that decides, without the submitter.
    pub decided_by: Name,
    /// Whether every other member must approve; otherwise the group's own number.
    pub everybody_else: bool,
}

/// R3 and R5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamePerson {
    /// One signature at the highest of the posts, all capacities recorded.
    pub signs_once: bool,
    /// Merging never brings the distinct signers of a route below this.
    pub never_below: u32,
    /// The floor holds above this amount of the company's currency.
    pub above: Decimal,
}

/// R7: one rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VacancyRung {
    /// Whoever acts for the post, with the share of its limit.
    Acting,
    /// Whoever the post delegated to, with the delegation's limit.
    Delegate,
    /// The solid superior signs once for both.
    NextSuperior,
}

/// R10.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkipLevel {
    /// Whether an addressee past the immediate superior is refused.
    pub refused: bool,
    /// Chains that may go direct.
    pub except: Vec<Name>,
    /// Whether a refused attempt is on record for the superior who was passed by, too.
    pub superior_recorded: bool,
}

/// R11, in percent of the time allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// When the assignee is reminded.
    pub remind: u32,
    /// When the task counts as overdue.
    pub overdue: u32,
    /// When the solid superior is told.
    pub escalate: u32,
    /// Whether the solid superior is copied on what is overdue.
    pub copies_superior: bool,
    /// Whether whoever drives the chain is.
    pub copies_driver: bool,
    /// Who is told instead of the superior whom the top position does not have.
    pub top_overdue: Option<Name>,
}

/// R12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returns {
    /// Signatures stand after a return unless a commercial field changed; false: they never do.
    pub keep_unless_commercial: bool,
    /// So many returns lead back to draft; the next one ends the case.
    pub at_most: u32,
}

/// R22.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushUp {
    /// Whether a case within one's own limit may not be handed up.
    pub refused: bool,
    /// Reasons for which it may.
    pub except: Vec<Name>,
}
