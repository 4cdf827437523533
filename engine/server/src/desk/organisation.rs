//! Who holds what: how it stands, what acts would do, and acts as core takes them.

use countersign_core::command::{Body, OrgAct, Organise};
use countersign_core::decide::{impact, may_ask};
use countersign_core::definition::{Acting, Delegation, Duty};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_messages as wire;
use countersign_messages::{ImpactView, OrganisationAct, OrganisationView, Request};
use rust_decimal::Decimal;

use super::command::{asking, name};
use super::refuse::Refusal;
use super::{Answered, Caller, Desk};
use crate::render;

impl Desk {
    /// Who holds what now.
    pub(super) async fn organisation(
        &self,
        caller: &Caller,
        r: wire::Organisation,
    ) -> Answered<OrganisationView> {
        let post = r.post.as_ref().map(name);
        let (request, now) = (asking(caller, &Request::Organisation(r), [0; 16]), self.now());
        let look = move |state: &State| {
            let at = now.max(state.head().at);
            may_ask(state, at, &request, "organisation", None)?;
            let view = render::organisation_view(state, at, post.as_ref());
            if view.posts.is_empty() {
                let message = "expected a position of the organisation, found none of this name";
                return Err(Rejection::at(Code::NotInOrganisation, "post", message));
            }
            Ok(view)
        };
        self.look(look).await
    }

    /// What acts would do. Whoever may ask for it learns of open work of all cases, so that it needs a verb of its own.
    pub(super) async fn plan(&self, caller: &Caller, r: wire::Plan) -> Answered<ImpactView> {
        let acts = acts(r.acts.clone())?;
        let (request, now) = (asking(caller, &Request::Plan(r), [0; 16]), self.now());
        let look = move |state: &State| {
            let at = now.max(state.head().at);
            may_ask(state, at, &request, "plan", None)?;
            impact(state, at, &acts)
        };
        let ((events, work), sequence) = self.look(look).await?;
        Ok((render::impact_view(&events, work), sequence))
    }
}

/// The command of an `organise`.
pub(super) fn organise(r: wire::Organise) -> Result<Body, Refusal> {
    let (acts, reason) = (acts(r.acts)?, Name::from(String::from(r.reason)));
    Ok(Body::Organise(Box::new(Organise { acts, reason })))
}

fn acts(acts: Vec<OrganisationAct>) -> Result<Vec<OrgAct>, Refusal> {
    let act = |(place, act)| {
        act_of(act).map_err(|(field, message)| bad(&format!("acts[{place}].{field}"), message))
    };
    acts.into_iter().enumerate().map(act).collect()
}

/// A field and what was expected there.
type Wrong = (&'static str, &'static str);

fn act_of(act: OrganisationAct) -> Result<OrgAct, Wrong> {
    Ok(match act {
        OrganisationAct::Hire { person, position } => {
            OrgAct::Hire { person: name(&person), position: name(&position) }
        }
        OrganisationAct::Leave { person } => OrgAct::Leave { person: name(&person) },
        OrganisationAct::Move { person, from, to } => {
            OrgAct::Move { person: name(&person), from: from.as_ref().map(name), to: name(&to) }
        }
        OrganisationAct::Vacate { position, person } => {
            OrgAct::Vacate { position: name(&position), person: person.as_ref().map(name) }
        }
        OrganisationAct::Act { position, by, limit, since, until } => {
            let share = limit.map_or(Ok(Decimal::ONE), |limit| number("limit", &limit))?;
            let since = since.map(|since| time("since", &since)).transpose()?;
            let acting = Acting { by: name(&by), share, since, until: time("until", &until)? };
            OrgAct::Act { position: name(&position), acting: Some(acting) }
        }
        OrganisationAct::Delegate(d) => OrgAct::Delegate { name: name(&d.name), delegation: delegation(&d)? },
        OrganisationAct::End { delegation: Some(of), acting: None } => {
            OrgAct::EndDelegation { name: name(&of) }
        }
        OrganisationAct::End { delegation: None, acting: Some(post) } => {
            OrgAct::Act { position: name(&post), acting: None }
        }
        OrganisationAct::End { .. } => {
            return Err(("end", "expected `delegation` or `acting`, one of the two"));
        }
    })
}

fn delegation(d: &wire::Delegate) -> Result<Delegation, Wrong> {
    let names = |of: &[wire::Name]| of.iter().map(name).collect();
    let all = [Duty::Approve, Duty::Review, Duty::Input, Duty::Edit, Duty::Task];
    let duty = |word: &wire::Name| all.into_iter().find(|duty| duty.word() == word.as_str());
    let duties: Option<Vec<Duty>> = d.duties.iter().map(duty).collect();
    Ok(Delegation {
        from: name(&d.from),
        to: name(&d.to),
        authority: names(&d.authority),
        up_to: number("delegate.up_to", &d.up_to)?,
        start: time("delegate.start", &d.start)?,
        end: time("delegate.end", &d.end)?,
        chains: names(&d.chains),
        duties: duties.ok_or(("delegate.duties", "expected approve, review, input, edit or task"))?,
    })
}

fn number(field: &'static str, of: &wire::Decimal) -> Result<Decimal, Wrong> {
    of.as_str().parse().map_err(|_| (field, "expected a decimal number"))
}

fn time(field: &'static str, of: &wire::Timestamp) -> Result<Timestamp, Wrong> {
    Timestamp::parse(of.as_str()).ok_or((field, "expected a time with its zone"))
}

fn bad(field: &str, message: &str) -> Refusal {
    Box::new(wire::WireError::new(wire::Code::BadValue, message).at_field(field).into())
}
