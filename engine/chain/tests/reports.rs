//! reports.yaml is typed and checked like the rules: each mistake beside the file as it should be.

use std::path::Path;

use countersign_chain::{Severity, SourceFile, compile, load_dir};

fn files() -> Vec<SourceFile> {
    load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan")).unwrap()
}

/// The codes of the errors, with the text that each points at.
fn errors(from: &str, to: &str) -> Vec<String> {
    let mut files = files();
    let reports = files.iter_mut().find(|file| file.path == "reports.yaml").unwrap();
    assert!(reports.text.contains(from), "{from}");
    reports.text = reports.text.replacen(from, to, 1);
    let (_, found) = compile(&files);
    let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
    let shown = errors.map(|finding| {
        let file = files.iter().find(|file| file.path == finding.file).unwrap();
        let line: String = file.text.lines().nth(finding.line as usize - 1).unwrap_or_default().to_owned();
        let at = line.chars().skip(finding.column as usize - 1).take(finding.length as usize);
        assert!(!finding.message.is_empty() && !finding.help.is_empty());
        format!("{} {} `{}`", finding.file, finding.code, at.collect::<String>())
    });
    shown.collect()
}

#[test]
fn the_file_as_it_stands_is_right() {
    assert_eq!(errors("sales:", "sales:"), Vec::<String>::new());
}

#[test]
fn each_mistake_has_its_place_and_code() {
    for (from, to, expected) in [
        ("at: counting", "at: counted", "UNKNOWN_NAME `counted`"),
        ("undone_at: [cancelled", "undone_at: [canceled", "UNKNOWN_NAME `canceled`"),
        ("from: open", "from: settled", "UNKNOWN_NAME `settled`"),
        ("chain: order-to-cash", "chain: orders", "UNKNOWN_NAME `orders`"),
        ("customer: doc.customer", "customer: doc.costumer", "UNKNOWN_FIELD `costumer`"),
        ("model: line.product", "model: line.prodct", "UNKNOWN_FIELD `prodct`"),
        ("units: line.qty", "units: line.price", "TYPE_ERROR `line.price`"),
        ("amount: line.qty * line.price", "amount: line.qty", "TYPE_ERROR `line.qty`"),
        ("due: facts.due_on", "due: facts.received", "TYPE_ERROR `facts.received`"),
        ("manager: submitter", "manager: today", "NOT_READABLE_HERE `today`"),
        ("lines: line in doc.lines", "lines: line in doc.total", "TYPE_ERROR `doc.total`"),
        ("lines: line in doc.lines", "lines: doc.lines", "BAD_EXPRESSION `doc.lines`"),
        ("low: 50%", "low: 250%", "BAD_VALUE `months`"),
        ("ages: [30, 60, 90]", "ages: [30, 30]", "BAD_VALUE `30`"),
        ("  bad-debts:", "  receivables:", "RESERVED_NAME `receivables`"),
        ("    paid:", "    payed:", "UNKNOWN_KEY `payed`"),
        ("      proof: {", "      prof: {", "UNKNOWN_FIELD `prof`"),
    ] {
        let found = errors(from, to);
        assert!(found.contains(&format!("reports.yaml {expected}")), "{to}: {found:?}");
        assert!(found.len() <= 2, "{to}: {found:?}");
    }
}
