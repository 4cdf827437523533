//! The acceptance scenarios of the demo company, as sentences: `scenarios/*.case`. Time is virtual.
//!
//! `POSITIONS VERB ["reason"] [-> CODE]` acts, `then ...` expects, `clock TIME` lets timers fire. A step that does
//! not do what it says fails with file, line and what was found.

use std::collections::BTreeSet;

use crate::support::{World, at, contract, demo_definitions, record, text};
use countersign_core::command::{Body, CaseNo, Verdict};
use countersign_core::definition::{Definition, Limit};
use countersign_core::event::{CapacityWhy, Event};
use countersign_core::name::Name;
use countersign_core::state::{Case, SlotStatus, Stage};
use countersign_core::value::{Raw, Value};

#[test]
fn contracts_go_as_the_scenarios_say() {
    run_file("scenarios/contract.case");
}

#[test]
fn the_organisation_lives_as_the_scenarios_say() {
    run_file("scenarios/organisation.case");
}

#[test]
fn deputies_sign_as_the_scenarios_say() {
    run_file("scenarios/deputies.case");
}

fn run_file(name: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let source = std::fs::read_to_string(path).expect("a file of scenarios");
    let mut play: Option<Play> = None;
    let mut scenarios = 0;
    for (i, line) in source.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{name}:{}: {line}", i + 1);
        if let Some(title) = line.strip_prefix("scenario ") {
            scenarios += 1;
            play = Some(Play::new(title));
            continue;
        }
        let play = play.as_mut().unwrap_or_else(|| panic!("{place}: expected a scenario first"));
        if let Err(found) = play.line(line) {
            panic!("\n{place}\n  in scenario {}\n  {found}\n  story:\n{}", play.title, play.story());
        }
    }
    assert!(scenarios > 0, "{name} has no scenario");
}

struct Play {
    title: String,
    world: World,
    case: CaseNo,
    document: Raw,
    remembered: Option<(CaseNo, u32, u32)>,
    at_last_clock: usize,
}

type Step = Result<(), String>;

impl Play {
    fn new(title: &str) -> Play {
        let world = World::new(demo_definitions(), at("2025-01-02T09:00+08:00"));
        let document = contract("HT-1", 1, "1.00");
        Play { title: title.into(), world, case: 0, document, remembered: None, at_last_clock: 0 }
    }

    fn story(&self) -> String {
        let frames =
            self.world.frames.iter().filter(|f| f.events.iter().any(|e| e.case() == Some(self.case)));
        let events = frames.flat_map(|f| f.events.iter().map(move |e| format!("    {} {:?}\n", f.at, e)));
        events.collect()
    }

    fn line(&mut self, line: &str) -> Step {
        let (line, refused) = match line.split_once(" -> ") {
            Some((line, code)) => (line, Some(code.trim())),
            None => (line, None),
        };
        if let Some(expected) = line.strip_prefix("then ") {
            return self.then(expected);
        }
        let result = self.act(line);
        match (result, refused) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(code)) => Err(format!("expected the refusal {code}, it was accepted")),
            (Err(found), Some(code)) if found.starts_with(&format!("{code}:")) => Ok(()),
            (Err(found), _) => Err(found),
        }
    }

    fn act(&mut self, line: &str) -> Step {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match first {
            "at" => {
                self.world.clock(at(rest));
                Ok(())
            }
            "clock" => {
                self.at_last_clock = self.world.frames.len();
                self.world.clock(at(rest));
                Ok(())
            }
            "organisation:" => self.reorganise(rest),
            "acts" => self.world.organise(rest).map_err(|r| r.to_string()),
            "limit" => self.limit(rest),
            "unfiled" => self.unfiled(rest),
            "seals" => self.seals(rest),
            "remember" => {
                let (task, version) = self.world.task_of(self.case, rest).ok_or("no such task")?;
                self.remembered = Some((self.case, task, version));
                Ok(())
            }
            _ => self.person_acts(line),
        }
    }

    fn person_acts(&mut self, line: &str) -> Step {
        let (line, reason) = match line.split_once(" \"") {
            Some((line, reason)) => (line.to_owned(), Some(reason.trim_end_matches('"').to_owned())),
            None => (line.to_owned(), None),
        };
        let verbs =
            ["submits", "resubmits", "withdraws", "refers up", "passes", "pass", "approves", "approve"];
        let verbs = verbs.iter().chain(&["returns", "rejects", "objects"]);
        let found = verbs.filter_map(|verb| {
            let at = line.find(&format!(" {verb}"))?;
            let end = at + 1 + verb.len();
            let ends_word = line[end..].chars().next().is_none_or(|c| c == ' ');
            ends_word.then(|| (at, *verb, line[end..].trim().to_owned()))
        });
        let (at, verb, rest) = found.min_by_key(|(at, ..)| *at).ok_or("no such sentence")?;
        let who: Vec<&str> = line[..at].split(", ").collect();
        for who in who {
            self.one_acts(who, verb, &rest, reason.as_deref())?;
        }
        Ok(())
    }

    fn one_acts(&mut self, who: &str, verb: &str, rest: &str, reason: Option<&str>) -> Step {
        let (person, position) = match who.split_once(" of ") {
            Some((person, position)) => (person.to_owned(), position),
            None => (self.world.holder(who), who),
        };
        let body = match verb {
            "submits" => return self.submits(&person, position, rest),
            "resubmits" => self.resubmit(rest),
            "withdraws" => Body::Withdraw { case: self.case, reason: None },
            "refers up" => {
                let (task, version) = self.world.task_of(self.case, position).ok_or("it has no task")?;
                Body::ReferUp {
                    case: self.case,
                    task,
                    version,
                    reason: Name::from(reason.unwrap_or_default()),
                }
            }
            _ => self.decide(position, verb, rest, reason)?,
        };
        self.world.request(&person, position, body).map(|_| ()).map_err(|r| r.to_string())
    }

    fn decide(&self, position: &str, verb: &str, rest: &str, reason: Option<&str>) -> Result<Body, String> {
        let verdict = match verb {
            "pass" | "passes" => Verdict::Pass,
            "approve" | "approves" => Verdict::Approve,
            "returns" => Verdict::Return,
            "rejects" => Verdict::Reject,
            "objects" => Verdict::Object,
            other => return Err(format!("no such verb: {other}")),
        };
        let task = match rest.strip_prefix("for ") {
            Some(other) => self.world.task_of(self.case, other),
            None if rest == "as remembered" => self.remembered.map(|(_, task, version)| (task, version)),
            None => self.world.task_of(self.case, position),
        };
        let task = task.ok_or_else(|| format!("{position} has no task; waiting for {:?}", self.waiting()))?;
        Ok(Body::Decide(self.world.answer(self.case, task, verdict, reason)))
    }

    fn submits(&mut self, person: &str, position: &str, rest: &str) -> Step {
        let (what, addressee) = match rest.split_once(" to ") {
            Some((what, addressee)) => (what, Some(Name::from(addressee))),
            None => (rest, None),
        };
        let (chain, document) = if what == "market-intel" {
            ("market-intel", market_intel())
        } else if let Some(lines) = what.strip_prefix("lines ") {
            let (qty, price) = lines.split_once(" x EB-P at ").ok_or("expected `lines N x EB-P at PRICE`")?;
            ("contract-review", contract("HT-1", qty.parse().map_err(|_| "not a count")?, price))
        } else {
            ("contract-review", contract("HT-1", 1, what))
        };
        self.document = document.clone();
        let case = self.world.state.next_case();
        let body = Body::Submit { chain: Name::from(chain), document, addressee };
        self.world.request(person, position, body).map_err(|r| r.to_string())?;
        self.case = case;
        Ok(())
    }

    fn resubmit(&mut self, rest: &str) -> Body {
        if let Some(order) = rest.strip_prefix("the same with order_no ") {
            if let Raw::Record(fields) = &mut self.document {
                fields.insert("order_no".into(), text(order));
            }
        } else {
            self.document = contract("HT-1", 1, rest);
        }
        Body::Resubmit { case: self.case, document: self.document.clone() }
    }

    fn seals(&mut self, contract_no: &str) -> Step {
        let fact = self.world.state.cases().find_map(|c| match c.stage() {
            Stage::Message { fact, .. } => Some(fact.clone()),
            _ => None,
        });
        let data = record([("contract_no", text(contract_no))]);
        let message_id = Name::from(format!("seal-{contract_no}"));
        let body = Body::Fact { fact: fact.ok_or("no case waits for a fact")?, message_id, data };
        self.world.request("H13", "file_custodian", body).map(|_| ()).map_err(|r| r.to_string())
    }

    fn reorganise(&mut self, change: &str) -> Step {
        let organisation = self.world.definitions.iter_mut().find_map(|d| match d {
            Definition::Organisation(organisation) => Some(organisation),
            _ => None,
        });
        let organisation = organisation.ok_or("no organisation")?;
        let words: Vec<&str> = change.split(' ').collect();
        match words[..] {
            ["abolish", position] => {
                let gone = organisation.positions.remove(position).ok_or("no such position")?;
                for post in
                    organisation.positions.values_mut().filter(|p| p.solid.as_deref() == Some(position))
                {
                    post.solid.clone_from(&gone.solid);
                }
            }
            ["holder", position, person] => {
                organisation.positions.get_mut(position).ok_or("no such position")?.holders =
                    vec![Name::from(person)];
            }
            ["kind", position, kind] => {
                organisation.positions.get_mut(position).ok_or("no such position")?.kind = Name::from(kind);
            }
            _ => return Err(format!("no such change: {change}")),
        }
        self.world.activate();
        Ok(())
    }

    fn limit(&mut self, change: &str) -> Step {
        let words: Vec<&str> = change.split(' ').collect();
        let [authority, kind, amount] = words[..] else {
            return Err("expected AUTHORITY KIND AMOUNT".into());
        };
        for definition in &mut self.world.definitions {
            if let Definition::Authority(a) = definition
                && a.name == authority
            {
                let set = a.limits.last_mut().ok_or("no limits")?;
                let up_to = match amount {
                    "unlimited" => None,
                    amount => Some(amount.parse().map_err(|_| "not an amount")?),
                };
                set.limits.insert(Name::from(kind), Limit { up_to, beside: Vec::new() });
            }
        }
        self.world.activate();
        Ok(())
    }

    fn unfiled(&mut self, customer: &str) -> Step {
        for definition in &mut self.world.definitions {
            if let Definition::Table(table) = definition
                && let Some(row) = table.rows.get_mut(customer)
            {
                row.insert(Name::from("filed"), Value::Flag(false));
            }
        }
        self.world.activate();
        Ok(())
    }
}

fn market_intel() -> Raw {
    record([
        ("intel_no", text("MI-1")),
        ("about", text("competitor")),
        ("unit", text("js")),
        ("seen_on", text("2025-04-20")),
        ("text", text("a rival lowers its prices in Nanjing")),
    ])
}

/// What a scenario expects.
impl Play {
    fn then(&self, expected: &str) -> Step {
        let after = |prefix: &str| expected.strip_prefix(prefix).map(str::trim);
        if let Some(state) = after("state ") {
            return equal(&self.state_name(), &state.to_owned());
        }
        if let Some(names) = after("waiting for ") {
            return equal(&self.waiting(), &set(names));
        }
        if let Some(names) = after("signed ") {
            return equal(&self.signed(), &list(names));
        }
        if let Some(names) = after("kept ") {
            return equal(&self.kept(), &list(names));
        }
        if let Some(names) = after("route ") {
            return equal(&self.route(), &list(names));
        }
        if let Some(names) = after("never asked ") {
            let asked = self.ever_asked();
            let wrong: Vec<&String> = asked.iter().filter(|p| list(names).contains(p)).collect();
            return equal(&wrong, &Vec::new());
        }
        if let Some(revision) = after("revision ") {
            let found = self.world.state.case(self.case).map(|c| c.revision().to_string());
            return equal(&found, &Some(revision.to_owned()));
        }
        if let Some(rest) = after("asked of ") {
            let (position, persons) = rest.split_once(": ").ok_or("expected `POSITION: a, b`")?;
            let case = self.world.state.case(self.case).ok_or("the case is closed")?;
            let task = case.tasks().values().find(|t| t.position == position).ok_or("it has no task")?;
            let holders: Vec<String> = task.holders.iter().map(ToString::to_string).collect();
            return equal(&holders, &list(persons));
        }
        if let Some(rest) = after("signature of ") {
            let (position, expected) = rest.split_once(": ").ok_or("expected `POSITION: PERSON WHY`")?;
            let case = self.world.state.case(self.case).ok_or("the case is closed")?;
            let signed = case.signatures().iter().find(|s| s.position == position).ok_or("no signature")?;
            let why = signed
                .capacities
                .iter()
                .find(|c| c.position == position)
                .map_or("OWN".into(), |c| why(c.why));
            let under = signed.delegation.as_ref().map_or(String::new(), |name| format!(" {name}"));
            return equal(&format!("{} {why}{under}", signed.person), &expected.to_owned());
        }
        if let Some(rest) = after("capacities of ") {
            return self.capacities(rest);
        }
        self.then_event(expected)
    }

    fn then_event(&self, expected: &str) -> Step {
        let words: Vec<&str> = expected.split(' ').collect();
        match words[..] {
            ["ended", end] => equal(&self.ended(), &Some((end.to_owned(), String::new()))),
            ["ended", end, code] => equal(&self.ended(), &Some((end.to_owned(), code.to_owned()))),
            ["withdrawn"] => {
                let withdrawn = self.events().any(|e| matches!(e, Event::CaseWithdrawn(_)));
                equal(&withdrawn, &true)
            }
            ["no", "case"] => equal(&self.world.state.open_cases(), &0),
            ["recorded", name] => {
                equal(&self.world.frames.iter().any(|f| f.events.iter().any(|e| e.name() == name)), &true)
            }
            ["recorded", _, position, superior] => {
                let recorded = self.world.frames.iter().flat_map(|f| &f.events).any(|e| {
                    matches!(e, Event::SkipLevelAttempted(e) if e.position == position && e.superior.as_deref() == Some(superior))
                });
                equal(&recorded, &true)
            }
            [position, "answers", "openly"] => {
                let step = self.world.state.case(self.case).and_then(Case::step).ok_or("nobody is asked")?;
                let slot = step.plan.slots.iter().find(|slot| slot.position == position);
                equal(&slot.map(|slot| slot.blind), &Some(false))
            }
            [position, "is", which, time] => self.milestone(position, which, time),
            ["reminded", position] => {
                equal(&self.since_clock("task-reminded"), &position_or_nobody(position))
            }
            ["overdue", position, ..] => {
                equal(&self.since_clock("task-overdue"), &position_or_nobody(position))?;
                match expected.split_once(" copied to ") {
                    Some((_, names)) => equal(&self.copied(), &list(names)),
                    None => Ok(()),
                }
            }
            ["escalated", position, "to", superior] => {
                equal(&self.since_clock("task-escalated"), &position_or_nobody(position))?;
                equal(&self.copied(), &vec![superior.to_owned()])
            }
            _ => Err("no such expectation".into()),
        }
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        let case = self.case;
        self.world.frames.iter().flat_map(|f| &f.events).filter(move |e| e.case() == Some(case))
    }

    fn state_name(&self) -> String {
        let Some(case) = self.world.state.case(self.case) else { return "closed".into() };
        match case.stage() {
            Stage::Draft => "draft".into(),
            Stage::Held { code, .. } => format!("held {code}"),
            _ => {
                let release = self.world.state.definitions().release(case.release());
                let chain = release.and_then(|r| r.chain(case.chain()));
                let state = chain.zip(case.state()).and_then(|(c, s)| c.states.get(usize::from(s)));
                state.map(|s| s.name.to_string()).unwrap_or_default()
            }
        }
    }

    fn waiting(&self) -> BTreeSet<String> {
        let case = self.world.state.case(self.case);
        case.into_iter().flat_map(|c| c.tasks().values()).map(|t| t.position.to_string()).collect()
    }

    fn signed(&self) -> Vec<String> {
        let agreed = |e: &Event| match e {
            Event::TaskDecided(d) if d.verdict.agrees() => Some(d.task),
            _ => None,
        };
        self.events().filter_map(agreed).map(|task| self.position_of(task)).collect()
    }

    fn kept(&self) -> Vec<String> {
        let kept = self.events().filter_map(|e| match e {
            Event::SignatureKept(k) => Some(self.position_of(k.task)),
            _ => None,
        });
        kept.collect()
    }

    fn position_of(&self, task: u32) -> String {
        let opened = self.events().filter_map(|e| match e {
            Event::TaskOpened(o) if o.task == task => Some(o.position.to_string()),
            Event::TaskReassigned(o) if o.task == task => Some(o.position.to_string()),
            _ => None,
        });
        opened.last().unwrap_or_default()
    }

    fn route(&self) -> Vec<String> {
        // The route of a climb is planned when its state is entered; before that, what a preview would say.
        let step = self.world.state.case(self.case).and_then(|c| c.step());
        let planned = step.filter(|s| s.plan.slots.iter().any(|slot| slot.level.is_some()));
        if let Some(step) = planned {
            return step.plan.slots.iter().map(|s| s.position.to_string()).collect();
        }
        self.previewed_route()
    }

    fn previewed_route(&self) -> Vec<String> {
        let Some(case) = self.world.state.case(self.case) else { return Vec::new() };
        let submitter = case.submitter();
        let request = countersign_core::command::Request {
            system: Name::from("test"),
            request_id: Name::from("preview"),
            fingerprint: [0; 16],
            sent_at: self.world.at,
            person: submitter.person.clone(),
            position: submitter.position.clone(),
            vouched_by: countersign_core::command::VouchedBy::Local,
        };
        let preview = countersign_core::preview::preview(
            &self.world.state,
            self.world.at,
            &request,
            case.chain(),
            &self.document,
        );
        let steps = preview.map(|p| p.steps).unwrap_or_default();
        steps.into_iter().filter(|s| s.state == "line").map(|s| s.position.to_string()).collect()
    }

    fn ever_asked(&self) -> BTreeSet<String> {
        let asked = self.events().filter_map(|e| match e {
            Event::TaskOpened(o) => Some(o.position.to_string()),
            Event::TaskReassigned(o) => Some(o.position.to_string()),
            _ => None,
        });
        asked.collect()
    }

    fn ended(&self) -> Option<(String, String)> {
        let ended = self.events().filter_map(|e| match e {
            Event::CaseEnded(e) => {
                Some((e.end.to_string(), e.code.as_ref().map(ToString::to_string).unwrap_or_default()))
            }
            _ => None,
        });
        ended.last()
    }

    fn capacities(&self, rest: &str) -> Step {
        let (position, expected) = rest.split_once(": ").ok_or("expected `POSITION: a(WHY), b(WHY)`")?;
        let case = self.world.state.case(self.case).ok_or("the case is closed")?;
        let step = case.step().ok_or("nobody is asked")?;
        let planned = step.plan.slots.iter().zip(&step.slots).find(|(s, _)| s.position == position);
        let open = case.tasks().values().find(|t| t.position == position).map(|t| &t.capacities);
        let capacities = match planned {
            Some((slot, SlotStatus::Waiting)) => Some(&slot.capacities),
            _ => open,
        };
        let shown = capacities
            .into_iter()
            .flatten()
            .map(|c| format!("{}({})", c.position, why(c.why)))
            .collect::<Vec<_>>();
        equal(&shown, &list(expected))
    }

    fn milestone(&self, position: &str, which: &str, time: &str) -> Step {
        let case = self.world.state.case(self.case).ok_or("the case is closed")?;
        let task = case.tasks().values().find(|t| t.position == position).ok_or("it has no task")?;
        let found = match which {
            "reminded" => task.milestones.remind,
            "due" => task.milestones.overdue,
            "escalated" => task.milestones.escalate,
            _ => return Err("no such milestone".into()),
        };
        equal(&found, &at(time))
    }

    fn since_clock(&self, name: &str) -> Vec<String> {
        let frames = &self.world.frames[self.at_last_clock..];
        let events = frames.iter().flat_map(|f| &f.events).filter(|e| e.name() == name);
        let tasks = events.filter_map(|e| match e {
            Event::TaskReminded(e) => Some(e.task),
            Event::TaskOverdue(e) => Some(e.task),
            Event::TaskEscalated(e) => Some(e.task),
            _ => None,
        });
        tasks.map(|task| self.position_of(task)).collect()
    }

    fn copied(&self) -> Vec<String> {
        let told = self.events().filter_map(|e| match e {
            Event::TaskOverdue(e) => Some(&e.copied),
            Event::TaskEscalated(e) => Some(&e.to),
            _ => None,
        });
        told.last().into_iter().flatten().map(ToString::to_string).collect()
    }
}

fn why(why: CapacityWhy) -> String {
    format!("{why:?}").to_uppercase()
}

fn position_or_nobody(position: &str) -> Vec<String> {
    if position == "nobody" { Vec::new() } else { vec![position.to_owned()] }
}

fn list(names: &str) -> Vec<String> {
    names.split(", ").map(str::to_owned).collect()
}

fn set(names: &str) -> BTreeSet<String> {
    list(names).into_iter().collect()
}

fn equal<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Step {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}
