//! A small company whose chains deal with other systems and with one another. Definitions are written out by hand;
//! every frame is encoded, decoded and folded, and State must be that fold after each step.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test uses its part")]

pub mod define;

use countersign_core::command::*;
use countersign_core::definition::Definition;
use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::rejection::Rejection;
use countersign_core::state::{Case, State, apply_frame};
use countersign_core::time::Timestamp;
use countersign_core::value::{Raw, Value};

use crate::support::World;
pub use crate::support::{at, number, record, text};

/// The first instant of every run: 2025-04-21 is a Monday.
pub const START: &str = "2025-04-21T09:00+08:00";

/// A running company, and the fold of its log.
pub struct Run {
    pub world: World,
    folded: State,
    seen: usize,
}

impl Run {
    /// Founds the small company with these definitions of its own.
    pub fn new(own: Vec<Definition>) -> Run {
        Run::of(define::company().into_iter().chain(own).collect())
    }

    /// Founds a company with these definitions and no others.
    pub fn of(definitions: Vec<Definition>) -> Run {
        let mut run = Run { world: World::new(definitions, at(START)), folded: State::default(), seen: 0 };
        run.check();
        run
    }

    /// After every step State equals the fold of the log, whose frames survive their encoding.
    pub fn check(&mut self) {
        for frame in &self.world.frames[self.seen..] {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes).expect("a frame encodes");
            let decoded = Frame::decode(&bytes).expect("an encoded frame decodes");
            assert_eq!(&decoded, frame);
            apply_frame(&mut self.folded, &decoded);
        }
        self.seen = self.world.frames.len();
        assert_eq!(self.folded, self.world.state, "State is not the fold of its log");
        assert_eq!(self.folded.hash(), self.world.state.hash());
        // What a snapshot gave goes on as the fold does; often enough to be anywhere, not so often as to take long.
        if self.seen.is_multiple_of(11) {
            self.folded = crate::support::reloaded(&self.folded);
        }
    }

    fn checked<T>(&mut self, result: Result<T, Rejection>) -> Result<T, String> {
        self.check();
        result.map_err(|rejection| rejection.code.as_str().to_owned())
    }

    /// A person of a position wants something. The error is the refusal's code.
    pub fn request(&mut self, position: &str, body: Body) -> Result<u64, String> {
        let person = self.world.holder(position);
        let result = self.world.request(&person, position, body);
        self.checked(result)
    }

    /// Hands a document in; gives the case.
    pub fn submit(&mut self, position: &str, chain: &str, document: Raw) -> Result<CaseNo, String> {
        let number = self.world.state.next_case();
        let body = Body::Submit { chain: Name::from(chain), document, addressee: None };
        self.request(position, body).map(|_| number)
    }

    pub fn resubmit(&mut self, position: &str, case: CaseNo, document: Raw) -> Result<u64, String> {
        self.request(position, Body::Resubmit { case, document })
    }

    pub fn withdraw(&mut self, position: &str, case: CaseNo) -> Result<u64, String> {
        self.request(position, Body::Withdraw { case, reason: None })
    }

    /// A person asks a case for one of its `anytime` entries.
    pub fn ask(&mut self, position: &str, case: CaseNo, entry: &str, with: Raw) -> Result<u64, String> {
        let (entry, reason) = (Name::from(entry), Name::from("so it must be"));
        self.request(position, Body::Ask { case, entry, with, reason })
    }

    /// The open task of a position is answered.
    pub fn decide(&mut self, case: CaseNo, position: &str, verdict: Verdict) -> Result<u64, String> {
        self.answer(case, position, verdict, |_| {})
    }

    /// The same, with more to it: a choice, fields, a reason.
    pub fn answer(
        &mut self,
        case: CaseNo,
        position: &str,
        verdict: Verdict,
        more: impl FnOnce(&mut Answer),
    ) -> Result<u64, String> {
        let task = self.world.task_of(case, position);
        let task =
            task.unwrap_or_else(|| panic!("{position} has no task in case {case}: {}", self.story(case)));
        let mut answer = self.world.answer(case, task, verdict, Some("seen"));
        more(&mut answer);
        self.request(position, Body::Decide(answer))
    }

    /// An adapter reports a fact.
    pub fn report(&mut self, fact: &str, id: &str, data: Raw) -> Result<u64, String> {
        let adapter = Name::from(fact.split('.').next().expect("a fact names its adapter"));
        let cause = Cause::Fact { adapter, message_id: Name::from(id) };
        let body = Body::Fact { fact: Name::from(fact), message_id: Name::from(id), data };
        let result = self.world.run(cause, body);
        self.checked(result)
    }

    /// An adapter answers the command of a case. `code` only with `refused`.
    pub fn reply(
        &mut self,
        (case, command): (CaseNo, CommandNo),
        id: &str,
        (word, code): (&str, Option<&str>),
        fields: Raw,
    ) -> Result<u64, String> {
        let given = self.world.state.case(case).and_then(Case::outward);
        let given = given.and_then(|outward| outward.commands.get(&command));
        let adapter = given.and_then(|given| given.verb.split('.').next()).unwrap_or("erp");
        let adapter = Name::from(adapter);
        self.reply_as(&adapter, (case, command), id, (word, code), fields)
    }

    /// The same by a named adapter.
    pub fn reply_as(
        &mut self,
        adapter: &str,
        (case, command): (CaseNo, CommandNo),
        id: &str,
        (word, code): (&str, Option<&str>),
        fields: Raw,
    ) -> Result<u64, String> {
        let command_id = Name::from(format!("C-{case}.state.{command}"));
        let cause = Cause::Answer { adapter: Name::from(adapter), command_id, reply_id: Name::from(id) };
        let (word, code) = (Name::from(word), code.map(Name::from));
        let body = Body::Answered(Answered { case, command, word, code, message: None, fields });
        let result = self.world.run(cause, body);
        self.checked(result)
    }

    /// An operator steps in.
    pub fn operate(&mut self, case: CaseNo, act: Operation) -> Result<u64, String> {
        let result = self.world.operator(Body::Operate { case, act, reason: Name::from("as agreed") });
        self.checked(result)
    }

    /// Time passes; every timer fires at its own instant, State is checked after each.
    pub fn wait_until(&mut self, to: Timestamp) {
        while let Some((due, case, timer)) = self.world.state.next_timer().filter(|(due, ..)| *due <= to) {
            self.world.at = self.world.at.max(due);
            let fired = self.world.run(Cause::Timer { due }, Body::Timer { case, timer });
            fired.unwrap_or_else(|why| {
                panic!("timer {timer:?} of case {case} is due and does not fire: {why}")
            });
            self.check();
        }
        self.world.at = to;
    }

    /// So many milliseconds pass.
    pub fn wait(&mut self, ms: i64) {
        self.wait_until(self.world.at.plus(ms));
    }

    pub fn case(&self, case: CaseNo) -> &Case {
        self.world.state.case(case).unwrap_or_else(|| panic!("case {case} is not open: {}", self.story(case)))
    }

    /// The state or end that a case stands in.
    pub fn stands(&self, case: CaseNo) -> String {
        let stands = self.world.state.stands_in(case);
        stands.map_or_else(|| "nowhere".to_owned(), |(name, _)| name.to_string())
    }

    /// Why a case is held.
    pub fn held(&self, case: CaseNo) -> String {
        match self.case(case).stage() {
            countersign_core::state::Stage::Held { code, .. } => code.to_string(),
            other => panic!("case {case} is not held, it is {other:?}"),
        }
    }

    /// A fact of a case, open or over.
    pub fn fact(&self, case: CaseNo, name: &str) -> Value {
        let part = countersign_core::expr::CasePart::Fact(vec![Name::from(name)]);
        self.world.state.case_part(case, &part).unwrap_or(Value::Missing)
    }

    /// The events of a case.
    pub fn events(&self, case: CaseNo) -> Vec<&Event> {
        let all = self.world.frames.iter().flat_map(|frame| &frame.events);
        all.filter(|event| event.case() == Some(case)).collect()
    }

    /// What happened to a case, for a failed test.
    pub fn story(&self, case: CaseNo) -> String {
        let lines = self.events(case).into_iter().map(|event| format!("\n  {event:?}"));
        lines.collect()
    }

    /// The names of the events of the last frame.
    pub fn last(&self) -> Vec<&'static str> {
        self.world
            .frames
            .last()
            .map(|frame| frame.events.iter().map(Event::name).collect())
            .unwrap_or_default()
    }

    /// The last frame.
    pub fn frame(&self) -> &Frame {
        self.world.frames.last().expect("a frame")
    }
}
