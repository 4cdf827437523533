//! Adapters that are killed, slow, answer twice, late, wrongly or not at all, during 500 orders: every order ends or is
//! held with its reason, nothing is done twice in a back office, nothing is lost, and the invoices agree to the penny.
//! What is held goes on once an operator retries it; only what was answered in two ways, and what cannot be undone any
//! more because the goods are on their way, stays for a person.
//!
//! Time is virtual. One seed; several with COUNTERSIGN_LONG=1. COUNTERSIGN_SEED and COUNTERSIGN_COUNT (runs); what threads of the
//! engine and of the ledgers do in between is not part of the seed.

#![allow(clippy::print_stdout, reason = "a run tells its seed and what it counted")]

mod books;
mod house;
mod post;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countersign_adapter::sandbox::{Faults, Office, Sandbox, Setup};
use countersign_adapter_finance::{Finance, FinanceSettings};
use countersign_adapter_logistics::{Logistics, LogisticsSettings};
use countersign_core::event::{AFTER_END, Event};
use countersign_core::name::Name;
use countersign_core::state::{Case, DoneWhat, State, apply_frame};
use countersign_core::value::{Fields, Value as CoreValue};
use countersign_messages::CommandId;
use countersign_server::Taken;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::time::{Duration as Span, sleep};

use crate::support::{Dice, frames, verify};
use crate::told;
use books::Books;
use house::{House, Place};
use post::{Hands, Post, take, weather};

const ORDERS: usize = 500;
const HOUR: u64 = 3_600;
/// Orders come in, adapters die, back offices misbehave for so long.
const TROUBLE: u64 = 6 * HOUR;
/// What nobody can mend by trying again: two answers to one command; goods that are on their way and were cancelled.
const FOR_A_PERSON: [&str; 2] = ["REPLY_CONFLICT", house::ON_ITS_WAY];
/// Answers that an order may ask for.
const ANSWERS_MAX: usize = 5;
/// Rounds in which an operator goes through what is held.
const ROUNDS: usize = 12;

#[tokio::test(start_paused = true)]
async fn whatever_adapters_do_every_order_ends_or_is_held_and_nothing_is_done_twice() {
    let first = told::seed(20_261_121);
    let seeds = first..first + told::count(1, 8);
    for seed in seeds.clone() {
        println!("seed {seed}");
        run(seed).await;
    }
    told::tell(
        8,
        &format!(
            "{ORDERS} orders, adapters killed, slow, late, twice, wrong, for six hours of virtual time, seeds {first} to {}",
            seeds.end - 1
        ),
        "every order ends or is held with its reason; books of the back offices, invoices to the penny",
        "0 done twice, 0 lost, 0.00 difference",
    );
}

/// What is due at some second.
#[derive(Clone, Copy, Debug)]
enum Act {
    Submit(usize),
    Answer(usize, &'static str),
    Cancel(usize),
    Kill(usize),
    Start(usize),
    Weather(usize),
    Heckle,
}

fn schedule(dice: &mut Dice) -> Vec<(u64, Act)> {
    let mut acts = Vec::new();
    for order in 0..ORDERS {
        let at = dice.below(TROUBLE);
        acts.push((at, Act::Submit(order)));
        let verdict = if dice.below(25) == 0 { "reject" } else { "approve" };
        acts.push((at + dice.below(HOUR / 2), Act::Answer(order, verdict)));
        if dice.below(10) == 0 {
            acts.push((at + dice.below(HOUR), Act::Cancel(order)));
        }
    }
    for post in 0..2 {
        let mut at = 0;
        while at < TROUBLE {
            at += 240 + dice.below(HOUR / 2);
            acts.push((at, Act::Kill(post)));
            // Now and then nobody starts it again before the engine has stopped waiting.
            at += if dice.below(5) == 0 { HOUR / 3 + dice.below(HOUR) } else { dice.below(60) };
            acts.push((at, Act::Start(post)));
        }
        let mut at = 0;
        while at < TROUBLE {
            acts.push((at, Act::Weather(post)));
            at += 600 + dice.below(HOUR);
        }
    }
    acts.extend((0..TROUBLE / 300).map(|n| (n * 300, Act::Heckle)));
    acts.sort_by_key(|(at, _)| *at);
    acts
}

/// Everything under test.
struct World {
    house: House,
    posts: [Post; 2],
    logistics: Office<Books<Logistics>>,
    finance: Office<Books<Finance>>,
    dice: Dice,
    counts: BTreeMap<String, u64>,
}

fn sandbox<R: countersign_adapter::sandbox::Rules>(rules: R, series: &str) -> Sandbox<Books<R>> {
    // It would do again whatever it is given again, and can be asked what it did.
    let setup = Setup { idempotent: false, looks_up: true, series: series.to_owned(), ..Setup::default() };
    Sandbox::new(Books::of(rules), setup)
}

impl World {
    async fn new(data: &std::path::Path, seed: u64) -> World {
        let house = House::open(data).await;
        let hands = Hands(house.clock.clone());
        let goods = LogisticsSettings {
            bad_branches: ["Nowhere".to_owned()].into(),
            delivery_seconds: HOUR,
            ..LogisticsSettings::default()
        };
        let books = FinanceSettings {
            acknowledged_seconds: None,
            paid_seconds: 2 * HOUR,
            ..FinanceSettings::default()
        };
        let clock = || std::sync::Arc::new(hands.clone());
        let logistics = Office::new(sandbox(Logistics::new(goods), "L"), clock());
        let finance = Office::new(sandbox(Finance::new(books), "F"), clock());
        let bus = house.server.bus().clone();
        let (one, other) = (data.join("logistics.redb"), data.join("finance.redb"));
        let posts = [
            Post::new(
                &countersign_adapter_logistics::DECLARATION,
                &logistics,
                one,
                hands.clone(),
                bus.clone(),
            ),
            Post::new(&countersign_adapter_finance::DECLARATION, &finance, other, hands, bus),
        ];
        World { house, posts, logistics, finance, dice: Dice::new(seed), counts: BTreeMap::new() }
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    async fn submit(&mut self, order: usize) {
        let price = format!("{}.{:05}", self.dice.below(60), 1 + self.dice.below(99_999));
        let price: serde_json::Number = price.parse().expect("a price");
        let country = if self.dice.below(30) == 0 { "Nowhere" } else { "United Kingdom" };
        let document = json!({
            "order_no": format!("O-{order}"), "taken_on": "2010-12-06",
            "customer": format!("K-{}", order % 40), "country": country,
            "qty": 1 + self.dice.below(400), "price": price,
        });
        let body = json!({ "chain": "order", "document": document });
        let taken = self.house.ask("submit", ("W06", "order_desk"), body).await.expect("an order is taken");
        assert!(taken["case"].is_string(), "{taken}");
        self.count("submitted");
    }

    /// The case of an order. Orders are the only cases, and an order's key is its number.
    async fn case_of(&self, order: usize) -> u64 {
        let key = format!("O-{order}");
        let found = self.house.read(move |state| state.by_key(&"order".into(), &key.as_str().into()));
        found.await.expect("the order was submitted")
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Submit(order) => self.submit(order).await,
            Act::Answer(order, verdict) => {
                let case = self.case_of(order).await;
                let mut tasks = 0;
                // An order above its customer's credit is answered for first, then sold.
                while let Some(answered) = self.house.answer(case, verdict).await {
                    self.count(format!("{verdict} {}", told(&answered)));
                    tasks += 1;
                    if answered.is_err() || tasks == ANSWERS_MAX {
                        break;
                    }
                }
                if tasks == 0 {
                    self.count("nobody was asked, or not any more");
                }
            }
            Act::Cancel(order) => {
                let body = json!({
                    "case": format!("C-{}", self.case_of(order).await), "request": "cancel",
                    "reason": "the customer thinks better of it",
                });
                let asked = self.house.ask("request", ("W06", "order_desk"), body).await;
                self.count(format!("cancel {}", told(&asked)));
            }
            Act::Kill(post) => {
                if self.posts[post].kill() {
                    self.count(format!("{} killed", self.posts[post].name));
                }
            }
            Act::Start(post) => self.posts[post].start().await,
            Act::Weather(post) => {
                let (name, faults) = weather(&mut self.dice);
                self.posts[post].faults(faults);
                self.count(format!("{} {name}", self.posts[post].name));
            }
            Act::Heckle => self.heckle().await,
        }
    }

    /// Says something that no adapter may say. Nothing of it takes effect.
    async fn heckle(&mut self) {
        let case = 1 + self.dice.below(20);
        let (adapter, command, answer) = match self.dice.below(5) {
            0 => ("logistics.stock.reserve", format!("C-{case}.picking.1"), "finished"),
            1 => ("finance.invoice.issue", format!("C-{case}.picking.1"), "done"),
            2 => ("logistics.stock.reserve", format!("C-{}.picking.1", 90_000 + case), "done"),
            3 => ("logistics.stock.reserve", format!("C-{case}.picking.77"), "done"),
            _ => ("logistics.stock.reserve", "nonsense".to_owned(), "done"),
        };
        let payload = json!({
            "command_id": command, "reply_id": format!("heckle-{}", self.dice.below(u64::MAX)),
            "at": countersign_runtime::Clock::wall(&self.house.clock).to_string(), "answer": answer, "fields": {},
        });
        let (bus, subject) =
            (self.house.server.bus().clone(), format!("countersign.wholesaler.rpl.{adapter}"));
        let taken = take(&bus, &subject, payload.to_string().as_bytes()).await;
        // What is over repeats nothing and contradicts nothing; anything else is refused.
        assert!(matches!(taken, Taken::Dead(..) | Taken::Repeated), "{payload}: {taken:?}");
        self.count("heckled");
    }

    /// Lets time pass until no case goes on by itself any more.
    async fn rest(&self, within: u64) -> BTreeMap<u64, Place> {
        for _ in 0..within / 300 {
            sleep(Span::from_secs(300)).await;
            let places = self.house.places(ORDERS as u64).await;
            if !places.values().any(|place| matches!(place, Place::Open(_))) {
                return places;
            }
        }
        let places = self.house.places(ORDERS as u64).await;
        let open: Vec<_> = places.into_iter().filter(|(_, place)| matches!(place, Place::Open(_))).collect();
        panic!("{} orders neither end nor are held: {:#?}", open.len(), &open[..open.len().min(5)]);
    }

    /// An operator goes through what is held, but for what is a person's to find out, until nothing else is.
    async fn mend(&mut self) -> BTreeMap<u64, Place> {
        for _ in 0..ROUNDS {
            let places = self.rest(24 * HOUR).await;
            let held = places.iter().filter_map(|(case, place)| match place {
                Place::Held(code) if !FOR_A_PERSON.contains(&code.as_str()) => Some((*case, code.clone())),
                _ => None,
            });
            let held: Vec<_> = held.collect();
            if held.is_empty() {
                return places;
            }
            for (case, code) in held {
                let verb = if code == "STUCK" { "resume" } else { "retry" };
                let body = json!({ "case": format!("C-{case}"), "reason": "the back office is well again" });
                let mut done = self.house.ask(verb, ("W02", "office_manager"), body.clone()).await;
                self.count(format!("{verb} of {code} {}", told(&done)));
                if verb == "retry" && done == Err("CONFLICT".to_owned()) {
                    done = self.house.ask("resume", ("W02", "office_manager"), body).await;
                    self.count(format!("resume of {code} {}", told(&done)));
                }
            }
        }
        panic!(
            "after {ROUNDS} rounds of an operator orders are still held: {:?}",
            tally(&self.rest(HOUR).await)
        );
    }
}

fn told(reply: &Result<Value, String>) -> &str {
    reply.as_ref().map_or_else(String::as_str, |_| "granted")
}

/// How many orders stand where.
fn tally(places: &BTreeMap<u64, Place>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for place in places.values() {
        let what = match place {
            Place::Ended(end) => end.clone(),
            Place::Held(code) => format!("held {code}"),
            Place::Open(_) => "open".to_owned(),
        };
        *counts.entry(what).or_default() += 1;
    }
    counts
}

async fn run(seed: u64) {
    let data = tempfile::tempdir().expect("a data directory");
    let mut world = World::new(data.path(), seed).await;
    for post in &mut world.posts {
        post.start().await;
    }
    let acts = schedule(&mut world.dice);
    let mut now = 0;
    for (at, act) in acts {
        sleep(Duration::from_secs(at - now)).await;
        now = at;
        world.act(act).await;
    }
    // The last of the trouble: everybody is at work, and a third of the calls goes wrong.
    for post in &mut world.posts {
        post.start().await;
        post.faults(Faults::seeded(seed, 30));
    }
    let places = world.rest(48 * HOUR).await;
    println!("  after the trouble  {:?}", tally(&places));
    world.posts.iter().for_each(|post| post.faults(Faults::none()));
    let places = world.mend().await;
    // What was still on its way arrives.
    sleep(Duration::from_secs(2 * HOUR)).await;
    println!("  after the operator {:?}", tally(&places));
    println!("  {:?}", world.counts);
    check(world, data.path(), &places).await;
}

/// The books of both sides.
async fn check(mut world: World, data: &std::path::Path, places: &BTreeMap<u64, Place>) {
    let letters = world.house.server.bus().dead_letters();
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    letters.iter().for_each(|letter| *codes.entry(letter.code.to_string()).or_default() += 1);
    println!("  {:?}", world.house.server.outward_counts());
    println!("  dead letters {codes:?}");
    for post in &mut world.posts {
        post.kill();
    }
    let World { house, logistics, finance, .. } = world;
    let state = house.close().await;

    let nothing: Vec<(CommandId, u32)> = Vec::new();
    assert_eq!(logistics.sandbox().done_twice(), nothing);
    assert_eq!(finance.sandbox().done_twice(), nothing);
    println!("  done {:?} {:?}", logistics.sandbox().counts(), finance.sandbox().counts());

    assert_eq!(places.len(), ORDERS, "each order that was taken is somewhere");
    assert_eq!(state.next_case(), ORDERS as u64 + 1, "and no other case is");
    let conflicts: Vec<u64> =
        places.iter().filter(|(_, place)| matches!(place, Place::Held(_))).map(|(case, _)| *case).collect();
    let ended = places.values().filter(|place| matches!(place, Place::Ended(_))).count();
    assert_eq!(ended + conflicts.len(), ORDERS);

    let invoiced = invoiced(&state);
    let booked: Decimal = finance.sandbox().rules().invoiced.values().sum();
    let ours: Decimal = invoiced.values().sum();
    println!("  invoiced {ours} of {} orders", invoiced.len());
    assert_eq!((ours, invoiced.len()), (booked, finance.sandbox().rules().invoiced.len()));
    for (case, place) in places {
        let settled = *place == Place::Ended("settled".to_owned());
        assert!(!settled || invoiced.contains_key(case), "C-{case} is settled without an invoice");
        let wasted = matches!(place, Place::Ended(end) if end != "settled") && invoiced.contains_key(case);
        assert!(!wasted, "C-{case} was not sold and has an invoice");
    }
    replayed(data, &state);
    stands_outside(&state, places, &logistics, data);
}

/// What an order reads and what it learnt, be it open or over.
fn order(state: &State, case: u64) -> (&Fields, &Fields, Option<&CoreValue>) {
    match (state.case(case), state.closed(case)) {
        (Some(open), _) => (open.fields(), open.facts(), open.amount()),
        (None, Some(closed)) => (&closed.fields, &closed.facts, closed.amount.as_ref()),
        (None, None) => panic!("C-{case} is lost"),
    }
}

/// Orders that have an invoice as far as the engine knows, and their totals.
fn invoiced(state: &State) -> BTreeMap<u64, Decimal> {
    let cases = 1..state.next_case();
    let billed = cases.filter_map(|case| {
        let (_, facts, amount) = order(state, case);
        facts.get("invoice_no").filter(|number| matches!(number, CoreValue::Text(_)))?;
        let Some(CoreValue::Money(total)) = amount else { panic!("C-{case} has no total") };
        Some((case, total.amount))
    });
    billed.collect()
}

/// What stands in the warehouse's books is what the engine knows of: of an order that was sold everything, of one that
/// was not nothing but what its driver was told of, of one that is held what its case says was done and not undone.
fn stands_outside(
    state: &State,
    places: &BTreeMap<u64, Place>,
    logistics: &Office<Books<Logistics>>,
    data: &std::path::Path,
) {
    let sandbox = logistics.sandbox();
    let books = sandbox.rules();
    let mut expected = BTreeSet::new();
    for (case, place) in places {
        for verb in ["stock.reserve", "shipment.create"] {
            let stands = match place {
                Place::Ended(end) => end == "settled",
                _ => stands(state, *case, &format!("logistics.{verb}")),
            };
            if stands {
                expected.insert((*case, verb));
            }
        }
    }
    let case_of = |id: &str| id[2..].split('.').next().and_then(|case| case.parse().ok()).expect("a case");
    let found: BTreeSet<(u64, &str)> =
        books.standing.iter().map(|(id, verb)| (case_of(id), &**verb)).collect();
    let told = told_after_end(data);
    let differs: Vec<_> = found.symmetric_difference(&expected).filter(|one| !told.contains(one)).collect();
    differs.iter().for_each(|(case, _)| tell(data, *case));
    assert!(differs.is_empty(), "what stands outside is not what the engine knows of: {differs:?}");
    let reserved = found.iter().filter(|(_, verb)| *verb == "stock.reserve");
    let units = reserved.map(|(case, _)| match order(state, *case).0.get("qty") {
        Some(CoreValue::Units(qty)) => *qty,
        found => panic!("C-{case} has a quantity, found {found:?}"),
    });
    assert_eq!((books.standing.len(), books.rules.reserved()), (found.len(), units.sum()));
}

/// What was done late, after the end of its case, and not certainly undone: the driver was told.
fn told_after_end(data: &std::path::Path) -> BTreeSet<(u64, &'static str)> {
    let frames = frames(data).1;
    let raised = frames.iter().flat_map(|frame| &frame.events).filter_map(|event| match event {
        Event::AlarmRaised(e) if e.alarm == AFTER_END => Some(e),
        _ => None,
    });
    let told = raised.map(|e| {
        assert_eq!(e.told, [Name::from("office_manager")], "C-{}", e.case);
        match e.name.as_str() {
            "not undone, logistics.stock.release" => (e.case, "stock.reserve"),
            "not undone, logistics.shipment.cancel" => (e.case, "shipment.create"),
            other => panic!("C-{}: {other}", e.case),
        }
    });
    told.collect()
}

/// What happened to a case, for whoever looks for a defect.
fn tell(data: &std::path::Path, case: u64) {
    for (i, frame) in frames(data).1.iter().enumerate() {
        for event in frame.events.iter().filter(|event| event.case() == Some(case)) {
            println!("  {} {} {event:?}", i + 1, frame.at);
        }
    }
}

/// Whether an open case knows that this was done and not undone.
fn stands(state: &State, case: u64, verb: &str) -> bool {
    let Some(outward) = state.case(case).and_then(Case::outward) else { return false };
    outward.effects.iter().any(|done| match &done.what {
        DoneWhat::Command(number) => {
            outward.commands.get(number).is_some_and(|command| command.verb == *verb)
        }
        _ => false,
    })
}

/// The log is sound, and State is what it says.
fn replayed(data: &std::path::Path, state: &State) {
    verify(data);
    let (_, frames) = frames(data);
    let mut folded = State::default();
    frames.iter().for_each(|frame| apply_frame(&mut folded, frame));
    assert_eq!(folded.hash(), state.hash(), "State is the fold of the log");
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for event in frames.iter().flat_map(|frame| &frame.events) {
        let what = match event {
            Event::CommandIssued(e) if e.undoes.is_some() => "commands that undo".to_owned(),
            Event::CommandIssued(_) => "commands".to_owned(),
            Event::CommandSentAgain(_) => "sent again".to_owned(),
            Event::CommandAnswered(e) if e.late => "answered late".to_owned(),
            Event::ReplyConflicted(_) => "answered in two ways".to_owned(),
            Event::CaseHeld(e) => format!("held {}", e.code),
            Event::AlarmRaised(e) => format!("told: {}", e.name),
            _ => continue,
        };
        *told.entry(what).or_default() += 1;
    }
    println!("  {} frames: {told:?}", frames.len());
    for trouble in ["sent again", "answered late", "held SILENT"] {
        assert!(told.contains_key(trouble), "the trouble was no trouble: nothing was {trouble}");
    }
}
