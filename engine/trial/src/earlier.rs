//! Cases that were there before: stand-ins of their chains are submitted, rest in their first state, and jump to where
//! they are said to stand. Their documents need only have what is read of them.

use std::collections::BTreeMap;

use countersign_core::command::Body;
use countersign_core::definition::*;
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::time::Timestamp;
use countersign_core::value::{Raw, Type, Value};

use crate::act;
use crate::case::{Earlier, Jump, Trial};
use crate::fields::{kinds, record};
use crate::find::key_field;
use crate::jump;
use crate::world::World;

/// The last instant of the calendar: 9999-12-30.
pub(crate) const NEVER: Timestamp = Timestamp(253_402_128_000_000);

/// Makes the cases that were there before.
///
/// # Errors
/// The case and why it cannot be so.
pub(crate) fn make<'t>(world: &mut World<'_>, trial: &'t Trial) -> Result<(), (&'t Earlier, Rejection)> {
    if trial.earlier.is_empty() {
        return Ok(());
    }
    let own = world.numbers.clone();
    world.earlier(true);
    for earlier in &trial.earlier {
        one(world, earlier).map_err(|rejection| (earlier, rejection))?;
    }
    world.earlier(false);
    world.numbers = own;
    match (world.activate(), trial.earlier.last()) {
        (Err(rejection), Some(last)) => Err((last, rejection)),
        _ => Ok(()),
    }
}

fn one(world: &mut World<'_>, earlier: &Earlier) -> Result<(), Rejection> {
    let company = world.company;
    let unknown = || Rejection::new(Code::ChainUnknown, format!("expected a chain, found {}", earlier.chain));
    let chain = company.chains.get(&earlier.chain).ok_or_else(unknown)?;
    let document = company.documents.get(&chain.document).ok_or_else(unknown)?;
    let is_fact = |name: &str| chain.facts.iter().any(|fact| fact.name == *name);
    let of_document = |name: &str| document.fields.iter().any(|field| field.name == *name);
    let (written, facts): (Vec<_>, Vec<_>) =
        earlier.fields.iter().cloned().partition(|pair| of_document(&pair.key) || !is_fact(&pair.key));
    let jump = Jump { facts, ..earlier.jump.clone() };
    let entry = jump::entry(world, chain, &jump)?;
    let document = stand_in_document(document);
    let mut raw = record(&written, &kinds(&document));
    if let (Raw::Record(fields), Some(key), Some(name)) = (&mut raw, &earlier.key, key_field(chain)) {
        fields.entry(name.to_string()).or_insert_with(|| Raw::Text(key.to_string()));
    }
    let chain = stand_in_chain(chain, &document, earlier.key.as_ref(), &raw, entry);
    world.replace(&[Definition::Document(document), Definition::Chain(chain)])?;
    let (person, position) = act::beginner(world, &earlier.chain)?;
    let body = Body::Submit { chain: earlier.chain.clone(), document: raw, addressee: None };
    let frame = world.request(&person, &position, body)?;
    let case = countersign_core::receipt::Receipt::of(&frame).case.unwrap_or_default();
    act::forced(world, case, &jump)
}

/// The document with every field optional, and nothing computed or unique.
fn stand_in_document(document: &DocumentType) -> DocumentType {
    let field = |field: &Field| Field {
        kind: match &field.kind {
            Type::Optional(_) | Type::List(_) => field.kind.clone(),
            kind => Type::Optional(Box::new(kind.clone())),
        },
        computed: None,
        unique: false,
        ..field.clone()
    };
    DocumentType { fields: document.fields.iter().map(field).collect(), ..document.clone() }
}

/// The chain with a first state that rests, and the state that it is to stand in resting too.
fn stand_in_chain(
    chain: &Chain,
    document: &DocumentType,
    key: Option<&Name>,
    raw: &Raw,
    entry: Anytime,
) -> Chain {
    let rests = |state: &StateDef| StateDef {
        activity: Activity::WaitUntil(Expr::Const(Value::Time(NEVER))),
        when: None,
        within: None,
        within_by: BTreeMap::new(),
        expires: None,
        for_each: None,
        learns: Vec::new(),
        cc: Vec::new(),
        ..state.clone()
    };
    let there = |name: &str| matches!(raw, Raw::Record(fields) if fields.contains_key(name));
    let amount = chain.amount.clone().filter(|expr| match expr {
        Expr::Doc(path) => path.first().is_some_and(|name| there(name)),
        _ => false,
    });
    let mut anytime = chain.anytime.clone();
    let target = entry.go;
    anytime.push(entry);
    let mut states = chain.states.clone();
    for (number, state) in states.iter_mut().enumerate() {
        let stands = matches!(target, Some(Target::State(to)) if usize::from(to) == number);
        if number == 0 || stands {
            *state = rests(state);
        }
    }
    Chain {
        key: key.map(|key| Expr::Const(Value::Text(key.clone()))).or_else(|| chain.key.clone()),
        amount,
        initiators: None,
        benefits: Vec::new(),
        cc: Vec::new(),
        monitors: Vec::new(),
        requires: Vec::new(),
        starts: Vec::new(),
        alarms: Vec::new(),
        facts: chain.facts.iter().map(|fact| FactDef { initial: None, ..fact.clone() }).collect(),
        reads: document.fields.iter().map(|field| field.name.clone()).collect(),
        anytime,
        states,
        ..chain.clone()
    }
}
