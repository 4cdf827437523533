//! A sandbox as a back office, within the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::time::sleep;

use super::{Reaction, Rules, Sandbox};
use crate::office::{BackOffice, Batch, Found, Trouble};
use crate::time::{Clock, Moment};
use crate::work::{Said, Work};

/// A sandbox that several can reach. Cheap to clone; the clones share one sandbox.
pub struct Office<R> {
    sandbox: Arc<Mutex<Sandbox<R>>>,
    clock: Arc<dyn Clock>,
}

impl<R> Clone for Office<R> {
    fn clone(&self) -> Office<R> {
        Office { sandbox: self.sandbox.clone(), clock: self.clock.clone() }
    }
}

impl<R: Rules> Office<R> {
    /// A sandbox and the clock by which it works.
    pub fn new(sandbox: Sandbox<R>, clock: Arc<dyn Clock>) -> Office<R> {
        Office { sandbox: Arc::new(Mutex::new(sandbox)), clock }
    }

    /// The sandbox itself, to look at its counts or change its rules.
    pub fn sandbox(&self) -> MutexGuard<'_, Sandbox<R>> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn react(&self, work: &Work) -> Reaction {
        let now = self.now();
        self.sandbox().react(work, now)
    }

    /// What was said to a command: see [`Sandbox::look_up`].
    pub(super) fn look_up(&self, work: &countersign_messages::CommandId) -> Option<Option<Vec<Said>>> {
        let now = self.now();
        self.sandbox().look_up(work, now)
    }

    pub(super) fn batch(&self, after: &str) -> Batch {
        let now = self.now();
        let mut sandbox = self.sandbox();
        let series = sandbox.series().to_owned();
        // A cursor of another run means nothing to this one.
        let from = after.strip_prefix(&format!("{series}:")).and_then(|of| of.parse().ok()).unwrap_or(0);
        let (news, next) = sandbox.news_from(from, now);
        Batch { news, cursor: format!("{series}:{next}"), more: false }
    }
}

#[async_trait]
impl<R: Rules + 'static> BackOffice for Office<R> {
    async fn call(&self, work: &Work) -> Result<Vec<Said>, Trouble> {
        match self.react(work) {
            Reaction::Says(said) => Ok(said),
            Reaction::SaysAfter(pause, said) => {
                sleep(pause).await;
                Ok(said)
            }
            Reaction::IsDown => Err(Trouble::NotTaken("the sandbox is down".to_owned())),
            Reaction::SaysNothing => Err(Trouble::InDoubt("the sandbox gives no answer".to_owned())),
            Reaction::SaysGarbage => Err(Trouble::InDoubt("the sandbox answers `%$#!`".to_owned())),
        }
    }

    async fn find(&self, work: &Work) -> Result<Found, Trouble> {
        if self.sandbox().is_down() {
            return Err(Trouble::NotTaken("the sandbox is down".to_owned()));
        }
        Ok(match self.look_up(work.id()) {
            None => Found::Unsupported,
            Some(None) => Found::NotFound,
            Some(Some(said)) => Found::Known(said),
        })
    }

    fn repeats_safely(&self, _work: &Work) -> bool {
        self.sandbox().is_idempotent()
    }

    async fn news(&self, after: &str) -> Result<Batch, Trouble> {
        if self.sandbox().is_down() {
            return Err(Trouble::NotTaken("the sandbox is down".to_owned()));
        }
        Ok(self.batch(after))
    }
}
