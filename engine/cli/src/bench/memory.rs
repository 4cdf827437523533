//! Memory of open cases: State alone, filled by turns, before anything else of the benchmark has run.

use countersign_core::time::MINUTE;

use super::company::Claim;
use super::turns::Company;

/// Bytes that the process holds per open case of five steps. The stamps are a minute apart, so that the window of
/// known requests stays small beside the cases. The company is given back to be kept while another one is measured, which
/// would otherwise find its memory free.
pub(super) fn bytes_per_case(claim: Claim, cases: u64) -> Result<(f64, Company), String> {
    let mut company = Company::new()?;
    let before = resident_bytes()?;
    for number in 0..cases {
        company.submit(claim, number, MINUTE)?;
    }
    let after = resident_bytes()?;
    if company.state.open_cases() as u64 != cases {
        return Err(format!("expected {cases} open cases, found {}", company.state.open_cases()));
    }
    Ok((after.saturating_sub(before) as f64 / cases as f64, company))
}

/// Resident memory of this process.
fn resident_bytes() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|e| e.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")).and_then(|n| n.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| "expected /proc/self/status to tell VmRSS".to_owned())
}
