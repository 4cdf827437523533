//! Accounts: how they stand at first, and how they are expected to.

use std::collections::BTreeMap;

use countersign_chain::tree::{self, Pair, Tree};
use countersign_core::accounts::{AccountLimit, AccountRow};
use countersign_core::command::Body;
use countersign_core::definition::*;
use countersign_core::event::Event;
use countersign_core::expr::Expr;
use countersign_core::name::{Name, Title};
use countersign_core::rejection::{Code, Rejection};
use countersign_core::value::{Raw, Value};
use rust_decimal::Decimal;

use crate::act;
use crate::case::{Standing, Trial, shown};
use crate::codes;
use crate::company::Company;
use crate::earlier::NEVER;
use crate::expect::Want;
use crate::fields::decimal;
use crate::read::Reader;
use crate::world::World;

/// What can be expected of a key of an account.
const PARTS: [&str; 6] = ["limit", "used", "reserved", "free", "flag", "below_zero"];

/// `promo_budget promo_js_2025q2: { used: 570000, reserved: 20000 }`.
pub(crate) fn given(reader: &Reader<'_>, pair: &Pair) -> Option<Standing> {
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
    let mut standing =
        Standing { account: Name::from(*account), key: Name::from(*key), used: None, reserved: None };
    for part in pairs {
        let number = number(reader, &part.value)?;
        if number < Decimal::ZERO {
            let help = "an account begins with nothing, or with what was used or reserved before";
            reader.error(part.at, codes::BAD_VALUE, "less than nothing cannot be used or reserved", help);
            return None;
        }
        match part.key.as_str() {
            "used" => standing.used = Some(number),
            _ => standing.reserved = Some(number).filter(|number| !number.is_zero()),
        }
    }
    Some(standing)
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

/// Enters what was used up before, as accounts.yaml says or as the case does, and lets a case hold what is reserved.
///
/// # Errors
/// What core refuses.
pub(crate) fn open(world: &mut World<'_>, trial: &Trial) -> Result<(), Rejection> {
    let open = |account: &Account| {
        let mut account = account.clone();
        for given in trial.accounts.iter().filter(|given| given.account == account.name) {
            account.opening.extend(given.used.map(|used| (given.key.clone(), used)));
        }
        account
    };
    let accounts = world.company.accounts.values().map(open).filter(|account| !account.opening.is_empty());
    let definitions: Vec<Definition> = accounts.map(Definition::Account).collect();
    if !definitions.is_empty() {
        world.replace(&definitions)?;
    }
    let holds = trial.accounts.iter().filter_map(|given| hold(world.company, given));
    let holds: Vec<_> = holds.collect();
    if holds.is_empty() { Ok(()) } else { held(world, holds) }
}

/// The hold of an amount that is reserved at first.
fn hold(company: &Company, given: &Standing) -> Option<(Name, Expr, HoldSource)> {
    let amount = given.reserved?;
    let amount = match company.accounts.get(&given.account)?.measure {
        AccountMeasure::Money(currency) => Value::money(amount, currency),
        AccountMeasure::Count(_) => Value::Units(amount),
    };
    // The parts of a key are joined as they stand in it.
    let key = vec![Expr::Const(Value::Text(given.key.clone()))];
    let source = HoldSource::Account { account: given.account.clone(), key };
    Some((given.account.clone(), Expr::Const(amount), source))
}

/// A case of a chain of its own holds these, from before the first sentence to the end.
fn held(world: &mut World<'_>, holds: Vec<(Name, Expr, HoldSource)>) -> Result<(), Rejection> {
    let (name, own) = (Name::from("given"), world.numbers.clone());
    let document = DocumentType {
        name: name.clone(),
        title: Title::default(),
        fields: Vec::new(),
        commercial: Vec::new(),
    };
    let reserve = ReserveDef { holds, overdraw: None, short: None };
    let ends = vec![End { name: Name::from("over"), good: false }];
    let rests = Activity::WaitUntil(Expr::Const(Value::Time(NEVER)));
    let states = vec![
        resting("reserving", Activity::Reserve(reserve), &[("done", 1), ("insufficient", 1)]),
        resting("held", rests, &[("due", 1)]),
    ];
    world.earlier(true);
    world.replace(&[Definition::Document(document), Definition::Chain(chain(&name, states, ends))])?;
    let (person, position) = act::beginner(world, &name)?;
    let body = Body::Submit { chain: name, document: Raw::Record(Default::default()), addressee: None };
    let frame = world.request(&person, &position, body)?;
    world.earlier(false);
    world.numbers = own;
    world.activate()?;
    let refused = frame.events.iter().find_map(|event| match event {
        Event::ReservationRefused(e) => Some(e),
        _ => None,
    });
    match refused {
        None => Ok(()),
        Some(e) => {
            let message = format!(
                "expected {} of {} {} to be reserved, found {} free",
                e.asked, e.account, e.key, e.free
            );
            Err(Rejection::new(Code::Unevaluable, message))
        }
    }
}

/// A state of that chain; it goes on to the state or stays in the last one.
fn resting(name: &str, activity: Activity, next: &[(&str, u16)]) -> StateDef {
    let arrow = |to: u16| vec![Arrow { when: None, go: Target::State(to), learns: Vec::new() }];
    StateDef {
        name: Name::from(name),
        activity,
        when: None,
        within: None,
        within_by: BTreeMap::new(),
        expires: None,
        for_each: None,
        learns: Vec::new(),
        cc: Vec::new(),
        good: Name::from(next[0].0),
        next: next.iter().map(|(outcome, to)| (Name::from(*outcome), arrow(*to))).collect(),
    }
}

fn chain(name: &Name, states: Vec<StateDef>, ends: Vec<End>) -> Chain {
    Chain {
        name: name.clone(),
        title: Title::default(),
        document: name.clone(),
        key: None,
        amount: None,
        initiators: None,
        benefits: Vec::new(),
        skip_level_allowed: true,
        driver: None,
        cc: Vec::new(),
        monitors: Vec::new(),
        requires: Vec::new(),
        starts: Vec::new(),
        alarms: Vec::new(),
        facts: Vec::new(),
        anytime: Vec::new(),
        listens: Vec::new(),
        hands_on: Vec::new(),
        defines: Vec::new(),
        reads: Vec::new(),
        states,
        ends,
    }
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
