//! The record of what happened, as the file has it, and a judge of its own: which of it obeys the chain as the data's
//! description tells it, and how the rest deviates. It knows nothing of the engine.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use countersign_core::time::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};

/// Something that happened to a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A draft, which nobody else sees.
    Saved,
    Submitted,
    Approved(Role),
    Rejected(Role),
    PaymentRequested,
    PaymentHandled,
}

/// As whom somebody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Employee,
    Administration,
    PreApprover,
    BudgetOwner,
    Supervisor,
    /// The file does not know.
    Missing,
}

/// A row of the file.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) amount: Decimal,
    pub(crate) budget: String,
    pub(crate) at: Timestamp,
    pub(crate) act: Act,
}

/// How something deviates from the chain as it is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deviation {
    RoleUnknown,
    SubmittedWhileUnderWay,
    SubmittedAfterFinalApproval,
    RejectedByEmployeeWhileUnderWay,
    DecidedWhileWithEmployee,
    DecidedAfterFinalApproval,
    DecidedOutOfOrder,
    PaidWithoutApproval,
    HandledBeforeRequested,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Deviation::RoleUnknown => "rejected by somebody whose role is not known",
            Deviation::SubmittedWhileUnderWay => "submitted again while under way",
            Deviation::SubmittedAfterFinalApproval => "submitted again after the final approval",
            Deviation::RejectedByEmployeeWhileUnderWay => "rejected by the employee while under way",
            Deviation::DecidedWhileWithEmployee => "decided while it was with the employee",
            Deviation::DecidedAfterFinalApproval => "decided after the final approval",
            Deviation::DecidedOutOfOrder => "decided out of the order of the steps",
            Deviation::PaidWithoutApproval => "paid without approval",
            Deviation::HandledBeforeRequested => "payment handled before it was requested",
        })
    }
}

/// Reads rows: `case, amount, budget, time, activity, role`; amounts are rounded to cents.
pub(crate) fn read(input: impl Read) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(input);
    reader.records().map(|record| row(&record.expect("a row of the file"))).collect()
}

fn row(record: &csv::StringRecord) -> Row {
    let field =
        |at: usize| record.get(at).unwrap_or_else(|| panic!("expected six columns, found {record:?}"));
    let amount: Decimal = field(1).parse().expect("an amount is a number");
    Row {
        case: field(0).to_owned(),
        amount: amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero),
        budget: field(2).to_owned(),
        at: Timestamp::parse(field(3)).expect("a time with its offset"),
        act: act(field(4), field(5)),
    }
}

fn act(activity: &str, role: &str) -> Act {
    let role = match role {
        "EMPLOYEE" => Role::Employee,
        "ADMINISTRATION" => Role::Administration,
        "PRE_APPROVER" => Role::PreApprover,
        "BUDGET OWNER" => Role::BudgetOwner,
        "SUPERVISOR" => Role::Supervisor,
        "MISSING" | "UNDEFINED" => Role::Missing,
        other => panic!("expected a role that is known, found {other}"),
    };
    let word = activity.strip_prefix("Declaration ").unwrap_or(activity);
    match word.split(' ').next() {
        Some("SAVED") => Act::Saved,
        Some("SUBMITTED") => Act::Submitted,
        Some("APPROVED" | "FINAL_APPROVED") => Act::Approved(role),
        Some("REJECTED") => Act::Rejected(role),
        Some("Request") => Act::PaymentRequested,
        Some("Payment") => Act::PaymentHandled,
        _ => panic!("expected an activity that is known, found {activity}"),
    }
}

/// The steps of a round, from what was decided in it: from a submission to the first rejection, the final approval or
/// the end of the record.
pub(crate) fn steps(after: &[Act]) -> Vec<Role> {
    let mut found = Vec::new();
    for act in after {
        match act {
            Act::Approved(role) | Act::Rejected(role) if *role > Role::Employee && *role < Role::Missing => {
                found.push(*role);
                if matches!(act, Act::Rejected(_)) || *role == Role::Supervisor {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Where a declaration stands, as the description has it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stands {
    Unknown,
    /// Under way: who has still to decide, in order; at last the supervisor.
    UnderWay(Vec<Role>),
    /// Back with the employee.
    Back,
    Approved,
    Requested,
    Paid,
    GivenUp,
}

/// Judges the record of one declaration: what each act is, and whether all of it was followed to the end.
pub(crate) fn judge(acts: &[Act]) -> (Vec<Option<Deviation>>, bool) {
    let mut stands = Stands::Unknown;
    let mut found = Vec::new();
    for (place, act) in acts.iter().enumerate() {
        let after = &acts[place + 1..];
        let next = next(&stands, *act, after);
        found.push(next.as_ref().err().copied());
        if let Ok(next) = next {
            stands = next;
        }
    }
    (found, matches!(stands, Stands::Paid | Stands::GivenUp))
}

fn next(stands: &Stands, act: Act, after: &[Act]) -> Result<Stands, Deviation> {
    match (act, stands) {
        (Act::Saved, _) => Ok(stands.clone()),
        (Act::Submitted, Stands::Unknown | Stands::Back) => {
            let mut asked = steps(after);
            asked.retain(|role| *role != Role::Supervisor);
            asked.sort();
            asked.push(Role::Supervisor);
            Ok(Stands::UnderWay(asked))
        }
        (Act::Submitted, Stands::UnderWay(_)) => Err(Deviation::SubmittedWhileUnderWay),
        (Act::Submitted, _) => Err(Deviation::SubmittedAfterFinalApproval),
        (Act::Rejected(Role::Missing) | Act::Approved(Role::Missing), _) => Err(Deviation::RoleUnknown),
        (Act::Rejected(Role::Employee), Stands::Back) => {
            Ok(if after.contains(&Act::Submitted) { Stands::Back } else { Stands::GivenUp })
        }
        (Act::Rejected(Role::Employee), Stands::UnderWay(_)) => {
            Err(Deviation::RejectedByEmployeeWhileUnderWay)
        }
        (Act::Approved(role) | Act::Rejected(role), Stands::UnderWay(asked)) => {
            if asked.first() != Some(&role) {
                return Err(Deviation::DecidedOutOfOrder);
            }
            Ok(match (act, &asked[1..]) {
                (Act::Rejected(_), _) => Stands::Back,
                (_, []) => Stands::Approved,
                (_, rest) => Stands::UnderWay(rest.to_vec()),
            })
        }
        (Act::Approved(_) | Act::Rejected(_), Stands::Back | Stands::Unknown | Stands::GivenUp) => {
            Err(Deviation::DecidedWhileWithEmployee)
        }
        (Act::Approved(_) | Act::Rejected(_), _) => Err(Deviation::DecidedAfterFinalApproval),
        (Act::PaymentRequested, Stands::Approved) => Ok(Stands::Requested),
        (Act::PaymentHandled, Stands::Requested) => Ok(Stands::Paid),
        (Act::PaymentHandled, Stands::Approved) => Err(Deviation::HandledBeforeRequested),
        (Act::PaymentRequested | Act::PaymentHandled, _) => Err(Deviation::PaidWithoutApproval),
    }
}

/// The records by declaration, in the file's order of each.
pub(crate) fn by_case(rows: &[Row]) -> BTreeMap<&str, Vec<Act>> {
    let mut found: BTreeMap<&str, Vec<Act>> = BTreeMap::new();
    for row in rows {
        found.entry(&row.case).or_default().push(row.act);
    }
    found
}
