//! Twenty thousand damaged messages, the same in every run: none may panic, and what is still read must survive
//! being written and read again.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::common::{Dice, golden, read};
use crate::told::{seed, tell};
use countersign_messages::{CloudEvent, Limits, Subject, Verb, reply_allowed};

const SCRAPS: [&[u8]; 18] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\u0000",
    b"\\ud83d",
    b"1e999999999",
    b"-0",
    b"null",
    b"\xff",
    b"\xe4\xb8",
    b"\"person\":\"x\",",
    b"\"$serde_json::private::Number\":\"1\"",
    b"99999999999999999999",
];

/// One to four changes: a byte, a cut, a repeat, a scrap, or a piece of another message.
fn mutated(dice: &mut Dice, message: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = at + dice.below(bytes.len() - at + 1).min(40);
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(dice.below(256)).expect("a byte"),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                let from = dice.below(other.len());
                let piece = other[from..(from + dice.below(40)).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            4 => bytes.truncate(end),
            _ => drop(bytes.splice(at..at, SCRAPS[dice.below(SCRAPS.len())].iter().copied())),
        }
    }
    bytes
}

#[test]
fn damaged_requests_never_panic_and_what_is_read_survives_a_round_trip() {
    let messages: Vec<String> = Verb::ALL.map(|verb| golden(&format!("request.{verb}"))).into();
    let mut dice = Dice(0x5EED_0001);
    let mut still_read = 0;
    for _ in 0..20_000 {
        let which = dice.below(messages.len());
        let other = dice.below(messages.len());
        let bytes = mutated(&mut dice, messages[which].as_bytes(), messages[other].as_bytes());
        let verb = Verb::ALL[which];
        if let Ok(request) = read(verb, &bytes) {
            still_read += 1;
            assert_eq!(read(verb, request.to_json()).as_ref(), Ok(&request));
        }
    }
    // Neither all nor none: otherwise the damage is too small or too large to try anything.
    assert!((200..19_000).contains(&still_read), "{still_read}");
}

#[test]
fn random_bytes_never_panic() {
    let mut dice = Dice(0x5EED_0002);
    for round in 0..20_000 {
        let bytes: Vec<u8> =
            (0..dice.below(80)).map(|_| u8::try_from(dice.below(256)).expect("a byte")).collect();
        assert!(read(Verb::ALL[round % Verb::ALL.len()], &bytes).is_err());
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.parse::<Subject>().is_err());
        let _ = reply_allowed("_INBOX.", &text);
    }
}

#[test]
fn damaged_events_never_panic_and_what_is_read_survives_both_modes() {
    let event = golden("event");
    let limits = Limits::default();
    let mut dice = Dice(0x5EED_0003);
    for _ in 0..20_000 {
        let bytes = mutated(&mut dice, event.as_bytes(), event.as_bytes());
        let Ok(event) = CloudEvent::from_structured(&bytes, &limits) else { continue };
        assert_eq!(CloudEvent::from_structured(&event.to_structured(), &limits).as_ref(), Ok(&event));
        let binary = event.to_binary();
        let headers = binary.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        assert_eq!(CloudEvent::decode(headers, &binary.body, &limits).as_ref(), Ok(&event));
    }
}

/// The same for as long as it is told: `COUNTERSIGN_FUZZ_SECONDS=600 cargo test --release -p countersign-messages --test
/// all mutations:: -- --nocapture`; `COUNTERSIGN_FUZZ_SEED=...` repeats what failed.
#[test]
fn damaged_messages_for_as_long_as_it_is_told() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let only = number("COUNTERSIGN_FUZZ_SEED");
    let first = only.unwrap_or(seed(0x5EED_0004));
    let until = Instant::now() + Duration::from_secs(number("COUNTERSIGN_FUZZ_SECONDS").unwrap_or(1));
    let messages: Vec<String> = Verb::ALL.map(|verb| golden(&format!("request.{verb}"))).into();
    let (event, limits) = (golden("event"), Limits::default());
    let (mut rounds, mut still_read) = (0_u64, 0_u64);
    while Instant::now() < until && (only.is_none() || rounds == 0) {
        let seed = first.wrapping_add(rounds);
        let mut dice = Dice(seed);
        let (which, other) = (dice.below(messages.len()), dice.below(messages.len()));
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let bytes = mutated(&mut dice, messages[which].as_bytes(), messages[other].as_bytes());
            let request = read(Verb::ALL[which], &bytes).ok();
            if let Some(request) = &request {
                assert_eq!(read(Verb::ALL[which], request.to_json()).as_ref(), Ok(request));
            }
            let bytes = mutated(&mut dice, event.as_bytes(), messages[which].as_bytes());
            if let Ok(event) = CloudEvent::from_structured(&bytes, &limits) {
                assert_eq!(CloudEvent::from_structured(&event.to_structured(), &limits).as_ref(), Ok(&event));
            }
            request.is_some()
        }));
        let Ok(readable) = answer else { panic!("repeat it with COUNTERSIGN_FUZZ_SEED={seed}") };
        rounds += 1;
        still_read += u64::from(readable);
    }
    let said = format!("{rounds} messages from seed {first}, {still_read} still read");
    writeln!(std::io::stderr(), "{said}").expect("a line");
    tell(9, &said, "requests and events: an error, or a message that survives a round trip", "no panic");
    assert!(only.is_some() || still_read > 0, "nothing was read in {rounds} rounds");
}
