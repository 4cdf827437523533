//! Tables of conditions: what they lower to, and how they are refused.

mod handed;

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::{Defined, Message, Scope, Site, Text, any, of_type};
use crate::codes;
use crate::compile;
use crate::source::SourceFile;
use crate::world::ChainHead;
use crate::yaml::{Body, Node, Scalar};
use crate::{Diagnostic, diagnostic::Place};

const COMPANY: &str = r#"
company: test
currency: CNY
time_zone: Asia/Shanghai
working_time: { days: [mon], hours: ["09:00-17:00"] }
driver: boss
"#;

const ORGANISATION: &str = r#"
units: { hq: { en: HQ }, js: { part_of: hq, province: Jiangsu } }
positions:
  boss: { kind: boss, unit: hq, solid: top, holders: [P1] }
  rep: { kind: rep, unit: js, solid: boss, holders: [P2] }
"#;

const GRADES: &str = r#"
table: grades
key: { grade: text }
columns: { days: number, prepay: percent, keeper: position }
rows:
  A: { days: 60, prepay: 0%, keeper: boss }
  D: { days: 0, prepay: 100%, keeper: rep }
"#;

const CUSTOMERS: &str = r#"
table: customers
key: { customer: text }
columns: { type: retail | national, grade: optional text, best: optional customers, branch: optional unit }
rows:
  CU-1: { type: retail, best: CU-2 }
  CU-2: { type: national, grade: A }
"#;

const POOLS: &str = r#"
table: pools
key: { campaign: text, branch: unit }
columns: { pool: units }
rows:
  "2025-05/js": { pool: 400 }
"#;

const BY_SCORE: &str = r#"
table: by_score
key: { score: from }
columns: { grade: text }
rows: { 0: { grade: D }, 85: { grade: A } }
"#;

const DOCUMENT: &str = r#"
document: order
fields:
  nr: text, unique
  customer: customers
  total: money
  paid: money of any currency
  days: number
  qty: units
  share: percent
  standard: flag
  due: date
  last: optional date
  at: time
  pause: duration
  to: position
  where_to: unit
  tags: list of technical | service
  dealers: list of customers
  note: optional text
  scores: { sales: number, size: number }
  lines:
    list: { product: text, qty: units, price: money, special: flag = false }
commercial: []
"#;

fn optional(kind: Type) -> Type {
    Type::Optional(Box::new(kind))
}

/// What is known of a chain of orders without its file.
fn order_head() -> ChainHead {
    ChainHead {
        name: Name::from("order-to-cash"),
        document: Name::from("order"),
        states: ["prepaying", "delivering"].map(Name::from).to_vec(),
        ends: vec![(Name::from("closed"), true), (Name::from("cancelled"), false)],
        facts: vec![
            (Name::from("sent"), Type::Units),
            (Name::from("short"), Type::List(Box::new(Type::Text))),
        ],
        initial: BTreeSet::from([Name::from("sent")]),
        amount: Some(Type::Money),
        ..ChainHead::default()
    }
}

/// The company that conditions are read in, and the condition.
fn files(condition: &str) -> Vec<SourceFile> {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    vec![
        file("condition", condition),
        file("company.yaml", COMPANY),
        file("organisation.yaml", ORGANISATION),
        file("tables/grades.yaml", GRADES),
        file("tables/customers.yaml", CUSTOMERS),
        file("tables/pools.yaml", POOLS),
        file("tables/by_score.yaml", BY_SCORE),
        file("documents/order.yaml", DOCUMENT),
    ]
}

/// What a condition comes to.
type Outcome = Result<(Expr, Type), Vec<Diagnostic>>;

fn lower(site: Site, text: &str, expected: Option<&Type>) -> Outcome {
    let files = files(text);
    let mut world = compile::world(&files);
    let head = order_head();
    world.names.chains.insert(head.name.to_string());
    world.heads.insert(head.name.clone(), head);
    assert!(!world.report.failed(), "the fixture is right");
    let reads = RefCell::new(BTreeSet::new());
    let named = |shape: &[(&str, Type)]| -> Vec<(Name, Type)> {
        shape.iter().map(|(name, kind)| (Name::from(*name), kind.clone())).collect()
    };
    let facts = named(&[
        ("paid", Type::Money),
        ("posted", Type::AnyMoney),
        ("waybill", optional(Type::Text)),
        ("other", optional(Type::Case)),
    ]);
    let reply = named(&[("units", Type::Units), ("size", Type::Record(named(&[("width", Type::Number)])))]);
    let message = named(&[("order_no", Type::Text), ("amount", Type::Money)]);
    let line = Type::Record(named(&[("product", Type::Text), ("qty", Type::Units)]));
    let amount = (Expr::Doc(vec![Name::from("total")]), Type::Money);
    let base = Scope {
        world: &world,
        site: Site::Define,
        document: world.documents.get("order"),
        defines: &[],
        amount: Some(&amount),
        driver: world.company.as_ref().and_then(|c| c.driver.as_ref()),
        facts: &facts,
        reply: Some(("reply", &reply)),
        message: Some(Message::Fields(&message)),
        item: Some(("line", &line)),
        child: world.heads.get("order-to-cash").map(|head| ("child", head)),
        holds: world.heads.get("order-to-cash"),
        account: None,
        reads: &reads,
    };
    let mut defines: Vec<Defined> = Vec::new();
    for (name, text) in [
        ("large", "doc.total > 1000"),
        ("old", "today > doc.due"),
        ("g", "grades(A)"),
        ("left", "doc.total - facts.paid"),
        ("order", "order-to-cash(doc.nr)"),
    ] {
        let scope = Scope { defines: &defines, ..base.at(Site::Define) };
        let lowered = any(&whole(text, &world), &scope).map(|l| (l.kind, l.needs));
        defines.push(Defined { name: Name::from(name), lowered });
    }
    let scope = Scope { defines: &defines, ..base.at(site) };
    let text = whole(text, &world);
    let found = match expected {
        Some(kind) => of_type(&text, kind, &scope),
        None => any(&text, &scope),
    };
    match found {
        Some(lowered) => Ok((lowered.expr, lowered.kind)),
        None => {
            let found = world.report.finish();
            Err(found.into_iter().filter(|d| d.file == "condition" && d.line > 0).collect())
        }
    }
}

fn whole(text: &str, world: &crate::world::World<'_>) -> Text {
    let place = Place { file: 0, start: 0, end: text.len() as u32 };
    let scalar = Scalar { text: text.to_owned(), plain: true };
    Text::of(&Node { place, body: Body::Scalar(scalar.clone()) }, &scalar, &world.report)
}

#[test]
fn types() {
    for (text, kind) in [
        ("doc.total", "money"),
        ("doc.total + 1", "money"),
        ("1 + doc.total", "money"),
        ("doc.total - doc.total", "money"),
        ("doc.total * 2", "money"),
        ("50% * doc.total", "money"),
        ("doc.qty * doc.total", "money"),
        ("doc.total / 2", "money"),
        ("doc.total / doc.total", "optional number"),
        ("doc.total / doc.qty", "optional money"),
        ("doc.total / doc.total else 0%", "number"),
        ("doc.total / doc.qty else 0", "money"),
        ("doc.qty + 1", "units"),
        ("doc.days * 40%", "number"),
        ("doc.share + 5%", "percent"),
        ("- doc.total", "money"),
        ("-5", "number"),
        ("2 * 3 + 1", "number"),
        ("doc.due + 7d", "date"),
        ("doc.due - 7d", "date"),
        ("doc.due + 15wd", "date"),
        ("doc.at + 8wh", "time"),
        ("doc.at + doc.pause", "time"),
        ("doc.due - doc.due", "number"),
        ("doc.last + 3mo else doc.due", "date"),
        ("now", "time"),
        ("today", "date"),
        ("submitter", "position"),
        ("submitter.unit", "unit"),
        ("doc.customer.branch.province", "optional text"),
        ("submitter.kind", "boss | rep"),
        ("driver", "position"),
        ("driver.unit", "unit"),
        ("doc.customer", "customers"),
        ("doc.customer.type", "retail | national"),
        ("doc.customer.grade", "optional text"),
        ("doc.customer.grade else D", "text"),
        ("doc.customer.best.type", "optional retail | national"),
        ("grades(doc.customer.grade else D)", "grades"),
        ("grades(doc.customer.grade else D).days", "number"),
        ("g.prepay", "percent"),
        ("pools(\"2025-05\", doc.where_to).pool", "units"),
        ("by_score(doc.days).grade", "text"),
        ("sum(doc.lines, it.qty * it.price)", "money"),
        ("sum(doc.lines, it.qty)", "units"),
        ("count(doc.lines)", "number"),
        ("count(doc.lines, it.special)", "number"),
        ("where(doc.lines, not it.special)", "list of record of 4 fields"),
        ("sum(where(doc.lines, it.special), it.qty)", "units"),
        ("first(doc.dealers)", "optional customers"),
        ("first(doc.dealers).type else retail", "retail | national"),
        ("first(doc.lines).price else 0", "money"),
        ("every(doc.dealers, it.type == retail)", "flag"),
        ("some(doc.tags, it == technical)", "flag"),
        ("min(doc.total, 100)", "money"),
        ("max(0, doc.total - doc.total)", "money"),
        ("abs(doc.total)", "money"),
        ("floor(doc.days)", "number"),
        ("pick(doc.standard, 1, 2)", "number"),
        ("pick(doc.standard, doc.total, 0)", "money"),
        ("known(doc.last)", "flag"),
        ("doc.scores.sales * 40% + doc.scores.size * 60%", "number"),
        ("large", "flag"),
        ("[\"a\", \"b\"]", "list of text"),
        ("\"a text\"", "text"),
    ] {
        let found = lower(Site::Fork, text, None).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!(found.1.to_string(), kind, "{text}");
    }
}

#[test]
fn conditions() {
    for text in [
        "doc.total >= 300000 or not doc.standard",
        "doc.total > 300000.00 and doc.total <= amount",
        "doc.tags has technical",
        "technical in doc.tags",
        "doc.customer.type in [retail, national]",
        "doc.customer == CU-1",
        "doc.dealers has CU-2",
        "doc.nr == \"HT 1\"",
        "submitter == boss",
        "submitter.kind == rep",
        "submitter.unit == doc.where_to",
        "doc.to != submitter",
        "doc.where_to == js",
        "doc.due >= \"2025-04-27\"",
        "doc.at < \"2025-04-21T09:00+08:00\"",
        "doc.pause > 8wh",
        "doc.share < 15%",
        "doc.total / doc.total else 0% < 15%",
        "large or old",
        "not (large and old)",
        "doc.standard == true",
        "doc.paid == doc.paid",
        "grades(A).keeper == submitter",
        "doc.days > 5 and (doc.days < 10 or doc.days == 20)",
    ] {
        if let Err(found) = lower(Site::Fork, text, Some(&Type::Flag)) {
            panic!("{text}: {found:?}");
        }
    }
}

#[test]
fn precedence() {
    let shape = |text: &str| format!("{:?}", lower(Site::Fork, text, None).unwrap().0);
    for (loose, explicit) in [
        ("large or large and large", "large or (large and large)"),
        ("not large and large", "(not large) and large"),
        ("not doc.days == 3", "not (doc.days == 3)"),
        ("doc.days + 2 * doc.days", "doc.days + (2 * doc.days)"),
        ("doc.days - 1 - 2", "(doc.days - 1) - 2"),
        ("doc.last else doc.due == doc.due", "(doc.last else doc.due) == doc.due"),
        ("doc.total / doc.total else 0 > 1", "((doc.total / doc.total) else 0) > 1"),
        ("doc.last else doc.last else doc.due", "doc.last else (doc.last else doc.due)"),
    ] {
        assert_eq!(shape(loose), shape(explicit), "{loose}");
    }
}

#[test]
fn literals_take_the_type_beside_them() {
    let shape = |text: &str| format!("{:?}", lower(Site::Fork, text, None).unwrap().0);
    assert!(shape("doc.total > 5").contains("Money { amount: 5, currency: CNY }"));
    assert!(shape("doc.qty > 5").contains("Units(5)"));
    assert!(shape("doc.days > 5").contains("Number(5)"));
    assert!(shape("doc.share > 5%").contains("Percent(0.05)"));
    assert!(shape("doc.total / doc.total else 0% > 5%").contains("Number(0.05)"));
    assert!(shape("doc.where_to == js").contains("Unit(\"js\")"));
    assert!(shape("doc.to == boss").contains("Position(\"boss\")"));
    assert!(shape("doc.customer == CU-1").contains("Text(\"CU-1\")"));
    assert!(shape("doc.due == \"2025-04-27\"").contains("Date("));
}

/// A condition, the code of its refusal, and the column of the offending word.
const REFUSED: &[(&str, &str, u32)] = &[
    ("doc.totl > 3", codes::UNKNOWN_FIELD, 5),
    ("doc.customer.typ == retail", codes::UNKNOWN_FIELD, 14),
    ("doc.customer.type == nationl", codes::BAD_VALUE, 22),
    ("doc.customer == CU-9", codes::NO_SUCH_ROW, 17),
    ("grades(Z).days > 3", codes::NO_SUCH_ROW, 8),
    ("grades(doc.customer.grade else Z).days > 3", codes::NO_SUCH_ROW, 8),
    ("grades(doc.customer.grade).days > 3", codes::NEEDS_ELSE, 8),
    ("pools(\"2025-05\").pool > 3", codes::BAD_EXPRESSION, 1),
    ("total > 3", codes::UNKNOWN_NAME, 1),
    ("nosuch and true", codes::UNKNOWN_NAME, 1),
    ("true or nosuch > 3", codes::UNKNOWN_NAME, 9),
    ("summ(doc.lines, it.qty) > 3", codes::UNKNOWN_NAME, 1),
    ("submitter == bos", codes::UNKNOWN_NAME, 14),
    ("submitter.name == boss", codes::UNKNOWN_FIELD, 11),
    ("doc.where_to == jss", codes::UNKNOWN_NAME, 17),
    ("doc.lines.qty > 3", codes::TYPE_ERROR, 11),
    ("doc.total + doc.days > 3", codes::TYPE_ERROR, 1),
    ("doc.total * doc.total > 3", codes::TYPE_ERROR, 1),
    ("doc.total + 5% > 3", codes::TYPE_ERROR, 13),
    ("doc.days + doc.share > 3", codes::TYPE_ERROR, 1),
    ("doc.share < 0.15", codes::TYPE_ERROR, 13),
    ("doc.paid > 5", codes::TYPE_ERROR, 12),
    ("doc.paid + doc.paid == doc.paid", codes::TYPE_ERROR, 1),
    ("doc.due + 8wh > today", codes::TYPE_ERROR, 11),
    ("doc.due - 15wd > today", codes::TYPE_ERROR, 11),
    ("doc.due + doc.pause > today", codes::TYPE_ERROR, 11),
    ("doc.due > now", codes::TYPE_ERROR, 1),
    ("doc.nr > doc.nr", codes::TYPE_ERROR, 1),
    ("doc.nr == 5", codes::TYPE_ERROR, 11),
    ("doc.standard == 1", codes::TYPE_ERROR, 17),
    ("doc.total", codes::TYPE_ERROR, 1),
    ("doc.lines == doc.lines", codes::TYPE_ERROR, 1),
    ("doc.days has 3", codes::TYPE_ERROR, 1),
    ("doc.days else 3 > 2", codes::TYPE_ERROR, 1),
    ("known(doc.days)", codes::TYPE_ERROR, 7),
    ("sum(doc.lines, it.product) > 3", codes::TYPE_ERROR, 16),
    ("doc.total / doc.total > 3", codes::NEEDS_ELSE, 1),
    ("doc.last > today", codes::NEEDS_ELSE, 1),
    ("doc.note == a", codes::NEEDS_ELSE, 1),
    ("it.qty > 3", codes::IT_OUTSIDE_FOLD, 1),
    ("every(doc.lines, some(doc.tags, it == technical))", codes::IT_OUTSIDE_FOLD, 18),
    ("doc", codes::BAD_EXPRESSION, 1),
    ("doc.days >", codes::BAD_EXPRESSION, 11),
    ("doc.days > > 3", codes::BAD_EXPRESSION, 12),
    ("(doc.days > 3", codes::BAD_EXPRESSION, 1),
    ("doc.days > 3)", codes::BAD_EXPRESSION, 13),
    ("doc.days > 300,000", codes::BAD_EXPRESSION, 15),
    ("doc.days = 3", codes::BAD_EXPRESSION, 10),
    ("!doc.standard", codes::BAD_EXPRESSION, 1),
    ("doc.standard && doc.standard", codes::BAD_EXPRESSION, 14),
    ("1 < doc.days < 3", codes::BAD_EXPRESSION, 14),
    ("doc.days > 1e3", codes::BAD_EXPRESSION, 12),
    ("doc.days > 007", codes::BAD_EXPRESSION, 12),
    ("doc.due > 2025-04-27", codes::BAD_EXPRESSION, 11),
    ("doc.due + 3y > today", codes::BAD_EXPRESSION, 11),
    ("doc.nr == \"open", codes::BAD_EXPRESSION, 11),
    ("doc.nr == 上海", codes::BAD_EXPRESSION, 11),
    ("doc. > 3", codes::BAD_EXPRESSION, 6),
    ("and doc.standard", codes::BAD_EXPRESSION, 1),
    ("doc.standard == not large", codes::BAD_EXPRESSION, 17),
    ("sum(doc.lines) > 3", codes::BAD_EXPRESSION, 1),
    ("first() == 3", codes::BAD_EXPRESSION, 1),
    ("facts.rate > 3", codes::UNKNOWN_FIELD, 7),
    ("convert(doc.paid) > 3", codes::BAD_EXPRESSION, 1),
    ("doc.to.name == js", codes::UNKNOWN_FIELD, 8),
    ("doc.total > 1.234", codes::AMOUNT_SCALE, 13),
];

#[test]
fn refusals() {
    for (text, code, column) in REFUSED.iter().copied() {
        match lower(Site::Fork, text, Some(&Type::Flag)) {
            Ok(found) => panic!("{text}: accepted as {found:?}"),
            Err(found) => {
                let first = found.first().unwrap_or_else(|| panic!("{text}: refused without a word"));
                assert_eq!((first.code, first.column), (code, column), "{text}: {first}");
                assert!(!first.help.is_empty(), "{text}");
            }
        }
    }
}

#[test]
fn what_can_be_read_where() {
    use Site::{
        Amount, Check, ClimbAmount, Define, Fork, Initial, Key, Learn, Match, Monitor, Requires, Signer,
        Start, Until, Who, With,
    };
    let of_case = [
        Requires,
        Check,
        Fork,
        Signer,
        Who,
        Key,
        Amount,
        ClimbAmount,
        Match,
        Until,
        Monitor,
        Define,
        With,
        Learn,
        Initial,
    ];
    let all = [&of_case[..], &[Start]].concat();
    let clock = [Requires, Check, Fork, Define, With, Learn, Initial, Start];
    let cases = [Requires, Check, Fork, Define, With, Who, Initial, Learn];
    let facts = [Check, Fork, Signer, Who, Amount, ClimbAmount, Match, Until, With, Learn, Define];
    for (text, readable) in [
        ("doc.days", &of_case[..]),
        ("submitter.unit", &of_case[..]),
        ("owner", &of_case[..]),
        ("driver", &of_case[..]),
        ("large", &of_case[..]),
        ("grades(A).days", &all[..]),
        ("line.qty", &all[..]),
        ("now", &clock[..]),
        ("today", &clock[..]),
        ("old", &clock[..7]),
        ("facts.paid", &facts[..]),
        ("left", &facts[..]),
        ("order.open", &cases[..]),
        ("order-to-cash(\"O-1\").amount", &cases[..]),
        ("amount", &[Requires, Check, Fork, Signer, Who, ClimbAmount, Match, Until, With, Learn][..]),
        ("message.amount", &[Match, Learn, Start][..]),
        ("reply.units", &[Learn][..]),
        ("child.facts.sent", &[Learn][..]),
    ] {
        for site in all.iter().copied() {
            let found = lower(site, text, None);
            let allowed = readable.contains(&site);
            assert_eq!(found.is_ok(), allowed, "{text} in {site:?}: {found:?}");
            if let Err(found) = found {
                assert_eq!(
                    found.first().map(|d| d.code),
                    Some(codes::NOT_READABLE_HERE),
                    "{text} in {site:?}"
                );
            }
        }
    }
}

#[test]
fn fields_stand_bare_within_a_document() {
    assert!(lower(Site::Field, "sum(lines, it.qty * it.price)", Some(&Type::Money)).is_ok());
    for text in ["doc.total", "submitter.unit == js", "now > at", "amount"] {
        let found = lower(Site::Field, text, None).unwrap_err();
        assert_eq!(found.first().map(|d| d.code), Some(codes::NOT_READABLE_HERE), "{text}");
    }
}

#[test]
fn limits() {
    let long = format!("doc.days > {}", "1 + ".repeat(1100)) + "1";
    let deep = format!("{}doc.standard{}", "(".repeat(200), ")".repeat(200));
    let nots = format!("{}doc.standard", "not ".repeat(200));
    let terms = format!("doc.days{} > 3", " + doc.days".repeat(100));
    for (text, code) in [
        (long, codes::TOO_LARGE),
        (deep, codes::BAD_EXPRESSION),
        (nots, codes::BAD_EXPRESSION),
        (terms, codes::BAD_EXPRESSION),
    ] {
        let found = lower(Site::Fork, &text, Some(&Type::Flag)).unwrap_err();
        assert_eq!(found.first().map(|d| d.code), Some(code), "{text}");
    }
    let wide = format!("doc.standard{}", " or doc.standard".repeat(200));
    assert!(lower(Site::Fork, &wide, Some(&Type::Flag)).is_ok());
}

#[test]
fn every_mistake_is_shown() {
    let found = lower(Site::Fork, "doc.a > 1 and doc.b > 2 or c", Some(&Type::Flag)).unwrap_err();
    assert_eq!(found.len(), 3, "{found:?}");
}
