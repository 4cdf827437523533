//! What people do with tasks beside answering them: as a JSON object, and as a sentence.

use countersign_core::command::TaskNo;
use countersign_core::definition::Target;
use countersign_core::event::*;
use countersign_core::name::Name;
use countersign_messages::{OpinionView, OverrideView};
use countersign_runtime::views::{JumpRow, OpinionRow};

use super::json::{Json, json};
use super::plan::{milestones, slot};
use super::sentence::verdict_zh;
use super::value::time;
use super::words::verdict;
use crate::ids::{case_text, task_text};

/// What such an event says; null for one of another sort.
pub(super) fn data(event: &Event) -> Json<'_> {
    match event {
        Event::TaskTransferred(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "from": e.from.as_str(),
            "to": e.slot.position.as_str(),
            "slot": slot(None, &e.slot),
            "holders": Json::Names(&e.holders),
            "milestones": milestones(&e.milestones),
            "reason": e.reason.as_str(),
        }),
        Event::OpinionRequested(e) => json!({
            "task": Json::Task(e.task),
            "of": Json::Task(e.of),
            "person": e.person.as_str(),
            "by": e.by.as_str(),
            "position": e.slot.position.as_str(),
            "holders": Json::Names(&e.holders),
            "milestones": milestones(&e.milestones),
            "question": e.question.as_str(),
        }),
        Event::OpinionGiven(e) => given(e),
        Event::SignatureTakenBack(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "reason": e.reason.as_ref(),
            "again": e.again.clone(),
            "dropped": e.dropped.clone(),
            "state_number": e.enter,
        }),
        Event::ApproverAdded(e) => json!({
            "slot": e.of,
            "person": e.person.as_str(),
            "by": e.by.as_str(),
            "place": place(e.place),
            "added": slot(None, &e.slot),
            "reason": e.reason.as_str(),
        }),
        Event::ApproverRemoved(e) => json!({
            "slot": e.slot,
            "position": e.position.as_str(),
            "person": e.person.as_str(),
            "reason": e.reason.as_str(),
        }),
        Event::TaskClaimed(e) => json!({ "task": Json::Task(e.task), "person": e.person.as_str() }),
        Event::TaskReleased(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "holders": Json::Names(&e.holders),
        }),
        Event::CaseJumped(e) => json!({
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "from": e.from.as_str(),
            "to": e.to.as_str(),
            "reason": e.reason.as_str(),
            "override": true,
        }),
        Event::ReturnDirected(e) => json!({ "slot": e.slot, "to": short(e.go) }),
        Event::ReturnLed(e) => json!({ "to": e.to.as_str() }),
        other => revised(other),
    }
}

/// A document that changed under way, a case that was decided otherwise.
fn revised(event: &Event) -> Json<'_> {
    match event {
        Event::CaseAmended(e) => {
            let mut told = super::data::resubmitted(&e.again);
            told.set("approvals_are_opinions", e.as_opinions);
            told.set("reason", e.reason.as_str());
            told
        }
        Event::CaseReversed(e) => json!({
            "by_case": Json::Case(e.by_case),
            "request": e.entry.as_str(),
            "was": e.was.as_str(),
            "end": e.end.as_str(),
            "good": e.good,
        }),
        _ => Json::Null,
    }
}

/// Of an opinion in a blind part only that it was given: whoever asked for it sees it in the inbox.
fn given(e: &OpinionGiven) -> Json<'_> {
    let mut told = json!({ "task": Json::Task(e.task), "person": e.person.as_str(), "blind": e.blind });
    if !e.blind {
        told.set("verdict", verdict(e.verdict));
        told.set("reason", e.reason.as_ref());
    }
    told
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Before => "before",
        Place::After => "after",
        Place::Beside => "beside",
    }
}

/// A place of the chain, as far as the event itself says.
fn short(go: Target) -> Json<'static> {
    match go {
        Target::State(place) => json!({ "state_number": place }),
        _ => json!({ "draft": true }),
    }
}

/// An opinion as whoever asked for it sees it.
pub(crate) fn opinion(row: &OpinionRow) -> OpinionView {
    let given = row.given.as_ref();
    OpinionView {
        task: task_text(row.task),
        position: row.position.to_string(),
        question: row.question.to_string(),
        person: given.map(|(person, ..)| person.to_string()),
        verdict: given.map(|(_, answer, _)| verdict(*answer).to_owned()),
        reason: given.and_then(|(.., reason)| reason.as_ref()).map(ToString::to_string),
    }
}

/// Where an administrator has put a case elsewhere.
pub(crate) fn overridden(row: &JumpRow) -> OverrideView {
    OverrideView {
        person: row.person.to_string(),
        from: row.from.to_string(),
        to: row.to.to_string(),
        reason: row.reason.to_string(),
        at: time(row.at),
    }
}

/// The same as a sentence, in English and Chinese.
pub(super) fn sentence(event: &Event) -> Option<(String, String)> {
    Some(match event {
        Event::TaskTransferred(e) => {
            let (task, to) = (task_text(e.task), &e.slot.position);
            (
                format!("{} handed {task} over to {to}: {}", e.person, e.reason),
                format!("{} 将 {task} 转办给 {to}：{}", e.person, e.reason),
            )
        }
        Event::OpinionRequested(e) => (
            format!("{} asked {} for an opinion: {}", e.by, e.slot.position, e.question),
            format!("{} 征求 {} 意见：{}", e.by, e.slot.position, e.question),
        ),
        Event::OpinionGiven(e) if e.blind => (
            format!("{} gave an opinion to whoever asked for it", e.person),
            format!("{} 已向征求人反馈意见", e.person),
        ),
        Event::OpinionGiven(e) => (
            format!("the opinion of {}: {}", e.person, verdict(e.verdict)),
            format!("{} 的意见：{}", e.person, verdict_zh(e.verdict)),
        ),
        Event::SignatureTakenBack(e) => (
            format!("{} as {} took an own decision back", e.person, e.position),
            format!("{}（{}）取回本人的审批", e.person, e.position),
        ),
        Event::ApproverAdded(e) => (
            format!(
                "{} had {} review it too, {} its own answer: {}",
                e.by,
                e.slot.position,
                place(e.place),
                e.reason
            ),
            format!("{} 加签 {}（{}）：{}", e.by, e.slot.position, place_zh(e.place), e.reason),
        ),
        Event::ApproverRemoved(e) => (
            format!("{} need not review it any more: {}", e.position, e.reason),
            format!("减签 {}：{}", e.position, e.reason),
        ),
        Event::TaskClaimed(e) => (
            format!("{} claimed {}", e.person, task_text(e.task)),
            format!("{} 认领 {}", e.person, task_text(e.task)),
        ),
        Event::TaskReleased(e) => (
            format!("{} gave {} back to all who may answer it", e.person, task_text(e.task)),
            format!("{} 释放 {}", e.person, task_text(e.task)),
        ),
        Event::CaseJumped(e) => (
            format!("override: {} put the case from {} to {}: {}", e.person, e.from, e.to, e.reason),
            format!("越权处理：{} 将事项由 {} 跳转至 {}：{}", e.person, e.from, e.to, e.reason),
        ),
        Event::ReturnDirected(_) => {
            ("the document is to go back to an earlier step".into(), "指定退回环节".into())
        }
        Event::ReturnLed(e) => (format!("the document went back to {}", e.to), format!("退回至 {}", e.to)),
        Event::CaseAmended(e) => (
            format!(
                "{} changed the document under way, revision {}: {}",
                e.again.person, e.again.revision, e.reason
            ),
            format!("{} 在途变更，第 {} 稿：{}", e.again.person, e.again.revision, e.reason),
        ),
        Event::CaseReversed(e) => (
            format!("case {} decided otherwise: {} instead of {}", case_text(e.by_case), e.end, e.was),
            format!("经 {} 改判：由 {} 改为 {}", case_text(e.by_case), e.was, e.end),
        ),
        _ => return None,
    })
}

fn place_zh(place: Place) -> &'static str {
    match place {
        Place::Before => "前加签",
        Place::After => "后加签",
        Place::Beside => "并加签",
    }
}

/// The task that such an event is about.
pub(super) fn task(event: &Event) -> Option<TaskNo> {
    match event {
        Event::TaskTransferred(e) => Some(e.task),
        Event::OpinionRequested(e) => Some(e.task),
        Event::OpinionGiven(e) => Some(e.task),
        Event::SignatureTakenBack(e) => Some(e.task),
        Event::TaskClaimed(e) => Some(e.task),
        Event::TaskReleased(e) => Some(e.task),
        _ => None,
    }
}

/// Who did it, and to which post it happened.
pub(super) fn actor(event: &Event) -> (Option<&Name>, Option<&Name>) {
    match event {
        Event::TaskTransferred(e) => (Some(&e.person), Some(&e.slot.position)),
        Event::OpinionRequested(e) => (Some(&e.person), Some(&e.slot.position)),
        Event::OpinionGiven(e) => (Some(&e.person), None),
        Event::SignatureTakenBack(e) => (Some(&e.person), Some(&e.position)),
        Event::ApproverAdded(e) => (Some(&e.person), Some(&e.slot.position)),
        Event::ApproverRemoved(e) => (Some(&e.person), Some(&e.position)),
        Event::TaskClaimed(e) => (Some(&e.person), None),
        Event::TaskReleased(e) => (Some(&e.person), None),
        Event::CaseJumped(e) => (Some(&e.person), Some(&e.position).filter(|position| !position.is_empty())),
        Event::CaseAmended(e) => (Some(&e.again.person), None),
        _ => (None, None),
    }
}

/// Why, in their words.
pub(super) fn reason(event: &Event) -> Option<&Name> {
    match event {
        Event::TaskTransferred(e) => Some(&e.reason),
        Event::OpinionRequested(e) => Some(&e.question),
        Event::OpinionGiven(e) => e.reason.as_ref().filter(|_| !e.blind),
        Event::SignatureTakenBack(e) => e.reason.as_ref(),
        Event::ApproverAdded(e) => Some(&e.reason),
        Event::ApproverRemoved(e) => Some(&e.reason),
        Event::CaseJumped(e) => Some(&e.reason),
        Event::CaseAmended(e) => Some(&e.reason),
        _ => None,
    }
}
