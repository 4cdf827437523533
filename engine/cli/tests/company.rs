//! A company in a data directory, from its founding to a decided case, by commands alone.

use crate::common;

use crate::common::{Company, run, text, workflows};

#[test]
fn a_document_is_handed_in_signed_and_sealed() {
    let company = Company::found();
    let submitted = company.submit().done();
    assert!(
        submitted.out.starts_with("C-1 is in state clause-review (revision 1, sequence "),
        "{}",
        submitted.out
    );
    assert!(submitted.out.contains("credit_controller (H19) to review T-1"), "{}", submitted.out);
    let inbox = company.run("inbox --as credit_controller").done().out;
    assert!(inbox.contains("C-1   T-1   review  Contract review  HT-1  CNY 204,000.00  rep_js1"), "{inbox}");
    company.run("decide C-1 T-1 pass --as credit_controller").done();
    company.run("decide C-1 T-2 pass --as kam_js").done();
    assert!(company.run("handler C-1").done().out.contains("waits for  bgm_js (H25) to approve T-3"));
    let explained = company.run("explain C-1 --task T-3").done().out;
    assert!(explained.contains("limit") && explained.contains("bgm_js"), "{explained}");
    let why_not = company.run("explain C-1 --why-not sales_director").done().out;
    assert!(why_not.contains("sales_director"), "{why_not}");
    let decided = company.run("decide C-1 T-3 approve --as bgm_js").done().out;
    assert!(decided.contains("state sealing") && decided.contains("contract.sealed"), "{decided}");
    let told = "fact seal-desk.contract.sealed --message-id seal-1 --set contract_no=HT-1";
    assert!(company.run(told).done().out.contains("C-1 had waited for it"));
    let case = company.run("case C-1").done().out;
    assert!(case.contains("ended      effective") && case.contains("CNY 204,000.00"), "{case}");
    let zh = company.run("timeline C-1 --lang zh").done().out;
    assert!(zh.contains("H31（rep_js1）提交") && zh.contains("结束：effective"), "{zh}");
    company.run("log verify").done();
    company.run("views rebuild").done();
    assert!(company.run("timeline C-1 --lang zh").done().out == zh, "views built anew tell the same");
}

#[test]
fn a_returned_document_is_handed_in_again_and_taken_back() {
    let company = Company::found();
    company.submit().done();
    let returned = run([
        "decide",
        "C-1",
        "T-1",
        "return",
        "--as",
        "credit_controller",
        "--reason",
        "the price is old",
        "--data",
        text(&company.data()),
    ]);
    assert!(returned.done().out.contains("state draft"));
    // The document as it stands, one field changed.
    let again = company.run("resubmit C-1 --as rep_js1 --set days=15").done().out;
    assert!(again.starts_with("C-1 is in state clause-review (revision 2"), "{again}");
    let case = company.run("case C-1 --json").done().last_json();
    assert_eq!((&case["ok"]["document"]["days"], &case["ok"]["revision"]), (&15.into(), &2.into()));
    let stale = company.run("resubmit C-1 --as rep_js1 --set days=20 --version 1");
    assert_eq!(stale.code, 1, "{}", stale.err);
    let taken = company.run("withdraw C-1 --as rep_js1 --reason autumn").done().out;
    assert!(taken.contains("state withdrawn"), "{taken}");
}

#[test]
fn a_request_sent_again_takes_effect_once() {
    let company = Company::found();
    let contract = company.contract();
    let at = countersign_time();
    let submit = format!(
        "submit --chain contract-review --as rep_js1 --document {} --request-id once-1 --sent-at {at} --json",
        text(&contract)
    );
    let first = company.run(&submit).done();
    assert_eq!(company.run(&submit).done().last_json(), first.last_json());
    company.run("case C-2").refused(1, "CASE_UNKNOWN");
    let other = submit.replace("--json", "--set days=15");
    company.run(&other).refused(1, "REQUEST_ID_REUSED");
}

/// The present in RFC 3339.
fn countersign_time() -> String {
    let clock = countersign_runtime::SystemClock::new();
    countersign_runtime::Clock::wall(&clock).to_string()
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    let company = Company::found();
    let contract = company.contract();
    let contract = text(&contract);
    let submit = format!("submit --chain contract-review --document {contract}");
    let skipped =
        company.run(&format!("{submit} --as rep_js1 --to region_east_head")).refused(1, "SKIP_LEVEL");
    assert!(skipped.err.contains("kam_js"), "{}", skipped.err);
    let mistyped = company.run(&format!("{submit} --as rep_js")).refused(1, "NOT_HOLDER");
    assert!(
        mistyped.err.contains("did you mean rep_js1?") && mistyped.err.contains("(--as)"),
        "{}",
        mistyped.err
    );
    company.run(&format!("{submit} --as rep_js1 --person H99")).refused(1, "NOT_HOLDER");
    company.run(&submit).refused(2, "USAGE");
    company.run(&submit.replace("contract-review", "contract-revue")).refused(2, "USAGE");
    let unknown = format!("{submit} --as rep_js1").replace("contract-review", "contract-revue");
    company.run(&unknown).refused(1, "CHAIN_UNKNOWN");
    let typed = company.run(&format!("{submit} --as rep_js1 --set days=soon")).refused(1, "FIELD_TYPE");
    assert!(typed.err.contains("days"), "{}", typed.err);
    company.run("decide C-1 T-1 approve --as rep_js1").refused(1, "CASE_UNKNOWN");
    assert_eq!(company.run("inbox --as kam_js").done().out, "kam_js: nothing waits for an answer\n");
    company.submit().done();
    company.run("decide C-1 T-1 approve --as rep_js1").refused(1, "SELF_APPROVAL");
    company.run("decide C-1 T-1 pass --as legal").refused(1, "NOT_ASSIGNEE");
    company.run("decide C-1 T-1 object --as credit_controller").refused(1, "REASON_REQUIRED");
    let seen = "decide C-1 T-1 pass --as credit_controller --version 7";
    company.run(seen).refused(1, "CONFLICT");
}

#[test]
fn a_document_that_is_none_is_shown_with_its_place() {
    let company = Company::found();
    let broken = company.file("broken.json", "{\n  \"days\": 30,\n  \"days\" 31\n}");
    let submit = format!("submit --chain contract-review --as rep_js1 --document {}", text(&broken));
    let refused = company.run(&submit);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("broken.json:3:"), "{}", refused.err);
    company.run(&submit.replace("broken", "missing")).refused(2, "USAGE");
    let as_json = company.run(&format!("{submit} --json"));
    let error: serde_json::Value = serde_json::from_str(&as_json.err).expect("an error as an object");
    assert!(
        error["error"]["place"].as_str().is_some_and(|place| place.contains("broken.json:3:")),
        "{error}"
    );
    assert_eq!(as_json.out, "");
}

#[test]
fn a_document_comes_from_standard_input_too() {
    use std::io::Write;
    let company = Company::found();
    let data = company.data();
    let mut child = common::binary()
        .args([
            "preview",
            "--chain",
            "contract-review",
            "--as",
            "rep_js1",
            "--document",
            "-",
            "--data",
            text(&data),
        ])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let contract = std::fs::read(company.contract()).expect("a contract");
    child.stdin.take().expect("stdin is piped").write_all(&contract).expect("it reads");
    let preview = common::ran(child.wait_with_output().expect("it ends")).done();
    assert!(preview.out.contains("bgm_js") && preview.out.contains("it can be decided"), "{}", preview.out);
}

#[test]
fn a_company_is_founded_once_and_only_from_rules_without_errors() {
    let company = Company::found();
    let (data, rules) = (company.data(), workflows());
    run(["init", "--data", text(&data), "--workflows", text(&rules)]).refused(1, "LOG_EXISTS");
    let folder = tempfile::tempdir().expect("a folder");
    let (data, empty) = (folder.path().join("data"), folder.path().join("rules"));
    std::fs::create_dir(&empty).expect("a folder");
    let refused =
        run(["init", "--data", text(&data), "--workflows", text(&empty)]).refused(1, "DEFINITION_INVALID");
    assert!(refused.out.contains("company.yaml"), "{}", refused.out);
    assert!(!data.exists(), "nothing was created");
    run(["inbox", "--as", "kam_js", "--data", text(&data)]).refused(1, "LOG_MISSING");
}
