//! The story of one order, from its evaluation to the last receipt. People's decisions are scripted ([`script`]), the
//! systems beside the engine are the adapters' sandboxes ([`office`]), time is virtual; everything else is the engine
//! as it is served, with the company's own rules, on a real log. The story is read off the log's events, so that
//! nothing is told that did not happen.
//!
//! ```text
//! script --> people --> requests --+             +--> sentence, chapter --> teller
//! offices --> answers and facts ---+--> engine --> events
//!      ^------- commands ----------------+       +--> sums --> the table at the end
//! ```

mod chapter;
mod company;
mod end;
mod known;
mod office;
mod people;
mod script;
mod sentence;
mod stage;
mod sums;
mod teller;
mod words;

use std::path::Path;

use countersign_core::command::Cause;
use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_server::ids::case_text;
use countersign_server::render::{Opinions, data};
use serde_json::{Value, json};

use crate::commands::verify;
use crate::exit::Failure;
use crate::output::Output;
use chapter::Chapter;
use end::Ending;
use known::Known;
use people::People;
use stage::{Stage, within_reason};
use sums::Sums;
use teller::{Line, Moment, Teller, said};

/// Plays the story in a data directory. `kept`: the directory stays, so that the end says where to look next.
///
/// # Errors
/// `STORY` where the order does not come to its good end; `LOG_EXISTS` where the directory holds a log already.
pub(crate) fn play(output: &Output, data: &Path, kept: bool) -> Result<(), Failure> {
    let stage = Stage::open(data)?;
    let mut story = Story {
        known: Known::new(stage.release.clone()),
        people: People::default(),
        sums: Sums::default(),
        duplicates: 0,
        teller: Teller::new(output),
        stage,
    };
    story.teller.say(&said(
        "One order of Yuanlan EV, from its evaluation to the last receipt. The clock is moved by hand, people's \
         decisions are scripted, ERP, logistics and finance are sandboxes; the engine, its log and the company's \
         rules are real. Every line is told from the events of the log; only repeats that are ignored leave none.",
        "远岚电动车的一张订单，从评审到最后一笔回款。时钟由程序拨动，人员的决定按脚本，ERP、物流、财务为沙箱；引擎、日志与公司规则均为真实。每一行都取自日志中的事件；只有被忽略的重复消息不留事件。",
    ))?;
    story.whole()?;
    let Story { stage, sums, known, duplicates, teller, .. } = story;
    let commands = known.commands();
    let done_twice = stage.done_twice();
    let at = stage.now();
    stage.close()?;
    let verified = verify(data)?;
    let (frames, events, data) = (verified.report.frames, verified.events, kept.then_some(data));
    let ending = Ending { at, sums, commands, duplicates, done_twice, frames, events, data };
    ending.tell(teller.output)
}

/// Everything that the story needs while it goes on.
struct Story<'o> {
    stage: Stage,
    people: People,
    known: Known,
    sums: Sums,
    duplicates: u64,
    teller: Teller<'o>,
}

impl Story<'_> {
    /// From the first cue until nothing is to come any more.
    fn whole(&mut self) -> Result<(), Failure> {
        for cue in script::cues()? {
            let mut moves = 0;
            while self.stage.step(cue.at)? {
                self.tell()?;
                moves += 1;
                within_reason(moves)?;
            }
            script::play(&cue, &mut self.stage, &mut self.people)?;
            self.tell()?;
        }
        Ok(())
    }

    /// Tells what has happened since it was told last.
    fn tell(&mut self) -> Result<(), Failure> {
        for (_, frame) in self.stage.frames()? {
            self.tell_frame(&frame)?;
        }
        self.tell_repeats()
    }

    /// Messages that came twice leave no event; the server counts them, and the systems know what they sent.
    fn tell_repeats(&mut self) -> Result<(), Failure> {
        let again = self.stage.said_again();
        let counted = self.stage.duplicates() - self.duplicates;
        self.duplicates += counted;
        if counted != again.len() as u64 {
            let found = format!("expected {} repeated messages to be ignored, found {counted}", again.len());
            return Err(Failure::new("STORY", found));
        }
        for name in again {
            let from = words::system(&name);
            let text = said(
                format!("{} sends the same message on {name} a second time. It is ignored.", from.en),
                format!("{}就 {name} 重复发送同一消息：忽略，不作改变。", from.zh),
            );
            let (at, data) = (self.stage.now(), json!({ "message": name }));
            let (step, case, moment) = ("duplicate-ignored", None, Moment::Time);
            self.teller.tell(Line { at, step, case, moment, text, data })?;
        }
        Ok(())
    }

    fn tell_frame(&mut self, frame: &Frame) -> Result<(), Failure> {
        for (i, event) in frame.events.iter().enumerate() {
            self.known.note(event);
            self.sums.count(event, &self.known);
            if let Some(chapter) = Chapter::of(event, &self.known) {
                self.teller.turn_to(chapter)?;
            }
            let rest = &frame.events[i + 1..];
            let Some((moment, text)) = sentence::tell(event, rest, &self.known) else { continue };
            let mut data = data(event, rest.iter(), Opinions::Closed);
            if let (Event::CaseSubmitted(_), Cause::Request(request)) = (event, &frame.cause) {
                data.insert("request_id".to_owned(), Value::String(request.request_id.to_string()));
            }
            self.teller.tell(Line {
                at: frame.at,
                step: event.name(),
                case: event.case().map(case_text),
                moment,
                text,
                data: Value::Object(data),
            })?;
        }
        Ok(())
    }
}
