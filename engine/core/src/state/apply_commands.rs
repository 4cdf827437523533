//! `apply` of commands to other systems, their answers, compensation and operators.

use super::apply::on_case;
use super::instant::Instant;
use super::{
    Case, ClosedCase, CommandState, CommandStatus, Done, DoneWhat, ItemStatus, Mark, Outward, Reply, Stage,
    State,
};
use crate::command::{CaseNo, CommandNo, Operation};
use crate::definition::Target;
use crate::event::*;
use crate::name::Name;
use crate::rejection::Code;
use crate::small_map::SmallMap;
use crate::time::Timestamp;

/// Applies one of these events. False: it is another one.
pub(super) fn apply(state: &mut State, event: &Event) -> bool {
    match event {
        Event::CommandIssued(e) => issued(state, e),
        Event::CommandSentAgain(e) => {
            on_command(state, e.case, e.command, |command, at| sent_again(command, at, e));
            on_case(state, e.case, |case, _| tried(case, e.command, e.undoes.is_some()));
        }
        Event::CommandSilent(e) => {
            on_command(state, e.case, e.command, |command, _| {
                command.status = CommandStatus::Silent;
                quiet(command);
            });
            on_case(state, e.case, |case, _| case.steps = 0);
        }
        Event::CommandAnswered(e) => answered(state, e),
        Event::ReplyConflicted(e) => {
            on_command(state, e.case, e.command, |command, _| command.replies.push(e.reply_id.clone()));
        }
        Event::EffectUndone(e) => on_case(state, e.case, |case, _| undone(case)),
        Event::EffectSettled(e) => on_case(state, e.case, |case, _| undone(case)),
        Event::ItemClosed(e) => on_case(state, e.case, |case, _| closed(case, e)),
        Event::CaseOperated(e) => on_case(state, e.case, |case, _| operated(case, e.act)),
        Event::CaseAsked(e) => {
            asked(state, e);
            return false;
        }
        _ => return false,
    }
    true
}

fn outward(case: &mut Case) -> &mut Outward {
    case.outward.get_or_insert_default()
}

/// Changes a command, be its case open or over.
fn on_command(
    state: &mut State,
    number: CaseNo,
    command: CommandNo,
    change: impl FnOnce(&mut CommandState, Timestamp),
) {
    if state.closed.contains_key(&number) {
        return on_closed(state, number, |case, at| {
            if let Some(command) = case.open_commands.get_mut(&command) {
                change(command, at);
            }
        });
    }
    on_case(state, number, |case, at| {
        if let Some(command) = outward(case).commands.get_mut(&command) {
            change(command, at);
        }
    });
}

/// Changes what is remembered of a case that is over, and keeps its timers in step.
pub(super) fn on_closed(state: &mut State, number: CaseNo, change: impl FnOnce(&mut ClosedCase, Timestamp)) {
    let at = state.head.at;
    let Some(case) = state.closed.get_mut(&number) else { return };
    for (due, timer) in case.timers() {
        state.timers.remove(&(due, number, timer));
    }
    change(case, at);
    for (due, timer) in case.timers() {
        state.timers.insert((due, number, timer));
    }
}

fn issued(state: &mut State, e: &CommandIssued) {
    let at = state.head.at;
    let command = CommandState {
        state: e.state,
        state_name: state.intern(&e.state_name),
        item: e.item,
        verb: state.intern(&e.verb),
        with: e.with.clone(),
        undoes: e.undoes.clone().map(Box::new),
        attempt: 1,
        sent_at: at,
        clock_at: at,
        again_at: e.again_at,
        silent_at: Some(e.silent_at),
        status: CommandStatus::Open,
        replies: Vec::new(),
        answer: None,
        unread: false,
        left_by: None,
        said: crate::value::Fields::new(),
    };
    if state.closed.contains_key(&e.case) {
        return on_closed(state, e.case, |case, _| {
            case.last_command = e.command;
            case.open_commands.insert(e.command, command);
        });
    }
    on_case(state, e.case, |case, _| {
        outward(case).commands.insert(e.command, command);
        tried(case, e.command, e.undoes.is_some());
        if let (Stage::Outside { work, .. }, None) = (&mut case.stage, &e.undoes)
            && let Some(item) = work.items.get_mut(usize::from(e.item))
        {
            item.status = ItemStatus::Command(e.command);
        }
    });
}

/// An undo of the compensation that the case is in has been given, or sent again.
fn tried(case: &mut Case, command: CommandNo, undoes: bool) {
    if let (Stage::Compensating { undo, .. }, true) = (&mut case.stage, undoes) {
        *undo = Some(command);
    }
}

fn sent_again(command: &mut CommandState, at: Timestamp, e: &CommandSentAgain) {
    command.attempt = e.attempt;
    command.again_at = e.again_at;
    // Another end of the waiting: sent by hand, and its clock starts anew.
    if command.silent_at != Some(e.silent_at) {
        command.clock_at = at;
    }
    command.silent_at = Some(e.silent_at);
    if command.status == CommandStatus::Silent {
        command.status = CommandStatus::Open;
    }
}

/// Neither sent again nor waited for.
fn quiet(command: &mut CommandState) {
    (command.again_at, command.silent_at) = (None, None);
}

fn answered(state: &mut State, e: &CommandAnswered) {
    on_command(state, e.case, e.command, |command, _| take(command, e));
    if e.last && state.closed.contains_key(&e.case) {
        return on_closed(state, e.case, |case, _| {
            case.open_commands.remove(&e.command);
        });
    }
    on_case(state, e.case, |case, _| {
        case.steps = 0;
        let own = outward(case);
        let Some(command) = own.commands.get(&e.command) else { return };
        let (place, undoes) = (command.state, command.undoes.as_deref().cloned());
        if e.word == "refused" {
            own.effects.retain(|done| done.what != DoneWhat::Command(e.command));
        }
        if let Some(undoes) = undoes.filter(|undoes| e.word == "done" && undoes.case == e.case)
            && let Some(command) = own.commands.get_mut(&undoes.command)
        {
            command.status = CommandStatus::Undone;
        }
        if e.taken && e.late {
            go_on(case);
        }
        if e.effect {
            did(case, Done { state: place, what: DoneWhat::Command(e.command) });
        }
    });
}

fn take(command: &mut CommandState, e: &CommandAnswered) {
    command.replies.push(e.reply_id.clone());
    quiet(command);
    if e.word == "unknown" {
        return;
    }
    for (name, value) in &e.fields {
        command.said.insert(name.clone(), value.clone());
    }
    command.answer = Some(Reply { word: e.word.clone(), code: e.code.clone(), fields: e.fields.clone() });
    command.unread = !e.taken;
    if e.last && command.status != CommandStatus::Undone {
        command.status = CommandStatus::Answered;
    } else if command.status == CommandStatus::Silent {
        command.status = CommandStatus::Open;
    }
}

/// Something was done outside. While the last of it is being undone, that one stays the last.
pub(super) fn did(case: &mut Case, done: Done) {
    let undoing = match &case.stage {
        Stage::Compensating { undo, .. } => undo.is_some(),
        Stage::Held { was: Some(was), .. } => matches!(**was, Stage::Compensating { undo: Some(_), .. }),
        _ => false,
    };
    let effects = &mut outward(case).effects;
    let place = effects.len().saturating_sub(usize::from(undoing));
    effects.insert(place, done);
}

fn undone(case: &mut Case) {
    let own = outward(case);
    if let Some(Done { what: DoneWhat::Command(command), .. }) = own.effects.pop()
        && let Some(command) = own.commands.get_mut(&command)
    {
        command.status = CommandStatus::Undone;
    }
    if let Stage::Compensating { undo, .. } = &mut case.stage {
        *undo = None;
    }
}

fn closed(case: &mut Case, e: &ItemClosed) {
    let Stage::Outside { state, work } = &mut case.stage else { return };
    let state = *state;
    let Some(item) = work.items.get_mut(usize::from(e.item)) else { return };
    let before = std::mem::replace(&mut item.status, ItemStatus::Closed(e.outcome.clone()));
    let own = outward(case);
    for child in &e.children {
        if let Some(child) = own.children.get_mut(child) {
            child.joined = true;
        }
    }
    if let ItemStatus::Command(command) = before
        && let Some(command) = own.commands.get_mut(&command)
    {
        command.unread = false;
        if command.state == state {
            command.left_by = command.answer.clone();
        }
    }
}

fn operated(case: &mut Case, act: Operation) {
    case.steps = 0;
    match act {
        // What holds it follows in an event of its own.
        Operation::Hold => {}
        Operation::Resume | Operation::Retry | Operation::Settle => {
            go_on(case);
            // An undo that failed is tried again.
            if let Stage::Compensating { undo, .. } = &mut case.stage {
                *undo = None;
            }
        }
        Operation::Compensate => {
            case.stage = Stage::Compensating { state: None, since: None, undo: None };
            case.expires_at = Instant::NONE;
            give_up(case, 0);
        }
    }
}

/// A held case goes on where it was, or enters its state again.
fn go_on(case: &mut Case) {
    let Stage::Held { state, was, .. } = &mut case.stage else { return };
    let stage = match (was.take(), *state) {
        (Some(was), _) => *was,
        (None, Some(state)) => Stage::Entering(Target::State(state)),
        (None, None) => Stage::Draft,
    };
    case.stage = stage;
}

/// A compensation begins: commands given after this one are no longer waited for.
fn give_up(case: &mut Case, after: CommandNo) {
    let Some(own) = &mut case.outward else { return };
    let numbers: Vec<CommandNo> = own.commands.keys().copied().filter(|number| *number > after).collect();
    for number in numbers {
        let Some(command) = own.commands.get_mut(&number) else { continue };
        let open = matches!(command.status, CommandStatus::Open | CommandStatus::Silent);
        if open && command.undoes.is_none() {
            command.status = CommandStatus::GivenUp;
            quiet(command);
        }
    }
}

/// A state is entered: what was done before it is marked, commands that nobody waits for any more fall silent, answers
/// that had come are read by the state that follows their command.
pub(super) fn entered(case: &mut Case, e: &StateEntered) {
    if case.outward.is_none() && !matches!(e.work, Work::Outside(_)) {
        return;
    }
    let own = outward(case);
    own.heard = None;
    let command = own.commands.last_key_value().map_or(0, |(number, _)| *number);
    own.marks.insert(e.state, Mark { effects: own.effects.len() as u32, command });
    let followed: &[_] = if let Work::Following(followed) = &e.work { followed } else { &[] };
    let follows = |number: &CommandNo| followed.iter().any(|(_, command)| command == number);
    let numbers: Vec<CommandNo> = own.commands.keys().copied().collect();
    for number in numbers {
        let Some(command) = own.commands.get_mut(&number) else { continue };
        if follows(&number) {
            command.unread = false;
        } else if command.undoes.is_none() {
            quiet(command);
        }
    }
    if let Work::Compensation(since) = &e.work {
        let mark = since.and_then(|since| own.marks.get(&since).copied());
        give_up(case, mark.map_or(0, |mark| mark.command));
    }
}

/// The document is with its submitter again: nobody waits for an answer any more.
pub(super) fn left(case: &mut Case) {
    let commands = case.outward.iter_mut().flat_map(|own| own.commands.values_mut());
    commands.filter(|command| command.undoes.is_none()).for_each(quiet);
}

/// A child was asked to cancel itself: its end is waited for.
pub(super) fn asked(state: &mut State, e: &CaseAsked) {
    let Some(parent) = e.by_case else { return };
    on_case(state, parent, |case, _| {
        if let (Stage::Compensating { .. }, Some(own)) = (&case.stage, &mut case.outward)
            && let Some(child) = own.children.get_mut(&e.case)
        {
            child.asked = true;
        }
    });
}

/// Holds a case. What it was doing outside, and where it was on its way to, goes on from there; people are asked anew.
pub(super) fn hold(case: &mut Case, code: &Name) {
    let state = case.state();
    let by_arrow = *code == Code::OnHold.as_str();
    let stage = std::mem::replace(&mut case.stage, Stage::Draft);
    let was = match stage {
        Stage::Held { was, .. } => was,
        Stage::Leaving { .. } if by_arrow => None,
        stage @ (Stage::Entering(_)
        | Stage::Leaving { .. }
        | Stage::Outside { .. }
        | Stage::Compensating { .. }
        | Stage::Draft) => Some(Box::new(stage)),
        _ => None,
    };
    if !was.as_deref().is_some_and(|stage| matches!(stage, Stage::Outside { .. })) {
        case.expires_at = Instant::NONE;
    }
    case.until = Instant::NONE;
    case.stage = Stage::Held { code: code.clone(), state, was };
}

/// The commands of a case that is over whose last answer has not come. Only what undoes something is still sent again.
pub(super) fn unanswered(commands: SmallMap<CommandNo, CommandState>) -> SmallMap<CommandNo, CommandState> {
    let open = |status: &CommandStatus| {
        matches!(status, CommandStatus::Open | CommandStatus::Silent | CommandStatus::GivenUp)
    };
    let mut left: SmallMap<_, _> =
        commands.into_iter().filter(|(_, command)| open(&command.status)).collect();
    for command in left.values_mut().filter(|command| command.undoes.is_none()) {
        quiet(command);
    }
    left
}
