//! The rules of a company, founded in memory once; every case begins with a copy.

use std::collections::BTreeMap;

use crate::cover::rows::Reads;
use countersign_chain::{Bundle, SourceFile};
use countersign_core::command::{Body, Cause, Command, Stored};
use countersign_core::definition::*;
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, turn};

/// The rules of a company, founded in memory.
#[derive(Clone, Debug)]
pub struct Company {
    state: State,
    /// As it stood before its rules held, where some of them start by the calendar.
    before: Option<State>,
    pub(crate) definitions: BTreeMap<(DefinitionKind, Name), Definition>,
    pub(crate) numbers: BTreeMap<(DefinitionKind, Name), u32>,
    pub(crate) chains: BTreeMap<Name, Chain>,
    pub(crate) documents: BTreeMap<Name, DocumentType>,
    pub(crate) tables: BTreeMap<Name, Table>,
    /// With their openings, which each case enters for itself.
    pub(crate) accounts: BTreeMap<Name, Account>,
    pub(crate) organisation: Organisation,
    pub(crate) adapters: Adapters,
    pub(crate) systems: Systems,
    /// What conditions and accounts name of tables.
    reads: Reads,
    /// The texts that it was compiled of, which `apply` changes.
    pub(crate) files: Vec<SourceFile>,
}

impl Company {
    /// Founds the company in memory: what was compiled, and the texts of which.
    ///
    /// # Errors
    /// A definition that core refuses.
    pub fn new(bundle: &Bundle, files: &[SourceFile]) -> Result<Company, Rejection> {
        let mut company = Company {
            state: State::default(),
            before: None,
            definitions: BTreeMap::new(),
            numbers: BTreeMap::new(),
            chains: BTreeMap::new(),
            documents: BTreeMap::new(),
            tables: BTreeMap::new(),
            accounts: BTreeMap::new(),
            organisation: Organisation::default(),
            adapters: Adapters::default(),
            systems: Systems::default(),
            reads: Reads::default(),
            files: files.iter().filter(|file| !file.path.starts_with("cases/")).cloned().collect(),
        };
        let mut id = Name::from("trial");
        for compiled in &bundle.definitions {
            let definition = unopened(&compiled.definition);
            match &compiled.definition {
                Definition::Company(d) => id = d.id.clone(),
                Definition::Chain(d) => drop(company.chains.insert(d.name.clone(), d.clone())),
                Definition::Document(d) => drop(company.documents.insert(d.name.clone(), d.clone())),
                Definition::Table(d) => drop(company.tables.insert(d.name.clone(), d.clone())),
                Definition::Organisation(d) => company.organisation = d.clone(),
                Definition::Adapters(d) => company.adapters = d.clone(),
                Definition::Systems(d) => company.systems = d.clone(),
                Definition::Account(d) => drop(company.accounts.insert(d.name.clone(), d.clone())),
                Definition::Authority(_) | Definition::Reports(_) | Definition::Confidential(_) => {}
            }
            company.definitions.insert((definition.kind(), definition.name()), definition);
        }
        company.reads = Reads::of(company.chains.values(), company.accounts.values());
        let found = Body::Found { company: id, administrator: Name::from("trial") };
        operator(&mut company.state, Timestamp(0), found)?;
        for (key, definition) in &company.definitions {
            let (number, _) = store(&mut company.state, Timestamp(0), definition)?;
            company.numbers.insert(key.clone(), number);
        }
        let calendar = |start: &Start| matches!(start.trigger, Trigger::Every { .. });
        if company.chains.values().any(|chain| chain.starts.iter().any(calendar)) {
            company.before = Some(company.state.clone());
        }
        let definitions = company.numbers.values().copied().collect();
        operator(&mut company.state, Timestamp(0), Body::Activate { definitions })?;
        Ok(company)
    }

    /// The company as a case finds it. Its rules hold from then on, so that no period is made up for that began before.
    pub(crate) fn at(&self, at: Timestamp) -> State {
        let Some(mut state) = self.before.clone() else { return self.state.clone() };
        let definitions = self.numbers.values().copied().collect();
        match operator(&mut state, at, Body::Activate { definitions }) {
            Ok(_) => state,
            Err(_) => self.state.clone(),
        }
    }

    /// What conditions and accounts name of tables.
    pub(crate) fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The names of the chains.
    pub fn chains(&self) -> impl Iterator<Item = &Name> {
        self.chains.keys()
    }

    /// Milliseconds of a local time since midnight, and its date, as text.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        let zone = self.definitions.values().find_map(|definition| match definition {
            Definition::Company(company) => Some(&company.calendar.zone),
            _ => None,
        });
        let Some(zone) = zone else { return at.to_string() };
        let (date, ms) = zone.local(at);
        let minutes = ms / countersign_core::time::MINUTE;
        format!("{date} {:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// A definition without openings of an account, which each case enters for itself.
pub(crate) fn unopened(definition: &Definition) -> Definition {
    let mut definition = definition.clone();
    if let Definition::Account(account) = &mut definition {
        account.opening.clear();
    }
    definition
}

/// Keeps a definition; its number, and the frames that it left.
pub(crate) fn store(
    state: &mut State,
    at: Timestamp,
    definition: &Definition,
) -> Result<(u32, Vec<Frame>), Rejection> {
    let number = state.definitions().next_number();
    let encoded = definition.encode();
    let compiled =
        encoded.map_err(|_| Rejection::new(Code::Internal, "expected a definition that can be encoded"))?;
    let stored =
        Stored { path: definition.name(), source: String::new(), sha256: [0; 32], form: FORM, compiled };
    Ok((number, operator(state, at, Body::Store(Box::new(stored)))?))
}

/// A command of the operator who prepares a case; the frames that it left.
pub(crate) fn operator(state: &mut State, at: Timestamp, body: Body) -> Result<Vec<Frame>, Rejection> {
    let cause = Cause::Operator { os_user: Name::from("trial") };
    let turned = turn(state, &Command { at, cause, body });
    match turned.result {
        TurnResult::Done | TurnResult::Repeat(_) => Ok(turned.frames),
        TurnResult::Refused(rejection) => Err(rejection),
    }
}
