//! `countersign log show`: frames as people and programs read them.

use std::collections::BTreeSet;

use clap::Args;
use countersign_core::command::{CaseNo, Cause, TaskNo, VouchedBy};
use countersign_core::event::Event;
use countersign_core::frame::{Frame, Outcome};
use countersign_journal::Log as Journal;
use countersign_server::ids::parse_case;
use countersign_server::render::{Opinions, data};
use serde_json::{Map, Value, json};

use super::{each, open};
use crate::exit::Failure;
use crate::output::{Output, Tone, plain};
use crate::time;
use crate::transport::DataDir;

const EXAMPLES: &str = "\
Examples:
  countersign log show --data /var/lib/countersign/yuanlan
  countersign log show --data DIR --from 1200             from a sequence on
  countersign log show --data DIR --case C-7 --json       one frame a line, for programs

It reads only, and works while a server writes. Answers of a blind step are shown once the step has opened them.";

/// Print what the log holds, frame by frame
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Show {
    #[command(flatten)]
    data: DataDir,
    /// Begin at this sequence
    #[arg(long, value_name = "SEQUENCE", default_value_t = 1)]
    from: u64,
    /// Only frames that touch this case
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
}

impl Show {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let case = self.case.as_deref().map(parse_case).transpose();
        let case = case.map_err(|rejection| Failure::usage(rejection.message).at("--case"))?;
        let (log, _) = open(&self.data.path()?)?;
        if self.from == 0 || self.from > log.durable() {
            let message = format!("expected a sequence from 1 to {}, found {}", log.durable(), self.from);
            return Err(Failure::new("SEQUENCE_UNKNOWN", message).at("--from"));
        }
        let opened = opened(&log)?;
        each(&log, self.from, |sequence, frame| {
            let touched = |case: CaseNo| frame.events.iter().any(|event| event.case() == Some(case));
            if !case.is_none_or(touched) {
                return Ok(());
            }
            if output.json {
                return output.object(&frame_json(sequence, &frame, &opened));
            }
            output.line(heading(output, sequence, &frame))?;
            told(&frame, &opened).into_iter().try_for_each(|(name, data)| {
                output
                    .line(format!("    {name} {}", output.paint(Tone::Dim, &Value::Object(data).to_string())))
            })
        })
    }
}

/// The tasks, by case, whose blind answers have been opened.
type Opened = BTreeSet<(CaseNo, TaskNo)>;

/// Blind answers that have been opened since.
fn opened(log: &Journal) -> Result<Opened, Failure> {
    let mut opened = Opened::new();
    each(log, 1, |_, frame| {
        for event in &frame.events {
            let (case, opinions) = match event {
                Event::OpinionsOpened(e) => (e.case, &e.opinions),
                Event::StepClosed(e) => (e.case, &e.opinions),
                _ => continue,
            };
            opened.extend(opinions.iter().map(|opinion| (case, opinion.task)));
        }
        Ok(())
    })?;
    Ok(opened)
}

fn told(frame: &Frame, opened: &Opened) -> Vec<(&'static str, Map<String, Value>)> {
    let each = frame.events.iter().enumerate().map(|(index, event)| {
        let open = match event {
            Event::TaskDecided(e) if e.blind && !opened.contains(&(e.case, e.task)) => Opinions::Closed,
            _ => Opinions::Open,
        };
        (event.name(), data(event, frame.events[index + 1..].iter(), open))
    });
    each.collect()
}

fn heading(output: &Output, sequence: u64, frame: &Frame) -> String {
    let outcome = match &frame.outcome {
        Outcome::Accepted => output.paint(Tone::Good, "accepted"),
        Outcome::Refused { code, message, .. } => {
            format!("{}: {}", output.paint(Tone::Bad, &format!("refused {code}")), plain(message))
        }
    };
    let number = output.paint(Tone::Bold, &format!("#{sequence}"));
    format!("{number} {}  {}  {outcome}", time::instant(frame.at), plain(&cause(&frame.cause)))
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Request(r) if r.person.is_empty() => format!("{} tells ({})", r.system, r.request_id),
        Cause::Request(r) => format!("{} as {} by {} ({})", r.person, r.position, r.system, r.request_id),
        Cause::Timer { due } => format!("a timer, due {}", time::instant(*due)),
        Cause::Operator { os_user } => format!("operator {os_user}"),
        Cause::Answer { adapter, command_id, reply_id } => {
            format!("{adapter} answers {command_id} ({reply_id})")
        }
        Cause::Fact { adapter, message_id } => format!("{adapter} tells ({message_id})"),
    }
}

fn frame_json(sequence: u64, frame: &Frame, opened: &Opened) -> Value {
    let cause = match &frame.cause {
        Cause::Request(r) => json!({
            "kind": "request", "system": r.system.as_str(), "request_id": r.request_id.as_str(),
            "sent_at": r.sent_at.to_string(), "person": r.person.as_str(), "position": r.position.as_str(),
            "vouched_by": vouched(r.vouched_by),
        }),
        Cause::Timer { due } => json!({ "kind": "timer", "due": due.to_string() }),
        Cause::Operator { os_user } => json!({ "kind": "operator", "os_user": os_user.as_str() }),
        Cause::Answer { adapter, command_id, reply_id } => json!({
            "kind": "answer", "adapter": adapter.as_str(), "command_id": command_id.as_str(),
            "reply_id": reply_id.as_str(),
        }),
        Cause::Fact { adapter, message_id } => {
            json!({ "kind": "fact", "adapter": adapter.as_str(), "message_id": message_id.as_str() })
        }
    };
    let outcome = match &frame.outcome {
        Outcome::Accepted => json!({ "accepted": true }),
        Outcome::Refused { code, message, field } => {
            json!({ "accepted": false, "code": code.as_str(), "message": message, "field": field.as_deref() })
        }
    };
    let events = told(frame, opened).into_iter().map(|(name, data)| json!({ "event": name, "data": data }));
    json!({
        "sequence": sequence, "at": frame.at.to_string(), "cause": cause, "outcome": outcome,
        "events": events.collect::<Vec<_>>(),
    })
}

fn vouched(by: VouchedBy) -> &'static str {
    match by {
        VouchedBy::System => "system",
        VouchedBy::TrustedNetwork => "trusted-network",
        VouchedBy::Local => "local",
    }
}
