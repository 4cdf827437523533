//! Commands to other systems: given, sent again, given up (R17). What is answered stands in `reply.rs`.

use super::outside::Place;
use super::{Ctx, internal};
use crate::command::{CaseNo, CommandNo};
use crate::definition::{Activity, Adapters, Chain, CommandDef, Undo};
use crate::eval::evaluate;
use crate::event::{AFTER_END, AlarmRaised, CommandIssued, CommandSentAgain, CommandSilent, Event, Undoes};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, ClosedCase, CommandState, CommandStatus, Stage, State};
use crate::time::{Span, SpanUnit, Timestamp};
use crate::value::Fields;

/// When what undoes something is sent, where no state says so: at once, after 5 and after 15 minutes.
const SEND_AFTER: [Span; 3] = [minutes(0), minutes(5), minutes(15)];
/// When nobody waits for it any longer.
const SILENT_AFTER: Span = minutes(30);

const fn minutes(count: u32) -> Span {
    Span { count, unit: SpanUnit::Minute }
}

/// When a command is sent again, and until when it is waited for.
struct Clock<'a> {
    send_after: &'a [Span],
    silent_after: Span,
}

const USUAL: Clock<'static> = Clock { send_after: &SEND_AFTER, silent_after: SILENT_AFTER };

impl<'a> Clock<'a> {
    fn of(def: &'a CommandDef) -> Clock<'a> {
        Clock { send_after: &def.send_after, silent_after: def.silent_after }
    }

    /// The clock of the state that gave a command.
    fn given_in(chain: &'a Chain, state: u16) -> Clock<'a> {
        match chain.states.get(usize::from(state)).map(|state| &state.activity) {
            Some(Activity::Command(def)) => Clock::of(def),
            _ => USUAL,
        }
    }

    /// When it is sent next, and when it is given up, counted from the start of the clock.
    fn next(&self, ctx: &Ctx<'_>, start: Timestamp) -> Result<(Option<Timestamp>, Timestamp), Rejection> {
        let company = ctx.active.company().ok_or_else(|| internal("a release has a company"))?;
        let after = |span: Span| {
            company.calendar.add(start, span).ok_or_else(|| {
                let message =
                    format!("expected {span} to end within the calendar; check working time and holidays");
                Rejection::new(Code::DeadlineUnreachable, message)
            })
        };
        let silent_at = after(self.silent_after)?;
        let mut again_at = None;
        for span in self.send_after {
            let at = after(*span)?;
            if at > ctx.at && at < silent_at && again_at.is_none_or(|again| at < again) {
                again_at = Some(at);
            }
        }
        Ok((again_at, silent_at))
    }
}

/// What adapters.yaml says.
pub(super) fn adapters<'a>(ctx: &Ctx<'a>) -> Result<&'a Adapters, Rejection> {
    let adapters = ctx.pinned.adapters();
    adapters.ok_or_else(|| internal("a chain that gives commands has adapters"))
}

/// Gives the command of a state.
pub(super) fn issue(place: &Place<'_>, def: &CommandDef) -> Result<Vec<Event>, Rejection> {
    let scope = place.scope();
    let mut with = Fields::new();
    for (name, expr) in &def.with {
        with.insert(name.clone(), evaluate(expr, &scope)?);
    }
    let (again_at, silent_at) = Clock::of(def).next(&place.ctx, place.ctx.at)?;
    Ok(vec![Event::CommandIssued(CommandIssued {
        case: place.case.number(),
        command: next_number(place.case),
        state: place.state,
        state_name: place.def()?.name.clone(),
        item: place.item,
        verb: def.verb.clone(),
        with,
        undoes: None,
        correlation: place.case.correlation(),
        again_at,
        silent_at,
    })])
}

fn next_number(case: &Case) -> CommandNo {
    let commands = case.outward().map(|outward| &outward.commands);
    commands.and_then(|commands| commands.last_key_value()).map_or(1, |(number, _)| number + 1)
}

/// Something that is to be undone: where it was done, and what it was.
pub(super) struct Undoing<'a> {
    /// The place of the state that did it.
    pub(super) state: u16,
    /// That state's name.
    pub(super) state_name: &'a Name,
    /// The item of its `for_each`.
    pub(super) item: u16,
    /// What was done, `adapter.object.verb`.
    pub(super) verb: &'a Name,
    /// The command.
    pub(super) undoes: Undoes,
}

impl<'a> Undoing<'a> {
    /// A command of a case.
    pub(super) fn of(case: CaseNo, number: CommandNo, command: &'a CommandState) -> Undoing<'a> {
        let (with, done) = (command.with.clone(), command.said.clone());
        Undoing {
            state: command.state,
            state_name: &command.state_name,
            item: command.item,
            verb: &command.verb,
            undoes: Undoes { case, command: number, state_name: command.state_name.clone(), with, done },
        }
    }

    /// What was done carried this too.
    pub(super) fn add(&mut self, fields: &Fields) {
        for (name, value) in fields {
            self.undoes.done.insert(name.clone(), value.clone());
        }
    }

    /// The command that undoes it. None: nothing does.
    fn issued(
        self,
        ctx: &Ctx<'_>,
        (case, number, correlation): (CaseNo, CommandNo, CaseNo),
        clock: &Clock<'_>,
    ) -> Result<Option<Event>, Rejection> {
        let Some(Undo::By(verb)) = adapters(ctx)?.verbs.get(self.verb).map(|verb| &verb.undo) else {
            return Ok(None);
        };
        let (again_at, silent_at) = clock.next(ctx, ctx.at)?;
        Ok(Some(Event::CommandIssued(CommandIssued {
            case,
            command: number,
            state: self.state,
            state_name: self.state_name.clone(),
            item: self.item,
            verb: verb.clone(),
            with: self.undoes.with.clone(),
            undoes: Some(self.undoes),
            correlation,
            again_at,
            silent_at,
        })))
    }

    /// The command of an open case that undoes it. None: nothing does.
    pub(super) fn by_case(
        self,
        ctx: &Ctx<'_>,
        case: &Case,
        chain: &Chain,
    ) -> Result<Option<Event>, Rejection> {
        let clock = Clock::given_in(chain, self.state);
        self.issued(ctx, (case.number(), next_number(case), case.correlation()), &clock)
    }

    /// The command of a case that is over. None: nothing undoes it.
    pub(super) fn after_end(self, ctx: &Ctx<'_>, case: &ClosedCase) -> Result<Option<Event>, Rejection> {
        let number = self.undoes.case;
        self.issued(ctx, (number, case.last_command + 1, case.correlation), &USUAL)
    }
}

/// A command is sent again. By hand: its clock starts anew.
pub(super) fn again(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    (number, by_hand): (CommandNo, bool),
) -> Result<Event, Rejection> {
    let command = case.outward().and_then(|outward| outward.commands.get(&number));
    let command = command.ok_or_else(|| internal("what is sent again was given"))?;
    let clock = Clock::given_in(chain, command.state);
    sent_again(ctx, (case.number(), number, case.correlation()), command, (&clock, by_hand))
}

fn sent_again(
    ctx: &Ctx<'_>,
    (case, number, correlation): (CaseNo, CommandNo, CaseNo),
    command: &CommandState,
    (clock, by_hand): (&Clock<'_>, bool),
) -> Result<Event, Rejection> {
    let (again_at, silent_at) = clock.next(ctx, if by_hand { ctx.at } else { command.clock_at })?;
    Ok(Event::CommandSentAgain(CommandSentAgain {
        case,
        command: number,
        state_name: command.state_name.clone(),
        verb: command.verb.clone(),
        with: command.with.clone(),
        undoes: command.undoes.as_deref().cloned(),
        correlation,
        sent_at: command.sent_at,
        attempt: command.attempt + 1,
        again_at,
        // While the clock runs on, so does the wait: a calendar changed meanwhile does not move it.
        silent_at: if by_hand { silent_at } else { command.silent_at.unwrap_or(silent_at) },
    }))
}

fn stale() -> Rejection {
    Rejection::new(Code::TimerStale, "expected a timer that the case still waits for")
}

/// What is due of a command: its silence, or that it is sent again. None: neither.
fn due(command: &CommandState, at: Timestamp) -> Option<bool> {
    let passed = |due: Option<Timestamp>| due.is_some_and(|due| due <= at);
    if passed(command.silent_at) {
        return Some(true);
    }
    passed(command.again_at).then_some(false)
}

/// A command is sent again, or given up.
pub(super) fn fire(ctx: &Ctx<'_>, case: &Case, number: CommandNo) -> Result<Vec<Event>, Rejection> {
    let command = case.outward().and_then(|outward| outward.commands.get(&number)).ok_or_else(stale)?;
    let silent = match due(command, ctx.at).ok_or_else(stale)? {
        false => return Ok(vec![again(ctx, case, ctx.chain(case.chain())?, (number, false))?]),
        true => Event::CommandSilent(CommandSilent { case: case.number(), command: number }),
    };
    let mut events = vec![silent];
    // What was done late is being undone beside what the case does now: nobody else would notice.
    let beside = command.undoes.is_some() && !matches!(case.stage(), Stage::Compensating { .. });
    if beside && !matches!(case.stage(), Stage::Held { .. }) {
        let message = format!("expected an answer to {}, which undoes what was done late", command.verb);
        let why = Rejection::new(Code::Stuck, message);
        events.extend(super::advance::held(ctx.state, case.number(), ctx.at, &why));
    }
    Ok(events)
}

/// The same for a case that is over.
pub(super) fn fire_after_end(
    state: &State,
    at: Timestamp,
    (case, number): (CaseNo, CommandNo),
) -> Result<Vec<Event>, Rejection> {
    let closed = state.closed(case).ok_or_else(stale)?;
    let command = closed.open_commands.get(&number).ok_or_else(stale)?;
    let ctx = Ctx::now(state, at)?;
    if !due(command, at).ok_or_else(stale)? {
        return Ok(vec![sent_again(&ctx, (case, number, closed.correlation), command, (&USUAL, false))?]);
    }
    let silent = Event::CommandSilent(CommandSilent { case, command: number });
    Ok(vec![silent, stays_done(&ctx, (case, closed), &command.verb)])
}

/// Something stays done outside after the end of its case, in whose name nothing can be held any more: whoever drives
/// the chain is told.
pub(super) fn stays_done(ctx: &Ctx<'_>, (number, case): (CaseNo, &ClosedCase), verb: &Name) -> Event {
    let own = ctx.chain(&case.chain).ok().and_then(|chain| chain.driver.clone());
    let driver = own.or_else(|| ctx.company().ok().and_then(|company| company.driver.clone()));
    Event::AlarmRaised(AlarmRaised {
        case: number,
        alarm: AFTER_END,
        name: Name::from(format!("not undone, {verb}")),
        told: driver.into_iter().collect(),
    })
}

/// The newest command of a case that undoes another one.
pub(super) fn undo_of(case: &Case, of: (CaseNo, CommandNo)) -> Option<(CommandNo, &CommandState)> {
    let commands = &case.outward()?.commands;
    let undoes = |command: &CommandState| {
        command.undoes.as_ref().is_some_and(|undoes| (undoes.case, undoes.command) == of)
    };
    commands.iter().rev().find(|(_, command)| undoes(command)).map(|(number, command)| (*number, command))
}

/// Whether no last answer has come.
pub(super) fn unanswered(command: &CommandState) -> bool {
    matches!(command.status, CommandStatus::Open | CommandStatus::Silent | CommandStatus::GivenUp)
}
