//! A plain client from another language's package, nats-py, against a serving engine on the deployed NATS
//! configuration: it submits, decides, follows events, and gets each refusal with its code and sentence.

use std::process::Command;

use crate::support::{NatsServer, Serve, init, repository};

#[test]
fn a_client_of_another_language_submits_decides_and_follows() {
    let (nats, data) = (NatsServer::start(), tempfile::tempdir().expect("a data directory"));
    init(data.path());
    let engine = Serve::start(data.path(), &nats);
    let python = std::env::var("COUNTERSIGN_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(&python)
        .arg(repository().join("tests/other_language.py"))
        .arg(nats.url())
        .output()
        .unwrap_or_else(|error| {
            panic!("{python} is needed, with nats-py; `tests/run` puts it in place: {error}")
        });
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.trim_end().ends_with("ok"), "{said}");
    engine.stop();
    crate::support::verify(data.path());
}
