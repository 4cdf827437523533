//! Answers as people read them: sentences and tables.

mod case;
mod routes;
mod words;

pub(crate) use case::{case, handler, inbox, timeline};
pub(crate) use routes::{explanation, preview};
pub(crate) use words::quantity;

use countersign_messages::{Accepted, Handler, HandlerView, Request, Timestamp};

use crate::commands::Once;
use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::Session;

/// Sends a request that changes something, tells how the case stands, and ends the session.
pub(crate) fn acted(output: &Output, mut session: Session, request: &Request) -> Result<(), Failure> {
    let answer = session.ask::<Accepted>(request);
    let now = match &answer {
        // An erasure changes nothing of who has the case, which may be confidential.
        Ok(answer) if !output.json && !matches!(request, Request::Erase(_)) => {
            who_has_it(&mut session, request, &answer.value.case)
        }
        _ => None,
    };
    session.close()?;
    let answer = answer?;
    if output.json {
        return output.object(&answer.raw);
    }
    let Accepted { case, sequence, state, revision, .. } = answer.value;
    let (case, state) = (output.paint(Tone::Bold, &case), output.paint(Tone::Good, &state));
    output.line(format!("{case} is in state {state} (revision {revision}, sequence {sequence})"))?;
    let Some(now) = now else { return Ok(()) };
    handler(output, &now).into_iter().skip(1).try_for_each(|line| output.line(line))
}

/// Who is asked next. That the caller may not ask, or that it cannot be told, takes nothing from what was done.
fn who_has_it(session: &mut Session, request: &Request, case: &str) -> Option<HandlerView> {
    let envelope = request.envelope();
    let (person, position) = (envelope.person?.clone(), envelope.position?.clone());
    let (request_id, sent_at): (_, Timestamp) = (Once::default().id().ok()?, Once::default().time().ok()?);
    let case = countersign_messages::Name::new(case).ok()?;
    let question = Request::Handler(Handler { request_id, sent_at, person, position, case });
    session.ask(&question).ok().map(|answer| answer.value)
}
