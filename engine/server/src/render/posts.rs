//! Who holds what, and what a change of it would do, as queries and the command line tell it.

use countersign_core::decide::{Impact, ImpactKind};
use countersign_core::definition::Duty;
use countersign_core::event::Event;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_messages as wire;
use countersign_messages::{
    ActingView, Answering, Decimal, DelegationView, ImpactRow, ImpactView, OrganisationView, PostView, Title,
};

use super::organisation::sentence;
use super::value::time;
use crate::ids::{case_text, task_text};

/// Pieces of work that one answer shows at most; the rest is counted.
const WORK_MAX: usize = 500;

/// The organisation as it stands at an instant; of one post, or of all.
pub fn organisation_view(state: &State, at: Timestamp, post: Option<&Name>) -> OrganisationView {
    let Some(release) = state.definitions().active() else { return OrganisationView::default() };
    let Some(organisation) = release.organisation() else { return OrganisationView::default() };
    let changed = state.living().posts();
    let concerns = |name: &Name| post.is_none_or(|post| post == name);
    let posts = organisation.positions.iter().filter(|(name, _)| concerns(name));
    let delegations = organisation.delegations.iter().filter(|(_, d)| at < d.end);
    let delegations = delegations.filter(|(_, d)| concerns(&d.from) || concerns(&d.to));
    OrganisationView {
        version: state.living().version(),
        release: release.number,
        posts: posts
            .map(|(name, post)| PostView {
                position: name.to_string(),
                title: title(&post.title.en, &post.title.zh),
                kind: post.kind.to_string(),
                unit: post.unit.to_string(),
                solid: post.solid.as_ref().map(ToString::to_string),
                holders: texts(&post.holders),
                acting: post.acting.as_ref().filter(|acting| at < acting.until).map(|acting| ActingView {
                    by: acting.by.to_string(),
                    limit: decimal(acting.share),
                    since: acting.since.map(time),
                    until: time(acting.until),
                }),
                changed: changed.contains(name),
            })
            .collect(),
        delegations: delegations
            .map(|(name, d)| DelegationView {
                name: name.to_string(),
                from: d.from.to_string(),
                to: d.to.to_string(),
                authority: texts(&d.authority),
                up_to: decimal(d.up_to),
                start: time(d.start),
                end: time(d.end),
                chains: texts(&d.chains),
                duties: d.duties.iter().map(|duty| duty.word().to_owned()).collect(),
                holds: d.holds(at),
            })
            .collect(),
    }
}

/// What acts would come to.
pub(crate) fn impact_view(events: &[Event], mut work: Vec<Impact>) -> ImpactView {
    let changes = events.iter().filter_map(sentence);
    let changes = changes.map(|(en, zh)| Title { en, zh: Some(zh) }).collect();
    let count = |kind: ImpactKind| work.iter().filter(|impact| impact.kind == kind).count() as u64;
    let (reassigned, rerouted, stranded) =
        (count(ImpactKind::Reassigned), count(ImpactKind::Rerouted), count(ImpactKind::Stranded));
    let more = work.len().saturating_sub(WORK_MAX) as u64;
    if more > 0 {
        work.sort_by_key(|impact| (std::cmp::Reverse(impact.kind), impact.case));
        work.truncate(WORK_MAX);
    }
    let work = work.into_iter().map(row).collect();
    ImpactView { changes, reassigned, rerouted, stranded, work, more }
}

fn row(impact: Impact) -> ImpactRow {
    let answering = |(position, persons): &(Name, Vec<Name>)| Answering {
        position: position.to_string(),
        persons: texts(persons),
    };
    ImpactRow {
        case: case_text(impact.case),
        chain: impact.chain.to_string(),
        key: impact.key.as_ref().map(ToString::to_string),
        task: impact.task.map(task_text),
        duty: impact.duty.map(|duty: Duty| duty.word().to_owned()),
        kind: impact.kind.word().to_owned(),
        from: answering(&impact.from),
        to: answering(&impact.to),
        beyond_limit: impact.beyond_limit,
    }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn title(en: &str, zh: &str) -> wire::Title {
    super::title(en, zh)
}

fn decimal(of: rust_decimal::Decimal) -> Decimal {
    super::accounts::amount(of)
}
