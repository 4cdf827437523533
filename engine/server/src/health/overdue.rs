//! How many open tasks are past their deadline: found once at the start, followed in the log from then on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_core::command::{CaseNo, TaskNo};
use countersign_core::event::Event;
use countersign_core::state::{Case, State};
use countersign_core::time::Timestamp;
use countersign_runtime::{EngineHandle, LogReader, ReadError};

/// The count. Its follower ends with the engine.
#[derive(Clone, Default)]
pub(super) struct Overdue(Arc<AtomicU64>);

/// Overdue tasks by their cases.
type Tasks = BTreeMap<CaseNo, BTreeSet<TaskNo>>;

impl Overdue {
    /// Counts, and goes on counting.
    pub(super) async fn start(engine: EngineHandle) -> Overdue {
        let count = Overdue::default();
        let Ok((tasks, sequence)) = engine.read(all).await else { return count };
        let Ok(reader) = engine.log().reader(sequence + 1) else { return count };
        count.set(&tasks);
        let own = count.clone();
        tokio::spawn(async move {
            if let Err(error) = own.follow(engine, reader, tasks).await {
                tracing::error!(%error, "overdue tasks are counted no longer");
            }
        });
        count
    }

    /// Open tasks past their deadline.
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, tasks: &Tasks) {
        self.0.store(tasks.values().map(|tasks| tasks.len() as u64).sum(), Ordering::Relaxed);
    }

    async fn follow(
        &self,
        engine: EngineHandle,
        mut reader: LogReader,
        mut tasks: Tasks,
    ) -> Result<(), ReadError> {
        while let Some((_, frame)) = reader.read_async().await? {
            for event in &frame.events {
                let Some(case) = event.case() else { continue };
                if let Event::TaskOverdue(overdue) = event {
                    tasks.entry(case).or_default().insert(overdue.task);
                } else if tasks.contains_key(&case) {
                    // Whatever ends a task: State knows which of them are still open.
                    let still = engine.read(move |state| state.case(case).map(open)).await;
                    let Ok((still, _)) = still else { return Ok(()) };
                    keep(&mut tasks, case, &still.unwrap_or_default());
                }
            }
            self.set(&tasks);
        }
        Ok(())
    }
}

fn open(case: &Case) -> BTreeSet<TaskNo> {
    case.tasks().keys().copied().collect()
}

/// Forgets the tasks of a case that are open no longer.
fn keep(tasks: &mut Tasks, case: CaseNo, still: &BTreeSet<TaskNo>) {
    if let Some(own) = tasks.get_mut(&case) {
        own.retain(|task| still.contains(task));
        if own.is_empty() {
            tasks.remove(&case);
        }
    }
}

/// Every overdue task: one whose deadline is over has gone from its reminder to its escalation, or to nothing.
fn all(state: &State) -> Tasks {
    let at = state.head().at;
    let late = |case: &Case| -> BTreeSet<TaskNo> {
        let late = case.tasks().iter().filter(|(_, task)| is_late(task.milestones.overdue, at));
        late.map(|(number, _)| *number).collect()
    };
    let cases = state.cases().map(|case| (case.number(), late(case)));
    cases.filter(|(_, late)| !late.is_empty()).collect()
}

fn is_late(due: Timestamp, at: Timestamp) -> bool {
    due <= at
}
