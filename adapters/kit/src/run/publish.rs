//! Sending what is to be sent, until it is kept.

use countersign_messages::{AdapterAnswer, AdapterFact, DeadLetter, Name, Subject, Token, WireError};

use super::Inner;
use crate::health::count;
use crate::time::wire;
use crate::transport::Publication;
use crate::work::sentence;

/// The adapter is stopping: what was to be sent will be sent when it comes again.
#[derive(Debug)]
pub(crate) struct Stopping;

impl Inner {
    /// Publishes until it is kept, however long that takes.
    pub(crate) async fn publish(&self, message: &Publication) -> Result<(), Stopping> {
        let mut failures = 0;
        loop {
            let error = match self.outlet.publish(message).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            failures += 1;
            count(&self.metrics.publish_failures);
            tracing::warn!(subject = message.subject, id = message.id, %error, failures, "not published; trying again");
            if !self.pause(self.settings.retry.pause(failures)).await {
                return Err(Stopping);
            }
        }
    }

    /// Publishes answers in their order.
    pub(crate) async fn answer(
        &self,
        subject: &Subject,
        correlation: Option<&str>,
        answers: Vec<AdapterAnswer>,
    ) -> Result<(), Stopping> {
        for answer in answers {
            let message = Publication {
                subject: subject.to_string(),
                id: answer.reply_id.to_string(),
                correlation: correlation.map(str::to_owned),
                payload: answer.to_json(),
            };
            self.publish(&message).await?;
            count(&self.metrics.replies);
            tracing::info!(command = %answer.command_id, answer = %answer.answer, reply = %answer.reply_id, "answered");
        }
        Ok(())
    }

    /// Publishes a fact.
    pub(crate) async fn tell(
        &self,
        object: Token,
        fact: Token,
        message: &AdapterFact,
    ) -> Result<(), Stopping> {
        let adapter = self.adapter();
        let id = format!("{adapter}:{}", header_text(message.message_id.as_str()));
        let subject = Subject::Fact { company: self.company.clone(), adapter, object, fact };
        let publication =
            Publication { subject: subject.to_string(), id, correlation: None, payload: message.to_json() };
        self.publish(&publication).await?;
        count(&self.metrics.facts);
        tracing::info!(fact = %subject, message = %message.message_id, "told");
        Ok(())
    }

    /// Publishes what could not be processed.
    pub(crate) async fn bury(&self, id: &str, letter: &DeadLetter) -> Result<(), Stopping> {
        let adapter = self.adapter();
        let id = format!("dead:{adapter}:{id}");
        let subject = Subject::Dead { company: self.company.clone(), adapter };
        let message =
            Publication { subject: subject.to_string(), id, correlation: None, payload: letter.to_json() };
        self.publish(&message).await?;
        count(&self.metrics.dead_letters);
        tracing::error!(subject = letter.subject, code = %letter.code, message = %letter.message, "dead letter");
        Ok(())
    }

    /// A letter for a reason of the kit's own.
    pub(crate) fn letter(&self, code: &str, why: &str, subject: &str, payload: &[u8]) -> DeadLetter {
        let code = Name::new(code).unwrap_or_else(|_| Name::new("DEAD").expect("a name"));
        DeadLetter::because(wire(self.clock.now()), code, sentence(why), subject, payload)
    }

    /// A letter about a message that cannot be read.
    pub(crate) fn letter_unread(&self, error: &WireError, subject: &str, payload: &[u8]) -> DeadLetter {
        DeadLetter::new(wire(self.clock.now()), error, subject, payload)
    }

    pub(crate) fn adapter(&self) -> Token {
        Token::new(self.declaration.adapter).expect("the name of an adapter is a token")
    }
}

/// A header holds printable ASCII only; anything else is told apart by a digest.
fn header_text(id: &str) -> String {
    if id.bytes().all(|b| b.is_ascii_graphic()) {
        return id.to_owned();
    }
    blake3::hash(id.as_bytes()).to_hex()[..32].to_owned()
}
