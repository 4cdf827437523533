//! Real NATS servers on free ports, and a line to them that can be cut.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use countersign_runtime::EngineHandle;
use countersign_server::{Config, Credentials, NatsConfig, Secret, Server, ServerError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener as AsyncListener, TcpStream};

use super::House;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A configuration in which `engine` and `admin` may do everything.
pub const TWO_USERS: &str = r#"
authorization { users: [ { user: engine, password: "engine-pw" }, { user: admin, password: "admin-pw" } ] }
"#;

/// A configuration that lets anybody in.
pub const NOBODY_ASKED: &str = "";

/// A NATS server with JetStream. Killed when dropped.
pub struct Nats {
    pub port: u16,
    child: Option<Child>,
    directory: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Nats {
    /// With this text as configuration.
    pub fn start(configuration: &str) -> Nats {
        Nats::with_room(configuration, 10 << 30)
    }

    /// The same with so many bytes for streams.
    pub fn with_room(configuration: &str, bytes: u64) -> Nats {
        let directory = tempfile::tempdir().expect("a directory");
        let file = configured(directory.path(), configuration, bytes);
        Nats::begin(directory, file)
    }

    /// As many bytes for streams from its next start on.
    pub fn give_room(&self, configuration: &str, bytes: u64) {
        configured(self.directory.path(), configuration, bytes);
    }

    /// On the configuration that is deployed; each user's password is its name and `-pw`.
    pub fn deployed() -> Nats {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nats/countersign.conf");
        Nats::begin(tempfile::tempdir().expect("a directory"), file.display().to_string())
    }

    fn begin(directory: tempfile::TempDir, configuration: String) -> Nats {
        let port = free_port();
        let arguments =
            vec!["-c".into(), configuration, "-a".into(), "127.0.0.1".into(), "-p".into(), port.to_string()];
        let mut nats = Nats { port, child: None, directory, arguments };
        nats.run();
        nats
    }

    /// Starts it, on the store it had before.
    pub fn run(&mut self) {
        let mut command = Command::new("nats-server");
        command.args(&self.arguments).stdout(Stdio::null()).stderr(Stdio::piped());
        command.env("COUNTERSIGN_NATS_STORE", self.store());
        for user in ["engine", "crm", "portal", "seal-desk", "erp", "finance", "logistics", "follower"] {
            let name = format!("COUNTERSIGN_{}_PASSWORD", user.to_uppercase().replace('-', "_"));
            command.env(name, format!("{user}-pw"));
        }
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("nats-server is needed on the PATH (Debian: nats-server): {error}")
        });
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped"));
        while lines.read_line(&mut said).expect("nats-server speaks") > 0 {
            if said.contains("Server is ready") {
                break;
            }
        }
        assert!(said.contains("Server is ready"), "nats-server did not start:\n{said}");
        std::thread::spawn(move || drop(lines.read_to_string(&mut said)));
        self.child = Some(child);
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a process of ours is killed");
            child.wait().expect("a process of ours has ended");
        }
    }

    /// Where streams are kept.
    pub fn store(&self) -> std::path::PathBuf {
        self.directory.path().join("store")
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Connects as a user, with an inbox of its own.
    pub async fn connect(&self, user: &str) -> async_nats::Client {
        async_nats::ConnectOptions::with_user_and_password(user.into(), format!("{user}-pw"))
            .custom_inbox_prefix(format!("_INBOX.{user}"))
            .retry_on_initial_connect()
            .connect(self.url())
            .await
            .expect("a user of the test connects")
    }

    /// The engine's way to it.
    pub fn config(&self, house: &House) -> NatsConfig {
        NatsConfig { inbox_prefix: "_INBOX.engine".into(), ..config_at(&self.url(), house) }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Writes a configuration, and gives its file.
fn configured(directory: &Path, configuration: &str, bytes: u64) -> String {
    let (file, store) = (directory.join("server.conf"), directory.join("store"));
    let text = format!("jetstream {{ store_dir: {store:?}, max_file_store: {bytes} }}\n{configuration}");
    std::fs::write(&file, text).expect("a configuration is written");
    file.display().to_string()
}

/// How the engine of a house reaches a server at this address.
pub fn config_at(url: &str, house: &House) -> NatsConfig {
    let credentials = Credentials::UserPassword { user: "engine".into(), password: Secret::new("engine-pw") };
    NatsConfig::new(url, credentials, house.directory.path().join("publication"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl House {
    /// A server behind NATS.
    pub async fn serve(&self, nats: NatsConfig) -> Server {
        self.try_serve(nats).await.unwrap_or_else(|error| panic!("{}: {error}", error.code()))
    }

    pub async fn try_serve(&self, nats: NatsConfig) -> Result<Server, ServerError> {
        let config = Config { engine: self.options(), nats: Some(nats) };
        Server::start(config).await.map(|(server, _)| server)
    }
}

/// The ids of all events of a log: `<sequence>-<index>`.
pub fn log_events(engine: &EngineHandle) -> Vec<String> {
    let mut reader = engine.log().reader(1).expect("the log is read");
    let mut ids = Vec::new();
    while let Some((sequence, frame)) = reader.read().expect("a frame is read") {
        ids.extend((0..frame.events.len()).map(|index| format!("{sequence}-{index}")));
    }
    ids
}

/// The stream of the demo company, as an administrator sees it.
pub struct Stream {
    context: jetstream::Context,
}

impl Stream {
    pub async fn of(nats: &Nats) -> Stream {
        Stream { context: jetstream::new(nats.connect("admin").await) }
    }

    /// The events it holds, in its own order: `<sequence>-<index>`.
    pub async fn events(&self) -> Vec<String> {
        self.messages().await.into_iter().map(|(id, _)| id).collect()
    }

    /// The same with their bodies.
    pub async fn messages(&self) -> Vec<(String, String)> {
        let stream = self.context.get_stream("COUNTERSIGN_yuanlan").await.expect("a stream");
        let state = stream.cached_info().state.clone();
        let mut found = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            let id = message.headers.get("Nats-Msg-Id").expect("an id").as_str().to_owned();
            let place = id.splitn(3, '-').nth(2).expect("a place in the log").to_owned();
            found.push((place, String::from_utf8_lossy(&message.payload).into_owned()));
        }
        found
    }

    /// Removes the stream.
    pub async fn delete(&self) {
        self.context.delete_stream("COUNTERSIGN_yuanlan").await.expect("a stream is deleted");
    }

    pub fn context(&self) -> &jetstream::Context {
        &self.context
    }
}

/// Waits until everything that is durable is published.
pub async fn all_published(server: &Server) {
    let durable = server.engine().log().durable();
    assert!(server.published(durable, PATIENCE).await, "not published: {:?}", server.status().publication);
}

/// Polls until something is so.
pub async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "expected in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A line to a NATS server that breaks after so many bytes from the engine, again and again.
pub struct Line {
    pub port: u16,
    left: Arc<AtomicI64>,
    breaks: Arc<AtomicI64>,
}

impl Line {
    pub async fn to(nats: &Nats) -> Line {
        let listener = AsyncListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let line = Line { port, left: Arc::new(AtomicI64::new(i64::MAX)), breaks: Arc::default() };
        let (target, left, breaks) = (nats.port, line.left.clone(), line.breaks.clone());
        tokio::spawn(async move {
            while let Ok((engine, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
                tokio::spawn(carry(engine, server, left.clone(), breaks.clone()));
            }
        });
        line
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Breaks every connection once so many more bytes have gone to the server.
    pub fn break_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// How often it broke.
    pub fn breaks(&self) -> i64 {
        self.breaks.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways. When it breaks, a part of what the engine sent has reached the server, and answers that
/// were on their way are lost.
async fn carry(engine: TcpStream, server: TcpStream, left: Arc<AtomicI64>, breaks: Arc<AtomicI64>) {
    let (mut from_engine, mut to_engine) = engine.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            if to_engine.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    });
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from_engine.read(&mut buffer).await {
        let before = left.fetch_sub(count as i64, Ordering::SeqCst);
        if before <= count as i64 {
            let reaches = usize::try_from(before).unwrap_or(0).min(count);
            let _ = to_server.write_all(&buffer[..reaches]).await;
            left.store(i64::MAX, Ordering::SeqCst);
            breaks.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if to_server.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    back.abort();
}
