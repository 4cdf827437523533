//! Runs engine and model side by side on the same commands, and compares them after each.

use std::collections::BTreeMap;

use countersign_core::command::*;
use countersign_core::definition::{Definition, Duty, FORM};
use countersign_core::event::Event;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::state::{Stage, State};
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, Turned, turn};
use countersign_core::value::Raw;

use super::case::{Place, Signature};
use super::company::{Policy, START, definitions};
use super::generator::Generator;
use super::judge::{Asked, Company, Prediction};
use super::order::{Decide, Fault, Order, Verb};
use super::principles::Principles;
use super::route::{Document, Mistake};

/// What a run was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub commands: usize,
    pub accepted: usize,
    pub verdicts: BTreeMap<&'static str, usize>,
    pub verbs: BTreeMap<&'static str, usize>,
    pub refusals: BTreeMap<String, usize>,
    pub ends: BTreeMap<String, usize>,
    pub holds: BTreeMap<String, usize>,
    pub events: BTreeMap<&'static str, usize>,
}

impl Tally {
    pub fn add(&mut self, other: &Tally) {
        self.commands += other.commands;
        self.accepted += other.accepted;
        sum(&mut self.verdicts, &other.verdicts);
        sum(&mut self.verbs, &other.verbs);
        sum(&mut self.refusals, &other.refusals);
        sum(&mut self.ends, &other.ends);
        sum(&mut self.holds, &other.holds);
        sum(&mut self.events, &other.events);
    }
}

fn sum<K: Ord + Clone>(into: &mut BTreeMap<K, usize>, from: &BTreeMap<K, usize>) {
    for (key, count) in from {
        *into.entry(key.clone()).or_default() += count;
    }
}

pub struct Run {
    pub model: Company,
    pub state: State,
    pub generator: Generator,
    pub at: Timestamp,
    pub tally: Tally,
    frames: Vec<(String, Frame)>,
    ends: BTreeMap<CaseNo, String>,
    principles: Principles,
}

type Step = Result<(), String>;

impl Run {
    pub fn new(seed: u64, policy: Policy, mistake: Mistake) -> Run {
        let definitions = definitions(policy, seed);
        let mut run = Run {
            model: Company::new(&definitions, mistake),
            state: State::default(),
            generator: Generator::new(seed),
            at: START,
            tally: Tally::default(),
            frames: Vec::new(),
            ends: BTreeMap::new(),
            principles: Principles::default(),
        };
        found(&mut run.state, &definitions, run.at);
        run
    }

    /// One command, and now and then the clock.
    pub fn step(&mut self) -> Step {
        let pause = match self.generator.random.below(200) {
            0 => 40 * 60_000,
            1 => 3 * 3_600_000,
            _ => self.generator.random.below(3_000) as i64,
        };
        self.at = self.at.plus(pause);
        self.fire_timers()?;
        let order = self.generator.order(&self.model, self.at);
        self.tally.commands += 1;
        self.command(&order)
    }

    fn fire_timers(&mut self) -> Step {
        while let Some((due, case, timer)) = self.state.next_timer().filter(|(due, ..)| *due <= self.at) {
            let command =
                Command { at: self.at, cause: Cause::Timer { due }, body: Body::Timer { case, timer } };
            let turned = turn(&mut self.state, &command);
            if turned.result != TurnResult::Done {
                return Err(format!("a timer that was due was refused: {:?}", turned.result));
            }
            self.keep(format!("timer {timer:?}"), turned)?;
        }
        for case in self.model.clock(self.at) {
            self.compare(case)?;
        }
        Ok(())
    }

    fn command(&mut self, order: &Order) -> Step {
        let expected = self.model.predict(order);
        let command = self.spoken(order);
        let turned = turn(&mut self.state, &command);
        let found = match &turned.result {
            TurnResult::Done => Prediction::Accept,
            TurnResult::Repeat(_) => Prediction::Repeat,
            TurnResult::Refused(rejection) => Prediction::Refuse(rejection.code.clone()),
        };
        let detail = match &turned.result {
            TurnResult::Refused(rejection) => rejection.message.clone(),
            _ => String::new(),
        };
        let audited = matches!(&turned.result, TurnResult::Refused(_))
            && turned.frames.last().is_some_and(|f| f.outcome != Outcome::Accepted);
        self.keep(format!("{order:?}"), turned)?;
        if found != expected {
            let mut told = order.case().map(|c| self.story(c)).unwrap_or_default();
            if let Verb::Submit { document, .. } = &order.verb {
                for case in (1..=self.model.stories.len() as u64)
                    .filter(|c| self.model.view(*c).is_some_and(|v| v.document.number == document.number))
                {
                    told += &format!("  same number: {}", self.story(case));
                }
            }
            return Err(format!(
                "{told}\n  command: {order:?}\n  the model expects {expected:?}, the engine says {found:?} {detail}"
            ));
        }
        self.count(order, &found);
        if audited {
            self.model.remember(order);
        }
        if found != Prediction::Accept {
            return Ok(());
        }
        let case = self.model.record(order);
        if case == 0 {
            // A fact that is kept is no case's yet.
            let found = self.state.kept_count();
            let expected = self.model.kept.len();
            let differ = || format!("  the model keeps {expected} facts, the engine {found}");
            return if expected == found { Ok(()) } else { Err(differ()) };
        }
        self.compare(case).map_err(|error| format!("{error}\n  after: {order:?}"))
    }

    fn count(&mut self, order: &Order, found: &Prediction) {
        match (found, &order.verb) {
            (Prediction::Refuse(code), _) => {
                *self.tally.refusals.entry(code.to_string()).or_default() += 1;
            }
            (Prediction::Repeat, _) => *self.tally.verbs.entry("repeat").or_default() += 1,
            (Prediction::Accept, verb) => {
                self.tally.accepted += 1;
                let word = match verb {
                    Verb::Submit { .. } => "submit",
                    Verb::Resubmit { .. } => "resubmit",
                    Verb::Amend { .. } => "amend",
                    Verb::Decide(_) => "decide",
                    Verb::Withdraw { .. } => "withdraw",
                    Verb::ReferUp { .. } => "refer-up",
                    Verb::Fact { .. } => "fact",
                };
                *self.tally.verbs.entry(word).or_default() += 1;
                if let Verb::Decide(decide) = verb {
                    *self.tally.verdicts.entry(decide.verdict.word()).or_default() += 1;
                }
            }
        }
    }

    fn keep(&mut self, said: String, turned: Turned) -> Step {
        for frame in turned.frames {
            for event in &frame.events {
                *self.tally.events.entry(event.name()).or_default() += 1;
                let end = match event {
                    Event::CaseEnded(e) => {
                        let code = e.code.as_ref().map(|c| format!(" {c}")).unwrap_or_default();
                        Some((e.case, format!("ended {}{code}", e.end)))
                    }
                    Event::CaseWithdrawn(e) => Some((e.case, "withdrawn".to_owned())),
                    Event::CaseHeld(e) => {
                        *self.tally.holds.entry(e.code.to_string()).or_default() += 1;
                        None
                    }
                    _ => None,
                };
                if let Some((case, end)) = end {
                    *self.tally.ends.entry(end.clone()).or_default() += 1;
                    self.ends.insert(case, end);
                }
            }
            let holds = self.principles.take(&frame, &self.state);
            self.frames.push((said.clone(), frame));
            holds.map_err(|error| format!("{error}\n  after: {said}"))?;
        }
        Ok(())
    }

    /// The story of a case: its commands and events.
    pub fn story(&self, case: CaseNo) -> String {
        let mut told = String::new();
        for (said, frame) in &self.frames {
            let events: Vec<&Event> = frame.events.iter().filter(|e| e.case() == Some(case)).collect();
            if events.is_empty() {
                continue;
            }
            told += &format!("  {} {said}\n", frame.at);
            if let Outcome::Refused { code, .. } = &frame.outcome {
                told += &format!("      refused {code}\n");
            }
            for event in events {
                told += &format!("      {event:?}\n");
            }
        }
        told
    }

    /// The command as the engine hears it.
    fn spoken(&self, order: &Order) -> Command {
        let body = match &order.verb {
            Verb::Submit { chain, document, fault, addressee } => Body::Submit {
                chain: chain.clone(),
                document: raw(document, *fault),
                addressee: addressee.clone(),
            },
            Verb::Resubmit { case, document, fault } => {
                Body::Resubmit { case: *case, document: raw(document, *fault) }
            }
            Verb::Amend { case, document, fault, reason } => Body::Amend {
                case: *case,
                document: raw(document, *fault),
                reason: Name::from(if *reason { "the customer wants it so" } else { "" }),
            },
            Verb::Withdraw { case } => Body::Withdraw { case: *case, reason: None },
            Verb::ReferUp { case, task, stale, reason } => Body::ReferUp {
                case: *case,
                task: *task,
                version: self.version(*case, *task) + u32::from(*stale),
                reason: Name::from(*reason),
            },
            Verb::Fact { fact, number } => Body::Fact {
                fact: Name::from(*fact),
                message_id: order.request_id.clone(),
                data: Raw::Record(BTreeMap::from([("number".to_owned(), Raw::Text(number.clone()))])),
            },
            Verb::Decide(decide) => Body::Decide(self.answer(decide)),
        };
        let request = Request {
            system: order.system.clone(),
            request_id: order.request_id.clone(),
            fingerprint: digest(&order.fingerprint()),
            sent_at: order.sent_at,
            person: order.person.clone(),
            position: order.position.clone(),
            vouched_by: VouchedBy::System,
        };
        Command { at: order.at, cause: Cause::Request(request), body }
    }

    fn version(&self, case: CaseNo, task: TaskNo) -> u32 {
        self.state.case(case).and_then(|c| c.tasks().get(&task)).map_or(1, |t| t.version)
    }

    fn answer(&self, decide: &Decide) -> Answer {
        let mut content_hash = self.state.case(decide.case).map(|c| *c.content_hash()).unwrap_or_default();
        if decide.other_content {
            content_hash[7] ^= 1;
        }
        Answer {
            case: decide.case,
            task: decide.task,
            version: self.version(decide.case, decide.task) + u32::from(decide.stale),
            content_hash,
            verdict: decide.verdict,
            reason: decide.reason.map(Name::from),
            document: decide.document.as_ref().map(|(document, fault)| raw(document, *fault)),
            choice: None,
            fields: None,
        }
    }

    /// Compares everything that can be seen of a case.
    fn compare(&mut self, case: CaseNo) -> Step {
        self.number_questions(case);
        let expected = self.expected(case);
        let found = self.found(case);
        if expected == found {
            return Ok(());
        }
        Err(format!(
            "case {case}:\n{}  the model expects {expected:?}\n  the engine has    {found:?}",
            self.story(case)
        ))
    }

    /// Gives the model's new questions the numbers that the engine gave them, where it asked the same.
    fn number_questions(&mut self, case: CaseNo) {
        let index = case as usize - 1;
        let view = &self.model.views[index];
        let questions = view.questions(&self.model.rules);
        let asked = &mut self.model.asked[index];
        for old in asked.values_mut() {
            let now = questions.iter().find(|q| q.slot == old.question.slot && old.entry == view.entries);
            old.open = now.is_some();
            if let Some(now) = now {
                old.question = now.clone();
            }
        }
        let tasks = self.state.case(case).map(|c| c.tasks().clone()).unwrap_or_default();
        for question in questions {
            let known = asked.values().any(|a| a.open && a.question.slot == question.slot);
            let fits = |no: &TaskNo, position: &Name, duty: Duty| {
                !asked.contains_key(no) && *position == question.position && duty == question.duty
            };
            let task = tasks.iter().find(|(no, t)| fits(no, &t.position, t.duty)).map(|(no, _)| *no);
            if let (false, Some(task)) = (known, task) {
                asked.insert(task, Asked { entry: view.entries, question, open: true });
            }
        }
    }

    fn expected(&self, case: CaseNo) -> Seen {
        let view = &self.model.views[case as usize - 1];
        let place = match &view.place {
            Place::People { .. } | Place::Wait { .. } => {
                self.model.state_name(case).map(|n| n.to_string()).unwrap_or_default()
            }
            Place::Draft => "draft".to_owned(),
            Place::Ended { end, code } => {
                format!("ended {end}{}", code.map(|c| format!(" {c}")).unwrap_or_default())
            }
            Place::Withdrawn => "withdrawn".to_owned(),
            Place::Held(code) => format!("held {code}"),
        };
        if !self.model.is_open(case) {
            return Seen { place, ..Seen::default() };
        }
        let mut waiting: Vec<(Name, Duty)> = Vec::new();
        for question in view.questions(&self.model.rules) {
            waiting.push((question.position, question.duty));
        }
        waiting.sort();
        let asked = self.model.asked[case as usize - 1].iter().filter(|(_, a)| a.open);
        Seen {
            place,
            waiting,
            asked: asked.map(|(no, a)| (*no, a.question.position.clone())).collect(),
            revision: view.revision,
            returns: view.returns,
            signatures: view.signatures.iter().map(line).collect(),
        }
    }

    fn found(&self, number: CaseNo) -> Seen {
        let Some(case) = self.state.case(number) else {
            let place = self.ends.get(&number).cloned().unwrap_or_default();
            return Seen { place, ..Seen::default() };
        };
        let release = self.state.definitions().release(case.release());
        let chain = release.and_then(|r| r.chain(case.chain()));
        let state = chain.zip(case.state()).and_then(|(c, s)| c.states.get(usize::from(s)));
        let place = match case.stage() {
            Stage::Draft => "draft".to_owned(),
            Stage::Held { code, .. } => format!("held {code}"),
            Stage::Entering(_) | Stage::Leaving { .. } | Stage::Working { .. } => "on its way".to_owned(),
            _ => state.map(|s| s.name.to_string()).unwrap_or_default(),
        };
        let mut waiting: Vec<(Name, Duty)> =
            case.tasks().values().map(|t| (t.position.clone(), t.duty)).collect();
        waiting.sort();
        let sign = |s: &countersign_core::state::Signature| Signature {
            state: s.state.clone(),
            position: s.position.clone(),
            duty: s.duty,
            person: s.person.clone(),
            verdict: s.verdict,
            void: s.void,
            review: s.counts_as_review,
            revision: s.revision,
            given: (0, 0),
        };
        Seen {
            place,
            waiting,
            asked: case.tasks().iter().map(|(no, t)| (*no, t.position.clone())).collect(),
            revision: case.revision(),
            returns: case.returns(),
            signatures: case.signatures().iter().map(|s| line(&sign(s))).collect(),
        }
    }
}

/// What can be seen of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    place: String,
    waiting: Vec<(Name, Duty)>,
    asked: Vec<(TaskNo, Name)>,
    revision: u32,
    returns: u32,
    signatures: Vec<String>,
}

fn line(s: &Signature) -> String {
    let void = if s.void { " void" } else { "" };
    let review = if s.review { " as a review" } else { "" };
    format!("{} {:?} {} of {}: {}{review}{void}", s.state, s.duty, s.person, s.position, s.verdict.word())
}

/// Founds a company and makes its definitions hold.
pub fn found(state: &mut State, definitions: &[Definition], at: Timestamp) -> Vec<Frame> {
    let administrator = Name::from("A1");
    let mut frames = operator(state, at, Body::Found { company: Name::from("model"), administrator });
    frames.extend(activate(state, definitions, at));
    frames
}

/// Stores definitions and makes them the active ones.
pub fn activate(state: &mut State, definitions: &[Definition], at: Timestamp) -> Vec<Frame> {
    let (mut numbers, mut frames) = (Vec::new(), Vec::new());
    for definition in definitions {
        numbers.push(state.definitions().next_number());
        let stored = Stored {
            path: definition.name(),
            source: String::new(),
            sha256: [0; 32],
            form: FORM,
            compiled: definition.encode().expect("a definition encodes"),
        };
        frames.extend(operator(state, at, Body::Store(Box::new(stored))));
    }
    frames.extend(operator(state, at, Body::Activate { definitions: numbers }));
    frames
}

fn operator(state: &mut State, at: Timestamp, body: Body) -> Vec<Frame> {
    let command = Command { at, cause: Cause::Operator { os_user: Name::from("root") }, body };
    let turned = turn(state, &command);
    assert_eq!(turned.result, TurnResult::Done, "an operator's command takes effect");
    turned.frames
}

pub fn digest(text: &str) -> [u8; 16] {
    let mut digest = [7_u8; 16];
    for (i, byte) in text.bytes().enumerate() {
        let at = i % 16;
        digest[at] = digest[at].wrapping_mul(31).wrapping_add(byte).rotate_left(1);
    }
    digest
}

/// The document as it is sent, with its fault.
pub fn raw(document: &Document, fault: Fault) -> Raw {
    let text = |t: &str| Raw::Text(t.to_owned());
    let money = |amount: String, currency: &str| {
        let parts = [("amount".to_owned(), Raw::Text(amount)), ("currency".to_owned(), text(currency))];
        Raw::Record(BTreeMap::from(parts))
    };
    let total = money(format!("{:.2}", document.total), "CNY");
    let mut fields = BTreeMap::from([
        ("number".to_owned(), text(&document.number)),
        ("total".to_owned(), total),
        ("customer".to_owned(), text(&document.customer)),
        ("note".to_owned(), text(&document.note)),
        ("urgent".to_owned(), Raw::Flag(document.urgent)),
    ]);
    match fault {
        Fault::None => {}
        Fault::UnknownField => drop(fields.insert("colour".into(), text("red"))),
        Fault::MissingField => drop(fields.remove("customer")),
        Fault::WrongType => drop(fields.insert("urgent".into(), text("very"))),
        Fault::TooManyDigits => drop(fields.insert("total".into(), money("1.005".into(), "CNY"))),
        Fault::WrongComputed => drop(fields.insert("double".into(), money("0.01".into(), "CNY"))),
        Fault::OtherCurrency => drop(fields.insert("total".into(), money("1.00".into(), "EUR"))),
    }
    Raw::Record(fields)
}
