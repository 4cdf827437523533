//! Who is asked in a state: rules R1-R7 of the domain, worked out from nothing each time.

use std::collections::BTreeMap;

use countersign_core::definition::*;
use countersign_core::expr::{Comparison, Expr};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::Value;
use rust_decimal::Decimal;

use super::climb::Below;

/// What the model is made wrong by on purpose, to show that the comparison can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    None,
    LimitsExclusive,
    SelfAllowed,
    SignaturesSurvive,
    ReturnedAtOnce,
    OneVoteLess,
    VacantSkipped,
    NoMergeFloor,
    PeopleNotSlots,
    BlindShows,
    InOrderAtOnce,
}

/// The rules, by name.
pub struct Rules {
    pub company: Company,
    pub organisation: Organisation,
    pub systems: Systems,
    pub authorities: BTreeMap<Name, Authority>,
    pub chains: BTreeMap<Name, Chain>,
    pub mistake: Mistake,
}

/// The document as the model knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub number: String,
    pub total: Decimal,
    pub customer: String,
    pub note: String,
    pub urgent: bool,
}

/// What planning depends on.
pub struct Asking<'a> {
    pub document: &'a Document,
    pub person: &'a Name,
    pub position: &'a Name,
    pub chain: &'a Chain,
    pub at: Timestamp,
}

/// How slots stand to one another.
#[derive(Clone, Debug)]
pub enum Part {
    Slot(usize),
    All(Vec<Part>),
    Any(Vec<Part>),
    Votes(u32, Vec<(u32, Part)>),
    InOrder(Vec<Part>),
    Climb(Vec<Part>),
}

/// One signature wanted.
#[derive(Clone, Debug)]
pub struct Slot {
    pub duty: Duty,
    pub position: Name,
    pub veto: bool,
    pub barred: Vec<Name>,
    pub level: Option<Level>,
}

/// A level of a climb: what its approval is held against.
#[derive(Clone, Debug)]
pub struct Level {
    pub climb: Climb,
    pub place: usize,
    pub decides: bool,
    pub group: bool,
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub root: Part,
    pub slots: Vec<Slot>,
}

/// Why nobody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// The amount is beyond every limit.
    Beyond,
    /// Nobody can be found: the case is held.
    Nobody,
}

impl Rules {
    pub fn new(definitions: &[Definition], mistake: Mistake) -> Rules {
        let (mut company, mut organisation, mut systems) = (None, None, None);
        let (mut authorities, mut chains) = (BTreeMap::new(), BTreeMap::new());
        for definition in definitions.iter().cloned() {
            match definition {
                Definition::Company(d) => company = Some(d),
                Definition::Organisation(d) => organisation = Some(d),
                Definition::Systems(d) => systems = Some(d),
                Definition::Authority(d) => drop(authorities.insert(d.name.clone(), d)),
                Definition::Chain(d) => drop(chains.insert(d.name.clone(), d)),
                Definition::Document(_)
                | Definition::Table(_)
                | Definition::Adapters(_)
                | Definition::Account(_)
                | Definition::Reports(_)
                | Definition::Confidential(_) => {}
            }
        }
        Rules {
            company: company.expect("a company is defined"),
            organisation: organisation.expect("an organisation is defined"),
            systems: systems.expect("systems are defined"),
            authorities,
            chains,
            mistake,
        }
    }

    pub fn post(&self, position: &Name) -> Option<&Position> {
        self.organisation.positions.get(position)
    }

    /// The persons who may answer for a position.
    pub fn persons(&self, position: &Name) -> Vec<Name> {
        let Some(post) = self.post(position) else { return Vec::new() };
        match (&post.acting, post.holders.is_empty()) {
            (Some(acting), true) => self.post(&acting.by).map(|p| p.holders.clone()).unwrap_or_default(),
            _ => post.holders.clone(),
        }
    }

    pub fn superior(&self, position: &Name) -> Option<Name> {
        self.post(position).and_then(|p| p.solid.clone())
    }

    /// The plan of a state's people.
    pub fn plan(&self, asking: &Asking<'_>, node: &Node) -> Result<Plan, NoPlan> {
        let mut plan = Plan { root: Part::All(Vec::new()), slots: Vec::new() };
        plan.root = self.part(asking, node, &mut plan.slots)?;
        Ok(plan)
    }

    fn part(&self, asking: &Asking<'_>, node: &Node, slots: &mut Vec<Slot>) -> Result<Part, NoPlan> {
        match node {
            Node::Signer(signer) => self.signer(asking, signer, slots),
            Node::Climb(climb) => self.levels(asking, climb, &Below::default(), slots).map(Part::Climb),
            Node::All(members) => Ok(Part::All(self.members(asking, members, slots)?)),
            Node::Any(members) => {
                // The first answer decides: whom nobody can be found for is not missed, as long as somebody is asked.
                let (mut parts, mut nobody) = (Vec::new(), false);
                for member in members {
                    let before = slots.len();
                    match self.members(asking, std::slice::from_ref(member), slots) {
                        Err(NoPlan::Nobody) => {
                            slots.truncate(before);
                            nobody = true;
                        }
                        found => parts.extend(found?),
                    }
                }
                if nobody && parts.is_empty() { Err(NoPlan::Nobody) } else { Ok(Part::Any(parts)) }
            }
            Node::InOrder(members) => Ok(Part::InOrder(self.members(asking, members, slots)?)),
            Node::Votes { need, members } => {
                let mut parts = Vec::new();
                for member in members.iter().filter(|m| holds(m.when.as_ref(), asking.document)) {
                    parts.push((member.weight, self.part(asking, &member.node, slots)?));
                }
                let need = if self.mistake == Mistake::OneVoteLess { need - 1 } else { *need };
                Ok(Part::Votes(need, parts))
            }
        }
    }

    fn members(
        &self,
        asking: &Asking<'_>,
        members: &[Member],
        slots: &mut Vec<Slot>,
    ) -> Result<Vec<Part>, NoPlan> {
        let wanted = members.iter().filter(|m| holds(m.when.as_ref(), asking.document));
        wanted.map(|m| self.part(asking, &m.node, slots)).collect()
    }

    /// R2: the submitter, who benefits, who is excepted.
    pub fn barred(&self, asking: &Asking<'_>, except: &[Who]) -> Vec<Name> {
        let mut barred = vec![asking.person.clone()];
        for who in asking.chain.benefits.iter().chain(except) {
            if let Some(position) = self.who(asking, who) {
                barred.extend(self.persons(&position));
            }
        }
        barred
    }

    pub fn who(&self, asking: &Asking<'_>, who: &Who) -> Option<Name> {
        match who {
            Who::Position(name) | Who::Group(name) => Some(name.clone()),
            Who::Submitter => Some(asking.position.clone()),
            Who::Superior(of) => self.superior(&self.who(asking, of)?),
            Who::FirstOf(choices) => {
                let found = choices.iter().find(|(when, _)| holds(when.as_ref(), asking.document));
                found.and_then(|(_, who)| self.who(asking, who))
            }
            other => panic!("the model has no word for {other:?}"),
        }
    }

    fn signer(&self, asking: &Asking<'_>, signer: &Signer, slots: &mut Vec<Slot>) -> Result<Part, NoPlan> {
        let decides = matches!(signer.duty, Duty::Approve | Duty::Review);
        let barred = if decides { self.barred(asking, &signer.except) } else { Vec::new() };
        let who = self.who(asking, &signer.who).ok_or(NoPlan::Nobody)?;
        let slot = |position| Slot {
            duty: signer.duty,
            position,
            veto: signer.veto,
            barred: barred.clone(),
            level: None,
        };
        if self.organisation.groups.contains_key(&who) {
            let (seats, need) = self.group(&who, &barred, false).ok_or(NoPlan::Nobody)?;
            return Ok(votes(seats.into_iter().map(slot).collect(), need, slots));
        }
        let seat = match self.seat(&who, &barred) {
            // A contribution blocks nothing: where nobody can give it, nobody is asked.
            None if signer.duty == Duty::Input => return Ok(Part::All(Vec::new())),
            seat => seat.ok_or(NoPlan::Nobody)?,
        };
        slots.push(slot(seat));
        Ok(Part::Slot(slots.len() - 1))
    }

    /// The members of a group who may vote, and how many must approve. None: too few are left.
    pub fn group(&self, group: &Name, barred: &[Name], everybody: bool) -> Option<(Vec<Name>, u32)> {
        let group = self.organisation.groups.get(group)?;
        let acts = self.company.policies.vacancy.contains(&VacancyRung::Acting);
        let (mut seats, mut others) = (Vec::new(), 0_u32);
        for member in &group.members {
            let vacant = self.post(member).is_none_or(|post| post.holders.is_empty());
            let may = self.persons(member).iter().any(|p| !barred.contains(p));
            // Whoever may not vote drops out; a vacant seat gives no vote, and is not made up for.
            others += u32::from(vacant || may);
            if may && (!vacant || acts) {
                seats.push(member.clone());
            }
        }
        let need = if everybody { others } else { group.need.min(others) }.max(1);
        (seats.len() as u32 >= need).then_some((seats, need))
    }

    /// R2, R7: the position that answers for another.
    pub fn seat(&self, position: &Name, barred: &[Name]) -> Option<Name> {
        let mut at = position.clone();
        for _ in 0..self.organisation.positions.len() {
            let vacant = self.post(&at)?.holders.is_empty();
            let vacancy = &self.company.policies.vacancy;
            let steady = !vacant || vacancy.contains(&VacancyRung::Acting);
            if steady && self.may_answer(&at, barred) {
                return Some(at);
            }
            if vacant && !vacancy.contains(&VacancyRung::NextSuperior) {
                return None;
            }
            at = self.superior(&at)?;
        }
        None
    }

    pub fn may_answer(&self, position: &Name, barred: &[Name]) -> bool {
        self.persons(position).iter().any(|person| !barred.contains(person))
    }
}

pub fn votes(wanted: Vec<Slot>, need: u32, slots: &mut Vec<Slot>) -> Part {
    let single = wanted.len() == 1;
    let first = slots.len();
    slots.extend(wanted);
    let numbers = first..slots.len();
    if single { Part::Slot(first) } else { Part::Votes(need, numbers.map(|n| (1, Part::Slot(n))).collect()) }
}

/// The model's own reading of the few conditions that the chains use.
pub fn holds(condition: Option<&Expr>, document: &Document) -> bool {
    match condition {
        None => true,
        Some(Expr::Doc(path)) => path[0] == "urgent" && document.urgent,
        Some(Expr::Compare(comparison, left, right)) => match (&**left, &**right) {
            (Expr::Doc(path), Expr::Const(Value::Money(money))) if path[0] == "total" => {
                let (total, bound) = (document.total, money.amount);
                match comparison {
                    Comparison::Less => total < bound,
                    Comparison::AtMost => total <= bound,
                    Comparison::More => total > bound,
                    Comparison::AtLeast => total >= bound,
                    Comparison::Equal => total == bound,
                    Comparison::Unequal => total != bound,
                }
            }
            other => panic!("the model has no word for {other:?}"),
        },
        Some(other) => panic!("the model has no word for {other:?}"),
    }
}
