//! What cases have in common, by kind: who handed in and over whom, who is asked, which fields are kept, plans.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::case::Origin;
use super::kept_fields::{FieldNames, KeptFields};
use super::names::Quick;
use super::shared::Shared;
use super::{Asked, Case, Stage, State, planned};
use crate::value::Fields;

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = Quick::default();
    of.hash(&mut hasher);
    hasher.finish()
}

fn the_same<T: Hash + Eq>(shared: &mut Shared<T>, own: Arc<T>) -> Arc<T> {
    shared.of(hash(&*own), |other| *other == *own, || own.clone())
}

impl State {
    /// The one of these that all cases share.
    pub(super) fn share_origin(&mut self, origin: Origin) -> Arc<Origin> {
        the_same(&mut self.origins, Arc::new(origin))
    }

    /// The one of these that all tasks share.
    pub(super) fn share_asked(&mut self, asked: Asked) -> Arc<Asked> {
        the_same(&mut self.asked, Arc::new(asked))
    }

    /// Fields as a case keeps them.
    pub(super) fn keep_fields(&mut self, fields: Fields) -> KeptFields {
        let (names, field_names) = (&mut self.names, &mut self.field_names);
        let mut hasher = Quick::default();
        fields.len().hash(&mut hasher);
        fields.keys().for_each(|name| name.hash(&mut hasher));
        let same = |other: &FieldNames| other.iter().eq(fields.keys());
        let make = || Arc::new(fields.keys().map(|name| names.shared(name)).collect());
        let names = field_names.of(hasher.finish(), same, make);
        KeptFields::of(names, fields)
    }

    /// What a case that was read has in common with others is kept once.
    pub(super) fn share(&mut self, case: &mut Case) {
        case.origin = the_same(&mut self.origins, case.origin.clone());
        for task in case.tasks.values_mut() {
            task.asked = the_same(&mut self.asked, task.asked.clone());
        }
        case.fields.share(|names| the_same(&mut self.field_names, names.clone()));
        self.share_plan(&mut case.stage);
    }

    fn share_plan(&mut self, stage: &mut Stage) {
        match stage {
            Stage::People { step, .. } => planned::share(&mut self.forms, &mut step.plan),
            Stage::Held { was: Some(was), .. } => self.share_plan(was),
            _ => {}
        }
    }
}
