//! What adapters say, as core's commands; and what becomes of it.
//!
//! | message | |
//! |---|---|
//! | takes effect | acknowledged once durable |
//! | came before (`REPLY_REPEATED`, `MESSAGE_REPEATED`) | counted, acknowledged |
//! | the engine cannot take it on just now (`OVERLOADED`, `DISK_FULL`, `CLOCK_JUMP`) | given back for a while |
//! | anything else: unreadable, undeclared, another adapter's command | a dead letter, then acknowledged |

use std::sync::Arc;
use std::time::Duration;

use countersign_core::command::{Answered, Body, Cause};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_messages::{
    AdapterAnswer, AdapterFact, Code as WireCode, DeadLetter, Limits, Name as WireName, Reason, Subject,
    Token, WireError, decode_answer, decode_fact,
};
use countersign_runtime::{Clock, EngineHandle, Incoming, Pending, Reply, ReplyResult, Unavailable};

use super::counts::{Counters, count};
use crate::desk::raw;
use crate::ids::{case_text, parse_case};
use crate::render::time;

/// How long a message is given back that the engine cannot take on.
const LATER: Duration = Duration::from_secs(5);

/// What became of something that an adapter said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It took effect, durably.
    Effect,
    /// It had come before and changed nothing.
    Repeated,
    /// It can never be processed: the letter to be kept, and the adapter it concerns.
    Dead(Token, Box<DeadLetter>),
    /// The engine cannot take it on now; try again after this pause.
    Later(Duration),
}

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came<'a> {
    pub(crate) subject: &'a str,
    pub(crate) payload: &'a [u8],
    /// How often it has been delivered, from 1.
    pub(crate) deliveries: u64,
}

/// What kind of message a readable one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Answer,
    Fact,
}

/// A message on its way through the engine.
pub(crate) struct Posted {
    kind: Kind,
    adapter: Token,
    reply: Pending<Reply>,
}

/// Takes what adapters say. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Intake {
    handle: EngineHandle,
    clock: Arc<dyn Clock>,
    company: Token,
    limits: Limits,
    counters: Arc<Counters>,
}

/// What came of handing a message over.
pub(crate) enum Handed {
    /// It is with the engine.
    Posted(Posted),
    /// It went no further.
    Over(Taken),
}

impl Intake {
    pub(crate) fn new(
        handle: EngineHandle,
        clock: Arc<dyn Clock>,
        company: Token,
        counters: Arc<Counters>,
    ) -> Intake {
        Intake { handle, clock, company, limits: Limits::default(), counters }
    }

    /// Takes a message, and waits until what it did is durable.
    pub(crate) async fn take(&self, came: Came<'_>) -> Taken {
        match self.post(came) {
            Handed::Over(taken) => taken,
            Handed::Posted(posted) => self.judged(came, posted).await,
        }
    }

    /// Hands a message to the engine. Messages that are handed over in order are judged in order.
    pub(crate) fn post(&self, came: Came<'_>) -> Handed {
        let (kind, adapter, incoming) = match self.read(came) {
            Ok(read) => read,
            Err((adapter, error)) => return Handed::Over(self.unreadable(came, adapter, &error)),
        };
        match self.handle.send(incoming) {
            Ok(reply) => Handed::Posted(Posted { kind, adapter, reply }),
            Err(error) => Handed::Over(self.later(&error)),
        }
    }

    /// Waits until what a message did is durable.
    pub(crate) async fn judged(&self, came: Came<'_>, posted: Posted) -> Taken {
        let Posted { kind, adapter, reply } = posted;
        let reply = match reply.await {
            Ok(reply) => reply,
            Err(error) => return self.later(&error),
        };
        match reply.result {
            ReplyResult::Accepted(receipt) => {
                count(if kind == Kind::Answer { &self.counters.answers } else { &self.counters.facts });
                if receipt.late {
                    count(&self.counters.late);
                }
                if receipt.conflict {
                    count(&self.counters.conflicts);
                }
                Taken::Effect
            }
            ReplyResult::Refused(Rejection { code: Code::ReplyRepeated | Code::MessageRepeated, .. }) => {
                count(&self.counters.duplicates);
                Taken::Repeated
            }
            ReplyResult::Refused(rejection) => self.refused(came, adapter, &rejection),
        }
    }

    /// A letter about a fact that nobody wanted.
    pub(crate) fn given_up(&self, adapter: Token, fact: &AdapterFact, name: &str) -> (Token, DeadLetter) {
        let mut parts = name.splitn(3, '.').skip(1);
        let (object, last) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let subject = Subject::fact(self.company.as_str(), adapter.as_str(), object, last);
        let subject = subject.map_or_else(|_| name.to_owned(), |subject| subject.to_string());
        let code = WireName::new("NO_WAITING_CASE").expect("a code is a name");
        let message =
            Reason::new("expected a case that waits for it within 30 days, found none: it is given up");
        let message = message.expect("a sentence is a reason");
        count(&self.counters.dead);
        let letter = DeadLetter::because(time(self.clock.wall()), code, message, &subject, &fact.to_json());
        (adapter, letter)
    }

    fn later(&self, error: &Unavailable) -> Taken {
        count(&self.counters.given_back);
        Taken::Later(error.retry_after_ms().map_or(LATER, Duration::from_millis))
    }

    fn unreadable(&self, came: Came<'_>, adapter: Token, error: &WireError) -> Taken {
        count(&self.counters.dead);
        let letter = DeadLetter::new(time(self.clock.wall()), error, came.subject, came.payload);
        let letter = DeadLetter { deliveries: came.deliveries, ..letter };
        tracing::warn!(%adapter, code = %letter.code, subject = %letter.subject, "a dead letter");
        Taken::Dead(adapter, Box::new(letter))
    }

    fn refused(&self, came: Came<'_>, adapter: Token, rejection: &Rejection) -> Taken {
        count(&self.counters.dead);
        let code = WireName::new(rejection.code.as_str())
            .unwrap_or_else(|_| WireName::new("REFUSED").expect("a code is a name"));
        let message = Reason::lossy(&rejection.message)
            .unwrap_or_else(|_| Reason::new("the engine refused it").expect("a sentence is a reason"));
        let letter = DeadLetter::because(time(self.clock.wall()), code, message, came.subject, came.payload);
        let letter = DeadLetter { field: rejection.field.clone(), deliveries: came.deliveries, ..letter };
        tracing::warn!(%adapter, code = %letter.code, subject = %letter.subject, "a dead letter");
        Taken::Dead(adapter, Box::new(letter))
    }

    fn read(&self, came: Came<'_>) -> Result<(Kind, Token, Incoming), (Token, WireError)> {
        let failed = |adapter: &Token, error| (adapter.clone(), error);
        let subject: Subject = came.subject.parse().map_err(|error| (nobody(came.subject), error))?;
        match subject {
            Subject::Answer { company, adapter, .. } if company == self.company => {
                let answer = decode_answer(came.payload, &self.limits).map_err(|e| failed(&adapter, e))?;
                let incoming = answered(&adapter, answer).map_err(|e| failed(&adapter, e))?;
                Ok((Kind::Answer, adapter, incoming))
            }
            Subject::Fact { company, adapter, object, fact } if company == self.company => {
                let told = decode_fact(came.payload, &self.limits).map_err(|e| failed(&adapter, e))?;
                let name = Name::from(format!("{adapter}.{object}.{fact}").as_str());
                let incoming = reported(&adapter, name, told);
                Ok((Kind::Fact, adapter, incoming))
            }
            _ => {
                let message = format!("expected an answer or a fact for {}", self.company);
                Err((nobody(came.subject), WireError::new(WireCode::BadSubject, message)))
            }
        }
    }
}

/// The adapter of a subject that is none of ours: as much as it says.
fn nobody(subject: &str) -> Token {
    let told = subject.split('.').nth(3).and_then(|token| Token::new(token).ok());
    told.unwrap_or_else(|| Token::new("unknown").expect("a token"))
}

fn answered(adapter: &Token, answer: AdapterAnswer) -> Result<Incoming, WireError> {
    let id = &answer.command_id;
    let case = parse_case(id.case());
    let case = case
        .map_err(|rejection| WireError::new(WireCode::BadValue, rejection.message).at_field("command_id"))?;
    debug_assert_eq!(case_text(case), id.case());
    let text = |text: String| Name::from(text.as_str());
    let cause = Cause::Answer {
        adapter: Name::from(adapter.as_str()),
        command_id: Name::from(id.as_str()),
        reply_id: Name::from(answer.reply_id.as_str()),
    };
    let body = Answered {
        case,
        command: id.n(),
        word: Name::from(answer.answer.as_str()),
        code: answer.code.map(|code| text(String::from(code))),
        message: answer.message.map(|message| text(String::from(message))),
        fields: raw::record(answer.fields.0),
    };
    Ok(Incoming { cause, body: Body::Answered(body) })
}

/// What the sender names as its key is not told to core: rules of a wait read what the fact itself says.
fn reported(adapter: &Token, fact: Name, told: AdapterFact) -> Incoming {
    let message_id = Name::from(told.message_id.as_str());
    let cause = Cause::Fact { adapter: Name::from(adapter.as_str()), message_id: message_id.clone() };
    Incoming { cause, body: Body::Fact { fact, message_id, data: raw::record(told.data.0) } }
}
