//! Documents that change under way, decisions that are reversed, and whose they were.

use super::apply::{on_case, resubmitted};
use super::apply_commands::on_closed;
use super::instant::Instant;
use super::{Signature, Signed, State};
use crate::command::Verdict;
use crate::event::{CaseAmended, CaseReversed};
use crate::name::Name;

/// Another revision of a document under way: open questions fell away by events of their own.
pub(super) fn amended(state: &mut State, e: &CaseAmended) {
    resubmitted(state, &e.again);
    on_case(state, e.again.case, |case, _| {
        case.until = Instant::NONE;
        if e.as_opinions {
            let approvals = case.signatures.iter_mut().filter(|s| s.duty.decides());
            approvals.for_each(|s| s.counts_as_review = true);
        }
    });
}

/// A case that is over has another end. What it left behind to be taken was given back by events of their own; where
/// the end is a bad one, others may use its unique values.
pub(super) fn reversed(state: &mut State, e: &CaseReversed) {
    let end = state.intern(&e.end);
    state.adding.ended(e.case, e.good);
    let mut chain = None;
    on_closed(state, e.case, |case, _| {
        (case.end, case.good) = (end, e.good);
        if let Some(holds) = case.holds.as_deref_mut() {
            holds.kept = None;
            holds.lots = Default::default();
        }
        chain = Some(case.chain.clone());
    });
    // What a case that ended well claims is not kept with it: few are ever reversed.
    if let Some(chain) = chain.filter(|_| !e.good) {
        let prefix = format!("{chain}/");
        let of_chain = state.keys.range(Name::from(prefix.as_str())..);
        let of_chain = of_chain.take_while(|(claim, _)| claim.starts_with(&prefix));
        let own: Vec<Name> =
            of_chain.filter(|(_, case)| **case == e.case).map(|(claim, _)| claim.clone()).collect();
        for claim in own {
            state.keys.remove(&claim);
        }
    }
}

/// Who signed, and who decided last. None: nobody signed, or no signature stands.
pub(super) fn signed(signatures: &[Signature]) -> Option<Signed> {
    let mut found = Signed::default();
    for signature in signatures.iter().filter(|s| !s.void) {
        let asked = signature.duty.signs();
        if asked && !found.by.contains(&signature.position) {
            found.by.push(signature.position.clone());
        }
        let approved =
            signature.duty.decides() && signature.verdict == Verdict::Approve && !signature.counts_as_review;
        if approved || (asked && signature.verdict == Verdict::Reject) {
            found.decided = Some((signature.position.clone(), signature.at));
        }
    }
    (!found.by.is_empty()).then_some(found)
}
