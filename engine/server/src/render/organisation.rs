//! What events of the organisation say, as a JSON object and as a sentence.

use countersign_core::definition::{Acting, Delegation};
use countersign_core::event::*;
use countersign_core::name::Name;

use super::json::{Json, json};

fn post(post: &PostHeld) -> Json<'_> {
    json!({ "position": post.position.as_str(), "holders": Json::Names(&post.holders) })
}

fn posts(posts: &[PostHeld]) -> Json<'_> {
    Json::list(posts, post)
}

fn acting(acting: &Acting) -> Json<'_> {
    json!({
        "by": acting.by.as_str(),
        "share": Json::Printed(&acting.share),
        "since": acting.since.map(Json::At),
        "until": Json::At(acting.until),
    })
}

/// A delegation as an object.
fn delegation(of: &Delegation) -> Json<'_> {
    json!({
        "from": of.from.as_str(),
        "to": of.to.as_str(),
        "authority": Json::Names(&of.authority),
        "up_to": Json::Printed(&of.up_to),
        "start": Json::At(of.start),
        "end": Json::At(of.end),
        "chains": Json::Names(&of.chains),
        "duties": Json::list(&of.duties, |duty| Json::Text(duty.word())),
    })
}

/// What such an event says; null for one of another sort.
pub(super) fn organisation(event: &Event) -> Json<'_> {
    let mut told = match event {
        Event::PersonHired(e) => json!({ "person": e.person.as_str(), "post": post(&e.post) }),
        Event::PersonLeft(e) => json!({ "person": e.person.as_str(), "posts": posts(&e.posts) }),
        Event::PersonMoved(e) => {
            json!({ "person": e.person.as_str(), "from": posts(&e.from), "to": post(&e.to) })
        }
        Event::PostVacated(e) => json!({ "post": post(&e.post), "persons": Json::Names(&e.persons) }),
        Event::ActingAppointed(e) => {
            json!({ "position": e.position.as_str(), "acting": e.acting.as_ref().map(acting) })
        }
        Event::DelegationGranted(e) => {
            json!({ "name": e.name.as_str(), "delegation": delegation(&e.delegation) })
        }
        Event::DelegationEnded(e) => json!({
            "name": e.name.as_str(),
            "new_holder_of": e.new_holder_of.as_ref(),
        }),
        Event::ActsSuperseded(e) => {
            json!({ "posts": Json::Names(&e.posts), "delegations": Json::Names(&e.delegations) })
        }
        Event::StoodIn(e) => json!({
            "task": Json::Task(e.task),
            "person": e.person.as_str(),
            "position": e.position.as_str(),
            "as": word(e.why),
            "delegation": e.delegation.as_ref(),
        }),
        Event::WindowTurned(e) => json!({ "posts": Json::Names(&e.posts) }),
        _ => return Json::Null,
    };
    if let Some(change) = event.change() {
        told.set(
            "by",
            json!({
                "person": change.person.as_str(),
                "position": change.position.as_str(),
                "reason": change.reason.as_str(),
                "case": change.case.map(Json::Case),
            }),
        );
    }
    told
}

/// How somebody stands in for a post.
fn word(why: CapacityWhy) -> &'static str {
    match why {
        CapacityWhy::Acting => "acting",
        CapacityWhy::Delegate => "deputy",
        _ => "holder",
    }
}

/// The same as a sentence, in English and Chinese. None: it is another event.
pub(super) fn sentence(event: &Event) -> Option<(String, String)> {
    Some(match event {
        Event::PersonHired(e) => {
            let post = &e.post.position;
            (format!("{} took the post {post}", e.person), format!("{} 到岗 {post}", e.person))
        }
        Event::PersonLeft(e) => {
            let posts = listed(e.posts.iter().map(|post| &post.position));
            (
                format!("{} left the company and {posts}", e.person),
                format!("{} 离职，原岗位 {posts}", e.person),
            )
        }
        Event::PersonMoved(e) => {
            let (from, to) = (listed(e.from.iter().map(|post| &post.position)), &e.to.position);
            (format!("{} went from {from} to {to}", e.person), format!("{} 由 {from} 调任 {to}", e.person))
        }
        Event::PostVacated(e) => {
            let (post, persons) = (&e.post.position, listed(&e.persons));
            (format!("{persons} gave up the post {post}"), format!("{persons} 卸任 {post}"))
        }
        Event::ActingAppointed(e) => match &e.acting {
            Some(acting) => (
                format!("{} acts for {} until {}", acting.by, e.position, super::value::time(acting.until)),
                format!("{} 代理 {}，至 {}", acting.by, e.position, super::value::time(acting.until)),
            ),
            None => {
                (format!("nobody acts for {} any more", e.position), format!("{} 的代理结束", e.position))
            }
        },
        Event::DelegationGranted(e) => granted(e),
        Event::DelegationEnded(e) => match &e.new_holder_of {
            Some(post) => (
                format!("delegation {} ended: {post} has a new holder", e.name),
                format!("授权 {} 终止：{post} 换人", e.name),
            ),
            None => (format!("delegation {} was taken back", e.name), format!("授权 {} 已撤销", e.name)),
        },
        Event::ActsSuperseded(e) => {
            let what = listed(e.posts.iter().chain(&e.delegations));
            (
                format!("the new organisation.yaml holds for {what}"),
                format!("{what} 以新的 organisation.yaml 为准"),
            )
        }
        Event::StoodIn(e) => {
            let under = e.delegation.as_ref().map_or(String::new(), |name| format!(" ({name})"));
            (
                format!("{} answers for {} as {}{under}", e.person, e.position, word(e.why)),
                format!("{} 代 {} 签署{under}", e.person, e.position),
            )
        }
        Event::WindowTurned(e) => {
            let posts = listed(&e.posts);
            (
                format!("whoever stands in for {posts} began or ceased to, as its time came"),
                format!("{posts} 的代理或授权到期或生效"),
            )
        }
        _ => return None,
    })
}

fn granted(e: &DelegationGranted) -> (String, String) {
    let d = &e.delegation;
    let what = if d.authority.is_empty() { listed(&d.chains) } else { listed(&d.authority) };
    let (start, end) = (super::value::time(d.start), super::value::time(d.end));
    (
        format!(
            "{} delegated {what} up to {} to {} from {start} to {end} ({})",
            d.from, d.up_to, d.to, e.name
        ),
        format!("{} 授权 {}：{what}，上限 {}，{start} 至 {end}（{}）", d.from, d.to, d.up_to, e.name),
    )
}

fn listed<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    names.into_iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
