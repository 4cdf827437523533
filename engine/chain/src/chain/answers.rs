//! Where several answer, and what only the last answer would say.

use countersign_core::definition::{Activity, Learn, Node as People, Who};
use countersign_core::expr::Expr;

use super::Context;
use crate::codes;
use crate::read::Map;

impl Context<'_, '_> {
    /// How many answers a question to somebody may have.
    fn answerers(&self, who: &Who) -> usize {
        let most = |several: &[(Option<Expr>, Who)]| {
            several.iter().map(|(_, who)| self.answerers(who)).max().unwrap_or(1)
        };
        match who {
            Who::Each(several) => several.iter().map(|who| self.answerers(who)).sum(),
            Who::FirstOf(several) => most(several),
            Who::GroupNeed(_, need) => *need as usize,
            Who::Group(name) => self.world.organisation.groups.get(name).map_or(1, |g| g.need as usize),
            _ => 1,
        }
    }

    /// How many answers of tasks in it may carry a field.
    fn task_answers(&self, node: &People, field: &str) -> usize {
        match node {
            People::Signer(signer) => {
                let asks = signer.task.iter().flat_map(|task| &task.asks);
                let carries = asks.into_iter().any(|(name, _)| *name == *field);
                if carries { self.answerers(&signer.who) } else { 0 }
            }
            People::Climb(_) => 0,
            // The first answer is the only one.
            People::Any(members) => {
                members.iter().map(|m| self.task_answers(&m.node, field)).max().unwrap_or(0)
            }
            People::All(members) | People::InOrder(members) | People::Votes { members, .. } => {
                members.iter().map(|m| self.task_answers(&m.node, field)).sum()
            }
        }
    }

    /// Reports a choice that several make.
    pub(super) fn one_chooses(&self, who: &Who, map: &Map<'_>) {
        let Some(entry) = map.entry("choices") else { return };
        let each = map.get("for_each").is_some();
        if !each && self.answerers(who) < 2 {
            return;
        }
        let (message, help) = match each {
            true => (
                "each item would have a choice of its own, and none of them leads anywhere",
                "ask once, or let each item run a chain whose ends are the choices",
            ),
            false => (
                "several would choose, and only the last choice would count",
                "ask one position or a group with `need: 1`, or let them vote: `votes: [...]`",
            ),
        };
        self.world.report.error(codes::SEVERAL_ANSWERS, entry.at, message, help);
    }

    /// Reports what is learnt from several answers so that only the last one stays.
    pub(super) fn one_teaches(&self, activity: &Activity, learns: &[Learn], map: &Map<'_>) {
        let Activity::People(node) = activity else { return };
        let many = if map.get("for_each").is_some() { 2 } else { 1 };
        for learn in learns {
            let Some((fact, _)) = self.scope.facts.get(usize::from(learn.fact)) else { continue };
            let own =
                |part: &Expr| matches!(part, Expr::Fact(path) if path.first().is_some_and(|f| f == fact));
            if learn.value.any(&own) {
                continue;
            }
            let several = |part: &Expr| match part {
                Expr::Reply(path) => {
                    path.first().is_some_and(|field| self.task_answers(node, field) * many > 1)
                }
                _ => false,
            };
            let place = map.get("learns").map(|n| n.place).unwrap_or_default();
            if learn.value.any(&several) {
                let message =
                    format!("several would answer, and only the last answer would stay in `{fact}`");
                let help = "ask one position, add the answers up, or ask each for fields of its own";
                self.world.report.error(codes::SEVERAL_ANSWERS, place, message, help);
            }
        }
    }
}
