//! What events of accounts say, as a JSON object and as a sentence. Amounts are texts, as everywhere.

use countersign_core::command::{CaseNo, LotNo};
use countersign_core::event::*;

use super::json::{Json, json};
use crate::ids::case_text;

fn lot(of: &Option<(CaseNo, LotNo)>) -> Json<'_> {
    of.as_ref().map_or(Json::Null, |(case, lot)| json!({ "case": Json::Case(*case), "lot": *lot }))
}

fn why(why: ReleasedWhy) -> (&'static str, &'static str) {
    match why {
        ReleasedWhy::Asked => ("asked", "按流程释放"),
        ReleasedWhy::Returned => ("returned", "单据退回"),
        ReleasedWhy::Ended => ("ended", "事项结束"),
        ReleasedWhy::Lapsed => ("lapsed", "逾期无人使用"),
        ReleasedWhy::Compensated => ("compensated", "撤销"),
        ReleasedWhy::Reversed => ("reversed", "改判"),
    }
}

/// What such an event says; null for one of another sort.
pub(super) fn account(event: &Event) -> Json<'_> {
    match event {
        Event::AccountOpened(e) => {
            let used = Json::list(&e.used, |(key, used)| json!({ "key": key, "used": Json::Printed(used) }));
            json!({ "account": e.account.as_str(), "used": used })
        }
        Event::Reserved(e) => json!({
            "state": e.state,
            "lot": e.lot,
            "name": e.name.as_str(),
            "account": e.account.as_str(),
            "key": e.key.as_str(),
            "amount": Json::Printed(&e.amount),
            "from": lot(&e.from),
        }),
        Event::ReservationRefused(e) => json!({
            "name": e.name.as_str(),
            "account": e.account.as_str(),
            "key": e.key.as_str(),
            "asked": Json::Printed(&e.asked),
            "free": Json::Printed(&e.free),
            "short": e.short().to_string(),
            "code": e.code.as_str(),
        }),
        Event::Consumed(e) => json!({
            "state": e.state,
            "of": lot(&e.lot),
            "account": e.account.as_str(),
            "key": e.key.as_str(),
            "amount": Json::Printed(&e.amount),
        }),
        Event::Restored(e) => json!({
            "account": e.account.as_str(),
            "key": e.key.as_str(),
            "amount": Json::Printed(&e.amount),
            "undo": e.undo,
            "back_to": lot(&e.back_to),
        }),
        Event::Released(e) => json!({
            "lot": e.lot,
            "account": e.account.as_str(),
            "key": e.key.as_str(),
            "amount": Json::Printed(&e.amount),
            "back_to": lot(&e.back_to),
            "why": why(e.why).0,
        }),
        Event::HoldTaken(e) => json!({
            "from": json!({ "case": Json::Case(e.from), "lot": e.from_lot }),
            "lot": e.lot,
            "name": e.name.as_str(),
            "account": e.account.as_str(),
            "key": e.key.as_str(),
            "amount": Json::Printed(&e.amount),
            "with": e.with.as_ref(),
        }),
        Event::HoldsKept(e) => json!({ "until": Json::At(e.until), "end": e.end.as_str(), "good": e.good }),
        Event::HoldLapsed(e) => json!({ "end": e.end.as_str(), "good": e.good }),
        Event::AccountFlagged(e) => json!({
            "account": e.account.as_str(),
            "key": e.key.as_str(),
            "flag": e.flag.as_ref(),
            "below_zero": e.below_zero.as_ref(),
        }),
        _ => super::organisation::organisation(event),
    }
}

/// The same as a sentence, in English and Chinese. None: it is another event.
pub(super) fn sentence(event: &Event) -> Option<(String, String)> {
    Some(match event {
        Event::AccountOpened(e) => (
            format!("{} was opened with {} balances", e.account, e.used.len()),
            format!("{} 期初录入 {} 项", e.account, e.used.len()),
        ),
        Event::Reserved(e) => (
            format!("{} of {} {} was reserved as {}", e.amount, e.account, e.key, e.name),
            format!("预留 {} {}：{}（{}）", e.account, e.key, e.amount, e.name),
        ),
        Event::ReservationRefused(e) => (
            format!(
                "{} of {} {} was asked for, {} is free: {} short",
                e.asked,
                e.account,
                e.key,
                e.free,
                e.short()
            ),
            format!("{} {} 申请 {}，可用 {}，差 {}", e.account, e.key, e.asked, e.free, e.short()),
        ),
        Event::Consumed(e) => (
            format!("{} of {} {} was used", e.amount, e.account, e.key),
            format!("使用 {} {}：{}", e.account, e.key, e.amount),
        ),
        Event::Restored(e) => (
            format!("{} of {} {} is free again", e.amount, e.account, e.key),
            format!("恢复 {} {}：{}", e.account, e.key, e.amount),
        ),
        Event::Released(e) => (
            format!("{} of {} {} was released: {}", e.amount, e.account, e.key, why(e.why).0),
            format!("释放 {} {}：{}（{}）", e.account, e.key, e.amount, why(e.why).1),
        ),
        Event::HoldTaken(e) => (
            format!("{} of {} {} was taken over from case {}", e.amount, e.account, e.key, case_text(e.from)),
            format!("接收事项 {} 的 {} {}：{}", case_text(e.from), e.account, e.key, e.amount),
        ),
        Event::HoldsKept(e) => (
            format!("what it holds waits until {}", super::value::time(e.until)),
            format!("预留保留至 {}", super::value::time(e.until)),
        ),
        Event::HoldLapsed(e) => (format!("what it held lapsed: {}", e.end), format!("预留失效：{}", e.end)),
        Event::AccountFlagged(e) => {
            let word = e.below_zero.as_ref().or(e.flag.as_ref()).map_or("none", |word| word.as_str());
            (format!("{} {} is {word} now", e.account, e.key), format!("{} {} 现为 {word}", e.account, e.key))
        }
        _ => return super::organisation::sentence(event),
    })
}
