//! Questions to the views: inbox, case, timeline.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::decide::may_ask;
use countersign_core::definition::Activity;
use countersign_core::name::Name;
use countersign_core::rejection::Rejection;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_messages as wire;
use countersign_messages::{
    CaseView, InboxItem, InboxView, Request, Signature, TimelineEntry, TimelineView, Title,
};
use countersign_runtime::views::{
    CaseRow, InboxPage, InboxPlace, InboxRow, Status, TimelineEvent, TimelineRow, Views,
};

use super::command::asking;
use super::concern::{Question, about};
use super::refuse::{self, Refusal};
use super::{Answered, Caller, Desk};
use crate::ids::{case_text, correlation_text, parse_case, task_text};
use crate::render::{self, Opinions};

/// Entries of a timeline where the caller names no number, and at most.
const TIMELINE_DEFAULT: u32 = 100;
const TIMELINE_MAX: u32 = 500;
/// Tasks of one page of an inbox at most, so that it fits a message.
const INBOX_MAX: u32 = 500;

impl Desk {
    /// The open tasks of a person in a post.
    pub(super) async fn inbox(&self, caller: &Caller, r: wire::Inbox) -> Answered<InboxView> {
        let (views, applied) = self.views(r.at_least).await?;
        let after = r.after.as_ref().map(|after| place(after.as_str())).transpose()?;
        let limit = r.limit.map_or(usize::MAX, |limit| limit.clamp(1, INBOX_MAX) as usize);
        let page = views.inbox_page(r.person.as_str(), Some(r.position.as_str()), after, limit);
        let InboxPage { rows, next } = page.map_err(|e| refuse::no_view(&e))?;
        let next = next.map(|place| format!("{}.{}.{}", place.due.0, place.case, place.task));
        let chains: BTreeSet<Name> = rows.iter().map(|row| row.chain.clone()).collect();
        let (request, now) = (asking(caller, &Request::Inbox(r), [0; 16]), self.now());
        let look = move |state: &State| -> Result<Vec<InboxItem>, Rejection> {
            let at = now.max(state.head().at);
            may_ask(state, at, &request, "inbox", None)?;
            let may = |chain: &Name| may_ask(state, at, &request, "inbox", Some(chain)).is_ok();
            let titles: BTreeMap<Name, Title> =
                chains.into_iter().filter(may).map(|chain| (chain.clone(), title(state, &chain))).collect();
            let shown = |row: InboxRow| {
                let title = titles.get(&row.chain)?.clone();
                let work =
                    work_of(state, (row.release, &row.chain), (&row.state, row.work), row.item.as_ref());
                Some(item(title, work, row))
            };
            Ok(rows.into_iter().filter_map(shown).collect())
        };
        let (items, _) = self.look(look).await?;
        Ok((InboxView { items, next }, applied))
    }

    /// A case as it stands.
    pub(super) async fn case(&self, caller: &Caller, r: wire::Case) -> Answered<CaseView> {
        let case = parse_case(r.case.as_str()).map_err(refuse::rejected)?;
        let (views, applied) = self.views(r.at_least).await?;
        let row = self.row(&views, caller, Request::Case(r), case).await?;
        let document = views.document(case, row.document_at).map_err(|e| refuse::no_view(&e))?;
        let document = document.map(|fields| render::fields(&fields)).unwrap_or_default();
        Ok((case_view(self.company().as_str(), &row, document), applied))
    }

    /// What happened to a case.
    pub(super) async fn timeline(&self, caller: &Caller, r: wire::Timeline) -> Answered<TimelineView> {
        let case = parse_case(r.case.as_str()).map_err(refuse::rejected)?;
        let (views, applied) = self.views(r.at_least).await?;
        let limit = r.limit.unwrap_or(TIMELINE_DEFAULT).clamp(1, TIMELINE_MAX);
        let from = r.from.unwrap_or_default();
        let all = r.all;
        let request = Request::Timeline(r);
        let row = self.row(&views, caller, request.clone(), case).await?;
        let rows = match all {
            true => self.order(&views, caller, &request, row).await?,
            false => BTreeMap::from([(case, row)]),
        };
        let cases: Vec<u64> = rows.keys().copied().collect();
        let page = views.timeline_of(&cases, from, limit as usize).map_err(|e| refuse::no_view(&e))?;
        let entries = (0..page.rows.len()).filter_map(|i| {
            let of = page.rows[i].event.case()?;
            let told = entry(rows.get(&of)?, &page.rows[i], &page.rows[i + 1..]);
            Some(TimelineEntry { case: (of != case).then(|| case_text(of)), ..told })
        });
        let entries = entries.collect();
        Ok((TimelineView { case: case_text(case), entries, next: page.next }, applied))
    }

    /// The cases of the order that a case belongs to, as far as the caller may see them.
    async fn order(
        &self,
        views: &Views,
        caller: &Caller,
        request: &Request,
        row: CaseRow,
    ) -> Result<BTreeMap<u64, CaseRow>, Refusal> {
        let cases = views.order_of(row.correlation).map_err(|e| refuse::no_view(&e))?;
        let mut rows = BTreeMap::from([(row.case, row)]);
        for case in cases {
            if rows.contains_key(&case) {
                continue;
            }
            // What somebody may not see is left out, as if it did not belong to the order; nobody asked for it.
            let (row, question) = self.asked_of(views, caller, request, case)?;
            let seen = self.look(move |state| question.allowed(state)).await;
            rows.extend(row.filter(|_| seen.is_ok()).map(|row| (case, row)));
        }
        Ok(rows)
    }

    /// The views, once they have come as far as the caller needs, and how far they have come.
    pub(super) async fn views(&self, at_least: Option<u64>) -> Result<(Views, u64), Refusal> {
        let views = self.engine().views().ok_or_else(refuse::views_off)?.clone();
        views.reach(at_least.unwrap_or_default()).await.map_err(|e| refuse::no_view(&e))?;
        // Before any row is read: the answer contains at least this.
        let applied = views.applied();
        Ok((views, applied))
    }

    /// The row of a case, and the question whether the caller may see it.
    fn asked_of(
        &self,
        views: &Views,
        caller: &Caller,
        request: &Request,
        case: u64,
    ) -> Result<(Option<CaseRow>, Question), Refusal> {
        let row = views.case(case).map_err(|e| refuse::no_view(&e))?;
        let question = Question {
            asking: asking(caller, request, [0; 16]),
            verb: request.verb().as_token(),
            now: self.now(),
            case,
            row: row.as_ref().map(about),
        };
        Ok((row, question))
    }

    /// The row of a case, if the caller may see it.
    pub(super) async fn row(
        &self,
        views: &Views,
        caller: &Caller,
        request: Request,
        case: u64,
    ) -> Result<CaseRow, Refusal> {
        let (row, question) = self.asked_of(views, caller, &request, case)?;
        let ((), sequence) = self.look_at(question, |_| Ok(())).await?;
        row.ok_or_else(|| {
            let (at_least, applied) = (sequence, views.applied());
            refuse::no_view(&countersign_runtime::views::ViewsError::Behind { at_least, applied })
        })
    }
}

/// A place in an inbox as an earlier answer told it: deadline, case and task.
fn place(text: &str) -> Result<InboxPlace, Refusal> {
    let mut parts = text.split('.');
    let (due, case, task) = (parts.next(), parts.next(), parts.next());
    let read = || {
        let due = Timestamp(due?.parse().ok()?);
        Some(InboxPlace { due, case: case?.parse().ok()?, task: task?.parse().ok()? })
    };
    read().filter(|_| parts.next().is_none()).ok_or_else(|| {
        let message = format!("expected `next` of an earlier answer, found {text}");
        Box::new(wire::WireError::new(wire::Code::BadValue, message).at_field("after").into())
    })
}

/// What a chain is called.
fn title(state: &State, chain: &Name) -> Title {
    let found = state.definitions().active().and_then(|release| release.chain(chain));
    found.map_or_else(|| render::title(chain, ""), |chain| render::title(&chain.title.en, &chain.title.zh))
}

/// What a piece of work asks for, by the rules that its case keeps.
fn work_of(
    state: &State,
    (release, chain): (u32, &Name),
    (of, work): (&Name, Option<u16>),
    item: Option<&countersign_core::value::Value>,
) -> Option<wire::WorkView> {
    let chain = state.definitions().release(release)?.chain(chain)?;
    let def = chain.states.iter().find(|state| state.name == *of)?;
    let Activity::People(node) = &def.activity else { return None };
    Some(render::work_view(node.tasks().get(usize::from(work?))?, item))
}

fn item(title: Title, work: Option<wire::WorkView>, row: InboxRow) -> InboxItem {
    InboxItem {
        case: case_text(row.case),
        task: task_text(row.task),
        chain: row.chain.to_string(),
        title,
        state: row.state.to_string(),
        duty: row.duty.word().to_owned(),
        position: row.position.to_string(),
        capacities: render::capacity_names(&row.position, &row.capacities),
        submitter: row.submitter.position.to_string(),
        amount: row.amount.as_ref().and_then(render::quantity),
        key: row.key.map(|key| key.to_string()).unwrap_or_default(),
        revision: row.revision,
        version: u64::from(row.version),
        content_hash: wire::ContentHash::from_bytes(&row.content_hash),
        opened_at: render::time(row.opened_at),
        due_at: Some(render::time(row.due)),
        overdue: row.overdue,
        work,
        opinions: row.opinions.iter().map(render::opinion).collect(),
        question: row.question.map(|question| question.to_string()),
        document: None,
    }
}

fn case_view(company: &str, row: &CaseRow, document: wire::Document) -> CaseView {
    CaseView {
        case: case_text(row.case),
        chain: row.chain.to_string(),
        key: row.key.as_ref().map(ToString::to_string).unwrap_or_default(),
        state: row.state.to_string(),
        revision: row.revision,
        version: u64::from(row.revision),
        submitter: row.submitter.position.to_string(),
        amount: row.amount.as_ref().and_then(render::quantity),
        waiting_for: row.tasks.values().map(render::waiting).collect(),
        route: row.route.iter().map(render::route_step).collect(),
        // An answer of a blind part that is still closed is left out, and so is its verdict.
        signed: row.signed.iter().filter_map(signature).collect(),
        final_position: row.final_position().map(ToString::to_string),
        ended: row.ended.as_ref().map(|ended| wire::Ended {
            end: ended.end.to_string(),
            good: ended.good,
            at: render::time(ended.at),
        }),
        opened_at: render::time(row.opened_at),
        document,
        content_hash: wire::ContentHash::from_bytes(&row.content_hash),
        correlation: correlation_text(company, row.correlation),
        held: match &row.status {
            Status::OnHold { code, detail } => {
                Some(wire::HeldView { code: code.to_string(), detail: detail.clone() })
            }
            _ => None,
        },
        owner: row.outward.owner.as_ref().map(ToString::to_string),
        parent: row.outward.parent.map(case_text),
        children: row.outward.children.iter().map(render::child).collect(),
        facts: render::fields(&row.outward.facts),
        commands: row.outward.commands.iter().map(|command| render::command(row, command)).collect(),
        alarms: row.outward.alarms.iter().map(render::alarm).collect(),
        overrides: row.jumps.iter().map(render::overridden).collect(),
    }
}

fn signature(signed: &countersign_runtime::views::SignedRow) -> Option<Signature> {
    let answer = signed.answer.as_ref()?;
    Some(Signature {
        signature: task_text(signed.task),
        state: signed.state.to_string(),
        position: signed.position.to_string(),
        person: signed.person.to_string(),
        capacities: render::capacity_names(&signed.position, &signed.capacities),
        verdict: render::verdict(answer.verdict).to_owned(),
        reason: answer.reason.as_ref().map(ToString::to_string),
        choice: answer.choice.as_ref().map(ToString::to_string),
        fields: render::fields(&answer.fields),
        at: render::time(signed.at),
        revision: signed.revision,
        standing: !signed.void,
    })
}

/// One event of a case; `after` are those that follow it.
fn entry(case: &CaseRow, row: &TimelineRow, after: &[TimelineRow]) -> TimelineEntry {
    let following = after.iter().take_while(|next| next.sequence == row.sequence);
    let following = following.filter_map(|next| match &next.event {
        TimelineEvent::Open(event) => Some(&**event),
        TimelineEvent::SealedDecision { .. } => None,
    });
    let told = match &row.event {
        TimelineEvent::Open(event) => render::tell(event, following, Opinions::Open),
        TimelineEvent::SealedDecision { task, person, .. } => render::tell_sealed(case.case, *task, person),
    };
    let signed = told.task.and_then(|task| case.signed.iter().find(|signed| signed.task == task));
    let own = signed.filter(|_| told.event == "task-decided");
    TimelineEntry {
        sequence: row.sequence,
        index: row.index,
        case: None,
        at: render::time(row.at),
        event: told.event.to_owned(),
        text: told.text,
        person: told.person.map(|person| person.to_string()),
        position: told.position.or_else(|| Some(own?.position.clone())).map(|position| position.to_string()),
        capacities: own
            .map(|signed| render::capacity_names(&signed.position, &signed.capacities))
            .unwrap_or_default(),
        reason: told.reason.map(|reason| reason.to_string()),
        data: wire::Document(told.data),
    }
}
