//! A NATS server of the benchmark's own, on a free port of this machine.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

/// Fails where the program cannot be run.
pub(super) fn present(program: &str) -> Result<(), String> {
    let asked = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    asked.map(drop).map_err(|error| absent(program, &error))
}

fn absent(program: &str, error: &std::io::Error) -> String {
    format!("expected nats-server, which comes with your system's packages; {program}: {error}")
}

/// Ends when it is dropped.
pub(super) struct NatsServer {
    child: Child,
    url: String,
}

impl NatsServer {
    /// Starts one that keeps its streams in this folder, and waits until it is ready.
    pub(super) fn start(program: &str, streams: &Path) -> Result<NatsServer, String> {
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", "-1", "-js", "-sd"]).arg(streams);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| absent(program, &error))?;
        let said = child.stderr.take().map(BufReader::new);
        let mut server = NatsServer { child, url: String::new() };
        let (url, said) = ready(said.ok_or("expected a NATS server that speaks")?)?;
        server.url = url;
        // What it says later must be read, or it would stand still.
        std::thread::spawn(move || drop(std::io::copy(&mut { said }, &mut std::io::sink())));
        Ok(server)
    }

    /// Its address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // One that has ended is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads its log up to where it says that it is ready. Gives its address.
fn ready(mut said: BufReader<ChildStderr>) -> Result<(String, BufReader<ChildStderr>), String> {
    let (mut url, mut line, mut all) = (String::new(), String::new(), String::new());
    loop {
        line.clear();
        let read = said.read_line(&mut line).map_err(|error| error.to_string())?;
        if read == 0 {
            return Err(format!("nats-server ended before it was ready: {}", all.trim_end()));
        }
        if let Some((_, address)) = line.split_once("client connections on ") {
            url = format!("nats://{}", address.trim());
        }
        if line.contains("Server is ready") {
            return Ok((url, said));
        }
        all.push_str(&line);
    }
}
