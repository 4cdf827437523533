//! Clocks. The engine reads time in one place, the core thread, and only through this trait.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::time::Timestamp;

/// Called when a clock that does not run by itself was moved.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A source of time.
pub trait Clock: Send + Sync {
    /// The time of day; it may be set back and forth.
    fn wall(&self) -> Timestamp;

    /// Time since some start; it only goes forward.
    fn monotonic(&self) -> Duration;

    /// Asks to be woken whenever the clock is moved by hand. A clock that runs by itself has nothing to do here.
    fn on_change(&self, wake: Wake) {
        drop(wake);
    }
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// The machine's clocks; the monotonic one counts from now.
    pub fn new() -> SystemClock {
        SystemClock { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until it is moved: for tests and for demonstrations in compressed time.
#[derive(Clone)]
pub struct ManualClock {
    hands: Arc<Mutex<Hands>>,
}

struct Hands {
    wall: Timestamp,
    monotonic: Duration,
    wakes: Vec<Wake>,
}

impl ManualClock {
    /// A clock that shows this instant.
    pub fn new(wall: Timestamp) -> ManualClock {
        let hands = Hands { wall, monotonic: Duration::ZERO, wakes: Vec::new() };
        ManualClock { hands: Arc::new(Mutex::new(hands)) }
    }

    /// Lets time pass.
    pub fn advance(&self, ms: u64) {
        self.change(|hands| {
            hands.wall = hands.wall.plus(i64::try_from(ms).unwrap_or(i64::MAX));
            hands.monotonic += Duration::from_millis(ms);
        });
    }

    /// Lets time pass until the wall clock shows this instant; nothing happens if it is past.
    pub fn advance_to(&self, wall: Timestamp) {
        let now = self.wall();
        self.advance(u64::try_from(wall.0.saturating_sub(now.0)).unwrap_or(0));
    }

    /// Sets the wall clock forward or back without time passing: what a wrong clock does.
    pub fn set_wall(&self, wall: Timestamp) {
        self.change(|hands| hands.wall = wall);
    }

    fn change(&self, change: impl FnOnce(&mut Hands)) {
        let wakes = {
            let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut hands);
            hands.wakes.clone()
        };
        wakes.iter().for_each(|wake| wake());
    }

    fn read<T>(&self, read: impl FnOnce(&Hands) -> T) -> T {
        read(&self.hands.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        self.read(|hands| hands.wall)
    }

    fn monotonic(&self) -> Duration {
        self.read(|hands| hands.monotonic)
    }

    fn on_change(&self, wake: Wake) {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner).wakes.push(wake);
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|hands| f.debug_struct("ManualClock").field("wall", &hands.wall).finish_non_exhaustive())
    }
}
