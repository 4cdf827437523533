//! One process per data directory.

use countersign_journal::{Error, Lock};

#[test]
fn a_second_lock_is_refused_and_names_the_holder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lock");
    std::fs::write(&path, "a longer text than any process id has, left by something else\n").expect("a file");
    let held = Lock::acquire(&path).expect("nobody holds it");
    let refused = Lock::acquire(&path).expect_err("it is held");
    assert_eq!(refused.code(), "LOCKED");
    assert!(
        matches!(refused, Error::Locked { pid: Some(pid), .. } if pid == std::process::id()),
        "{refused:?}"
    );
    assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
    drop(held);
    Lock::acquire(&path).expect("it was released");
}

#[test]
fn a_lock_in_a_missing_folder_says_what_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = Lock::acquire(&folder.path().join("missing/lock")).expect_err("no folder");
    assert_eq!(refused.code(), "IO");
    assert!(refused.to_string().contains("missing/lock"), "{refused}");
}
