//! adapters.yaml: what other systems are asked, what they may answer, what undoes it; and the facts they report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::value::Type;

/// The systems outside that do work, and what may be said to and by them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adapters {
    /// Commands by `adapter.object.verb`.
    pub verbs: BTreeMap<Name, Verb>,
    /// Facts by `adapter.object.fact`, with what they carry.
    pub facts: BTreeMap<Name, Shape>,
}

/// Named values and their types.
pub type Shape = Vec<(Name, Type)>;

/// One command and its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verb {
    /// Answers before the last one, by word.
    pub stages: BTreeMap<Name, Shape>,
    /// Last answers other than `refused`, by word: `done` and others, such as `short`.
    pub finals: BTreeMap<Name, Shape>,
    /// Codes with which it may be refused.
    pub refused: Refusals,
    /// What it means for the world.
    pub undo: Undo,
}

/// Codes with which a command may be refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusals {
    /// Never.
    Never,
    /// Any text.
    Any,
    /// One of these.
    OneOf(Vec<Name>),
}

/// What undoes a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Undo {
    /// It changes nothing.
    ReadsOnly,
    /// It is itself an undo.
    IsUndo,
    /// This verb of the same adapter, `adapter.object.verb`.
    By(Name),
    /// Nothing: a person has to say how to go on.
    Nothing,
}

impl Verb {
    /// What an answer of this word carries. None: no such answer is declared.
    pub fn shape(&self, word: &str) -> Option<&Shape> {
        self.finals.get(word).or_else(|| self.stages.get(word))
    }

    /// Whether this word is a last answer.
    pub fn is_final(&self, word: &str) -> bool {
        word == "refused" || self.finals.contains_key(word)
    }
}
