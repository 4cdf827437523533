//! One command, from its delivery to its answer.
//!
//! | the ledger knows | what is done |
//! |---|---|
//! | nothing | `started` is written down, then the back office is called |
//! | started, nothing said | looked up; called again only if it was not found, or repeats safely; else `unknown` |
//! | answered | the same answers are sent again under the same ids |
//! | answered `unknown` | looked up once more, because somebody may have mended it |
//! | another command under this id | dead letter |

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use countersign_messages::WireError;
use futures_util::FutureExt;
use tokio::time::timeout;
use tracing::Instrument;

use super::Inner;
use super::publish::Stopping;
use crate::declare::Effect;
use crate::health::count;
use crate::ledger::LedgerError;
use crate::office::{Found, Trouble};
use crate::time::read;
use crate::transport::{Delivery, TransportError};
use crate::work::{Said, Work};

/// How one try ended.
enum End {
    /// Everything that was to be said is published.
    Settled,
    /// Worth another try.
    Again(String),
    /// Nothing can be done.
    Dead(&'static str, String),
    /// The adapter is stopping.
    Stopping,
}

impl From<Stopping> for End {
    fn from(_: Stopping) -> End {
        End::Stopping
    }
}

impl From<LedgerError> for End {
    fn from(error: LedgerError) -> End {
        End::Again(error.to_string())
    }
}

/// A message that is no command: a dead letter, and nothing else.
pub(super) async fn bury_unread(inner: Arc<Inner>, error: WireError, delivery: Delivery) -> Option<String> {
    let number = inner.pulse.begin(inner.clock.now());
    let mut letter = inner.letter_unread(&error, &delivery.subject, &delivery.payload);
    letter.deliveries = delivery.deliveries;
    give_up(&inner, letter, delivery).await;
    inner.pulse.end(number);
    None
}

/// Works on one command until it is settled, dead, or the adapter stops.
pub(super) async fn run(inner: Arc<Inner>, work: Work, delivery: Delivery) -> Option<String> {
    let number = inner.pulse.begin(inner.clock.now());
    let span =
        tracing::info_span!("command", id = %work.id(), verb = work.name(), delivery = delivery.deliveries);
    worked(&inner, &work, delivery).instrument(span).await;
    inner.pulse.end(number);
    Some(work.command.case.into())
}

async fn worked(inner: &Inner, work: &Work, delivery: Delivery) {
    match tried(inner, work, delivery.deliveries).await {
        End::Settled => told(delivery.receipt.done().await),
        End::Dead(code, why) => {
            let mut letter = inner.letter(code, &why, &delivery.subject, &delivery.payload);
            letter.deliveries = delivery.deliveries;
            give_up(inner, letter, delivery).await;
        }
        End::Again(_) | End::Stopping => delivery.receipt.again(Duration::ZERO).await,
    }
}

/// The dead letter is kept before the message is done with.
async fn give_up(inner: &Inner, letter: countersign_messages::DeadLetter, delivery: Delivery) {
    match inner.bury(&delivery.id, &letter).await {
        Ok(()) => told(delivery.receipt.terminate().await),
        Err(Stopping) => delivery.receipt.again(Duration::ZERO).await,
    }
}

fn told(outcome: Result<(), TransportError>) {
    if let Err(error) = outcome {
        // It comes again and is then answered from the ledger.
        tracing::warn!(%error, "the end of a command could not be told");
    }
}

/// Tries again and again, with pauses.
async fn tried(inner: &Inner, work: &Work, deliveries: u64) -> End {
    if let Some(dead) = refused_unseen(inner, work, deliveries) {
        return dead;
    }
    let mut tries = 0;
    loop {
        let why = match attempt(inner, work).await {
            Ok(end) | Err(end) => match end {
                End::Again(why) => why,
                other => return other,
            },
        };
        tries += 1;
        if tries >= inner.settings.tries_max {
            return exhausted(inner, work, &why).await.unwrap_or_else(|end| end);
        }
        let pause = inner.settings.retry.pause(tries);
        tracing::warn!(why, tries, ?pause, "not answered; trying again");
        if !inner.pause(pause).await {
            return End::Stopping;
        }
    }
}

fn refused_unseen(inner: &Inner, work: &Work, deliveries: u64) -> Option<End> {
    let name = work.name();
    if work.adapter.as_str() != inner.declaration.adapter || work.company != inner.company {
        let ours = format!("{} of {}", inner.declaration.adapter, inner.company);
        return Some(End::Dead("BAD_SUBJECT", format!("expected a command for {ours}")));
    }
    if inner.declaration.verb(&name).is_none() {
        let why = format!("expected a verb that {} declares, found {name}", work.adapter);
        return Some(End::Dead("UNKNOWN_VERB", why));
    }
    (deliveries > inner.settings.deliveries_max).then(|| {
        let most = inner.settings.deliveries_max;
        End::Dead("DELIVERIES_EXHAUSTED", format!("expected an end within {most} deliveries"))
    })
}

/// After the last try. What may have been done is answered `unknown`, so that the case does not wait in vain.
async fn exhausted(inner: &Inner, work: &Work, why: &str) -> Result<End, End> {
    if inner.ledger.entry(work.id()).await?.is_some_and(|entry| !entry.is_taken()) {
        say(inner, work, vec![Said::unknown(why)]).await?;
    }
    Ok(End::Dead("TRIES_EXHAUSTED", format!("tried {} times; {why}", inner.settings.tries_max)))
}

async fn attempt(inner: &Inner, work: &Work) -> Result<End, End> {
    match inner.ledger.entry(work.id()).await? {
        Some(entry) if entry.fingerprint != work.fingerprint() => {
            let why = format!("expected {} as it was sent at first, for {}", work.id(), entry.verb);
            Ok(End::Dead("COMMAND_CHANGED", why))
        }
        Some(entry) if entry.is_taken() => {
            count(&inner.metrics.repeats);
            let correlation = Some(work.command.correlation.as_str());
            inner.answer(&work.answer_subject(), correlation, entry.sent()).await?;
            Ok(End::Settled)
        }
        Some(_) => look_up(inner, work).await,
        None => {
            let deadline = read(&work.command.deadline);
            if inner.settings.keeps_deadlines && inner.clock.now() > deadline {
                let why = "expected to get the command before its deadline; the case no longer waits for it";
                return Ok(End::Dead("DEADLINE_PASSED", why.to_owned()));
            }
            inner.ledger.start(work, inner.clock.now()).await?;
            call(inner, work, Earlier::None).await
        }
    }
}

/// What may have become of the work in earlier calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Earlier {
    /// Nothing: there were none, or the back office knows of none.
    None,
    /// It may have been done.
    Perhaps,
}

/// Started before, and nobody here knows what came of it.
async fn look_up(inner: &Inner, work: &Work) -> Result<End, End> {
    let reads_only =
        inner.declaration.verb(&work.name()).is_some_and(|verb| verb.effect == Effect::ReadsOnly);
    if reads_only {
        return call(inner, work, Earlier::None).await;
    }
    count(&inner.metrics.look_ups);
    match guarded(inner, inner.office.find(work)).await {
        Ok(Found::Known(said)) => {
            say(inner, work, said).await?;
            Ok(End::Settled)
        }
        Ok(Found::NotFound) => call(inner, work, Earlier::None).await,
        Ok(Found::Unsupported) if inner.office.repeats_safely(work) => {
            call(inner, work, Earlier::Perhaps).await
        }
        Ok(Found::Unsupported) => {
            let why = "it was given to the back office, no answer came, and it cannot be looked up";
            say(inner, work, vec![Said::unknown(why)]).await?;
            Ok(End::Settled)
        }
        Err(trouble) => Ok(End::Again(format!("the look-up: {trouble}"))),
    }
}

async fn call(inner: &Inner, work: &Work, earlier: Earlier) -> Result<End, End> {
    count(&inner.metrics.calls);
    match guarded(inner, inner.office.call(work)).await {
        Ok(said) => {
            count(&inner.metrics.answered);
            say(inner, work, said).await?;
            Ok(End::Settled)
        }
        Err(Trouble::NotTaken(why)) => {
            count(&inner.metrics.not_taken);
            if earlier == Earlier::None {
                inner.ledger.withdraw(work.id()).await?;
            }
            Ok(End::Again(why))
        }
        Err(Trouble::InDoubt(why)) => {
            count(&inner.metrics.in_doubt);
            Ok(End::Again(why))
        }
        Err(Trouble::NotUnderstood(why)) => {
            say(inner, work, vec![Said::unknown(&why)]).await?;
            Ok(End::Settled)
        }
    }
}

/// Asks the back office: within the circuit, in bounded time, and whatever it does to itself.
async fn guarded<T>(inner: &Inner, asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let stopping = || Trouble::NotTaken("the adapter is stopping".to_owned());
    let leave = tokio::select! {
        biased;
        () = inner.stopping() => return Err(stopping()),
        leave = inner.breaker.leave() => leave,
    };
    let _leave = leave.ok_or_else(stopping)?;
    let within = inner.settings.call_within;
    let outcome = match timeout(within, AssertUnwindSafe(asked).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Trouble::InDoubt("the back office's code panicked".to_owned())),
        Err(_) => Err(Trouble::InDoubt(format!("no answer within {} s", within.as_secs_f32()))),
    };
    match &outcome {
        Err(Trouble::NotTaken(why) | Trouble::InDoubt(why)) => {
            inner.breaker.failed(inner.pulse.failure(why));
        }
        Ok(_) | Err(Trouble::NotUnderstood(_)) => {
            inner.breaker.succeeded();
            inner.pulse.success(inner.clock.now());
        }
    }
    outcome
}

/// Writes down what is said, then says it.
async fn say(inner: &Inner, work: &Work, said: Vec<Said>) -> Result<(), End> {
    let said: Vec<Said> = said.into_iter().map(|said| inner.checked(&work.name(), said)).collect();
    for _ in said.iter().filter(|said| said.last && !said.settles()) {
        count(&inner.metrics.unknown);
    }
    let answers = inner.ledger.say(work.id(), said, inner.clock.now()).await?;
    let correlation = Some(work.command.correlation.as_str());
    inner.answer(&work.answer_subject(), correlation, answers).await?;
    Ok(())
}

impl Inner {
    /// What is said as the declaration has it; what it does not have is `unknown`, because nobody could act on it.
    pub(crate) fn checked(&self, name: &str, said: Said) -> Said {
        use countersign_messages::Outcome;
        let Outcome::Said { word, fields } = &said.outcome else { return said };
        let Some((declared, last)) = self.declaration.verb(name).and_then(|verb| verb.word(word.as_str()))
        else {
            return Said::unknown(&format!("the back office answers {word}, which {name} does not declare"));
        };
        match crate::shape::shaped(declared.fields, &fields.0) {
            Ok(fields) => Said { outcome: Outcome::Said { word: word.clone(), fields }, last },
            Err(error) => Said::unknown(&format!("the back office answers {word}: {error}")),
        }
    }
}
