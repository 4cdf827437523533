//! What an event says to a clerk. What is of use to the engine alone is not told.

use countersign_core::command::{CaseNo, TaskNo, Verdict};
use countersign_core::event::{
    CaseEnded, CaseSubmitted, CommandAnswered, CommandIssued, Event, FactReceived, Opinion, StateEntered,
    StepClosed, TaskAnswered, TaskDecided, TaskOpened, Work,
};
use countersign_core::name::{Name, Title};
use countersign_core::value::Value;
use countersign_server::ids::command_text;
use countersign_server::render::quantity as amount;

use super::known::Known;
use super::teller::{Moment, Said, moment, said};
use super::words;
use crate::tell::quantity;

/// A sentence and what kind of moment it tells.
pub(super) type Told = (Moment, Said);

/// Tells an event, which `known` has taken note of; `rest` are the events of the same frame after it.
pub(super) fn tell(event: &Event, rest: &[Event], known: &Known) -> Option<Told> {
    match event {
        Event::CaseSubmitted(e) => Some((Moment::Act, submitted(e, rest, known))),
        Event::StateEntered(e) => waits(e, rest).map(|said| (Moment::Aside, said)),
        Event::TaskOpened(e) => Some((Moment::Aside, opened(e, known))),
        Event::TaskDecided(e) => Some((Moment::Act, decided(e, known))),
        Event::TaskAnswered(e) => Some((Moment::Act, answered(e, known))),
        Event::OpinionsOpened(e) => Some((Moment::Act, opinions(&e.opinions, known))),
        Event::StepClosed(e) => closed(e, known),
        Event::FactReceived(e) => Some((Moment::Act, received(e, known))),
        Event::FactKept(e) => {
            let (from, what, with) = (words::system(&e.fact), words::fact(&e.fact), words::fields(&e.data));
            let en = format!(
                "{} reports: {} ({}). No case waits for that yet: it is kept until one does.",
                from.en, what.en, with.en
            );
            let zh = format!("{}通知：{}（{}）。暂无事项等待，先保留。", from.zh, what.zh, with.zh);
            Some((Moment::Act, said(en, zh)))
        }
        Event::RecordWritten(e) if e.row != e.before => {
            let en = format!("Row {} of the table {} is written.", e.key, e.table);
            Some((Moment::Aside, said(en, format!("写入主数据 {} 的 {}。", e.table, e.key))))
        }
        Event::CaseEnded(e) => Some(ended(e, known)),
        _ => outside(event, known).or_else(|| trouble(event, known)),
    }
}

/// Dealings with other systems.
fn outside(event: &Event, known: &Known) -> Option<Told> {
    match event {
        Event::CommandIssued(e) => Some((Moment::Act, issued(e))),
        Event::CommandAnswered(e) => replied(e, known),
        Event::CommandSentAgain(e) => {
            let id = command_text(e.case, &e.state_name, e.command);
            let from = words::system(&e.verb);
            let en = format!(
                "No answer from {}: the command is sent again under its id {id}, so that it is done once.",
                from.en
            );
            Some((Moment::Time, said(en, format!("{}无应答：以同一编号 {id} 重发，只办一次。", from.zh))))
        }
        Event::CommandSilent(e) => {
            let id =
                known.command(e.case, e.command).map(|of| command_text(e.case, &of.state_name, e.command));
            let id = id.unwrap_or_default();
            Some((
                Moment::Refused,
                said(format!("No answer to {id} came in time."), format!("{id} 无应答。")),
            ))
        }
        Event::ReplyConflicted(_) => {
            let en = "A second, different answer to the same command: a person has to look.";
            Some((Moment::Refused, said(en, "同一指令收到前后矛盾的应答：须人工核对。")))
        }
        _ => None,
    }
}

/// What goes wrong, or takes too long.
fn trouble(event: &Event, known: &Known) -> Option<Told> {
    let of = |case: CaseNo, task: TaskNo| known.post(case, task).map(|post| known.title_of_post(post));
    let (moment, en, zh) = match event {
        Event::TaskReminded(e) => {
            let post = of(e.case, e.task)?;
            (Moment::Time, format!("{} is reminded.", post.en), format!("提醒{}。", post.zh))
        }
        Event::TaskOverdue(e) => {
            let post = of(e.case, e.task)?;
            (Moment::Time, format!("The deadline of {} passes.", post.en), format!("{}超期。", post.zh))
        }
        Event::AlarmRaised(e) => (Moment::Time, format!("Alarm: {}.", e.name), format!("预警：{}。", e.name)),
        Event::ChecksFailed(e) => {
            let codes: Vec<&str> = e.codes.iter().map(Name::as_str).collect();
            let codes = codes.join(", ");
            (Moment::Refused, format!("Checks failed: {codes}."), format!("检查未通过：{codes}。"))
        }
        Event::CaseReturned(_) => {
            (Moment::Refused, "It goes back to its submitter.".to_owned(), "退回提交人。".to_owned())
        }
        Event::CaseHeld(e) => (
            Moment::Refused,
            format!("It waits for an operator: {}, {}.", e.code, e.detail),
            format!("挂起：{}，{}。", e.code, e.detail),
        ),
        _ => return None,
    };
    Some((moment, said(en, zh)))
}

fn received(e: &FactReceived, known: &Known) -> Said {
    let (from, what, with) = (words::system(&e.fact), words::fact(&e.fact), words::fields(&e.data));
    if known.was_kept(&e.message_id) {
        return said(
            format!("What {} reported before counts now: {} ({}).", from.en, what.en, with.en),
            format!("{}先前的通知现在生效：{}（{}）。", from.zh, what.zh, with.zh),
        );
    }
    said(
        format!("{} reports: {} ({}).", from.en, what.en, with.en),
        format!("{}通知：{}（{}）。", from.zh, what.zh, with.zh),
    )
}

fn submitted(e: &CaseSubmitted, rest: &[Event], known: &Known) -> Said {
    let started = rest.iter().find_map(|event| match event {
        Event::ChildStarted(of) if of.child == e.case => Some(of.case),
        _ => None,
    });
    let title = known.title_of_case(e.case, started);
    let money = e.content.amount.as_ref().filter(|over| matches!(over, Value::Money(_)));
    let over = money.and_then(amount).map(|over| quantity(&over));
    let over = over.map_or_else(|| said("", ""), |over| said(format!(" over {over}"), format!("，{over}")));
    if started.is_some() {
        return said(format!("{}{} begins.", title.en, over.en), format!("{}{} 开始。", title.zh, over.zh));
    }
    let who = person(&e.submitter.position, &e.submitter.person, known);
    said(
        format!("{} hands in {}{}.", who.en, title.en, over.en),
        format!("{}提交 {}{}。", who.zh, title.zh, over.zh),
    )
}

/// A wait for something that a system tells, unless it is over at once.
fn waits(e: &StateEntered, rest: &[Event]) -> Option<Said> {
    let Work::Message { fact, .. } = &e.work else { return None };
    let comes =
        |event: &Event| matches!(event, Event::FactReceived(of) if of.case == e.case && of.fact == *fact);
    if rest.iter().any(comes) {
        return None;
    }
    let (from, what) = (words::system(fact), words::fact(fact));
    Some(said(
        format!("It waits until {} reports that {}.", from.en, what.en),
        format!("等待{}通知：{}。", from.zh, what.zh),
    ))
}

fn opened(e: &TaskOpened, known: &Known) -> Said {
    let post = known.title_of_post(&e.position);
    let holders: Vec<&str> = e.holders.iter().map(Name::as_str).collect();
    let (holders, due) = (holders.join(", "), moment(e.milestones.overdue));
    let what = match known.work(e.case, e.slot, e.duty) {
        Some(Title { en, zh }) => said(format!("to do this: \"{en}\""), format!("：{zh}")),
        None => words::duty(e.duty),
    };
    said(
        format!("{} ({holders}) is asked {}, until {}.", post.en, what.en, due.en),
        format!("请{}（{holders}）{}，期限 {}。", post.zh, what.zh, due.zh),
    )
}

fn decided(e: &TaskDecided, known: &Known) -> Said {
    let who = by(e.case, e.task, &e.person, known);
    if e.blind {
        // The event is told before its step is closed: what was answered is nobody's business yet.
        return said(
            format!("{} has answered. What, nobody can see until all have answered.", who.en),
            format!("{}已答复；全部答复之前，谁也看不到内容。", who.zh),
        );
    }
    let what = words::verdict(e.verdict);
    said(format!("{} {}.", who.en, what.en), format!("{}{}。", who.zh, what.zh))
}

fn answered(e: &TaskAnswered, known: &Known) -> Said {
    let (who, what) = (by(e.case, e.task, &e.person, known), words::verdict(e.verdict));
    let choice = e.choice.as_ref().map(|choice| format!(" {choice}")).unwrap_or_default();
    let with = words::fields(&e.fields);
    if with.en.is_empty() {
        return said(format!("{} {}{choice}.", who.en, what.en), format!("{}{}{choice}。", who.zh, what.zh));
    }
    said(
        format!("{} {}{choice}: {}.", who.en, what.en, with.en),
        format!("{}{}{choice}：{}。", who.zh, what.zh, with.zh),
    )
}

/// A blind part whose answers are all there, or a climb above which there is nobody.
fn closed(e: &StepClosed, known: &Known) -> Option<Told> {
    // Pieces of work that stand side by side are no opinions.
    if e.opinions.iter().any(|opinion| opinion.verdict != Verdict::Done) {
        return Some((Moment::Act, opinions(&e.opinions, known)));
    }
    if *e.outcome != *"beyond" {
        return None;
    }
    let en = "That is more than anybody of this line may decide: nobody is asked, it stays open.";
    Some((Moment::Aside, said(en, "超出本线所有人的权限：不派任务，保持未结。")))
}

fn opinions(opinions: &[Opinion], known: &Known) -> Said {
    let each = |opinion: &Opinion| {
        let (post, what) = (known.title_of_post(&opinion.position), words::verdict(opinion.verdict));
        said(format!("{} {}", post.en, what.en), format!("{}{}", post.zh, what.zh))
    };
    let each: Vec<Said> = opinions.iter().map(each).collect();
    let en: Vec<&str> = each.iter().map(|said| said.en.as_str()).collect();
    let zh: Vec<&str> = each.iter().map(|said| said.zh.as_str()).collect();
    said(
        format!("All have answered, and the opinions are opened: {}.", en.join(", ")),
        format!("全部答复，意见同时公开：{}。", zh.join("，")),
    )
}

fn issued(e: &CommandIssued) -> Said {
    let (system, verb, with) = (words::system(&e.verb), words::verb(&e.verb), words::fields(&e.with));
    let undo = if e.undoes.is_some() { (", to undo what was done", "（撤销）") } else { ("", "") };
    said(
        format!("{} is asked {}{}: {}.", system.en, verb.en, undo.0, with.en),
        format!("向{}发出指令：{}{}，{}。", system.zh, verb.zh, undo.1, with.zh),
    )
}

fn replied(e: &CommandAnswered, known: &Known) -> Option<Told> {
    let verb = known.command(e.case, e.command).map(|of| of.verb.clone())?;
    let (system, with) = (words::system(&verb), words::fields(&e.fields));
    let word = match e.code.as_ref() {
        Some(code) => said(format!("refused, {code}"), format!("拒绝，{code}")),
        None => match e.word.as_str() {
            "done" => said("done", "已办"),
            "accepted" => said("taken on", "已受理"),
            "progress" => said("under way", "进行中"),
            other => said(other, other),
        },
    };
    let with =
        if with.en.is_empty() { with } else { said(format!(": {}", with.en), format!("：{}", with.zh)) };
    let moment = if e.code.is_some() { Moment::Refused } else { Moment::Act };
    let text = said(
        format!("{} answers {}{}.", system.en, word.en, with.en),
        format!("{}应答：{}{}。", system.zh, word.zh, with.zh),
    );
    Some((moment, text))
}

fn ended(e: &CaseEnded, known: &Known) -> Told {
    let title = known.title_of_case(e.case, None);
    let moment = if e.good { Moment::Good } else { Moment::Refused };
    (moment, said(format!("{}: {}.", title.en, e.end), format!("{}：{}。", title.zh, e.end)))
}

/// `Legal counsel (H05)`.
fn person(position: &Name, person: &Name, known: &Known) -> Said {
    let title = known.title_of_post(position);
    said(format!("{} ({person})", title.en), format!("{}（{person}）", title.zh))
}

/// Whoever answers a task.
fn by(case: CaseNo, task: TaskNo, who: &Name, known: &Known) -> Said {
    known.post(case, task).map_or_else(|| said(who.as_str(), who.as_str()), |post| person(post, who, known))
}
