//! Old segments go to an archive once snapshots cover them; starts, readers and back-ups go on to see the whole log.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::*;
use crate::told::tell;
use countersign_core::command::{Body, Stored};
use countersign_core::definition::FORM;
use countersign_core::state::State;
use countersign_runtime::*;

fn segments(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "log")).count()
}

/// Frames of some 200 KB each, so that few fill a segment.
fn fill(handle: &EngineHandle, frames: u32) {
    let definition = definitions().remove(0);
    for _ in 0..frames {
        let stored = Stored {
            path: definition.name(),
            source: "#".repeat(200_000),
            sha256: [0; 32],
            form: FORM,
            compiled: definition.encode().unwrap(),
        };
        accepted(handle.command_blocking(operator(Body::Store(Box::new(stored)))));
    }
}

#[test]
fn what_snapshots_cover_is_archived_and_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let (data, archive) = (folder.path().join("data"), folder.path().join("archive"));
    let clock = ManualClock::new(START);
    let plain = || EngineOptions {
        on_fatal: OnFatal::Stop,
        geometry: small(),
        clock: std::sync::Arc::new(clock.clone()),
        ..EngineOptions::directory(&data)
    };
    let options = EngineOptions { snapshot_every: 10, archive: Some(archive.clone()), ..plain() };
    let (engine, _) = Engine::create(options, &founding()).unwrap();
    let handle = engine.handle();
    activate(handle);
    let start = Instant::now();
    while !archive.is_dir() || segments(&archive) < 2 {
        let made = handle.status().snapshots.made;
        fill(handle, 12);
        while handle.status().snapshots.made == made {
            assert!(start.elapsed() < Duration::from_secs(120), "{:?}", handle.status());
            handle.log().wait_past(handle.log().durable(), Duration::from_millis(20));
        }
    }
    let sequence = handle.log().durable();
    handle.log().read_frame(1).expect("what is archived is read");
    let copy = folder.path().join("copy");
    clock.advance(2_000);
    fill(handle, 1);
    let state = engine.stop().unwrap();
    assert_eq!(backup(&data, &copy).unwrap().last_sequence, sequence + 1, "archive and live");
    let copied = log_directory(&copy);
    assert!(copied.join("0000000001.log").exists() && !copied.join("archive").exists(), "whole by itself");
    // The place is written down: nobody has to name it again.
    let (engine, report) = Engine::open(plain()).unwrap();
    assert!(report.snapshot > 0);
    assert_eq!(engine.handle().read_blocking(State::hash).unwrap().0, state.hash());
    let mut reader = engine.handle().log().reader(1).unwrap();
    let mut frames = 0;
    while reader.read().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!(frames, sequence + 1);
    engine.stop().unwrap();
    // An archive that is not there is named, and nobody takes what is left for the whole.
    std::fs::rename(&archive, folder.path().join("elsewhere")).unwrap();
    let refused = Engine::open(plain()).err().unwrap().to_string();
    assert!(refused.contains("/archive"), "{refused}");
    let moved = EngineOptions { archive: Some(folder.path().join("elsewhere")), ..plain() };
    Engine::open(moved).unwrap().0.stop().unwrap();
    let looked_at =
        "start, readers and back-up see one log; without the archive it is refused; a moved one serves";
    tell(
        13,
        &format!("{} segments in an archive", segments(&folder.path().join("elsewhere"))),
        looked_at,
        "as expected",
    );
}
