//! What was done is undone, last first, one at a time; where an undo fails, a person decides. State is the fold of the
//! log after every step.

use crate::outward_support;

use countersign_core::command::{Operation, Verdict};
use countersign_core::definition::*;
use countersign_core::event::{Event, Settled};
use countersign_core::time::{HOUR, MINUTE};
use countersign_core::value::Value;

use crate::outward::making::*;
use crate::outward_support::Run;
use crate::outward_support::define::*;

const DONE_WORD: (&str, Option<&str>) = ("done", None);

fn code<T>(code: &str) -> Result<T, String> {
    Err(code.to_owned())
}

/// Asks, reserves, makes, reserves again; then something that may be asked to cancel itself.
fn steps() -> Vec<StateDef> {
    vec![
        commands("asking", "erp.atp.query", vec![], to(1)),
        commands("reserving", "logistics.stock.reserve", vec![("units", doc("units"))], to(2)),
        commands("making", "erp.mo.create", vec![("no", doc("no"))], to(3)),
        commands("topping-up", "logistics.stock.reserve", vec![("units", units(1))], to(4)),
        state("resting", task("kam_js", &[], &[]), &[("done", DONE), ("refused", to(5))]),
        cancelling(None),
    ]
}

fn ordering() -> Chain {
    Chain {
        anytime: vec![Anytime { by: vec![post("kam_js")], ..anytime("cancel", Some(to(5))) }],
        ..chain("ordering", "order", ORDER, steps())
    }
}

/// An order at rest: four commands are done.
fn at_rest(run: &mut Run, no: &str) -> u64 {
    let case = run.submit("rep_js", "ordering", order(no, 10)).expect("an order");
    for command in 1..=4 {
        let said = run.reply((case, command), "r", DONE_WORD, some(10));
        said.unwrap_or_else(|why| panic!("command {command}: {why}{}", run.story(case)));
    }
    assert_eq!(run.stands(case), "resting");
    case
}

fn resting() -> (Run, u64) {
    let mut run = factory(vec![ordering()]);
    let case = at_rest(&mut run, "SO-1");
    (run, case)
}

fn cancel(run: &mut Run, case: u64) {
    run.ask("kam_js", case, "cancel", nothing()).expect("it may be asked at any time");
}

#[test]
fn undone_in_reverse_one_after_another() {
    let (mut run, case) = resting();
    cancel(&mut run, case);
    let expected: [(&str, u32); 3] =
        [("logistics.stock.release", 4), ("erp.mo.cancel", 3), ("logistics.stock.release", 2)];
    for (number, _) in expected.iter().enumerate() {
        let found: Vec<(String, u32)> = undos(&run, case);
        let so_far: Vec<(String, u32)> =
            expected[..=number].iter().map(|(verb, of)| ((*verb).to_owned(), *of)).collect();
        assert_eq!(found, so_far, "one at a time; the query needs no undo");
        run.wait(MINUTE);
        run.reply((case, 5 + number as u32), "u", DONE_WORD, nothing()).expect("undone");
    }
    assert_eq!(run.stands(case), "cancelled");
    assert_eq!(count(&run, case, "effect-undone"), 3);
    let first = &issued(&run, case)[4];
    let undoes = first.undoes.as_ref().expect("an undo");
    assert_eq!(undoes.done.get("units"), Some(&pieces(10)), "it is told what had been answered");
    assert_eq!((first.with.get("units"), &undoes.with), (Some(&pieces(1)), &first.with), "and commanded");
    assert_eq!(undoes.state_name, "topping-up");
}

#[test]
fn only_what_was_done_since_a_state_was_last_entered() {
    let mut states = steps();
    states[4] =
        state("resting", task("kam_js", &["again", "drop"], &[]), &[("again", to(5)), ("drop", to(6))]);
    states[5] = state(
        "stepping-back",
        Activity::Compensate { since: Some(2) },
        &[("done", to(2)), ("stuck", Target::OnHold)],
    );
    states.push(cancelling(None));
    let mut run = factory(vec![chain("ordering", "order", ORDER, states)]);
    let case = at_rest(&mut run, "SO-1");
    choose(&mut run, case, "again");
    for (command, of) in [(5, ("logistics.stock.release", 4)), (6, ("erp.mo.cancel", 3))] {
        assert_eq!(undos(&run, case).last(), Some(&(of.0.to_owned(), of.1)));
        run.reply((case, command), "u", DONE_WORD, nothing()).expect("undone");
    }
    assert_eq!(run.stands(case), "making", "what was reserved before stays reserved");
    for command in 7..=8 {
        run.reply((case, command), "r", DONE_WORD, some(9)).expect("done again");
    }
    choose(&mut run, case, "drop");
    for (command, of) in [(9, 8), (10, 7), (11, 2)] {
        assert_eq!(undos(&run, case).last().map(|(_, of)| *of), Some(of));
        run.reply((case, command), "u", DONE_WORD, nothing()).expect("undone");
    }
    assert_eq!(run.stands(case), "cancelled");
}

fn choose(run: &mut Run, case: u64, choice: &str) {
    use countersign_core::command::Verdict;
    use countersign_core::name::Name;
    let answered =
        run.answer(case, "kam_js", Verdict::Choose, |answer| answer.choice = Some(Name::from(choice)));
    answered.unwrap_or_else(|why| panic!("{choice}: {why}{}", run.story(case)));
}

#[test]
fn a_refused_undo_stays_first_in_line() {
    let (mut run, case) = resting();
    cancel(&mut run, case);
    run.reply((case, 5), "u", DONE_WORD, nothing()).expect("released");
    run.reply((case, 6), "u", ("refused", Some("FINISHED")), nothing()).expect("an answer");
    assert_eq!(run.held(case), "STUCK");
    for (act, command) in [(Operation::Resume, 7), (Operation::Retry, 8)] {
        run.operate(case, act).expect("tried again");
        assert_eq!(undos(&run, case).last(), Some(&("erp.mo.cancel".into(), 3)));
        run.reply((case, command), "u", ("refused", Some("FINISHED")), nothing()).expect("an answer");
        assert_eq!(run.held(case), "STUCK");
    }
    run.operate(case, Operation::Resume).expect("once more");
    run.reply((case, 9), "u", DONE_WORD, nothing()).expect("now it is cancelled");
    run.reply((case, 10), "u", DONE_WORD, nothing()).expect("released");
    assert_eq!(run.stands(case), "cancelled");
    assert_eq!(count(&run, case, "effect-undone"), 3);
}

#[test]
fn a_silent_undo_is_held_and_a_late_answer_lets_it_go_on() {
    let (mut run, case) = resting();
    cancel(&mut run, case);
    run.wait(30 * MINUTE);
    assert_eq!(run.held(case), "STUCK");
    run.reply((case, 5), "u", DONE_WORD, nothing()).expect("late, but done");
    assert_eq!(undos(&run, case).last(), Some(&("erp.mo.cancel".into(), 3)), "{}", run.story(case));
    run.wait(30 * MINUTE);
    assert_eq!(run.held(case), "STUCK");
    run.operate(case, Operation::Retry).expect("sent again, under the same id");
    assert_eq!(
        sent(&run, case).last().map(|(_, verb, n)| (verb.clone(), *n)),
        Some(("erp.mo.cancel".into(), 4))
    );
    run.reply((case, 6), "u", DONE_WORD, nothing()).expect("cancelled");
    run.reply((case, 7), "u", ("unknown", None), nothing()).expect("an answer");
    assert_eq!(run.held(case), "REPLY_UNKNOWN");
    run.operate(case, Operation::Resume).expect("asked again");
    assert_eq!(sent(&run, case).last().map(|(_, _, n)| *n), Some(2));
    run.reply((case, 7), "u2", DONE_WORD, nothing()).expect("released");
    assert_eq!(run.stands(case), "cancelled");
}

#[test]
fn what_nothing_undoes_waits_for_a_person() {
    let mut states = steps();
    states[3] = commands("paying", "finance.refund.pay", vec![], to(4));
    let mut run = factory(vec![Chain {
        anytime: vec![Anytime { by: vec![post("kam_js")], ..anytime("cancel", Some(to(5))) }],
        ..chain("ordering", "order", ORDER, states)
    }]);
    let case = run.submit("rep_js", "ordering", order("SO-1", 10)).expect("an order");
    for command in 1..=3 {
        run.reply((case, command), "r", DONE_WORD, some(10)).expect("done");
    }
    let paid = outward_support::record([("payment_no", outward_support::text("P-1"))]);
    run.reply((case, 4), "r", DONE_WORD, paid).expect("paid");
    cancel(&mut run, case);
    assert_eq!(run.held(case), "STUCK");
    assert_eq!(undos(&run, case), [], "nothing is undone before what came after it");
    run.operate(case, Operation::Resume).expect("the money came back by hand");
    assert_eq!(run.last()[..2], ["case-operated", "effect-undone"]);
    assert_eq!(undos(&run, case), [("erp.mo.cancel".into(), 3)]);
}

/// Whoever mends by hand what could not be undone says so: it counts as undone, for ever as a person's work, and the
/// compensation goes on with what came before it.
#[test]
fn what_was_settled_by_hand_counts_as_undone() {
    let (mut run, case) = resting();
    assert_eq!(run.operate(case, Operation::Settle), code("NOT_HELD"));
    cancel(&mut run, case);
    run.operate(case, Operation::Hold).expect("held");
    assert_eq!(run.operate(case, Operation::Settle), code("CONFLICT"), "nothing has failed");
    run.operate(case, Operation::Resume).expect("resumed");
    run.reply((case, 5), "u", DONE_WORD, nothing()).expect("released");
    run.reply((case, 6), "u", ("refused", Some("FINISHED")), nothing()).expect("refused");
    assert_eq!((run.held(case).as_str(), run.stands(case).as_str()), ("STUCK", "on-hold"));
    run.operate(case, Operation::Settle).expect("the works order was cancelled by telephone");
    assert_eq!(run.last()[..3], ["case-operated", "effect-settled", "command-issued"]);
    let settled = run.events(case).into_iter().find_map(|event| match event {
        Event::EffectSettled(e) => Some(e.what.clone()),
        _ => None,
    });
    let what = Settled::Command { id: n(&format!("C-{case}.making.3")), verb: n("erp.mo.create") };
    assert_eq!(settled, Some(what));
    assert_eq!(undos(&run, case).last(), Some(&("logistics.stock.release".into(), 2)));
    run.reply((case, 7), "u", DONE_WORD, nothing()).expect("released");
    assert_eq!(run.stands(case), "cancelled");
    assert_eq!(run.operate(case, Operation::Settle), code("CASE_CLOSED"));
}

/// A child that does not cancel itself, and is seen to by hand.
#[test]
fn a_child_that_was_settled_by_hand_holds_its_parent_no_longer() {
    let rest = state("resting", task("kam_js", &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    let child = chain("child", "order", ORDER, vec![rest]);
    let runs = state("running", Activity::Run(run("child", vec![])), &[("good", DONE), ("bad", to(1))]);
    let parent = Chain {
        anytime: vec![Anytime { by: vec![post("kam_js")], ..anytime("cancel", Some(to(1))) }],
        ..chain("parent", "order", ORDER, vec![runs, cancelling(None)])
    };
    let mut run = factory(vec![parent, child]);
    let case = run.submit("rep_js", "parent", order("SO-1", 10)).expect("an order");
    cancel(&mut run, case);
    assert_eq!(run.held(case), "STUCK");
    run.operate(case, Operation::Settle).expect("its people know");
    assert_eq!((run.stands(case).as_str(), run.stands(case + 1).as_str()), ("cancelled", "resting"));
    run.decide(case + 1, "kam_js", Verdict::Done).expect("it ends for itself");
    assert_eq!(run.stands(case + 1), "done");
}

#[test]
fn an_operator_undoes_everything_and_the_case_ends_badly() {
    let (mut run, case) = resting();
    assert_eq!(run.operate(case, Operation::Compensate), code("NOT_HELD"));
    run.operate(case, Operation::Hold).expect("held");
    run.operate(case, Operation::Compensate).expect("undone");
    assert!(run.case(case).tasks().is_empty());
    for command in 5..=7 {
        run.reply((case, command), "u", DONE_WORD, nothing()).expect("undone");
    }
    assert_eq!(run.stands(case), "cancelled");
}

#[test]
fn what_was_commanded_and_not_answered_is_given_up_and_undone_when_it_was_done_after_all() {
    let mut run = factory(vec![ordering()]);
    let case = run.submit("rep_js", "ordering", order("SO-1", 10)).expect("an order");
    run.reply((case, 1), "r", DONE_WORD, some(10)).expect("asked");
    run.reply((case, 2), "r", DONE_WORD, some(10)).expect("reserved");
    cancel(&mut run, case);
    assert_eq!(undos(&run, case), [("logistics.stock.release".into(), 2)], "the open one has done nothing");
    run.reply((case, 3), "r", DONE_WORD, some(10)).expect("made after all");
    run.reply((case, 4), "u", DONE_WORD, nothing()).expect("released");
    assert_eq!(undos(&run, case).last(), Some(&("erp.mo.cancel".into(), 3)), "before the case is over");
    run.reply((case, 5), "u", DONE_WORD, nothing()).expect("cancelled");
    assert_eq!(run.stands(case), "cancelled");
    assert_eq!(run.reply_as("erp", (case, 3), "r9", DONE_WORD, some(10)), code("REPLY_REPEATED"));
}

#[test]
fn what_was_accepted_and_not_finished_is_undone() {
    let mut run = factory(vec![making()]);
    let case = run.submit("rep_js", "making", order("SO-1", 10)).expect("an order");
    run.reply((case, 1), "r1", ("accepted", None), accepted("MO-777")).expect("accepted");
    run.ask("kam_js", case, "cancel", nothing()).expect("cancelled");
    assert_eq!(undos(&run, case), [("erp.mo.cancel".into(), 1)]);
    run.reply((case, 1), "r2", DONE_WORD, some(10)).expect("made in the same moment");
    run.reply((case, 2), "u", DONE_WORD, nothing()).expect("cancelled");
    assert_eq!((run.stands(case).as_str(), issued(&run, case).len()), ("cancelled", 2));
}

#[test]
fn what_was_refused_after_a_stage_is_not_undone() {
    let mut run = factory(vec![making()]);
    let case = run.submit("rep_js", "making", order("SO-1", 10)).expect("an order");
    run.reply((case, 1), "r1", ("accepted", None), accepted("MO-777")).expect("accepted");
    run.reply((case, 1), "r2", ("refused", Some("BAD_BOM")), nothing()).expect("refused");
    assert_eq!(run.held(case), "ON_HOLD");
    run.operate(case, Operation::Compensate).expect("nothing is left to be undone");
    assert_eq!((run.stands(case).as_str(), undos(&run, case).len()), ("cancelled", 0));
}

#[test]
fn an_undo_beside_the_way_that_fails_is_told_to_a_person() {
    let after = state("after", task("kam_js", &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    let mut states = steps();
    states[5].next.insert(n("done"), vec![Arrow { when: None, go: to(6), learns: Vec::new() }]);
    states.push(after);
    let mut run = factory(vec![Chain {
        anytime: vec![Anytime { by: vec![post("kam_js")], ..anytime("cancel", Some(to(5))) }],
        ..chain("ordering", "order", ORDER, states)
    }]);
    for (answer, no) in [(Some(("refused", Some("FINISHED"))), "SO-1"), (None, "SO-2")] {
        let case = run.submit("rep_js", "ordering", order(no, 10)).expect("an order");
        run.reply((case, 1), "r", DONE_WORD, some(10)).expect("asked");
        run.reply((case, 2), "r", ("refused", None), nothing()).expect("refused");
        run.operate(case, Operation::Resume).expect("reserved again");
        run.reply((case, 3), "r", DONE_WORD, some(10)).expect("reserved");
        cancel(&mut run, case);
        run.reply((case, 5), "u", DONE_WORD, nothing()).expect("released");
        assert_eq!(run.stands(case), "after");
        run.reply((case, 4), "r", DONE_WORD, some(10)).expect("made after all");
        assert_eq!(undos(&run, case).last(), Some(&("erp.mo.cancel".into(), 4)));
        match answer {
            Some(answer) => {
                run.reply((case, 6), "u", answer, nothing()).expect("an answer");
            }
            None => run.wait(HOUR),
        }
        assert_eq!(run.held(case), "STUCK");
        run.operate(case, Operation::Resume).expect("a person has seen to it");
        assert_eq!(run.stands(case), "after");
    }
}

// ---- children

/// A parent that runs an order and may then be cancelled.
fn parents(after: StateDef) -> Vec<Chain> {
    let runs = state("ordering", Activity::Run(run("ordering", vec![])), &[("good", to(1)), ("bad", to(2))]);
    let parent = Chain {
        anytime: vec![Anytime { by: vec![post("kam_js")], ..anytime("cancel", Some(to(2))) }],
        ..chain("parent", "order", ORDER, vec![runs, after, cancelling(None)])
    };
    let mut child = ordering();
    child.states[3].next.insert(n("done"), vec![Arrow { when: None, go: DONE, learns: Vec::new() }]);
    vec![parent, child]
}

fn waiting() -> StateDef {
    state("waiting", task("kam_js", &[], &[]), &[("done", DONE), ("refused", to(2))])
}

#[test]
fn what_an_ended_child_did_is_undone_by_its_parent() {
    let mut run = factory(parents(waiting()));
    let parent = run.submit("rep_js", "parent", order("SO-1", 10)).expect("an order");
    let child = parent + 1;
    for command in 1..=4 {
        run.reply((child, command), "r", DONE_WORD, some(10)).expect("done");
    }
    assert_eq!((run.stands(child).as_str(), run.stands(parent).as_str()), ("done", "waiting"));
    cancel(&mut run, parent);
    for (number, of) in [(1, 4), (2, 3), (3, 2)] {
        let last = issued(&run, parent).pop().expect("an undo").clone();
        let undoes = last.undoes.expect("an undo");
        assert_eq!((last.command, undoes.case, undoes.command), (number, child, of));
        assert_eq!(last.correlation, parent);
        run.reply((parent, number), "u", DONE_WORD, nothing()).expect("undone");
    }
    assert_eq!(run.stands(parent), "cancelled");
}

#[test]
fn an_open_child_cancels_itself_first() {
    let mut run = factory(parents(waiting()));
    let parent = run.submit("rep_js", "parent", order("SO-1", 10)).expect("an order");
    let child = parent + 1;
    for command in 1..=2 {
        run.reply((child, command), "r", DONE_WORD, some(10)).expect("done");
    }
    cancel(&mut run, parent);
    assert_eq!(run.stands(child), "cancelling");
    assert!(run.events(child).iter().any(|e| matches!(e, Event::CaseAsked(e) if e.by_case == Some(parent))));
    assert_eq!(run.stands(parent), "cancelling");
    run.reply((child, 4), "u", DONE_WORD, nothing()).expect("released");
    assert_eq!((run.stands(child).as_str(), run.stands(parent).as_str()), ("cancelled", "cancelled"));
    assert_eq!(issued(&run, parent).len(), 0);
}

#[test]
fn a_child_that_cannot_cancel_itself_holds_its_parent() {
    let mut chains = parents(waiting());
    chains[1].anytime.clear();
    let mut run = factory(chains);
    let parent = run.submit("rep_js", "parent", order("SO-1", 10)).expect("an order");
    let child = parent + 1;
    cancel(&mut run, parent);
    assert_eq!(run.held(parent), "STUCK");
    run.operate(child, Operation::Hold).expect("held");
    run.operate(child, Operation::Compensate).expect("cancelled by a person");
    assert_eq!(run.stands(child), "cancelled");
    run.operate(parent, Operation::Resume).expect("goes on");
    assert_eq!(run.stands(parent), "cancelled");
    assert_eq!(run.fact(parent, "none"), Value::Missing);
}
