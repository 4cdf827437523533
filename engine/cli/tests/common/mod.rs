//! The binary as users run it, and a company to run it on.
#![allow(dead_code, reason = "each test uses its part")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a run said and ended with.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The last line of standard output as JSON.
    pub(crate) fn last_json(&self) -> Value {
        let last = self.out.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}\n{}", self.err))
    }

    /// The same run, which must have done what it was asked to.
    #[track_caller]
    pub(crate) fn done(self) -> Ran {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    /// The same run, which must have ended with this exit code and error code.
    #[track_caller]
    pub(crate) fn refused(self, exit: i32, code: &str) -> Ran {
        assert_eq!(self.code, exit, "{}{}", self.out, self.err);
        assert!(self.err.starts_with(&format!("{code}: ")), "expected {code}, found {}", self.err);
        self
    }
}

/// The binary, in the zone of the demo company, with nothing of the user's own set.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    let variables = ["DATA", "NATS", "COMPANY", "SYSTEM", "PERSON", "POSITION", "NATS_USER", "NATS_PASSWORD"];
    let access = ["NATS_TOKEN", "NATS_CREDENTIALS", "NATS_NKEY_SEED", "NATS_CA", "NATS_CERT", "NATS_KEY"];
    for name in variables.into_iter().chain(access) {
        command.env_remove(format!("COUNTERSIGN_{name}"));
    }
    command.env("TZ", "Asia/Shanghai").env_remove("NO_COLOR").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Ran {
    ran(binary().args(args).output().expect("the binary runs"))
}

pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what it says is UTF-8");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// The rules of the demo company.
pub(crate) fn workflows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/contracts")
}

/// A founded demo company in a folder of its own.
pub(crate) struct Company {
    folder: tempfile::TempDir,
}

impl Company {
    pub(crate) fn found() -> Company {
        let company = Company { folder: tempfile::tempdir().expect("a folder") };
        let (data, workflows) = (company.data(), workflows());
        let args = ["init", "--data", text(&data), "--workflows", text(&workflows), "--administrator", "H03"];
        run(args).done();
        company
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside the data.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Runs a command on the company: `args` separated by spaces.
    pub(crate) fn run(&self, args: &str) -> Ran {
        let data = self.data();
        run(args.split(' ').chain(["--data", text(&data)]))
    }

    /// A contract whose amount asks for the branch manager, and somebody at credit.
    pub(crate) fn contract(&self) -> PathBuf {
        self.file(
            "contract.json",
            r#"{ "contract_no": "HT-1", "customer": "CU-JS-001", "days": 30, "prepay": "10%", "deliver_in": 30,
  "lines": [{ "product": "EB-P", "qty": 60, "price": { "amount": "3400.00", "currency": "CNY" } }] }"#,
        )
    }

    /// Submits that contract; it becomes C-1.
    pub(crate) fn submit(&self) -> Ran {
        let contract = self.contract();
        self.run(&format!("submit --chain contract-review --as rep_js1 --document {}", text(&contract)))
    }
}

/// A path as an argument; those of tests are UTF-8 without spaces.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A copy of a company's folder that may be changed.
pub(crate) fn copied(from: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).expect("a file");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    copy(from, folder.path());
    folder
}

pub(crate) fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let before = std::fs::read_to_string(&path).expect("a file");
    assert_eq!(before.matches(from).count(), 1, "{file}: {from}");
    std::fs::write(path, before.replacen(from, to, 1)).expect("a file");
}
