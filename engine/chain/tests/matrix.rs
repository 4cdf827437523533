//! `check --matrix`: for every verb the smallest difference that is found, and the nearest matrix that says the same as
//! the chain. The demo company's own matrix is clean.

use std::path::Path;

use countersign_chain::{Diagnostic, SourceFile, compile, load_dir, matrix};

const COMPANY: &str = r#"company: acme
title: { en: Acme, zh: 艾克米 }
currency: CNY
time_zone: Asia/Shanghai
working_time: { days: [mon, tue, wed, thu, fri], hours: ["09:00-12:00", "13:00-18:00"] }
driver: owner_of_rules
usual: { returned: draft, rejected: rejected }
deadlines: { review: 8wh }
policies:
  own_documents: { top: { decided_by: board, need: everybody-else } }
"#;

const ORGANISATION: &str = r#"units:
  hq: { en: Headquarters, zh: 总部 }
positions:
  boss: { en: Boss, zh: 总, kind: boss, unit: hq, solid: top, holders: [H1, H11] }
  owner_of_rules: { en: Rules, zh: 规, kind: staff, unit: hq, solid: boss, holders: [H2] }
  money: { en: Money, zh: 财, kind: money_head, unit: hq, solid: boss, holders: [H3, H13] }
  law: { en: Law, zh: 法, kind: staff, unit: hq, solid: boss, holders: [H4] }
  shop: { en: Shop, zh: 店, kind: shop, unit: hq, solid: boss, holders: [H5] }
  audit: { en: Audit, zh: 审, kind: staff, unit: hq, solid: boss, holders: [H6] }
groups:
  board: { en: Board, zh: 董, members: [boss, money], need: 2 }
"#;

const AUTHORITY: &str = r#"papers:
  measure: CNY
  line: solid
  since: "2025-01-01"
  limits: { boss: 1000, board: unlimited }
spending:
  measure: CNY
  line: none
  since: "2025-01-01"
  limits: { money: unlimited }
"#;

const CHAIN: &str = r#"chain: paper
title: { en: Paper, zh: 文 }
document: paper
key: doc.number
amount: doc.amount
initiators: [shop]
driver: law
monitors: [audit]
ends: { done: good, rejected: bad }
states:
  hearing:
    input: audit
    next: { done: completing }
  completing:
    edit: law
    next: { submitted: reviewing }
  reviewing:
    all:
      - review: law
      - approve: money
        when: doc.amount > 100
    next: { passed: deciding }
  deciding:
    climb: papers
    next: { approved: handing }
  handing:
    hand_over: money
    next: { done: working }
  working:
    task: audit
    do: { en: File it, zh: 归档 }
    next: { done: done, refused: rejected }
"#;

const MATRIX: &str = r#"papers:
  title: { en: Papers, zh: 文 }
  chains: [paper]
  cells:
    shop: draft
    boss: approve
    board: approve
    money: [conditional approve, host]
    law: [review, develop, drive]
    audit: [input, execute, monitor]
"#;

fn found(matrix: &str, chain: &str) -> Vec<Diagnostic> {
    let document = "document: paper\ntitle: { en: Paper, zh: 文 }\nfields:\n  number: text, unique\n  amount: money\ncommercial: [amount]\n";
    let files = [
        ("authority.yaml", AUTHORITY),
        ("chains/paper.yaml", chain),
        ("company.yaml", COMPANY),
        ("documents/paper.yaml", document),
        ("organisation.yaml", ORGANISATION),
        ("responsibility.yaml", matrix),
    ];
    let files: Vec<SourceFile> =
        files.iter().map(|(path, text)| SourceFile { path: (*path).into(), text: (*text).into() }).collect();
    let (bundle, found) = compile(&files);
    let bundle = bundle.unwrap_or_else(|| panic!("{found:#?}"));
    matrix::check(&files, &bundle)
}

/// In the matrix `from` becomes `bad`: the code, the line, a part of the message. With `good` it says the same as the
/// chain.
type Mistake = (&'static str, &'static str, &'static str, &'static str, u32, &'static str);

const MISTAKES: &[Mistake] = &[
    ("boss: approve", "boss: review", "boss: [approve, review]", "MATRIX_DIFFERS", 6, "boss may approve"),
    (
        "law: [review, develop, drive]",
        "law: [approve, review, develop, drive]",
        "law: [review, develop, drive]",
        "MATRIX_DIFFERS",
        9,
        "the matrix lets law approve",
    ),
    (
        "law: [review, develop, drive]",
        "law: [develop, drive]",
        "law: [drive, review, develop]",
        "MATRIX_DIFFERS",
        9,
        "law may review in state reviewing of paper (chains/paper.yaml:17)",
    ),
    (
        "boss: approve",
        "boss: monitor",
        "boss: conditional approve",
        "MATRIX_DIFFERS",
        6,
        "boss may approve in state deciding of paper (chains/paper.yaml:23)",
    ),
    (
        "money: [conditional approve, host]",
        "money: [approve, host]",
        "money_head: [conditional approve, host]",
        "MATRIX_DIFFERS",
        8,
        "money may approve under a condition in state reviewing of paper (chains/paper.yaml:17)",
    ),
    (
        "money: [conditional approve, host]",
        "money: conditional approve",
        "money: [host, conditional approve]",
        "MATRIX_DIFFERS",
        8,
        "money may host in state handing of paper (chains/paper.yaml:26)",
    ),
    (
        "law: [review, develop, drive]",
        "law: [input, develop, drive]",
        "law: [drive, develop, review]",
        "MATRIX_DIFFERS",
        9,
        "the matrix lets law input",
    ),
    (
        "law: [review, develop, drive]",
        "law: [review, drive]",
        "law: [develop, review, drive]",
        "MATRIX_DIFFERS",
        9,
        "law may develop in state completing of paper (chains/paper.yaml:14)",
    ),
    (
        "law: [review, develop, drive]",
        "law: [review, develop]",
        "law: [drive, review, develop]",
        "MATRIX_DIFFERS",
        9,
        "law may drive in driver of paper (chains/paper.yaml:7)",
    ),
    (
        "audit: [input, execute, monitor]",
        "audit: [execute, monitor]",
        "audit: [monitor, input, execute]",
        "MATRIX_DIFFERS",
        10,
        "audit may input in state hearing of paper (chains/paper.yaml:11)",
    ),
    (
        "audit: [input, execute, monitor]",
        "audit: [input, monitor]",
        "audit: [execute, monitor, input]",
        "MATRIX_DIFFERS",
        10,
        "audit may execute in state working of paper (chains/paper.yaml:29)",
    ),
    (
        "audit: [input, execute, monitor]",
        "audit: [input, execute]",
        "audit: [monitor, execute, input]",
        "MATRIX_DIFFERS",
        10,
        "audit may monitor in monitors of paper (chains/paper.yaml:8)",
    ),
    (
        "shop: draft",
        "shop: execute",
        "shop: [draft, host]",
        "MATRIX_DIFFERS",
        5,
        "the matrix lets shop execute",
    ),
    (
        "shop: draft",
        "shop: [draft, monitor]",
        "shop: draft\n    owner_of_rules: []",
        "MATRIX_DIFFERS",
        5,
        "the matrix lets shop monitor",
    ),
    (
        "    audit: [input, execute, monitor]\n",
        "",
        "    audit: [input, execute, monitor]\n",
        "MATRIX_NO_CELL",
        1,
        "audit may input",
    ),
    ("shop: draft", "shop: drafts", "shop: draft", "UNKNOWN_NAME", 5, "drafts"),
    ("shop: draft", "shopp: draft", "shop: draft", "UNKNOWN_NAME", 5, "shopp"),
    ("chains: [paper]", "chains: [papers]", "chains: [paper]", "UNKNOWN_NAME", 3, "papers"),
    ("chains: [paper]", "chains: paper", "chains: [paper]", "WRONG_SHAPE", 3, "list"),
    ("  chains: [paper]\n", "", "  chains: [paper]\n", "MISSING_KEY", 1, "chains"),
    ("title:", "titel:", "title:", "UNKNOWN_KEY", 2, "titel"),
];

#[test]
fn every_verb_is_held_against_the_chain() {
    assert!(found(MATRIX, CHAIN).is_empty(), "{:#?}", found(MATRIX, CHAIN));
    let mut wrong = Vec::new();
    for (from, bad, good, code, line, message) in MISTAKES {
        assert_eq!(MATRIX.matches(from).count(), 1, "{from}");
        let findings = found(&MATRIX.replacen(from, bad, 1), CHAIN);
        let fits = |f: &Diagnostic| {
            (f.code, f.line, f.message.contains(message)) == (*code, *line, true) && !f.help.is_empty()
        };
        if !findings.iter().any(fits) {
            wrong.push(format!("{bad}: expected {code} in line {line}: {message}, found {findings:#?}"));
        }
        let good = found(&MATRIX.replacen(from, good, 1), CHAIN);
        wrong.extend(good.iter().map(|finding| format!("{from}: {finding}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same the other way round: the chain changes, and the matrix does not.
#[test]
fn a_chain_that_changes_is_found_at_the_cell() {
    for (from, to, line, message) in [
        ("    input: audit", "    input: shop", 10, "the matrix lets audit input"),
        ("    edit: law", "    edit: money", 9, "the matrix lets law develop"),
        ("      - review: law", "      - review: audit", 9, "the matrix lets law review"),
        (
            "    climb: papers",
            "    approve: money",
            6,
            "the matrix lets boss approve; found: nothing is asked of it",
        ),
        ("    task: audit", "    task: law", 10, "the matrix lets audit execute"),
        ("monitors: [audit]", "monitors: [law]", 10, "the matrix lets audit monitor"),
        ("driver: law", "driver: audit", 9, "the matrix lets law drive"),
        ("initiators: [shop]", "initiators: [shop, law]", 9, "law may draft in initiators of paper"),
        ("    hand_over: money", "    hand_over: law", 8, "the matrix lets money host"),
    ] {
        assert_eq!(CHAIN.matches(from).count(), 1, "{from}");
        let findings = found(MATRIX, &CHAIN.replacen(from, to, 1));
        let fits =
            |f: &Diagnostic| f.code == "MATRIX_DIFFERS" && f.line == line && f.message.contains(message);
        assert!(findings.iter().any(fits), "{to}: {findings:#?}");
    }
}

#[test]
fn the_demo_company_s_matrix_says_what_its_chains_do() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    let files = load_dir(&dir).expect("the company can be read");
    let bundle = compile(&files).0.expect("the company compiles");
    let found = matrix::check(&files, &bundle);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    let text = &files.iter().find(|file| file.path == matrix::FILE).expect("a matrix").text;
    let chains = files.iter().filter_map(|file| file.path.strip_prefix("chains/"));
    let named = |chain: &str| text.contains(&format!("{chain},")) || text.contains(&format!("{chain}]"));
    let missing: Vec<&str> =
        chains.map(|path| path.trim_end_matches(".yaml")).filter(|c| !named(c)).collect();
    assert_eq!(
        missing,
        ["exchange-rate"],
        "every chain but the one that only finance starts is in the matrix"
    );
}

#[test]
fn a_company_without_a_matrix_is_told_so() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/contracts");
    let files = load_dir(&dir).expect("the company can be read");
    let bundle = compile(&files).0.expect("the company compiles");
    let found = matrix::check(&files, &bundle);
    assert!(found.iter().map(|f| f.code).eq(["MISSING_FILE"]), "{found:?}");
}
