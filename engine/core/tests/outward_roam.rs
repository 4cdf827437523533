//! Adapters that answer anything at any time, operators who step in anywhere: whatever they do, State is the fold of
//! its log, no case is left half-way, no defect shows, and nothing that was done stays done after a cancellation.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::{CaseNo, CommandNo, Operation, Verdict};
use countersign_core::definition::*;
use countersign_core::event::{EffectSettled, Event, Settled};
use countersign_core::state::{Case, CommandStatus, Stage};
use countersign_core::time::{HOUR, MINUTE};
use countersign_core::value::Raw;

use crate::model::random::{Random, seeds};
use crate::outward::making::*;
use crate::outward_support::define::*;
use crate::outward_support::{Run, record, text};

const STEPS: usize = 500;

fn chains() -> Vec<Chain> {
    let cancel = |go: u16| vec![Anytime { by: vec![post("kam_js")], ..anytime("cancel", Some(to(go))) }];
    let resting = state("resting", task("kam_js", &[], &[]), &[("done", DONE), ("refused", to(3))]);
    let ordering = vec![
        commands("reserving", "logistics.stock.reserve", vec![("units", doc("units"))], to(1)),
        commands("making", "erp.mo.create", vec![("no", doc("no"))], to(2)),
        resting,
        cancelling(None),
    ];
    let each = commands("reserving", "logistics.stock.reserve", vec![("units", item(""))], DONE);
    let next = [("passed", DONE), ("failed", to(1))];
    let each = StateDef { next: state("", Activity::HandOver(Who::Owner), &next).next, ..each };
    let runs = state("ordering", Activity::Run(run("ordering", vec![])), &[("good", to(1)), ("bad", to(2))]);
    let waiting = state("waiting", task("kam_js", &[], &[]), &[("done", DONE), ("refused", to(2))]);
    vec![
        making(),
        Chain { anytime: cancel(3), ..chain("ordering", "order", ORDER, ordering) },
        chain("reserving", "order", ORDER, vec![for_each(doc("parts"), each), cancelling(None)]),
        Chain {
            anytime: cancel(2),
            ..chain("parent", "order", ORDER, vec![runs, waiting, cancelling(None)])
        },
    ]
}

struct Roam {
    run: Run,
    random: Random,
    cases: Vec<CaseNo>,
    serial: u32,
}

impl Roam {
    fn step(&mut self) {
        match self.random.weighted(&[6, 60, 8, 6, 14, 6]) {
            0 => self.submit(),
            1 => self.reply(),
            2 => self.operate(),
            3 => self.cancel(),
            4 => self.decide(),
            _ => {
                let minutes = [1, 4, 11, 31][self.random.below(4)];
                self.run.wait(minutes * MINUTE);
            }
        }
        let last = self.run.world.state.next_case() - 1;
        let first = self.cases.last().map_or(1, |case| case + 1);
        self.cases.extend(first..=last);
        for case in self.run.world.state.cases() {
            let rests =
                !matches!(case.stage(), Stage::Entering(_) | Stage::Leaving { .. } | Stage::Working { .. });
            assert!(rests, "case {} is left half-way{}", case.number(), self.run.story(case.number()));
            if let Stage::Held { code, .. } = case.stage() {
                assert_ne!(code, "INTERNAL", "{}", self.run.story(case.number()));
            }
        }
    }

    fn any(&mut self) -> CaseNo {
        // Mostly one that is still open.
        let open: Vec<CaseNo> = self.run.world.state.cases().map(Case::number).collect();
        let open = if self.random.chance(85) { open } else { self.cases.clone() };
        self.random.pick(&open).copied().unwrap_or(1)
    }

    fn expect(&self, result: Result<u64, String>, allowed: &[&str]) {
        if let Err(code) = result {
            assert!(allowed.contains(&code.as_str()), "refused with {code}");
        }
    }

    fn submit(&mut self) {
        self.serial += 1;
        let chain = ["making", "ordering", "reserving", "parent"][self.random.below(4)];
        let parts = [1, 2, 3];
        let parts = &parts[..self.random.below(4)];
        let no = format!("SO-{}", self.serial);
        let document = if chain == "reserving" { order_of(&no, parts) } else { order(&no, 7) };
        self.run.submit("rep_js", chain, document).expect("an order is handed in");
    }

    /// Any word to any command, under a new or an old id; fields that fit, mostly.
    fn reply(&mut self) {
        let case = self.any();
        let outward = self.run.world.state.case(case).and_then(Case::outward);
        let given: Vec<(CommandNo, bool)> = outward.map_or_else(Vec::new, |outward| {
            let open = |status: &CommandStatus| matches!(status, CommandStatus::Open | CommandStatus::Silent);
            outward.commands.iter().map(|(number, command)| (*number, open(&command.status))).collect()
        });
        let open: Vec<CommandNo> =
            given.iter().filter(|(_, open)| *open).map(|(number, _)| *number).collect();
        let any = (self.random.below(given.len().max(1)) + 1) as CommandNo;
        let command = if self.random.chance(80) { open.last().copied().unwrap_or(any) } else { any };
        let asked = outward.and_then(|outward| outward.commands.get(&command)?.verb.split('.').next());
        let asked = asked.unwrap_or("erp").to_owned();
        let (word, code, fields): (&str, Option<&str>, Raw) = match self
            .random
            .weighted(&[40, 20, 15, 5, 6, 5, 5])
        {
            0 => ("done", None, some(7)),
            1 => ("done", None, nothing()),
            2 => ("accepted", None, accepted(["MO-1", "MO-2"][self.random.below(2)])),
            3 => ("progress", None, record([("pct", text("30%"))])),
            4 => ("refused", Some(["BAD_BOM", "NO_CAPACITY", "FINISHED"][self.random.below(3)]), nothing()),
            5 => ("unknown", None, nothing()),
            _ => ("short", None, some(3)),
        };
        self.serial += 1;
        let id = if self.random.chance(90) { format!("r{}", self.serial) } else { "r".to_owned() };
        let adapter = if self.random.chance(95) { &asked } else { "finance" };
        let result = self.run.reply_as(adapter, (case, command), &id, (word, code), fields);
        self.expect(result, &["FORBIDDEN", "REPLY_REPEATED", "REPLY_UNDECLARED", "COMMAND_UNKNOWN"]);
    }

    fn operate(&mut self) {
        use Operation::*;
        let acts = [Hold, Resume, Retry, Compensate, Settle];
        let (case, act) = (self.any(), acts[self.random.weighted(&[2, 5, 4, 1, 1])]);
        let result = self.run.operate(case, act);
        self.expect(result, &["CASE_HELD", "NOT_HELD", "CONFLICT", "CASE_CLOSED", "CASE_UNKNOWN"]);
    }

    fn cancel(&mut self) {
        let case = self.any();
        let result = self.run.ask("kam_js", case, "cancel", nothing());
        self.expect(result, &["CASE_HELD", "NOT_ASKED_HERE", "CASE_CLOSED", "CASE_UNKNOWN"]);
    }

    fn decide(&mut self) {
        let case = self.any();
        if self.run.world.task_of(case, "kam_js").is_some() {
            let verdict = if self.random.chance(70) { Verdict::Done } else { Verdict::Refuse };
            let result = self.run.decide(case, "kam_js", verdict);
            self.expect(result, &[]);
        }
    }

    /// Operators cancel whatever is open, and adapters undo all that they are asked to: every case comes to its end.
    fn clean_up(&mut self) {
        for case in self.run.world.state.cases().map(Case::number).collect::<Vec<_>>() {
            let held = self.run.operate(case, Operation::Hold);
            self.expect(held, &["CASE_HELD", "CASE_CLOSED"]);
            let undone = self.run.operate(case, Operation::Compensate);
            self.expect(undone, &["CASE_CLOSED"]);
        }
        for _ in 0..100 {
            for case in self.run.world.state.cases().map(Case::number).collect::<Vec<_>>() {
                if matches!(self.run.case(case).stage(), Stage::Held { .. }) {
                    self.run.operate(case, Operation::Resume).expect("a held case is resumed");
                }
                self.undo_all(case);
            }
        }
        let open: Vec<CaseNo> = self.run.world.state.cases().map(Case::number).collect();
        assert!(open.is_empty(), "{open:?} never end{}", self.run.story(open[0]));
    }

    fn undo_all(&mut self, case: CaseNo) {
        let outward = self.run.world.state.case(case).and_then(Case::outward);
        let undos = outward.into_iter().flat_map(|outward| outward.commands.iter()).filter(|(_, command)| {
            command.undoes.is_some() && matches!(command.status, CommandStatus::Open | CommandStatus::Silent)
        });
        for command in undos.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.serial += 1;
            let id = format!("u{}", self.serial);
            self.run.reply((case, command), &id, ("done", None), nothing()).expect("an undo is answered");
            if self.run.world.state.case(case).is_none() {
                break;
            }
        }
    }

    /// What a cancelled case had done outside, and what its children that ended well had.
    fn nothing_stays_done(&self) -> usize {
        let undoable = ["erp.mo.create", "logistics.stock.reserve"];
        let mut verbs: BTreeMap<(CaseNo, CommandNo), String> = BTreeMap::new();
        let (mut done, mut undone) = (BTreeSet::new(), BTreeSet::new());
        let (mut parents, mut ends) = (BTreeMap::new(), BTreeMap::new());
        for event in self.run.world.frames.iter().flat_map(|frame| &frame.events) {
            match event {
                Event::CommandIssued(e) => {
                    verbs.insert((e.case, e.command), e.verb.to_string());
                    undone.extend(e.undoes.as_ref().map(|undoes| (undoes.case, undoes.command)));
                }
                Event::CommandAnswered(e) if e.word == "refused" => {
                    done.remove(&(e.case, e.command));
                }
                Event::CommandAnswered(e) if e.word != "unknown" => {
                    done.insert((e.case, e.command));
                }
                // What a person says to have settled is no longer the engine's to undo.
                Event::EffectSettled(EffectSettled { what: Settled::Command { id, .. }, .. }) => {
                    let mut parts = id.split('.');
                    let case = parts.next().and_then(|case| case.strip_prefix("C-")?.parse().ok());
                    let command = parts.next_back().and_then(|command| command.parse().ok());
                    undone.extend(case.zip(command));
                }
                Event::EffectSettled(EffectSettled { what: Settled::Child(child), .. }) => {
                    parents.remove(child);
                }
                Event::ChildStarted(e) => {
                    parents.insert(e.child, e.case);
                }
                Event::CaseEnded(e) => {
                    ends.insert(e.case, e.end.to_string());
                }
                _ => {}
            }
        }
        let cancelled = |case: &CaseNo| ends.get(case).is_some_and(|end| end == "cancelled");
        let well = |case: &CaseNo| ends.get(case).is_some_and(|end| end == "done");
        let mut looked_at = 0;
        for of in done.iter().filter(|of| undoable.contains(&verbs[of].as_str())) {
            let (case, _) = of;
            let of_parent = well(case) && parents.get(case).is_some_and(cancelled);
            if cancelled(case) || of_parent {
                assert!(undone.contains(of), "{of:?} stays done{}", self.run.story(*case));
                looked_at += 1;
            }
        }
        looked_at
    }
}

#[test]
fn whatever_adapters_and_operators_do() {
    let (mut looked_at, mut events) = (0, BTreeMap::<&str, usize>::new());
    let seeds = seeds(0..8);
    for seed in &seeds {
        let mut roam =
            Roam { run: factory(chains()), random: Random::new(*seed), cases: Vec::new(), serial: 0 };
        for _ in 0..STEPS {
            roam.step();
        }
        roam.run.wait(2 * HOUR);
        roam.clean_up();
        looked_at += roam.nothing_stays_done();
        for event in roam.run.world.frames.iter().flat_map(|frame| &frame.events) {
            *events.entry(event.name()).or_default() += 1;
        }
    }
    if seeds.len() > 1 {
        assert!(looked_at > 100, "too little was cancelled: {looked_at}");
        for name in [
            "command-sent-again",
            "command-silent",
            "reply-conflicted",
            "effect-undone",
            "effect-settled",
            "item-closed",
            "case-asked",
            "child-ended",
        ] {
            assert!(events.contains_key(name), "{name} never happened: {events:?}");
        }
    }
}
