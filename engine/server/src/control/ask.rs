//! Asking a running server, as its operator.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use countersign_messages::ErrorBody;
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::operator::{ClockSeen, ClockShown, PublishAgain, PublishedAgain};
use super::socket;

/// How long what is done at once may take.
const ANSWER: Duration = Duration::from_secs(15);
/// The longest answer.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// Why a running server did not do what its operator asked.
#[derive(Debug, Error)]
pub enum AskError {
    /// Nobody is there, or it is not this user's.
    #[error("expected a process that serves this directory: {}: {error}", path.display())]
    NotServed {
        /// The socket.
        path: PathBuf,
        /// What opening it gave.
        error: io::Error,
    },
    /// It went away, or what it said is no answer.
    #[error("expected an answer from the process that serves this directory: {0}")]
    NoAnswer(String),
    /// It refused.
    #[error("{}", .0.message)]
    Refused(Box<ErrorBody>),
}

impl AskError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            AskError::NotServed { .. } => "NOT_SERVED",
            AskError::NoAnswer(_) => "NO_ANSWER",
            AskError::Refused(error) => &error.code,
        }
    }
}

/// The server that serves a data directory, in whatever process.
#[derive(Clone, Debug)]
pub struct Running {
    path: PathBuf,
}

#[derive(Deserialize)]
struct Refused {
    error: ErrorBody,
}

impl Running {
    /// Whoever serves this directory.
    pub fn at(data: &Path) -> Running {
        Running { path: socket(data) }
    }

    /// See [`Operator::clock`](super::Operator::clock).
    ///
    /// # Errors
    /// `NOT_SERVED`, `NO_ANSWER`, and those of what is asked.
    pub async fn clock(&self) -> Result<ClockShown, AskError> {
        self.ask::<(), _>(Method::GET, "/clock", None, ANSWER).await
    }

    /// See [`Operator::confirm_clock`](super::Operator::confirm_clock).
    ///
    /// # Errors
    /// Those of [`Running::clock`].
    pub async fn confirm_clock(&self, seen: &ClockSeen) -> Result<ClockShown, AskError> {
        self.ask(Method::POST, "/clock", Some(seen), ANSWER).await
    }

    /// See [`Operator::publish_again`](super::Operator::publish_again).
    ///
    /// # Errors
    /// Those of [`Running::clock`].
    pub async fn publish_again(&self, what: &PublishAgain) -> Result<PublishedAgain, AskError> {
        let within = Duration::from_secs(what.within_seconds).saturating_add(ANSWER);
        self.ask(Method::POST, "/publication", Some(what), within).await
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Q>,
        within: Duration,
    ) -> Result<A, AskError> {
        let line = UnixStream::connect(&self.path).await;
        let line = line.map_err(|error| AskError::NotServed { path: self.path.clone(), error })?;
        let body = match body {
            Some(body) => serde_json::to_vec(body).map_err(no_answer)?,
            None => Vec::new(),
        };
        let asked = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(no_answer)?;
        let (status, body) = timeout(within, exchange(line, asked))
            .await
            .map_err(|_| no_answer(format!("none within {} s", within.as_secs())))??;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(no_answer);
        }
        let Refused { error } = serde_json::from_slice(&body).map_err(|_| no_answer(status))?;
        Err(AskError::Refused(Box::new(error)))
    }
}

async fn exchange(line: UnixStream, asked: Request<Body>) -> Result<(StatusCode, Vec<u8>), AskError> {
    let (mut sender, connection) = handshake(TokioIo::new(line)).await.map_err(no_answer)?;
    // It ends with the answer: nothing else is asked on this line.
    tokio::spawn(connection);
    let answer = sender.send_request(asked).await.map_err(no_answer)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.map_err(no_answer)?;
    Ok((status, body.to_bytes().to_vec()))
}

fn no_answer(error: impl ToString) -> AskError {
    AskError::NoAnswer(error.to_string())
}
