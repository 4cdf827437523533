//! Who may see which case: a table of posts for a confidential case and for an ordinary one, as time passes and posts
//! change hands. A look that is denied is in the log, and changes nothing else.

use std::path::Path;

use countersign_core::command::*;
use countersign_core::decide::{About, Sight, sight};
use countersign_core::definition::{Definition, Reader};
use countersign_core::event::Event;
use countersign_core::name::Name;
use countersign_core::rejection::Code;

use crate::outward_support::{Run, record, text};

pub(crate) fn yuanlan() -> Vec<Definition> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    let files = countersign_chain::load_dir(&dir).expect("the company can be read");
    let (bundle, found) = countersign_chain::compile(&files);
    let bundle = bundle.unwrap_or_else(|| panic!("the company does not compile: {found:#?}"));
    bundle.definitions.into_iter().map(|compiled| compiled.definition).collect()
}

/// A customer file of Jiangsu, which the branch manager is asked to check.
fn file(run: &mut Run) -> CaseNo {
    let document = record([
        ("customer", text("CU-JS-001")),
        ("name", text("Suzhou Bikes")),
        ("branch", text("js")),
        ("contact", countersign_core::value::Raw::Sealed(format!("{}.aa", "1".repeat(32)))),
    ]);
    run.submit("kam_js", "customer-file", document).expect("a file is opened")
}

fn kept(run: &mut Run) -> CaseNo {
    let case = file(run);
    run.decide(case, "bgm_js", Verdict::Pass).expect("it is checked");
    let shelf = |answer: &mut Answer| answer.fields = Some(record([("shelf", text("A-17"))]));
    run.answer(case, "file_custodian", Verdict::Done, shelf).expect("it is filed");
    assert_eq!(run.stands(case), "kept");
    case
}

fn asking(person: &str, position: &str, vouched_by: VouchedBy) -> Request {
    Request {
        system: Name::from("crm"),
        request_id: Name::from("q"),
        fingerprint: [0; 16],
        sent_at: Default::default(),
        person: Name::from(person),
        position: Name::from(position),
        vouched_by,
    }
}

fn seen(run: &Run, case: CaseNo, (person, position): (&str, &str), vouched_by: VouchedBy) -> Sight {
    let about = About::of(run.case(case));
    sight(&run.world.state, run.world.at, &about, (case, &asking(person, position, vouched_by)))
}

/// `+` sees it, `-` has nothing to do with it, `!` is shut out and recorded; whoever vouches.
fn table(run: &Run, case: CaseNo, expected: &str) {
    for entry in expected.split_whitespace() {
        let (sign, position) = entry.split_at(1);
        let (person, position) = match position.split_once(':') {
            Some((person, position)) => (person.to_owned(), position),
            None => (run.world.holder(position), position),
        };
        let wanted = match sign {
            "+" => Sight::Sees,
            "-" => Sight::Stranger,
            _ => Sight::Shut,
        };
        let found = seen(run, case, (&person, position), VouchedBy::System);
        assert_eq!(found, wanted, "{person} as {position}");
        // Whoever has the files sees what is not confidential; what is, is a matter of the post they act in.
        let local = if wanted == Sight::Stranger { Sight::Sees } else { wanted };
        assert_eq!(seen(run, case, (&person, position), VouchedBy::Local), local, "{position}, locally");
    }
}

#[test]
fn an_ordinary_case_is_its_peoples() {
    let mut run = Run::of(yuanlan());
    let document = record([
        ("assignment_no", text("AS-1")),
        ("to", text("rep_js1")),
        ("what", text("visit")),
        ("by", text("2025-05-09")),
    ]);
    let case = run.submit("gm_office_head", "assignment", document).expect("handed in");
    // Submitter, asked, monitor, driver of all chains, auditor; others have nothing to do with it yet.
    table(
        &run,
        case,
        "+gm_office_head +president +kam_js +process_owner +audit_head -rep_js1 -bgm_js -legal -kam_sd",
    );
    run.decide(case, "president", Verdict::Approve).expect("signed");
    // Now rep_js1 is asked: it and those above it.
    table(
        &run,
        case,
        "+rep_js1 +kam_js +bgm_js +region_east_head +sales_director -kam_sd -bgm_sd -legal -brfin_js",
    );
}

#[test]
fn a_confidential_case_is_its_readers() {
    let mut run = Run::of(yuanlan());
    let case = file(&mut run);
    table(&run, case, "+kam_js +bgm_js +file_custodian +brfin_js +sales_director +audit_head");
    table(
        &run,
        case,
        "!kam_sd !bgm_sd !brfin_sd !region_east_head !president !legal !process_owner !rep_js1",
    );
    // A deputy sees what is asked of them: H29 stands in for bgm_js until the end of the week.
    table(&run, case, "+H29:bgm_js");
    run.decide(case, "bgm_js", Verdict::Pass).expect("checked");
    table(&run, case, "+H25:bgm_js !H29:bgm_js");
    assert_eq!(
        seen(&run, case, ("H29", "kam_js"), VouchedBy::System),
        Sight::Sees,
        "their own post still does"
    );
}

#[test]
fn what_may_be_seen_goes_with_the_post() {
    let mut run = Run::of(yuanlan());
    let case = kept(&mut run);
    table(&run, case, "+H13:file_custodian +H29:kam_js !H50:file_custodian !H36:kam_sd");
    let moves = "- vacate: { position: file_custodian }\n- hire: { person: H50, position: file_custodian }\n\
                 - move: { person: H29, from: kam_js, to: bgm_ah }\n- hire: { person: H51, position: kam_js }\n";
    run.world.organise(moves).expect("posts change hands");
    run.check();
    table(&run, case, "+H50:file_custodian +H51:kam_js !H13:file_custodian !H29:kam_js !H29:bgm_ah");
}

#[test]
fn every_way_of_naming_readers() {
    for (reader, sees) in [
        ("legal", "+legal !kam_sd"),
        ("leading_group", "+president +finance_director !legal"),
        ("kam", "+kam_sd +kam_zj !bgm_sd"),
        ("kam@sd", "+kam_sd !kam_zj"),
        ("brfin@owner", "+brfin_js !brfin_sd"),
        ("anyone@submitter", "+rep_js1 +chrep_js +brfin_js !rep_sd1 !kam_zj"),
        ("anyone@zj", "+kam_zj +rep_zj1 +brfin_js !kam_sd"),
        ("driver", "+file_custodian +bgm_js !legal"),
        ("superior(owner)", "+bgm_js !region_east_head"),
        ("legal", "+bgm_js !H29:bgm_js"),
        ("superiors(submitter)", "+bgm_js +region_east_head +sales_director +president !legal !kam_zj"),
    ] {
        let mut definitions = yuanlan();
        for definition in &mut definitions {
            if let Definition::Confidential(confidential) = definition {
                confidential.readers = vec![parsed(reader)];
                confidential.custodian = None;
            }
        }
        let mut run = Run::of(definitions);
        let case = kept(&mut run);
        table(&run, case, sees);
    }
}

/// One entry of `access`, as the loader reads it.
fn parsed(reader: &str) -> Reader {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    let mut files = countersign_chain::load_dir(&dir).expect("the company can be read");
    let file =
        files.iter_mut().find(|file| file.path == "documents/customer-file.yaml").expect("the document");
    let line = file.text.lines().find(|line| line.starts_with("access:")).expect("it says who").to_owned();
    file.text = file.text.replace(&line, &format!("access: [{reader}]"));
    let (bundle, found) = countersign_chain::compile(&files);
    let bundle = bundle.unwrap_or_else(|| panic!("{reader}: {found:#?}"));
    let mut readers = bundle.definitions.into_iter().filter_map(|compiled| match compiled.definition {
        Definition::Confidential(found) => Some(found.readers),
        _ => None,
    });
    readers.next().and_then(|readers| readers.first().cloned()).expect("somebody is named")
}

#[test]
fn a_denied_look_is_recorded_and_nothing_else_happens() {
    let mut run = Run::of(yuanlan());
    let case = kept(&mut run);
    let look = |verb: &str| Body::Look(Box::new(Look { case, verb: Name::from(verb), about: None }));
    let frames = run.world.frames.len();
    assert_eq!(run.request("kam_sd", look("timeline")), Err("CONFIDENTIAL".to_owned()));
    let frame = run.world.frames.last().expect("a frame");
    assert_eq!(run.world.frames.len(), frames + 1);
    let [Event::AccessDenied(denied)] = frame.events.as_slice() else { panic!("{:?}", frame.events) };
    let shown = (denied.person.as_str(), denied.position.as_str(), denied.verb.as_str(), &denied.field);
    assert_eq!(shown, ("H36", "kam_sd", "timeline", &None));
    assert_eq!(run.stands(case), "kept");
    // Who may look is not recorded, and cannot have it recorded.
    assert_eq!(run.request("file_custodian", look("case")), Err("CONFLICT".to_owned()));
    let stranger = Body::Look(Box::new(Look { case: 99, verb: Name::from("case"), about: None }));
    assert_eq!(run.request("kam_sd", stranger), Err("CASE_UNKNOWN".to_owned()));
    assert_eq!(run.world.frames.len(), frames + 1);
}

#[test]
fn of_a_case_that_is_over_the_same_holds() {
    let mut run = Run::of(yuanlan());
    let case = kept(&mut run);
    let mut about = About::of(run.case(case));
    run.ask("file_custodian", case, "close", record([])).expect("closed");
    assert!(run.world.state.case(case).is_none());
    let (state, at) = (&run.world.state, run.world.at);
    let sees = |about: &About, person: &str, position: &str| {
        sight(state, at, about, (case, &asking(person, position, VouchedBy::System)))
    };
    assert_eq!(sees(&about, "H36", "kam_sd"), Sight::Shut);
    assert_eq!(sees(&about, "H13", "file_custodian"), Sight::Sees);
    assert_eq!(sees(&about, "H29", "kam_js"), Sight::Sees);
    let denied = Look { case, verb: Name::from("case"), about: Some(Box::new(about.clone())) };
    assert_eq!(run.request("kam_sd", Body::Look(Box::new(denied))), Err("CONFIDENTIAL".to_owned()));
    // A release without the document opens nothing that was shut.
    let of_file = |d: &Definition| match d {
        Definition::Confidential(d) => d.document == *"customer-file",
        Definition::Document(d) => d.name == *"customer-file",
        Definition::Chain(d) => d.name == *"customer-file",
        _ => false,
    };
    run.world.definitions.retain(|definition| !of_file(definition));
    run.world.activate();
    run.check();
    about.release = 1;
    let request = asking("H36", "kam_sd", VouchedBy::System);
    assert_eq!(sight(&run.world.state, run.world.at, &about, (case, &request)), Sight::Shut);
    assert!(Code::ALL.contains(&Code::Confidential));
}
