//! `countersign demo`: the story comes out as told, the same every time, and its log can be looked at.

mod common;

use common::{run, text};
use serde_json::Value;

#[test]
fn the_story_is_told_and_ends_well() {
    let story = run(["demo"]).done();
    for sentence in [
        "who would have to sign it",
        "SKIP_LEVEL",
        "Nobody can see what was answered",
        "SELF_APPROVAL",
        "Half of the time is gone",
        "The deadline passes: sales_director, process_owner are told",
        "returns it",
        "the 5 answers given are void",
        "the contract is effective",
        "C-1 is effective",
        "was verified",
        "Where to look next",
    ] {
        let told = story.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(sentence), "expected {sentence:?} in\n{}", story.out);
    }
    assert_eq!(story.err, "");
    assert_eq!(run(["demo"]).done().out, story.out);
    let zh = run(["demo", "--lang", "zh"]).done();
    assert!(zh.out.contains("合同生效"), "{}", zh.out);
}

#[test]
fn for_programs_it_is_an_object_a_line_and_the_last_has_the_final_state() {
    let story = run(["demo", "--json"]).done();
    let lines: Vec<Value> = story.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let end = lines.last().expect("an end");
    assert_eq!(
        (&end["case"], &end["state"], &end["good"]),
        (&"C-1".into(), &"effective".into(), &true.into())
    );
    assert_eq!((&end["revision"], &end["verified"]), (&2.into(), &true.into()));
    assert_eq!(end["signed"].as_array().map(Vec::len), Some(5));
    let steps: Vec<&str> = lines.iter().filter_map(|line| line["step"].as_str()).collect();
    for step in
        ["preview", "skip-level", "submit", "blind", "self-approval", "task-overdue", "resubmit", "sealed"]
    {
        assert!(steps.contains(&step), "expected {step} in {steps:?}");
    }
    assert!(lines.iter().all(|line| line["at"].as_str().is_some_and(|at| at.ends_with("+08:00"))));
    assert_eq!(run(["demo", "--json"]).done().out, story.out);
}

#[test]
fn a_log_that_is_kept_can_be_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data = text(&data);
    let story = run(["demo", "--data", data, "--json"]).done().last_json();
    let verified = run(["log", "verify", "--data", data, "--json"]).done().last_json();
    assert_eq!((&verified["frames"], &verified["events"]), (&story["frames"], &story["events"]));
    let timeline = run(["timeline", "C-1", "--data", data]).done().out;
    for sentence in [
        "H31 as rep_js1 handed the document in",
        "state clause-review came to passed",
        "the case ended: effective",
    ] {
        assert!(timeline.contains(sentence), "{timeline}");
    }
    let case = run(["case", "C-1", "--data", data, "--json"]).done().last_json();
    assert_eq!(case["ok"]["state"], "effective");
    // Told twice into one directory, the first log stays.
    run(["demo", "--data", data]).refused(1, "LOG_EXISTS");
    run(["log", "verify", "--data", data]).done();
}
