//! What cases have in common, by kind: who handed in and over whom, who is asked, which fields are kept, plans.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::case::Origin;
use super::kept_fields::{FieldNames, KeptFields};
use super::names::Quick;
use super::shared::Shared;
use super::snapshot::dictionary::Dictionary;
use super::{Asked, PlanForm, Stage, State, planned};
use crate::value::Fields;

pub(super) fn hash<T: Hash>(of: &T) -> u64 {
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

    /// What the open cases have in common, with numbers.
    pub(super) fn dictionary(&self) -> Dictionary {
        let mut dictionary = Dictionary::default();
        for case in self.cases() {
            dictionary.origins.add(&case.origin, hash, PartialEq::eq);
            case.tasks.values().for_each(|task| dictionary.asked.add(&task.asked, hash, PartialEq::eq));
            case.fields.number(&mut dictionary);
            number_plans(&case.stage, &mut dictionary);
        }
        dictionary
    }

    /// What was read of a dictionary is what later cases share.
    pub(super) fn shared_plan(&mut self, form: PlanForm) -> Arc<PlanForm> {
        planned::share(&mut self.forms, Arc::new(form))
    }

    /// The same for names of fields.
    pub(super) fn shared_field_names(&mut self, names: FieldNames) -> Arc<FieldNames> {
        the_same(&mut self.field_names, Arc::new(names))
    }
}

fn number_plans(stage: &Stage, dictionary: &mut Dictionary) {
    match stage {
        Stage::People { step, .. } => step.plan.number(dictionary),
        Stage::Held { was: Some(was), .. } => number_plans(was, dictionary),
        _ => {}
    }
}
