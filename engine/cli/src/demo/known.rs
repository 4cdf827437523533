//! What somebody who reads the events from the first one on knows by now: whose case is which, who was asked what,
//! which command said what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign_core::command::{CaseNo, CommandNo, TaskNo};
use countersign_core::definition::{Activity, Duty};
use countersign_core::event::{About, CommandIssued, Event, StateEntered, Work};
use countersign_core::name::{Name, Title};
use countersign_core::state::Release;
use countersign_server::ids::case_text;

/// A reader's knowledge.
pub(super) struct Known {
    release: Arc<Release>,
    cases: BTreeMap<CaseNo, CaseKnown>,
    tasks: BTreeMap<(CaseNo, TaskNo), Name>,
    commands: BTreeMap<(CaseNo, CommandNo), CommandIssued>,
    /// Messages that came before a case waited for them.
    kept: BTreeSet<Name>,
}

/// What is known of a case.
#[derive(Clone, Debug, Default)]
pub(super) struct CaseKnown {
    pub(super) chain: Name,
    pub(super) key: Option<Name>,
    pub(super) parent: Option<CaseNo>,
    /// The state that it is in.
    pub(super) state: Name,
    /// What the slots of that state are about.
    about: Vec<About>,
}

impl Known {
    pub(super) fn new(release: Arc<Release>) -> Known {
        Known {
            release,
            cases: BTreeMap::new(),
            tasks: BTreeMap::new(),
            commands: BTreeMap::new(),
            kept: BTreeSet::new(),
        }
    }

    /// Takes note of an event.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::CaseSubmitted(e) => {
                let (chain, key) = (e.chain.clone(), e.content.key.clone());
                self.cases.insert(e.case, CaseKnown { chain, key, ..CaseKnown::default() });
            }
            Event::ChildStarted(e) => {
                if let Some(child) = self.cases.get_mut(&e.child) {
                    child.parent = Some(e.case);
                }
            }
            Event::StateEntered(e) => self.entered(e),
            Event::TaskOpened(e) => {
                self.tasks.insert((e.case, e.task), e.position.clone());
            }
            Event::TaskReassigned(e) => {
                self.tasks.insert((e.case, e.task), e.position.clone());
            }
            Event::OpinionRequested(e) => {
                self.tasks.insert((e.case, e.task), e.slot.position.clone());
            }
            Event::TaskTransferred(e) => {
                self.tasks.insert((e.case, e.task), e.slot.position.clone());
            }
            Event::CommandIssued(e) => {
                self.commands.insert((e.case, e.command), e.clone());
            }
            Event::FactKept(e) => {
                self.kept.insert(e.message_id.clone());
            }
            _ => {}
        }
    }

    fn entered(&mut self, e: &StateEntered) {
        let Some(case) = self.cases.get_mut(&e.case) else { return };
        case.state = e.name.clone();
        case.about = match &e.work {
            Work::Asked { about, .. } => about.clone(),
            _ => Vec::new(),
        };
    }

    pub(super) fn case(&self, case: CaseNo) -> Option<&CaseKnown> {
        self.cases.get(&case)
    }

    /// The chain of a case; empty where the case is not known.
    pub(super) fn chain(&self, case: CaseNo) -> &str {
        self.case(case).map_or("", |case| case.chain.as_str())
    }

    /// The post that a task was put to.
    pub(super) fn post(&self, case: CaseNo, task: TaskNo) -> Option<&Name> {
        self.tasks.get(&(case, task))
    }

    /// A command as it was given.
    pub(super) fn command(&self, case: CaseNo, command: CommandNo) -> Option<&CommandIssued> {
        self.commands.get(&(case, command))
    }

    /// Whether a message had been kept for a case that came later.
    pub(super) fn was_kept(&self, message_id: &Name) -> bool {
        self.kept.contains(message_id)
    }

    /// Every command that was given.
    pub(super) fn commands(&self) -> usize {
        self.commands.len()
    }

    /// What a post is called.
    pub(super) fn title_of_post(&self, post: &Name) -> Title {
        let found = self.release.organisation().and_then(|of| of.positions.get(post));
        found.map_or_else(|| untitled(post), |found| found.title.clone())
    }

    /// What a chain is called.
    pub(super) fn title_of_chain(&self, chain: &Name) -> Title {
        self.release.chain(chain).map_or_else(|| untitled(chain), |chain| chain.title.clone())
    }

    /// What a case is called: its chain's title and its key. Where a numbered document has no key of its own, it is
    /// that of the case for which it was started.
    pub(super) fn title_of_case(&self, case: CaseNo, parent: Option<CaseNo>) -> Title {
        let Some(known) = self.case(case) else { return untitled(&Name::from("")) };
        let title = self.title_of_chain(&known.chain);
        let titled = |key: &Name, (from, to): (&str, &str)| Title {
            en: format!("{} {from}{key}{to}", title.en).into(),
            zh: format!("{} {from}{key}{to}", title.zh).into(),
        };
        if let Some(key) = own_key(case, known) {
            return titled(key, ("", ""));
        }
        let mut above = known.parent.or(parent);
        while let Some((number, of)) = above.and_then(|above| Some((above, self.case(above)?))) {
            if let Some(key) = own_key(number, of) {
                return titled(key, ("(", ")"));
            }
            above = of.parent;
        }
        title
    }

    /// What a slot is asked for, where it is a piece of work.
    pub(super) fn work(&self, case: CaseNo, slot: u16, duty: Duty) -> Option<Title> {
        let known = self.case(case).filter(|_| duty == Duty::Task)?;
        let chain = self.release.chain(&known.chain)?;
        let state = chain.states.iter().find(|state| state.name == known.state)?;
        let Activity::People(node) = &state.activity else { return None };
        let place = known.about.iter().find(|about| about.slot == slot)?.task?;
        Some(node.tasks().get(usize::from(place))?.title.clone())
    }
}

/// A key that tells more than the case's number does.
fn own_key(case: CaseNo, known: &CaseKnown) -> Option<&Name> {
    known.key.as_ref().filter(|key| key.as_str() != case_text(case))
}

fn untitled(name: &Name) -> Title {
    Title { en: name.clone(), zh: name.clone() }
}
