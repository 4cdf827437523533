//! A real NATS server on a free port, with the streams that the engine would make.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream;
use countersign_adapter::transport::nats::{Credentials, NatsSettings};
use countersign_messages::Flow;

use super::token;

/// A NATS server with JetStream, which lets anybody in. Killed when dropped.
pub struct Nats {
    port: u16,
    child: Option<Child>,
    directory: tempfile::TempDir,
}

/// A user who may do everything, and one who may do what `adapters/README.md` says that an adapter needs.
const GUARDED: &str = r#"
authorization { users: [
  { user: admin, password: pw },
  { user: depot, password: pw, permissions: {
    publish: { allow: [
      "countersign.demo.rpl.depot.>", "countersign.demo.in.depot.>", "countersign.demo.dead.depot"
      "$JS.API.STREAM.INFO.*"
      "$JS.API.CONSUMER.CREATE.COUNTERSIGN_demo_cmd.>", "$JS.API.CONSUMER.MSG.NEXT.COUNTERSIGN_demo_cmd.adapter-depot"
      "$JS.ACK.COUNTERSIGN_demo_cmd.adapter-depot.>"
    ] }
    subscribe: { allow: ["_INBOX.depot.>"] }
  } }
] }
"#;

impl Nats {
    /// One on which everybody authenticates.
    pub fn guarded() -> Nats {
        Nats::configured(GUARDED)
    }

    pub fn start() -> Nats {
        Nats::configured("")
    }

    fn configured(text: &str) -> Nats {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut nats = Nats { port, child: None, directory: tempfile::tempdir().expect("a directory") };
        std::fs::write(nats.directory.path().join("server.conf"), text).expect("a configuration is written");
        nats.run();
        nats
    }

    /// Starts it, on the store it had before.
    pub fn run(&mut self) {
        let mut command = Command::new("nats-server");
        command.args(["-js", "-a", "127.0.0.1", "-p", &self.port.to_string(), "-sd"]);
        command.arg(self.directory.path()).arg("-c").arg(self.directory.path().join("server.conf"));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
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

    pub async fn context(&self) -> jetstream::Context {
        let url = format!("nats://127.0.0.1:{}", self.port);
        let options = async_nats::ConnectOptions::with_user_and_password("admin".into(), "pw".into());
        let client = options.retry_on_initial_connect().connect(url).await;
        jetstream::new(client.expect("connected"))
    }

    /// The streams that `countersign serve` makes; those that are there stay.
    pub async fn with_streams(&self) -> jetstream::Context {
        let context = self.context().await;
        for flow in [Flow::Commands, Flow::Answers, Flow::Facts, Flow::Dead] {
            let config = jetstream::stream::Config {
                name: flow.stream(&token("demo")),
                subjects: vec![flow.subjects(&token("demo"))],
                ..jetstream::stream::Config::default()
            };
            context.get_or_create_stream(config).await.expect("a stream is made");
        }
        context
    }

    /// A way to it with short pauses.
    pub fn settings(&self) -> NatsSettings {
        NatsSettings {
            ack_wait: Duration::from_millis(600),
            streams_within: Duration::from_millis(500),
            kept_within: Duration::from_secs(2),
            ..NatsSettings::new(format!("nats://127.0.0.1:{}", self.port), Credentials::None)
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The messages of a stream: subject, id, body.
pub async fn messages(context: &jetstream::Context, flow: Flow) -> Vec<(String, String, Vec<u8>)> {
    let stream = context.get_stream(flow.stream(&token("demo"))).await.expect("a stream");
    let state = stream.cached_info().state.clone();
    let mut found = Vec::new();
    for sequence in state.first_sequence.max(1)..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await.expect("a message");
        let id = message.headers.get("Nats-Msg-Id").map(|id| id.as_str().to_owned()).unwrap_or_default();
        found.push((message.subject.to_string(), id, message.payload.to_vec()));
    }
    found
}

/// Polls until a stream has so many messages.
pub async fn until(context: &jetstream::Context, flow: Flow, count: usize) -> Vec<(String, String, Vec<u8>)> {
    for _ in 0..1_000 {
        let found = messages(context, flow).await;
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("expected {count} messages of {flow:?}, found {}", messages(context, flow).await.len());
}
