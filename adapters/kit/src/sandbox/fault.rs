//! How a sandbox misbehaves: by a script, or by a seed.

use std::collections::VecDeque;
use std::time::Duration;

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It is down: nothing is done, and the caller knows that.
    Down,
    /// It answers after this pause.
    Slow(Duration),
    /// It answers twice.
    Twice,
    /// It does the work and says nothing; the answer comes after this pause by itself.
    Late(Duration),
    /// It does the work, and its answer is lost on the way.
    Lost,
    /// It does the work and answers what nobody can read.
    Garbage,
    /// It answers, and contradicts itself a little later.
    Conflict,
}

/// What goes wrong with the calls to come.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    script: VecDeque<Fault>,
    then: Then,
}

#[derive(Clone, Copy, Debug, Default)]
enum Then {
    #[default]
    Nothing,
    Always(Fault),
    Seeded {
        state: u64,
        percent: u64,
    },
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Faults {
        Faults::default()
    }

    /// These, one for each call; then nothing.
    pub fn script(faults: impl IntoIterator<Item = Fault>) -> Faults {
        Faults { script: faults.into_iter().collect(), then: Then::Nothing }
    }

    /// This, with every call.
    pub fn always(fault: Fault) -> Faults {
        Faults { script: VecDeque::new(), then: Then::Always(fault) }
    }

    /// With so many calls of a hundred, any of the faults; the same ones for the same seed.
    pub fn seeded(seed: u64, percent: u64) -> Faults {
        Faults { script: VecDeque::new(), then: Then::Seeded { state: seed, percent } }
    }

    /// What goes wrong with the next call.
    pub(super) fn next(&mut self) -> Fault {
        if let Some(fault) = self.script.pop_front() {
            return fault;
        }
        match &mut self.then {
            Then::Nothing => Fault::None,
            Then::Always(fault) => *fault,
            Then::Seeded { state, percent } => {
                if below(state, 100) >= *percent {
                    return Fault::None;
                }
                let pause = Duration::from_millis(below(state, 200));
                let faults = [
                    Fault::Down,
                    Fault::Slow(pause),
                    Fault::Twice,
                    Fault::Late(pause),
                    Fault::Lost,
                    Fault::Garbage,
                ];
                faults[usize::try_from(below(state, faults.len() as u64)).unwrap_or_default()]
            }
        }
    }

    /// Whether it is down for good: then look-ups and news get no answer either.
    pub(super) fn is_down(&self) -> bool {
        matches!((self.script.front(), self.then), (None, Then::Always(Fault::Down)))
    }
}

/// A number below `limit` (SplitMix64).
fn below(state: &mut u64, limit: u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) % limit.max(1)
}
