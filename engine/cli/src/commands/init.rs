//! `countersign init`: a company is founded, its rules checked, stored and activated.

use std::path::PathBuf;

use clap::Args;
use countersign_server::setup::{Report, SetupError, init_company};
use serde_json::json;

use super::check;
use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::os_user;

const EXAMPLES: &str = "\
Examples:
  countersign init --data /var/lib/countersign/yuanlan --workflows workflows/yuanlan
  countersign init --data DIR --workflows DIR --administrator H03

Nothing is created before the rules are without errors. A log that is there already is left alone (LOG_EXISTS); \
a founding that was interrupted is completed by the same command.";

/// Found a company: check its rules, create its log, store and activate the rules
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    /// The data directory, created if it is missing
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The company's folder, with company.yaml in it
    #[arg(long, value_name = "DIR")]
    workflows: PathBuf,
    /// The first administrator, a person; the user of the operating system if absent
    #[arg(long, value_name = "PERSON")]
    administrator: Option<String>,
}

impl Init {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let os_user = os_user();
        let administrator = self.administrator.as_deref().unwrap_or(&os_user);
        match init_company(&self.data, &self.workflows, administrator, &os_user) {
            Ok(report) => self.tell(output, &report),
            Err(error) => Err(self.failed(output, error)?),
        }
    }

    fn tell(&self, output: &Output, report: &Report) -> Result<(), Failure> {
        if output.json {
            return output.object(&json!({
                "company": report.company, "log_id": report.log_id, "release": report.release,
                "definitions": report.definitions, "data": self.data, "warnings": report.warnings,
            }));
        }
        check::print(output, &self.workflows, &[], &report.warnings)?;
        let founded = output.paint(Tone::Good, &format!("{} is founded", report.company));
        output.line(format!(
            "{founded} in {}: {} definitions hold as release {}",
            self.data.display(),
            report.definitions,
            report.release
        ))?;
        output.line(format!(
            "next: countersign serve --data {} --nats nats://127.0.0.1:4222",
            self.data.display()
        ))
    }

    /// Findings are printed as `check` prints them.
    fn failed(&self, output: &Output, error: SetupError) -> Result<Failure, Failure> {
        let (code, message) = (error.code().to_owned(), error.to_string());
        match error {
            SetupError::Definitions { diagnostics, files } => {
                if output.json {
                    output.object(&json!({ "findings": diagnostics }))?;
                } else {
                    check::print(output, &self.workflows, &files, &diagnostics)?;
                }
                Ok(Failure::new(code, message)
                    .at(self.workflows.display().to_string())
                    .hint("nothing was created; mend the findings and check with `countersign check DIR`"))
            }
            SetupError::Engine(error) => Ok(Failure::from(error).at(self.data.display().to_string())),
            SetupError::Unavailable(error) => Ok(error.into()),
            _ => Ok(Failure::new(code, message)),
        }
    }
}
