//! Organisations that nobody drew: posts fall vacant, persons hold several, lines run otherwise, somebody acts.

use countersign_core::definition::{Acting, Organisation};
use countersign_core::name::Name;
use countersign_core::time::{HOUR, Timestamp};
use rust_decimal::Decimal;

use super::company::START;
use super::random::Random;

/// From which seed on a run has an organisation of its own.
pub const SHUFFLED_FROM: u64 = 36;

/// Changes an organisation at random. It stays a tree with the same posts: a post reports to one that stood before it
/// in `order`, or to where it did.
pub fn shuffle(organisation: &mut Organisation, order: &[&str], seed: u64) {
    let mut random = Random::new(seed ^ 0x0072_6761_6e69_7a65);
    let held: Vec<Name> = order.iter().filter_map(|name| holder(organisation, name)).collect();
    for (place, name) in order.iter().enumerate().skip(1) {
        let superior = random.pick(&order[..place]).map(|name| Name::from(*name));
        let stand_in = random.pick(order).map(|name| Name::from(*name));
        let other = random.pick(&held).cloned();
        let (vacant, twice) = (random.chance(12), random.chance(12));
        let (moved, acts) = (random.chance(15), random.chance(30));
        let share = Decimal::new(random.below(10) as i64 + 1, 1);
        let Some(post) = organisation.positions.get_mut(*name) else { continue };
        if moved {
            post.solid = superior;
        }
        if vacant {
            post.holders.clear();
        } else if let (true, Some(other)) = (twice, other) {
            post.holders = vec![other];
        }
        post.acting = match stand_in {
            Some(by) if acts && post.holders.is_empty() && by != **name => {
                Some(Acting { by, share, since: None, until: Timestamp(START.0 + 100_000 * HOUR) })
            }
            _ => None,
        };
    }
}

fn holder(organisation: &Organisation, name: &str) -> Option<Name> {
    organisation.positions.get(name)?.holders.first().cloned()
}
