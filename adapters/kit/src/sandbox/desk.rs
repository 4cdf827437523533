//! What the rules of a sandbox work with: the time, numbers, the post that goes out later, and readers of fields.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_messages::{AdapterFact, CommandId, Document, Name, Token};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::Offset;
use rust_decimal::Decimal;
use serde_json::Value;

use super::after;
use crate::time::{Moment, wire};
use crate::work::{News, Said, Work};

/// The desk at which a command is worked on.
pub struct Desk {
    at: Moment,
    offset: Offset,
    series: String,
    counters: BTreeMap<String, u64>,
    command: Option<CommandId>,
    /// By when it is due and the order in which it was put there.
    post: BTreeMap<(Moment, u64), (Option<CommandId>, News)>,
    posted: u64,
}

impl Desk {
    pub(super) fn new(offset: Offset, series: String) -> Desk {
        Desk {
            at: Moment::UNIX_EPOCH,
            offset,
            series,
            counters: BTreeMap::new(),
            command: None,
            post: BTreeMap::new(),
            posted: 0,
        }
    }

    pub(super) fn turn_to(&mut self, command: &CommandId, at: Moment) {
        self.command = Some(command.clone());
        self.at = at;
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.at
    }

    /// The day so many days from today, in the sandbox's local time.
    pub fn day_in(&self, days: i64) -> Date {
        let today = self.offset.to_datetime(self.at).date();
        today.checked_add(days.days()).unwrap_or(Date::MAX)
    }

    /// The day on which it will be after this pause, in the sandbox's local time.
    pub fn day_after(&self, pause: Duration) -> Date {
        self.offset.to_datetime(after(self.at, pause)).date()
    }

    /// The next number of a kind: `REG-1`, `REG-2`.
    pub fn number(&mut self, kind: &str) -> String {
        let counter = self.counters.entry(kind.to_owned()).or_default();
        *counter += 1;
        match self.series.as_str() {
            "" => format!("{kind}-{counter}"),
            series => format!("{kind}-{series}-{counter}"),
        }
    }

    /// Tells a fact later. Its id is that of the command with the fact's name: told once for each command.
    pub fn fact_after(&mut self, pause: Duration, fact: &str, data: Document) {
        let Some(command) = self.command.clone() else { return };
        if let Ok(id) = Name::new(format!("{command}.{fact}")) {
            let at = after(self.at, pause);
            self.put_fact(fact, id, at, data, Some(command));
        }
    }

    /// Says more to the command at hand later.
    pub fn answer_after(&mut self, pause: Duration, said: Said) {
        if let Some(command) = self.command.clone() {
            self.answer_at(&command, after(self.at, pause), said);
        }
    }

    /// Takes back what was still to be told or said because of a command. Returns how much that was.
    pub fn recall(&mut self, command: &CommandId) -> usize {
        let before = self.post.len();
        self.post.retain(|_, (of, _)| of.as_ref() != Some(command));
        before - self.post.len()
    }

    pub(super) fn answer_at(&mut self, command: &CommandId, at: Moment, said: Said) {
        let news = News::Answer { command_id: command.clone(), said };
        self.put(at, Some(command.clone()), news);
    }

    pub(super) fn fact_at(&mut self, fact: &str, id: Name, at: Moment, data: Document) -> bool {
        self.put_fact(fact, id, at, data, None)
    }

    pub(super) fn next_due(&self) -> Option<Moment> {
        self.post.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn take_due(&mut self, until: Moment) -> Vec<(Moment, News)> {
        let mut due = Vec::new();
        while let Some(first) = self.post.first_entry().filter(|first| first.key().0 <= until) {
            let ((at, _), (_, news)) = first.remove_entry();
            due.push((at, news));
        }
        due
    }

    fn put_fact(&mut self, fact: &str, id: Name, at: Moment, data: Document, of: Option<CommandId>) -> bool {
        let Some((Ok(object), Ok(happened))) =
            fact.split_once('.').map(|(o, f)| (Token::new(o), Token::new(f)))
        else {
            return false;
        };
        let message = AdapterFact { message_id: id, at: wire(at), key: None, data };
        self.put(at, of, News::Fact { object, fact: happened, message });
        true
    }

    fn put(&mut self, at: Moment, of: Option<CommandId>, news: News) {
        self.posted += 1;
        self.post.insert((at, self.posted), (of, news));
    }
}

/// A field of the command that is a text; of the command that is undone, where this one does not have it.
pub fn text(work: &Work, field: &str) -> Option<String> {
    match found(work, field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A field that is a number.
pub fn decimal(work: &Work, field: &str) -> Option<Decimal> {
    number(found(work, field)?)
}

/// A field that is money: the amount and the currency.
pub fn money(work: &Work, field: &str) -> Option<(Decimal, String)> {
    let members = found(work, field)?.as_object()?;
    Some((number(members.get("amount")?)?, members.get("currency")?.as_str()?.to_owned()))
}

fn found<'a>(work: &'a Work, field: &str) -> Option<&'a Value> {
    let undone = work.command.undoes.as_ref().and_then(|undoes| undoes.done.0.get(field));
    work.command.with.0.get(field).or(undone).filter(|value| !value.is_null())
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Decimal::from_str_exact(&number.to_string()).ok(),
        Value::String(text) => Decimal::from_str_exact(text).ok(),
        _ => None,
    }
}
