//! Timers and sweeps: ordinary commands that the core thread gives itself, a few in each run.

use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_core::command::{Body, CaseNo, Cause, Command, Timer};
use countersign_core::time::Timestamp;

use super::{Broken, SLEEP_MAX, Writer};
use crate::disk::Room;
use crate::pipe::Batch;

/// Timers of one run: however many are due, other work comes in between.
const FIRE_MAX: usize = 64;
/// How long a timer that does not fire is left alone.
const STUCK_HOLD: Duration = Duration::from_secs(1);

/// What the timers wait for besides time.
#[derive(Default)]
pub(crate) struct Timers {
    /// A timer that was due and did nothing, and when it is tried again. It is a defect; it must not become
    /// a busy loop, nor hold up the timers behind it.
    stuck: Option<(CaseNo, Duration)>,
    /// When a sweep that did nothing is tried again.
    sweep_again: Option<Duration>,
}

impl Writer {
    /// Whether something is to be done without a message.
    pub(super) fn has_due(&self) -> bool {
        if !self.may_fire() {
            return false;
        }
        let timer = self.parts.state.next_timer().is_some_and(|(due, ..)| due <= self.at);
        (timer && self.over(self.timers.stuck.map(|(_, until)| until)))
            || (self.parts.state.sweep().is_some() && self.over(self.timers.sweep_again))
    }

    /// How long the core thread may sleep.
    pub(super) fn sleep(&self) -> Duration {
        if !self.may_fire() {
            return SLEEP_MAX;
        }
        if self.has_due() {
            return Duration::ZERO;
        }
        let due = self.parts.state.next_timer().map(|(due, ..)| due);
        let until_due = due.filter(|due| *due > self.at).map_or(SLEEP_MAX, |due| {
            let ms = due.0.saturating_sub(self.parts.clock.wall().0);
            // Never zero: what was due at the last look is fired without a sleep anyway.
            Duration::from_millis(u64::try_from(ms).unwrap_or(0).max(1))
        });
        until_due.min(SLEEP_MAX)
    }

    /// Fires what is due, but no more than a run may.
    pub(super) fn fire_due(&mut self, mut batch: Batch) -> Result<Batch, Broken> {
        if !self.may_fire() {
            return Ok(batch);
        }
        if self.over(self.timers.stuck.map(|(_, until)| until)) {
            batch = self.fire_timers(batch)?;
        }
        if self.parts.state.sweep().is_some() && self.over(self.timers.sweep_again) {
            let swept = self.turn(Cause::Timer { due: self.at }, Body::Sweep, batch)?;
            batch = swept.1;
            self.timers.sweep_again = (!swept.0).then(|| self.monotonic + STUCK_HOLD);
        }
        Ok(batch)
    }

    fn fire_timers(&mut self, mut batch: Batch) -> Result<Batch, Broken> {
        self.timers.stuck = None;
        for _ in 0..FIRE_MAX {
            let due = self.parts.state.next_timer().filter(|(due, ..)| *due <= self.at);
            let Some((due, case, timer)) = due else { break };
            let fired;
            (fired, batch) = self.fire((due, case, timer), batch)?;
            if !fired {
                tracing::error!(case, ?timer, %due, "a timer that is due did nothing");
                self.timers.stuck = Some((case, self.monotonic + STUCK_HOLD));
                batch = self.fire_behind(case, batch)?;
                break;
            }
        }
        self.parts.flags.timers_stuck.store(self.timers.stuck.is_some(), Ordering::Relaxed);
        Ok(batch)
    }

    /// Fires timers of other cases than the one that is stuck. Looks at every case, but only once a second.
    fn fire_behind(&mut self, stuck: CaseNo, mut batch: Batch) -> Result<Batch, Broken> {
        let state = &self.parts.state;
        let others = state.cases().map(|case| case.number()).filter(|case| *case != stuck);
        let due =
            others.filter_map(|case| state.due_of(case, self.at).map(|(due, timer)| (due, case, timer)));
        let due: Vec<_> = due.take(FIRE_MAX).collect();
        for timer in due {
            batch = self.fire(timer, batch)?.1;
        }
        Ok(batch)
    }

    fn fire(
        &mut self,
        (due, case, timer): (Timestamp, CaseNo, Timer),
        batch: Batch,
    ) -> Result<(bool, Batch), Broken> {
        let body = match timer {
            Timer::Clock => Body::Clock,
            timer => Body::Timer { case, timer },
        };
        self.turn(Cause::Timer { due }, body, batch)
    }

    /// A turn that nobody waits for. Says whether it left a frame.
    fn turn(&mut self, cause: Cause, body: Body, batch: Batch) -> Result<(bool, Batch), Broken> {
        let command = Command { at: self.at, cause, body };
        let turned = (self.parts.turn)(&mut self.parts.state, command, None);
        let left_one = !turned.frames.is_empty();
        Ok((left_one, self.write(turned.frames, None, batch)?))
    }

    /// Whether a hold is over, or was never there.
    fn over(&self, until: Option<Duration>) -> bool {
        until.is_none_or(|until| self.monotonic >= until)
    }

    fn may_fire(&self) -> bool {
        !self.guard.jumped() && self.room != Room::None
    }
}
