//! Each kind of event has golden bytes: a published shape is frozen. A change here breaks every log ever written;
//! a change of meaning is a new kind with a number of its own.

use std::collections::BTreeSet;
use std::fmt::Write;

use countersign_core::command::{Cause, Request, Verdict, VouchedBy};
use countersign_core::definition::{DefinitionKind, Duty, Target};
use countersign_core::event::*;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::time::{Date, Span, SpanUnit, Timestamp};
use countersign_core::value::{Fields, Value};

fn n(text: &str) -> Name {
    Name::from(text)
}

fn fields() -> Fields {
    let amount = |text: &str| text.parse().expect("a decimal");
    let cny = Currency::parse("CNY").expect("a currency");
    [
        ("missing", Value::Missing),
        ("flag", Value::Flag(true)),
        ("text", Value::text("合同")),
        ("number", Value::Number(amount("-1.50"))),
        ("percent", Value::Percent(amount("0.15"))),
        ("money", Value::money(amount("300000.00"), cny)),
        ("units", Value::Units(amount("12"))),
        ("date", Value::Date(Date(20_000))),
        ("time", Value::Time(Timestamp(1_745_197_200_000))),
        ("span", Value::Span(Span { count: 8, unit: SpanUnit::WorkHour })),
        ("position", Value::Position(n("bgm_js"))),
        ("unit", Value::Unit(n("js"))),
        ("list", Value::List(vec![Value::Flag(false)])),
        ("record", Value::Record(Fields::from([(n("a"), Value::text("b"))]))),
    ]
    .into_iter()
    .map(|(name, value)| (n(name), value))
    .collect()
}

fn content() -> Content {
    Content {
        document: fields(),
        hash: [1; 32],
        commercial: [2; 32],
        keeps: vec![n("money")],
        amount: fields().get("money").cloned(),
        key: Some(n("HT-1")),
        claims: vec![n("contract-review/contract_no/HT-1")],
    }
}

fn milestones() -> Milestones {
    Milestones { remind: Timestamp(1), overdue: Timestamp(2), escalate: Timestamp(3) }
}

fn capacities() -> Vec<Capacity> {
    use CapacityWhy::*;
    [Own, Vacant, Acting, Delegate, Merged, Abolished, Barred, Referred, Independent]
        .into_iter()
        .map(|why| Capacity { position: n("p"), why })
        .collect()
}

fn slot() -> Slot {
    let level = Level {
        authority: n("contract"),
        place: 1,
        need: "250000.00".parse().expect("a decimal"),
        limit: None,
        decides: true,
    };
    Slot {
        duty: Duty::Approve,
        position: n("bgm_js"),
        capacities: capacities(),
        veto: true,
        blind: true,
        within: Span { count: 8, unit: SpanUnit::WorkHour },
        level: Some(level),
        seat_of: Some(n("leading_group")),
        barred: vec![n("H31")],
    }
}

fn plan() -> Plan {
    let votes = PlanNode::Votes { need: 2, members: vec![(1, PlanNode::Slot(0))] };
    let parts = vec![votes, PlanNode::Any(vec![]), PlanNode::InOrder(vec![]), PlanNode::Climb(vec![])];
    Plan { root: PlanNode::All(parts), slots: vec![slot()] }
}

fn opinion() -> Opinion {
    Opinion {
        task: 3,
        position: n("legal"),
        person: n("H05"),
        verdict: Verdict::Object,
        reason: Some(n("clause 7")),
    }
}

fn company_events() -> Vec<Event> {
    vec![
        Event::CompanyFounded(CompanyFounded { company: n("yuanlan"), administrator: n("H03") }),
        Event::DefinitionStored(DefinitionStored {
            number: 7,
            kind: DefinitionKind::Systems,
            name: n("systems"),
            path: n("systems.yaml"),
            source: "systems: {}\n".into(),
            sha256: [3; 32],
            form: 1,
            compiled: vec![6, 0],
        }),
        Event::DefinitionsActivated(DefinitionsActivated { release: 1, definitions: vec![1, 7] }),
        Event::OrganisationSwept(OrganisationSwept { next: Some(65) }),
        Event::SkipLevelAttempted(SkipLevelAttempted {
            chain: n("contract-review"),
            person: n("H31"),
            position: n("rep_js1"),
            addressee: n("sales_director"),
            superior: Some(n("kam_js")),
        }),
    ]
}

fn case_events() -> Vec<Event> {
    let case = 42;
    let submitter = Party { person: n("H31"), position: n("rep_js1"), unit: n("js"), kind: n("rep") };
    vec![
        Event::CaseSubmitted(CaseSubmitted {
            case,
            chain: n("contract-review"),
            release: 1,
            submitter,
            path: vec![n("kam_js"), n("bgm_js")],
            content: content(),
        }),
        Event::CaseResubmitted(CaseResubmitted {
            case,
            revision: 2,
            content: content(),
            voids_signatures: true,
            person: n("H31"),
            by_editor: false,
        }),
        Event::StateEntered(StateEntered {
            case,
            state: 1,
            name: n("line"),
            work: Work::People(plan()),
            expires_at: Some(Timestamp(9)),
            cc: vec![n("nka_head")],
        }),
        Event::StateSkipped(StateSkipped { case, name: n("line"), state: 1, outcome: n("approved") }),
        Event::ChecksFailed(ChecksFailed { case, codes: vec![n("E1")] }),
        Event::BranchChosen(BranchChosen { case, go: Target::End(1) }),
        Event::StepClosed(StepClosed {
            case,
            state: n("line"),
            outcome: n("approved"),
            opinions: vec![opinion()],
        }),
        Event::OpinionsOpened(OpinionsOpened { case, opinions: vec![opinion()] }),
        Event::CaseReturned(CaseReturned { case, returns: 1 }),
        Event::CaseEnded(CaseEnded {
            case,
            end: n("rejected"),
            good: false,
            code: Some(n("REVISION_LIMIT")),
        }),
        Event::CaseWithdrawn(CaseWithdrawn { case, reason: Some(n("mistake")), told: vec![n("kam_js")] }),
        Event::CaseHeld(CaseHeld {
            case,
            code: n("NO_APPROVER"),
            detail: "nobody".into(),
            told: vec![n("driver")],
        }),
        Event::StateExpired(StateExpired { case, state: n("sealing"), go: Target::Draft }),
        Event::FactReceived(FactReceived { case, fact: n("a.b.c"), message_id: n("m1"), data: fields() }),
        Event::TurnSplit(TurnSplit { case }),
    ]
}

fn task_events() -> Vec<Event> {
    let (case, task) = (42, 3);
    vec![
        Event::TaskOpened(TaskOpened {
            case,
            task,
            slot: 1,
            duty: Duty::Review,
            position: n("bgm_js"),
            holders: vec![n("H25")],
            capacities: capacities(),
            milestones: milestones(),
        }),
        Event::TaskDecided(TaskDecided {
            case,
            task,
            person: n("H25"),
            verdict: Verdict::Approve,
            counts_as_review: true,
            overrides: false,
            blind: true,
            reason: Some(n("prepaid")),
            content_hash: [1; 32],
        }),
        Event::TaskWithdrawn(TaskWithdrawn { case, task, cause: WithdrawnCause::Expired }),
        Event::SignatureKept(SignatureKept { case, slot: 0, task }),
        Event::TaskLapsed(TaskLapsed { case, task }),
        Event::TaskReminded(TaskReminded { case, task }),
        Event::TaskOverdue(TaskOverdue { case, task, copied: vec![n("region_east_head")] }),
        Event::TaskEscalated(TaskEscalated { case, task, to: vec![n("region_east_head")] }),
        Event::TaskReassigned(TaskReassigned {
            case,
            task,
            position: n("sales_director"),
            holders: vec![n("H06")],
            capacities: capacities(),
            milestones: milestones(),
        }),
        Event::TaskReferred(TaskReferred { case, task, person: n("H25"), reason: n("conflict_of_interest") }),
        Event::RouteExtended(RouteExtended {
            case,
            slot: 1,
            levels: vec![PlanNode::Slot(2)],
            slots: vec![slot()],
        }),
        Event::SelfApprovalAttempted(SelfApprovalAttempted {
            case,
            task,
            person: n("H25"),
            position: n("bgm_js"),
        }),
        Event::LateAnswer(LateAnswer { case, task, person: n("H25"), verdict: Verdict::Pass }),
    ]
}

fn every_kind() -> Vec<Event> {
    let mut events = company_events();
    events.extend(case_events());
    events.extend(task_events());
    events.sort_by_key(Event::kind);
    events
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn found() -> String {
    let mut text = String::new();
    for event in every_kind() {
        let mut bytes = Vec::new();
        encode_event(&event, &mut bytes).expect("an event encodes");
        let _ = writeln!(text, "{} {} {}", event.kind(), event.name(), hex(&bytes));
    }
    let mut bytes = Vec::new();
    frame().encode(&mut bytes).expect("a frame encodes");
    let _ = writeln!(text, "frame {}", hex(&bytes));
    text
}

fn frame() -> Frame {
    let request = Request {
        system: n("crm"),
        request_id: n("7f3a"),
        fingerprint: [4; 16],
        sent_at: Timestamp(1_745_197_199_000),
        person: n("H25"),
        position: n("bgm_js"),
        vouched_by: VouchedBy::System,
    };
    let outcome = Outcome::Refused {
        code: n("SELF_APPROVAL"),
        message: "expected somebody else".into(),
        field: Some(n("task")),
    };
    let events = vec![Event::TaskLapsed(TaskLapsed { case: 1, task: 2 })];
    Frame { at: Timestamp(1_745_197_200_000), cause: Cause::Request(request), outcome, events }
}

#[test]
fn the_bytes_of_every_kind_are_frozen() {
    let golden = include_str!("golden/events.txt");
    for (expected, found) in golden.lines().zip(found().lines()) {
        assert_eq!(expected, found, "the bytes of a published event have changed");
    }
    assert_eq!(golden.lines().count(), found().lines().count(), "found now:\n{}", found());
}

#[test]
fn every_kind_has_golden_bytes_and_a_number_of_its_own() {
    let shown: BTreeSet<(u16, &str)> = every_kind().iter().map(|e| (e.kind(), e.name())).collect();
    let declared: BTreeSet<(u16, &str)> = Event::KINDS.iter().copied().collect();
    assert_eq!(shown, declared);
    let numbers: BTreeSet<u16> = declared.iter().map(|(kind, _)| *kind).collect();
    let names: BTreeSet<&str> = declared.iter().map(|(_, name)| *name).collect();
    assert_eq!((numbers.len(), names.len()), (Event::KINDS.len(), Event::KINDS.len()));
}

#[test]
fn every_kind_is_read_back() {
    let mut bytes = Vec::new();
    for event in every_kind().iter().filter(|e| e.name() != "definition-stored") {
        encode_event(event, &mut bytes).expect("an event encodes");
    }
    let read = decode_events(&bytes).expect("events decode");
    let written: Vec<Event> = every_kind().into_iter().filter(|e| e.name() != "definition-stored").collect();
    assert_eq!(read, written);
    let mut bytes = Vec::new();
    frame().encode(&mut bytes).expect("a frame encodes");
    assert_eq!(Frame::decode(&bytes), Ok(frame()));
}

#[test]
fn unknown_kinds_forms_and_short_bytes_are_refused() {
    assert_eq!(decode_events(&[9, 9, 0, 0, 0, 0]), Err(DecodeError::UnknownKind(0x0909)));
    assert_eq!(decode_events(&[34, 0, 0]), Err(DecodeError::Short { expected: 6, found: 3 }));
    assert_eq!(decode_events(&[34, 0, 9, 0, 0, 0, 1]), Err(DecodeError::Short { expected: 9, found: 1 }));
    assert_eq!(decode_events(&[34, 0, 3, 0, 0, 0, 1, 1, 1]), Err(DecodeError::Body(34)));
    let mut bytes = Vec::new();
    let Some(Event::DefinitionStored(stored)) = every_kind().into_iter().find(|e| e.kind() == 2) else {
        panic!("kind 2 is a stored definition")
    };
    let newer = Event::DefinitionStored(DefinitionStored { form: 2, ..stored });
    encode_event(&newer, &mut bytes).expect("an event encodes");
    assert_eq!(decode_events(&bytes), Err(DecodeError::Form(2)));
}

/// A decimal must never lose a digit: without text encoding postcard could not read it back.
#[test]
fn decimals_are_encoded_as_text() {
    for text in ["0.10", "300000.00", "-79228162514264337593543950335", "0.0000000000000000000000000001"] {
        let value = Value::Number(text.parse().expect("a decimal"));
        let bytes = postcard::to_allocvec(&value).expect("a value encodes");
        assert!(bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{text} is not in {bytes:?}");
        assert_eq!(postcard::from_bytes::<Value>(&bytes), Ok(value));
    }
}

/// Writes the golden file. Run it by hand for a new kind only: `cargo test ... -- --ignored`, then review the diff.
#[test]
#[ignore = "writes tests/golden/events.txt; only for a kind that has never been published"]
fn write_golden() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/events.txt");
    std::fs::write(path, found()).expect("the golden file can be written");
}
