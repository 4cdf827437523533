//! What events of a case's dealings with other systems and cases say, as a JSON object.

use countersign_core::command::Operation;
use countersign_core::event::*;
use countersign_core::name::Name;

use super::account::account;
use super::json::{Json, json};
use super::words::{operation, verdict};
use crate::ids::{case_text, command_text};

/// What such an event says; null for one of another sort.
pub(super) fn outward(event: &Event) -> Json<'_> {
    match event {
        Event::FactsLearnt(e) => json!({ "facts": Json::Record(&e.facts) }),
        Event::CaseAsked(e) => json!({
            "entry": e.entry.as_str(),
            "by_case": e.by_case.map(Json::Case),
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "reason": e.reason.as_ref(),
            "with": Json::Record(&e.with),
        }),
        Event::CaseHandedOver(e) => json!({ "from": e.from.as_str(), "to": e.to.as_str() }),
        Event::CaseOperated(e) => json!({
            "act": operation(e.act),
            "person": e.person.as_str(),
            "reason": e.reason.as_str(),
        }),
        Event::ItemClosed(e) => json!({
            "item": e.item,
            "outcome": e.outcome.as_str(),
            "children": Json::list(&e.children, |case| Json::Case(*case)),
        }),
        Event::TaskAnswered(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "verdict": verdict(e.verdict),
            "choice": e.choice.as_ref(),
            "fields": Json::Record(&e.fields),
            "reason": e.reason.as_ref(),
            "content_hash": Json::Hash(&e.content_hash),
        }),
        Event::ChildStarted(e) => json!({
            "child": Json::Case(e.child),
            "chain": e.chain.as_str(),
            "item": e.item,
            "correlation": Json::Case(e.correlation),
            "draft": e.draft,
        }),
        Event::ChildEnded(e) => {
            json!({ "child": Json::Case(e.child), "end": e.end.as_str(), "good": e.good })
        }
        Event::AlarmSet(e) => json!({ "alarm": e.alarm, "due_at": e.at.map(Json::At) }),
        Event::AlarmRaised(e) => json!({ "alarm": e.alarm, "name": e.name.as_str() }),
        Event::EffectUndone(_) => json!({ "undone": true }),
        Event::EffectSettled(e) => json!({ "settled": settled(&e.what) }),
        Event::CaseListens(e) => {
            json!({ "facts": Json::list(&e.to, |to| Json::from(&to.fact)) })
        }
        Event::ValuesClaimed(e) => {
            json!({ "claims": Json::Names(&e.claims) })
        }
        _ => commanded(event),
    }
}

fn settled(what: &Settled) -> Json<'_> {
    match what {
        Settled::Command { id, verb } => json!({ "command_id": id.as_str(), "verb": verb.as_str() }),
        Settled::Child(case) => json!({ "case": Json::Case(*case) }),
        Settled::Record { table, key } => json!({ "table": table.as_str(), "key": key.as_str() }),
        Settled::Account { account, key } => json!({ "account": account.as_str(), "key": key.as_str() }),
    }
}

fn commanded(event: &Event) -> Json<'_> {
    match event {
        Event::CommandIssued(e) => json!({
            "command": e.command,
            "command_id": command_text(e.case, &e.state_name, e.command),
            "verb": e.verb.as_str(),
            "state": e.state_name.as_str(),
            "item": e.item,
            "with": Json::Record(&e.with),
            "undoes": e.undoes.as_ref().map(undoes),
            "again_at": e.again_at.map(Json::At),
            "silent_at": Json::At(e.silent_at),
        }),
        Event::CommandSentAgain(e) => json!({
            "command": e.command,
            "command_id": command_text(e.case, &e.state_name, e.command),
            "verb": e.verb.as_str(),
            "attempt": e.attempt,
            "again_at": e.again_at.map(Json::At),
            "silent_at": Json::At(e.silent_at),
        }),
        Event::CommandSilent(e) => json!({ "command": e.command }),
        Event::CommandAnswered(e) => json!({
            "command": e.command,
            "reply_id": e.reply_id.as_str(),
            "answer": e.word.as_str(),
            "code": e.code.as_ref(),
            "message": e.message.as_ref(),
            "fields": Json::Record(&e.fields),
            "last": e.last,
            "late": e.late,
        }),
        Event::ReplyConflicted(e) => json!({
            "command": e.command,
            "reply_id": e.reply_id.as_str(),
            "answer": e.word.as_str(),
            "fields": Json::Record(&e.fields),
        }),
        _ => company(event),
    }
}

fn refused((row, code): &(Name, Name)) -> Json<'_> {
    json!({ "row": row.as_str(), "code": code.as_str() })
}

fn undoes(of: &Undoes) -> Json<'_> {
    json!({ "case": Json::Case(of.case), "command": of.command,
        "command_id": command_text(of.case, &of.state_name, of.command), "with": Json::Record(&of.with), "done": Json::Record(&of.done) })
}

/// Of no case, or of the company's data.
fn company(event: &Event) -> Json<'_> {
    match event {
        Event::RecordWritten(e) => json!({
            "table": e.table.as_str(),
            "key": e.key.as_str(),
            "row": e.row.as_ref().map(Json::Record),
            "before": e.before.as_ref().map(Json::Record),
            "undo": e.undo,
        }),
        Event::FactKept(e) => json!({
            "fact": e.fact.as_str(),
            "sender": e.sender.as_str(),
            "message_id": e.message_id.as_str(),
            "data": Json::Record(&e.data),
            "until": Json::At(e.until),
        }),
        Event::FactGivenUp(e) => json!({
            "fact": e.fact.as_str(),
            "sender": e.sender.as_str(),
            "message_id": e.message_id.as_str(),
            "data": Json::Record(&e.data),
        }),
        Event::PeriodBegan(e) => json!({
            "chain": e.chain.as_str(),
            "start": e.start,
            "reached": e.reached.as_ref(),
            "refused": Json::list(&e.refused, refused),
            "next_at": e.next.map(Json::At),
        }),
        _ => account(event),
    }
}

/// The same as a sentence, in English and Chinese.
pub(super) fn sentence(event: &Event) -> (String, String) {
    match event {
        Event::FactsLearnt(e) => {
            let names = e.facts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
            (format!("the case learnt {}", names.join(", ")), format!("得知：{}", names.join("、")))
        }
        Event::CaseAsked(e) => asked(e),
        Event::CaseHandedOver(e) => (
            format!("the case went from {} to {}", e.from, e.to),
            format!("事项由 {} 移交给 {}", e.from, e.to),
        ),
        Event::CaseOperated(e) => operated(e),
        Event::ItemClosed(e) => (
            format!("item {} came to {}", u32::from(e.item) + 1, e.outcome),
            format!("第 {} 项结束：{}", u32::from(e.item) + 1, e.outcome),
        ),
        Event::TaskAnswered(e) => {
            let (en, zh) = (verdict(e.verdict), super::sentence::verdict_zh(e.verdict));
            match &e.choice {
                Some(choice) => {
                    (format!("{} chose {choice}", e.person), format!("{} 选择 {choice}", e.person))
                }
                None => (format!("{} answered: {en}", e.person), format!("{} {zh}", e.person)),
            }
        }
        Event::ChildStarted(e) => (
            format!("case {} of {} was started", case_text(e.child), e.chain),
            format!("启动 {} 事项 {}", e.chain, case_text(e.child)),
        ),
        Event::ChildEnded(e) => (
            format!("case {} ended: {}", case_text(e.child), e.end),
            format!("事项 {} 结束：{}", case_text(e.child), e.end),
        ),
        Event::AlarmSet(e) => match e.at {
            Some(due) => (
                format!("an alarm is set for {}", super::value::time(due)),
                format!("设定预警：{}", super::value::time(due)),
            ),
            None => ("the clock of an alarm stopped".into(), "预警停止计时".into()),
        },
        Event::AlarmRaised(e) if e.alarm == AFTER_END => (
            format!("alarm {}: it was done outside, and its case is over; mend it by hand", e.name),
            format!("预警 {}：外部已办而案件已结，请人工处理", e.name),
        ),
        Event::AlarmRaised(e) => {
            (format!("alarm {}: it takes too long", e.name), format!("预警 {}：超时", e.name))
        }
        Event::EffectUndone(_) => ("one thing was undone".into(), "已撤销一项".into()),
        Event::EffectSettled(e) => by_hand(&e.what),
        Event::CaseListens(e) => listens(e),
        Event::ValuesClaimed(e) => {
            let claims = e.claims.iter().map(Name::as_str).collect::<Vec<_>>();
            (format!("nobody else may use {}", claims.join(", ")), format!("占用：{}", claims.join("、")))
        }
        _ => command_sentence(event),
    }
}

fn by_hand(what: &Settled) -> (String, String) {
    let what = match what {
        Settled::Command { id, verb } => format!("{verb} ({id})"),
        Settled::Child(case) => case_text(*case),
        Settled::Record { table: of, key } | Settled::Account { account: of, key } => format!("{of} {key}"),
    };
    (format!("{what} was settled by hand, not undone"), format!("{what} 已由人工在系统外处理，未由系统撤销"))
}

fn listens(e: &CaseListens) -> (String, String) {
    let facts = e.to.iter().map(|to| to.fact.as_str()).collect::<Vec<_>>();
    match facts.is_empty() {
        true => ("no message would move the case".into(), "不再监听消息".into()),
        false => {
            (format!("the case listens to {}", facts.join(", ")), format!("监听消息：{}", facts.join("、")))
        }
    }
}

fn asked(e: &CaseAsked) -> (String, String) {
    // A person has a post; what nobody asked for is a message that moves the case.
    if e.by_case.is_none() && e.position.is_empty() {
        return (format!("{} moved the case", e.entry), format!("消息 {} 使事项转向", e.entry));
    }
    let by = e.by_case.map_or_else(|| format!("{} of {}", e.person, e.position), case_text);
    let by_zh = e.by_case.map_or_else(|| format!("{}（{}）", e.person, e.position), case_text);
    (format!("{by} asked the case for {}", e.entry), format!("{by_zh} 提出 {}", e.entry))
}

fn operated(e: &CaseOperated) -> (String, String) {
    let (en, zh) = match e.act {
        Operation::Hold => ("put the case on hold", "挂起事项"),
        Operation::Resume => ("let the case go on", "恢复事项"),
        Operation::Retry => ("had its commands sent again", "重发指令"),
        Operation::Compensate => ("had what was done undone", "撤销已办事项"),
        Operation::Settle => ("says that it was settled outside", "声明已在系统外处理"),
    };
    (format!("{} {en}", e.person), format!("{} {zh}", e.person))
}

fn command_sentence(event: &Event) -> (String, String) {
    match event {
        Event::CommandIssued(e) => match &e.undoes {
            None => (format!("{} was asked", e.verb), format!("发出指令 {}", e.verb)),
            Some(_) => (format!("{} was asked, to undo", e.verb), format!("发出撤销指令 {}", e.verb)),
        },
        Event::CommandSentAgain(e) => (
            format!("command {} was sent again, time {}", e.command, e.attempt),
            format!("第 {} 次发送指令 {}", e.attempt, e.command),
        ),
        Event::CommandSilent(e) => {
            (format!("no answer to command {} came in time", e.command), format!("指令 {} 无应答", e.command))
        }
        Event::CommandAnswered(e) => {
            let word =
                e.code.as_ref().map_or_else(|| e.word.to_string(), |code| format!("{} {code}", e.word));
            let (late, late_zh) = if e.late { (", late", "（迟到）") } else { ("", "") };
            (
                format!("command {} was answered{late}: {word}", e.command),
                format!("指令 {} 应答{late_zh}：{word}", e.command),
            )
        }
        Event::ReplyConflicted(e) => (
            format!("command {} was answered twice, differently: {} as well", e.command, e.word),
            format!("指令 {} 的应答前后矛盾：又答 {}", e.command, e.word),
        ),
        _ => company_sentence(event),
    }
}

fn company_sentence(event: &Event) -> (String, String) {
    match event {
        Event::RecordWritten(e) => {
            let (en, zh) = match (&e.row, e.undo) {
                (_, true) => ("was put back", "恢复"),
                (Some(_), _) => ("was written", "更新"),
                (None, _) => ("was taken out", "删除"),
            };
            (format!("row {} of {} {en}", e.key, e.table), format!("{} 的 {} 已{zh}", e.table, e.key))
        }
        Event::FactKept(e) => (
            format!("{} was reported; no case waits for it yet", e.fact),
            format!("收到 {}，暂无事项等待", e.fact),
        ),
        Event::FactGivenUp(e) => (
            format!("{} of {} was given up: no case wanted it", e.fact, e.sender),
            format!("放弃 {}（{}）：无事项需要", e.fact, e.sender),
        ),
        Event::PeriodBegan(e) => {
            (format!("a period of {} began", e.chain), format!("{} 新周期开始", e.chain))
        }
        other => {
            super::account::sentence(other).unwrap_or_else(|| (other.name().into(), other.name().into()))
        }
    }
}
