//! Files into a bundle of definitions, in the order in which they refer to one another.

use std::collections::BTreeSet;

use countersign_core::definition::Definition;
use sha2::{Digest, Sha256};

use crate::codes;
use crate::diagnostic::{Diagnostic, Place, Report};
use crate::read;
use crate::source::{self, FILE_BYTES_MAX, FILES_MAX, Kind, SourceFile};
use crate::world::{Names, World};
use crate::yaml::{self, Body, Node};
use crate::{
    accounts, adapters, authority, chain, company, document, lint, organisation, proof, reports, systems,
    table,
};

/// One definition with the text that it was compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// The compiled form.
    pub definition: Definition,
    /// The file, relative to the company's folder.
    pub path: String,
    /// The text: the whole file, or one entry of authority.yaml.
    pub source: String,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
}

/// All definitions of a company: company, organisation, authorities, tables, accounts, documents, chains, systems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// In an order in which each refers only to those before it or of its own kind.
    pub definitions: Vec<Compiled>,
}

/// Through so many chains at most something held is followed to its account.
const HOLDS_PASSES: usize = 8;

/// A file as a tree.
struct Parsed {
    kind: Kind,
    file: u16,
    node: Node,
}

/// How much of the rules is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: what is wrong in itself is found, not what nobody can sign. For tests of the proof.
    Nothing,
    /// Whoever hands in, however much: somebody can sign.
    Signatures,
    /// And who must not be away at the same time.
    Absences,
}

/// Compiles the files of a company. All findings are collected; there is a bundle only where none is an error.
pub fn compile(files: &[SourceFile]) -> (Option<Bundle>, Vec<Diagnostic>) {
    compile_as(files, Proof::Signatures)
}

/// The same with more proved, or less.
pub fn compile_as(files: &[SourceFile], proof: Proof) -> (Option<Bundle>, Vec<Diagnostic>) {
    let report = Report::new(files);
    let parsed = parse(files, &report);
    let names = names(&parsed, &report);
    let mut world = World::new(report, names);
    let mut bundle = Bundle::default();
    let definitions = read_all(&parsed, &mut world);
    for (definition, place) in definitions {
        bundle.definitions.extend(compiled(definition, place, files));
    }
    if !world.report.failed() && proof != Proof::Nothing {
        let definitions: Vec<Definition> = bundle.definitions.iter().map(|c| c.definition.clone()).collect();
        proof::check(&definitions, &world.sound.borrow(), &world, proof == Proof::Absences);
    }
    let failed = world.report.failed();
    ((!failed).then_some(bundle), world.report.finish())
}

/// The world that the files make, for the tests of its parts.
#[cfg(test)]
pub(crate) fn world(files: &[SourceFile]) -> World<'_> {
    let report = Report::new(files);
    let parsed = parse(files, &report);
    let names = names(&parsed, &report);
    let mut world = World::new(report, names);
    read_all(&parsed, &mut world);
    world
}

fn compiled(definition: Definition, place: Place, files: &[SourceFile]) -> Option<Compiled> {
    let file = files.get(usize::from(place.file))?;
    let source = match place.start {
        u32::MAX => file.text.clone(),
        start => file.text.get(start as usize..place.end as usize)?.trim_end().to_owned(),
    };
    let sha256 = Sha256::digest(source.as_bytes()).into();
    Some(Compiled { definition, path: file.path.clone(), source, sha256 })
}

fn parse(files: &[SourceFile], report: &Report<'_>) -> Vec<Parsed> {
    let mut parsed = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, file) in files.iter().enumerate() {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        if usize::from(number) >= FILES_MAX {
            let message = format!("more than {FILES_MAX} files");
            report.error(codes::TOO_LARGE, Place::whole(0), message, "move what does not belong here away");
            break;
        }
        let place = Place::whole(number);
        let kind = source::kind(&file.path);
        match kind {
            _ if !seen.insert(file.path.as_str()) => {
                report.error(codes::DUPLICATE_NAME, place, "this file is given twice", "give it once");
            }
            Kind::Stray => {
                let help = "a company has company.yaml, organisation.yaml, authority.yaml, systems.yaml, \
                            adapters.yaml, accounts.yaml, tables/*.yaml, documents/*.yaml and chains/*.yaml";
                report.warn(codes::STRAY_FILE, place, "nothing is read from this file", help);
            }
            // Tests of the rules are read by whoever runs them.
            Kind::Case | Kind::Responsibility => {}
            _ if file.text.len() > FILE_BYTES_MAX => {
                report.error(codes::TOO_LARGE, place, "a file of more than 1 MiB", "split it");
            }
            _ => {
                let node = yaml::parse(number, &file.text, report);
                parsed.extend(node.map(|node| Parsed { kind, file: number, node }));
            }
        }
    }
    for (kind, path) in [(Kind::Company, "company.yaml"), (Kind::Organisation, "organisation.yaml")] {
        if !files.iter().any(|f| source::kind(&f.path) == kind) {
            let message = format!("a company needs {path}");
            report.absent(codes::MISSING_FILE, path, message, format!("add {path}"));
        }
    }
    parsed
}

/// The names that files define, so that they may refer to one another in any order.
fn names(parsed: &[Parsed], report: &Report<'_>) -> Names {
    let mut names = Names::default();
    for part in parsed {
        let Body::Map(entries) = &part.node.body else { continue };
        let key = match part.kind {
            Kind::Table => "table",
            Kind::Document => "document",
            Kind::Chain => "chain",
            Kind::Authority => {
                names.authorities.extend(entries.iter().map(|e| e.key.clone()));
                continue;
            }
            Kind::Accounts => {
                names.accounts.extend(entries.iter().map(|e| e.key.clone()));
                continue;
            }
            _ => continue,
        };
        let Some(entry) = entries.iter().find(|e| e.key == key) else { continue };
        let Body::Scalar(scalar) = &entry.value.body else { continue };
        let path = report.path(part.file);
        let stem = path.rsplit('/').next().and_then(|f| f.strip_suffix(".yaml")).unwrap_or(path);
        if stem != scalar.text && read::is_name(&scalar.text) {
            let message = format!("this {key} is called `{}`, its file {stem}.yaml", scalar.text);
            report.error(codes::FILE_NAME, entry.value.place, message, "let both have one name");
        }
        let set = match part.kind {
            Kind::Table => &mut names.tables,
            Kind::Document => &mut names.documents,
            _ => &mut names.chains,
        };
        if !set.insert(scalar.text.clone()) {
            let message = format!("there is another {key} `{}`", scalar.text);
            report.error(codes::DUPLICATE_NAME, entry.value.place, message, "rename one of them");
        }
    }
    names
}

/// Reads every kind of file in the order of their references.
fn read_all(parsed: &[Parsed], world: &mut World<'_>) -> Vec<(Definition, Place)> {
    let of = |kind: Kind| parsed.iter().filter(move |p| p.kind == kind);
    let mut found = Vec::new();
    for part in of(Kind::Organisation) {
        organisation::read(&part.node, world);
    }
    for part in of(Kind::Company) {
        let (company, defaults) = company::read(&part.node, world);
        found.extend(company.clone().map(|c| (Definition::Company(c), Place::whole(part.file))));
        world.company = company;
        world.defaults = defaults;
    }
    for part in of(Kind::Organisation) {
        found.push((Definition::Organisation(world.organisation.clone()), Place::whole(part.file)));
    }
    for part in of(Kind::Authority) {
        for (authority, place) in authority::read(&part.node, world) {
            found.push((Definition::Authority(authority.clone()), place));
            world.authorities.insert(authority.name.clone(), authority);
        }
    }
    for part in of(Kind::Adapters) {
        adapters::read(&part.node, world);
        found.push((Definition::Adapters(world.adapters.clone()), Place::whole(part.file)));
    }
    tables(parsed, world, &mut found);
    for part in of(Kind::Accounts) {
        accounts::heads(&part.node, world);
        let accounts = accounts::read(&part.node, world);
        found.extend(accounts.into_iter().map(|(account, place)| (Definition::Account(account), place)));
    }
    for part in of(Kind::Document) {
        let document = document::read(&part.node, world);
        let new = document.filter(|(document, _)| !world.documents.contains_key(&document.name));
        if let Some((document, confidential)) = new {
            found.push((Definition::Document(document.clone()), Place::whole(part.file)));
            found.extend(confidential.map(|c| (Definition::Confidential(c), Place::whole(part.file))));
            world.documents.insert(document.name.clone(), document);
        }
    }
    chains(parsed, world, &mut found);
    for part in of(Kind::Systems) {
        if let Some(systems) = systems::read(&part.node, world) {
            found.push((Definition::Systems(systems), Place::whole(part.file)));
        }
    }
    let chains: Vec<&Node> = of(Kind::Chain).map(|p| &p.node).collect();
    for part in of(Kind::Reports) {
        if let Some(reports) = reports::read(&part.node, &chains, world) {
            found.push((Definition::Reports(reports), Place::whole(part.file)));
        }
    }
    found
}

/// The heads of all chains, which may name one another, then their bodies.
fn chains(parsed: &[Parsed], world: &mut World<'_>, found: &mut Vec<(Definition, Place)>) {
    let parts: Vec<&Parsed> = parsed.iter().filter(|p| p.kind == Kind::Chain).collect();
    for part in &parts {
        if let Some(head) = chain::head(&part.node, world) {
            // A second chain of one name has been reported.
            world.heads.entry(head.name.clone()).or_insert(head);
        }
    }
    // An amount may be that of a case of another chain, whose amount must be known first.
    for _ in 0..2 {
        for part in &parts {
            if let Some((name, kind)) = chain::amount(&part.node, world)
                && let Some(head) = world.heads.get_mut(&name)
            {
                head.amount = Some(kind);
            }
        }
    }
    // What a case holds may come from cases of other chains, of which that must be known first.
    let mut unclear = BTreeSet::new();
    for _ in 0..HOLDS_PASSES {
        let found: Vec<_> = parts.iter().filter_map(|part| chain::holds(&part.node, world)).collect();
        let mut grown = false;
        for (name, holds, whole) in &found {
            if let Some(head) = world.heads.get_mut(name).filter(|head| head.holds != *holds) {
                head.holds.clone_from(holds);
                grown = true;
            }
            if let (Some(head), false) = (world.heads.get_mut(name), *whole) {
                unclear.insert(head.name.clone());
            }
        }
        if !grown {
            break;
        }
        unclear.clear();
    }
    // What is wrong there is reported there.
    for name in unclear {
        if let Some(head) = world.heads.get_mut(&name) {
            head.partial = true;
        }
    }
    let mut chains = Vec::new();
    for part in &parts {
        chains.extend(chain::read(&part.node, world).map(|chain| (chain, part.file)));
    }
    let elsewhere = world.read_elsewhere.borrow();
    for (mut chain, file) in chains {
        let fields = elsewhere.get(&chain.name).into_iter().flatten().cloned();
        let reads: BTreeSet<_> = chain.reads.iter().cloned().chain(fields).collect();
        chain.reads = reads.into_iter().collect();
        found.push((Definition::Chain(chain), Place::whole(file)));
    }
    lint::check(&world.sound.borrow(), world);
    let accounts = found.iter().filter_map(|(definition, place)| match definition {
        Definition::Account(account) => {
            // Its name, not all that is said of it.
            let end = place.start + account.name.len() as u32;
            Some((account.name.clone(), Place { end, ..*place }))
        }
        _ => None,
    });
    lint::accounts(&accounts.collect::<Vec<_>>(), world);
}

/// Columns of all tables, then the keys of all rows, then the rows, which may name one another.
fn tables(parsed: &[Parsed], world: &mut World<'_>, found: &mut Vec<(Definition, Place)>) {
    let parts: Vec<&Parsed> = parsed.iter().filter(|p| p.kind == Kind::Table).collect();
    let mut names = Vec::new();
    for part in &parts {
        let table = table::columns(&part.node, world);
        // A second table of one name has been reported.
        if let Some(mut table) = table.filter(|t| !world.tables.contains_key(&t.name)) {
            table.rows = table::keys(&part.node);
            names.push((table.name.clone(), *part));
            world.tables.insert(table.name.clone(), table);
        }
    }
    let mut rows = Vec::new();
    for (name, part) in &names {
        if let Some(table) = world.tables.get(name) {
            rows.push((name.clone(), table::rows(&part.node, table, world), part.file));
        }
    }
    for (name, rows, file) in rows {
        if let Some(table) = world.tables.get_mut(&name) {
            (table.rows, table.defaults) = rows;
            found.push((Definition::Table(table.clone()), Place::whole(file)));
        }
    }
}
