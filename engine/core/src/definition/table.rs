//! tables/*.yaml: typed decision tables and master data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::{Name, Title};
use crate::value::{Fields, Type};

/// A table. Cases read the rows of the release they pinned at submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Title,
    /// The parts of its key.
    pub key: Vec<Column>,
    /// The last part of the key is a threshold (`score: from`, `day: from date`): of the rows whose other parts are the
    /// same the last one that is reached answers.
    pub from: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Rows by key; parts of a key are joined by `/`. Every row has every column, a missing one as `Missing`.
    pub rows: BTreeMap<Name, Fields>,
    /// The values of columns that a new row does not name.
    pub defaults: Fields,
    /// Chains that may change it. Empty: cases read the rows of the release that they pinned; otherwise everybody
    /// reads what holds now.
    pub written_by: Vec<Name>,
    /// It holds rates of exchange: its key is a currency and the date from which the rate holds.
    pub rates: Option<RatesDef>,
}

/// What rates of exchange are good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatesDef {
    /// A rate that is older than so many days is none.
    pub max_age_days: u32,
}

/// A column and its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Type,
}
