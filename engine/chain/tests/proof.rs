//! What `check` proves: each hole that was once in the demo company is found again when it is put back, at its line, with
//! the counterexample; what a company has outgrown is found from the day on which it has; a large company in bounded work.
#![allow(clippy::print_stdout, reason = "a run tells its seed and its figures")]

use std::path::Path;
use std::time::Instant;

use countersign_chain::{Diagnostic, Proof, Severity, SourceFile, compile, compile_as, load_dir};

fn folder(path: &str) -> Vec<SourceFile> {
    load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The company with these edits: in the file at a path, a text that stands there once becomes another.
fn edited(company: &str, edits: &[(&str, &str, &str)]) -> Vec<SourceFile> {
    let mut files = folder(company);
    for (path, from, to) in edits {
        let file = files.iter_mut().find(|f| f.path == *path).unwrap();
        assert_eq!(file.text.matches(from).count(), 1, "{path}: {from:?}");
        file.text = file.text.replacen(from, to, 1);
    }
    files
}

fn line_of(files: &[SourceFile], path: &str, text: &str) -> u32 {
    let file = files.iter().find(|f| f.path == path).unwrap();
    file.text.lines().position(|line| line.trim_start().starts_with(text)).unwrap() as u32 + 1
}

/// The only finding, which must be this one, at the line that begins so, in words that contain these.
fn only(files: &[SourceFile], code: &str, (path, line): (&str, &str), words: &[&str]) {
    let (_, found) = compile(files);
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    let [finding] = &found[..] else { panic!("{code}: {}", shown.join("\n")) };
    assert_eq!((finding.code, finding.file.as_str()), (code, path), "{}", shown[0]);
    assert_eq!(finding.line, line_of(files, path, line), "{}", shown[0]);
    for words in words {
        assert!(finding.message.contains(words), "{words:?} is not in {}", finding.message);
    }
}

#[test]
fn who_stands_beside_must_be_another_than_who_decides() {
    let path = "chains/contract-review.yaml";
    let files = edited("workflows/yuanlan", &[(path, " and amount <= 20000000 }", " }")]);
    let words = [
        "contract-review of CNY 20,000,000.01 and more submitted by ",
        " where margin < 0.15 and margin < 0.08",
        "finance_director",
    ];
    only(&files, "NOBODY_CAN_APPROVE", (path, "line:"), &words);
}

#[test]
fn not_every_submitter_has_a_branch() {
    let path = "chains/change-cancel-return.yaml";
    let from = "approve: [{ when: submitter.unit == hq, who: sales_director }, { else: bgm@submitter }]";
    let files = edited("workflows/yuanlan", &[(path, from, "approve: bgm@submitter")]);
    let words = ["change-cancel-return submitted by nka_head, service_head", "a bgm at hq"];
    only(&files, "NOBODY_CAN_APPROVE", (path, "early-cancel:"), &words);
    let path = "chains/invoice-settlement.yaml";
    let from = "[{ when: submitter.unit == hq, who: doc.customer.manager }, { else: kam@submitter }]";
    let files = edited("workflows/yuanlan", &[(path, from, "kam@submitter")]);
    // A child is its parent's submitter's.
    only(&files, "NOBODY_ANSWERS", (path, "disputed:"), &["invoice-settlement submitted by ", "a kam at hq"]);
}

#[test]
fn nobody_stands_above_the_top() {
    let path = "chains/green-light.yaml";
    let from =
        "approve: [{ when: submitter == president, who: leading_group }, { else: superior(submitter) }]";
    let files = edited("workflows/yuanlan", &[(path, from, "approve: superior(submitter)")]);
    only(
        &files,
        "NOBODY_CAN_APPROVE",
        (path, "second-chance:"),
        &["submitted by president: ", "a superior of president"],
    );
    // R2: without the policy nobody decides what the president buys.
    let from = "    top: { decided_by: leading_group, need: everybody-else }\n";
    let files = edited("workflows/yuanlan", &[("company.yaml", from, "")]);
    let found: Vec<Diagnostic> = compile(&files).1;
    let office = found.iter().find(|d| d.file == "chains/office-purchase.yaml").unwrap();
    assert_eq!(office.severity, Severity::Error);
}

/// R6: the president, who is alone in the post, cannot sign independently and decide as well.
#[test]
fn who_has_signed_independently_is_missing_elsewhere() {
    let path = "chains/budget-supplement.yaml";
    let climb = "    climb: promo_plan\n    at_least: [{ level: sales_director, when: true }]\n    next: { approved: adding }";
    let review = (path, "review: finance_director", "review: president");
    let decide = (path, climb, "    approve: president\n    next: { approved: adding }");
    let files = edited("workflows/yuanlan", &[review, decide]);
    let words = ["nobody can sign in line once H01 has signed in finance (R6"];
    only(&files, "NOBODY_CAN_APPROVE", (path, "line:"), &words);
    // The other way round: what is independent comes last.
    let last = "    approve: president\n    next: { approved: last }\n\n  last:\n    review: president\n    \
                independent: true\n    next: { passed: adding }";
    let files = edited("workflows/yuanlan", &[(path, climb, last)]);
    only(&files, "NOBODY_ANSWERS", (path, "last:"), &["once H01 has signed in line"]);
    // Two who hold the post; signatures that may be one person's.
    let alone = "kind: president, unit: hq, solid: top, holders: [H01]";
    let both = ("organisation.yaml", alone, "kind: president, unit: hq, solid: top, holders: [H01, H99]");
    let merged = (path, "    independent: true\n", "");
    for third in [both, merged] {
        let (_, found) = compile(&edited("workflows/yuanlan", &[review, decide, third]));
        let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<String> = errors.map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
}

#[test]
fn what_holds_only_while_somebody_acts_is_found_from_the_day_on_which_they_do_not() {
    let members = "members: [president, sales_director, marketing_director, finance_director]";
    let all = "members: [president, bgm_zj, marketing_director, finance_director]";
    let files = edited(
        "tests/companies/contracts",
        &[
            ("organisation.yaml", members, all),
            ("organisation.yaml", "need: 3", "need: 4"),
            (
                "chains/contract-review.yaml",
                "initiators: [rep, chrep, kam, bgm, region_head, nka_head]",
                "initiators: [rep_js1]",
            ),
            ("company.yaml", "    top: { decided_by: leading_group, need: everybody-else }\n", ""),
        ],
    );
    let words = [
        "of CNY 20,000,000.01 and more submitted by rep_js1, from 2025-06-30T16:00",
        "expected 4 members of leading_group",
    ];
    only(&files, "NOBODY_CAN_APPROVE", ("chains/contract-review.yaml", "line:"), &words);
}

#[test]
fn an_amount_that_the_chain_keeps_out_needs_nobody() {
    // Without a limit above 20,000,000 the chain must say so; then nothing is found.
    let path = "chains/contract-review.yaml";
    let limits =
        ("authority.yaml", "president: 20000000, leading_group: unlimited }", "president: 20000000 }");
    let beyond =
        (path, "    next: { approved: sealing }", "    next: { approved: sealing, beyond: on-hold }");
    let files = edited("tests/companies/contracts", &[limits, beyond]);
    let words = ["of CNY 20,000,000.01 and more submitted by ", "no limit on its line that is left suffices"];
    only(&files, "NOBODY_CAN_APPROVE", (path, "line:"), &words);
    let must = (
        path,
        "  - must: doc.customer.filed\n",
        "  - must: doc.total <= 20000000\n    else: TOO_LARGE\n  - must: doc.customer.filed\n",
    );
    let (bundle, found) = compile(&edited("tests/companies/contracts", &[limits, beyond, must]));
    assert!(bundle.is_some() && found.is_empty(), "{found:?}");
    let led = (path, "    next: { approved: sealing }", "    next: { approved: sealing, beyond: rejected }");
    let (bundle, found) = compile(&edited("tests/companies/contracts", &[limits, led]));
    assert!(bundle.is_some() && found.is_empty(), "{found:?}");
}

/// S40: four errors, and nothing is activated.
#[test]
fn a_ticket_with_twelve_signers_in_a_company_that_is_wrong_itself() {
    let company = "company: s40\ncurrency: CNY\ntime_zone: Asia/Shanghai\nworking_time: { days: [mon], hours: [\"09:00-17:00\"] }\n\
                   usual: { returned: draft, rejected: rejected }\ndeadlines: { review: 8wh }\n\
                   policies:\n  signers: { up_to: 2000, at_most: 2, levels: 7 }\n";
    let organisation = "units: { hq: { en: HQ } }\npositions:\n  boss: { kind: boss, unit: hq, solid: top, holders: [P1] }\n  \
                        clerk: { kind: clerk, unit: hq, solid: [boss, other], holders: [P2] }\n  \
                        other: { kind: other, unit: hq, solid: third, holders: [P3] }\n  \
                        third: { kind: other, unit: hq, solid: other, holders: [P4] }\n";
    let authority =
        "purchase:\n  measure: CNY\n  line: solid\n  since: \"2025-01-01\"\n  limits: { boss: unlimited }\n";
    let document =
        "document: ticket\nfields: { ticket_no: \"text, unique\", total: money }\ncommercial: [total]\n";
    let twelve = ["boss"; 12].join(", ");
    let ticket = format!(
        "chain: ticket\ndocument: ticket\nkey: doc.ticket_no\namount: doc.total\ninitiators: [clerk]\nends: {{ done: good, rejected: bad }}\n\
         states:\n  signing:\n    review: [{twelve}]\n    next: {{ passed: deciding }}\n  deciding:\n    approve: boss\n    next: {{ approved: done }}\n"
    );
    let slip = "chain: slip\ndocument: ticket\nkey: doc.ticket_no\namount: doc.total\ninitiators: [boss]\n\
                ends: { done: good, rejected: bad }\nstates:\n  deciding:\n    approve: clerk\n    next: { approved: done }\n";
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let files = [
        file("company.yaml", company),
        file("organisation.yaml", organisation),
        file("authority.yaml", authority),
        file("documents/ticket.yaml", document),
        file("chains/ticket.yaml", &ticket),
        file("chains/slip.yaml", slip),
    ];
    let (bundle, found) = compile(&files);
    assert!(bundle.is_none());
    let mut codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["CYCLE", "NO_AUTHORITY", "TOO_MANY_SIGNERS", "TWO_SUPERIORS"], "{found:?}");
}

/// Five levels of leaders, 300 positions, 40 chains of three steps each.
fn large() -> Vec<SourceFile> {
    let mut files = folder("tests/companies/contracts");
    let chain = files.iter().find(|f| f.path == "chains/contract-review.yaml").unwrap().text.clone();
    files.retain(|f| f.path != "chains/contract-review.yaml");
    let organisation = files.iter_mut().find(|f| f.path == "organisation.yaml").unwrap();
    let mut more = String::new();
    for n in 0..266 {
        let (kind, superior) = match n {
            0..12 => ("region_head", "sales_director".to_owned()),
            12..50 => ("bgm", format!("more{}", n % 12)),
            50..110 => ("kam", format!("more{}", 12 + n % 38)),
            _ => ("rep", format!("more{}", 50 + n % 60)),
        };
        more.push_str(&format!(
            "  more{n}: {{ kind: {kind}, unit: js, solid: {superior}, holders: [M{n}] }}\n"
        ));
    }
    organisation.text = organisation.text.replacen("\ngroups:", &format!("{more}\ngroups:"), 1);
    for n in 0..40 {
        let text = chain.replacen("chain: contract-review", &format!("chain: contract-review-{n}"), 1);
        files.push(SourceFile { path: format!("chains/contract-review-{n}.yaml"), text });
    }
    let systems = files.iter_mut().find(|f| f.path == "systems.yaml").unwrap();
    systems.text = systems.text.replace("chains: [contract-review]", "chains: all");
    files
}

#[test]
fn three_hundred_positions_and_forty_chains_are_proved_with_bounded_work() {
    let files = large();
    let started = Instant::now();
    let (bundle, found) = compile(&files);
    let took = started.elapsed();
    // TOO_WIDE says where the proof has asked the engine too often: there is none, so it was bounded.
    assert!(bundle.is_some() && found.is_empty(), "{:?}", found.iter().take(3).collect::<Vec<_>>());
    let positions =
        files.iter().find(|f| f.path == "organisation.yaml").unwrap().text.matches("solid:").count();
    println!("{positions} positions, 40 chains: checked in {took:?}");
    assert!(positions >= 300);
}

/// What is told of absences in the demo company.
pub(crate) fn absences() -> Vec<Diagnostic> {
    compile_as(&folder("workflows/yuanlan"), Proof::Absences).1
}

#[test]
fn who_must_not_be_away_at_the_same_time() {
    let found = absences();
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        found.iter().all(|d| d.code == "AWAY" && d.severity == Severity::Warning),
        "{}",
        shown.join("\n")
    );
    assert!((1..=20).contains(&found.len()), "{}", found.len());
    // Three of the four of the leading group decide: of any two of them one is needed.
    let pair =
        found.iter().find(|d| d.message.starts_with("while finance_director and sales_director are away"));
    let pair = pair.unwrap_or_else(|| panic!("{}", shown.join("\n")));
    assert!(pair.message.contains("`promo-plan`"), "{}", pair.message);
    // Above the president nobody decides about purchases.
    let alone = found.iter().find(|d| d.message.starts_with("while president is away")).unwrap();
    assert!(alone.message.contains("`office-purchase`"), "{}", alone.message);
}

#[test]
fn every_company_of_this_project_is_without_errors() {
    let companies = [
        "workflows/yuanlan",
        "workflows/wholesaler",
        "workflows/university",
        "tests/companies/contention",
        "tests/companies/outward",
        "tests/companies/contracts",
        "engine/chain/tests/works",
        "engine/cli/src/bench/company",
        "engine/report/tests/trader",
        "engine/trial/tests/signing",
        "engine/trial/tests/actions",
        "engine/trial/tests/order",
    ];
    let mut wrong = Vec::new();
    for company in companies {
        let files = folder(company);
        for finding in compile(&files).1 {
            let kept = company.starts_with("workflows") || finding.severity == Severity::Error;
            wrong.extend(kept.then(|| format!("{company}/{finding}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
