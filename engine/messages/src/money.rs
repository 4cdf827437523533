//! Money on the wire: a decimal string and a currency, never a JSON number.

use crate::text::{FormError, text_type};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount of money: `{"amount": "300000.00", "currency": "CNY"}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In whole units of the currency (yuan, not fen), as a decimal string.
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: Currency,
}

impl Money {
    /// An amount from its two texts.
    pub fn new(amount: &str, currency: &str) -> Result<Self, FormError> {
        Ok(Money { amount: Decimal::new(amount)?, currency: Currency::new(currency)? })
    }
}

text_type!(
    /// An exact decimal as text: an optional minus, up to 28 digits in all, no exponent, no leading zeros, no plus.
    /// A JSON number is refused, because most readers would round it.
    Decimal,
    is_decimal,
    "a decimal string such as \"300000.00\": digits, at most one point, no exponent",
    { "pattern" = "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$", "maxLength" = 30 }
);

text_type!(
    /// Three capital letters of ISO 4217. Whether the company trades in it is for the core to say.
    Currency,
    is_currency,
    "a currency code of three capital letters, such as CNY",
    { "pattern" = "^[A-Z]{3}$" }
);

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let only_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits.len() <= 29
        && whole.len() + fraction.map_or(0, str::len) <= 28
        && only_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(only_digits)
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}
