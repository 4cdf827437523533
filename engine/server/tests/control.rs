//! An operator and a running server: a socket that is the owner's alone.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use crate::support::{House, Office, contract, submit};
use countersign_core::time::Timestamp;
use countersign_server::{AskError, ClockSeen, PublishAgain, Running};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const LATER: &str = "2025-04-22T09:00:00+08:00";

fn code<T: std::fmt::Debug>(answer: Result<T, AskError>) -> String {
    answer.expect_err("it is refused").code().to_owned()
}

#[tokio::test]
async fn an_operator_looks_at_a_clock_that_jumped_and_confirms_it() {
    let house = House::found().await;
    let server = house.embedded().await;
    let control = server.control().expect("a socket").expect("a directory");
    let (operator, crm) = (Running::at(house.directory.path()), Office::of(&server, "crm"));
    let message = submit("H31", "rep_js1", contract("HT-1", 10));
    let before = operator.clock().await.expect("it is shown");
    assert!(!before.jumped, "{before:?}");
    house.clock.set_wall(Timestamp::parse(LATER).expect("a time"));
    assert_eq!(crm.refused("submit", &message).await, "CLOCK_JUMP");
    let shown = operator.clock().await.expect("questions go on");
    assert_eq!((shown.jumped, shown.now.as_str()), (true, "2025-04-22T01:00:00Z"));
    assert_eq!(shown.last, before.last, "nothing was written meanwhile");
    // What was looked at before the jump is not what would be confirmed.
    assert_eq!(code(operator.confirm_clock(&ClockSeen { now: before.now }).await), "CLOCK_JUMP");
    assert_eq!(code(operator.confirm_clock(&ClockSeen { now: "nine".to_owned() }).await), "MALFORMED");
    assert!(operator.clock().await.expect("it is shown").jumped, "a refusal changes nothing");
    let confirmed = operator.confirm_clock(&ClockSeen { now: shown.now }).await.expect("it is the time");
    assert!(!confirmed.jumped);
    crm.granted("submit", &message).await;
    // No NATS, no stream.
    let all = PublishAgain { from: 1, within_seconds: 1 };
    assert_eq!(code(operator.publish_again(&all).await), "NOT_PUBLISHED");
    drop(control);
    assert_eq!(code(operator.clock().await), "NOT_SERVED");
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn the_socket_is_the_owners_alone_and_a_dead_process_leaves_none_in_the_way() {
    let house = House::found().await;
    let directory = house.directory.path().join("control");
    std::fs::create_dir(&directory).expect("a folder");
    // What a process that was killed left behind.
    drop(std::os::unix::net::UnixListener::bind(directory.join("socket")).expect("a socket"));
    let operator = Running::at(house.directory.path());
    assert_eq!(code(operator.clock().await), "NOT_SERVED");
    let server = house.embedded().await;
    let _control = server.control().expect("a socket").expect("a directory");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(&directory.join("socket"))), (0o700, 0o600));
    let kind = std::fs::metadata(directory.join("socket")).expect("it is there").file_type();
    assert!(kind.is_socket());
    operator.clock().await.expect("it is heard");
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_changes_nothing() {
    let house = House::found().await;
    let server = house.embedded().await;
    let _control = server.control().expect("a socket").expect("a directory");
    let oversized = format!("{{\"now\":\"{}\"}}", "9".repeat(8_192));
    for body in ["", "nonsense", "{}", r#"{"now":7}"#, r#"{"now":"9","by":"me"}"#, &oversized] {
        let mut line =
            UnixStream::connect(house.directory.path().join("control/socket")).await.expect("it listens");
        let length = body.len();
        let asked = format!(
            "POST /clock HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        line.write_all(asked.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 400"), "{head}");
        let found: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(found["error"]["code"], "MALFORMED", "{found}");
        assert!(found["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{found}");
    }
}

#[tokio::test]
async fn where_the_path_is_too_long_for_a_socket_the_server_works_without() {
    let house = House::deep().await;
    let server = house.embedded().await;
    let error = server.control().err().expect("no socket can be there");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    let refused = Running::at(house.directory.path()).clock().await;
    assert_eq!(code(refused), "NOT_SERVED");
    Office::of(&server, "crm").contract("HT-1", 10).await;
}
