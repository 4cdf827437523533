//! `custodian` and `access` of documents/*.yaml: who may see the cases of a confidential document.

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// Whose the cases of a confidential document are to see. A document without it is seen by the people of its case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confidential {
    /// The document.
    pub document: Name,
    /// The one post that keeps its cases.
    pub custodian: Option<Name>,
    /// Who else may see them, besides whoever handed one in, owns it, is asked something in it or has signed it.
    pub readers: Vec<Reader>,
}

/// Some posts that may see a case, read of the organisation as it is when somebody looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reader {
    /// A position by name.
    Position(Name),
    /// The members of a group.
    Group(Name),
    /// Every position of a kind, of whatever unit.
    Kind(Name),
    /// Every position of a kind that belongs to a unit or covers it.
    KindAt(Name, At),
    /// Every position that belongs to a unit or covers it.
    Anyone(At),
    /// Whoever drives the chain.
    Driver,
    /// The solid superior of a post of the case.
    Superior(Of),
    /// All solid superiors of a post of the case.
    Superiors(Of),
}

/// A post of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    /// The submitter's.
    Submitter,
    /// The one that owns it.
    Owner,
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum At {
    /// By name.
    Unit(Name),
    /// That of a post of the case.
    Of(Of),
}
