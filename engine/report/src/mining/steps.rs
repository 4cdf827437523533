//! Frames into activities.

use std::collections::BTreeMap;

use countersign_core::command::{CaseNo, CommandNo, Operation, TaskNo};
use countersign_core::event::{CaseSubmitted, CommandAnswered, Event, TaskDecided};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::value::Value;

use super::{MinedCase, MiningLog, Step};

/// The fold.
#[derive(Debug, Default)]
pub struct Miner {
    log: MiningLog,
    /// What is still being done of each open case.
    open: BTreeMap<CaseNo, OpenCase>,
    /// Where answers stand whose part has not closed, with what they were.
    blind: BTreeMap<(CaseNo, TaskNo), (usize, String)>,
    sequence: u64,
}

#[derive(Debug, Default)]
struct OpenCase {
    state: Name,
    /// Activity and post of each task.
    tasks: BTreeMap<TaskNo, (String, Name)>,
    verbs: BTreeMap<CommandNo, Name>,
}

/// An activity, before its time and place are put to it.
#[derive(Default)]
struct Draft {
    activity: String,
    lifecycle: &'static str,
    resource: Option<Name>,
    role: Option<Name>,
    outcome: Option<String>,
    other: Option<CaseNo>,
}

impl Draft {
    fn new(activity: impl Into<String>, lifecycle: &'static str) -> Draft {
        Draft { activity: activity.into(), lifecycle, ..Draft::default() }
    }

    fn by(self, person: &Name) -> Draft {
        Draft { resource: Some(person.clone()).filter(|person| !person.is_empty()), ..self }
    }

    fn role(self, position: &Name) -> Draft {
        Draft { role: Some(position.clone()).filter(|position| !position.is_empty()), ..self }
    }

    fn came_to(self, outcome: impl Into<String>) -> Draft {
        Draft { outcome: Some(outcome.into()), ..self }
    }
}

impl Miner {
    /// Takes the next frame.
    pub fn frame(&mut self, frame: &Frame) {
        self.sequence += 1;
        for (index, event) in frame.events.iter().enumerate() {
            if let Event::CompanyFounded(e) = event {
                self.log.company = e.company.to_string();
            }
            let Some(case) = event.case() else { continue };
            let Some(draft) = self.event(case, event) else { continue };
            self.log.steps.push(Step {
                case,
                other: draft.other,
                activity: draft.activity,
                lifecycle: draft.lifecycle,
                at: frame.at,
                place: (self.sequence, index),
                resource: draft.resource,
                role: draft.role,
                outcome: draft.outcome,
            });
        }
    }

    /// What was done.
    pub fn log(self) -> MiningLog {
        self.log
    }

    fn event(&mut self, case: CaseNo, event: &Event) -> Option<Draft> {
        if let Event::CaseSubmitted(e) = event {
            return Some(self.submitted(e));
        }
        if let Event::TaskDecided(e) = event {
            return self.decided(e);
        }
        let opinions = match event {
            Event::OpinionsOpened(e) => e.opinions.as_slice(),
            Event::StepClosed(e) => &e.opinions,
            _ => &[],
        };
        for opinion in opinions {
            if let Some((at, outcome)) = self.blind.remove(&(case, opinion.task)) {
                self.log.steps[at].outcome = Some(outcome);
            }
        }
        let open = self.open.entry(case).or_default();
        let of_others =
            of_people(open, event).or_else(|| of_systems(open, event)).or_else(|| of_accounts(event));
        of_others.or_else(|| self.of_case(case, event))
    }

    fn submitted(&mut self, e: &CaseSubmitted) -> Draft {
        let amount = e.content.amount.as_ref().map(|amount| match amount {
            Value::Money(money) => (money.amount.to_string(), Some(money.currency.to_string())),
            other => (other.to_string(), None),
        });
        let mined = MinedCase {
            chain: e.chain.clone(),
            key: e.content.key.clone(),
            submitter: e.submitter.position.clone(),
            unit: e.submitter.unit.clone(),
            amount,
            parent: None,
        };
        self.log.cases.insert(e.case, mined);
        Draft::new("submit", "complete").by(&e.submitter.person).role(&e.submitter.position)
    }

    fn decided(&mut self, e: &TaskDecided) -> Option<Draft> {
        let (activity, position) = self.open.entry(e.case).or_default().tasks.remove(&e.task)?;
        let draft = Draft::new(activity, "complete").by(&e.person).role(&position);
        if e.blind {
            self.blind.insert((e.case, e.task), (self.log.steps.len(), e.verdict.word().to_owned()));
            return Some(draft);
        }
        Some(draft.came_to(e.verdict.word()))
    }

    fn of_case(&mut self, case: CaseNo, event: &Event) -> Option<Draft> {
        Some(match event {
            Event::CaseResubmitted(e) if e.by_editor => return None,
            Event::CaseResubmitted(e) => Draft::new("resubmit", "complete").by(&e.person),
            Event::CaseAmended(e) => Draft::new("amend", "complete").by(&e.again.person),
            Event::CaseReversed(e) => Draft::new(format!("reversed to {}", e.end), "complete"),
            Event::CaseReturned(_) => Draft::new("return to submitter", "complete"),
            Event::CaseEnded(e) => {
                self.open.remove(&case);
                Draft::new(format!("end {}", e.end), "complete").came_to(if e.good { "good" } else { "bad" })
            }
            Event::CaseWithdrawn(_) => {
                self.open.remove(&case);
                Draft::new("end withdrawn", "complete").came_to("bad")
            }
            Event::CaseHeld(e) => Draft::new("hold", "suspend").came_to(e.code.as_str()),
            Event::CaseOperated(e) => {
                let (word, lifecycle) = match e.act {
                    Operation::Hold => ("operator holds", "suspend"),
                    Operation::Resume => ("operator resumes", "resume"),
                    Operation::Retry => ("operator retries", "resume"),
                    Operation::Compensate => ("operator compensates", "resume"),
                    Operation::Settle => ("operator settles", "resume"),
                };
                Draft::new(word, lifecycle).by(&e.person)
            }
            Event::CaseJumped(e) => {
                Draft::new(format!("override to {}", e.to), "complete").by(&e.person).role(&e.position)
            }
            Event::CaseAsked(e) => {
                Draft::new(format!("asked {}", e.entry), "complete").by(&e.person).role(&e.position)
            }
            Event::CaseHandedOver(e) => Draft::new("hand over", "complete").role(&e.to),
            Event::StateExpired(e) => Draft::new(format!("{} expired", e.state), "complete"),
            Event::ChecksFailed(e) => {
                let codes: Vec<&str> = e.codes.iter().map(Name::as_str).collect();
                Draft::new("check failed", "complete").came_to(codes.join(" "))
            }
            Event::AlarmRaised(e) => Draft::new(format!("alarm {}", e.name), "complete"),
            Event::RecordWritten(e) => {
                Draft::new(format!("record {}", e.table), "complete").came_to(e.key.as_str())
            }
            Event::ChildStarted(e) => {
                if let Some(child) = self.log.cases.get_mut(&e.child) {
                    child.parent = Some(case);
                }
                Draft { other: Some(e.child), ..Draft::new(e.chain.as_str(), "start") }
            }
            Event::ChildEnded(e) => {
                let chain = self.log.cases.get(&e.child).map(|child| child.chain.to_string());
                let draft = Draft::new(chain.unwrap_or_default(), "complete").came_to(e.end.as_str());
                Draft { other: Some(e.child), ..draft }
            }
            _ => return None,
        })
    }
}

fn of_people(open: &mut OpenCase, event: &Event) -> Option<Draft> {
    let known = |open: &OpenCase, task: TaskNo| open.tasks.get(&task).cloned();
    Some(match event {
        Event::StateEntered(e) => {
            open.state = e.name.clone();
            return None;
        }
        Event::TaskOpened(e) => {
            let activity = format!("{}: {}", open.state, e.duty.word());
            open.tasks.insert(e.task, (activity.clone(), e.position.clone()));
            Draft::new(activity, "assign").role(&e.position)
        }
        Event::TaskReassigned(e) => {
            let (activity, position) = open.tasks.get_mut(&e.task)?;
            *position = e.position.clone();
            Draft::new(activity.as_str(), "reassign").role(&e.position)
        }
        Event::TaskTransferred(e) => {
            let (activity, position) = open.tasks.get_mut(&e.task)?;
            *position = e.slot.position.clone();
            Draft::new(activity.as_str(), "reassign").by(&e.person).role(&e.slot.position)
        }
        Event::OpinionRequested(e) => {
            let activity = format!("{}: opinion", open.state);
            open.tasks.insert(e.task, (activity.clone(), e.slot.position.clone()));
            Draft::new(activity, "assign").role(&e.slot.position)
        }
        Event::OpinionGiven(e) => {
            let (activity, position) = open.tasks.remove(&e.task)?;
            Draft::new(activity, "complete").by(&e.person).role(&position)
        }
        Event::TaskClaimed(e) => {
            let (activity, position) = known(open, e.task)?;
            Draft::new(format!("{activity}, claimed"), "complete").by(&e.person).role(&position)
        }
        Event::SignatureTakenBack(e) => {
            Draft::new(format!("{}: taken back", open.state), "complete").by(&e.person).role(&e.position)
        }
        Event::ApproverAdded(e) => {
            Draft::new(format!("{}: approver added", open.state), "complete").by(&e.person).role(&e.by)
        }
        Event::TaskAnswered(e) => {
            let (activity, position) = open.tasks.remove(&e.task)?;
            let outcome = e.choice.as_ref().map_or(e.verdict.word(), Name::as_str);
            Draft::new(activity, "complete").by(&e.person).role(&position).came_to(outcome)
        }
        Event::TaskWithdrawn(e) => {
            let (activity, position) = open.tasks.remove(&e.task)?;
            Draft::new(activity, "withdraw").role(&position)
        }
        Event::TaskLapsed(e) => {
            let (activity, position) = open.tasks.remove(&e.task)?;
            Draft::new(activity, "autoskip").role(&position)
        }
        Event::TaskReferred(e) => {
            let (activity, position) = known(open, e.task)?;
            Draft::new(format!("{activity}, referred up"), "complete").by(&e.person).role(&position)
        }
        Event::TaskOverdue(e) => {
            let (activity, position) = known(open, e.task)?;
            Draft::new(format!("{activity}, overdue"), "complete").role(&position)
        }
        _ => return None,
    })
}

fn of_systems(open: &mut OpenCase, event: &Event) -> Option<Draft> {
    Some(match event {
        Event::CommandIssued(e) => {
            open.verbs.insert(e.command, e.verb.clone());
            Draft::new(e.verb.as_str(), "start").by(&adapter(&e.verb))
        }
        Event::CommandAnswered(CommandAnswered { command, word, code, last: true, .. }) => {
            let verb = open.verbs.get(command)?;
            let refused = *word == *"refused";
            let outcome = code.as_ref().filter(|_| refused).unwrap_or(word);
            let lifecycle = if refused { "ate_abort" } else { "complete" };
            Draft::new(verb.as_str(), lifecycle).by(&adapter(verb)).came_to(outcome.as_str())
        }
        Event::CommandSilent(e) => {
            let verb = open.verbs.get(&e.command)?;
            Draft::new(verb.as_str(), "pi_abort").by(&adapter(verb)).came_to("silent")
        }
        Event::FactReceived(e) => Draft::new(format!("receive {}", e.fact), "complete").by(&adapter(&e.fact)),
        _ => return None,
    })
}

fn of_accounts(event: &Event) -> Option<Draft> {
    let done = |what: &str, account: &Name| Draft::new(format!("{what} {account}"), "complete");
    Some(match event {
        Event::Reserved(e) => done("reserve", &e.account).came_to(e.amount.to_string()),
        Event::ReservationRefused(e) => {
            Draft::new(format!("reserve {}", e.account), "ate_abort").came_to(e.code.as_str())
        }
        Event::Consumed(e) => done("consume", &e.account).came_to(e.amount.to_string()),
        Event::Released(e) => done("release", &e.account).came_to(e.amount.to_string()),
        Event::Restored(e) => done("restore", &e.account).came_to(e.amount.to_string()),
        Event::HoldTaken(e) => done("take over", &e.account).came_to(e.amount.to_string()),
        _ => return None,
    })
}

/// The system of `adapter.object.verb`; a message of two parts names none.
fn adapter(verb: &str) -> Name {
    match verb.splitn(3, '.').collect::<Vec<_>>()[..] {
        [adapter, _, _] => Name::from(adapter),
        _ => Name::default(),
    }
}
