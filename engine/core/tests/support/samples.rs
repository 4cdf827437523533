//! One event of every kind: for core's golden bytes, and for whoever renders events.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use countersign_core::command::Verdict;
use countersign_core::definition::{Acting, DefinitionKind, Delegation, Duty, Target};
use countersign_core::event::*;
use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::time::{Date, Span, SpanUnit, Timestamp};
use countersign_core::value::{Fields, Value};

#[path = "samples_actions.rs"]
mod actions;

fn n(text: &str) -> Name {
    Name::from(text)
}

pub fn document() -> Fields {
    let amount = |text: &str| text.parse().expect("a decimal");
    let cny = Currency::parse("CNY").expect("a currency");
    [
        ("missing", Value::Missing),
        ("flag", Value::Flag(true)),
        ("text", Value::text("合同")),
        ("number", Value::Number(amount("-1.50"))),
        ("percent", Value::Percent(amount("0.15"))),
        ("money", Value::money(amount("300000.00"), cny)),
        ("units", Value::Units(amount("12"))),
        ("date", Value::Date(Date(20_000))),
        ("time", Value::Time(Timestamp(1_745_197_200_000))),
        ("span", Value::Span(Span { count: 8, unit: SpanUnit::WorkHour })),
        ("position", Value::Position(n("bgm_js"))),
        ("unit", Value::Unit(n("js"))),
        ("list", Value::List(vec![Value::Flag(false)])),
        ("record", Value::Record(Fields::from([(n("a"), Value::text("b"))]))),
    ]
    .into_iter()
    .map(|(name, value)| (n(name), value))
    .collect()
}

pub(super) fn content() -> Content {
    Content {
        document: document(),
        hash: [1; 32],
        commercial: [2; 32],
        keeps: vec![n("money")],
        amount: document().get("money").cloned(),
        key: Some(n("HT-1")),
        claims: vec![n("contract-review/contract_no/HT-1")],
    }
}

fn milestones() -> Milestones {
    Milestones { remind: Timestamp(1), overdue: Timestamp(2), escalate: Timestamp(3) }
}

fn capacities() -> Vec<Capacity> {
    use CapacityWhy::*;
    [Own, Vacant, Acting, Delegate, Merged, Abolished, Barred, Referred, Independent]
        .into_iter()
        .map(|why| Capacity { position: n("p"), why })
        .collect()
}

fn slot() -> Slot {
    let level = Level {
        authority: n("contract"),
        place: 1,
        need: "250000.00".parse().expect("a decimal"),
        limit: None,
        decides: true,
    };
    Slot {
        duty: Duty::Approve,
        position: n("bgm_js"),
        capacities: capacities(),
        veto: true,
        blind: true,
        within: Span { count: 8, unit: SpanUnit::WorkHour },
        level: Some(level),
        seat_of: Some(n("leading_group")),
        barred: [n("H31")].into(),
    }
}

fn plan() -> Plan {
    let votes = PlanNode::Votes { need: 2, members: vec![(1, PlanNode::Slot(0))] };
    let parts = vec![votes, PlanNode::Any(vec![]), PlanNode::InOrder(vec![]), PlanNode::Climb(vec![])];
    Plan { root: PlanNode::All(parts), slots: vec![slot()] }
}

fn opinion() -> Opinion {
    Opinion {
        task: 3,
        position: n("legal"),
        person: n("H05"),
        verdict: Verdict::Object,
        reason: Some(n("clause 7")),
    }
}

fn company_events() -> Vec<Event> {
    vec![
        Event::CompanyFounded(CompanyFounded { company: n("yuanlan"), administrator: n("H03") }),
        Event::DefinitionStored(DefinitionStored {
            number: 7,
            kind: DefinitionKind::Systems,
            name: n("systems"),
            path: n("systems.yaml"),
            source: "systems: {}\n".into(),
            sha256: [3; 32],
            form: 1,
            compiled: vec![6, 0],
        }),
        Event::DefinitionsActivated(DefinitionsActivated { release: 1, definitions: vec![1, 7] }),
        Event::OrganisationSwept(OrganisationSwept { next: Some(65) }),
        Event::SkipLevelAttempted(SkipLevelAttempted {
            chain: n("contract-review"),
            person: n("H31"),
            position: n("rep_js1"),
            addressee: n("sales_director"),
            superior: Some(n("kam_js")),
        }),
    ]
}

fn case_events() -> Vec<Event> {
    let case = 42;
    let submitter = Party { person: n("H31"), position: n("rep_js1"), unit: n("js"), kind: n("rep") };
    vec![
        Event::CaseSubmitted(CaseSubmitted {
            case,
            chain: n("contract-review"),
            release: 1,
            submitter,
            path: vec![n("kam_js"), n("bgm_js")],
            content: content(),
        }),
        Event::CaseResubmitted(CaseResubmitted {
            case,
            revision: 2,
            content: content(),
            voids_signatures: true,
            person: n("H31"),
            by_editor: false,
        }),
        Event::StateEntered(StateEntered {
            case,
            state: 1,
            name: n("line"),
            work: Work::People(plan()),
            expires_at: Some(Timestamp(9)),
            cc: vec![n("nka_head")],
        }),
        Event::StateSkipped(StateSkipped { case, name: n("line"), state: 1, outcome: n("approved") }),
        Event::ChecksFailed(ChecksFailed { case, codes: vec![n("E1")] }),
        Event::BranchChosen(BranchChosen { case, go: Target::End(1) }),
        Event::StepClosed(StepClosed {
            case,
            state: n("line"),
            outcome: n("approved"),
            opinions: vec![opinion()],
        }),
        Event::OpinionsOpened(OpinionsOpened { case, opinions: vec![opinion()] }),
        Event::CaseReturned(CaseReturned { case, returns: 1 }),
        Event::CaseEnded(CaseEnded {
            case,
            end: n("rejected"),
            good: false,
            code: Some(n("REVISION_LIMIT")),
        }),
        Event::CaseWithdrawn(CaseWithdrawn { case, reason: Some(n("mistake")), told: vec![n("kam_js")] }),
        Event::CaseHeld(CaseHeld {
            case,
            code: n("NO_APPROVER"),
            detail: "nobody".into(),
            told: vec![n("driver")],
        }),
        Event::StateExpired(StateExpired { case, state: n("sealing"), go: Target::Draft }),
        Event::FactReceived(FactReceived { case, fact: n("a.b.c"), message_id: n("m1"), data: document() }),
        Event::TurnSplit(TurnSplit { case }),
    ]
}

fn task_events() -> Vec<Event> {
    let (case, task) = (42, 3);
    vec![
        Event::TaskOpened(TaskOpened {
            case,
            task,
            slot: 1,
            duty: Duty::Review,
            position: n("bgm_js"),
            holders: vec![n("H25")],
            capacities: capacities(),
            milestones: milestones(),
        }),
        Event::TaskDecided(TaskDecided {
            case,
            task,
            person: n("H25"),
            verdict: Verdict::Approve,
            counts_as_review: true,
            overrides: false,
            blind: true,
            reason: Some(n("prepaid")),
            content_hash: [1; 32],
        }),
        Event::TaskWithdrawn(TaskWithdrawn { case, task, cause: WithdrawnCause::Expired }),
        Event::SignatureKept(SignatureKept { case, slot: 0, task }),
        Event::TaskLapsed(TaskLapsed { case, task }),
        Event::TaskReminded(TaskReminded { case, task }),
        Event::TaskOverdue(TaskOverdue { case, task, copied: vec![n("region_east_head")] }),
        Event::TaskEscalated(TaskEscalated { case, task, to: vec![n("region_east_head")] }),
        Event::TaskReassigned(TaskReassigned {
            case,
            task,
            position: n("sales_director"),
            holders: vec![n("H06")],
            capacities: capacities(),
            milestones: milestones(),
        }),
        Event::TaskReferred(TaskReferred { case, task, person: n("H25"), reason: n("conflict_of_interest") }),
        Event::RouteExtended(RouteExtended {
            case,
            slot: 1,
            levels: vec![PlanNode::Slot(2)],
            slots: vec![slot()],
        }),
        Event::SelfApprovalAttempted(SelfApprovalAttempted {
            case,
            task,
            person: n("H25"),
            position: n("bgm_js"),
        }),
        Event::LateAnswer(LateAnswer { case, task, person: n("H25"), verdict: Verdict::Pass }),
    ]
}

fn learnt_events() -> Vec<Event> {
    let case = 42;
    let row = Fields::from([(n("grade"), Value::text("A"))]);
    vec![
        Event::RecordWritten(RecordWritten {
            case,
            table: n("customers"),
            key: n("CU-JS-002"),
            row: Some(row),
            before: None,
            undo: false,
        }),
        Event::FactsLearnt(FactsLearnt { case, facts: document() }),
        Event::CaseHandedOver(CaseHandedOver { case, from: n("nka_head"), to: n("kam_js") }),
        Event::TaskAnswered(TaskAnswered {
            case,
            task: 3,
            person: n("H25"),
            verdict: Verdict::Choose,
            choice: Some(n("ship")),
            fields: document(),
            reason: Some(n("in stock")),
            content_hash: [1; 32],
        }),
        Event::AlarmSet(AlarmSet { case, alarm: 1, at: Some(Timestamp(9)) }),
        Event::AlarmRaised(AlarmRaised { case, alarm: 1, name: n("stock target"), told: vec![n("driver")] }),
        Event::CaseListens(CaseListens { case, to: vec![listening()] }),
        Event::ValuesClaimed(ValuesClaimed { case, claims: vec![n("claim/invoices.number/I-1")] }),
    ]
}

fn listening() -> Listening {
    let key = MatchKey { field: vec![n("ref")], value: Value::text("I-1") };
    Listening { fact: n("finance.receipt.bounced"), keys: vec![None, Some(key)] }
}

/// What states other than those of people wait for.
fn works() -> Vec<Event> {
    let key = MatchKey { field: vec![n("invoice"), n("no")], value: Value::text("I-1") };
    let works = [
        Work::Message { fact: n("finance.receipt.posted"), keys: vec![Some(key), None] },
        Work::Outside(vec![Value::Missing, Value::Record(document())]),
        Work::Following(vec![(Value::Missing, 3)]),
        Work::Compensation(Some(2)),
        Work::Asked {
            plan: plan(),
            about: vec![About { slot: 0, task: Some(1), item: Some(Value::Flag(true)) }],
        },
    ];
    let entered =
        |work| StateEntered { case: 42, state: 1, name: n("open"), work, expires_at: None, cc: Vec::new() };
    works.into_iter().map(entered).map(Event::StateEntered).collect()
}

fn kept_events() -> Vec<Event> {
    let (fact, sender, message_id) = (n("finance.receipt.posted"), n("finance"), n("m7"));
    vec![
        Event::FactKept(FactKept {
            fact: fact.clone(),
            sender: sender.clone(),
            message_id: message_id.clone(),
            data: document(),
            until: Timestamp(9),
        }),
        Event::FactGivenUp(FactGivenUp { fact, sender, message_id, data: document() }),
        Event::PeriodBegan(PeriodBegan {
            chain: n("customer-grade-limit"),
            start: 1,
            reached: Some(n("CU-JS-002")),
            refused: vec![(n("CU-JS-001"), n("NOT_UNIQUE"))],
            next: Some(Timestamp(9)),
        }),
    ]
}

fn family_events() -> Vec<Event> {
    let (case, child) = (42, 43);
    vec![
        Event::CaseAsked(CaseAsked {
            case,
            entry: n("cancel"),
            by_case: Some(7),
            person: n("H25"),
            position: n("bgm_js"),
            reason: Some(n("the customer withdrew")),
            with: document(),
            go: Some(Target::State(4)),
        }),
        Event::ChildStarted(ChildStarted {
            case,
            child,
            chain: n("delivery"),
            state: 1,
            item: 2,
            correlation: 40,
            draft: true,
        }),
        Event::ChildEnded(ChildEnded { case, child, end: n("closed"), good: true }),
    ]
}

fn undoes() -> Undoes {
    Undoes { case: 41, command: 2, state_name: n("commanding"), with: document(), done: document() }
}

fn command_events() -> Vec<Event> {
    use countersign_core::command::Operation;
    let (case, command) = (42, 3);
    let fields = document();
    vec![
        Event::CaseOperated(CaseOperated {
            case,
            act: Operation::Compensate,
            person: n("H03"),
            reason: n("the customer has gone"),
        }),
        Event::ItemClosed(ItemClosed {
            case,
            item: 1,
            outcome: n("refused.NO_CAPACITY"),
            children: vec![43],
        }),
        Event::CommandIssued(CommandIssued {
            case,
            command,
            state: 2,
            state_name: n("cancelling"),
            item: 1,
            verb: n("erp.mo.cancel"),
            with: fields.clone(),
            undoes: Some(undoes()),
            correlation: 40,
            again_at: Some(Timestamp(1)),
            silent_at: Timestamp(2),
        }),
        Event::CommandSentAgain(CommandSentAgain {
            case,
            command,
            state_name: n("cancelling"),
            verb: n("erp.mo.cancel"),
            with: fields.clone(),
            undoes: Some(undoes()),
            correlation: 40,
            sent_at: Timestamp(1),
            attempt: 2,
            again_at: None,
            silent_at: Timestamp(3),
        }),
        Event::CommandSilent(CommandSilent { case, command }),
        Event::CommandAnswered(CommandAnswered {
            case,
            command,
            reply_id: n("r1"),
            word: n("refused"),
            code: Some(n("NO_CAPACITY")),
            message: Some(n("not this month")),
            fields: fields.clone(),
            last: true,
            late: true,
            taken: false,
            effect: true,
        }),
        Event::ReplyConflicted(ReplyConflicted { case, command, reply_id: n("r2"), word: n("done"), fields }),
        Event::EffectUndone(EffectUndone { case }),
        Event::EffectSettled(EffectSettled {
            case,
            what: Settled::Command { id: n("C-42.ordering.1"), verb: n("erp.mo.create") },
        }),
    ]
}

pub fn every_kind() -> Vec<Event> {
    let mut events = company_events();
    events.extend(works());
    events.extend(kept_events());
    events.extend(family_events());
    events.extend(case_events());
    events.extend(command_events());
    events.extend(task_events());
    events.extend(learnt_events());
    events.extend(account_events());
    events.extend(hold_events());
    events.push(weighed_event());
    events.extend(actions::action_events());
    events.extend(organisation_events());
    events.sort_by_key(Event::kind);
    events
}

fn organisation_events() -> Vec<Event> {
    let change =
        || Change { person: n("H03"), position: n("process_owner"), reason: n("leaves"), case: Some(42) };
    let held = |position: &str, holders: &[&str]| PostHeld {
        position: n(position),
        holders: holders.iter().map(|h| n(h)).collect(),
    };
    let decimal = |text: &str| text.parse().expect("a decimal");
    let (since, until) = (Timestamp(1_745_197_200_000), Timestamp(1_745_542_800_000));
    let acting = Acting { by: n("kam_js"), share: decimal("0.5"), since: Some(since), until };
    let delegation = Delegation {
        from: n("bgm_js"),
        to: n("kam_js"),
        authority: vec![n("contract")],
        up_to: decimal("200000"),
        start: since,
        end: until,
        chains: vec![n("contract-review")],
        duties: vec![Duty::Approve, Duty::Review],
    };
    let (person, position, name) = (n("H40"), n("bgm_js"), n("DG-01"));
    let from = vec![held("kam_js", &[])];
    vec![
        Event::PersonHired(PersonHired {
            person: person.clone(),
            post: held("bgm_js", &["H25", "H40"]),
            change: change(),
        }),
        Event::PersonLeft(PersonLeft { person: n("H29"), posts: from.clone(), change: change() }),
        Event::PersonMoved(PersonMoved {
            person: n("H29"),
            from,
            to: held("bgm_js", &["H29"]),
            change: change(),
        }),
        Event::PostVacated(PostVacated {
            post: held("bgm_js", &[]),
            persons: vec![n("H25")],
            change: change(),
        }),
        Event::ActingAppointed(ActingAppointed {
            position: position.clone(),
            acting: Some(acting),
            change: change(),
        }),
        Event::DelegationGranted(DelegationGranted { name: name.clone(), delegation, change: change() }),
        Event::DelegationEnded(DelegationEnded {
            name: name.clone(),
            new_holder_of: Some(position.clone()),
            change: change(),
        }),
        Event::ActsSuperseded(ActsSuperseded {
            posts: vec![position.clone()],
            delegations: vec![name.clone()],
        }),
        Event::StoodIn(StoodIn {
            case: 42,
            task: 3,
            person: n("H29"),
            position: position.clone(),
            why: CapacityWhy::Delegate,
            delegation: Some(name),
        }),
        Event::WindowTurned(WindowTurned { posts: vec![position] }),
    ]
}

fn account_events() -> Vec<Event> {
    let (case, account, key) = (42, n("promo_budget"), n("promo_js_2025q2"));
    let decimal = |text: &str| text.parse().expect("a decimal");
    let amount = decimal("300000.00");
    let (name, lot) = (n("budget"), 2);
    vec![
        Event::AccountOpened(AccountOpened { account: account.clone(), used: vec![(key.clone(), amount)] }),
        Event::Reserved(Reserved {
            case,
            state: 3,
            lot,
            name: name.clone(),
            account: account.clone(),
            key: key.clone(),
            amount,
            from: Some((41, 1)),
        }),
        Event::ReservationRefused(ReservationRefused {
            case,
            name,
            account: account.clone(),
            key: key.clone(),
            asked: amount,
            free: decimal("10.5"),
            code: n("BUDGET_INSUFFICIENT"),
        }),
        Event::Consumed(Consumed {
            case,
            state: 3,
            lot: Some((41, 1)),
            account: account.clone(),
            key: key.clone(),
            amount,
        }),
        Event::Restored(Restored {
            case,
            account: account.clone(),
            key: key.clone(),
            amount,
            undo: true,
            back_to: None,
        }),
        Event::Released(Released {
            case,
            lot,
            account,
            key,
            amount,
            back_to: Some((41, 1)),
            why: ReleasedWhy::Compensated,
        }),
    ]
}

fn weighed_event() -> Event {
    let currency = Currency::parse("USD").expect("a currency");
    let rate = RateUsed { currency, rate: "7.1800".parse().expect("a decimal"), on: Date(20_199) };
    let sum = "30000.00".parse().expect("a decimal");
    let added = Added { key: n("bad-debt / CU-JS-002"), until: Timestamp(2), sum, count: 1, cases: vec![41] };
    Event::AmountWeighed(AmountWeighed {
        case: 42,
        task: Some(3),
        slots: (2, 3),
        authority: n("bad_debt"),
        amount: Value::money("1000.00".parse().expect("a decimal"), currency),
        rates: vec![rate],
        own: "7180.00".parse().expect("a decimal"),
        added: Some(added),
        need: "37180.00".parse().expect("a decimal"),
    })
}

fn hold_events() -> Vec<Event> {
    let (case, account, key) = (42, n("promo_budget"), n("promo_js_2025q2"));
    let amount = "300000.00".parse().expect("a decimal");
    let (name, lot) = (n("budget"), 2);
    vec![
        Event::HoldTaken(HoldTaken {
            case,
            from: 41,
            from_lot: 1,
            lot,
            name,
            account: account.clone(),
            key: key.clone(),
            amount,
            with: Some(n("special-price")),
        }),
        Event::HoldsKept(HoldsKept { case, until: Timestamp(1), end: n("expired"), good: false }),
        Event::HoldLapsed(HoldLapsed { case, end: n("expired"), good: false }),
        Event::AccountFlagged(AccountFlagged {
            case: Some(case),
            account,
            key,
            flag: Some(n("red")),
            below_zero: Some(n("quota.deficit")),
        }),
    ]
}
