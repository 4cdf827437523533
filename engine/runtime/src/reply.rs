//! What goes in and what comes out: commands without their stamp, and replies.

use countersign_core::command::{Body, Cause};
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::receipt::Receipt;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::state::Standing;

/// A command as it comes in: the core thread stamps it with the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Why it came: a request or an operator. Timers are the engine's own.
    pub cause: Cause,
    /// What is asked.
    pub body: Body,
}

/// The answer to a command. Everything that it rests on is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What became of the command.
    pub result: ReplyResult,
    /// The highest sequence that the answer rests on; a view that has come so far shows its effect.
    pub sequence: u64,
    /// The same request took effect before; this is its answer again.
    pub repeated: bool,
    /// How the case stood before, where that was asked for and the frame of this answer is all that came of the command.
    pub before: Option<Standing>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyResult {
    /// It took effect.
    Accepted(Receipt),
    /// It was refused.
    Refused(Rejection),
}

impl Reply {
    /// The receipt of an accepted command.
    pub fn accepted(&self) -> Option<&Receipt> {
        match &self.result {
            ReplyResult::Accepted(receipt) => Some(receipt),
            ReplyResult::Refused(_) => None,
        }
    }

    /// The rejection of a refused command.
    pub fn refused(&self) -> Option<&Rejection> {
        match &self.result {
            ReplyResult::Accepted(_) => None,
            ReplyResult::Refused(rejection) => Some(rejection),
        }
    }
}

/// The answer that a frame gives to the command that caused it.
pub fn result_of(frame: &Frame) -> ReplyResult {
    match &frame.outcome {
        Outcome::Accepted => ReplyResult::Accepted(Receipt::of(frame)),
        Outcome::Refused { code, message, field } => ReplyResult::Refused(Rejection {
            code: code_of(code),
            message: message.clone(),
            field: field.as_ref().map(ToString::to_string),
        }),
    }
}

/// The code that a name in the log stands for.
fn code_of(name: &Name) -> Code {
    let known = Code::ALL.iter().find(|code| code.as_str() == name.as_str());
    known.cloned().unwrap_or_else(|| Code::Rule(name.clone()))
}
