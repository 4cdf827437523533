//! The engine that the story plays on: in this process, with a clock that is moved by hand.

use std::path::Path;
use std::sync::Arc;

use countersign_core::command::VouchedBy;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_journal::Geometry;
use countersign_messages as wire;
use countersign_messages::{ErrorBody, Request};
use countersign_runtime::{Clock, Engine, EngineOptions, Founding, ManualClock};
use countersign_server::render::time;
use countersign_server::{Caller, Desk};
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use super::company::FILES;
use crate::embedded;
use crate::exit::Failure;
use crate::transport::runtime;

/// 2025-04-21T09:00+08:00, a Monday.
const BEGIN: Timestamp = Timestamp(1_745_197_200_000);
/// When the story ends: 2025-04-24T10:00+08:00.
pub(super) const END: Timestamp = Timestamp(1_745_460_000_000);

/// Who holds the posts of the story.
const HOLDERS: [(&str, &str); 6] = [
    ("rep_js1", "H31"),
    ("kam_js", "H29"),
    ("bgm_js", "H25"),
    ("region_east_head", "H24"),
    ("credit_controller", "H19"),
    ("legal", "H05"),
];

/// An engine, its desk and its clock.
pub(super) struct Stage {
    engine: Engine,
    desk: Desk,
    clock: ManualClock,
    runtime: Runtime,
    asked: u32,
    /// How many definitions hold.
    pub(super) definitions: usize,
}

/// What stands in every request.
pub(super) struct Envelope {
    pub(super) request_id: wire::RequestId,
    pub(super) sent_at: wire::Timestamp,
    pub(super) person: wire::Name,
    pub(super) position: wire::Name,
}

impl Stage {
    /// Founds the demo company.
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
        let definitions = stored.len();
        embedded::activate(&engine, &founding, stored).map_err(Failure::internal)?;
        let runtime = runtime()?;
        let desk = runtime.block_on(Desk::open(engine.handle().clone(), Arc::new(clock.clone())))?;
        Ok(Stage { engine, desk, clock, runtime, asked: 0, definitions })
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// Lets time pass up to `day` (of April 2025) and `clock` (`"14:00"`) in the company's zone; whatever is due
    /// on the way happens at its own time.
    pub(super) fn at(&mut self, day: u8, clock: &str) -> Result<(), Failure> {
        let text = format!("2025-04-{day:02}T{clock}:00+08:00");
        let to = Timestamp::parse(&text)
            .ok_or_else(|| Failure::internal(format!("expected a time, found {text}")))?;
        while self.next_timer()?.is_some_and(|due| due <= to) {
            self.until_next_timer()?;
        }
        self.move_clock(to)
    }

    /// Lets time pass until something is due, and happens.
    pub(super) fn until_next_timer(&mut self) -> Result<(), Failure> {
        if let Some(due) = self.next_timer()? {
            self.move_clock(due)?;
        }
        Ok(())
    }

    /// Sets the clock and lets everything happen that it sets off. The engine looks at the clock once for a run of
    /// its work, and the first question may be answered by a run that looked before: the second one never is.
    fn move_clock(&self, to: Timestamp) -> Result<(), Failure> {
        self.clock.advance_to(to);
        self.settled()?;
        self.settled()?;
        Ok(())
    }

    fn next_timer(&self) -> Result<Option<Timestamp>, Failure> {
        let look = |state: &countersign_core::state::State| state.next_timer().map(|(due, ..)| due);
        Ok(self.engine.handle().read_blocking(look)?.0)
    }

    /// What every request of a post's holder has.
    pub(super) fn envelope(&mut self, position: &str) -> Result<Envelope, Failure> {
        self.asked += 1;
        Ok(Envelope {
            request_id: wire::RequestId::new(format!("demo-{}", self.asked)).map_err(Failure::internal)?,
            sent_at: time(self.now()),
            person: wire::Name::new(holder(position)).map_err(Failure::internal)?,
            position: wire::Name::new(position).map_err(Failure::internal)?,
        })
    }

    /// Asks as a system, and reads the answer, with the sequence it rests on.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        system: &str,
        request: &Request,
    ) -> Result<Result<(T, u64), ErrorBody>, Failure> {
        let caller = Caller::new(system, VouchedBy::Local);
        let (verb, payload) = (request.verb().as_token(), request.to_json());
        let bytes = self.runtime.block_on(self.desk.handle(&caller, verb, &payload));
        let reply: wire::Reply<T> = serde_json::from_slice(&bytes).map_err(Failure::internal)?;
        Ok(reply.outcome.map(|value| (value, reply.sequence)))
    }

    /// The last sequence, once nothing is due any more.
    pub(super) fn settled(&self) -> Result<u64, Failure> {
        Ok(self.engine.handle().settle_blocking()?)
    }

    /// Stops the engine, cleanly.
    pub(super) fn close(self) -> Result<(), Failure> {
        let Stage { engine, desk, runtime, .. } = self;
        drop(desk);
        drop(runtime);
        engine.stop()?;
        Ok(())
    }
}

/// Who holds a post.
pub(super) fn holder(position: &str) -> &'static str {
    HOLDERS.iter().find(|(post, _)| *post == position).map_or("nobody", |(_, person)| person)
}

/// `kam_js (H29)`.
pub(super) fn who(position: &str) -> String {
    format!("{position} ({})", holder(position))
}
