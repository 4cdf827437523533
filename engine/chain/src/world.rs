//! What has been read so far: the names and definitions that later files refer to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{
    Adapters, AddsUp, Authority, Chain, Company, DocumentType, Organisation, Position, Shape, Table,
};
use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::codes;
use crate::diagnostic::{Place, Report};
use crate::duties::Duties;
use crate::lint::Places;
use crate::policies::{Sending, Signers};
use crate::suggest;

/// Names by what they name, gathered before the files are read in full.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) tables: BTreeSet<String>,
    pub(crate) documents: BTreeSet<String>,
    pub(crate) chains: BTreeSet<String>,
    pub(crate) authorities: BTreeSet<String>,
    pub(crate) accounts: BTreeSet<String>,
}

/// What others may know of a chain before its body is read: chains refer to one another in any order.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChainHead {
    pub(crate) name: Name,
    /// The type of its document.
    pub(crate) document: Name,
    pub(crate) states: Vec<Name>,
    /// Its ends, and whether each is good.
    pub(crate) ends: Vec<(Name, bool)>,
    pub(crate) facts: Shape,
    /// The facts among them that have a value from the beginning.
    pub(crate) initial: BTreeSet<Name>,
    /// The type of its amount, where it has one that could be read without its states.
    pub(crate) amount: Option<Type>,
    /// What its cases may hold, and the account that each of it is of.
    pub(crate) holds: Holds,
    /// By end: what a case that ended so hands on, and whether that lapses.
    pub(crate) hands_on: BTreeMap<Name, (Vec<Name>, bool)>,
    /// What may be asked of its cases at any time, and what goes with each.
    pub(crate) anytime: BTreeMap<Name, Shape>,
    /// A part of it could not be read: what seems unknown may be that.
    pub(crate) partial: bool,
}

/// What a case may hold: names, and the account that each is of.
pub(crate) type Holds = BTreeMap<Name, Name>;

/// What others may know of an account before its expressions are read: accounts refer to one another in any order.
#[derive(Clone, Debug)]
pub(crate) struct AccountHead {
    pub(crate) name: Name,
    /// The type of what is counted in it.
    pub(crate) kind: Type,
    /// The currency, where it counts money of another one than the company's.
    pub(crate) currency: Option<Currency>,
    /// The parts of its key.
    pub(crate) parts: Vec<(Name, Type)>,
    /// Nothing limits it.
    pub(crate) unlimited: bool,
    pub(crate) flags: Vec<Name>,
}

/// Everything that has been read so far.
pub(crate) struct World<'f> {
    pub(crate) report: Report<'f>,
    pub(crate) names: Names,
    pub(crate) organisation: Organisation,
    /// What must not meet in one position.
    pub(crate) duties: Duties,
    pub(crate) kinds: BTreeSet<Name>,
    pub(crate) company: Option<Company>,
    /// `None`: company.yaml cannot be read, and nothing is said about what it might contain.
    pub(crate) defaults: Option<Defaults>,
    pub(crate) tables: BTreeMap<Name, Table>,
    pub(crate) documents: BTreeMap<Name, DocumentType>,
    pub(crate) authorities: BTreeMap<Name, Authority>,
    pub(crate) adapters: Adapters,
    /// `shapes` of adapters.yaml: record types by name.
    pub(crate) shapes: BTreeMap<Name, Type>,
    pub(crate) accounts: BTreeMap<Name, AccountHead>,
    /// Accounts that some chain or other account reads or books in.
    pub(crate) accounts_used: RefCell<BTreeSet<Name>>,
    pub(crate) heads: BTreeMap<Name, ChainHead>,
    /// Fields of documents that conditions of other chains read, by chain: they belong to its `reads` too.
    pub(crate) read_elsewhere: RefCell<BTreeMap<Name, BTreeSet<Name>>>,
    /// Chains that are right in themselves, for the checks of them all.
    pub(crate) sound: RefCell<Vec<(Chain, Places)>>,
    /// Documents and tables of which a field or column was refused: others that seem unknown may be it.
    pub(crate) partial: RefCell<BTreeSet<Name>>,
}

/// Parts of company.yaml that are baked into chains.
pub(crate) struct Defaults {
    /// Usual arrows: outcome, where it leads.
    pub(crate) usual: BTreeMap<String, String>,
    /// Whether `deadlines` names `review`, and so covers every step.
    pub(crate) review_deadline: bool,
    /// When commands to other systems are sent again.
    pub(crate) sending: Sending,
    /// R15 for every authority that does not say so itself.
    pub(crate) adds_up: Option<AddsUp>,
    /// How many may have to sign. None: a warning where even the smallest case needs many.
    pub(crate) signers: Option<Signers>,
}

impl<'f> World<'f> {
    pub(crate) fn new(report: Report<'f>, names: Names) -> World<'f> {
        World {
            report,
            names,
            organisation: Organisation::default(),
            duties: Duties::default(),
            kinds: BTreeSet::new(),
            company: None,
            defaults: None,
            tables: BTreeMap::new(),
            documents: BTreeMap::new(),
            authorities: BTreeMap::new(),
            adapters: Adapters::default(),
            shapes: BTreeMap::new(),
            accounts: BTreeMap::new(),
            accounts_used: RefCell::default(),
            heads: BTreeMap::new(),
            read_elsewhere: RefCell::default(),
            sound: RefCell::default(),
            partial: RefCell::default(),
        }
    }

    /// The company's currency; a stand-in while company.yaml cannot be read, which is an error anyway.
    pub(crate) fn currency(&self) -> Option<Currency> {
        self.company.as_ref().map(|c| c.currency).or_else(|| Currency::parse("XXX"))
    }

    /// Whether a field or column of a document or table was refused.
    pub(crate) fn is_partial(&self, name: &str) -> bool {
        self.partial.borrow().contains(name)
    }

    /// Whether company.yaml gives every step a deadline.
    pub(crate) fn review_deadline(&self) -> bool {
        self.defaults.as_ref().is_none_or(|d| d.review_deadline)
    }

    /// Minor-unit digits of a currency.
    pub(crate) fn digits(&self, currency: Currency) -> Option<u8> {
        self.company.as_ref().and_then(|c| c.currency_digits.get(&currency)).copied()
    }

    pub(crate) fn position(&self, name: &str) -> Option<&Position> {
        self.organisation.positions.get(name)
    }

    pub(crate) fn is_group(&self, name: &str) -> bool {
        self.organisation.groups.contains_key(name)
    }

    /// Whether a position has this name; otherwise it is reported.
    pub(crate) fn need_position(&self, name: &str, place: Place) -> bool {
        let found = self.organisation.positions.contains_key(name);
        if !found {
            self.unknown("position", name, place, self.organisation.positions.keys().map(Name::as_str));
        }
        found
    }

    /// Whether a unit has this name; otherwise it is reported.
    pub(crate) fn need_unit(&self, name: &str, place: Place) -> bool {
        let found = self.organisation.units.contains_key(name);
        if !found {
            self.unknown("unit", name, place, self.organisation.units.keys().map(Name::as_str));
        }
        found
    }

    /// Whether a kind has this name; otherwise it is reported.
    pub(crate) fn need_kind(&self, name: &str, place: Place) -> bool {
        let found = self.kinds.contains(name);
        if !found {
            self.unknown("kind of position", name, place, self.kinds.iter().map(Name::as_str));
        }
        found
    }

    /// Reports an unknown name with the nearest known one.
    pub(crate) fn unknown<'a>(
        &self,
        what: &str,
        name: &str,
        place: Place,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let message = format!("there is no {what} `{name}`");
        self.report.error(codes::UNKNOWN_NAME, place, message, suggest::nearest(name, known));
    }
}
