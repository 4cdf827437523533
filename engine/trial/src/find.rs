//! Which case, task or command a sentence means.

use countersign_core::command::{CaseNo, CommandNo, TaskNo, Verdict};
use countersign_core::definition::{Activity, Chain, Duty, Node, TaskDef};
use countersign_core::name::Name;
use countersign_core::state::{CommandStatus, Stage, Task};

use crate::world::{Issued, World};

impl World<'_> {
    /// The case that a sentence or expectation without a key is about: the newest one of the file's chain that a
    /// sentence submitted, else the newest that was there before.
    pub(crate) fn main(&self, chain: &Name) -> Option<CaseNo> {
        let of_chain = || self.tracks.iter().rev().filter(|(_, track)| track.chain == *chain);
        let submitted = of_chain().find(|(_, track)| track.by_sentence && !track.earlier);
        submitted.or_else(|| of_chain().next()).map(|(case, _)| *case)
    }

    /// The case of a business key: of the chain, or of the chain in which the key came first; the newest of it.
    pub(crate) fn keyed(&self, chain: Option<&Name>, key: &Name) -> Option<CaseNo> {
        let has = |case: &&CaseNo| self.tracks.get(*case).is_some_and(|t| t.key.as_ref() == Some(key));
        let of = |chain: &Name| {
            self.tracks
                .iter()
                .rev()
                .map(|(case, _)| case)
                .filter(has)
                .find(|case| self.tracks.get(*case).is_some_and(|track| track.chain == *chain))
        };
        let first = || {
            let case = self.tracks.keys().find(has)?;
            self.tracks.get(case).map(|track| track.chain.clone())
        };
        let chain = chain.cloned().or_else(first)?;
        of(&chain).copied()
    }

    /// Whether a case, or one that it was started by, has this key.
    pub(crate) fn belongs(&self, case: CaseNo, key: Option<&Name>) -> bool {
        let Some(key) = key else { return true };
        let mut at = Some(case);
        // Parents have smaller numbers, so that this ends.
        while let Some(track) = at.and_then(|case| self.tracks.get(&case)) {
            if track.key.as_ref() == Some(key) {
                return true;
            }
            at = track.parent;
        }
        false
    }

    /// The open task that an answer of a position is for.
    pub(crate) fn task(
        &self,
        position: &Name,
        key: Option<&Name>,
        (verdict, choice): (Verdict, Option<&Name>),
        main: Option<CaseNo>,
    ) -> Option<(CaseNo, TaskNo, &Task)> {
        let open = self.state.cases().filter(|case| self.belongs(case.number(), key));
        let tasks =
            open.flat_map(|case| case.tasks().iter().map(move |(no, task)| (case.number(), *no, task)));
        let own = tasks.filter(|(.., task)| task.position == *position);
        own.min_by_key(|(case, no, task)| {
            let offered = choice.is_none_or(|choice| {
                self.task_def(*case, task).is_some_and(|def| def.choices.contains(choice))
            });
            (!offered, !meant(verdict, task.duty), Some(*case) != main, *case, *no)
        })
    }

    /// A task of the position that is no longer open, or another's: core says what comes of answering it.
    pub(crate) fn stale(
        &self,
        position: &Name,
        key: Option<&Name>,
        main: Option<CaseNo>,
    ) -> Option<(CaseNo, TaskNo)> {
        let cases = || {
            let all = self.tracks.iter().filter(|(case, _)| self.belongs(**case, key));
            all.filter(|(case, _)| key.is_some() || Some(**case) == main)
        };
        let asked =
            cases().flat_map(|(case, track)| track.asked.iter().map(move |(task, who)| (*case, *task, who)));
        let own = asked.filter(|(.., who)| *who == position).max_by_key(|(case, task, _)| (*case, *task));
        let own = own.map(|(case, task, _)| (case, task));
        own.or_else(|| {
            let open = cases().filter_map(|(case, _)| self.state.case(*case));
            open.flat_map(|case| case.tasks().keys().map(move |task| (case.number(), *task))).next()
        })
    }

    /// What a task asks for.
    pub(crate) fn task_def(&self, case: CaseNo, task: &Task) -> Option<&TaskDef> {
        let chain = self.chain_of(case)?;
        let state = self.state.case(case)?.state()?;
        let Activity::People(node) = &chain.states.get(usize::from(state))?.activity else { return None };
        (task.duty == Duty::Task).then(|| task_in(node)).flatten()
    }

    /// The command that an answer is for: the oldest that waits for one, else the newest that no longer does.
    pub(crate) fn command(&self, verb: &Name, key: Option<&Name>) -> Option<&Issued> {
        let given = || self.issued.iter().filter(|i| i.verb == *verb && self.belongs(i.case, key));
        let status = |case: CaseNo, command: CommandNo| {
            let open = self.state.case(case).and_then(|case| case.outward()).map(|o| &o.commands);
            let closed = self.state.closed(case).map(|closed| &closed.open_commands);
            open.or(closed).and_then(|commands| commands.get(&command)).map(|command| &command.status)
        };
        let is = |wanted: fn(&CommandStatus) -> bool| {
            given().find(move |i| status(i.case, i.command).is_some_and(wanted))
        };
        is(|s| *s == CommandStatus::Open)
            .or_else(|| is(|s| matches!(s, CommandStatus::Silent | CommandStatus::GivenUp)))
            .or_else(|| given().next_back())
    }

    /// The case in draft with this submitter.
    pub(crate) fn draft(&self, position: &Name, key: Option<&Name>, main: Option<CaseNo>) -> Option<CaseNo> {
        let drafts = self.state.cases().filter(|case| {
            *case.stage() == Stage::Draft
                && case.submitter().position == *position
                && self.belongs(case.number(), key)
        });
        drafts.map(|case| case.number()).min_by_key(|case| (Some(*case) != main, *case))
    }

    /// Keys that cases have, for whoever named another.
    pub(crate) fn keys(&self) -> String {
        let mut keys: Vec<&str> = self.tracks.values().filter_map(|t| t.key.as_deref()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
    }
}

/// Whether a task of this duty is answered so.
fn meant(verdict: Verdict, duty: Duty) -> bool {
    match verdict {
        Verdict::Approve => duty.decides(),
        Verdict::Pass | Verdict::Object => duty == Duty::Review,
        Verdict::Input => duty == Duty::Input,
        Verdict::Submit => duty == Duty::Edit,
        Verdict::Done | Verdict::Refuse | Verdict::Choose => duty == Duty::Task,
        Verdict::Return | Verdict::Reject => duty.signs(),
    }
}

fn task_in(node: &Node) -> Option<&TaskDef> {
    match node {
        Node::Signer(signer) => signer.task.as_deref(),
        Node::Climb(_) => None,
        Node::All(members) | Node::Any(members) | Node::InOrder(members) | Node::Votes { members, .. } => {
            members.iter().find_map(|member| task_in(&member.node))
        }
    }
}

/// The document's field that names a case of the chain.
pub(crate) fn key_field(chain: &Chain) -> Option<&Name> {
    match chain.key.as_ref()? {
        countersign_core::expr::Expr::Doc(path) => path.first().filter(|_| path.len() == 1),
        _ => None,
    }
}
