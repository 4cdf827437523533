//! `delegations`: authority handed to another position, since when it is known, and how often it was used.

use std::collections::BTreeMap;

use countersign_core::definition::Delegation;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;

use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::track::TaskEnd;
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("delegation", "授权编号"),
    ("from", "授权岗位"),
    ("to", "受权岗位"),
    ("authority", "权限"),
    ("up_to", "上限"),
    ("start", "开始"),
    ("end", "结束"),
    ("known_since", "登记时间"),
    ("taken_back", "撤销时间"),
    ("standing", "状态"),
    ("signatures", "签署次数"),
];

/// A delegation under one wording: since when it is known, and when it was taken back.
struct Known<'b> {
    name: &'b Name,
    what: &'b Delegation,
    since: Timestamp,
    until: Option<Timestamp>,
}

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut sheet = Sheet::new(COLUMNS);
    for known in all(book) {
        let d = known.what;
        let standing = match () {
            () if known.until.is_some() => "taken-back",
            () if window.now < d.start => "planned",
            () if window.now < d.end => "in-force",
            () => "over",
        };
        let authority: Vec<&str> = d.authority.iter().map(Name::as_str).collect();
        sheet.rows.push(vec![
            Cell::text(known.name.as_str()),
            Cell::text(d.from.as_str()),
            Cell::text(d.to.as_str()),
            Cell::text(authority.join(" ")),
            Cell::text(d.up_to.to_string()),
            Cell::text(d.start.to_string()),
            Cell::text(d.end.to_string()),
            Cell::text(known.since.to_string()),
            Cell::maybe(known.until),
            Cell::text(standing),
            Cell::Count(used(book, &known)),
        ]);
    }
    sheet
}

fn all(book: &Book) -> Vec<Known<'_>> {
    let mut open: BTreeMap<&Name, Known<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, delegations) in &book.track.delegations {
        let gone: Vec<&Name> = open
            .iter()
            .filter(|(name, known)| delegations.get(**name) != Some(known.what))
            .map(|(name, _)| *name)
            .collect();
        for name in gone {
            found.extend(open.remove(name).map(|known| Known { until: Some(*at), ..known }));
        }
        for (name, what) in delegations {
            open.entry(name).or_insert(Known { name, what, since: *at, until: None });
        }
    }
    found.extend(open.into_values());
    found.sort_by(|a, b| (a.name, a.since).cmp(&(b.name, b.since)));
    found
}

/// Answers of who it was given to, in the name of whose authority it is, while it held.
fn used(book: &Book, known: &Known<'_>) -> u64 {
    let d = known.what;
    let until = known.until.unwrap_or(d.end).min(d.end);
    let held = |at: Timestamp| d.start.max(known.since) <= at && at < until;
    let tasks = book.track.cases.values().flat_map(|case| &case.tasks);
    let used = tasks.filter(|task| {
        let answered = matches!(&task.closed, Some((at, TaskEnd::Answered { .. })) if held(*at));
        answered
            && match &task.under {
                Some(under) => under == known.name,
                None => task.position == d.to && task.delegated_by.contains(&d.from),
            }
    });
    used.count() as u64
}
