//! A company that uses all of the language compiles without a word, and comes to what its files say.

use std::path::Path;

use countersign_chain::{compile, load_dir};
use countersign_core::definition::{
    Activity, Adapters, AlarmStop, Begins, Chain, Copied, Definition, DocumentType, Duty, Node, Period,
    Refusals, Required, StateDef, Table, Target, Test, Told, Trigger, Undo, Who,
};
use countersign_core::expr::{Attribute, Expr};
use countersign_core::name::Name;
use countersign_core::time::Span;
use countersign_core::value::{Type, Value};

fn definitions() -> Vec<Definition> {
    let files = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/works")).unwrap();
    let (bundle, found) = compile(&files);
    let shown: Vec<String> = found.iter().map(|d| d.render(&files)).collect();
    assert!(found.is_empty(), "{}", shown.join("\n"));
    bundle.unwrap().definitions.into_iter().map(|compiled| compiled.definition).collect()
}

fn chain(name: &str) -> Chain {
    let of = |d: Definition| if let Definition::Chain(chain) = d { Some(chain) } else { None };
    definitions().into_iter().filter_map(of).find(|c| c.name == name).unwrap()
}

fn table(name: &str) -> Table {
    let of = |d: Definition| if let Definition::Table(table) = d { Some(table) } else { None };
    definitions().into_iter().filter_map(of).find(|t| t.name == name).unwrap()
}

fn document(name: &str) -> DocumentType {
    let of = |d: Definition| if let Definition::Document(document) = d { Some(document) } else { None };
    definitions().into_iter().filter_map(of).find(|t| t.name == name).unwrap()
}

fn adapters() -> Adapters {
    let of = |d: Definition| if let Definition::Adapters(adapters) = d { Some(adapters) } else { None };
    definitions().into_iter().find_map(of).unwrap()
}

fn state<'c>(chain: &'c Chain, name: &str) -> &'c StateDef {
    chain.states.iter().find(|s| s.name == name).unwrap()
}

fn place(chain: &Chain, name: &str) -> Target {
    Target::State(number(chain, name))
}

fn number(chain: &Chain, name: &str) -> u16 {
    chain.states.iter().position(|s| s.name == name).unwrap() as u16
}

fn only(state: &StateDef, outcome: &str) -> Target {
    let arrows = &state.next[outcome];
    assert_eq!(arrows.len(), 1, "{} {outcome}", state.name);
    arrows[0].go
}

fn spans(written: &[&str]) -> Vec<Span> {
    written.iter().map(|s| Span::parse(s).unwrap()).collect()
}

fn path(names: &[&str]) -> Vec<Name> {
    names.iter().copied().map(Name::from).collect()
}

/// The states in which a green light may be found unratified, with this entry beside the others of the order.
fn unratified_in(entry: &str) -> Vec<String> {
    let mut files = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/works")).unwrap();
    let order = files.iter_mut().find(|file| file.path == "chains/order.yaml").unwrap();
    order.text = order.text.replacen("anytime:\n", &format!("anytime:\n  {entry}\n"), 1);
    let (bundle, found) = compile(&files);
    let shown: Vec<String> = found.iter().map(|d| d.render(&files)).collect();
    let definitions = bundle.unwrap_or_else(|| panic!("{}", shown.join("\n"))).definitions;
    let order = definitions.into_iter().find_map(|compiled| match compiled.definition {
        Definition::Chain(chain) if chain.name == "order" => Some(chain),
        _ => None,
    });
    let order = order.unwrap();
    let request = order.anytime.iter().find(|entry| entry.name == "unratified").unwrap();
    assert_eq!(request.by_chain, path(&["change"]));
    assert!(request.by.is_empty(), "{:?}", request.by);
    assert_eq!(request.go, Some(place(&order, "cancelling")));
    let states = request.in_states.as_ref().unwrap();
    states.iter().map(|n| order.states[usize::from(*n)].name.to_string()).collect()
}

#[test]
fn what_a_green_light_let_happen_is_taken_back_wherever_it_has_come_since() {
    // What follows by arrows and by what may be asked, up to the states that it passes by and those that undo.
    assert_eq!(
        unratified_in(
            "hurry: { by_chain: [change], in: [replanning], go: delivering, unratified: cancelling }"
        ),
        ["delivering", "billing", "handing-over", "settling", "asking", "blocked"]
    );
    // Where the case is decided in the ordinary way after all, nothing of the light stands.
    assert_eq!(
        unratified_in("hurry: { by_chain: [change], in: [blocked], go: delivering, unratified: cancelling }"),
        ["delivering", "billing", "handing-over", "settling", "asking"]
    );
    assert_eq!(
        unratified_in(
            "hurry: { by_chain: [change], in: [billing, blocked], go: ordering, unratified: cancelling }"
        ),
        ["ordering", "replanning", "making", "delivering"]
    );
}

#[test]
fn adapters_say_what_may_be_asked_and_answered() {
    let adapters = adapters();
    let make = &adapters.verbs["erp.make.order"];
    assert_eq!(make.undo, Undo::By(Name::from("erp.make.cancel")));
    assert_eq!(make.refused, Refusals::OneOf(path(&["NO_CAPACITY", "BAD_PLAN"])));
    assert_eq!(make.shape("accepted").unwrap()[1], (Name::from("ready_on"), Type::Date));
    assert!(make.is_final("done") && make.is_final("refused") && !make.is_final("accepted"));
    assert_eq!(adapters.verbs["erp.make.cancel"].undo, Undo::IsUndo);
    assert_eq!(adapters.verbs["finance.invoice.issue"].undo, Undo::Nothing);
    assert!(adapters.verbs["finance.invoice.issue"].is_final("partly"));
    let query = &adapters.verbs["erp.stock.query"];
    assert_eq!((&query.undo, &query.refused), (&Undo::ReadsOnly, &Refusals::Never));
    let Type::List(line) = &query.shape("done").unwrap()[0].1 else { panic!("a list of shapes") };
    let Type::Record(members) = &**line else { panic!("a shape is a record") };
    assert_eq!(members[2], (Name::from("ready_on"), Type::Optional(Box::new(Type::Date))));
    let receipt = &adapters.facts["finance.receipt.posted"];
    assert_eq!(receipt[3], (Name::from("ref"), Type::Optional(Box::new(Type::Text))));
}

#[test]
fn commands_are_sent_as_the_state_or_the_company_says() {
    let order = chain("order");
    let Activity::Command(stock) = &state(&order, "stock").activity else { panic!("a command") };
    assert_eq!(stock.send_after[1..], spans(&["30min"]));
    assert_eq!(stock.silent_after, spans(&["2h"])[0]);
    let Activity::Command(make) = &state(&order, "ordering").activity else { panic!("a command") };
    assert_eq!((make.send_after[0].count, &make.send_after[1..]), (0, &spans(&["10min"])[..]));
    assert_eq!(make.silent_after, spans(&["1h"])[0]);
    assert_eq!(make.with[1].0, "wanted_on");
}

#[test]
fn answers_lead_on_and_teach() {
    let order = chain("order");
    let ordering = state(&order, "ordering");
    assert_eq!(only(ordering, "accepted"), place(&order, "making"));
    assert_eq!(only(ordering, "refused.NO_CAPACITY"), place(&order, "replanning"));
    assert_eq!(only(ordering, "silent"), place(&order, "blocked"));
    assert!(!ordering.next.contains_key("refused") && !ordering.next.contains_key("done"));
    // The usual arrow of company.yaml.
    assert_eq!(only(state(&order, "making"), "silent"), Target::OnHold);
    let facts: Vec<&str> = order.facts.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(facts, ["short", "planned_on", "make_no", "made", "paid", "remark"]);
    assert_eq!(order.facts[0].initial, Some(Expr::Const(Value::List(Vec::new()))));
    assert_eq!(order.facts[1].initial, Some(Expr::Doc(path(&["wanted_on"]))));
    assert_eq!(order.facts[2].initial, None);
    let learnt: Vec<u16> = ordering.learns.iter().map(|l| l.fact).collect();
    assert_eq!(learnt, [1, 2]);
    assert_eq!(ordering.learns[1].value, Expr::Reply(path(&["make_no"])));
    assert_eq!(state(&order, "making").activity, Activity::Follow { state: number(&order, "ordering") });
    let billing = chain("billing");
    let partly = &state(&billing, "invoicing").next["partly"][0];
    assert_eq!((partly.go, partly.learns[0].fact), (place(&billing, "open"), 3));
}

#[test]
fn tasks_ask_and_let_choose() {
    let order = chain("order");
    let blocked = state(&order, "blocked");
    let Activity::People(Node::Signer(signer)) = &blocked.activity else { panic!("one signer") };
    assert_eq!((signer.duty, &signer.who), (Duty::Task, &Who::Owner));
    assert_eq!(signer.task.as_ref().unwrap().choices, path(&["retry", "drop"]));
    assert_eq!(only(blocked, "retry"), Target::Back);
    assert_eq!(blocked.next["drop"][0].learns[0].fact, 5);
    let replanning = state(&order, "replanning");
    let Activity::People(Node::Signer(signer)) = &replanning.activity else { panic!("one signer") };
    let task = signer.task.as_ref().unwrap();
    assert_eq!((task.title.zh.as_str(), &task.asks[0]), ("排期", &(Name::from("ready_on"), Type::Date)));
    assert_eq!(replanning.learns[1].value, Expr::Reply(path(&["remark"])));
    let packing = chain("delivery");
    let packing = state(&packing, "packing");
    let Activity::People(Node::All(members)) = &packing.activity else { panic!("several") };
    let Node::Signer(second) = &members[1].node else { panic!("a signer") };
    assert_eq!(second.who, Who::Above(Box::new(Who::Submitter), Name::from("head")));
    assert!(packing.next.contains_key("failed"), "a refused piece of work fails all");
}

#[test]
fn other_cases_are_run_started_joined_and_told() {
    let order = chain("order");
    let delivering = state(&order, "delivering");
    let Activity::Run(run) = &delivering.activity else { panic!("a run") };
    assert_eq!((run.chain.as_str(), run.begins), ("delivery", Begins::First));
    assert_eq!(run.copy, [Copied::Document, Copied::Item]);
    assert_eq!(run.submitter, Some(Who::KindAt(Name::from("sales"), Expr::Item(path(&["unit"])))));
    assert_eq!(delivering.for_each.as_ref().unwrap().list, Expr::Doc(path(&["parts"])));
    assert_eq!(delivering.good, "passed");
    // What is copied into a child is kept by the parent.
    for field in ["order_no", "customer", "parts", "lines", "quote_no", "wanted_on"] {
        assert!(order.reads.iter().any(|r| r == field), "{field}: {:?}", order.reads);
    }
    assert_eq!(state(&order, "settling").activity, Activity::Join { chain: Name::from("billing") });
    let change = chain("change");
    let Activity::Tell(tell) = &state(&change, "moving").activity else { panic!("a request") };
    assert_eq!((&tell.what, tell.with[0].0.as_str()), (&Told::Request(Name::from("later")), "wanted_on"));
    let Activity::Tell(tell) = &state(&change, "paying").activity else { panic!("a message") };
    assert_eq!(tell.what, Told::Message(Name::from("finance.receipt.posted")));
}

#[test]
fn records_ownership_and_compensation() {
    let delivery = chain("delivery");
    let Activity::Record(record) = &state(&delivery, "storing").activity else { panic!("a record") };
    assert_eq!((record.table.as_str(), record.key.len(), record.with.len()), ("stocks", 2, 2));
    let order = chain("order");
    let head =
        Who::LowestCommonSuperior(Box::new(Who::Submitter), Box::new(Who::Position(Name::from("head_js"))));
    assert_eq!(state(&order, "handing-over").activity, Activity::HandOver(head));
    assert_eq!(state(&order, "cancelling").activity, Activity::Compensate { since: None });
    assert_eq!(only(state(&order, "cancelling"), "stuck"), Target::OnHold);
}

#[test]
fn waits_find_their_case_by_an_equality() {
    let billing = chain("billing");
    let Activity::Wait(wait) = &state(&billing, "open").activity else { panic!("a wait") };
    assert_eq!((wait.fact.as_str(), wait.rules.len()), ("finance.receipt.posted", 2));
    assert_eq!(wait.rules[0].index.as_ref().unwrap().0, path(&["ref"]));
    let customer = (path(&["customer"]), Expr::Doc(path(&["customer"])));
    assert_eq!(wait.rules[1].index, Some(customer));
    assert_eq!(wait.rules[1].first_by, Some(Expr::Doc(path(&["amount"]))));
    assert!(wait.until.is_some());
    let delivery = chain("delivery");
    let Activity::Wait(wait) = &state(&delivery, "travelling").activity else { panic!("a wait") };
    let index = (path(&["delivery_no"]), Expr::Doc(path(&["delivery_no"])));
    assert_eq!((wait.fact.as_str(), &wait.rules[0].index), ("goods.signed", &Some(index)));
}

#[test]
fn anytime_alarms_requirements_and_starts() {
    let order = chain("order");
    let cancel = &order.anytime[0];
    assert_eq!(
        cancel.by,
        [Who::Submitter, Who::KindAt(Name::from("head"), Expr::Submitter(Attribute::Unit))]
    );
    assert_eq!((cancel.in_states.as_ref().unwrap().len(), cancel.go), (3, Some(place(&order, "cancelling"))));
    let later = &order.anytime[1];
    assert_eq!((later.go, later.by_chain.as_slice()), (None, &path(&["change"])[..]));
    assert_eq!(later.asks[0], (Name::from("wanted_on"), Type::Date));
    assert_eq!(later.learns[0].value, Expr::Reply(path(&["wanted_on"])));
    let listens = chain("billing").listens;
    let bounced = &listens[0];
    let index = (path(&["ref"]), bounced.rules[0].index.clone().expect("an index").1);
    assert_eq!(bounced.rules[0].index, Some(index));
    assert_eq!(
        (bounced.fact.as_str(), bounced.in_states.as_ref().map(Vec::len)),
        ("finance.receipt.bounced", Some(1))
    );
    assert_eq!(bounced.go, Some(place(&chain("billing"), "mending")));
    assert_eq!(bounced.learns[1].value, Expr::Message(path(&["why"])));
    assert_eq!((listens[1].in_states.as_ref(), listens[1].go), (None, None));
    assert_eq!((&order.alarms[0].to, order.alarms[0].tell.len()), (&AlarmStop::End, 2));
    assert_eq!(order.alarms[1].to, AlarmStop::State(number(&order, "delivering")));
    let missing = AlarmStop::Fact(Name::from("finance.invoice.acknowledged"));
    assert_eq!(chain("billing").alarms[0].to, missing);
    let Required::Case(quote) = &order.requires[1].what else { panic!("a case") };
    assert_eq!((quote.chain.as_str(), quote.within), ("quote", Span::parse("72h")));
    let Required::Case(special) = &order.requires[2].what else { panic!("cases") };
    assert!(special.for_each.is_some());
    let limit = chain("limit");
    assert!(matches!(&limit.starts[0].trigger, Trigger::Message { when: Some(_), .. }));
    let every = Trigger::Every { period: Period::Quarter, for_each: Some(Name::from("customers")) };
    assert_eq!((&limit.starts[1].trigger, limit.starts[1].begins), (&every, Begins::Draft));
    assert_eq!(chain("delivery").initiators, Some(Vec::new()));
}

#[test]
fn checks() {
    let order = chain("order");
    let Activity::Check(checks) = &state(&order, "checking").activity else { panic!("a check") };
    let (name, of) = (Name::from("lines.special_no"), Expr::Doc(path(&["lines"])));
    let unique = Test::Unique { name, of, path: path(&["special_no"]) };
    assert_eq!((&checks[0].test, checks[0].code.as_str()), (&unique, "SPECIAL_PRICE_USED"));
}

#[test]
fn who_groups_and_times() {
    let limit = chain("limit");
    let Activity::People(Node::Signer(signer)) = &state(&limit, "deciding").activity else {
        panic!("a signer")
    };
    assert_eq!(signer.who, Who::Each(vec![Who::GroupNeed(Name::from("board"), 3)]));
    let quote = chain("quote");
    let within = &state(&quote, "line").within_by;
    assert_eq!((within["head"], within["board"]), (spans(&["4wh"])[0], spans(&["40wh"])[0]));
    let Activity::People(Node::Climb(climb)) = &state(&quote, "line").activity else { panic!("a climb") };
    assert_eq!(climb.amount, None);
    // An amount that moves is read anew by each climb.
    let billing = chain("billing");
    let Activity::People(Node::Climb(climb)) = &state(&billing, "writing-off").activity else {
        panic!("a climb")
    };
    assert_eq!(climb.amount, billing.amount);
    assert!(climb.amount.is_some());
    let order = chain("order");
    assert_eq!((order.driver.as_deref(), order.monitors.len()), (Some("planner"), 1));
}

#[test]
fn tables_and_documents() {
    let customers = table("customers");
    assert_eq!(customers.written_by, path(&["limit"]));
    assert_eq!(customers.rows["C1"].get("note"), Some(&Value::Missing));
    assert_eq!(customers.rows["C1"].get("filed"), Some(&Value::Flag(true)));
    let stocks = table("stocks");
    assert_eq!((stocks.key.len(), stocks.rows.contains_key("P1/js")), (2, true));
    assert!(table("discounts").from);
    let delivery = document("delivery");
    assert!(delivery.fields[0].numbered);
    let about = document("change").fields.into_iter().find(|f| f.name == "about").unwrap();
    assert_eq!(about.kind, Type::Optional(Box::new(Type::Case)));
    let contact = document("order").fields.into_iter().find(|f| f.name == "contact").unwrap();
    assert!(matches!(contact.kind, Type::Record(members) if members.len() == 2));
}

#[test]
fn what_adds_up_is_the_company_s_unless_an_authority_says_otherwise() {
    let adds_up = |name: &str| {
        let of =
            |d: Definition| if let Definition::Authority(authority) = d { Some(authority) } else { None };
        let found = definitions().into_iter().filter_map(of).find(|authority| authority.name == name);
        found.unwrap().adds_up
    };
    let orders = adds_up("orders").unwrap();
    assert_eq!((orders.document, orders.submitter, orders.open, orders.approved), (true, true, true, true));
    assert_eq!(orders.fields, [[Name::from("customer")]]);
    assert_eq!(adds_up("owed"), None);
}
