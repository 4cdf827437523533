//! What waits in the queue of the core thread.

use countersign_core::state::{RequestKey, State};
use tokio::sync::oneshot;

use crate::release::Asked;
use crate::reply::Incoming;

/// Looks at State and gives the call that sends what it found, with the sequence it saw.
pub(crate) type ReadCall = Box<dyn FnOnce(&State) -> Box<dyn FnOnce() + Send> + Send>;

/// A message to the core thread.
#[allow(
    clippy::large_enum_variant,
    reason = "most messages are commands; a box each would be one more allocation"
)]
pub(crate) enum Message {
    /// A command, and by which digest its request is known: its caller works that out.
    Command(Incoming, Option<RequestKey>, Asked),
    /// A look at State.
    Read(ReadCall),
    /// An operator confirms the time that the clock shows.
    ConfirmClock,
    /// Answer once nothing is due any more.
    Settle(oneshot::Sender<u64>),
    /// Something else has changed: look.
    Wake,
    /// Go on to the end of what was sent before, then stop.
    Stop,
}
