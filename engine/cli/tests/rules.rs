//! What admins do with their rules: test them, draw them, let them hold, get their schemas.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quick_xml::events::Event;

use crate::common::*;

/// A company whose cases hold; see the tests of the trial crate.
fn signing() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../trial/tests/signing")
}

#[test]
fn cases_hold_or_tell_their_story() {
    let dir = signing();
    let ran = run(["test", text(&dir), "--cover"]).done();
    assert!(ran.out.contains("holds contract-review: from submission to the seal\n"), "{}", ran.out);
    assert!(ran.out.ends_with("11 of 11 cases hold\n"), "{}", ran.out);
    for told in [
        "arrows are followed",
        "policies are put to use",
        "limits decide",
        "rows of decision tables are read",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    let cover = run(["test", text(&dir), "--cover", "--json"]).last_json()["cover"].clone();
    let unused = cover["policies"]["unused"].as_array().expect("policies");
    let of = |key: &str| cover["policies"][key].as_u64().expect("a number");
    assert_eq!(of("of"), of("used") + unused.len() as u64, "{cover}");
    let ladder = unused.iter().find(|policy| policy["policy"] == "vacancy next-superior");
    assert_eq!(ladder.map(|policy| policy["rule"].clone()), Some("R7".into()), "{cover}");
    assert!(ran.err.contains("cases/contract-review.yaml: 11 cases"), "{}", ran.err);
    let ran = run(["test", text(&dir), "--name", "the seal"]).done();
    assert!(ran.out.ends_with("1 of 1 case hold\n"), "{}", ran.out);
    run(["test", text(&dir), "--name", "no such case"]).refused(1, "NO_CASES");

    let folder = copied(&dir);
    let path = "cases/contract-review.yaml";
    change(
        folder.path(),
        path,
        "then: { state: effective, ends: good,",
        "then: { state: expired, ends: good,",
    );
    let ran = run(["test", text(folder.path())]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("FAILS contract-review: from submission to the seal\n"), "{}", ran.out);
    assert!(ran.out.contains("    expected expired\n    found    effective\n"), "{}", ran.out);
    assert!(ran.out.contains("seal-desk says contract.sealed"), "the story: {}", ran.out);
    assert!(ran.out.ends_with("10 of 11 cases hold\n"), "{}", ran.out);
    let ran = run(["test", text(folder.path()), "--json"]);
    let last = ran.last_json();
    assert_eq!((last["held"].as_u64(), last["failed"].as_u64()), (Some(10), Some(1)), "{last}");
    let failed = ran.out.lines().find(|line| line.contains("\"holds\":false")).expect("the case");
    assert!(failed.contains("\"expected\":\"expired\"") && failed.contains("\"story\":[{"), "{failed}");
}

#[test]
fn the_matrix_is_held_against_the_chains() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    run(["check", text(&dir), "--matrix"]).done();
    let folder = copied(&dir);
    change(folder.path(), "responsibility.yaml", "    legal: review\n", "    legal: approve\n");
    run(["check", text(folder.path())]).done();
    let ran = run(["check", text(folder.path()), "--matrix"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("legal may review in state clause-review of contract-review (chains/"),
        "{}",
        ran.out
    );
    let found = run(["check", text(folder.path()), "--matrix", "--json"]).last_json();
    let codes: Vec<_> =
        found["findings"].as_array().expect("findings").iter().map(|f| f["code"].clone()).collect();
    assert_eq!(
        codes,
        ["MATRIX_DIFFERS", "MATRIX_DIFFERS"],
        "not what it says, and what it does not say: {found}"
    );
}

/// Elements of a JUnit file by their names, each with its attributes.
fn elements(path: &Path) -> Vec<(String, BTreeMap<String, String>)> {
    let text = std::fs::read_to_string(path).expect("a file");
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut found = Vec::new();
    loop {
        let element = match reader.read_event().expect("well-formed XML") {
            Event::Start(element) | Event::Empty(element) => element,
            Event::Eof => return found,
            _ => continue,
        };
        let attributes = element.attributes().map(|attribute| {
            let attribute = attribute.expect("an attribute");
            let value = attribute.unescape_value().expect("a value").into_owned();
            (String::from_utf8_lossy(attribute.key.as_ref()).into_owned(), value)
        });
        found.push((String::from_utf8_lossy(element.name().as_ref()).into_owned(), attributes.collect()));
    }
}

#[test]
fn continuous_integration_reads_what_became_of_each_case() {
    let folder = copied(&signing());
    let junit = folder.path().join("cases.xml");
    let path = "cases/contract-review.yaml";
    change(
        folder.path(),
        path,
        "then: { state: effective, ends: good,",
        "then: { state: expired, ends: good,",
    );
    let args = || ["test", text(folder.path()), "--junit", text(&junit)];
    assert_eq!(run(args()).code, 1);
    let found = elements(&junit);
    let (name, all) = &found[0];
    assert_eq!((name.as_str(), all["tests"].as_str(), all["failures"].as_str()), ("testsuites", "11", "1"));
    assert_eq!(found.iter().filter(|(name, _)| name == "testcase").count(), 11);
    let place = found.iter().position(|(name, _)| name == "failure").expect("a failure");
    assert!(found[place].1["message"].contains("expected expired, found effective"), "{:?}", found[place]);
    assert_eq!(found[place - 1].1["name"], "from submission to the seal");
    change(folder.path(), "chains/contract-review.yaml", "climb: contract", "climb: contracts");
    run(args()).refused(1, "DEFINITION_INVALID");
    let found = elements(&junit);
    let error = found.iter().find(|(name, _)| name == "error").expect("an error");
    assert!(error.1["message"].contains("contracts"), "{error:?}");
    let nowhere = folder.path().join("no/such/folder.xml");
    let ran = run(["test", text(&signing()), "--junit", text(&nowhere)]);
    assert!(ran.code == 1 && ran.err.contains("\nNOT_WRITTEN: "), "{}", ran.err);
}

#[test]
fn mistakes_in_cases_and_rules_are_pointed_at() {
    let folder = copied(&signing());
    change(folder.path(), "cases/contract-review.yaml", "H25 as bgm_js approves", "H25 as bgm_jx approves");
    let ran = run(["test", text(folder.path())]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("error[UNKNOWN_NAME]: there is no position `bgm_jx`"), "{}", ran.out);
    assert!(ran.out.contains("did you mean `bgm_js`?"), "{}", ran.out);
    change(folder.path(), "chains/contract-review.yaml", "climb: contract", "climb: contracts");
    let ran = run(["test", text(folder.path())]).refused(1, "DEFINITION_INVALID");
    assert!(ran.out.contains("error[UNKNOWN_NAME]"), "{}", ran.out);
    run(["diagram", text(folder.path())]).refused(1, "DEFINITION_INVALID");
}

#[test]
fn chains_are_drawn() {
    let dir = signing();
    let ran = run(["diagram", text(&dir), "contract-review"]).done();
    assert!(ran.out.contains("stateDiagram-v2\n"), "{}", ran.out);
    assert!(ran.out.contains("s_line --> s_sealing : approved\n"), "{}", ran.out);
    assert!(ran.out.contains("s_sealing --> e_expired : expires 15wd\n"), "{}", ran.out);
    let ran = run(["diagram", text(&dir), "contract-review", "--lang", "zh"]).done();
    assert!(ran.out.contains("合同评审") && ran.out.contains("s_line --> s_sealing : 批准\n"), "{}", ran.out);
    let folder = tempfile::tempdir().expect("a folder");
    run(["diagram", text(&dir), "--svg", "--out", text(folder.path())]).done();
    let svg = std::fs::read_to_string(folder.path().join("contract-review.svg")).expect("a picture");
    assert!(svg.contains("<svg") && svg.contains("<title>Contract review</title>"), "{svg}");
    assert!(["sealing", "effective", "approved"].iter().all(|word| svg.contains(word)), "{svg}");
    let ran = run(["diagram", text(&dir), "contract-revue"]).refused(1, "CHAIN_UNKNOWN");
    assert!(ran.err.contains("did you mean contract-review?"), "{}", ran.err);
}

#[test]
fn schemas_are_written_for_editors() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("schemas");
    let ran = run(["schema", "--out", text(&out)]).done();
    assert!(ran.out.contains("yaml.schemas") && ran.out.contains("chains/*.yaml"), "{}", ran.out);
    let schema = std::fs::read(out.join("chain.schema.json")).expect("a schema");
    let schema: serde_json::Value = serde_json::from_slice(&schema).expect("JSON");
    assert!(schema.to_string().contains("\"states\":{"), "{schema}");
    assert!(run(["schema", "--json"]).done().last_json()["chain"].is_object());
}

#[test]
fn rules_go_live_by_a_process_owner_all_at_once() {
    let company = Company::found();
    company.submit().done();
    let folder = copied(&workflows());
    let dir = text(folder.path()).to_owned();
    let ran = company.run(&format!("apply {dir} --as process_owner --yes")).done();
    assert!(ran.out.starts_with("nothing differs: "), "{}", ran.out);

    change(folder.path(), "company.yaml", "  review: 8wh", "  review: 6wh");
    std::fs::write(
        folder.path().join("tables/colours.yaml"),
        "table: colours\nkey: { colour: text }\ncolumns: { warm: flag }\nrows:\n  red: { warm: true }\n",
    )
    .expect("a file");
    let dry = company.run(&format!("apply {dir} --as process_owner --dry-run")).done();
    for told in [
        "changed company company",
        "-  review: 8wh",
        "+  review: 6wh",
        "added table colours",
        "contract-review: 1 on release 1",
    ] {
        assert!(dry.out.contains(told), "{told}: {}", dry.out);
    }
    assert!(dry.out.ends_with("nothing was changed (--dry-run)\n"), "{}", dry.out);
    company.run(&format!("apply {dir} --as process_owner")).refused(2, "USAGE");
    company.run(&format!("apply {dir} --as sales_director --yes")).refused(1, "FORBIDDEN");
    company.run(&format!("apply {dir} --as process_owner --person H06 --yes")).refused(1, "NOT_HOLDER");
    let ran = company.run(&format!("apply {dir} --as process_owner --yes")).done();
    assert!(ran.out.ends_with("release 2 holds, by H03 as process_owner\n"), "{}", ran.out);
    let again = company.run(&format!("apply {dir} --as process_owner --yes --json")).done().last_json();
    assert_eq!((again["applied"].as_bool(), again["release"].as_u64()), (Some(false), Some(2)), "{again}");
    let log = company.run("log show").out;
    assert!(log.contains("definitions-activated") && log.contains("H03"), "{log}");

    std::fs::remove_file(folder.path().join("tables/colours.yaml")).expect("a file");
    let ran = company.run(&format!("apply {dir} --as process_owner --yes --json")).done().last_json();
    assert_eq!(ran["changes"][0]["what"], "removed", "{ran}");
    assert_eq!(ran["changes"][0]["name"], "colours", "{ran}");
    assert_eq!((ran["release"].as_u64(), &ran["by"]["person"]), (Some(3), &"H03".into()), "{ran}");
    change(folder.path(), "company.yaml", "currency: CNY", "currency: XYZ");
    let ran = company.run(&format!("apply {dir} --as process_owner --yes")).refused(1, "DEFINITION_INVALID");
    assert!(ran.err.contains("nothing was changed"), "{}", ran.err);
}
