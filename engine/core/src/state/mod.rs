//! What is: the fold of all events. Setters are private to the crate; only `apply` calls them.

mod accounts;
mod adding;
mod ahead;
mod apply;
mod apply_accounts;
mod apply_actions;
mod apply_cases;
mod apply_commands;
mod apply_learnt;
mod asked;
mod case;
mod cases;
mod closed;
mod common;
mod definitions;
mod instant;
mod kept_fields;
mod living;
mod look;
mod messages;
mod more;
mod names;
mod outward;
mod planned;
mod requests;
mod revised;
mod rows;
mod secrets;
mod shared;
pub mod snapshot;
mod standing;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use case::Origin;
use kept_fields::FieldNames;
use shared::Shared;

pub(crate) use accounts::held;
pub use accounts::{Balance, Holds, Kept, Lot};
pub use adding::Weight;
pub use ahead::AHEAD;
pub use apply::{apply, apply_frame, apply_frame_keyed, watch_frame};
pub(crate) use apply_cases::TOLD;
pub use case::{Asked, Case, Signature, SlotStatus, Stage, Step, Task};
pub use closed::{CLOSED_MAX, CLOSED_WINDOW_MS};
pub use definitions::{Definitions, Release, StoredDefinition};
pub use living::Living;
pub(crate) use look::within;
pub use messages::{MESSAGE_WINDOW_MS, MESSAGES_MAX};
pub use more::{AddedApprover, More, OpinionAskedFor};
pub(crate) use names::shared;
pub use outward::{
    ChildState, ClosedCase, CommandState, CommandStatus, Done, DoneWhat, ItemStatus, KeptFact, Mark,
    OutsideWork, Outward, Period, Reply, Signed, WorkItem,
};
pub use planned::{PlanForm, Planned, PlannedLevel, PlannedSlot};
pub use requests::{REQUEST_WINDOW_MS, REQUESTS_MAX, RequestKey, Requests, SENT_AHEAD_MAX_MS, Seen};
pub use secrets::Secrets;
pub use standing::{Standing, place};
pub use waiting::Seeks;

use crate::command::{CaseNo, CommandNo, Timer};
use crate::name::Name;
use crate::time::Timestamp;
use crate::value::Fields;

/// Everything that decisions are made from. Equal logs give equal states, to the byte of [`State::hash`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    head: Head,
    definitions: Definitions,
    cases: cases::Cases<Case>,
    next_case: CaseNo,
    timers: BTreeSet<(Timestamp, CaseNo, Timer)>,
    requests: Requests,
    keys: BTreeMap<Name, CaseNo>,
    waiting: waiting::Waiting,
    listening: waiting::Waiting,
    audits: BTreeMap<Name, (i64, u32)>,
    sweep: Option<CaseNo>,
    names: names::Names,
    /// The plans that cases have in common.
    #[serde(skip)]
    forms: Shared<PlanForm>,
    /// Who has handed in, and over whom.
    #[serde(skip)]
    origins: Shared<Origin>,
    /// Who is asked.
    #[serde(skip)]
    asked: Shared<Asked>,
    /// The fields that State keeps.
    #[serde(skip)]
    field_names: Shared<FieldNames>,
    /// Cases that are over and may still be asked about.
    closed: BTreeMap<CaseNo, ClosedCase>,
    /// The same in the order in which they ended.
    closed_order: VecDeque<(Timestamp, CaseNo)>,
    /// The newest case of a chain with a business key.
    by_key: BTreeMap<Name, BTreeMap<Name, CaseNo>>,
    /// Rows of tables that chains have changed: by table and key, the whole row; None: taken out.
    written: BTreeMap<Name, BTreeMap<Name, Option<Fields>>>,
    /// Facts that came for no case yet, by name, oldest first.
    kept: BTreeMap<Name, Vec<KeptFact>>,
    /// How many these are.
    kept_count: usize,
    /// Messages of adapters and systems that took effect.
    messages: messages::Messages,
    /// Chains that start by the calendar, by chain and start.
    periods: BTreeMap<(Name, u16), Period>,
    /// How much of the company is due when: kept facts, periods.
    clocks: BTreeMap<Timestamp, u32>,
    /// Budgets, credit, pools and tallies.
    accounts: accounts::Accounts,
    /// Amounts that are held against limits together.
    adding: adding::Adding,
    /// What acts have made of the organisation.
    living: Living,
    /// When somebody next begins or ceases to stand in for a post.
    window: Option<Timestamp>,
    /// Cases that have secrets, and their keys.
    secrets: BTreeMap<CaseNo, Secrets>,
}

/// The end of the log as State knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The company's id; empty before the log is founded.
    pub company: Name,
    /// The first administrator.
    pub administrator: Name,
    /// The number of the last frame.
    pub sequence: u64,
    /// Its stamp.
    pub at: Timestamp,
}

impl State {
    /// The end of the log.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Definitions and releases.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// An open case.
    pub fn case(&self, number: CaseNo) -> Option<&Case> {
        self.cases.get(number)
    }

    /// The open cases in order of their numbers.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().map(|(_, case)| case)
    }

    /// How many cases are open.
    pub fn open_cases(&self) -> usize {
        self.cases.len()
    }

    /// The number that the next case gets; every smaller one has been given.
    pub fn next_case(&self) -> CaseNo {
        self.next_case.max(1)
    }

    /// Requests that took effect, for repeats.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// The case that holds a unique value.
    pub fn claimed(&self, claim: &str) -> Option<CaseNo> {
        self.keys.get(claim).copied()
    }

    /// A case that is over and may still be asked about.
    pub fn closed(&self, number: CaseNo) -> Option<&ClosedCase> {
        self.closed.get(&number)
    }

    /// Every case that is over and may still be asked about, in order of their numbers.
    pub fn closed_cases(&self) -> impl Iterator<Item = (CaseNo, &ClosedCase)> {
        self.closed.iter().map(|(number, case)| (*number, case))
    }

    /// Commands of cases that are over which are still sent again or waited for: they undo what was done late. With the
    /// case, what is remembered of it, and the command's number.
    pub fn open_undos(&self) -> impl Iterator<Item = (CaseNo, &ClosedCase, CommandNo, &CommandState)> {
        self.timers.iter().filter_map(|(_, number, timer)| {
            let Timer::Command(command) = timer else { return None };
            let case = self.closed.get(number)?;
            Some((*number, case, *command, case.open_commands.get(command)?))
        })
    }

    /// The secrets of a case, if it has any.
    pub fn secrets(&self, number: CaseNo) -> Option<&Secrets> {
        self.secrets.get(&number)
    }

    /// Every case that has secrets.
    pub fn all_secrets(&self) -> impl Iterator<Item = (CaseNo, &Secrets)> {
        self.secrets.iter().map(|(number, secrets)| (*number, secrets))
    }

    /// The newest case of a chain with this business key, open or not yet forgotten.
    pub fn by_key(&self, chain: &Name, key: &Name) -> Option<CaseNo> {
        self.by_key.get(chain)?.get(key).copied()
    }

    /// A row that a chain has changed: the row as it is now, Some(None) where it was taken out, None where no chain
    /// has touched it.
    pub fn written(&self, table: &str, key: &str) -> Option<Option<&Fields>> {
        Some(self.written.get(table)?.get(key)?.as_ref())
    }

    /// Facts of a name that came for no case yet, oldest first.
    pub fn kept(&self, fact: &str) -> &[KeptFact] {
        self.kept.get(fact).map_or(&[], Vec::as_slice)
    }

    /// Every fact that came for no case yet, by name.
    pub fn all_kept(&self) -> impl Iterator<Item = (&Name, &[KeptFact])> {
        self.kept.iter().map(|(fact, kept)| (fact, kept.as_slice()))
    }

    /// How many facts came for no case yet.
    pub fn kept_count(&self) -> usize {
        self.kept_count
    }

    /// Whether a message of an adapter or a system took effect before.
    pub fn knows_message(&self, sender: &Name, message_id: &Name) -> bool {
        self.messages.knows(sender, message_id)
    }

    /// Chains that start by the calendar, by chain and start.
    pub fn periods(&self) -> &BTreeMap<(Name, u16), Period> {
        &self.periods
    }

    /// The timers of a case that are due at an instant, earliest first.
    pub fn due_of(&self, case: CaseNo, at: Timestamp) -> Option<(Timestamp, Timer)> {
        let own = self.cases.get(case)?.timers();
        own.filter(|(due, _)| *due <= at).min()
    }

    /// The earliest timer, whatever its case.
    pub fn next_timer(&self) -> Option<(Timestamp, CaseNo, Timer)> {
        self.timers.first().copied()
    }

    /// The first case whose open work a changed organisation may have moved.
    pub fn sweep(&self) -> Option<CaseNo> {
        self.sweep
    }

    /// Audit events that a system has caused in the minute of `at`.
    pub fn audits_in_minute(&self, system: &str, at: Timestamp) -> u32 {
        let minute = at.0.div_euclid(crate::time::MINUTE);
        self.audits.get(system).filter(|(m, _)| *m == minute).map_or(0, |(_, n)| *n)
    }

    /// The same rules and master data with these cases only, for a preview. Nothing is due in it.
    pub(crate) fn with_cases(&self, known: impl IntoIterator<Item = CaseNo>) -> State {
        let mut copy = State {
            head: self.head.clone(),
            definitions: self.definitions.clone(),
            next_case: self.next_case,
            written: self.written.clone(),
            accounts: self.accounts.clone(),
            adding: self.adding.clone(),
            living: self.living.clone(),
            ..State::default()
        };
        for number in known {
            let (chain, key) = match (self.cases.get(number), self.closed.get(&number)) {
                (Some(case), _) => (&case.chain, &case.key),
                (None, Some(case)) => (&case.chain, &case.key),
                (None, None) => continue,
            };
            if let Some(key) = key
                && self.by_key(chain, key) == Some(number)
            {
                copy.by_key.entry(chain.clone()).or_default().insert(key.clone(), number);
            }
            if let Some(case) = self.cases.get(number) {
                copy.cases.insert(number, Box::new(case.clone()));
            }
            copy.closed.extend(self.closed.get(&number).map(|case| (number, case.clone())));
        }
        copy
    }

    /// BLAKE3 of the whole state in its encoded form.
    pub fn hash(&self) -> [u8; 32] {
        struct Sink(blake3::Hasher);
        impl postcard::ser_flavors::Flavor for Sink {
            type Output = [u8; 32];
            fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
                self.0.update(&[byte]);
                Ok(())
            }
            fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
                self.0.update(bytes);
                Ok(())
            }
            fn finalize(self) -> postcard::Result<[u8; 32]> {
                Ok(self.0.finalize().into())
            }
        }
        // Serialising plain data into a hash has no way to fail; were there one, all hashes would differ visibly.
        postcard::serialize_with_flavor(self, Sink(blake3::Hasher::new())).unwrap_or_default()
    }
}
