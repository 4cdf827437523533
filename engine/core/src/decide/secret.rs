//! Secrets are looked at, or erased for ever. Core decides who may and records it; the front desk has the keys.

use super::access::{About, denied, is_confided};
use super::operate::{owns_process, reasoned};
use super::permission::{Wish, allowed};
use super::{Ctx, Decision, open_case};
use crate::command::{CaseNo, Cause, Request};
use crate::definition::{Definition, DefinitionKind, DocumentType};
use crate::event::{Event, SecretRevealed, SecretsErased};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::secret::secret_fields;
use crate::state::State;
use crate::time::Timestamp;

/// Whom a case concerns, open or over.
fn about(state: &State, number: CaseNo) -> Result<About, Rejection> {
    let over = || state.secrets(number).and_then(|secrets| secrets.about.as_deref().cloned());
    let found = state.case(number).map(About::of).or_else(over);
    found.ok_or_else(|| match open_case(state, number) {
        Err(rejection) if rejection.code == Code::CaseUnknown => rejection,
        _ => nothing(number),
    })
}

fn nothing(number: CaseNo) -> Rejection {
    Rejection::new(Code::NoSecret, format!("expected a case that has secrets, case {number} has none"))
}

/// Keys of a case that are not destroyed.
fn live(state: &State, number: CaseNo) -> Result<&[[u8; 16]], Rejection> {
    let secrets = state.secrets(number).ok_or_else(|| nothing(number))?;
    if secrets.keys.is_empty() {
        let message = format!("expected secrets that are there; those of case {number} were erased for ever");
        return Err(Rejection::new(Code::Erased, message));
    }
    Ok(&secrets.keys)
}

/// Somebody wants to read a secret: whoever may is recorded before they do, whoever may not as well.
pub(super) fn reveal(
    state: &State,
    at: Timestamp,
    request: &Request,
    (number, field): (CaseNo, &Name),
) -> Decision {
    let found = about(state, number).and_then(|about| {
        let wish = Wish { verb: "reveal", chain: Some(&about.chain), amount: None };
        allowed(&Ctx::now(state, at)?, request, wish)?;
        Ok(about)
    });
    let about = match found {
        Ok(about) => about,
        Err(rejection) => return rejection.into(),
    };
    if !is_confided(state, at, &about, request) {
        return denied(number, request, (&Name::from("reveal"), Some(field)));
    }
    let revealed = is_a_secret(state, &about, field).and_then(|()| live(state, number)).map(|_| {
        let (person, position) = (request.person.clone(), request.position.clone());
        vec![Event::SecretRevealed(SecretRevealed { case: number, field: field.clone(), person, position })]
    });
    revealed.into()
}

fn is_a_secret(state: &State, about: &About, field: &Name) -> Result<(), Rejection> {
    let kind = document_of(state, about);
    let names: Vec<&str> = kind.into_iter().flat_map(secret_fields).map(|f| f.name.as_str()).collect();
    if names.iter().any(|name| *field == **name) {
        return Ok(());
    }
    let message = format!("expected a secret field ({}), found {field:?}", names.join(", "));
    Err(Rejection::at(Code::FieldUnknown, "field", message))
}

/// The document of a case by the rules that it pinned, or the last that there were.
fn document_of<'a>(state: &'a State, about: &About) -> Option<&'a DocumentType> {
    let definitions = state.definitions();
    if let Some(release) = definitions.release(about.release).or(definitions.active())
        && let Some(chain) = release.chain(&about.chain)
    {
        return release.document(&chain.document);
    }
    let Definition::Chain(chain) = definitions.newest(DefinitionKind::Chain, &about.chain)? else {
        return None;
    };
    match definitions.newest(DefinitionKind::Document, &chain.document)? {
        Definition::Document(document) => Some(document),
        _ => None,
    }
}

/// The keys of a case are to be destroyed: by an administrator, or by the custodian of its document.
pub(super) fn erase(
    state: &State,
    at: Timestamp,
    cause: &Cause,
    (number, reason): (CaseNo, &Name),
) -> Decision {
    let by = match cause {
        Cause::Operator { os_user } => Ok((os_user.clone(), Name::default())),
        Cause::Request(request) => match may_erase(state, at, request, number) {
            Ok(true) => Ok((request.person.clone(), request.position.clone())),
            Ok(false) => return denied(number, request, (&Name::from("erase"), None)),
            Err(rejection) => Err(rejection),
        },
        _ => Err(Rejection::new(Code::Forbidden, "expected an administrator or a custodian who erases")),
    };
    let erased = by.and_then(|(person, position)| {
        reasoned(reason)?;
        about(state, number)?;
        let keys = live(state, number)?.to_vec();
        let erased = SecretsErased { case: number, keys, person, position, reason: reason.clone() };
        Ok(vec![Event::SecretsErased(erased)])
    });
    erased.into()
}

fn may_erase(state: &State, at: Timestamp, request: &Request, number: CaseNo) -> Result<bool, Rejection> {
    let (ctx, about) = (Ctx::now(state, at)?, about(state, number)?);
    allowed(&ctx, request, Wish { verb: "erase", chain: Some(&about.chain), amount: None })?;
    let keeps = super::access::custodian(state, &about) == Some(&request.position);
    Ok(keeps || owns_process(&ctx, &request.position)?)
}
