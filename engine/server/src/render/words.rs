//! The words of small vocabularies, and rows of views in their wire form.

use countersign_core::command::{Operation, Verdict};
use countersign_core::definition::DefinitionKind;
use countersign_core::event::{Capacity, CapacityWhy, WithdrawnCause};
use countersign_core::name::Name;
use countersign_messages::{RouteStep, Title, Waiting};
use countersign_runtime::views::{RouteRow, RouteStatus, TaskRow};

use super::value::time;
use crate::ids::task_text;

/// What a person answers, as requests write it.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Input => "done",
        other => other.word(),
    }
}

/// Why a signature counts for a position.
pub(crate) fn why(why: CapacityWhy) -> &'static str {
    why.word()
}

/// What an operator does.
pub(super) fn operation(act: Operation) -> &'static str {
    match act {
        Operation::Hold => "hold",
        Operation::Resume => "resume",
        Operation::Retry => "retry",
        Operation::Compensate => "compensate",
        Operation::Settle => "settle",
    }
}

/// Why a question fell away.
pub(super) fn withdrawn(cause: WithdrawnCause) -> &'static str {
    match cause {
        WithdrawnCause::StepClosed => "step-closed",
        WithdrawnCause::CaseWithdrawn => "case-withdrawn",
        WithdrawnCause::Expired => "expired",
        WithdrawnCause::Held => "held",
        WithdrawnCause::Asked => "asked",
        WithdrawnCause::Preceded => "preceded",
        WithdrawnCause::Removed => "removed",
        WithdrawnCause::TakenBack => "taken-back",
        WithdrawnCause::Jumped => "jumped",
        WithdrawnCause::Amended => "amended",
    }
}

/// The kind of a definition.
pub(super) fn definition(kind: DefinitionKind) -> &'static str {
    match kind {
        DefinitionKind::Company => "company",
        DefinitionKind::Organisation => "organisation",
        DefinitionKind::Authority => "authority",
        DefinitionKind::Document => "document",
        DefinitionKind::Table => "table",
        DefinitionKind::Chain => "chain",
        DefinitionKind::Systems => "systems",
        DefinitionKind::Adapters => "adapters",
        DefinitionKind::Account => "account",
        DefinitionKind::Reports => "reports",
        DefinitionKind::Confidential => "access",
    }
}

/// The positions for which a signature counts: its own where nothing else is recorded.
pub(crate) fn capacity_names(position: &Name, capacities: &[Capacity]) -> Vec<String> {
    if capacities.is_empty() {
        return vec![position.to_string()];
    }
    capacities.iter().map(|capacity| capacity.position.to_string()).collect()
}

/// A title; an empty Chinese one is none.
pub(crate) fn title(en: &str, zh: &str) -> Title {
    Title { en: en.to_owned(), zh: (!zh.is_empty()).then(|| zh.to_owned()) }
}

/// An open task of a case.
pub(crate) fn waiting(task: &TaskRow) -> Waiting {
    Waiting {
        task: task_text(task.task),
        state: task.state.to_string(),
        duty: task.duty.word().to_owned(),
        position: task.position.to_string(),
        holders: task.holders.iter().map(ToString::to_string).collect(),
        opened_at: time(task.opened_at),
        due_at: Some(time(task.milestones.overdue)),
        work: None,
    }
}

/// A place of a route. A state that was skipped asks nobody.
pub(crate) fn route_step(row: &RouteRow) -> RouteStep {
    let status = match row.status {
        RouteStatus::Ahead => "ahead",
        RouteStatus::Open(_) => "open",
        RouteStatus::Signed(_) => "signed",
        RouteStatus::Kept(_) => "kept",
        RouteStatus::PassedOn(_) => "passed-on",
        RouteStatus::Lapsed => "lapsed",
        RouteStatus::Withdrawn => "withdrawn",
        RouteStatus::Skipped => "skipped",
    };
    RouteStep {
        state: row.state.to_string(),
        duty: row.slot.as_ref().map(|slot| slot.duty.word()).unwrap_or_default().to_owned(),
        position: row.slot.as_ref().map(|slot| slot.position.to_string()).unwrap_or_default(),
        status: status.to_owned(),
    }
}
