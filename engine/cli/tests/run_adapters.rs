//! Adapters as users run them: within `serve`, and as processes of their own over NATS.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::common::{binary, ran, run, text};
use crate::support::{NatsServer, Serve, init_company, password};
use serde_json::Value;

const BILLING: &str = r#"{ "order_no": "SO-1", "customer": "CU-JS-001", "product": "EB-P", "units": 3, "pod_units": 3,
  "price": { "amount": "3400.00", "currency": "CNY" }, "contract_price": { "amount": "3400.00", "currency": "CNY" } }"#;

/// The demo company, and configurations of its adapters beside it.
struct Demo {
    folder: tempfile::TempDir,
}

impl Demo {
    fn found() -> Demo {
        let demo = Demo { folder: tempfile::tempdir().expect("a folder") };
        init_company(&demo.data(), "workflows/yuanlan", "H03");
        std::fs::write(demo.path("billing.json"), BILLING).expect("a file");
        demo
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// A sandbox in the place of a back office.
    fn config(&self, adapter: &str) -> PathBuf {
        let ledger = self.path(&format!("{adapter}.redb"));
        let text = format!(
            "company: yuanlan\nledger: {}\nnats: {{ url: \"nats://replaced\", user: {adapter}, password: \"env:COUNTERSIGN_{}_PASSWORD\", inbox_prefix: _INBOX.{adapter} }}\nback_office: {{ sandbox: {{ offset: \"+08:00\" }} }}\nbounds: {{ news_every: PT1S }}\n",
            ledger.display(),
            adapter.to_uppercase()
        );
        let folder = self.path("adapters");
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join(format!("{adapter}.yaml"));
        std::fs::write(&file, text).expect("a file");
        file
    }
}

fn ask(nats: &NatsServer, args: &str) -> Value {
    let mut command = binary();
    command.args(args.split(' ')).args(["--nats", &nats.url(), "--company", "yuanlan", "--system", "crm"]);
    command.args(["--nats-user", "crm", "--json"]).env("COUNTERSIGN_NATS_PASSWORD", password("crm"));
    ran(command.output().expect("the binary runs")).done().last_json()
}

/// Hands an invoice in, and waits until the finance sandbox has issued it.
fn invoiced(nats: &NatsServer, billing: &Path) -> Value {
    let submit = format!(
        "submit --chain invoice-settlement --as ar_accountant --person H20 --document {}",
        text(billing)
    );
    let case = ask(nats, &submit)["ok"]["case"].as_str().expect("a case").to_owned();
    let start = Instant::now();
    loop {
        let found = ask(nats, &format!("case {case} --as ar_accountant --person H20"))["ok"].clone();
        if found["state"] == "open" {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "expected an invoice to be issued: {found:#}");
    }
}

#[test]
fn an_adapter_works_within_the_server() {
    let (nats, demo) = (NatsServer::start(), Demo::found());
    demo.config("finance");
    let folder = demo.path("adapters");
    let serve = Serve::start_with(&demo.data(), &nats, &["--adapters", text(&folder)]);
    let found = invoiced(&nats, &demo.path("billing.json"));
    assert_eq!(found["commands"][0]["verb"], "finance.invoice.issue");
    assert_eq!(found["commands"][0]["answer"]["answer"], "done");
    assert!(found["facts"]["invoice_no"].is_string(), "{found:#}");
    serve.stop();
}

#[test]
fn an_adapter_works_as_a_process_of_its_own_and_stops_when_told() {
    let (nats, demo) = (NatsServer::start(), Demo::found());
    let serve = Serve::start(&demo.data(), &nats);
    let adapter = Serve::adapter("finance", &demo.config("finance"), &nats);
    invoiced(&nats, &demo.path("billing.json"));
    adapter.stop();
    serve.stop();
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("erp.yaml");
    run(["adapter", "erp", "--config", text(&file)]).refused(2, "USAGE");
    std::fs::write(&file, "company: yuanlan\nledger: erp.redb\nback_offfice: {}\n").expect("a file");
    let refused = run(["adapter", "erp", "--config", text(&file)]).refused(1, "ADAPTER_CONFIG");
    assert!(refused.err.contains("line 3") && refused.err.contains("erp.yaml"), "{}", refused.err);
    let data = folder.path().join("data");
    let serve = ["serve", "--data", text(&data), "--nats", "nats://127.0.0.1:1", "--adapters"];
    run(serve.iter().chain(&[text(folder.path())])).refused(1, "ADAPTER_CONFIG");
    let none = folder.path().join("nothing.yaml");
    run(serve.iter().chain(&[text(&none)])).refused(2, "USAGE");
}
