//! The adapters `logistics` and `finance` before their sandboxes, over NATS as any other. Nothing takes time there:
//! goods arrive at once, which is often before the case has come to the place where it waits for them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_adapter::http::Secret;
use countersign_adapter::process::{Kind, SandboxConfig, sandbox_office};
use countersign_adapter::sandbox::{Office, Rules};
use countersign_adapter::time::SystemClock;
use countersign_adapter::transport::nats::{Credentials, NatsSettings, connect};
use countersign_adapter::{Adapter, Ledger, Running, Settings};
use countersign_messages::Token;
use serde_json::{Value, json};

use crate::support::{NatsServer, password};

/// An adapter at work, and its sandbox to look into.
pub(crate) struct Sandboxed {
    pub(crate) name: &'static str,
    pub(crate) office: Office<Box<dyn Rules>>,
    running: Running,
}

/// Starts both.
pub(crate) async fn start(nats: &NatsServer, ledgers: &Path) -> [Sandboxed; 2] {
    let logistics = json!({ "delivery_seconds": 0 });
    let finance = json!({ "pays": "never", "acknowledged_seconds": null });
    [
        begin(&countersign_adapter_logistics::ADAPTER, logistics, nats, ledgers).await,
        begin(&countersign_adapter_finance::ADAPTER, finance, nats, ledgers).await,
    ]
}

async fn begin(kind: &Kind, rules: Value, nats: &NatsServer, ledgers: &Path) -> Sandboxed {
    let name = kind.declaration.adapter;
    let token = |text: &str| Token::new(text).expect("a token");
    let (company, clock) = (token("wholesaler"), Arc::new(SystemClock));
    let config = SandboxConfig { rules, ..SandboxConfig::default() };
    let office = sandbox_office(kind, &config, clock.clone()).expect("a sandbox with these rules");
    let credentials =
        Credentials::UserPassword { user: name.to_owned(), password: Secret::new(password(name)) };
    let way =
        NatsSettings { inbox_prefix: format!("_INBOX.{name}"), ..NatsSettings::new(nats.url(), credentials) };
    let transport = connect(&way, &company, &token(name)).await.expect("the adapter's way to the engine");
    let ledger = Ledger::open(&ledgers.join(format!("{name}.redb"))).expect("a ledger");
    let settings =
        Settings { calls_at_once: 64, news_every: Duration::from_millis(50), ..Settings::default() };
    let declaration = kind.declaration;
    let adapter = Adapter { declaration, company, office: Arc::new(office.clone()), ledger, clock, settings };
    Sandboxed { name, office, running: adapter.start(transport) }
}

impl Sandboxed {
    /// How often the work of a verb was really done.
    pub(crate) fn done(&self, verb: &str) -> u64 {
        self.office.sandbox().counts().get(verb).copied().unwrap_or_default()
    }

    /// What it has done, for whoever looks for what is stuck.
    pub(crate) fn tell(&self) -> String {
        format!("{}: {:?}; {:?}", self.name, self.office.sandbox().counts(), self.running.health())
    }

    /// Stops it; nothing was done twice.
    pub(crate) async fn stop(self) {
        let twice = self.office.sandbox().done_twice();
        assert!(twice.is_empty(), "{} did twice: {twice:?}", self.name);
        assert!(self.running.stop(Duration::from_secs(20)).await, "{} comes to its end", self.name);
    }
}
