//! Clerks who work their inboxes through the system `desk`. They approve what their limits allow them to see at all, and
//! wait with goods that come back before they were billed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::line::{Line, Who};
use crate::world::World;

/// Tasks that a clerk takes from the inbox at one time, and answers under way.
const PAGE: u64 = 100;
const UNDER_WAY: usize = 24;
/// How long a clerk rests where there is nothing to do and no event says otherwise.
const REST: Duration = Duration::from_millis(500);

/// A clerk, and which part of the post's work is hers where several hold it: case numbers that leave `own` when divided
/// by `of`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clerk {
    who: Who<'static>,
    own: u64,
    of: u64,
}

const fn clerk(person: &'static str, position: &'static str, own: u64, of: u64) -> Clerk {
    Clerk { who: (person, position), own, of }
}

/// Everybody who signs or works.
pub(crate) const CLERKS: [Clerk; 6] = [
    clerk("W04", "sales_clerk", 0, 2),
    clerk("W05", "sales_clerk", 1, 2),
    clerk("W03", "sales_manager", 0, 1),
    clerk("W01", "owner", 0, 2),
    clerk("W09", "owner", 1, 2),
    clerk("W07", "returns_clerk", 0, 1),
];

impl Clerk {
    /// Works until told to go home. Returns how many tasks were answered.
    pub(crate) async fn work(self, line: Line, world: &World, home: &AtomicBool) -> u64 {
        let (mut events, mut at_least, mut looks, mut answered) = (world.watch(), 0, 0_u64, 0_u64);
        while !home.load(Ordering::Relaxed) {
            let given = world.tasks_of(self.who.1);
            let mut after: Option<Value> = None;
            let mut did = 0;
            loop {
                looks += 1;
                let id = format!("{}-look-{looks}", self.who.0);
                let mut body = json!({ "at_least": at_least, "limit": PAGE });
                if let Some(after) = after.take() {
                    body["after"] = after;
                }
                let inbox = line.ask("inbox", &id, self.who, body).await;
                let (inbox, _) = inbox.unwrap_or_else(|refused| panic!("{self:?} may look: {refused}"));
                let items = inbox["items"].as_array().into_iter().flatten();
                let own: Vec<Value> = items.filter(|item| self.is_own(item, world)).cloned().collect();
                if own.is_empty() {
                    after = inbox.get("next").cloned();
                    if after.is_some() {
                        continue;
                    }
                    break;
                }
                let answers = stream::iter(own.into_iter().map(|item| self.answer(line.clone(), item)));
                let sequences: Vec<u64> = answers.buffer_unordered(UNDER_WAY).collect().await;
                did += sequences.len() as u64;
                at_least = sequences.into_iter().fold(at_least, u64::max);
            }
            answered += did;
            // Nothing was there: until there is another task, or a pause has passed.
            if did == 0 {
                let more =
                    async { while world.tasks_of(self.who.1) == given && events.changed().await.is_ok() {} };
                let _ = timeout(REST, more).await;
            }
        }
        answered
    }

    fn is_own(&self, item: &Value, world: &World) -> bool {
        let case = item["case"].as_str().expect("a task has a case");
        let number: u64 = case.trim_start_matches("C-").parse().expect("a case has a number");
        number % self.of == self.own && (item["state"] != "not-out-yet" || world.order_is_billed(case))
    }

    /// Answers a task as she saw it. Gives the sequence that the reply saw.
    async fn answer(self, line: Line, item: Value) -> u64 {
        let text = |field: &str| item[field].as_str().unwrap_or_default();
        let verdict = if text("duty") == "task" { "done" } else { "approve" };
        let body = json!({
            "case": item["case"], "task": item["task"], "version": item["version"],
            "content_hash": item["content_hash"], "verdict": verdict,
        });
        let id = format!("{}-{}-{}", self.who.0, text("case"), text("task"));
        match line.ask("decide", &id, self.who, body).await {
            Ok((_, sequence)) => sequence,
            Err(refused) => panic!("{self:?} answers {verdict} to {item}: {refused}"),
        }
    }
}
