//! How a request reaches the engine of a company: over NATS, or in a data directory that is locked meanwhile.
//!
//! Both carry the same messages and get the same answers. What differs is who vouches for the person: over NATS
//! the calling system, in a directory whoever may open its files.

mod access;
mod local;
mod nats;
mod user;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign_messages::{ErrorBody, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub(crate) use access::Access;
pub(crate) use local::acting;
pub(crate) use user::os_user;

use crate::exit::Failure;
use local::Local;
use nats::Remote;

/// Where the company is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Where the company is")]
pub(crate) struct Where {
    /// A data directory, opened and locked for this one command [env: COUNTERSIGN_DATA]
    #[arg(long, value_name = "DIR", conflicts_with = "nats")]
    pub(crate) data: Option<PathBuf>,
    /// The NATS server through which the company is served [env: COUNTERSIGN_NATS]
    #[arg(long, value_name = "URL")]
    pub(crate) nats: Option<String>,
    /// The company's id, with --nats [env: COUNTERSIGN_COMPANY]
    #[arg(long, value_name = "NAME")]
    company: Option<String>,
    /// The calling system as systems.yaml names it, with --nats [env: COUNTERSIGN_SYSTEM]
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// Seconds to wait for an answer over NATS
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    deadline: u64,
    /// Where answers go, over NATS; `_INBOX.USER` if absent, or `_INBOX` without a user
    #[arg(long, value_name = "PREFIX")]
    inbox_prefix: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// The post that a person acts in, and the person, where they are named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    pub(crate) person: Option<String>,
    pub(crate) position: Option<String>,
}

/// A person in a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acting {
    pub(crate) person: String,
    pub(crate) position: String,
}

/// A way to an engine.
trait Transport {
    /// Sends a request and waits for its reply.
    fn ask(&mut self, request: &Request) -> Result<Vec<u8>, Failure>;

    /// Who acts, where the command line leaves it open. `needs_post`: something is to be signed or handed in, so
    /// that the post must be named.
    fn acting(&mut self, named: &Named, needs_post: bool) -> Result<Acting, Failure>;

    /// Ends it.
    fn close(self: Box<Self>) -> Result<(), Failure>;
}

/// A company that can be asked.
pub(crate) struct Session(Box<dyn Transport>);

/// A reply that grants.
pub(crate) struct Answer<T> {
    /// As it came.
    pub(crate) raw: Box<RawValue>,
    /// The sequence that it rests on.
    pub(crate) sequence: u64,
    pub(crate) value: T,
}

impl Where {
    /// The data directory, where that is where the company is; None: over NATS.
    pub(crate) fn files(&self) -> Result<Option<PathBuf>, Failure> {
        let given = self.data.is_some() || self.nats.is_some();
        if self.nats.is_some() || (!given && variable("COUNTERSIGN_NATS").is_some()) {
            return Ok(None);
        }
        DataDir { data: self.data.clone() }.path().map(Some)
    }

    /// Reaches the company.
    ///
    /// # Errors
    /// `USAGE` where nothing says where it is; `LOCKED`, `LOG_MISSING`, `NATS_UNREACHABLE` ...
    pub(crate) fn open(&self) -> Result<Session, Failure> {
        let given = self.data.is_some() || self.nats.is_some();
        let or_env = |flag: &Option<String>, name: &str| flag.clone().or_else(|| variable(name));
        let data =
            self.data.clone().or_else(|| variable("COUNTERSIGN_DATA").filter(|_| !given).map(PathBuf::from));
        let nats = self.nats.clone().or_else(|| variable("COUNTERSIGN_NATS").filter(|_| !given));
        if let Some(url) = nats {
            let need = |value: Option<String>, flag: &str| {
                value.ok_or_else(|| {
                    Failure::usage("expected it beside --nats: it is part of the subject").at(flag.to_owned())
                })
            };
            let company = need(or_env(&self.company, "COUNTERSIGN_COMPANY"), "--company")?;
            let system = need(or_env(&self.system, "COUNTERSIGN_SYSTEM"), "--system")?;
            let deadline = Duration::from_secs(self.deadline);
            return Ok(Session(Box::new(Remote::open(url, (company, system), deadline, self)?)));
        }
        let data = data.ok_or_else(|| {
            Failure::usage(
                "expected --data DIR, or --nats URL --company NAME --system NAME: where is the company?",
            )
        })?;
        Ok(Session(Box::new(Local::open(&data)?)))
    }
}

impl Session {
    /// Who acts.
    pub(crate) fn acting(&mut self, named: &Named, needs_post: bool) -> Result<Acting, Failure> {
        self.0.acting(named, needs_post)
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// The refusal, or whatever kept the answer away.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, request: &Request) -> Result<Answer<T>, Failure> {
        #[derive(Deserialize)]
        struct Reply {
            ok: Option<Box<RawValue>>,
            error: Option<ErrorBody>,
            sequence: u64,
        }
        let bytes = self.0.ask(request)?;
        let unreadable = |error: serde_json::Error| {
            Failure::new("INTERNAL", format!("expected a reply of a known form: {error}"))
                .hint("is the engine of the same version as this program?")
        };
        let reply: Reply = serde_json::from_slice(&bytes).map_err(unreadable)?;
        if let Some(error) = reply.error {
            return Err(Failure { sequence: Some(reply.sequence), ..Failure::from(error) });
        }
        let ok = reply.ok.ok_or_else(|| Failure::internal("expected a reply with ok or error"))?;
        let value = serde_json::from_str(ok.get()).map_err(unreadable)?;
        let raw = serde_json::from_slice(&bytes).map_err(unreadable)?;
        Ok(Answer { raw, sequence: reply.sequence, value })
    }

    /// Ends the session, cleanly.
    pub(crate) fn close(self) -> Result<(), Failure> {
        self.0.close()
    }
}

/// A data directory, for what only files can answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct DataDir {
    /// The data directory [env: COUNTERSIGN_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataDir {
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        let given = self.data.clone().or_else(|| variable("COUNTERSIGN_DATA").map(PathBuf::from));
        given.ok_or_else(|| Failure::usage("expected --data DIR (or the variable COUNTERSIGN_DATA)"))
    }
}

/// A variable of the environment that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A runtime for the one thing that a command does.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|error| Failure::new("IO", format!("the operating system gave no threads: {error}")))
}
