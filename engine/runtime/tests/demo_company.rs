//! The demo company at work: what people answer is drawn by lot, and views and restarts are held against State.

use std::path::Path;
use std::time::Duration;

use crate::support::*;
use countersign_core::command::*;
use countersign_core::definition::FORM;
use countersign_core::name::Name;
use countersign_core::state::{Case, State};
use countersign_core::value::Raw;
use countersign_journal::sim::SimDisk;
use countersign_runtime::views::{CaseRow, rebuild};
use countersign_runtime::*;

const WAIT: Duration = Duration::from_secs(30);

/// Founds the company from its files.
fn found_demo(options: EngineOptions) -> Engine {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/contracts");
    let files = countersign_chain::load_dir(&files).expect("the demo company can be read");
    let (bundle, diagnostics) = countersign_chain::compile(&files);
    let bundle = bundle.unwrap_or_else(|| panic!("the demo company does not compile: {diagnostics:#?}"));
    let (engine, _) = Engine::create(options, &founding()).expect("a log is created");
    let mut numbers = Vec::new();
    for compiled in bundle.definitions {
        let stored = Stored {
            path: compiled.path.as_str().into(),
            source: compiled.source,
            sha256: compiled.sha256,
            form: FORM,
            compiled: compiled.definition.encode().expect("a definition encodes"),
        };
        let receipt = accepted(engine.handle().command_blocking(operator(Body::Store(Box::new(stored)))));
        numbers.extend(receipt.number);
    }
    accepted(engine.handle().command_blocking(operator(Body::Activate { definitions: numbers })));
    engine.handle().settle_blocking().expect("open work is swept");
    engine
}

fn text(text: &str) -> Raw {
    Raw::Text(text.to_owned())
}

fn record<const N: usize>(fields: [(&str, Raw); N]) -> Raw {
    Raw::Record(fields.into_iter().map(|(name, raw)| (name.to_owned(), raw)).collect())
}

fn contract(number: u64, price: u64) -> Raw {
    let price = record([("amount", text(&format!("{price}.00"))), ("currency", text("CNY"))]);
    let quantity = Raw::Number("1".to_owned());
    let line = record([("product", text("EB-P")), ("qty", quantity), ("price", price)]);
    record([
        ("contract_no", text(&format!("C-{number}"))),
        ("order_no", text("SO-1")),
        ("customer", text("CU-JS-002")),
        ("lines", Raw::List(vec![line])),
        ("days", Raw::Number("60".to_owned())),
        ("prepay", text("0%")),
        ("deliver_in", Raw::Number("30".to_owned())),
    ])
}

/// Draws the same lots on every run.
struct Lots(u64);

impl Lots {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

struct Day<'a> {
    handle: &'a EngineHandle,
    clock: &'a ManualClock,
    lots: Lots,
    serial: u64,
}

impl Day<'_> {
    fn ask(&mut self, person: &Name, position: &Name, body: Body) -> bool {
        self.serial += 1;
        let id = format!("r{}", self.serial);
        let incoming = request(&id, self.clock.wall(), (person, position), body);
        self.handle.command_blocking(incoming).expect("an answer").accepted().is_some()
    }

    /// Somebody does something. Says whether it was accepted.
    fn step(&mut self) -> bool {
        let (work, _) = self.handle.read_blocking(open_work).unwrap();
        let draw = self.lots.below(10);
        if draw == 0 || work.is_empty() {
            let price = [90_000, 290_000, 2_900_000, 12_000_000][self.lots.below(4)];
            let (chain, addressee) = (Name::from("contract-review"), None);
            let body = Body::Submit { chain, document: contract(self.serial, price), addressee };
            let submitter = self.handle.read_blocking(|state| holder(state, "rep_js1")).unwrap().0;
            return self.ask(&submitter, &"rep_js1".into(), body);
        }
        match work[self.lots.below(work.len())].clone() {
            Work::Task(person, position, mut answer) => {
                let verdicts =
                    [Verdict::Pass, Verdict::Approve, Verdict::Object, Verdict::Return, Verdict::Reject];
                let verdict = [0, 0, 0, 1, 1, 1, 1, 2, 3, 4][self.lots.below(10)];
                answer.verdict = verdicts[verdict];
                answer.reason = Some("drawn by lot".into());
                self.ask(&person, &position, Body::Decide(answer))
            }
            Work::Draft(person, position, case) if draw == 9 => {
                self.ask(&person, &position, Body::Withdraw { case, reason: None })
            }
            Work::Draft(person, position, case) => {
                let document = contract(1_000_000 + self.serial, 250_000);
                self.ask(&person, &position, Body::Resubmit { case, document })
            }
        }
    }
}

#[derive(Clone)]
enum Work {
    Task(Name, Name, Answer),
    Draft(Name, Name, CaseNo),
}

fn holder(state: &State, position: &str) -> Name {
    let release = state.definitions().active().expect("definitions are active");
    let post = &release.organisation().expect("an organisation").positions[position];
    post.holders.first().cloned().unwrap_or_default()
}

fn open_work(state: &State) -> Vec<Work> {
    let mut work = Vec::new();
    for case in state.cases() {
        if case.tasks().is_empty() {
            let submitter = case.submitter();
            work.push(Work::Draft(submitter.person.clone(), submitter.position.clone(), case.number()));
        }
        for (task, open) in case.tasks() {
            let answer = Answer {
                case: case.number(),
                task: *task,
                version: open.version,
                content_hash: *case.content_hash(),
                verdict: Verdict::Pass,
                reason: None,
                document: None,
                choice: None,
                fields: None,
            };
            work.extend(open.holders.first().map(|h| Work::Task(h.clone(), open.position.clone(), answer)));
        }
    }
    work
}

/// Row and case tell the same.
fn compare(row: &CaseRow, case: &Case) {
    assert_eq!(row.case, case.number());
    assert_eq!((&row.chain, &row.submitter, row.key.as_ref()), (case.chain(), case.submitter(), case.key()));
    assert_eq!(
        (row.revision, row.returns, row.document_at),
        (case.revision(), case.returns(), case.document_at())
    );
    assert_eq!((&row.content_hash, row.amount.as_ref()), (case.content_hash(), case.amount()));
    assert_eq!((row.opened_at, row.expires_at), (case.submitted_at(), case.expires_at()));
    if let Some(step) = case.step() {
        assert_eq!(row.state, step.state);
        let slots = row.route.iter().filter(|place| place.state == step.state && place.slot.is_some());
        assert_eq!(slots.count(), step.slots.len(), "case {}", row.case);
    }
    let tasks: Vec<_> = row.tasks.values().map(|t| (t.task, &t.position, &t.holders, t.version)).collect();
    let wanted: Vec<_> =
        case.tasks().iter().map(|(no, t)| (*no, &t.position, &t.holders, t.version)).collect();
    assert_eq!(tasks, wanted);
    assert_eq!(row.signed.len(), case.signatures().len());
    for (signed, signature) in row.signed.iter().zip(case.signatures()) {
        assert_eq!((signed.task, &signed.person), (signature.task, &signature.person));
        assert_eq!((signed.void, signed.revision), (signature.void, signature.revision));
        let verdict = signed.answer.as_ref().map(|answer| answer.verdict);
        assert!(verdict.is_none() || verdict == Some(signature.verdict));
    }
}

#[test]
fn views_and_restarts_tell_what_state_tells_after_days_of_work() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, clock) = (SimDisk::new(7), ManualClock::new(START));
    let with_views = |path: &str| {
        let views = ViewsAt::Path(directory.path().join(path));
        EngineOptions { views, ..options(&disk, &clock) }
    };
    let engine = found_demo(with_views("live"));
    let mut day = Day { handle: engine.handle(), clock: &clock, lots: Lots(42), serial: 0 };
    let mut done = 0;
    for step in 0..5_000 {
        done += u32::from(day.step());
        if step % 5 == 0 {
            clock.advance(HOUR / 4);
            engine.handle().settle_blocking().unwrap();
        }
    }
    assert!(done > 2_000, "only {done} commands took effect");
    let views = engine.handle().views().unwrap().clone();
    views.reach_blocking(engine.handle().log().durable(), WAIT).unwrap();
    let (cases, _) =
        engine.handle().read_blocking(|state| state.cases().cloned().collect::<Vec<_>>()).unwrap();
    assert!(cases.len() > 5, "only {} cases are open", cases.len());
    for case in &cases {
        compare(&views.case(case.number()).unwrap().expect("an open case has a row"), case);
    }
    let dump = views.dump().unwrap();
    drop(views);
    let live = engine.stop().unwrap();
    assert!((1..live.next_case()).any(|case| live.case(case).is_none()), "some cases are over");

    let (engine, report) = Engine::open(options(&disk, &clock)).unwrap();
    assert_eq!(report.journal.last_sequence, live.head().sequence);
    assert_eq!(engine.handle().read_blocking(State::hash).unwrap().0, live.hash());
    let anew = directory.path().join("anew");
    rebuild(&anew, 8 << 20, engine.handle().log()).unwrap();
    engine.stop().unwrap();
    let (engine, _) = Engine::open(with_views("anew")).unwrap();
    let views = engine.handle().views().unwrap();
    views.reach_blocking(engine.handle().log().durable(), WAIT).unwrap();
    assert_eq!(views.dump().unwrap(), dump);
}
