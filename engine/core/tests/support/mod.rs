//! A company under test: compiled from the shipped demo company, moved by commands in virtual time.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod fee;
pub mod samples;

use std::path::Path;

use countersign_core::command::*;
use countersign_core::definition::{Definition, FORM};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::rejection::Rejection;
use countersign_core::state::{State, snapshot};
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, turn};
use countersign_core::value::Raw;

/// The demo company's definitions, compiled.
pub fn demo_definitions() -> Vec<Definition> {
    demo_definitions_and(&[])
}

/// The same with more files, by path and text.
pub fn demo_definitions_and(more: &[(&str, &str)]) -> Vec<Definition> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/contracts");
    let mut files = countersign_chain::load_dir(&dir).expect("the demo company can be read");
    let more = more.iter().map(|(path, text)| (path.to_string(), text.to_string()));
    files.extend(more.map(|(path, text)| countersign_chain::SourceFile { path, text }));
    let (bundle, diagnostics) = countersign_chain::compile(&files);
    let bundle = bundle.unwrap_or_else(|| panic!("the demo company does not compile: {diagnostics:#?}"));
    bundle.definitions.into_iter().map(|compiled| compiled.definition).collect()
}

/// State written as a snapshot and read again: the same, to the byte.
pub fn reloaded(state: &State) -> State {
    let pieces = pieces(state);
    let mut loader = snapshot::Loader::default();
    pieces.iter().for_each(|piece| loader.piece(piece).expect("a piece that was written is read"));
    let again = loader.finish().expect("all pieces are there");
    assert!(again == *state, "a snapshot gives another State");
    assert_eq!(again.hash(), state.hash());
    assert!(self::pieces(&again) == pieces, "a snapshot of what a snapshot gave differs");
    again
}

/// The pieces of a snapshot.
pub fn pieces(state: &State) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let taken = snapshot::write(state, |piece| {
        pieces.push(piece.to_vec());
        Ok::<(), std::convert::Infallible>(())
    });
    taken.expect("State encodes");
    pieces
}

/// A running company.
pub struct World {
    pub state: State,
    pub at: Timestamp,
    pub definitions: Vec<Definition>,
    pub frames: Vec<Frame>,
    serial: u64,
}

impl World {
    /// Founds a company with these definitions.
    pub fn new(definitions: Vec<Definition>, at: Timestamp) -> World {
        let mut world = World { state: State::default(), at, definitions, frames: Vec::new(), serial: 0 };
        let found = Body::Found { company: Name::from("yuanlan"), administrator: Name::from("H03") };
        world.operator(found).expect("a log begins");
        world.activate();
        world
    }

    /// Stores and activates the definitions as they are now, and sweeps open work.
    pub fn activate(&mut self) {
        let mut numbers = Vec::new();
        for definition in self.definitions.clone() {
            numbers.push(self.state.definitions().next_number());
            let stored = Stored {
                path: definition.name(),
                source: String::new(),
                sha256: [0; 32],
                form: FORM,
                compiled: definition.encode().expect("a definition encodes"),
            };
            self.operator(Body::Store(Box::new(stored))).expect("a definition is stored");
        }
        self.operator(Body::Activate { definitions: numbers }).expect("definitions are activated");
        self.sweep();
    }

    /// Acts on the organisation, as a file has them; then open work is swept.
    pub fn organise(&mut self, acts: &str) -> Result<(), Rejection> {
        let acts = self::acts(acts);
        let body = Body::Organise(Box::new(Organise { acts, reason: Name::from("as decided") }));
        self.request("H03", "process_owner", body)?;
        self.sweep();
        Ok(())
    }

    /// Puts open work where the organisation has it now.
    pub fn sweep(&mut self) {
        while self.state.sweep().is_some() {
            self.run(Cause::Timer { due: self.at }, Body::Sweep).expect("open work is swept");
        }
    }

    pub fn operator(&mut self, body: Body) -> Result<u64, Rejection> {
        self.run(Cause::Operator { os_user: Name::from("root") }, body)
    }

    /// A request of a system that may assert anything.
    pub fn request(&mut self, person: &str, position: &str, body: Body) -> Result<u64, Rejection> {
        self.serial += 1;
        let id = format!("r{}", self.serial);
        self.request_as(&id, person, position, body)
    }

    pub fn request_as(
        &mut self,
        id: &str,
        person: &str,
        position: &str,
        body: Body,
    ) -> Result<u64, Rejection> {
        let request = Request {
            system: Name::from("test"),
            request_id: Name::from(id),
            fingerprint: fingerprint(&body),
            sent_at: self.at,
            person: Name::from(person),
            position: Name::from(position),
            vouched_by: VouchedBy::Local,
        };
        self.run(Cause::Request(request), body)
    }

    /// Runs a command; the result is the sequence of the frame that tells its outcome.
    pub fn run(&mut self, cause: Cause, body: Body) -> Result<u64, Rejection> {
        let turned = turn(&mut self.state, &Command { at: self.at, cause, body });
        self.frames.extend(turned.frames);
        match turned.result {
            TurnResult::Done => Ok(self.state.head().sequence),
            TurnResult::Repeat(sequence) => Ok(sequence),
            TurnResult::Refused(rejection) => Err(rejection),
        }
    }

    /// Moves the clock; every timer fires at its own instant.
    pub fn clock(&mut self, to: Timestamp) {
        while let Some((due, case, timer)) = self.state.next_timer().filter(|(due, ..)| *due <= to) {
            self.at = self.at.max(due);
            self.run(Cause::Timer { due }, Body::Timer { case, timer }).expect("a timer that is due fires");
            self.sweep();
        }
        self.at = to;
    }

    /// The first holder of a position, or who acts for it.
    pub fn holder(&self, position: &str) -> String {
        let release = self.state.definitions().active().expect("definitions are active");
        let organisation = release.organisation().expect("an organisation is active");
        let post = organisation.positions.get(position).unwrap_or_else(|| panic!("no position {position}"));
        let acting = organisation.acting_holders(post, self.at);
        post.holders.first().or(acting.first()).map(ToString::to_string).unwrap_or_default()
    }

    /// The open task of a position.
    pub fn task_of(&self, case: CaseNo, position: &str) -> Option<(TaskNo, u32)> {
        let case = self.state.case(case)?;
        case.tasks().iter().find(|(_, task)| task.position == *position).map(|(no, task)| (*no, task.version))
    }

    pub fn answer(
        &self,
        case: CaseNo,
        task: (TaskNo, u32),
        verdict: Verdict,
        reason: Option<&str>,
    ) -> Answer {
        let content_hash = self.state.case(case).map(|c| *c.content_hash()).unwrap_or_default();
        let (task, version) = task;
        Answer {
            case,
            task,
            version,
            content_hash,
            verdict,
            reason: reason.map(Name::from),
            document: None,
            choice: None,
            fields: None,
        }
    }
}

/// Acts on the organisation as a file has them.
pub fn acts(text: &str) -> Vec<OrgAct> {
    let file = countersign_chain::SourceFile { path: "acts.yaml".to_owned(), text: text.to_owned() };
    let (acts, found) = countersign_chain::acts::read(&file);
    acts.unwrap_or_else(|| panic!("acts that cannot be read: {found:#?}"))
}

/// A digest of a body, as the shell would make one of the message.
pub fn fingerprint(body: &Body) -> [u8; 16] {
    let text = format!("{body:?}");
    let mut digest = [0_u8; 16];
    for (i, byte) in text.bytes().enumerate() {
        digest[i % 16] = digest[i % 16].wrapping_mul(31).wrapping_add(byte);
    }
    digest
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("not a time with a zone: {text}"))
}

pub fn text(text: &str) -> Raw {
    Raw::Text(text.to_owned())
}

pub fn number(number: impl ToString) -> Raw {
    Raw::Number(number.to_string())
}

pub fn record<const N: usize>(fields: [(&str, Raw); N]) -> Raw {
    Raw::Record(fields.into_iter().map(|(name, raw)| (name.to_owned(), raw)).collect())
}

/// A contract of one line. Its customer is of grade A, its terms are the grade's, its margin is comfortable.
pub fn contract(number: &str, qty: u32, price: &str) -> Raw {
    let price = record([("amount", text(price)), ("currency", text("CNY"))]);
    let line = record([("product", text("EB-P")), ("qty", self::number(qty)), ("price", price)]);
    record([
        ("contract_no", text(number)),
        ("order_no", text("SO-1")),
        ("customer", text("CU-JS-002")),
        ("lines", Raw::List(vec![line])),
        ("days", self::number(60)),
        ("prepay", text("0%")),
        ("deliver_in", self::number(30)),
    ])
}
