//! Reports of the run: made by the binary, and computed again from the file of rows by pandas, to the penny.

use std::path::Path;
use std::process::Command;

use countersign_core::time::Date;

use crate::figures::python;
use crate::rows::Part;
use crate::support::COUNTERSIGN;

/// Reports of a period of documents' days.
const OF_DAYS: [&str; 5] =
    ["daily-sales", "monthly-customers", "monthly-summary", "receivables", "collection"];
/// Reports of what happened in the run itself, whenever that was.
const OF_THE_RUN: [&str; 2] = ["refusals", "write-offs"];

/// Makes reports of all days and of a quarter of them, and has them compared. Gives what was compared.
pub(crate) fn compare(data: &Path, file: &Path, part: Part, (first, last): (Date, Date)) -> String {
    let folder = data.join("reports");
    std::fs::create_dir(&folder).expect("a folder for reports");
    let make = |name: &str, to: &str, period: &[&str]| {
        let output = Command::new(COUNTERSIGN)
            .args(["report", name, "--format", "csv", "--data"])
            .arg(data)
            .args(period)
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(folder.join(to), output.stdout).expect("a report is written");
    };
    let days = last.0 - first.0;
    for (from, to) in [(first, last), (Date(first.0 + days / 4), Date(first.0 + days / 2))] {
        let (from, to) = (from.to_string(), to.to_string());
        for name in OF_DAYS {
            make(name, &format!("{name}_{from}_{to}.csv"), &["--from", &from, "--to", &to]);
        }
    }
    for name in OF_THE_RUN {
        make(name, &format!("{name}.csv"), &["--from", "2000-01-01"]);
    }
    python("reports.py", &[file.as_os_str(), part.to_string().as_ref(), folder.as_os_str()])
}
