//! The front desk: a request in bytes becomes a command or a question, the answer becomes a reply in bytes.
//!
//! It knows nothing of how bytes travel; NATS and the in-process bus both stand before it. Who calls is told by
//! them ([`Caller`]), what a caller may assert is decided by core from systems.yaml. Every reply names the sequence
//! that it rests on, durable by then.

mod accounts;
mod answer;
mod bulk;
mod command;
mod concern;
mod look;
mod organisation;
mod past;
mod query;
pub(crate) mod raw;
mod refuse;
mod secret;
mod standing;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use countersign_core::command::{Body, CaseNo, VouchedBy};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::secret::KeyId;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_messages::{ErrorBody, Limits, LogId, Reply, Request, Token, Who, WhoReply, decode_request};
use countersign_runtime::{Clock, EngineHandle, Incoming, Reply as EngineReply, ReplyResult, Unavailable};
use serde::Serialize;

use command::Asked;
use refuse::Refusal;
use secret::SecretChains;

use crate::keys::Keys;

/// The system as which engines ask one another who serves a company; no back office may be called so.
pub const ENGINE_SYSTEM: &str = "engine";

/// Who brings a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The calling system, as systems.yaml names it.
    pub system: Name,
    /// How it is known.
    pub vouched_by: VouchedBy,
}

impl Caller {
    /// A caller.
    pub fn new(system: &str, vouched_by: VouchedBy) -> Caller {
        Caller { system: Name::from(system), vouched_by }
    }
}

/// The desk of one company. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    handle: EngineHandle,
    clock: Arc<dyn Clock>,
    company: Token,
    limits: Limits,
    /// Requests that the desk has made itself.
    made: AtomicU64,
    /// The keys of secrets; None: the engine has no data directory.
    keys: Option<Keys>,
    /// Which fields of which chains are secret.
    secrets: RwLock<SecretChains>,
}

/// An answer, with the sequence it rests on where that is not simply the durable end.
type Answered<T> = Result<(T, u64), Refusal>;

impl Desk {
    /// The desk of a running engine.
    ///
    /// # Errors
    /// `OVERLOADED`, `ENGINE_STOPPED`; `INTERNAL` if the company's id is no token of a subject.
    pub async fn open(handle: EngineHandle, clock: Arc<dyn Clock>) -> Result<Desk, Unavailable> {
        let (company, _) = handle.read(|state| state.head().company.clone()).await?;
        let company = Token::new(company.as_str())
            .map_err(|_| Unavailable::Misuse("a company whose id can stand in a subject"))?;
        let ((chains, erased), _) =
            handle.read(|state| (secret::secret_chains(state), secret::erased(state))).await?;
        let keys = handle.data().map(Keys::of);
        let inner = Inner {
            handle,
            clock,
            company,
            limits: Limits::default(),
            made: AtomicU64::new(0),
            keys,
            secrets: RwLock::new(chains),
        };
        let desk = Desk { inner: Arc::new(inner) };
        // What was erased when the process ended before the keys were gone. Not again is no reason not to serve.
        if let Err(error) = desk.destroy(erased).await {
            tracing::error!(code = error.code, "keys of erased secrets are still there: {}", error.message);
        }
        Ok(desk)
    }

    /// The company served.
    pub fn company(&self) -> &Token {
        &self.inner.company
    }

    /// The engine behind the desk.
    pub fn engine(&self) -> &EngineHandle {
        &self.inner.handle
    }

    /// Answers a request, whatever it holds. The answer is `{"ok": ...}` or `{"error": ...}`, always with `sequence`.
    pub async fn handle(&self, caller: &Caller, verb: &str, payload: &[u8]) -> Vec<u8> {
        let request = match decode_request(verb, payload, &self.inner.limits) {
            Ok(request) => request,
            Err(error) => return self.refuse(error),
        };
        match self.dispatch(caller, request).await {
            Ok(reply) => reply,
            Err(error) => self.refuse(*error),
        }
    }

    /// The reply that refuses with this error.
    pub fn refuse(&self, error: impl Into<ErrorBody>) -> Vec<u8> {
        json(&Reply::<()>::error(error, self.inner.handle.log().durable()))
    }

    async fn dispatch(&self, caller: &Caller, request: Request) -> Result<Vec<u8>, Refusal> {
        match request {
            Request::DecideAll(r) => said(self.decide_all(caller, &r).await),
            Request::Inbox(r) => said(self.inbox(caller, r).await?),
            Request::Case(r) => said(self.case(caller, r).await?),
            Request::Timeline(r) => said(self.timeline(caller, r).await?),
            Request::Explain(r) => said(self.explain(caller, r).await?),
            Request::Preview(r) => said(self.preview(caller, r).await?),
            Request::Handler(r) => said(self.handler(caller, r).await?),
            Request::Accounts(r) => said(self.accounts(caller, r).await?),
            Request::Plan(r) => said(self.plan(caller, r).await?),
            Request::Organisation(r) => said(self.organisation(caller, r).await?),
            Request::Who(r) => said(self.who(caller, r).await?),
            Request::Reveal(r) => said(self.reveal(caller, r).await?),
            request => match self.sealed(caller, request).await? {
                Some(asked) => self.command(asked).await,
                None => Err(refuse::of("INTERNAL", "expected a request that this desk answers")),
            },
        }
    }

    /// Runs a command and tells its outcome.
    async fn command(&self, asked: Asked) -> Result<Vec<u8>, Refusal> {
        self.check_version(&asked).await?;
        let Asked { cause, body, case, message_id, organises, made, .. } = asked;
        let erases = if let Body::Erase { case, .. } = &body { Some(*case) } else { None };
        let reply = self.inner.handle.send_telling(Incoming { cause, body }, case);
        let reply = reply.map_err(|e| refuse::unavailable(&e))?.await.map_err(|e| refuse::unavailable(&e))?;
        self.after(&reply, made, erases).await?;
        if organises {
            return Ok(answer::organised(reply));
        }
        self.outcome(reply, message_id).await
    }

    /// What is due once a command is durable, or was refused: keys that nothing needs go.
    async fn after(
        &self,
        reply: &EngineReply,
        made: Option<KeyId>,
        erases: Option<CaseNo>,
    ) -> Result<(), Refusal> {
        match &reply.result {
            ReplyResult::Refused(rejection) => {
                if rejection.code == Code::Unsealed {
                    self.relearn_secrets().await?;
                }
                self.destroy(made.into_iter().collect()).await
            }
            // A repeat took effect under the key of the first time.
            ReplyResult::Accepted(_) if reply.repeated => self.destroy(made.into_iter().collect()).await,
            ReplyResult::Accepted(_) => match erases {
                Some(case) => self.destroy(self.erased_of(case).await?).await,
                None => Ok(()),
            },
        }
    }

    /// A resubmission of another version of the case than its submitter saw is stale. The version of a case is its
    /// revision, which only a resubmission from draft or an editor moves; core refuses the second of two
    /// resubmissions by itself, because the case has left the draft by then.
    async fn check_version(&self, asked: &Asked) -> Result<(), Refusal> {
        let (Some(version), Some(case)) = (asked.version, asked.case) else { return Ok(()) };
        let countersign_core::command::Cause::Request(request) = &asked.cause else { return Ok(()) };
        let (system, id) = (request.system.clone(), request.request_id.clone());
        let look = move |state: &State| {
            // A repeat is answered as the first time, whatever the case's version is by now.
            let repeated = state.requests().get(&system, &id).is_some();
            state.case(case).filter(|_| !repeated).map(|case| case.revision())
        };
        let (revision, _) = self.inner.handle.read(look).await.map_err(|e| refuse::unavailable(&e))?;
        match revision {
            Some(revision) if u64::from(revision) != version => {
                let message = format!(
                    "expected version {revision} of the case, found {version}; it has changed since, look at it again"
                );
                Err(refuse::rejected(Rejection::at(Code::Conflict, "version", message)))
            }
            _ => Ok(()),
        }
    }

    /// Who serves here. An engine asks it before it serves; a back office needs the verb in systems.yaml.
    async fn who(&self, caller: &Caller, _request: Who) -> Answered<WhoReply> {
        let caller = caller.clone();
        let look = move |state: &State| {
            let systems = state.definitions().active().and_then(|release| release.systems());
            let grant = systems.and_then(|systems| systems.systems.get(&caller.system));
            let granted = grant.is_some_and(|grant| grant.verbs.has("who"));
            if granted || caller.vouched_by == VouchedBy::Local || *caller.system == *ENGINE_SYSTEM {
                return Ok(());
            }
            let message =
                format!("expected a system that systems.yaml lets use `who`, found {}", caller.system);
            Err(Rejection::new(Code::Forbidden, message))
        };
        let ((), sequence) = self.look(look).await?;
        let reply = WhoReply {
            company: self.inner.company.to_string(),
            log_id: LogId::from_bytes(&self.inner.handle.log().log_id().0),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok((reply, sequence))
    }

    /// Asks State something that core may refuse.
    async fn look<T, F>(&self, look: F) -> Answered<T>
    where
        T: Send + 'static,
        F: FnOnce(&State) -> Result<T, Rejection> + Send + 'static,
    {
        let (found, sequence) = self.inner.handle.read(look).await.map_err(|e| refuse::unavailable(&e))?;
        Ok((found.map_err(refuse::rejected)?, sequence))
    }

    /// The id of a request that the desk makes itself, of a caller's question.
    fn own_id(&self, what: &str, now: Timestamp) -> Name {
        let number = self.inner.made.fetch_add(1, Ordering::Relaxed);
        Name::from(format!("{what}/{}/{number}", now.0))
    }

    /// The time for a question: as the writer would stamp it.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.wall()
    }
}

/// A reply that grants.
fn said<T: Serialize>((value, sequence): (T, u64)) -> Result<Vec<u8>, Refusal> {
    Ok(json(&Reply::ok(value, sequence)))
}

fn json<T: Serialize>(reply: &Reply<T>) -> Vec<u8> {
    reply.to_json().expect("a reply is made of texts, numbers and objects with text keys")
}
