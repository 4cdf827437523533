//! The level that decides: an attempt, a deadline, a return, and everybody once more.

use countersign_messages::{CaseView, Verdict};
use serde_json::{Value, json};

use super::{End, Told, answer, must, refused, story};
use crate::demo::moves::shown;
use crate::demo::stage::{Stage, who};
use crate::demo::teller::{Moment, Teller, said};
use crate::exit::Failure;

pub(super) fn self_approval(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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
pub(super) fn deadline(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn returned(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn resubmitted(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn signed_again(stage: &mut Stage, teller: &mut Teller<'_>) -> Told {
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

pub(super) fn sealed(stage: &mut Stage, teller: &mut Teller<'_>) -> Result<End, Failure> {
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
