//! The decision alone: turns in memory on one thread, with neither disk nor queue nor callers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use countersign_core::command::{Body, CaseNo, Cause, Command};
use countersign_core::receipt::Receipt;
use countersign_core::state::{AHEAD, RequestKey, State};
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, Turned, touched, turn, turn_keyed};

use super::Handed;
use super::company::{Claim, LEVELS, Names, definitions, operator};
use super::pipeline::median_us;

/// Decisions that are timed together, as many as callers wait.
const BATCH: usize = 256;
/// Cases that follow one another are so far apart, as those of callers that work at the same time are.
const APART: usize = 157;

/// A company of its own in memory, without a log.
pub(super) struct Company {
    pub(super) state: State,
    at: Timestamp,
    names: Names,
}

impl Company {
    /// Founded, with the definitions that the whole benchmark uses.
    pub(super) fn new() -> Result<Company, String> {
        let at = Timestamp(1_745_197_200_000);
        let mut company = Company { state: State::default(), at, names: Names::new() };
        let found = Body::Found { company: "bench".into(), administrator: "B01".into() };
        company.run(operator(), found)?;
        let definitions = definitions()?;
        let numbers = (1..=definitions.len() as u32).collect();
        for stored in definitions {
            company.run(operator(), Body::Store(Box::new(stored)))?;
        }
        company.run(operator(), Body::Activate { definitions: numbers })?;
        Ok(company)
    }

    /// Hands in a claim, so much later than the command before.
    pub(super) fn submit(&mut self, claim: Claim, number: u64, later: i64) -> Result<Handed, String> {
        self.at = self.at.plus(later);
        let (cause, body) = self.names.submit(claim, number, self.at);
        let turned = self.run(cause, body)?;
        let receipt = turned.frames.last().map(Receipt::of).unwrap_or_default();
        receipt.case.zip(receipt.content_hash).ok_or_else(|| "a submission opens a case".to_owned())
    }

    fn run(&mut self, cause: Cause, body: Body) -> Result<Turned, String> {
        done(turn(&mut self.state, &Command { at: self.at, cause, body }))
    }
}

fn done(turned: Turned) -> Result<Turned, String> {
    match turned.result {
        TurnResult::Done => Ok(turned),
        other => Err(format!("expected the command to take effect: {other:?}")),
    }
}

/// Microseconds that a decision takes: turn, reply and encoding. The median of batches.
pub(super) fn us_per_decision(cases: u64) -> Result<f64, String> {
    let mut company = Company::new()?;
    let mut handed = Vec::new();
    for number in 0..cases {
        handed.push(company.submit(Claim::Short, number, 1)?);
    }
    let mut order: Vec<Handed> = Vec::with_capacity(handed.len());
    for first in 0..APART {
        order.extend(handed.iter().skip(first).step_by(APART));
    }
    let mut took: Vec<Duration> = Vec::new();
    let mut bytes = Vec::new();
    for level in 0..LEVELS {
        for batch in order.chunks_exact(BATCH) {
            took.push(decide(&mut company, batch, level, &mut bytes)?);
        }
    }
    Ok(median_us(&mut took) / BATCH as f64)
}

/// Its own function, so that a profiler finds it.
#[inline(never)]
fn decide(
    company: &mut Company,
    batch: &[(CaseNo, [u8; 32])],
    level: usize,
    bytes: &mut Vec<u8>,
) -> Result<Duration, String> {
    company.at = company.at.plus(1);
    let at = company.at;
    let commands = batch.iter().map(|(case, hash)| {
        let (cause, body) = company.names.decide(*case, *hash, level, at);
        Command { at, cause, body }
    });
    let mut commands: VecDeque<Command> = commands.collect();
    let mut receipts = Vec::with_capacity(batch.len());
    bytes.clear();
    let mut keys: VecDeque<Option<RequestKey>> = VecDeque::new();
    let begun = Instant::now();
    while let Some(command) = commands.pop_front() {
        if keys.is_empty() {
            // As the core thread does.
            let ahead = || [&command].into_iter().chain(&commands).take(AHEAD);
            keys = ahead().map(|command| RequestKey::of_cause(&command.cause)).collect();
            let cases = ahead().filter_map(|command| touched(&command.body));
            company.state.fetch(cases, keys.iter().flatten().copied());
        }
        let turned = done(turn_keyed(&mut company.state, command, keys.pop_front().flatten()))?;
        for frame in &turned.frames {
            frame.encode(bytes).map_err(|e| e.to_string())?;
        }
        receipts.extend(turned.frames.last().map(Receipt::of));
    }
    let took = begun.elapsed();
    // A caller that waits, and not the decision, pays for reading its answer.
    drop(receipts);
    Ok(took)
}
