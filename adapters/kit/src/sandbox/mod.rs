//! Sandboxes: back offices that are none. They keep books in memory, follow a few plain rules, and can be told to
//! misbehave. For demonstrations and tests; nothing in the world is changed by them.
//!
//! The core is synchronous: [`Sandbox::answer`] and [`Sandbox::news`] need no runtime and take the time as an argument.
//! [`Office`] makes a [`BackOffice`](crate::BackOffice) of it, [`serve`] an HTTP server, so that the whole way from a
//! command to a reply over HTTP can be tried on the loopback interface.

mod desk;
mod fault;
mod http;
mod office;

use std::collections::{BTreeMap, VecDeque};

use countersign_messages::{AdapterAnswer, AdapterFact, CommandId, Document, Name, Outcome, Subject, Token};
use jiff::tz::Offset;
use serde_json::Value;

use crate::declare::{Declaration, Refuses};
use crate::time::{Moment, wire};
use crate::work::{News, Said, Work, answer};

pub use desk::{Desk, decimal, money, text};
pub use fault::{Fault, Faults};
pub use http::{Served, serve};
pub use office::Office;

/// What one kind of sandbox does.
pub trait Rules: Send {
    /// What it can be asked.
    fn declaration(&self) -> &'static Declaration;

    /// Does the work, once for every call: that a command is done once is not the rules' concern.
    fn perform(&mut self, work: &Work, desk: &mut Desk) -> Vec<Said>;
}

impl Rules for Box<dyn Rules> {
    fn declaration(&self) -> &'static Declaration {
        (**self).declaration()
    }

    fn perform(&mut self, work: &Work, desk: &mut Desk) -> Vec<Said> {
        (**self).perform(work, desk)
    }
}

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Whether it does the work of one command id once.
    pub idempotent: bool,
    /// Whether it can be asked what came of a command.
    pub looks_up: bool,
    /// Its local time, which tells what day it is.
    pub offset: Offset,
    /// Stands in every number that it gives out, so that two runs give out different ones. Empty: `REG-1`.
    pub series: String,
    /// How it misbehaves.
    pub faults: Faults,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            idempotent: true,
            looks_up: true,
            offset: Offset::UTC,
            series: String::new(),
            faults: Faults::none(),
        }
    }
}

/// News that the sandbox still keeps for whoever asks late.
const NEWS_MAX: usize = 1 << 16;

/// A back office that is none.
pub struct Sandbox<R> {
    rules: R,
    setup: Setup,
    books: BTreeMap<CommandId, Booked>,
    desk: Desk,
    /// What is due, in order; the first of them has the number `forgotten`.
    due: VecDeque<Due>,
    forgotten: u64,
    /// How far [`Sandbox::news`] has come.
    told: u64,
}

/// What was done for one command.
#[derive(Clone, Debug)]
struct Booked {
    object: Token,
    verb: Token,
    times: u32,
    /// What was said so far, without repeats.
    said: Vec<Said>,
}

#[derive(Clone, Debug)]
struct Due {
    at: Moment,
    news: News,
}

/// What a sandbox does with a call, before any transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    Says(Vec<Said>),
    SaysAfter(std::time::Duration, Vec<Said>),
    IsDown,
    SaysNothing,
    SaysGarbage,
}

/// A message that a sandbox sends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A fact.
    Fact {
        /// The object: `receipt`.
        object: Token,
        /// What happened to it: `posted`.
        fact: Token,
        /// The message.
        message: AdapterFact,
    },
    /// A later answer to a command.
    Answer {
        /// The object of the command: `mo`.
        object: Token,
        /// Its verb: `create`.
        verb: Token,
        /// The answer.
        answer: AdapterAnswer,
    },
}

impl Message {
    /// Where it goes.
    pub fn subject(&self, company: &Token, adapter: &Token) -> Subject {
        let (company, adapter) = (company.clone(), adapter.clone());
        match self {
            Message::Fact { object, fact, .. } => {
                Subject::Fact { company, adapter, object: object.clone(), fact: fact.clone() }
            }
            Message::Answer { object, verb, .. } => {
                Subject::Answer { company, adapter, object: object.clone(), verb: verb.clone() }
            }
        }
    }

    /// What it says, as it is sent.
    pub fn payload(&self) -> Vec<u8> {
        match self {
            Message::Fact { message, .. } => message.to_json(),
            Message::Answer { answer, .. } => answer.to_json(),
        }
    }
}

impl<R: Rules> Sandbox<R> {
    /// A sandbox with these rules.
    pub fn new(rules: R, setup: Setup) -> Sandbox<R> {
        let desk = Desk::new(setup.offset, setup.series.clone());
        Sandbox { rules, setup, books: BTreeMap::new(), desk, due: VecDeque::new(), forgotten: 0, told: 0 }
    }

    /// The rules, to look at their books.
    pub fn rules(&self) -> &R {
        &self.rules
    }

    /// The rules, to change them on the way: stock, who pays, what is refused.
    pub fn rules_mut(&mut self) -> &mut R {
        &mut self.rules
    }

    /// How it misbehaves from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.setup.faults = faults;
    }

    /// Answers a command at once, as it would over a wire: nothing where it is down or its answer comes later, twice
    /// the same where it repeats itself. What comes later is in [`Sandbox::news`].
    pub fn answer(&mut self, work: &Work, at: Moment) -> Vec<AdapterAnswer> {
        let id = work.id().clone();
        let said = match self.react(work, at) {
            Reaction::Says(said) => said,
            Reaction::SaysAfter(pause, said) => {
                said.into_iter().for_each(|said| self.desk.answer_at(&id, after(at, pause), said));
                Vec::new()
            }
            Reaction::IsDown | Reaction::SaysNothing | Reaction::SaysGarbage => Vec::new(),
        };
        said.iter().map(|said| self.numbered(&id, at, said)).collect()
    }

    /// What has become due until this moment and was not handed out before: facts and later answers.
    pub fn news(&mut self, at: Moment) -> Vec<Message> {
        self.settle(at);
        let from = usize::try_from(self.told.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        let due: Vec<Due> = self.due.iter().skip(from).cloned().collect();
        self.told = self.forgotten + self.due.len() as u64;
        due.into_iter().filter_map(|due| self.message(due)).collect()
    }

    /// When the next of the news becomes due, if any waits.
    pub fn next_due(&self) -> Option<Moment> {
        self.desk.next_due()
    }

    /// Tells a fact of the caller's own, such as a prepayment: it is due at this moment. False: no such fact is
    /// declared, or the id is none.
    pub fn tell(&mut self, fact: &str, message_id: &str, data: Document, at: Moment) -> bool {
        let Ok(message_id) = Name::new(message_id) else { return false };
        self.rules.declaration().fact(fact).is_some() && self.desk.fact_at(fact, message_id, at, data)
    }

    /// How often the work of a command was really done.
    pub fn times(&self, id: &CommandId) -> u32 {
        self.books.get(id).map_or(0, |booked| booked.times)
    }

    /// Commands whose work was done more than once. Empty, if the adapter in front of it is right.
    pub fn done_twice(&self) -> Vec<(CommandId, u32)> {
        let twice = self.books.iter().filter(|(_, booked)| booked.times > 1);
        twice.map(|(id, booked)| (id.clone(), booked.times)).collect()
    }

    /// How often the work of each verb was really done.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for booked in self.books.values() {
            *counts.entry(format!("{}.{}", booked.object, booked.verb)).or_default() +=
                u64::from(booked.times);
        }
        counts
    }

    pub(crate) fn react(&mut self, work: &Work, at: Moment) -> Reaction {
        self.settle(at);
        match self.setup.faults.next() {
            Fault::Down => Reaction::IsDown,
            Fault::None => Reaction::Says(self.book(work, at)),
            Fault::Slow(pause) => Reaction::SaysAfter(pause, self.book(work, at)),
            Fault::Twice => {
                let said = self.book(work, at);
                Reaction::Says([said.clone(), said].concat())
            }
            Fault::Late(pause) => {
                let said = self.book(work, at);
                if let Some(booked) = self.books.get_mut(work.id()) {
                    // It does not know its own answer yet, so a look-up finds that it was taken on, and nothing more.
                    booked.said.clear();
                }
                said.into_iter().for_each(|said| self.desk.answer_at(work.id(), after(at, pause), said));
                Reaction::SaysNothing
            }
            Fault::Lost => {
                self.book(work, at);
                Reaction::SaysNothing
            }
            Fault::Garbage => {
                self.book(work, at);
                Reaction::SaysGarbage
            }
            Fault::Conflict => {
                let said = self.book(work, at);
                if let Some(other) = said.last().map(contradiction) {
                    self.desk.answer_at(work.id(), at, other);
                }
                Reaction::Says(said)
            }
        }
    }

    /// Does the work, unless it is known to have been done.
    fn book(&mut self, work: &Work, at: Moment) -> Vec<Said> {
        if let Some(booked) = self.books.get(work.id()).filter(|_| self.setup.idempotent) {
            return booked.said.clone();
        }
        self.desk.turn_to(work.id(), at);
        let said = self.rules.perform(work, &mut self.desk);
        let booked = self.books.entry(work.id().clone()).or_insert_with(|| Booked {
            object: work.object.clone(),
            verb: work.verb.clone(),
            times: 0,
            said: Vec::new(),
        });
        booked.times += 1;
        said.iter().for_each(|said| noted(&mut booked.said, said));
        said
    }

    /// What was said to a command, if look-ups are answered. The outer None: they are not.
    pub(crate) fn look_up(&mut self, id: &CommandId, at: Moment) -> Option<Option<Vec<Said>>> {
        self.settle(at);
        self.setup.looks_up.then(|| self.books.get(id).map(|booked| booked.said.clone()))
    }

    /// News from this number on, and the number after the last.
    pub(crate) fn news_from(&mut self, from: u64, at: Moment) -> (Vec<News>, u64) {
        self.settle(at);
        let skip = usize::try_from(from.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        let news: Vec<News> = self.due.iter().skip(skip).map(|due| due.news.clone()).collect();
        (news, self.forgotten + self.due.len() as u64)
    }

    pub(crate) fn series(&self) -> &str {
        &self.setup.series
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.setup.idempotent
    }

    pub(crate) fn is_down(&self) -> bool {
        self.setup.faults.is_down()
    }

    /// Moves what has become due into the list of news.
    fn settle(&mut self, at: Moment) {
        for (at, news) in self.desk.take_due(at) {
            if let News::Answer { command_id, said } = &news
                && let Some(booked) = self.books.get_mut(command_id)
            {
                noted(&mut booked.said, said);
            }
            self.due.push_back(Due { at, news });
        }
        while self.due.len() > NEWS_MAX {
            self.due.pop_front();
            self.forgotten += 1;
        }
    }

    fn message(&mut self, due: Due) -> Option<Message> {
        match due.news {
            News::Fact { object, fact, message } => Some(Message::Fact { object, fact, message }),
            News::Answer { command_id, said } => {
                let answer = self.numbered(&command_id, due.at, &said);
                let booked = self.books.get(&command_id)?;
                Some(Message::Answer { object: booked.object.clone(), verb: booked.verb.clone(), answer })
            }
            News::Unreadable { .. } => None,
        }
    }

    /// An answer with its id: the same for the same words.
    fn numbered(&mut self, id: &CommandId, at: Moment, said: &Said) -> AdapterAnswer {
        let mut n = 1;
        if let Some(booked) = self.books.get_mut(id) {
            noted(&mut booked.said, said);
            n += booked.said.iter().position(|of| of == said).unwrap_or_default();
        }
        answer(id, n, wire(at), said)
    }
}

fn noted(list: &mut Vec<Said>, said: &Said) {
    if !list.contains(said) {
        list.push(said.clone());
    }
}

fn after(at: Moment, pause: std::time::Duration) -> Moment {
    at.checked_add(pause).unwrap_or(Moment::MAX)
}

/// Another last word on the same matter: a different number, or a refusal where there is none.
fn contradiction(said: &Said) -> Said {
    if let Outcome::Said { word, fields } = &said.outcome {
        let mut other = fields.clone();
        if let Some(Value::String(number)) = other.0.values_mut().find(|value| value.is_string()) {
            number.push_str("-OTHER");
            return Said { outcome: Outcome::Said { word: word.clone(), fields: other }, last: said.last };
        }
        return Said::refused("CONTRADICTION", "the sandbox was told to contradict itself");
    }
    Said::done(Document::default())
}

/// A refusal because there is nothing to undo, with the first code that the verb declares; `unknown` where it declares
/// none, so that a person looks.
pub fn nothing_there(declaration: &Declaration, work: &Work, why: &str) -> Said {
    match declaration.verb(&work.name()).map(|verb| verb.refuses) {
        Some(Refuses::With([first, ..])) => Said::refused(first, why),
        Some(Refuses::AnyCode) => Said::refused("NOTHING_THERE", why),
        _ => Said::unknown(why),
    }
}
