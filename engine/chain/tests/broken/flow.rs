//! Mistakes that show only in a chain as a whole, or in several together: a small company of their own, of which one
//! file is exchanged.

use countersign_chain::{Diagnostic, SourceFile, compile};

/// One mistake: the text of a file, and its nearest valid neighbour.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) bad: &'static str,
    pub(crate) good: &'static str,
}

const COMPANY: &str = r#"
company: test
currency: CNY
time_zone: Asia/Shanghai
working_time: { days: [mon], hours: ["09:00-17:00"] }
driver: boss
usual: { returned: draft, rejected: rejected, silent: on-hold, conflict: on-hold, stuck: on-hold }
deadlines: { review: 8wh }
policies:
  vacancy: [acting, delegate, next-superior]
"#;

const ORGANISATION: &str = r#"
units: { hq: { en: HQ } }
positions:
  boss: { kind: boss, unit: hq, solid: top, holders: [P1, P3] }
  clerk: { kind: clerk, unit: hq, solid: boss, holders: [P2] }
"#;

const ADAPTERS: &str = r#"
erp:
  part.make: { stage: { begun: {} }, done: { made: units, number: text }, refused: FULL | BROKEN, undo: part.scrap }
  part.scrap: { done: {}, is_undo: true }
  part.count: { done: { left: units }, reads_only: true }
  part.sent: { message: { number: text, units: units } }
"#;

const DOCUMENT: &str =
    "document: job\nfields: { job_no: \"text, unique\", units: units, total: money }\ncommercial: [units]\n";

/// A chain that is right: it makes something, and undoes it where it ends badly.
const PART: &str = r#"
chain: part
document: job
key: doc.job_no
initiators: anyone
ends: { made: good, rejected: bad }
states:
  making:
    command: erp.part.make
    with: { units: doc.units }
    next: { done: looking, refused: rejected }
  looking:
    approve: boss
    next: { approved: made, rejected: undoing, returned: undoing }
  undoing:
    compensate: all
    next: { done: rejected }
"#;

/// A chain whose states and facts are given.
macro_rules! job {
    ($head:literal, $states:literal) => {
        concat!(
            "chain: job\ndocument: job\nkey: doc.job_no\ninitiators: anyone\n",
            "ends: { done: good, rejected: bad, cancelled: bad }\n",
            $head,
            "\nstates:",
            $states
        )
    };
}

const fn job(name: &'static str, bad: &'static str, good: &'static str) -> Variant {
    Variant { name, path: "chains/job.yaml", bad, good }
}

pub(crate) const VARIANTS: &[Variant] = &[
    job(
        "a fact read before any way has learnt it",
        job!(
            "facts: { left: units }",
            r#"
  looking:
    choose:
      - { when: facts.left > 5, go: counting }
      - { else: cancelled }
  counting:
    command: erp.part.count
    learns: { left: reply.left }
    next: { done: done }
"#
        ),
        job!(
            "facts: { left: units }",
            r#"
  counting:
    command: erp.part.count
    learns: { left: reply.left }
    next: { done: looking }
  looking:
    choose:
      - { when: facts.left > 5, go: done }
      - { else: cancelled }
"#
        ),
    ),
    job(
        "a fact that one of two ways does not learn",
        job!(
            "facts: { left: units }",
            r#"
  kind:
    choose:
      - { when: doc.units > 10, go: counting }
      - { else: sending }
  counting:
    command: erp.part.count
    learns: { left: reply.left }
    next: { done: sending }
  sending:
    approve: boss
    when: facts.left < doc.units
    next: { approved: done }
"#
        ),
        job!(
            "facts: { left: units = 0 }",
            r#"
  kind:
    choose:
      - { when: doc.units > 10, go: counting }
      - { else: sending }
  counting:
    command: erp.part.count
    learns: { left: reply.left }
    next: { done: sending }
  sending:
    approve: boss
    when: facts.left < doc.units
    next: { approved: done }
"#
        ),
    ),
    job(
        "a fact that a refused command has not learnt",
        job!(
            "facts: { made: text }",
            r#"
  making:
    command: erp.part.make
    learns: { made: reply.number }
    next: { done: arriving, refused: arriving }
  arriving:
    wait: erp.part.sent
    match: message.number == facts.made
    expires: { after: 5wd, go: undoing }
    next: { received: done }
  undoing:
    compensate: all
    next: { done: cancelled }
"#
        ),
        job!(
            "facts: { made: text }",
            r#"
  making:
    command: erp.part.make
    learns: { made: reply.number }
    next: { done: arriving, refused: cancelled }
  arriving:
    wait: erp.part.sent
    match: message.number == facts.made
    expires: { after: 5wd, go: undoing }
    next: { received: done }
  undoing:
    compensate: all
    next: { done: cancelled }
"#
        ),
    ),
    job(
        "an amount that reads a fact without a first value",
        job!(
            "facts: { cost: money }\namount: facts.cost",
            "\n  one:\n    review: boss\n    next: { passed: done }\n"
        ),
        job!(
            "facts: { cost: money = 0 }\namount: facts.cost",
            "\n  one:\n    review: boss\n    next: { passed: done }\n"
        ),
    ),
    job(
        "a bad end while something made still stands",
        job!(
            "",
            r#"
  making:
    command: erp.part.make
    next: { done: looking, refused: cancelled }
  looking:
    approve: boss
    next: { approved: done, rejected: cancelled, returned: undoing }
  undoing:
    compensate: all
    next: { done: rejected }
"#
        ),
        job!(
            "",
            r#"
  making:
    command: erp.part.make
    next: { done: looking, refused: cancelled }
  looking:
    approve: boss
    next: { approved: done, rejected: undoing, returned: undoing }
  undoing:
    compensate: all
    next: { done: rejected }
"#
        ),
    ),
    job(
        "a way back to draft while a child's work still stands",
        job!(
            "",
            r#"
  parts:
    run: part
    copy: doc
    next: { good: looking, bad: cancelled }
  looking:
    approve: boss
    next: { approved: done, rejected: undoing }
  undoing:
    compensate: all
    next: { done: rejected }
"#
        ),
        job!(
            "",
            r#"
  parts:
    run: part
    copy: doc
    next: { good: looking, bad: cancelled }
  looking:
    approve: boss
    next: { approved: done, rejected: undoing, returned: undoing }
  undoing:
    compensate: all
    next: { done: rejected }
"#
        ),
    ),
    job(
        "undoing since a state leaves what was done before",
        job!(
            "",
            r#"
  first:
    command: erp.part.make
    next: { done: second, refused: cancelled }
  second:
    command: erp.part.make
    next: { done: done, refused: undoing }
  undoing:
    compensate: since second
    next: { done: cancelled }
"#
        ),
        job!(
            "",
            r#"
  first:
    command: erp.part.make
    next: { done: second, refused: cancelled }
  second:
    command: erp.part.make
    next: { done: done, refused: undoing }
  undoing:
    compensate: since first
    next: { done: cancelled }
"#
        ),
    ),
    job(
        "a request that ends badly what was done",
        job!(
            "anytime: { stop: { by: [submitter], in: [looking], go: cancelled } }",
            r#"
  making:
    command: erp.part.make
    next: { done: looking, refused: rejected }
  looking:
    review: boss
    next: { passed: done, returned: undoing }
  undoing:
    compensate: all
    next: { done: rejected }
"#
        ),
        job!(
            "anytime: { stop: { by: [submitter], in: [looking], go: undoing } }",
            r#"
  making:
    command: erp.part.make
    next: { done: looking, refused: rejected }
  looking:
    review: boss
    next: { passed: done, returned: undoing }
  undoing:
    compensate: all
    next: { done: cancelled }
"#
        ),
    ),
    job(
        "nothing to undo",
        job!(
            "",
            r#"
  counting:
    command: erp.part.count
    next:
      done:
        - { when: doc.units > 5, go: done }
        - { else: undoing }
  undoing:
    compensate: all
    next: { done: cancelled }
"#
        ),
        job!(
            "",
            r#"
  counting:
    command: erp.part.make
    next: { done: looking, refused: cancelled }
  looking:
    review: boss
    next: { passed: done, returned: undoing }
  undoing:
    compensate: all
    next: { done: cancelled }
"#
        ),
    ),
    job(
        "a loop of commands that nothing breaks",
        job!(
            "facts: { made: units = 0 }",
            r#"
  making:
    command: erp.part.make
    learns: { made: reply.made }
    next:
      done:
        - { when: facts.made < doc.units, go: making }
        - { else: done }
      refused: on-hold
"#
        ),
        job!(
            "facts: { made: units = 0 }",
            r#"
  making:
    command: erp.part.make
    learns: { made: facts.made + reply.made }
    next:
      done:
        - { when: facts.made < doc.units, go: making }
        - { else: done }
      refused: on-hold
"#
        ),
    ),
    job(
        "a refused command that is given again at once",
        job!("", "\n  making:\n    command: erp.part.make\n    next: { done: done, refused: making }\n"),
        job!(
            "",
            r#"
  making:
    command: erp.part.make
    next: { done: done, refused: looking }
  looking:
    input: boss
    next: { done: making }
"#
        ),
    ),
    Variant {
        name: "chains that start one another without end",
        path: "chains/part.yaml",
        bad: r#"
chain: part
document: job
key: doc.job_no
initiators: anyone
ends: { made: good, rejected: bad }
states:
  again:
    run: part
    copy: doc
    with: { job_no: '"X"' }
    next: { good: made, bad: rejected }
"#,
        good: r#"
chain: part
document: job
key: doc.job_no
initiators: anyone
ends: { made: good, rejected: bad }
states:
  looking:
    review: boss
    next: { passed: again }
  again:
    run: part
    copy: doc
    with: { job_no: '"X"' }
    next: { good: made, bad: rejected }
"#,
    },
    Variant {
        name: "more signatures than a case deserves",
        path: "chains/job.yaml",
        bad: job!(
            "",
            r#"
  signing:
    in_order:
      - review: [clerk, boss, superior(clerk)]
      - approve: [clerk, boss, superior(clerk)]
      - review: boss
    next: { passed: done }
"#
        ),
        good: job!(
            "",
            r#"
  signing:
    in_order:
      - review: [clerk, boss, superior(clerk)]
      - approve: [clerk, boss, superior(clerk)]
      - review: boss
        when: doc.total > 100000
    next: { passed: done }
"#
        ),
    },
    Variant {
        name: "a position that nobody stands in for",
        path: "organisation.yaml",
        bad: r#"
units: { hq: { en: HQ } }
positions:
  boss: { kind: boss, unit: hq, solid: top, holders: [P1] }
  clerk: { kind: clerk, unit: hq, solid: boss, holders: [P2] }
"#,
        good: ORGANISATION,
    },
    Variant {
        name: "a form of twenty-six fields",
        path: "documents/form.yaml",
        bad: FORM,
        good: "document: form\nfields: { a: text, b: optional text, c: number = 0 }\ncommercial: []\n",
    },
];

const FORM: &str = "document: form\nfields: { a: text, b: text, c: text, d: text, e: text, f: text, g: text, h: text, \
                    i: text, j: text, k: text, l: text, m: text, o: text, p: text, q: text, r: text, s: text, t: text, \
                    u: text, v: text, w: text, x: text, z: text, last: { one: text, two: text } }\ncommercial: []\n";

fn files(path: &str, text: &str) -> Vec<SourceFile> {
    let mut files: Vec<SourceFile> = [
        ("company.yaml", COMPANY),
        ("organisation.yaml", ORGANISATION),
        ("adapters.yaml", ADAPTERS),
        ("documents/job.yaml", DOCUMENT),
        ("chains/part.yaml", PART),
    ]
    .into_iter()
    .map(|(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() })
    .collect();
    files.retain(|f| f.path != path);
    files.push(SourceFile { path: path.to_owned(), text: text.to_owned() });
    files
}

/// The files with a mistake, and what is found in them.
pub(crate) fn findings(variant: &Variant) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    let files = files(variant.path, variant.bad);
    let (_, found) = compile(&files);
    (files, found)
}

#[test]
fn chains_as_a_whole() {
    let mut out = String::new();
    for variant in VARIANTS {
        let (files, found) = findings(variant);
        assert!(!found.is_empty(), "{}: accepted", variant.name);
        out.push_str(&format!("## {}\n", variant.name));
        out.extend(found.iter().map(|finding| finding.render(&files)));
        out.push('\n');
    }
    insta::assert_snapshot!(out);
}

#[test]
fn the_neighbours_are_right_without_a_word() {
    for variant in VARIANTS {
        let files = files(variant.path, variant.good);
        let (bundle, found) = compile(&files);
        let shown: Vec<String> = found.iter().map(|d| d.render(&files)).collect();
        assert!(bundle.is_some() && found.is_empty(), "{}\n{}", variant.name, shown.join("\n"));
    }
}

#[test]
fn a_chain_too_large_to_be_read_is_refused() {
    let states: String =
        (0..400).map(|n| format!("  s{n}:\n    input: boss\n    next: {{ done: s{} }}\n", n + 1)).collect();
    let text = format!(
        "chain: job\ndocument: job\ninitiators: anyone\nends: {{ done: good }}\nstates:\n{states}  s400:\n    input: boss\n    \
         next: {{ done: done }}\n"
    );
    let (bundle, found) = compile(&files("chains/job.yaml", &text));
    assert!(bundle.is_none());
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["TOO_LARGE"]);
}
