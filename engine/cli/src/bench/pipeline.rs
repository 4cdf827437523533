//! The bare limit: the same callers with the same requests and replies, the same queue, hand-overs and frame bytes
//! as in the engine, but no decision, no hash, no State. It forms its own groups as the engine does: while one sync
//! runs, the next group fills.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use countersign_core::receipt::Receipt;
use countersign_runtime::{Incoming, Reply, ReplyResult};
use tokio::sync::oneshot;

/// As in the engine.
const QUEUE: usize = 4096;
/// As in the engine.
const GROUP_BYTES_MAX: usize = 1 << 20;

type Message = (Incoming, oneshot::Sender<Reply>);

/// What callers hold.
#[derive(Clone)]
pub(super) struct Pipeline(SyncSender<Message>);

impl Pipeline {
    /// Sends a command and waits for its reply, which says nothing but that its bytes are durable.
    pub(super) fn command(&self, incoming: Incoming) -> Result<Reply, String> {
        self.send(incoming)?.blocking_recv().map_err(|_| "the bare pipeline has stopped".to_owned())
    }

    /// The same for a task.
    pub(super) async fn command_async(&self, incoming: Incoming) -> Result<Reply, String> {
        self.send(incoming)?.await.map_err(|_| "the bare pipeline has stopped".to_owned())
    }

    fn send(&self, incoming: Incoming) -> Result<oneshot::Receiver<Reply>, String> {
        let (to, from) = oneshot::channel();
        // The queue holds more than all callers together, so it is never full.
        self.0.try_send((incoming, to)).map_err(|_| "the bare pipeline's queue is full".to_owned())?;
        Ok(from)
    }
}

/// Runs callers against a bare pipeline that writes so many bytes an operation. Gives how long they took.
pub(super) fn run(
    dir: &Path,
    (operations, frame_bytes): (usize, usize),
    callers: impl FnOnce(Pipeline) -> Result<(), String>,
) -> Result<Duration, String> {
    let path = dir.join("bare-pipeline");
    let file = zero_filled(&path, operations * frame_bytes + GROUP_BYTES_MAX).map_err(|e| e.to_string())?;
    let (to_core, from_callers) = sync_channel::<Message>(QUEUE);
    let (to_log, from_core) = sync_channel::<Batch>(1);
    let core = thread::spawn(move || core_thread(&from_callers, &to_log, &vec![7; frame_bytes]));
    let log = thread::spawn(move || log_thread(&file, &from_core));
    let begun = Instant::now();
    let called = callers(Pipeline(to_core));
    let took = begun.elapsed();
    core.join().map_err(|_| "the bare pipeline's core thread ended early")?;
    log.join().map_err(|_| "the bare pipeline's log thread ended early")?.map_err(|e| e.to_string())?;
    std::fs::remove_file(path).map_err(|e| e.to_string())?;
    called.map(|()| took)
}

#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    waiting: Vec<(oneshot::Sender<Reply>, Reply)>,
}

/// Fills the next group while the log thread is busy with the one before.
fn core_thread(from_callers: &Receiver<Message>, to_log: &SyncSender<Batch>, frame: &[u8]) {
    let mut batch = Batch::default();
    let mut sequence = 0;
    while let Ok(first) = from_callers.recv() {
        let mut next = Some(first);
        while let Some((incoming, to)) = next.take() {
            sequence += 1;
            batch.bytes.extend_from_slice(frame);
            let result = ReplyResult::Accepted(Receipt::default());
            batch.waiting.push((to, Reply { result, sequence, repeated: false, before: None }));
            drop(incoming);
            let full = batch.bytes.len() >= GROUP_BYTES_MAX;
            next = if full { None } else { from_callers.try_recv().ok() };
        }
        loop {
            match to_log.try_send(std::mem::take(&mut batch)) {
                Ok(()) => break,
                Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => batch = back,
            }
            // The log thread is busy: add what comes, or wait for it where nothing does.
            match from_callers.try_recv() {
                Ok((_, to)) => {
                    sequence += 1;
                    batch.bytes.extend_from_slice(frame);
                    let result = ReplyResult::Accepted(Receipt::default());
                    batch.waiting.push((to, Reply { result, sequence, repeated: false, before: None }));
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                    if to_log.send(std::mem::take(&mut batch)).is_err() {
                        return;
                    }
                    break;
                }
            }
        }
    }
}

fn log_thread(file: &std::fs::File, from_core: &Receiver<Batch>) -> io::Result<()> {
    let mut offset = 0;
    while let Ok(batch) = from_core.recv() {
        file.write_all_at(&batch.bytes, offset)?;
        file.sync_data()?;
        offset += batch.bytes.len() as u64;
        for (to, reply) in batch.waiting {
            // A caller that has gone is none.
            let _ = to.send(reply);
        }
    }
    Ok(())
}

/// One write and one fdatasync at a time, of so many bytes.
pub(super) struct BareSync {
    file: std::fs::File,
    data: Vec<u8>,
    written: u64,
}

impl BareSync {
    /// With room for so many.
    pub(super) fn create(dir: &Path, bytes: usize, times: usize) -> io::Result<BareSync> {
        let file = zero_filled(&dir.join("bare-sync"), bytes * times)?;
        Ok(BareSync { file, data: vec![7; bytes], written: 0 })
    }

    /// How long one takes.
    pub(super) fn once(&mut self) -> io::Result<Duration> {
        let begun = Instant::now();
        self.file.write_all_at(&self.data, self.written)?;
        self.file.sync_data()?;
        self.written += self.data.len() as u64;
        Ok(begun.elapsed())
    }
}

/// The median in microseconds.
pub(super) fn median_us(took: &mut [Duration]) -> f64 {
    took.sort_unstable();
    took.get(took.len() / 2).map_or(0.0, |d| d.as_secs_f64() * 1e6)
}

/// As the journal prepares its segments: zeros on the disk, so that a write changes no size.
fn zero_filled(path: &Path, bytes: usize) -> io::Result<std::fs::File> {
    let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path)?;
    let zeros = vec![0; 1 << 20];
    for offset in (0..bytes).step_by(zeros.len()) {
        file.write_all_at(&zeros, offset as u64)?;
    }
    file.sync_all()?;
    Ok(file)
}
