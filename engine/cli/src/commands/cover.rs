//! What no case of a company tries, as `countersign test --cover` tells it.

use countersign_trial::Uncovered;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::Output;

/// For programs.
pub(crate) fn object(left: &Uncovered) -> Value {
    let arrows = left.arrows.iter().map(|(chain, state, outcome)| {
        json!({ "chain": chain.as_str(), "state": state.as_str(), "outcome": outcome.as_str() })
    });
    let policies = left
        .policies
        .iter()
        .map(|policy| json!({ "rule": policy.rule, "policy": policy.name, "unused": policy.unused }));
    let limits = left
        .limits
        .iter()
        .map(|(authority, whose)| json!({ "authority": authority.as_str(), "whose": whose.as_str() }));
    let rows = left.rows.iter().map(|(table, row)| json!({ "table": table.as_str(), "row": row.as_str() }));
    json!({
        "chains": left.chains.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "arrows": arrows.collect::<Vec<_>>(), "followed": left.followed.0, "of": left.followed.1,
        "policies": { "unused": policies.collect::<Vec<_>>(), "used": left.used.0, "of": left.used.1 },
        "limits": { "undecided": limits.collect::<Vec<_>>(), "decided": left.decided.0, "of": left.decided.1 },
        "rows": { "unread": rows.collect::<Vec<_>>(), "read": left.read.0, "of": left.read.1 },
    })
}

/// For people: how much is tried, and what is not.
pub(crate) fn tell(output: &Output, left: &Uncovered) -> Result<(), Failure> {
    let (followed, of) = left.followed;
    output.line(format!("{followed} of {of} arrows are followed by some case"))?;
    for chain in &left.chains {
        output.line(format!("  {chain}: no case begins it"))?;
    }
    for (chain, state, outcome) in &left.arrows {
        let told = match state.as_str() {
            "anytime" if outcome.contains('.') => format!("  {chain}: no {outcome} comes"),
            "anytime" => format!("  {chain}: nobody asks for {outcome}"),
            state => format!("  {chain}: {state} is never {outcome}"),
        };
        output.line(told)?;
    }
    let (used, of) = left.used;
    output.line(format!("{used} of {of} policies are put to use by some case"))?;
    for policy in &left.policies {
        output.line(format!("  {} {}: {}", policy.rule, policy.name, policy.unused))?;
    }
    let (decided, of) = left.decided;
    output.line(format!("{decided} of {of} limits decide some case"))?;
    for (authority, whose) in &left.limits {
        output.line(format!("  {authority}: the limit of {whose} never decides"))?;
    }
    let (read, of) = left.read;
    output.line(format!("{read} of {of} rows of decision tables are read by some case"))?;
    for (table, row) in &left.rows {
        output.line(format!("  {table}: no case reads {row}"))?;
    }
    Ok(())
}
