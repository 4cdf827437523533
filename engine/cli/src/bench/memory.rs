//! Memory of open cases: State alone, filled by turns, before anything else of the benchmark has run.

use countersign_core::command::{Body, Cause, Command};
use countersign_core::state::State;
use countersign_core::time::{MINUTE, Timestamp};
use countersign_core::turn::{TurnResult, turn};

use super::company::{Names, definitions, operator};

/// Bytes that the process holds per open case of five steps. The stamps are a minute apart, so that the window of
/// known requests stays small beside the cases.
pub(super) fn bytes_per_case(cases: u64) -> Result<f64, String> {
    let mut state = State::default();
    let mut at = Timestamp(1_745_197_200_000);
    let found = Body::Found { company: "bench".into(), administrator: "B01".into() };
    run(&mut state, at, operator(), found)?;
    let definitions = definitions()?;
    let numbers = (1..=definitions.len() as u32).collect();
    for stored in definitions {
        run(&mut state, at, operator(), Body::Store(Box::new(stored)))?;
    }
    run(&mut state, at, operator(), Body::Activate { definitions: numbers })?;
    let names = Names::new();
    let before = resident_bytes()?;
    for number in 0..cases {
        at = at.plus(MINUTE);
        let (cause, body) = names.submit(number, at);
        run(&mut state, at, cause, body)?;
    }
    let after = resident_bytes()?;
    if state.open_cases() as u64 != cases {
        return Err(format!("expected {cases} open cases, found {}", state.open_cases()));
    }
    Ok((after.saturating_sub(before)) as f64 / cases as f64)
}

fn run(state: &mut State, at: Timestamp, cause: Cause, body: Body) -> Result<(), String> {
    match turn(state, &Command { at, cause, body }).result {
        TurnResult::Done => Ok(()),
        other => Err(format!("expected the command to take effect: {other:?}")),
    }
}

/// Resident memory of this process.
fn resident_bytes() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|e| e.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")).and_then(|n| n.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| "expected /proc/self/status to tell VmRSS".to_owned())
}
