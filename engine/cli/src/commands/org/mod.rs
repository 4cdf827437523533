//! `countersign org plan|apply|show`: who holds what, what a change of it would do, and the change itself.

mod acts;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_messages::{
    Answering, ImpactRow, ImpactView, OrganisationAct, Organise, Organised, Plan, Request,
};

use super::asking::{Actor, Asking, Once};
use super::request::needed;
use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::table::Table;
use crate::transport::{Answer, Where};

const EXAMPLES: &str = "\
Examples:
  countersign org plan moves.yaml --data DIR --as process_owner
  countersign org apply moves.yaml --data DIR --as process_owner --reason 'H25 leaves'
  countersign org show --data DIR bgm_js
  countersign org show --data DIR --as-of '2025-04-21T09:00+08:00'

A file of acts:
  - leave: { person: H25 }
  - hire: { person: H40, position: bgm_js }
  - move: { person: H29, from: kam_js, to: bgm_ah }
  - vacate: { position: kam_sd }
  - act: { position: kam_sd, by: bgm_sd, limit: 50%, until: \"2025-07-01T00:00+08:00\" }
  - delegate: { name: DG-03, from: bgm_js, to: kam_ah, authority: contract, up_to: 200000,
      start: \"2025-04-21T09:00+08:00\", end: \"2025-04-25T18:00+08:00\" }
  - end: { delegation: DG-03 }";

/// Show and change who holds what
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Org {
    #[command(subcommand)]
    act: What,
}

#[derive(Subcommand)]
enum What {
    Plan(Planned),
    Apply(Applied),
    Show(show::Show),
}

/// Show what a file of acts would do to open work; nothing is changed
#[derive(Args)]
#[command(after_help = EXAMPLES)]
struct Planned {
    /// The file of acts
    file: PathBuf,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
}

/// Carry out a file of acts, all of it or nothing
#[derive(Args)]
#[command(after_help = EXAMPLES)]
struct Applied {
    /// The file of acts
    file: PathBuf,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Org {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.act {
            What::Plan(planned) => planned.run(output),
            What::Apply(applied) => applied.run(output),
            What::Show(show) => show.run(output),
        }
    }
}

impl Planned {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let acts = acts::read(output, &self.file)?;
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.asks(&mut session)?;
        let request = Request::Plan(Plan { request_id, sent_at, person, position, acts });
        let answer = session.ask::<ImpactView>(&request);
        session.close()?;
        let Answer { raw, value, .. } = answer?;
        if output.json {
            return output.object(&raw);
        }
        impact(output, &value).into_iter().try_for_each(|line| output.line(line))
    }
}

impl Applied {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let (acts, reason) = (acts::read(output, &self.file)?, needed(&self.reason)?);
        let count = acts.len();
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let request = Request::Organise(Organise { request_id, sent_at, person, position, acts, reason });
        let answer = session.ask::<Organised>(&request);
        session.close()?;
        let Answer { raw, value, .. } = answer?;
        if output.json {
            return output.object(&raw);
        }
        let told = format!(
            "{} carried out; the organisation is of version {} now, open work moves along",
            super::check::many(count, "act"),
            value.sequence
        );
        output.line(output.paint(Tone::Good, &told))
    }
}

fn impact(output: &Output, view: &ImpactView) -> Vec<String> {
    let mut lines: Vec<String> = view.changes.iter().map(|change| change.en.clone()).collect();
    let told = format!(
        "{} reassigned, {} rerouted, {} stranded",
        super::check::many(view.reassigned as usize, "task"),
        view.rerouted,
        view.stranded
    );
    lines.push(output.paint(if view.stranded > 0 { Tone::Bad } else { Tone::Good }, &told));
    if view.work.is_empty() {
        return lines;
    }
    let mut table = Table::new(&["CASE", "CHAIN", "KEY", "TASK", "WHAT", "NOW", "THEN"]);
    for row in &view.work {
        table.row([
            row.case.clone(),
            row.chain.clone(),
            row.key.clone().unwrap_or_default(),
            row.task.clone().unwrap_or_else(|| "-".to_owned()),
            row.kind.clone(),
            answering(&row.from),
            then(row),
        ]);
    }
    lines.extend(table.lines(output));
    if view.more > 0 {
        lines.push(format!("and {} more", view.more));
    }
    lines
}

fn then(row: &ImpactRow) -> String {
    let what = if row.to.persons.is_empty() { "nobody".to_owned() } else { answering(&row.to) };
    if row.beyond_limit {
        format!("{what}, whose limit does not suffice: the route goes on above")
    } else {
        what
    }
}

fn answering(who: &Answering) -> String {
    let persons = if who.persons.is_empty() { "nobody".to_owned() } else { who.persons.join(", ") };
    format!("{} ({persons})", who.position)
}

/// Acts on their way.
type Acts = Vec<OrganisationAct>;
