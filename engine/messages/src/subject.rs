//! Subjects: where a message goes, and where a reply may go.

use crate::error::{Code, WireError};
use crate::token::Token;
use std::fmt;
use std::str::FromStr;

/// Chain tokens of events that belong to no chain; no chain may be called so.
pub const RESERVED_CHAINS: [&str; 4] = ["definitions", "organisation", "accounts", "system"];

/// The prefix of reply subjects unless the configuration names another.
pub const DEFAULT_REPLY_PREFIX: &str = "_INBOX.";

/// The first token of every subject.
const ROOT: &str = "countersign";

/// Whether no chain may have this name.
pub fn is_reserved_chain(token: &str) -> bool {
    RESERVED_CHAINS.contains(&token)
}

/// A subject of the product, `countersign.<company>.<kind>...`. Printing and parsing are inverse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the fields are the tokens that each variant's text shows")]
pub enum Subject {
    /// `countersign.<company>.evt.<chain>.<event>`: an event, for anyone to follow. The chain may be reserved.
    Event { company: Token, chain: Token, event: Token },
    /// `countersign.<company>.cmd.<adapter>.<object>.<verb>`: work for an adapter.
    Command { company: Token, adapter: Token, object: Token, verb: Token },
    /// `countersign.<company>.rpl.<adapter>.<object>.<verb>`: an adapter's answer.
    Answer { company: Token, adapter: Token, object: Token, verb: Token },
    /// `countersign.<company>.in.<adapter>.<object>.<fact>`: a fact nobody asked for.
    Fact { company: Token, adapter: Token, object: Token, fact: Token },
    /// `countersign.<company>.api.<system>.<verb>`: a request. The verb need not be a known one.
    Request { company: Token, system: Token, verb: Token },
    /// `countersign.<company>.dead.<adapter>`: what could not be processed.
    Dead { company: Token, adapter: Token },
}

impl Subject {
    /// The company, which every subject names.
    pub fn company(&self) -> &Token {
        match self {
            Subject::Event { company, .. }
            | Subject::Command { company, .. }
            | Subject::Answer { company, .. }
            | Subject::Fact { company, .. }
            | Subject::Request { company, .. }
            | Subject::Dead { company, .. } => company,
        }
    }

    /// Builds `evt`. `BAD_SUBJECT` if a part is no token.
    pub fn event(company: &str, chain: &str, event: &str) -> Result<Subject, WireError> {
        Ok(Subject::Event { company: token(company)?, chain: token(chain)?, event: token(event)? })
    }

    /// Builds `cmd`. `BAD_SUBJECT` if a part is no token.
    pub fn command(company: &str, adapter: &str, object: &str, verb: &str) -> Result<Subject, WireError> {
        Ok(Subject::Command {
            company: token(company)?,
            adapter: token(adapter)?,
            object: token(object)?,
            verb: token(verb)?,
        })
    }

    /// Builds `rpl`. `BAD_SUBJECT` if a part is no token.
    pub fn answer(company: &str, adapter: &str, object: &str, verb: &str) -> Result<Subject, WireError> {
        Ok(Subject::Answer {
            company: token(company)?,
            adapter: token(adapter)?,
            object: token(object)?,
            verb: token(verb)?,
        })
    }

    /// Builds `in`. `BAD_SUBJECT` if a part is no token.
    pub fn fact(company: &str, adapter: &str, object: &str, fact: &str) -> Result<Subject, WireError> {
        Ok(Subject::Fact {
            company: token(company)?,
            adapter: token(adapter)?,
            object: token(object)?,
            fact: token(fact)?,
        })
    }

    /// Builds `api`. `BAD_SUBJECT` if a part is no token.
    pub fn request(company: &str, system: &str, verb: &str) -> Result<Subject, WireError> {
        Ok(Subject::Request { company: token(company)?, system: token(system)?, verb: token(verb)? })
    }

    /// Builds `dead`. `BAD_SUBJECT` if a part is no token.
    pub fn dead(company: &str, adapter: &str) -> Result<Subject, WireError> {
        Ok(Subject::Dead { company: token(company)?, adapter: token(adapter)? })
    }

    /// What a server subscribes to for one company's requests: `countersign.<company>.api.*.*`.
    pub fn requests_of(company: &Token) -> String {
        format!("{ROOT}.{company}.api.*.*")
    }

    /// What a stream of one company's events holds: `countersign.<company>.evt.*.*`.
    pub fn events_of(company: &Token) -> String {
        format!("{ROOT}.{company}.evt.*.*")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Event { company, chain, event } => write!(f, "{ROOT}.{company}.evt.{chain}.{event}"),
            Subject::Command { company, adapter, object, verb } => {
                write!(f, "{ROOT}.{company}.cmd.{adapter}.{object}.{verb}")
            }
            Subject::Answer { company, adapter, object, verb } => {
                write!(f, "{ROOT}.{company}.rpl.{adapter}.{object}.{verb}")
            }
            Subject::Fact { company, adapter, object, fact } => {
                write!(f, "{ROOT}.{company}.in.{adapter}.{object}.{fact}")
            }
            Subject::Request { company, system, verb } => write!(f, "{ROOT}.{company}.api.{system}.{verb}"),
            Subject::Dead { company, adapter } => write!(f, "{ROOT}.{company}.dead.{adapter}"),
        }
    }
}

impl FromStr for Subject {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        let parts: Vec<&str> = text.split('.').take(7).collect();
        match parts.as_slice() {
            [ROOT, company, "evt", chain, event] => {
                Ok(Subject::Event { company: token(company)?, chain: token(chain)?, event: token(event)? })
            }
            [ROOT, company, "api", system, verb] => {
                Ok(Subject::Request { company: token(company)?, system: token(system)?, verb: token(verb)? })
            }
            [ROOT, company, "dead", adapter] => {
                Ok(Subject::Dead { company: token(company)?, adapter: token(adapter)? })
            }
            [ROOT, company, kind @ ("cmd" | "rpl" | "in"), adapter, object, last] => {
                let (company, adapter) = (token(company)?, token(adapter)?);
                let (object, last) = (token(object)?, token(last)?);
                Ok(match *kind {
                    "cmd" => Subject::Command { company, adapter, object, verb: last },
                    "rpl" => Subject::Answer { company, adapter, object, verb: last },
                    _ => Subject::Fact { company, adapter, object, fact: last },
                })
            }
            _ => Err(bad_subject(
                "expected countersign.<company>.<evt|cmd|rpl|in|api|dead>. and its tokens".into(),
            )),
        }
    }
}

fn token(part: &str) -> Result<Token, WireError> {
    Token::new(part).map_err(|error| bad_subject(error.to_string()))
}

fn bad_subject(message: String) -> WireError {
    WireError::new(Code::BadSubject, message)
}

/// Whether the engine may publish a reply there: a subject under the configured prefix, of whole tokens, without
/// wildcards, spaces or control characters, at most 512 bytes. Otherwise a caller could make the engine publish
/// elsewhere; such a request earns `REPLY_SUBJECT`.
pub fn reply_allowed(prefix: &str, subject: &str) -> bool {
    let Some(rest) = subject.strip_prefix(prefix) else { return false };
    let plain = |b: u8| b.is_ascii_graphic() && b != b'*' && b != b'>';
    !prefix.is_empty()
        && !rest.is_empty()
        && subject.len() <= 512
        && subject.bytes().all(plain)
        && subject.split('.').all(|token| !token.is_empty())
}
