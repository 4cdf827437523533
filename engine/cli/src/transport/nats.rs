//! A company that is served over NATS: request and reply, with a deadline of the caller's own.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, RequestErrorKind};
use countersign_messages::{Request, Subject};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::{Acting, Named, Transport, Where, runtime, variable};
use crate::exit::Failure;

/// How long the first connection may take, with all its tries.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection to the NATS server.
pub(super) struct Remote {
    client: Client,
    company: String,
    system: String,
    deadline: Duration,
    runtime: Runtime,
}

impl Remote {
    pub(super) fn open(
        url: String,
        (company, system): (String, String),
        deadline: Duration,
        at: &Where,
    ) -> Result<Remote, Failure> {
        // Both stand in the subject: what cannot is found before anything is sent.
        Subject::request(&company, &system, "who")
            .map_err(|error| Failure::usage(error.message).at("--company, --system"))?;
        let (endpoint, inbox) = (at.access.endpoint(url)?, at.access.own_inbox(at.inbox_prefix.as_ref()));
        let runtime = runtime()?;
        let configure = |options: ConnectOptions| options.name("countersign-cli").custom_inbox_prefix(&inbox);
        let client = runtime.block_on(countersign_nats::connect(&endpoint, CONNECT, configure))?;
        Ok(Remote { client, company, system, deadline, runtime })
    }

    /// Nobody answered, or nothing came in time.
    fn unanswered(&self, request: &Request, why: &str) -> Failure {
        let message = format!("expected an answer of {} to {}: {why}", self.company, request.verb());
        let failure = Failure::new("NO_ANSWER", message)
            .hint("does the NATS server let this user speak as --system, and read its inbox prefix?");
        if request.verb().is_query() {
            return failure;
        }
        let envelope = request.envelope();
        failure.hint(format!(
            "whether it took effect is not known; the same command with --request-id {} --sent-at {} takes effect once",
            envelope.request_id, envelope.sent_at
        ))
    }
}

impl Transport for Remote {
    fn ask(&mut self, request: &Request) -> Result<Vec<u8>, Failure> {
        let verb = request.verb();
        let subject = Subject::request(&self.company, &self.system, verb.as_token())?.to_string();
        let asked = async {
            let request =
                async_nats::Request::new().payload(request.to_json().into()).timeout(Some(self.deadline));
            timeout(self.deadline, self.client.send_request(subject, request)).await
        };
        match self.runtime.block_on(asked) {
            Ok(Ok(message)) => Ok(message.payload.to_vec()),
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                let message = format!("expected an engine that serves {}: nobody listens", self.company);
                Err(Failure::new("NO_ANSWER", message)
                    .hint("nothing was done; is `countersign serve` running, and is --company right?"))
            }
            Ok(Err(error)) => Err(self.unanswered(request, &error.to_string())),
            Err(_) => Err(self.unanswered(request, &format!("none within {} s", self.deadline.as_secs()))),
        }
    }

    fn acting(&mut self, named: &Named, _needs_post: bool) -> Result<Acting, Failure> {
        let need = |value: &Option<String>, name: &str, flag: &str| {
            value.clone().or_else(|| variable(name)).ok_or_else(|| {
                Failure::usage(format!(
                    "expected {flag} (or the variable {name}): who asks, and in which post"
                ))
                .at(flag.to_owned())
            })
        };
        let person = need(&named.person, "COUNTERSIGN_PERSON", "--person")?;
        let position = need(&named.position, "COUNTERSIGN_POSITION", "--as")?;
        Ok(Acting { person, position })
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        let Remote { client, runtime, .. } = *self;
        // The answer is here already; how the connection ends changes nothing.
        let _ = runtime.block_on(async { timeout(CONNECT, client.drain()).await });
        Ok(())
    }
}
