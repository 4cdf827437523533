//! One case from given to then.

use std::collections::BTreeSet;

use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::state::State;

use crate::act::{self, Undone};
use crate::case::{Act, Sentence, Step, Trial};
use crate::company::Company;
use crate::cover::policies::Used;
use crate::expect::Expect;
use crate::look::{Refusals, unmet};
use crate::story::Line;
use crate::world::World;
use crate::{accounts, earlier, jump};

/// How a case came out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is not as expected; empty: the case holds.
    pub unmet: Vec<Unmet>,
    /// What happened, up to the difference.
    pub story: Vec<Line>,
    /// Arrows that were taken: chain, state, outcome.
    pub taken: BTreeSet<(Name, Name, Name)>,
    /// Chains of which a case began.
    pub chains: BTreeSet<Name>,
    /// Policies and limits that were put to use.
    pub(crate) used: Used,
}

/// Something that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The line of the case file.
    pub line: u32,
    /// What: the expectation's key, or the sentence.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What there is.
    pub found: String,
}

/// Runs a case. It holds where nothing is unmet.
pub fn run(company: &Company, trial: &Trial) -> Outcome {
    all(World::new(company, trial, false), trial).0
}

/// How the company stood at first, and the frames since.
pub(crate) type Log = Option<(State, Vec<Frame>)>;

/// The same, with the frames that it left.
pub(crate) fn kept(company: &Company, trial: &Trial) -> (Outcome, Log) {
    all(World::new(company, trial, true), trial)
}

fn all(world: World<'_>, trial: &Trial) -> (Outcome, Log) {
    let mut runner = Runner { world, trial, refusals: Vec::new(), pending: None };
    let unmet = runner.all();
    let world = runner.world;
    let chains = world.tracks.values().filter(|track| !track.earlier).map(|track| track.chain.clone());
    let (chains, story) = (chains.collect(), world.story.lines);
    (Outcome { unmet, chains, story, taken: world.taken, used: world.used }, world.log)
}

struct Runner<'a> {
    world: World<'a>,
    trial: &'a Trial,
    /// Refusals since the last expectation.
    refusals: Refusals,
    /// The first refusal that no expectation has named yet, and where.
    pending: Option<Unmet>,
}

impl Runner<'_> {
    fn all(&mut self) -> Vec<Unmet> {
        if let Err(unmet) = self.given() {
            return vec![unmet];
        }
        for step in &self.trial.when {
            let unmet = self.step(step);
            if !unmet.is_empty() {
                return unmet;
            }
        }
        self.pending.take().into_iter().collect()
    }

    fn given(&mut self) -> Result<(), Unmet> {
        accounts::open(&mut self.world, self.trial).map_err(|rejection| Unmet {
            line: self.trial.line,
            what: self.trial.name.clone(),
            expected: "accounts that stand so".to_owned(),
            found: rejection.to_string(),
        })?;
        earlier::make(&mut self.world, self.trial).map_err(|(earlier, rejection)| Unmet {
            line: earlier.line,
            what: earlier.text.clone(),
            expected: "an earlier case that stands so".to_owned(),
            found: rejection.to_string(),
        })?;
        let chains = jump::chains(&self.world, self.trial);
        let prepared = chains.and_then(|chains| match chains.is_empty() {
            true => Ok(()),
            false => self.world.replace(&chains),
        });
        prepared.map_err(|rejection| Unmet {
            line: self.trial.line,
            what: self.trial.name.clone(),
            expected: "chains that can be jumped over".to_owned(),
            found: rejection.to_string(),
        })
    }

    fn step(&mut self, step: &Step) -> Vec<Unmet> {
        match step {
            Step::Then(expect) => self.then(expect),
            Step::Do(sentence) => {
                if let Some(unmet) = self.pending.take() {
                    return vec![unmet];
                }
                self.begin(sentence);
                let done = act::perform(&mut self.world, self.trial, &sentence.act);
                self.close(sentence, done).into_iter().collect()
            }
            Step::Together(sentences) => {
                if let Some(unmet) = self.pending.take() {
                    return vec![unmet];
                }
                self.forget();
                // All see the same before any of them acts.
                let ready: Vec<_> = sentences
                    .iter()
                    .map(|sentence| act::prepare(&self.world, self.trial, &sentence.act))
                    .collect();
                for (sentence, ready) in sentences.iter().zip(ready) {
                    self.tell(sentence);
                    let done = ready.and_then(|ready| act::happen(&mut self.world, ready));
                    if let Some(unmet) = self.close(sentence, done) {
                        return vec![unmet];
                    }
                }
                Vec::new()
            }
        }
    }

    fn then(&mut self, expect: &Expect) -> Vec<Unmet> {
        if let Some(unmet) = self.pending.take().filter(|_| !expect.refusal()) {
            return vec![unmet];
        }
        let unmet = unmet(&self.world, self.trial, expect, &self.refusals);
        self.refusals.clear();
        unmet
    }

    fn begin(&mut self, sentence: &Sentence) {
        self.forget();
        self.tell(sentence);
    }

    fn forget(&mut self) {
        self.refusals.clear();
        self.world.on_record.clear();
        for track in self.world.tracks.values_mut() {
            track.failed.clear();
            track.short.clear();
        }
    }

    fn tell(&mut self, sentence: &Sentence) {
        let at = self.world.company.local(self.world.at);
        self.world.story.sentence(at, sentence.line, &sentence.text);
    }

    /// A refusal may be what the next expectation names; what cannot be tried never is.
    fn close(&mut self, sentence: &Sentence, done: Result<(), Undone>) -> Option<Unmet> {
        let unmet = |found: String| Unmet {
            line: sentence.line,
            what: sentence.text.clone(),
            expected: "this to happen".to_owned(),
            found,
        };
        match done {
            Ok(()) => None,
            Err(Undone::Impossible(why)) => Some(unmet(why)),
            Err(Undone::Refused(refusals)) => {
                let at = self.world.company.local(self.world.at);
                for refusal in refusals {
                    self.world.story.sentence(at.clone(), 0, &format!("  refused: {}", refusal.why));
                    self.pending.get_or_insert_with(|| unmet(format!("refused: {}", refusal.why)));
                    self.refusals.push((key(&sentence.act).cloned(), refusal));
                }
                None
            }
        }
    }
}

fn key(act: &Act) -> Option<&Name> {
    match act {
        Act::Submit { key, .. }
        | Act::Begin { key, .. }
        | Act::Resubmit { key, .. }
        | Act::Amend { key, .. }
        | Act::Decide { key, .. }
        | Act::Withdraw { key, .. }
        | Act::ReferUp { key, .. }
        | Act::OnTask { key, .. }
        | Act::Look { key, .. }
        | Act::Reveal { key, .. }
        | Act::Erase { key, .. }
        | Act::Ask { key, .. }
        | Act::Answer { key, .. }
        | Act::Operate { key, .. }
        | Act::Override { key, .. }
        | Act::Jump { key, .. } => key.as_ref(),
        Act::Report { .. }
        | Act::Wait(_)
        | Act::Holders { .. }
        | Act::Abolish { .. }
        | Act::Organise(_)
        | Act::Apply(_) => None,
    }
}
