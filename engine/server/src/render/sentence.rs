//! What each kind of event says, as a sentence for people, in English and Chinese.

use countersign_core::command::{CaseNo, TaskNo, Verdict};
use countersign_core::event::*;
use countersign_core::name::Name;
use countersign_messages::Title;
use serde_json::{Map, Value, json};

use super::data::{Opinions, data};
use super::value::time;
use super::words::verdict;
use super::{access, actions, outward};
use crate::ids::{case_text, task_text};

/// An event as a timeline tells it.
pub(crate) struct Told {
    /// Its kind.
    pub(crate) event: &'static str,
    /// The task it is about.
    pub(crate) task: Option<TaskNo>,
    /// Who did it, if a person did.
    pub(crate) person: Option<Name>,
    /// The post they acted in, or that it happened to, where the event says it.
    pub(crate) position: Option<Name>,
    /// Why, in their words.
    pub(crate) reason: Option<Name>,
    /// The sentence.
    pub(crate) text: Title,
    /// The rest.
    pub(crate) data: Map<String, Value>,
}

/// Tells an event.
pub(crate) fn tell<'e>(
    event: &'e Event,
    following: impl Iterator<Item = &'e Event>,
    opinions: Opinions,
) -> Told {
    let (en, zh) = sentence(event);
    let (person, position) = actor(event);
    Told {
        event: event.name(),
        task: task(event),
        person: person.cloned(),
        position: position.cloned(),
        reason: reason(event).cloned(),
        text: Title { en, zh: Some(zh) },
        data: data(event, following, opinions),
    }
}

/// Tells that somebody answered in a blind part that is still closed.
pub(crate) fn tell_sealed(case: CaseNo, task: TaskNo, person: &Name) -> Told {
    let data =
        json!({ "case": case_text(case), "task": task_text(task), "person": person.as_str(), "blind": true });
    Told {
        event: "task-decided",
        task: Some(task),
        person: Some(person.clone()),
        position: None,
        reason: None,
        text: Title {
            en: format!("{person} answered; the answers of this step are not open yet"),
            zh: Some(format!("{person} 已答复；本步骤的意见尚未公开")),
        },
        data: match data {
            Value::Object(data) => data,
            _ => Map::new(),
        },
    }
}

fn sentence(event: &Event) -> (String, String) {
    if let Some(told) = actions::sentence(event).or_else(|| access::sentence(event)) {
        return told;
    }
    match event {
        Event::CompanyFounded(_)
        | Event::DefinitionStored(_)
        | Event::DefinitionsActivated(_)
        | Event::OrganisationSwept(_)
        | Event::SkipLevelAttempted(_)
        | Event::SelfApprovalAttempted(_)
        | Event::LateAnswer(_) => company(event),
        Event::TaskOpened(_)
        | Event::TaskDecided(_)
        | Event::TaskWithdrawn(_)
        | Event::SignatureKept(_)
        | Event::TaskLapsed(_)
        | Event::TaskReminded(_)
        | Event::TaskOverdue(_)
        | Event::TaskEscalated(_)
        | Event::TaskReassigned(_)
        | Event::TaskReferred(_)
        | Event::AmountWeighed(_)
        | Event::RouteExtended(_) => of_task(event),
        _ => of_case(event),
    }
}

fn company(event: &Event) -> (String, String) {
    match event {
        Event::CompanyFounded(e) => (format!("{} was founded", e.company), format!("{} 建立", e.company)),
        Event::DefinitionStored(e) => {
            (format!("{} was stored as {}", e.path, e.number), format!("{} 存为第 {} 号", e.path, e.number))
        }
        Event::DefinitionsActivated(e) => {
            (format!("release {} holds from now on", e.release), format!("第 {} 版规则生效", e.release))
        }
        Event::OrganisationSwept(_) => {
            ("open work was moved to where the organisation puts it".into(), "在办事项已按新组织调整".into())
        }
        Event::SkipLevelAttempted(e) => (
            format!("{} tried to go past the immediate superior to {}", e.position, e.addressee),
            format!("{} 试图越级提交给 {}", e.position, e.addressee),
        ),
        Event::SelfApprovalAttempted(e) => (
            format!("{} tried to decide a document of their own", e.person),
            format!("{} 试图审批本人单据", e.person),
        ),
        Event::LateAnswer(e) => (
            format!("{} answered after it was decided", e.person),
            format!("{} 的答复迟到，不起作用", e.person),
        ),
        other => (other.name().to_owned(), other.name().to_owned()),
    }
}

fn of_case(event: &Event) -> (String, String) {
    match event {
        Event::CaseSubmitted(e) => (
            format!("{} as {} handed the document in", e.submitter.person, e.submitter.position),
            format!("{}（{}）提交", e.submitter.person, e.submitter.position),
        ),
        Event::CaseResubmitted(e) if e.by_editor => {
            (format!("{} completed the document", e.person), format!("{} 补全单据", e.person))
        }
        Event::CaseResubmitted(e) => (
            format!("{} handed revision {} in", e.person, e.revision),
            format!("{} 重新提交，第 {} 稿", e.person, e.revision),
        ),
        Event::StateEntered(e) => (format!("state {} began", e.name), format!("进入 {}", e.name)),
        Event::StateSkipped(e) => (format!("state {} was not needed", e.name), format!("跳过 {}", e.name)),
        Event::ChecksFailed(e) => {
            let codes = e.codes.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
            (format!("checks failed: {codes}"), format!("检查未通过：{codes}"))
        }
        Event::BranchChosen(_) => ("a branch was chosen".into(), "选择分支".into()),
        Event::StepClosed(e) => {
            (format!("state {} came to {}", e.state, e.outcome), format!("{} 结束：{}", e.state, e.outcome))
        }
        Event::OpinionsOpened(_) => ("the opinions were opened".into(), "意见公开".into()),
        Event::CaseReturned(e) => (
            format!("the document went back to its submitter, time {}", e.returns),
            format!("退回提交人，第 {} 次", e.returns),
        ),
        Event::CaseEnded(e) => (format!("the case ended: {}", e.end), format!("结束：{}", e.end)),
        Event::CaseWithdrawn(_) => ("the submitter took the document back".into(), "提交人撤回".into()),
        Event::CaseHeld(e) => {
            (format!("the case waits for an operator: {}", e.code), format!("挂起，等待处理：{}", e.code))
        }
        Event::StateExpired(e) => (format!("state {} ended by time", e.state), format!("{} 到期", e.state)),
        Event::FactReceived(e) => (format!("{} was reported", e.fact), format!("收到 {}", e.fact)),
        Event::TurnSplit(_) => ("the turn goes on".into(), "继续处理".into()),
        other => outward::sentence(other),
    }
}

fn of_task(event: &Event) -> (String, String) {
    match event {
        Event::TaskOpened(e) => (
            format!("{} is asked, until {}", e.position, time(e.milestones.overdue)),
            format!("请 {} 办理，期限 {}", e.position, time(e.milestones.overdue)),
        ),
        Event::TaskDecided(e) => (
            format!("{} answered: {}", e.person, verdict(e.verdict)),
            format!("{} {}", e.person, verdict_zh(e.verdict)),
        ),
        Event::TaskWithdrawn(e) => {
            (format!("task {} fell away", task_text(e.task)), format!("任务 {} 取消", task_text(e.task)))
        }
        Event::SignatureKept(e) => (
            format!("the signature of {} still stands", task_text(e.task)),
            format!("{} 的签字仍有效", task_text(e.task)),
        ),
        Event::TaskLapsed(e) => (
            format!("the contribution of {} did not come in time", task_text(e.task)),
            format!("{} 未按时反馈", task_text(e.task)),
        ),
        Event::TaskReminded(e) => {
            (format!("{} was reminded", task_text(e.task)), format!("提醒 {}", task_text(e.task)))
        }
        Event::TaskOverdue(e) => {
            (format!("{} is overdue", task_text(e.task)), format!("{} 超期", task_text(e.task)))
        }
        Event::TaskEscalated(e) => {
            (format!("the superior was told of {}", task_text(e.task)), format!("{} 升级", task_text(e.task)))
        }
        Event::TaskReassigned(e) => (
            format!("{} is asked now for {}", e.position, task_text(e.task)),
            format!("{} 改由 {} 办理", task_text(e.task), e.position),
        ),
        Event::TaskReferred(e) => (
            format!("{} handed {} up: {}", e.person, task_text(e.task), e.reason),
            format!("{} 上交 {}：{}", e.person, task_text(e.task), e.reason),
        ),
        Event::AmountWeighed(e) => weighed(e),
        Event::RouteExtended(_) => ("the route grew by another level".into(), "审批路线延长一级".into()),
        other => (other.name().to_owned(), other.name().to_owned()),
    }
}

fn weighed(e: &AmountWeighed) -> (String, String) {
    let rate = |used: &RateUsed| format!("{} {} ({})", used.currency, used.rate, used.on);
    let rates = e.rates.iter().map(rate).collect::<Vec<_>>().join(", ");
    let (mut en, mut zh) = (
        format!("{} is held against {}", e.need, e.authority),
        format!("按 {} 审批额度：{}", e.authority, e.need),
    );
    if !rates.is_empty() {
        en.push_str(&format!("; {} at {rates}", e.amount));
        zh.push_str(&format!("；{} 汇率 {rates}", e.amount));
    }
    if let Some(added) = e.added.as_ref().filter(|added| added.count > 0) {
        en.push_str(&format!("; with {} of {} earlier cases", added.sum, added.count));
        zh.push_str(&format!("；累计在先 {} 项 {}", added.count, added.sum));
    }
    (en, zh)
}

pub(super) fn verdict_zh(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "批准",
        Verdict::Pass => "无异议",
        Verdict::Object => "有异议",
        Verdict::Return => "退回",
        Verdict::Reject => "否决",
        Verdict::Input => "已反馈",
        Verdict::Submit => "已补全",
        Verdict::Done => "已办理",
        Verdict::Refuse => "拒绝办理",
        Verdict::Choose => "已选择",
    }
}

fn task(event: &Event) -> Option<TaskNo> {
    match event {
        Event::TaskOpened(e) => Some(e.task),
        Event::TaskDecided(e) => Some(e.task),
        Event::TaskAnswered(e) => Some(e.task),
        Event::TaskWithdrawn(e) => Some(e.task),
        Event::SignatureKept(e) => Some(e.task),
        Event::TaskLapsed(e) => Some(e.task),
        Event::TaskReminded(e) => Some(e.task),
        Event::TaskOverdue(e) => Some(e.task),
        Event::TaskEscalated(e) => Some(e.task),
        Event::TaskReassigned(e) => Some(e.task),
        Event::TaskReferred(e) => Some(e.task),
        Event::SelfApprovalAttempted(e) => Some(e.task),
        Event::LateAnswer(e) => Some(e.task),
        Event::StoodIn(e) => Some(e.task),
        other => actions::task(other),
    }
}

/// Who did it, and in or to which post, as far as the event itself says.
fn actor(event: &Event) -> (Option<&Name>, Option<&Name>) {
    match event {
        Event::CaseSubmitted(e) => (Some(&e.submitter.person), Some(&e.submitter.position)),
        Event::CaseResubmitted(e) => (Some(&e.person), None),
        Event::TaskOpened(e) => (None, Some(&e.position)),
        Event::TaskDecided(e) => (Some(&e.person), None),
        Event::TaskAnswered(e) => (Some(&e.person), None),
        Event::CaseAsked(e) if e.by_case.is_none() && !e.position.is_empty() => {
            (Some(&e.person), Some(&e.position))
        }
        Event::CaseOperated(e) => (Some(&e.person), None),
        Event::CaseHandedOver(e) => (None, Some(&e.to)),
        Event::TaskReassigned(e) => (None, Some(&e.position)),
        Event::TaskReferred(e) => (Some(&e.person), None),
        Event::SkipLevelAttempted(e) => (Some(&e.person), Some(&e.position)),
        Event::SelfApprovalAttempted(e) => (Some(&e.person), Some(&e.position)),
        Event::LateAnswer(e) => (Some(&e.person), None),
        Event::StoodIn(e) => (Some(&e.person), Some(&e.position)),
        other => match event.change() {
            Some(change) => (Some(&change.person), Some(&change.position)),
            None => match access::actor(other) {
                Some((person, position)) => (Some(person), Some(position)),
                None => actions::actor(other),
            },
        },
    }
}

fn reason(event: &Event) -> Option<&Name> {
    match event {
        Event::TaskDecided(e) => e.reason.as_ref(),
        Event::CaseWithdrawn(e) => e.reason.as_ref(),
        Event::TaskReferred(e) => Some(&e.reason),
        Event::TaskAnswered(e) => e.reason.as_ref(),
        Event::CaseAsked(e) => e.reason.as_ref(),
        Event::CaseOperated(e) => Some(&e.reason),
        other => event.change().map_or_else(|| actions::reason(other), |change| Some(&change.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::every_kind;

    #[test]
    fn every_kind_has_a_sentence_of_its_own_in_both_languages() {
        for event in every_kind() {
            let told = tell(&event, std::iter::empty(), Opinions::Open);
            let zh = told.text.zh.expect("Chinese");
            assert_ne!(told.text.en, event.name());
            assert!(!zh.is_empty() && zh != event.name(), "{}", event.name());
        }
    }

    #[test]
    fn a_sealed_answer_tells_nothing_of_what_was_answered() {
        let told = tell_sealed(42, 3, &Name::from("H25"));
        assert_eq!(told.reason, None);
        let keys: Vec<&str> = told.data.keys().map(String::as_str).collect();
        assert_eq!(keys, ["blind", "case", "person", "task"]);
    }
}
