//! Real travel declarations of a university, every recorded event as a command at its recorded time: through the runtime,
//! on a simulated disk, in virtual time. A judge of its own says what obeys the chain; the engine must refuse exactly the
//! rest, and every declaration that obeys must pass whole.
//!
//! The file is looked for in `../shared/data`, or where COUNTERSIGN_DATA says; where it is absent, a few declarations that
//! are written out here stand for it, and it says so. The optional steps of a round are flags of the document, set from
//! what the record shows of that round; they are nowhere else.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a run prints its figures")]

mod desk;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use desk::{Became, Desk};
use record::{Act, Deviation, Row, by_case, judge, read};

/// The longest that all of it may take.
const BAR: Duration = Duration::from_secs(20);

const MADE_UP: &str = "case,amount,budget,time,activity,role
d1,10.005,b,2017-01-09T09:00:00.000+01:00,Declaration SUBMITTED by EMPLOYEE,EMPLOYEE
d1,10.005,b,2017-01-10T09:00:00.000+01:00,Declaration APPROVED by ADMINISTRATION,ADMINISTRATION
d1,10.005,b,2017-01-11T09:00:00.000+01:00,Declaration FINAL_APPROVED by SUPERVISOR,SUPERVISOR
d1,10.005,b,2017-01-12T09:00:00.000+01:00,Request Payment,UNDEFINED
d1,10.005,b,2017-01-13T09:00:00.000+01:00,Payment Handled,UNDEFINED
d2,20,b,2017-01-09T10:00:00.000+01:00,Declaration SUBMITTED by EMPLOYEE,EMPLOYEE
d2,20,b,2017-01-10T10:00:00.000+01:00,Declaration REJECTED by SUPERVISOR,SUPERVISOR
d2,20,b,2017-01-11T10:00:00.000+01:00,Declaration REJECTED by EMPLOYEE,EMPLOYEE
d3,30,b,2017-01-09T11:00:00.000+01:00,Declaration SUBMITTED by EMPLOYEE,EMPLOYEE
d3,30,b,2017-01-10T11:00:00.000+01:00,Declaration FINAL_APPROVED by SUPERVISOR,SUPERVISOR
d3,30,b,2017-01-11T11:00:00.000+01:00,Declaration REJECTED by MISSING,MISSING
";

fn input() -> (Vec<Row>, Option<String>) {
    let folder = std::env::var_os("COUNTERSIGN_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let file = folder.unwrap_or_else(beside).join("declarations.csv.gz");
    match std::fs::File::open(&file) {
        Ok(found) => (read(GzDecoder::new(found)), None),
        Err(_) => {
            let note = format!("NOT RUN on real declarations: {} is not there.", file.display());
            (read(MADE_UP.as_bytes()), Some(note))
        }
    }
}

/// What is counted.
#[derive(Default)]
struct Tally {
    accepted: u64,
    /// By code and deviation: how many, and an example.
    refused: BTreeMap<(String, Deviation), (u64, String)>,
    wrong: Vec<String>,
    /// By declaration: the state or end in which it stood after the last that was recorded of it.
    stands: BTreeMap<String, String>,
}

impl Tally {
    fn count(&mut self, row: &Row, became: &Became, deviation: Option<Deviation>) {
        let code = match became {
            Became::Done => None,
            Became::Kept => Some("kept: nobody waits".to_owned()),
            Became::Refused(why) => Some(why.code.to_string()),
        };
        match (code, deviation) {
            (None, None) => self.accepted += 1,
            (Some(code), Some(deviation)) => {
                let example = || format!("{} at {}", row.case, row.at);
                let found = self.refused.entry((code, deviation)).or_insert_with(|| (0, example()));
                found.0 += 1;
            }
            (_, deviation) => {
                self.wrong.push(format!("{} at {}: {became:?}, the judge: {deviation:?}", row.case, row.at));
            }
        }
    }
}

fn main() {
    // A listing of tests, as tools ask for it: this is none of the usual form.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let (mut rows, note) = input();
    let records = by_case(&rows).into_iter().map(|(case, acts)| (case.to_owned(), acts)).collect();
    let judged: BTreeMap<&String, _> = as_judged(&records);
    rows.sort_by_key(|row| row.at);
    let began = Instant::now();
    let mut desk = Desk::found(rows.first().expect("a record").at);
    let (mut tally, mut done) = (Tally::default(), BTreeMap::<&str, usize>::new());
    for row in &rows {
        desk.until(row.at);
        let place = done.entry(&row.case).or_default();
        let after = &records[&row.case][*place + 1..];
        let became = desk.act(row, after);
        tally.count(row, &became, judged[&row.case].0[*place]);
        *place += 1;
        if after.is_empty() {
            // What is over is forgotten after a time, so that it is looked at now.
            let stands = desk.stands(&row.case).unwrap_or_else(|| "never submitted".into());
            tally.stands.insert(row.case.clone(), stands);
        }
    }
    let took = began.elapsed();
    tell(&desk, &records, &judged, (&tally, rows.len(), took));
    if let Some(note) = note {
        println!("{note}");
    } else if took > BAR {
        // A machine that is busy with other things is no fault of the engine's.
        println!("SLOWER THAN THE BAR: {took:?}");
        assert!(took < BAR * 4, "expected all of it within {BAR:?}, it took {took:?}");
    }
    assert!(tally.wrong.is_empty(), "the engine and the judge differ:\n{}", tally.wrong.join("\n"));
}

type Records = BTreeMap<String, Vec<Act>>;
type Judged<'a> = BTreeMap<&'a String, (Vec<Option<Deviation>>, bool)>;

fn as_judged(records: &Records) -> Judged<'_> {
    records.iter().map(|(case, acts)| (case, judge(acts))).collect()
}

fn tell(desk: &Desk, records: &Records, judged: &Judged<'_>, (tally, rows, took): (&Tally, usize, Duration)) {
    let refused: u64 = tally.refused.values().map(|(count, _)| count).sum();
    println!("{rows} events of {} declarations, {} accepted, {refused} not", records.len(), tally.accepted);
    println!("{:>7}  {:<24} {:<46} for instance", "events", "answer", "deviation");
    for ((code, deviation), (count, example)) in &tally.refused {
        println!("{count:>7}  {code:<24} {:<46} {example}", deviation.to_string());
    }
    let (mut stands, mut whole, mut deviating) = (BTreeMap::<String, u64>::new(), 0_u64, BTreeSet::new());
    for (case, (deviations, ended)) in judged {
        let at = &tally.stands[*case];
        let is_over = matches!(at.as_str(), "paid" | "given-up");
        assert_eq!(is_over, *ended, "{case} stands in {at}");
        if deviations.iter().all(Option::is_none) {
            whole += 1;
        } else {
            deviating.insert(case.as_str());
        }
        *stands.entry(at.clone()).or_default() += 1;
    }
    println!("{whole} declarations obey the chain and passed whole, {} deviate", deviating.len());
    for (state, count) in &stands {
        println!("{count:>7}  stand in {state}");
    }
    let rate = rows as f64 / took.as_secs_f64();
    println!(
        "{:.2} s (bar {} s), {rate:.0} events/s, {} frames",
        took.as_secs_f64(),
        BAR.as_secs(),
        desk.sequence()
    );
}
