//! Rows of tables as decisions read them: those of a release, or, where chains change the table, those that hold now.

use std::collections::BTreeSet;
use std::ops::Bound;

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

    /// The last row whose key lies between two keys, both included, with its key.
    pub(crate) fn last_row<'a>(
        &'a self,
        pinned: &'a Release,
        table: &str,
        (from, to): (&str, &str),
    ) -> Option<(&'a Name, &'a Fields)> {
        let range = || (Bound::Included(from), Bound::Included(to));
        let definition = self.table(pinned, table)?;
        let written = self.written.get(table).filter(|_| !definition.written_by.is_empty());
        let changed = |key: &str| written.is_some_and(|rows| rows.contains_key(key));
        let own = definition.rows.range::<str, _>(range()).rev().find(|(key, _)| !changed(key));
        let mut written = written.into_iter().flat_map(|rows| rows.range::<str, _>(range()).rev());
        let written = written.find_map(|(key, row)| Some((key, row.as_ref()?)));
        [own, written].into_iter().flatten().max_by_key(|(key, _)| *key)
    }

    /// The table that such a case reads.
    fn table<'a>(&'a self, pinned: &'a Release, table: &str) -> Option<&'a Table> {
        let live = self.definitions.active().and_then(|active| active.table(table));
        live.filter(|table| !table.written_by.is_empty()).or_else(|| pinned.table(table))
    }
}
