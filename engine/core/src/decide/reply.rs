//! What adapters answer (R17, R18): once, in time or late, twice and differently, or that they do not know.

use super::advance::{arrow_of, held};
use super::command::{Undoing, adapters, stays_done, unanswered, undo_of};
use super::outside::{Place, placed};
use super::{Ctx, internal, learn};
use crate::command::{Answered, CommandNo};
use crate::definition::{Refusals, Undo, Verb};
use crate::document::shaped;
use crate::eval::Scope;
use crate::event::{CommandAnswered, Event, ReplyConflicted};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, ClosedCase, CommandState, CommandStatus, DoneWhat, Reply, Stage, State};
use crate::time::Timestamp;
use crate::value::{Fields, Raw};

/// An adapter answers a command.
pub(super) fn answered(
    state: &State,
    at: Timestamp,
    (adapter, reply_id): (&Name, &Name),
    answer: &Answered,
) -> Result<Vec<Event>, Rejection> {
    let Some(case) = state.case(answer.case) else {
        let closed = state.closed(answer.case).ok_or_else(|| unknown(answer))?;
        return after_end(&Ctx::now(state, at)?, closed, (adapter, reply_id), answer);
    };
    let ctx = Ctx::of(state, at, case)?;
    let command = case.outward().and_then(|outward| outward.commands.get(&answer.command));
    let command = command.ok_or_else(|| unknown(answer))?;
    let verb = fresh(&ctx, command, (adapter, reply_id))?;
    let came = Came { verb, reply: declared(&ctx, command, verb, answer)?, reply_id, answer };
    if came.reply.word == "unknown" {
        return not_known(&ctx, case, command, &came);
    }
    if let Some(before) = before(command, verb, came.last(), &came.reply) {
        return second(&ctx, case, &came, before);
    }
    if command.status == CommandStatus::GivenUp {
        return given_up(&ctx, case, command, &came);
    }
    in_time_or_late(&ctx, case, command, &came)
}

fn unknown(answer: &Answered) -> Rejection {
    let Answered { case, command, .. } = answer;
    let message =
        format!("expected the id of a command that was given, found number {command} of case {case}");
    Rejection::new(Code::CommandUnknown, message)
}

fn repeated() -> Rejection {
    Rejection::new(Code::ReplyRepeated, "expected a new answer; this one came before, it is counted only")
}

/// An answer as it came.
struct Came<'a> {
    verb: &'a Verb,
    reply: Reply,
    reply_id: &'a Name,
    answer: &'a Answered,
}

/// What is to be recorded of an answer besides what it says.
#[derive(Default)]
struct Marks {
    late: bool,
    taken: bool,
    effect: bool,
}

impl Came<'_> {
    fn last(&self) -> bool {
        self.verb.is_final(&self.reply.word)
    }

    /// Whether something was done outside.
    fn positive(&self) -> bool {
        self.reply.word != "refused"
    }

    fn event(&self, marks: &Marks) -> Event {
        Event::CommandAnswered(CommandAnswered {
            case: self.answer.case,
            command: self.answer.command,
            reply_id: self.reply_id.clone(),
            word: self.reply.word.clone(),
            code: self.reply.code.clone(),
            message: self.answer.message.clone(),
            fields: self.reply.fields.clone(),
            last: self.last(),
            late: marks.late,
            taken: marks.taken,
            effect: marks.effect,
        })
    }
}

/// Whether the adapter may answer, and this answer is new.
fn fresh<'a>(
    ctx: &Ctx<'a>,
    command: &CommandState,
    (adapter, reply_id): (&Name, &Name),
) -> Result<&'a Verb, Rejection> {
    if command.verb.split('.').next() != Some(adapter.as_str()) {
        let message = format!("expected the adapter that was asked for {}, found {adapter}", command.verb);
        return Err(Rejection::new(Code::Forbidden, message));
    }
    if command.replies.contains(reply_id) {
        return Err(repeated());
    }
    let verb = adapters(ctx)?.verbs.get(&command.verb);
    verb.ok_or_else(|| internal("what was commanded stands in adapters.yaml"))
}

/// The answer with its types, as adapters.yaml declares them.
fn declared(
    ctx: &Ctx<'_>,
    command: &CommandState,
    verb: &Verb,
    answer: &Answered,
) -> Result<Reply, Rejection> {
    let undeclared = |message: String| Rejection::at(Code::ReplyUndeclared, "answer", message);
    let word = answer.word.clone();
    let nothing = matches!(&answer.fields, Raw::Null) || answer.fields == Raw::Record(Default::default());
    if word == "unknown" || word == "refused" {
        if !nothing {
            return Err(undeclared(format!("expected nothing but a code and a message with {word}")));
        }
        let allowed = match (&verb.refused, &answer.code) {
            _ if word == "unknown" => true,
            (Refusals::Any, _) => true,
            (Refusals::OneOf(codes), Some(code)) => codes.contains(code),
            (Refusals::Never, _) | (Refusals::OneOf(_), None) => false,
        };
        if !allowed {
            let found = answer.code.as_ref().map_or("none", |code| code.as_str());
            let message = match &verb.refused {
                Refusals::OneOf(codes) => {
                    let codes = codes.iter().map(Name::as_str).collect::<Vec<_>>().join(" or ");
                    format!("expected {codes} as the code of a refusal of {}, found {found}", command.verb)
                }
                _ => format!("expected {} never to be refused, found {found}", command.verb),
            };
            return Err(undeclared(message));
        }
        let code = answer.code.clone().filter(|_| word == "refused");
        return Ok(Reply { word, code, fields: Fields::new() });
    }
    let Some(shape) = verb.shape(&word) else {
        let words = verb.stages.keys().chain(verb.finals.keys()).map(Name::as_str);
        let words = words.chain(["refused", "unknown"]).collect::<Vec<_>>().join(", ");
        let message = format!("expected one of {words} in answer to {}, found {word}", command.verb);
        return Err(undeclared(message));
    };
    let empty = Raw::Record(Default::default());
    let raw = if nothing { &empty } else { &answer.fields };
    let fields = shaped(shape, raw, ctx.fitting(), "fields")
        .map_err(|rejection| Rejection { code: Code::ReplyUndeclared, ..rejection })?;
    Ok(Reply { word, code: None, fields })
}

/// An answer that this one repeats or contradicts: the last one, or the stage that led on from the state.
fn before<'a>(command: &'a CommandState, verb: &Verb, last: bool, reply: &Reply) -> Option<&'a Reply> {
    let ended = command.answer.as_ref().filter(|answer| verb.is_final(&answer.word));
    let led_on = command.left_by.as_ref().filter(|left_by| !last && left_by.word == reply.word);
    ended.or(led_on)
}

/// A second answer: an equal one repeats the first, a different one holds the case. A stage that the last answer has
/// overtaken says nothing new.
fn second(ctx: &Ctx<'_>, case: &Case, came: &Came<'_>, first: &Reply) -> Result<Vec<Event>, Rejection> {
    let overtaken = !came.last() && first.word != came.reply.word;
    if overtaken || *first == came.reply {
        return Err(repeated());
    }
    let message = format!(
        "expected one answer to command {} of case {}, found {} after {}; find out which is true",
        came.answer.command,
        case.number(),
        came.reply.outcome(),
        first.outcome()
    );
    let conflict = ReplyConflicted {
        case: case.number(),
        command: came.answer.command,
        reply_id: came.reply_id.clone(),
        word: came.reply.word.clone(),
        fields: came.reply.fields.clone(),
    };
    let mut events = vec![Event::ReplyConflicted(conflict)];
    let why = Rejection::new(Code::ReplyConflict, message);
    events.extend(held(ctx.state, case.number(), ctx.at, &why));
    Ok(events)
}

/// The adapter does not know what became of the command: a person finds out.
fn not_known(
    ctx: &Ctx<'_>,
    case: &Case,
    command: &CommandState,
    came: &Came<'_>,
) -> Result<Vec<Event>, Rejection> {
    if !unanswered(command) {
        return Err(repeated());
    }
    let waits = standing(case, came.answer.command);
    let mut events = vec![came.event(&Marks { late: waits == Standing::No, ..Marks::default() })];
    if waits == Standing::Waits {
        let message = format!(
            "expected {} to know what became of its command; find out, then retry or resume",
            command.verb.split('.').next().unwrap_or_default()
        );
        let why = Rejection::new(Code::ReplyUnknown, message);
        events.extend(held(ctx.state, case.number(), ctx.at, &why));
    }
    Ok(events)
}

/// How the case stands to one of its commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It waits for it.
    Waits,
    /// It is held because no answer came, or none that helped: an answer lets it go on.
    Adopts,
    /// It is held for another reason.
    Held,
    /// It does something else.
    No,
}

fn standing(case: &Case, command: CommandNo) -> Standing {
    let waits = |stage: &Stage| match stage {
        Stage::Outside { work, .. } => placed(work, command).is_some(),
        Stage::Compensating { undo, .. } => *undo == Some(command),
        _ => false,
    };
    match case.stage() {
        Stage::Held { code, was: Some(was), .. } if waits(was) => {
            let mends = [Code::Silent, Code::ReplyUnknown, Code::Stuck].iter().any(|c| *code == c.as_str());
            if mends { Standing::Adopts } else { Standing::Held }
        }
        stage if waits(stage) => Standing::Waits,
        _ => Standing::No,
    }
}

/// The usual course: the state that waits takes the answer; otherwise it is kept for one that follows the command.
fn in_time_or_late(
    ctx: &Ctx<'_>,
    case: &Case,
    command: &CommandState,
    came: &Came<'_>,
) -> Result<Vec<Event>, Rejection> {
    let (number, waits) = (came.answer.command, standing(case, came.answer.command));
    let known = case
        .outward()
        .is_some_and(|outward| outward.effects.iter().any(|done| done.what == DoneWhat::Command(number)));
    let undoable = matches!(came.verb.undo, Undo::By(_) | Undo::Nothing) && command.undoes.is_none();
    let effect = came.positive() && undoable && !known && command.status != CommandStatus::Undone;
    let late = matches!(waits, Standing::Adopts | Standing::No);
    if waits == Standing::No {
        let mut events = vec![came.event(&Marks { late, taken: false, effect })];
        if command.undoes.is_some() && came.last() && came.reply.word != "done" {
            let message = format!(
                "expected {} to undo what was done late, found {}",
                command.verb,
                came.reply.outcome()
            );
            events.extend(held(ctx.state, case.number(), ctx.at, &Rejection::new(Code::Stuck, message)));
        }
        return Ok(events);
    }
    let Some(place) = Place::of_command(ctx, case, number)? else {
        // A compensation looks at its undo by itself.
        return Ok(vec![came.event(&Marks { late, taken: waits != Standing::Held, effect })]);
    };
    let closes = came.last() || arrow_of(place.def()?, &came.reply.outcome()).is_some();
    match took(&place, &came.reply, came.last()) {
        // Who is held for another reason learns now, and goes on when he is resumed.
        Ok(_) if waits == Standing::Held && closes => {
            Ok(vec![came.event(&Marks { late, taken: false, effect })])
        }
        Ok(follows) => {
            let taken = came.event(&Marks { late, taken: true, effect });
            Ok([taken].into_iter().chain(follows).collect())
        }
        // What nothing can be learnt from was answered all the same: a person looks at it.
        Err(why) => {
            let mut events = vec![came.event(&Marks { late: false, taken: !closes, effect })];
            events.extend(held(ctx.state, case.number(), ctx.at, &why));
            Ok(events)
        }
    }
}

/// What a state does with an answer: it learns, and where the answer leads on, its item closes.
pub(super) fn took(place: &Place<'_>, reply: &Reply, last: bool) -> Result<Vec<Event>, Rejection> {
    let def = place.def()?;
    let scope = Scope { reply: Some(&reply.fields), ..place.scope() };
    let mut events: Vec<Event> =
        learn::learnt(&place.ctx, place.case, place.chain, &def.learns, &scope)?.into_iter().collect();
    let outcome = reply.outcome();
    if last || arrow_of(def, &outcome).is_some() {
        events.push(place.closed(&outcome));
    }
    Ok(events)
}

/// An answer to a command that a compensation had given up: what was done after all is undone.
fn given_up(
    ctx: &Ctx<'_>,
    case: &Case,
    command: &CommandState,
    came: &Came<'_>,
) -> Result<Vec<Event>, Rejection> {
    let number = came.answer.command;
    let late = Marks { late: true, ..Marks::default() };
    let undone = undo_of(case, (case.number(), number)).is_some();
    let known = case
        .outward()
        .is_some_and(|outward| outward.effects.iter().any(|done| done.what == DoneWhat::Command(number)));
    let undoable = matches!(came.verb.undo, Undo::By(_) | Undo::Nothing);
    if !came.positive() || !undoable || undone || known {
        return Ok(vec![came.event(&late)]);
    }
    let stage = match case.stage() {
        Stage::Held { was: Some(was), .. } => was,
        stage => stage,
    };
    if matches!(stage, Stage::Compensating { .. }) {
        return Ok(vec![came.event(&Marks { effect: true, ..late })]);
    }
    let mut events = vec![came.event(&late)];
    let mut undoing = Undoing::of(case.number(), number, command);
    undoing.add(&came.reply.fields);
    match undoing.by_case(ctx, case, ctx.chain(case.chain())?)? {
        Some(undo) => events.push(undo),
        None => {
            let message =
                format!("expected something that undoes {}, which was done late; find none", command.verb);
            events.extend(held(ctx.state, case.number(), ctx.at, &Rejection::new(Code::Stuck, message)));
        }
    }
    Ok(events)
}

/// An answer after the end of its case: recorded, and undone where the case had given it up.
fn after_end(
    ctx: &Ctx<'_>,
    case: &ClosedCase,
    (adapter, reply_id): (&Name, &Name),
    answer: &Answered,
) -> Result<Vec<Event>, Rejection> {
    let Some(command) = case.open_commands.get(&answer.command) else {
        // What is not open was answered before the end.
        return Err(if (1..=case.last_command).contains(&answer.command) {
            repeated()
        } else {
            unknown(answer)
        });
    };
    let verb = fresh(ctx, command, (adapter, reply_id))?;
    let came = Came { verb, reply: declared(ctx, command, verb, answer)?, reply_id, answer };
    let mut events = vec![came.event(&Marks { late: true, ..Marks::default() })];
    let of = (answer.case, answer.command);
    let undone = case
        .open_commands
        .values()
        .any(|command| command.undoes.as_ref().is_some_and(|undoes| (undoes.case, undoes.command) == of));
    let known = came.reply.word == "unknown" || !came.positive();
    if command.status == CommandStatus::GivenUp && !known && !undone && command.answer.is_none() {
        let mut undoing = Undoing::of(answer.case, answer.command, command);
        undoing.add(&came.reply.fields);
        events.extend(undoing.after_end(ctx, case)?);
        if came.verb.undo == Undo::Nothing {
            events.push(stays_done(ctx, (answer.case, case), &command.verb));
        }
    }
    if command.undoes.is_some() && (came.reply.word == "unknown" || came.last() && came.reply.word != "done")
    {
        events.push(stays_done(ctx, (answer.case, case), &command.verb));
    }
    Ok(events)
}
