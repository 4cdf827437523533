//! `countersign check --matrix`: responsibility.yaml held against the chains that it names.
//!
//! The file says who does what in each activity of the company; a chain says it too, by what it asks of whom. Every cell
//! that says something else than the chain is a finding, at the cell, with the place in the chain.

use std::collections::BTreeSet;

use countersign_core::definition::{Chain, Definition, Organisation};

use crate::codes::{Code, MISSING_KEY, UNKNOWN_KEY, UNKNOWN_NAME, WRONG_SHAPE};
use crate::compile::Bundle;
use crate::diagnostic::{Diagnostic, Report};
use crate::source::SourceFile;
use crate::tree::{self, Pair, Shape, Span, Tree};

mod does;

use does::{Does, Subject};

/// The file within a company's folder.
pub const FILE: &str = "responsibility.yaml";

const MATRIX_DIFFERS: &str = "MATRIX_DIFFERS";
const MATRIX_NO_CELL: &str = "MATRIX_NO_CELL";

/// Codes that only the matrix has.
pub const CODES: &[Code] = &[
    Code {
        code: MATRIX_DIFFERS,
        means: "a cell of responsibility.yaml says something else than its chains",
        mend: "correct the cell, or the chain",
    },
    Code {
        code: MATRIX_NO_CELL,
        means: "a chain asks somebody for whom the activity has no cell in responsibility.yaml",
        mend: "add the cell, or take the question out of the chain",
    },
];

/// What somebody may be to an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// 审批: a binding decision.
    Approve,
    /// (审批): a decision where a condition calls for it.
    ConditionalApprove,
    /// 审核: a mandatory opinion.
    Review,
    /// 输入: a contribution.
    Input,
    /// 制定: writes the document and hands it in.
    Draft,
    /// 开发: produces something.
    Develop,
    /// 执行: does something.
    Execute,
    /// 主持: owns the case.
    Host,
    /// 驱动: is told of what is overdue.
    Drive,
    /// 监督: is told.
    Monitor,
}

impl Verb {
    /// All of them.
    pub const ALL: [Verb; 10] = [
        Verb::Approve,
        Verb::ConditionalApprove,
        Verb::Review,
        Verb::Input,
        Verb::Draft,
        Verb::Develop,
        Verb::Execute,
        Verb::Host,
        Verb::Drive,
        Verb::Monitor,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Approve => "approve",
            Verb::ConditionalApprove => "conditional approve",
            Verb::Review => "review",
            Verb::Input => "input",
            Verb::Draft => "draft",
            Verb::Develop => "develop",
            Verb::Execute => "execute",
            Verb::Host => "host",
            Verb::Drive => "drive",
            Verb::Monitor => "monitor",
        }
    }

    /// As a sentence says it after `may`.
    fn phrase(self) -> &'static str {
        match self {
            Verb::ConditionalApprove => "approve under a condition",
            verb => verb.word(),
        }
    }
}

/// Holds responsibility.yaml against the chains. The company compiles.
pub fn check(files: &[SourceFile], bundle: &Bundle) -> Vec<Diagnostic> {
    let Some(file) = files.iter().find(|file| file.path == FILE) else {
        let report = Report::new(files);
        let help = format!("write {FILE}; the manual says how");
        report.absent("MISSING_FILE", FILE, format!("there is no {FILE}"), help);
        return report.finish();
    };
    let (root, mut found) = tree::read(file);
    let Some(root) = root else { return found };
    let mut matrix = Matrix { file, files, company: Company::of(bundle), found: Vec::new() };
    for activity in matrix.map(&root, "responsibility.yaml") {
        matrix.activity(activity);
    }
    found.append(&mut matrix.found);
    found
}

/// What cells are held against.
pub(crate) struct Company<'a> {
    pub(crate) definitions: Vec<&'a Definition>,
}

impl<'a> Company<'a> {
    fn of(bundle: &'a Bundle) -> Company<'a> {
        Company { definitions: bundle.definitions.iter().map(|compiled| &compiled.definition).collect() }
    }

    pub(crate) fn chains(&self) -> impl Iterator<Item = &'a Chain> + '_ {
        self.definitions.iter().filter_map(|definition| match definition {
            Definition::Chain(chain) => Some(chain),
            _ => None,
        })
    }

    fn organisation(&self) -> Option<&'a Organisation> {
        self.definitions.iter().find_map(|definition| match definition {
            Definition::Organisation(organisation) => Some(organisation),
            _ => None,
        })
    }

    /// The kind of a position; None: it is none.
    pub(crate) fn kind(&self, position: &str) -> Option<&'a str> {
        self.organisation()?.positions.get(position).map(|post| post.kind.as_str())
    }

    /// Whether a name is a position, group or kind of the company, or a word for somebody.
    fn names(&self) -> BTreeSet<&'a str> {
        let mut names: BTreeSet<&str> = Subject::WORDS.into_iter().collect();
        if let Some(organisation) = self.organisation() {
            names.extend(organisation.groups.keys().map(|name| name.as_str()));
            for (name, post) in &organisation.positions {
                names.extend([name.as_str(), post.kind.as_str()]);
            }
        }
        names
    }
}

/// A cell: whose, and what it says.
struct Cell<'t> {
    who: &'t str,
    at: Span,
    verbs: BTreeSet<Verb>,
}

struct Matrix<'a> {
    file: &'a SourceFile,
    files: &'a [SourceFile],
    company: Company<'a>,
    found: Vec<Diagnostic>,
}

impl Matrix<'_> {
    fn error(&mut self, at: Span, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.found.extend(tree::error(self.file, at, code, (message, help)));
    }

    fn map<'t>(&mut self, tree: &'t Tree, what: &str) -> &'t [Pair] {
        if !matches!(tree.shape, Shape::Map(_) | Shape::Bad) {
            self.error(
                tree.span,
                WRONG_SHAPE,
                format!("{what} is written as `key: value`"),
                "write `key: value`",
            );
        }
        tree.pairs()
    }

    fn activity(&mut self, activity: &Pair) {
        let known = ["title", "chains", "cells"];
        for pair in self.map(&activity.value, "an activity") {
            if !known.contains(&pair.key.as_str()) {
                let message = format!("`{}` is no key of an activity", pair.key);
                self.error(pair.at, UNKNOWN_KEY, message, tree::nearest(&pair.key, known));
            }
        }
        for key in ["chains", "cells"] {
            if activity.value.get(key).is_none() && matches!(activity.value.shape, Shape::Map(_)) {
                let message = format!("the activity {} needs the key `{key}`", activity.key);
                self.error(activity.at, MISSING_KEY, message, format!("add `{key}: ...`"));
            }
        }
        let (Some(chains), Some(cells)) = (activity.value.get("chains"), activity.value.get("cells")) else {
            return;
        };
        let before = self.found.len();
        let does = self.chains(chains);
        let cells = self.cells(cells);
        if self.found.len() > before {
            return;
        }
        for cell in &cells {
            self.cell(cell, &cells, &does);
        }
        self.without_cell(activity, &cells, &does);
    }

    /// What the chains of an activity ask of whom.
    fn chains(&mut self, list: &Tree) -> Vec<Does> {
        if !matches!(list.shape, Shape::List(_) | Shape::Bad) {
            self.error(list.span, WRONG_SHAPE, "chains are a list", "write `chains: [contract-review]`");
        }
        let mut all = Vec::new();
        for item in list.items() {
            let name = item.text().unwrap_or_default();
            let Some(chain) = self.company.chains().find(|chain| chain.name == *name) else {
                let names: Vec<&str> = self.company.chains().map(|chain| chain.name.as_str()).collect();
                let message = format!("there is no chain `{name}`");
                self.error(item.span, UNKNOWN_NAME, message, tree::nearest(name, names));
                continue;
            };
            all.extend(does::of(chain, &self.company, self.files));
        }
        all
    }

    fn cells<'t>(&mut self, cells: &'t Tree) -> Vec<Cell<'t>> {
        let names = self.company.names();
        let mut read = Vec::new();
        for pair in self.map(cells, "who does what") {
            if !names.contains(pair.key.as_str()) {
                let message = format!("there is no position, kind or group `{}`", pair.key);
                self.error(pair.at, UNKNOWN_NAME, message, tree::nearest(&pair.key, names.iter().copied()));
                continue;
            }
            let words: Vec<&Tree> = match &pair.value.shape {
                Shape::List(items) => items.iter().collect(),
                _ => vec![&pair.value],
            };
            let mut verbs = BTreeSet::new();
            for word in words {
                let text = word.text().unwrap_or_default();
                match Verb::ALL.into_iter().find(|verb| verb.word() == text) {
                    Some(verb) => drop(verbs.insert(verb)),
                    None => {
                        let message = format!("`{text}` is nothing that somebody does in an activity");
                        let help = tree::nearest(text, Verb::ALL.map(Verb::word));
                        self.error(word.span, UNKNOWN_NAME, message, help);
                    }
                }
            }
            read.push(Cell { who: &pair.key, at: pair.at, verbs });
        }
        read
    }

    /// What a cell says that no chain does, and what a chain does that the cell does not say.
    fn cell(&mut self, cell: &Cell<'_>, cells: &[Cell<'_>], does: &[Does]) {
        let drafts = does.iter().any(|d| {
            d.verb == Verb::Draft && (d.who.is(cell.who, &self.company) || d.who == Subject::Anyone)
        });
        let own = |d: &&Does| d.who.is(cell.who, &self.company) || (drafts && d.who.is_submitter());
        let own: Vec<&Does> = does.iter().filter(own).collect();
        for verb in &cell.verbs {
            let anyone = *verb == Verb::Draft && drafts;
            if !anyone && !own.iter().any(|does| does.provides().contains(verb)) {
                let asked: Vec<String> = own.iter().map(|does| does.told()).collect();
                let found =
                    if asked.is_empty() { "nothing is asked of it".to_owned() } else { asked.join("; ") };
                let message = format!("the matrix lets {} {}; found: {found}", cell.who, verb.phrase());
                let help = "take the word out of the cell, or let a state of the chain ask for it";
                self.error(cell.at, MATRIX_DIFFERS, message, help);
            }
        }
        for does in own {
            let elsewhere = |other: &Cell<'_>| other.who != cell.who && does.who.named(other.who);
            // Who is asked by another name has a cell of that name.
            if does.accepted(&cell.verbs) || cells.iter().any(elsewhere) {
                continue;
            }
            let words: Vec<&str> = cell.verbs.iter().map(|verb| verb.phrase()).collect();
            let message =
                format!("the matrix lets {} {}; found: {}", cell.who, words.join(", "), does.told());
            let help = format!("add `{}` to the cell, or ask somebody else in the chain", does.verb.word());
            self.error(cell.at, MATRIX_DIFFERS, message, help);
        }
    }

    fn without_cell(&mut self, activity: &Pair, cells: &[Cell<'_>], does: &[Does]) {
        let mut told = BTreeSet::new();
        for does in does.iter().filter(|does| does.wanted()) {
            let submitter = |cell: &Cell<'_>| does.who.is_submitter() && cell.verbs.contains(&Verb::Draft);
            let covered = cells.iter().any(|cell| {
                does.who.is(cell.who, &self.company)
                    || submitter(cell)
                    || (does.who == Subject::Anyone && cell.verbs.contains(&Verb::Draft))
            });
            if !covered && told.insert(does.told()) {
                let message = format!("the activity {} has no cell for this: {}", activity.key, does.told());
                let help = format!("add `{}: {}` under `cells`", does.who.word(), does.verb.word());
                self.error(activity.at, MATRIX_NO_CELL, message, help);
            }
        }
    }
}
