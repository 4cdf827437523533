//! Accounts: how they stand at first, and how they are expected to.

use countersign_chain::tree::{self, Pair, Tree};
use countersign_core::accounts::{AccountLimit, AccountRow};
use countersign_core::definition::{Account, Definition};
use countersign_core::name::Name;
use countersign_core::rejection::Rejection;
use rust_decimal::Decimal;

use crate::case::{Trial, shown};
use crate::codes;
use crate::expect::Want;
use crate::fields::decimal;
use crate::read::Reader;
use crate::world::World;

/// What can be expected of a key of an account.
const PARTS: [&str; 6] = ["limit", "used", "reserved", "free", "flag", "below_zero"];

/// `promo_budget promo_js_2025q2: { used: 570000 }`: account, key, how much is used up.
pub(crate) fn given(reader: &Reader<'_>, pair: &Pair) -> Option<(Name, Name, Decimal)> {
    let words: Vec<&str> = pair.key.split_whitespace().collect();
    let [account, key] = words.as_slice() else {
        let help = "write an account and a key of it, such as `credit CU-1: { used: 100.00 }`";
        reader.error(pair.at, codes::BAD_SENTENCE, "this names no key of an account", help);
        return None;
    };
    let accounts = &reader.company.accounts;
    if !accounts.contains_key(*account) {
        reader.unknown(pair.at, "account", account, accounts.keys().map(Name::as_str));
        return None;
    }
    let pairs = reader.keys(&pair.value, "how an account stands", &["used", "reserved"])?;
    let mut used = Decimal::ZERO;
    for part in pairs {
        let number = number(reader, &part.value)?;
        match part.key.as_str() {
            "used" => used = number,
            _ if number.is_zero() => {}
            _ => {
                let help = "let an earlier case, or a sentence, reserve it";
                reader.error(part.at, codes::BAD_VALUE, "only a case holds what is reserved", help);
                return None;
            }
        }
    }
    Some((Name::from(*account), Name::from(*key), used))
}

/// A number.
pub(crate) fn number(reader: &Reader<'_>, node: &Tree) -> Option<Decimal> {
    let text = reader.text(node, "a number")?;
    let number = decimal(text);
    if number.is_none() {
        let message = format!("`{text}` is no number");
        reader.error(node.span, codes::BAD_VALUE, message, "write digits and at most one point");
    }
    number
}

/// `promo_budget promo_js_2025q2: { free: 10000 }`.
pub(crate) fn expected(reader: &Reader<'_>, (account, key): (&str, &str), pair: &Pair) -> Option<Want> {
    let pairs = reader.mapping(&pair.value, "how an account stands")?;
    for part in pairs {
        if !PARTS.contains(&part.key.as_str()) {
            let message = format!("an account has no `{}`", part.key);
            reader.error(part.at, codes::UNKNOWN_FIELD, message, tree::nearest(&part.key, PARTS));
            return None;
        }
    }
    Some(Want::Account(Name::from(account), Name::from(key), pairs.to_vec()))
}

/// Enters what was used up before: as accounts.yaml says, or as the case does.
///
/// # Errors
/// What core refuses.
pub(crate) fn open(world: &mut World<'_>, trial: &Trial) -> Result<(), Rejection> {
    let open = |account: &Account| {
        let mut account = account.clone();
        for (_, key, used) in trial.accounts.iter().filter(|(name, ..)| *name == account.name) {
            account.opening.insert(key.clone(), *used);
        }
        account
    };
    let accounts = world.company.accounts.values().map(open).filter(|account| !account.opening.is_empty());
    let definitions: Vec<Definition> = accounts.map(Definition::Account).collect();
    if definitions.is_empty() { Ok(()) } else { world.replace(&definitions) }
}

/// What a key of an account should be and is not.
pub(crate) fn unmet(
    world: &World<'_>,
    (account, key): (&Name, &Name),
    expected: &[Pair],
) -> Option<(String, String)> {
    let row = world.state.account(account, key, world.at);
    let fits = |pair: &Pair| {
        let found = part(&row, &pair.key);
        let text = shown(&pair.value);
        found == text || (decimal(&text).is_some() && decimal(&text) == decimal(&found))
    };
    if expected.iter().all(fits) {
        return None;
    }
    let parts = |value: &dyn Fn(&Pair) -> String| {
        let parts: Vec<String> =
            expected.iter().map(|pair| format!("{}: {}", pair.key, value(pair))).collect();
        format!("{{ {} }}", parts.join(", "))
    };
    Some((parts(&|pair| shown(&pair.value)), parts(&|pair| part(&row, &pair.key))))
}

fn part(row: &AccountRow, name: &str) -> String {
    let word = |word: &Option<Name>| word.as_ref().map_or("none".to_owned(), ToString::to_string);
    match name {
        "limit" => match &row.limit {
            AccountLimit::Of(limit) => limit.normalize().to_string(),
            AccountLimit::Unlimited => "unlimited".to_owned(),
            AccountLimit::Unknown(why) => why.clone(),
        },
        "used" => row.used.normalize().to_string(),
        "reserved" => row.reserved.normalize().to_string(),
        "free" => row.free().map_or("unlimited".to_owned(), |free| free.normalize().to_string()),
        "flag" => word(&row.flag),
        _ => word(&row.below_zero),
    }
}
