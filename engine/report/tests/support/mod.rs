//! A small company in memory whose frames a report is made from; time passes where a test says so.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::path::Path;

use countersign_chain::{SourceFile, compile, load_dir};
use countersign_core::command::*;
use countersign_core::definition::{Definition, FORM};
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::rejection::Rejection;
use countersign_core::state::State;
use countersign_core::time::{Date, Timestamp};
use countersign_core::turn::{TurnResult, turn};
use countersign_core::value::Raw;
use countersign_report::{AsOf, Asked, Book, Cell, Fold, Rules, Sheet, find};

pub(crate) struct Town {
    pub(crate) state: State,
    pub(crate) frames: Vec<Frame>,
    pub(crate) files: Vec<SourceFile>,
    /// Definitions beside those of the files.
    pub(crate) more: Vec<Definition>,
    at: Timestamp,
    requests: u32,
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text}"))
}

pub(crate) fn day(text: &str) -> Date {
    Date::parse(text).unwrap_or_else(|| panic!("{text}"))
}

impl Town {
    /// The company of tests/trader, founded.
    pub(crate) fn found(at: &str) -> Town {
        let files = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trader")).expect("files");
        let mut town = Town {
            state: State::default(),
            frames: Vec::new(),
            files,
            more: Vec::new(),
            at: time(at),
            requests: 0,
        };
        town.operator(Body::Found { company: "trader".into(), administrator: "P1".into() });
        town.apply();
        town
    }

    /// Its files hold from now on.
    pub(crate) fn apply(&mut self) {
        let (bundle, found) = compile(&self.files);
        let bundle = bundle.unwrap_or_else(|| panic!("{found:?}"));
        let mut definitions = Vec::new();
        for compiled in bundle.definitions {
            definitions.push(self.state.definitions().next_number());
            self.operator(Body::Store(Box::new(Stored {
                path: compiled.path.as_str().into(),
                source: compiled.source,
                sha256: compiled.sha256,
                form: FORM,
                compiled: compiled.definition.encode().expect("a definition"),
            })));
        }
        for definition in self.more.clone() {
            definitions.push(self.state.definitions().next_number());
            self.operator(Body::Store(Box::new(Stored {
                path: "more.yaml".into(),
                source: "more".into(),
                sha256: [7; 32],
                form: FORM,
                compiled: definition.encode().expect("a definition"),
            })));
        }
        self.operator(Body::Activate { definitions });
    }

    /// Replaces a part of a file.
    pub(crate) fn edit(&mut self, path: &str, from: &str, to: &str) {
        let file = self.files.iter_mut().find(|file| file.path == path).expect("a file");
        assert!(file.text.contains(from), "{from}");
        file.text = file.text.replace(from, to);
    }

    pub(crate) fn at(&mut self, at: &str) {
        let at = time(at);
        assert!(at >= self.at, "time goes forwards");
        self.at = at;
    }

    fn operator(&mut self, body: Body) {
        self.turn(Cause::Operator { os_user: "op".into() }, body).expect("accepted");
    }

    fn turn(&mut self, cause: Cause, body: Body) -> Result<(), Rejection> {
        let command = Command { at: self.at, cause, body };
        let turned = turn(&mut self.state, &command);
        self.frames.extend(turned.frames);
        match turned.result {
            TurnResult::Refused(rejection) => Err(rejection),
            _ => Ok(()),
        }
    }

    pub(crate) fn request(&mut self, position: &str, body: Body) -> Result<(), Rejection> {
        self.requests += 1;
        let organisation = self.state.definitions().active().unwrap().organisation().unwrap();
        let person = organisation.positions[position].holders[0].clone();
        let cause = Cause::Request(Request {
            system: "desk".into(),
            request_id: Name::from(format!("r{}", self.requests)),
            fingerprint: [0; 16],
            sent_at: self.at,
            person,
            position: position.into(),
            vouched_by: VouchedBy::System,
        });
        self.turn(cause, body)
    }

    /// Submits an order of one line; its day is the date.
    pub(crate) fn submit(
        &mut self,
        by: &str,
        no: &str,
        customer: &str,
        date: &str,
        lines: &[Line],
    ) -> CaseNo {
        let case = self.state.next_case();
        let document = order(no, customer, (date, "2025-06-30"), lines);
        let body = Body::Submit { chain: "order".into(), document, addressee: None };
        self.request(by, body).unwrap_or_else(|rejection| panic!("{rejection}"));
        case
    }

    /// Answers the open task of a position.
    pub(crate) fn decide(&mut self, case: CaseNo, by: &str, verdict: Verdict, reason: Option<&str>) {
        let open = self.state.case(case).expect("an open case");
        let (task, asked) = open.tasks().iter().find(|(_, t)| t.position == *by).expect("a task");
        let answer = Answer {
            case,
            task: *task,
            version: asked.version,
            content_hash: *open.content_hash(),
            verdict,
            reason: reason.map(Name::from),
            document: None,
            choice: None,
            fields: None,
        };
        self.request(by, Body::Decide(answer)).unwrap_or_else(|rejection| panic!("{rejection}"));
    }

    /// An order that is agreed to at once.
    pub(crate) fn sell(&mut self, by: &str, no: &str, customer: &str, date: &str, lines: &[Line]) -> CaseNo {
        let case = self.submit(by, no, customer, date, lines);
        self.decide(case, "critic", Verdict::Pass, None);
        self.decide(case, "boss", Verdict::Approve, None);
        case
    }

    pub(crate) fn paid(&mut self, no: &str, amount: &str) {
        self.requests += 1;
        let id = Name::from(format!("m{}", self.requests));
        let data = record(&[("ref", Raw::Text(no.into())), ("amount", money(amount))]);
        let cause = Cause::Fact { adapter: "bank".into(), message_id: id.clone() };
        let fact = Name::from("bank.receipt.posted");
        self.turn(cause, Body::Fact { fact, message_id: id, data }).unwrap_or_else(|r| panic!("{r}"));
    }

    pub(crate) fn ask(&mut self, case: CaseNo, entry: &str) {
        let body = Body::Ask { case, entry: entry.into(), with: record(&[]), reason: "as agreed".into() };
        self.request("boss", body).unwrap_or_else(|rejection| panic!("{rejection}"));
    }

    pub(crate) fn book(&self, as_of: AsOf) -> Book {
        book(&self.frames, as_of)
    }

    pub(crate) fn report(&self, name: &str, as_of: AsOf, from: &str, to: &str) -> Sheet {
        report(&self.book(as_of), name, from, to)
    }
}

pub(crate) fn book(frames: &[Frame], as_of: AsOf) -> Book {
    let mut rules = Rules::new(as_of);
    frames.iter().take_while(|frame| rules.frame(frame)).count();
    let mut fold = Fold::new(&rules);
    frames.iter().take_while(|frame| fold.frame(frame)).count();
    fold.book()
}

pub(crate) fn report(book: &Book, name: &str, from: &str, to: &str) -> Sheet {
    let asked = Asked { from: Some(day(from)), to: Some(day(to)), case: None };
    let window = book.window(&asked).expect("a period");
    find(name, book).unwrap_or_else(|error| panic!("{error}")).make(&window)
}

/// Model, units, price.
pub(crate) type Line = (&'static str, u32, &'static str);

pub(crate) fn order(no: &str, customer: &str, (date, due): (&str, &str), lines: &[Line]) -> Raw {
    let lines = lines.iter().map(|(model, units, price)| {
        record(&[
            ("model", Raw::Text((*model).into())),
            ("units", Raw::Number(units.to_string())),
            ("price", money(price)),
        ])
    });
    record(&[
        ("order_no", Raw::Text(no.into())),
        ("ordered_on", Raw::Text(date.into())),
        ("due_on", Raw::Text(due.into())),
        ("customer", Raw::Text(customer.into())),
        ("lines", Raw::List(lines.collect())),
    ])
}

pub(crate) fn record(fields: &[(&str, Raw)]) -> Raw {
    Raw::Record(fields.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect::<BTreeMap<_, _>>())
}

pub(crate) fn money(amount: &str) -> Raw {
    record(&[("amount", Raw::Text(amount.into())), ("currency", Raw::Text("CNY".into()))])
}

/// Rows as texts, a cell between bars.
pub(crate) fn rows(sheet: &Sheet) -> Vec<String> {
    assert_eq!(sheet.notes, Vec::<String>::new());
    sheet.rows.iter().map(|row| row.iter().map(Cell::shown).collect::<Vec<_>>().join("|")).collect()
}

/// Whether a refusal left a frame.
pub(crate) fn refused(frame: &Frame) -> bool {
    matches!(frame.outcome, Outcome::Refused { .. })
}
