//! From the first draft to the last level but one.

use countersign_messages::Verdict;
use serde_json::{Value, json};

use super::{Told, answer, must, refused, story, waits};
use crate::demo::moves::{CONTRACT, shown};
use crate::demo::stage::{Stage, who};
use crate::demo::teller::{Moment, Teller, said};

pub(super) fn founded(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
    let count = stage.definitions;
    let text = said(
        format!("The company is founded: {count} definitions are checked, stored and activated at once."),
        format!("公司建立：{count} 份定义经检查、入库并一次性生效。"),
    );
    teller.tell(stage.now(), (Moment::Act, "founded"), &text, json!({ "definitions": count }))
}

pub(super) fn previewed(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn skipped(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn submitted(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn clauses(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn levels(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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
