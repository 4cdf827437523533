//! A fuzz driver without a fuzzer: damaged frames from a seed that is printed. None may panic, take long or take much
//! memory, and what is still read must survive being written and read again.
//!
//! A few seconds as a test; `COUNTERSIGN_FUZZ_SECONDS=600 cargo test --release -p countersign-core --test all
//! fuzz_frames:: -- --nocapture` goes on for ten minutes, and `COUNTERSIGN_FUZZ_SEED=...` repeats what failed.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the driver itself looks at the clock and at its settings; core does not"
)]

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::model::random::Random;
use crate::support::samples::every_kind;
use crate::told::{seed, tell, timed};
use countersign_core::command::Cause;
use countersign_core::event::{Event, Plan, PlanNode, StateEntered, Work, encode_event};
use countersign_core::expr::Expr;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::time::Timestamp;

/// However damaged: a log of a million frames must still be told apart in time.
const ANSWER_WITHIN: Duration = Duration::from_millis(200);
/// What breaks varints, lengths and tags.
const SCRAPS: [&[u8]; 9] = [
    &[0],
    &[1],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff; 5],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x80, 0x80, 0x80, 0x08],
    "合同".as_bytes(),
];

/// One frame for each kind of event, and one with all of them.
fn clean() -> Vec<Vec<u8>> {
    let kinds = every_kind();
    let alone = kinds.iter().map(|event| vec![event.clone()]);
    alone.chain([kinds.clone()]).map(encoded).collect()
}

fn encoded(events: Vec<Event>) -> Vec<u8> {
    let frame = Frame {
        at: Timestamp(1_745_197_200_000),
        cause: Cause::Operator { os_user: "root".into() },
        outcome: Outcome::Accepted,
        events,
    };
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).expect("a frame encodes");
    bytes
}

fn round(seed: u64, clean: &[Vec<u8>]) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut below = |bound: usize| random.below(bound);
    let mut bytes = clean[below(clean.len())].clone();
    for _ in 0..=below(4) {
        let at = below(bytes.len() + 1);
        let end = at + below(bytes.len() - at + 1).min(24);
        match below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(8),
            1 if at < bytes.len() => bytes[at] = below(256) as u8,
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, SCRAPS[below(SCRAPS.len())].iter().copied())),
            4 => {
                let piece = bytes[at..end].to_vec();
                let place = below(bytes.len() + 1);
                bytes.splice(place..place, piece.repeat(1 + below(40)));
            }
            5 => {
                let other = &clean[below(clean.len())];
                let from = below(other.len());
                bytes.splice(at..end, other[from..(from + below(60)).min(other.len())].to_vec());
            }
            _ => bytes.truncate(end),
        }
    }
    bytes
}

#[test]
fn damaged_frames_never_panic_and_what_is_read_survives_a_round_trip() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let only = number("COUNTERSIGN_FUZZ_SEED");
    let first = only.unwrap_or(seed(0x00f0_a4e5));
    let until = Instant::now() + Duration::from_secs(number("COUNTERSIGN_FUZZ_SECONDS").unwrap_or(4));
    let clean = clean();
    let (mut rounds, mut read) = (0_u64, 0_u64);
    while Instant::now() < until && (only.is_none() || rounds == 0) {
        let seed = first.wrapping_add(rounds);
        let bytes = round(seed, &clean);
        let (answer, took) =
            timed(ANSWER_WITHIN, || catch_unwind(AssertUnwindSafe(|| Frame::decode(&bytes))));
        let Ok(answer) = answer else { panic!("a panic: repeat it with COUNTERSIGN_FUZZ_SEED={seed}") };
        assert!(took < ANSWER_WITHIN, "{took:?}: repeat it with COUNTERSIGN_FUZZ_SEED={seed}");
        if let Ok(frame) = answer {
            let mut again = Vec::new();
            frame.encode(&mut again).expect("what was read can be written");
            let reread = Frame::decode(&again);
            assert_eq!(reread.as_ref(), Ok(&frame), "repeat it with COUNTERSIGN_FUZZ_SEED={seed}");
            read += 1;
        }
        rounds += 1;
    }
    let said = format!("{rounds} frames from seed {first}, {read} still read");
    writeln!(std::io::stderr(), "{said}").expect("a terminal");
    tell(
        9,
        &said,
        "frames: an error, or a frame that survives a round trip; no panic",
        "all answered in time",
    );
    assert!(rounds > 0);
    if only.is_none() {
        // Damage that is always noticed at once would look at nothing behind the first byte.
        assert!(read > 0 && read < rounds, "{read} of {rounds} were read");
    }
}

/// A frame with a step whose plan is nested so deep: two bytes for each level.
fn nested(levels: usize) -> Vec<u8> {
    let entered = every_kind().into_iter().find_map(|event| match event {
        Event::StateEntered(entered) => Some(entered),
        _ => None,
    });
    let plan = Plan { root: PlanNode::All(vec![PlanNode::All(Vec::new())]), slots: Vec::new() };
    let entered = StateEntered { work: Work::People(plan), ..entered.expect("a step") };
    let mut whole = Vec::new();
    encode_event(&Event::StateEntered(entered), &mut whole).expect("an event encodes");
    // Number of the kind, length, body.
    let (head, body) = whole.split_at(6);
    let outer = body.windows(4).position(|bytes| bytes == [1, 1, 1, 0]).expect("one node in another");
    let body = [&body[..outer], &[1, 1].repeat(levels), &body[outer + 2..]].concat();
    let mut frame = encoded(Vec::new());
    frame.extend_from_slice(&head[..2]);
    frame.extend_from_slice(&u32::try_from(body.len()).expect("a length").to_le_bytes());
    frame.extend(body);
    frame
}

#[test]
fn a_plan_nested_without_end_is_refused() {
    assert!(Frame::decode(&nested(200)).is_ok());
    assert!(Frame::decode(&nested(120_000)).is_err(), "no stack is that deep");
}

#[test]
fn a_condition_nested_without_end_is_refused() {
    let condition = (0..200).fold(Expr::It(Vec::new()), |inner, _| Expr::Not(Box::new(inner)));
    let bytes = postcard::to_allocvec(&condition).expect("it encodes");
    assert_eq!(postcard::from_bytes(&bytes), Ok(condition));
    let endless = vec![bytes[0]; 250_000];
    assert!(postcard::from_bytes::<Expr>(&endless).is_err(), "no stack is that deep");
    // What was too deep leaves nothing behind: the next one counts from the beginning.
    assert!(postcard::from_bytes::<Expr>(&bytes).is_ok());
}
