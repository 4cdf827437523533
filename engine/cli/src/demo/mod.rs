//! The story of one contract, from its submission until it is effective, told as it happens. Time is virtual, so
//! that days pass in an instant and the story is the same every time; everything else is the engine as it is served.

mod acts;
mod company;
mod moves;
mod stage;
mod teller;

use std::path::Path;

use serde_json::json;

use crate::commands::verify;
use crate::exit::Failure;
use crate::output::Output;
use stage::Stage;
use teller::Teller;

/// Plays the story in a data directory. `kept`: the directory stays, so that the end says where to look next.
///
/// # Errors
/// `STORY` where it does not come out as told; `LOG_EXISTS` where the directory holds a log already.
pub(crate) fn play(output: &Output, data: &Path, kept: bool) -> Result<(), Failure> {
    let mut teller = Teller::new(output);
    let mut stage = Stage::open(data)?;
    let end = acts::all(&mut stage, &mut teller)?;
    stage.close()?;
    let verified = verify(data)?;
    let (frames, events) = (verified.report.frames, verified.events);
    let summary = format!(
        "{} is {}. Its log holds {frames} frames with {events} events, and was verified: every checksum, the chain \
         of hashes, the form of every frame.",
        end.case, end.state
    );
    let zh = format!(
        "{} 已 {}（生效）。日志共 {frames} 帧、{events} 个事件，校验和、哈希链与格式均已核验。",
        end.case, end.state
    );
    if output.json {
        return output.object(&json!({
            "step": "end", "at": teller::time(stage::END), "case": end.case, "state": end.state, "good": true,
            "revision": end.revision, "signed": end.signed, "frames": frames, "events": events, "verified": true,
            "data": kept.then_some(data),
        }));
    }
    teller.end(output.word(&summary, &zh))?;
    let next: Vec<String> = if kept {
        let data = data.display();
        ["timeline C-1", "case C-1", "explain C-1 --task T-5", "log show", "log verify"]
            .map(|command| format!("countersign {command} --data {data}"))
            .into()
    } else {
        vec![
            "countersign demo --data demo-data      keeps the log, to look around in with timeline, case, log show".into(),
            "countersign check workflows/yuanlan    the rules of this company, as an admin writes them".into(),
            "README.md                              the tour".into(),
        ]
    };
    output.line(output.word("Where to look next:", "接下来："))?;
    next.iter().try_for_each(|line| output.line(format!("  {line}")))
}
