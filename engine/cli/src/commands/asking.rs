//! What every request has: who asks, in which post, under which id, and when it was first sent.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use countersign_messages::{Name, RequestId, Timestamp};

use crate::exit::{Failure, form};
use crate::time;
use crate::transport::{Named, Session};

/// Who asks.
#[derive(Args, Clone, Debug)]
pub(crate) struct Actor {
    /// The post in which this is done [env, over NATS: COUNTERSIGN_POSITION]
    #[arg(long = "as", value_name = "POSITION")]
    position: Option<String>,
    /// The person; with --data, if absent, the one holder of the post [env, over NATS: COUNTERSIGN_PERSON]
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
}

/// What makes a request take effect once, however often it is sent.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Sending it again")]
pub(crate) struct Once {
    /// The id of an earlier try, so that the request takes effect once
    #[arg(long, value_name = "ID", requires = "sent_at")]
    request_id: Option<String>,
    /// When the earlier try was first sent, as it was shown
    #[arg(long, value_name = "TIME")]
    sent_at: Option<String>,
}

/// The fields that every request has.
pub(crate) struct Asking {
    pub(crate) request_id: RequestId,
    pub(crate) sent_at: Timestamp,
    pub(crate) person: Name,
    pub(crate) position: Name,
}

impl Actor {
    fn named(&self) -> Named {
        Named { person: self.person.clone(), position: self.position.clone() }
    }

    /// For a request that only asks.
    pub(crate) fn asks(&self, session: &mut Session) -> Result<Asking, Failure> {
        self.asking(session, &Once::default(), false)
    }

    /// For a request that changes something.
    pub(crate) fn acts(&self, session: &mut Session, once: &Once) -> Result<Asking, Failure> {
        self.asking(session, once, true)
    }

    /// For an operator's act: whoever has the files needs no post for it.
    pub(crate) fn operates(&self, session: &mut Session, once: &Once) -> Result<Asking, Failure> {
        self.asking(session, once, false)
    }

    fn asking(&self, session: &mut Session, once: &Once, needs_post: bool) -> Result<Asking, Failure> {
        let acting = session.acting(&self.named(), needs_post)?;
        Ok(Asking {
            request_id: once.id()?,
            sent_at: once.time()?,
            person: Name::new(acting.person).map_err(form("--person"))?,
            position: Name::new(acting.position).map_err(form("--as"))?,
        })
    }
}

impl Once {
    pub(crate) fn id(&self) -> Result<RequestId, Failure> {
        RequestId::new(self.request_id.clone().unwrap_or_else(fresh_id)).map_err(form("--request-id"))
    }

    pub(crate) fn time(&self) -> Result<Timestamp, Failure> {
        Timestamp::new(self.sent_at.clone().unwrap_or_else(time::now)).map_err(form("--sent-at"))
    }
}

/// An id that no other request has: the time, and 64 bits that the standard library draws for each process.
fn fresh_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u128(since.as_nanos());
    format!("cli-{:x}-{:016x}", since.as_millis(), hasher.finish())
}

/// The text of an argument as a name.
pub(crate) fn name(flag: &'static str, text: &str) -> Result<Name, Failure> {
    Name::new(text).map_err(form(flag))
}

/// A text in a person's own words.
pub(crate) fn reason(text: Option<&String>) -> Result<Option<countersign_messages::Reason>, Failure> {
    text.map(|text| countersign_messages::Reason::new(text.as_str())).transpose().map_err(form("--reason"))
}
