//! What the engine would make of a step for somebody who has handed nothing in. `check` proves rules by asking this: it
//! is answered by the functions that plan the steps of cases, so a proof cannot disagree with what will happen.

use super::Ctx;
use super::plan::{NoPlan, plan};
use crate::definition::{Chain, Definition, Node, Organisation, StateDef};
use crate::eval::{Scope, evaluate};
use crate::event::{Party, Plan};
use crate::expr::Expr;
use crate::name::Name;
use crate::rejection::Rejection;
use crate::state::{Case, Release, State};
use crate::time::Timestamp;
use crate::value::Value;

/// What a step would come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// These would be asked.
    Asked(Plan),
    /// The amount is beyond every limit on the line.
    Beyond,
    /// Somebody who is needed cannot be found, or something has no value.
    Nobody(Rejection),
}

/// What a step is planned from.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// The state: its deadlines.
    pub state: &'a StateDef,
    /// Who is to be asked; its conditions must not read what nobody has handed in.
    pub node: &'a Node,
    /// Who hands the document in.
    pub submitter: &'a Party,
    /// What is held against limits.
    pub amount: Option<&'a Value>,
    /// Who has signed before: another state, and the person. For R6.
    pub signed: &'a [(Name, Name)],
}

/// Rules as they hold at an instant, in a company without cases.
pub struct Supposed {
    state: State,
    rules: Release,
    at: Timestamp,
}

impl Supposed {
    /// These definitions hold at this instant.
    pub fn new(definitions: impl IntoIterator<Item = Definition>, at: Timestamp) -> Supposed {
        Supposed { state: State::default(), rules: Release::of(definitions), at }
    }

    /// The same rules where the organisation is another one.
    pub fn organised(&self, organisation: Organisation) -> Supposed {
        let rules = self.rules.organised(organisation);
        Supposed { state: State::default(), rules, at: self.at }
    }

    /// The instant.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The rules.
    pub fn rules(&self) -> &Release {
        &self.rules
    }

    /// What a step would come to.
    pub fn step(&self, question: &Question<'_>) -> Came {
        let Question { chain, state, node, submitter, amount, signed } = *question;
        let path = self.rules.organisation().map(|o| o.superiors(&submitter.position)).unwrap_or_default();
        let origin = (submitter.clone(), path);
        let mut case = Case::supposed(chain.name.clone(), origin, amount.cloned(), self.at);
        case.suppose_signed(signed, self.at);
        let ctx =
            Ctx { state: &self.state, at: self.at, pinned: &self.rules, active: &self.rules, facts: None };
        match plan(ctx, &case, chain, state, node) {
            Ok(planned) => Came::Asked(planned.plan),
            Err(NoPlan::Beyond) => Came::Beyond,
            Err(NoPlan::Refused(rejection)) => Came::Nobody(rejection),
        }
    }

    /// The value of an expression that reads nothing but the rules and who hands in.
    pub fn value(&self, expr: &Expr, submitter: &Party) -> Option<Value> {
        let scope = Scope { submitter: Some(submitter), ..Scope::new(&self.rules, self.at) };
        evaluate(expr, &scope).ok()
    }
}
