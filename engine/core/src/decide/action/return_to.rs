//! A document is returned to an earlier step instead of along the arrow of its chain.

use crate::command::ReturnTo;
use crate::command::Verdict;
use crate::definition::{Activity, Chain, Target};
use crate::event::{Event, ReturnDirected, ReturnLed};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, SlotStatus, Step};

/// Where whoever returns the document wants it to go.
pub(in crate::decide) fn directed(
    case: &Case,
    chain: &Chain,
    (slot, to): (u16, &ReturnTo),
) -> Result<Event, Rejection> {
    let here = case.state().and_then(|place| chain.states.get(usize::from(place)));
    let signed = |name: &Name| {
        case.signatures().iter().any(|s| s.state == *name && !s.void && s.revision == case.revision())
    };
    let earlier = |name: &Name| here.is_none_or(|here| here.name != *name) && signed(name);
    let place = |name: &Name| chain.states.iter().position(|state| state.name == *name);
    let go = match to {
        ReturnTo::Draft => Target::Draft,
        ReturnTo::Previous => {
            let mut before = case.signatures().iter().rev().filter(|s| earlier(&s.state));
            let previous = before.find_map(|s| place(&s.state));
            previous.map_or(Target::Draft, |place| Target::State(place as u16))
        }
        ReturnTo::State(name) => match place(name).filter(|_| earlier(name)) {
            Some(place) => Target::State(place as u16),
            None => {
                let message = format!("expected a step that this revision has been through, found {name:?}");
                return Err(Rejection::at(Code::FieldType, "to", message));
            }
        },
    };
    if let Target::State(place) = go {
        let people = chain.states.get(usize::from(place)).map(|state| &state.activity);
        if !matches!(people, Some(Activity::People(_))) || !untouched(case) {
            let message = "expected a case that has done and holds nothing yet; what stands between would be \
                           done twice: return it along the arrow of its chain";
            return Err(Rejection::at(Code::ActNotAllowed, "to", message));
        }
    }
    Ok(Event::ReturnDirected(ReturnDirected { case: case.number(), slot, go }))
}

/// Whether nothing was done, asked outside or set aside on the way.
fn untouched(case: &Case) -> bool {
    case.outward().is_none_or(|outward| {
        outward.effects.is_empty() && outward.commands.is_empty() && outward.children.is_empty()
    })
}

/// Where a step that came to a return leads: back to draft before any step, to the earliest of several. None: along
/// the arrow of the chain, which whoever said nothing else wants.
pub(in crate::decide) fn led(case: &Case, chain: &Chain, step: &Step) -> Option<Event> {
    let more = step.more.as_ref().filter(|more| !more.returns.is_empty())?;
    let returned = step.slots.iter().enumerate().filter_map(|(slot, status)| match status {
        SlotStatus::Answered(_, Verdict::Return) => Some(slot as u16),
        _ => None,
    });
    let wish = |slot: u16| more.returns.iter().rev().find(|(own, _)| *own == slot).map(|(_, go)| *go);
    let wishes: Option<Vec<Target>> = returned.map(wish).collect();
    let order = |go: &Target| match go {
        Target::State(place) => u32::from(*place) + 1,
        _ => 0,
    };
    let go = wishes?.into_iter().min_by_key(order)?;
    let to = match go {
        Target::State(place) => chain.states.get(usize::from(place)).map(|state| state.name.clone())?,
        _ => Name::from("draft"),
    };
    Some(Event::ReturnLed(ReturnLed { case: case.number(), go, to }))
}
