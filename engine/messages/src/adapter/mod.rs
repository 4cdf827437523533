//! What goes between the engine and adapters: commands, answers, facts, and what could not be processed.

mod answer;
mod command;
mod dead;
mod fact;
mod stream;
mod words;

pub use answer::{AdapterAnswer, Outcome, decode_answer};
pub use command::{AdapterCommand, Undoes, decode_command};
pub use dead::{DEAD_PAYLOAD_BYTES_MAX, DeadLetter, decode_dead_letter};
pub use fact::{AdapterFact, decode_fact};
pub use stream::{Flow, adapter_consumer};
pub use words::{AnswerWord, CommandId, RefusalCode, ReplyId};

/// The free objects inside these messages, which have a limit of their own.
const DOCUMENTS: [&str; 4] = ["document", "with", "fields", "data"];
