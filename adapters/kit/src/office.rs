//! What an adapter's author writes: the back office.

use async_trait::async_trait;

use crate::work::{News, Said, Work};

/// A system that does the work. Everything else - doing it once, trying again, answering, order - is the kit's.
#[async_trait]
pub trait BackOffice: Send + Sync {
    /// Does the work and says what came of it. Nothing said: it is taken on, and the answer comes as [`News`].
    ///
    /// The command id is `work.id()`. Give it to the system as an idempotency key or as a reference, if it has a
    /// place for it.
    async fn call(&self, work: &Work) -> Result<Vec<Said>, Trouble>;

    /// Looks up what came of a command that was given to the system before, perhaps. Asked only where that is not
    /// known.
    async fn find(&self, work: &Work) -> Result<Found, Trouble>;

    /// Whether the system itself does the work of one command id once, so that a call may simply be repeated.
    fn repeats_safely(&self, work: &Work) -> bool;

    /// What has happened since, in order. `after` is the cursor of the last batch; empty at the very first.
    async fn news(&self, after: &str) -> Result<Batch, Trouble> {
        Ok(Batch { news: Vec::new(), cursor: after.to_owned(), more: false })
    }
}

/// What a look-up finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The system cannot be asked.
    Unsupported,
    /// The system knows nothing of the command: it was not done, and may be.
    NotFound,
    /// It was given to the system, and this was said to it so far, in order.
    Known(Vec<Said>),
}

/// News, and where the next batch begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// In order.
    pub news: Vec<News>,
    /// To be given as `after` the next time. Kept durably once everything before it was passed on.
    pub cursor: String,
    /// Whether there is more already.
    pub more: bool,
}

/// Why a back office does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It has certainly not been done: no connection, a busy system, a lock. Worth another try.
    #[error("not taken: {0}")]
    NotTaken(String),
    /// It may have been done: no answer in time, or one that cannot be read.
    #[error("in doubt: {0}")]
    InDoubt(String),
    /// It has certainly not been done and never will be as it stands: the system does not understand the request,
    /// and nobody has said which refusal that is. A person has to look.
    #[error("not understood: {0}")]
    NotUnderstood(String),
}
