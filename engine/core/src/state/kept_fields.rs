//! The fields of a document that State keeps of a case. They are read seldom and kept long: their values stand in one
//! block of bytes, their names once for all cases of a chain. Whoever reads them unpacks them; the next change of the
//! case packs them again.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::snapshot::dictionary::{self, Dictionary};
use crate::name::Name;
use crate::value::{Fields, Value};

/// Names of fields, in order.
pub(super) type FieldNames = Vec<Name>;

/// Fields of a document.
#[derive(Clone, Default)]
pub(super) struct KeptFields {
    names: Arc<FieldNames>,
    /// The values in the order of the names.
    values: Box<[u8]>,
    /// What was read since the last change.
    open: OnceLock<Box<Fields>>,
}

impl KeptFields {
    /// These fields, whose names are these in order. Values that do not encode, which plain data never is, stay as
    /// they are.
    pub(super) fn of(names: Arc<FieldNames>, fields: Fields) -> KeptFields {
        match packed(&fields) {
            Some(values) => KeptFields { names, values, open: OnceLock::new() },
            None => KeptFields { open: OnceLock::from(Box::new(fields)), ..KeptFields::default() },
        }
    }

    /// The fields.
    pub(super) fn get(&self) -> &Fields {
        self.open.get_or_init(|| Box::new(self.read()))
    }

    /// The same, for whoever needs them no longer here.
    pub(super) fn into_fields(mut self) -> Fields {
        match self.open.take() {
            Some(open) => *open,
            None => self.read(),
        }
    }

    /// Lets go what was read.
    pub(super) fn close(&mut self) {
        if !self.names.is_empty() {
            self.open.take();
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    fn read(&self) -> Fields {
        let (mut bytes, mut fields) = (&*self.values, Fields::new());
        for name in &*self.names {
            // Bytes that were written here are read back.
            let Ok((value, rest)) = postcard::take_from_bytes::<Value>(bytes) else { break };
            fields.insert(name.clone(), value);
            bytes = rest;
        }
        fields
    }

    /// Gives what it has in common with others a number.
    pub(super) fn number(&self, dictionary: &mut Dictionary) {
        dictionary.field_names.add(&self.names, super::common::hash, PartialEq::eq);
    }
}

fn packed(fields: &Fields) -> Option<Box<[u8]>> {
    let values = Vec::with_capacity(128);
    let packed = fields.values().try_fold(values, |values, value| postcard::to_extend(value, values).ok());
    packed.map(Vec::into_boxed_slice)
}

impl fmt::Debug for KeptFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl PartialEq for KeptFields {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for KeptFields {}

// As fields are.
impl Serialize for KeptFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(number) = dictionary::number::<_, S>(|dictionary| &dictionary.field_names, &self.names) {
            return (number?, Bytes(&self.values)).serialize(serializer);
        }
        match self.open.get() {
            Some(open) => open.serialize(serializer),
            None => self.read().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for KeptFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if dictionary::is_open() {
            let (number, Bytes(values)) = <(u32, Bytes<'de>)>::deserialize(deserializer)?;
            let names = dictionary::numbered::<_, D>(|dictionary| &dictionary.field_names, number)?;
            return Ok(KeptFields { names, values: values.into(), open: OnceLock::new() });
        }
        let fields = Fields::deserialize(deserializer)?;
        Ok(KeptFields::of(Arc::new(fields.keys().cloned().collect()), fields))
    }
}

/// Bytes that are written and read as one, where they stand.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::money::Currency;

    #[test]
    fn what_is_kept_is_what_was_given() {
        let money = Value::money(Decimal::new(1_234_500, 2), Currency::parse("CNY").expect("a code"));
        let list =
            Value::List(vec![Value::Missing, Value::text("a text that is longer than a name's own room")]);
        let fields = Fields::from([
            (Name::from("amount"), money),
            (Name::from("flag"), Value::Flag(true)),
            (Name::from("list"), list),
        ]);
        let names = Arc::new(fields.keys().cloned().collect::<Vec<_>>());
        let mut kept = KeptFields::of(names, fields.clone());
        assert_eq!((kept.get(), kept.len()), (&fields, 3));
        // To the digit: 12345.00 stays what it was.
        assert_eq!(format!("{:?}", kept.get()), format!("{fields:?}"));
        kept.close();
        assert_eq!(kept.get(), &fields);
        let bytes = postcard::to_allocvec(&kept).expect("it encodes");
        assert_eq!(bytes, postcard::to_allocvec(&fields).expect("they encode"));
        let again: KeptFields = postcard::from_bytes(&bytes).expect("it decodes");
        assert_eq!((&again, again.clone().into_fields()), (&kept, fields));
        assert_eq!(KeptFields::default().into_fields(), Fields::new());
    }
}
