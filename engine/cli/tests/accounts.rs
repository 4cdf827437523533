//! Accounts on the command line: who holds what, and the proof that the books balance.

use crate::common;

use std::path::{Path, PathBuf};

use crate::common::{run, text};
use serde_json::Value;

struct Company {
    folder: tempfile::TempDir,
}

impl Company {
    /// The demo company, in which budgets, credit and pools are kept.
    fn found() -> Company {
        let company = Company { folder: tempfile::tempdir().expect("a folder") };
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
        let data = company.data();
        run(["init", "--data", text(&data), "--workflows", text(&rules), "--administrator", "H03"]).done();
        company
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, args: &str) -> common::Ran {
        run(args.split(' ').chain(["--data", text(&self.data())]))
    }

    fn plan(&self, number: &str, amount: &str) -> common::Ran {
        let path = self.folder.path().join("plan.json");
        let plan = serde_json::json!({
            "plan_no": number, "branch": "js", "budget_line": "promo_js_2025q2", "ends_on": "2099-05-31",
            "evidence": ["photo"], "lines": [{ "dealer": "CU-JS-001", "what": "display", "amount": amount }],
        });
        std::fs::write(&path, plan.to_string()).expect("a file");
        self.run(&format!("submit --chain promo-plan --as chrep_js --document {}", text(&path)))
    }
}

fn row<'j>(rows: &'j Value, account: &str, key: &str) -> &'j Value {
    let rows = rows["accounts"].as_array().expect("rows");
    rows.iter().find(|row| row["account"] == account && row["key"] == key).expect("the key of the account")
}

#[test]
fn accounts_show_what_is_set_aside_and_by_whom() {
    let company = Company::found();
    let opened = company.run("accounts --json").done().last_json();
    let budget = row(&opened, "promo_budget", "promo_js_2025q2");
    assert_eq!((&budget["used"], &budget["free"]), (&Value::from("570000"), &Value::from("30000")));
    company.plan("PP-1", "20000.00").done();
    company.plan("PP-2", "20000.00").done();
    let now = company.run("accounts --account promo_budget promo_js_2025q2 --json").done().last_json();
    assert_eq!(now["accounts"].as_array().map(Vec::len), Some(1));
    let budget = row(&now, "promo_budget", "promo_js_2025q2");
    assert_eq!(budget["free"].as_str().map(|free| free.trim_end_matches(".00")), Some("10000"));
    let held = budget["held"].as_array().expect("who holds it");
    assert_eq!(held.len(), 1, "the second plan went back to its submitter");
    assert_eq!((&held[0]["case"], &held[0]["name"]), (&Value::from("C-1"), &Value::from("budget")));
    let table = company.run("accounts").done().out;
    assert!(table.contains("HELD BY") && table.contains("C-1.budget 20000"), "{table}");
    company.run("accounts --account promo_budgets").refused(2, "USAGE");
}

#[test]
fn the_books_balance_at_every_sequence() {
    let company = Company::found();
    company.plan("PP-1", "20000.00").done();
    company.run("withdraw C-1 --as chrep_js").done();
    company.plan("PP-2", "30000.00").done();
    let said = company.run("accounts verify").done().out;
    assert!(said.starts_with("balanced: "), "{said}");
    let proof = company.run("accounts verify --json").done().last_json();
    assert_eq!(proof["balanced"], true);
    // Openings of six accounts with keys used before, then two plans and one withdrawal.
    assert!(proof["moves"].as_u64().is_some_and(|moves| moves >= 5), "{proof}");
}
