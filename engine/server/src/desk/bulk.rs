//! Several tasks answered alike: each is a command of its own, so that what is stale drops out by itself.

use countersign_messages::{Accepted, DecideAll, DecidedAll, DecidedItem, Reply};

use super::refuse::{self, Refusal};
use super::{Caller, Desk, command};

impl Desk {
    /// Answers each task as it was seen. Sent again, each is known by an id that is derived from the request's.
    pub(super) async fn decide_all(&self, caller: &Caller, r: &DecideAll) -> (DecidedAll, u64) {
        let mut items = Vec::with_capacity(r.items.len());
        let mut highest = 0;
        for (number, item) in r.items.iter().enumerate() {
            let (accepted, error) = match self.one(caller, r, number).await {
                Ok(reply) => {
                    highest = highest.max(reply.sequence);
                    match reply.outcome {
                        Ok(accepted) => (Some(accepted), None),
                        Err(error) => (None, Some(error)),
                    }
                }
                Err(error) => (None, Some(*error)),
            };
            items.push(DecidedItem {
                case: item.case.to_string(),
                task: item.task.to_string(),
                accepted,
                error,
            });
        }
        (DecidedAll { items }, highest.max(self.engine().log().durable()))
    }

    async fn one(&self, caller: &Caller, r: &DecideAll, number: usize) -> Result<Reply<Accepted>, Refusal> {
        let told = self.command(command::one_of(caller, r, number)?).await?;
        serde_json::from_slice(&told).map_err(|error| refuse::of("INTERNAL", error.to_string()))
    }
}
