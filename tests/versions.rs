//! Back-ups under load, a copy restored elsewhere, and another version's binary that takes turns at one living log.
//!
//! COUNTERSIGN_COUNT (back-ups; turns): 3 and 2; 50 and 10 with COUNTERSIGN_LONG=1. COUNTERSIGN_OTHER names the binary of
//! another version; without it this one takes turns with itself, which the line that it tells says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use crate::kill::{Plant, check, contract};
use crate::support::{COUNTERSIGN, NatsServer, Serve, frames, init, init_by, message_ids, stream, verify};
use crate::told::{count, tell};

/// Runs a command of the binary and gives what it prints.
fn run(args: &[&str]) -> String {
    let output = Command::new(COUNTERSIGN).args(args).output().expect("the binary runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_ups_under_load_are_prefixes_of_the_log_and_a_fork_goes_on_elsewhere() {
    const WRITERS: u64 = 16;
    let copies = count(3, 50);
    let (nats, folder) = (NatsServer::start(), tempfile::tempdir().expect("a folder"));
    let data = folder.path().join("data");
    init(&data);
    let plant = Plant::new(&nats).await;
    let engine = Serve::start(&data, &nats);
    plant.started();
    let writers: Vec<_> = (0..WRITERS).map(|w| tokio::spawn(plant.clone().write(w))).collect();
    let mut made = Vec::new();
    for n in 0..copies {
        plant.wait_for_more(200).await;
        let copy = folder.path().join(format!("copy-{n}"));
        run(&["log", "backup", "--data", text(&data), text(&copy)]);
        verify(&copy);
        made.push(copy);
    }
    plant.stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeMap::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    engine.stop();
    let (log_id, whole) = frames(&data);
    check(&acknowledged, &whole).unwrap_or_else(|found| panic!("{found}"));
    let mut before = 0;
    for copy in &made {
        let (id, copied) = frames(copy);
        assert_eq!(id, log_id, "a back-up is the same log");
        assert!(whole.starts_with(&copied), "{}: not one state of the log", copy.display());
        assert!(copied.len() >= before, "a later back-up has less");
        before = copied.len();
    }
    let forked = fork_goes_on(made.last().expect("a copy"), &folder.path().join("elsewhere")).await;
    tell(
        13,
        &format!(
            "{copies} back-ups under {WRITERS} writers over NATS; the last one forked and served elsewhere"
        ),
        "each is whole and one state of the log; the fork has a log_id and a stream of its own and goes on",
        &format!(
            "{} acknowledged, all there; last copy {before} of {} frames; {forked} events of the fork once each",
            acknowledged.len(),
            whole.len()
        ),
    );
}

/// A fork of a back-up beside a NATS server of its own: another log, the same cases, and it takes work.
async fn fork_goes_on(copy: &Path, other: &Path) -> usize {
    run(&["log", "fork", "--data", text(copy), text(other)]);
    let (of, _) = frames(copy);
    let nats = NatsServer::start();
    let engine = Serve::start(other, &nats);
    let plant = Plant::new(&nats).await;
    plant.started();
    let mut acknowledged = BTreeMap::new();
    let request = plant.request("elsewhere", ("H31", "rep_js1"), contract("elsewhere"));
    plant.ask("submit", &request, &mut acknowledged).await;
    let (log_id, frames) = frames(other);
    assert_ne!(log_id, of, "a restored copy is another log");
    let expected = message_ids("yuanlan", log_id, &frames);
    let published = stream::published(&nats, expected.len()).await;
    assert_eq!(published.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), expected);
    engine.stop();
    verify(other);
    expected.len()
}

/// Upgrade and downgrade: whoever serves next finds everything that was acknowledged, whoever served before. The other one
/// begins, since it may be the older one; where this one has written what it does not know, it says so and writes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_versions_take_turns_at_one_log() {
    const WRITERS: u64 = 8;
    let turns = count(2, 10);
    let given = std::env::var("COUNTERSIGN_OTHER").ok();
    let other = given.clone().unwrap_or_else(|| COUNTERSIGN.to_owned());
    let (nats, data) = (NatsServer::start(), tempfile::tempdir().expect("a data directory"));
    init_by(Path::new(&other), data.path(), "tests/companies/contracts", "H03");
    let plant = Plant::new(&nats).await;
    let writers: Vec<_> = (0..WRITERS).map(|w| tokio::spawn(plant.clone().write(w))).collect();
    let mut refused = 0;
    for turn in 0..2 * turns {
        let binary = if turn % 2 == 0 { other.as_str() } else { COUNTERSIGN };
        let before = frames(data.path()).1.len();
        let engine = match Serve::by(Path::new(binary), data.path(), &nats, &["--snapshot-every", "300"]) {
            Ok(engine) => engine,
            Err(said) => {
                assert!(turn > 0 && turn % 2 == 0 && said.contains("LOG_FORMAT_UNKNOWN"), "{said}");
                assert_eq!(frames(data.path()).1.len(), before, "whoever refuses a log leaves it alone");
                refused += 1;
                continue;
            }
        };
        plant.started();
        plant.wait_for_more(150).await;
        // One says good-bye, the next is killed.
        if turn / 2 % 2 == 0 { engine.stop() } else { engine.kill() }
    }
    let engine = Serve::start(data.path(), &nats);
    plant.started();
    plant.stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeMap::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    let (log_id, so_far) = frames(data.path());
    let expected = message_ids("yuanlan", log_id, &so_far);
    let published = stream::published(&nats, expected.len()).await;
    assert_eq!(published.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), expected, "each event once");
    engine.stop();
    for binary in [other.as_str(), COUNTERSIGN] {
        let verified = Command::new(binary).args(["log", "verify", "--data"]).arg(data.path()).output();
        let verified = verified.expect("it runs").status.success();
        assert!(verified || (refused > 0 && binary == other), "{binary} verifies the log");
    }
    let checked = check(&acknowledged, &frames(data.path()).1).unwrap_or_else(|found| panic!("{found}"));
    let said = Command::new(&other).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let who = match given {
        Some(_) => format!("another binary ({})", String::from_utf8_lossy(&said).trim()),
        None => "no other binary was given: this one".to_owned(),
    };
    tell(
        13,
        &format!(
            "{turns} turns each of this binary and {who}, stopped and killed, {WRITERS} writers, snapshots kept"
        ),
        "each acknowledged request once in the log; each event once in the stream; both verify the log",
        &format!(
            "{checked} acknowledged, 0 lost, 0 twice, {} events; {refused} turns refused",
            expected.len()
        ),
    );
}
