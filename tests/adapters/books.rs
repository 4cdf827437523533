//! Rules of a sandbox that are watched: what was really done for each command, and for how much.

use std::collections::{BTreeMap, BTreeSet};

use countersign_adapter::sandbox::{Desk, Rules, money};
use countersign_adapter::{Declaration, Said, Work};
use countersign_messages::Outcome;
use rust_decimal::Decimal;

/// Rules, and what they did.
pub(crate) struct Books<R> {
    pub(crate) rules: R,
    /// Amounts that were booked with the answer `done`, by command. Work that was done twice counts twice.
    pub(crate) invoiced: BTreeMap<String, Decimal>,
    /// What was done and not undone: command and verb.
    pub(crate) standing: BTreeSet<(String, String)>,
}

impl<R> Books<R> {
    pub(crate) fn of(rules: R) -> Books<R> {
        Books { rules, invoiced: BTreeMap::new(), standing: BTreeSet::new() }
    }
}

impl<R: Rules> Rules for Books<R> {
    fn declaration(&self) -> &'static Declaration {
        self.rules.declaration()
    }

    fn perform(&mut self, work: &Work, desk: &mut Desk) -> Vec<Said> {
        let said = self.rules.perform(work, desk);
        let done = said
            .iter()
            .any(|said| matches!(&said.outcome, Outcome::Said { word, .. } if word.as_str() == "done"));
        if let (true, "invoice.issue", Some((amount, _))) =
            (done, work.name().as_str(), money(work, "amount"))
        {
            *self.invoiced.entry(work.id().to_string()).or_default() += amount;
        }
        if done {
            match &work.command.undoes {
                None => {
                    self.standing.insert((work.id().to_string(), work.name()));
                }
                Some(undoes) => self.standing.retain(|(id, _)| *id != undoes.command_id.to_string()),
            }
        }
        said
    }
}
