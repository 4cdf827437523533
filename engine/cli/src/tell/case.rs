//! An inbox, a case, its timeline, who has it.

use countersign_messages::{
    CaseView, HandlerView, InboxItem, InboxView, Signature, TimelineEntry, TimelineView, Waiting, WorkView,
};

use super::words::{quantity, word};
use crate::output::{Output, Tone, plain};
use crate::table::Table;
use crate::time;

/// The open tasks of a post.
pub(crate) fn inbox(output: &Output, post: &str, view: &InboxView) -> Vec<String> {
    if view.items.is_empty() {
        return vec![format!("{post}: {}", output.word("nothing waits for an answer", "没有待办"))];
    }
    let mut table = Table::new(&["CASE", "TASK", "ASKS", "WHAT", "KEY", "AMOUNT", "FROM", "DUE"]);
    for item in &view.items {
        let due = item.due_at.as_ref().map(time::wire).unwrap_or_default();
        let due = if item.overdue { format!("{due} {}", output.word("OVERDUE", "超期")) } else { due };
        table.row([
            item.case.clone(),
            item.task.clone(),
            word(output, &item.duty).to_owned(),
            item.work
                .as_ref()
                .map_or_else(|| output.title(&item.title).to_owned(), |work| wanted(output, work)),
            item.key.clone(),
            item.amount.as_ref().map(quantity).unwrap_or_default(),
            item.submitter.clone(),
            due,
        ]);
    }
    let mut lines = table.lines(output);
    lines.extend(view.items.iter().flat_map(|item| opinions(output, item)));
    let how = format!("answer with: countersign decide CASE TASK VERDICT --as {post}");
    lines.push(output.paint(Tone::Dim, &how));
    lines
}

/// What is asked of whom only an opinion is wanted, and what others think whom the holder has asked.
fn opinions(output: &Output, item: &InboxItem) -> Vec<String> {
    let at = format!("{} {}", item.case, item.task);
    let asked = item.question.iter().map(|question| {
        format!("{at}: {} {}", output.word("an opinion is asked for:", "征求意见："), plain(question))
    });
    let given = item.opinions.iter().map(|opinion| {
        let verdict = opinion
            .verdict
            .as_deref()
            .map_or(output.word("no opinion yet", "尚未反馈"), |v| word(output, v));
        let reason = opinion.reason.as_ref().map(|reason| format!(": {}", plain(reason))).unwrap_or_default();
        format!("{at}: {} {}: {verdict}{reason}", output.word("the opinion of", "意见"), opinion.position)
    });
    asked.chain(given).collect()
}

/// A piece of work with what it asks for.
fn wanted(output: &Output, work: &WorkView) -> String {
    let asks: Vec<&str> = work.asks.iter().map(|ask| ask.name.as_str()).collect();
    let choices = work.choices.join(" | ");
    let more = match (asks.is_empty(), choices.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!(" ({})", asks.join(", ")),
        (true, false) => format!(" ({choices})"),
        (false, false) => format!(" ({choices}; {})", asks.join(", ")),
    };
    format!("{}{more}", output.title(&work.title))
}

/// A case as it stands.
pub(crate) fn case(output: &Output, view: &CaseView) -> Vec<String> {
    let state = if view.ended.as_ref().is_some_and(|ended| !ended.good) { Tone::Bad } else { Tone::Good };
    let amount = view.amount.as_ref().map(|amount| format!(", {}", quantity(amount))).unwrap_or_default();
    let mut lines = vec![
        format!("{} {} {}{amount}", output.paint(Tone::Bold, &view.case), view.chain, plain(&view.key)),
        format!("  state      {} (revision {})", output.paint(state, &view.state), view.revision),
        format!("  submitter  {}, {}", view.submitter, time::wire(&view.opened_at)),
    ];
    lines.extend(view.final_position.as_ref().map(|last| format!("  final      {last}")));
    lines.extend(
        view.ended.as_ref().map(|ended| format!("  ended      {}, {}", ended.end, time::wire(&ended.at))),
    );
    lines.push(format!("  content    {}", view.content_hash));
    lines.extend(waiting(output, &view.waiting_for));
    lines.extend(dealings(output, view));
    if !view.route.is_empty() {
        let mut table = Table::new(&["ROUTE", "ASKS", "POSITION", ""]);
        for step in &view.route {
            let cells =
                [step.state.as_str(), word(output, &step.duty), &step.position, word(output, &step.status)];
            table.row(cells.map(str::to_owned));
        }
        lines.push(String::new());
        lines.extend(table.lines(output));
    }
    if !view.signed.is_empty() {
        lines.push(String::new());
        lines.extend(signatures(output, &view.signed));
    }
    lines.push(String::new());
    let document = serde_json::to_string_pretty(&view.document).unwrap_or_default();
    lines.extend(document.lines().map(str::to_owned));
    lines
}

/// What it has to do with other systems and other cases.
fn dealings(output: &Output, view: &CaseView) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(view.held.as_ref().map(|held| {
        format!("  held       {}: {}", output.paint(Tone::Bad, &held.code), plain(&held.detail))
    }));
    lines.extend(view.overrides.iter().map(|jump| {
        let marked = output.paint(Tone::Bad, output.word("override", "越权处理"));
        format!(
            "  {marked}   {} put it from {} to {}, {}: {}",
            jump.person,
            jump.from,
            jump.to,
            time::wire(&jump.at),
            plain(&jump.reason)
        )
    }));
    lines.extend(view.owner.as_ref().map(|owner| format!("  owner      {owner}")));
    lines.extend(view.parent.as_ref().map(|parent| format!("  started by {parent}")));
    lines.extend(view.children.iter().map(|child| {
        let end = child.end.as_deref().unwrap_or_else(|| output.word("open", "进行中"));
        format!("  started    {} {}: {end}", child.case, child.chain)
    }));
    lines.extend(view.facts.0.iter().map(|(name, value)| format!("  learnt     {name} = {value}")));
    lines.extend(view.alarms.iter().map(|alarm| {
        let due = alarm.due_at.as_ref().map(|due| format!(", due {}", time::wire(due))).unwrap_or_default();
        let raised =
            alarm.raised_at.as_ref().map(|at| format!(", raised {}", time::wire(at))).unwrap_or_default();
        format!("  alarm      {}{due}{raised}", alarm.name)
    }));
    if !view.commands.is_empty() {
        let mut table = Table::new(&["COMMAND", "ASKS", "SENT", "", "ANSWER"]);
        for command in &view.commands {
            let answer = command.answer.as_ref().map(|answer| {
                let code = answer.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
                let late = if answer.late { output.word(" (late)", "（迟到）") } else { "" };
                format!("{}{code}{late}", answer.answer)
            });
            table.row([
                command.command_id.clone(),
                command.verb.clone(),
                format!("{} x{}", time::wire(&command.sent_at), command.attempt),
                command.status.clone(),
                answer.unwrap_or_default(),
            ]);
        }
        lines.push(String::new());
        lines.extend(table.lines(output));
    }
    lines
}

fn signatures(output: &Output, signed: &[Signature]) -> Vec<String> {
    let mut table = Table::new(&["SIGNED", "TASK", "POSITION", "PERSON", "ANSWER", "REVISION", ""]);
    for signature in signed {
        let void = if signature.standing { "" } else { output.word("void", "已失效") };
        let reason = signature.reason.as_ref().map(|reason| format!(" \"{reason}\"")).unwrap_or_default();
        let choice = signature.choice.as_ref().map(|choice| format!(" {choice}")).unwrap_or_default();
        table.row([
            time::wire(&signature.at),
            signature.signature.clone(),
            signature.capacities.join(", "),
            signature.person.clone(),
            format!("{}{choice}", word(output, &signature.verdict)),
            signature.revision.to_string(),
            format!("{void}{reason}"),
        ]);
    }
    table.lines(output)
}

fn waiting(output: &Output, tasks: &[Waiting]) -> Vec<String> {
    let each = tasks.iter().map(|task| {
        let due = task.due_at.as_ref().map(|due| format!(", due {}", time::wire(due))).unwrap_or_default();
        let holders = task.holders.join(", ");
        format!(
            "  waits for  {} ({holders}) to {} {}{due}",
            task.position,
            word(output, &task.duty),
            task.task
        )
    });
    each.collect()
}

/// Who has a case now.
pub(crate) fn handler(output: &Output, view: &HandlerView) -> Vec<String> {
    let mut lines = vec![format!(
        "{} is in state {}",
        output.paint(Tone::Bold, &view.case),
        output.paint(Tone::Good, &view.state)
    )];
    lines.extend(waiting(output, &view.waiting_for));
    lines.extend(view.waits_on.as_ref().map(|what| format!("  waits for  {what}")));
    if view.waiting_for.is_empty() && view.waits_on.is_none() {
        lines.push(format!("  {}", output.word("nobody has to do anything", "无人待办")));
    }
    lines
}

/// What happened to a case, a sentence each.
pub(crate) fn timeline(output: &Output, view: &TimelineView) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before = None;
    for entry in &view.entries {
        let begins = before != Some(entry.sequence);
        before = Some(entry.sequence);
        let at = if begins { time::wire(&entry.at) } else { String::new() };
        let of = entry.case.as_ref().map(|case| format!("{case}: ")).unwrap_or_default();
        let number = if begins { format!("#{}", entry.sequence) } else { String::new() };
        let margin = format!("{number:>6}  {at:<23}");
        lines.push(format!("{}  {of}{}", output.paint(Tone::Dim, &margin), sentence(output, entry)));
    }
    lines
}

/// The sentence of an entry, with the post and the reason where it does not say them.
pub(crate) fn sentence(output: &Output, entry: &TimelineEntry) -> String {
    let mut text = output.title(&entry.text).to_owned();
    let posts =
        if entry.capacities.is_empty() { entry.position.clone() } else { Some(entry.capacities.join(", ")) };
    if let Some(posts) = posts.filter(|posts| !text.contains(posts.as_str())) {
        text.push_str(&output.word(" (as {})", "（{}）").replace("{}", &posts));
    }
    if let Some(reason) = entry.reason.as_ref().filter(|reason| !text.contains(reason.as_str())) {
        text.push_str(&format!(": \"{reason}\""));
    }
    plain(&text)
}
