//! What is handed to another system, a case or a record: `with`, `copy`, and whether anything is missing.

use countersign_core::definition::{Copied, DocumentType, Field, Shape, With};
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use crate::codes;
use crate::condition::{self, Site};
use crate::diagnostic::Place;
use crate::read::{self, Map};
use crate::suggest;
use crate::yaml::Node;

/// Named values that something takes.
pub(super) struct Takes<'t> {
    /// What takes them, for a sentence: `the document delivery`.
    pub(super) what: String,
    pub(super) shape: &'t [(Name, Type)],
    /// More may belong to it that could not be read.
    pub(super) partial: bool,
}

impl Context<'_, '_> {
    /// Values under names of the writer's own. `None` after a report.
    pub(super) fn with_any(&self, node: Option<&Node>) -> Option<With> {
        let report = &self.world.report;
        let Some(node) = node else { return Some(With::new()) };
        let map = Map::any(node, "with", report)?;
        let value = |entry: &crate::yaml::Entry| {
            let name = read::new_name(&entry.key, entry.at, report);
            let text = self.text(&entry.value)?;
            let lowered = condition::any(&text, &self.scope.at(Site::With))?;
            Some((name?, lowered.expr))
        };
        let values: Vec<Option<(Name, _)>> = map.entries.iter().map(value).collect();
        values.into_iter().collect()
    }

    /// Values that have names and types already. `None` after a report.
    pub(super) fn with_typed(&self, node: Option<&Node>, takes: &Takes<'_>, site: Site) -> Option<With> {
        let report = &self.world.report;
        let Some(node) = node else { return Some(With::new()) };
        let map = Map::any(node, "with", report)?;
        let value = |entry: &crate::yaml::Entry| {
            let Some((name, kind)) = takes.shape.iter().find(|(name, _)| *name == *entry.key.as_str()) else {
                if !takes.partial {
                    let message = format!("{} has no `{}`", takes.what, entry.key);
                    let help = match takes.shape {
                        [] => "it takes nothing: take `with` away".to_owned(),
                        shape => suggest::nearest(&entry.key, shape.iter().map(|(name, _)| name.as_str())),
                    };
                    report.error(codes::UNKNOWN_FIELD, entry.at, message, help);
                }
                return None;
            };
            let text = self.text(&entry.value)?;
            let lowered = condition::of_type(&text, kind, &self.scope.at(site))?;
            Some((name.clone(), lowered.expr))
        };
        let values: Vec<Option<(Name, _)>> = map.entries.iter().map(value).collect();
        values.into_iter().collect()
    }

    /// The fields that a document takes.
    pub(super) fn document_takes(&self, name: &str) -> Option<(&DocumentType, Shape)> {
        let document = self.world.documents.get(name)?;
        let shape = document.fields.iter().map(|f| (f.name.clone(), f.kind.clone())).collect();
        Some((document, shape))
    }

    /// Reports what a document needs and nobody gives.
    pub(super) fn given(&self, document: &DocumentType, given: &dyn Fn(&Field) -> bool, at: Place) {
        if self.world.is_partial(&document.name) {
            return;
        }
        let needed = |field: &&Field| {
            let own = field.default.is_some() || field.computed.is_some() || field.numbered;
            !own && !matches!(field.kind, Type::Optional(_)) && !given(field)
        };
        let missing: Vec<&str> = document.fields.iter().filter(needed).map(|f| f.name.as_str()).collect();
        if !missing.is_empty() {
            let message = format!("the document {} needs {}", document.name, suggest::listed(&missing));
            let help = "add it under `with`, copy it from a field of the same name and type, \
                        or let its submitter complete it: `begins: draft`";
            self.world.report.error(codes::NOT_GIVEN, at, message, help);
        }
    }

    /// Where fields are copied from: `doc`, the item's name, or both. Fields that are copied are kept by State.
    pub(super) fn copy(&self, node: Option<&Node>, into: &DocumentType) -> Vec<Copied> {
        let report = &self.world.report;
        let mut found = Vec::new();
        for item in node.map_or(&[][..], read::one_or_more) {
            let Some(scalar) = read::scalar(item, "source", report) else { continue };
            match (scalar.text.as_str(), self.scope.item) {
                ("doc", _) => {
                    found.push(Copied::Document);
                    let own = self.scope.document.map_or(&[][..], |d| d.fields.as_slice());
                    let copied = own.iter().filter(|f| into.fields.iter().any(|to| to.name == f.name));
                    self.scope.reads.borrow_mut().extend(copied.map(|f| f.name.clone()));
                }
                (name, Some((item_name, kind))) if name == item_name => match kind {
                    Type::Record(_) => found.push(Copied::Item),
                    kind => {
                        let message = format!("`{name}` is {kind}, which has no fields");
                        report.error(codes::TYPE_ERROR, item.place, message, "hand it in under `with`");
                    }
                },
                (name, each) => {
                    let message = format!("`{name}` cannot be copied from");
                    let known = ["doc"].into_iter().chain(each.map(|(name, _)| name));
                    report.error(codes::UNKNOWN_NAME, item.place, message, suggest::nearest(name, known));
                }
            }
        }
        found
    }

    /// Whether a field is copied from somewhere.
    pub(super) fn is_copied(&self, copy: &[Copied], field: &Field) -> bool {
        copy.iter().any(|from| match (from, self.scope.item) {
            (Copied::Document, _) => self.scope.document.is_some_and(|document| {
                let own = document.fields.iter().find(|f| f.name == field.name);
                self.world.is_partial(&document.name) || own.is_some_and(|f| copies(&f.kind, &field.kind))
            }),
            (Copied::Item, Some((_, Type::Record(members)))) => {
                let own = members.iter().find(|(name, _)| *name == field.name);
                own.is_some_and(|(_, kind)| copies(kind, &field.kind))
            }
            (Copied::Item, _) => false,
        })
    }
}

/// Whether a value of a type always fits into a field of another. What core finds to fit when it copies is more:
/// a text may happen to be the name of a row.
fn copies(from: &Type, to: &Type) -> bool {
    match (from, to) {
        // What is sealed stays where it was handed in: its key is that case's.
        (Type::Secret, _) => false,
        _ if from == to => true,
        (Type::Optional(from), Type::Optional(to)) => copies(from, to),
        (from, Type::Optional(to)) => copies(from, to),
        (Type::List(from), Type::List(to)) => copies(from, to),
        // A record may have more members than are wanted.
        (Type::Record(from), Type::Record(to)) => to.iter().all(|(name, kind)| {
            let own = from.iter().find(|(known, _)| known == name);
            own.map_or(matches!(kind, Type::Optional(_)), |(_, own)| copies(own, kind))
        }),
        (Type::Choice(from), Type::Choice(to)) => from.iter().all(|word| to.contains(word)),
        (Type::Money, Type::AnyMoney) | (Type::Units, Type::Number) => true,
        (Type::Row(_) | Type::Choice(_) | Type::Position | Type::Unit | Type::Case, Type::Text) => true,
        _ => false,
    }
}
