//! What the parts of a step come to: plain recursion over the tree of those who are asked.

use std::collections::BTreeMap;

use countersign_core::command::Verdict;

use super::case::Said;
use super::route::{Mistake, Part, Rules};

/// How a part came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Good,
    Returned,
    Rejected,
}

/// Whether two slots are blind to one another: some `all` that is not complete holds one of them in a member
/// that does not hold the other.
pub fn blind(
    rules: &Rules,
    part: &Part,
    said: &BTreeMap<usize, Said>,
    (theirs, own): (usize, usize),
) -> bool {
    // Whatever was decided hides nothing any more, what fell away with it included.
    if outcome(rules, part, said).is_some() || rules.mistake == Mistake::BlindShows {
        return false;
    }
    let apart = children(part).iter().any(|member| within(member, theirs) && !within(member, own));
    let here = matches!(part, Part::All(_)) && apart;
    here || children(part).into_iter().any(|p| blind(rules, p, said, (theirs, own)))
}

fn within(part: &Part, slot: usize) -> bool {
    matches!(part, Part::Slot(own) if *own == slot) || children(part).into_iter().any(|p| within(p, slot))
}

fn children(part: &Part) -> Vec<&Part> {
    match part {
        Part::Slot(_) => Vec::new(),
        Part::All(parts) | Part::Any(parts) | Part::InOrder(parts) | Part::Climb(parts) => {
            parts.iter().collect()
        }
        Part::Votes(_, members) => members.iter().map(|(_, p)| p).collect(),
    }
}

/// The slots that are open now.
pub fn ask(rules: &Rules, part: &Part, said: &BTreeMap<usize, Said>, open: &mut Vec<usize>) {
    if outcome(rules, part, said).is_some() {
        return;
    }
    match part {
        Part::Slot(slot) => open.push(*slot),
        Part::All(_) | Part::Any(_) | Part::Votes(..) => {
            children(part).into_iter().for_each(|p| ask(rules, p, said, open));
        }
        Part::InOrder(parts) if rules.mistake == Mistake::InOrderAtOnce => {
            parts.iter().for_each(|p| ask(rules, p, said, open));
        }
        Part::InOrder(parts) | Part::Climb(parts) => {
            let next = parts.iter().find(|p| outcome(rules, p, said).is_none());
            next.into_iter().for_each(|p| ask(rules, p, said, open));
        }
    }
}

/// How a part came out; None: it is not decided.
pub fn outcome(rules: &Rules, part: &Part, said: &BTreeMap<usize, Said>) -> Option<Outcome> {
    let all: Vec<Option<Outcome>> = children(part).into_iter().map(|p| outcome(rules, p, said)).collect();
    let first_bad = all.iter().flatten().copied().find(|o| *o != Outcome::Good);
    let any = |wanted: Outcome| all.contains(&Some(wanted));
    match part {
        Part::Slot(slot) => match said.get(slot)? {
            Said::PassedOn => Some(Outcome::Good),
            Said::Gave(Verdict::Return) => Some(Outcome::Returned),
            Said::Gave(Verdict::Reject) => Some(Outcome::Rejected),
            Said::Gave(_) => Some(Outcome::Good),
        },
        Part::All(_) if any(Outcome::Rejected) => Some(Outcome::Rejected),
        Part::All(_) if rules.mistake == Mistake::ReturnedAtOnce && any(Outcome::Returned) => {
            Some(Outcome::Returned)
        }
        Part::All(_) if all.contains(&None) => None,
        Part::All(_) if any(Outcome::Returned) => Some(Outcome::Returned),
        Part::All(_) => Some(Outcome::Good),
        Part::Any(_) if all.is_empty() => Some(Outcome::Good),
        Part::Any(_) => all.iter().flatten().next().copied(),
        Part::InOrder(_) | Part::Climb(_) => match first_bad {
            Some(bad) => Some(bad),
            None if all.contains(&None) => None,
            None => Some(Outcome::Good),
        },
        Part::Votes(need, members) => {
            let weigh = |wanted: &dyn Fn(usize) -> bool| -> u32 {
                members.iter().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, (w, _))| w).sum()
            };
            let yes = weigh(&|i| all[i] == Some(Outcome::Good) && !objects(&members[i].1, said));
            let open = weigh(&|i| all[i].is_none());
            if yes >= *need {
                Some(Outcome::Good)
            } else if yes + open >= *need {
                None
            } else if any(Outcome::Rejected) {
                Some(Outcome::Rejected)
            } else {
                Some(Outcome::Returned)
            }
        }
    }
}

fn objects(part: &Part, said: &BTreeMap<usize, Said>) -> bool {
    matches!(part, Part::Slot(slot) if said.get(slot) == Some(&Said::Gave(Verdict::Object)))
}

/// The climb that holds a slot.
pub fn climb_with(part: &mut Part, slot: usize) -> Option<&mut Vec<Part>> {
    match part {
        Part::Slot(_) => None,
        Part::Climb(levels) => levels.iter().any(|p| within(p, slot)).then_some(levels),
        Part::All(parts) | Part::Any(parts) | Part::InOrder(parts) => {
            parts.iter_mut().find_map(|p| climb_with(p, slot))
        }
        Part::Votes(_, members) => members.iter_mut().find_map(|(_, p)| climb_with(p, slot)),
    }
}
