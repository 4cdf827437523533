//! Secrets at the desk: sealed before a command goes to the engine, opened after the look at them is durable, and
//! their keys destroyed after the erasure is.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use countersign_core::command::{Body, CaseNo, Cause};
use countersign_core::document::TEXT_BYTES_MAX;
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::secret::{KeyId, key_of, secret_fields};
use countersign_core::state::{Release, State};
use countersign_core::value::{Raw, Value};
use countersign_messages as wire;
use countersign_messages::{Request, Revealed};
use countersign_runtime::{Incoming, ReplyResult};
use zeroize::Zeroize;

use super::command::{self, Asked, asking, fingerprint};
use super::refuse::{self, Refusal};
use super::{Answered, Caller, Desk};
use crate::ids::parse_case;
use crate::keys::Keys;
use crate::seal::Key;

/// The secret fields of documents, by chain. A chain without any is not in it.
pub(super) type SecretChains = BTreeMap<Name, Vec<Name>>;

/// Those of the release that holds.
pub(super) fn secret_chains(state: &State) -> SecretChains {
    let Some(release) = state.definitions().active() else { return SecretChains::new() };
    let of = |chain: &Name| (chain.clone(), names(release, chain));
    release.chains().map(|chain| of(&chain.name)).filter(|(_, names)| !names.is_empty()).collect()
}

fn names(release: &Release, chain: &Name) -> Vec<Name> {
    let document = release.chain(chain).and_then(|chain| release.document(&chain.document));
    document.into_iter().flat_map(secret_fields).map(|field| field.name.clone()).collect()
}

/// Keys that were to be destroyed when the process ended before it was done.
pub(super) fn erased(state: &State) -> Vec<KeyId> {
    state.all_secrets().flat_map(|(_, secrets)| secrets.erased.iter().copied()).collect()
}

/// The document that a request carries.
fn document_of(request: &mut Request) -> Option<&mut serde_json::Map<String, serde_json::Value>> {
    match request {
        Request::Submit(r) => Some(&mut r.document.0),
        Request::Resubmit(r) => Some(&mut r.document.0),
        Request::Amend(r) => Some(&mut r.document.0),
        Request::Preview(r) => Some(&mut r.document.0),
        Request::Decide(r) if r.verdict == wire::Verdict::Submit => {
            r.fields.as_mut().map(|fields| &mut fields.0)
        }
        _ => None,
    }
}

/// The same in the command.
fn raw_of(body: &mut Body) -> Option<&mut BTreeMap<String, Raw>> {
    let document = match body {
        Body::Submit { document, .. } | Body::Resubmit { document, .. } | Body::Amend { document, .. } => {
            document
        }
        Body::Decide(answer) | Body::DecideTo { answer, .. } => answer.document.as_mut()?,
        _ => return None,
    };
    match document {
        Raw::Record(fields) => Some(fields),
        _ => None,
    }
}

impl Desk {
    /// The command of a request, with its secrets sealed. What goes into the log of the request as a whole, its
    /// fingerprint, leaves secrets out: a digest of a telephone number is as good as the number.
    pub(super) async fn sealed(
        &self,
        caller: &Caller,
        mut request: Request,
    ) -> Result<Option<Asked>, Refusal> {
        let fields = self.secrets_of(&mut request).await?;
        if fields.is_empty() {
            return command::command(caller, request);
        }
        let mut bare = request.clone();
        if let Some(document) = document_of(&mut bare) {
            fields.iter().for_each(|field| drop(document.remove(field.as_str())));
        }
        let Some(mut asked) = command::command(caller, request)? else { return Ok(None) };
        if let Cause::Request(asking) = &mut asked.cause {
            asking.fingerprint = fingerprint(&bare);
        }
        let keys = self.keys()?;
        let live = self.live_key(asked.case).await?;
        let body = std::mem::replace(&mut asked.body, Body::Sweep);
        let sealing = tokio::task::spawn_blocking(move || seal(body, &fields, (&keys, live)));
        let (body, made) = sealing.await.map_err(|error| refuse::of("INTERNAL", error.to_string()))??;
        (asked.body, asked.made) = (body, made);
        Ok(Some(asked))
    }

    /// Which fields of the document that a request carries are secret. Companies without secrets pay nothing for it.
    async fn secrets_of(&self, request: &mut Request) -> Result<Vec<Name>, Refusal> {
        if document_of(request).is_none() {
            return Ok(Vec::new());
        }
        let case = match request {
            Request::Submit(r) => return Ok(self.of_chain(r.chain.as_str())),
            Request::Resubmit(r) => &r.case,
            Request::Amend(r) => &r.case,
            Request::Decide(r) => &r.case,
            _ => return Ok(Vec::new()),
        };
        if self.no_secrets() {
            return Ok(Vec::new());
        }
        let case = parse_case(case.as_str()).map_err(refuse::rejected)?;
        let look = move |state: &State| {
            let case = state.case(case)?;
            Some(names(state.definitions().release(case.release())?, case.chain()))
        };
        let (found, _) = self.engine().read(look).await.map_err(|e| refuse::unavailable(&e))?;
        Ok(found.unwrap_or_default())
    }

    fn no_secrets(&self) -> bool {
        self.inner.secrets.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn of_chain(&self, chain: &str) -> Vec<Name> {
        let chains = self.inner.secrets.read().unwrap_or_else(PoisonError::into_inner);
        chains.get(chain).cloned().unwrap_or_default()
    }

    /// The rules have changed: which fields are secret is asked anew.
    pub(super) async fn relearn_secrets(&self) -> Result<(), Refusal> {
        let (chains, _) = self.engine().read(secret_chains).await.map_err(|e| refuse::unavailable(&e))?;
        *self.inner.secrets.write().unwrap_or_else(PoisonError::into_inner) = chains;
        Ok(())
    }

    fn keys(&self) -> Result<Keys, Refusal> {
        let keys = self.inner.keys.clone();
        keys.ok_or_else(|| {
            refuse::of("KEYS_OFF", "expected an engine with a data directory, where keys are kept")
        })
    }

    /// The newest key of a case that is not destroyed.
    async fn live_key(&self, case: Option<CaseNo>) -> Result<Option<KeyId>, Refusal> {
        let Some(case) = case else { return Ok(None) };
        let look = move |state: &State| state.secrets(case).and_then(|secrets| secrets.keys.last().copied());
        self.engine().read(look).await.map(|(key, _)| key).map_err(|e| refuse::unavailable(&e))
    }

    /// For a preview, which keeps nothing: what is secret is there, and no more.
    pub(super) fn stand_ins(&self, chain: &Name, document: &mut Raw) {
        let Raw::Record(sent) = document else { return };
        for field in self.of_chain(chain) {
            if let Some(value @ Raw::Text(_)) = sent.get_mut(field.as_str()) {
                *value = Raw::Sealed(format!("{}.00", "0".repeat(32)));
            }
        }
    }

    /// Reads a secret to whoever may know it, after it is in the log that they did.
    pub(super) async fn reveal(&self, caller: &Caller, r: wire::Reveal) -> Answered<Revealed> {
        let number = parse_case(r.case.as_str()).map_err(refuse::rejected)?;
        let field = Name::from(r.field.as_str());
        let keys = self.keys()?;
        let (views, _) = self.views(None).await?;
        let (case, named, request) = (r.case.to_string(), r.field.to_string(), Request::Reveal(r));
        let mut asking = asking(caller, &request, fingerprint(&request));
        // Every look has an id of its own: one that is repeated is one more look, and one more event.
        asking.request_id = self.own_id(&format!("reveal/{}", asking.request_id), self.now());
        let body = Body::Reveal { case: number, field: field.clone() };
        let reply = self.engine().command(Incoming { cause: Cause::Request(asking), body }).await;
        let reply = reply.map_err(|e| refuse::unavailable(&e))?;
        if let ReplyResult::Refused(rejection) = reply.result {
            return Err(refuse::rejected(rejection));
        }
        views.reach(reply.sequence).await.map_err(|e| refuse::no_view(&e))?;
        let row = views.case(number).map_err(|e| refuse::no_view(&e))?;
        let row = row.ok_or_else(|| refuse::of("INTERNAL", "expected a case that the views know"))?;
        let document = views.document(number, row.document_at).map_err(|e| refuse::no_view(&e))?;
        let sealed = document.and_then(|fields| fields.get(&field).cloned());
        let opened = tokio::task::spawn_blocking(move || match sealed {
            Some(Value::Sealed(sealed)) => open(&keys, &field, &sealed).map(Some),
            _ => Ok(None),
        });
        let opened = opened.await.map_err(|error| refuse::of("INTERNAL", error.to_string()))??;
        let value = opened.map(|clear| clear.as_str().to_owned());
        Ok((Revealed { case, field: named, value }, reply.sequence))
    }

    /// After an erasure that is in the log, or a start that found one: the keys go.
    pub(super) async fn destroy(&self, keys: Vec<KeyId>) -> Result<(), Refusal> {
        if keys.is_empty() {
            return Ok(());
        }
        let store = self.keys()?;
        let destroyed =
            tokio::task::spawn_blocking(move || keys.iter().try_for_each(|key| store.destroy(key)));
        let destroyed = destroyed.await.map_err(|error| refuse::of("INTERNAL", error.to_string()))?;
        destroyed.map_err(|error| {
            let message = format!("expected the key of erased secrets to be destroyed: {error}; it is tried again at the next start");
            refuse::of("IO", message)
        })
    }

    /// The keys of a case that are to be destroyed.
    pub(super) async fn erased_of(&self, case: CaseNo) -> Result<Vec<KeyId>, Refusal> {
        let look = move |state: &State| state.secrets(case).map(|s| s.erased.clone()).unwrap_or_default();
        self.engine().read(look).await.map(|(keys, _)| keys).map_err(|e| refuse::unavailable(&e))
    }
}

/// A command with its secrets sealed, and the key that was made for it.
type SealedBody = (Body, Option<KeyId>);

fn seal(
    mut body: Body,
    fields: &[Name],
    (keys, live): (&Keys, Option<KeyId>),
) -> Result<SealedBody, Refusal> {
    let Some(sent) = raw_of(&mut body) else { return Ok((body, None)) };
    let io = |error: std::io::Error| {
        refuse::of("IO", format!("expected the keys to be readable and writable: {error}"))
    };
    // A key that is not there any more seals nothing; a new one does.
    let mut key = match live {
        Some(id) => keys.get(&id).map_err(io)?.map(|key| (id, key)),
        None => None,
    };
    let mut made = None;
    for field in fields {
        let Some(value) = sent.get_mut(field.as_str()) else { continue };
        let sealed = match value {
            Raw::Text(clear) => {
                within(field, clear)?;
                if key.is_none() {
                    let new = keys.make().map_err(io)?;
                    made = Some(new.0);
                    key = Some(new);
                }
                let Some((id, key)) = &key else { continue };
                let sealed = key.seal(id, field, clear);
                clear.zeroize();
                sealed.map_err(|_| refuse::of("INTERNAL", "expected a text to be sealed"))?
            }
            // What the caller was shown of a secret, handed back: it stays as it is.
            Raw::Record(shown) => kept(field, shown, key.as_ref())?,
            _ => continue,
        };
        *value = Raw::Sealed(sealed);
    }
    Ok((body, made))
}

fn within(field: &Name, clear: &str) -> Result<(), Refusal> {
    if clear.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    let path = format!("document.{field}");
    let message = format!("expected {path} to be at most {TEXT_BYTES_MAX} bytes, found {}", clear.len());
    Err(refuse::rejected(Rejection::at(Code::FieldType, path, message)))
}

/// A sealed text of the same case and field, which alone may stand for a clear one.
fn kept(field: &Name, shown: &BTreeMap<String, Raw>, key: Option<&(KeyId, Key)>) -> Result<String, Refusal> {
    let sealed = match shown.get("sealed") {
        Some(Raw::Text(sealed)) if shown.len() == 1 => Some(sealed),
        _ => None,
    };
    let own = sealed.filter(|sealed| {
        key.is_some_and(|(id, key)| key_of(sealed) == Some(*id) && key.open(field, sealed).is_ok())
    });
    own.cloned().ok_or_else(|| {
        let path = format!("document.{field}");
        let message = format!("expected {path} as a text, or as this case shows it; another case's opens here no more than anywhere");
        refuse::rejected(Rejection::at(Code::FieldType, path, message))
    })
}

fn open(keys: &Keys, field: &Name, sealed: &str) -> Result<zeroize::Zeroizing<String>, Refusal> {
    let broken =
        |why: &str| refuse::of("KEY_MISSING", format!("expected the key of this secret in keys/: {why}"));
    let id = key_of(sealed).ok_or_else(|| broken("the log holds no sealed text"))?;
    let key = keys.get(&id).map_err(|error| broken(&error.to_string()))?;
    let key =
        key.ok_or_else(|| broken("it is not there; it was destroyed, or not brought back with the log"))?;
    key.open(field, sealed).map_err(|_| broken("it does not open what is sealed"))
}
