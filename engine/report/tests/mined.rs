//! The log for process mining: what is an activity, what its blind answers are, what stands in the files.

use crate::support::Town;
use countersign_core::command::Verdict;
use countersign_report::mining::{Miner, MiningLog, csv_log, ocel2, xes};
use serde_json::Value;

fn mined(town: &Town) -> MiningLog {
    let mut miner = Miner::default();
    town.frames.iter().for_each(|frame| miner.frame(frame));
    miner.log()
}

fn town() -> Town {
    let mut town = Town::found("2025-04-21T09:00+08:00");
    town.sell("clerk_east", "A<1>&\"2\"", "Ann", "2025-04-21", &[("X", 1, "10.00")]);
    let second = town.submit("clerk_west", "A-2", "Bob", "2025-04-21", &[("X", 1, "10.00")]);
    town.decide(second, "critic", Verdict::Object, Some("no"));
    town.paid("A<1>&\"2\"", "10.00");
    town
}

#[test]
fn activities_are_what_people_systems_and_rules_did() {
    let log = mined(&town());
    let of_first: Vec<String> = log
        .steps
        .iter()
        .filter(|step| step.case == 1)
        .map(|step| {
            let by = step.resource.as_deref().unwrap_or("-");
            format!("{} {} {by} {}", step.activity, step.lifecycle, step.outcome.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        of_first,
        [
            "submit complete P3 -",
            "looking-at: review assign - -",
            "looking-at: review complete P2 pass",
            "deciding: approve assign - -",
            "deciding: approve complete P1 approve",
            "receive bank.receipt.posted complete bank -",
            "end settled complete - good",
        ]
    );
    assert_eq!(log.cases.len(), 2);
}

#[test]
fn the_files_hold_every_step_once() {
    let log = mined(&town());
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    let csv = written(&|out| csv_log(&log, out).unwrap());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.records().count(), log.steps.len());
    assert!(csv.contains("\"A<1>&\"\"2\"\"\""), "{csv}");
    let xes = written(&|out| xes(&log, out).unwrap());
    assert_eq!(xes.matches("<event>").count(), log.steps.len());
    assert_eq!(xes.matches("<trace>").count(), 2);
    assert!(xes.contains("A&lt;1&gt;&amp;&quot;2&quot;"), "{xes}");
    let ocel: Value = serde_json::from_str(&written(&|out| ocel2(&log, out).unwrap())).unwrap();
    assert_eq!(ocel["events"].as_array().unwrap().len(), log.steps.len());
    // Two cases, and the posts that acted: two clerks, critic, boss.
    assert_eq!(ocel["objects"].as_array().unwrap().len(), 2 + 4);
}
