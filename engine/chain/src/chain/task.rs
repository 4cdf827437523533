//! `task`: a piece of work for a person, what its answer must carry, and what may be chosen.

use countersign_core::definition::{Shape, TaskDef};
use countersign_core::name::{Name, Title};

use super::Context;
use super::arrows::Outcome;
use crate::codes;
use crate::read::{self, Map};
use crate::types;
use crate::yaml::Body;

/// What a task comes to.
pub(super) struct Task {
    pub(super) def: TaskDef,
    pub(super) outcomes: Vec<Outcome>,
}

impl Context<'_, '_> {
    /// `do`, `asks` and `choices` beside `task`.
    pub(super) fn task(&self, map: &Map<'_>) -> Option<Task> {
        let report = &self.world.report;
        let title = map.need("do", "a task", report).and_then(|node| match &node.body {
            Body::Map(_) => Some(read::title(Some(node), "", report)),
            _ => read::scalar(node, "what is to be done", report)
                .map(|s| Title { en: Name::from(s.text.as_str()), zh: Name::default() }),
        });
        let asks = map.get("asks").map_or(Some(Shape::new()), |n| types::shape(n, "asks", self.world));
        let mut choices: Vec<Name> = Vec::new();
        for item in map.get("choices").map_or(&[][..], |n| read::list(n, "choices", report)) {
            let Some(name) = read::name(item, "a choice", report) else { continue };
            if choices.contains(&name) {
                let message = format!("`{name}` stands twice");
                report.error(codes::DUPLICATE_NAME, item.place, message, "keep one of them");
                continue;
            }
            choices.push(name);
        }
        let outcomes = match choices.as_slice() {
            [] => ["done", "refused"].map(Outcome::needed).to_vec(),
            choices => choices.iter().map(|c| Outcome::needed(c)).collect(),
        };
        Some(Task { def: TaskDef { title: title?, asks: asks?, choices }, outcomes })
    }
}
