//! Secrets by hand: handed in, nowhere in the clear, read, moved with the post, erased; the log holds together.

use std::path::{Path, PathBuf};

use crate::common::{run, text};

const CONTACT: &str = "Zhang-San-13800000000";

struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn found() -> House {
        let house = House { folder: tempfile::tempdir().expect("a folder") };
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
        run(["init", "--data", text(&house.data()), "--workflows", text(&rules), "--administrator", "H03"])
            .done();
        house
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, args: &str) -> crate::common::Ran {
        run(args.split(' ').chain(["--data", text(&self.data())]))
    }
}

/// Whether any file under the folder holds the text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).any(|path| {
        match path.is_dir() {
            true => holds(&path, text),
            false => {
                let bytes = std::fs::read(&path).unwrap_or_default();
                bytes.windows(text.len()).any(|window| window == text.as_bytes())
            }
        }
    })
}

#[test]
fn a_secret_from_its_submission_to_its_end() {
    let house = House::found();
    let submit = format!(
        "submit --chain customer-file --as kam_js --set customer=CU-JS-001 --set name=Suzhou --set branch=js --set contact={CONTACT}"
    );
    house.run(&submit).done();
    assert!(!holds(&house.data(), CONTACT) && !holds(&house.data(), "13800000000"));
    let shown = house.run("case C-1 --as file_custodian").done().out;
    assert!(shown.contains("sealed") && !shown.contains("13800000000"), "{shown}");
    house.run("case C-1 --as kam_sd").refused(1, "CONFIDENTIAL");
    assert_eq!(house.run("reveal C-1 contact --as file_custodian").done().out.trim(), CONTACT);
    house.run("reveal C-1 contact --as kam_sd").refused(1, "CONFIDENTIAL");

    let moves = house.folder.path().join("moves.yaml");
    let acts = "- vacate: { position: file_custodian }\n- hire: { person: H50, position: file_custodian }\n";
    std::fs::write(&moves, acts).expect("a file");
    house.run(&format!("org apply {} --as process_owner --reason moved", text(&moves))).done();
    house.run("reveal C-1 contact --as file_custodian --person H13").refused(1, "NOT_HOLDER");
    let told = house.run("reveal C-1 contact --as file_custodian --person H50 --json").done().last_json();
    assert_eq!(told["ok"]["value"], CONTACT);

    let log = house.run("log show").done().out;
    assert!(log.contains("access-denied") && log.contains("secret-revealed"), "{log}");
    assert!(!log.contains("13800000000"), "{log}");
    let before = house.run("log verify").done().out;
    house.run("erase C-1 --as file_custodian --person H50 --reason by-law").done();
    house.run("reveal C-1 contact --as file_custodian --person H50").refused(1, "ERASED");
    house.run("erase C-1 --reason again").refused(1, "ERASED");
    let keys = std::fs::read_dir(house.data().join("keys")).expect("a folder").count();
    assert_eq!(keys, 0, "its key is gone");
    let after = house.run("log verify").done().out;
    assert!(!before.is_empty() && !after.is_empty());
    assert!(house.run("timeline C-1 --as file_custodian").done().out.contains("secrets"), "it is told");
    assert!(!holds(&house.data(), "13800000000"));
}
