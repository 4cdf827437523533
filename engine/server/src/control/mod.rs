//! What the operator of a running server has it do: HTTP over a Unix socket in the data directory. Whoever may open the
//! socket may read and write the log, so that the file's permissions are the identity; nothing listens on a network.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /clock` | | [`ClockShown`] |
//! | `POST /clock` | [`ClockSeen`] | [`ClockShown`] |
//! | `POST /publication` | [`PublishAgain`] | [`PublishedAgain`] |
//!
//! What is refused has a status of 400 or 409 and an [`ErrorBody`] in `error`.

mod ask;
mod operator;

use std::fs::{DirBuilder, Permissions, remove_file, set_permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_messages::ErrorBody;
use serde::Serialize;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

pub use ask::{AskError, Running};
pub use operator::{ClockSeen, ClockShown, Operator, PublishAgain, PublishedAgain};

/// What a request may have: nothing that is asked here needs more.
const BODY_BYTES_MAX: usize = 4_096;

/// The door. It closes when it is dropped.
pub struct Control {
    path: PathBuf,
    task: JoinHandle<()>,
}

/// Where it is, of a data directory. In a directory of its own, which nobody else may enter before there is a socket.
fn socket(data: &Path) -> PathBuf {
    data.join("control").join("socket")
}

impl Control {
    /// Opens the door of a directory whose log this process has locked: a socket that is there is a dead process's.
    ///
    /// # Errors
    /// The directory cannot be written, or its path is longer than that of a socket may be (some 100 bytes).
    pub(crate) fn open(operator: Operator, data: &Path) -> io::Result<Control> {
        let path = socket(data);
        let directory = data.join("control");
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        set_permissions(&directory, Permissions::from_mode(0o700))?;
        match remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        set_permissions(&path, Permissions::from_mode(0o600))?;
        let router = Router::new()
            .route("/clock", get(clock).post(confirm_clock))
            .route("/publication", post(publish_again))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(operator);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "operators are heard no longer");
            }
        });
        Ok(Control { path, task })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        let _ = remove_file(&self.path);
    }
}

async fn clock(Extract(operator): Extract<Operator>) -> Response {
    said(operator.clock().await)
}

async fn confirm_clock(
    Extract(operator): Extract<Operator>,
    body: Result<Json<ClockSeen>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(seen)) => said(operator.confirm_clock(&seen).await),
        Err(rejection) => malformed(&rejection),
    }
}

async fn publish_again(
    Extract(operator): Extract<Operator>,
    body: Result<Json<PublishAgain>, JsonRejection>,
) -> Response {
    match body {
        Ok(Json(what)) => said(operator.publish_again(&what).await),
        Err(rejection) => malformed(&rejection),
    }
}

/// What is refused, as every other door says it.
#[derive(Serialize)]
struct Refused<'a> {
    error: &'a ErrorBody,
}

fn said<T: Serialize>(answer: Result<T, ErrorBody>) -> Response {
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => (StatusCode::CONFLICT, Json(Refused { error: &error })).into_response(),
    }
}

fn malformed(rejection: &JsonRejection) -> Response {
    let error = ErrorBody::new("MALFORMED", rejection.body_text());
    (StatusCode::BAD_REQUEST, Json(Refused { error: &error })).into_response()
}
