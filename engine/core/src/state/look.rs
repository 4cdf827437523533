//! What one case may ask about another: open, or over and not yet forgotten.

use super::{Case, SlotStatus, Stage, State};
use crate::command::CaseNo;
use crate::definition::{Duty, Target};
use crate::expr::CasePart;
use crate::name::Name;
use crate::time::Timestamp;
use crate::value::{Fields, Value};

impl State {
    /// Something about a case. None: no such case is known any more.
    pub fn case_part(&self, number: CaseNo, part: &CasePart) -> Option<Value> {
        match part {
            CasePart::State => return Some(Value::Text(self.stands_in(number)?.0)),
            CasePart::Open => {
                let open = self.case(number).is_some();
                return (open || self.closed(number).is_some()).then_some(Value::Flag(open));
            }
            CasePart::Hold { name, zero } => {
                self.chain_of(number)?;
                return super::accounts::held(self.holds(number), name, zero);
            }
            CasePart::StillToSign => {
                self.chain_of(number)?;
                return Some(Value::List(self.case(number).map(still_to_sign).unwrap_or_default()));
            }
            CasePart::Owner => {
                self.chain_of(number)?;
                let owner = self.case(number).map(|case| Value::Position(case.owner().clone()));
                return Some(owner.unwrap_or(Value::Missing));
            }
            CasePart::Signers | CasePart::Decider | CasePart::DecidedAt => {
                return self.signed_part(number, part);
            }
            _ => {}
        }
        let (fields, facts, amount, submitter) = match (self.case(number), self.closed(number)) {
            (Some(case), _) => (case.fields(), case.facts(), case.amount(), case.submitter()),
            (None, Some(case)) => (&case.fields, &case.facts, case.amount.as_ref(), &case.submitter),
            (None, None) => return None,
        };
        Some(match part {
            CasePart::Doc(path) => within(fields, path),
            CasePart::Fact(path) => within(facts, path),
            CasePart::Amount => amount.cloned().unwrap_or(Value::Missing),
            _ => Value::Position(submitter.position.clone()),
        })
    }

    fn signed_part(&self, number: CaseNo, part: &CasePart) -> Option<Value> {
        self.chain_of(number)?;
        let signed = match self.case(number) {
            Some(case) => super::revised::signed(case.signatures()),
            None => self.closed(number)?.signed.as_deref().cloned(),
        };
        let signed = signed.unwrap_or_default();
        Some(match (part, signed.decided) {
            (CasePart::Signers, _) => Value::List(signed.by.into_iter().map(Value::Position).collect()),
            (_, None) => Value::Missing,
            (CasePart::Decider, Some((position, _))) => Value::Position(position),
            (_, Some((_, at))) => Value::Time(at),
        })
    }

    /// The chain of a case. None: no such case is known any more.
    pub fn chain_of(&self, number: CaseNo) -> Option<&Name> {
        let closed = || self.closed(number).map(|case| &case.chain);
        self.case(number).map(Case::chain).or_else(closed)
    }

    /// The state or end that a case stands in, and since when. A held case stands in `on-hold`, a withdrawn one in
    /// `withdrawn`. None: no such case is known any more.
    pub fn stands_in(&self, number: CaseNo) -> Option<(Name, Timestamp)> {
        match self.case(number) {
            Some(case) => Some((self.state_name(case), case.since())),
            None => self.closed(number).map(|case| (case.end.clone(), case.ended_at)),
        }
    }

    fn state_name(&self, case: &Case) -> Name {
        let chain = self.definitions.release(case.release).and_then(|release| release.chain(&case.chain));
        let named = |place: Option<u16>| {
            let state = chain.and_then(|chain| chain.states.get(usize::from(place?)));
            Some(state?.name.clone())
        };
        let end = |place: u16| Some(chain?.ends.get(usize::from(place))?.name.clone());
        let name = match &case.stage {
            Stage::Draft | Stage::Entering(Target::Draft) => Some(Name::from("draft")),
            Stage::Held { .. } | Stage::Entering(Target::OnHold) => None,
            Stage::Entering(Target::State(place)) => named(Some(*place)),
            Stage::Entering(Target::End(place)) => end(*place),
            Stage::Entering(Target::Back) => named(case.came_from()),
            _ => named(case.state()),
        };
        name.unwrap_or_else(|| Name::from("on-hold"))
    }
}

/// Whom the step in which a case stands has still to ask for an approval.
fn still_to_sign(case: &Case) -> Vec<Value> {
    let Some(step) = case.step() else { return Vec::new() };
    let slots = step.plan.slots.iter().zip(&step.slots);
    let open = slots.filter(|(slot, status)| {
        let asked = matches!(status, SlotStatus::Waiting | SlotStatus::Open(_));
        asked && matches!(slot.duty, Duty::Approve | Duty::Review)
    });
    open.map(|(slot, _)| Value::Position(slot.position.clone())).collect()
}

/// What stands at a path within fields.
pub(crate) fn within(fields: &Fields, path: &[Name]) -> Value {
    let Some((first, rest)) = path.split_first() else { return Value::Missing };
    let mut at = fields.get(first);
    for name in rest {
        at = match at {
            Some(Value::Record(fields)) => fields.get(name),
            _ => None,
        };
    }
    at.cloned().unwrap_or(Value::Missing)
}
