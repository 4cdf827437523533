//! 100 clients over a real NATS server fight for one budget, one pool of units within another one, and one credit line.
//! They take, give back, use up and pay all the time; at the end nobody gives anything back any more and everybody
//! takes what is left: exactly as many as were promised have it then.
//!
//! Afterwards the log is gone through frame by frame: after every sequence the engine's own State must balance and
//! agree with a bookkeeping that knows nothing but the events, nothing may have been promised twice, and nobody may
//! have been refused what was free. COUNTERSIGN_CONTENTION_SECONDS says how long (`tests/contention/run`: a minute).

#![allow(clippy::print_stdout, reason = "a run tells its seed and its figures")]

mod client;
mod judge;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use client::{Client, Told, What};
use judge::{Fault, Judge};
use support::{NatsServer, Serve, frames, init_company, verify};

const CLIENTS: usize = 100;
const COMPANY: &str = "tests/companies/contention";

fn seconds() -> u64 {
    let given = std::env::var("COUNTERSIGN_CONTENTION_SECONDS").ok();
    given.map_or(4, |given| given.parse().expect("COUNTERSIGN_CONTENTION_SECONDS is a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_promised_number_succeed_whoever_asks_and_however_many_at_once() {
    let seed =
        std::env::var("COUNTERSIGN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    let (nats, data) = (NatsServer::start(), tempfile::tempdir().expect("a data directory"));
    init_company(data.path(), COMPANY, "P02");
    let engine = Serve::start(data.path(), &nats);
    println!("seed {seed}, {CLIENTS} clients, {} s", seconds());
    let (barrier, until) = (Arc::new(Barrier::new(CLIENTS)), Duration::from_secs(seconds()));
    let mut working = JoinSet::new();
    for number in 0..CLIENTS {
        let (mut client, barrier) = (Client::new(number, nats.connect("crm").await, seed), barrier.clone());
        working.spawn(async move {
            barrier.wait().await;
            let begin = Instant::now();
            while begin.elapsed() < until {
                client.act().await;
            }
            // Nobody gives anything back from here on; what is free goes to whoever asks first.
            barrier.wait().await;
            client.take_what_is_left().await;
            client.told
        });
    }
    let (mut told, began) = (Told::default(), Instant::now());
    while let Some(client) = working.join_next().await {
        told.add(client.expect("a client works to its end"));
    }
    let elapsed = began.elapsed().as_secs_f64();
    // As many as were promised, no more and no fewer: floor(what is free / what each takes).
    let promised = BTreeMap::from([(What::Budget, 24), (What::Pool, 35), (What::Credit, 40)]);
    assert_eq!(told.held, promised, "seed {seed}: how many hold what they were granted");
    let asked = Client::new(CLIENTS, nats.connect("crm").await, seed).ask_accounts().await;
    assert_eq!(asked, expected_at_the_end(&told), "seed {seed}: as the engine tells it");
    engine.stop();
    verify(data.path());
    let (_, frames) = frames(data.path());
    let found = Judge::over(&frames, Fault::None).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
    assert_eq!(
        (found.granted, found.refused),
        (told.granted, told.refused),
        "what clients were told and what the log has"
    );
    assert!(told.refused > 100 && told.given_back > 10, "nobody was in anybody's way: {told:?}");
    // The same check finds what it is for: an amount that was entered twice, or given out beyond what is free.
    for fault in [Fault::Doubled(found.granted / 2), Fault::Short(found.granted / 2)] {
        let noticed = Judge::over(&frames, fault).expect_err("a check that cannot fail shows nothing");
        println!("control, {fault:?}: {noticed}");
    }
    println!(
        "{} sequences; {} submissions ({:.0}/s), {} granted, {} refused, {} given back, {} repeats; \
         reply p50 {} ms, p99 {} ms; {elapsed:.1} s",
        frames.len(),
        told.granted + told.refused,
        (told.granted + told.refused) as f64 / elapsed,
        told.granted,
        told.refused,
        told.given_back,
        told.repeated,
        told.percentile(50),
        told.percentile(99),
    );
}

/// What must be free of each key when everything that was promised is held.
fn expected_at_the_end(told: &Told) -> BTreeMap<String, String> {
    let pool = |branch: &str, limit: u64| {
        (limit - 7 * told.pools.get(branch).copied().unwrap_or_default()).to_string()
    };
    let free = json!({
        "budget/promo": "370.56",               // 30,000.00 - 24 x 1,234.56
        "branch_pool/js": pool("js", 150),
        "branch_pool/sd": pool("sd", 200),
        "credit/CU-1": "0.40",                  // 800,000.00 - 40 x 19,999.99
        "national_pool/spring": "5",            // 250 - 35 x 7
    });
    serde_json::from_value(free).expect("texts")
}
