//! Definitions by number, and releases: which of them hold together.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::living::{Living, lived};
use crate::definition::{
    Account, Adapters, Authority, Chain, Company, Confidential, Definition, DefinitionKind, DocumentType,
    Organisation, Reports, Systems, Table,
};
use crate::name::Name;

/// All definitions that the log holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Definitions {
    stored: BTreeMap<u32, StoredDefinition>,
    releases: BTreeMap<u32, Arc<Release>>,
    active: u32,
}

/// A definition under its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredDefinition {
    /// Its kind.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: Name,
    /// Where it was written.
    pub path: Name,
    /// SHA-256 of its source.
    pub sha256: [u8; 32],
    #[serde(skip)]
    compiled: Arc<Definition>,
}

/// What there is of a definition: kind, name, where and as what it was written, and what was compiled.
type Parts<'a> = (DefinitionKind, &'a Name, &'a Name, &'a [u8; 32], &'a Definition);

impl StoredDefinition {
    /// All of it.
    pub(super) fn parts(&self) -> Parts<'_> {
        (self.kind, &self.name, &self.path, &self.sha256, &self.compiled)
    }

    /// What was compiled.
    pub fn compiled(&self) -> &Definition {
        &self.compiled
    }
}

/// Definitions that hold together. A case keeps the release it began with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Its number; releases count from 1.
    pub number: u32,
    /// The definitions, by kind and name.
    pub members: BTreeMap<(DefinitionKind, Name), u32>,
    #[serde(skip)]
    found: Found,
}

/// The members of a release where decisions find them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    company: Option<Arc<Definition>>,
    organisation: Option<Arc<Definition>>,
    /// The organisation as its file has it, without what acts have made of it.
    written: Option<Arc<Definition>>,
    systems: Option<Arc<Definition>>,
    adapters: Option<Arc<Definition>>,
    reports: Option<Arc<Definition>>,
    authorities: BTreeMap<Name, Arc<Definition>>,
    documents: BTreeMap<Name, Arc<Definition>>,
    tables: BTreeMap<Name, Arc<Definition>>,
    chains: BTreeMap<Name, Arc<Definition>>,
    accounts: BTreeMap<Name, Arc<Definition>>,
    confidential: BTreeMap<Name, Arc<Definition>>,
}

impl Found {
    fn add(&mut self, kind: DefinitionKind, name: Name, compiled: Arc<Definition>) {
        match kind {
            DefinitionKind::Company => self.company = Some(compiled),
            DefinitionKind::Organisation => {
                (self.organisation, self.written) = (Some(compiled.clone()), Some(compiled));
            }
            DefinitionKind::Systems => self.systems = Some(compiled),
            DefinitionKind::Adapters => self.adapters = Some(compiled),
            DefinitionKind::Reports => self.reports = Some(compiled),
            DefinitionKind::Authority => drop(self.authorities.insert(name, compiled)),
            DefinitionKind::Document => drop(self.documents.insert(name, compiled)),
            DefinitionKind::Table => drop(self.tables.insert(name, compiled)),
            DefinitionKind::Chain => drop(self.chains.insert(name, compiled)),
            DefinitionKind::Account => drop(self.accounts.insert(name, compiled)),
            DefinitionKind::Confidential => drop(self.confidential.insert(name, compiled)),
        }
    }
}

macro_rules! single {
    ($(#[$doc:meta])* $method:ident: $variant:ident($kind:ty)) => {
        $(#[$doc])*
        pub fn $method(&self) -> Option<&$kind> {
            match self.found.$method.as_deref() {
                Some(Definition::$variant(d)) => Some(d),
                _ => None,
            }
        }
    };
}

macro_rules! named {
    ($(#[$doc:meta])* $method:ident in $field:ident: $variant:ident($kind:ty)) => {
        $(#[$doc])*
        pub fn $method(&self, name: &str) -> Option<&$kind> {
            match self.found.$field.get(name).map(|d| &**d) {
                Some(Definition::$variant(d)) => Some(d),
                _ => None,
            }
        }
    };
}

impl Release {
    single!(/** The company. */ company: Company(Company));
    single!(/** The organisation as it lives: the file, and what acts have made of it. */ organisation: Organisation(Organisation));
    single!(/** The organisation as its file has it. */ written: Organisation(Organisation));
    single!(/** The calling systems. */ systems: Systems(Systems));
    single!(/** The systems outside that do work. */ adapters: Adapters(Adapters));
    single!(/** What reports are made from. */ reports: Reports(Reports));
    named!(/** A chain. */ chain in chains: Chain(Chain));
    named!(/** An authority. */ authority in authorities: Authority(Authority));
    named!(/** A document type. */ document in documents: Document(DocumentType));
    named!(/** A table. */ table in tables: Table(Table));
    named!(/** Who may see the cases of a document. */ confidential in confidential: Confidential(Confidential));
    named!(/** An account. */ account in accounts: Account(Account));

    /// These definitions as a release that no log holds.
    pub(crate) fn of(definitions: impl IntoIterator<Item = Definition>) -> Release {
        let mut found = Found::default();
        for definition in definitions {
            found.add(definition.kind(), definition.name(), Arc::new(definition));
        }
        Release { found, ..Release::default() }
    }

    /// The same with another organisation.
    pub(crate) fn organised(&self, organisation: Organisation) -> Release {
        let mut release = self.clone();
        release.found.organisation = Some(Arc::new(Definition::Organisation(organisation)));
        release
    }

    /// The authorities, in order of their names.
    pub fn authorities(&self) -> impl Iterator<Item = &Authority> {
        self.found.authorities.values().filter_map(|d| match &**d {
            Definition::Authority(authority) => Some(authority),
            _ => None,
        })
    }

    /// The chains, in order of their names.
    pub fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.found.chains.values().filter_map(|d| match &**d {
            Definition::Chain(chain) => Some(chain),
            _ => None,
        })
    }

    /// The tables, in order of their names.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.found.tables.values().filter_map(|d| match &**d {
            Definition::Table(table) => Some(table),
            _ => None,
        })
    }

    /// The accounts, in order of their names.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.found.accounts.values().filter_map(|d| match &**d {
            Definition::Account(account) => Some(account),
            _ => None,
        })
    }
}

impl Definitions {
    /// The release that holds now.
    pub fn active(&self) -> Option<&Arc<Release>> {
        self.releases.get(&self.active)
    }

    /// A release by number.
    pub fn release(&self, number: u32) -> Option<&Arc<Release>> {
        self.releases.get(&number)
    }

    /// A definition by number.
    pub fn stored(&self, number: u32) -> Option<&StoredDefinition> {
        self.stored.get(&number)
    }

    /// The newest definition of a kind and name, whether it holds or not.
    pub(crate) fn newest(&self, kind: DefinitionKind, name: &Name) -> Option<&Definition> {
        let found = self.stored.values().rev().find(|stored| stored.kind == kind && stored.name == *name);
        found.map(|stored| &*stored.compiled)
    }

    /// The number that the next definition gets.
    pub fn next_number(&self) -> u32 {
        self.stored.last_key_value().map_or(1, |(n, _)| n + 1)
    }

    /// The number that the next release gets.
    pub fn next_release(&self) -> u32 {
        self.releases.last_key_value().map_or(1, |(n, _)| n + 1)
    }

    pub(super) fn store(
        &mut self,
        number: u32,
        meta: (DefinitionKind, Name, Name, [u8; 32]),
        compiled: Definition,
    ) {
        let (kind, name, path, sha256) = meta;
        self.stored
            .insert(number, StoredDefinition { kind, name, path, sha256, compiled: Arc::new(compiled) });
    }

    /// The active organisation is its file's with this over it.
    pub(super) fn live(&mut self, living: Option<&Living>) {
        let Some(release) = self.releases.get_mut(&self.active) else { return };
        let Some(written) = release.found.written.clone() else { return };
        Arc::make_mut(release).found.organisation = Some(lived(&written, living));
    }

    /// Builds the release and drops releases that nothing pins any more.
    pub(super) fn activate(&mut self, number: u32, definitions: &[u32], pinned: impl Fn(u32) -> bool) {
        self.release_of(number, definitions);
        // One that no longer holds has the organisation of its file.
        self.live(None);
        self.active = number;
        self.releases.retain(|n, _| *n == number || pinned(*n));
    }

    /// All of them, the releases that are kept, and the number of the one that holds.
    pub(super) fn parts(&self) -> (&BTreeMap<u32, StoredDefinition>, &BTreeMap<u32, Arc<Release>>, u32) {
        (&self.stored, &self.releases, self.active)
    }

    /// This release holds.
    pub(super) fn activated(&mut self, number: u32) {
        self.active = number;
    }

    /// Builds a release of definitions that are stored.
    pub(super) fn release_of(&mut self, number: u32, definitions: &[u32]) {
        let mut release = Release { number, ..Release::default() };
        for id in definitions {
            let Some(stored) = self.stored.get(id) else { continue };
            let (name, compiled) = (stored.name.clone(), stored.compiled.clone());
            release.members.insert((stored.kind, name.clone()), *id);
            release.found.add(stored.kind, name, compiled);
        }
        self.releases.insert(number, Arc::new(release));
    }
}
