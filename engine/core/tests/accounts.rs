//! Accounts and reservations, rule by rule: what is done, and how the books stand then, `used/reserved/free`. After
//! each act State is the fold of its log, and what is set aside is what cases hold.

pub(crate) mod making;

use crate::outward_support::define::n;
use countersign_core::accounts::AccountLimit;
use countersign_core::command::{Body, Stored};
use countersign_core::definition::{AccountMeasure, Definition, FORM};
use countersign_core::event::{Event, ReleasedWhy};
use making::{Story, play};

#[test]
fn what_is_reserved_is_no_longer_free_and_comes_back_at_the_end() {
    play(&[
        "spend S1 amount=600 part=250 -> S1 stands approving, budget a 0/600/400, told budget yellow",
        "spend S2 amount=400.01 -> S2 stands failed, short 0.01 BUDGET_SHORT, budget a 0/600/400",
        "spend S3 amount=400 part=400 -> S3 stands approving, budget a 0/1000/0, told budget red",
        "approve S1 -> S1 stands open, budget a 250/750/0",
        "reject S3 -> S3 stands failed, budget a 250/350/400, told budget yellow",
        "done S1 -> S1 stands done, budget a 250/0/750, told budget none",
        "spend S4 line=b amount=1000 -> budget b 0/1000/0, budget a 250/0/750",
    ]);
}

#[test]
fn a_company_begins_with_what_was_used_before() {
    let mut story = play(&["spend S1 line=old amount=600 -> budget old 400/600/0"]);
    story.run.world.activate();
    story.run.check();
    assert_eq!(story.stands("budget", "old"), "400/600/0");
}

/// Where there are balances, amounts go on meaning what they meant.
#[test]
fn an_account_with_balances_keeps_its_measure() {
    let mut story = play(&["slot L1 -> slots a 0/1/2"]);
    let changed = |name: &str, story: &Story| {
        let mut all = story.run.world.definitions.clone();
        for definition in &mut all {
            if let Definition::Account(account) = definition
                && account.name == *name
            {
                account.measure = AccountMeasure::Count(n("boxes"));
            }
        }
        all
    };
    let numbers = |story: &mut Story, all: Vec<Definition>| {
        let mut numbers = Vec::new();
        for definition in all {
            numbers.push(story.run.world.state.definitions().next_number());
            let (path, source, sha256) = (definition.name(), String::new(), [0; 32]);
            let compiled = definition.encode().expect("a definition encodes");
            let stored = Stored { path, source, sha256, form: FORM, compiled };
            story.run.world.operator(Body::Store(Box::new(stored))).expect("a definition is stored");
        }
        numbers
    };
    let all = changed("slots", &story);
    let definitions = numbers(&mut story, all);
    let refused = story.run.world.operator(Body::Activate { definitions }).expect_err("it has a balance");
    assert_eq!(refused.code.as_str(), "DEFINITION_INVALID");
    let all = changed("orders", &story);
    let definitions = numbers(&mut story, all);
    story.run.world.operator(Body::Activate { definitions }).expect("nothing was ever counted in it");
    story.run.check();
}

#[test]
fn all_of_a_reservation_or_nothing() {
    play(&[
        "twice T1 amount=500 -> T1 stands open, budget a 0/1000/0",
        "done T1 -> budget a 0/0/1000",
        // The second of the two is short, not the first.
        "twice T2 amount=500.50 -> T2 stands failed, short 1 BUDGET_SHORT, budget a 0/0/1000",
        "special S1 -> S1 stands failed, short 1 ENTITLED_SHORT, slots a -",
    ]);
}

#[test]
fn a_document_that_goes_back_sets_aside_again_what_it_needs_then() {
    play(&[
        "spend S1 amount=600 part=1 -> budget a 0/600/400",
        "return S1 -> S1 stands draft, budget a 0/0/1000",
        "resubmit S1 amount=700 part=1 -> S1 stands approving, budget a 0/700/300",
        "withdraw S1 -> S1 stands withdrawn, budget a 0/0/1000",
    ]);
}

#[test]
fn a_held_case_keeps_what_it_holds() {
    play(&[
        "spend S1 amount=600 part=601",
        "approve S1 -> S1 held ON_HOLD, short 1 BUDGET_SHORT, budget a 0/600/400",
        "resume S1 -> S1 held ON_HOLD, budget a 0/600/400",
        "compensate S1 -> S1 stands cancelled, budget a 0/0/1000",
    ]);
}

#[test]
fn nothing_below_nothing_and_nothing_of_another_currency() {
    play(&[
        "less S1 amount=1 part=2 -> S1 held UNEVALUABLE, budget a -",
        "spend S2 amount=5-USD -> S2 held CURRENCY_MISMATCH, budget a -",
        "spend S3 amount=0 part=0 -> S3 stands approving, budget a 0/0/1000",
        "approve S3 -> S3 stands open, budget a 0/0/1000",
        "spend S4 amount=1000000000000000000 -> S4 held UNEVALUABLE, budget a 0/0/1000",
    ]);
}

#[test]
fn what_comes_out_of_anothers_hold_goes_back_there() {
    play(&[
        "plan P1 amount=500 -> budget a 0/500/500",
        "claim C1 of=P1 amount=300 part=200 -> C1 stands approving, budget a 0/500/500",
        "claim C2 of=P1 amount=201 -> C2 stands failed, short 1 BUDGET_SHORT",
        "claim C3 of=P1 amount=200 part=0 -> C3 stands approving, budget a 0/500/500",
        // 200 are used, the other 100 are the plan's again; the third claim's 200 as well.
        "approve C1 -> C1 stands done, budget a 200/300/500",
        "reject C3 -> budget a 200/300/500",
        "claim C4 of=P1 amount=300 part=300 -> C4 stands approving",
        "done P1 -> P1 stands over, budget a 200/300/500",
        "done P1 -> P1 stands done, budget a 200/300/500",
        // The plan is over: what comes back is free.
        "reject C4 -> budget a 200/0/800",
        "claim C5 of=P1 amount=1 -> C5 stands failed, short 1 INSUFFICIENT",
    ]);
}

#[test]
fn a_state_gives_back_what_nobody_has_used() {
    let story = play(&[
        "plan P1 amount=500",
        "claim C1 of=P1 amount=100 part=100",
        "approve C1 -> budget a 100/400/500",
        "done P1 -> budget a 100/0/900",
    ]);
    let why: Vec<ReleasedWhy> = story
        .run
        .events(story.case("P1"))
        .into_iter()
        .filter_map(|event| if let Event::Released(e) = event { Some(e.why) } else { None })
        .collect();
    assert_eq!(why, [ReleasedWhy::Asked]);
}

#[test]
fn what_an_evaluation_holds_is_taken_once_or_lapses() {
    let story = play(&[
        "evaluation E1 amount=300",
        "approve E1 -> E1 stands done, budget a 0/300/700",
        "contract K1 of=E1 -> K1 stands approving, budget a 0/300/700",
        "contract K2 of=E1 -> refused NO_EVALUATION",
        // Taken is taken: it no longer lapses, and no other evaluation has this number.
        "days 4 -> E1 stands done, budget a 0/300/700",
        "evaluation E1 amount=1 -> refused NOT_UNIQUE",
        "withdraw K1 -> K1 stands withdrawn, budget a 0/0/1000",
        "evaluation E2 amount=400",
        "approve E2 -> budget a 0/400/600",
        "hours 71 -> E2 stands done, budget a 0/400/600",
        "hours 1 -> E2 stands failed, budget a 0/0/1000",
        "contract K3 of=E2 -> refused NO_EVALUATION",
        // Its end is bad now: its number is free again.
        "evaluation E2 amount=200 -> E2 stands approving, budget a 0/200/800",
    ]);
    assert_eq!(story.run.last().last(), Some(&"task-opened"));
}

/// An evaluation that needed nothing is taken once as well.
#[test]
fn a_hold_of_nothing_is_a_hold() {
    play(&[
        "evaluation E1 amount=0",
        "approve E1 -> E1 stands done, budget a 0/0/1000",
        "contract K1 of=E1 -> K1 stands approving",
        "contract K2 of=E1 -> refused NO_EVALUATION",
        "days 4 -> E1 stands done",
    ]);
}

#[test]
fn what_was_taken_stays_through_a_return_as_long_as_it_is_required() {
    play(&[
        "evaluation E1 amount=300",
        "approve E1",
        "evaluation E2 amount=50",
        "approve E2",
        "direct D1 of=E1 -> budget a 0/350/650",
        "return D1 -> D1 stands draft, budget a 0/350/650",
        "resubmit D1 of=E1 -> D1 stands approving, budget a 0/350/650",
        "return D1 -> budget a 0/350/650",
        // Another evaluation is required now: the first one's hold is given back.
        "resubmit D1 of=E2 -> D1 stands approving, budget a 0/50/950",
        "approve D1 -> D1 stands open, budget a 50/0/950",
        "done D1 -> budget a 50/0/950",
    ]);
}

#[test]
fn a_child_hands_on_to_the_case_that_started_it() {
    play(&[
        "evaluation E1 amount=300",
        "approve E1",
        "cash O1 of=E1 part=100 -> O1 stands contracting, budget a 0/300/700",
        "approve O1.contract -> O1 stands open, budget a 100/200/700",
        "invoice I1 of=O1 amount=150 part=150 -> I1 stands open, budget a 250/50/700",
        "invoice I2 of=O1 amount=51 part=0 -> I2 held ON_HOLD, short 1 BUDGET_SHORT, budget a 250/50/700",
        "done I1 -> I1 stands done, budget a 100/50/850",
        "done O1 -> O1 stands done, budget a 100/0/900",
        // Without a parent it is given back.
        "evaluation E2 amount=30",
        "approve E2",
        "contract K1 of=E2 -> budget a 100/30/870",
        "approve K1 -> K1 stands done, budget a 100/0/900",
    ]);
}

/// A case may be over before one that it started without waiting for it.
#[test]
fn what_a_child_hands_on_to_a_parent_that_is_over_is_free() {
    play(&[
        "evaluation E1 amount=300",
        "approve E1",
        "launch O1 of=E1 -> O1 stands open, budget a 0/300/700",
        "done O1 -> O1 stands done, budget a 0/300/700",
        "approve O1.contract -> O1.contract stands done, budget a 0/0/1000",
        // While it is open it gets what the child held, and its own end gives that back.
        "evaluation E2 amount=200",
        "approve E2",
        "launch O2 of=E2 -> O2 stands open, budget a 0/200/800",
        "approve O2.contract -> O2 stands open, budget a 0/200/800",
        "done O2 -> O2 stands done, budget a 0/0/1000",
    ]);
}

#[test]
fn a_compensation_gives_back_what_was_used_and_what_is_held() {
    play(&[
        "evaluation E1 amount=300",
        "approve E1",
        "cash O1 of=E1 part=100",
        "approve O1.contract -> budget a 100/200/700",
        "refuse O1 -> O1 stands cancelled, budget a 0/0/1000",
        // Undone as far as a state, it is held as before and can be used again.
        "half H1 amount=500 part=200 -> budget a 0/500/500",
        "done H1 -> H1 stands second, budget a 200/300/500",
        "refuse H1 -> H1 stands first, budget a 0/500/500",
        "done H1 -> H1 stands second, budget a 200/300/500",
        "done H1 -> H1 stands done, budget a 200/0/800",
    ]);
}

/// What a case has restored of its own use is not given back a second time.
#[test]
fn a_compensation_counts_what_was_restored() {
    play(&[
        "counted O1 -> O1 stands open, orders a 1/0/-",
        "counted O2 -> orders a 2/0/-",
        "done O1 -> O1 stands done, orders a 1/0/-",
        "hold O2",
        "compensate O2 -> O2 stands cancelled, orders a 0/0/-",
        "invoice I1 of=none amount=1 -> I1 held UNEVALUABLE",
    ]);
}

#[test]
fn more_than_was_used_cannot_be_restored() {
    play(&[
        "evaluation E1 amount=300",
        "approve E1",
        "cash O1 of=E1 part=0",
        "approve O1.contract -> budget a 0/300/700",
        "invoice I1 of=O1 amount=10 part=10.01 -> budget a 10/290/700",
        "done I1 -> I1 held ON_HOLD, short 0.01 MORE_THAN_USED, budget a 10/290/700",
    ]);
}

#[test]
fn an_account_that_reads_another_one_follows_it() {
    play(&[
        "counted O1 -> orders a 1/0/-",
        "special S1 -> S1 stands open, entitled a 0/1/1, slots a 0/1/2",
        "special S2 -> S2 stands open, entitled a 0/2/0",
        "special S3 -> S3 stands failed, short 1 ENTITLED_SHORT, slots a 0/2/1",
        // Its limit falls under what is set aside: told, and nothing more is to be had.
        "done O1 -> orders a 0/0/-, entitled a 0/2/-2, told entitled deficit",
        "special S4 -> short 3 ENTITLED_SHORT",
        "counted O2 -> entitled a 0/2/0, told entitled none",
    ]);
}

#[test]
fn a_limit_of_a_count_may_be_a_number() {
    play(&[
        "slot L1 -> slots a 0/1/2",
        "slot L2 -> slots a 0/2/1",
        "slot L3 -> slots a 0/3/0",
        "slot L4 -> L4 stands failed, short 1 SLOTS_SHORT",
        "done L2 -> slots a 0/2/1",
        "slot L5 -> L5 stands open, slots a 0/3/0",
    ]);
}

#[test]
fn what_was_approved_may_be_missing_and_no_more() {
    play(&[
        "spend S1 amount=900 part=0 -> budget a 0/900/100",
        "overdrawn V1 amount=150 part=49 -> V1 stands failed, short 50 BEYOND_WHAT_WAS_APPROVED",
        "overdrawn V2 amount=150 part=50 -> V2 stands open, budget a 0/1050/-50",
        "spend S2 amount=0.01 -> S2 stands failed, short 50.01 BUDGET_SHORT",
        // Nothing can always be had.
        "spend S3 amount=0 part=0 -> S3 stands approving",
        "done V2 -> budget a 0/900/100",
    ]);
}

#[test]
fn a_chain_asks_what_is_free_and_what_others_hold() {
    play(&[
        "plan P1 amount=300",
        "asking A1 of=P1 amount=300 -> A1 stands done",
        "asking A2 of=P1 amount=301 -> A2 stands failed",
        "asking A3 of=P1 line=b amount=300 -> A3 stands done",
        "spend S1 amount=500",
        "asking A4 of=P1 amount=201 -> A4 stands failed",
        "asking A5 of=P1 amount=200 -> A5 stands done",
        "done P1",
        "asking A6 of=P1 amount=1 -> A6 stands failed",
    ]);
}

#[test]
fn who_holds_what_is_shown() {
    let story =
        play(&["plan P1 amount=300", "claim C1 of=P1 amount=100", "evaluation E1 amount=30", "approve E1"]);
    let state = &story.run.world.state;
    let rows = state.accounts(None, story.run.world.at);
    let row = rows.iter().find(|row| row.account == "budget" && row.key == "a").expect("a row");
    let cases = ["P1", "C1", "E1"].map(|name| story.case(name));
    let held: Vec<(u64, &str, String, bool)> = row
        .held
        .iter()
        .map(|held| {
            (held.case, held.name.as_str(), held.amount.normalize().to_string(), held.until.is_some())
        })
        .collect();
    let wanted = [(cases[0], "budget", "200"), (cases[1], "money", "100"), (cases[2], "credit", "30")];
    let wanted = wanted.map(|(case, name, amount)| (case, name, amount.to_owned(), name == "credit"));
    assert_eq!(held, wanted);
    assert_eq!(row.limit, AccountLimit::Of(1000.into()));
    assert!(rows.iter().all(|row| row.account != "orders"), "nothing was done with it");
    assert_eq!(state.accounts(Some("orders"), story.run.world.at), []);
    assert_eq!(state.balance("budget", "a").and_then(|balance| balance.flag.clone()), None);
}
