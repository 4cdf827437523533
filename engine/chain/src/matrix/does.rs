//! What a chain asks of whom, in the words of the matrix, with the place where it does so.

use std::collections::BTreeSet;

use countersign_core::definition::{Activity, Beside, Chain, Climb, Definition, Duty, Node, Signer, Who};
use countersign_core::name::Name;

use super::{Company, Verb};
use crate::source::SourceFile;
use crate::tree::{self, Tree};

/// Whom a chain means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A position, kind or group.
    Named(Name),
    Submitter,
    Owner,
    Driver,
    /// Somebody's superior.
    Superior,
    /// Whom the document or the case names.
    Document,
    /// Everybody.
    Anyone,
}

impl Subject {
    /// Cells of those who have no name in the chain.
    pub(crate) const WORDS: [&'static str; 6] =
        ["submitter", "owner", "driver", "superior", "document", "anyone"];

    pub(crate) fn word(&self) -> &str {
        match self {
            Subject::Named(name) => name,
            Subject::Submitter => "submitter",
            Subject::Owner => "owner",
            Subject::Driver => "driver",
            Subject::Superior => "superior",
            Subject::Document => "document",
            Subject::Anyone => "anyone",
        }
    }

    /// Whether a cell has this very name.
    pub(crate) fn named(&self, cell: &str) -> bool {
        self.word() == cell
    }

    /// Whether a cell is about it: by its name, as a position of the kind, as the kind of the position.
    pub(crate) fn is(&self, cell: &str, company: &Company<'_>) -> bool {
        let Subject::Named(name) = self else { return self.named(cell) };
        *name == *cell || company.kind(name) == Some(cell) || company.kind(cell) == Some(name.as_str())
    }

    /// Whether it is whoever handed the document in.
    pub(crate) fn is_submitter(&self) -> bool {
        matches!(self, Subject::Submitter | Subject::Owner)
    }
}

/// Something that a chain asks of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Does {
    pub(crate) who: Subject,
    pub(crate) verb: Verb,
    /// What it may be called instead.
    also: &'static [Verb],
    /// What goes with it.
    with: &'static [Verb],
    /// The matrix need not say it.
    optional: bool,
    /// Where: the state or key, the file, the line.
    place: (String, String, u32),
}

impl Does {
    /// The words that this makes true.
    pub(crate) fn provides(&self) -> BTreeSet<Verb> {
        [self.verb].into_iter().chain(self.also.iter().chain(self.with).copied()).collect()
    }

    /// Whether a cell with these words says it.
    pub(crate) fn accepted(&self, verbs: &BTreeSet<Verb>) -> bool {
        self.optional || verbs.contains(&self.verb) || self.also.iter().any(|verb| verbs.contains(verb))
    }

    /// Whether the matrix has to say it.
    pub(crate) fn wanted(&self) -> bool {
        !self.optional
    }

    /// As a finding tells it.
    pub(crate) fn told(&self) -> String {
        let (place, file, line) = &self.place;
        format!("{} may {} in {place} ({file}:{line})", self.who.word(), self.verb.phrase())
    }
}

/// What a chain asks of whom.
pub(crate) fn of(chain: &Chain, company: &Company<'_>, files: &[SourceFile]) -> Vec<Does> {
    let path = format!("chains/{}.yaml", chain.name);
    let source = files.iter().find(|file| file.path == path);
    let source = source.and_then(|file| Some((file, tree::read(file).0?)));
    let place = (String::new(), path, 0);
    let mut collect = Collect { chain, company, source, place, found: Vec::new() };
    collect.head();
    for state in &chain.states {
        collect.at(&["states", &state.name], format!("state {} of {}", state.name, chain.name));
        for who in &state.cc {
            collect.add(who, Verb::Monitor, &[]);
        }
        match &state.activity {
            Activity::People(node) => collect.node(node, state.when.is_some()),
            Activity::HandOver(who) => collect.add(who, Verb::Host, &[]),
            _ => {}
        }
    }
    collect.found
}

struct Collect<'a> {
    chain: &'a Chain,
    company: &'a Company<'a>,
    /// The chain's file, for places in it.
    source: Option<(&'a SourceFile, Tree)>,
    place: (String, String, u32),
    found: Vec<Does>,
}

impl Collect<'_> {
    fn at(&mut self, path: &[&str], what: String) {
        let mut line = 0;
        if let Some((file, root)) = &self.source {
            let mut within = root;
            for key in path {
                let Some(pair) = within.pairs().iter().find(|pair| pair.key == *key) else { break };
                line = tree::line(file, pair.at);
                within = &pair.value;
            }
        }
        self.place.0 = what;
        self.place.2 = line;
    }

    fn push(&mut self, who: Subject, verb: Verb, also: &'static [Verb], optional: bool) {
        let with: &[Verb] = match verb {
            Verb::Draft => &[Verb::Host],
            // A level of a climb reviews what goes beyond its limit.
            Verb::Approve if also.is_empty() => &[],
            Verb::Approve => &[Verb::Review],
            _ => &[],
        };
        let does = Does { who, verb, also, with, optional, place: self.place.clone() };
        if !self.found.contains(&does) {
            self.found.push(does);
        }
    }

    fn add(&mut self, who: &Who, verb: Verb, also: &'static [Verb]) {
        for subject in subjects(who) {
            self.push(subject, verb, also, false);
        }
    }

    /// Who hands it in, drives it, is told.
    fn head(&mut self) {
        let chain = self.chain;
        self.at(&["initiators"], format!("initiators of {}", chain.name));
        match &chain.initiators {
            None => self.push(Subject::Anyone, Verb::Draft, &[], false),
            Some(names) => {
                for name in names {
                    self.push(Subject::Named(name.clone()), Verb::Draft, &[], false);
                }
            }
        }
        self.at(&["driver"], format!("driver of {}", chain.name));
        // The company's driver drives every chain; only a chain's own has to be said.
        let own = self.place.2 > 0;
        let company = self.company.definitions.iter().find_map(|definition| match definition {
            Definition::Company(company) => company.driver.as_ref(),
            _ => None,
        });
        if let Some(driver) = chain.driver.as_ref().or(company) {
            self.push(Subject::Named(driver.clone()), Verb::Drive, &[], !own);
            self.push(Subject::Driver, Verb::Drive, &[], true);
        }
        self.at(&["cc"], format!("cc of {}", chain.name));
        for who in &chain.cc {
            self.add(who, Verb::Monitor, &[]);
        }
        self.at(&["monitors"], format!("monitors of {}", chain.name));
        for (who, _) in &chain.monitors {
            self.add(who, Verb::Monitor, &[]);
        }
        self.at(&["alarms"], format!("alarms of {}", chain.name));
        for who in chain.alarms.iter().flat_map(|alarm| &alarm.tell) {
            for subject in subjects(who) {
                self.push(subject, Verb::Monitor, &[], true);
            }
        }
    }

    fn node(&mut self, node: &Node, conditional: bool) {
        match node {
            Node::Signer(signer) => self.signer(signer, conditional),
            Node::Climb(climb) => self.climb(climb),
            Node::All(members)
            | Node::Any(members)
            | Node::InOrder(members)
            | Node::Votes { members, .. } => {
                for member in members {
                    self.node(&member.node, conditional || member.when.is_some());
                }
            }
        }
    }

    fn signer(&mut self, signer: &Signer, conditional: bool) {
        let asks = signer.task.as_ref().is_some_and(|task| !task.asks.is_empty());
        let conditional = conditional || signer.only_if.is_some() || matches!(signer.who, Who::FirstOf(_));
        match signer.duty {
            Duty::OnCall => self.add(&signer.who, Verb::ConditionalApprove, &[]),
            Duty::Approve if conditional => self.add(&signer.who, Verb::ConditionalApprove, &[]),
            Duty::Approve => self.add(&signer.who, Verb::Approve, &[]),
            Duty::Review => self.add(&signer.who, Verb::Review, &[]),
            Duty::Input => self.add(&signer.who, Verb::Input, &[]),
            Duty::Edit => self.add(&signer.who, Verb::Develop, &[]),
            Duty::Task if asks => self.add(&signer.who, Verb::Execute, &[Verb::Develop]),
            Duty::Task => self.add(&signer.who, Verb::Execute, &[]),
        }
    }

    /// Whoever holds a limit decides up to it, and reviews what goes beyond.
    fn climb(&mut self, climb: &Climb) {
        const LEVEL: &[Verb] = &[Verb::ConditionalApprove];
        let authority = self.company.definitions.iter().find_map(|definition| match definition {
            Definition::Authority(authority) if authority.name == climb.authority => Some(authority),
            _ => None,
        });
        for (name, limit) in authority.and_then(|a| a.limits.last()).into_iter().flat_map(|set| &set.limits) {
            self.push(Subject::Named(name.clone()), Verb::Approve, LEVEL, false);
            for beside in &limit.beside {
                self.push(Subject::Named(beside.clone()), Verb::Approve, LEVEL, false);
            }
        }
        for Beside { who, when } in &climb.beside {
            let verb = if when.is_some() { Verb::ConditionalApprove } else { Verb::Approve };
            self.add(who, verb, &[]);
        }
        for Beside { who, .. } in &climb.reviewed_by {
            self.add(who, Verb::Review, &[]);
        }
    }
}

/// Whom a chain means by this.
fn subjects(who: &Who) -> Vec<Subject> {
    match who {
        Who::Position(name)
        | Who::Group(name)
        | Who::GroupNeed(name, _)
        | Who::KindAt(name, _)
        | Who::Above(_, name) => vec![Subject::Named(name.clone())],
        Who::Submitter => vec![Subject::Submitter],
        Who::Owner => vec![Subject::Owner],
        Who::Driver => vec![Subject::Driver],
        Who::Superior(_) | Who::Dotted(_) | Who::LowestCommonSuperior(..) => vec![Subject::Superior],
        Who::Expr(_) => vec![Subject::Document],
        Who::FirstOf(branches) => branches.iter().flat_map(|(_, who)| subjects(who)).collect(),
        Who::Each(several) => several.iter().flat_map(subjects).collect(),
    }
}
