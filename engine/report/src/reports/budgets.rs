//! `budgets`: how each account stands: what there is, what is used up and set aside, which share that is, how far sales and
//! the period have come, by how much spending is ahead of the slower of the two, its colour.

use countersign_core::accounts::AccountLimit;
use countersign_core::definition::AccountMeasure;
use rust_decimal::Decimal;

use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("account", "账户"),
    ("key", "科目"),
    ("measure", "计量"),
    ("limit", "额度"),
    ("used", "已用"),
    ("reserved", "已占用"),
    ("free", "可用"),
    ("committed", "占用率"),
    ("sales", "销售进度"),
    ("time", "时间进度"),
    ("ahead", "超前"),
    ("flag", "状态"),
];

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut sheet = Sheet::new(COLUMNS);
    for row in book.state.accounts(None, window.now) {
        let definition = book.rules.as_ref().and_then(|rules| rules.account(&row.account));
        let measure = definition.map(|account| match &account.measure {
            AccountMeasure::Money(currency) => currency.to_string(),
            AccountMeasure::Count(word) => word.to_string(),
        });
        let (limit, committed) = match &row.limit {
            AccountLimit::Of(limit) => {
                (Cell::text(limit.to_string()), Cell::share(row.used + row.reserved, *limit))
            }
            AccountLimit::Unlimited => (Cell::text("unlimited"), Cell::None),
            AccountLimit::Unknown(why) => {
                sheet.notes.push(format!("{} {}: {why}", row.account, row.key));
                (Cell::None, Cell::None)
            }
        };
        let free: Option<Decimal> = row.free();
        let (sales, time) = row.progress.unzip();
        let share = match &row.limit {
            AccountLimit::Of(limit) => (row.used + row.reserved).checked_div(*limit),
            _ => None,
        };
        let ahead = share.zip(row.progress).map(|(share, (sales, time))| share - sales.min(time));
        let part =
            |share: Option<Decimal>| share.map_or(Cell::None, |share| Cell::share(share, Decimal::ONE));
        sheet.rows.push(vec![
            Cell::text(row.account.as_str()),
            Cell::text(row.key.as_str()),
            Cell::maybe(measure),
            limit,
            Cell::text(row.used.to_string()),
            Cell::text(row.reserved.to_string()),
            Cell::maybe(free),
            committed,
            part(sales),
            part(time),
            part(ahead),
            Cell::maybe(row.below_zero.as_deref().or(row.flag.as_deref())),
        ]);
    }
    sheet
}
