//! Questions to State: who has it, why, and who would have to sign.

use countersign_core::decide::{may_ask, task_def};
use countersign_core::explain::{SlotReason, explain, why_not};
use countersign_core::name::Name;
use countersign_core::preview::{Preview, preview};
use countersign_core::rejection::Rejection;
use countersign_core::state::{Case, ItemStatus, OutsideWork, Stage, State, WorkItem, place};
use countersign_core::time::Timestamp;
use countersign_messages as wire;
use countersign_messages::{
    Explanation, ExplanationLine, HandlerView, PreviewStep, PreviewView, Request, Title, Waiting,
};
use countersign_runtime::views::CaseRow;

use super::command::asking;
use super::concern::{Question, about};
use super::past::Wanted;
use super::refuse::{self, Refusal};
use super::{Answered, Caller, Desk, raw};
use crate::ids::{case_text, command_text, parse_case, parse_task, task_text};
use crate::render;

impl Desk {
    /// Why a task is whose it is, or why it is not somebody's.
    pub(super) async fn explain(&self, caller: &Caller, r: wire::Explain) -> Answered<Explanation> {
        let number = parse_case(r.case.as_str()).map_err(refuse::rejected)?;
        let task = named_task(&r).map_err(refuse::rejected)?;
        let who = r.who.as_ref().map(|who| Name::from(who.as_str()));
        let (named, signature) = (r.task.clone(), r.signature.clone());
        let request = Request::Explain(r);
        let row = self.row_of_closed(number)?;
        let question = self.question(caller, &request, number, row.as_ref());
        let now = question.now;
        let wanted = Wanted { task, who };
        let asked = wanted.clone();
        let look = move |state: &State| {
            let at = now.max(state.head().at);
            Ok(state.case(number).and_then(|case| match &asked.who {
                Some(position) => Some(why_not(state, case, position, at).into_iter().map(line).collect()),
                None => reasons((state, at), case, asked.task),
            }))
        };
        let (lines, sequence) = self.look_at(question, look).await?;
        let lines = match lines {
            Some(lines) => lines,
            None => self.past(number, sequence, wanted).await?,
        };
        let text = |name: Option<wire::Name>| name.map(|name| name.to_string());
        let explanation =
            Explanation { case: case_text(number), task: text(named), signature: text(signature), lines };
        Ok((explanation, sequence))
    }

    /// Who would have to sign a document. Refusals that a submission would earn are part of the answer.
    pub(super) async fn preview(&self, caller: &Caller, r: wire::Preview) -> Answered<PreviewView> {
        let chain = Name::from(r.chain.as_str());
        let now = self.now();
        let request = Request::Preview(r);
        let asking = asking(caller, &request, [0; 16]);
        let Request::Preview(r) = request else { return Err(refuse::of("INTERNAL", "expected a preview")) };
        let mut document = raw::record(r.document.0);
        self.stand_ins(&chain, &mut document);
        let look = move |state: &State| {
            let at = now.max(state.head().at);
            may_ask(state, at, &asking, "preview", Some(&chain))?;
            Ok(preview(state, at, &asking, &chain, &document))
        };
        let (found, sequence) = self.look(look).await?;
        Ok((preview_view(found), sequence))
    }

    /// Who has a case now.
    pub(super) async fn handler(&self, caller: &Caller, r: wire::Handler) -> Answered<HandlerView> {
        let number = parse_case(r.case.as_str()).map_err(refuse::rejected)?;
        let row = self.row_of_closed(number)?;
        let question = self.question(caller, &Request::Handler(r), number, row.as_ref());
        let look = move |state: &State| Ok(state.case(number).map(|case| handler_view(state, case)));
        let (found, sequence) = self.look_at(question, look).await?;
        let row = if found.is_none() { self.row_of_ended(number, sequence).await? } else { row };
        let over = || HandlerView {
            case: case_text(number),
            state: row.map(|row| row.state.to_string()).unwrap_or_default(),
            waiting_for: Vec::new(),
            waits_on: None,
        };
        Ok((found.unwrap_or_else(over), sequence))
    }

    fn question(&self, caller: &Caller, request: &Request, case: u64, row: Option<&CaseRow>) -> Question {
        Question {
            asking: asking(caller, request, [0; 16]),
            verb: request.verb().as_token(),
            now: self.now(),
            case,
            row: row.map(about),
        }
    }

    /// The same of a case that is over by this sequence.
    async fn row_of_ended(&self, case: u64, sequence: u64) -> Result<Option<CaseRow>, Refusal> {
        if let Some(views) = self.engine().views() {
            views.reach(sequence).await.map_err(|error| refuse::no_view(&error))?;
        }
        self.row_of_closed(case)
    }

    /// What the views have of a case, which State forgets when it is over.
    fn row_of_closed(&self, case: u64) -> Result<Option<CaseRow>, Refusal> {
        let Some(views) = self.engine().views() else { return Ok(None) };
        views.case(case).map_err(|error| refuse::no_view(&error))
    }
}

fn named_task(r: &wire::Explain) -> Result<Option<u32>, Rejection> {
    match (&r.task, &r.signature) {
        (Some(task), _) => parse_task(task.as_str(), "task").map(Some),
        (_, Some(signature)) => parse_task(signature.as_str(), "signature").map(Some),
        _ => Ok(None),
    }
}

/// The reasons of the present step; of one of its tasks, where one is named. None: that task is of an earlier step.
fn reasons((state, at): (&State, Timestamp), case: &Case, task: Option<u32>) -> Option<Vec<ExplanationLine>> {
    let slots = case.step().map_or(&[][..], |step| &step.slots);
    let wanted = |slot: usize| {
        task.is_none_or(|task| slots.get(slot).is_some_and(|status| slot_task(*status) == Some(task)))
    };
    let all: Vec<(usize, SlotReason)> = explain(state, case, at).into_iter().enumerate().collect();
    let told: Vec<ExplanationLine> = all
        .into_iter()
        .filter(|(slot, _)| wanted(*slot))
        .flat_map(|(_, reason)| slot_lines(reason))
        .collect();
    match (told.is_empty(), task) {
        (false, _) => Some(told),
        (true, None) => Some(vec![line(nobody_asked(case))]),
        (true, Some(_)) => None,
    }
}

fn slot_task(status: countersign_core::state::SlotStatus) -> Option<u32> {
    use countersign_core::state::SlotStatus::{Answered, Kept, Open, PassedOn};
    match status {
        Open(task) | Answered(task, _) | Kept(task) | PassedOn(task) => Some(task),
        _ => None,
    }
}

pub(super) fn slot_lines(reason: SlotReason) -> Vec<ExplanationLine> {
    let SlotReason { position, duty, status, because } = reason;
    let head = format!("{position} is on the route to {}: {status}.", duty.word());
    let lines = std::iter::once(head).chain(because).map(line);
    lines.map(|line| ExplanationLine { position: Some(position.to_string()), ..line }).collect()
}

fn nobody_asked(case: &Case) -> String {
    format!("Nobody is asked this now: case {} stands at no such step of people.", case_text(case.number()))
}

/// A sentence; the rule that it names at its beginning (`R7: ...`) also stands by itself.
pub(super) fn line(text: String) -> ExplanationLine {
    let rule = text.split_once(": ").map(|(rule, _)| rule).filter(|rule| {
        rule.strip_prefix('R').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    });
    let rule = rule.map(str::to_owned);
    ExplanationLine { text: Title { en: text, zh: None }, rule, ..ExplanationLine::default() }
}

pub(super) fn ruled(text: String, rule: Option<&str>) -> ExplanationLine {
    ExplanationLine { rule: rule.map(str::to_owned), ..line(text) }
}

fn preview_view(found: Result<Preview, Rejection>) -> PreviewView {
    match found {
        Ok(found) => PreviewView {
            waits_for: found.waits.iter().map(ToString::to_string).collect(),
            end: found.end.as_ref().map(ToString::to_string),
            steps: found.steps.into_iter().map(preview_step).collect(),
            decidable: found.end.is_some() && found.problem.is_none(),
            problem: found.problem.map(|problem| *refuse::rejected(problem)),
        },
        Err(rejection) => {
            let problem = Some(*refuse::rejected(rejection));
            PreviewView { steps: Vec::new(), waits_for: Vec::new(), end: None, decidable: false, problem }
        }
    }
}

fn preview_step(step: countersign_core::preview::PreviewStep) -> PreviewStep {
    let covers: Vec<String> = step
        .capacities
        .iter()
        .map(|capacity| format!("{} ({})", capacity.position, render::why(capacity.why)))
        .collect();
    let why = if covers.is_empty() {
        format!("State {} asks {}.", step.state, step.position)
    } else {
        format!("State {} asks {}; it signs for {}.", step.state, step.position, covers.join(", "))
    };
    PreviewStep {
        state: step.state.to_string(),
        duty: step.duty.word().to_owned(),
        position: step.position.to_string(),
        holders: step.holders.iter().map(ToString::to_string).collect(),
        why: Title { en: why, zh: None },
        due_at: render::time(step.due),
    }
}

/// On which answers and cases a state waits.
fn outside(case: &Case, work: &OutsideWork) -> String {
    let one = |item: &WorkItem| match &item.status {
        ItemStatus::Command(number) => {
            let command = case.outward()?.commands.get(number)?;
            let id = command_text(case.number(), &command.state_name, *number);
            Some(format!("the answer to {id} ({})", command.verb))
        }
        ItemStatus::Child(child) => Some(case_text(*child)),
        ItemStatus::Waiting | ItemStatus::Closed(_) => None,
    };
    let waits: Vec<String> = work.items.iter().filter_map(one).collect();
    if waits.is_empty() { "other cases to end".to_owned() } else { waits.join(", ") }
}

fn handler_view(state: &State, case: &Case) -> HandlerView {
    let place = place(state, case).map(|place| place.to_string()).unwrap_or_default();
    let waits_on = match case.stage() {
        Stage::Fact { fact, .. } | Stage::Message { fact, .. } => Some(fact.to_string()),
        Stage::Outside { work, .. } => Some(outside(case, work)),
        Stage::Compensating { .. } => Some("what was done to be undone".to_owned()),
        Stage::Until { .. } => case.timers().map(|(at, _)| at).min().map(|at| format!("until {at}")),
        Stage::Draft => Some(format!("{}, who hands it in again", case.submitter().position)),
        Stage::Held { code, .. } => Some(format!("an operator ({code})")),
        _ => None,
    };
    let waiting_for = case.tasks().iter().map(|(number, task)| Waiting {
        task: task_text(*number),
        state: place.clone(),
        duty: task.duty.word().to_owned(),
        position: task.position.to_string(),
        holders: task.holders.iter().map(ToString::to_string).collect(),
        opened_at: render::time(task.opened_at),
        due_at: Some(render::time(task.milestones.overdue)),
        work: task_def(state, case, task).map(|def| render::work_view(def, None)),
    });
    HandlerView { case: case_text(case.number()), waiting_for: waiting_for.collect(), state: place, waits_on }
}
