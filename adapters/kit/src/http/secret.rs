//! Secrets: where they come from, and that they are never shown.

use std::fmt;

pub use countersign_nats::Secret;
use serde::{Deserialize, Deserializer, de::Error as _};

/// Where a value comes from: `file:<path>`, `env:<name>`, or itself.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// The first line of a file.
    File(String),
    /// A variable of the environment.
    Env(String),
    /// The value itself, for what is no secret.
    Plain(String),
}

impl Source {
    /// Reads it. The error says what was expected, never what was found.
    pub fn read(&self) -> Result<Secret, String> {
        match self {
            Source::Plain(text) => Ok(Secret::new(text.clone())),
            Source::Env(name) => std::env::var(name)
                .map(Secret::new)
                .map_err(|_| format!("expected the variable {name} in the environment; set it")),
            Source::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("expected a readable file at {path}: {}", error.kind()))?;
                Ok(Secret::new(text.lines().next().unwrap_or_default()))
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => write!(f, "file:{path}"),
            Source::Env(name) => write!(f, "env:{name}"),
            Source::Plain(_) => f.write_str("(a value)"),
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(path) = text.strip_prefix("file:") {
            Ok(Source::File(path.to_owned()))
        } else if let Some(name) = text.strip_prefix("env:") {
            Ok(Source::Env(name.to_owned()))
        } else if text.is_empty() {
            Err(D::Error::custom("expected file:<path>, env:<name> or a value"))
        } else {
            Ok(Source::Plain(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_files_and_the_environment_and_are_not_shown() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "hunter2\n").expect("written");
        let source = Source::File(file.path().display().to_string());
        let secret = source.read().expect("a secret");
        assert_eq!(secret.reveal(), "hunter2");
        assert_eq!(format!("{secret:?}"), "(secret)");
        assert_eq!(format!("{:?}", Source::Plain("hunter2".into())), "(a value)");
        let missing = Source::Env("COUNTERSIGN_NO_SUCH_VARIABLE".into()).read().expect_err("not set");
        assert!(missing.contains("COUNTERSIGN_NO_SUCH_VARIABLE"), "{missing}");
    }
}
