//! What is handed in from elsewhere: facts, answers, messages, items, children and other cases.

use countersign_core::expr::Expr;
use countersign_core::value::Type;

use super::super::Site;
use super::lower;
use crate::codes;

#[test]
fn what_is_handed_in_has_types() {
    for (site, text, kind) in [
        (Site::Fork, "facts.paid", "money"),
        (Site::Fork, "facts.paid >= doc.share * doc.total", "flag"),
        (Site::Match, "message.order_no == doc.nr and message.amount > 0", "flag"),
        (Site::Match, "message.order_no == (facts.waybill else doc.nr)", "flag"),
        (Site::Learn, "facts.paid + message.amount", "money"),
        (Site::Learn, "reply.units * 2", "units"),
        (Site::Learn, "reply.size.width", "number"),
        (Site::Learn, "child.facts.sent", "units"),
        (Site::Learn, "child.facts.short", "optional list of text"),
        (Site::Learn, "child.doc.total", "money"),
        (Site::Learn, "child.state == cancelled", "flag"),
        (Site::Learn, "child.amount", "money"),
        (Site::Learn, "child.submitter.unit", "unit"),
        (Site::With, "line.qty", "units"),
        (Site::With, "line", "record of 2 fields"),
        (Site::Requires, "line.product", "text"),
        (Site::Start, "message.amount", "money"),
        (Site::Who, "owner", "position"),
        (Site::Check, "owner.unit == submitter.unit", "flag"),
        (Site::Check, "doc.to.unit", "unit"),
        (Site::Check, "doc.to.kind == rep", "flag"),
        (Site::Check, "driver.kind", "boss | rep"),
        (Site::Check, "grades(A).keeper.unit", "unit"),
        (Site::Amount, "left", "money"),
        (Site::Initial, "doc.total", "money"),
    ] {
        match lower(site, text, None) {
            Ok((_, found)) => assert_eq!(found.to_string(), kind, "{text}"),
            Err(found) => panic!("{text}: {found:?}"),
        }
    }
}

#[test]
fn other_cases_can_be_asked_about() {
    for (text, kind) in [
        ("order-to-cash(doc.nr).state == delivering", "flag"),
        ("order-to-cash(doc.nr).state in [closed, none]", "flag"),
        ("order-to-cash(facts.waybill).open", "flag"),
        ("order-to-cash(doc.nr).doc.total", "optional money"),
        ("order-to-cash(doc.nr).doc.scores.sales", "optional number"),
        ("order-to-cash(doc.nr).doc.lines", "optional list of record of 4 fields"),
        ("order-to-cash(doc.nr).facts.sent else 0", "units"),
        ("order-to-cash(doc.nr).amount else 0", "money"),
        ("order-to-cash(doc.nr).submitter.kind else rep", "boss | rep"),
        ("known(order-to-cash(doc.nr))", "flag"),
        ("order", "optional case"),
        ("order.state == on-hold", "flag"),
        ("order.facts.sent else 0", "units"),
        ("facts.other.state == closed", "flag"),
        ("facts.other.open", "flag"),
        ("order.still_to_sign", "optional list of position"),
        ("facts.other.still_to_sign else []", "list of position"),
        ("(facts.other.amount else doc.total) > doc.total", "flag"),
        ("facts.other.amount", "optional money of any currency"),
    ] {
        match lower(Site::Fork, text, None) {
            Ok((_, found)) => assert_eq!(found.to_string(), kind, "{text}"),
            Err(found) => panic!("{text}: {found:?}"),
        }
    }
    // A case that is not there has a state and is not open, so both lower to something that always is.
    let (expr, _) = lower(Site::Fork, "order.open", None).unwrap();
    assert!(matches!(expr, Expr::Else(..)), "{expr:?}");
}

#[test]
fn currencies_and_days() {
    for (text, kind) in [
        ("currency(facts.posted) == currency(doc.total)", "flag"),
        ("currency(doc.paid) == USD", "flag"),
        ("convert(facts.posted, 7.1) + doc.total", "money"),
        ("doc.at + days(doc.days)", "time"),
        ("doc.due + days(doc.days)", "date"),
        ("doc.due - days(3)", "date"),
        ("days(3) < doc.pause", "flag"),
    ] {
        match lower(Site::Fork, text, None) {
            Ok((_, found)) => assert_eq!(found.to_string(), kind, "{text}"),
            Err(found) => panic!("{text}: {found:?}"),
        }
    }
    assert!(lower(Site::Initial, "0", Some(&Type::AnyMoney)).is_ok());
    assert!(lower(Site::Learn, "message.amount", Some(&Type::AnyMoney)).is_ok());
}

#[test]
fn names_of_other_things_are_refused_with_a_reason() {
    for (site, text, code) in [
        (Site::Requires, "facts.paid > 0", codes::NOT_READABLE_HERE),
        (Site::Key, "facts.waybill else doc.nr", codes::NOT_READABLE_HERE),
        (Site::Requires, "left > 0", codes::NOT_READABLE_HERE),
        (Site::Signer, "order.state == closed", codes::NOT_READABLE_HERE),
        (Site::Match, "order-to-cash(doc.nr).open", codes::NOT_READABLE_HERE),
        (Site::Fork, "reply.units > 0", codes::NOT_READABLE_HERE),
        (Site::Fork, "child.state == closed", codes::NOT_READABLE_HERE),
        (Site::Fork, "message.amount > 0", codes::NOT_READABLE_HERE),
        (Site::Learn, "answer.units", codes::NOT_READABLE_HERE),
        (Site::Start, "doc.total", codes::NOT_READABLE_HERE),
        (Site::Start, "submitter.unit", codes::NOT_READABLE_HERE),
        (Site::Start, "large", codes::NOT_READABLE_HERE),
        (Site::Learn, "reply.weight", codes::UNKNOWN_FIELD),
        (Site::Match, "message.total", codes::UNKNOWN_FIELD),
        (Site::Fork, "facts.payed", codes::UNKNOWN_FIELD),
        (Site::Fork, "order.facts.sentt", codes::UNKNOWN_FIELD),
        (Site::Fork, "order.doc.totl", codes::UNKNOWN_FIELD),
        (Site::Fork, "order.stat", codes::UNKNOWN_FIELD),
        (Site::Fork, "order.state == deliverd", codes::BAD_VALUE),
        (Site::Fork, "child", codes::BAD_EXPRESSION),
        (Site::Fork, "facts", codes::BAD_EXPRESSION),
        (Site::Fork, "order.facts", codes::BAD_EXPRESSION),
        (Site::Fork, "order-to-cash()", codes::BAD_EXPRESSION),
        (Site::Fork, "order-to-cash(doc.days).open", codes::TYPE_ERROR),
        (Site::Fork, "facts.other.doc.total", codes::TYPE_ERROR),
        (Site::Fork, "order.facts.sent > 0", codes::NEEDS_ELSE),
        (Site::Fork, "currency(doc.days)", codes::TYPE_ERROR),
        (Site::Fork, "convert(doc.total, doc.pause) > 0", codes::TYPE_ERROR),
        (Site::Fork, "doc.where_to.province == Jiangsu", codes::NEEDS_ELSE),
        (Site::Fork, "doc.where_to.town", codes::UNKNOWN_FIELD),
        (Site::Fork, "order.signers has boss", codes::NEEDS_ELSE),
        (Site::Fork, "doc.total <= delegable(order)", codes::TYPE_ERROR),
        (Site::Fork, "delegated(submitter, ordre)", codes::UNKNOWN_NAME),
        (Site::Fork, "order.owner == boss", codes::NEEDS_ELSE),
        (Site::Fork, "doc.total <= limit_of(submitter, ordre)", codes::UNKNOWN_NAME),
        (Site::Key, "limit_of(submitter, order)", codes::NOT_READABLE_HERE),
        (Site::Fork, "order-to-csh(doc.nr).open", codes::UNKNOWN_NAME),
        (Site::Fork, "lines.qty > 0", codes::UNKNOWN_NAME),
        (Site::Fork, "pools(\"2025-06\", js).pool > 0", codes::NO_SUCH_ROW),
    ] {
        let found = lower(site, text, None).expect_err(text);
        assert_eq!(found.first().map(|d| d.code), Some(code), "{text}: {found:?}");
        assert!(found.iter().all(|d| !d.help.is_empty()), "{text}");
    }
}
