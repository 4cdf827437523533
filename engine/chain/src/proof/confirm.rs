//! Every counterexample is handed to the engine: a company is founded with these rules, the document is handed in, and
//! the case must be held. What the engine would not do is not reported.

use std::collections::BTreeMap;

use countersign_core::command::{Answer, Body, CaseNo, Cause, Command, Request, Stored, Verdict, VouchedBy};
use countersign_core::definition::{
    Activity, Arrow, Chain, Definition, DefinitionKind, DocumentType, End, FORM, Node, StateDef, Systems,
    Target,
};
use countersign_core::event::Party;
use countersign_core::expr::Expr;
use countersign_core::name::{Name, Title};
use countersign_core::state::{Stage, State};
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, turn};
use countersign_core::value::{Raw, Value};

use super::before::Before;

/// A document that nobody can sign, as the search found it.
pub(super) struct Example<'a> {
    pub(super) chain: &'a Chain,
    pub(super) state: &'a StateDef,
    /// Who is asked, once all conditions have answers.
    pub(super) node: &'a Node,
    /// What is signed before, and in which state.
    pub(super) before: Option<(&'a StateDef, &'a Before)>,
    pub(super) submitter: &'a Party,
    pub(super) amount: Option<&'a Value>,
    pub(super) at: Timestamp,
}

/// Why the engine holds the case; None: it does not.
pub(super) fn held(example: &Example<'_>, rules: &[Definition]) -> Option<Name> {
    let mut company = Company { state: State::default(), at: example.at };
    let name = Name::from("proof");
    company.run(Body::Found { company: name.clone(), administrator: name })?;
    let mut numbers = Vec::new();
    for definition in reduced(example, rules) {
        numbers.push(company.state.definitions().next_number());
        let stored = Stored {
            path: definition.name(),
            source: String::new(),
            sha256: [0; 32],
            form: FORM,
            compiled: definition.encode().ok()?,
        };
        company.run(Body::Store(Box::new(stored)))?;
    }
    company.run(Body::Activate { definitions: numbers })?;
    let case = company.state.next_case();
    company.submit(example)?;
    if example.before.is_some() {
        company.sign(case)?;
    }
    match company.state.case(case)?.stage() {
        Stage::Held { code, .. } => Some(code.clone()),
        _ => None,
    }
}

/// The rules, and of all chains only the step in question, with the one before it.
fn reduced(example: &Example<'_>, rules: &[Definition]) -> Vec<Definition> {
    let kept = |definition: &&Definition| {
        matches!(
            definition.kind(),
            DefinitionKind::Company
                | DefinitionKind::Organisation
                | DefinitionKind::Authority
                | DefinitionKind::Table
                | DefinitionKind::Systems
        )
    };
    let mut all: Vec<Definition> = rules.iter().filter(kept).cloned().collect();
    if !all.iter().any(|definition| definition.kind() == DefinitionKind::Systems) {
        all.push(Definition::Systems(Systems::default()));
    }
    let document = Name::from("proof");
    all.push(Definition::Document(DocumentType {
        name: document.clone(),
        title: Title::default(),
        fields: Vec::new(),
        commercial: Vec::new(),
    }));
    all.push(Definition::Chain(chain(example, document)));
    all
}

fn chain(example: &Example<'_>, document: Name) -> Chain {
    let before = example.before.map(|(state, before)| {
        let on: Vec<(Name, Vec<Arrow>)> =
            state.next.keys().map(|outcome| (outcome.clone(), vec![arrow(Target::State(1))])).collect();
        alone(state, &before.node, on.into_iter().collect())
    });
    let on_hold = |arrows: &[Arrow]| arrows.iter().all(|arrow| arrow.go == Target::OnHold);
    let next = example.state.next.iter().map(|(outcome, arrows)| {
        let go = if on_hold(arrows) { Target::OnHold } else { Target::End(0) };
        (outcome.clone(), vec![arrow(go)])
    });
    let state = alone(example.state, example.node, next.collect());
    Chain {
        document,
        key: None,
        amount: example.amount.map(|amount| Expr::Const(amount.clone())),
        initiators: None,
        cc: Vec::new(),
        monitors: Vec::new(),
        requires: Vec::new(),
        starts: Vec::new(),
        alarms: Vec::new(),
        facts: Vec::new(),
        anytime: Vec::new(),
        listens: Vec::new(),
        hands_on: Vec::new(),
        reads: Vec::new(),
        states: before.into_iter().chain([state]).collect(),
        ends: vec![End { name: Name::from("over"), good: true }],
        ..example.chain.clone()
    }
}

fn arrow(go: Target) -> Arrow {
    Arrow { when: None, go, learns: Vec::new() }
}

/// A state that asks these people and nothing else.
fn alone(state: &StateDef, node: &Node, next: BTreeMap<Name, Vec<Arrow>>) -> StateDef {
    StateDef {
        activity: Activity::People(node.clone()),
        when: None,
        expires: None,
        for_each: None,
        learns: Vec::new(),
        cc: Vec::new(),
        next,
        ..state.clone()
    }
}

/// So many signatures are given on the way to a step.
const SIGNED_MAX: u32 = 64;

struct Company {
    state: State,
    at: Timestamp,
}

impl Company {
    fn run(&mut self, body: Body) -> Option<()> {
        self.turn(Cause::Operator { os_user: Name::from("proof") }, body)
    }

    fn submit(&mut self, example: &Example<'_>) -> Option<()> {
        let document = Raw::Record(Default::default());
        let body = Body::Submit { chain: example.chain.name.clone(), document, addressee: None };
        let Party { person, position, .. } = example.submitter;
        self.request(0, (person, position), body)
    }

    /// Everybody who is asked in the first state signs.
    fn sign(&mut self, number: CaseNo) -> Option<()> {
        for n in 1..SIGNED_MAX {
            let case = self.state.case(number)?;
            let signs = matches!(case.stage(), Stage::People { state: 0, .. });
            let Some((task, asked)) = case.tasks().iter().next().filter(|_| signs) else { break };
            let answer = Answer {
                case: number,
                task: *task,
                version: asked.version,
                content_hash: *case.content_hash(),
                verdict: if asked.duty.decides() { Verdict::Approve } else { Verdict::Pass },
                reason: None,
                document: None,
                choice: None,
                fields: None,
            };
            let (person, position) = (asked.holders.first()?.clone(), asked.position.clone());
            self.request(n, (&person, &position), Body::Decide(answer))?;
        }
        Some(())
    }

    fn request(&mut self, n: u32, (person, position): (&Name, &Name), body: Body) -> Option<()> {
        let request = Request {
            system: Name::from("proof"),
            request_id: Name::from(format!("proof-{n}")),
            fingerprint: [0; 16],
            sent_at: self.at,
            person: person.clone(),
            position: position.clone(),
            vouched_by: VouchedBy::Local,
        };
        self.turn(Cause::Request(request), body)
    }

    fn turn(&mut self, cause: Cause, body: Body) -> Option<()> {
        let command = Command { at: self.at, cause, body };
        matches!(turn(&mut self.state, &command).result, TurnResult::Done).then_some(())
    }
}
