//! `countersign org show`: who holds what now, or held at an instant.

use std::path::Path;

use clap::Args;
use countersign_core::name::Name;
use countersign_core::state::{State, apply_frame};
use countersign_core::time::Timestamp;
use countersign_messages::{DelegationView, Organisation, OrganisationView, PostView, Request};
use countersign_server::render::organisation_view;
use serde_json::json;

use crate::commands::asking::{Actor, Asking, name};
use crate::commands::log::{each_while, open};
use crate::exit::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::time;
use crate::transport::{Answer, Where};

/// Show who holds what, who acts and what is delegated
#[derive(Args)]
#[command(after_help = super::EXAMPLES)]
pub(super) struct Show {
    /// Only this post
    post: Option<String>,
    /// As it was at this instant, such as '2025-04-21T09:00+08:00'; with --data only
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
}

impl Show {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let view = match (self.at.files()?, &self.as_of) {
            (Some(data), as_of) => self.of_log(&data, as_of.as_deref())?,
            (None, Some(_)) => {
                return Err(
                    Failure::usage("expected --data with --as-of: only the log knows what was").at("--as-of")
                );
            }
            (None, None) => self.over_nats()?,
        };
        if output.json {
            return output.object(&json!({ "organisation": view }));
        }
        lines(&view, output).into_iter().try_for_each(|line| output.line(line))
    }

    fn of_log(&self, data: &Path, as_of: Option<&str>) -> Result<OrganisationView, Failure> {
        let until = as_of.map(|text| {
            Timestamp::parse(text).ok_or_else(|| {
                Failure::usage("expected a time with its zone, such as 2025-04-21T09:00+08:00").at("--as-of")
            })
        });
        let until = until.transpose()?;
        let (log, _) = open(data)?;
        let (mut state, mut at) = (State::default(), Timestamp(0));
        each_while(&log, 1, |_, frame| {
            let wanted = until.is_none_or(|until| frame.at <= until);
            if wanted {
                apply_frame(&mut state, &frame);
                at = frame.at;
            }
            Ok(wanted)
        })?;
        let post = self.post.as_deref().map(Name::from);
        let view = organisation_view(&state, until.unwrap_or(at), post.as_ref());
        match (&self.post, view.posts.is_empty()) {
            (Some(post), true) => {
                let message = format!("expected a position of the organisation, found {post}");
                Err(Failure::new("NOT_IN_ORGANISATION", message))
            }
            _ => Ok(view),
        }
    }

    fn over_nats(&self) -> Result<OrganisationView, Failure> {
        let post = self.post.as_deref().map(|post| name("POST", post)).transpose()?;
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.asks(&mut session)?;
        let request = Request::Organisation(Organisation { request_id, sent_at, person, position, post });
        let answer = session.ask::<OrganisationView>(&request);
        session.close()?;
        let Answer { value, .. } = answer?;
        Ok(value)
    }
}

fn lines(view: &OrganisationView, output: &Output) -> Vec<String> {
    let mut lines = vec![format!("version {} over release {}", view.version, view.release)];
    let mut table = Table::new(&["POST", "KIND", "UNIT", "SUPERIOR", "HELD BY", ""]);
    for post in &view.posts {
        table.row([
            post.position.clone(),
            post.kind.clone(),
            post.unit.clone(),
            post.solid.clone().unwrap_or_else(|| "top".to_owned()),
            held(post),
            if post.changed { "changed since its file".to_owned() } else { String::new() },
        ]);
    }
    lines.extend(table.lines(output));
    if view.delegations.is_empty() {
        return lines;
    }
    let mut table =
        Table::new(&["DELEGATION", "FROM", "TO", "WHAT", "UP TO", "FROM TIME", "UP TO, NOT INCLUDING", ""]);
    for d in &view.delegations {
        table.row([
            d.name.clone(),
            d.from.clone(),
            d.to.clone(),
            what(d),
            d.up_to.to_string(),
            time::wire(&d.start),
            time::wire(&d.end),
            if d.holds { "holds".to_owned() } else { "to come".to_owned() },
        ]);
    }
    lines.extend(table.lines(output));
    lines
}

fn held(post: &PostView) -> String {
    match &post.acting {
        _ if !post.holders.is_empty() => post.holders.join(", "),
        Some(acting) => {
            let since =
                acting.since.as_ref().map_or(String::new(), |since| format!(" from {}", time::wire(since)));
            format!(
                "vacant; {} acts{since} until {} (limit x {})",
                acting.by,
                time::wire(&acting.until),
                acting.limit
            )
        }
        None => "vacant".to_owned(),
    }
}

fn what(d: &DelegationView) -> String {
    let parts = [("", &d.authority), ("in ", &d.chains), ("to ", &d.duties)];
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    parts.map(|(word, names)| format!("{word}{}", names.join(", "))).collect::<Vec<_>>().join("; ")
}
