//! Jumping over a chain: its end is forced through an entry of its own under `anytime`, which only its submitter may
//! ask for. The rest of the chain stays as it is, and what follows are core's own events.

use countersign_core::definition::{Anytime, Chain, Definition, Learn, Target, Who};
use countersign_core::document::shaped;
use countersign_core::expr::Expr;
use countersign_core::fit::Fitting;
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::value::{Fields, Value};

use crate::case::{Act, Jump, Step, Trial};
use crate::company::Company;
use crate::fields::record;
use crate::world::World;

/// The chains as this case needs them: with an entry for each jump, and with initiators for what `begins`. None
/// where the company's own will do.
pub(crate) fn chains(world: &World<'_>, trial: &Trial) -> Result<Vec<Definition>, Rejection> {
    let mut chains: Vec<Chain> = Vec::new();
    for act in acts(trial) {
        match act {
            Act::Jump { jump, .. } => {
                let chain = chain(world.company, &mut chains, &jump.chain)?;
                let entry = entry(world, chain, jump)?;
                chain.anytime.push(entry);
            }
            Act::Begin { .. } => chain(world.company, &mut chains, &trial.chain)?.initiators = None,
            _ => {}
        }
    }
    Ok(chains.into_iter().map(Definition::Chain).collect())
}

/// Changed rules, in which this case may jump as well.
pub(crate) fn with_entries(
    world: &World<'_>,
    trial: &Trial,
    rules: &[Definition],
) -> Result<Vec<Definition>, Rejection> {
    let mut rules = rules.to_vec();
    for rule in &mut rules {
        let Definition::Chain(chain) = rule else { continue };
        for act in acts(trial) {
            match act {
                Act::Jump { jump, .. } if jump.chain == chain.name => {
                    let entry = entry(world, chain, jump)?;
                    chain.anytime.push(entry);
                }
                Act::Begin { .. } if trial.chain == chain.name => chain.initiators = None,
                _ => {}
            }
        }
    }
    Ok(rules)
}

fn acts(trial: &Trial) -> impl Iterator<Item = &Act> {
    let sentences = trial.when.iter().flat_map(|step| match step {
        Step::Do(sentence) => std::slice::from_ref(sentence),
        Step::Together(sentences) => sentences.as_slice(),
        Step::Then(_) => &[],
    });
    sentences.map(|sentence| &sentence.act)
}

fn chain<'c>(company: &Company, chains: &'c mut Vec<Chain>, name: &Name) -> Result<&'c mut Chain, Rejection> {
    if !chains.iter().any(|chain| chain.name == *name) {
        chains.extend(company.chains.get(name).cloned());
    }
    let found = chains.iter_mut().find(|chain| chain.name == *name);
    found.ok_or_else(|| Rejection::new(Code::ChainUnknown, format!("expected a chain, found {name}")))
}

/// The entry of a jump.
pub(crate) fn entry(world: &World<'_>, chain: &Chain, jump: &Jump) -> Result<Anytime, Rejection> {
    let state = chain.states.iter().position(|state| state.name == jump.to);
    let end = chain.ends.iter().position(|end| end.name == jump.to);
    let place = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    let go = state.map(|s| Target::State(place(s))).or(end.map(|e| Target::End(place(e))));
    let facts = facts(world, chain, jump)?;
    let learns = chain.facts.iter().enumerate().filter_map(|(number, fact)| {
        let value = facts.get(&fact.name).filter(|value| **value != Value::Missing)?;
        Some(Learn { fact: place(number), value: Expr::Const(value.clone()) })
    });
    Ok(Anytime {
        name: jump.entry.clone(),
        by: vec![Who::Submitter],
        by_chain: Vec::new(),
        in_states: None,
        go,
        asks: Vec::new(),
        learns: learns.collect(),
        unratified: None,
        once_over: Vec::new(),
    })
}

/// The facts that go with a jump, with their types.
fn facts(world: &World<'_>, chain: &Chain, jump: &Jump) -> Result<Fields, Rejection> {
    let named = |name: &Name| jump.facts.iter().any(|pair| *name == *pair.key.as_str());
    let named = chain.facts.iter().filter(|fact| named(&fact.name));
    let kinds: Vec<_> = named.map(|fact| (fact.name.clone(), fact.kind.clone())).collect();
    let active = world.state.definitions().active();
    let rules = active.ok_or_else(|| Rejection::new(Code::NotFounded, "expected active definitions"))?;
    shaped(&kinds, &record(&jump.facts, &kinds), Fitting { rules, state: &world.state }, "facts")
}
