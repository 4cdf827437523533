//! Rules go live like code: what differs from what is active, whom it concerns, and the change itself in one event.

use std::collections::{BTreeMap, BTreeSet};

use countersign_chain::Compiled;
use countersign_core::command::{Body, Cause, Request, VouchedBy};
use countersign_core::decide::overridden;
use countersign_core::definition::{Definition, DefinitionKind, Organisation};
use countersign_core::event::Event;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_runtime::{EngineHandle, ReadError};
use thiserror::Error;

use crate::setup::{self, CompiledCompany, Report, SetupError};

/// What the files say that is not so yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The company.
    pub company: String,
    /// The release that holds.
    pub release: Option<u32>,
    /// Definitions that are added, changed or taken away, by kind and name.
    pub changes: Vec<Change>,
    /// How many stay as they are.
    pub unchanged: usize,
    /// Open cases by chain and the release that they keep.
    pub open: BTreeMap<(String, u32), usize>,
    /// Posts and delegations about which acts have said otherwise: those where the files are the later word.
    pub overridden: Vec<String>,
    /// And those where the acts stay.
    pub kept: Vec<String>,
}

/// One definition that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its kind.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: String,
    /// Where it is written, or was.
    pub path: String,
    /// The text that holds; None: it is added.
    pub before: Option<String>,
    /// The text in the files; None: it is taken away.
    pub after: Option<String>,
}

/// Why the difference cannot be told.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The files, or the engine.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What the files say that is not so yet. Nothing is changed. Not to be called from a task.
///
/// # Errors
/// `OTHER_COMPANY`, or whatever keeps the engine or its log from answering.
pub fn compare(handle: &EngineHandle, compiled: &CompiledCompany) -> Result<Difference, CompareError> {
    let organisation = compiled.bundle().definitions.iter().find_map(|one| match &one.definition {
        Definition::Organisation(organisation) => Some(organisation.clone()),
        _ => None,
    });
    let (known, _) =
        handle.read_blocking(move |state| known(state, organisation.as_ref())).map_err(SetupError::from)?;
    let found = compiled.company()?;
    if *known.company != *found {
        let (expected, found) = (known.company.to_string(), found.to_owned());
        return Err(SetupError::OtherCompany { expected, found }.into());
    }
    let numbers = setup::known_numbers(handle, compiled)?;
    let mut sources = Sources { wanted: BTreeSet::new(), found: BTreeMap::new() };
    let mut changes = Vec::new();
    let mut gone = known.members.clone();
    for (definition, number) in compiled.bundle().definitions.iter().zip(numbers) {
        let key = (definition.definition.kind(), definition.definition.name());
        let active = gone.remove(&key);
        if number.is_none() {
            sources.wanted.extend(active.as_ref().map(|(number, _)| *number));
            changes.push((key, active, Some(definition)));
        }
    }
    let unchanged = compiled.bundle().definitions.len() - changes.len();
    for (key, active) in gone {
        sources.wanted.insert(active.0);
        changes.push((key, Some(active), None));
    }
    sources.read(handle)?;
    let change = |((kind, name), active, written): Differing<'_>| {
        let path = written.map(|compiled| compiled.path.clone());
        let path = path.or_else(|| active.as_ref().map(|(_, path)| path.to_string()));
        Change {
            kind,
            name: name.to_string(),
            path: path.unwrap_or_default(),
            before: active.map(|(number, _)| sources.found.get(&number).cloned().unwrap_or_default()),
            after: written.map(|compiled| compiled.source.clone()),
        }
    };
    let changes = changes.into_iter().map(change).collect();
    let Known { company, release, open, overridden, kept, .. } = known;
    Ok(Difference { company: company.to_string(), release, changes, unchanged, open, overridden, kept })
}

/// A definition's kind and name, the active one's number and path, and what the files have.
type Differing<'a> = ((DefinitionKind, Name), Option<(u32, Name)>, Option<&'a Compiled>);

/// What State says of the rules that hold.
struct Known {
    company: Name,
    release: Option<u32>,
    members: BTreeMap<(DefinitionKind, Name), (u32, Name)>,
    open: BTreeMap<(String, u32), usize>,
    overridden: Vec<String>,
    kept: Vec<String>,
}

fn known(state: &State, organisation: Option<&Organisation>) -> Known {
    let (overridden, kept) = acts(state, organisation);
    let active = state.definitions().active();
    let path = |number: u32| state.definitions().stored(number).map(|stored| stored.path.clone());
    let members = active.iter().flat_map(|release| release.members.iter());
    let mut open = BTreeMap::new();
    for case in state.cases() {
        *open.entry((case.chain().to_string(), case.release())).or_insert(0) += 1;
    }
    Known {
        company: state.head().company.clone(),
        release: active.map(|release| release.number),
        members: members
            .map(|(key, number)| (key.clone(), (*number, path(*number).unwrap_or_default())))
            .collect(),
        open,
        overridden,
        kept,
    }
}

/// The posts and delegations about which acts have said something: where the files are the later word, and the others.
fn acts(state: &State, organisation: Option<&Organisation>) -> (Vec<String>, Vec<String>) {
    let over = organisation.map(|organisation| overridden(state, organisation));
    let living = state.living();
    let all = living.posts().into_iter().chain(living.delegations());
    let is_over = |name: &&Name| {
        over.as_ref().is_some_and(|over| over.posts.contains(name) || over.delegations.contains(name))
    };
    let (gone, kept): (Vec<&Name>, Vec<&Name>) = all.partition(is_over);
    let text = |names: Vec<&Name>| names.into_iter().map(ToString::to_string).collect();
    (text(gone), text(kept))
}

/// The texts of definitions, which only the log has.
struct Sources {
    wanted: BTreeSet<u32>,
    found: BTreeMap<u32, String>,
}

impl Sources {
    fn read(&mut self, handle: &EngineHandle) -> Result<(), ReadError> {
        let mut reader = handle.log().reader(1)?;
        while !self.wanted.is_empty() {
            let Some((_, frame)) = reader.read()? else { break };
            for event in frame.events {
                if let Event::DefinitionStored(stored) = event
                    && self.wanted.remove(&stored.number)
                {
                    self.found.insert(stored.number, stored.source);
                }
            }
        }
        Ok(())
    }
}

/// Who changes the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changer {
    /// The person.
    pub person: String,
    /// The post: one of the kind `process_owner`, unless the person is the first administrator.
    pub position: String,
    /// The calling system, for the record.
    pub system: String,
    /// When it was asked for; with the process it makes the requests' ids.
    pub at: Timestamp,
}

impl Changer {
    /// The cause of the command with this number. The person is vouched for by access to the files.
    fn cause(&self, number: usize, fingerprint: [u8; 16]) -> Cause {
        Cause::Request(Request {
            system: Name::from(self.system.as_str()),
            request_id: Name::from(format!("apply-{}-{}-{number}", self.at.0, std::process::id())),
            fingerprint,
            sent_at: self.at,
            person: Name::from(self.person.as_str()),
            position: Name::from(self.position.as_str()),
            vouched_by: VouchedBy::Local,
        })
    }
}

/// Stores what differs and lets it hold, all at once. Open cases keep the rules that they began with. Not to be called
/// from a task.
///
/// # Errors
/// `FORBIDDEN` and `NOT_HOLDER` where the person may not, before anything is stored; those of [`setup::deploy`].
pub fn apply(
    handle: &EngineHandle,
    compiled: &CompiledCompany,
    changer: &Changer,
) -> Result<Report, SetupError> {
    let cause = |number: usize, body: &Body| {
        let mut fingerprint = [0; 16];
        if let Body::Store(stored) = body {
            fingerprint.copy_from_slice(&stored.sha256[..16]);
        }
        changer.cause(number, fingerprint)
    };
    setup::deploy_by(handle, compiled, &cause)
}
