//! What was signed is explained long afterwards as it would have been at that moment, by the frames of its case and of the
//! company alone.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::{CaseNo, TaskNo};
use countersign_core::event::Event;
use countersign_core::explain::{Given, Past, SlotReason, signature};
use countersign_core::frame::Frame;
use countersign_core::state::{State, watch_frame};

use super::Roam;

type Explained = BTreeMap<CaseNo, Vec<(TaskNo, SlotReason)>>;

impl Roam {
    /// Every signature of the log; how many there are.
    pub(super) fn explains_the_past(&self) -> usize {
        let frames: Vec<Frame> =
            self.log.iter().map(|bytes| Frame::decode(bytes).expect("the log decodes")).collect();
        let at_once = at_once(&frames);
        for (case, expected) in &at_once {
            let mut past = Past::of(*case, None);
            for (frame, sequence) in frames.iter().zip(1..) {
                if frame.events.iter().any(|e| e.is_of_company() || e.case() == Some(*case)) {
                    past.take(sequence, frame);
                }
            }
            let found: Vec<_> =
                past.signed().into_iter().map(|signed| (signed.task, signed.reason)).collect();
            assert_eq!(found, *expected, "seed {}: case {case}", self.seed);
        }
        at_once.values().map(Vec::len).sum()
    }
}

/// By the whole State, at the moment of each signature.
fn at_once(frames: &[Frame]) -> Explained {
    let (mut state, mut found) = (State::default(), Explained::new());
    for frame in frames {
        let mut given = Given::default();
        let mut keep = |state: &State, signed: Option<(CaseNo, TaskNo)>| {
            let Some((case, task)) = signed else { return };
            let of = state.case(case).expect("who signs signs a case that is open");
            let reason = signature(state, of, task, frame.at);
            found.entry(case).or_default().extend(reason.map(|reason| (task, reason)));
        };
        watch_frame(&mut state, frame, |state, event| keep(state, given.before(event)));
        keep(&state, given.last());
    }
    let closed = never_opened(frames);
    for (case, signed) in &mut found {
        signed.retain(|(task, _)| !closed.contains(&(*case, *task)));
    }
    let signed: BTreeSet<TaskNo> = found.values().flatten().map(|(task, _)| *task).collect();
    assert!(!signed.is_empty(), "nobody signed");
    found
}

/// R14: blind answers whose part nobody has opened.
fn never_opened(frames: &[Frame]) -> BTreeSet<(CaseNo, TaskNo)> {
    let events = || frames.iter().flat_map(|frame| &frame.events);
    let opened = |event: &Event| {
        let (case, opinions) = match event {
            Event::OpinionsOpened(e) => (e.case, e.opinions.as_slice()),
            Event::StepClosed(e) => (e.case, e.opinions.as_slice()),
            _ => return Vec::new(),
        };
        opinions.iter().map(|opinion| (case, opinion.task)).collect()
    };
    let opened: BTreeSet<_> = events().flat_map(opened).collect();
    let blind = |event: &Event| match event {
        Event::TaskDecided(e) => (e.blind && !opened.contains(&(e.case, e.task))).then_some((e.case, e.task)),
        _ => None,
    };
    events().filter_map(blind).collect()
}
