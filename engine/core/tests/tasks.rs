//! Pieces of work: what their answers carry and come to, what a case learns from them, and who is asked.

use countersign_core::command::{Answer, Body, Operation, Verdict};
use countersign_core::decide::task_def;
use countersign_core::definition::*;
use countersign_core::expr::{Attribute, Expr};
use countersign_core::name::{Name, Title};
use countersign_core::value::{Raw, Type, Value};

use crate::outward_support::define::*;
use crate::outward_support::{Run, number, record, text};

const READS: &[&str] = &["no", "units", "posts"];

fn company(chains: Vec<Chain>) -> Run {
    let posts =
        Field { default: Some(Value::List(vec![])), ..field("posts", Type::List(Box::new(Type::Position))) };
    let fields = vec![field("no", Type::Text), field("units", Type::Units), posts];
    let order = document("order", fields);
    let chains = chains.into_iter().map(Definition::Chain);
    Run::new([order].into_iter().chain(chains).collect())
}

fn order(no: &str, units: u32) -> Raw {
    record([("no", text(no)), ("units", number(units))])
}

fn orders(states: Vec<StateDef>) -> Chain {
    let facts = vec![
        fact_def("left", Type::Units, Some(doc("units"))),
        fact_def("gone", Type::Units, Some(units(0))),
        fact_def("note", Type::Optional(Box::new(Type::Text)), None),
    ];
    Chain { facts, ..chain("order", "order", READS, states) }
}

fn carrying<const N: usize>(fields: [(&str, Raw); N]) -> impl FnOnce(&mut Answer) {
    let fields = record(fields);
    move |answer| answer.fields = Some(fields)
}

fn choosing(choice: &str) -> impl FnOnce(&mut Answer) {
    let choice = Some(Name::from(choice));
    move |answer| answer.choice = choice
}

fn shipping() -> Activity {
    task("kam_js", &[], &[("units", Type::Units), ("note", Type::Optional(Box::new(Type::Text)))])
}

#[test]
fn a_piece_of_work_is_done_or_refused() {
    let ship = state("shipping", shipping(), &[("done", DONE), ("refused", FAILED)]);
    let mut run = company(vec![orders(vec![ship])]);
    let done = run.submit("rep_js", "order", order("O1", 3)).expect("an order");
    let asked = {
        let case = run.case(done);
        let task = case.tasks().values().next().expect("a task");
        let def = task_def(&run.world.state, case, task).expect("a piece of work");
        def.asks.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(asked, ["units", "note"]);
    run.answer(done, "kam_js", Verdict::Done, carrying([("units", number(3))])).expect("done");
    assert_eq!(run.stands(done), "done");
    assert_eq!(run.last(), ["task-answered", "step-closed", "case-ended"]);

    let refused = run.submit("rep_js", "order", order("O2", 3)).expect("an order");
    run.answer(refused, "kam_js", Verdict::Refuse, |_| {}).expect("refused");
    assert_eq!(run.stands(refused), "failed");
}

/// What an answer must carry is refused with the path of the field; nothing happens.
#[test]
fn answers_are_typed_as_documents_are() {
    let ship = state("shipping", shipping(), &[("done", DONE), ("refused", FAILED)]);
    let mut run = company(vec![orders(vec![ship])]);
    let case = run.submit("rep_js", "order", order("O1", 3)).expect("an order");
    let mut refused = |verdict: Verdict, fields: Option<Raw>, reason: Option<&str>, choice: Option<&str>| {
        let task = run.world.task_of(case, "kam_js").expect("a task");
        let mut answer = run.world.answer(case, task, verdict, reason);
        (answer.fields, answer.choice) = (fields, choice.map(Name::from));
        let person = run.world.holder("kam_js");
        let refused = run.world.request(&person, "kam_js", Body::Decide(answer)).expect_err("a refusal");
        run.check();
        (refused.code.as_str().to_owned(), refused.field.unwrap_or_default())
    };
    let of = |code: &str, field: &str| (code.to_owned(), field.to_owned());
    let units = |raw: Raw| Some(record([("units", raw)]));
    assert_eq!(refused(Verdict::Done, None, None, None), of("FIELD_MISSING", "answer.units"));
    assert_eq!(refused(Verdict::Done, units(text("many")), None, None), of("FIELD_TYPE", "answer.units"));
    assert_eq!(refused(Verdict::Done, units(number("1.5")), None, None), of("FIELD_TYPE", "answer.units"));
    let more = Some(record([("units", number(1)), ("price", number(1))]));
    assert_eq!(refused(Verdict::Done, more, None, None), of("FIELD_UNKNOWN", "answer.price"));
    assert_eq!(refused(Verdict::Done, Some(text("3")), None, None).1, "answer");
    assert_eq!(refused(Verdict::Refuse, None, None, None), of("REASON_REQUIRED", "reason"));
    assert_eq!(
        refused(Verdict::Refuse, units(number(1)), Some("no"), None),
        of("FIELD_UNKNOWN", "answer.units")
    );
    assert_eq!(
        refused(Verdict::Choose, units(number(1)), None, Some("ship")),
        of("VERDICT_NOT_ALLOWED", "verdict")
    );
    assert_eq!(
        refused(Verdict::Done, units(number(1)), None, Some("ship")),
        of("VERDICT_NOT_ALLOWED", "choice")
    );
    assert_eq!(refused(Verdict::Approve, None, None, None), of("VERDICT_NOT_ALLOWED", "verdict"));
    assert_eq!(run.stands(case), "shipping");
}

/// The choice is the outcome. A state that is entered again asks again, even of the same revision.
#[test]
fn choices_lead_on_and_loops_ask_again() {
    let choose = task("kam_js", &["ship", "drop", "again"], &[]);
    let mut choose = state("asking", choose, &[("ship", DONE), ("drop", FAILED), ("again", to(1))]);
    let all = Expr::Fact(names(&["left"]));
    choose.next.insert(n("drop"), vec![Arrow { when: None, go: FAILED, learns: learnt(vec![(1, all)]) }]);
    let check = state("checking", Activity::Check(vec![]), &[("passed", to(0)), ("failed", FAILED)]);
    let mut run = company(vec![orders(vec![choose, check])]);
    let case = run.submit("rep_js", "order", order("O1", 7)).expect("an order");
    assert_eq!(run.answer(case, "kam_js", Verdict::Done, |_| {}), Err("VERDICT_NOT_ALLOWED".into()));
    assert_eq!(run.answer(case, "kam_js", Verdict::Choose, |_| {}), Err("VERDICT_NOT_ALLOWED".into()));
    assert_eq!(
        run.answer(case, "kam_js", Verdict::Choose, choosing("burn")),
        Err("VERDICT_NOT_ALLOWED".into())
    );
    for _ in 0..3 {
        run.answer(case, "kam_js", Verdict::Choose, choosing("again")).expect("again");
        assert_eq!(run.stands(case), "asking");
    }
    run.answer(case, "kam_js", Verdict::Choose, choosing("drop")).expect("dropped");
    assert_eq!(run.stands(case), "failed");
    assert_eq!(run.fact(case, "gone").to_string(), "7", "what is learnt on an arrow counts at its end");
    assert_eq!(run.last(), ["task-answered", "step-closed", "facts-learnt", "case-ended"]);
}

/// All right-hand sides see what was known before; then all values are taken, in one event.
#[test]
fn what_is_learnt_together_is_taken_together() {
    let swap = learns(
        vec![(0, fact("gone")), (1, fact("left")), (2, reply("note"))],
        state("shipping", shipping(), &[("done", to(1)), ("refused", FAILED)]),
    );
    let mut next = state("deciding", Activity::Choose(vec![]), &[("x", DONE)]);
    let shipped = eq(fact("gone"), units(9));
    let branch = |when, go| Branch { when, go };
    next.activity = Activity::Choose(vec![branch(Some(shipped), DONE), branch(None, FAILED)]);
    let mut run = company(vec![orders(vec![swap, next])]);
    let case = run.submit("rep_js", "order", order("O1", 9)).expect("an order");
    assert_eq!(
        (run.fact(case, "left").to_string(), run.fact(case, "gone").to_string()),
        ("9".into(), "0".into())
    );
    let fields = [("units", number(2)), ("note", text("by rail"))];
    run.answer(case, "kam_js", Verdict::Done, carrying(fields)).expect("done");
    assert_eq!(
        (run.fact(case, "left").to_string(), run.fact(case, "gone").to_string()),
        ("0".into(), "9".into())
    );
    assert_eq!(run.fact(case, "note"), Value::text("by rail"));
    assert_eq!(run.stands(case), "done", "conditions after it see what was learnt");
    assert_eq!(run.last().iter().filter(|name| **name == "facts-learnt").count(), 1);
}

/// A refusal carries no fields: what reads them is not learnt, what reads none is.
#[test]
fn what_an_answer_does_not_carry_is_not_learnt() {
    let ship = learns(
        vec![(0, reply("units")), (1, plus(fact("gone"), units(1)))],
        state("shipping", shipping(), &[("done", DONE), ("refused", FAILED)]),
    );
    let mut run = company(vec![orders(vec![ship])]);
    let case = run.submit("rep_js", "order", order("O1", 9)).expect("an order");
    run.answer(case, "kam_js", Verdict::Refuse, |_| {}).expect("refused");
    assert_eq!(
        (run.fact(case, "left").to_string(), run.fact(case, "gone").to_string()),
        ("9".into(), "1".into())
    );
}

/// Together: done by all, or failed with the first that is refused. Work done stands while the case is held.
#[test]
fn work_of_several() {
    let member = |activity: Activity| match activity {
        Activity::People(node) => Member { when: None, within: None, weight: 1, independent: false, node },
        other => panic!("not people: {other:?}"),
    };
    let both = Node::All(vec![
        member(task("kam_js", &[], &[("units", Type::Units)])),
        member(task("bgm_js", &[], &[("note", Type::Text)])),
    ]);
    let both = state("filing", Activity::People(both), &[("passed", DONE), ("failed", FAILED)]);
    let both = learns(vec![(1, reply("units")), (2, reply("note"))], both);
    let mut run = company(vec![orders(vec![both])]);
    let case = run.submit("rep_js", "order", order("O1", 9)).expect("an order");
    run.answer(case, "kam_js", Verdict::Done, carrying([("units", number(4))])).expect("done");
    run.operate(case, Operation::Hold).expect("held");
    run.operate(case, Operation::Resume).expect("resumed");
    assert!(run.world.task_of(case, "kam_js").is_none(), "who has done the work is not asked again");
    run.answer(case, "bgm_js", Verdict::Done, carrying([("note", text("filed"))])).expect("done");
    assert_eq!((run.stands(case), run.fact(case, "gone").to_string()), ("done".into(), "4".into()));
    assert_eq!(run.fact(case, "note"), Value::text("filed"));

    let case = run.submit("rep_js", "order", order("O2", 9)).expect("an order");
    run.answer(case, "bgm_js", Verdict::Refuse, |_| {}).expect("refused");
    assert_eq!(run.stands(case), "failed");
}

/// A state gives each post its own time: by its name before its kind, then as the state says for all.
#[test]
fn time_is_given_by_position_or_kind() {
    let member = |who: &str, within: Option<&str>| match task(who, &[], &[]) {
        Activity::People(node) => {
            Member { when: None, within: within.map(span), weight: 1, independent: false, node }
        }
        other => panic!("not people: {other:?}"),
    };
    let asked =
        [("kam_js", None), ("kam_zj", None), ("bgm_js", None), ("finance", None), ("president", Some("9h"))];
    let all = asked.into_iter().map(|(who, within)| member(who, within)).collect();
    let base = state("filing", Activity::People(Node::All(all)), &[("passed", DONE), ("failed", FAILED)]);
    let by = [("kam_js", "3h"), ("kam", "4h"), ("bgm", "5h")];
    let within_by = by.into_iter().map(|(name, time)| (Name::from(name), span(time))).collect();
    let mut run = company(vec![orders(vec![StateDef { within: None, within_by, ..base }])]);
    let case = run.submit("rep_js", "order", order("O1", 9)).expect("an order");
    let slots = &run.case(case).step().expect("people").plan.slots;
    let times: Vec<String> = slots.iter().map(|slot| slot.within.to_string()).collect();
    assert_eq!(times, ["3h", "4h", "5h", "2000h", "9h"]);
}

/// People are asked about each item, blind to one another; a task's item is what it learns from.
#[test]
fn people_are_asked_about_each_item() {
    let sign = Activity::People(Node::Signer(Signer {
        duty: Duty::Review,
        who: Who::Expr(item("")),
        veto: true,
        except: vec![],
        task: None,
        only_if: None,
    }));
    let next = [("passed", DONE), ("returned", Target::Draft), ("rejected", FAILED)];
    let mut run = company(vec![orders(vec![for_each(doc("posts"), state("ratifying", sign, &next))])]);
    let with = |no: &str, posts: &[&str]| {
        let posts = Raw::List(posts.iter().map(|post| text(post)).collect());
        record([("no", text(no)), ("units", number(1)), ("posts", posts)])
    };
    let case = run.submit("rep_js", "order", with("O1", &["kam_js", "finance"])).expect("an order");
    run.decide(case, "finance", Verdict::Pass).expect("passed");
    assert_eq!(run.stands(case), "ratifying");
    run.decide(case, "kam_js", Verdict::Pass).expect("passed");
    assert_eq!(run.stands(case), "done");
    let case = run.submit("rep_js", "order", with("O2", &["kam_js", "finance"])).expect("an order");
    run.decide(case, "finance", Verdict::Reject).expect("rejected");
    assert_eq!(run.stands(case), "failed");
    let none = run.submit("rep_js", "order", with("O3", &[])).expect("an order");
    assert_eq!(run.stands(none), "done", "of nobody nothing is asked");

    let file = Activity::People(Node::Signer(Signer {
        duty: Duty::Task,
        who: post("kam_js"),
        veto: false,
        except: vec![],
        task: Some(Box::new(TaskDef { title: Title::default(), asks: vec![], choices: vec![] })),
        only_if: None,
    }));
    let unit = Expr::Post(Box::new(item("")), Attribute::Unit);
    let filing = for_each(doc("posts"), state("filing", file, &[("passed", DONE), ("failed", FAILED)]));
    let chain = orders(vec![learns(vec![(0, unit)], filing)]);
    let chain = Chain { facts: vec![fact_def("unit", Type::Unit, None)], ..chain };
    let mut run = company(vec![chain]);
    let case = run.submit("rep_js", "order", with("O1", &["finance", "bgm_zj"])).expect("an order");
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.fact(case, "unit"), Value::Unit(n("head")));
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    assert_eq!((run.stands(case), run.fact(case, "unit")), ("done".into(), Value::Unit(n("zj"))));
}

/// Who is asked: above, the lowest common superior, the owner, so many of a group.
#[test]
fn who_is_asked() {
    let asked = |who: Who| {
        let sign = Signer { duty: Duty::Review, who, veto: false, except: vec![], task: None, only_if: None };
        let next = [("passed", DONE), ("returned", Target::Draft)];
        let state = state("reading", Activity::People(Node::Signer(sign)), &next);
        let group =
            Group { title: Title::default(), members: names(&["finance", "kam_js", "president"]), need: 3 };
        let mut definitions = company(vec![]).world.definitions;
        for definition in &mut definitions {
            if let Definition::Organisation(organisation) = definition {
                organisation.groups.insert(n("jury"), group.clone());
            }
        }
        definitions.push(Definition::Chain(orders(vec![state])));
        let mut run = Run::of(definitions);
        let case = run.submit("rep_js", "order", order("O1", 1)).expect("an order");
        let shown: Vec<String> = run.case(case).tasks().values().map(|t| t.position.to_string()).collect();
        (run, case, shown)
    };
    let boxed = |who: Who| Box::new(who);
    let of = |who: Who| asked(who).2.join(" ");
    assert_eq!(of(Who::Above(boxed(Who::Submitter), n("bgm"))), "bgm_js");
    assert_eq!(of(Who::Above(boxed(Who::Submitter), n("president"))), "president");
    assert_eq!(of(Who::LowestCommonSuperior(boxed(post("kam_js")), boxed(post("finance")))), "president");
    assert_eq!(of(Who::LowestCommonSuperior(boxed(post("kam_js")), boxed(post("kam_zj")))), "sales_director");
    assert_eq!(of(Who::LowestCommonSuperior(boxed(Who::Submitter), boxed(post("bgm_js")))), "bgm_js");
    assert_eq!(of(Who::Expr(Expr::Driver(Attribute::Position))), "driver");
    let (run, case, nobody) = asked(Who::Above(boxed(Who::Submitter), n("queen")));
    assert_eq!((nobody.len(), run.held(case)), (0, "NO_APPROVER".to_owned()));
    let (mut run, case, jury) = asked(Who::GroupNeed(n("jury"), 1));
    assert_eq!(jury, ["finance", "kam_js", "president"]);
    run.decide(case, "finance", Verdict::Pass).expect("passed");
    assert_eq!(run.stands(case), "done", "one of the jury is enough here");
}

/// A case that is asked to begin its state again begins it afresh: work done before no longer counts.
#[test]
fn a_state_that_is_begun_again_asks_for_all_of_its_work() {
    let member = |who: &str| match task(who, &[], &[]) {
        Activity::People(node) => Member { when: None, within: None, weight: 1, independent: false, node },
        other => panic!("not people: {other:?}"),
    };
    let both = Activity::People(Node::All(vec![member("kam_js"), member("bgm_js")]));
    let both = state("filing", both, &[("passed", DONE), ("failed", FAILED)]);
    let again = Anytime { by: vec![Who::Submitter], ..anytime("again", Some(to(0))) };
    let mut run = company(vec![Chain { anytime: vec![again], ..orders(vec![both]) }]);
    let case = run.submit("rep_js", "order", order("O1", 9)).expect("an order");
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    run.ask("rep_js", case, "again", record([])).expect("begun again");
    run.decide(case, "bgm_js", Verdict::Done).expect("done");
    assert_eq!(run.stands(case), "filing");
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.stands(case), "done");
}
