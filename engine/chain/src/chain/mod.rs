//! chains/*.yaml: header, states, arrows; lowered to core's chain and checked as a whole.
//!
//! ```text
//! head     what other chains may know before this one is read        facts, requires, starts, anytime: the header
//! states   one activity each, its options, its arrows                people, outside, wait: the activities
//! graph    what is never reached, loops that nothing breaks          limits: who decides must hold a limit
//! ```

mod answers;
mod anytime;
mod arrows;
mod checks;
mod delegate;
mod facts;
mod given;
mod head;
mod header;
mod holds;
mod limits;
mod outside;
mod people;
mod requires;
mod starts;
mod states;
mod task;
mod unratified;
mod wait;
mod who;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{Chain, StateDef, Target};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::condition::{self, Defined, Scope, Site, Text};
use crate::lint::Places;
use crate::read::{self, Map};
use crate::world::{ChainHead, World};
use crate::yaml::Node;

pub(crate) use head::{amount, head};
pub(crate) use holds::{given_to_parent, holds};
pub(crate) use requires::for_each;

/// What every condition of a chain may refer to.
struct Base {
    name: Name,
    document: Name,
    driver: Option<Name>,
    head: ChainHead,
    /// Names under `define`, and what they lower to.
    names: Vec<Defined>,
    defines: Vec<Option<Expr>>,
    amount: Option<(Expr, Type)>,
    /// The amount reads what the case learns.
    amount_moves: bool,
    reads: RefCell<BTreeSet<Name>>,
}

impl Base {
    /// Reads the first part of a chain. `None` after a report.
    fn read(map: &Map<'_>, world: &World<'_>) -> Option<Base> {
        let name = header::name(map, world)?;
        holds::not_accounts(map, world);
        let mut base = Base {
            document: header::document(map, world)?,
            driver: header::driver(map, world),
            head: world.heads.get(&name).cloned().unwrap_or_default(),
            name,
            names: Vec::new(),
            defines: Vec::new(),
            amount: None,
            amount_moves: false,
            reads: RefCell::default(),
        };
        let defines = header::defines(map, &base.scope(world), world);
        (base.names, base.defines) = defines.into_iter().unzip();
        let amount = header::amount(map, &base.scope(world));
        base.amount_moves = amount.as_ref().is_some_and(|a| a.needs.facts || a.needs.accounts);
        base.amount = amount.map(|a| (a.expr, a.kind));
        Some(base)
    }

    fn scope<'s, 'f>(&'s self, world: &'s World<'f>) -> Scope<'s, 'f> {
        Scope {
            document: world.documents.get(&self.document),
            defines: &self.names,
            amount: self.amount.as_ref(),
            driver: self.driver.as_ref(),
            facts: &self.head.facts,
            holds: Some(&self.head),
            ..Scope::bare(world, Site::Define, &self.reads)
        }
    }
}

/// What stands at the head of a chain, for conditions that others hold against its cases.
pub(crate) struct Readable(Base);

impl Readable {
    pub(crate) fn head(&self) -> &ChainHead {
        &self.0.head
    }

    pub(crate) fn scope<'s, 'f>(&'s self, world: &'s World<'f>) -> Scope<'s, 'f> {
        self.0.scope(world)
    }
}

/// The head of the chain of this name, where the file is that chain's. Read quietly: the chain itself reports.
pub(crate) fn readable(node: &Node, name: &Name, world: &World<'_>) -> Option<Readable> {
    world.report.quietly(|| {
        let map = Map::any(node, "a chain", &world.report)?;
        if header::name(&map, world)? != *name {
            return None;
        }
        Base::read(&map, world).map(Readable)
    })
}

/// The keys of each part of a chain, for the schemas of editors.
pub(crate) mod keys {
    pub(crate) use super::anytime::KEYS as ANYTIME;
    pub(crate) use super::header::KEYS as CHAIN;
    pub(crate) use super::holds::{HANDS_ON, LAPSES};
    pub(crate) use super::people::beside_members;
    pub(crate) use super::requires::KEYS as REQUIREMENT;
    pub(crate) use super::starts::{ALARM, START};
    pub(crate) use super::states::{ALL as ACTIVITIES, PEOPLE, options, own_keys};
}

/// What the parts of one chain share while it is read.
#[derive(Clone, Copy)]
pub(crate) struct Context<'s, 'f> {
    world: &'s World<'f>,
    scope: Scope<'s, 'f>,
    head: &'s ChainHead,
    /// States and ends by name, `draft`, `on-hold` and `back`.
    targets: &'s BTreeMap<String, Target>,
    /// Whether all states and ends have names; otherwise an unknown one may be among the others.
    whole: bool,
    /// How many states are written.
    states: usize,
    /// Whether `amount` stands there, be it right or wrong.
    amount_written: bool,
    /// The amount reads what the case learns, so that each climb reads it anew.
    amount_moves: bool,
    /// The positions that may submit.
    initiators: &'s [Name],
    /// For each end whether it is good.
    good_ends: &'s [bool],
    /// Where it stands who is asked: before a case has started less can be read.
    who_site: Site,
    /// States that an alarm watches.
    watched: &'s BTreeSet<String>,
    /// People who decide, for the check of limits.
    deciders: &'s RefCell<Vec<limits::Decider>>,
}

impl<'s, 'f> Context<'s, 'f> {
    /// The same with other names to read.
    fn with(&self, scope: Scope<'s, 'f>) -> Context<'s, 'f> {
        Context { scope, ..*self }
    }

    /// The same before there is a case.
    fn at_start(&self) -> Context<'s, 'f> {
        Context { who_site: Site::Start, ..*self }
    }
}

impl Context<'_, '_> {
    /// A condition as a node.
    fn flag(&self, node: &Node, site: Site) -> Option<Expr> {
        condition::flag(&self.text(node)?, &self.scope.at(site))
    }

    fn text(&self, node: &Node) -> Option<Text> {
        let scalar = read::scalar(node, "condition", &self.world.report)?;
        Some(Text::of(node, scalar, &self.world.report))
    }

    /// An optional `when`.
    fn when(&self, map: &Map<'_>, site: Site) -> Option<Option<Expr>> {
        match map.get("when") {
            None => Some(None),
            Some(node) => self.flag(node, site).map(Some),
        }
    }
}

/// Reads a chain. `None` after a report.
pub(crate) fn read(node: &Node, world: &World<'_>) -> Option<Chain> {
    let report = &world.report;
    let before = report.count();
    let map = Map::read(node, "a chain", header::KEYS, report)?;
    let base = Base::read(&map, world)?;
    let scope = base.scope(world);
    let ends = header::ends(&map, world);
    let (initiator_names, initiators) = header::initiators(&map, world);
    let state_map = map.need("states", "a chain", report).and_then(|n| Map::any(n, "states", report));
    let (targets, state_names) = header::targets(state_map.as_ref(), &ends, world);
    let good_ends: Vec<bool> = ends.iter().map(|(end, _)| end.good).collect();
    let deciders = RefCell::default();
    let watched = starts::watched(&map);
    let context = Context {
        world,
        scope,
        head: &base.head,
        targets: &targets,
        whole: !ends.is_empty() && state_map.is_some() && state_names.iter().all(Option::is_some),
        states: state_names.len(),
        amount_written: map.get("amount").is_some(),
        amount_moves: base.amount_moves,
        initiators: &initiators,
        good_ends: &good_ends,
        who_site: Site::Who,
        watched: &watched,
        deciders: &deciders,
    };
    let facts = facts::read(&map, &scope, world);
    let states = states::read(state_map.as_ref(), &state_names, &context);
    let defs: Vec<&StateDef> = states.iter().map(|state| &state.def).collect();
    let (anytime, listens) = anytime::read(&map, &defs, &context);
    let mut chain = Chain {
        title: read::title(map.get("title"), &base.name, report),
        name: base.name.clone(),
        document: base.document.clone(),
        key: header::key(&map, &scope),
        amount: base.amount.as_ref().map(|(expr, _)| expr.clone()),
        initiators: initiator_names,
        benefits: context.whos(map.get("benefits")),
        skip_level_allowed: header::skip_level_allowed(&map, world),
        driver: map.get("driver").and(base.driver.clone()),
        cc: context.whos(map.get("cc")),
        monitors: header::monitors(&map, &context),
        requires: requires::read(&map, &context),
        starts: starts::read(&map, &context),
        alarms: starts::alarms(&map, &context),
        facts,
        anytime,
        listens,
        hands_on: context.hands_on(map.get("hands_on")),
        defines: Vec::new(),
        reads: Vec::new(),
        states: states.iter().map(|s| s.def.clone()).collect(),
        ends: ends.iter().map(|(end, _)| end.clone()).collect(),
    };
    limits::check(&context);
    // What was left out because adapters.yaml is broken cannot be walked either.
    let sound = report.count() == before && states.len() == state_names.len();
    let defines = base.names.iter().zip(&base.defines);
    chain.defines = defines.filter_map(|(d, e)| Some((d.name.clone(), e.clone()?))).collect();
    chain.reads = base.reads.borrow().iter().cloned().collect();
    if sound {
        let places = Places {
            head: map.head(),
            states: states.iter().map(|s| s.at).collect(),
            ends: ends.iter().map(|(_, at)| *at).collect(),
        };
        world.sound.borrow_mut().push((chain.clone(), places));
    }
    Some(chain)
}
