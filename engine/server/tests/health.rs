//! Health over HTTP: progress, why the server is not ready, and figures.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;

use crate::support::nats::{Nats, PATIENCE, until};
use crate::support::{House, Office, contract, decide, submit};
use countersign_server::{Health, HealthConfig, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LOOPBACK: HealthConfig = HealthConfig {
    listen: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0),
    beyond_loopback: false,
};

/// Status code, and body.
async fn get(health: &Health, path: &str) -> (u16, String) {
    let mut line = TcpStream::connect(health.address()).await.expect("it listens");
    let asked = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n");
    line.write_all(asked.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

async fn json(health: &Health, path: &str) -> (u16, Value) {
    let (status, body) = get(health, path).await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// A figure of `/metrics`.
async fn figure(health: &Health, name: &str) -> u64 {
    let (status, text) = get(health, "/metrics").await;
    assert_eq!((status, text.lines().last()), (200, Some("# EOF")));
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().expect("a number")
}

/// Waits until so many tasks are overdue: they are counted a moment after they are durable.
async fn overdue(health: &Health, expected: u64) {
    let begun = Instant::now();
    loop {
        let found = figure(health, "countersign_tasks_overdue").await;
        if found == expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "expected {expected} overdue tasks, found {found}");
    }
}

async fn opened(server: &Server) -> Health {
    server.health(LOOPBACK).await.expect("a port is free")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_takes_turns_is_alive_ready_and_counted() {
    let house = House::found().await;
    let server = house.embedded().await;
    let health = opened(&server).await;
    let before = server.engine().log().durable();
    let office = Office::of(&server, "crm");
    office.contract("HT-1", 1).await;
    office.refused("submit", &submit("H31", "rep_js1", contract("HT-1", 1))).await;
    assert_eq!(
        json(&health, "/livez").await,
        (
            200,
            serde_json::json!({
                "status": "alive", "applied": before + 1, "durable": before + 1,
            })
        )
    );
    let (status, ready) = json(&health, "/readyz").await;
    assert_eq!((status, &ready["status"], &ready["reasons"]), (200, &"ready".into(), &serde_json::json!([])));
    assert_eq!(figure(&health, "countersign_durable_sequence").await, before + 1);
    assert_eq!(figure(&health, "countersign_commands_accepted_total").await, 1);
    assert_eq!(figure(&health, "countersign_commands_refused_total{code=\"NOT_UNIQUE\"}").await, 1);
    assert_eq!(figure(&health, "countersign_queue_depth").await, 0);
    assert_eq!(figure(&health, "countersign_applied_sequence").await, before + 1);
    assert_eq!(figure(&health, "countersign_alive").await, 1);
    assert!(
        figure(&health, "countersign_disk_free_bytes").await
            <= figure(&health, "countersign_disk_bytes").await
    );
    assert_eq!(get(&health, "/elsewhere").await.0, 404);
    server.stop().await.expect("a clean stop");
    let (status, live) = json(&health, "/livez").await;
    assert_eq!((status, &live["status"]), (503, &"ENGINE_STOPPED".into()));
    let (status, ready) = json(&health, "/readyz").await;
    assert_eq!((status, &ready["reasons"][0]["code"]), (503, &"ENGINE_STOPPED".into()));
}

/// Progress, not presence: a process that answers while nothing is decided says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_takes_no_turns_is_neither_alive_nor_ready() {
    let house = House::found().await;
    let server = house.embedded().await;
    let health = opened(&server).await;
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    drop(server.engine().send_read(move |_| wait.recv().is_ok()).expect("it is handed over"));
    let (live, ready, alive) =
        tokio::join!(json(&health, "/livez"), json(&health, "/readyz"), figure(&health, "countersign_alive"));
    assert_eq!((live.0, &live.1["status"]), (503, &"NO_PROGRESS".into()));
    assert_eq!((ready.0, &ready.1["reasons"][0]["code"]), (503, &"NO_PROGRESS".into()), "{}", ready.1);
    assert!(ready.1["applied"].is_null() && ready.1["queue_depth"].as_u64().is_some_and(|depth| depth > 0));
    assert_eq!(alive, 0);
    drop(go_on);
    assert_eq!(json(&health, "/livez").await.0, 200);
    let (status, ready) = json(&health, "/readyz").await;
    assert_eq!((status, &ready["applied"]), (200, &ready["durable"]), "{ready}");
    server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overdue_tasks_are_counted_until_somebody_answers_and_after_a_restart() {
    let house = House::found().await;
    let server = house.embedded().await;
    let health = opened(&server).await;
    let office = Office::of(&server, "crm");
    let case = office.contract("HT-1", 1).await;
    assert_eq!(figure(&health, "countersign_tasks_overdue").await, 0);
    // From nine to three: past the deadline of four working hours, not yet escalated.
    house.clock.advance(6 * 3_600_000);
    server.engine().settle().await.expect("what is due is done");
    overdue(&health, 1).await;
    // Escalated, it is still open.
    house.clock.advance(12 * 3_600_000);
    server.engine().settle().await.expect("what is due is done");
    overdue(&health, 1).await;
    drop(health);
    server.stop().await.expect("a clean stop");
    let server = house.embedded().await;
    let health = opened(&server).await;
    overdue(&health, 1).await;
    let office = Office::of(&server, "crm");
    let task = office.task("H29", "kam_js", &case).await;
    office.granted("decide", &decide("H29", "kam_js", &task, "approve")).await;
    overdue(&health, 0).await;
    server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_nats_it_is_alive_but_not_ready() {
    let house = House::found().await;
    let mut nats = Nats::deployed();
    // With one, so that every figure is told.
    let options = house.options();
    let made = tokio::task::spawn_blocking(move || countersign_runtime::make_snapshot(&options)).await;
    made.expect("no panic").expect("a snapshot");
    let server = house.serve(nats.config(&house)).await;
    let health = opened(&server).await;
    until("it is ready", || server.status().is_ready()).await;
    assert_eq!(json(&health, "/readyz").await.0, 200);
    rules_and_dashboard_are_about_figures_that_exist(&get(&health, "/metrics").await.1);
    nats.kill();
    until("the loss is noticed", || server.status().nats.is_some_and(|nats| !nats.connected)).await;
    let (status, ready) = json(&health, "/readyz").await;
    assert_eq!((status, &ready["reasons"][0]["code"]), (503, &"NATS_UNREACHABLE".into()), "{ready}");
    assert_eq!(json(&health, "/livez").await.0, 200);
    assert_eq!(figure(&health, "countersign_nats_connected").await, 0);
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn it_does_not_listen_beyond_loopback_unless_it_is_told_to() {
    let house = House::found().await;
    let server = house.embedded().await;
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let refused =
        server.health(HealthConfig { listen, beyond_loopback: false }).await.err().expect("a refusal");
    assert_eq!(refused.code(), "HTTP_BEYOND_LOOPBACK");
    let open = server.health(HealthConfig { listen, beyond_loopback: true }).await.expect("it was told to");
    let taken =
        HealthConfig { listen: SocketAddr::from(([127, 0, 0, 1], open.address().port())), ..LOOPBACK };
    let refused = server.health(taken).await.err().expect("a refusal");
    assert_eq!(refused.code(), "HTTP_ADDRESS");
    server.stop().await.expect("a clean stop");
}

/// Figures that a page describes, without the endings that the text format adds.
fn described(figures: &str) -> BTreeSet<&str> {
    let typed = figures.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    typed.collect()
}

/// Every figure that a text names.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("countersign_"))
        .map(|word| word.trim_end_matches("_total"))
        .collect()
}

/// Alert rules and dashboard name figures that the engine tells, and the dashboard every one of them: what is told and
/// not shown is seen by nobody.
fn rules_and_dashboard_are_about_figures_that_exist(figures: &str) {
    let told = described(figures);
    let rules = named(include_str!("../../../deploy/prometheus/countersign.rules.yaml"));
    let dashboard = include_str!("../../../deploy/grafana/countersign.json");
    serde_json::from_str::<Value>(dashboard).expect("a dashboard is JSON");
    assert!(rules.len() >= 12, "the rules name figures: {rules:?}");
    assert_eq!(rules.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "rules about nothing");
    let shown = named(dashboard);
    assert_eq!(shown.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "panels of nothing");
    let unseen: Vec<_> = told.difference(&shown).filter(|name| !UNSEEN.contains(*name)).collect();
    assert_eq!(unseen, Vec::<&&str>::new(), "figures that no panel shows");
}

/// Figures that others on the dashboard contain.
const UNSEEN: [&str; 1] = ["countersign_follower_applied_sequence"];
