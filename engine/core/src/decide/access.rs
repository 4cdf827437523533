//! Who may see which case.
//!
//! A case is seen by its people: the person and the post that handed it in, the post that owns it, whoever is asked,
//! will be asked or has signed, the superiors of all these, whoever drives, monitors or is copied on its chain, and
//! auditors. Where its document is confidential (`access`, `custodian`) it is seen by the posts that handed it in and
//! own it, whoever is asked something in it or has signed it, the custodian and those whom `access` names, and by
//! nobody else: whoever is denied is recorded. Posts see, not persons: what somebody may see goes with the post.

use serde::{Deserialize, Serialize};

use super::permission::may_ask;
use super::who::{driver, who};
use super::{Ctx, Decision};
use crate::command::{CaseNo, Look, Request, VouchedBy};
use crate::definition::{At, Confidential, Definition, DefinitionKind, Of, Organisation, Reader};
use crate::event::{AccessDenied, Event};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, State};
use crate::time::Timestamp;

/// Kinds of positions, or positions, that see every case that is not confidential.
const AUDITORS: [&str; 2] = ["auditor", "audit_head"];

/// What of a case says whom it concerns; of one that is over its views know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its chain.
    pub chain: Name,
    /// The release that it pinned.
    pub release: u32,
    /// The person who handed it in.
    pub person: Name,
    /// In which post.
    pub submitter: Name,
    /// The post that owns it.
    pub owner: Name,
    /// Posts that are asked something now.
    pub asked: Vec<Name>,
    /// Posts that will be asked.
    pub planned: Vec<Name>,
    /// Posts that have signed.
    pub signed: Vec<Name>,
}

impl About {
    /// Of an open case.
    pub fn of(case: &Case) -> About {
        let slots = case.step().into_iter().flat_map(|step| &step.plan.slots);
        About {
            chain: case.chain().clone(),
            release: case.release(),
            person: case.submitter().person.clone(),
            submitter: case.submitter().position.clone(),
            owner: case.owner().clone(),
            asked: case.tasks().values().map(|task| task.position.clone()).collect(),
            planned: slots.map(|slot| slot.position.clone()).collect(),
            signed: case.signatures().iter().map(|signed| signed.position.clone()).collect(),
        }
    }

    fn post(&self, of: Of) -> &Name {
        match of {
            Of::Submitter => &self.submitter,
            Of::Owner => &self.owner,
        }
    }

    fn posts(&self) -> impl Iterator<Item = &Name> {
        let own = [&self.submitter, &self.owner];
        own.into_iter().chain(&self.asked).chain(&self.planned).chain(&self.signed)
    }
}

/// How somebody stands to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// They see it.
    Sees,
    /// They have nothing to do with it.
    Stranger,
    /// It is confidential, and not for them: that they wanted to see it is recorded.
    Shut,
}

/// Whether somebody may see a case, open or over. Whether they hold the post is asked apart ([`may_ask`]).
pub fn sight(state: &State, at: Timestamp, about: &About, (number, request): (CaseNo, &Request)) -> Sight {
    let Ok(ctx) = Ctx::now(state, at) else { return Sight::Stranger };
    let Ok(organisation) = ctx.organisation() else { return Sight::Stranger };
    let yes = |sees: bool, no: Sight| if sees { Sight::Sees } else { no };
    if let Some(confidential) = confidential(state, about) {
        let looker = Looker { ctx: &ctx, organisation, request, about };
        return yes(looker.is_close() || looker.is_named(confidential), Sight::Shut);
    }
    if request.vouched_by == VouchedBy::Local {
        return Sight::Sees;
    }
    let position = &request.position;
    let own = |name: &Name| name == position;
    let is_auditor = || {
        let kind = organisation.positions.get(position).map(|post| post.kind.as_str());
        AUDITORS.iter().any(|word| *position == **word || kind == Some(*word))
    };
    let sees = about.person == request.person
        || about.posts().any(|name| own(name) || organisation.superiors(name).iter().any(own))
        || drives(&ctx, about, position)
        || is_auditor()
        || state.case(number).is_some_and(|case| is_told(state, at, case, position));
    yes(sees, Sight::Stranger)
}

/// Whether somebody may read the secrets of a case: the custodian, those whom `access` names, and whoever is asked
/// something in it. That a document is one's own does not suffice.
pub(super) fn is_confided(state: &State, at: Timestamp, about: &About, request: &Request) -> bool {
    let Ok(ctx) = Ctx::now(state, at) else { return false };
    let Ok(organisation) = ctx.organisation() else { return false };
    let Some(confidential) = confidential(state, about) else { return false };
    let looker = Looker { ctx: &ctx, organisation, request, about };
    about.asked.contains(&request.position) || looker.is_named(confidential)
}

/// The one post that keeps the cases of a confidential document.
pub(super) fn custodian<'a>(state: &'a State, about: &About) -> Option<&'a Name> {
    confidential(state, about)?.custodian.as_ref()
}

/// Somebody who wants to see a confidential case.
struct Looker<'a> {
    ctx: &'a Ctx<'a>,
    organisation: &'a Organisation,
    request: &'a Request,
    about: &'a About,
}

impl Looker<'_> {
    /// A deputy sees what is asked of them, and no more: what was delegated is to decide.
    fn is_deputy(&self) -> bool {
        let (person, position) = (&self.request.person, &self.request.position);
        let post = self.organisation.positions.get(position);
        let acts = post.is_some_and(|post| {
            post.holders.is_empty() && self.organisation.acting_holders(post, self.ctx.at).contains(person)
        });
        !acts && !self.organisation.is_holder(person, position)
    }

    /// The posts of the case itself.
    fn is_close(&self) -> bool {
        let (about, position) = (self.about, &self.request.position);
        let own = || [&about.submitter, &about.owner].contains(&position) || about.signed.contains(position);
        about.asked.contains(position) || (!self.is_deputy() && own())
    }

    /// The custodian, and those whom `access` names.
    fn is_named(&self, confidential: &Confidential) -> bool {
        let is_custodian = confidential.custodian.as_ref() == Some(&self.request.position);
        let named = || confidential.readers.iter().any(|reader| self.is(reader));
        !self.is_deputy() && (is_custodian || named())
    }

    fn is(&self, reader: &Reader) -> bool {
        let (organisation, about, position) = (self.organisation, self.about, &self.request.position);
        let Some(post) = organisation.positions.get(position) else { return false };
        match reader {
            Reader::Position(name) => name == position,
            Reader::Group(name) => {
                organisation.groups.get(name).is_some_and(|g| g.members.contains(position))
            }
            Reader::Kind(kind) => post.kind == *kind,
            Reader::KindAt(kind, at) => post.kind == *kind && self.serves(at),
            Reader::Anyone(at) => self.serves(at),
            Reader::Driver => drives(self.ctx, about, position),
            Reader::Superior(of) => organisation.superiors(about.post(*of)).first() == Some(position),
            Reader::Superiors(of) => organisation.superiors(about.post(*of)).contains(position),
        }
    }

    /// Whether the post belongs to a unit or covers it.
    fn serves(&self, at: &At) -> bool {
        let of = |of: &Of| Some(&self.organisation.positions.get(self.about.post(*of))?.unit);
        let unit = match at {
            At::Unit(unit) => Some(unit),
            At::Of(post) => of(post),
        };
        let post = self.organisation.positions.get(&self.request.position);
        unit.zip(post).is_some_and(|(unit, post)| post.unit == *unit || post.covers.contains(unit))
    }
}

/// Whether a post drives the chain of a case.
fn drives(ctx: &Ctx<'_>, about: &About, position: &Name) -> bool {
    let pinned = ctx.state.definitions().release(about.release).map_or(ctx.active, |release| release);
    let own = pinned.chain(&about.chain).or_else(|| ctx.active.chain(&about.chain));
    let company = || ctx.active.company().and_then(|company| company.driver.as_ref());
    own.and_then(|chain| chain.driver.as_ref()).or_else(company) == Some(position)
}

/// Whether a post is copied on an open case or monitors it.
fn is_told(state: &State, at: Timestamp, case: &Case, position: &Name) -> bool {
    let Ok(ctx) = Ctx::of(state, at, case) else { return false };
    let Ok(chain) = ctx.chain(case.chain()) else { return false };
    let scope = ctx.scope(case, chain);
    let mut whos = chain.cc.iter().chain(chain.monitors.iter().map(|(who, _)| who));
    let told = whos.any(|one| who(&ctx, case, &scope, one).unwrap_or_default().contains(position));
    told || driver(&ctx, case).as_ref() == Some(position)
}

/// What the document of a case says of who may see it, as it holds now. Where the rules no longer have the document, or
/// the case pinned rules that made it confidential, what they said last holds: nothing is opened by being forgotten.
fn confidential<'a>(state: &'a State, about: &About) -> Option<&'a Confidential> {
    let definitions = state.definitions();
    let active = definitions.active()?;
    let pinned = definitions.release(about.release);
    let of_pinned = pinned.and_then(|release| release.chain(&about.chain));
    let of_active = || active.chain(&about.chain);
    let of_old = || match definitions.newest(DefinitionKind::Chain, &about.chain)? {
        Definition::Chain(chain) => Some(chain),
        _ => None,
    };
    let document = &of_pinned.or_else(of_active).or_else(of_old)?.document;
    let held = active.confidential(document).or_else(|| pinned?.confidential(document));
    let old = || match definitions.newest(DefinitionKind::Confidential, document)? {
        Definition::Confidential(confidential) => Some(confidential),
        _ => None,
    };
    held.or_else(|| if active.document(document).is_none() { old() } else { None })
}

/// Somebody wants to see a case and was told that they may not: what auditors must know of it.
pub(super) fn look(state: &State, at: Timestamp, request: &Request, look: &Look) -> Decision {
    let about = match (state.case(look.case), &look.about) {
        (Some(case), _) => About::of(case),
        (None, Some(about)) => (**about).clone(),
        (None, None) => return Rejection::new(Code::CaseUnknown, "expected a case that is known").into(),
    };
    if let Err(rejection) = may_ask(state, at, request, &look.verb, Some(&about.chain)) {
        return rejection.into();
    }
    match sight(state, at, &about, (look.case, request)) {
        Sight::Shut => denied(look.case, request, (&look.verb, None)),
        Sight::Sees | Sight::Stranger => {
            Rejection::new(Code::Conflict, "expected a look that is denied; ask again").into()
        }
    }
}

/// The refusal of somebody to whom a case is shut, and its record.
pub(super) fn denied(case: CaseNo, request: &Request, (verb, field): (&Name, Option<&Name>)) -> Decision {
    let (person, position) = (request.person.clone(), request.position.clone());
    let denied = AccessDenied { case, person, position, verb: verb.clone(), field: field.cloned() };
    Decision::Refuse { rejection: shut(request), audit: vec![Event::AccessDenied(denied)] }
}

/// Why a confidential case is not shown.
pub fn shut(request: &Request) -> Rejection {
    let message = format!(
        "expected somebody to whom this confidential case is open, by `access` or `custodian` of its document or \
         because something is asked of them in it; found {} as {}, and this is recorded",
        request.person, request.position
    );
    Rejection::new(Code::Confidential, message)
}
