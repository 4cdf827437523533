//! The acts of the story, in order. Each checks that it came out as it is told.

use countersign_messages::{CaseView, Verdict};
use serde_json::{Value, json};

use super::moves::{CONTRACT, Outcome, shown};
use super::stage::{Stage, holder, who};
use super::teller::{Moment, Said, Teller, moment, said};
use crate::exit::Failure;

/// How the story ended.
pub(super) struct End {
    pub(super) case: String,
    pub(super) state: String,
    pub(super) revision: u32,
    pub(super) signed: Vec<Value>,
}

type Told = Result<(), Failure>;

/// All of it.
pub(super) fn all(stage: &mut Stage, teller: &mut Teller<'_>) -> Result<End, Failure> {
    teller.begin(&said(
        "A contract of Yuanlan EV, from its submission until it is effective. Time is virtual; the engine, its log \
         and its rules are real.",
        "远岚电动车的一份合同，从提交到生效。时间是虚拟的；引擎、日志与规则都是真实的。",
    ))?;
    founded(stage, teller)?;
    previewed(stage, teller)?;
    skipped(stage, teller)?;
    submitted(stage, teller)?;
    clauses(stage, teller)?;
    levels(stage, teller)?;
    self_approval(stage, teller)?;
    deadline(stage, teller)?;
    returned(stage, teller)?;
    resubmitted(stage, teller)?;
    signed_again(stage, teller)?;
    sealed(stage, teller)
}

fn founded(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    let count = stage.definitions;
    let text = said(
        format!("The company is founded: {count} definitions are checked, stored and activated at once."),
        format!("公司建立：{count} 份定义经检查、入库并一次性生效。"),
    );
    teller.tell(stage.now(), (Moment::Act, "founded"), &text, json!({ "definitions": count }))
}

fn previewed(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    let view = story(stage.preview("rep_js1", 45)?)?;
    let who_asks = who("rep_js1");
    let text = said(
        format!("{who_asks} drafts {CONTRACT} over CNY 300,000.01 and asks who would have to sign it:"),
        format!("{who_asks} 起草合同 {CONTRACT}，金额 CNY 300,000.01，先问需要谁签："),
    );
    teller.tell(stage.now(), (Moment::Act, "preview"), &text, json!({ "ok": view }))?;
    let positions: Vec<&str> = view.steps.iter().map(|step| step.position.as_str()).collect();
    must(
        positions == ["credit_controller", "legal", "kam_js", "bgm_js", "region_east_head"] && view.decidable,
        "five signatures, the last one by region_east_head",
    )?;
    for (state, zh, en) in [
        ("clause-review", "条款评审，互不可见", "blind to one another"),
        (
            "line",
            "逐级；bgm_js 的权限为 300,000.00，恰少一分",
            "level by level; bgm_js may decide up to CNY 300,000.00, one fen less",
        ),
    ] {
        let steps = view.steps.iter().filter(|step| step.state == state);
        let asked: Vec<String> = steps.map(|step| format!("{} ({})", step.position, step.duty)).collect();
        let asked = asked.join(", ");
        let text = said(format!("{state}: {asked}; {en}."), format!("{state}：{asked}；{zh}。"));
        teller.tell(stage.now(), (Moment::Aside, "preview-state"), &text, json!({ "state": state }))?;
    }
    Ok(())
}

fn skipped(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    stage.at(21, "09:05")?;
    let outcome = stage.submit(Some("region_east_head"), 45)?;
    let text = |code: &str| {
        said(
            format!(
                "{} addresses it straight to region_east_head. {code}; it is recorded for both.",
                who("rep_js1")
            ),
            format!("{} 想直接报给 region_east_head。{code}；双方均有记录。", who("rep_js1")),
        )
    };
    refused(stage, teller, ("skip-level", "SKIP_LEVEL"), &outcome, text)
}

fn submitted(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    stage.at(21, "09:10")?;
    let outcome = stage.submit(None, 45)?;
    let accepted = story(outcome.clone())?;
    must(accepted.case == "C-1" && accepted.state == "clause-review", "case C-1 in clause-review")?;
    let text = said(
        format!(
            "{} submits it, level by level this time: it is case C-1. The clauses come first.",
            who("rep_js1")
        ),
        format!("{} 按级提交，编号 C-1。先做条款评审。", who("rep_js1")),
    );
    teller.tell(stage.now(), (Moment::Act, "submit"), &text, shown(&outcome))?;
    waits(stage, teller)
}

/// Who is asked, and by when.
fn waits(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    let case = stage.case()?;
    for task in &case.waiting_for {
        let due = task.due_at.as_ref().and_then(|due| countersign_core::time::Timestamp::parse(due.as_str()));
        let due = moment(due.unwrap_or_default());
        let (asked, duty) = (format!("{} ({})", task.position, task.holders.join(", ")), &task.duty);
        let text = said(
            format!("{asked} is asked to {duty}, until {}.", due.en),
            format!("请 {asked} {duty}，期限 {}。", due.zh),
        );
        teller.tell(stage.now(), (Moment::Aside, "asked"), &text, json!({ "task": task }))?;
    }
    Ok(())
}

fn clauses(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    stage.at(21, "10:00")?;
    let before = stage.settled()?;
    answer(stage, teller, "credit_controller", Verdict::Pass, &said("passes", "无异议"))?;
    let (case, told) = (stage.case()?, stage.since(before)?);
    let closed = told.iter().any(|entry| entry.data.0.get("blind") == Some(&Value::Bool(true)));
    must(case.signed.is_empty() && closed, "an answer that nobody can see yet")?;
    let text = said(
        "Nobody can see what was answered until legal has answered, too: neither legal, nor the submitter, nor whoever follows the events.",
        "legal 答复之前，谁也看不到其意见：legal、提交人、事件订阅方都看不到。",
    );
    teller.tell(stage.now(), (Moment::Aside, "blind"), &text, json!({ "signed": case.signed.len() }))?;
    stage.at(21, "10:30")?;
    answer(
        stage,
        teller,
        "legal",
        Verdict::Pass,
        &said("passes, and both opinions are opened", "无异议，两份意见同时公开"),
    )?;
    let case = stage.case()?;
    must(case.signed.len() == 2 && case.state == "line", "both opinions open, the case with the line")
}

fn levels(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    stage.at(21, "11:00")?;
    answer(stage, teller, "kam_js", Verdict::Pass, &said("passes", "无异议"))?;
    stage.at(21, "14:00")?;
    let outcome = stage.decide("bgm_js", "bgm_js", Verdict::Approve, None)?;
    let text = |code: &str| {
        said(
            format!("{} wants to approve it. {code}; below the deciding level one passes.", who("bgm_js")),
            format!("{} 想直接批准。{code}；低于决定级的只能审核通过。", who("bgm_js")),
        )
    };
    refused(stage, teller, ("beyond-limit", "VERDICT_NOT_ALLOWED"), &outcome, text)?;
    answer(stage, teller, "bgm_js", Verdict::Pass, &said("passes", "无异议"))?;
    waits(stage, teller)?;
    let task = stage.case()?.waiting_for.first().map(|task| task.task.clone()).unwrap_or_default();
    let lines = stage.explain(&task)?;
    must(!lines.is_empty(), "an explanation")?;
    let because = lines.join(" ");
    let text =
        said(format!("Why region_east_head? {because}"), format!("为什么是 region_east_head？{because}"));
    teller.tell(stage.now(), (Moment::Aside, "explain"), &text, json!({ "task": task, "lines": lines }))
}

fn self_approval(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    stage.at(21, "15:00")?;
    let outcome = stage.decide("rep_js1", "region_east_head", Verdict::Approve, None)?;
    let text = |code: &str| {
        said(
            format!("{} tries to approve the own contract. {code}; it is recorded.", who("rep_js1")),
            format!("{} 想自己批准。{code}；已记录。", who("rep_js1")),
        )
    };
    refused(stage, teller, ("self-approval", "SELF_APPROVAL"), &outcome, text)
}

/// Time passes: the reminder, then the deadline.
fn deadline(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    let overdue = [("task-reminded", ""), ("task-overdue", "sales_director, process_owner")];
    for (event, expected) in overdue {
        let before = stage.settled()?;
        stage.until_next_timer()?;
        let found = stage.since(before)?.into_iter().find(|entry| entry.event == event);
        let found = found.ok_or_else(|| Failure::new("STORY", format!("expected {event}")))?;
        let told = found.data.0.get("notify").and_then(Value::as_array).cloned().unwrap_or_default();
        let told: Vec<&str> = told.iter().filter_map(Value::as_str).collect();
        let told = told.join(", ");
        must(
            expected.split(", ").all(|position| told.contains(position)),
            "the superior and the driver told",
        )?;
        let text = if expected.is_empty() {
            said(
                "Half of the time is gone: region_east_head is reminded.",
                "时间过半：提醒 region_east_head。",
            )
        } else {
            said(
                format!("The deadline passes: {told} are told. Time decides nothing; the task stays open."),
                format!("超期：通知 {told}。时间不作决定，任务仍待办。"),
            )
        };
        teller.tell(stage.now(), (Moment::Time, event), &text, json!({ "data": found.data }))?;
    }
    Ok(())
}

fn returned(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    stage.at(22, "15:00")?;
    let reason = "45 days to pay are beyond grade B; make it 30";
    let position = "region_east_head";
    let outcome = stage.decide(position, position, Verdict::Return, Some(reason))?;
    must(story(outcome.clone())?.state == "draft", "the document back with its submitter")?;
    let text = said(
        format!("{} returns it: \"{reason}\".", who(position)),
        format!("{} 退回：“账期 45 天超出 B 级，请改为 30 天”。", who(position)),
    );
    teller.tell(stage.now(), (Moment::Act, "return"), &text, shown(&outcome))
}

fn resubmitted(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    stage.at(22, "16:00")?;
    let outcome = stage.resubmit(30)?;
    must(story(outcome.clone())?.revision == 2, "revision 2")?;
    let case = stage.case()?;
    let void = case.signed.iter().filter(|signature| !signature.standing).count();
    must(void == case.signed.len() && void == 5, "five answers that no longer stand")?;
    let text = said(
        format!(
            "{} submits revision 2 with 30 days. Terms are commercial: the {void} answers given are void, \
             everybody signs what it says now.",
            who("rep_js1")
        ),
        format!(
            "{} 改为 30 天，提交第 2 稿。账期属商务条款：已有的 {void} 份签署全部失效，重新逐级签署。",
            who("rep_js1")
        ),
    );
    teller.tell(stage.now(), (Moment::Act, "resubmit"), &text, shown(&outcome))
}

fn signed_again(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    let passes = said("passes", "无异议");
    for (day, clock, position, verdict, text) in [
        (22, "16:30", "legal", Verdict::Pass, &passes),
        (22, "17:00", "credit_controller", Verdict::Pass, &passes),
        (22, "17:55", "kam_js", Verdict::Pass, &passes),
        (23, "09:30", "bgm_js", Verdict::Pass, &passes),
        (
            23,
            "11:00",
            "region_east_head",
            Verdict::Approve,
            &said(
                "approves: the limit of CNY 1,000,000.00 suffices, nobody above is asked",
                "批准：权限 CNY 1,000,000.00 足够，无需再上报",
            ),
        ),
    ] {
        stage.at(day, clock)?;
        answer(stage, teller, position, verdict, text)?;
    }
    let case = stage.case()?;
    must(case.state == "sealing", "the contract waiting for its seals")?;
    let text = said(
        "Now it waits for the seals; a system will tell, not a person.",
        "等待双方盖章；由用印系统告知。",
    );
    teller.tell(stage.now(), (Moment::Aside, "sealing"), &text, json!({ "state": case.state }))
}

fn sealed(stage: &mut Stage, teller: &mut Teller<'_>) -> Result<End, Failure> {
    stage.at(24, "10:00")?;
    let outcome = stage.sealed()?;
    must(story(outcome.clone())?.cases == ["C-1"], "C-1 to have waited for the seals")?;
    let case: CaseView = stage.case()?;
    let good = case.ended.as_ref().is_some_and(|ended| ended.good);
    must(good && case.state == "effective", "an effective contract")?;
    let text = said(
        "The seal desk reports both seals: the contract is effective.",
        "用印系统报告双方已盖章：合同生效。",
    );
    teller.tell(stage.now(), (Moment::Act, "sealed"), &text, shown(&outcome))?;
    let standing = case.signed.iter().filter(|signature| signature.standing);
    let signed =
        standing.map(|s| json!({ "position": s.position, "person": s.person, "verdict": s.verdict }));
    Ok(End { case: case.case, state: case.state, revision: case.revision, signed: signed.collect() })
}

/// Somebody answers a task of their own.
fn answer(stage: &mut Stage, teller: &mut Teller<'_>, position: &str, verdict: Verdict, text: &Said) -> Told {
    let outcome = stage.decide(position, position, verdict, None)?;
    story(outcome.clone())?;
    let text = said(format!("{} {}.", who(position), text.en), format!("{} {}。", who(position), text.zh));
    let mut data = shown(&outcome);
    data["position"] = json!(position);
    data["person"] = json!(holder(position));
    teller.tell(stage.now(), (Moment::Act, "decide"), &text, data)
}

/// Something is refused, with this code; `text` says it with the engine's own words.
fn refused<T: serde::Serialize>(
    stage: &Stage,
    teller: &mut Teller<'_>,
    (step, code): (&str, &str),
    outcome: &Outcome<T>,
    text: impl FnOnce(&str) -> Said,
) -> Told {
    match outcome {
        Err(error) if error.code == code => {
            let words = format!("Refused, {code}: {}", error.message);
            teller.tell(stage.now(), (Moment::Refused, step), &text(&words), shown(outcome))
        }
        Err(error) => must(false, &format!("{code}, found {}: {}", error.code, error.message)),
        Ok(_) => must(false, &format!("{code}, found consent")),
    }
}

/// What must be granted for the story to go on.
fn story<T>(outcome: Outcome<T>) -> Result<T, Failure> {
    outcome.map_err(|error| {
        let message = format!(
            "the story did not come out as told: expected consent, found {}: {}",
            error.code, error.message
        );
        Failure::new("STORY", message)
    })
}

fn must(holds: bool, what: &str) -> Told {
    if holds {
        return Ok(());
    }
    Err(Failure::new("STORY", format!("the story did not come out as told: expected {what}")))
}
