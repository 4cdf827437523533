//! The engine of the demo company on a disk whose power goes, in virtual time.

use std::path::Path;
use std::sync::Arc;

use countersign_core::command::{Body, Cause, Request, VouchedBy};
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_journal::Geometry;
use countersign_journal::sim::SimDisk;
use countersign_runtime::{Clock, Engine, EngineOptions, Incoming, ManualClock, OnFatal, Reply, ViewsAt};
use countersign_server::setup;

/// A Monday morning in Nanjing.
const BEGIN: &str = "2025-04-21T09:00:00+08:00";

/// The company, its disk and its clock.
pub(crate) struct House {
    engine: Option<Engine>,
    disk: SimDisk,
    pub(crate) clock: ManualClock,
    pub(crate) crashes: u64,
    serial: u64,
    fingerprints: u64,
}

fn options(disk: &SimDisk, clock: &ManualClock) -> EngineOptions {
    EngineOptions {
        on_fatal: OnFatal::Stop,
        views: ViewsAt::Off,
        geometry: Geometry { segment_bytes: 4 << 20, group_bytes_max: 264 * 1024 },
        clock: Arc::new(clock.clone()),
        ..EngineOptions::storage(disk.storage())
    }
}

impl House {
    /// Founds the demo company.
    pub(crate) fn found(seed: u64) -> House {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
        let compiled = setup::read(&files).expect("the demo company compiles");
        let (disk, clock) = (SimDisk::new(seed), ManualClock::new(Timestamp::parse(BEGIN).expect("a time")));
        setup::init_with(options(&disk, &clock), &compiled, "H03", "root").expect("a company is founded");
        let mut house = House { engine: None, disk, clock, crashes: 0, serial: 0, fingerprints: 0 };
        house.start();
        house
    }

    fn start(&mut self) {
        let (engine, _) = Engine::open(options(&self.disk, &self.clock)).expect("it starts again");
        self.engine = Some(engine);
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the engine runs")
    }

    /// The power will go at this storage call from now on.
    pub(crate) fn cut_power_at(&self, call: u64) {
        self.disk.cut_power_at(call);
    }

    /// Starts again after the power went.
    fn crashed(&mut self) {
        self.crashes += 1;
        self.engine = None;
        self.disk.power_on();
        self.start();
    }

    /// Says something until it is answered, through power cuts: the same message, under the same ids.
    pub(crate) fn say(&mut self, incoming: &Incoming) -> Reply {
        loop {
            match self.engine().handle().command_blocking(incoming.clone()) {
                Ok(reply) => return reply,
                Err(_) => self.crashed(),
            }
        }
    }

    /// A request of a person in a post.
    pub(crate) fn request(&mut self, person: &Name, position: &Name, body: Body) -> Incoming {
        self.serial += 1;
        self.fingerprints += 1;
        let cause = Cause::Request(Request {
            system: Name::from("test"),
            request_id: Name::from(format!("r-{}", self.serial)),
            fingerprint: u128::from(self.fingerprints).to_le_bytes(),
            sent_at: self.clock.wall(),
            person: person.clone(),
            position: position.clone(),
            vouched_by: VouchedBy::Local,
        });
        Incoming { cause, body }
    }

    /// Time goes on; what is due happens.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.clock.advance(ms);
        while self.engine().handle().settle_blocking().is_err() {
            self.crashed();
        }
    }

    /// Looks at State.
    pub(crate) fn read<T: Send + 'static>(
        &mut self,
        look: impl Fn(&State) -> T + Send + Sync + Clone + 'static,
    ) -> T {
        loop {
            match self.engine().handle().read_blocking(look.clone()) {
                Ok((found, _)) => return found,
                Err(_) => self.crashed(),
            }
        }
    }

    /// Every frame from a sequence on, with its sequence.
    pub(crate) fn frames(&mut self, from: u64) -> Vec<(u64, countersign_core::frame::Frame)> {
        self.read(|state| state.head().sequence);
        let mut frames = Vec::new();
        let Ok(mut reader) = self.engine().handle().log().reader(from) else {
            self.crashed();
            return self.frames(from);
        };
        loop {
            match reader.read() {
                Ok(Some((sequence, frame))) => frames.push((sequence, frame)),
                Ok(None) => return frames,
                Err(_) => break,
            }
        }
        drop(reader);
        self.crashed();
        self.frames(from)
    }
}
