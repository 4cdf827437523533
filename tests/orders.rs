//! Whole orders of the demo company, in any order of things: people sign or return, back offices answer, carriers lose
//! goods, customers pay in parts, too much or a little too little, orders are cancelled, requests and messages come
//! twice, the power goes at any storage call and the engine starts again from what the disk kept.
//!
//! A ledger of double entries is kept from the exported events alone. Again and again, and at the end when everything has
//! come to rest, it must agree with the engine to the cent: who owes what on which invoice, how much of whose credit is
//! used, delivered = ordered - dropped - cancelled, settled + written off = invoiced - credited, and nothing is held by
//! a case that is over.
//!
//! COUNTERSIGN_SEED repeats a run, COUNTERSIGN_LONG=1 makes twenty.

#![allow(clippy::print_stdout, reason = "a run tells its seed and what it counted")]

mod changes;
mod engine;
mod hands;
mod ledger;
mod raw;

use engine::House;
use hands::Hands;

/// Steps in which anything may happen, and then at most so many until everything rests.
const STEPS: usize = 6_000;
const REST: usize = 60_000;

#[test]
fn whatever_happens_to_orders_the_books_agree_to_the_cent() {
    let given = std::env::var("COUNTERSIGN_SEED").ok().and_then(|seed| seed.parse().ok());
    let first: u64 = given.unwrap_or(20_261_123);
    let runs = if std::env::var_os("COUNTERSIGN_LONG").is_some() { 20 } else { 2 };
    for seed in first..first + if given.is_some() { 1 } else { runs } {
        println!("seed {seed}");
        run(seed);
    }
}

fn run(seed: u64) {
    let mut hands = Hands::new(House::found(seed), seed);
    for step in 0..STEPS {
        hands.anything();
        if step % 25 == 0 {
            hands.agree();
        }
    }
    for _ in 0..REST {
        if !hands.mend() {
            break;
        }
    }
    let open = hands.open();
    assert!(open.is_empty(), "seed {seed}: everything rests, and these are open: {open:#?}");
    let ledger = hands.agree().clone();
    ledger.closed().unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    hands.nothing_is_held();
    let told = ledger.tell();
    println!("{told}; {}", hands.tell());
    assert!(ledger.worth_it() && hands.house.crashes > 3, "seed {seed}: too little has happened: {told}");
}

#[test]
fn the_ledger_notices_a_cent() {
    let mut hands = Hands::new(House::found(7), 7);
    for _ in 0..600 {
        hands.anything();
    }
    hands.agree().add_a_cent();
    let noticed = hands.disagrees().expect("a ledger that is wrong by a cent is noticed");
    println!("{noticed}");
}
