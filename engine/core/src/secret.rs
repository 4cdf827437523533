//! Secrets: values that the log holds sealed. The front desk seals them with keys that are kept beside the log, never
//! in it; core sees sealed texts alone, cannot read them, and knows by which keys they were sealed.

use crate::definition::{DocumentType, Field};
use crate::value::{Fields, Type, Value};

/// The name of a key.
pub type KeyId = [u8; 16];

/// Hex digits of a key's name, with which a sealed text begins.
const DIGITS: usize = 32;

/// Whether values of this type are sealed.
pub fn is_secret(kind: &Type) -> bool {
    match kind {
        Type::Secret => true,
        Type::Optional(of) => **of == Type::Secret,
        _ => false,
    }
}

/// The fields of a document that are secret.
pub fn secret_fields(kind: &DocumentType) -> impl Iterator<Item = &Field> {
    kind.fields.iter().filter(|field| is_secret(&field.kind))
}

/// A key's name as it stands before a sealed text.
pub fn key_text(key: &KeyId) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key by which a text was sealed: `<key>.<what only that key opens>`. None where it is no sealed text.
pub fn key_of(sealed: &str) -> Option<KeyId> {
    let (name, rest) = sealed.split_once('.')?;
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if name.len() != DIGITS || rest.is_empty() || !is_hex(name) || !is_hex(rest) {
        return None;
    }
    let mut key = KeyId::default();
    for (byte, at) in key.iter_mut().zip((0..DIGITS).step_by(2)) {
        *byte = u8::from_str_radix(name.get(at..at + 2)?, 16).ok()?;
    }
    Some(key)
}

/// The keys by which the secrets of a document are sealed, each once.
pub(crate) fn keys_in(fields: &Fields) -> Vec<KeyId> {
    let mut keys = Vec::new();
    for (_, value) in fields.iter() {
        if let Value::Sealed(text) = value
            && let Some(key) = key_of(text)
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_begins_with_its_key() {
        let key = [0x0f; 16];
        assert_eq!(key_of(&format!("{}.00ff", key_text(&key))), Some(key));
        for other in [
            "",
            ".",
            "0f.00",
            "13800000000",
            &format!("{}.", key_text(&key)),
            &format!("{}.xy", key_text(&key)),
        ] {
            assert_eq!(key_of(other), None, "{other}");
        }
    }
}
