//! What people do, through the same messages as any back-office system: hand a document in, look into their inbox,
//! answer what they find there.

use countersign_messages as wire;
use countersign_messages::{Accepted, CaseView, Document, InboxItem, InboxView, Request, Verdict};
use serde_json::Value;

use super::stage::Stage;
use crate::exit::Failure;

/// The system that the people of the story use.
const CRM: &str = "crm";

/// An answer to a task: by whom, to what, and which.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The post whose inbox is looked into.
    pub(super) post: &'static str,
    /// The chain of the task's case.
    pub(super) chain: &'static str,
    /// A field of the case's document that tells one from another.
    pub(super) about: Option<(&'static str, Value)>,
    /// What is answered.
    pub(super) verdict: Verdict,
    /// What the task asks for.
    pub(super) fields: Option<Value>,
}

/// Who asks, and under which id.
struct Envelope {
    request_id: wire::RequestId,
    sent_at: wire::Timestamp,
    person: wire::Name,
    position: wire::Name,
}

/// The people, who count their requests.
#[derive(Debug, Default)]
pub(super) struct People {
    asked: u32,
}

impl People {
    /// Hands a document in.
    pub(super) fn submit(
        &mut self,
        stage: &Stage,
        (post, chain): (&str, &str),
        document: Value,
    ) -> Result<Accepted, Failure> {
        let Envelope { request_id, sent_at, person, position } = self.envelope(stage, post)?;
        let (chain, document) = (name(chain)?, fields(document)?);
        let (addressee, reason) = (None, None);
        let submit =
            wire::Submit { request_id, sent_at, person, position, chain, document, addressee, reason };
        granted(stage, &Request::Submit(submit))
    }

    /// Looks into a post's inbox and answers the most urgent task that is meant.
    pub(super) fn answer(&mut self, stage: &Stage, answer: &Answer) -> Result<(), Failure> {
        let item = self.find(stage, answer)?;
        let Envelope { request_id, sent_at, person, position } = self.envelope(stage, answer.post)?;
        let decide = wire::Decide {
            request_id,
            sent_at,
            person,
            position,
            case: name(&item.case)?,
            task: name(&item.task)?,
            version: item.version,
            content_hash: item.content_hash,
            verdict: answer.verdict,
            reason: None,
            to: None,
            choice: None,
            fields: answer.fields.clone().map(fields).transpose()?,
            overrides: false,
        };
        let _: Accepted = granted(stage, &Request::Decide(decide))?;
        Ok(())
    }

    fn find(&mut self, stage: &Stage, answer: &Answer) -> Result<InboxItem, Failure> {
        let at_least = Some(stage.settled()?);
        let Envelope { request_id, sent_at, person, position } = self.envelope(stage, answer.post)?;
        let (after, limit) = (None, None);
        let inbox = wire::Inbox { request_id, sent_at, person, position, at_least, after, limit };
        let inbox: InboxView = granted(stage, &Request::Inbox(inbox))?;
        for item in inbox.items.into_iter().filter(|item| item.chain == answer.chain) {
            let Some((field, expected)) = &answer.about else { return Ok(item) };
            if self.case(stage, answer.post, &item.case)?.document.0.get(*field) == Some(expected) {
                return Ok(item);
            }
        }
        let found =
            format!("expected a task of {} in the inbox of {}, found none", answer.chain, answer.post);
        Err(Failure::new("STORY", found))
    }

    fn case(&mut self, stage: &Stage, post: &str, case: &str) -> Result<CaseView, Failure> {
        let at_least = Some(stage.settled()?);
        let Envelope { request_id, sent_at, person, position } = self.envelope(stage, post)?;
        let case = wire::Case { request_id, sent_at, person, position, case: name(case)?, at_least };
        granted(stage, &Request::Case(case))
    }

    /// What every request of a post's holder has.
    fn envelope(&mut self, stage: &Stage, post: &str) -> Result<Envelope, Failure> {
        self.asked += 1;
        let organisation = stage.release.organisation();
        let holder = organisation.and_then(|of| of.positions.get(post)?.holders.first());
        let holder = holder.ok_or_else(|| Failure::internal(format!("expected somebody to hold {post}")))?;
        Ok(Envelope {
            request_id: wire::RequestId::new(format!("demo-{}", self.asked)).map_err(Failure::internal)?,
            sent_at: countersign_server::render::time(stage.now()),
            person: name(holder)?,
            position: name(post)?,
        })
    }
}

/// A JSON object as a document.
pub(super) fn fields(value: Value) -> Result<Document, Failure> {
    serde_json::from_value(value).map_err(Failure::internal)
}

fn name(text: &str) -> Result<wire::Name, Failure> {
    wire::Name::new(text).map_err(Failure::internal)
}

/// The answer to a request that must be granted for the story to go on.
fn granted<T: serde::de::DeserializeOwned>(stage: &Stage, request: &Request) -> Result<T, Failure> {
    stage.ask(CRM, request)?.map_err(|error| {
        let message = format!(
            "the story did not come out as told: expected {} to be granted, found {}: {}",
            request.verb().as_token(),
            error.code,
            error.message
        );
        Failure::new("STORY", message)
    })
}
