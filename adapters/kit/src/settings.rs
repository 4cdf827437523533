//! The bounds of one adapter.

use std::time::Duration;

use crate::schedule::Schedule;

/// The bounds of one adapter. The defaults suit a system that answers within seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Calls to the back office at one time: 8. One, where it locks rows against itself.
    pub calls_at_once: usize,
    /// Commands in hand at one time: 256. More wait where they come from.
    pub in_hand_max: usize,
    /// How long one call or look-up may take: 60 s. Then it is in doubt.
    pub call_within: Duration,
    /// Pauses between tries.
    pub retry: Schedule,
    /// Tries of one command before it is dead-lettered: 30, which is about two hours with the usual pauses.
    pub tries_max: u32,
    /// Deliveries of one message before it is dead-lettered unseen: 20. It is one that ends the process every time.
    pub deliveries_max: u64,
    /// Whether a command whose deadline has passed before it was started is dead-lettered: the case is on hold by
    /// then, and doing the work behind its back helps nobody.
    pub keeps_deadlines: bool,
    /// How often the back office is asked for news: 5 s.
    pub news_every: Duration,
    /// How long answers are remembered: 90 days.
    pub remember: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            calls_at_once: 8,
            in_hand_max: 256,
            call_within: Duration::from_secs(60),
            retry: Schedule::default(),
            tries_max: 30,
            deliveries_max: 20,
            keeps_deadlines: true,
            news_every: Duration::from_secs(5),
            remember: Duration::from_secs(90 * 24 * 3600),
        }
    }
}
