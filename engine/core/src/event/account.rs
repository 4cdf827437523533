//! Events of accounts: what is set aside, used up, given back. Their encoding is part of the log's format.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::command::{CaseNo, LotNo};
use crate::name::Name;
use crate::time::Timestamp;

/// What was used up of an account before the company began with Countersign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOpened {
    /// The account.
    pub account: Name,
    /// How much, by key; parts of a key are joined by `/`.
    pub used: Vec<(Name, Decimal)>,
}

/// An amount was set aside for a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// The case.
    pub case: CaseNo,
    /// The place of the state that did it.
    pub state: u16,
    /// The number of the lot in its case.
    pub lot: LotNo,
    /// The name under which the case holds it.
    pub name: Name,
    /// The account.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// How much; 0 where nothing was needed.
    pub amount: Decimal,
    /// The lot of another case out of which it comes; None: out of what was free.
    pub from: Option<(CaseNo, LotNo)>,
}

/// Too little was there. Nothing was set aside, used up or given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationRefused {
    /// The case.
    pub case: CaseNo,
    /// The name of the hold; empty where an account was meant directly.
    pub name: Name,
    /// The account; empty where the hold is not known.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// How much was asked for.
    pub asked: Decimal,
    /// How much there was of it; what is short is the difference.
    pub free: Decimal,
    /// Why.
    pub code: Name,
}

impl ReservationRefused {
    /// How much is short.
    pub fn short(&self) -> Decimal {
        self.asked.saturating_sub(self.free)
    }
}

/// An amount was used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// The case that did it.
    pub case: CaseNo,
    /// The place of the state that did it.
    pub state: u16,
    /// The lot out of which it was used; None: out of what was free.
    pub lot: Option<(CaseNo, LotNo)>,
    /// The account.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// How much.
    pub amount: Decimal,
}

/// What was used up is free again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The case.
    pub case: CaseNo,
    /// The account.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// How much.
    pub amount: Decimal,
    /// It takes back a use of its own, in the course of a compensation.
    pub undo: bool,
    /// The lot that holds it again; None: it is free.
    pub back_to: Option<(CaseNo, LotNo)>,
}

/// What a case held was given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The case that held it.
    pub case: CaseNo,
    /// The lot.
    pub lot: LotNo,
    /// The account.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// How much.
    pub amount: Decimal,
    /// The lot out of which it had been taken and which holds it again; None: it is free.
    pub back_to: Option<(CaseNo, LotNo)>,
    /// Why.
    pub why: ReleasedWhy,
}

/// Why something was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReleasedWhy {
    /// A state of a chain did it.
    Asked,
    /// The case went back to its submitter.
    Returned,
    /// The case is over.
    Ended,
    /// Nobody took it in time.
    Lapsed,
    /// What had been done was undone.
    Compensated,
    /// The case was decided otherwise after it was over.
    Reversed,
}

/// What one case held became another's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldTaken {
    /// The case that has it now.
    pub case: CaseNo,
    /// The case that had it.
    pub from: CaseNo,
    /// The lot there.
    pub from_lot: LotNo,
    /// The lot here.
    pub lot: LotNo,
    /// The name under which it is held.
    pub name: Name,
    /// The account.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// How much.
    pub amount: Decimal,
    /// Taken with a case of this chain that the submission required; None: handed on at the end of a child.
    pub with: Option<Name>,
}

/// A case is about to end, and what it still holds stays with it for another one to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldsKept {
    /// The case.
    pub case: CaseNo,
    /// When they lapse.
    pub until: Timestamp,
    /// The end that the case has from then on.
    pub end: Name,
    /// Whether that end is good.
    pub good: bool,
}

/// What a case that is over still held was taken by nobody in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLapsed {
    /// The case.
    pub case: CaseNo,
    /// Its end from now on.
    pub end: Name,
    /// Whether that is good.
    pub good: bool,
}

/// The word for how an account stands changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFlagged {
    /// The case that did what changed it; None: the activation of definitions.
    pub case: Option<CaseNo>,
    /// The account.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// The word of the first of the account's flags that holds.
    pub flag: Option<Name>,
    /// The account's word for less than nothing free, while that is so.
    pub below_zero: Option<Name>,
}
