//! `countersign org`: what a change would do, the change, and who holds what, now and before.

use crate::common::{Company, change, copied, run, text, workflows};

#[test]
fn a_leaver_is_planned_carried_out_and_looked_up() {
    let company = Company::found();
    company.submit().done();
    company.run("decide C-1 T-1 pass --as credit_controller").done();
    company.run("decide C-1 T-2 pass --as kam_js").done();
    let before = company.run("org show bgm_js --json").done().last_json();
    assert_eq!(before["organisation"]["posts"][0]["holders"], serde_json::json!(["H25"]));

    let plan =
        company.file("moves.yaml", "- leave: { person: H25 }\n- hire: { person: H40, position: bgm_js }\n");
    let planned = company.run(&format!("org plan {} --as process_owner", text(&plan))).done().out;
    assert!(planned.contains("H25 left the company and bgm_js"), "{planned}");
    assert!(planned.contains("1 task reassigned, 0 rerouted, 0 stranded"), "{planned}");
    assert!(planned.contains("bgm_js (H25)") && planned.contains("bgm_js (H40)"), "{planned}");
    assert!(company.run("handler C-1").done().out.contains("bgm_js (H25)"), "a plan changes nothing");

    let (data, plan) = (company.data(), text(&plan).to_owned());
    let apply = |id: &str| {
        run([
            "org",
            "apply",
            &plan,
            "--as",
            "process_owner",
            "--reason",
            "H25 leaves",
            "--data",
            text(&data),
            "--request-id",
            id,
            "--sent-at",
            &sent_at(),
        ])
    };
    let done = apply("org-1").done().out;
    assert!(done.contains("2 acts carried out; the organisation is of version "), "{done}");
    // The same again: H25 has left already, so that a second change would be refused.
    assert_eq!(apply("org-2").refused(1, "NOT_IN_ORGANISATION").out, "");
    let shown = company.run("org show bgm_js").done().out;
    assert!(shown.contains("H40") && shown.contains("changed since its file"), "{shown}");
    assert!(company.run("handler C-1").done().out.contains("bgm_js (H40)"), "open work moved along");
    let explained = company.run("explain C-1 --task T-3").done().out;
    assert!(explained.contains("version") && explained.contains("H40 (holder)"), "{explained}");
    // Before anything happened nobody held anything.
    company.run("org show bgm_js --as-of 2020-01-01T00:00+08:00").refused(1, "NOT_IN_ORGANISATION");
    let log = company.run("log show").done().out;
    assert!(log.contains("person-left") && log.contains("person-hired"), "{log}");
}

fn sent_at() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    countersign_core::time::Timestamp(now.as_millis() as i64).to_string()
}

#[test]
fn mistakes_in_a_file_of_acts_are_pointed_at() {
    let company = Company::found();
    let plan = company.file("moves.yaml", "- hire: { person: H40, post: bgm_js }\n");
    let ran = company.run(&format!("org plan {} --as process_owner", text(&plan)));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("moves.yaml:1:24") && ran.out.contains("`post` is no key of hire"),
        "{}",
        ran.out
    );
    let plan = company.file("moves.yaml", "- hire: { person: H03, position: bgm_js }\n");
    let ran = run([
        "org",
        "apply",
        text(&plan),
        "--as",
        "process_owner",
        "--reason",
        "why",
        "--data",
        text(&company.data()),
    ]);
    ran.refused(1, "SELF_APPROVAL");
}

#[test]
fn new_files_say_in_whose_place_they_hold() {
    let company = Company::found();
    let plan = company.file(
        "moves.yaml",
        "- hire: { person: H40, position: bgm_js }\n- hire: { person: H41, position: legal }\n",
    );
    company.run(&format!("org apply {} --as process_owner --reason hired", text(&plan))).done();
    let folder = copied(&workflows());
    change(folder.path(), "organisation.yaml", "holders: [H05]", "holders: [H05, H50]");
    let dir = text(folder.path()).to_owned();
    let dry = company.run(&format!("apply {dir} --as process_owner --dry-run")).done().out;
    assert!(dry.contains("in whose place the files hold from now on: legal\n"), "{dry}");
    assert!(dry.contains("acts on the organisation that stay: bgm_js\n"), "{dry}");
    company.run(&format!("apply {dir} --as process_owner --yes")).done();
    let (legal, bgm) = (company.run("org show legal").done().out, company.run("org show bgm_js").done().out);
    assert!(legal.contains("H50") && !legal.contains("H41"), "{legal}");
    assert!(bgm.contains("H40"), "{bgm}");
}
