//! NATS full, away for long, or met again after a crash: decisions go on, the lag is seen, and what consumers see in the
//! end is the log, each event once.
//!
//! COUNTERSIGN_SEED and COUNTERSIGN_COUNT (crashes): 8 before the window in which NATS knows message ids is over and 8
//! after it; 100 each with COUNTERSIGN_LONG=1. The window is two minutes where it is served, and a tenth of a second here.

use std::path::Path;
use std::time::Duration;

use crate::publication::{assert_same, contracts};
use crate::support::nats::{Nats, Stream, TWO_USERS, all_published, log_events, until};
use crate::support::{House, Office};
use crate::told::{count, seed, tell};
use countersign_server::NatsConfig;
use tokio::runtime::Runtime;

const HOUR_MS: u64 = 3_600_000;
/// The shortest that a NATS server takes.
const SHORTEST_WINDOW: Duration = Duration::from_millis(100);

/// A small generator of numbers (SplitMix64).
fn below(state: &mut u64, end: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % end
}

fn copy(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).expect("an old copy");
    }
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).into_iter().flatten() {
        let file = file.expect("a file").path();
        std::fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("a file is copied");
    }
}

/// A crash: every task ends where it stands, nobody says good-bye; the file that says how far the stream has come is the
/// one of the round before, so that the stream knows more than it. `meanwhile`: until it is started again.
fn crashes(rounds: u64, window: Option<Duration>, meanwhile: Duration) -> usize {
    let own = Runtime::new().expect("a runtime");
    let (house, nats) = (own.block_on(House::found()), Nats::start(TWO_USERS));
    let config = || {
        let mut config: NatsConfig = nats.config(&house);
        if let (Some(publication), Some(window)) = (&mut config.publication, window) {
            publication.duplicates = window;
        }
        config
    };
    let (place, before) = (house.directory.path().join("publication"), house.directory.path().join("before"));
    let mut dice = seed(6);
    for round in 0..rounds {
        copy(&place, &before);
        let crashing = Runtime::new().expect("a runtime");
        let server = crashing.block_on(house.serve(config()));
        let office = Office::of(&server, "crm");
        crashing
            .spawn(async move { contracts(&office, usize::try_from(round).expect("few") * 100, 20).await });
        let published = || server.status().publication.map_or(0, |publication| publication.published);
        let so_many = 1 + below(&mut dice, 60);
        crashing.block_on(until("some events are out", || published() >= so_many));
        crashing.shutdown_background();
        drop(server);
        copy(&before, &place);
        own.block_on(async { tokio::time::sleep(meanwhile).await });
    }
    own.block_on(async {
        let server = house.serve(config()).await;
        contracts(&Office::of(&server, "crm"), 90_000, 5).await;
        all_published(&server).await;
        let expected = log_events(server.engine());
        assert_same(&Stream::of(&nats).await.events().await, &expected);
        server.stop().await.expect("a clean stop");
        expected.len()
    })
}

#[test]
fn a_crash_between_log_and_stream_publishes_each_event_once_within_the_window_and_after_it() {
    let rounds = count(8, 100);
    for (when, window, meanwhile) in [
        ("before the dedupe window is over", None, Duration::ZERO),
        ("after a dedupe window of 100 ms", Some(SHORTEST_WINDOW), SHORTEST_WINDOW * 3),
    ] {
        let events = crashes(rounds, window, meanwhile);
        tell(
            6,
            &format!("{rounds} crashes in the middle of publishing, started again {when}, seed {}", seed(6)),
            "the stream against the log, by sequence and index; the place on file is a crash older than the stream",
            &format!("{events} events once each"),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_whose_disk_is_full_holds_up_publication_alone_and_is_caught_up_with() {
    let house = House::found().await;
    let mut nats = Nats::with_room(TWO_USERS, 200_000);
    let server = house.serve(nats.config(&house)).await;
    let office = Office::of(&server, "crm");
    let lag = || server.status().publication_lag().unwrap_or(0);
    let mut handed = 0;
    while handed < 200 || lag() < 100 {
        assert!(handed < 5_000, "the disk of NATS never became full");
        contracts(&office, handed, 50).await;
        handed += 50;
        until("it is out or refused", || lag() == 0 || !server.status().is_ready() || lag() > 50).await;
    }
    let behind = lag();
    until("it is told", || !server.status().is_ready()).await;
    // Room again: another disk, as far as NATS is concerned.
    nats.kill();
    nats.give_room(TWO_USERS, 1 << 30);
    nats.run();
    all_published(&server).await;
    let expected = log_events(server.engine());
    assert_same(&Stream::of(&nats).await.events().await, &expected);
    tell(
        7,
        &format!("NATS with room for 200,000 bytes, full, then given more: {handed} cases handed in"),
        "decisions go on; not ready, lag seen; the stream against the log once there is room",
        &format!("{behind} frames behind, then 0; {} events once each", expected.len()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_without_nats_is_caught_up_with() {
    let (house, mut nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    let office = Office::of(&server, "crm");
    contracts(&office, 0, 20).await;
    all_published(&server).await;
    nats.kill();
    until("the loss is noticed", || !server.status().is_ready()).await;
    let rounds = 12;
    for round in 1..=rounds {
        house.clock.advance(HOUR_MS / rounds);
        contracts(&office, usize::try_from(round).expect("few") * 100, 20).await;
    }
    server.engine().settle().await.expect("what is due is done");
    let behind = server.status().publication_lag().expect("a publication");
    assert!(behind >= rounds * 20, "the lag is seen: {behind}");
    nats.run();
    all_published(&server).await;
    assert_eq!(server.status().publication_lag(), Some(0));
    let expected = log_events(server.engine());
    assert_same(&Stream::of(&nats).await.events().await, &expected);
    tell(
        7,
        "NATS away for an hour of virtual time, work going on",
        "decisions go on; lag seen; the stream against the log once it is back",
        &format!("{behind} frames behind, then 0; {} events once each", expected.len()),
    );
}
