//! A small company under test, with an engine of its own on a simulated disk and in virtual time.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

mod company;
pub mod gate;

use countersign_core::command::*;
use countersign_core::definition::FORM;
use countersign_core::name::Name;
use countersign_core::receipt::Receipt;
use countersign_core::time::Timestamp;
use countersign_core::value::Raw;
use countersign_journal::Geometry;
use countersign_journal::sim::SimDisk;
use countersign_runtime::*;

pub use company::definitions;

/// 2025-04-21T01:00:00Z.
pub const START: Timestamp = Timestamp(1_745_197_200_000);
pub const HOUR: u64 = 3_600_000;

/// The smallest log whose groups hold the largest frame.
pub fn small() -> Geometry {
    Geometry { segment_bytes: 2 << 20, group_bytes_max: 264 * 1024 }
}

/// Options for an engine on a simulated disk: failures stop it, no views.
pub fn options(disk: &SimDisk, clock: &ManualClock) -> EngineOptions {
    EngineOptions {
        on_fatal: OnFatal::Stop,
        geometry: small(),
        clock: std::sync::Arc::new(clock.clone()),
        ..EngineOptions::storage(disk.storage())
    }
}

/// Founds the company and activates its definitions.
pub fn found(options: EngineOptions) -> Engine {
    let (engine, _) = Engine::create(options, &founding()).expect("a log is created");
    activate(engine.handle());
    engine
}

pub fn founding() -> Founding {
    Founding { company: Name::from("mill"), administrator: Name::from("ada"), os_user: Name::from("root") }
}

/// Stores and activates the definitions.
pub fn activate(handle: &EngineHandle) {
    let mut numbers = Vec::new();
    for definition in definitions() {
        let stored = Stored {
            path: definition.name(),
            source: String::new(),
            sha256: [0; 32],
            form: FORM,
            compiled: definition.encode().expect("a definition encodes"),
        };
        let receipt = accepted(handle.command_blocking(operator(Body::Store(Box::new(stored)))));
        numbers.extend(receipt.number);
    }
    accepted(handle.command_blocking(operator(Body::Activate { definitions: numbers })));
    handle.settle_blocking().expect("open work is swept");
}

pub fn operator(body: Body) -> Incoming {
    Incoming { cause: Cause::Operator { os_user: Name::from("root") }, body }
}

/// A request that `person` makes as the holder of `position`.
pub fn request(id: &str, sent_at: Timestamp, (person, position): (&str, &str), body: Body) -> Incoming {
    let cause = Cause::Request(Request {
        system: Name::from("test"),
        request_id: Name::from(id),
        fingerprint: fingerprint(&body),
        sent_at,
        person: Name::from(person),
        position: Name::from(position),
        vouched_by: VouchedBy::Local,
    });
    Incoming { cause, body }
}

/// A digest of a body, as the front door would make one of the message.
fn fingerprint(body: &Body) -> [u8; 16] {
    let mut digest = [0_u8; 16];
    for (i, byte) in format!("{body:?}").bytes().enumerate() {
        digest[i % 16] = digest[i % 16].wrapping_mul(31).wrapping_add(byte);
    }
    digest
}

/// The worker hands in a slip, which the lead approves.
pub fn submit(id: &str, sent_at: Timestamp, text: &str) -> Incoming {
    submit_to("slip", id, sent_at, text)
}

pub fn submit_to(chain: &str, id: &str, sent_at: Timestamp, text: &str) -> Incoming {
    let document = Raw::Record([("text".to_owned(), Raw::Text(text.to_owned()))].into());
    let body = Body::Submit { chain: Name::from(chain), document, addressee: None };
    request(id, sent_at, ("wu", "worker"), body)
}

/// The answer to the task that a receipt says was opened for `position`, held by `person`.
pub fn answer(
    id: &str,
    sent_at: Timestamp,
    (person, position): (&str, &str),
    verdict: Verdict,
    receipt: &Receipt,
) -> Incoming {
    let opened = receipt.opened.iter().find(|(_, asked)| asked == position);
    let (task, _) = opened.expect("the position is asked");
    let answer = Answer {
        case: receipt.case.expect("a case"),
        task: *task,
        version: 1,
        content_hash: receipt.content_hash.expect("a document"),
        verdict,
        reason: (verdict != Verdict::Approve && verdict != Verdict::Pass).then(|| Name::from("because")),
        document: None,
        choice: None,
        fields: None,
    };
    request(id, sent_at, (person, position), Body::Decide(answer))
}

/// The lead approves.
pub fn approve(id: &str, sent_at: Timestamp, receipt: &Receipt) -> Incoming {
    answer(id, sent_at, ("li", "lead"), Verdict::Approve, receipt)
}

pub fn accepted(reply: Result<Reply, Unavailable>) -> Receipt {
    let reply = reply.expect("the engine answers");
    reply.accepted().unwrap_or_else(|| panic!("refused: {reply:?}")).clone()
}

pub fn refused(reply: Result<Reply, Unavailable>) -> String {
    let reply = reply.expect("the engine answers");
    reply.refused().unwrap_or_else(|| panic!("accepted: {reply:?}")).code.to_string()
}

/// Looks whether an answer is there, without waiting for it.
pub fn is_ready<T>(pending: &mut Pending<T>) -> bool {
    use std::future::Future;
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::Pin::new(pending).poll(&mut context).is_ready()
}

/// Goes on once the condition holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed().as_secs() < 30, "expected soon: {what}");
        std::thread::yield_now();
    }
}
