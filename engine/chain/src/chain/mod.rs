//! chains/*.yaml: header, states, arrows; lowered to core's chain and checked as a whole.

mod arrows;
mod graph;
mod header;
mod limits;
mod people;
mod states;
mod who;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{Chain, Target};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::condition::{self, Defined, Scope, Site, Text};
use crate::diagnostic::Place;
use crate::read::{self, Map};
use crate::world::World;
use crate::yaml::Node;

/// What the parts of one chain share while it is read.
pub(crate) struct Context<'s, 'f> {
    world: &'s World<'f>,
    scope: Scope<'s, 'f>,
    /// States and ends by name, `draft` and `on-hold`.
    targets: BTreeMap<String, Target>,
    /// Whether all states and ends have names; otherwise an unknown one may be among the others.
    whole: bool,
    /// Whether `amount` stands there, be it right or wrong.
    amount_written: bool,
    /// The positions that may submit.
    initiators: Vec<Name>,
    /// For each end whether it is good.
    good_ends: Vec<bool>,
    /// People who decide, for the check of limits.
    deciders: RefCell<Vec<limits::Decider>>,
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
    let name = header::name(&map, world)?;
    let document_name = header::document(&map, world)?;
    let driver = header::driver(&map, world);
    let reads = RefCell::new(BTreeSet::new());
    let base = Scope {
        world,
        site: Site::Define,
        document: world.documents.get(&document_name),
        defines: &[],
        amount: None,
        driver: driver.as_ref(),
        facts: &[],
        reply: None,
        message: None,
        item: None,
        child: None,
        reads: &reads,
    };
    let defines = header::defines(&map, &base, world);
    let names: Vec<Defined> = defines.iter().map(|(d, _)| d.clone()).collect();
    let base = Scope { defines: &names, ..base };
    let amount: Option<(Expr, Type)> = header::amount(&map, &base);
    let base = Scope { amount: amount.as_ref(), ..base };
    let key = header::key(&map, &base);
    let ends = header::ends(&map, world);
    let (initiator_names, initiators) = header::initiators(&map, world);
    let state_map = map.need("states", "a chain", report).and_then(|n| Map::any(n, "states", report));
    let (targets, state_names) = header::targets(state_map.as_ref(), &ends, world);
    let whole = !ends.is_empty() && state_map.is_some() && state_names.iter().all(Option::is_some);
    let context = Context {
        world,
        scope: base,
        targets,
        whole,
        amount_written: map.get("amount").is_some(),
        initiators,
        good_ends: ends.iter().map(|(end, _)| end.good).collect(),
        deciders: RefCell::default(),
    };
    let (benefits, cc, monitors) =
        (context.whos(map.get("benefits")), context.whos(map.get("cc")), header::monitors(&map, &context));
    let requires = header::requires(&map, &context);
    let states = states::read(state_map.as_ref(), &state_names, &context);
    let mut chain = Chain {
        title: read::title(map.get("title"), &name, report),
        name,
        document: document_name,
        key,
        amount: amount.clone().map(|(expr, _)| expr),
        initiators: initiator_names,
        benefits,
        skip_level_allowed: header::skip_level_allowed(&map, world),
        driver: map.get("driver").and(driver.clone()),
        cc,
        monitors,
        requires,
        starts: Vec::new(),
        alarms: Vec::new(),
        facts: Vec::new(),
        anytime: Vec::new(),
        defines: Vec::new(),
        reads: Vec::new(),
        states: states.iter().map(|s| s.def.clone()).collect(),
        ends: ends.iter().map(|(end, _)| end.clone()).collect(),
    };
    limits::check(&context);
    let deciders_done = report.count() == before;
    chain.defines = defines.into_iter().filter_map(|(d, e)| Some((d.name, e?))).collect();
    chain.reads = reads.borrow().iter().cloned().collect();
    if deciders_done {
        let places: Vec<Place> = states.iter().map(|s| s.at).collect();
        let end_places: Vec<Place> = ends.iter().map(|(_, at)| *at).collect();
        graph::check(&chain, &places, &end_places, report);
    }
    Some(chain)
}
