//! Compiled definitions of form 1, as the first logs hold them, read as what they mean now. What later forms have that
//! this one had not is empty. Nothing here ever changes: golden bytes hold it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    Acting, Amendments, AtLeast, Authority, Beside, Branch, Climb, Clock, Company, Deadlines, Definition,
    Delegation, Duty, End, Expiry, Group, LimitSet, Line, LowerLevels, Measure, Organisation, OwnTop, PathAt,
    Policies, Position, PushUp, Returns, SamePerson, SkipLevel, Systems, Target, Unit, VacancyRung, Who,
};
use crate::calendar::Calendar;
use crate::expr::Expr;
use crate::money::Currency;
use crate::name::{Name, Title};
use crate::time::{Span, Timestamp};
use crate::value::{Fields, Type, Value};

/// Reads a definition of form 1. None: the bytes are none.
pub(super) fn decode(bytes: &[u8]) -> Option<Definition> {
    let read: Result<(Definition1, &[u8]), _> = postcard::take_from_bytes(bytes);
    read.ok().filter(|(_, rest)| rest.is_empty()).map(|(definition, _)| definition.now())
}

#[derive(Deserialize)]
enum Definition1 {
    Company(Box<CompanyOf<Policies1>>),
    Organisation(Organisation1),
    Authority(Authority1),
    Document(DocumentType1),
    Table(Table1),
    Chain(Box<Chain1>),
    Systems(Systems),
}

/// A company with policies as some form had them.
#[derive(Deserialize)]
pub(super) struct CompanyOf<P> {
    id: Name,
    title: Title,
    currency: Currency,
    currency_digits: BTreeMap<Currency, u8>,
    calendar: Calendar,
    driver: Option<Name>,
    deadlines: Deadlines,
    policies: P,
}

#[derive(Deserialize)]
pub(super) struct Policies1 {
    lower_levels: LowerLevels,
    own_top: Option<OwnTop>,
    same_person: SamePerson,
    independent_never_merged: bool,
    vacancy: Vec<VacancyRung>,
    new_holder_has: Span,
    skip_level: SkipLevel1,
    clock: Clock1,
    returns: Returns,
    push_up: PushUp,
}

#[derive(Deserialize)]
struct SkipLevel1 {
    refused: bool,
    except: Vec<Name>,
}

#[derive(Deserialize)]
struct Clock1 {
    remind: u32,
    overdue: u32,
    escalate: u32,
    top_overdue: Option<Name>,
}

#[derive(Deserialize)]
struct Organisation1 {
    units: BTreeMap<Name, Unit1>,
    positions: BTreeMap<Name, Position1>,
    groups: BTreeMap<Name, Group>,
    delegations: BTreeMap<Name, Delegation1>,
}

#[derive(Deserialize)]
pub(super) struct Unit1 {
    title: Title,
    part_of: Option<Name>,
}

#[derive(Deserialize)]
struct Position1 {
    title: Title,
    kind: Name,
    unit: Name,
    covers: Vec<Name>,
    solid: Option<Name>,
    dotted: Vec<Name>,
    holders: Vec<Name>,
    acting: Option<Acting1>,
}

#[derive(Deserialize)]
struct Acting1 {
    by: Name,
    share: Decimal,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Delegation1 {
    from: Name,
    to: Name,
    authority: Vec<Name>,
    up_to: Decimal,
    start: Timestamp,
    end: Timestamp,
}

impl Organisation1 {
    fn now(self) -> Organisation {
        let position = |(name, p): (Name, Position1)| {
            let Position1 { title, kind, unit, covers, solid, dotted, holders, acting } = p;
            let acting = acting.map(|a| Acting { by: a.by, share: a.share, since: None, until: a.until });
            (name, Position { title, kind, unit, covers, solid, dotted, holders, acting })
        };
        let delegation = |(name, d): (Name, Delegation1)| {
            let Delegation1 { from, to, authority, up_to, start, end } = d;
            let (chains, duties) = (Vec::new(), Vec::new());
            (name, Delegation { from, to, authority, up_to, start, end, chains, duties })
        };
        Organisation {
            units: self.units.into_iter().map(|(name, unit)| (name, unit.now())).collect(),
            positions: self.positions.into_iter().map(position).collect(),
            groups: self.groups,
            delegations: self.delegations.into_iter().map(delegation).collect(),
        }
    }
}

#[derive(Deserialize)]
struct Authority1 {
    name: Name,
    measure: Measure,
    line: Line,
    limits: Vec<LimitSet>,
    independent: bool,
    delegable: bool,
}

#[derive(Deserialize)]
struct DocumentType1 {
    name: Name,
    title: Title,
    fields: Vec<Field1>,
    commercial: Vec<Name>,
}

#[derive(Deserialize)]
struct Field1 {
    name: Name,
    title: Title,
    kind: Type,
    default: Option<Value>,
    computed: Option<Expr>,
    unique: bool,
    member_defaults: Vec<(Name, Value)>,
}

#[derive(Deserialize)]
struct Table1 {
    name: Name,
    title: Title,
    key: Vec<super::Column>,
    from: bool,
    columns: Vec<super::Column>,
    rows: BTreeMap<Name, Fields>,
}

#[derive(Deserialize)]
struct Check1 {
    must: Expr,
    code: Name,
}

#[derive(Deserialize)]
struct Chain1 {
    name: Name,
    title: Title,
    document: Name,
    key: Option<Expr>,
    amount: Option<Expr>,
    initiators: Option<Vec<Name>>,
    benefits: Vec<Who>,
    skip_level_allowed: bool,
    driver: Option<Name>,
    cc: Vec<Who>,
    monitors: Vec<(Who, Option<Expr>)>,
    requires: Vec<Requirement1>,
    defines: Vec<(Name, Expr)>,
    reads: Vec<Name>,
    states: Vec<StateDef1>,
    ends: Vec<End>,
}

#[derive(Deserialize)]
struct Requirement1 {
    must: Expr,
    code: Name,
}

#[derive(Deserialize)]
struct StateDef1 {
    name: Name,
    activity: Activity1,
    when: Option<Expr>,
    within: Option<Span>,
    expires: Option<Expiry>,
    cc: Vec<Who>,
    good: Name,
    next: BTreeMap<Name, Vec<Arrow1>>,
}

#[derive(Deserialize)]
struct Arrow1 {
    when: Option<Expr>,
    go: Target,
}

#[derive(Deserialize)]
enum Activity1 {
    Check(Vec<Check1>),
    Choose(Vec<Branch>),
    People(Node1),
    Wait(Wait1),
    WaitUntil(Expr),
}

#[derive(Deserialize)]
struct Wait1 {
    fact: Name,
    matches: Expr,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
enum Node1 {
    Signer(Signer1),
    Climb(Climb1),
    All(Vec<Member1>),
    Any(Vec<Member1>),
    Votes { need: u32, members: Vec<Member1> },
    InOrder(Vec<Member1>),
}

#[derive(Deserialize)]
struct Climb1 {
    authority: Name,
    amount: Option<Expr>,
    at_least: Vec<AtLeast>,
    beside: Vec<Beside>,
}

impl Climb1 {
    fn now(self) -> Climb {
        let Climb1 { authority, amount, at_least, beside } = self;
        Climb { authority, amount, at_least, beside, reviewed_by: Vec::new() }
    }
}

#[derive(Deserialize)]
struct Member1 {
    when: Option<Expr>,
    within: Option<Span>,
    weight: u32,
    independent: bool,
    node: Node1,
}

#[derive(Deserialize)]
struct Signer1 {
    duty: Duty,
    who: Who,
    veto: bool,
    except: Vec<Who>,
}

impl Definition1 {
    fn now(self) -> Definition {
        match self {
            Definition1::Company(d) => Definition::Company(d.now(Policies1::now)),
            Definition1::Organisation(d) => Definition::Organisation(d.now()),
            Definition1::Authority(d) => Definition::Authority(d.now()),
            Definition1::Document(d) => Definition::Document(d.now()),
            Definition1::Table(d) => Definition::Table(d.now()),
            Definition1::Chain(d) => Definition::Chain(d.now()),
            Definition1::Systems(d) => Definition::Systems(d),
        }
    }
}

impl<P> CompanyOf<P> {
    pub(super) fn now(self, policies: impl FnOnce(P) -> Policies) -> Company {
        Company {
            id: self.id,
            title: self.title,
            currency: self.currency,
            currency_digits: self.currency_digits,
            calendar: self.calendar,
            driver: self.driver,
            deadlines: self.deadlines,
            policies: policies(self.policies),
        }
    }
}

impl Policies1 {
    pub(super) fn now(self) -> Policies {
        let (skip, clock) = (self.skip_level, self.clock);
        Policies {
            lower_levels: self.lower_levels,
            own_top: self.own_top,
            same_person: self.same_person,
            independent_never_merged: self.independent_never_merged,
            vacancy: self.vacancy,
            new_holder_has: self.new_holder_has,
            skip_level: SkipLevel { refused: skip.refused, except: skip.except, superior_recorded: true },
            clock: Clock {
                remind: clock.remind,
                overdue: clock.overdue,
                escalate: clock.escalate,
                copies_superior: true,
                copies_driver: true,
                top_overdue: clock.top_overdue,
            },
            returns: self.returns,
            push_up: self.push_up,
            path: PathAt::default(),
            amendments: Amendments::default(),
        }
    }
}

impl Unit1 {
    pub(super) fn now(self) -> Unit {
        Unit { title: self.title, part_of: self.part_of, province: None }
    }
}

impl Authority1 {
    fn now(self) -> Authority {
        Authority {
            name: self.name,
            measure: self.measure,
            line: self.line,
            limits: self.limits,
            independent: self.independent,
            delegable: self.delegable,
            adds_up: None,
        }
    }
}

impl DocumentType1 {
    fn now(self) -> super::DocumentType {
        let field = |f: Field1| super::Field {
            name: f.name,
            title: f.title,
            kind: f.kind,
            default: f.default,
            computed: f.computed,
            unique: f.unique,
            numbered: false,
            member_defaults: f.member_defaults,
        };
        let fields = self.fields.into_iter().map(field).collect();
        super::DocumentType { name: self.name, title: self.title, fields, commercial: self.commercial }
    }
}

impl Table1 {
    fn now(self) -> super::Table {
        super::Table {
            name: self.name,
            title: self.title,
            key: self.key,
            from: self.from,
            columns: self.columns,
            rows: self.rows,
            defaults: Fields::new(),
            written_by: Vec::new(),
            rates: None,
        }
    }
}

impl Chain1 {
    fn now(self) -> super::Chain {
        let required =
            |r: Requirement1| super::Requirement { what: super::Required::Must(r.must), code: r.code };
        super::Chain {
            name: self.name,
            title: self.title,
            document: self.document,
            key: self.key,
            amount: self.amount,
            initiators: self.initiators,
            benefits: self.benefits,
            skip_level_allowed: self.skip_level_allowed,
            driver: self.driver,
            cc: self.cc,
            monitors: self.monitors,
            requires: self.requires.into_iter().map(required).collect(),
            starts: Vec::new(),
            alarms: Vec::new(),
            facts: Vec::new(),
            anytime: Vec::new(),
            listens: Vec::new(),
            hands_on: Vec::new(),
            defines: self.defines,
            reads: self.reads,
            states: self.states.into_iter().map(StateDef1::now).collect(),
            ends: self.ends,
        }
    }
}

impl StateDef1 {
    fn now(self) -> super::StateDef {
        let arrow = |a: Arrow1| super::Arrow { when: a.when, go: a.go, learns: Vec::new() };
        let arrows = |(outcome, arrows): (Name, Vec<Arrow1>)| {
            let arrows: Vec<super::Arrow> = arrows.into_iter().map(arrow).collect();
            (outcome, arrows)
        };
        super::StateDef {
            name: self.name,
            activity: self.activity.now(),
            when: self.when,
            within: self.within,
            within_by: Default::default(),
            expires: self.expires,
            for_each: None,
            learns: Vec::new(),
            cc: self.cc,
            good: self.good,
            next: self.next.into_iter().map(arrows).collect(),
        }
    }
}

impl Activity1 {
    fn now(self) -> super::Activity {
        match self {
            Activity1::Check(checks) => {
                let check = |c: Check1| super::Check { test: super::Test::Must(c.must), code: c.code };
                super::Activity::Check(checks.into_iter().map(check).collect())
            }
            Activity1::Choose(branches) => super::Activity::Choose(branches),
            Activity1::People(node) => super::Activity::People(node.now()),
            Activity1::Wait(wait) => {
                let rule = super::MatchRule { when: wait.matches, index: None, first_by: None };
                super::Activity::Wait(super::Wait { fact: wait.fact, rules: vec![rule], until: None })
            }
            Activity1::WaitUntil(until) => super::Activity::WaitUntil(until),
        }
    }
}

impl Node1 {
    fn now(self) -> super::Node {
        let members = |members: Vec<Member1>| members.into_iter().map(Member1::now).collect();
        match self {
            Node1::Signer(s) => super::Node::Signer(super::Signer {
                duty: s.duty,
                who: s.who,
                veto: s.veto,
                except: s.except,
                task: None,
                only_if: None,
            }),
            Node1::Climb(climb) => super::Node::Climb(climb.now()),
            Node1::All(parts) => super::Node::All(members(parts)),
            Node1::Any(parts) => super::Node::Any(members(parts)),
            Node1::InOrder(parts) => super::Node::InOrder(members(parts)),
            Node1::Votes { need, members: parts } => super::Node::Votes { need, members: members(parts) },
        }
    }
}

impl Member1 {
    fn now(self) -> super::Member {
        super::Member {
            when: self.when,
            within: self.within,
            weight: self.weight,
            independent: self.independent,
            node: self.node.now(),
        }
    }
}

crate::depth::read_bounded!(Node1);
