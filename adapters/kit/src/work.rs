//! One command with the verb that its subject names, and what may be said to it.

use countersign_messages::{
    AdapterAnswer, AdapterCommand, AdapterFact, Code, CommandId, Document, Limits, Outcome, Reason,
    RefusalCode, ReplyId, Subject, Timestamp, Token, WireError, decode_command,
};

/// A command and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The company.
    pub company: Token,
    /// The adapter.
    pub adapter: Token,
    /// The object: `contract` of `contract.register`.
    pub object: Token,
    /// The verb: `register`.
    pub verb: Token,
    /// The command itself.
    pub command: AdapterCommand,
}

impl Work {
    /// Reads a message as it comes: its subject and its bytes.
    pub fn read(subject: &str, payload: &[u8], limits: &Limits) -> Result<Work, WireError> {
        let Subject::Command { company, adapter, object, verb } = subject.parse()? else {
            return Err(WireError::new(
                Code::BadSubject,
                "expected countersign.<company>.cmd. and its tokens",
            ));
        };
        let command = decode_command(payload, limits)?;
        Ok(Work { company, adapter, object, verb, command })
    }

    /// `<object>.<verb>`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.object, self.verb)
    }

    /// The id by which the work is done at most once.
    pub fn id(&self) -> &CommandId {
        &self.command.command_id
    }

    /// Where answers to it go.
    pub fn answer_subject(&self) -> Subject {
        Subject::Answer {
            company: self.company.clone(),
            adapter: self.adapter.clone(),
            object: self.object.clone(),
            verb: self.verb.clone(),
        }
    }

    /// What was asked for: the same for every sending of one command, and different when the command is not the same.
    pub fn fingerprint(&self) -> String {
        let command = &self.command;
        let undoes = command.undoes.as_ref().map(|undoes| (&undoes.command_id, &undoes.done));
        let asked = serde_json::to_vec(&(self.name(), &command.with, undoes)).unwrap_or_default();
        blake3::hash(&asked).to_hex()[..32].to_owned()
    }
}

/// Something said to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What.
    pub outcome: Outcome,
    /// Whether nothing more is to come.
    pub last: bool,
}

impl Said {
    /// `done`, the last answer.
    pub fn done(fields: Document) -> Said {
        Said { outcome: Outcome::done(fields), last: true }
    }

    /// `accepted`; more is to come.
    pub fn accepted(fields: Document) -> Said {
        Said { outcome: Outcome::accepted(fields), last: false }
    }

    /// `progress`; more is to come.
    pub fn progress(fields: Document) -> Said {
        Said { outcome: Outcome::progress(fields), last: false }
    }

    /// `refused`, the last answer. A code that is none becomes `REFUSED`, with the text in the message.
    pub fn refused(code: &str, message: &str) -> Said {
        let (code, message) = match RefusalCode::new(code) {
            Ok(code) => (code, message.to_owned()),
            Err(_) => (RefusalCode::new("REFUSED").expect("a code"), format!("{code}: {message}")),
        };
        Said { outcome: Outcome::Refused { code, message: sentence(&message) }, last: true }
    }

    /// `unknown`: nobody can say whether it was done.
    pub fn unknown(message: &str) -> Said {
        Said { outcome: Outcome::Unknown { message: sentence(message) }, last: true }
    }

    /// Whether it settles the command: a last answer other than `unknown`, which a later look may still replace.
    pub fn settles(&self) -> bool {
        self.last && !matches!(self.outcome, Outcome::Unknown { .. })
    }
}

/// Any text as a reason.
pub(crate) fn sentence(text: &str) -> Reason {
    Reason::lossy(text)
        .unwrap_or_else(|_| Reason::new("the back office gives no reason").expect("a sentence is a reason"))
}

/// The id of the n-th answer (from 1) to a command. It is made from what is said, so that another answer never gets
/// the id of an earlier one, not even when the ledger was lost in between.
pub fn reply_id(command: &CommandId, n: usize, outcome: &Outcome) -> ReplyId {
    let said = match outcome {
        Outcome::Refused { code, .. } => format!("refused {code}"),
        Outcome::Unknown { .. } => "unknown".to_owned(),
        Outcome::Said { word, fields } => {
            format!("{word} {}", serde_json::to_string(fields).unwrap_or_default())
        }
    };
    let digest = blake3::hash(said.as_bytes()).to_hex();
    ReplyId::new(format!("{command}:{n}:{}", &digest[..8])).expect("an id with a number and digits is one")
}

/// The n-th answer (from 1) to a command.
pub fn answer(command: &CommandId, n: usize, at: Timestamp, said: &Said) -> AdapterAnswer {
    let id = reply_id(command, n, &said.outcome);
    AdapterAnswer::new(command.clone(), id, at, said.outcome.clone())
}

/// What a back office tells by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A fact.
    Fact {
        /// The object: `receipt` of `receipt.posted`.
        object: Token,
        /// What happened to it: `posted`.
        fact: Token,
        /// The message.
        message: AdapterFact,
    },
    /// A later answer to a command, such as progress.
    Answer {
        /// The command.
        command_id: CommandId,
        /// What is said to it now.
        said: Said,
    },
    /// Something that cannot be read. It is dead-lettered, so that what comes after it is not held up.
    Unreadable {
        /// Why not.
        why: String,
        /// What came.
        text: String,
    },
}
