//! A fact is read only where it must have been learnt, has a first value, or may be missing.
//!
//! For each fact that has neither, the states are walked that can be reached without having learnt it. What such a
//! state reads may not be there; the way that leads there is shown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use countersign_core::definition::{Activity, Chain, Duty, Learn, Node, StateDef};
use countersign_core::value::Type;

use super::Places;
use super::expressions::{self, needs_an_answer, reply_fields};
use super::flow::{Edge, Flow, How, To, asked_in, members, stands_in};
use crate::codes;
use crate::world::World;

/// Of one fact only so many states are shown.
const SHOWN_MAX: usize = 3;

pub(super) fn check(flow: &Flow<'_>, places: &Places, world: &World<'_>) {
    let chain = flow.chain;
    let strict: Vec<usize> = (0..chain.facts.len()).filter(|n| is_strict(chain, *n)).collect();
    if strict.is_empty() {
        return;
    }
    at_submission(flow, &strict, places, world);
    let read = Reads::of(flow, world);
    for fact in strict {
        walk(fact, flow, &read, places, world);
    }
}

/// Whether a fact is nothing before it is learnt, and its type does not say so.
fn is_strict(chain: &Chain, n: usize) -> bool {
    chain.facts.get(n).is_some_and(|f| f.initial.is_none() && !matches!(f.kind, Type::Optional(_)))
}

/// What is worked out when a case is submitted reads only what facts begin with.
fn at_submission(flow: &Flow<'_>, strict: &[usize], places: &Places, world: &World<'_>) {
    let chain = flow.chain;
    let mut early: BTreeMap<usize, &str> = BTreeMap::new();
    for fact in chain.amount.iter().flat_map(|amount| flow.reader.facts(amount)) {
        early.entry(fact).or_insert("amount");
    }
    for (who, what) in
        chain.cc.iter().map(|w| (w, "cc")).chain(chain.benefits.iter().map(|w| (w, "benefits")))
    {
        expressions::of_who(who, &mut |expr| {
            for fact in flow.reader.facts(expr) {
                early.entry(fact).or_insert(what);
            }
        });
    }
    for (fact, what) in early.into_iter().filter(|(fact, _)| strict.contains(fact)) {
        let name = &chain.facts[fact].name;
        let message = format!("{what} reads facts.{name} before anything was learnt");
        let help = "give the fact a first value, such as `= 0`, or make it optional";
        world.report.error(codes::FACT_NOT_LEARNT, places.head, message, help);
    }
}

/// What states and ways read and learn, worked out once.
struct Reads {
    /// By state: what it reads when it is entered.
    entry: Vec<BTreeSet<usize>>,
    /// By edge: what the answer teaches, what the conditions of the way read, what the arrow teaches, and what the
    /// values of both read.
    edges: Vec<OnTheWay>,
    /// By state: what requests read that lead nowhere.
    asked: Vec<BTreeSet<usize>>,
}

#[derive(Default)]
struct OnTheWay {
    answered: BTreeSet<usize>,
    values: BTreeSet<usize>,
    guards: BTreeSet<usize>,
    arrow: BTreeSet<usize>,
    arrow_values: BTreeSet<usize>,
}

impl Reads {
    fn of(flow: &Flow<'_>, world: &World<'_>) -> Reads {
        let chain = flow.chain;
        let mut entry = Vec::new();
        for state in &chain.states {
            let mut read = BTreeSet::new();
            expressions::of_state(state, &mut |expr| read.extend(flow.reader.facts(expr)));
            entry.push(read);
        }
        let mut asked = vec![BTreeSet::new(); chain.states.len()];
        for anytime in chain.anytime.iter().filter(|a| a.go.is_none()) {
            let read: BTreeSet<usize> =
                anytime.learns.iter().flat_map(|l| flow.reader.facts(&l.value)).collect();
            for n in asked_in(anytime, chain) {
                asked[n].extend(&read);
            }
        }
        for listen in &chain.listens {
            let rules = listen.rules.iter().flat_map(|rule| [Some(&rule.when), rule.first_by.as_ref()]);
            let stays = listen.learns.iter().filter(|_| listen.go.is_none()).map(|learn| &learn.value);
            let read = rules.flatten().chain(stays).flat_map(|expr| flow.reader.facts(expr));
            let read: BTreeSet<usize> = read.collect();
            for n in stands_in(listen.in_states.as_ref(), chain) {
                asked[n].extend(&read);
            }
        }
        let edges = flow.edges.iter().map(|edge| on_the_way(edge, flow, world)).collect();
        Reads { entry, edges, asked }
    }
}

fn on_the_way(edge: &Edge<'_>, flow: &Flow<'_>, world: &World<'_>) -> OnTheWay {
    let (chain, reader) = (flow.chain, &flow.reader);
    let mut found = OnTheWay::default();
    let Some(state) = chain.states.get(edge.from) else { return found };
    if let How::Outcome(outcome) = edge.how {
        for learn in state.learns.iter().filter(|l| is_taught(l, state, outcome, chain, world)) {
            found.answered.insert(usize::from(learn.fact));
            found.values.extend(reader.facts(&learn.value));
        }
    }
    found.guards = edge.guards.iter().flat_map(|guard| reader.facts(guard)).collect();
    let skipped = matches!(edge.how, How::Skipped);
    for learn in edge.learns.iter().filter(|l| !(skipped && needs_an_answer(l))) {
        found.arrow.insert(usize::from(learn.fact));
        found.arrow_values.extend(reader.facts(&learn.value));
    }
    found
}

/// Whether a state certainly learns this where it comes to an outcome: the answer carries what the value reads.
fn is_taught(learn: &Learn, state: &StateDef, outcome: &str, chain: &Chain, world: &World<'_>) -> bool {
    let fields = reply_fields(&learn.value);
    let refused = outcome.starts_with("refused");
    let verb = |state: &StateDef| match &state.activity {
        Activity::Command(command) => world.adapters.verbs.get(&command.verb),
        _ => None,
    };
    let answered = |verb: Option<&countersign_core::definition::Verb>| {
        let known = |field: &String| {
            let shape = verb.and_then(|v| v.shape(outcome));
            shape.is_some_and(|shape| shape.iter().any(|(name, _)| *name == field.as_str()))
        };
        !matches!(outcome, "silent" | "conflict") && fields.iter().all(known)
    };
    match &state.activity {
        Activity::Command(_) => answered(verb(state)),
        Activity::Follow { state } => answered(chain.states.get(usize::from(*state)).and_then(verb)),
        Activity::People(node) => fields.is_empty() || (!refused && asked(node).is_superset(&fields)),
        _ => true,
    }
}

/// What is certainly asked for and answered: of one signer, or of every unconditional member of several.
fn asked(node: &Node) -> BTreeSet<String> {
    match node {
        Node::Signer(signer) if signer.duty == Duty::Task => {
            let asks = signer.task.iter().flat_map(|task| &task.asks);
            asks.map(|(name, _)| name.to_string()).collect()
        }
        Node::All(_) | Node::InOrder(_) => {
            let all = members(node).into_iter().flatten().filter(|m| m.when.is_none());
            all.flat_map(|m| asked(&m.node)).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Walks the states that can be reached without a fact, and reports those that read it.
fn walk(fact: usize, flow: &Flow<'_>, read: &Reads, places: &Places, world: &World<'_>) {
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = VecDeque::from([0_usize]);
    let mut seen = BTreeSet::from([0_usize]);
    let mut shown = 0;
    while let Some(n) = open.pop_front() {
        let has = |set: &BTreeSet<usize>| set.contains(&fact);
        let mut reads = read.entry.get(n).is_some_and(has) || read.asked.get(n).is_some_and(has);
        for number in flow.out.get(n).into_iter().flatten() {
            let (Some(edge), Some(way)) = (flow.edges.get(*number), read.edges.get(*number)) else {
                continue;
            };
            reads |= has(&way.values);
            if has(&way.answered) {
                continue;
            }
            reads |= has(&way.guards) || has(&way.arrow_values);
            if has(&way.arrow) {
                continue;
            }
            if let To::State(to) = edge.to
                && seen.insert(to)
            {
                from.insert(to, n);
                open.push_back(to);
            }
        }
        if reads {
            shown += 1;
            if shown <= SHOWN_MAX {
                report(fact, n, &from, flow, places, world);
            }
        }
    }
}

fn report(
    fact: usize,
    n: usize,
    from: &BTreeMap<usize, usize>,
    flow: &Flow<'_>,
    places: &Places,
    world: &World<'_>,
) {
    let mut path = vec![flow.name(n)];
    let mut at = n;
    while let Some(before) = from.get(&at) {
        path.push(flow.name(*before));
        at = *before;
    }
    path.reverse();
    let name = &flow.chain.facts[fact].name;
    let way = match path.as_slice() {
        [_] => "it is the first state".to_owned(),
        path => format!("on the way {}", path.join(" -> ")),
    };
    let message = format!("{} reads facts.{name}, which may not have been learnt: {way}", flow.name(n));
    let help = "learn it on every way here, give it a first value, or make it optional";
    world.report.error(codes::FACT_NOT_LEARNT, places.state(n), message, help);
}
