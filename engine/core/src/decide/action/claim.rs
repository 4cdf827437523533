//! One of several holders takes a task on, and gives it back.

use super::super::operate::owns_process;
use super::super::resolve::{driver, who_answers};
use super::Asked;
use crate::command::Request;
use crate::event::{Event, TaskClaimed, TaskReleased};
use crate::rejection::Rejection;

/// One of several holders will answer.
pub(super) fn claim(asked: &Asked<'_>) -> Result<Vec<Event>, Rejection> {
    if asked.task.holders.len() < 2 {
        return Err(asked.refuses("a task that several may answer and nobody has claimed"));
    }
    let (case, task) = (asked.case.number(), asked.number);
    Ok(vec![Event::TaskClaimed(TaskClaimed { case, task, person: asked.person.clone() })])
}

/// Whether somebody may give back what another one has claimed: who is absent cannot.
pub(super) fn may_free(asked: &Asked<'_>, request: &Request) -> Result<bool, Rejection> {
    let drives = driver(&asked.ctx, asked.case).as_ref() == Some(&request.position);
    Ok(drives || owns_process(&asked.ctx, &request.position)?)
}

/// A claimed task is everybody's again.
pub(super) fn release(asked: &Asked<'_>) -> Result<Vec<Event>, Rejection> {
    let Some(candidates) = asked.step.candidates(asked.number) else {
        return Err(asked.refuses("a task that somebody has claimed"));
    };
    // Who holds the post now, if it is still the one that is asked.
    let now = who_answers(&asked.ctx, asked.case, asked.step, asked.slot).ok();
    let now = now.filter(|resolved| resolved.position == asked.task.position);
    let holders = now.map_or_else(|| candidates.to_vec(), |resolved| resolved.holders);
    let (case, task, person) = (asked.case.number(), asked.number, asked.person.clone());
    Ok(vec![Event::TaskReleased(TaskReleased { case, task, person, holders })])
}
