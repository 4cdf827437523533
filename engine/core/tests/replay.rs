//! State is the fold of the log. After each of 20,000 random commands, with timers, expiries, changes of organisation,
//! limits and policies on the way: a second State, fed with every frame encoded and decoded again, is equal; the whole
//! log replayed from zero gives the same hash; frames keep their limits; nothing is left half-way between frames.

mod beside;
mod elsewhere;
mod past;

use std::collections::BTreeMap;

use elsewhere::ELSEWHERE;

use crate::model::chains::{APPROVED, chain, plain, plain_arrow};
use crate::model::company::{POLICIES, START, definitions, organisation, span};
use crate::model::driver::{activate, digest, found, raw};
use crate::model::generator::Generator;
use crate::model::order::Fault;
use crate::model::random::{Random, seeds};
use countersign_core::command::*;
use countersign_core::definition::*;
use countersign_core::expr::{Arithmetic, Expr};
use countersign_core::frame::{FRAME_BYTES_MAX, FRAME_EVENTS_MAX, Frame};
use countersign_core::name::Name;
use countersign_core::state::{Stage, State, apply_frame};
use countersign_core::time::{HOUR, MINUTE, SpanUnit, Timestamp};
use countersign_core::turn::{TurnResult, turn};
use countersign_core::value::Value;

const COMMANDS_PER_SEED: usize = 2_000;

/// A company that roams: whatever its people and clocks may do, it does.
struct Roam {
    seed: u64,
    random: Random,
    generator: Generator,
    definitions: Vec<Definition>,
    state: State,
    /// The fold of the log, kept beside the state that decides.
    fold: State,
    log: Vec<Vec<u8>>,
    at: Timestamp,
    serial: u64,
    last: Option<Command>,
    events: BTreeMap<&'static str, usize>,
}

#[test]
fn state_is_the_fold_of_the_log_at_every_step() {
    let seeds = seeds(0..10);
    let mut events: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in &seeds {
        let mut roam = Roam::new(*seed, roaming_definitions(*seed));
        for step in 0..COMMANDS_PER_SEED {
            roam.step();
            if step % 100 == 0 {
                roam.hashes_agree();
            }
            if (step + *seed as usize).is_multiple_of(47) {
                roam.starts_again();
            }
        }
        roam.hashes_agree();
        roam.replays_to_the_same();
        assert!(roam.explains_the_past() > 100, "seed {seed}: hardly anybody signed");
        for (name, count) in roam.events {
            *events.entry(name).or_default() += count;
        }
    }
    if seeds.len() > 1 {
        let all = countersign_core::event::Event::KINDS.iter().map(|(_, name)| *name);
        let missed: Vec<&str> = all.filter(|n| !events.contains_key(n) && !ELSEWHERE.contains(n)).collect();
        assert!(missed.is_empty(), "events that no log holds: {missed:?}; there were {events:?}");
    }
}

/// Deadlines of hours instead of years, and a chain that waits for a time.
fn roaming_definitions(seed: u64) -> Vec<Definition> {
    let mut all = definitions(POLICIES[seed as usize % POLICIES.len()], seed);
    for definition in &mut all {
        if let Definition::Chain(chain) = definition {
            let hours = 4 + chain.states.len() as u32 * 3;
            chain.states.iter_mut().for_each(|s| s.within = Some(span(hours, SpanUnit::Hour)));
        }
    }
    let later = Expr::Arith(
        Arithmetic::Add,
        Box::new(Expr::Now),
        Box::new(Expr::Const(Value::Span(span(3, SpanUnit::Hour)))),
    );
    let next = |outcome: &str| BTreeMap::from([(Name::from(outcome), vec![plain_arrow(None, APPROVED)])]);
    let wait = StateDef {
        name: Name::from("rest"),
        activity: Activity::WaitUntil(later),
        when: None,
        within: None,
        within_by: BTreeMap::new(),
        expires: None,
        for_each: None,
        learns: Vec::new(),
        cc: Vec::new(),
        good: Name::from("due"),
        next: next("due"),
    };
    all.push(Definition::Chain(chain("later", vec![wait])));
    all
}

impl Roam {
    fn new(seed: u64, definitions: Vec<Definition>) -> Roam {
        let mut roam = Roam {
            seed,
            random: Random::new(seed ^ 0xFACE),
            generator: Generator::new(seed),
            definitions,
            state: State::default(),
            fold: State::default(),
            log: Vec::new(),
            at: START,
            serial: 0,
            last: None,
            events: BTreeMap::new(),
        };
        let frames = found(&mut roam.state, &roam.definitions, roam.at);
        roam.keep(frames);
        roam
    }

    fn step(&mut self) {
        let pause = match self.random.below(20) {
            0 => self.random.below(6) as i64 * HOUR,
            _ => self.random.below(10) as i64 * MINUTE,
        };
        self.at = self.at.plus(pause);
        match self.random.below(60) {
            0 => self.reorganise(),
            1 => self.timers(1_000),
            2..=9 => self.timers(3),
            10..=12 => self.sweep(),
            13 => self.repeat(),
            14 | 15 => self.organise(),
            _ => self.somebody_acts(),
        }
        self.holds_together();
    }

    /// Runs a command; whatever it leaves goes through bytes into the fold.
    fn run(&mut self, cause: Cause, body: Body) -> TurnResult {
        let command = Command { at: self.at, cause, body };
        let turned = turn(&mut self.state, &command);
        self.last = Some(command);
        self.keep(turned.frames);
        turned.result
    }

    fn keep(&mut self, frames: Vec<Frame>) {
        for frame in frames {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes).expect("a frame encodes");
            assert!(frame.events.len() <= FRAME_EVENTS_MAX, "{} events in a frame", frame.events.len());
            assert!(bytes.len() <= FRAME_BYTES_MAX, "{} bytes in a frame", bytes.len());
            let read = Frame::decode(&bytes).expect("a frame that was encoded decodes");
            assert_eq!(read, frame, "seed {}: a frame says the same after bytes", self.seed);
            apply_frame(&mut self.fold, &read);
            frame.events.iter().for_each(|e| *self.events.entry(e.name()).or_default() += 1);
            self.log.push(bytes);
        }
        // A command that leaves no frame leaves no trace: the fold did not move, so State did not either.
        assert!(self.state == self.fold, "seed {}: State differs from the fold of its log", self.seed);
    }

    fn hashes_agree(&self) {
        assert_eq!(self.state.hash(), self.fold.hash(), "seed {}: the hashes differ", self.seed);
    }

    /// From here on the fold is what a snapshot gave: snapshot and tail are the fold of the whole log.
    fn starts_again(&mut self) {
        self.fold = crate::support::reloaded(&self.fold);
    }

    fn replays_to_the_same(&self) {
        for _ in 0..2 {
            let mut replayed = State::default();
            for bytes in &self.log {
                let frame = Frame::decode(bytes).expect("the log decodes");
                apply_frame(&mut replayed, &frame);
            }
            assert_eq!(replayed.hash(), self.state.hash(), "seed {}: a replay differs", self.seed);
        }
    }

    /// What is true of State between any two frames.
    fn holds_together(&self) {
        let timers = self.state.cases().flat_map(|c| c.timers().map(|(due, t)| (due, c.number(), t)));
        let window = self.state.next_window().map(|window| (window, 0, Timer::Clock));
        let first = timers.chain(window).min();
        assert_eq!(self.state.next_timer(), first, "seed {}: the order of timers lost one", self.seed);
        for case in self.state.cases() {
            let resting = matches!(
                case.stage(),
                Stage::People { .. }
                    | Stage::Message { .. }
                    | Stage::Until { .. }
                    | Stage::Draft
                    | Stage::Held { .. }
            );
            let split = case.timers().any(|(_, timer)| timer == Timer::Continue);
            assert!(resting || split, "seed {}: case {} is half-way", self.seed, case.number());
            let idle = case.tasks().is_empty() || case.step().is_some();
            assert!(idle, "seed {}: case {} asks without a step", self.seed, case.number());
            let stuck = case.step().is_some() && case.tasks().is_empty() && !split;
            assert!(!stuck, "seed {}: case {} waits for nobody", self.seed, case.number());
            self.nobody_decides_an_own_document(case);
        }
    }

    fn nobody_decides_an_own_document(&self, case: &countersign_core::state::Case) {
        if self.state.sweep().is_some() {
            return; // a change of organisation is still on its way through the cases
        }
        for (number, task) in case.tasks() {
            let decides = matches!(task.duty, Duty::Approve | Duty::Review);
            let own = decides && task.holders.contains(&case.submitter().person);
            assert!(!own, "seed {}: task {number} of case {} is its submitter's", self.seed, case.number());
            assert!(!task.holders.is_empty(), "seed {}: task {number} is nobody's", self.seed);
        }
    }

    fn request(&mut self, person: Name, position: Name, body: Body) -> TurnResult {
        self.serial += 1;
        let request = Request {
            system: Name::from("office"),
            request_id: Name::from(format!("q{}", self.serial)),
            fingerprint: digest(&format!("{person} {position} {body:?}")),
            sent_at: self.at,
            person,
            position,
            vouched_by: VouchedBy::System,
        };
        self.run(Cause::Request(request), body)
    }

    fn repeat(&mut self) {
        let Some(Command { cause: cause @ Cause::Request(_), body, .. }) = self.last.clone() else { return };
        // What is due by now takes effect with whatever touches its case.
        self.timers(1_000);
        self.sweep();
        let before = self.log.len();
        if let TurnResult::Repeat(_) = self.run(cause, body) {
            assert_eq!(self.log.len(), before, "a repeat takes no effect");
        }
    }

    fn timers(&mut self, at_most: usize) {
        for _ in 0..at_most {
            let due = self.state.next_timer().filter(|(due, ..)| *due <= self.at);
            let Some((due, case, timer)) = due else { return };
            let result = self.run(Cause::Timer { due }, Body::Timer { case, timer });
            assert_eq!(result, TurnResult::Done, "seed {}: a timer that is due fires", self.seed);
        }
    }

    fn sweep(&mut self) {
        while self.state.sweep().is_some() {
            let result = self.run(Cause::Timer { due: self.at }, Body::Sweep);
            assert_eq!(result, TurnResult::Done, "seed {}: a sweep goes on", self.seed);
        }
    }
}

/// What people do.
impl Roam {
    fn somebody_acts(&mut self) {
        let open: Vec<CaseNo> = self.state.cases().map(|c| c.number()).collect();
        if open.len() < 25 || self.random.chance(6) {
            return self.submit();
        }
        let Some(case) = self.random.pick(&open).copied() else { return };
        let stage = self.state.case(case).map(|c| c.stage().clone());
        match stage {
            Some(Stage::Draft) => self.resubmit(case),
            Some(Stage::Message { fact, .. }) => self.fact(case, &fact),
            Some(Stage::People { .. }) if self.random.chance(2) => self.withdraw(case),
            Some(Stage::Held { .. }) if self.random.chance(20) => self.jump(case),
            Some(Stage::Held { .. }) => self.withdraw(case),
            Some(_) if self.random.chance(2) => self.jump(case),
            Some(_) if self.random.chance(4) => self.take_back(case),
            Some(_) if self.random.chance(2) => self.amend(case),
            Some(_) => self.answer(case),
            None => {}
        }
    }

    fn submit(&mut self) {
        let release = self.state.definitions().active().expect("definitions are active").clone();
        let organisation = release.organisation().expect("an organisation is active");
        let chains: Vec<Name> = release.chains().map(|c| c.name.clone()).collect();
        let held: Vec<(&Name, &Position)> =
            organisation.positions.iter().filter(|(_, p)| !p.holders.is_empty()).collect();
        let Some((position, post)) = self.random.pick(&held).copied() else { return };
        let number = format!("N{}", self.state.next_case());
        let document = raw(&self.generator.document(number), Fault::None);
        let chain = self.random.pick(&chains).cloned().unwrap_or_default();
        let addressee = self.random.chance(2).then(|| Name::from("president"));
        let body = Body::Submit { chain, document, addressee };
        self.request(post.holders[0].clone(), position.clone(), body);
    }

    fn answer(&mut self, case: CaseNo) {
        let Some(open) = self.state.case(case) else { return };
        let tasks: Vec<TaskNo> = open.tasks().keys().copied().collect();
        let (hash, own) = (*open.content_hash(), open.submitter().clone());
        let Some(number) = self.random.pick(&tasks).copied() else { return };
        let number =
            if self.random.chance(4) { 1 + self.random.below(number as usize) as u32 } else { number };
        let Some(task) = self.state.case(case).and_then(|c| c.tasks().get(&number)).cloned() else {
            let answer = self.verdict(case, number, (0, hash, Duty::Approve));
            let position = self.withdrawn_from(case, number).unwrap_or_else(|| own.position.clone());
            let person = self.holder(&position).unwrap_or(own.person);
            self.request(person, position, Body::Decide(answer));
            return;
        };
        let mut person = self.random.pick(&task.holders).cloned().unwrap_or_default();
        let mut position = task.position.clone();
        if self.random.chance(3) {
            (person, position) = (own.person, own.position);
        }
        if self.beside(case, (number, &task), &person) {
            return;
        }
        if self.random.chance(4) {
            let reason = Name::from("conflict_of_interest");
            let body = Body::ReferUp { case, task: number, version: task.version, reason };
            self.request(person, position, body);
            return;
        }
        let answer = self.verdict(case, number, (task.version, hash, task.duty));
        self.request(person, position, Body::Decide(answer));
    }

    fn verdict(&mut self, case: CaseNo, task: TaskNo, seen: (u32, ContentHash, Duty)) -> Answer {
        let (version, content_hash, duty) = seen;
        let roll = self.random.below(100);
        let verdict = match duty {
            Duty::Approve if roll < 12 => Verdict::Return,
            Duty::Approve if roll < 18 => Verdict::Reject,
            Duty::Approve | Duty::OnCall => Verdict::Approve,
            Duty::Review if roll < 12 => Verdict::Return,
            Duty::Review if roll < 20 => Verdict::Object,
            Duty::Review => Verdict::Pass,
            Duty::Input => Verdict::Input,
            Duty::Edit => Verdict::Submit,
            Duty::Task if roll < 20 => Verdict::Refuse,
            Duty::Task => Verdict::Done,
        };
        let number = format!("N{case}");
        let document = (duty == Duty::Edit).then(|| raw(&self.generator.document(number), Fault::None));
        let reason = Some(Name::from("because"));
        Answer { case, task, version, content_hash, verdict, reason, document, choice: None, fields: None }
    }

    fn withdrawn_from(&self, case: CaseNo, task: TaskNo) -> Option<Name> {
        let withdrawn = self.state.case(case)?.withdrawn();
        withdrawn.iter().find(|(number, _)| *number == task).map(|(_, position)| position.clone())
    }

    fn holder(&self, position: &Name) -> Option<Name> {
        let release = self.state.definitions().active()?;
        release.organisation()?.positions.get(position)?.holders.first().cloned()
    }

    fn submitter(&self, case: CaseNo) -> Option<(Name, Name)> {
        let position = self.state.case(case)?.submitter().position.clone();
        Some((self.holder(&position)?, position))
    }

    fn resubmit(&mut self, case: CaseNo) {
        let Some((person, position)) = self.submitter(case) else { return };
        let document = raw(&self.generator.document(format!("N{case}")), Fault::None);
        self.request(person, position, Body::Resubmit { case, document });
    }

    fn withdraw(&mut self, case: CaseNo) {
        let Some((person, position)) = self.submitter(case) else { return };
        self.request(person, position, Body::Withdraw { case, reason: None });
    }

    fn fact(&mut self, case: CaseNo, fact: &Name) {
        let Some((person, position)) = self.submitter(case) else { return };
        let number = countersign_core::value::Raw::Text(format!("N{case}"));
        let data = countersign_core::value::Raw::Record(BTreeMap::from([("number".to_owned(), number)]));
        let message_id = Name::from(format!("m{}", self.serial));
        self.request(person, position, Body::Fact { fact: fact.clone(), message_id, data });
    }

    /// Persons come, go and move, act for vacant posts and for others, as data over the file.
    fn organise(&mut self) {
        let release = self.state.definitions().active().expect("definitions are active").clone();
        let organisation = release.organisation().expect("an organisation is active");
        let posts: Vec<Name> = organisation.positions.keys().cloned().collect();
        let persons: Vec<Name> = organisation.positions.values().flat_map(|p| p.holders.clone()).collect();
        let names: Vec<Name> = organisation.delegations.keys().cloned().collect();
        let random = &mut self.random;
        let mut post = || random.pick(&posts).cloned().unwrap_or_default();
        let (position, other) = (post(), post());
        let person = random.pick(&persons).cloned().unwrap_or_default();
        let until = self.at.plus((1 + random.below(40) as i64) * HOUR);
        let since = self.at.plus(random.below(3) as i64 * HOUR);
        let act = match random.below(10) {
            0..=2 => OrgAct::Hire { person: Name::from(format!("N{}", random.below(99))), position },
            3 => OrgAct::Leave { person },
            4 => OrgAct::Move { person, from: None, to: position },
            5 => OrgAct::Vacate { position, person: None },
            6 => {
                let share = rust_decimal::Decimal::new(5, 1);
                let acting = Acting { by: other, share, since: Some(since), until };
                OrgAct::Act { position, acting: Some(acting) }
            }
            7 if !names.is_empty() => {
                OrgAct::EndDelegation { name: random.pick(&names).cloned().unwrap_or_default() }
            }
            _ => {
                let delegation = Delegation {
                    from: position,
                    to: other,
                    authority: vec![Name::from("contract")],
                    up_to: (50 + random.below(1_000) as i64).into(),
                    start: since,
                    end: until,
                    chains: Vec::new(),
                    duties: Vec::new(),
                };
                OrgAct::Delegate { name: Name::from(format!("D{}", self.serial)), delegation }
            }
        };
        self.serial += 1;
        let wanted = Organise { acts: vec![act], reason: Name::from("roaming") };
        self.run(Cause::Operator { os_user: Name::from("root") }, Body::Organise(Box::new(wanted)));
    }

    /// Holders come and go, posts fall vacant or are abolished, limits and policies change.
    fn reorganise(&mut self) {
        let fresh = organisation();
        let policy = POLICIES[self.random.below(POLICIES.len())];
        let other = definitions(policy, self.seed);
        let choice = self.random.below(6);
        for definition in &mut self.definitions {
            match definition {
                Definition::Organisation(now) => match choice {
                    0 => *now = fresh.clone(),
                    1 | 2 => replace_holder(now, &mut self.random),
                    3 => vacate(now, &mut self.random),
                    _ => abolish(now, ["region_e", "branch_a", "kam_n", "quality"][self.random.below(4)]),
                },
                Definition::Company(now) if choice == 4 => {
                    let found = other.iter().find_map(|d| match d {
                        Definition::Company(company) => Some(company.clone()),
                        _ => None,
                    });
                    *now = found.unwrap_or_else(|| now.clone());
                }
                Definition::Authority(now) if choice == 5 => {
                    for limit in now.limits.iter_mut().flat_map(|set| set.limits.values_mut()) {
                        limit.up_to = limit.up_to.map(|l| l * rust_decimal::Decimal::new(8, 1));
                    }
                }
                _ => {}
            }
        }
        let frames = activate(&mut self.state, &self.definitions, self.at);
        self.keep(frames);
    }
}

fn replace_holder(organisation: &mut Organisation, random: &mut Random) {
    let names: Vec<Name> = organisation.positions.keys().cloned().collect();
    let person = Name::from(format!("X{}", random.below(40)));
    if let Some(post) = random.pick(&names).and_then(|name| organisation.positions.get_mut(name)) {
        post.holders = vec![person];
    }
}

fn vacate(organisation: &mut Organisation, random: &mut Random) {
    let names: Vec<Name> = organisation.positions.keys().cloned().collect();
    if let Some(post) = random.pick(&names).and_then(|name| organisation.positions.get_mut(name)) {
        post.holders.clear();
    }
}

/// Its subordinates and its seats go to its superior.
fn abolish(organisation: &mut Organisation, position: &str) {
    let Some(gone) = organisation.positions.remove(position) else { return };
    for post in organisation.positions.values_mut().filter(|p| p.solid.as_deref() == Some(position)) {
        post.solid.clone_from(&gone.solid);
    }
    for group in organisation.groups.values_mut() {
        group.members.retain(|member| *member != *position);
    }
}

/// A fold that misses one decision is another State: the comparison can fail.
#[test]
fn a_log_that_misses_an_event_is_noticed() {
    let mut roam = Roam::new(3, roaming_definitions(3));
    (0..300).for_each(|_| roam.step());
    let frames: Vec<Frame> =
        roam.log.iter().map(|bytes| Frame::decode(bytes).expect("the log decodes")).collect();
    // Of a case that is still open: what is over keeps no signatures.
    let decided = |e: &countersign_core::event::Event| {
        e.name() == "task-decided" && e.case().is_some_and(|case| roam.state.case(case).is_some())
    };
    let last = (0..frames.len()).rev().find(|i| frames[*i].events.iter().any(decided));
    let (last, mut replayed) = (last.expect("somebody decided"), State::default());
    for (i, frame) in frames.iter().enumerate() {
        let mut frame = frame.clone();
        frame.events.retain(|event| i != last || !decided(event));
        apply_frame(&mut replayed, &frame);
    }
    assert_ne!(replayed.hash(), roam.state.hash(), "a decision is missing");
}

/// A step with more signers than a frame has room for goes on in frames of its own, and comes to its end.
#[test]
fn a_step_of_many_signers_is_split_and_finished() {
    let review = |i: usize| {
        plain(Node::Signer(Signer {
            duty: Duty::Review,
            who: Who::Position(Name::from(["legal", "credit", "quality", "fin_dir"][i % 4])),
            veto: false,
            except: vec![],
            task: None,
            only_if: None,
        }))
    };
    let all = Node::All((0..230).map(review).collect());
    let crowd = chain("crowd", vec![crate::model::chains::people("crowd", "passed", all, APPROVED)]);
    let mut all = definitions(POLICIES[0], 0);
    all.push(Definition::Chain(crowd));
    let mut roam = Roam::new(0, all);
    let document = raw(&roam.generator.document("N1".into()), Fault::None);
    let body = Body::Submit { chain: Name::from("crowd"), document, addressee: None };
    let result = roam.request(Name::from("S1"), Name::from("rep_a"), body);
    assert_eq!(result, TurnResult::Done, "the document is taken in");
    roam.timers(50);
    let tasks: Vec<TaskNo> =
        roam.state.case(1).map(|c| c.tasks().keys().copied().collect()).unwrap_or_default();
    assert_eq!(tasks.len(), 230, "everybody is asked; events were {:?}", roam.events);
    assert!(roam.events.contains_key("turn-split"), "in more than one frame");
    for number in tasks {
        let Some(case) = roam.state.case(1) else { break };
        let task = case.tasks().get(&number).expect("a task that was listed is open").clone();
        let (version, content_hash, reason) = (task.version, *case.content_hash(), Some(Name::from("x")));
        let answer = Answer {
            case: 1,
            task: number,
            version,
            content_hash,
            verdict: Verdict::Pass,
            reason,
            document: None,
            choice: None,
            fields: None,
        };
        let result = roam.request(task.holders[0].clone(), task.position.clone(), Body::Decide(answer));
        assert_eq!(result, TurnResult::Done, "{number}");
    }
    assert_eq!(roam.state.open_cases(), 0, "the case ends; events were {:?}", roam.events);
    roam.replays_to_the_same();
}
