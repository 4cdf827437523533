//! The log as CSV, one line an activity; heads are those that process-mining tools expect.

use std::io::Write;

use super::{MiningLog, WriteError, case_id};

const HEADS: &[&str] = &[
    "case:concept:name",
    "concept:name",
    "time:timestamp",
    "lifecycle:transition",
    "org:resource",
    "org:role",
    "outcome",
    "case:chain",
    "case:key",
    "case:submitter",
    "case:parent",
    "case:amount",
    "case:currency",
    "event_id",
];

/// Writes the log as CSV.
///
/// # Errors
/// Where the output cannot be written to.
pub fn csv_log(log: &MiningLog, out: impl Write) -> Result<(), WriteError> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADS)?;
    for step in &log.steps {
        let case = log.cases.get(&step.case);
        let amount = case.and_then(|case| case.amount.clone());
        let currency = amount.as_ref().and_then(|(_, currency)| currency.clone());
        writer.write_record([
            case_id(step.case).as_str(),
            &step.activity,
            &step.at.to_string(),
            step.lifecycle,
            step.resource.as_deref().unwrap_or_default(),
            step.role.as_deref().unwrap_or_default(),
            step.outcome.as_deref().unwrap_or_default(),
            case.map_or("", |case| case.chain.as_str()),
            case.and_then(|case| case.key.as_deref()).unwrap_or_default(),
            case.map_or("", |case| case.submitter.as_str()),
            &case.and_then(|case| case.parent).map(case_id).unwrap_or_default(),
            amount.as_ref().map_or("", |(amount, _)| amount.as_str()),
            currency.as_deref().unwrap_or_default(),
            &step.id(),
        ])?;
    }
    writer.flush()
}
