//! A turn: one command from outside, the timers it must not overtake, and everything that follows from it.

use crate::command::Command;
use crate::frame::Frame;
use crate::rejection::Rejection;
use crate::state::State;

/// What a turn did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// New frames in order: first those of timers that were due, last the command's own, if it left one.
    /// State already contains them.
    pub frames: Vec<Frame>,
    /// What became of the command.
    pub result: TurnResult,
}

/// What became of the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnResult {
    /// It took effect in the last of the frames.
    Done,
    /// The same request took effect before, in the frame of this sequence; the reply is rebuilt from it.
    Repeat(u64),
    /// It was refused. Where auditors must know of it the last frame says so; otherwise it left none.
    Refused(Rejection),
}

/// Runs a command. State moves on by the frames returned, which the caller must make durable before it replies.
pub fn turn(_state: &mut State, _command: &Command) -> Turned {
    Turned { frames: Vec::new(), result: TurnResult::Repeat(0) }
}
