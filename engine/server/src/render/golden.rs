//! What is published of each kind of event is frozen to the byte, and so is what is told of it once a blind part is open.

use std::fmt::Write;

use countersign_core::command::{Cause, Verdict};
use countersign_core::definition::Target;
use countersign_core::event::*;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_messages::{LogId, Token};
use serde_json::Value;

use super::data::{Opinions, data};
use super::samples::every_kind;
use super::{Belongs, Publisher};

fn n(text: &str) -> Name {
    Name::from(text)
}

/// What the samples of each kind leave out: other works, other targets, answers that are not blind, events without
/// what may be missing.
fn more() -> Vec<Event> {
    let case = 42;
    let entered = |state, work| {
        let (name, expires_at, cc) = (n("sealing"), None, Vec::new());
        Event::StateEntered(StateEntered { case, state, name, work, expires_at, cc })
    };
    let chosen = |go| Event::BranchChosen(BranchChosen { case, go });
    let mut events = vec![
        chosen(Target::State(5)),
        chosen(Target::State(6)),
        chosen(Target::State(7)),
        chosen(Target::End(1)),
        chosen(Target::Draft),
        chosen(Target::OnHold),
        chosen(Target::Back),
        Event::StateExpired(StateExpired { case, state: n("sealing"), go: Target::State(6) }),
        entered(5, Work::None),
        entered(6, Work::Fact(n("seal.contract.sealed"))),
        entered(8, Work::Until(Timestamp(i64::MAX))),
        Event::StateSkipped(StateSkipped { case, name: n("line"), state: 7, outcome: n("approved") }),
        Event::CaseEnded(CaseEnded { case, end: n("signed"), good: true, code: None }),
        Event::CaseWithdrawn(CaseWithdrawn { case, reason: None, told: Vec::new() }),
        Event::CaseHeld(CaseHeld {
            case,
            code: n("CORE_PANIC"),
            detail: "a \"quoted\" line\n\u{1}\t\\ 合同".into(),
            told: Vec::new(),
        }),
    ];
    for verdict in [Verdict::Input, Verdict::Reject, Verdict::Return] {
        events.push(Event::TaskDecided(TaskDecided {
            case,
            task: 3,
            person: n("H25"),
            verdict,
            counts_as_review: false,
            overrides: true,
            blind: false,
            reason: None,
            content_hash: [0xfe; 32],
        }));
    }
    for mut event in every_kind() {
        if let Event::OpinionGiven(e) = &mut event {
            e.blind = !e.blind;
            events.push(event);
        }
    }
    events
}

fn published(frame: &Frame, text: &mut String) {
    let log_id = LogId::from_bytes(&[0xab; 16]);
    let publisher = Publisher::new(Token::new("yuanlan").expect("a token"), log_id);
    for (index, event) in frame.events.iter().enumerate() {
        let of = event.case().map(|_| Belongs { chain: n("Contract_Review"), root: 7 });
        let told = publisher.event(42, frame, index, of.as_ref()).expect("an event");
        let order = told.correlation.as_deref().unwrap_or("-");
        let body = String::from_utf8(told.body).expect("JSON is text");
        let _ = writeln!(text, "{} {} {order} {body}", told.subject, told.id);
        let following = frame.events[index + 1..].iter();
        let _ = writeln!(text, "open {}", Value::Object(data(event, following, Opinions::Open)));
    }
    let short = publisher.shortened(42, frame, 5, None).expect("an event");
    let _ = writeln!(text, "{}", String::from_utf8(short.body).expect("JSON is text"));
}

#[test]
fn what_is_published_of_every_kind_is_frozen() {
    let at = Timestamp(1_745_197_200_123);
    let mut found = String::new();
    for events in [every_kind(), more()] {
        let frame = Frame { at, cause: Cause::Timer { due: at }, outcome: Outcome::Accepted, events };
        published(&frame, &mut found);
    }
    let golden = include_str!("../../tests/golden/published.txt");
    for (expected, found) in golden.lines().zip(found.lines()) {
        assert_eq!(expected, found, "what is published has changed");
    }
    assert_eq!(golden.lines().count(), found.lines().count(), "found now:\n{found}");
}
