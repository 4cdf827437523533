//! Policies that cases put to use, read off what happened: capacities say who stood in, codes what was refused, events
//! what was reminded, kept, voided, added up. What a company does not have is not asked for.

use std::collections::BTreeSet;

use countersign_core::definition::{Company as Rules, Definition, DefinitionKind, LowerLevels, VacancyRung};
use countersign_core::event::{Capacity, CapacityWhy, Event, Plan, Slot, Work};
use countersign_core::name::Name;
use countersign_core::rejection::Code;

use crate::company::Company;
use crate::world::Track;

/// A policy of the company, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Policy {
    /// The rule that it belongs to, `R7`.
    pub rule: &'static str,
    /// As company.yaml and authority.yaml name it.
    pub name: String,
    /// What no case shows where it is not used.
    pub unused: String,
}

/// The policies that a company has.
pub(crate) fn of(company: &Company) -> Vec<Policy> {
    let mut list = List(Vec::new());
    let rules = company.definitions.values().find_map(|definition| match definition {
        Definition::Company(rules) => Some(rules),
        _ => None,
    });
    if let Some(rules) = rules {
        routes(&mut list, rules);
        times(&mut list, rules);
    }
    authorities(&mut list, company);
    if !company.adapters.verbs.is_empty() {
        list.add("R17", "commands send_after", "no command is sent again");
        list.add("R17", "commands hold_after", "no command stays without an answer");
        list.add("R17", "commands second_answer", "no command is answered twice, differently");
        list.add("R18", "commands late_answer", "no answer comes late");
    }
    if !company.accounts.is_empty() {
        list.add("R16", "accounts reserved", "nothing is set aside");
        list.add("R16", "accounts insufficient", "nowhere is too little free");
        list.add("R16", "accounts released", "nothing is given back");
    }
    if company.tables.values().any(|table| table.rates.is_some()) {
        list.add("R21", "rates", "no amount is converted to be held against a limit");
    }
    list.0
}

struct List(Vec<Policy>);

impl List {
    fn add(&mut self, rule: &'static str, name: impl Into<String>, unused: impl Into<String>) {
        self.0.push(Policy { rule, name: name.into(), unused: unused.into() });
    }
}

/// Who is asked, and who stands in.
fn routes(list: &mut List, rules: &Rules) {
    let policies = &rules.policies;
    match policies.lower_levels {
        LowerLevels::Review => list.add("R1", "lower_levels review", "no lower level gives an opinion"),
        LowerLevels::NotAsked => list.add("R1", "lower_levels not-asked", "no lower level is passed by"),
    }
    list.add("R2", "own_documents", "nobody tries to decide a document of their own");
    if let Some(top) = &policies.own_top {
        let unused = format!("{} decides nothing for whoever has no superior", top.decided_by);
        list.add("R2", "own_documents top", unused);
    }
    list.add("R4", "delegations", "no deputy signs beside who holds the post");
    if policies.same_person.signs_once {
        list.add("R5", "same_person_twice signs", "nobody signs once for two posts");
    }
    if policies.same_person.never_below > 1 {
        list.add("R3", "same_person_twice never_below", "no route grows because one person signs twice");
    }
    if policies.independent_never_merged {
        list.add("R6", "independent_steps", "no independent signature falls on somebody who signed below");
    }
    for rung in &policies.vacancy {
        let (name, unused) = match rung {
            VacancyRung::Acting => ("acting", "nobody acts for a vacant post"),
            VacancyRung::Delegate => ("delegate", "no deputy signs for a vacant post"),
            VacancyRung::NextSuperior => ("next-superior", "no superior signs for a vacant post"),
        };
        list.add("R7", format!("vacancy {name}"), unused);
    }
    list.add(
        "R8",
        "limit at the decision",
        "no approval counts as a review because the limit no longer suffices",
    );
    list.add("R9", "new_holder_has", "no task goes to somebody new with more time than was left");
    if policies.skip_level.refused {
        list.add("R10", "skip_level refuse", "nothing is addressed past the next superior");
        for chain in &policies.skip_level.except {
            list.add("R10", format!("skip_level except {chain}"), "nothing is sent past the next superior");
        }
    }
    list.add("R14", "blind", "no opinions are closed until all are given");
    list.add("R14", "objections", "no objection is overridden");
    list.add("R19", "versions", "no two act on what only one of them can");
    if policies.push_up.refused {
        list.add("R22", "within_own_limit push_up", "nobody hands up what they may decide");
        for reason in &policies.push_up.except {
            list.add("R22", format!("within_own_limit except {reason}"), "nobody hands up for this reason");
        }
    }
}

/// Deadlines and returns.
fn times(list: &mut List, rules: &Rules) {
    list.add("R11", "clock remind", "nobody is reminded");
    list.add("R11", "clock overdue", "nothing is overdue");
    list.add("R11", "clock escalate", "nothing is escalated");
    if let Some(post) = &rules.policies.clock.top_overdue {
        list.add("R11", "clock top_overdue", format!("{post} is told of nothing that is overdue at the top"));
    }
    if rules.policies.returns.keep_unless_commercial {
        list.add("R12", "returns keep", "no signature stands after a return");
        list.add("R12", "returns commercial", "no change voids signatures");
    }
    list.add("R12", "returns at_most", "nothing is returned once too often");
    list.add("R13", "approved_content", "nobody tries to change what is on its way or approved");
}

fn authorities(list: &mut List, company: &Company) {
    for definition in company.definitions.values() {
        let Definition::Authority(authority) = definition else { continue };
        if authority.adds_up.is_some() {
            list.add("R15", format!("adds_up {}", authority.name), "no amounts are added up");
        }
    }
    let never = |definition: &Definition| matches!(definition, Definition::Authority(a) if !a.delegable);
    if company.definitions.values().any(never) {
        list.add("R4", "delegable never", "nobody tries to delegate what is never delegable");
    }
}

/// What cases put to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Policies by name.
    pub(crate) policies: BTreeSet<String>,
    /// Limits that decided: the authority, and whose by authority.yaml.
    pub(crate) limits: BTreeSet<(Name, Name)>,
}

impl Used {
    fn policy(&mut self, name: impl Into<String>) {
        self.policies.insert(name.into());
    }

    /// A refusal.
    pub(crate) fn refused(&mut self, code: &Code) {
        match code {
            Code::WithinAuthority => self.policy("within_own_limit push_up"),
            Code::NeverDelegable => self.policy("delegable never"),
            Code::Conflict => self.policy("versions"),
            Code::NotInDraft | Code::Frozen => self.policy("approved_content"),
            _ => {}
        }
    }

    /// A document that was addressed past the next superior and taken.
    pub(crate) fn sent_past(&mut self, chain: &Name) {
        self.policy(format!("skip_level except {chain}"));
    }

    /// Whoever signs for a post to which it was delegated: beside its holder, or because there is none.
    pub(crate) fn stood_in(&mut self, vacant: bool) {
        self.policy(if vacant { "vacancy delegate" } else { "delegations" });
    }

    /// An event that no case owns, or that every case may have.
    pub(crate) fn take(&mut self, event: &Event, company: &Company) {
        match event {
            Event::SkipLevelAttempted(_) => self.policy("skip_level refuse"),
            Event::SelfApprovalAttempted(_) => self.policy("own_documents"),
            Event::StateEntered(e) => match &e.work {
                Work::People(plan) | Work::Asked { plan, .. } => self.plan(plan, company),
                _ => {}
            },
            Event::RouteExtended(e) => e.slots.iter().for_each(|slot| self.slot(slot, company)),
            Event::TaskOpened(e) => self.capacities(&e.capacities),
            Event::TaskReassigned(e) => self.capacities(&e.capacities),
            Event::TaskReferred(e) => self.policy(format!("within_own_limit except {}", e.reason)),
            Event::TaskReminded(_) => self.policy("clock remind"),
            Event::TaskOverdue(e) => {
                self.policy("clock overdue");
                self.top(&e.copied, company);
            }
            Event::TaskEscalated(e) => {
                self.policy("clock escalate");
                self.top(&e.to, company);
            }
            Event::TaskDecided(e) if e.overrides => self.policy("objections"),
            Event::SignatureKept(_) => self.policy("returns keep"),
            Event::CaseResubmitted(e) if e.voids_signatures => self.policy("returns commercial"),
            Event::CaseEnded(e) if e.code.as_deref() == Some(Code::RevisionLimit.as_str()) => {
                self.policy("returns at_most");
            }
            Event::StepClosed(e) if !e.opinions.is_empty() => self.policy("blind"),
            Event::OpinionsOpened(_) => self.policy("blind"),
            Event::AmountWeighed(e) => {
                if e.added.as_ref().is_some_and(|added| added.count > 0) {
                    self.policy(format!("adds_up {}", e.authority));
                }
                if !e.rates.is_empty() {
                    self.policy("rates");
                }
            }
            Event::CommandSentAgain(_) => self.policy("commands send_after"),
            Event::CommandSilent(_) => self.policy("commands hold_after"),
            Event::CommandAnswered(e) if e.late => self.policy("commands late_answer"),
            Event::ReplyConflicted(_) => self.policy("commands second_answer"),
            Event::Reserved(_) => self.policy("accounts reserved"),
            Event::ReservationRefused(_) => self.policy("accounts insufficient"),
            Event::Released(_) => self.policy("accounts released"),
            _ => {}
        }
    }

    /// An event of a case, with what happened in it before.
    pub(crate) fn of_case(&mut self, event: &Event, track: &Track) {
        match event {
            Event::TaskReassigned(e)
                if track.noted.due.get(&e.task).is_some_and(|due| e.milestones.overdue > *due) =>
            {
                self.policy("new_holder_has");
            }
            // Whoever has no superior: the group decides.
            Event::StateEntered(e) if track.top => {
                if let Work::People(plan) | Work::Asked { plan, .. } = &e.work
                    && plan.slots.iter().any(|slot| slot.seat_of.is_some() && slot.level.is_some())
                {
                    self.policy("own_documents top");
                }
            }
            Event::TaskDecided(e) if e.counts_as_review => {
                let before = track.signed.iter().any(|signed| signed.person == e.person);
                let why = if before { "same_person_twice never_below" } else { "limit at the decision" };
                self.policy(why);
            }
            _ => {}
        }
    }

    fn top(&mut self, told: &[Name], company: &Company) {
        let post = company.definitions.values().find_map(|definition| match definition {
            Definition::Company(rules) => rules.policies.clock.top_overdue.as_ref(),
            _ => None,
        });
        if post.is_some_and(|post| told.contains(post)) {
            self.policy("clock top_overdue");
        }
    }

    fn plan(&mut self, plan: &Plan, company: &Company) {
        plan.slots.iter().for_each(|slot| self.slot(slot, company));
        let levels = plan.slots.iter().filter_map(|slot| slot.level.as_ref());
        let decides = levels.clone().find(|level| level.decides);
        if decides.is_some_and(|level| level.place > 0 && levels.clone().count() == 1) {
            self.policy("lower_levels not-asked");
        }
    }

    fn slot(&mut self, slot: &Slot, company: &Company) {
        self.capacities(&slot.capacities);
        let Some(level) = &slot.level else { return };
        if !level.decides {
            self.policy("lower_levels review");
            let suffices = level.limit.is_none_or(|limit| limit >= level.need);
            if suffices && slot.capacities.iter().any(|c| c.why == CapacityWhy::Merged) {
                self.policy("same_person_twice never_below");
            }
            return;
        }
        let key = (DefinitionKind::Authority, level.authority.clone());
        let Some(Definition::Authority(authority)) = company.definitions.get(&key) else { return };
        let named = |name: &Name| authority.limits.iter().any(|set| set.limits.contains_key(name));
        let kind = company.organisation.positions.get(&slot.position).map(|post| &post.kind);
        let whose = slot.seat_of.iter().chain([&slot.position]).chain(kind).find(|name| named(name));
        self.limits.extend(whose.map(|whose| (level.authority.clone(), whose.clone())));
    }

    fn capacities(&mut self, capacities: &[Capacity]) {
        for capacity in capacities {
            match capacity.why {
                CapacityWhy::Vacant => self.policy("vacancy next-superior"),
                CapacityWhy::Acting => self.policy("vacancy acting"),
                CapacityWhy::Delegate => self.policy("vacancy delegate"),
                CapacityWhy::Merged => self.policy("same_person_twice signs"),
                CapacityWhy::Independent => self.policy("independent_steps"),
                _ => {}
            }
        }
    }
}
