//! Sentences into commands.

use countersign_chain::tree::Pair;
use countersign_core::command::*;
use countersign_core::decide::{About, Sight, may_ask, sight};
use countersign_core::definition::{Chain, Definition, Trigger, Who};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};
use countersign_core::value::Raw;

use crate::case::*;
use crate::fields::{again, kinds, record};
use crate::find::key_field;
use crate::jump;
use crate::read::overlay;
use crate::world::World;

/// Why a sentence did not do what it says.
#[derive(Clone, Debug)]
pub(crate) enum Undone {
    /// Core refused, or what holds rules against one another.
    Refused(Vec<Refusal>),
    /// It cannot even be tried.
    Impossible(String),
}

impl From<Rejection> for Undone {
    fn from(rejection: Rejection) -> Undone {
        let field = rejection.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
        let code = Name::from(rejection.code.as_str());
        Undone::Refused(vec![Refusal { code, why: format!("{rejection}{field}") }])
    }
}

type Done<T = ()> = Result<T, Undone>;

/// What is about to happen.
pub(crate) enum Ready {
    Request { person: Name, position: Name, body: Body },
    Look { person: Name, position: Name, look: Look },
    Message { cause: Cause, body: Body, twice: bool },
    Jumps(Vec<CaseNo>, Jump),
    Wait(Until),
    Organisation(Box<countersign_core::definition::Organisation>),
    Rules(Vec<Definition>),
}

/// Lets a sentence happen.
pub(crate) fn perform(world: &mut World<'_>, trial: &Trial, act: &Act) -> Done {
    if let Act::Decide { who, .. } = act {
        // One after another: what the first says may change what the second sees.
        return (0..who.len()).try_for_each(|number| {
            let ready = decide(world, trial, act, number)?;
            happen(world, ready)
        });
    }
    let ready = prepare(world, trial, act)?;
    happen(world, ready)
}

/// What a sentence does, as things stand now.
pub(crate) fn prepare(world: &World<'_>, trial: &Trial, act: &Act) -> Done<Ready> {
    let main = world.main(&trial.chain);
    match act {
        Act::Decide { .. } => decide(world, trial, act, 0),
        Act::Submit { who, chain, key, to, fields } => {
            submit(world, trial, (who, chain, key.as_ref()), (to.as_ref(), fields))
        }
        Act::Begin { who, key, fields } => {
            let (person, position) = match who {
                Some(who) => (person(world, who)?, who.position.clone()),
                None => beginner(world, &trial.chain)?,
            };
            let document = document(world, trial, (&trial.chain, key.as_ref()), fields)?;
            let body = Body::Submit { chain: trial.chain.clone(), document, addressee: None };
            Ok(Ready::Request { person, position, body })
        }
        Act::Resubmit { who, key, fields } => {
            // Where nothing is in draft, core says what comes of handing it in again.
            let named = || key.as_ref().map_or(main, |key| world.keyed(None, key));
            let draft = world.draft(&who.position, key.as_ref(), main).or_else(named);
            let case = draft.ok_or_else(|| impossible(format!("{} has nothing in draft", who.position)))?;
            let body = Body::Resubmit { case, document: changed(world, case, fields)? };
            Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
        }
        Act::Amend { who, key, fields } => {
            let case = one(world, trial, key.as_ref())?;
            let body =
                Body::Amend { case, document: changed(world, case, fields)?, reason: Name::from("amended") };
            Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
        }
        Act::Withdraw { who, key, says } => {
            let case = one(world, trial, key.as_ref())?;
            let body = Body::Withdraw { case, reason: says.reason.clone() };
            Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
        }
        Act::ReferUp { who, key, says } => refer_up(world, who, key.as_ref(), says, main),
        Act::OnTask { who, what, key, says } => on_task(world, who, what, (key.as_ref(), says, main)),
        Act::Reveal { .. } | Act::Erase { .. } | Act::Look { .. } => confided(world, trial, act),
        Act::Ask { who, entry, key, says } => {
            let case = one(world, trial, key.as_ref())?;
            let entries = world.chain_of(case).map_or(&[][..], |chain| chain.anytime.as_slice());
            let asks =
                entries.iter().find(|one| one.name == *entry).map_or(&[][..], |one| one.asks.as_slice());
            let with = record(&says.fields, asks);
            let reason = says.reason.clone().unwrap_or_default();
            let body = Body::Ask { case, entry: entry.clone(), with, reason };
            Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
        }
        Act::Operate { act, key, reason } => {
            let case = one(world, trial, key.as_ref())?;
            let cause = Cause::Operator { os_user: Name::from("operator") };
            let reason = reason.clone().unwrap_or_else(|| Name::from("trial"));
            Ok(Ready::Message { cause, body: Body::Operate { case, act: *act, reason }, twice: false })
        }
        Act::Override { to, key, reason } => {
            let case = one(world, trial, key.as_ref())?;
            let cause = Cause::Operator { os_user: Name::from("operator") };
            let body = Body::Jump { case, to: to.clone(), reason: reason.clone().unwrap_or_default() };
            Ok(Ready::Message { cause, body, twice: false })
        }
        Act::Jump { key, all, jump } => jumps(world, key.as_ref(), *all, jump),
        Act::Wait(until) => Ok(Ready::Wait(until.clone())),
        Act::Organise(acts) => {
            let cause = Cause::Operator { os_user: Name::from("operator") };
            let organise = Organise { acts: acts.clone(), reason: Name::from("trial") };
            Ok(Ready::Message { cause, body: Body::Organise(Box::new(organise)), twice: false })
        }
        Act::Apply(rules) => applied(world, trial, rules),
        Act::Answer { .. } | Act::Report { .. } | Act::Holders { .. } | Act::Abolish { .. } => {
            outside(world, act)
        }
    }
}

fn applied(world: &World<'_>, trial: &Trial, rules: &Result<Vec<Definition>, Vec<Refusal>>) -> Done<Ready> {
    match rules {
        Ok(rules) => Ok(Ready::Rules(jump::with_entries(world, trial, rules)?)),
        Err(why) => Err(Undone::Refused(why.clone())),
    }
}

/// What is done about what not everybody may see.
fn confided(world: &World<'_>, trial: &Trial, act: &Act) -> Done<Ready> {
    match act {
        Act::Reveal { who, field, key } => {
            let body = Body::Reveal { case: one(world, trial, key.as_ref())?, field: field.clone() };
            Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
        }
        Act::Erase { who, key, says } => {
            let (case, reason) = (one(world, trial, key.as_ref())?, says.reason.clone().unwrap_or_default());
            let body = Body::Erase { case, reason };
            Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
        }
        Act::Look { who, key } => {
            let case = one(world, trial, key.as_ref())?;
            let look = Look { case, verb: Name::from("case"), about: None };
            let (person, position) = (person(world, who)?, who.position.clone());
            Ok(Ready::Look { person, position, look })
        }
        _ => Err(impossible("this is nothing about what is confidential".to_owned())),
    }
}

/// Lets happen what was prepared.
pub(crate) fn happen(world: &mut World<'_>, ready: Ready) -> Done {
    match ready {
        Ready::Request { person, position, body } => {
            let past = past(world, &position, &body);
            world.request(&person, &position, body)?;
            if let Some(chain) = past {
                world.used.sent_past(&chain);
            }
        }
        Ready::Look { person, position, look } => looked(world, (&person, &position), look)?,
        Ready::Message { cause, body, twice } => {
            let again = twice.then(|| (cause.clone(), body.clone()));
            world.run(cause, body)?;
            if let Some((cause, body)) = again {
                repeated(world, cause, body)?;
            }
        }
        Ready::Jumps(cases, jump) => cases.iter().try_for_each(|case| forced(world, *case, &jump))?,
        Ready::Wait(until) => {
            let to = match until {
                Until::Time(at) if at < world.at => {
                    let now = world.company.local(world.at);
                    return Err(impossible(format!("it is {now} already; time does not run backwards")));
                }
                Until::Time(at) => at,
                Until::Span(span) => {
                    let company = world.state.definitions().active().and_then(|release| release.company());
                    let to = company.and_then(|company| company.calendar.add(world.at, span));
                    to.ok_or_else(|| impossible("this lies beyond the calendar".to_owned()))?
                }
            };
            world.clock(to)?;
        }
        Ready::Rules(rules) => world.replace(&rules)?,
        Ready::Organisation(organisation) => world.replace(&[Definition::Organisation(*organisation)])?,
    }
    Ok(())
}

/// The chain of a document that is addressed past the next superior.
fn past(world: &World<'_>, position: &Name, body: &Body) -> Option<Name> {
    let Body::Submit { chain, addressee: Some(to), .. } = body else { return None };
    let superior = organisation(world).positions.get(position).and_then(|post| post.solid.clone());
    (superior.as_ref() != Some(to)).then(|| chain.clone())
}

/// Somebody sees a case, or does not: the desk asks before it shows anything, and has a denied look recorded.
fn looked(world: &mut World<'_>, (person, position): (&Name, &Name), look: Look) -> Done {
    let request = world.asking(person, position);
    let case = world.state.case(look.case);
    let case = case.ok_or_else(|| impossible("the case is over; its views are asked then".to_owned()))?;
    may_ask(&world.state, world.at, &request, "case", Some(case.chain()))?;
    match sight(&world.state, world.at, &About::of(case), (look.case, &request)) {
        Sight::Sees => Ok(()),
        Sight::Stranger => {
            let message = format!("expected somebody who has to do with the case, found {position}");
            Err(Rejection::new(Code::Forbidden, message).into())
        }
        Sight::Shut => {
            world.request(person, position, Body::Look(Box::new(look)))?;
            Ok(())
        }
    }
}

/// The same message again changes nothing.
fn repeated(world: &mut World<'_>, cause: Cause, body: Body) -> Done {
    let before = world.state.hash();
    match world.run(cause, body) {
        Err(rejection) if matches!(rejection.code, Code::ReplyRepeated | Code::MessageRepeated) => {
            if world.state.hash() == before {
                return Ok(());
            }
            Err(impossible("the repeated message changed something".to_owned()))
        }
        Err(rejection) => Err(rejection.into()),
        Ok(_) => Err(impossible("the repeated message was taken for a new one".to_owned())),
    }
}

/// Puts a case where a jump leads.
pub(crate) fn forced(world: &mut World<'_>, case: CaseNo, jump: &Jump) -> Result<(), Rejection> {
    let submitter = world.state.case(case).map(|case| case.submitter().clone());
    let submitter = submitter.ok_or_else(|| {
        Rejection::new(
            Code::CaseClosed,
            format!("expected an open case of {}, case {case} is over", jump.chain),
        )
    })?;
    let (entry, reason) = (jump.entry.clone(), Name::from("put there by a case file"));
    let body = Body::Ask { case, entry, with: Raw::Record(Default::default()), reason };
    world.request(&submitter.person, &submitter.position, body).map(drop)
}

fn jumps(world: &World<'_>, key: Option<&Name>, all: bool, jump: &Jump) -> Done<Ready> {
    let open = world.state.cases().filter(|case| *case.chain() == jump.chain);
    let cases: Vec<CaseNo> =
        open.map(|case| case.number()).filter(|case| world.belongs(*case, key)).collect();
    match (cases.as_slice(), all) {
        ([], _) => Err(impossible(format!("no case of {} is open", jump.chain))),
        (cases, true) => Ok(Ready::Jumps(cases.to_vec(), jump.clone())),
        ([first, ..], false) => Ok(Ready::Jumps(vec![*first], jump.clone())),
    }
}

fn submit(
    world: &World<'_>,
    trial: &Trial,
    (who, chain, key): (&Actor, &Name, Option<&Name>),
    (to, fields): (Option<&Name>, &[Pair]),
) -> Done<Ready> {
    // Whoever was asked to complete the document hands that in, not a new one.
    let edits = (Verdict::Submit, None);
    let task = world.task(&who.position, key, edits, world.main(&trial.chain));
    let edits = |task: &countersign_core::state::Task| task.duty == countersign_core::definition::Duty::Edit;
    if *chain == trial.chain && task.is_some_and(|(.., task)| edits(task)) {
        let says = Says { reason: None, fields: fields.to_vec() };
        let (who, key) = (vec![who.clone()], key.cloned());
        let act = Act::Decide { who, verdict: Verdict::Submit, choice: None, to: None, key, says };
        return decide(world, trial, &act, 0);
    }
    let document = document(world, trial, (chain, key), fields)?;
    let body = Body::Submit { chain: chain.clone(), document, addressee: to.cloned() };
    Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
}

fn decide(world: &World<'_>, trial: &Trial, act: &Act, number: usize) -> Done<Ready> {
    let Act::Decide { who, verdict, choice, to, key, says } = act else {
        return Err(impossible("nobody answers here".to_owned()));
    };
    let who = who.get(number).ok_or_else(|| impossible("nobody answers here".to_owned()))?;
    let main = world.main(&trial.chain);
    let found = world.task(&who.position, key.as_ref(), (*verdict, choice.as_ref()), main);
    let stale = || world.stale(&who.position, key.as_ref(), main);
    let (case, task, version) = match (found, stale()) {
        (Some((case, no, task)), _) => (case, no, task.version),
        (None, Some((case, no))) => {
            let open = world.state.case(case).and_then(|case| case.tasks().get(&no)).map(|task| task.version);
            (case, no, open.unwrap_or(1))
        }
        (None, None) => return Err(idle(world, who)),
    };
    let open = found.map(|(.., task)| task);
    let asks = open.and_then(|task| world.task_def(case, task)).map_or(&[][..], |def| def.asks.as_slice());
    let carries = matches!(verdict, Verdict::Done | Verdict::Choose);
    let document = match verdict {
        Verdict::Submit => Some(changed(world, case, &says.fields)?),
        _ => None,
    };
    let content_hash = world.state.case(case).map(|case| *case.content_hash()).unwrap_or_default();
    let answer = Answer {
        case,
        task,
        version,
        content_hash,
        verdict: *verdict,
        reason: says.reason.clone(),
        document,
        choice: choice.clone(),
        fields: carries.then(|| record(&says.fields, asks)),
    };
    // Who acts for a vacant post is asked by name.
    let asked = open.and_then(|task| task.holders.first()).filter(|_| who.person.is_none()).cloned();
    let person = asked.map_or_else(|| person(world, who), Ok)?;
    let body = match to {
        None => Body::Decide(answer),
        Some(to) => Body::DecideTo { answer, to: to.clone() },
    };
    Ok(Ready::Request { person, position: who.position.clone(), body })
}

fn on_task(
    world: &World<'_>,
    who: &Actor,
    what: &Beside,
    (key, says, main): (Option<&Name>, &Says, Option<CaseNo>),
) -> Done<Ready> {
    let reason = says.reason.clone().unwrap_or_default();
    let keyed = || match key {
        Some(key) => world.keyed(None, key),
        None => main,
    };
    let keyed = || keyed().ok_or_else(|| impossible("there is no such case".to_owned()));
    let body = match what {
        Beside::Transfer(to) => aside(world, who, (key, main), TaskAct::Transfer { to: to.clone(), reason })?,
        Beside::Consult(to) => {
            aside(world, who, (key, main), TaskAct::Consult { to: to.clone(), question: reason })?
        }
        Beside::Add(to, place) => {
            let act = TaskAct::AddApprover { to: to.clone(), place: *place, reason };
            aside(world, who, (key, main), act)?
        }
        Beside::Claim => aside(world, who, (key, main), TaskAct::Claim)?,
        Beside::Release => aside(world, who, (key, main), TaskAct::Release)?,
        Beside::Remove(position) => {
            Body::RemoveApprover { case: keyed()?, position: position.clone(), reason }
        }
        Beside::TakeBack => {
            let case = keyed()?;
            let signed = world.state.case(case).map(|case| case.signatures()).unwrap_or_default();
            let own = signed.iter().rev().find(|s| s.position == who.position).map(|s| s.task);
            let task = own.ok_or_else(|| impossible(format!("{} has decided nothing", who.position)))?;
            Body::TakeBack { case, task, reason: says.reason.clone() }
        }
    };
    Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
}

/// Something that is done with the task of a position; with another's, where it has none: core says what comes of it.
fn aside(
    world: &World<'_>,
    who: &Actor,
    (key, main): (Option<&Name>, Option<CaseNo>),
    act: TaskAct,
) -> Done<Body> {
    let other = || {
        let case = main.and_then(|case| world.state.case(case))?;
        case.tasks().iter().next().map(|(number, task)| (case.number(), *number, task))
    };
    let found = world.task(&who.position, key, (Verdict::Approve, None), main).or_else(other);
    let (case, task, open) = found.ok_or_else(|| idle(world, who))?;
    Ok(Body::OnTask(OnTask { case, task, version: open.version, act }))
}

fn refer_up(
    world: &World<'_>,
    who: &Actor,
    key: Option<&Name>,
    says: &Says,
    main: Option<CaseNo>,
) -> Done<Ready> {
    let found = world.task(&who.position, key, (Verdict::Approve, None), main);
    let (case, task, open) = found.ok_or_else(|| idle(world, who))?;
    let reason = says.reason.clone().unwrap_or_default();
    let body = Body::ReferUp { case, task, version: open.version, reason };
    Ok(Ready::Request { person: person(world, who)?, position: who.position.clone(), body })
}

fn outside(world: &World<'_>, act: &Act) -> Done<Ready> {
    match act {
        Act::Answer { adapter, verb, key, reply, repeat } => {
            let issued = world.command(verb, key.as_ref());
            let issued = issued.ok_or_else(|| impossible(format!("no command {verb} was given")))?;
            let (case, command) = (issued.case, issued.command);
            let command_id = Name::from(format!("C-{case}.{}.{command}", issued.state));
            let reply_id = repeat.id.clone().unwrap_or_else(|| fresh(world, "R"));
            let definition = world.company.adapters.verbs.get(verb);
            let shape = definition.and_then(|verb| verb.shape(&reply.word)).map_or(&[][..], Vec::as_slice);
            let fields = record(&reply.fields, shape);
            let (word, code) = (reply.word.clone(), reply.code.clone());
            let body = Body::Answered(Answered { case, command, word, code, message: None, fields });
            let cause = Cause::Answer { adapter: adapter.clone(), command_id, reply_id };
            Ok(Ready::Message { cause, body, twice: repeat.twice })
        }
        Act::Report { sender, fact, declared, fields, repeat } => {
            let message_id = repeat.id.clone().unwrap_or_else(|| fresh(world, "M"));
            let shape = world.company.adapters.facts.get(fact).map_or(&[][..], Vec::as_slice);
            let data = record(fields, shape);
            let body = Body::Fact { fact: fact.clone(), message_id: message_id.clone(), data };
            if *declared {
                let cause = Cause::Fact { adapter: sender.clone(), message_id };
                return Ok(Ready::Message { cause, body, twice: repeat.twice });
            }
            let (person, position) = anybody(world)?;
            Ok(Ready::Request { person, position, body })
        }
        Act::Holders { position, holders } => {
            let mut organisation = organisation(world);
            if let Some(post) = organisation.positions.get_mut(position) {
                post.holders.clone_from(holders);
            }
            Ok(Ready::Organisation(Box::new(organisation)))
        }
        Act::Abolish { position } => {
            let mut organisation = organisation(world);
            let removed = organisation.positions.remove(position);
            let superior = removed.and_then(|post| post.solid);
            for post in organisation.positions.values_mut() {
                if post.solid.as_ref() == Some(position) {
                    post.solid.clone_from(&superior);
                }
                post.dotted.retain(|name| name != position);
                post.acting = post.acting.take().filter(|acting| acting.by != *position);
            }
            organisation.groups.values_mut().for_each(|group| group.members.retain(|m| m != position));
            organisation.delegations.retain(|_, d| d.from != *position && d.to != *position);
            Ok(Ready::Organisation(Box::new(organisation)))
        }
        _ => Err(impossible("nothing outside happens here".to_owned())),
    }
}

/// Nobody asks the actor anything: who is asked instead.
fn idle(world: &World<'_>, who: &Actor) -> Undone {
    let open = world.state.cases().filter(|case| !case.tasks().is_empty());
    let asked = open.map(|case| {
        let posts: Vec<&str> = case.tasks().values().map(|task| task.position.as_str()).collect();
        let key = case.key().map_or_else(|| format!("C-{}", case.number()), ToString::to_string);
        format!("{} in {} of {key}", posts.join(", "), world.stands(case.number()))
    });
    let asked: Vec<String> = asked.take(5).collect();
    let asked = if asked.is_empty() { "nobody".to_owned() } else { asked.join("; ") };
    impossible(format!("{} is asked nothing; asked now: {asked}", who.position))
}

fn impossible(why: String) -> Undone {
    Undone::Impossible(why)
}

/// Ids of messages follow from how much has happened, so that each run has the same.
fn fresh(world: &World<'_>, prefix: &str) -> Name {
    Name::from(format!("{prefix}-trial-{}", world.state.head().sequence))
}

fn organisation(world: &World<'_>) -> countersign_core::definition::Organisation {
    let active = world.state.definitions().active().and_then(|release| release.organisation());
    active.cloned().unwrap_or_else(|| world.company.organisation.clone())
}

/// The case of a key, or the one that the file is about.
fn one(world: &World<'_>, trial: &Trial, key: Option<&Name>) -> Done<CaseNo> {
    let found = match key {
        Some(key) => world.keyed(None, key),
        None => world.main(&trial.chain),
    };
    found.ok_or_else(|| match key {
        Some(key) => impossible(format!("there is no case {key}; keys of cases: {}", world.keys())),
        None => impossible(format!("there is no case of {} yet", trial.chain)),
    })
}

/// The person of an actor: named, or the first who holds the post.
fn person(world: &World<'_>, who: &Actor) -> Done<Name> {
    if let Some(person) = &who.person {
        return Ok(person.clone());
    }
    let organisation = organisation(world);
    let post = organisation.positions.get(&who.position);
    let holder = post.and_then(|post| {
        post.holders.first().or_else(|| organisation.acting_holders(post, world.at).first()).cloned()
    });
    holder.ok_or_else(|| impossible(format!("nobody holds {}", who.position)))
}

/// In whose name a chain begins that another one would start: as it says itself, else its driver, else anybody.
pub(crate) fn beginner(world: &World<'_>, chain: &Name) -> Result<(Name, Name), Rejection> {
    let company = world.company;
    let definition = company.chains.get(chain);
    let started = definition.into_iter().flat_map(|chain| &chain.starts).find_map(|start| {
        match (&start.submitter, &start.trigger) {
            (Who::Position(position), Trigger::Message { .. } | Trigger::Every { .. }) => {
                Some(position.clone())
            }
            _ => None,
        }
    });
    let initiator = || {
        let names = definition.and_then(|chain| chain.initiators.as_ref())?;
        let fits = |name: &Name, kind: &Name| names.iter().any(|n| n == name || n == kind);
        let positions = company.organisation.positions.iter();
        positions
            .filter(|(_, p)| !p.holders.is_empty())
            .find(|(n, p)| fits(n, &p.kind))
            .map(|(n, _)| n.clone())
    };
    let driver = || definition.and_then(|chain: &Chain| chain.driver.clone());
    let known = started.or_else(initiator).or_else(driver);
    let holder = known.and_then(|position| {
        let post = company.organisation.positions.get(&position)?;
        Some((post.holders.first()?.clone(), position))
    });
    holder.map_or_else(|| anybody(world).map_err(|_| nobody()), Ok)
}

fn nobody() -> Rejection {
    Rejection::new(Code::NotHolder, "expected a company in which somebody holds a position")
}

fn anybody(world: &World<'_>) -> Done<(Name, Name)> {
    let mut positions = world.company.organisation.positions.iter();
    let held = positions.find_map(|(name, post)| Some((post.holders.first()?.clone(), name.clone())));
    held.ok_or_else(|| nobody().into())
}

/// A new document: what is given, what the sentence names, and its key.
fn document(
    world: &World<'_>,
    trial: &Trial,
    (chain, key): (&Name, Option<&Name>),
    fields: &[Pair],
) -> Done<Raw> {
    let definition = world.company.chains.get(chain);
    let definition = definition.ok_or_else(|| impossible(format!("there is no chain {chain}")))?;
    let mut pairs = if *chain == trial.chain { trial.base.clone() } else { Vec::new() };
    overlay(&mut pairs, fields);
    let kinds = world.company.documents.get(&definition.document).map(kinds).unwrap_or_default();
    let mut raw = record(&pairs, &kinds);
    if let (Some(key), Raw::Record(fields)) = (key, &mut raw) {
        let name = key_field(definition).ok_or_else(|| {
            impossible(format!(
                "the key of {chain} is no field of its document; name the fields it is made of"
            ))
        })?;
        fields.insert(name.to_string(), Raw::Text(key.to_string()));
    }
    Ok(raw)
}

/// The document of a case with some fields changed.
fn changed(world: &World<'_>, case: CaseNo, fields: &[Pair]) -> Done<Raw> {
    let track = world.tracks.get(&case).ok_or_else(|| impossible(format!("there is no case {case}")))?;
    let chain = world.company.chains.get(&track.chain);
    let document = chain.and_then(|chain| world.company.documents.get(&chain.document));
    let document = document.ok_or_else(|| impossible(format!("there is no chain {}", track.chain)))?;
    let mut whole = again(document, &track.document);
    if let Raw::Record(fields) = record(fields, &kinds(document)) {
        whole.extend(fields);
    }
    Ok(Raw::Record(whole))
}
