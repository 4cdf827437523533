//! What was begun and what was answered, on disk before anything follows from it.
//!
//! A command is written down as started, and synced, before the back office hears of it; an answer is written down,
//! and synced, before it is sent. So whatever happens in between is known afterwards to have happened perhaps.
//!
//! A sync costs the same for one change and for a hundred: changes that come while one is under way go into the next
//! transaction together.

use std::path::Path;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use countersign_messages::{AdapterAnswer, CommandId, Timestamp};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, oneshot};
use tokio::task::spawn_blocking;

use crate::time::{Moment, wire};
use crate::work::{Said, Work, answer};

/// Command id to its entry, as JSON: it can be read with other tools, and a field can be added.
const COMMANDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("commands");
/// Second of the last change and command id, so that the oldest are found without a search.
const AGES: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("ages");
/// Small things by name: the cursor of the news.
const MARKS: TableDefinition<'_, &str, &str> = TableDefinition::new("marks");

/// Entries that one sweep forgets at most.
const SWEEP_MAX: usize = 1_000;
/// The name under which the cursor is kept.
const CURSOR: &str = "cursor";

/// Why the ledger cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read or written.
    #[error("expected a ledger that can be read and written: {0}")]
    Storage(String),
    /// An entry is there and is none.
    #[error("expected the ledger's entry of {0} to be readable")]
    Entry(String),
    /// A command is not in the ledger.
    #[error("expected {0} to be in the ledger")]
    Unknown(String),
}

/// What is known of one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `<object>.<verb>`.
    pub verb: String,
    /// Fingerprint of what was asked for.
    pub fingerprint: String,
    /// When it was first started.
    pub started: Timestamp,
    /// Second of the last change.
    changed: i64,
    /// Whether the back office is known to have taken it on.
    taken: bool,
    /// What was answered, in order.
    pub answers: Vec<Kept>,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The answer as it is sent, every time.
    pub answer: AdapterAnswer,
    /// Whether nothing more was to come.
    pub last: bool,
}

impl Kept {
    fn said(&self) -> Said {
        Said { outcome: self.answer.outcome(), last: self.last }
    }
}

impl Entry {
    /// Whether the back office is known to have taken it on, whether or not a last answer was given.
    pub fn is_taken(&self) -> bool {
        self.taken
    }

    /// The answers as they are sent.
    pub fn sent(&self) -> Vec<AdapterAnswer> {
        self.answers.iter().map(|kept| kept.answer.clone()).collect()
    }

    /// Adds what is said, unless it has been said already. Returns what is to be sent: an old answer under its old
    /// id, a new one under a new.
    fn say(&mut self, id: &CommandId, at: Moment, said: &Said) -> AdapterAnswer {
        if let Some(kept) = self.answers.iter().find(|kept| kept.said() == *said) {
            return kept.answer.clone();
        }
        let answer = answer(id, self.answers.len() + 1, wire(at), said);
        self.answers.push(Kept { answer: answer.clone(), last: said.last });
        answer
    }
}

/// The file. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    database: Arc<Database>,
    /// Changes for the next transaction.
    waiting: Arc<SyncMutex<Vec<Change>>>,
    /// One writer at a time, waited for without a thread.
    writing: Arc<Mutex<()>>,
}

/// Makes a change within a transaction. Gives what broke the transaction, if something did, and whom to tell how it ended.
type Change = Box<dyn FnOnce(&WriteTransaction) -> (Option<LedgerError>, Tell) + Send>;
/// Tells whoever waits for a change; None: it is durable.
type Tell = Box<dyn FnOnce(Option<LedgerError>) + Send>;

impl Ledger {
    /// Opens the ledger, which is made if it is not there. It belongs to one process at a time.
    pub fn open(path: &Path) -> Result<Ledger, LedgerError> {
        let database = Database::create(path).map_err(storage)?;
        let ledger =
            Ledger { database: Arc::new(database), waiting: Arc::default(), writing: Arc::default() };
        let transaction = ledger.database.begin_write().map_err(storage)?;
        transaction.open_table(COMMANDS).map_err(storage)?;
        transaction.open_table(AGES).map_err(storage)?;
        transaction.open_table(MARKS).map_err(storage)?;
        transaction.commit().map_err(storage)?;
        Ok(ledger)
    }

    /// What is known of a command.
    pub async fn entry(&self, id: &CommandId) -> Result<Option<Entry>, LedgerError> {
        let (ledger, id) = (self.clone(), id.clone());
        blocking(move || {
            let transaction = ledger.database.begin_read().map_err(storage)?;
            let commands = transaction.open_table(COMMANDS).map_err(storage)?;
            found(&commands, &id)
        })
        .await
    }

    /// Writes a command down as started. Durable when this returns.
    pub async fn start(&self, work: &Work, at: Moment) -> Result<Entry, LedgerError> {
        let (id, verb, fingerprint) = (work.id().clone(), work.name(), work.fingerprint());
        self.write(move |transaction| {
            let entry =
                Entry { verb, fingerprint, started: wire(at), changed: 0, taken: false, answers: Vec::new() };
            keep(transaction, &id, entry, at)
        })
        .await
    }

    /// Takes `started` back, because the work has certainly not been done. What was answered before stays.
    pub async fn withdraw(&self, id: &CommandId) -> Result<(), LedgerError> {
        let id = id.clone();
        self.write(move |transaction| {
            let mut commands = transaction.open_table(COMMANDS).map_err(storage)?;
            let Some(entry) = found(&commands, &id)?.filter(|entry| entry.answers.is_empty()) else {
                return Ok(());
            };
            commands.remove(id.as_str()).map_err(storage)?;
            let mut ages = transaction.open_table(AGES).map_err(storage)?;
            ages.remove((entry.changed, id.as_str())).map_err(storage)?;
            Ok(())
        })
        .await
    }

    /// Writes down what was said to a command, and returns what is to be sent: the same answers whenever the same is
    /// said again. Nothing said: it is taken on. Durable when this returns.
    pub async fn say(
        &self,
        id: &CommandId,
        said: Vec<Said>,
        at: Moment,
    ) -> Result<Vec<AdapterAnswer>, LedgerError> {
        let id = id.clone();
        self.write(move |transaction| {
            let entry = found(&transaction.open_table(COMMANDS).map_err(storage)?, &id)?;
            let mut entry = entry.ok_or_else(|| LedgerError::Unknown(id.to_string()))?;
            let before = (entry.answers.len(), entry.taken);
            let answers = said.iter().map(|said| entry.say(&id, at, said)).collect();
            entry.taken |= said.is_empty() || said.iter().any(|said| said.settles() || !said.last);
            if (entry.answers.len(), entry.taken) != before {
                keep(transaction, &id, entry, at)?;
            }
            Ok(answers)
        })
        .await
    }

    /// Where the next news begin; empty at the very first.
    pub async fn cursor(&self) -> Result<String, LedgerError> {
        let ledger = self.clone();
        blocking(move || {
            let transaction = ledger.database.begin_read().map_err(storage)?;
            let marks = transaction.open_table(MARKS).map_err(storage)?;
            Ok(marks.get(CURSOR).map_err(storage)?.map(|of| of.value().to_owned()).unwrap_or_default())
        })
        .await
    }

    /// Remembers where the next news begin. Durable when this returns.
    pub async fn set_cursor(&self, cursor: String) -> Result<(), LedgerError> {
        self.write(move |transaction| {
            let mut marks = transaction.open_table(MARKS).map_err(storage)?;
            marks.insert(CURSOR, cursor.as_str()).map_err(storage)?;
            Ok(())
        })
        .await
    }

    /// Forgets entries that have not changed since, a thousand at most. Returns how many.
    pub async fn forget_before(&self, limit: Moment) -> Result<usize, LedgerError> {
        let ledger = self.clone();
        let old = blocking(move || {
            let ages = ledger.database.begin_read().map_err(storage)?.open_table(AGES).map_err(storage)?;
            let oldest = ages.first().map_err(storage)?;
            Ok(oldest.is_some_and(|(age, _)| age.value().0 < limit.as_second()))
        });
        // Most of the time nothing is, and a transaction would be synced for nothing.
        if !old.await? {
            return Ok(0);
        }
        self.write(move |transaction| {
            let mut ages = transaction.open_table(AGES).map_err(storage)?;
            let mut commands = transaction.open_table(COMMANDS).map_err(storage)?;
            let mut old = Vec::new();
            for row in ages.range(..(limit.as_second(), "")).map_err(storage)?.take(SWEEP_MAX) {
                let (age, ()) = row.map(|(age, _)| (age, ())).map_err(storage)?;
                let (second, id) = age.value();
                old.push((second, id.to_owned()));
            }
            for (second, id) in &old {
                ages.remove((*second, id.as_str())).map_err(storage)?;
                commands.remove(id.as_str()).map_err(storage)?;
            }
            Ok(old.len())
        })
        .await
    }

    /// Makes a change, durably. One that fails for a reason of its own must not have written anything before.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (told, outcome) = oneshot::channel();
        let change: Change = Box::new(move |transaction| {
            let made = change(transaction);
            let broken =
                made.as_ref().err().filter(|error| matches!(error, LedgerError::Storage(_))).cloned();
            let tell = move |failed: Option<LedgerError>| {
                let _ = told.send(failed.map_or(made, Err));
            };
            (broken, Box::new(tell))
        });
        self.changes(|waiting| waiting.push(change));
        let turn = self.writing.clone().lock_owned().await;
        // Whoever had the turn before may have made this change with its own.
        let changes = self.changes(std::mem::take);
        if !changes.is_empty() {
            let database = self.database.clone();
            blocking(move || {
                let _turn = turn;
                together(&database, changes);
                Ok(())
            })
            .await?;
        }
        outcome.await.unwrap_or_else(|_| Err(storage("its transaction was given up")))
    }

    fn changes<T>(&self, with: impl FnOnce(&mut Vec<Change>) -> T) -> T {
        with(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes changes in one transaction, and tells each of them how it ended. One that cannot be written ends all of them.
fn together(database: &Database, changes: Vec<Change>) {
    let mut told = Vec::with_capacity(changes.len());
    let write = || {
        let transaction = database.begin_write().map_err(storage)?;
        for change in changes {
            let (broken, tell) = change(&transaction);
            told.push(tell);
            if let Some(error) = broken {
                return Err(error);
            }
        }
        // It is durable when this returns: redb syncs.
        transaction.commit().map_err(storage)
    };
    let failed = write().err();
    told.into_iter().for_each(|tell: Tell| tell(failed.clone()));
}

fn keep(
    transaction: &WriteTransaction,
    id: &CommandId,
    mut entry: Entry,
    at: Moment,
) -> Result<Entry, LedgerError> {
    let mut ages = transaction.open_table(AGES).map_err(storage)?;
    ages.remove((entry.changed, id.as_str())).map_err(storage)?;
    entry.changed = at.as_second();
    ages.insert((entry.changed, id.as_str()), ()).map_err(storage)?;
    let bytes = serde_json::to_vec(&entry).map_err(storage)?;
    let mut commands = transaction.open_table(COMMANDS).map_err(storage)?;
    commands.insert(id.as_str(), bytes.as_slice()).map_err(storage)?;
    Ok(entry)
}

fn found(
    commands: &impl ReadableTable<&'static str, &'static [u8]>,
    id: &CommandId,
) -> Result<Option<Entry>, LedgerError> {
    let Some(bytes) = commands.get(id.as_str()).map_err(storage)? else { return Ok(None) };
    serde_json::from_slice(bytes.value()).map(Some).map_err(|_| LedgerError::Entry(id.to_string()))
}

fn storage(error: impl std::fmt::Display) -> LedgerError {
    LedgerError::Storage(error.to_string())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    spawn_blocking(work).await.unwrap_or_else(|_| Err(storage("the ledger's thread has died")))
}
