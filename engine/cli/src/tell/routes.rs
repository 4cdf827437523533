//! Who would sign, and why somebody is asked.

use countersign_messages::{Explanation, PreviewView};

use super::words::word;
use crate::output::{Output, Tone, plain};
use crate::table::Table;

/// Who would have to sign a document.
pub(crate) fn preview(output: &Output, view: &PreviewView) -> Vec<String> {
    let mut table = Table::new(&["STATE", "ASKS", "POSITION", "PERSON", "BY", "WHY"]);
    for step in &view.steps {
        table.row([
            step.state.clone(),
            word(output, &step.duty).to_owned(),
            step.position.clone(),
            step.holders.join(", "),
            step.due_at.to_string(),
            output.title(&step.why).to_owned(),
        ]);
    }
    let mut lines = if view.steps.is_empty() { Vec::new() } else { table.lines(output) };
    if !view.waits_for.is_empty() {
        let waits = view.waits_for.join(", ");
        lines.push(format!("{} {waits}", output.word("it would wait for", "须等待")));
    }
    if let Some(end) = &view.end {
        lines.push(format!("{} {end}", output.word("it would end as", "预计结果：")));
    }
    lines.push(if view.decidable {
        output.paint(Tone::Good, output.word("it can be decided", "可以审定"))
    } else {
        output.paint(Tone::Bad, output.word("it cannot be decided", "无法审定"))
    });
    lines
}

/// Why somebody is asked, or not.
pub(crate) fn explanation(output: &Output, view: &Explanation) -> Vec<String> {
    view.lines.iter().map(|line| plain(output.title(&line.text))).collect()
}
