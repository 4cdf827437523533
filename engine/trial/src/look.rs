//! Expectations looked up in what there is.

use countersign_core::command::{CaseNo, TaskNo, Verdict};
use countersign_core::definition::Duty;
use countersign_core::event::{Plan, PlanNode};
use countersign_core::name::Name;
use countersign_core::state::Stage;
use countersign_core::time::Timestamp;

use crate::act;
use crate::case::{Act, Refusal};
use crate::case::{Actor, Says, Trial, shown};
use crate::expect::{Expect, Item, Several, Want};
use crate::fields::{fits, fits_all, show, show_all};
use crate::run::Unmet;
use crate::signing;
use crate::world::{Track, World};

/// So many signatures are foreseen on the way to a climb.
const FORESEEN_MAX: usize = 50;

/// The refusals since the last expectation, by the key of the sentence's case.
pub(crate) type Refusals = Vec<(Option<Name>, Refusal)>;

/// What is expected and not so.
pub(crate) fn unmet(world: &World<'_>, trial: &Trial, expect: &Expect, refusals: &Refusals) -> Vec<Unmet> {
    let look = Look { world, trial, refusals };
    let main = world.main(&trial.chain);
    expect.items.iter().filter_map(|item| look.item(item, main, None)).flatten().collect()
}

struct Look<'w, 'a> {
    world: &'w World<'a>,
    trial: &'w Trial,
    refusals: &'w Refusals,
}

type Found = Option<Vec<Unmet>>;

impl Look<'_, '_> {
    /// None: it is as expected.
    fn item(&self, item: &Item, case: Option<CaseNo>, key: Option<&Name>) -> Found {
        let unmet = |(expected, found): (String, String)| {
            let of = key.map(|key| format!("{key} ")).unwrap_or_default();
            vec![Unmet { line: item.line, what: format!("{of}{}", item.key), expected, found }]
        };
        match &item.want {
            Want::Case { chain, key, items } => {
                let refused = self.refusals.iter().any(|(of, _)| of.as_ref() == Some(key));
                let case = self.world.keyed(chain.as_ref(), key);
                if case.is_none() && !refused {
                    let found = format!("no such case; keys of cases: {}", self.world.keys());
                    return Some(unmet(("a case of this key".to_owned(), found)));
                }
                let unmet: Vec<Unmet> =
                    items.iter().filter_map(|item| self.item(item, case, Some(key))).flatten().collect();
                (!unmet.is_empty()).then_some(unmet)
            }
            Want::Refused(codes) => self.refused(codes, case, key).map(unmet),
            Want::RecordedFor(names) => {
                let found = &self.world.on_record;
                (names != found).then(|| unmet((listed(names), listed(found))))
            }
            Want::Sent(..)
            | Want::NeverSent(_)
            | Want::Recorded(..)
            | Want::Started(..)
            | Want::Kept(_)
            | Want::States(_) => self.outside(&item.want, key).map(unmet),
            Want::Account(account, key, pairs) => {
                crate::accounts::unmet(self.world, (account, key), pairs).map(unmet)
            }
            Want::Report(report) => crate::reports::unmet(self.world, report).map(unmet),
            want => match case.and_then(|case| Some((case, self.world.tracks.get(&case)?))) {
                Some((case, track)) => self.of_case(want, case, track).map(unmet),
                None if matches!(want, Want::State(state) if *state == "draft") && key.is_some() => None,
                None => Some(unmet(("a case to look at".to_owned(), "none was submitted".to_owned()))),
            },
        }
    }

    fn of_case(&self, want: &Want, number: CaseNo, track: &Track) -> Option<(String, String)> {
        let open = self.world.state.case(number);
        match want {
            Want::State(state) => differ(state, &self.world.stands(number)),
            Want::Ends(good) => {
                let word = |good: bool| if good { "good" } else { "bad" };
                let found = match &track.end {
                    Some(end) => format!("{} ({end})", word(track.good)),
                    None => format!("it is open, in {}", self.world.stands(number)),
                };
                (track.end.is_none() || track.good != *good).then(|| (word(*good).to_owned(), found))
            }
            Want::Revision(revision) => differ(revision, &track.revision),
            Want::Owner(owner) => {
                let found =
                    open.map(|case| case.owner().to_string()).unwrap_or_else(|| "it is over".to_owned());
                (*owner != *found.as_str()).then(|| (owner.to_string(), found))
            }
            Want::Amount(amount) => {
                let found = track.amount.clone().unwrap_or(countersign_core::value::Value::Missing);
                (!fits(amount, &found)).then(|| (shown(amount), show(&found)))
            }
            Want::Document(pairs) => {
                (!fits_all(pairs, &track.document)).then(|| (texts(pairs), show_all(&track.document)))
            }
            Want::Facts(pairs) => {
                let closed = self.world.state.closed(number).map(|closed| closed.facts.clone());
                let facts = open.map(|case| case.facts().clone()).or(closed).unwrap_or_default();
                (!fits_all(pairs, &facts)).then(|| (texts(pairs), show_all(&facts)))
            }
            Want::Held(code) => {
                let held = open.and_then(|case| match case.stage() {
                    Stage::Held { code, .. } => Some(code.to_string()),
                    _ => None,
                });
                let found = held.unwrap_or_else(|| format!("not held, in {}", self.world.stands(number)));
                (*code != *found.as_str()).then(|| (code.to_string(), found))
            }
            Want::Due(due) => {
                let first = open.and_then(|case| case.tasks().values().map(|t| t.milestones.overdue).min());
                let until = open.and_then(|case| case.timers().map(|(at, _)| at).min());
                let local = |at: Timestamp| self.world.company.local(at);
                let found = first.or(until).map_or_else(|| "nothing is due".to_owned(), local);
                (first.or(until) != Some(*due)).then(|| (local(*due), found))
            }
            Want::WaitingFor(positions) => {
                let tasks = open.into_iter().flat_map(|case| case.tasks().values());
                same_set(positions, tasks.map(|task| task.position.clone()).collect())
            }
            Want::Signed(positions) => {
                let found: Vec<Name> = track.signed.iter().map(|signed| signed.position.clone()).collect();
                (*positions != found).then(|| (listed(positions), listed(&found)))
            }
            Want::Route(positions) => {
                let found = self.route(number, track);
                (*positions != found).then(|| (listed(positions), listed(&found)))
            }
            Want::Final(position) => self.decider(position, number, track),
            Want::NeverAsked(positions) => {
                let asked = |name: &&Name| track.asked.iter().any(|(_, position)| position == *name);
                let asked: Vec<Name> = positions.iter().filter(asked).cloned().collect();
                (!asked.is_empty()).then(|| (listed(positions), format!("asked: {}", listed(&asked))))
            }
            Want::Capacities(expected) => signing::differ(self.world, number, expected),
            want => expected_of(want, track),
        }
    }

    fn refused(&self, codes: &[Name], case: Option<CaseNo>, key: Option<&Name>) -> Option<(String, String)> {
        let of = |of: &Option<Name>| key.is_none() || of.as_ref() == key;
        let refusals = self.refusals.iter().filter(|(key, _)| of(key));
        let mut found: Vec<Name> = refusals.clone().map(|(_, refusal)| refusal.code.clone()).collect();
        let failed = case.and_then(|case| self.world.tracks.get(&case)).map(|track| track.failed.clone());
        found.extend(failed.unwrap_or_default());
        let all = codes.iter().all(|code| found.contains(code));
        let why = || {
            let whys: Vec<String> = refusals.map(|(_, refusal)| refusal.why.clone()).collect();
            match (whys.is_empty(), found.is_empty()) {
                (false, _) => whys.join("; "),
                (true, false) => listed(&found),
                (true, true) => "nothing was refused".to_owned(),
            }
        };
        (!all).then(|| (listed(codes), why()))
    }

    /// What several cases left: commands, rows, started cases, kept facts.
    fn outside(&self, want: &Want, key: Option<&Name>) -> Option<(String, String)> {
        let world = self.world;
        match want {
            Want::Sent(verb, several) => {
                let sent = world.issued.iter().filter(|i| i.verb == *verb && world.belongs(i.case, key));
                each(several, sent.map(|issued| &issued.with).collect())
            }
            Want::NeverSent(verbs) => {
                let sent =
                    world.issued.iter().filter(|i| verbs.contains(&i.verb) && world.belongs(i.case, key));
                let sent: Vec<Name> = sent.map(|issued| issued.verb.clone()).collect();
                (!sent.is_empty()).then(|| (listed(verbs), format!("sent: {}", listed(&sent))))
            }
            Want::Recorded(table, row, expected) => {
                let now = world.state.written(table, row);
                let found = match now {
                    None => "no case wrote it".to_owned(),
                    Some(None) => "it was taken out".to_owned(),
                    Some(Some(fields)) if fits_all(expected.pairs(), fields) => return None,
                    Some(Some(fields)) => show_all(fields),
                };
                Some((shown(expected), found))
            }
            Want::Started(chain, several) => {
                let started = world.tracks.iter().filter(|(case, track)| {
                    track.chain == *chain
                        && !track.by_sentence
                        && !track.earlier
                        && world.belongs(**case, key)
                });
                each(several, started.map(|(_, track)| &track.document).collect())
            }
            Want::Kept(facts) => {
                let kept = |fact: &&Name| world.state.kept(fact).is_empty();
                let missing: Vec<Name> = facts.iter().filter(kept).cloned().collect();
                (!missing.is_empty()).then(|| (listed(facts), format!("not kept: {}", listed(&missing))))
            }
            Want::States(expected) => {
                let mut found: Vec<(Name, u32)> = Vec::new();
                let own = world
                    .tracks
                    .iter()
                    .filter(|(_, track)| track.chain == self.trial.chain && !track.earlier);
                for (case, _) in own {
                    let state = world.stands(*case);
                    match found.iter_mut().find(|(name, _)| *name == state) {
                        Some((_, count)) => *count += 1,
                        None => found.push((state, 1)),
                    }
                }
                let count =
                    |name: &Name| found.iter().find(|(n, _)| n == name).map_or(0, |(_, count)| *count);
                let all = expected.iter().all(|(name, wanted)| count(name) == *wanted);
                (!all).then(|| (counted(expected), counted(&found)))
            }
            _ => None,
        }
    }

    /// The levels of the climb that the case is in, or comes to when everybody before agrees.
    fn route(&self, number: CaseNo, track: &Track) -> Vec<Name> {
        let now = |world: &World<'_>| {
            let plan = world.state.case(number).and_then(|case| case.step()).map(|step| step.plan.plan());
            plan.as_ref().and_then(levels)
        };
        if let Some(levels) = now(self.world) {
            return levels;
        }
        let mut ahead = self.world.clone();
        for _ in 0..FORESEEN_MAX {
            if !agree(&mut ahead, self.trial, number) {
                break;
            }
            if let Some(levels) = now(&ahead) {
                return levels;
            }
        }
        if let Some(route) = &track.route {
            return route.clone();
        }
        let step = self.world.state.case(number).and_then(|case| case.step());
        step.map(|step| step.plan.slots.iter().map(|slot| slot.position.clone()).collect())
            .unwrap_or_default()
    }

    /// Whether this is who decides.
    fn decider(&self, expected: &Name, number: CaseNo, track: &Track) -> Option<(String, String)> {
        let (expected, found) = differ(expected, &self.last(number, track))?;
        let nobody = || format!("nobody decides in {}, nor has decided", self.world.stands(number));
        Some((expected, if found == "nobody" { nobody() } else { found }))
    }

    /// Who decides: of the step in which people are asked, else who did.
    fn last(&self, number: CaseNo, track: &Track) -> Name {
        let step = self.world.state.case(number).and_then(|case| case.step());
        let deciding = step.and_then(|step| {
            let slots = step.plan.slots.iter().filter(|slot| slot.duty == Duty::Approve);
            let decides = slots.filter(|slot| slot.level.as_ref().is_none_or(|level| level.decides));
            decides.max_by_key(|slot| slot.level.is_some())
        });
        let signed = track.signed.iter().rev().find(|signed| signed.binding);
        let position = deciding.map(|slot| &slot.position).or(signed.map(|signed| &signed.position));
        position.cloned().unwrap_or_default()
    }
}

/// What is read off what is remembered of the case.
fn expected_of(want: &Want, track: &Track) -> Option<(String, String)> {
    let whose = |tasks: &[TaskNo]| -> Vec<Name> {
        let asked = |task: &TaskNo| track.asked.iter().rev().find(|(no, _)| no == task);
        tasks.iter().filter_map(asked).map(|(_, position)| position.clone()).collect()
    };
    let same =
        |expected: &[Name], found: Vec<Name>| (expected != found).then(|| (listed(expected), listed(&found)));
    match want {
        Want::SignedBy(persons) => {
            same(persons, track.signed.iter().map(|signed| signed.person.clone()).collect())
        }
        Want::Overrode(positions) => {
            let overrode = track.signed.iter().filter(|signed| signed.overrides);
            same(positions, overrode.map(|signed| signed.position.clone()).collect())
        }
        Want::Reminded(positions) => same(positions, whose(&track.noted.reminded)),
        Want::Overdue(positions) => same(positions, whose(&track.noted.overdue)),
        Want::EscalatedTo(positions) => same(positions, track.noted.escalated_to.clone()),
        Want::Short(short) => missing(*short, &track.short),
        Want::Copied(names) => {
            let told = names.iter().all(|name| track.copied.contains(name));
            (!told).then(|| (listed(names), listed(&track.copied)))
        }
        Want::Alarms(names) => (*names != track.alarms).then(|| (listed(names), listed(&track.alarms))),
        _ => None,
    }
}

/// Whoever is asked agrees. False: nobody is asked, or it does not depend on agreement.
fn agree(world: &mut World<'_>, trial: &Trial, number: CaseNo) -> bool {
    let task = world.state.case(number).and_then(|case| case.tasks().values().next().cloned());
    let Some(task) = task else { return false };
    let verdict = match task.duty {
        Duty::Approve | Duty::OnCall => Verdict::Approve,
        Duty::Review => Verdict::Pass,
        Duty::Input => Verdict::Input,
        Duty::Edit | Duty::Task => return false,
    };
    let who = vec![Actor { position: task.position.clone(), person: None }];
    let key = world.tracks.get(&number).and_then(|track| track.key.clone());
    let decide = Act::Decide { who, verdict, choice: None, to: None, key, says: Says::default() };
    act::perform(world, trial, &decide).is_ok()
}

/// The positions of a plan's climbs; None: it has none.
pub(crate) fn levels(plan: &Plan) -> Option<Vec<Name>> {
    fn slots(node: &PlanNode, within: bool, found: &mut Vec<u16>) {
        match node {
            PlanNode::Slot(slot) if within => found.push(*slot),
            PlanNode::Slot(_) => {}
            PlanNode::Climb(parts) => parts.iter().for_each(|part| slots(part, true, found)),
            PlanNode::All(parts) | PlanNode::Any(parts) | PlanNode::InOrder(parts) => {
                parts.iter().for_each(|part| slots(part, within, found));
            }
            PlanNode::Votes { members, .. } => {
                members.iter().for_each(|(_, part)| slots(part, within, found));
            }
        }
    }
    let mut found = Vec::new();
    slots(&plan.root, false, &mut found);
    let position = |slot: &u16| plan.slots.get(usize::from(*slot)).map(|slot| slot.position.clone());
    (!found.is_empty()).then(|| found.iter().filter_map(position).collect())
}

/// Whether so much was missing.
fn missing(short: rust_decimal::Decimal, found: &[rust_decimal::Decimal]) -> Option<(String, String)> {
    let all: Vec<String> = found.iter().map(ToString::to_string).collect();
    let all = if all.is_empty() { "nothing was short".to_owned() } else { all.join(", ") };
    (!found.contains(&short)).then(|| (short.to_string(), all))
}

fn differ<T: PartialEq + std::fmt::Display>(expected: &T, found: &T) -> Option<(String, String)> {
    let text = |value: &T| {
        let text = value.to_string();
        if text.is_empty() { "nobody".to_owned() } else { text }
    };
    (expected != found).then(|| (text(expected), text(found)))
}

fn same_set(expected: &[Name], found: Vec<Name>) -> Option<(String, String)> {
    let sorted = |names: &[Name]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    (sorted(expected) != sorted(&found)).then(|| (listed(expected), listed(&found)))
}

/// So many, or these in order; of each the fields named.
fn each(several: &Several, found: Vec<&countersign_core::value::Fields>) -> Option<(String, String)> {
    let all = || {
        let all: Vec<String> = found.iter().map(|fields| show_all(fields)).collect();
        format!("[{}]", all.join(", "))
    };
    match several {
        Several::Count(count) if *count as usize == found.len() => None,
        Several::Count(count) => Some((count.to_string(), format!("{}: {}", found.len(), all()))),
        Several::Each(trees) => {
            let fit = trees.len() == found.len()
                && trees.iter().zip(&found).all(|(tree, fields)| fits_all(tree.pairs(), fields));
            let expected: Vec<String> = trees.iter().map(shown).collect();
            (!fit).then(|| (format!("[{}]", expected.join(", ")), all()))
        }
    }
}

fn texts(pairs: &[countersign_chain::tree::Pair]) -> String {
    let parts: Vec<String> =
        pairs.iter().map(|pair| format!("{}: {}", pair.key, shown(&pair.value))).collect();
    format!("{{ {} }}", parts.join(", "))
}

fn listed(names: &[Name]) -> String {
    format!("[{}]", names.iter().map(Name::as_str).collect::<Vec<_>>().join(", "))
}

fn counted(states: &[(Name, u32)]) -> String {
    let parts: Vec<String> = states.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    format!("{{ {} }}", parts.join(", "))
}
