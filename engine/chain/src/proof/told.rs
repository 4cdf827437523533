//! What was found, in sentences, each with a counterexample that the engine itself has confirmed.

use std::collections::BTreeSet;

use countersign_core::decide::Supposed;
use countersign_core::definition::{Chain, Definition, Organisation};
use countersign_core::event::Party;
use countersign_core::expr::{Comparison, Expr};
use countersign_core::name::Name;

use super::confirm::{self, Example};
use super::search::{FREE_MAX, Findings, Hole, Search};
use super::steps::{Fixing, Step};
use super::truth::Known;
use crate::codes;
use crate::diagnostic::Place;
use crate::lint::Places;

/// What has been said already: the code, the chain and the state's place.
pub(super) type Said = BTreeSet<(&'static str, Name, usize)>;

/// Of the submitters of one finding so many are named.
const NAMED_MAX: usize = 3;
/// So many counterexamples of one step are put to the engine before it is believed that there is none.
const TRIED_MAX: usize = 5;

/// Everything that is wrong with a chain at an instant.
pub(super) fn chain(search: &Search<'_>, (rules, places): (&[Definition], &Places), said: &mut Said) {
    for step in search.steps {
        let found = search.step(step);
        let place = places.state(step.state);
        if found.too_wide && step.free.len() > FREE_MAX {
            too_wide(search, step, place, said);
        }
        own_post(search, step, (&found, place), said);
        nobody(search, step, (&found, place), (rules, said));
    }
}

fn new(code: &'static str, search: &Search<'_>, step: &Step<'_>, said: &mut Said) -> bool {
    said.insert((code, search.chain.name.clone(), step.state))
}

fn too_wide(search: &Search<'_>, step: &Step<'_>, place: Place, said: &mut Said) {
    if !new(codes::TOO_WIDE, search, step, said) {
        return;
    }
    let count = step.free.len();
    let message =
        format!("who signs here depends on {count} conditions, more than the {FREE_MAX} that are proved");
    let help = "ask several signers in states of their own, or give conditions that go together one name";
    search.world.report.warn(codes::TOO_WIDE, place, message, help);
}

fn own_post(search: &Search<'_>, step: &Step<'_>, (found, place): (&Findings, Place), said: &mut Said) {
    let Some(by) = found.own_post.and_then(|by| search.people.get(by)) else { return };
    if !new(codes::SAME_POST_DECIDES, search, step, said) {
        return;
    }
    let post = &by.party.position;
    let message = format!("what one holder of {post} hands in, another holder of {post} decides");
    let help = format!("let somebody above decide, or add `except: {post}`");
    search.world.report.warn(codes::SAME_POST_DECIDES, place, message, help);
}

fn nobody(
    search: &Search<'_>,
    step: &Step<'_>,
    (found, place): (&Findings, Place),
    (rules, said): (&[Definition], &mut Said),
) {
    let code = if step.decides() { codes::NOBODY_CAN_APPROVE } else { codes::NOBODY_ANSWERS };
    if found.holes.is_empty() || said.contains(&(code, search.chain.name.clone(), step.state)) {
        return;
    }
    let confirmed =
        found.holes.iter().take(TRIED_MAX).find(|hole| is_confirmed(search, step, found, hole, rules));
    let Some(hole) = confirmed else { return };
    said.insert((code, search.chain.name.clone(), step.state));
    let message = sentence(search, step, found, hole);
    search.world.report.error(code, place, message, help(hole));
}

fn is_confirmed(
    search: &Search<'_>,
    step: &Step<'_>,
    found: &Findings,
    hole: &Hole,
    rules: &[Definition],
) -> bool {
    let (Some(by), Some(state)) = (search.people.get(hole.by), search.state(step.state)) else {
        return false;
    };
    let amount = found.classes.as_ref().and_then(|classes| classes.samples.get(hole.class));
    let example = Example {
        chain: search.chain,
        state,
        node: &hole.node,
        before: hole.before.as_ref().and_then(|before| Some((search.state(before.state)?, before))),
        submitter: &by.party,
        amount,
        at: search.supposed.at(),
    };
    confirm::held(&example, rules).is_some()
}

/// contract-review of CNY 5,000,000.01 to 20,000,000.00 submitted by president: ...
fn sentence(search: &Search<'_>, step: &Step<'_>, found: &Findings, hole: &Hole) -> String {
    let same = |other: &&Hole| {
        other.answers == hole.answers
            && other.why.is_none() == hole.why.is_none()
            && other.before.as_ref().map(|b| b.state) == hole.before.as_ref().map(|b| b.state)
    };
    let alike: Vec<&Hole> = found.holes.iter().filter(same).collect();
    let classes_of = |by: usize| alike.iter().filter(move |h| h.by == by).map(|h| h.class);
    // The run of classes that begins with the one that was confirmed.
    let mut last = hole.class;
    while classes_of(hole.by).any(|class| class == last + 1) {
        last += 1;
    }
    let range = found.classes.as_ref().map(|classes| classes.range(hole.class, last));
    let of = range.map(|range| format!(" of {range}")).unwrap_or_default();
    let run: Vec<usize> = (hole.class..=last).collect();
    let has_run = |by: &usize| run.iter().all(|class| classes_of(*by).any(|c| c == *class));
    let bys: BTreeSet<usize> = alike.iter().map(|h| h.by).filter(has_run).collect();
    let mut posts: Vec<&str> =
        search.people.get(hole.by).into_iter().flat_map(|by| &by.posts).map(|p| p.as_str()).collect();
    for by in bys.iter().filter(|by| **by != hole.by).filter_map(|by| search.people.get(*by)) {
        posts.extend(by.posts.iter().map(|post| post.as_str()));
    }
    posts.dedup();
    let more = posts.len().saturating_sub(NAMED_MAX);
    posts.truncate(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} others") } else { String::new() };
    let why = match &hole.why {
        None => "no limit on its line that is left suffices".to_owned(),
        Some(why) => why.message.clone(),
    };
    let chain = search.chain;
    let state = search.state(step.state).map_or("", |state| state.name.as_str());
    let when = circumstances(chain, found, hole);
    let by = posts.join(", ");
    let signed = hole.before.as_ref().and_then(|before| Some((search.state(before.state)?, &before.person)));
    let signed = signed.map_or(String::new(), |(state, person)| {
        format!(
            " once {person} has signed in {} (R6: independent signatures are of different persons)",
            state.name
        )
    });
    let when = match search.since {
        None => when,
        Some(since) => format!("{when}, from {since} on"),
    };
    format!("{}{of} submitted by {by}{more}{when}: nobody can sign in {state}{signed}; {why}", chain.name)
}

/// The conditions on which it depends, in words.
fn circumstances(chain: &Chain, found: &Findings, hole: &Hole) -> String {
    let here = |h: &&Hole| h.by == hole.by && h.class == hole.class;
    let matters = |expr: &Expr, answer: bool| {
        !found.holes.iter().filter(here).any(|h| h.answers.iter().any(|(e, a)| e == expr && *a != answer))
    };
    let shown: Vec<String> = hole
        .answers
        .iter()
        .filter(|(expr, answer)| matters(expr, *answer))
        .map(|(expr, answer)| match answer {
            true => in_words(chain, expr),
            false => format!("not {}", in_words(chain, expr)),
        })
        .collect();
    if shown.is_empty() { String::new() } else { format!(" where {}", shown.join(" and ")) }
}

fn in_words(chain: &Chain, expr: &Expr) -> String {
    let path = |first: &str, path: &[Name]| {
        let parts = path.iter().map(Name::as_str);
        [first].into_iter().chain(parts).collect::<Vec<_>>().join(".")
    };
    match expr {
        Expr::Const(value) => value.to_string(),
        Expr::Doc(names) => path("doc", names),
        Expr::Fact(names) => path("facts", names),
        Expr::Item(names) => path("item", names),
        Expr::Define(number) => {
            chain.defines.get(usize::from(*number)).map_or(String::new(), |(name, _)| name.to_string())
        }
        Expr::Field(of, name) => format!("{}.{name}", in_words(chain, of)),
        Expr::Column { key, column, .. } => format!("{}.{column}", in_words(chain, key)),
        Expr::Known(of) => format!("known({})", in_words(chain, of)),
        Expr::Contains(list, item) => format!("{} has {}", in_words(chain, list), in_words(chain, item)),
        Expr::Compare(op, a, b) => {
            let op = match op {
                Comparison::Equal => "==",
                Comparison::Unequal => "!=",
                Comparison::Less => "<",
                Comparison::AtMost => "<=",
                Comparison::More => ">",
                Comparison::AtLeast => ">=",
            };
            format!("{} {op} {}", in_words(chain, a), in_words(chain, b))
        }
        _ => "one of its conditions".to_owned(),
    }
}

fn help(hole: &Hole) -> &'static str {
    if hole.before.is_some() {
        return "let another post sign in one of the two, give one of them a second holder, or take `independent` away";
    }
    match hole.why {
        None => {
            "give somebody above them a limit that suffices, say with `beyond` what becomes of it, or take them off the \
             initiators"
        }
        Some(_) => {
            "let somebody hold the post or act for it, let a superior stand in (`vacancy`), name who decides own \
             documents (`own_documents`), or take them off the initiators"
        }
    }
}

/// A chain as it is proved: whom only a document names as a beneficiary is not known.
pub(super) fn without_documents_beneficiaries(chain: &Chain, supposed: &Supposed) -> Chain {
    let mut chain = chain.clone();
    let nobody = Party {
        person: Name::default(),
        position: Name::default(),
        unit: Name::default(),
        kind: Name::default(),
    };
    let none = Organisation::default();
    let benefits = {
        let known =
            Known { supposed, defines: &chain.defines, submitter: &nobody, measured: None, free: &[] };
        let fixing = Fixing { known, organisation: supposed.rules().organisation().unwrap_or(&none) };
        chain
            .benefits
            .iter()
            .filter_map(|who| fixing.who(who))
            .filter(|who| !matches!(who, countersign_core::definition::Who::Each(_)))
            .collect()
    };
    chain.benefits = benefits;
    chain
}
