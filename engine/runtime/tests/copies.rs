//! A back-up is taken while a company runs; a fork of it is another log, and both go on from where it was.

use crate::support::*;
use crate::told::tell;
use countersign_core::state::State;
use countersign_runtime::*;

#[test]
fn a_running_company_is_backed_up_and_forked() {
    let folder = tempfile::tempdir().unwrap();
    let [data, copy, other] = ["data", "copy", "other"].map(|name| folder.path().join(name));
    let clock = ManualClock::new(START);
    let options = |path: &std::path::Path| EngineOptions {
        on_fatal: OnFatal::Stop,
        geometry: small(),
        clock: std::sync::Arc::new(clock.clone()),
        ..EngineOptions::directory(path)
    };
    let (engine, _) = Engine::create(options(&data), &founding()).unwrap();
    activate(engine.handle());
    accepted(engine.handle().command_blocking(submit("s1", START, "one")));
    // What the head record says is durable is what is copied: it is written at a stop, and now and then.
    let (log_id, state) = (engine.handle().log().log_id(), engine.stop().unwrap());
    let (engine, _) = Engine::open(options(&data)).unwrap();
    let report = backup(&data, &copy).unwrap();
    assert_eq!((report.log_id, report.last_sequence), (log_id, state.head().sequence));
    accepted(engine.handle().command_blocking(submit("s2", START, "two")));
    engine.stop().unwrap();
    assert_eq!(backup(&data, &copy).unwrap_err().code(), "LOG_EXISTS");
    let (from, to) = fork(&copy, &other).unwrap();
    assert_eq!((from.log_id, from.last_sequence), (log_id, to.last_sequence));
    assert_ne!(to.log_id, log_id);
    assert_eq!(fork(&copy, &other).unwrap_err().code(), "LOG_EXISTS");
    let origin = std::fs::read_to_string(other.join("origin")).unwrap();
    assert!(origin.contains(&log_id.to_string()) && origin.contains(&to.log_id.to_string()), "{origin}");
    for path in [&copy, &other] {
        let (engine, _) = Engine::open(options(path)).unwrap();
        assert_eq!(engine.handle().read_blocking(State::hash).unwrap().0, state.hash());
        let again = engine.handle().command_blocking(submit("s1", START, "one")).unwrap();
        assert!(again.repeated, "{again:?}");
        accepted(engine.handle().command_blocking(submit("s3", START, "three")));
        engine.stop().unwrap();
    }
    let looked_at = "the same State; a request is known again; the fork has a log_id of its own and goes on";
    tell(13, "a back-up of a running company, restored, and forked", looked_at, "as expected");
}
