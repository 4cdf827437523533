//! A company in a data directory: opened and locked for one command, with the engine in this process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::command::VouchedBy;
use countersign_core::definition::Organisation;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_messages::Request;
use countersign_runtime::{Clock, Engine, EngineOptions};
use countersign_server::{Caller, Desk};
use tokio::runtime::Runtime;

use super::{Acting, Named, Transport, os_user, runtime};
use crate::exit::Failure;

/// How long the views may take to come up to the end of the log. What is missing is folded meanwhile, so that only
/// a long log without views takes noticeable time.
const VIEWS_WAIT: Duration = Duration::from_secs(300);

/// An engine in this process.
pub(super) struct Local {
    engine: Engine,
    desk: Desk,
    caller: Caller,
    clock: Arc<dyn Clock>,
    runtime: Runtime,
}

impl Local {
    pub(super) fn open(data: &Path) -> Result<Local, Failure> {
        let options = EngineOptions::directory(data);
        let clock = options.clock.clone();
        let opened = Engine::open(options).map_err(Failure::from);
        let (engine, _) = opened.map_err(|failure| match failure.place {
            None => failure.at(data.display().to_string()),
            Some(_) => failure,
        })?;
        let runtime = runtime()?;
        let desk = runtime.block_on(Desk::open(engine.handle().clone(), clock.clone()))?;
        if let Some(views) = engine.handle().views() {
            views.reach_blocking(engine.handle().log().durable(), VIEWS_WAIT)?;
        }
        // Whoever may open the files vouches for the person; who that was is recorded as the calling system.
        let caller = Caller::new(&format!("local:{}", os_user()), VouchedBy::Local);
        Ok(Local { engine, desk, caller, clock, runtime })
    }
}

impl Transport for Local {
    fn ask(&mut self, request: &Request) -> Result<Vec<u8>, Failure> {
        let (verb, payload) = (request.verb().as_token(), request.to_json());
        Ok(self.runtime.block_on(self.desk.handle(&self.caller, verb, &payload)))
    }

    fn acting(&mut self, named: &Named, needs_post: bool) -> Result<Acting, Failure> {
        let (named, now) = (named.clone(), self.clock.wall());
        let look = move |state: &State| acting(state, &named, needs_post, now);
        self.engine.handle().read_blocking(look)?.0
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        let Local { engine, desk, runtime, .. } = *self;
        drop(desk);
        drop(runtime);
        engine.stop()?;
        Ok(())
    }
}

/// Fills in what the command line leaves open: the one holder of a post, the one post of a person; for a question,
/// whoever drives the chains.
pub(crate) fn acting(
    state: &State,
    named: &Named,
    needs_post: bool,
    now: Timestamp,
) -> Result<Acting, Failure> {
    let release = state.definitions().active();
    let organisation = release.and_then(|release| release.organisation());
    let organisation = organisation.ok_or_else(|| {
        Failure::new("NOT_FOUNDED", "expected a company whose rules are active")
            .hint("run `countersign init` again")
    })?;
    let now = now.max(state.head().at);
    match (&named.position, &named.person) {
        (Some(position), Some(person)) => {
            known(organisation, position)?;
            Ok(Acting { person: person.clone(), position: position.clone() })
        }
        (Some(position), None) => holder(organisation, position, now),
        (None, Some(person)) => post(organisation, person, now),
        (None, None) if needs_post => {
            Err(Failure::usage("expected --as POSITION: the post in which this is done"))
        }
        (None, None) => {
            let driver = release.and_then(|release| release.company()?.driver.clone());
            let all = driver.into_iter().chain(organisation.positions.keys().cloned());
            let mut found = all.filter_map(|position| holder(organisation, &position, now).ok());
            found.next().ok_or_else(|| Failure::usage("expected --as POSITION --person PERSON"))
        }
    }
}

/// The one person who holds a post or acts for it.
fn holder(organisation: &Organisation, position: &str, now: Timestamp) -> Result<Acting, Failure> {
    let post = known(organisation, position)?;
    let acting = organisation.acting_holders(post, now);
    let holders = if post.holders.is_empty() { acting } else { &post.holders };
    match holders {
        [person] => Ok(Acting { person: person.to_string(), position: position.to_owned() }),
        [] => Err(Failure::new(
            "NOT_HOLDER",
            format!("expected a post that somebody holds; {position} is vacant"),
        )
        .at("--as")),
        several => {
            let names: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
            let message = format!("expected --person: {position} is held by {}", names.join(", "));
            Err(Failure::usage(message))
        }
    }
}

/// The one post of a person.
fn post(organisation: &Organisation, person: &str, now: Timestamp) -> Result<Acting, Failure> {
    let posts: Vec<&str> = organisation
        .positions
        .keys()
        .map(|name| name.as_str())
        .filter(|position| organisation.holds(person, position, now))
        .collect();
    match posts.as_slice() {
        [position] => Ok(Acting { person: person.to_owned(), position: (*position).to_owned() }),
        [] => {
            let message = format!("expected a person who holds a post, found {person}");
            Err(Failure::new("NOT_HOLDER", message).at("--person"))
        }
        several => {
            let message = format!("expected --as POSITION: {person} holds {}", several.join(", "));
            Err(Failure::usage(message))
        }
    }
}

fn known<'o>(
    organisation: &'o Organisation,
    position: &str,
) -> Result<&'o countersign_core::definition::Position, Failure> {
    organisation.positions.get(position).ok_or_else(|| {
        let near =
            organisation.positions.keys().map(|name| (strsim::damerau_levenshtein(name, position), name));
        let near = near.min().filter(|(distance, _)| *distance <= 3).map(|(_, name)| name);
        let message = match near {
            Some(name) => {
                format!("expected a position of the organisation, found {position}: did you mean {name}?")
            }
            None => format!("expected a position of the organisation, found {position}"),
        };
        Failure::new("NOT_HOLDER", message).at("--as")
    })
}
