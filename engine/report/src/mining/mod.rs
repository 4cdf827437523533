//! The log for process mining: cases, activities, times, people; as XES, OCEL 2.0 or CSV.
//!
//! An activity is something that somebody or something did: `submit`, `line: approve`, `erp.mo.create`, `end closed`.
//! What only keeps the books (clocks set, facts learnt, opinions opened) is none. What a blind answer was is left out
//! until its part has closed.

mod csv_log;
mod ocel;
mod steps;
mod xes;

use std::collections::BTreeMap;

use countersign_core::command::CaseNo;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;

pub use csv_log::csv_log;
pub use ocel::ocel2;
pub use steps::Miner;
pub use xes::xes;

/// Why a log cannot be written.
pub type WriteError = std::io::Error;

/// A log for process mining.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MiningLog {
    /// The company's id.
    pub company: String,
    /// The cases.
    pub cases: BTreeMap<CaseNo, MinedCase>,
    /// What was done, in order.
    pub steps: Vec<Step>,
}

/// A case as process miners see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinedCase {
    /// Its chain.
    pub chain: Name,
    /// Its key.
    pub key: Option<Name>,
    /// The post that submitted it.
    pub submitter: Name,
    /// The unit of that post.
    pub unit: Name,
    /// What limits were held against at first, and its currency where it is money.
    pub amount: Option<(String, Option<String>)>,
    /// The case that started it.
    pub parent: Option<CaseNo>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The case.
    pub case: CaseNo,
    /// Another case that it is about: a child that was started or has ended.
    pub other: Option<CaseNo>,
    /// What.
    pub activity: String,
    /// Where it stands in the life of the activity, by XES' standard lifecycle.
    pub lifecycle: &'static str,
    /// When.
    pub at: Timestamp,
    /// The frame, and the event's place in it.
    pub place: (u64, usize),
    /// The person or system.
    pub resource: Option<Name>,
    /// The post.
    pub role: Option<Name>,
    /// What came of it.
    pub outcome: Option<String>,
}

impl Step {
    fn id(&self) -> String {
        format!("{}-{}", self.place.0, self.place.1)
    }
}

fn case_id(case: CaseNo) -> String {
    format!("C-{case}")
}
