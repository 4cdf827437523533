//! How cases, tasks and orders are written outside. The one place that knows these forms.

use countersign_core::command::{CaseNo, CommandNo, TaskNo};
use countersign_core::rejection::{Code, Rejection};

/// The text of a case: `C-42`.
pub fn case_text(case: CaseNo) -> String {
    format!("C-{case}")
}

/// The text of a task within its case: `T-3`. A signature has the text of the task in which it was given.
pub fn task_text(task: TaskNo) -> String {
    format!("T-{task}")
}

/// The id of a command to another system, the same on every retry: `C-42.registering.1`.
pub fn command_text(case: CaseNo, state: &str, command: CommandNo) -> String {
    format!("C-{case}.{state}.{command}")
}

/// What joins everything that belongs to one order: `<company>-C-<case>` of the case with which it began.
pub fn correlation_text(company: &str, case: CaseNo) -> String {
    format!("{company}-C-{case}")
}

/// Reads `C-42`.
///
/// # Errors
/// `CASE_UNKNOWN`: no case is written otherwise.
pub fn parse_case(text: &str) -> Result<CaseNo, Rejection> {
    number(text, "C-").ok_or_else(|| {
        Rejection::at(Code::CaseUnknown, "case", "expected a case such as C-42, as the engine named it")
    })
}

/// Reads `T-3`; `field` is where it stood.
///
/// # Errors
/// `TASK_UNKNOWN`: no task is written otherwise.
pub fn parse_task(text: &str, field: &str) -> Result<TaskNo, Rejection> {
    number(text, "T-").and_then(|number| TaskNo::try_from(number).ok()).ok_or_else(|| {
        Rejection::at(Code::TaskUnknown, field, "expected a task such as T-3, as the engine named it")
    })
}

/// A positive number after its prefix, in the one spelling that printing gives it.
fn number(text: &str, prefix: &str) -> Option<u64> {
    let digits = text.strip_prefix(prefix)?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_and_parsing_are_inverse_and_nothing_else_is_read() {
        assert_eq!(parse_case(&case_text(42)), Ok(42));
        assert_eq!(parse_task(&task_text(3), "task"), Ok(3));
        for text in ["", "42", "C-", "C-0", "C-042", "c-42", "C-+4", "C-4 ", "C-99999999999999999999", "T-1"]
        {
            let refused = parse_case(text).expect_err(text);
            assert_eq!((refused.code, refused.field.as_deref()), (Code::CaseUnknown, Some("case")));
        }
        assert_eq!(parse_task("T-4294967296", "task").map_err(|r| r.code), Err(Code::TaskUnknown));
    }
}
