//! The acts of the story, in order. Each checks that it came out as it is told.

mod decision;
mod submission;

use countersign_messages::Verdict;
use serde_json::{Value, json};

use super::moves::{Outcome, shown};
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
    submission::founded(stage, teller)?;
    submission::previewed(stage, teller)?;
    submission::skipped(stage, teller)?;
    submission::submitted(stage, teller)?;
    submission::clauses(stage, teller)?;
    submission::levels(stage, teller)?;
    decision::self_approval(stage, teller)?;
    decision::deadline(stage, teller)?;
    decision::returned(stage, teller)?;
    decision::resubmitted(stage, teller)?;
    decision::signed_again(stage, teller)?;
    decision::sealed(stage, teller)
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
