//! News: facts and later answers that the back office has by itself.

use std::sync::Arc;

use countersign_messages::{CommandId, Subject, Token};
use tokio::time::timeout;

use super::Inner;
use super::publish::Stopping;
use crate::ledger::LedgerError;
use crate::office::Batch;
use crate::work::{News, Said};

/// Why a batch was not passed on.
enum Held {
    Trouble(String),
    Stopping,
}

impl From<Stopping> for Held {
    fn from(_: Stopping) -> Held {
        Held::Stopping
    }
}

impl From<LedgerError> for Held {
    fn from(error: LedgerError) -> Held {
        Held::Trouble(error.to_string())
    }
}

/// Asks for news until it is to stop, and forgets what is old.
pub(super) async fn watch(inner: Arc<Inner>) {
    let mut failures = 0;
    loop {
        let pause = match pass_on(&inner).await {
            Ok(true) => {
                failures = 0;
                if *inner.stop.borrow() {
                    return;
                }
                continue;
            }
            Ok(false) => {
                failures = 0;
                inner.settings.news_every
            }
            Err(Held::Stopping) => return,
            Err(Held::Trouble(why)) => {
                failures += 1;
                tracing::warn!(why, failures, "no news; trying again");
                inner.settings.retry.pause(failures)
            }
        };
        if !inner.pause(pause).await {
            return;
        }
    }
}

/// Passes on one batch. True: there is more already.
async fn pass_on(inner: &Inner) -> Result<bool, Held> {
    let cursor = inner.ledger.cursor().await?;
    let asked = timeout(inner.settings.call_within, inner.office.news(&cursor)).await;
    let batch = match asked {
        Ok(Ok(batch)) => batch,
        Ok(Err(trouble)) => return Err(Held::Trouble(trouble.to_string())),
        Err(_) => {
            return Err(Held::Trouble("the back office was asked for news and did not answer".to_owned()));
        }
    };
    let Batch { news, cursor: next, more } = batch;
    let moved = next != cursor;
    for (index, item) in news.into_iter().enumerate() {
        told(inner, item, &format!("{cursor}-{index}")).await?;
    }
    if moved {
        inner.ledger.set_cursor(next).await?;
    }
    sweep(inner).await?;
    // A system that promises more without moving on would be asked for ever.
    Ok(more && moved)
}

/// Each look forgets a thousand entries at most; there are far more looks than entries.
async fn sweep(inner: &Inner) -> Result<(), Held> {
    let remember = i64::try_from(inner.settings.remember.as_secs()).unwrap_or(i64::MAX);
    let now = inner.clock.now().as_second();
    let Ok(limit) = crate::time::Moment::from_second(now.saturating_sub(remember)) else { return Ok(()) };
    let forgotten = inner.ledger.forget_before(limit).await?;
    if forgotten > 0 {
        tracing::info!(forgotten, "old answers are forgotten");
    }
    Ok(())
}

async fn told(inner: &Inner, item: News, place: &str) -> Result<(), Held> {
    match item {
        News::Fact { object, fact, mut message } => {
            let name = format!("{object}.{fact}");
            let Some(declared) = inner.declaration.fact(&name) else {
                let why = format!("expected a declared fact, found {name}");
                return unreadable(inner, "UNKNOWN_FACT", &why, &message.to_json(), place).await;
            };
            match crate::shape::shaped(declared.fields, &message.data.0) {
                Ok(data) => message.data = data,
                Err(error) => {
                    let why = format!("the fact {name}: {error}");
                    return unreadable(inner, "BAD_VALUE", &why, &message.to_json(), place).await;
                }
            }
            Ok(inner.tell(object, fact, &message).await?)
        }
        News::Answer { command_id, said } => later(inner, &command_id, said, place).await,
        News::Unreadable { why, text } => unreadable(inner, "UNREADABLE", &why, text.as_bytes(), place).await,
    }
}

/// A later answer to a command that this adapter has started.
async fn later(inner: &Inner, id: &CommandId, said: Said, place: &str) -> Result<(), Held> {
    let Some(entry) = inner.ledger.entry(id).await? else {
        let why = format!("expected an answer to a command of this adapter, found {id}");
        let text = format!("{:?}", said.outcome);
        return unreadable(inner, "UNKNOWN_COMMAND", &why, text.as_bytes(), place).await;
    };
    let said = inner.checked(&entry.verb, said);
    let answers = inner.ledger.say(id, vec![said], inner.clock.now()).await?;
    let mut tokens = entry.verb.split('.').filter_map(|token| Token::new(token).ok());
    let (Some(object), Some(verb)) = (tokens.next(), tokens.next()) else { return Ok(()) };
    let subject = Subject::Answer { company: inner.company.clone(), adapter: inner.adapter(), object, verb };
    Ok(inner.answer(&subject, None, answers).await?)
}

async fn unreadable(inner: &Inner, code: &str, why: &str, text: &[u8], place: &str) -> Result<(), Held> {
    let letter = inner.letter(code, why, "news", text);
    let digest = blake3::hash(text).to_hex();
    Ok(inner
        .bury(
            &format!("news-{}-{}", blake3::hash(place.as_bytes()).to_hex().split_at(8).0, &digest[..16]),
            &letter,
        )
        .await?)
}
