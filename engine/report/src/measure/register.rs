//! Registers: the cases of a chain with values that the company chose.

use countersign_core::command::CaseNo;
use countersign_core::definition::Reports;
use countersign_core::name::Name;
use countersign_core::value::Value;

use super::{Here, Measures};

/// A case in a register.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) register: Name,
    pub(crate) case: CaseNo,
    /// The state or end that it stands in.
    pub(crate) place: Name,
    pub(crate) values: Vec<String>,
}

/// How the notes call it.
pub(crate) const WHAT: &str = "register";

impl Measures {
    /// A case ends, or is open at the end of what is known.
    pub(super) fn register(&mut self, place: &Name, here: &Here<'_>, reports: &Reports) {
        for register in reports.registers.iter().filter(|r| r.chain == here.case.chain) {
            let values = register.columns.iter().map(|(_, _, expr)| match here.value(expr) {
                Ok(Value::Missing) => String::new(),
                Ok(value) => value.to_string(),
                Err(error) => {
                    self.problems.add(WHAT, here.number, error);
                    String::new()
                }
            });
            let values = values.collect();
            let (register, place) = (register.name.clone(), place.clone());
            self.entries.push(Entry { register, case: here.number, place, values });
        }
    }
}
