//! The engine: a log, its State, and the threads around them.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use countersign_core::command::{Body, Cause, Command};
use countersign_core::frame::FRAME_BYTES_MAX;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::turn::{TurnResult, turn, turn_keyed};
use countersign_journal::{
    DirStorage, Journal, Lock, LogId, Report, Storage, WithArchive, remove_unfinished_snapshots,
};
use tokio::sync::watch;

use crate::archive::{archive_of, name_archive};
use crate::disk::Disk;
use crate::error::EngineError;
use crate::failure::Failure;
use crate::follow::LogView;
use crate::handle::EngineHandle;
use crate::log_thread::LogThread;
use crate::message::Message;
use crate::options::{EngineOptions, Home, lock_file, log_directory};
use crate::pipe::{Batch, Pipe};
use crate::recovery::{RecoveryReport, Replayed, recover};
use crate::release::{self, Releaser};
use crate::snapshots::{Maker, Progress, Store, Unmade};
use crate::views::{self, Views, ViewsOpened};
use crate::writer::{Flags, TurnFn, Writer, WriterParts};

/// Batches of replies that may wait for the release thread.
const RELEASE_QUEUE: usize = 4;

/// With which words a company begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// The company's id.
    pub company: Name,
    /// The first administrator: a person.
    pub administrator: Name,
    /// The operating system's user who founds it.
    pub os_user: Name,
}

/// A running engine. Dropped, it stops as [`Engine::stop`] does.
pub struct Engine {
    handle: EngineHandle,
    core: Option<JoinHandle<Option<State>>>,
    others: Vec<JoinHandle<()>>,
    /// Held while the threads run.
    _lock: Option<Lock>,
}

impl Engine {
    /// Creates a log with its first frame, durably, and starts the engine on it. A creation that was interrupted
    /// is completed.
    ///
    /// # Errors
    /// `LOG_EXISTS`, `LOCKED`, `DISK_FULL`, `LOG_GEOMETRY`, `IO`.
    pub fn create(
        options: EngineOptions,
        founding: &Founding,
    ) -> Result<(Engine, RecoveryReport), EngineError> {
        if let Home::Directory(path) = &options.home {
            std::fs::create_dir_all(path).map_err(directory(path))?;
        }
        let Entered { storage, archive, lock } = enter(&options, true)?;
        let log_id = random_log_id()?;
        let mut journal = match Journal::create(storage.clone(), log_id, 1, options.geometry) {
            Err(countersign_journal::Error::Exists) => Journal::open(storage.clone(), None)?.0,
            created => created?,
        };
        if journal.head().sequence > 0 {
            return Err(countersign_journal::Error::Exists.into());
        }
        check_groups(&journal)?;
        found(&mut journal, &options, founding)?;
        drop(journal);
        start(options, Entered { storage, archive, lock }, turn_keyed)
    }

    /// Opens the log: checks and recovers it, applies every frame, and starts the threads.
    ///
    /// # Errors
    /// `LOG_MISSING`, `NOT_FOUNDED`, `LOCKED`, `LOG_DAMAGED`, `LOG_TAIL_CUT`, `LOG_FOREIGN`,
    /// `LOG_FORMAT_UNKNOWN`, `IO`.
    pub fn open(options: EngineOptions) -> Result<(Engine, RecoveryReport), EngineError> {
        Engine::open_with(options, turn_keyed)
    }

    /// The same with a turn of the caller's.
    pub(crate) fn open_with(
        options: EngineOptions,
        turn: TurnFn,
    ) -> Result<(Engine, RecoveryReport), EngineError> {
        let entered = enter(&options, false)?;
        start(options, entered, turn)
    }

    /// What callers hold.
    pub fn handle(&self) -> &EngineHandle {
        &self.handle
    }

    /// Answers what came before, writes the head record, ends the threads. Gives State as it stands at the end.
    ///
    /// # Errors
    /// `ENGINE_STOPPED` with the reason, where it had failed before or fails on the way.
    pub fn stop(mut self) -> Result<State, EngineError> {
        self.end()
    }

    fn end(&mut self) -> Result<State, EngineError> {
        // A full disk must not keep the engine from stopping: what it has not made durable was not answered.
        self.handle.disk.end();
        self.handle.snapshots.end();
        // An error means that the core thread has ended already.
        drop(self.handle.queue.send(Message::Stop));
        let state = self.core.take().and_then(|core| core.join().ok().flatten());
        for thread in self.others.drain(..) {
            drop(thread.join());
        }
        match (self.handle.failure.reason(), state) {
            (None, Some(state)) => Ok(state),
            (reason, _) => Err(EngineError::Failed(reason.unwrap_or_else(|| "a thread ended".to_owned()))),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.core.is_some() {
            drop(self.end());
        }
    }
}

/// Makes a snapshot of a log that nobody has open. Gives its last sequence and its bytes.
///
/// # Errors
/// Those of [`Engine::open`]; `SNAPSHOT_FAILED`.
pub fn make_snapshot(options: &EngineOptions) -> Result<(u64, u64), EngineError> {
    let Entered { storage, lock: _lock, .. } = enter(options, false)?;
    let (journal, report, replayed) = recover(storage.clone())?;
    let head = journal.head();
    if head.sequence == 0 {
        return Err(EngineError::NotFounded);
    }
    remove_unfinished_snapshots(&*storage).map_err(Unmade::from)?;
    let store = Store { storage, log_id: report.log_id };
    let bytes = store.make(replayed.state, head, || true)?;
    Ok((head.sequence, bytes))
}

/// A log that nobody else has open.
struct Entered {
    storage: Arc<dyn Storage>,
    archive: Option<WithArchive>,
    lock: Option<Lock>,
}

/// Locks a data directory and gives the storage of its log.
fn enter(options: &EngineOptions, create: bool) -> Result<Entered, EngineError> {
    match &options.home {
        Home::Storage(storage) => Ok(Entered { storage: storage.clone(), archive: None, lock: None }),
        Home::Directory(path) => {
            let log = log_directory(path);
            if !create && !log.is_dir() {
                return Err(countersign_journal::Error::Missing.into());
            }
            let lock = Lock::acquire(&lock_file(path))?;
            let storage = DirStorage::open_or_create(&log).map_err(directory(&log))?;
            if let Some(archive) = &options.archive {
                name_archive(path, archive)?;
            }
            let live = storage.storage();
            let archive = archive_of(path, &live)?;
            let storage = archive.clone().map_or(live, |both| Arc::new(both));
            Ok(Entered { storage, archive, lock: Some(lock) })
        }
    }
}

/// Writes the first frame.
fn found(journal: &mut Journal, options: &EngineOptions, founding: &Founding) -> Result<(), EngineError> {
    let Founding { company, administrator, os_user } = founding.clone();
    let command = Command {
        at: options.clock.wall(),
        cause: Cause::Operator { os_user },
        body: Body::Found { company, administrator },
    };
    let turned = turn(&mut State::default(), &command);
    if let TurnResult::Refused(rejection) = turned.result {
        return Err(EngineError::FoundingRefused(rejection));
    }
    let mut bytes = Vec::new();
    for frame in &turned.frames {
        bytes.clear();
        frame.encode(&mut bytes).map_err(|error| EngineError::Failed(error.to_string()))?;
        journal.append_frames([bytes.as_slice()])?;
    }
    journal.write_head()?;
    Ok(())
}

fn check_groups(journal: &Journal) -> Result<(), EngineError> {
    let found = journal.log().geometry().frame_bytes_max();
    if found < FRAME_BYTES_MAX {
        return Err(EngineError::GroupsTooSmall { needed: FRAME_BYTES_MAX, found });
    }
    Ok(())
}

/// Recovers the log and starts the threads.
fn start(
    options: EngineOptions,
    Entered { storage, archive, lock }: Entered,
    turn: TurnFn,
) -> Result<(Engine, RecoveryReport), EngineError> {
    let (journal, report, replayed) = recover(storage.clone())?;
    check_groups(&journal)?;
    if report.last_sequence == 0 {
        return Err(EngineError::NotFounded);
    }
    let snapshots = Progress::default();
    snapshots.is_at(replayed.snapshot);
    let (durable, watch) = watch::channel(report.last_sequence);
    let log = LogView::new(journal.log(), watch, options.follower_lag_max);
    let (views, views_opened) = open_views(&options, &log)?;
    let store = Store { storage, log_id: report.log_id };
    let report = recovery_report(&options, report, &replayed, views_opened);
    let (queue, messages) = sync_channel(options.queue_capacity.max(1));
    let data = match &options.home {
        Home::Directory(path) => Some(Arc::from(path.as_path())),
        Home::Storage(_) => None,
    };
    let handle = EngineHandle {
        data,
        disk: Arc::new(Disk::new(journal.preparer(), journal.log().geometry())),
        failure: Arc::new(Failure::new(options.on_fatal)),
        flags: Arc::new(Flags::default()),
        queue,
        log,
        views,
        snapshots,
    };
    let mut engine = Engine { handle, core: None, others: Vec::new(), _lock: lock };
    let parts = Parts { options, journal, durable, messages, state: replayed.state, turn, store, archive };
    engine.spawn(parts)?;
    Ok((engine, report))
}

fn open_views(
    options: &EngineOptions,
    log: &LogView,
) -> Result<(Option<Views>, Option<ViewsOpened>), EngineError> {
    let Some(path) = options.views_path() else { return Ok((None, None)) };
    let (views, opened) = Views::open(&path, options.views_cache_bytes, log)?;
    Ok((Some(views), Some(opened)))
}

fn recovery_report(
    options: &EngineOptions,
    journal: Report,
    replayed: &Replayed,
    views: Option<ViewsOpened>,
) -> RecoveryReport {
    let clock_behind_ms = replayed.state.head().at.0.saturating_sub(options.clock.wall().0).max(0);
    if clock_behind_ms > 0 {
        tracing::warn!(clock_behind_ms, "the machine's clock is behind the last stamp of the log");
    }
    RecoveryReport {
        journal,
        snapshot: replayed.snapshot,
        skipped: replayed.skipped.clone(),
        frames: replayed.frames,
        events: replayed.events,
        replay_ms: replayed.took_ms,
        clock_behind_ms,
        views,
    }
}

/// What the threads are made from.
struct Parts {
    options: EngineOptions,
    journal: Journal,
    durable: watch::Sender<u64>,
    messages: Receiver<Message>,
    state: State,
    turn: TurnFn,
    store: Store,
    archive: Option<WithArchive>,
}

impl Engine {
    fn spawn(&mut self, parts: Parts) -> Result<(), EngineError> {
        let Parts { options, journal, durable, messages, state, turn, store, archive } = parts;
        let pipe = Arc::new(Pipe::new([Batch::default(), Batch::default()]));
        self.connect(&options, &pipe);
        let EngineHandle { log, disk, failure, flags, views, snapshots, .. } = self.handle.clone();
        if options.snapshot_every > 0 {
            let every = options.snapshot_every;
            let maker = Maker { store, archive, log: log.clone(), every, progress: snapshots };
            self.thread("snapshot", move || maker.run())?;
        }
        let log = Arc::new(log);
        let writer = WriterParts {
            state,
            turn,
            queue: messages,
            pipe: pipe.clone(),
            log: log.clone(),
            disk: disk.clone(),
            failure: failure.clone(),
            clock: options.clock.clone(),
            flags,
        };
        let (away, held) = sync_channel(RELEASE_QUEUE);
        let log_thread = LogThread {
            group: journal.group(),
            scratch: Vec::new(),
            journal,
            pipe,
            log: log.clone(),
            durable,
            releaser: Releaser { log: log.clone(), away },
            disk: disk.clone(),
            failure: failure.clone(),
            head_written: options.clock.monotonic(),
            clock: options.clock,
        };
        self.thread("release", move || release::run(&log, &held))?;
        self.thread("log", move || log_thread.run())?;
        self.thread("prepare", move || disk.run(&failure))?;
        if let Some(views) = views {
            let log = self.handle.log.clone();
            self.thread("views", move || views::follow(&views, &log))?;
        }
        let failure = self.handle.failure.clone();
        let core = move || guarded(&failure, "core", || Writer::new(writer).run()).flatten();
        self.core = Some(named("core", core)?);
        Ok(())
    }

    /// Lets a failure and a clock moved by hand wake whoever waits.
    fn connect(&self, options: &EngineOptions, pipe: &Arc<Pipe>) {
        let EngineHandle { queue, disk, log, failure, snapshots, .. } = self.handle.clone();
        let wake_core = wake(queue);
        let (pipe, wake) = (pipe.clone(), wake_core.clone());
        failure.on_raise(Arc::new(move || {
            pipe.break_up();
            disk.end();
            snapshots.end();
            log.end();
            wake();
        }));
        options.clock.on_change(wake_core);
    }

    fn thread(&mut self, name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<(), EngineError> {
        let failure = self.handle.failure.clone();
        self.others.push(named(name, move || guarded(&failure, name, run).unwrap_or_default())?);
        Ok(())
    }
}

/// Wakes the core thread. A full queue keeps it awake anyway.
fn wake(queue: SyncSender<Message>) -> crate::clock::Wake {
    Arc::new(move || drop(queue.try_send(Message::Wake)))
}

/// Runs a thread's work. A panic leaves the engine in doubt, and so ends it.
fn guarded<T>(failure: &Failure, name: &str, run: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(done) => Some(done),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text");
            failure.raise(format!("the {name} thread panicked: {text}"));
            None
        }
    }
}

fn named<T: Send + 'static>(
    name: &'static str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, EngineError> {
    let thread = thread::Builder::new().name(format!("countersign-{name}"));
    thread.spawn(run).map_err(|source| EngineError::System { doing: "start a thread", source })
}

/// Sixteen bytes that no other log has.
pub(crate) fn random_log_id() -> Result<LogId, EngineError> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|source| EngineError::System { doing: "give random bytes", source })?;
    Ok(LogId(bytes))
}

pub(crate) fn directory(path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = path.to_owned();
    move |source| EngineError::Directory { path, source }
}
