//! Snapshots of State: what is not whole is no State, what is read shares its memory as the fold does. That snapshot
//! and tail are the fold of the log is held at random points of every roaming run; see `support::reloaded`.

use crate::support::{World, demo_definitions, pieces, record, reloaded, text};
use countersign_core::command::Body;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::state::snapshot::{Loader, Unloadable};
use countersign_core::time::Timestamp;

fn load<'a>(pieces: impl IntoIterator<Item = &'a Vec<u8>>) -> Result<State, Unloadable> {
    let mut loader = Loader::default();
    pieces.into_iter().try_for_each(|piece| loader.piece(piece))?;
    loader.finish()
}

fn company() -> State {
    World::new(demo_definitions(), Timestamp(1_795_000_000_000)).state
}

#[test]
fn what_is_not_whole_is_no_state() {
    let whole = pieces(&company());
    assert!(whole.len() >= 3, "several pieces: {}", whole.len());
    load(&whole).expect("the whole is read");
    assert_eq!(load(&whole[..whole.len() - 1]).err(), Some(Unloadable::Incomplete));
    let last = whole.len() - 1;
    let mut longer = whole.clone();
    longer.push(whole[last].clone());
    assert_eq!(load(&longer).err(), Some(Unloadable::Incomplete));
    let without_definitions = whole.iter().filter(|piece| piece[0] != 1);
    assert_eq!(load(without_definitions).err(), Some(Unloadable::Dangling));
    let mut unknown = whole.clone();
    unknown[0][0] = 200;
    assert_eq!(load(&unknown).err(), Some(Unloadable::Kind));
    let mut cut = whole.clone();
    cut[last].pop();
    assert_eq!(load(&cut).err(), Some(Unloadable::Piece));
    assert_eq!(load(&[vec![]]).err(), Some(Unloadable::Kind));
}

/// An empty State is one, too; and what does not encode the company's definitions could not say who may sign.
#[test]
fn definitions_are_in_it() {
    reloaded(&State::default());
    let (state, again) = (company(), reloaded(&company()));
    let release = |state: &State| state.definitions().active().cloned().expect("a release holds");
    assert!(release(&state) == release(&again), "the definitions themselves, not only their names");
    assert!(release(&again).chains().count() > 0);
}

/// Names of an organisation are long and many cases hold them: after a start they are one text, as before.
#[test]
fn names_are_shared_as_before() {
    let mut world = World::new(demo_definitions(), Timestamp(1_795_000_000_000));
    let position = "credit_controller";
    let person = world.holder(position);
    for number in ["I1", "I2"] {
        let document = record([
            ("intel_no", text(number)),
            ("about", text("price")),
            ("unit", text("hq")),
            ("seen_on", text("2026-11-20")),
            ("text", text("They ask less.")),
        ]);
        let body = Body::Submit { chain: Name::from("market-intel"), document, addressee: None };
        world.request(&person, position, body).expect("news are handed in");
    }
    let again = reloaded(&world.state);
    let positions: Vec<&Name> = again.cases().map(|case| &case.submitter().position).collect();
    assert!(positions.len() == 2 && positions[0].len() > 15, "{positions:?}");
    assert!(positions[0].shares(positions[1]), "two cases hold one text");
}
