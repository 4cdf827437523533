//! The organisation as acts have made of it: what lies over the active release's organisation.
//!
//! Structure (units, positions, superiors, groups) is the file's. Who holds a post, who acts for it and what is delegated
//! can be said by the file and by acts; the later of the two holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::State;
use super::apply_cases::{set_clock, stop_clock};
use crate::definition::{Acting, Delegation, Organisation};
use crate::event::*;
use crate::name::Name;
use crate::time::Timestamp;

/// What acts have said and no later file has taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Living {
    holders: BTreeMap<Name, Vec<Name>>,
    acting: BTreeMap<Name, Option<Acting>>,
    delegations: BTreeMap<Name, Option<Delegation>>,
    left: BTreeSet<Name>,
    /// The frame that changed it last, or that activated another organisation.
    version: u64,
}

impl Living {
    /// The sequence of the frame that changed the organisation last: its version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether a person left and was not hired again.
    pub fn has_left(&self, person: &str) -> bool {
        self.left.contains(person)
    }

    /// The posts whose holders, or whose acting holder, acts have changed.
    pub fn posts(&self) -> BTreeSet<&Name> {
        self.holders.keys().chain(self.acting.keys()).collect()
    }

    /// The delegations that acts have granted or ended.
    pub fn delegations(&self) -> impl Iterator<Item = &Name> {
        self.delegations.keys()
    }

    /// Whether nothing lies over the file.
    fn is_empty(&self) -> bool {
        let Living { holders, acting, delegations, left, .. } = self;
        holders.is_empty() && acting.is_empty() && delegations.is_empty() && left.is_empty()
    }

    /// The organisation of a file as it lives. Who left holds nothing, whatever the file says.
    pub fn over(&self, file: &Organisation) -> Organisation {
        let mut organisation = file.clone();
        for (name, post) in &mut organisation.positions {
            if let Some(holders) = self.holders.get(name) {
                post.holders.clone_from(holders);
            }
            if let Some(acting) = self.acting.get(name) {
                post.acting.clone_from(acting);
            }
            post.holders.retain(|person| !self.left.contains(person));
        }
        for (name, delegation) in &self.delegations {
            match delegation {
                Some(delegation) => drop(organisation.delegations.insert(name.clone(), delegation.clone())),
                None => drop(organisation.delegations.remove(name)),
            }
        }
        organisation
    }

    /// Takes an event that changes the organisation. False: it is none.
    pub(crate) fn take(&mut self, event: &Event) -> bool {
        match event {
            Event::PersonHired(e) => {
                self.left.remove(&e.person);
                self.hold(&e.post);
            }
            Event::PersonLeft(e) => {
                e.posts.iter().for_each(|post| self.hold(post));
                self.left.insert(e.person.clone());
            }
            Event::PersonMoved(e) => e.from.iter().chain([&e.to]).for_each(|post| self.hold(post)),
            Event::PostVacated(e) => self.hold(&e.post),
            Event::ActingAppointed(e) => drop(self.acting.insert(e.position.clone(), e.acting.clone())),
            Event::DelegationGranted(e) => {
                self.delegations.insert(e.name.clone(), Some(e.delegation.clone()));
            }
            Event::DelegationEnded(e) => drop(self.delegations.insert(e.name.clone(), None)),
            Event::ActsSuperseded(e) => {
                for post in &e.posts {
                    self.holders.remove(post);
                    self.acting.remove(post);
                }
                e.delegations.iter().for_each(|name| drop(self.delegations.remove(name)));
            }
            _ => return false,
        }
        true
    }

    fn hold(&mut self, post: &PostHeld) {
        self.holders.insert(post.position.clone(), post.holders.clone());
    }
}

/// Applies one of these events. False: it is another one.
pub(super) fn apply(state: &mut State, event: &Event) -> bool {
    if matches!(event, Event::WindowTurned(_)) {
        look_again(state);
        return true;
    }
    let mut living = std::mem::take(&mut state.living);
    let taken = living.take(event);
    state.living = living;
    if taken {
        changed(state);
    }
    taken
}

/// The organisation is another one from this frame on.
pub(super) fn changed(state: &mut State) {
    state.living.version = state.head.sequence;
    state.relive();
    look_again(state);
}

/// Open work is looked at again, and the company wakes when the next window opens or ends.
fn look_again(state: &mut State) {
    state.sweep = state.cases.iter().next().map(|(number, _)| number);
    let organisation = state.definitions.active().and_then(|release| release.organisation());
    let next = organisation.and_then(|organisation| organisation.next_window(state.head.at));
    if next == state.window {
        return;
    }
    if let Some(before) = state.window {
        stop_clock(state, before);
    }
    if let Some(next) = next {
        set_clock(state, next);
    }
    state.window = next;
}

impl State {
    /// What acts have made of the organisation since its file was activated.
    pub fn living(&self) -> &Living {
        &self.living
    }

    /// Lays what acts have made of it over the active organisation.
    pub(super) fn relive(&mut self) {
        let living = if self.living.is_empty() { None } else { Some(&self.living) };
        self.definitions.live(living);
    }

    /// When somebody next begins or ceases to stand in for a post.
    pub fn next_window(&self) -> Option<Timestamp> {
        self.window
    }
}

/// What is to be found under an organisation's definition: the file's, or what lives.
pub(super) fn lived(
    file: &Arc<crate::definition::Definition>,
    living: Option<&Living>,
) -> Arc<crate::definition::Definition> {
    use crate::definition::Definition;
    match (&**file, living) {
        (Definition::Organisation(organisation), Some(living)) => {
            Arc::new(Definition::Organisation(living.over(organisation)))
        }
        _ => file.clone(),
    }
}
