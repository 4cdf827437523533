//! The gate before the desk: how often, how much and how many at a time each system may ask. Judged on the subject and
//! the size alone, before anything is decoded, so that one noisy system costs the others nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use countersign_messages::{Code, ErrorBody};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::{RequestLimits, SystemLimits};

/// Systems beyond those that are configured that get limits of their own; all others share one set, so that whoever
/// makes up names gains nothing by it and memory and metrics stay bounded.
const OTHERS_MAX: usize = 64;
/// How those others are called. No system can be: it is no token of a subject.
const OTHERS: &str = "(others)";
/// When a caller may try again whose system has as many requests under way as it may, in milliseconds.
const BUSY_RETRY_MS: u64 = 50;

/// What a system has asked since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemCounts {
    /// The system, or `(others)`.
    pub system: String,
    /// Requests that were let through.
    pub taken: u64,
    /// Turned away: more often than it may.
    pub too_often: u64,
    /// Turned away: as many were under way as may be.
    pub busy: u64,
    /// Turned away: larger than its requests may be.
    pub too_large: u64,
    /// Under way now.
    pub under_way: u64,
}

/// The gate of one service.
pub(crate) struct Gate {
    limits: RequestLimits,
    systems: RwLock<BTreeMap<String, Arc<System>>>,
    others: Arc<System>,
}

/// One system at the gate.
struct System {
    limits: SystemLimits,
    bucket: Mutex<Bucket>,
    in_flight: Arc<Semaphore>,
    taken: AtomicU64,
    too_often: AtomicU64,
    busy: AtomicU64,
    too_large: AtomicU64,
}

impl Gate {
    pub(crate) fn new(limits: RequestLimits) -> Gate {
        let configured = limits.systems.iter().map(|(name, own)| (name.clone(), System::new(*own)));
        let systems = RwLock::new(configured.collect());
        Gate { others: System::new(limits.each), systems, limits }
    }

    /// Lets a request through, or says why not. `now` is the time since the start, of a clock that never goes back.
    /// What is given back is to be kept until the request is answered.
    pub(crate) fn admit(
        &self,
        system: &str,
        bytes: usize,
        now: Duration,
    ) -> Result<OwnedSemaphorePermit, Box<ErrorBody>> {
        self.system(system).admit(bytes, now)
    }

    /// What each system has asked, by name.
    pub(crate) fn counts(&self) -> Vec<SystemCounts> {
        let systems = self.systems.read().unwrap_or_else(PoisonError::into_inner);
        let others = (OTHERS, &self.others);
        let all = systems.iter().map(|(name, system)| (name.as_str(), system)).chain([others]);
        all.map(|(name, system)| system.counts(name)).collect()
    }

    fn system(&self, name: &str) -> Arc<System> {
        if let Some(found) = self.systems.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return found.clone();
        }
        let mut systems = self.systems.write().unwrap_or_else(PoisonError::into_inner);
        let room = systems.len() < self.limits.systems.len() + OTHERS_MAX;
        if !room || countersign_messages::Token::new(name).is_err() {
            return systems.get(name).unwrap_or(&self.others).clone();
        }
        systems.entry(name.to_owned()).or_insert_with(|| System::new(self.limits.each)).clone()
    }
}

impl System {
    fn new(limits: SystemLimits) -> Arc<System> {
        let count = AtomicU64::default;
        Arc::new(System {
            limits,
            bucket: Mutex::default(),
            in_flight: Arc::new(Semaphore::new(limits.under_way_max.max(1) as usize)),
            taken: count(),
            too_often: count(),
            busy: count(),
            too_large: count(),
        })
    }

    fn admit(&self, bytes: usize, now: Duration) -> Result<OwnedSemaphorePermit, Box<ErrorBody>> {
        let one_more = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        // First of all how often: large ones cost, too.
        let taken = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(&self.limits, now);
        if let Err(wait) = taken {
            one_more(&self.too_often);
            let most = self.limits.requests_per_second;
            let message =
                format!("expected at most {most} requests a second of this system; try again later");
            return Err(overloaded(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1), message));
        }
        if bytes > self.limits.request_bytes_max {
            one_more(&self.too_large);
            let most = self.limits.request_bytes_max;
            let message = format!("expected a message of at most {most} bytes, found {bytes}");
            return Err(Box::new(ErrorBody::new(Code::TooLarge.as_str(), message)));
        }
        let Ok(permit) = self.in_flight.clone().try_acquire_owned() else {
            one_more(&self.busy);
            let most = self.limits.under_way_max;
            let message = format!("expected at most {most} requests of this system under way; try again");
            return Err(overloaded(BUSY_RETRY_MS, message));
        };
        one_more(&self.taken);
        Ok(permit)
    }

    fn counts(&self, name: &str) -> SystemCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let free = self.in_flight.available_permits() as u64;
        SystemCounts {
            system: name.to_owned(),
            taken: of(&self.taken),
            too_often: of(&self.too_often),
            busy: of(&self.busy),
            too_large: of(&self.too_large),
            under_way: u64::from(self.limits.under_way_max.max(1)).saturating_sub(free),
        }
    }
}

/// A refusal that says when to try again.
fn overloaded(retry_after_ms: u64, message: String) -> Box<ErrorBody> {
    Box::new(ErrorBody { retry_after_ms: Some(retry_after_ms), ..ErrorBody::new("OVERLOADED", message) })
}

/// A bucket that runs full at the rate: the time at which the next request would be due if all came evenly.
#[derive(Debug, Default)]
struct Bucket {
    due: Duration,
}

impl Bucket {
    /// Takes one request, or says after which pause there is room for one.
    fn take(&mut self, limits: &SystemLimits, now: Duration) -> Result<(), Duration> {
        let every = Duration::from_secs(1) / limits.requests_per_second.max(1);
        let ahead = every * limits.burst.max(1).saturating_sub(1);
        let due = self.due.max(now);
        match (due - now).checked_sub(ahead) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.due = due + every;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn limits(requests_per_second: u32, burst: u32) -> SystemLimits {
        SystemLimits { requests_per_second, burst, ..SystemLimits::default() }
    }

    fn gate(each: SystemLimits) -> Gate {
        Gate::new(RequestLimits { each, systems: BTreeMap::from([("crm".into(), limits(100, 20))]) })
    }

    /// How many of so many requests at one time come through.
    fn through(gate: &Gate, system: &str, count: usize, now: Duration) -> usize {
        (0..count).filter(|_| gate.admit(system, 10, now).is_ok()).count()
    }

    #[test]
    fn a_burst_goes_through_then_the_rate_then_nothing_is_saved_beyond_a_burst() {
        let gate = gate(limits(10, 5));
        assert_eq!(through(&gate, "portal", 50, MS(0)), 5);
        let refused = gate.admit("portal", 10, MS(0)).expect_err("too often");
        assert_eq!((refused.code.as_str(), refused.retry_after_ms), ("OVERLOADED", Some(100)));
        // Whoever waits as long as was said gets through, a moment before nobody does.
        assert!(gate.admit("portal", 10, MS(99)).is_err());
        assert!(gate.admit("portal", 10, MS(100)).is_ok());
        // Over ten seconds, asked every ten milliseconds: ten a second.
        let taken = (11..=1_010).filter(|tick| gate.admit("portal", 10, MS(tick * 10)).is_ok()).count();
        assert_eq!(taken, 100);
        assert_eq!(through(&gate, "portal", 50, MS(3_600_000)), 5, "an hour's silence saves one burst");
    }

    #[test]
    fn a_noisy_system_takes_nothing_from_another() {
        let gate = gate(limits(10, 5));
        for second in 0..60 {
            through(&gate, "portal", 10_000, MS(second * 1_000));
            assert_eq!(through(&gate, "crm", 20, MS(second * 1_000)), 20, "second {second}");
        }
        let counts = gate.counts();
        let of = |system: &str| counts.iter().find(|of| of.system == system).expect("counted");
        assert_eq!((of("crm").taken, of("crm").too_often), (1_200, 0));
        assert_eq!(of("portal").taken + of("portal").too_often, 600_000);
        assert!(of("portal").taken <= 5 + 10 * 60, "{}", of("portal").taken);
    }

    #[test]
    fn what_is_under_way_of_one_system_is_bounded_and_leaves_room_to_others() {
        let gate = gate(SystemLimits { under_way_max: 2, ..SystemLimits::default() });
        let held: Vec<_> = (0..3).map(|_| gate.admit("portal", 10, MS(0))).collect();
        let refused = held[2].as_ref().expect_err("busy");
        assert_eq!((refused.code.as_str(), refused.retry_after_ms), ("OVERLOADED", Some(BUSY_RETRY_MS)));
        assert!(gate.admit("erp", 10, MS(0)).is_ok(), "another system has room of its own");
        let counts = gate.counts();
        let portal = counts.iter().find(|of| of.system == "portal").expect("counted");
        assert_eq!((portal.taken, portal.busy, portal.under_way), (2, 1, 2));
        drop(held);
        assert!(gate.admit("portal", 10, MS(0)).is_ok());
    }

    #[test]
    fn a_request_beyond_its_size_is_refused_and_counts_as_one() {
        let gate = gate(SystemLimits { request_bytes_max: 100, burst: 2, ..limits(1, 2) });
        let refused = gate.admit("portal", 101, MS(0)).expect_err("too large");
        assert_eq!(refused.code, "TOO_LARGE");
        assert!(gate.admit("portal", 100, MS(0)).is_ok());
        assert_eq!(gate.admit("portal", 1, MS(0)).expect_err("too often").code, "OVERLOADED");
    }

    #[test]
    fn made_up_names_share_one_set_of_limits_and_known_ones_keep_their_own() {
        let gate = gate(limits(1, 1));
        let taken: usize = (0..1_000).map(|n| through(&gate, &format!("made-up-{n}"), 1, MS(0))).sum();
        assert_eq!(taken, OTHERS_MAX + 1, "each of the first, and one for all others");
        assert_eq!(through(&gate, "not a token", 1, MS(0)), 0, "it is one of the others");
        assert_eq!(gate.counts().len(), 1 + OTHERS_MAX + 1);
        assert_eq!(through(&gate, "crm", 20, MS(0)), 20);
    }
}
