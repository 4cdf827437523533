//! Exit codes, and errors as a person and a program see them.

use std::fmt;
use std::process::ExitCode;

use countersign_chain::Diagnostic;
use countersign_messages::{ErrorBody, FormError, WireError};
use countersign_nats::NatsAccessError;
use countersign_runtime::views::ViewsError;
use countersign_runtime::{EngineError, ReadError, Unavailable};
use countersign_server::{AskError, NatsError, ServerError};
use serde_json::{Value, json};

/// What the process ends with; `--help` documents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done.
    Done = 0,
    /// Something was refused, or a problem was found.
    Refused = 1,
    /// The command line is not one.
    Usage = 2,
    /// Nobody answers, somebody else has the data, the disk is full: the same again may work later.
    Unavailable = 3,
    /// A defect.
    Internal = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Codes that another try may not meet again.
const UNAVAILABLE: [&str; 15] = [
    "OVERLOADED",
    "DISK_FULL",
    "CLOCK_JUMP",
    "ENGINE_STOPPED",
    "LOG_STOPPED",
    "VIEW_BEHIND",
    "VIEW_FAILED",
    "LOCKED",
    "IO",
    "NATS_UNREACHABLE",
    "NO_ANSWER",
    "NO_PROGRESS",
    "ALREADY_SERVED",
    "NOT_SERVED",
    "NATS_REFUSED",
];

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: Box<ErrorBody>,
    /// Where: a file and a line, a place in the log.
    pub(crate) place: Option<String>,
    /// What to do next, a sentence each.
    pub(crate) hints: Vec<String>,
    /// The sequence that a refusal rests on.
    pub(crate) sequence: Option<u64>,
    /// Nothing is said of it: what there was to say was said, or nobody listens any more.
    pub(crate) silent: bool,
}

impl Failure {
    /// A failure whose exit code follows from its code.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Failure {
        Failure::from(ErrorBody::new(code, message))
    }

    /// A command line that cannot be meant.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, ..Failure::new("USAGE", message) }
    }

    /// A defect.
    pub(crate) fn internal(message: impl fmt::Display) -> Failure {
        Failure::new("INTERNAL", message.to_string())
    }

    /// Problems that were printed already.
    pub(crate) fn told() -> Failure {
        Failure { silent: true, ..Failure::new("", "") }
    }

    /// Whoever read the output has gone.
    pub(crate) fn unheard() -> Failure {
        Failure { exit: Exit::Done, silent: true, ..Failure::new("", "") }
    }

    pub(crate) fn at(self, place: impl Into<String>) -> Failure {
        Failure { place: Some(place.into()), ..self }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// The place as a sentence shows it: given, or the field or line that the error names.
    pub(crate) fn shown_place(&self) -> Option<String> {
        let line =
            self.error.line.map(|line| format!("line {line}, column {}", self.error.column.unwrap_or(1)));
        self.place.clone().or_else(|| self.error.field.clone()).or(line)
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = serde_json::to_value(&*self.error).unwrap_or_default();
        if let Some(fields) = error.as_object_mut() {
            fields.extend(self.place.clone().map(|place| ("place".to_owned(), Value::String(place))));
            let hints = (!self.hints.is_empty()).then(|| ("hints".to_owned(), json!(self.hints)));
            fields.extend(hints);
        }
        let mut object = json!({ "error": error });
        if let (Some(sequence), Some(fields)) = (self.sequence, object.as_object_mut()) {
            fields.insert("sequence".to_owned(), json!(sequence));
        }
        object
    }
}

impl From<ErrorBody> for Failure {
    fn from(error: ErrorBody) -> Failure {
        let exit = match error.code.as_str() {
            "INTERNAL" => Exit::Internal,
            code if UNAVAILABLE.contains(&code) => Exit::Unavailable,
            _ => Exit::Refused,
        };
        Failure {
            exit,
            error: Box::new(error),
            place: None,
            hints: Vec::new(),
            sequence: None,
            silent: false,
        }
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Failure {
        ErrorBody::from(error).into()
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Failure {
        Failure::new(error.code(), error.to_string())
    }
}

impl From<countersign_journal::Error> for Failure {
    fn from(error: countersign_journal::Error) -> Failure {
        let place = error.place().map(|place| place.to_string());
        let failure = Failure { place, ..Failure::new(error.code(), error.to_string()) };
        match error {
            countersign_journal::Error::Locked { .. } => failure
                .hint("stop that process, or reach the company that it serves with --nats URL --company NAME --system NAME"),
            countersign_journal::Error::Missing => {
                failure.hint("`countersign init --data DIR --workflows DIR` creates one")
            }
            _ => failure,
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        match error {
            ReadError::Journal(error) => error.into(),
            ReadError::Frame { sequence, .. } => {
                Failure::new(error.code(), error.to_string()).at(format!("sequence {sequence}"))
            }
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        match error {
            EngineError::Journal(error) => error.into(),
            EngineError::Read(error) => error.into(),
            other => Failure::new(other.code(), other.to_string()),
        }
    }
}

impl From<NatsAccessError> for Failure {
    fn from(error: NatsAccessError) -> Failure {
        let failure = Failure::new(error.code(), error.to_string());
        match error {
            NatsAccessError::Unreachable { .. } => {
                failure.hint("is the server up, and is the address right?")
            }
            NatsAccessError::Cleartext(_) => {
                failure.hint("where the network itself is protected, --nats-allow-cleartext says so")
            }
            NatsAccessError::Tls { .. } => failure.hint(
                "--nats-ca names the authority of the server's certificate; the address must be a name in it",
            ),
            _ => failure,
        }
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Failure {
        match error {
            ServerError::Nats(NatsError::Access(error)) => error.into(),
            ServerError::Engine(error) => error.into(),
            ServerError::Read(error) => error.into(),
            other => Failure::new(other.code(), other.to_string()),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Failure {
        match error {
            AskError::Refused(error) => (*error).into(),
            other => Failure::new(other.code(), other.to_string()),
        }
    }
}

impl From<ViewsError> for Failure {
    fn from(error: ViewsError) -> Failure {
        match error {
            ViewsError::Log(error) => error.into(),
            other => Failure::new(other.code(), other.to_string()),
        }
    }
}

/// A value of the command line in another form than it must have.
pub(crate) fn form(flag: &'static str) -> impl Fn(FormError) -> Failure {
    move |error| Failure::usage(error.to_string()).at(flag)
}

/// Whether any finding is an error.
pub(crate) fn has_errors(found: &[Diagnostic]) -> bool {
    found.iter().any(|found| found.severity == countersign_chain::Severity::Error)
}
