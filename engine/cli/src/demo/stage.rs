//! The company of the story, whole and in this process: its engine on a real log, the systems beside it, and a clock
//! that is moved by hand.

use std::path::Path;
use std::sync::Arc;

use countersign_adapter::sandbox::{Fault, Faults};
use countersign_adapter_erp::{Erp, ErpSettings};
use countersign_adapter_finance::{Finance, FinanceSettings, Pays};
use countersign_adapter_logistics::{Logistics, LogisticsSettings};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::state::Release;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_journal::Geometry;
use countersign_messages::{ErrorBody, Reply, Request, Token};
use countersign_runtime::{Clock, Engine, EngineOptions, Founding, LogReader, ManualClock};
use countersign_server::Server;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use super::company::FILES;
use super::office::Office;
use crate::embedded;
use crate::exit::Failure;
use crate::transport::runtime;

/// 2025-04-14T09:00+08:00, a Monday.
pub(super) const BEGIN: Timestamp = Timestamp(1_744_592_400_000);
/// A day in seconds.
const DAY: u64 = 86_400;
/// Moves of the clock between two acts of the story; more is a circle.
const MOVES_MAX: usize = 10_000;

/// The engine with its doors, the systems, the clock.
pub(super) struct Stage {
    server: Server,
    runtime: Runtime,
    clock: ManualClock,
    reader: LogReader,
    /// What holds: titles are read from it.
    pub(super) release: Arc<Release>,
    pub(super) erp: Office<Erp>,
    pub(super) logistics: Office<Logistics>,
    pub(super) finance: Office<Finance>,
}

impl Stage {
    /// Founds the demo company in a data directory.
    pub(super) fn open(data: &Path) -> Result<Stage, Failure> {
        let clock = ManualClock::new(BEGIN);
        // Small segments: a story needs no room for a year of work.
        let geometry = Geometry { segment_bytes: 8 << 20, ..Geometry::default() };
        let options =
            EngineOptions { clock: Arc::new(clock.clone()), geometry, ..EngineOptions::directory(data) };
        let founding = Founding {
            company: Name::from("yuanlan"),
            administrator: Name::from("H03"),
            os_user: Name::from("demo"),
        };
        let (engine, _) = Engine::create(options, &founding)
            .map_err(|error| Failure::from(error).at(data.display().to_string()))?;
        let stored = embedded::definitions(FILES).map_err(Failure::internal)?;
        embedded::activate(&engine, &founding, stored).map_err(Failure::internal)?;
        let (release, _) =
            engine.handle().read_blocking(|state: &State| state.definitions().active().cloned())?;
        let release = release.ok_or_else(|| Failure::internal("expected rules that hold, found none"))?;
        let next = engine.handle().log().durable() + 1;
        let reader = engine.handle().log().reader(next)?;
        let runtime = runtime()?;
        let server = runtime.block_on(Server::over(engine, Arc::new(clock.clone()), None))?;
        let company = Token::new("yuanlan").map_err(Failure::internal)?;
        let erp = Office::new(&company, erp(), &clock).map_err(Failure::internal)?;
        let logistics = Office::new(&company, logistics(), &clock).map_err(Failure::internal)?;
        let finance = Office::new(&company, finance(), &clock).map_err(Failure::internal)?;
        runtime.block_on(async {
            server.bus().attach(Box::new(erp.clone())).await;
            server.bus().attach(Box::new(logistics.clone())).await;
            server.bus().attach(Box::new(finance.clone())).await;
        });
        // What goes wrong: finance does its first piece of work, and its answer is lost on the way.
        finance.system().set_faults(Faults::script([Fault::Lost]));
        // ERP says twice that it has taken on the production, its third piece of work.
        erp.system().set_faults(Faults::script([Fault::None, Fault::None, Fault::Twice]));
        Ok(Stage { server, runtime, clock, reader, release, erp, logistics, finance })
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// Lets time pass up to an instant, one step: to the next moment at which something is due in the engine or in
    /// one of the systems. False: nothing is due before it, and it is that instant now.
    pub(super) fn step(&mut self, to: Timestamp) -> Result<bool, Failure> {
        let timer = |state: &State| state.next_timer().map(|(due, ..)| due);
        let timer = self.server.engine().read_blocking(timer)?.0;
        let news = [self.erp.next_due(), self.logistics.next_due(), self.finance.next_due()];
        let next = news.into_iter().flatten().chain(timer).min().filter(|next| *next <= to);
        self.clock.advance_to(next.unwrap_or(to));
        self.rest()?;
        Ok(next.is_some())
    }

    /// Lets everything happen that can happen at this time, until the engine and all systems rest.
    pub(super) fn rest(&self) -> Result<(), Failure> {
        // The engine looks at the clock once for a run of its work, and the first question may be answered by a run
        // that looked before: the second one never is.
        self.server.engine().settle_blocking()?;
        self.server.engine().settle_blocking()?;
        let pumped = self.runtime.block_on(self.server.bus().pump());
        pumped.map_err(|error| Failure::new("STORY", error.to_string()))?;
        let letters = self.server.bus().dead_letters();
        match letters.first() {
            None => Ok(()),
            Some(letter) => {
                let found =
                    format!("expected every message of a system to be understood, found {}", letter.code);
                Err(Failure::new("STORY", found))
            }
        }
    }

    /// What became durable since it was asked last.
    pub(super) fn frames(&mut self) -> Result<Vec<(u64, Frame)>, Failure> {
        let mut frames = Vec::new();
        while let Some(frame) = self.reader.read()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    /// Asks as a back-office system does, and reads the answer.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        system: &str,
        request: &Request,
    ) -> Result<Result<T, ErrorBody>, Failure> {
        let (verb, payload) = (request.verb().as_token(), request.to_json());
        let bytes = self.runtime.block_on(self.server.bus().request(system, verb, &payload));
        let reply: Reply<T> = serde_json::from_slice(&bytes).map_err(Failure::internal)?;
        Ok(reply.outcome)
    }

    /// The last sequence, once nothing is due any more.
    pub(super) fn settled(&self) -> Result<u64, Failure> {
        Ok(self.server.engine().settle_blocking()?)
    }

    /// Messages of systems that had come before and changed nothing, since the start.
    pub(super) fn duplicates(&self) -> u64 {
        self.server.outward_counts().duplicates
    }

    /// What systems have said a second time since they were asked last.
    pub(super) fn said_again(&self) -> Vec<String> {
        [self.erp.said_again(), self.logistics.said_again(), self.finance.said_again()].concat()
    }

    /// Pieces of work that a system did more than once.
    pub(super) fn done_twice(&self) -> usize {
        self.erp.system().done_twice().len()
            + self.logistics.system().done_twice().len()
            + self.finance.system().done_twice().len()
    }

    /// Stops the engine, cleanly.
    pub(super) fn close(self) -> Result<(), Failure> {
        let Stage { server, runtime, .. } = self;
        runtime.block_on(server.stop())?;
        Ok(())
    }
}

/// 160 pieces in stock; more takes eight days to make.
fn erp() -> Erp {
    let stock = [("EB-P".to_owned(), Decimal::from(160))].into();
    Erp::new(ErpSettings { stock, lead_days: 8, making_seconds: 8 * DAY, ..ErpSettings::default() })
}

/// A delivery takes a day.
fn logistics() -> Logistics {
    Logistics::new(LogisticsSettings { delivery_seconds: DAY, ..LogisticsSettings::default() })
}

/// Customers pay 26 days after the invoice. The first time without what they have prepaid, the second time a little
/// less than they owe.
fn finance() -> Finance {
    let pays_next = vec![Pays::Short(Decimal::from(68_000)), Pays::Short(Decimal::new(20_001, 2))];
    Finance::new(FinanceSettings { pays_next, paid_seconds: 26 * DAY, ..FinanceSettings::default() })
}

/// Moves of the clock that may lie between two acts.
pub(super) fn within_reason(moves: usize) -> Result<(), Failure> {
    if moves < MOVES_MAX {
        return Ok(());
    }
    Err(Failure::new(
        "STORY",
        format!("expected the company to come to rest, the clock moved {MOVES_MAX} times"),
    ))
}
