//! Secrets in core: sealed values only, who may read them, what an erasure leaves, as tables. State is the fold of the
//! log after each step, snapshots included.

use countersign_core::command::*;
use countersign_core::event::Event;
use countersign_core::name::Name;
use countersign_core::secret::{key_of, key_text};
use countersign_core::value::{Raw, Value};

use crate::access::yuanlan;
use crate::outward_support::{Run, record, text};

fn sealed(key: u8, content: &str) -> Raw {
    Raw::Sealed(format!("{}.{content}", key_text(&[key; 16])))
}

fn document(contact: Raw) -> Raw {
    let (customer, name) = (text("CU-JS-001"), text("Suzhou Bikes"));
    record([("customer", customer), ("name", name), ("branch", text("js")), ("contact", contact)])
}

fn file(run: &mut Run) -> CaseNo {
    run.submit("kam_js", "customer-file", document(sealed(1, "aa"))).expect("a file is opened")
}

fn kept(run: &mut Run) -> CaseNo {
    let case = file(run);
    run.decide(case, "bgm_js", Verdict::Pass).expect("it is checked");
    let shelf = |answer: &mut Answer| answer.fields = Some(record([("shelf", text("A-17"))]));
    run.answer(case, "file_custodian", Verdict::Done, shelf).expect("it is filed");
    case
}

fn reveal(run: &mut Run, post: &str, case: CaseNo, field: &str) -> Result<u64, String> {
    run.request(post, Body::Reveal { case, field: Name::from(field) })
}

fn erase(run: &mut Run, post: &str, case: CaseNo, reason: &str) -> Result<u64, String> {
    run.request(post, Body::Erase { case, reason: Name::from(reason) })
}

fn last(run: &Run) -> &[Event] {
    &run.world.frames.last().expect("a frame").events
}

#[test]
fn nothing_but_a_sealed_text_is_taken_and_none_is_shown() {
    let mut run = Run::of(yuanlan());
    for (contact, code) in [
        (text("Zhang San 13800000000"), "UNSEALED"),
        (Raw::Sealed("Zhang San 13800000000".to_owned()), "UNSEALED"),
        (Raw::Number("13800000000".to_owned()), "FIELD_TYPE"),
        (record([("sealed", text("13800000000"))]), "FIELD_TYPE"),
        (Raw::Null, "FIELD_MISSING"),
    ] {
        let body =
            Body::Submit { chain: Name::from("customer-file"), document: document(contact), addressee: None };
        let refused = run.world.request("H29", "kam_js", body).expect_err("it is refused");
        assert_eq!(refused.code.as_str(), code);
        assert!(!refused.message.contains("13800000000"), "{refused}");
    }
    // Where a text is expected, a sealed one is none.
    let other = record([
        ("customer", sealed(1, "aa")),
        ("name", text("Suzhou Bikes")),
        ("branch", text("js")),
        ("contact", sealed(1, "aa")),
    ]);
    assert_eq!(run.submit("kam_js", "customer-file", other), Err("FIELD_TYPE".to_owned()));
    let case = file(&mut run);
    let submitted = run.events(case).into_iter().find_map(|event| match event {
        Event::CaseSubmitted(e) => e.content.document.get("contact").cloned(),
        _ => None,
    });
    let submitted = submitted.expect("it is in the log");
    assert_eq!(submitted.to_string(), "(secret)");
    let Value::Sealed(text) = submitted else { panic!("{submitted:?}") };
    assert_eq!(key_of(&text), Some([1; 16]));
    let secrets = run.world.state.secrets(case).expect("it is known to have secrets");
    assert_eq!((secrets.keys.as_slice(), secrets.erased.len()), (&[[1; 16]][..], 0));
}

#[test]
fn who_reads_a_secret_is_recorded_and_who_may_not_as_well() {
    let mut run = Run::of(yuanlan());
    let case = kept(&mut run);
    for (post, field, expected) in [
        ("file_custodian", "contact", Ok(())),
        ("bgm_js", "contact", Ok(())),
        ("brfin_js", "contact", Ok(())),
        ("audit_head", "bank", Ok(())),
        // The case is theirs to see, its secrets are not.
        ("kam_js", "contact", Err("CONFIDENTIAL")),
        ("kam_sd", "contact", Err("CONFIDENTIAL")),
        ("process_owner", "contact", Err("CONFIDENTIAL")),
        ("file_custodian", "name", Err("FIELD_UNKNOWN")),
    ] {
        let frames = run.world.frames.len();
        let found = reveal(&mut run, post, case, field);
        assert_eq!(found.map(drop), expected.map_err(str::to_owned), "{post} {field}");
        let person = run.world.holder(post);
        match (expected, last(&run)) {
            (Ok(()), [Event::SecretRevealed(e)]) => {
                assert_eq!((&*e.person, &*e.position, &*e.field), (&*person, post, field));
            }
            (Err("CONFIDENTIAL"), [Event::AccessDenied(e)]) => {
                assert_eq!((&*e.position, &*e.verb, e.field.as_deref()), (post, "reveal", Some(field)));
            }
            (Err("FIELD_UNKNOWN"), _) => assert_eq!(run.world.frames.len(), frames),
            (expected, events) => panic!("{expected:?}: {events:?}"),
        }
    }
    assert_eq!(reveal(&mut run, "file_custodian", 99, "contact"), Err("CASE_UNKNOWN".to_owned()));
}

#[test]
fn what_may_be_read_goes_with_the_post_and_outlasts_the_case() {
    let mut run = Run::of(yuanlan());
    let case = kept(&mut run);
    run.ask("file_custodian", case, "close", record([])).expect("closed");
    assert!(reveal(&mut run, "file_custodian", case, "contact").is_ok());
    assert_eq!(reveal(&mut run, "kam_sd", case, "contact"), Err("CONFIDENTIAL".to_owned()));
    run.world
        .organise(
            "- vacate: { position: file_custodian }\n- hire: { person: H50, position: file_custodian }\n",
        )
        .expect("the custodian changes");
    run.check();
    let body = || Body::Reveal { case, field: Name::from("contact") };
    assert!(run.world.request("H50", "file_custodian", body()).is_ok());
    let refused = run.world.request("H13", "file_custodian", body()).expect_err("H13 is none any more");
    assert_eq!(refused.code.as_str(), "NOT_HOLDER");
    run.check();
    // A case without secrets has none to show.
    let intel = run.world.state.next_case();
    assert!(run.world.state.secrets(intel).is_none());
}

#[test]
fn an_erasure_is_an_administrators_or_the_custodians_and_final() {
    for (post, code) in [
        ("file_custodian", None),
        ("process_owner", None),
        ("kam_js", Some("CONFIDENTIAL")),
        ("audit_head", Some("CONFIDENTIAL")),
    ] {
        let mut run = Run::of(yuanlan());
        let case = kept(&mut run);
        assert_eq!(erase(&mut run, post, case, "asked for").err().as_deref(), code, "{post}");
        if code.is_some() {
            assert!(matches!(last(&run), [Event::AccessDenied(e)] if *e.verb == *"erase"));
            continue;
        }
        let [Event::SecretsErased(erased)] = last(&run) else { panic!("{:?}", last(&run)) };
        assert_eq!((erased.keys.as_slice(), &*erased.reason), (&[[1; 16]][..], "asked for"));
        assert_eq!(reveal(&mut run, "file_custodian", case, "contact"), Err("ERASED".to_owned()));
        assert_eq!(erase(&mut run, post, case, "again"), Err("ERASED".to_owned()));
        let secrets = run.world.state.secrets(case).expect("it is remembered");
        assert_eq!((secrets.keys.len(), secrets.erased.as_slice()), (0, &[[1; 16]][..]));
        // The case goes on, with secrets of its own again if somebody hands any in; the old key stays what it is.
        run.ask("file_custodian", case, "change", record([])).expect("it is changed");
        let changed = document(sealed(2, "bb"));
        run.answer(case, "file_custodian", Verdict::Submit, |answer| answer.document = Some(changed))
            .expect("it is completed");
        let secrets = run.world.state.secrets(case).expect("it is remembered");
        assert_eq!((secrets.keys.as_slice(), secrets.erased.as_slice()), (&[[2; 16]][..], &[[1; 16]][..]));
        assert!(reveal(&mut run, "file_custodian", case, "contact").is_ok());
    }
    let mut run = Run::of(yuanlan());
    let case = kept(&mut run);
    assert_eq!(erase(&mut run, "file_custodian", case, " "), Err("REASON_REQUIRED".to_owned()));
    run.world
        .operator(Body::Erase { case, reason: Name::from("by law") })
        .expect("whoever has the files may");
    run.check();
}
