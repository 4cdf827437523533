//! Signatures of steps and cases that are over: explained from the log as they were when they were given.

use std::collections::BTreeMap;

use countersign_core::event::{Capacity, CapacityWhy};
use countersign_core::explain::{Past, Signed};
use countersign_core::name::Name;
use countersign_messages::ExplanationLine;
use countersign_runtime::views::{CaseRow, Views, ViewsError};
use countersign_runtime::{EngineHandle, ReadError};

use super::Desk;
use super::look::{line, ruled, slot_lines};
use super::refuse::{self, Refusal};
use crate::ids::{case_text, task_text};
use crate::render;

/// What is asked about a case: one of its tasks, or a position.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) task: Option<u32>,
    pub(super) who: Option<Name>,
}

impl Desk {
    /// What the log says of a case up to a durable sequence. Its row, where it is over: State has forgotten it.
    pub(super) async fn past(
        &self,
        case: u64,
        sequence: u64,
        wanted: Wanted,
    ) -> Result<Vec<ExplanationLine>, Refusal> {
        let handle = self.engine().clone();
        if let Some(views) = handle.views() {
            views.reach(sequence).await.map_err(|error| refuse::no_view(&error))?;
        }
        let read = tokio::task::spawn_blocking(move || match handle.views() {
            Some(views) => by_views(views, case, &wanted).map_err(|error| refuse::no_view(&error)),
            None => {
                by_log(&handle, (case, sequence), &wanted).map_err(|e| refuse::of(e.code(), e.to_string()))
            }
        });
        read.await.map_err(|error| {
            refuse::of("INTERNAL", format!("expected the case to be read from the log: {error}"))
        })?
    }
}

/// By the views, which know the frames.
fn by_views(views: &Views, case: u64, wanted: &Wanted) -> Result<Vec<ExplanationLine>, ViewsError> {
    let Some(row) = views.case(case)? else { return Ok(Vec::new()) };
    let mut past = Past::of(case, wanted.who.clone());
    let mut lines = match views.past_of(case, |sequence, frame| past.take(sequence, frame)) {
        Ok(()) => told(past.signed(), case, wanted),
        Err(ViewsError::Log(error)) => {
            let short = "The log of that time cannot be read here, so that limits and rates are not shown";
            let mut lines = signed_lines(&row, wanted.task);
            lines.push(line(format!("{short}: {error}.")));
            lines
        }
        Err(error) => return Err(error),
    };
    if let Some(ended) = row.ended.as_ref().filter(|_| wanted.task.is_none()) {
        let code = ended.code.as_ref().map(|code| format!(" because of {code}")).unwrap_or_default();
        lines.push(line(format!("Case {} ended as {}{code}.", case_text(case), ended.end)));
    }
    Ok(lines)
}

/// Without views: by all of the log.
fn by_log(
    handle: &EngineHandle,
    (case, last): (u64, u64),
    wanted: &Wanted,
) -> Result<Vec<ExplanationLine>, ReadError> {
    let mut past = Past::of(case, wanted.who.clone());
    let mut reader = handle.log().reader(1)?;
    while let Some((sequence, frame)) = reader.read()? {
        if sequence > last {
            break;
        }
        if frame.events.iter().any(|event| event.is_of_company() || event.case() == Some(case)) {
            past.take(sequence, &frame);
        }
    }
    Ok(told(past.signed(), case, wanted))
}

fn told(signed: Vec<Signed>, case: u64, wanted: &Wanted) -> Vec<ExplanationLine> {
    let lines: Vec<ExplanationLine> = match &wanted.who {
        Some(position) => not_asked(signed, position),
        None => {
            let named = |signed: &Signed| wanted.task.is_none_or(|task| task == signed.task);
            signed.into_iter().filter(named).flat_map(signature).collect()
        }
    };
    if !lines.is_empty() {
        return lines;
    }
    let case = case_text(case);
    vec![line(match wanted.task {
        Some(task) => format!("Nobody has signed for task {} of case {case}.", task_text(task)),
        None => format!("Nobody has signed in case {case}."),
    })]
}

fn signature(signed: Signed) -> Vec<ExplanationLine> {
    let head = format!("{} was answered.", task_text(signed.task));
    let position = Some(signed.reason.position.to_string());
    let head = ExplanationLine { position, ..line(head) };
    std::iter::once(head).chain(slot_lines(signed.reason)).collect()
}

/// Of each state the last word: with the signature before which it was asked.
fn not_asked(signed: Vec<Signed>, position: &Name) -> Vec<ExplanationLine> {
    let mut last: BTreeMap<Name, usize> = BTreeMap::new();
    last.extend(signed.iter().zip(0..).map(|(signed, place)| (signed.state.clone(), place)));
    let states = signed.into_iter().zip(0..).filter(|(signed, place)| last.get(&signed.state) == Some(place));
    let of = |(signed, _): (Signed, usize)| {
        let head = format!(
            "In state {}, when {} answered {}:",
            signed.state,
            signed.reason.position,
            task_text(signed.task)
        );
        std::iter::once(line(head)).chain(signed.why_not.into_iter().map(line)).collect::<Vec<_>>()
    };
    let lines = states.flat_map(of);
    lines.map(|line| ExplanationLine { position: Some(position.to_string()), ..line }).collect()
}

/// What the views alone know of the signatures.
fn signed_lines(row: &CaseRow, task: Option<u32>) -> Vec<ExplanationLine> {
    let given = row.signed.iter().filter(|signed| task.is_none_or(|task| task == signed.task));
    let told = given.flat_map(|signed| {
        let head = format!(
            "{} of {} answered {} in state {} of revision {}.",
            signed.person,
            signed.position,
            task_text(signed.task),
            signed.state,
            signed.revision
        );
        std::iter::once((head, None)).chain(signed.capacities.iter().map(capacity_line))
    });
    told.map(|(text, rule)| ruled(text, rule)).collect()
}

fn capacity_line(capacity: &Capacity) -> (String, Option<&'static str>) {
    let rule = match capacity.why {
        CapacityWhy::Own | CapacityWhy::Transferred => None,
        CapacityWhy::Vacant | CapacityWhy::Acting | CapacityWhy::Delegate => Some("R7"),
        CapacityWhy::Merged => Some("R5"),
        CapacityWhy::Abolished => Some("R9"),
        CapacityWhy::Barred => Some("R2"),
        CapacityWhy::Referred => Some("R22"),
        CapacityWhy::Independent => Some("R6"),
    };
    (format!("It covers {} ({}).", capacity.position, render::why(capacity.why)), rule)
}
