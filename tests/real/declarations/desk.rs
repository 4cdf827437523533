//! The engine of the university on a simulated disk, in virtual time: each act of the record is said to it as a person
//! or a system would say it.

use std::path::Path;
use std::sync::Arc;

use countersign_core::command::{
    Answer, Body, CaseNo, Cause, ContentHash, Request, TaskNo, Verdict, VouchedBy,
};
use countersign_core::name::Name;
use countersign_core::rejection::Rejection;
use countersign_core::time::Timestamp;
use countersign_core::value::Raw;
use countersign_journal::Geometry;
use countersign_journal::sim::SimDisk;
use countersign_runtime::{Engine, EngineOptions, Incoming, ManualClock, OnFatal, ReplyResult, ViewsAt};
use countersign_server::setup;

use crate::record::{Act, Role, Row};

/// The engine and its clock.
pub(crate) struct Desk {
    engine: Engine,
    clock: ManualClock,
    at: Timestamp,
    serial: u64,
}

/// A declaration as somebody sees it who is about to act on it.
struct Seen {
    case: CaseNo,
    /// It is back with its employee, who has not taken it up yet.
    is_back: bool,
    /// What the post is asked now; otherwise the last that the case has asked anybody.
    task: TaskNo,
    version: u32,
    hash: ContentHash,
}

/// What became of an act.
#[derive(Debug)]
pub(crate) enum Became {
    Done,
    Refused(Rejection),
    /// A message that no declaration waits for.
    Kept,
}

impl Desk {
    /// Founds the university shortly before the first act.
    pub(crate) fn found(first: Timestamp) -> Desk {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/university");
        let compiled = setup::read(&files).expect("the university's rules compile");
        let begin = first.plus(-60_000);
        let (disk, clock) = (SimDisk::new(1), ManualClock::new(begin));
        let options = || EngineOptions {
            on_fatal: OnFatal::Stop,
            views: ViewsAt::Off,
            geometry: Geometry { segment_bytes: 4 << 20, group_bytes_max: 264 * 1024 },
            clock: Arc::new(clock.clone()),
            ..EngineOptions::storage(disk.storage())
        };
        setup::init_with(options(), &compiled, "U06", "root").expect("a company is founded");
        let (engine, _) = Engine::open(options()).expect("it starts");
        Desk { engine, clock, at: begin, serial: 0 }
    }

    /// Time goes on; what is due happens.
    pub(crate) fn until(&mut self, at: Timestamp) {
        if at > self.at {
            self.clock.advance_to(at);
            self.at = at;
            self.engine.handle().settle_blocking().expect("the engine runs");
        }
    }

    fn say(&mut self, system: &str, (person, position): (&str, &str), body: Body) -> Became {
        self.serial += 1;
        let cause = Cause::Request(Request {
            system: Name::from(system),
            request_id: Name::from(format!("r-{}", self.serial)),
            fingerprint: u128::from(self.serial).to_le_bytes(),
            sent_at: self.at,
            person: Name::from(person),
            position: Name::from(position),
            vouched_by: VouchedBy::Local,
        });
        let reply = self.engine.handle().command_blocking(Incoming { cause, body }).expect("the engine runs");
        match reply.result {
            ReplyResult::Accepted(receipt) if receipt.kept => Became::Kept,
            ReplyResult::Accepted(_) => Became::Done,
            ReplyResult::Refused(why) => Became::Refused(why),
        }
    }

    fn case(&self, declaration: &str) -> Option<CaseNo> {
        let key = Name::from(declaration);
        self.read(move |state| state.by_key(&Name::from("travel-declaration"), &key))
    }

    fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&countersign_core::state::State) -> T + Send + 'static,
    ) -> T {
        self.engine.handle().read_blocking(look).expect("the engine runs").0
    }

    /// What a post sees of a declaration, in one look. None: it was never submitted, or is forgotten.
    fn look(&self, declaration: &str, post: &'static str) -> Option<Seen> {
        let key = Name::from(declaration);
        self.read(move |state| {
            let number = state.by_key(&Name::from("travel-declaration"), &key)?;
            let is_back = state.stands_in(number).is_some_and(|(name, _)| name == "rejected");
            let over = Seen { case: number, is_back, task: 1, version: 1, hash: [0; 32] };
            let Some(case) = state.case(number) else { return Some(over) };
            let own = case.tasks().iter().find(|(_, task)| task.position == post);
            let last = case.next_task().saturating_sub(1).max(1);
            let (task, version) = own.map_or((last, 1), |(task, of)| (*task, of.version));
            Some(Seen { task, version, hash: *case.content_hash(), ..over })
        })
    }

    fn decide(&mut self, seen: &Seen, role: Role, (verdict, choice): (Verdict, Option<&str>)) -> Became {
        let (person, post) = holder(role);
        let choice = choice.map(Name::from);
        let answer = Answer {
            case: seen.case,
            task: seen.task,
            version: seen.version,
            content_hash: seen.hash,
            verdict,
            reason: (verdict == Verdict::Reject).then(|| Name::from("as recorded")),
            document: None,
            fields: choice.is_some().then(|| Raw::Record(Default::default())),
            choice,
        };
        self.say("desk", (person, post), Body::Decide(answer))
    }

    /// Says an act. `after` is what the record has of the same declaration from then on: the optional steps of a round
    /// are flags of the document, and who rejects a declaration of his own and never submits it again gives it up.
    pub(crate) fn act(&mut self, row: &Row, after: &[Act]) -> Became {
        let role = match row.act {
            Act::Saved => return Became::Done,
            Act::PaymentRequested => return self.pay("payment.requested", row),
            Act::PaymentHandled => return self.pay("payment.handled", row),
            Act::Submitted => Role::Employee,
            Act::Approved(role) | Act::Rejected(role) => role,
        };
        match (row.act, self.look(&row.case, holder(role).1)) {
            (Act::Submitted, None) => {
                let body = Body::Submit {
                    chain: Name::from("travel-declaration"),
                    document: document(row, after),
                    addressee: None,
                };
                self.say("desk", holder(Role::Employee), body)
            }
            (Act::Submitted, Some(seen)) => {
                // Handed in again without having been taken up: it is both.
                if seen.is_back {
                    let taken = self.decide(&seen, Role::Employee, (Verdict::Choose, Some("take-up")));
                    assert!(matches!(taken, Became::Done), "{}: {taken:?}", row.case);
                }
                let body = Body::Resubmit { case: seen.case, document: document(row, after) };
                self.say("desk", holder(Role::Employee), body)
            }
            (Act::Rejected(Role::Employee), Some(seen)) if seen.is_back => {
                let choice = if after.contains(&Act::Submitted) { "take-up" } else { "give-up" };
                self.decide(&seen, Role::Employee, (Verdict::Choose, Some(choice)))
            }
            (Act::Rejected(_), Some(seen)) => self.decide(&seen, role, (Verdict::Reject, None)),
            (_, Some(seen)) => self.decide(&seen, role, (Verdict::Approve, None)),
            (_, None) => {
                let seen = Seen { case: CaseNo::MAX, is_back: false, task: 1, version: 1, hash: [0; 32] };
                self.decide(&seen, role, (Verdict::Approve, None))
            }
        }
    }

    fn pay(&mut self, fact: &str, row: &Row) -> Became {
        let data = [("declaration_no".to_owned(), Raw::Text(row.case.as_str().into()))];
        let message_id = Name::from(format!("m-{}", self.serial + 1));
        let body =
            Body::Fact { fact: Name::from(fact), message_id, data: Raw::Record(data.into_iter().collect()) };
        self.say("payroll", ("", ""), body)
    }

    /// In which state or end each declaration stands.
    pub(crate) fn stands(&self, declaration: &str) -> Option<String> {
        let case = self.case(declaration)?;
        self.read(move |state| state.stands_in(case).map(|(name, _)| name.to_string()))
    }

    /// How many frames the log has.
    pub(crate) fn sequence(&self) -> u64 {
        self.read(|state| state.head().sequence)
    }
}

fn holder(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Employee => ("U03", "employee"),
        Role::Administration => ("U06", "administration"),
        Role::PreApprover => ("U05", "pre_approver"),
        Role::BudgetOwner => ("U04", "budget_owner"),
        Role::Supervisor => ("U02", "supervisor"),
        Role::Missing => ("U99", "missing"),
    }
}

fn document(row: &Row, after: &[Act]) -> Raw {
    let steps = crate::record::steps(after);
    let flag = |role| Raw::Flag(steps.contains(&role));
    let amount = [("amount", row.amount.to_string()), ("currency", "EUR".to_owned())];
    let amount =
        Raw::Record(amount.into_iter().map(|(name, text)| (name.to_owned(), Raw::Text(text))).collect());
    let fields = [
        ("declaration_no", Raw::Text(row.case.as_str().into())),
        ("budget", Raw::Text(row.budget.as_str().into())),
        ("amount", amount),
        ("by_administration", flag(Role::Administration)),
        ("by_pre_approver", flag(Role::PreApprover)),
        ("by_budget_owner", flag(Role::BudgetOwner)),
    ];
    Raw::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
