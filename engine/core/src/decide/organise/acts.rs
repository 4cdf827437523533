//! What each act demands, and what it does: tried on a copy, one after another.

use rust_decimal::Decimal;

use super::super::Ctx;
use super::super::route::limit_of;
use super::written;
use crate::command::OrgAct;
use crate::definition::{Acting, Delegation, Organisation};
use crate::event::*;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::Living;

/// A name of a person or a delegation has at most so many bytes.
const NAME_BYTES_MAX: usize = 64;

/// The organisation while acts are carried out one after another.
pub(in super::super) struct Working<'a> {
    ctx: &'a Ctx<'a>,
    change: &'a Change,
    written: &'a Organisation,
    living: Living,
    organisation: Organisation,
    events: Vec<Event>,
}

impl<'a> Working<'a> {
    pub(in super::super) fn new(ctx: &'a Ctx<'a>, change: &'a Change) -> Result<Working<'a>, Rejection> {
        let written = written(ctx)?;
        let living = ctx.state.living().clone();
        let organisation = ctx.organisation()?.clone();
        Ok(Working { ctx, change, written, living, organisation, events: Vec::new() })
    }

    /// What happened, and the organisation that it came to.
    pub(in super::super) fn done(self) -> (Vec<Event>, Organisation) {
        (self.events, self.organisation)
    }

    /// Carries out an act.
    pub(in super::super) fn act(&mut self, act: &OrgAct) -> Result<(), Rejection> {
        match act {
            OrgAct::Hire { person, position } => self.hire(person, position),
            OrgAct::Leave { person } => self.leave(person),
            OrgAct::Move { person, from, to } => self.moved(person, from.as_ref(), to),
            OrgAct::Vacate { position, person } => self.vacate(position, person.as_ref()),
            OrgAct::Act { position, acting } => self.appoint(position, acting.as_ref()),
            OrgAct::Delegate { name, delegation } => self.delegate(name, delegation),
            OrgAct::EndDelegation { name } => self.end(name),
        }
    }

    fn take(&mut self, event: Event) {
        self.living.take(&event);
        self.organisation = self.living.over(self.written);
        self.events.push(event);
    }

    fn change(&self) -> Change {
        self.change.clone()
    }

    fn holders(&self, position: &Name) -> Result<&[Name], Rejection> {
        let post = self.organisation.positions.get(position).ok_or_else(|| {
            let message = format!("expected a position of the organisation, found {position:?}");
            Rejection::at(Code::NotInOrganisation, "position", message)
        })?;
        Ok(&post.holders)
    }

    /// A post without some of its holders.
    fn without(&self, position: &Name, persons: &[Name]) -> Result<PostHeld, Rejection> {
        let holders = self.holders(position)?.iter().filter(|person| !persons.contains(person));
        Ok(PostHeld { position: position.clone(), holders: holders.cloned().collect() })
    }

    /// A post with one holder more.
    fn with(&self, position: &Name, person: &Name) -> Result<PostHeld, Rejection> {
        let mut holders = self.holders(position)?.to_vec();
        if holders.contains(person) {
            return Err(conflict(
                "person",
                format!("expected a new holder of {position}; {person} holds it already"),
            ));
        }
        holders.push(person.clone());
        Ok(PostHeld { position: position.clone(), holders })
    }

    fn hire(&mut self, person: &Name, position: &Name) -> Result<(), Rejection> {
        named("person", person)?;
        let post = self.with(position, person)?;
        let taken = self.holders(position)?.is_empty();
        self.take(Event::PersonHired(PersonHired { person: person.clone(), post, change: self.change() }));
        self.taken_over(position, taken);
        Ok(())
    }

    fn leave(&mut self, person: &Name) -> Result<(), Rejection> {
        let held = self.held(person)?;
        let own = std::slice::from_ref(person);
        let posts = held.iter().map(|post| self.without(post, own)).collect::<Result<_, _>>()?;
        self.take(Event::PersonLeft(PersonLeft { person: person.clone(), posts, change: self.change() }));
        Ok(())
    }

    /// The posts that a person holds; at least one.
    fn held(&self, person: &Name) -> Result<Vec<Name>, Rejection> {
        let held = self.organisation.posts_of(person);
        if held.is_empty() {
            let message = format!("expected a person who holds a post, found {person:?}");
            return Err(Rejection::at(Code::NotInOrganisation, "person", message));
        }
        Ok(held)
    }

    fn moved(&mut self, person: &Name, from: Option<&Name>, to: &Name) -> Result<(), Rejection> {
        let held = self.held(person)?;
        let given_up = match from {
            Some(from) if held.contains(from) => vec![from.clone()],
            Some(from) => {
                self.holders(from)?;
                return Err(conflict("from", format!("expected a post that {person} holds, found {from}")));
            }
            None => held,
        };
        let new = self.with(to, person)?;
        let taken = self.holders(to)?.is_empty();
        let own = std::slice::from_ref(person);
        let from = given_up.iter().map(|post| self.without(post, own)).collect::<Result<_, _>>()?;
        let moved = PersonMoved { person: person.clone(), from, to: new, change: self.change() };
        self.take(Event::PersonMoved(moved));
        self.taken_over(to, taken);
        Ok(())
    }

    fn vacate(&mut self, position: &Name, person: Option<&Name>) -> Result<(), Rejection> {
        let holders = self.holders(position)?;
        let persons = match person {
            Some(person) if !holders.contains(person) => {
                return Err(conflict("person", format!("expected a holder of {position}, found {person}")));
            }
            Some(person) => vec![person.clone()],
            None if holders.is_empty() => {
                return Err(conflict(
                    "position",
                    format!("expected a post that somebody holds; {position} is vacant"),
                ));
            }
            None => holders.to_vec(),
        };
        let post = self.without(position, &persons)?;
        self.take(Event::PostVacated(PostVacated { post, persons, change: self.change() }));
        Ok(())
    }

    fn appoint(&mut self, position: &Name, acting: Option<&Acting>) -> Result<(), Rejection> {
        let held = !self.holders(position)?.is_empty();
        match acting {
            Some(acting) => {
                if held {
                    let message = format!(
                        "expected a vacant post; {position} is held, so vacate it first, or let it delegate"
                    );
                    return Err(conflict("position", message));
                }
                self.may_act(position, acting)?;
            }
            None => {
                let acts =
                    self.organisation.positions.get(position).is_some_and(|post| post.acting.is_some());
                if !acts {
                    return Err(conflict(
                        "position",
                        format!("expected somebody who acts for {position}, found nobody"),
                    ));
                }
            }
        }
        let (position, acting) = (position.clone(), acting.cloned());
        self.take(Event::ActingAppointed(ActingAppointed { position, acting, change: self.change() }));
        Ok(())
    }

    fn may_act(&self, position: &Name, acting: &Acting) -> Result<(), Rejection> {
        if acting.by == *position || self.holders(&acting.by)?.is_empty() {
            let message = format!("expected another post that somebody holds, found {}", acting.by);
            return Err(conflict("by", message));
        }
        if acting.share <= Decimal::ZERO || acting.share > Decimal::ONE {
            let message =
                format!("expected a share of the limit above 0 and at most 1, found {}", acting.share);
            return Err(Rejection::at(Code::FieldType, "limit", message));
        }
        let begins = acting.since.unwrap_or(self.ctx.at);
        self.period(begins, acting.until, "until")
    }

    fn period(
        &self,
        begins: crate::time::Timestamp,
        ends: crate::time::Timestamp,
        field: &str,
    ) -> Result<(), Rejection> {
        if begins < ends && self.ctx.at < ends {
            return Ok(());
        }
        let message = format!("expected an end after {begins} and after now, found {ends}");
        Err(Rejection::at(Code::BadPeriod, field, message))
    }

    fn delegate(&mut self, name: &Name, delegation: &Delegation) -> Result<(), Rejection> {
        named("name", name)?;
        if self.organisation.delegations.contains_key(name) {
            return Err(conflict("name", format!("expected a new name, {name} is another delegation's")));
        }
        let Delegation { from, to, authority, up_to, start, end, chains, duties } = delegation;
        if from == to || self.holders(from)?.is_empty() || self.holders(to)?.is_empty() {
            let message = format!("expected two posts that somebody holds, found {from} and {to}");
            return Err(conflict("to", message));
        }
        self.period(*start, *end, "end")?;
        if authority.is_empty() && (duties.is_empty() || chains.is_empty()) {
            let message = "expected an authority, or duties with the chains in which they are delegated";
            return Err(Rejection::at(Code::FieldMissing, "authority", message));
        }
        if let Some(chain) = chains.iter().find(|chain| self.ctx.active.chain(chain).is_none()) {
            let message = format!("expected the name of an active chain, found {chain:?}");
            return Err(Rejection::at(Code::ChainUnknown, "chains", message));
        }
        for name in authority {
            self.may_delegate(from, name, *up_to)?;
        }
        let granted =
            DelegationGranted { name: name.clone(), delegation: delegation.clone(), change: self.change() };
        self.take(Event::DelegationGranted(granted));
        Ok(())
    }

    /// Never more than the post has itself, and never what its owner may not hand on.
    fn may_delegate(&self, from: &Name, name: &Name, up_to: Decimal) -> Result<(), Rejection> {
        let authority = self.ctx.active.authority(name).ok_or_else(|| {
            let message = format!("expected the name of an authority, found {name:?}");
            Rejection::at(Code::NotInOrganisation, "authority", message)
        })?;
        if !authority.delegable {
            let message = format!("expected an authority that may be delegated; {name} never is");
            return Err(Rejection::at(Code::NeverDelegable, "authority", message));
        }
        let own = limit_of(&self.organisation, authority, from, self.ctx.at);
        let own = own.map_or(Some(Decimal::ZERO), |limit| limit.up_to);
        if up_to <= Decimal::ZERO || own.is_some_and(|own| up_to > own) {
            let own = own.map_or_else(|| "unlimited".to_owned(), |own| own.to_string());
            let message =
                format!("expected at most what {from} may decide of {name} itself ({own}), found {up_to}");
            return Err(Rejection::at(Code::OverOwnLimit, "up_to", message));
        }
        Ok(())
    }

    fn end(&mut self, name: &Name) -> Result<(), Rejection> {
        let known = self.organisation.delegations.get(name);
        if known.is_none_or(|delegation| delegation.end <= self.ctx.at) {
            let message = format!("expected a delegation that is not over, found {name:?}");
            return Err(Rejection::at(Code::NotInOrganisation, "name", message));
        }
        let (name, change) = (name.clone(), self.change());
        self.take(Event::DelegationEnded(DelegationEnded { name, new_holder_of: None, change }));
        Ok(())
    }

    /// A delegation is given by a person to a person: a new holder of either post, where none of the old ones stayed,
    /// ends it.
    fn taken_over(&mut self, position: &Name, taken: bool) {
        if !taken {
            return;
        }
        let concerns = |d: &Delegation| (d.from == *position || d.to == *position) && self.ctx.at < d.end;
        let over = self.organisation.delegations.iter().filter(|(_, d)| concerns(d));
        let over: Vec<Name> = over.map(|(name, _)| name.clone()).collect();
        for name in over {
            let new_holder_of = Some(position.clone());
            self.take(Event::DelegationEnded(DelegationEnded { name, new_holder_of, change: self.change() }));
        }
    }
}

fn conflict(field: &str, message: String) -> Rejection {
    Rejection::at(Code::PostConflict, field, message)
}

fn named(field: &str, name: &Name) -> Result<(), Rejection> {
    let good = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if good {
        return Ok(());
    }
    let message = format!(
        "expected a letter, then letters, digits, . - and _, at most {NAME_BYTES_MAX}; found {name:?}"
    );
    Err(Rejection::at(Code::FieldType, field, message))
}
