//! The publication to a real NATS server. Whatever happens to it, what consumers see is the log: no event skipped,
//! none repeated, by (sequence, index).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::nats::{
    Line, Nats, PATIENCE, Stream, TWO_USERS, all_published, config_at, log_events, until,
};
use crate::support::{House, Office};
use crate::told::tell;
use countersign_server::PublishAgain;

/// Hands so many contracts in at once; each is a frame of several events.
pub(crate) async fn contracts(office: &Office, first: usize, count: usize) {
    let tasks = (first..first + count).map(|n| {
        let office = office.clone();
        tokio::spawn(async move { office.contract(&format!("HT-{n}"), 1).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("a contract is handed in");
    }
}

pub(crate) fn assert_same(found: &[String], expected: &[String]) {
    let once: BTreeSet<&String> = found.iter().collect();
    assert_eq!(once.len(), found.len(), "an event was published twice");
    assert_eq!(found, expected, "the published events are those of the log, in its order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_holds_the_log_from_the_founding_on() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    contracts(&Office::of(&server, "crm"), 0, 50).await;
    all_published(&server).await;
    let stream = Stream::of(&nats).await;
    assert_same(&stream.events().await, &log_events(server.engine()));
    assert!(server.status().is_ready(), "{:?}", server.status());
    assert_eq!(server.status().publication_lag(), Some(0));
    let expected = log_events(server.engine());
    server.stop().await.expect("a clean stop");
    // A second start publishes nothing again.
    let server = house.serve(nats.config(&house)).await;
    all_published(&server).await;
    assert_same(&stream.events().await, &expected);
    contracts(&Office::of(&server, "crm"), 50, 1).await;
    all_published(&server).await;
    assert_same(&stream.events().await, &log_events(server.engine()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_breaks_in_the_middle_of_a_window_loses_and_repeats_nothing() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let line = Line::to(&nats).await;
    let server = house.serve(config_at(&line.url(), &house)).await;
    let office = Office::of(&server, "crm");
    for (round, bytes) in [700, 40_000, 9_001, 123_457, 65_536, 2_222].into_iter().enumerate() {
        line.break_after(bytes);
        contracts(&office, round * 100, 60).await;
        until("the line broke", || line.breaks() > round as i64).await;
        all_published(&server).await;
    }
    assert!(server.status().publication.expect("a publication").resumed > 0, "nothing broke under way");
    assert_same(&Stream::of(&nats).await.events().await, &log_events(server.engine()));
    tell(
        7,
        "the line to NATS cut within a window, 6 times under load",
        "the stream against the log, by sequence and index",
        &format!("{} events, each once", log_events(server.engine()).len()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_comes_back_goes_on_where_it_was() {
    let (house, mut nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    let office = Office::of(&server, "crm");
    for round in 0..3 {
        let work = tokio::spawn({
            let office = office.clone();
            async move { contracts(&office, round * 1_000, 150).await }
        });
        let from = server.status().publication.expect("a publication").published;
        until("some events are out", || {
            server.status().publication.is_some_and(|publication| publication.published > from + 20)
        })
        .await;
        nats.kill();
        // Decisions go on without it.
        work.await.expect("contracts are handed in");
        until("the connection is gone", || !server.status().is_ready()).await;
        nats.run();
        all_published(&server).await;
    }
    assert_same(&Stream::of(&nats).await.events().await, &log_events(server.engine()));
    tell(
        7,
        "NATS killed and started again, 3 times under load",
        "decisions go on; the stream against the log",
        &format!("{} events, each once", log_events(server.engine()).len()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_removed_under_a_running_engine_goes_on_after_what_was_out() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    let (office, stream) = (Office::of(&server, "crm"), Stream::of(&nats).await);
    let mut seen = Vec::new();
    for round in 0..3 {
        contracts(&office, round * 100, 30).await;
        all_published(&server).await;
        seen.extend(stream.events().await);
        stream.delete().await;
    }
    contracts(&office, 900, 30).await;
    all_published(&server).await;
    seen.extend(stream.events().await);
    assert_same(&seen, &log_events(server.engine()));
    tell(
        7,
        "the stream removed under a running engine, 3 times",
        "what a consumer saw of all of them, against the log",
        &format!("{} events, none skipped, none repeated", seen.len()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_lost_its_messages_while_the_engine_was_down_goes_on_after_the_file() {
    let (house, mut nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    contracts(&Office::of(&server, "crm"), 0, 30).await;
    all_published(&server).await;
    let mut seen = Stream::of(&nats).await.events().await;
    server.stop().await.expect("a clean stop");
    nats.kill();
    let messages = nats.store().join("jetstream/$G/streams/COUNTERSIGN_yuanlan/msgs");
    for file in std::fs::read_dir(messages).expect("the stream's files") {
        std::fs::remove_file(file.expect("a file").path()).expect("a file is removed");
    }
    nats.run();
    let server = house.serve(nats.config(&house)).await;
    contracts(&Office::of(&server, "crm"), 100, 30).await;
    all_published(&server).await;
    seen.extend(Stream::of(&nats).await.events().await);
    assert_same(&seen, &log_events(server.engine()));
    tell(
        7,
        "the stream purged of all messages on the disk of NATS, which is down",
        "what a consumer saw before and after, against the log",
        &format!("{} events, none skipped, none repeated", seen.len()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_cannot_be_purged_and_its_messages_cannot_be_deleted() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    all_published(&server).await;
    let stream = Stream::of(&nats).await;
    let handle = stream.context().get_stream("COUNTERSIGN_yuanlan").await.expect("a stream");
    assert!(handle.purge().await.is_err(), "a purge is refused");
    assert!(handle.delete_message(1).await.is_err(), "a deletion is refused");
    assert_same(&stream.events().await, &log_events(server.engine()));
    tell(
        7,
        "a purge and a deletion asked for through NATS",
        "both are refused; the stream against the log",
        "refused, nothing is gone",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_file_the_engine_goes_on_after_the_streams_tail() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    contracts(&Office::of(&server, "crm"), 0, 20).await;
    all_published(&server).await;
    server.stop().await.expect("a clean stop");
    std::fs::remove_dir_all(house.directory.path().join("publication")).expect("the file is removed");
    let server = house.serve(nats.config(&house)).await;
    contracts(&Office::of(&server, "crm"), 100, 20).await;
    all_published(&server).await;
    assert_same(&Stream::of(&nats).await.events().await, &log_events(server.engine()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_another_log_holds_the_publication_and_nothing_else() {
    let (first, second, nats) = (House::found().await, House::found().await, Nats::start(TWO_USERS));
    let server = first.serve(nats.config(&first)).await;
    all_published(&server).await;
    let before = Stream::of(&nats).await.events().await;
    server.stop().await.expect("a clean stop");
    let server = second.serve(nats.config(&second)).await;
    let held = || server.status().publication.and_then(|publication| publication.held);
    until("it is held", || held().is_some_and(|held| held.code == "STREAM_FOREIGN")).await;
    assert!(!server.status().is_ready());
    Office::of(&server, "crm").contract("HT-1", 1).await;
    assert_eq!(Stream::of(&nats).await.events().await, before, "nothing is written to it");
    assert!(server.status().publication_lag().is_some_and(|lag| lag > 0), "the lag is seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_with_another_configuration_is_named_with_the_field() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let stream = Stream::of(&nats).await;
    let config = async_nats::jetstream::stream::Config {
        name: "COUNTERSIGN_yuanlan".into(),
        subjects: vec!["countersign.yuanlan.evt.>".into()],
        max_messages: 5,
        ..Default::default()
    };
    stream.context().create_stream(config).await.expect("a stream");
    let server = house.serve(nats.config(&house)).await;
    let held = || server.status().publication.and_then(|publication| publication.held);
    until("it is held", || held().is_some_and(|held| held.code == "STREAM_CONFIG")).await;
    let reason = held().expect("a reason").reason;
    assert!(reason.contains("deny_delete") || reason.contains("discard"), "{reason}");
    // Once somebody has removed it, publication goes on by itself.
    stream.delete().await;
    all_published(&server).await;
    assert_same(&stream.events().await, &log_events(server.engine()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_consumers_lost_is_published_once_more_on_demand() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    let office = Office::of(&server, "crm");
    contracts(&office, 0, 10).await;
    all_published(&server).await;
    let stream = Stream::of(&nats).await;
    let before = stream.messages().await;
    let from = server.engine().log().durable() - 3;
    let again = async |from| {
        let what = PublishAgain { from, within_seconds: PATIENCE.as_secs() };
        server.operator().publish_again(&what).await
    };
    let out = again(from).await.expect("they are out again");
    assert_eq!((out.from, out.to), (from, from + 3));
    let (none, beyond) = (again(0).await, again(from + 4).await);
    for refused in [none, beyond] {
        assert_eq!(refused.expect_err("no such frame").code, "SEQUENCE_UNKNOWN");
    }
    let again = before.iter().filter(|(id, _)| sequence(id) >= from).count();
    contracts(&office, 100, 2).await;
    all_published(&server).await;
    let after = stream.messages().await;
    let told_again = &after[before.len()..before.len() + again];
    assert!(told_again.iter().all(|(id, _)| id.contains("-r") && sequence(id) >= from), "{told_again:?}");
    let bodies = |of: &[(String, String)]| of.iter().map(|(_, body)| body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(told_again), bodies(&before[before.len() - again..]), "with the ids that they had");
    let rest: Vec<String> = after[before.len() + again..].iter().map(|(id, _)| id.clone()).collect();
    let expected = log_events(server.engine());
    assert_same(&rest, &expected[before.len()..]);
    tell(
        7,
        "what consumers lost published again from a sequence on",
        "the same bodies under ids of their own; publication goes on after the log",
        &format!("{again} events again"),
    );
}

fn sequence(id: &str) -> u64 {
    id.split('-').next().and_then(|sequence| sequence.parse().ok()).expect("a sequence")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_starts_before_its_stream_is_reachable_catches_up() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let line = Line::to(&nats).await;
    let mut config = config_at(&line.url(), &house);
    if let Some(publication) = &mut config.publication {
        publication.acknowledged_within = Duration::from_millis(300);
    }
    let server = house.serve(config).await;
    // The line breaks within the very first window, before anything is acknowledged.
    line.break_after(0);
    contracts(&Office::of(&server, "crm"), 0, 40).await;
    all_published(&server).await;
    assert_same(&Stream::of(&nats).await.events().await, &log_events(server.engine()));
}
