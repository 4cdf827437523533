//! The wholesaler in virtual time: tokio's paused clock moves when every task rests, the engine's clock follows it, and
//! both stand still while another thread works.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::command::VouchedBy;
use countersign_core::state::{Case, Stage, State};
use countersign_core::time::Timestamp;
use countersign_runtime::{Clock, EngineOptions, ManualClock, OnFatal, ViewsAt};
use countersign_server::{Caller, Config, Server, setup};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::repository;

/// A Monday morning in London.
const BEGIN: &str = "2010-12-06T09:00:00+00:00";
/// The engine's clock is never further behind.
const TICK: Duration = Duration::from_secs(2);

/// Waits for work that other threads do. Time stands still meanwhile: the paused clock does not move while a blocking
/// task runs.
pub(crate) async fn steady<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work)).await.expect("the work ends")
}

/// The served company.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) clock: ManualClock,
    ticking: JoinHandle<()>,
    requests: u64,
}

/// Who asks: a person in a post.
pub(crate) type Who<'a> = (&'a str, &'a str);

/// An undo was refused for good: the goods are with the carrier.
pub(crate) const ON_ITS_WAY: &str = "STUCK: PICKED_UP";

/// Where a case stands, for an onlooker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is over.
    Ended(String),
    /// It is held, for this code; in this place.
    Held(String),
    /// It goes on.
    Open(String),
}

pub(crate) fn options(data: &Path, clock: &ManualClock) -> EngineOptions {
    let clock = Arc::new(clock.clone());
    EngineOptions { on_fatal: OnFatal::Stop, views: ViewsAt::Off, clock, ..EngineOptions::directory(data) }
}

impl House {
    /// Founds the company and serves it.
    pub(crate) async fn open(data: &Path) -> House {
        let clock = ManualClock::new(Timestamp::parse(BEGIN).expect("a time"));
        let founding = options(data, &clock);
        let founded = tokio::task::spawn_blocking(move || {
            let compiled = setup::read(&repository().join("workflows/wholesaler")).expect("it compiles");
            setup::init_with(founding, &compiled, "W02", "root").map(drop)
        });
        founded.await.expect("no panic").expect("a company is founded");
        let server =
            steady(Server::start(Config::embedded(options(data, &clock)))).await.expect("it serves").0;
        let (engine, hands) = (server.engine().clone(), clock.clone());
        let ticking = tokio::spawn(async move {
            loop {
                sleep(TICK).await;
                hands.advance(TICK.as_millis() as u64);
                let engine = engine.clone();
                steady(async move { engine.settle().await }).await.expect("the engine lives");
            }
        });
        House { server, clock, ticking, requests: 0 }
    }

    /// Asks the desk for something as a person.
    pub(crate) async fn ask(
        &mut self,
        verb: &'static str,
        who: Who<'_>,
        mut body: Value,
    ) -> Result<Value, String> {
        self.requests += 1;
        body["request_id"] = format!("r-{}", self.requests).into();
        body["sent_at"] = self.clock.wall().to_string().into();
        (body["person"], body["position"]) = (who.0.into(), who.1.into());
        let desk = self.server.desk().clone();
        let reply = steady(async move {
            desk.handle(&Caller::new("desk", VouchedBy::System), verb, body.to_string().as_bytes()).await
        });
        let reply: Value = serde_json::from_slice(&reply.await).expect("a reply is JSON");
        match reply.get("ok") {
            Some(ok) => Ok(ok.clone()),
            None => {
                Err(reply["error"]["code"].as_str().unwrap_or_else(|| panic!("a code: {reply}")).to_owned())
            }
        }
    }

    /// Looks at State.
    pub(crate) async fn read<T: Send + 'static>(&self, look: impl FnOnce(&State) -> T + Send + 'static) -> T {
        let engine = self.server.engine().clone();
        steady(async move { engine.read(look).await }).await.expect("the engine lives").0
    }

    /// Answers the one open task of a case as its holder. None: it has none.
    pub(crate) async fn answer(&mut self, case: u64, verdict: &str) -> Option<Result<Value, String>> {
        let task = self.read(move |state| {
            let case = state.case(case)?;
            let (number, task) = case.tasks().iter().next()?;
            let hash: String = case.content_hash().iter().map(|byte| format!("{byte:02x}")).collect();
            Some((*number, task.position.to_string(), task.holders[0].to_string(), task.version, hash))
        });
        let (number, position, person, version, hash) = task.await?;
        let mut body = json!({
            "case": format!("C-{case}"), "task": format!("T-{number}"), "version": version,
            "content_hash": hash, "verdict": verdict,
        });
        if verdict != "approve" {
            body["reason"] = "nobody needs that many".into();
        }
        Some(self.ask("decide", (&person, &position), body).await)
    }

    /// Where every case from 1 to `last` stands.
    pub(crate) async fn places(&self, last: u64) -> BTreeMap<u64, Place> {
        self.read(move |state| (1..=last).map(|case| (case, place(state, case))).collect()).await
    }

    /// Ends; gives State as it stands then.
    pub(crate) async fn close(self) -> State {
        self.ticking.abort();
        self.server.stop().await.expect("a clean stop")
    }
}

fn place(state: &State, number: u64) -> Place {
    if let Some(closed) = state.closed(number) {
        return Place::Ended(closed.end.to_string());
    }
    let Some(case) = state.case(number) else {
        panic!("C-{number} was acknowledged, and State does not know it");
    };
    match case.stage() {
        Stage::Held { code, .. } if *code == "STUCK" && is_on_its_way(case) => {
            Place::Held(ON_ITS_WAY.to_owned())
        }
        Stage::Held { code, .. } => Place::Held(code.to_string()),
        stage => Place::Open(format!("{stage:?}")),
    }
}

/// Whether the carrier had the goods already when the newest command was to cancel the shipment.
fn is_on_its_way(case: &Case) -> bool {
    let commands = case.outward().map(|outward| &outward.commands);
    let newest = commands.and_then(|commands| commands.last_key_value());
    let answer = newest.and_then(|(_, command)| command.answer.as_ref());
    answer.and_then(|answer| answer.code.as_ref()).is_some_and(|code| *code == "PICKED_UP")
}
