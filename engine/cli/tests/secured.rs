//! A company that is served over TLS, on the deployed configuration for it: the engine and an adapter are known by
//! nkeys, a back office by its password. The binary on all sides.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::authority::{Authority, Nats, user_key};
use crate::common::{Company, Ran, binary, ran, text};
use crate::support::{Serve, password, repository};

/// A NATS server over TLS, and where its authority's files and the seeds are.
struct Secured {
    nats: Nats,
    authority: Authority,
}

impl Secured {
    fn start() -> Secured {
        let authority = Authority::new();
        let deployed = |name: &str| {
            std::fs::read_to_string(repository().join("deploy/nats").join(name)).expect("a configuration")
        };
        let mut users = deployed("countersign.conf");
        for user in ["engine", "finance"] {
            let (public, seed) = user_key();
            authority.write(&format!("{user}.seed"), &seed);
            let variable = user.to_uppercase();
            let by_password = format!("user: \"{user}\"\n      password: $COUNTERSIGN_{variable}_PASSWORD");
            assert!(users.contains(&by_password), "countersign.conf has {user} with a password");
            users = users.replace(&by_password, &format!("nkey: {public}"));
        }
        authority.write("countersign.conf", &users);
        let file = authority.write("tls.conf", &deployed("tls.conf"));
        let store = tempfile::tempdir().expect("a folder for the streams");
        let mut variables: Vec<(String, String)> =
            ["crm", "portal", "seal-desk", "erp", "logistics", "follower"]
                .map(|user| {
                    let name = user.to_uppercase().replace('-', "_");
                    (format!("COUNTERSIGN_{name}_PASSWORD"), password(user))
                })
                .into();
        variables.push(("COUNTERSIGN_NATS_STORE".into(), text(store.path()).into()));
        for (name, file) in [("CERT", "server.pem"), ("KEY", "server-key.pem"), ("CA", "ca.pem")] {
            variables.push((format!("COUNTERSIGN_NATS_TLS_{name}"), text(&authority.path(file)).into()));
        }
        let variables: Vec<(&str, String)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        Secured { nats: Nats::on(&file, store, &variables), authority }
    }

    fn url(&self) -> String {
        self.nats.url("tls")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.authority.path(name)
    }

    /// The company, served.
    fn serve(&self, data: &Path) -> Serve {
        let mut command = binary();
        command.args(["serve", "--nats", &self.url(), "--own-inbox", "_INBOX.engine", "--data"]).arg(data);
        command.arg("--nats-ca").arg(self.path("ca.pem")).arg("--nats-nkey").arg(self.path("engine.seed"));
        begun(command, &data.join("serve.log"))
    }

    /// A command of the CRM, whose access comes from the environment.
    fn ask(&self, args: &str) -> Ran {
        let mut command = binary();
        command.args(args.split(' ')).args([
            "--nats",
            &self.url(),
            "--company",
            "yuanlan",
            "--system",
            "crm",
        ]);
        command.env("COUNTERSIGN_NATS_USER", "crm").env("COUNTERSIGN_NATS_PASSWORD", password("crm"));
        command.env("COUNTERSIGN_NATS_CA", self.path("ca.pem"));
        ran(command.output().expect("the binary runs"))
    }
}

fn begun(mut command: std::process::Command, log: &Path) -> Serve {
    let said = std::fs::File::options().create(true).append(true).open(log).expect("a file for what it says");
    command.stdout(Stdio::piped()).stderr(said);
    Serve::ready(command.spawn().expect("the binary runs"), log).unwrap_or_else(|said| panic!("{said}"))
}

#[test]
fn engine_adapter_and_back_office_meet_over_tls() {
    let (secured, company) = (Secured::start(), Company::found());
    let serve = secured.serve(&company.data());
    let contract = company.contract();
    let submit =
        format!("submit --chain contract-review --as rep_js1 --person H31 --document {}", text(&contract));
    assert!(secured.ask(&submit).done().out.contains("C-1 is in state clause-review"));
    // Somebody else's authority, and none at all.
    let other = Authority::new();
    let mut command = binary();
    command.args([
        "inbox",
        "--company",
        "yuanlan",
        "--system",
        "crm",
        "--as",
        "kam_js",
        "--person",
        "H29",
        "--nats",
    ]);
    command
        .arg(secured.url())
        .env("COUNTERSIGN_NATS_USER", "crm")
        .env("COUNTERSIGN_NATS_PASSWORD", password("crm"));
    let distrusted =
        ran(command.arg("--nats-ca").arg(other.path("ca.pem")).output().expect("the binary runs"));
    assert!(distrusted.refused(1, "NATS_TLS").err.contains("--nats-ca"));
    serve.stop();
}

#[test]
fn an_adapter_is_known_by_its_nkey_over_tls() {
    let (secured, data) = (Secured::start(), tempfile::tempdir().expect("a folder"));
    crate::support::init_company(data.path(), "workflows/yuanlan", "H03");
    let serve = secured.serve(data.path());
    let config = format!(
        "company: yuanlan\nledger: {}\nnats:\n  url: {}\n  ca: {}\n  nkey_seed: file:{}\n  inbox_prefix: _INBOX.finance\n\
         back_office: {{ sandbox: {{}} }}\n",
        text(&secured.path("finance.redb")),
        secured.url(),
        text(&secured.path("ca.pem")),
        text(&secured.path("finance.seed")),
    );
    let file = secured.authority.write("finance.yaml", &config);
    let mut command = binary();
    command.args(["adapter", "finance", "--config"]).arg(&file);
    let adapter = begun(command, &secured.path("finance.log"));
    adapter.stop();
    serve.stop();
    let mixed = config.replace("  ca:", "  user: finance\n  ca:");
    let file = secured.authority.write("mixed.yaml", &mixed);
    let refused =
        crate::common::run(["adapter", "finance", "--config", text(&file)]).refused(1, "ADAPTER_CONFIG");
    assert!(refused.err.contains("mixture"), "{}", refused.err);
}

#[test]
fn what_would_send_a_password_in_the_clear_is_refused_before_anything_is_sent() {
    let ask = |more: &[&str], variables: &[(&str, &str)]| {
        let mut command = binary();
        command.args([
            "inbox",
            "--company",
            "yuanlan",
            "--system",
            "crm",
            "--as",
            "kam_js",
            "--person",
            "H29",
        ]);
        command.args(["--nats", "nats://192.0.2.1:4222"]).args(more).envs(variables.iter().copied());
        ran(command.output().expect("the binary runs"))
    };
    let password = [("COUNTERSIGN_NATS_USER", "crm"), ("COUNTERSIGN_NATS_PASSWORD", "t0p-s3cret")];
    let refused = ask(&[], &password).refused(1, "NATS_CLEARTEXT");
    assert!(
        refused.err.contains("--nats-allow-cleartext") && !refused.err.contains("t0p-s3cret"),
        "{}",
        refused.err
    );
    let folder = tempfile::tempdir().expect("a folder");
    let absent = text(&folder.path().join("ca.pem")).to_owned();
    ask(&["--nats-ca", &absent], &password).refused(1, "NATS_CA");
    ask(&["--nats-cert", &absent], &[]).refused(1, "NATS_CERTIFICATE");
    ask(&["--nats-credentials", &absent], &[]).refused(1, "NATS_CREDENTIALS");
    ask(&[], &[("COUNTERSIGN_NATS_NKEY_SEED", "SUnone")]).refused(1, "NATS_CREDENTIALS");
    let two = [("COUNTERSIGN_NATS_NKEY_SEED", "SUnone"), ("COUNTERSIGN_NATS_TOKEN", "x")];
    ask(&[], &two).refused(2, "USAGE");
    let limits = folder.path().join("limits.yaml");
    std::fs::write(&limits, "each: { requests_per_second: 0 }\n").expect("a file");
    let serve = ["serve", "--data", ".", "--nats", "nats://127.0.0.1:1", "--limits", text(&limits)];
    let refused = crate::common::run(serve).refused(1, "LIMITS");
    assert!(refused.err.contains("limits.yaml, each.requests_per_second"), "{}", refused.err);
}
