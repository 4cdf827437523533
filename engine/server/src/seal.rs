//! Sealing: ChaCha20-Poly1305 under a key of the case, bound to the key's name and to the field.
//!
//! A sealed text is `<key>.<nonce, ciphertext and tag>`, both in hex. The nonce is drawn anew for each: a key seals a
//! handful of texts.

use countersign_core::secret::{KeyId, key_of, key_text};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// A key in memory; wiped when it goes.
pub(crate) struct Key(pub(crate) Zeroizing<[u8; KEY_BYTES]>);

/// Something could not be sealed or opened: no chance to be had, another key or field, or a text that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unopened;

/// Fresh bytes that nobody can foretell.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Unopened> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Unopened)?;
    Ok(bytes)
}

impl Key {
    fn cipher(&self) -> Result<LessSafeKey, Unopened> {
        UnboundKey::new(&CHACHA20_POLY1305, &*self.0).map(LessSafeKey::new).map_err(|_| Unopened)
    }

    /// Seals a text for a field.
    pub(crate) fn seal(&self, id: &KeyId, field: &str, clear: &str) -> Result<String, Unopened> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut bytes = clear.as_bytes().to_vec();
        let sealed = self.cipher()?.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(bound(id, field)),
            &mut bytes,
        );
        if sealed.is_err() {
            bytes.zeroize();
            return Err(Unopened);
        }
        let hex: String = nonce.iter().chain(&bytes).map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{}.{hex}", key_text(id)))
    }

    /// The clear text of a sealed one.
    pub(crate) fn open(&self, field: &str, sealed: &str) -> Result<Zeroizing<String>, Unopened> {
        let id = key_of(sealed).ok_or(Unopened)?;
        let hex = sealed.split_once('.').ok_or(Unopened)?.1;
        let mut bytes = Zeroizing::new(from_hex(hex).ok_or(Unopened)?);
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN).ok_or(Unopened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopened)?;
        let opened = self.cipher()?.open_in_place(nonce, Aad::from(bound(&id, field)), text);
        let clear = opened.map_err(|_| Unopened)?;
        std::str::from_utf8(clear).map(|clear| Zeroizing::new(clear.to_owned())).map_err(|_| Unopened)
    }
}

/// What a sealed text is bound to beside its key: it opens in its own field only.
fn bound(id: &KeyId, field: &str) -> Vec<u8> {
    [&id[..], field.as_bytes()].concat()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = (0..text.len()).step_by(2);
    digits.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key(Zeroizing::new([byte; KEY_BYTES]))
    }

    #[test]
    fn a_sealed_text_opens_with_its_key_in_its_field_and_unchanged_only() {
        let id = [7; 16];
        let sealed = key(1).seal(&id, "contact", "张三 13800000000").expect("sealed");
        assert!(!sealed.contains("13800000000"));
        assert_eq!(key_of(&sealed), Some(id));
        assert_eq!(**key(1).open("contact", &sealed).as_deref().expect("opened"), *"张三 13800000000");
        assert!(key(2).open("contact", &sealed).is_err(), "another key");
        assert!(key(1).open("bank", &sealed).is_err(), "another field");
        let other = sealed.replacen("07", "08", 1);
        assert!(key(1).open("contact", &other).is_err(), "another key's name");
        let last = if sealed.ends_with('0') { "1" } else { "0" };
        let changed = format!("{}{last}", &sealed[..sealed.len() - 1]);
        assert!(key(1).open("contact", &changed).is_err(), "changed");
        assert!(key(1).open("contact", "").is_err() && key(1).open("contact", "00.00").is_err());
        let again = key(1).seal(&id, "contact", "张三 13800000000").expect("sealed");
        assert_ne!(sealed, again, "equal texts do not look alike");
    }
}
