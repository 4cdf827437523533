//! Who would have to sign a document that has not been submitted: the real rules, run on a copy that has no cases but
//! those that the chain asks about.

mod known;

use std::collections::BTreeSet;

use crate::command::{Answer, Body, CaseNo, Cause, Command, Request, Verdict, VouchedBy};
use crate::decide::{Ctx, fields_of, task_def};
use crate::definition::Duty;
use crate::eval::Scope;
use crate::event::{Capacity, Event, StepClosed};
use crate::frame::Frame;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Stage, State, Task, apply};
use crate::time::Timestamp;
use crate::turn::{TurnResult, turn};
use crate::value::{Raw, Type};

/// One signature that would be wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewStep {
    /// The state.
    pub state: Name,
    /// What would be asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// Its holders now.
    pub holders: Vec<Name>,
    /// What one signature would cover.
    pub capacities: Vec<Capacity>,
    /// The deadline, if everybody before answered at once.
    pub due: Timestamp,
}

/// What a preview finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The signatures in the order in which they would be asked.
    pub steps: Vec<PreviewStep>,
    /// Messages that would be waited for.
    pub waits: Vec<Name>,
    /// The end that it would come to, where everybody agrees.
    pub end: Option<Name>,
    /// Why it would come to none: the code and sentence with which it would be held or sent back.
    pub problem: Option<Rejection>,
}

/// More signatures than any chain asks for.
const SIGNATURES_MAX: usize = 200;

/// Runs a document through its chain as if everybody agreed at once. Nothing is recorded, nothing is reserved.
pub fn preview(
    state: &State,
    at: Timestamp,
    request: &Request,
    chain: &Name,
    document: &Raw,
) -> Result<Preview, Rejection> {
    let mut run = Run {
        state: state.with_cases(known_cases(state, at, chain, document)),
        at,
        serial: 0,
        preview: Preview { steps: Vec::new(), waits: Vec::new(), end: None, problem: None },
        at_state: Name::default(),
        assumed: Vec::new(),
    };
    let body = Body::Submit { chain: chain.clone(), document: document.clone(), addressee: None };
    let case = run.state.next_case();
    let mut frames = run.command(request, body)?;
    while !run.note(case, &frames) {
        frames = match run.agree(case) {
            Ok(frames) => frames,
            // What is known so far is worth knowing.
            Err(why) if why.code == Code::Unevaluable => {
                run.preview.problem = Some(why);
                break;
            }
            Err(why) => return Err(why),
        };
    }
    Ok(run.preview)
}

/// Other cases that the chain asks about. A document that cannot be typed names none; submitting it says why.
fn known_cases(state: &State, at: Timestamp, chain: &Name, document: &Raw) -> BTreeSet<CaseNo> {
    let find = || {
        let ctx = Ctx::now(state, at).ok()?;
        let chain = ctx.chain(chain).ok()?;
        let fields = fields_of(&ctx, chain, document, None).ok()?;
        let scope = Scope {
            document: &fields,
            chain: Some(chain),
            defines: &chain.defines,
            cases: Some(state),
            ..Scope::new(ctx.active, at)
        };
        Some(known::cases(state, chain, &scope))
    };
    find().unwrap_or_default()
}

struct Run {
    state: State,
    at: Timestamp,
    serial: u32,
    preview: Preview,
    at_state: Name,
    /// States whose answers are not known: the usual course was taken.
    assumed: Vec<Name>,
}

impl Run {
    fn command(&mut self, request: &Request, body: Body) -> Result<Vec<Frame>, Rejection> {
        self.serial += 1;
        let request = Request {
            request_id: Name::from(format!("preview-{}", self.serial)),
            sent_at: self.at,
            vouched_by: VouchedBy::Local,
            ..request.clone()
        };
        let command = Command { at: self.at, cause: Cause::Request(request), body };
        let turned = turn(&mut self.state, &command);
        match turned.result {
            TurnResult::Done => Ok(turned.frames),
            TurnResult::Refused(rejection) => Err(rejection),
            TurnResult::Repeat(_) => Err(Rejection::new(Code::Internal, "expected a preview of its own")),
        }
    }

    /// Notes what frames ask for. True where the preview is complete.
    fn note(&mut self, case: CaseNo, frames: &[Frame]) -> bool {
        // Cases that it starts have courses of their own.
        let own = |event: &&Event| event.case() == Some(case);
        for event in frames.iter().flat_map(|frame| &frame.events).filter(own) {
            match event {
                Event::StateEntered(e) => self.at_state = e.name.clone(),
                Event::TaskOpened(e) => self.preview.steps.push(PreviewStep {
                    state: self.at_state.clone(),
                    duty: e.duty,
                    position: e.position.clone(),
                    holders: e.holders.clone(),
                    capacities: e.capacities.clone(),
                    due: e.milestones.overdue,
                }),
                Event::CaseEnded(e) => self.preview.end = Some(e.end.clone()),
                Event::CaseHeld(e) if e.code == *Code::Unevaluable.as_str() && !self.assumed.is_empty() => {
                    let states = self.assumed.iter().map(Name::as_str).collect::<Vec<_>>().join(" and ");
                    let what = format!("what is learnt in {states} ({})", e.detail);
                    self.preview.problem = Some(self.unforeseeable(&what));
                }
                Event::CaseHeld(e) => {
                    self.preview.problem = Some(Rejection::new(Code::Rule(e.code.clone()), e.detail.clone()));
                }
                Event::ChecksFailed(e) => {
                    let codes = e.codes.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
                    let code = e.codes.first().cloned().unwrap_or_default();
                    self.preview.problem =
                        Some(Rejection::new(Code::Rule(code), format!("checks failed: {codes}")));
                }
                _ => {}
            }
        }
        let mut own = frames.iter().flat_map(|f| &f.events).filter(own);
        let returned = own.any(|e| matches!(e, Event::CaseReturned(_)));
        let complete = self.preview.end.is_some() || self.preview.problem.is_some() || returned;
        complete || self.preview.steps.len() >= SIGNATURES_MAX
    }

    /// Everybody who is asked agrees; what is waited for comes.
    fn agree(&mut self, number: CaseNo) -> Result<Vec<Frame>, Rejection> {
        let case =
            self.state.case(number).ok_or_else(|| Rejection::new(Code::Internal, "expected an open case"))?;
        if let Some((task_no, task)) = case.tasks().first_key_value() {
            let verdict = match task.duty {
                Duty::Approve | Duty::OnCall => Verdict::Approve,
                Duty::Review => Verdict::Pass,
                Duty::Input => Verdict::Input,
                Duty::Edit => return Err(self.unforeseeable("the document as an editor completes it")),
                Duty::Task => {
                    self.done_alike(case, task)?;
                    Verdict::Done
                }
            };
            let request = Request {
                system: Name::from("preview"),
                request_id: Name::default(),
                fingerprint: [0; 16],
                sent_at: self.at,
                person: task.holders.first().cloned().unwrap_or_default(),
                position: task.position.clone(),
                vouched_by: VouchedBy::Local,
            };
            let (task, version, content_hash) = (*task_no, task.version, *case.content_hash());
            let answer = Answer {
                case: number,
                task,
                version,
                content_hash,
                verdict,
                reason: None,
                document: None,
                choice: None,
                fields: None,
            };
            return self.command(&request, Body::Decide(answer));
        }
        match case.stage() {
            Stage::Fact { fact, .. } | Stage::Message { fact, .. } => {
                let fact = fact.clone();
                self.preview.waits.push(fact);
                self.assumed.push(self.at_state.clone());
                self.pass_wait(number, "received")
            }
            Stage::Until { .. } => self.pass_wait(number, "due"),
            // What other systems answer is not known: the usual course is shown.
            Stage::Outside { state, .. } => {
                let chain =
                    self.state.definitions().release(case.release()).and_then(|r| r.chain(case.chain()));
                let def = chain.and_then(|chain| chain.states.get(usize::from(*state)));
                let good =
                    def.map(|def| def.good.clone()).ok_or_else(|| self.unforeseeable("another system"))?;
                self.preview.waits.push(self.at_state.clone());
                self.assumed.push(self.at_state.clone());
                self.pass_wait(number, &good)
            }
            _ => Err(self.unforeseeable("an open task")),
        }
    }

    /// A piece of work is assumed to be done, where nothing depends on how.
    fn done_alike(&self, case: &Case, task: &Task) -> Result<(), Rejection> {
        let def = task_def(&self.state, case, task).ok_or_else(|| self.unforeseeable("a piece of work"))?;
        let needed = |kind: &Type| !matches!(kind, Type::Optional(_) | Type::List(_));
        let asks = def.asks.iter().filter(|(_, kind)| needed(kind)).map(|(name, _)| name.as_str());
        let asks = asks.collect::<Vec<_>>().join(", ");
        let choices = def.choices.iter().map(Name::as_str).collect::<Vec<_>>().join(" or ");
        let (who, state) = (&task.position, &self.at_state);
        if !choices.is_empty() {
            return Err(self.unforeseeable(&format!("what {who} chooses in {state}: {choices}")));
        }
        if !asks.is_empty() {
            return Err(self.unforeseeable(&format!("what {who} answers in {state}: {asks}")));
        }
        Ok(())
    }

    fn pass_wait(&mut self, number: CaseNo, outcome: &str) -> Result<Vec<Frame>, Rejection> {
        let (state, outcome) = (self.at_state.clone(), Name::from(outcome));
        let closed = Event::StepClosed(StepClosed { case: number, state, outcome, opinions: Vec::new() });
        apply(&mut self.state, &closed);
        let frame = crate::turn::settle(&mut self.state, self.at, number);
        Ok(vec![frame])
    }

    fn unforeseeable(&self, what: &str) -> Rejection {
        Rejection::new(
            Code::Unevaluable,
            format!("expected a course that can be foreseen; it depends on {what}"),
        )
    }
}
