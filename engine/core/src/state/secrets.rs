//! Which cases have secrets, by which keys they are sealed, and whose keys are destroyed.

use serde::{Deserialize, Serialize};

use super::State;
use crate::command::CaseNo;
use crate::decide::About;
use crate::event::Event;
use crate::secret::{KeyId, keys_in};
use crate::value::Fields;

/// The secrets of a case. They are remembered for ever, since a file may be opened years after it was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Keys that open what is sealed, the newest last.
    pub keys: Vec<KeyId>,
    /// Keys that are destroyed, or are to be.
    pub erased: Vec<KeyId>,
    /// Whom the case concerned when it ended.
    pub about: Option<Box<About>>,
}

/// A document came in.
pub(super) fn taken(state: &mut State, case: CaseNo, document: &Fields) {
    let keys = keys_in(document);
    if keys.is_empty() {
        return;
    }
    let secrets = state.secrets.entry(case).or_default();
    for key in keys {
        if !secrets.keys.contains(&key) && !secrets.erased.contains(&key) {
            secrets.keys.push(key);
        }
    }
}

/// The case is over: whom it concerned decides who may open its secrets from now on.
pub(super) fn kept(state: &mut State, case: CaseNo) {
    if !state.secrets.contains_key(&case) {
        return;
    }
    let about = state.cases.get(case).map(About::of);
    if let (Some(secrets), Some(about)) = (state.secrets.get_mut(&case), about) {
        secrets.about = Some(Box::new(About { asked: Vec::new(), planned: Vec::new(), ..about }));
    }
}

/// Applies one of these events. False: it is another one.
pub(super) fn apply(state: &mut State, event: &Event) -> bool {
    match event {
        Event::SecretRevealed(_) => {}
        Event::SecretsErased(e) => {
            if let Some(secrets) = state.secrets.get_mut(&e.case) {
                secrets.keys.retain(|key| !e.keys.contains(key));
                secrets.erased.extend(
                    e.keys.iter().filter(|key| !secrets.erased.contains(key)).copied().collect::<Vec<_>>(),
                );
            }
        }
        _ => return false,
    }
    true
}
