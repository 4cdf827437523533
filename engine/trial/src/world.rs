//! A running case: State in memory, virtual time, and what has happened so far.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::*;
use countersign_core::definition::{Chain, Definition, DefinitionKind, Target};
use countersign_core::event::{CapacityWhy, CaseAmended, CaseReversed, Event, HoldLapsed};
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::state::{Stage, State};
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, turn};
use countersign_core::value::Fields;
use rust_decimal::Decimal;

use crate::case::Trial;
use crate::company::{self, Company};
use crate::cover::policies::Used;
use crate::signing::{Noted, Signed, on_record};
use crate::story::Story;

/// Timers and sweeps that one wait may bring.
const TIMERS_MAX: usize = 100_000;

/// What is remembered of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    pub(crate) chain: Name,
    pub(crate) key: Option<Name>,
    pub(crate) parent: Option<CaseNo>,
    pub(crate) document: Fields,
    pub(crate) amount: Option<countersign_core::value::Value>,
    pub(crate) revision: u32,
    /// It was there before the case file's first sentence.
    pub(crate) earlier: bool,
    /// Its submitter has no superior.
    pub(crate) top: bool,
    /// A sentence submitted it; otherwise the rules started it.
    pub(crate) by_sentence: bool,
    /// Agreeing answers that stand.
    pub(crate) signed: Vec<Signed>,
    pub(crate) noted: Noted,
    /// Everybody who was ever asked.
    pub(crate) asked: Vec<(TaskNo, Name)>,
    pub(crate) end: Option<Name>,
    pub(crate) good: bool,
    /// Codes of the newest check that failed, since the last sentence.
    pub(crate) failed: Vec<Name>,
    /// How much was missing of what was to be reserved, since the last sentence.
    pub(crate) short: Vec<Decimal>,
    pub(crate) alarms: Vec<Name>,
    /// Who was told of it, without being asked.
    pub(crate) copied: Vec<Name>,
    /// The climb or other step that was planned last.
    pub(crate) route: Option<Vec<Name>>,
    /// The state that was entered last.
    pub(crate) state: Name,
}

/// A command to another system.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) case: CaseNo,
    pub(crate) command: CommandNo,
    pub(crate) state: Name,
    pub(crate) verb: Name,
    pub(crate) with: Fields,
}

/// A running case.
#[derive(Clone, Debug)]
pub(crate) struct World<'a> {
    pub(crate) company: &'a Company,
    pub(crate) state: State,
    pub(crate) at: Timestamp,
    pub(crate) tracks: BTreeMap<CaseNo, Track>,
    pub(crate) issued: Vec<Issued>,
    pub(crate) story: Story,
    /// Arrows that were taken: chain, state, outcome.
    pub(crate) taken: BTreeSet<(Name, Name, Name)>,
    /// The definitions that hold, where they are not the company's own.
    pub(crate) numbers: BTreeMap<(DefinitionKind, Name), u32>,
    /// How the company stood at first and what has been written since, where a report is expected.
    pub(crate) log: Option<(State, Vec<Frame>)>,
    /// For whom the refused attempts of the sentence before are on record.
    pub(crate) on_record: Vec<Name>,
    /// Policies and limits that were put to use.
    pub(crate) used: Used,
    serial: u64,
    submits: bool,
    earlier: bool,
}

impl<'a> World<'a> {
    /// With a log of its frames, where somebody wants to look at them afterwards.
    pub(crate) fn new(company: &'a Company, trial: &Trial, log: bool) -> World<'a> {
        let at = trial.at;
        World {
            company,
            state: company.at(at),
            at,
            tracks: BTreeMap::new(),
            issued: Vec::new(),
            story: Story::default(),
            taken: BTreeSet::new(),
            numbers: company.numbers.clone(),
            log: (log || trial.reports()).then(|| (company.at(at), Vec::new())),
            on_record: Vec::new(),
            used: Used::default(),
            serial: 0,
            submits: false,
            earlier: false,
        }
    }

    /// Whether cases that begin from now on were there before.
    pub(crate) fn earlier(&mut self, earlier: bool) {
        self.earlier = earlier;
    }

    /// Puts definitions in the place of others and sweeps open work.
    pub(crate) fn replace(&mut self, definitions: &[Definition]) -> Result<(), Rejection> {
        for definition in definitions {
            let (number, frames) = company::store(&mut self.state, self.at, definition)?;
            self.keep(&frames);
            self.numbers.insert((definition.kind(), definition.name()), number);
        }
        self.activate()
    }

    /// Makes the numbers that are noted the active ones.
    pub(crate) fn activate(&mut self) -> Result<(), Rejection> {
        let definitions = self.numbers.values().copied().collect();
        let frames = company::operator(&mut self.state, self.at, Body::Activate { definitions })?;
        self.keep(&frames);
        self.settle()
    }

    fn keep(&mut self, frames: &[Frame]) {
        if let Some((_, kept)) = &mut self.log {
            kept.extend_from_slice(frames);
        }
    }

    /// A request of a person.
    pub(crate) fn request(&mut self, person: &Name, position: &Name, body: Body) -> Result<Frame, Rejection> {
        let request = self.asking(person, position);
        self.submits = matches!(body, Body::Submit { .. });
        let done = self.run(Cause::Request(request), body);
        self.submits = false;
        done
    }

    /// A new request of a person.
    pub(crate) fn asking(&mut self, person: &Name, position: &Name) -> Request {
        self.serial += 1;
        let mut fingerprint = [0; 16];
        fingerprint[..8].copy_from_slice(&self.serial.to_le_bytes());
        Request {
            system: Name::from("trial"),
            request_id: Name::from(format!("r{}", self.serial)),
            fingerprint,
            sent_at: self.at,
            person: person.clone(),
            position: position.clone(),
            vouched_by: VouchedBy::Local,
        }
    }

    /// Runs a command and what follows from it; the frame that it left.
    pub(crate) fn run(&mut self, cause: Cause, body: Body) -> Result<Frame, Rejection> {
        let done = self.turn(cause, body)?;
        self.settle()?;
        Ok(done)
    }

    fn turn(&mut self, cause: Cause, body: Body) -> Result<Frame, Rejection> {
        let turned = turn(&mut self.state, &Command { at: self.at, cause, body });
        self.keep(&turned.frames);
        for frame in &turned.frames {
            self.note(frame);
        }
        match turned.result {
            TurnResult::Done => {
                let last = turned.frames.into_iter().next_back();
                last.ok_or_else(|| Rejection::new(Code::Internal, "expected a frame of what was done"))
            }
            TurnResult::Repeat(_) => Err(Rejection::new(Code::Internal, "expected a request of its own")),
            TurnResult::Refused(rejection) => {
                self.used.refused(&rejection.code);
                Err(rejection)
            }
        }
    }

    /// What is due now, and open work that a changed organisation moves.
    pub(crate) fn settle(&mut self) -> Result<(), Rejection> {
        self.clock(self.at)
    }

    /// Time passes; every timer fires at its own instant.
    pub(crate) fn clock(&mut self, to: Timestamp) -> Result<(), Rejection> {
        for _ in 0..TIMERS_MAX {
            if self.state.sweep().is_some() {
                self.turn(Cause::Timer { due: self.at }, Body::Sweep)?;
                continue;
            }
            let Some((due, case, timer)) = self.state.next_timer().filter(|(due, ..)| *due <= to) else {
                self.at = self.at.max(to);
                return Ok(());
            };
            self.at = self.at.max(due);
            let body = if timer == Timer::Clock { Body::Clock } else { Body::Timer { case, timer } };
            self.turn(Cause::Timer { due }, body)?;
        }
        let message = format!("expected at most {TIMERS_MAX} timers in one sentence; wait for less");
        Err(Rejection::new(Code::LoopLimit, message))
    }

    fn note(&mut self, frame: &Frame) {
        if matches!(frame.outcome, Outcome::Refused { .. }) {
            for event in &frame.events {
                self.tell(frame, event);
                self.on_record.extend(on_record(event));
                self.used.take(event, self.company);
            }
            return;
        }
        for event in &frame.events {
            self.tell(frame, event);
            self.take(event);
        }
        // What has been signed may have been voided; State knows.
        for case in self.state.cases() {
            let Some(track) = self.tracks.get_mut(&case.number()) else { continue };
            let stands = |task: TaskNo| case.signatures().iter().any(|s| s.task == task && s.void);
            track.signed.retain(|signed| !stands(signed.task));
            track.revision = case.revision();
        }
    }

    fn tell(&mut self, frame: &Frame, event: &Event) {
        let track = event.case().and_then(|case| self.tracks.get(&case));
        let whose = |task: TaskNo| {
            let asked = track?.asked.iter().rev().find(|(number, _)| *number == task);
            asked.map(|(_, position)| position.clone())
        };
        // Case files know cases by their keys; several of one key also by their chains.
        let name = event.case().map_or_else(String::new, |case| {
            let key = track.and_then(|track| track.key.as_ref());
            let same = self.tracks.values().filter(|other| other.key.as_ref() == key).count();
            match (key, track) {
                (Some(key), Some(track)) if same > 1 => format!("{} {key}", track.chain),
                (Some(key), _) => key.to_string(),
                (None, _) => format!("C-{case}"),
            }
        });
        self.story.event(frame.at, &frame.cause, event, (self.company, &name, &whose));
    }

    /// The chain of a case under the rules that it keeps.
    pub(crate) fn chain_of(&self, case: CaseNo) -> Option<&Chain> {
        match self.state.case(case) {
            Some(open) => self.state.definitions().release(open.release())?.chain(open.chain()),
            None => self.company.chains.get(&self.tracks.get(&case)?.chain),
        }
    }

    /// Where a case stands, by name.
    pub(crate) fn stands(&self, number: CaseNo) -> Name {
        let track = self.tracks.get(&number);
        let Some(case) = self.state.case(number) else {
            return track.and_then(|track| track.end.clone()).unwrap_or_default();
        };
        match case.stage() {
            Stage::Draft => Name::from("draft"),
            Stage::Held { .. } => Name::from("on-hold"),
            _ => {
                let chain = self.chain_of(number);
                let state = chain.zip(case.state()).and_then(|(c, s)| c.states.get(usize::from(s)));
                state.map_or_else(|| Name::from("on its way"), |state| state.name.clone())
            }
        }
    }

    fn take(&mut self, event: &Event) {
        if let Event::CaseSubmitted(e) = event {
            let track = Track {
                chain: e.chain.clone(),
                key: e.content.key.clone(),
                document: e.content.document.clone(),
                amount: e.content.amount.clone(),
                revision: 1,
                earlier: self.earlier,
                top: e.path.is_empty(),
                by_sentence: std::mem::take(&mut self.submits),
                ..Track::default()
            };
            self.tracks.insert(e.case, track);
        }
        if let Event::ChildStarted(e) = event
            && let Some(track) = self.tracks.get_mut(&e.child)
        {
            track.parent = Some(e.case);
        }
        if let Event::CommandIssued(e) = event {
            self.issued.push(Issued {
                case: e.case,
                command: e.command,
                state: e.state_name.clone(),
                verb: e.verb.clone(),
                with: e.with.clone(),
            });
        }
        self.cover(event);
        self.used.take(event, self.company);
        if let Event::StoodIn(e) = event
            && e.why == CapacityWhy::Delegate
        {
            let active = self.state.definitions().active().and_then(|release| release.organisation());
            let post = active.and_then(|organisation| organisation.positions.get(&e.position));
            self.used.stood_in(post.is_some_and(|post| post.holders.is_empty()));
        }
        if let Some(track) = event.case().and_then(|case| self.tracks.get_mut(&case)) {
            self.used.of_case(event, track);
            track.take(event);
        }
    }

    fn cover(&mut self, event: &Event) {
        let Some(case) = event.case() else { return };
        let Some(chain) = self.tracks.get(&case).map(|track| track.chain.clone()) else { return };
        let taken = match event {
            Event::StepClosed(e) => Some((e.state.clone(), e.outcome.clone())),
            Event::StateSkipped(e) => Some((e.name.clone(), e.outcome.clone())),
            Event::CaseAsked(e) => Some((Name::from(crate::cover::ANYTIME), e.entry.clone())),
            // A message that moves no case from where it stands teaches it.
            Event::FactReceived(e) => self.chain_of(case).and_then(|chain| {
                let entry = chain.listens.iter().find(|entry| entry.fact == e.fact && entry.go.is_none())?;
                Some((Name::from(crate::cover::ANYTIME), entry.fact.clone()))
            }),
            // A case that is held for silence takes the usual arrow without closing its step: a late answer still counts.
            Event::CommandSilent(_) => {
                self.tracks.get(&case).map(|track| (track.state.clone(), Name::from("silent")))
            }
            Event::StateExpired(e) => Some((e.state.clone(), Name::from("expires"))),
            Event::BranchChosen(e) => {
                let state = self.tracks.get(&case).map(|track| track.state.clone()).unwrap_or_default();
                self.chain_of(case).map(|chain| (state, target(chain, e.go)))
            }
            _ => None,
        };
        if let Some((state, outcome)) = taken {
            self.taken.insert((chain, state, outcome));
        }
    }
}

/// A target by name.
pub(crate) fn target(chain: &Chain, target: Target) -> Name {
    match target {
        Target::State(state) => chain.states.get(usize::from(state)).map(|s| s.name.clone()),
        Target::End(end) => chain.ends.get(usize::from(end)).map(|e| e.name.clone()),
        Target::Draft => Some(Name::from("draft")),
        Target::OnHold => Some(Name::from("on-hold")),
        Target::Back => Some(Name::from("back")),
    }
    .unwrap_or_default()
}

impl Track {
    fn take(&mut self, event: &Event) {
        self.noted.take(event);
        match event {
            Event::TaskOverdue(e) => self.copied.extend(e.copied.iter().cloned()),
            Event::CaseResubmitted(e) | Event::CaseAmended(CaseAmended { again: e, .. }) => {
                self.document = e.content.document.clone();
                self.amount = e.content.amount.clone();
                self.revision = e.revision;
                if e.voids_signatures {
                    self.signed.clear();
                }
            }
            Event::TaskOpened(e) => self.asked.push((e.task, e.position.clone())),
            Event::TaskReassigned(e) => self.asked.push((e.task, e.position.clone())),
            Event::SignatureTakenBack(e) => self.signed.retain(|signed| signed.task != e.task),
            Event::OpinionRequested(e) => self.asked.push((e.task, e.slot.position.clone())),
            Event::TaskTransferred(e) => self.asked.push((e.task, e.slot.position.clone())),
            Event::TaskDecided(e) if e.verdict.agrees() => {
                let binding = e.verdict == Verdict::Approve && !e.counts_as_review;
                let asked = self.asked.iter().rev().find(|(task, _)| *task == e.task);
                let position = asked.map(|(_, position)| position.clone()).unwrap_or_default();
                let (task, person, overrides) = (e.task, e.person.clone(), e.overrides);
                self.signed.push(Signed { task, position, person, binding, overrides });
            }
            Event::StateEntered(e) => {
                self.state = e.name.clone();
                self.copied.extend(e.cc.iter().cloned());
                if let countersign_core::event::Work::People(plan) = &e.work {
                    self.route = crate::look::levels(plan).or_else(|| self.route.take());
                }
            }
            Event::CaseEnded(e) => {
                self.end = Some(e.end.clone());
                self.good = e.good;
                self.failed.extend(e.code.clone());
            }
            Event::HoldLapsed(HoldLapsed { end, good, .. })
            | Event::CaseReversed(CaseReversed { end, good, .. }) => {
                self.end = Some(end.clone());
                self.good = *good;
            }
            Event::CaseWithdrawn(_) => self.end = Some(Name::from("withdrawn")),
            Event::ChecksFailed(e) => self.failed.clone_from(&e.codes),
            Event::ReservationRefused(e) => {
                self.failed.push(e.code.clone());
                self.short.push(e.short());
            }
            Event::AlarmRaised(e) => self.alarms.push(e.name.clone()),
            _ => {}
        }
    }
}
