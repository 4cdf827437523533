//! What events of a case's dealings with other systems and cases do to its row.

use countersign_core::event::*;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;

use super::outward_rows::{AlarmRow, ChildRow, CommandAnswerRow, CommandRow, CommandRowStatus, OutwardRow};
use super::rows::{CaseRow, Status};

/// Folds such an event into the row of its case; others are none of its business.
pub(super) fn fold_outward(row: &mut CaseRow, at: Timestamp, event: &Event) {
    match event {
        Event::FactsLearnt(e) => {
            for (name, value) in e.facts.iter() {
                row.outward.facts.insert(name.clone(), value.clone());
            }
        }
        Event::CaseAsked(e) if e.go.is_some() => {
            row.status = Status::Running;
            row.expires_at = None;
        }
        Event::CaseHandedOver(e) => row.outward.owner = Some(e.to.clone()),
        Event::ChildStarted(e) => {
            let child = ChildRow { case: e.child, chain: e.chain.clone(), ended: None };
            row.outward.children.push(child);
        }
        Event::ChildEnded(e) => {
            let children = row.outward.children.iter_mut();
            children.filter(|child| child.case == e.child).for_each(|child| {
                child.ended = Some((e.end.clone(), e.good));
            });
        }
        Event::AlarmSet(e) => alarm(&mut row.outward, e.alarm).due = e.at,
        Event::AlarmRaised(e) => {
            let alarm = alarm(&mut row.outward, e.alarm);
            (alarm.name, alarm.due, alarm.raised_at) = (e.name.clone(), None, Some(at));
        }
        _ => fold_command(row, at, event),
    }
}

fn fold_command(row: &mut CaseRow, at: Timestamp, event: &Event) {
    match event {
        Event::CommandIssued(e) => row.outward.commands.push(CommandRow {
            command: e.command,
            state: e.state_name.clone(),
            verb: e.verb.clone(),
            undoes: e.undoes.as_ref().map(|undoes| (undoes.case, undoes.state_name.clone(), undoes.command)),
            attempt: 1,
            sent_at: at,
            silent_at: e.silent_at,
            status: CommandRowStatus::Open,
            answer: None,
        }),
        Event::CommandSentAgain(e) => {
            if let Some(command) = command(row, e.command) {
                (command.attempt, command.silent_at) = (e.attempt, e.silent_at);
                command.status = CommandRowStatus::Open;
            }
        }
        Event::CommandSilent(e) => {
            if let Some(command) = command(row, e.command) {
                command.status = CommandRowStatus::Silent;
            }
        }
        Event::CommandAnswered(e) => {
            if let Some(command) = command(row, e.command) {
                if e.last {
                    command.status = CommandRowStatus::Answered;
                }
                command.answer = Some(CommandAnswerRow {
                    word: e.word.clone(),
                    code: e.code.clone(),
                    message: e.message.clone(),
                    fields: e.fields.clone(),
                    at,
                    late: e.late,
                });
            }
        }
        Event::ReplyConflicted(e) => {
            if let Some(command) = command(row, e.command) {
                command.status = CommandRowStatus::Conflicted;
            }
        }
        _ => {}
    }
}

/// The row of a case that another one started: what its own first event does not say.
pub(super) fn started(row: &mut CaseRow, e: &ChildStarted) {
    row.outward.parent = Some(e.case);
    row.correlation = e.correlation;
    if e.draft {
        (row.state, row.status) = (Name::from("draft"), Status::Draft);
    }
}

fn command(row: &mut CaseRow, number: u32) -> Option<&mut CommandRow> {
    row.outward.commands.iter_mut().find(|command| command.command == number)
}

fn alarm(outward: &mut OutwardRow, place: u16) -> &mut AlarmRow {
    let found = outward.alarms.iter().position(|alarm| alarm.alarm == place);
    let at = found.unwrap_or_else(|| {
        outward.alarms.push(AlarmRow { alarm: place, name: Name::default(), due: None, raised_at: None });
        outward.alarms.len() - 1
    });
    &mut outward.alarms[at]
}
