//! Who looked at what is confidential, or tried to: as a JSON object, and as a sentence.

use countersign_core::event::*;
use countersign_core::name::Name;
use countersign_core::secret::key_text;

use super::json::{Json, json};

/// What such an event says; null for one of another sort.
pub(super) fn data(event: &Event) -> Json<'_> {
    match event {
        Event::AccessDenied(e) => json!({
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "verb": e.verb.as_str(),
            "field": e.field.as_ref(),
        }),
        Event::SecretRevealed(e) => json!({
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "field": e.field.as_str(),
        }),
        Event::SecretsErased(e) => json!({
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "keys": Json::list(&e.keys, |key| Json::Owned(key_text(key))),
            "reason": e.reason.as_str(),
        }),
        _ => Json::Null,
    }
}

/// The same as a sentence, in English and Chinese.
pub(super) fn sentence(event: &Event) -> Option<(String, String)> {
    Some(match event {
        Event::AccessDenied(e) => {
            let (what, what_zh) = match &e.field {
                Some(field) => (format!("the secret {field}"), format!("保密字段 {field}")),
                None => ("it".to_owned(), "本案".to_owned()),
            };
            (
                format!("{} as {} wanted to see {what} and may not", e.person, e.position),
                format!("{}（{}）查阅{what_zh}被拒", e.person, e.position),
            )
        }
        Event::SecretRevealed(e) => (
            format!("{} as {} read the secret {}", e.person, e.position, e.field),
            format!("{}（{}）查阅保密字段 {}", e.person, e.position, e.field),
        ),
        Event::SecretsErased(e) => (
            format!("{} had the secrets erased: {}", e.person, e.reason),
            format!("{} 销毁保密内容：{}", e.person, e.reason),
        ),
        _ => return None,
    })
}

/// Who did it, and in which post.
pub(super) fn actor(event: &Event) -> Option<(&Name, &Name)> {
    match event {
        Event::AccessDenied(e) => Some((&e.person, &e.position)),
        Event::SecretRevealed(e) => Some((&e.person, &e.position)),
        Event::SecretsErased(e) => Some((&e.person, &e.position)),
        _ => None,
    }
}
