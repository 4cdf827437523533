//! A sandbox behind HTTP, on the loopback interface: the plain dialect that the adapters' own mappings speak.
//!
//! | request | reply |
//! |---|---|
//! | `POST /<object>/<verb>` with the id in `Idempotency-Key`, fields as JSON | 200 or 202 `{"status": "done", ...}`, 422 `{"code", "message"}` |
//! | `GET /commands/<id>` | 200 `{"answers": [{"status": ...}]}`, 404 |
//! | `GET /news?after=<cursor>` | 200 `{"news": [...], "cursor": "...", "more": false}` |
//!
//! A command that undoes another has the other's id in `undoes`, and beside it what the other had come to.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_messages::{AdapterCommand, CommandId, Document, Name, Outcome, Timestamp, Token, Undoes};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{Office, Reaction, Rules};
use crate::time::wire;
use crate::work::{News, Said, Work};

/// A sandbox that is being served. Dropped, it is served no more.
pub struct Served {
    /// Where: `127.0.0.1` and a free port.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Served {
    /// What a configuration has as `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends: connections are closed as soon as their request is answered.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let _ = (&mut self.task).await;
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves a sandbox on a port of the loopback interface; 0 is any free one.
pub async fn serve<R: Rules + 'static>(office: Office<R>, port: u16) -> std::io::Result<Served> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/{object}/{verb}", post(perform::<R>))
        .route("/commands/{id}", get(look_up::<R>))
        .route("/news", get(news::<R>))
        .with_state(office);
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let ended = async {
            let _ = stopped.await;
        };
        if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(ended).await {
            tracing::error!(%error, "the sandbox is served no more");
        }
    });
    Ok(Served { address, stop: Some(stop), task })
}

async fn perform<R: Rules + 'static>(
    State(office): State<Office<R>>,
    Path((object, verb)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(work) = work(&office, &object, &verb, &headers, &body) else {
        return reply(
            StatusCode::BAD_REQUEST,
            &json!({ "message": "expected a command id and a JSON object" }),
        );
    };
    if office.sandbox().rules().declaration().verb(&work.name()).is_none() {
        return reply(StatusCode::NOT_FOUND, &json!({ "message": "no such verb" }));
    }
    match office.react(&work) {
        Reaction::Says(said) => spoken(&said),
        Reaction::SaysAfter(pause, said) => {
            sleep(pause).await;
            spoken(&said)
        }
        Reaction::IsDown => reply(StatusCode::SERVICE_UNAVAILABLE, &json!({ "message": "down" })),
        Reaction::SaysNothing => reply(StatusCode::GATEWAY_TIMEOUT, &json!({ "message": "no answer" })),
        Reaction::SaysGarbage => ([(header::CONTENT_TYPE, "text/html")], "<html>%$#!").into_response(),
    }
}

/// The command as the sandbox's rules see it.
fn work<R: Rules>(
    office: &Office<R>,
    object: &str,
    verb: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Work> {
    let command_id = CommandId::new(headers.get("idempotency-key")?.to_str().ok()?).ok()?;
    let mut with: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let undoes = match with.remove("undoes") {
        Some(Value::String(id)) => {
            Some(Undoes { command_id: CommandId::new(id).ok()?, done: Document(with.clone()) })
        }
        _ => None,
    };
    let now: Timestamp = wire(office.now());
    let command = AdapterCommand {
        case: Name::new(command_id.case()).ok()?,
        step: Name::new(command_id.step()).ok()?,
        command_id,
        attempt: 1,
        correlation: Name::new("http").ok()?,
        document: None,
        with: Document(with),
        undoes,
        sent_at: now.clone(),
        deadline: now,
    };
    let adapter = Token::new(office.sandbox().rules().declaration().adapter).ok()?;
    let company = Token::new("sandbox").ok()?;
    Some(Work { company, adapter, object: Token::new(object).ok()?, verb: Token::new(verb).ok()?, command })
}

async fn look_up<R: Rules + 'static>(State(office): State<Office<R>>, Path(id): Path<String>) -> Response {
    if office.sandbox().is_down() {
        return reply(StatusCode::SERVICE_UNAVAILABLE, &json!({ "message": "down" }));
    }
    match CommandId::new(id).ok().and_then(|id| office.look_up(&id)).flatten() {
        Some(said) => {
            let answers: Vec<Value> = said.iter().map(body).collect();
            reply(StatusCode::OK, &json!({ "answers": answers }))
        }
        None => reply(StatusCode::NOT_FOUND, &json!({ "message": "no such command" })),
    }
}

async fn news<R: Rules + 'static>(State(office): State<Office<R>>, RawQuery(query): RawQuery) -> Response {
    if office.sandbox().is_down() {
        return reply(StatusCode::SERVICE_UNAVAILABLE, &json!({ "message": "down" }));
    }
    let after = query.as_deref().and_then(|query| query.strip_prefix("after=")).unwrap_or_default();
    let batch = office.batch(&after.replace("%3A", ":"));
    let news: Vec<Value> = batch.news.iter().map(item).collect();
    reply(StatusCode::OK, &json!({ "news": news, "cursor": batch.cursor, "more": batch.more }))
}

fn item(news: &News) -> Value {
    match news {
        News::Fact { object, fact, message } => {
            let fact = format!("{object}.{fact}");
            json!({ "fact": fact, "message_id": message.message_id, "at": message.at, "data": message.data })
        }
        News::Answer { command_id, said } => {
            let mut fields = body(said);
            fields["command_id"] = json!(command_id);
            fields
        }
        News::Unreadable { why, text } => json!({ "why": why, "text": text }),
    }
}

/// What is said, as a reply's body: an object, whose `status` is the word.
fn body(said: &Said) -> Value {
    match &said.outcome {
        Outcome::Said { word, fields } => {
            let mut members = fields.0.clone();
            members.insert("status".to_owned(), json!(word));
            Value::Object(members)
        }
        Outcome::Refused { code, message } => {
            json!({ "status": "refused", "code": code, "message": message })
        }
        Outcome::Unknown { message } => json!({ "status": "unknown", "message": message }),
    }
}

fn spoken(said: &[Said]) -> Response {
    let Some(last) = said.last() else { return reply(StatusCode::ACCEPTED, &json!({ "status": "taken" })) };
    let status = match (&last.outcome, last.last) {
        (Outcome::Refused { .. }, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, true) => StatusCode::OK,
        (_, false) => StatusCode::ACCEPTED,
    };
    reply(status, &body(last))
}

fn reply(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
