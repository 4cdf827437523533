//! How accounts stand, as queries and the command line tell it.

use countersign_core::accounts::{AccountLimit, AccountRow};
use countersign_core::definition::AccountMeasure;
use countersign_core::state::State;
use countersign_messages::{AccountView, Decimal, HeldAmount};
use rust_decimal::Decimal as CoreDecimal;

use super::value::time;
use crate::ids::case_text;

/// How one key of an account stands, with at most so many of the cases that hold some of it.
pub fn account_view(state: &State, row: AccountRow, held_max: usize) -> AccountView {
    let free = row.free();
    let definition = state.definitions().active().and_then(|active| active.account(&row.account));
    let measure = definition.map(|account| match &account.measure {
        AccountMeasure::Money(currency) => currency.as_str().to_owned(),
        AccountMeasure::Count(word) => word.to_string(),
    });
    let (limit, unknown) = match row.limit {
        AccountLimit::Of(limit) => (limit.to_string(), None),
        AccountLimit::Unlimited => ("unlimited".to_owned(), None),
        AccountLimit::Unknown(why) => ("unknown".to_owned(), Some(why)),
    };
    let held_more = row.held.len().saturating_sub(held_max) as u64;
    let held = row.held.into_iter().take(held_max).map(|held| HeldAmount {
        case: case_text(held.case),
        lot: held.lot,
        name: held.name.to_string(),
        amount: amount(held.amount),
        until: held.until.map(time),
    });
    AccountView {
        account: row.account.to_string(),
        key: row.key.to_string(),
        measure,
        limit,
        unknown,
        used: amount(row.used),
        reserved: amount(row.reserved),
        free: free.map(amount),
        flag: row.flag.map(|flag| flag.to_string()),
        below_zero: row.below_zero.map(|word| word.to_string()),
        held: held.collect(),
        held_more,
    }
}

/// On the wire a decimal has 28 digits at most, one less than core can count to.
pub(super) fn amount(of: CoreDecimal) -> Decimal {
    let short = || Decimal::new(of.round_sf(28)?.normalize().to_string()).ok();
    Decimal::new(of.to_string()).ok().or_else(short).expect("28 digits and a point are a decimal")
}
