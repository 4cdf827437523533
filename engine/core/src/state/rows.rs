//! Rows of tables as decisions read them: those of a release, or, where chains change the table, those that hold now.

use std::collections::BTreeSet;

use super::{Release, State};
use crate::definition::Table;
use crate::name::Name;
use crate::value::Fields;

impl State {
    /// A row as it holds for a case of this release. A table that chains change is the same for everybody: the rows
    /// that hold now, and above them what chains have written.
    pub fn row<'a>(&'a self, pinned: &'a Release, table: &str, key: &str) -> Option<&'a Fields> {
        let definition = self.table(pinned, table)?;
        if !definition.written_by.is_empty()
            && let Some(written) = self.written(table, key)
        {
            return written;
        }
        definition.rows.get(key)
    }

    /// The keys of the rows that hold for a case of this release, in order.
    pub fn row_keys<'a>(&'a self, pinned: &'a Release, table: &str) -> BTreeSet<&'a Name> {
        let Some(definition) = self.table(pinned, table) else { return BTreeSet::new() };
        let mut keys: BTreeSet<&Name> = definition.rows.keys().collect();
        if definition.written_by.is_empty() {
            return keys;
        }
        for (key, row) in self.written.get(table).into_iter().flatten() {
            match row {
                Some(_) => keys.insert(key),
                None => keys.remove(key),
            };
        }
        keys
    }

    /// The table that such a case reads.
    fn table<'a>(&'a self, pinned: &'a Release, table: &str) -> Option<&'a Table> {
        let live = self.definitions.active().and_then(|active| active.table(table));
        live.filter(|table| !table.written_by.is_empty()).or_else(|| pinned.table(table))
    }
}
