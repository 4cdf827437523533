//! Real servers for tests of the whole system: nats-server as deployed, and the binary that users run.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

pub mod stream;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_journal::{DirStorage, LogId, inspect};

/// The binary under test.
pub const COUNTERSIGN: &str = env!("CARGO_BIN_EXE_countersign");

/// Each user's password is its name and this; the tests' server listens on loopback and lives as long as the test.
pub const PASSWORD_SUFFIX: &str = "-of-the-test";

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A NATS server on the deployed configuration. Killed when dropped.
pub struct NatsServer {
    child: Child,
    port: u16,
    store: tempfile::TempDir,
}

impl NatsServer {
    /// Starts one on a free port and waits until it says that it is ready.
    pub fn start() -> NatsServer {
        let users = ["engine", "crm", "portal", "seal-desk", "erp", "finance", "logistics", "follower"];
        NatsServer::with(&repository().join("deploy/nats/countersign.conf"), &users)
    }

    /// The same on another configuration, in which these users have passwords.
    pub fn with(configuration: &Path, users: &[&str]) -> NatsServer {
        let store = tempfile::tempdir().expect("a folder for the streams");
        let port = free_port();
        NatsServer { child: spawn_nats(configuration, users, port, store.path()), port, store }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Connects as one of the users of the deployed configuration, with that user's own inbox.
    pub async fn connect(&self, user: &str) -> async_nats::Client {
        async_nats::ConnectOptions::with_user_and_password(user.into(), password(user))
            .custom_inbox_prefix(format!("_INBOX.{user}"))
            .connect(self.url())
            .await
            .unwrap_or_else(|error| panic!("{user} connects to the test's own server: {error}"))
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The password of a user.
pub fn password(user: &str) -> String {
    format!("{user}{PASSWORD_SUFFIX}")
}

fn spawn_nats(configuration: &Path, users: &[&str], port: u16, store: &Path) -> Child {
    let mut command = Command::new("nats-server");
    command.arg("-c").arg(configuration).args(["-p", &port.to_string()]);
    command.env("COUNTERSIGN_NATS_STORE", store);
    for user in users {
        let name = user.to_uppercase().replace('-', "_");
        command.env(format!("COUNTERSIGN_{name}_PASSWORD"), password(user));
    }
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap_or_else(|error| {
        panic!("nats-server is needed on the PATH, `tests/run` puts it in place: {error}")
    });
    let mut stderr = BufReader::new(child.stderr.take().expect("stderr is piped"));
    let mut said = String::new();
    loop {
        let mut line = String::new();
        let read = stderr.read_line(&mut line).expect("nats-server's log can be read");
        said += &line;
        assert!(read > 0, "nats-server ended before it was ready:\n{said}");
        if line.contains("Server is ready") {
            break;
        }
    }
    // What it says later must be read, or it would block.
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    child
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").port()
}

/// Creates a data directory with the demo company in it.
pub fn init(data: &Path) {
    init_company(data, "tests/companies/contracts", "H03");
}

/// Creates a data directory with the company of a folder of the repository in it.
pub fn init_company(data: &Path, workflows: &str, administrator: &str) {
    init_by(Path::new(COUNTERSIGN), data, workflows, administrator);
}

/// The same by another version's binary.
pub fn init_by(binary: &Path, data: &Path, workflows: &str, administrator: &str) {
    let workflows = repository().join(workflows);
    let output = Command::new(binary)
        .arg("init")
        .arg("--data")
        .arg(data)
        .arg("--workflows")
        .arg(workflows)
        .args(["--administrator", administrator])
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "init: {}", String::from_utf8_lossy(&output.stderr));
}

/// Where a serving engine's own words are kept.
pub fn serve_log(data: &Path) -> PathBuf {
    data.join("serve.log")
}

/// A serving engine. Killed when dropped.
pub struct Serve(Child);

impl Serve {
    /// Starts it and waits until it says that it serves.
    pub fn start(data: &Path, nats: &NatsServer) -> Serve {
        Serve::start_with(data, nats, &[])
    }

    /// The same with more arguments.
    pub fn start_with(data: &Path, nats: &NatsServer, more: &[&str]) -> Serve {
        Serve::by(Path::new(COUNTERSIGN), data, nats, more).unwrap_or_else(|said| panic!("{said}"))
    }

    /// The same by another version's binary, which may refuse to.
    pub fn by(binary: &Path, data: &Path, nats: &NatsServer, more: &[&str]) -> Result<Serve, String> {
        let mut command = Command::new(binary);
        let command = command.arg("serve").args(more);
        command.arg("--data").arg(data).args(["--nats", &nats.url(), "--nats-user", "engine"]);
        command.args(["--inbox-prefix", "_INBOX"]).env("COUNTERSIGN_NATS_PASSWORD", password("engine"));
        let said = std::fs::File::options().create(true).append(true).open(serve_log(data));
        command.stdout(Stdio::piped()).stderr(said.expect("a file for what it says"));
        let child = command.spawn().expect("the binary runs");
        Serve::ready(child, &serve_log(data))
    }

    /// An adapter as a process of its own, once it says that it works; its words go to a file.
    pub fn adapter(name: &str, config: &Path, nats: &NatsServer) -> Serve {
        let log = config.with_extension("log");
        let mut command = Command::new(COUNTERSIGN);
        command.args(["adapter", name, "--nats", &nats.url(), "--config"]).arg(config);
        command.env(format!("COUNTERSIGN_{}_PASSWORD", name.to_uppercase()), password(name));
        let said = std::fs::File::options().create(true).append(true).open(&log);
        command.stdout(Stdio::piped()).stderr(said.expect("a file for what it says"));
        let child = command.spawn().expect("the binary runs");
        Serve::ready(child, &log).unwrap_or_else(|said| panic!("{said}"))
    }

    /// Waits until a process says that it works; its other words are in a file. Err: what it said instead.
    pub fn ready(mut child: Child, log: &Path) -> Result<Serve, String> {
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its output can be read");
        if !line.starts_with("ready") {
            let _ = child.wait();
            let said = std::fs::read_to_string(log).unwrap_or_default();
            return Err(format!("it did not become ready: {line}{said}"));
        }
        Ok(Serve(child))
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.0.kill().expect("the engine was running");
        self.0.wait().expect("the engine ends");
    }

    /// SIGTERM, and waits for a clean end.
    pub fn stop(mut self) {
        let told =
            Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().expect("kill runs");
        assert!(told.success(), "the engine was running");
        let status = self.0.wait().expect("the engine ends");
        assert!(status.success(), "a clean stop exits with 0, found {status}");
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every frame of a data directory's log, read without the engine. Gaps in the sequence fail.
pub fn frames(data: &Path) -> (LogId, Vec<Frame>) {
    let storage = DirStorage::open(data.join("log")).expect("the log's folder").storage();
    let (log, report) = inspect(storage).unwrap_or_else(|error| panic!("the log is sound: {error}"));
    let mut reader = log.reader(1).expect("the log begins at 1");
    let mut frames = Vec::new();
    while let Some(frame) = reader.next(report.last_sequence).expect("the log can be read") {
        assert_eq!(frame.sequence, frames.len() as u64 + 1, "the sequence has a gap");
        frames.push(Frame::decode(frame.bytes).expect("a frame decodes"));
    }
    assert_eq!(frames.len() as u64, report.last_sequence);
    (report.log_id, frames)
}

/// The ids of the messages that a log's events are published under, in order.
pub fn message_ids(company: &str, log_id: LogId, frames: &[Frame]) -> Vec<String> {
    let log_id: String = log_id.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let events = frames.iter().enumerate().flat_map(|(i, frame)| {
        frame.events.iter().enumerate().map(move |(index, event)| (i + 1, index, event))
    });
    let id = |(sequence, index, _): (usize, usize, &Event)| format!("{company}-{log_id}-{sequence}-{index}");
    events.map(id).collect()
}

/// Runs `countersign log verify` and expects it to find nothing.
pub fn verify(data: &Path) {
    let output =
        Command::new(COUNTERSIGN).args(["log", "verify", "--data"]).arg(data).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "log verify: {}{said}", String::from_utf8_lossy(&output.stdout));
}

/// A small generator of numbers whose seed is printed with every failure.
pub struct Dice(u64);

impl Dice {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below `end` (splitmix64).
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}
