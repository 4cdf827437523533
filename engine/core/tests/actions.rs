//! What people do with a task beside answering it, as sentences: `actions/*.case`. After each of them State equals the
//! fold of the log.
//!
//! ```text
//! rep_js submits CHAIN AMOUNT [against CASE] | amends [silently] AMOUNT [WHAT]
//! kam_js passes | approves | returns | rejects | objects | advises | does
//! kam_js transfers to bgm_zj | wait 4h | holder kam_js P99
//! then stands STATE | waiting a, b | signed a, b | asked kam_js to review | covers kam_js: a own, b transferred
//! kam_js consults legal | takes back [of legal] | adds legal before|after|beside | removes legal | claims | releases
//! process_owner jumps to STATE | legal returns to previous | passes among others | passes late
//! then version a 2 | holders a: H1, H2 | held CODE | recorded EVENT | opinions kam_js pass
//! then last EVENT, EVENT | never asked a, b
//! ```
//! `H1 as POSITION` names the person; `-> CODE` expects a refusal; `with version 1` shows an old version.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_core::command::{Answer, Body, CaseNo, OnTask, ReturnTo, TaskAct, Verdict};
use countersign_core::definition::{Definition, Limit};
use countersign_core::event::{Event, Place};
use countersign_core::name::Name;
use countersign_core::state::{OpinionAskedFor, Task};
use countersign_core::time::Span;
use countersign_core::value::Raw;

use crate::outward_support::{Run, record, text};

/// The company of these cases, which the tests of the trial language use too.
fn definitions() -> Vec<Definition> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../trial/tests/actions");
    let files = countersign_chain::load_dir(&dir).expect("the company can be read");
    let (bundle, found) = countersign_chain::compile(&files);
    let bundle = bundle.unwrap_or_else(|| panic!("the company does not compile: {found:#?}"));
    bundle.definitions.into_iter().map(|compiled| compiled.definition).collect()
}

#[test]
fn a_task_is_handed_to_another_post() {
    run_file("actions/transfer.case", include_str!("actions/transfer.case"));
}

#[test]
fn an_opinion_decides_nothing() {
    run_file("actions/consult.case", include_str!("actions/consult.case"));
}

#[test]
fn an_own_decision_is_taken_back() {
    run_file("actions/take-back.case", include_str!("actions/take-back.case"));
}

#[test]
fn approvers_are_added_and_removed() {
    run_file("actions/approvers.case", include_str!("actions/approvers.case"));
}

#[test]
fn one_of_several_claims_a_task() {
    run_file("actions/claim.case", include_str!("actions/claim.case"));
}

#[test]
fn an_administrator_puts_a_case_elsewhere() {
    run_file("actions/jump.case", include_str!("actions/jump.case"));
}

#[test]
fn a_document_is_returned_to_an_earlier_step() {
    run_file("actions/return-to.case", include_str!("actions/return-to.case"));
}

#[test]
fn a_document_is_amended_under_way() {
    run_file("actions/amend.case", include_str!("actions/amend.case"));
}

#[test]
fn what_was_decided_is_decided_otherwise() {
    run_file("actions/reverse.case", include_str!("actions/reverse.case"));
}

#[test]
fn a_decision_that_may_be_called_in() {
    run_file("actions/on-call.case", include_str!("actions/on-call.case"));
}

#[test]
fn answers_among_others_and_late_ones() {
    run_file("actions/bulk-and-late.case", include_str!("actions/bulk-and-late.case"));
}

fn run_file(name: &str, source: &str) {
    let definitions = definitions();
    let mut play: Option<Play> = None;
    for (i, line) in source.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{name}:{}: {line}", i + 1);
        if let Some(title) = line.strip_prefix("scenario ") {
            play = Some(Play::new(title, definitions.clone()));
            continue;
        }
        let play = play.as_mut().unwrap_or_else(|| panic!("{place}: expected a scenario first"));
        if let Err(found) = play.line(line) {
            let story = if play.case == 0 { String::new() } else { play.run.story(play.case) };
            panic!("\n{place}\n  in scenario {}\n  {found}\n  story:{story}", play.title);
        }
    }
    assert!(play.is_some(), "{name} has no scenario");
}

struct Play {
    title: String,
    run: Run,
    case: CaseNo,
    document: Raw,
}

type Said = Result<(), String>;

/// Who does what, with what is said about it.
struct Sentence<'a> {
    person: String,
    position: &'a str,
    verb: &'a str,
    rest: Vec<&'a str>,
    version: Option<u32>,
}

impl Play {
    fn new(title: &str, definitions: Vec<Definition>) -> Play {
        Play { title: title.to_owned(), run: Run::of(definitions), case: 0, document: record([]) }
    }

    fn line(&mut self, line: &str) -> Said {
        if let Some(expected) = line.strip_prefix("then ") {
            return self.then(expected);
        }
        let (line, refused) = match line.split_once(" -> ") {
            Some((line, code)) => (line, Some(code.trim())),
            None => (line, None),
        };
        match (self.act(line), refused) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(code)) => Err(format!("expected the refusal {code}, it was accepted")),
            (Err(found), Some(code)) if found == code => Ok(()),
            (Err(found), _) => Err(found),
        }
    }

    fn act(&mut self, line: &str) -> Said {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["wait", span] => {
                let calendar = self.run.world.state.definitions().active().and_then(|r| r.company());
                let span = Span::parse(span).ok_or("not a span")?;
                let to = calendar.and_then(|c| c.calendar.add(self.run.world.at, span));
                self.run.wait_until(to.ok_or("beyond the calendar")?);
                Ok(())
            }
            ["holder", position, ref persons @ ..] => {
                for definition in &mut self.run.world.definitions {
                    if let Definition::Organisation(organisation) = definition {
                        let post = organisation.positions.get_mut(position).ok_or("no such position")?;
                        post.holders = persons.iter().map(|person| Name::from(*person)).collect();
                    }
                }
                self.run.world.activate();
                self.run.check();
                Ok(())
            }
            ["limit", kind, amount] => {
                for definition in &mut self.run.world.definitions {
                    if let Definition::Authority(authority) = definition {
                        let set = authority.limits.last_mut().ok_or("no limits")?;
                        let up_to = Some(amount.parse().map_err(|_| "not an amount")?);
                        set.limits.insert(Name::from(kind), Limit { up_to, beside: Vec::new() });
                    }
                }
                self.run.world.activate();
                self.run.check();
                Ok(())
            }
            [person, "as", position, verb, ref rest @ ..] => {
                self.somebody(person.to_owned(), position, verb, rest)
            }
            [position, verb, ref rest @ ..] => {
                self.somebody(self.run.world.holder(position), position, verb, rest)
            }
            _ => Err("no such sentence".to_owned()),
        }
    }

    fn somebody(&mut self, person: String, position: &str, verb: &str, rest: &[&str]) -> Said {
        let (rest, version) = match rest {
            [rest @ .., "with", "version", version] => (rest, version.parse().ok()),
            rest => (rest, None),
        };
        let said = Sentence { person, position, verb, rest: rest.to_vec(), version };
        let body = match verb {
            "submits" => return self.submits(&said),
            "amends" => return self.amends(&said),
            "resubmits" => Body::Resubmit { case: self.case, document: self.document.clone() },
            _ => self.body(&said)?,
        };
        self.request(&said, body)
    }

    fn request(&mut self, said: &Sentence<'_>, body: Body) -> Said {
        let result = self.run.world.request(&said.person, said.position, body);
        self.run.check();
        result.map(drop).map_err(|rejection| rejection.code.as_str().to_owned())
    }

    /// `amends [silently] AMOUNT [WHAT]`
    fn amends(&mut self, said: &Sentence<'_>) -> Said {
        let (reason, rest) = match &said.rest[..] {
            ["silently", rest @ ..] => ("", rest),
            rest => ("the customer wants it so", rest),
        };
        let (amount, what) = match rest {
            [amount] => (amount, None),
            [amount, what] => (amount, Some(*what)),
            _ => return Err("expected AMOUNT [WHAT]".to_owned()),
        };
        let Raw::Record(mut fields) = self.document.clone() else {
            return Err("expected a document".to_owned());
        };
        fields.insert("amount".into(), record([("amount", text(amount)), ("currency", text("CNY"))]));
        fields.extend(what.map(|what| ("what".into(), text(what))));
        let document = Raw::Record(fields);
        let body = Body::Amend { case: self.case, document: document.clone(), reason: Name::from(reason) };
        self.request(said, body)?;
        self.document = document;
        Ok(())
    }

    fn submits(&mut self, said: &Sentence<'_>) -> Said {
        let (chain, amount, against) = match said.rest[..] {
            [chain, amount] => (chain, amount, None),
            [chain, amount, "against", case] => (chain, amount, Some(case)),
            _ => return Err("expected CHAIN AMOUNT [against CASE]".to_owned()),
        };
        let case = self.run.world.state.next_case();
        let money = record([("amount", text(amount)), ("currency", text("CNY"))]);
        let number = ("purchase_no", text(&format!("PR-{case}")));
        let document = match against {
            None => record([number, ("amount", money)]),
            Some(against) => record([number, ("amount", money), ("against", text(against))]),
        };
        self.document = document.clone();
        let body = Body::Submit { chain: Name::from(chain), document, addressee: None };
        self.request(said, body)?;
        self.case = case;
        Ok(())
    }

    fn body(&self, said: &Sentence<'_>) -> Result<Body, String> {
        let verdict = match said.verb {
            "passes" => Some(Verdict::Pass),
            "approves" => Some(Verdict::Approve),
            "returns" => Some(Verdict::Return),
            "rejects" => Some(Verdict::Reject),
            "objects" => Some(Verdict::Object),
            "advises" => Some(Verdict::Input),
            "does" => Some(Verdict::Done),
            "refuses" => Some(Verdict::Refuse),
            _ => None,
        };
        if let Some(verdict) = verdict {
            let (task, version) = self.task(said)?;
            let answer = self.run.world.answer(self.case, (task, version), verdict, Some("seen"));
            return match said.rest[..] {
                [] => Ok(Body::Decide(answer)),
                ["among", "others"] => Ok(Body::DecideWithin(answer)),
                ["late"] => {
                    let task = self.fell_away(said.position).ok_or("it was asked nothing that fell away")?;
                    Ok(Body::Decide(Answer { task, ..answer }))
                }
                ["silently"] => Ok(Body::Decide(Answer { reason: None, ..answer })),
                ["to", "draft"] => Ok(Body::DecideTo { answer, to: ReturnTo::Draft }),
                ["to", "previous"] => Ok(Body::DecideTo { answer, to: ReturnTo::Previous }),
                ["to", state] => Ok(Body::DecideTo { answer, to: ReturnTo::State(Name::from(state)) }),
                _ => Err("no such answer".to_owned()),
            };
        }
        let reason = Name::from("as agreed");
        let (case, name) = (self.case, |name: &str| Name::from(name));
        match (said.verb, &said.rest[..]) {
            ("takes", ["back"]) => {
                let task = self.decided(said.position).or_else(|| self.task(said).ok().map(|(task, _)| task));
                let task = task.ok_or("it has decided nothing")?;
                return Ok(Body::TakeBack { case, task, reason: None });
            }
            ("takes", ["back", "of", other]) => {
                let task = self.decided(other).ok_or("it has decided nothing")?;
                return Ok(Body::TakeBack { case, task, reason: Some(reason) });
            }
            ("removes", [position]) => {
                return Ok(Body::RemoveApprover { case, position: name(position), reason });
            }
            ("jumps", ["to", to]) => return Ok(Body::Jump { case, to: name(to), reason }),
            ("jumps", ["silently", "to", to]) => {
                return Ok(Body::Jump { case, to: name(to), reason: Name::default() });
            }
            _ => {}
        }
        let act = match (said.verb, &said.rest[..]) {
            ("transfers", ["to", to]) => TaskAct::Transfer { to: Name::from(*to), reason },
            ("transfers", ["silently", "to", to]) => {
                TaskAct::Transfer { to: Name::from(*to), reason: Name::default() }
            }
            ("consults", [to]) => TaskAct::Consult { to: Name::from(*to), question: reason },
            ("adds", [to, place]) => {
                let place = match *place {
                    "before" => Place::Before,
                    "after" => Place::After,
                    _ => Place::Beside,
                };
                TaskAct::AddApprover { to: Name::from(*to), place, reason }
            }
            ("claims", []) => TaskAct::Claim,
            ("releases", []) => TaskAct::Release,
            (verb, _) => return Err(format!("no such verb: {verb}")),
        };
        let (task, version) = self.task(said)?;
        Ok(Body::OnTask(OnTask { case: self.case, task, version, act }))
    }

    /// The task in which a position decided last.
    fn decided(&self, position: &str) -> Option<u32> {
        let case = self.run.world.state.case(self.case)?;
        case.signatures().iter().rev().find(|s| s.position == *position).map(|s| s.task)
    }

    /// The newest task of a position that fell away.
    fn fell_away(&self, position: &str) -> Option<u32> {
        let mut asked = BTreeMap::new();
        let mut found = None;
        for event in self.run.events(self.case) {
            match event {
                Event::TaskOpened(e) => drop(asked.insert(e.task, e.position.clone())),
                Event::OpinionRequested(e) => drop(asked.insert(e.task, e.slot.position.clone())),
                Event::TaskWithdrawn(e) if asked.get(&e.task).is_some_and(|p| *p == *position) => {
                    found = Some(e.task);
                }
                _ => {}
            }
        }
        found
    }

    /// The open task of the position, or any: core says what comes of touching another's.
    fn task(&self, said: &Sentence<'_>) -> Result<(u32, u32), String> {
        let own = self.run.world.task_of(self.case, said.position);
        let any = || {
            let case = self.run.world.state.case(self.case)?;
            case.tasks().iter().next().map(|(number, task)| (*number, task.version))
        };
        let (task, version) = own.or_else(any).ok_or("nobody is asked")?;
        Ok((task, said.version.unwrap_or(version)))
    }
}

/// What is expected.
impl Play {
    fn then(&self, expected: &str) -> Said {
        let (what, rest) = expected.split_once(' ').unwrap_or((expected, ""));
        let list = |rest: &str| -> Vec<String> {
            rest.split(", ").filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        match what {
            "stands" => equal(&self.run.stands(self.case), &rest.to_owned()),
            "waiting" => {
                let mut wanted = list(rest);
                wanted.sort();
                equal(&self.waiting(), &wanted)
            }
            "signed" => equal(&self.signed(), &list(rest)),
            "last" => {
                let last: Vec<String> = self.run.last().into_iter().map(str::to_owned).collect();
                equal(&last, &list(rest))
            }
            "version" => {
                let (position, version) = rest.split_once(' ').ok_or("expected POSITION NUMBER")?;
                equal(&self.open(position)?.version.to_string(), &version.to_owned())
            }
            "holders" => {
                let (position, holders) = rest.split_once(": ").ok_or("expected POSITION: ...")?;
                let found: Vec<String> = self.open(position)?.holders.iter().map(Name::to_string).collect();
                equal(&found, &list(holders))
            }
            "held" => equal(&self.run.held(self.case), &rest.to_owned()),
            "recorded" => {
                let told = |frame: &countersign_core::frame::Frame| {
                    frame.events.iter().any(|event| event.name() == rest)
                };
                equal(&self.run.world.frames.iter().any(told), &true)
            }
            "opinions" => {
                let step = self.run.world.state.case(self.case).and_then(|case| case.step());
                let more = step.and_then(|step| step.more.as_ref());
                let given = |o: &OpinionAskedFor| {
                    let (_, verdict, _) = o.given.as_ref()?;
                    Some(format!("{} {}", o.by, verdict.word()))
                };
                let found: Vec<String> =
                    more.into_iter().flat_map(|more| more.opinions.iter().filter_map(given)).collect();
                equal(&found, &list(rest))
            }
            "asked" => {
                let (position, duty) = rest.split_once(" to ").ok_or("expected POSITION to DUTY")?;
                equal(&self.open(position)?.duty.word().to_owned(), &duty.to_owned())
            }
            "covers" => {
                let (position, capacities) = rest.split_once(": ").ok_or("expected POSITION: ...")?;
                let covers = |c: &countersign_core::event::Capacity| {
                    format!("{} {}", c.position, format!("{:?}", c.why).to_lowercase())
                };
                let found: Vec<String> = self.open(position)?.capacities.iter().map(covers).collect();
                equal(&found, &list(capacities))
            }
            "never" => {
                let wanted = list(rest.strip_prefix("asked ").unwrap_or(rest));
                let asked = self.ever_asked();
                let wrong: Vec<&String> = wanted.iter().filter(|position| asked.contains(position)).collect();
                equal(&wrong, &Vec::new())
            }
            other => Err(format!("no such expectation: {other}")),
        }
    }

    fn open(&self, position: &str) -> Result<&Task, String> {
        let tasks = self.run.world.state.case(self.case).map(|case| case.tasks());
        let open = tasks.into_iter().flat_map(|tasks| tasks.values()).find(|task| task.position == *position);
        open.ok_or_else(|| format!("{position} is asked nothing; waiting: {:?}", self.waiting()))
    }

    fn waiting(&self) -> Vec<String> {
        let tasks = self.run.world.state.case(self.case).map(|case| case.tasks());
        let tasks = tasks.into_iter().flat_map(|tasks| tasks.values());
        let mut waiting: Vec<String> = tasks.map(|task| task.position.to_string()).collect();
        waiting.sort();
        waiting
    }

    /// Whose signatures stand, with what is binding marked so.
    fn signed(&self) -> Vec<String> {
        let Some(case) = self.run.world.state.case(self.case) else { return Vec::new() };
        let standing = case.signatures().iter().filter(|s| !s.void);
        let one = |s: &countersign_core::state::Signature| match s.verdict {
            Verdict::Approve if s.counts_as_review => format!("{} (review)", s.position),
            verdict => format!("{} {}", s.position, verdict.word()),
        };
        standing.map(one).collect()
    }

    fn ever_asked(&self) -> Vec<String> {
        let events = self.run.events(self.case);
        let asked = events.into_iter().filter_map(|event| match event {
            Event::TaskOpened(e) => Some(e.position.to_string()),
            Event::TaskReassigned(e) => Some(e.position.to_string()),
            Event::TaskTransferred(e) => Some(e.slot.position.to_string()),
            _ => None,
        });
        asked.collect()
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Said {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}
