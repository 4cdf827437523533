//! The streams that carry a company's messages, and the consumers on them.

use crate::token::Token;

/// A kind of message that is kept in a JetStream stream of its own. Requests (`api`) are not: a stream over them
/// would answer in the engine's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// Events, for anyone to follow.
    Events,
    /// Work for adapters.
    Commands,
    /// Adapters' answers.
    Answers,
    /// Facts nobody asked for.
    Facts,
    /// What could not be processed.
    Dead,
}

impl Flow {
    /// Every flow.
    pub const ALL: [Flow; 5] = [Flow::Events, Flow::Commands, Flow::Answers, Flow::Facts, Flow::Dead];

    /// The name of a company's stream: `COUNTERSIGN_<company>` for events, with `_cmd`, `_rpl`, `_in` or `_dead` for
    /// the others. A company's token holds no `_`, so no two names are the same.
    pub fn stream(self, company: &Token) -> String {
        match self {
            Flow::Events => format!("COUNTERSIGN_{company}"),
            other => format!("COUNTERSIGN_{company}_{}", other.token()),
        }
    }

    /// What the stream holds: `countersign.<company>.cmd.>`.
    pub fn subjects(self, company: &Token) -> String {
        format!("countersign.{company}.{}.>", self.token())
    }

    /// What of it concerns one adapter: `countersign.<company>.cmd.erp.>`; its dead letters are one subject. None for
    /// events, which belong to no adapter.
    pub fn subjects_of(self, company: &Token, adapter: &Token) -> Option<String> {
        match self {
            Flow::Events => None,
            Flow::Dead => Some(format!("countersign.{company}.dead.{adapter}")),
            other => Some(format!("countersign.{company}.{}.{adapter}.>", other.token())),
        }
    }

    /// The third token of its subjects.
    pub fn token(self) -> &'static str {
        match self {
            Flow::Events => "evt",
            Flow::Commands => "cmd",
            Flow::Answers => "rpl",
            Flow::Facts => "in",
            Flow::Dead => "dead",
        }
    }
}

/// The durable consumer through which an adapter gets its work: `adapter-<adapter>`.
pub fn adapter_consumer(adapter: &Token) -> String {
    format!("adapter-{adapter}")
}
