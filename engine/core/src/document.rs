//! Documents: raw input becomes typed fields, or a refusal that names the field.

use rust_decimal::Decimal;

use crate::command::{CaseNo, ContentHash};
use crate::definition::{DocumentType, Field};
use crate::eval::{Scope, evaluate};
use crate::fit::Fitting;
use crate::money::{Currency, Money};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::secret::key_of;
use crate::time::{Date, Span, Timestamp};
use crate::value::{Fields, Raw, Type, Value};

/// A document in its encoded form is at most so many bytes.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// A text is at most so many bytes.
pub const TEXT_BYTES_MAX: usize = 4_000;
/// A list has at most so many items.
pub const LIST_ITEMS_MAX: usize = 1_000;

/// Gives a raw document its types: unknown fields are refused, defaults filled in, computed fields computed.
pub fn typed(
    kind: &DocumentType,
    raw: &Raw,
    fitting: Fitting<'_>,
    at: Timestamp,
) -> Result<Fields, Rejection> {
    let Raw::Record(sent) = raw else {
        return Err(Rejection::at(
            Code::FieldType,
            "document",
            "expected the document to be an object of fields",
        ));
    };
    if let Some(unknown) = sent.keys().find(|name| !kind.fields.iter().any(|f| f.name == name.as_str())) {
        let known: Vec<&str> = kind.fields.iter().map(|f| f.name.as_str()).collect();
        let message = format!("expected a field of {} ({}), found {unknown:?}", kind.name, known.join(", "));
        return Err(Rejection::at(Code::FieldUnknown, format!("document.{unknown}"), message));
    }
    let mut fields = Fields::new();
    for field in kind.fields.iter().filter(|f| f.computed.is_none()) {
        let path = format!("document.{}", field.name);
        let value = match sent.get(field.name.as_str()) {
            None | Some(Raw::Null) => absent(field, &path)?,
            Some(raw) => {
                Reader { fitting, defaults: &field.member_defaults }.value(&field.kind, raw, &path)?
            }
        };
        fields.insert(field.name.clone(), value);
    }
    compute(kind, &mut fields, fitting, at)?;
    check_computed(kind, sent, &fields, fitting)?;
    within_size(&fields, "document")?;
    Ok(fields)
}

/// Gives what an answer, a message or a request carries its declared types: nothing more, nothing less. `place` names
/// it in a refusal.
pub fn shaped(
    shape: &[(Name, Type)],
    raw: &Raw,
    fitting: Fitting<'_>,
    place: &str,
) -> Result<Fields, Rejection> {
    match (Reader { fitting, defaults: &[] }).record(shape, raw, place)? {
        Value::Record(fields) => within_size(&fields, place).map(|()| fields),
        _ => Err(mismatch(&Type::Record(shape.to_vec()), raw, place)),
    }
}

/// What a field is that is not sent.
pub(crate) fn absent(field: &Field, path: &str) -> Result<Value, Rejection> {
    match (&field.default, &field.kind) {
        (Some(value), _) => Ok(value.clone()),
        (None, Type::Optional(_)) => Ok(Value::Missing),
        (None, Type::List(_)) => Ok(Value::List(Vec::new())),
        (None, kind) => {
            Err(Rejection::at(Code::FieldMissing, path, format!("expected {path} ({kind}), found nothing")))
        }
    }
}

/// Computes the fields that are computed, in the order of the file.
pub(crate) fn compute(
    kind: &DocumentType,
    fields: &mut Fields,
    fitting: Fitting<'_>,
    at: Timestamp,
) -> Result<(), Rejection> {
    for field in &kind.fields {
        let Some(expr) = &field.computed else { continue };
        let scope = Scope { document: fields, cases: Some(fitting.state), ..Scope::new(fitting.rules, at) };
        let value = evaluate(expr, &scope).map_err(|error| Rejection {
            field: Some(format!("document.{}", field.name)),
            ..Rejection::from(error)
        })?;
        fields.insert(field.name.clone(), value);
    }
    Ok(())
}

fn check_computed(
    kind: &DocumentType,
    sent: &std::collections::BTreeMap<String, Raw>,
    fields: &Fields,
    fitting: Fitting<'_>,
) -> Result<(), Rejection> {
    for field in kind.fields.iter().filter(|f| f.computed.is_some()) {
        let Some(raw) = sent.get(field.name.as_str()).filter(|raw| **raw != Raw::Null) else { continue };
        let path = format!("document.{}", field.name);
        let value = Reader { fitting, defaults: &[] }.value(&field.kind, raw, &path)?;
        let computed = fields.get(&field.name).unwrap_or(&Value::Missing);
        if !same_amount(&value, computed) {
            let message =
                format!("expected {path} to be {computed}, which is how it is computed, found {value}");
            return Err(Rejection::at(Code::FieldComputed, path, message));
        }
    }
    Ok(())
}

/// Whether two values are the same amount, however it is written.
pub(crate) fn same_amount(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Money(a), Value::Money(b)) => a.currency == b.currency && a.amount == b.amount,
        _ => a == b || (a.decimal().is_some() && a.decimal() == b.decimal()),
    }
}

/// A document of a size that a frame holds.
pub(crate) fn within_size(fields: &Fields, place: &str) -> Result<(), Rejection> {
    let size = postcard::experimental::serialized_size(fields).unwrap_or(usize::MAX);
    if size <= DOCUMENT_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "expected {place} to be at most {DOCUMENT_BYTES_MAX} bytes, found {size}; attach large parts by reference"
    );
    Err(Rejection::at(Code::DocumentTooLarge, place, message))
}

/// BLAKE3 of a document's encoded form.
pub fn content_hash(fields: &Fields) -> ContentHash {
    hash_of(fields)
}

/// BLAKE3 of the encoded commercial fields (R12).
pub fn commercial_hash(kind: &DocumentType, fields: &Fields) -> ContentHash {
    let commercial: Vec<(&Name, Option<&Value>)> =
        kind.commercial.iter().map(|n| (n, fields.get(n))).collect();
    hash_of(&commercial)
}

fn hash_of(value: &impl serde::Serialize) -> ContentHash {
    // Plain data always encodes; an error would give every document the hash of nothing, which no test would pass.
    blake3::hash(&postcard::to_allocvec(value).unwrap_or_default()).into()
}

/// Reads an untyped message: texts, numbers, flags, lists and records keep what they are.
pub fn untyped(raw: &Raw) -> Value {
    match raw {
        Raw::Null => Value::Missing,
        Raw::Flag(flag) => Value::Flag(*flag),
        Raw::Number(text) => exact(text).map_or_else(|| Value::text(text), Value::Number),
        Raw::Text(text) => Value::text(text),
        Raw::Sealed(text) => Value::Sealed(Name::from(text.as_str())),
        Raw::List(items) => Value::List(items.iter().map(untyped).collect()),
        Raw::Record(fields) => Value::Record(
            fields.iter().map(|(name, raw)| (Name::from(name.as_str()), untyped(raw))).collect(),
        ),
    }
}

/// A decimal exactly as written: no exponent, at most 28 digits.
fn exact(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    if plain { Decimal::from_str_exact(text).ok() } else { None }
}

struct Reader<'a> {
    fitting: Fitting<'a>,
    defaults: &'a [(Name, Value)],
}

impl Reader<'_> {
    fn value(&self, kind: &Type, raw: &Raw, path: &str) -> Result<Value, Rejection> {
        let found = match (kind, raw) {
            (Type::Optional(_), Raw::Null) => Some(Value::Missing),
            (Type::Optional(of), raw) => return self.value(of, raw, path),
            (Type::Flag, Raw::Flag(flag)) => Some(Value::Flag(*flag)),
            (Type::Number, Raw::Number(text) | Raw::Text(text)) => exact(text).map(Value::Number),
            (Type::Units, Raw::Number(text) | Raw::Text(text)) => {
                exact(text).filter(|n| n.fract().is_zero()).map(Value::Units)
            }
            (Type::Percent, Raw::Text(text)) => percent(text).map(Value::Percent),
            (Type::Money | Type::AnyMoney, raw) => return self.money(kind, raw, path),
            (Type::Secret, raw) => return sealed(raw, path),
            (Type::List(of), Raw::List(items)) => return self.list(of, items, path),
            (Type::Record(members), Raw::Record(_)) => return self.record(members, raw, path),
            (kind, Raw::Text(text)) => return self.text(kind, text, path),
            _ => None,
        };
        found.ok_or_else(|| mismatch(kind, raw, path))
    }

    fn text(&self, kind: &Type, text: &str, path: &str) -> Result<Value, Rejection> {
        if text.len() > TEXT_BYTES_MAX {
            let message =
                format!("expected {path} to be at most {TEXT_BYTES_MAX} bytes, found {}", text.len());
            return Err(Rejection::at(Code::FieldType, path, message));
        }
        let organisation = self.fitting.rules.organisation();
        let name = Name::from(text);
        let found = match kind {
            Type::Text => Some(Value::Text(name)),
            Type::Choice(words) => words.iter().find(|w| **w == text).map(|w| Value::Text(w.clone())),
            Type::Row(table) => {
                let known = self.fitting.state.row(self.fitting.rules, table, text).is_some();
                known.then_some(Value::Text(name))
            }
            Type::Case => {
                let number =
                    text.strip_prefix("C-").filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
                let number: Option<CaseNo> = number.and_then(|digits| digits.parse().ok());
                number.filter(|number| (1..self.fitting.state.next_case()).contains(number)).map(Value::Case)
            }
            Type::Date => Date::parse(text).map(Value::Date),
            Type::Time => Timestamp::parse(text).map(Value::Time),
            Type::Span => Span::parse(text).map(Value::Span),
            Type::Position => {
                organisation.is_some_and(|o| o.positions.contains_key(text)).then_some(Value::Position(name))
            }
            Type::Unit => {
                organisation.is_some_and(|o| o.units.contains_key(text)).then_some(Value::Unit(name))
            }
            _ => None,
        };
        found.ok_or_else(|| mismatch(kind, &Raw::Text(text.to_owned()), path))
    }

    fn money(&self, kind: &Type, raw: &Raw, path: &str) -> Result<Value, Rejection> {
        let company = self.fitting.rules.company();
        let own = company.map(|c| c.currency);
        let (amount, currency) = match raw {
            Raw::Record(parts) if parts.len() == 2 => match (parts.get("amount"), parts.get("currency")) {
                (Some(Raw::Text(amount)), Some(Raw::Text(currency))) => {
                    (exact(amount), Currency::parse(currency))
                }
                _ => (None, None),
            },
            Raw::Text(amount) => (exact(amount), own),
            _ => (None, None),
        };
        let (Some(amount), Some(currency)) = (amount, currency) else {
            return Err(mismatch(kind, raw, path));
        };
        if *kind == Type::Money && Some(currency) != own {
            let own = own.map(|c| c.to_string()).unwrap_or_default();
            let message = format!("expected {path} in {own}, found {currency}");
            return Err(Rejection::at(Code::CurrencyMismatch, path, message));
        }
        let digits = company.and_then(|c| c.currency_digits.get(&currency).copied());
        let Some(digits) = digits.map(u32::from) else {
            let message = format!("expected {path} in a currency of ISO 4217, found {currency}");
            return Err(Rejection::at(Code::CurrencyMismatch, path, message));
        };
        if amount.normalize().scale() > digits {
            let message =
                format!("expected {path} with at most {digits} decimal places of {currency}, found {amount}");
            return Err(Rejection::at(Code::AmountScale, path, message));
        }
        let mut amount = amount;
        amount.rescale(digits);
        Ok(Value::Money(Money { amount, currency }))
    }

    fn list(&self, of: &Type, items: &[Raw], path: &str) -> Result<Value, Rejection> {
        if items.len() > LIST_ITEMS_MAX {
            let message =
                format!("expected {path} to have at most {LIST_ITEMS_MAX} items, found {}", items.len());
            return Err(Rejection::at(Code::FieldType, path, message));
        }
        let read = |(i, raw): (usize, &Raw)| self.value(of, raw, &format!("{path}[{i}]"));
        items.iter().enumerate().map(read).collect::<Result<_, _>>().map(Value::List)
    }

    fn record(&self, members: &[(Name, Type)], raw: &Raw, path: &str) -> Result<Value, Rejection> {
        let Raw::Record(sent) = raw else { return Err(mismatch(&Type::Record(members.to_vec()), raw, path)) };
        if let Some(unknown) = sent.keys().find(|name| !members.iter().any(|(m, _)| m == name.as_str())) {
            let known: Vec<&str> = members.iter().map(|(m, _)| m.as_str()).collect();
            let message = format!("expected one of {} in {path}, found {unknown:?}", known.join(", "));
            return Err(Rejection::at(Code::FieldUnknown, format!("{path}.{unknown}"), message));
        }
        let mut fields = Fields::new();
        for (name, kind) in members {
            let path = format!("{path}.{name}");
            let default = self.defaults.iter().find(|(member, _)| member == name).map(|(_, value)| value);
            let value = match (sent.get(name.as_str()), default, kind) {
                (Some(raw), ..) if *raw != Raw::Null => self.value(kind, raw, &path)?,
                (_, Some(value), _) => value.clone(),
                (_, None, Type::Optional(_)) => Value::Missing,
                (_, None, Type::List(_)) => Value::List(Vec::new()),
                _ => {
                    let message = format!("expected {path} ({kind}), found nothing");
                    return Err(Rejection::at(Code::FieldMissing, path, message));
                }
            };
            fields.insert(name.clone(), value);
        }
        Ok(Value::Record(fields))
    }
}

/// A secret. What came instead of a sealed text is never shown: it may be the secret itself.
fn sealed(raw: &Raw, path: &str) -> Result<Value, Rejection> {
    match raw {
        Raw::Sealed(text) if key_of(text).is_some() => Ok(Value::Sealed(Name::from(text.as_str()))),
        Raw::Text(_) | Raw::Sealed(_) => {
            let message = format!(
                "expected {path} to be sealed by the front desk; the rules have just changed, send it again"
            );
            Err(Rejection::at(Code::Unsealed, path, message))
        }
        _ => {
            let message = format!("expected {path} to be a text, which is kept secret, found something else");
            Err(Rejection::at(Code::FieldType, path, message))
        }
    }
}

/// `15%` is 0.15, exactly.
fn percent(text: &str) -> Option<Decimal> {
    exact(text.strip_suffix('%')?)?.checked_div(Decimal::ONE_HUNDRED)
}

fn mismatch(kind: &Type, raw: &Raw, path: &str) -> Rejection {
    let example = match kind {
        Type::Money | Type::AnyMoney => {
            r#" such as {"amount": "300000.00", "currency": "CNY"}, the amount as text"#
        }
        Type::Percent => " such as \"15%\"",
        Type::Date => " such as \"2025-04-27\"",
        Type::Time => " such as \"2025-04-27T09:00:00+08:00\"",
        Type::Span => " such as \"8wh\" or \"7d\"",
        Type::Row(_) => ", the key of one of its rows",
        Type::Case => " such as \"C-12\"",
        _ => "",
    };
    let found = match raw {
        Raw::Null => "nothing".to_owned(),
        Raw::Flag(flag) => flag.to_string(),
        Raw::Number(text) => format!("the number {text}"),
        Raw::Text(text) => format!("{:?}", text.chars().take(60).collect::<String>()),
        Raw::Sealed(_) => "a sealed text".to_owned(),
        Raw::List(_) => "a list".to_owned(),
        Raw::Record(_) => "an object".to_owned(),
    };
    Rejection::at(Code::FieldType, path, format!("expected {path} to be {kind}{example}, found {found}"))
}
