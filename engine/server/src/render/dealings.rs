//! Rows of a case's dealings outside, and pieces of work, in their wire form.

use countersign_core::definition::TaskDef;
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};
use countersign_messages::{AlarmView, AskView, ChildView, CommandAnswer, CommandView, WorkView};
use countersign_runtime::views::{AlarmRow, CaseRow, ChildRow, CommandRow, CommandRowStatus};

use super::value::{fields, time, value};
use super::words::title;
use crate::ids::{case_text, command_text};

/// A command of a case.
pub(crate) fn command(case: &CaseRow, row: &CommandRow) -> CommandView {
    let status = match row.status {
        CommandRowStatus::Open => "open",
        CommandRowStatus::Answered => "answered",
        CommandRowStatus::Silent => "silent",
        CommandRowStatus::Conflicted => "conflicted",
    };
    CommandView {
        command_id: command_text(case.case, &row.state, row.command),
        verb: row.verb.to_string(),
        state: row.state.to_string(),
        status: status.to_owned(),
        attempt: row.attempt,
        sent_at: time(row.sent_at),
        deadline: time(row.silent_at),
        undoes: row.undoes.as_ref().map(|(of, state, number)| command_text(*of, state, *number)),
        answer: row.answer.as_ref().map(|answer| CommandAnswer {
            answer: answer.word.to_string(),
            code: answer.code.as_ref().map(ToString::to_string),
            message: answer.message.as_ref().map(ToString::to_string),
            fields: fields(&answer.fields),
            at: time(answer.at),
            late: answer.late,
        }),
    }
}

/// A case that another one started.
pub(crate) fn child(row: &ChildRow) -> ChildView {
    ChildView {
        case: case_text(row.case),
        chain: row.chain.to_string(),
        end: row.ended.as_ref().map(|(end, _)| end.to_string()),
        good: row.ended.as_ref().map(|(_, good)| *good),
    }
}

/// An alarm. Until it was raised for the first time the case knows it by its place in the chain only.
pub(crate) fn alarm(row: &AlarmRow) -> AlarmView {
    let name = if row.name.is_empty() { row.alarm.to_string() } else { row.name.to_string() };
    AlarmView { name, due_at: row.due.map(time), raised_at: row.raised_at.map(time) }
}

/// A piece of work.
pub(crate) fn work_view(def: &TaskDef, item: Option<&Value>) -> WorkView {
    let ask = |(name, kind): &(Name, Type)| AskView { name: name.to_string(), kind: kind.to_string() };
    WorkView {
        title: title(&def.title.en, &def.title.zh),
        asks: def.asks.iter().map(ask).collect(),
        choices: def.choices.iter().map(ToString::to_string).collect(),
        item: item.map(value),
    }
}
