//! The circuit: while the back office does not answer, one call at a time finds out whether it does again, instead of
//! all that wait.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::health::FAILURES_MAX;
use crate::schedule::Schedule;

/// Lets calls through, as many at a time as the back office bears.
pub(crate) struct Breaker {
    calls: Semaphore,
    probe: Semaphore,
    schedule: Schedule,
    open: Mutex<Option<Instant>>,
}

/// Leave to call. The second permit is held by a probe.
pub(crate) struct Leave<'a> {
    _call: SemaphorePermit<'a>,
    _probe: Option<SemaphorePermit<'a>>,
}

impl Breaker {
    pub(crate) fn new(at_once: usize, schedule: Schedule) -> Breaker {
        let calls = Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS));
        Breaker { calls, probe: Semaphore::new(1), schedule, open: Mutex::new(None) }
    }

    fn opens_at(&self) -> Option<Instant> {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for leave. None: the breaker was closed for good, which it never is.
    pub(crate) async fn leave(&self) -> Option<Leave<'_>> {
        let mut probe = None;
        while let Some(at) = self.opens_at() {
            if probe.is_some() {
                break;
            }
            probe = Some(self.probe.acquire().await.ok()?);
            // Somebody else may have found out meanwhile; otherwise it is our turn once the pause is over.
            if self.opens_at().is_some() {
                sleep_until(self.opens_at().unwrap_or(at)).await;
            }
        }
        if self.opens_at().is_none() {
            probe = None;
        }
        let call = self.calls.acquire().await.ok()?;
        Some(Leave { _call: call, _probe: probe })
    }

    /// The back office answered.
    pub(crate) fn succeeded(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// It did not, so many times in a row.
    pub(crate) fn failed(&self, in_a_row: u32) -> Option<Duration> {
        if in_a_row < FAILURES_MAX {
            return None;
        }
        let pause = self.schedule.pause(in_a_row - FAILURES_MAX + 1);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + pause);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn while_it_is_open_one_call_at_a_time_goes_through_after_the_pause() {
        let schedule = Schedule { first: Duration::from_secs(10), most: Duration::from_secs(20) };
        let breaker = Arc::new(Breaker::new(8, schedule));
        assert_eq!(breaker.failed(2), None);
        assert_eq!(breaker.failed(3), Some(Duration::from_secs(10)));
        let began = Instant::now();
        let calls = Arc::new(AtomicU32::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..5 {
            let (breaker, calls) = (breaker.clone(), calls.clone());
            tasks.spawn(async move {
                let _leave = breaker.leave().await.expect("leave");
                match calls.fetch_add(1, Ordering::SeqCst) {
                    0 => drop(breaker.failed(4)),
                    _ => breaker.succeeded(),
                }
                began.elapsed().as_secs()
            });
        }
        let mut went = tasks.join_all().await;
        went.sort_unstable();
        assert_eq!(
            went,
            [10, 30, 30, 30, 30],
            "one fails after 10 s, the next probe frees all after 20 s more"
        );
    }
}
