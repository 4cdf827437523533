//! Compiled definitions of form 2, read as what they mean now. Companies and organisations have more since: whom the
//! company's clock copies, for whom a refused attempt is on record, provinces. Nothing here ever changes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::form1::{CompanyOf, Policies1, Unit1};
use super::{
    Account, Adapters, Amendments, Authority, Chain, Confidential, Definition, Delegation, DocumentType,
    Group, Organisation, PathAt, Policies, Position, Reports, Systems, Table,
};
use crate::name::Name;

/// Reads a definition of form 2. None: the bytes are none.
pub(super) fn decode(bytes: &[u8]) -> Option<Definition> {
    let read: Result<(Definition2, &[u8]), _> = postcard::take_from_bytes(bytes);
    read.ok().filter(|(_, rest)| rest.is_empty()).map(|(definition, _)| definition.now())
}

#[derive(Deserialize)]
enum Definition2 {
    Company(Box<CompanyOf<Policies2>>),
    Organisation(Organisation2),
    Authority(Authority),
    Document(DocumentType),
    Table(Table),
    Chain(Box<Chain>),
    Systems(Systems),
    Adapters(Adapters),
    Account(Box<Account>),
    Reports(Reports),
    Confidential(Confidential),
}

#[derive(Deserialize)]
struct Policies2 {
    as_before: Policies1,
    path: PathAt,
    amendments: Amendments,
}

#[derive(Deserialize)]
struct Organisation2 {
    units: BTreeMap<Name, Unit1>,
    positions: BTreeMap<Name, Position>,
    groups: BTreeMap<Name, Group>,
    delegations: BTreeMap<Name, Delegation>,
}

impl Definition2 {
    fn now(self) -> Definition {
        match self {
            Definition2::Company(d) => Definition::Company(d.now(Policies2::now)),
            Definition2::Organisation(d) => Definition::Organisation(d.now()),
            Definition2::Authority(d) => Definition::Authority(d),
            Definition2::Document(d) => Definition::Document(d),
            Definition2::Table(d) => Definition::Table(d),
            Definition2::Chain(d) => Definition::Chain(*d),
            Definition2::Systems(d) => Definition::Systems(d),
            Definition2::Adapters(d) => Definition::Adapters(d),
            Definition2::Account(d) => Definition::Account(*d),
            Definition2::Reports(d) => Definition::Reports(d),
            Definition2::Confidential(d) => Definition::Confidential(d),
        }
    }
}

impl Policies2 {
    fn now(self) -> Policies {
        Policies { path: self.path, amendments: self.amendments, ..self.as_before.now() }
    }
}

impl Organisation2 {
    fn now(self) -> Organisation {
        let units = self.units.into_iter().map(|(name, unit)| (name, unit.now())).collect();
        let (positions, groups, delegations) = (self.positions, self.groups, self.delegations);
        Organisation { units, positions, groups, delegations }
    }
}
