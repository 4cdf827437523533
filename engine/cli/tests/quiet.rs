//! Secrets are said by nobody: a server, an adapter and clients work with known ones while everything is logged that
//! can be; then logs, figures, the data directory and the streams of the NATS server are searched for them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use crate::authority::{Authority, Nats, operator, user_key};
use crate::common::{binary, ran, text};
use crate::support::{Serve, init_company};

const ENGINE: &str = "pw-engine-7f3a91c4";
const RECORDS: &str = "pw-records-5be20d18";
const FINANCE: &str = "pw-finance-c61d7a02";
const BACK_OFFICE: &str = "Bearer-0f9e8d7c6b5a";
const CONTACT: &str = "Zhang-San-13800138000";

/// A secret, and how it may be written.
struct Known {
    what: String,
    forms: Vec<Vec<u8>>,
}

impl Known {
    fn new(what: &str, secret: &[u8]) -> Known {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        // The middle of base64, which does not depend on what stands before.
        let base64 = [BASE64_STANDARD.encode(secret), BASE64_URL_SAFE_NO_PAD.encode(secret)];
        let base64 = base64.iter().map(|text| text.trim_end_matches('=').as_bytes().to_vec());
        let numbers = format!("{secret:?}").trim_matches(['[', ']']).as_bytes().to_vec();
        let forms = [secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes(), numbers].into_iter();
        Known { what: what.to_owned(), forms: forms.chain(base64).collect() }
    }
}

/// Where known secrets are found in a text: what, and where.
fn found(known: &[Known], place: &str, bytes: &[u8]) -> Vec<String> {
    let holds = |form: &[u8]| bytes.windows(form.len()).any(|window| window == form);
    let each = known.iter().filter(|known| known.forms.iter().any(|form| holds(form)));
    each.map(|known| format!("{} in {place}", known.what)).collect()
}

/// The same in every file of a folder, other than those of the keys themselves.
fn found_under(known: &[Known], folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let each = entries.filter(|path| !path.ends_with("keys")).flat_map(|path| match path.is_dir() {
        true => found_under(known, &path),
        false => {
            found(known, &path.display().to_string(), &filled(&std::fs::read(&path).unwrap_or_default()))
        }
    });
    each.collect()
}

/// A file without its prepared, empty end.
fn filled(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes[..end].to_vec()
}

/// Where the engine tells its health here: an address of this machine on which no client's own port can be meanwhile.
const HOST: &str = "127.77.0.1";

fn free_port() -> u16 {
    let free = TcpListener::bind((HOST, 0)).and_then(|listener| listener.local_addr());
    free.expect("a free port").port()
}

fn get(port: u16, path: &str) -> Vec<u8> {
    let mut line = TcpStream::connect((HOST, port)).expect("it listens");
    write!(line, "GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n").expect("it reads");
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).expect("it answers");
    assert!(answer.starts_with(b"HTTP/1.0 200") || answer.starts_with(b"HTTP/1.1 200"), "{path}");
    answer
}

/// Starts something that says all it can into a file.
fn talkative(mut command: Command, log: &Path) -> Serve {
    let said = std::fs::File::options().create(true).append(true).open(log).expect("a file for what it says");
    command.env("RUST_LOG", "trace").stdout(Stdio::piped()).stderr(said);
    Serve::ready(command.spawn().expect("the binary runs"), log).unwrap_or_else(|said| panic!("{said}"))
}

fn serve(data: &Path, url: &str, port: u16) -> Command {
    let mut command = binary();
    command.args(["serve", "--nats", url, "--http", &format!("{HOST}:{port}"), "--data"]).arg(data);
    command
}

fn ask(url: &str, args: &str) -> String {
    let mut command = binary();
    command.args(args.split(' ')).args(["--nats", url, "--company", "yuanlan", "--system", "records"]);
    command.env("COUNTERSIGN_NATS_USER", "records").env("COUNTERSIGN_NATS_PASSWORD", RECORDS);
    ran(command.env("RUST_LOG", "trace").output().expect("the binary runs")).done().out
}

struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn found() -> House {
        let house = House { folder: tempfile::tempdir().expect("a folder") };
        init_company(&house.path("data"), "workflows/yuanlan", "H03");
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("a file")
    }

    /// An adapter with a password for NATS and a secret for its back office, which is not there.
    fn adapter(&self, url: &str) -> Command {
        let config = format!(
            "company: yuanlan\nledger: {}\nnats: {{ url: \"{url}\", user: finance, password: \"env:FINANCE_PASSWORD\" }}\n\
             back_office: {{ plain_http: {{ base_url: \"http://127.0.0.1:1\", headers: {{ authorization: \"env:OFFICE\" }} }} }}\n\
             bounds: {{ news_every: PT1S }}\n",
            text(&self.path("finance.redb"))
        );
        std::fs::write(self.path("finance.yaml"), config).expect("a file");
        let mut command = binary();
        command.args(["adapter", "finance", "--config"]).arg(self.path("finance.yaml"));
        command.env("FINANCE_PASSWORD", FINANCE).env("OFFICE", BACK_OFFICE);
        command
    }
}

#[test]
fn known_secrets_are_in_no_log_figure_event_or_file() {
    let house = House::found();
    let store = house.path("streams");
    let nats = Nats::start(&format!(
        "jetstream {{ store_dir: {store:?} }}\nauthorization {{ users: [ {{ user: engine, password: {ENGINE:?} }}, \
         {{ user: records, password: {RECORDS:?} }}, {{ user: finance, password: {FINANCE:?} }} ] }}\n"
    ));
    let (url, port) = (nats.url("nats"), free_port());
    let mut command = serve(&house.path("data"), &url, port);
    command.args(["--nats-user", "engine"]).env("COUNTERSIGN_NATS_PASSWORD", ENGINE);
    let engine = talkative(command, &house.path("serve.log"));
    let adapter = talkative(house.adapter(&url), &house.path("finance.log"));

    let submit = format!(
        "submit --chain customer-file --as kam_js --person H29 --set customer=CU-JS-001 --set name=Suzhou --set branch=js --set contact={CONTACT}"
    );
    ask(&url, &submit);
    let who = "--as file_custodian --person H13";
    let shown = ask(&url, &format!("case C-1 {who}"));
    let timeline = ask(&url, &format!("timeline C-1 {who}"));
    assert_eq!(ask(&url, &format!("reveal C-1 contact {who}")).trim(), CONTACT, "whoever may look sees it");
    let told = [get(port, "/metrics"), get(port, "/readyz"), get(port, "/livez")].concat();
    adapter.stop();
    engine.stop();

    let keys = std::fs::read_dir(house.path("data").join("keys")).expect("keys").flatten();
    let keys: Vec<_> = keys.map(|key| std::fs::read(key.path()).expect("a key")).collect();
    assert_eq!(keys.len(), 1, "one key of one case");
    let texts = [
        ("the engine's password", ENGINE),
        ("a client's password", RECORDS),
        ("an adapter's password", FINANCE),
        ("the back office's secret", BACK_OFFICE),
        ("a secret field", CONTACT),
        ("a part of a secret field", "13800138000"),
    ];
    let mut known: Vec<Known> = texts.iter().map(|(what, text)| Known::new(what, text.as_bytes())).collect();
    known.extend(keys.iter().map(|key| Known::new("the key of a case", key)));

    let (log, adapters) = (house.read("serve.log"), house.read("finance.log"));
    assert!(log.windows(5).any(|word| word == b"TRACE" || word == b"DEBUG"), "the log is a talkative one");
    let mut leaks = found(&known, "the engine's log", &log);
    leaks.extend(found(&known, "the adapter's log", &adapters));
    leaks.extend(found(&known, "figures and health", &told));
    leaks.extend(found(&known, "a shown case", [shown, timeline].concat().as_bytes()));
    leaks.extend(found_under(&known, &house.path("data")));
    leaks.extend(found_under(&known, &store));
    assert_eq!(leaks, Vec::<String>::new());
    // The search itself finds what is there.
    assert_eq!(found(&known, "itself", BACK_OFFICE.as_bytes()).len(), 1);
    assert_eq!(found_under(&known, &house.path("data").join("keys")).len(), 1);
}

#[test]
fn seeds_are_in_no_log_whatever_they_come_in() {
    let ((public, seed), (operated, credentials)) = (user_key(), operator());
    let secret = credentials.lines().find(|line| line.starts_with("SU")).expect("a seed").to_owned();
    let known = [
        Known::new("an nkey's seed", seed.as_bytes()),
        Known::new("the seed of credentials", secret.as_bytes()),
    ];
    let files = Authority::new();
    let (seed_file, creds) = (files.write("engine.seed", &seed), files.write("engine.creds", &credentials));
    let users = format!("authorization {{ users: [ {{ nkey: {public} }} ] }}\n");
    let ways: [(&str, &str, &Path); 2] =
        [(&users, "--nats-nkey", &seed_file), (&operated, "--nats-credentials", &creds)];
    for (server, option, file) in ways {
        let (house, nats, port) = (House::found(), Nats::start(server), free_port());
        let mut command = serve(&house.path("data"), &nats.url("nats"), port);
        command.arg(option).arg(file);
        let engine = talkative(command, &house.path("serve.log"));
        let told = get(port, "/metrics");
        engine.stop();
        let mut leaks = found(&known, "the log", &house.read("serve.log"));
        leaks.extend(found(&known, "figures", &told));
        leaks.extend(found_under(&known, &house.path("data")));
        assert_eq!(leaks, Vec::<String>::new(), "{option}");
    }
}
