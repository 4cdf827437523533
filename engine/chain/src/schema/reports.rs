//! The parts of reports.yaml.

use super::Part;
use super::parts::part;
use crate::reports;

pub(super) fn parts() -> Vec<Part> {
    vec![file(), sale(), frequency(), receivable(), register()]
}

fn file() -> Part {
    part(
        "file",
        reports::KEYS,
        &[],
        &[
            ("sales", "[sale]", "What counts as sold"),
            ("frequency", "frequency", "When a customer buys unusually seldom or often"),
            ("receivables", "[receivable]", "What customers owe"),
            ("ages", "[whole]", "Days overdue after which a receivable counts as older"),
            ("registers", "{register}", "Lists of the cases of a chain, by name"),
        ],
    )
}

fn sale() -> Part {
    part(
        "sale",
        reports::SALE,
        &["chain", "at", "amount"],
        &[
            ("chain", "name", "The chain whose cases count"),
            ("at", "name", "The state or end that a case must have come to"),
            ("undone_at", "name+", "States and ends at which it counts no more"),
            ("takes_back", "flag", "It takes back what others have sold"),
            ("lines", "text", "`line in doc.lines`"),
            ("date", "expression", "Its day; otherwise the day on which the case came there"),
            ("department", "expression", "Who sold it"),
            ("customer", "expression", "Who bought it"),
            ("model", "expression", "What was sold"),
            ("units", "expression", "How much of it"),
            ("amount", "expression", "For how much"),
        ],
    )
}

fn frequency() -> Part {
    part(
        "frequency",
        reports::FREQUENCY,
        &[],
        &[
            ("months", "whole", "The months before, whose mean is compared with"),
            ("low", "share", "Below this share of the mean is seldom"),
            ("high", "share", "Above this share of the mean is often"),
        ],
    )
}

fn receivable() -> Part {
    part(
        "receivable",
        reports::RECEIVABLE,
        &["chain", "from", "amount", "paid"],
        &[
            ("chain", "name", "The chain whose cases count"),
            ("from", "name", "The state in which it is owed from then on"),
            ("amount", "expression", "How much is owed at first"),
            ("paid", "expression", "How much of it has been paid"),
            ("written_off", "expression", "How much of it has been written off"),
            ("credited", "expression", "How much of it was taken back by credit notes"),
            ("moved_on", "expression", "The day of what was paid, written off or credited last"),
            ("date", "expression", "Its day; otherwise the day on which the case came there"),
            ("due", "expression", "When it is due"),
            ("customer", "expression", "Who owes it"),
            ("manager", "expression", "Who has to see to it that it is paid"),
        ],
    )
}

fn register() -> Part {
    part(
        "register",
        reports::REGISTER,
        &["chain"],
        &[
            ("title", "title", ""),
            ("chain", "name", "The chain whose cases are listed"),
            ("columns", "{expression}", "What is shown of each case, by name"),
            ("titles", "{title}", "Titles of columns, by name"),
        ],
    )
}
