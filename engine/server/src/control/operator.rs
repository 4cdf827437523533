//! What an operator may have a running server do, whichever way it is asked.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::time::{MINUTE, Timestamp};
use countersign_messages::ErrorBody;
use countersign_runtime::{Clock, EngineHandle, Unavailable};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::publication::{Orders, PublicationStatus};

/// How long the core thread may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How far the time that an operator has looked at may be from the machine's, in milliseconds.
const LOOKED_AT_MAX_MS: i64 = 5 * MINUTE;
/// The longest that publishing once more is waited for, in seconds: a day.
const WITHIN_MAX: u64 = 86_400;

/// The time that the machine shows, and whether it is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockShown {
    /// It jumped: commands get `CLOCK_JUMP` and timers hold until an operator confirms it.
    pub jumped: bool,
    /// What the machine's clock shows: RFC 3339 in UTC.
    pub now: String,
    /// The time of the last frame of the log: RFC 3339 in UTC.
    pub last: String,
}

/// The time that an operator has looked at and says is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSeen {
    /// As [`ClockShown::now`] said it.
    pub now: String,
}

/// From where events are to be published once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishAgain {
    /// The first frame.
    pub from: u64,
    /// How long that is waited for, in seconds: at most a day. It goes on after that.
    pub within_seconds: u64,
}

/// What is out once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedAgain {
    /// The stream that took it.
    pub stream: String,
    /// The first frame.
    pub from: u64,
    /// The last frame: the end of the log when it was asked for.
    pub to: u64,
}

/// What an operator may have a running server do.
#[derive(Clone)]
pub struct Operator {
    pub(crate) engine: EngineHandle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) publication: Option<(Orders, watch::Receiver<PublicationStatus>)>,
}

impl Operator {
    /// The time that the machine shows, and whether it is believed.
    ///
    /// # Errors
    /// `OVERLOADED`, `ENGINE_STOPPED`; `NO_PROGRESS` where the core thread gives no answer.
    pub async fn clock(&self) -> Result<ClockShown, ErrorBody> {
        let looked = timeout(ANSWER, self.engine.read(|state| state.head().at)).await;
        let (last, _) = looked.map_err(|_| no_progress())?.map_err(unavailable)?;
        let jumped = self.engine.status().clock_jumped;
        Ok(ClockShown { jumped, now: self.clock.wall().to_string(), last: last.to_string() })
    }

    /// The operator says that this time is right: commands are judged again, what is due fires.
    ///
    /// # Errors
    /// `MALFORMED`: no time. `CLOCK_JUMP`: not the time that the machine shows now. Those of [`Operator::clock`].
    pub async fn confirm_clock(&self, seen: &ClockSeen) -> Result<ClockShown, ErrorBody> {
        let Some(looked_at) = Timestamp::parse(&seen.now) else {
            let message = format!("expected a time such as 2025-04-21T09:00:00Z, found {:?}", seen.now);
            return Err(ErrorBody { field: Some("now".to_owned()), ..ErrorBody::new("MALFORMED", message) });
        };
        let now = self.clock.wall();
        if now.0.saturating_sub(looked_at.0).saturating_abs() > LOOKED_AT_MAX_MS {
            let message = format!(
                "expected the time that the machine shows, {now}, found {looked_at}: look at it again"
            );
            return Err(ErrorBody { field: Some("now".to_owned()), ..ErrorBody::new("CLOCK_JUMP", message) });
        }
        self.engine.confirm_clock().map_err(unavailable)?;
        tracing::warn!(%now, "an operator has confirmed the time");
        // Asked after it, so it is told after it.
        self.clock().await
    }

    /// Publishes everything from this frame on once more, for consumers that lost messages: each event keeps its id, by
    /// which consumers know what they have, and gets another message id, so that the stream takes it. New events
    /// follow after them. Waits until they are out; what takes longer goes on.
    ///
    /// # Errors
    /// `SEQUENCE_UNKNOWN`: beyond the log. `NOT_PUBLISHED`: this server publishes nothing. `NO_ANSWER`: not out in time.
    /// Or why the publication holds.
    pub async fn publish_again(&self, what: &PublishAgain) -> Result<PublishedAgain, ErrorBody> {
        let (from, to) = (what.from, self.engine.log().durable());
        if from == 0 || from > to {
            let message = format!("expected a frame up to {to}, the last of the log, found {from}");
            let error = ErrorBody::new("SEQUENCE_UNKNOWN", message);
            return Err(ErrorBody { field: Some("from".to_owned()), ..error });
        }
        let Some((orders, status)) = &self.publication else {
            return Err(ErrorBody::new(
                "NOT_PUBLISHED",
                "expected a server that publishes, this one does not",
            ));
        };
        let seconds = what.within_seconds.min(WITHIN_MAX);
        let out = timeout(Duration::from_secs(seconds), orders.publish_again(from)).await;
        let status = status.borrow().clone();
        if out.unwrap_or(false) {
            return Ok(PublishedAgain { stream: status.stream, from, to });
        }
        let late = || {
            let message = format!(
                "expected the stream to take everything within {seconds} s; it goes on after what is out"
            );
            ErrorBody::new("NO_ANSWER", message)
        };
        Err(status.held.map_or_else(late, |held| ErrorBody::new(held.code, held.reason)))
    }
}

fn unavailable(error: Unavailable) -> ErrorBody {
    ErrorBody::new(error.code(), error.to_string())
}

fn no_progress() -> ErrorBody {
    ErrorBody::new("NO_PROGRESS", format!("expected the core thread to answer within {} s", ANSWER.as_secs()))
}
