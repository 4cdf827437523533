//! Definitions: the rules of a company as data. `chain` compiles them from YAML, the log keeps them, core reads them.

mod access;
mod account;
mod adapters;
mod authority;
mod chain;
mod company;
mod document;
mod form1;
mod form2;
mod organisation;
mod people;
mod reports;
mod systems;
mod table;

use serde::{Deserialize, Serialize};

pub use access::{At, Confidential, Of, Reader};
pub use account::{
    Account, AccountMeasure, HandsOn, HoldSource, Lapse, MoveDef, MoveOf, Progress, ReserveDef, RestoreDef,
};
pub use adapters::{Adapters, Refusals, Shape, Undo, Verb};
pub use authority::{AddsUp, Authority, Limit, LimitSet, Line, Measure};
pub use chain::{
    Activity, Alarm, AlarmStop, Anytime, Arrow, Begins, Branch, Chain, Check, CommandDef, Copied,
    DelegateDef, End, Expiry, FactDef, ForEach, Learn, Listen, MatchRule, Period, RecordDef, Required,
    RequiredCase, Requirement, RunDef, Start, StateDef, Target, TellDef, Test, Told, Trigger, Wait, With,
};
pub use company::{
    Amendments, Clock, Company, Deadlines, LowerLevels, OwnTop, PathAt, Policies, PushUp, Returns,
    SamePerson, SkipLevel, VacancyRung,
};
pub use document::{DocumentType, Field};
pub use organisation::{Acting, Delegation, Group, Organisation, Position, Unit};
pub use people::{AtLeast, Beside, Climb, Duty, Member, Node, Signer, TaskDef, Who};
pub use reports::{Frequency, ReceivableDef, RegisterDef, Reports, SaleDef};
pub use systems::{Allowed, SystemGrant, Systems};
pub use table::{Column, RatesDef, Table};

use crate::name::Name;

/// One definition in its compiled form. Its encoding is part of the log's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Definition {
    /// company.yaml
    Company(Company),
    /// organisation.yaml
    Organisation(Organisation),
    /// One entry of authority.yaml.
    Authority(Authority),
    /// One file of documents/.
    Document(DocumentType),
    /// One file of tables/.
    Table(Table),
    /// One file of chains/.
    Chain(Chain),
    /// systems.yaml
    Systems(Systems),
    /// adapters.yaml
    Adapters(Adapters),
    /// One entry of accounts.yaml.
    Account(Account),
    /// reports.yaml
    Reports(Reports),
    /// What a file of documents/ says of who may see its cases.
    Confidential(Confidential),
}

/// The kinds of [`Definition`], without their contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DefinitionKind {
    /// company.yaml
    Company,
    /// organisation.yaml
    Organisation,
    /// authority.yaml
    Authority,
    /// documents/
    Document,
    /// tables/
    Table,
    /// chains/
    Chain,
    /// systems.yaml
    Systems,
    /// adapters.yaml
    Adapters,
    /// accounts.yaml
    Account,
    /// reports.yaml
    Reports,
    /// `access` and `custodian` of documents/
    Confidential,
}

impl Definition {
    /// Its kind.
    pub fn kind(&self) -> DefinitionKind {
        match self {
            Definition::Company(_) => DefinitionKind::Company,
            Definition::Organisation(_) => DefinitionKind::Organisation,
            Definition::Authority(_) => DefinitionKind::Authority,
            Definition::Document(_) => DefinitionKind::Document,
            Definition::Table(_) => DefinitionKind::Table,
            Definition::Chain(_) => DefinitionKind::Chain,
            Definition::Systems(_) => DefinitionKind::Systems,
            Definition::Adapters(_) => DefinitionKind::Adapters,
            Definition::Account(_) => DefinitionKind::Account,
            Definition::Reports(_) => DefinitionKind::Reports,
            Definition::Confidential(_) => DefinitionKind::Confidential,
        }
    }

    /// The name by which others refer to it; those that exist once, such as the company, are named after their kind.
    pub fn name(&self) -> Name {
        match self {
            Definition::Company(_) => Name::from("company"),
            Definition::Organisation(_) => Name::from("organisation"),
            Definition::Systems(_) => Name::from("systems"),
            Definition::Adapters(_) => Name::from("adapters"),
            Definition::Reports(_) => Name::from("reports"),
            Definition::Authority(d) => d.name.clone(),
            Definition::Document(d) => d.name.clone(),
            Definition::Table(d) => d.name.clone(),
            Definition::Chain(d) => d.name.clone(),
            Definition::Account(d) => d.name.clone(),
            Definition::Confidential(d) => d.document.clone(),
        }
    }
}

/// The version of the compiled encoding that this crate writes. An older one is read by a decoder of its own.
pub const FORM: u16 = 3;

impl Definition {
    /// The compiled encoding, version [`FORM`].
    pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_allocvec(self)
    }

    /// Reads a compiled definition. None where the version is unknown or the bytes are no definition.
    pub fn decode(form: u16, bytes: &[u8]) -> Option<Definition> {
        match form {
            FORM => postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(d, _)| d),
            2 => form2::decode(bytes),
            1 => form1::decode(bytes),
            _ => None,
        }
    }
}
