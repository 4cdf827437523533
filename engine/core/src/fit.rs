//! Values that have a type already become fields of another document, a request or a message.

use crate::definition::DocumentType;
use crate::document::{absent, compute, same_amount, within_size};
use crate::money::Money;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Release, State};
use crate::time::Timestamp;
use crate::value::{Fields, Type, Value};

/// What decides whether a value fits a type: the rules, and the rows that hold now.
#[derive(Clone, Copy)]
pub struct Fitting<'a> {
    /// The rules of the case that the value is for.
    pub rules: &'a Release,
    /// Rows that chains have written.
    pub state: &'a State,
}

impl Fitting<'_> {
    /// A whole document: what is not given is defaulted or computed, as for a document that a person hands in.
    pub fn document(&self, kind: &DocumentType, given: &Fields, at: Timestamp) -> Result<Fields, Rejection> {
        if let Some(unknown) = given.keys().find(|name| !kind.fields.iter().any(|f| f.name == **name)) {
            let known: Vec<&str> = kind.fields.iter().map(|f| f.name.as_str()).collect();
            let message =
                format!("expected a field of {} ({}), found {unknown:?}", kind.name, known.join(", "));
            return Err(Rejection::at(Code::FieldUnknown, format!("document.{unknown}"), message));
        }
        let mut fields = Fields::new();
        for field in kind.fields.iter().filter(|f| f.computed.is_none()) {
            let path = format!("document.{}", field.name);
            let value = match given.get(&field.name) {
                None | Some(Value::Missing) => absent(field, &path)?,
                Some(value) => self.value(&field.kind, value, &path)?,
            };
            fields.insert(field.name.clone(), value);
        }
        compute(kind, &mut fields, *self, at)?;
        for field in kind.fields.iter().filter(|f| f.computed.is_some()) {
            let computed = fields.get(&field.name).unwrap_or(&Value::Missing);
            match given.get(&field.name) {
                None | Some(Value::Missing) => {}
                Some(value) if same_amount(value, computed) => {}
                Some(value) => {
                    let path = format!("document.{}", field.name);
                    let message = format!(
                        "expected {path} to be {computed}, which is how it is computed, found {value}"
                    );
                    return Err(Rejection::at(Code::FieldComputed, path, message));
                }
            }
        }
        within_size(&fields, "document").map(|()| fields)
    }

    /// What a request or a message carries: each name that is declared, and no other.
    pub fn shape(&self, shape: &[(Name, Type)], given: &Fields, place: &str) -> Result<Fields, Rejection> {
        if let Some(unknown) = given.keys().find(|name| !shape.iter().any(|(known, _)| known == *name)) {
            let known: Vec<&str> = shape.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("expected one of {} in {place}, found {unknown:?}", known.join(", "));
            return Err(Rejection::at(Code::FieldUnknown, format!("{place}.{unknown}"), message));
        }
        self.members(shape, given, place)
    }

    /// A value as a value of this type.
    pub fn value(&self, kind: &Type, value: &Value, path: &str) -> Result<Value, Rejection> {
        self.fitting(kind, value, path)?.ok_or_else(|| {
            Rejection::at(Code::FieldType, path, format!("expected {path} to be {kind}, found {value}"))
        })
    }

    fn fitting(&self, kind: &Type, value: &Value, path: &str) -> Result<Option<Value>, Rejection> {
        let same = |fits: bool| Ok(fits.then(|| value.clone()));
        match (kind, value) {
            (Type::Optional(_), Value::Missing) => Ok(Some(Value::Missing)),
            (Type::Optional(of), value) => self.fitting(of, value, path),
            (Type::List(of), Value::List(items)) => {
                let item = |(i, item): (usize, &Value)| self.value(of, item, &format!("{path}[{i}]"));
                items.iter().enumerate().map(item).collect::<Result<_, _>>().map(Value::List).map(Some)
            }
            (Type::Record(members), Value::Record(fields)) => {
                // A record may have more members than are wanted here.
                self.members(members, fields, path).map(Value::Record).map(Some)
            }
            (Type::Money | Type::AnyMoney, value) => self.money(kind, value, path),
            (Type::Number, Value::Number(number) | Value::Units(number)) => Ok(Some(Value::Number(*number))),
            (Type::Units, Value::Number(number) | Value::Units(number)) => {
                Ok(number.fract().is_zero().then_some(Value::Units(*number)))
            }
            (Type::Flag, Value::Flag(_))
            | (Type::Percent, Value::Percent(_))
            | (Type::Date, Value::Date(_))
            | (Type::Time, Value::Time(_))
            | (Type::Span, Value::Span(_))
            | (Type::Case, Value::Case(_)) => same(true),
            (Type::Text, Value::Case(_)) => Ok(Some(Value::text(&value.to_string()))),
            (kind, value) => Ok(value.as_name().and_then(|name| self.named(kind, name))),
        }
    }

    fn named(&self, kind: &Type, name: &Name) -> Option<Value> {
        let organisation = self.rules.organisation();
        let name = name.clone();
        match kind {
            Type::Text => Some(Value::Text(name)),
            Type::Choice(words) => words.contains(&name).then_some(Value::Text(name)),
            Type::Row(table) => self.state.row(self.rules, table, &name).map(|_| Value::Text(name)),
            Type::Position => organisation?.positions.contains_key(&name).then_some(Value::Position(name)),
            Type::Unit => organisation?.units.contains_key(&name).then_some(Value::Unit(name)),
            _ => None,
        }
    }

    fn members(&self, members: &[(Name, Type)], given: &Fields, path: &str) -> Result<Fields, Rejection> {
        let member = |(name, kind): &(Name, Type)| {
            let path = format!("{path}.{name}");
            let value = match (given.get(name), kind) {
                (None | Some(Value::Missing), Type::Optional(_)) => Value::Missing,
                (None | Some(Value::Missing), Type::List(_)) => Value::List(Vec::new()),
                (None | Some(Value::Missing), kind) => {
                    let message = format!("expected {path} ({kind}), found nothing");
                    return Err(Rejection::at(Code::FieldMissing, path, message));
                }
                (Some(value), kind) => self.value(kind, value, &path)?,
            };
            Ok((name.clone(), value))
        };
        members.iter().map(member).collect()
    }

    /// A bare number is an amount of the company's currency.
    fn money(&self, kind: &Type, value: &Value, path: &str) -> Result<Option<Value>, Rejection> {
        let company = self.rules.company();
        let own = company.map(|company| company.currency);
        let money = match (value, own) {
            (Value::Money(money), _) => *money,
            (Value::Number(amount), Some(currency)) => Money { amount: *amount, currency },
            _ => return Ok(None),
        };
        if *kind == Type::Money && Some(money.currency) != own {
            let own = own.map(|currency| currency.to_string()).unwrap_or_default();
            let message = format!("expected {path} in {own}, found {}", money.currency);
            return Err(Rejection::at(Code::CurrencyMismatch, path, message));
        }
        let digits = company.and_then(|company| company.currency_digits.get(&money.currency)).copied();
        let digits = u32::from(digits.unwrap_or(2));
        let Money { mut amount, currency } = money;
        if amount.normalize().scale() > digits {
            let message =
                format!("expected {path} with at most {digits} decimal places of {currency}, found {amount}");
            return Err(Rejection::at(Code::AmountScale, path, message));
        }
        amount.rescale(digits);
        Ok(Some(Value::money(amount, currency)))
    }
}
