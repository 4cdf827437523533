//! Reading replies and news by their mapping.

use countersign_messages::{AdapterFact, CommandId, Document, Name, Outcome, Timestamp, Token};
use serde_json::{Map, Value};

use super::config::{HttpConfig, NewsConfig, ReplyConfig, VerbConfig};
use super::mapping::{at, mapped, objects_at, text_at};
use crate::declare::Declaration;
use crate::office::Batch;
use crate::shape::{shaped, shortened};
use crate::time::{read, wire};
use crate::work::{News, Said};

/// The word by which a back office says that it took the work on and will tell more as news.
const TAKEN: &str = "taken";

/// What one reply says; nothing where it was only taken on. The error says what was expected.
pub(super) fn said_or_taken(
    declaration: &Declaration,
    name: &str,
    reply: &ReplyConfig,
    verb: &VerbConfig,
    body: &Map<String, Value>,
) -> Result<Vec<Said>, String> {
    match word(reply, verb, body)? {
        Some(word) if word == TAKEN => Ok(Vec::new()),
        _ => said(declaration, name, reply, verb, body).map(|said| vec![said]),
    }
}

/// The word of a reply, in our language.
fn word(reply: &ReplyConfig, verb: &VerbConfig, body: &Map<String, Value>) -> Result<Option<String>, String> {
    let Some(path) = &reply.word else { return Ok(None) };
    let body = Value::Object(body.clone());
    if body.as_object().is_some_and(Map::is_empty) {
        return Ok(None);
    }
    let theirs = text_at(&body, path).ok_or_else(|| format!("expected a word at `{path}` of the reply"))?;
    let ours = verb.words.get(&theirs).or_else(|| reply.words.get(&theirs));
    Ok(Some(ours.cloned().unwrap_or(theirs)))
}

/// What one reply says.
pub(super) fn said(
    declaration: &Declaration,
    name: &str,
    reply: &ReplyConfig,
    verb: &VerbConfig,
    body: &Map<String, Value>,
) -> Result<Said, String> {
    let word = word(reply, verb, body)?.unwrap_or_else(|| "done".to_owned());
    let whole = Value::Object(body.clone());
    let text = |path: &Option<String>| path.as_deref().and_then(|path| text_at(&whole, path));
    match word.as_str() {
        "refused" => {
            let code = text(&reply.code).ok_or("expected the code of a refusal in the reply")?;
            return Ok(Said::refused(&code, &text(&reply.message).unwrap_or_default()));
        }
        "unknown" => return Ok(Said::unknown(&text(&reply.message).unwrap_or_default())),
        _ => {}
    }
    let declared = declaration.verb(name).and_then(|verb| verb.word(&word));
    let (declared, last) = declared
        .ok_or_else(|| format!("expected a word that {name} declares, found `{}`", shortened(&word)))?;
    let found = match verb.fields.get(&word) {
        Some(mapping) => mapped(mapping, &whole).as_object().cloned().unwrap_or_default(),
        None => body.clone(),
    };
    let fields = shaped(declared.fields, &found).map_err(|error| error.to_string())?;
    let word = word.parse().map_err(|error| format!("the word of the reply: {error}"))?;
    Ok(Said { outcome: Outcome::Said { word, fields }, last })
}

/// A batch of news. One item that cannot be read does not hold up the others.
pub(super) fn batch(
    declaration: &Declaration,
    config: &HttpConfig,
    news: &NewsConfig,
    body: &Value,
    after: &str,
) -> Result<Batch, String> {
    let expected = |path: &str, what: &str| format!("the news: expected {what} at `{path}`");
    let items = objects_at(body, &news.each).ok_or_else(|| expected(&news.each, "a list of objects"))?;
    let cursor = match text_at(body, &news.cursor) {
        Some(cursor) => cursor,
        None if items.is_empty() => after.to_owned(),
        None => return Err(expected(&news.cursor, "the next cursor")),
    };
    let more = news.more.as_deref().and_then(|path| at(body, path)).and_then(Value::as_bool).unwrap_or(false);
    let news = items.into_iter().map(|found| {
        item(declaration, config, news, &found)
            .unwrap_or_else(|why| News::Unreadable { why, text: Value::Object(found).to_string() })
    });
    Ok(Batch { news: news.collect(), cursor, more })
}

fn item(
    declaration: &Declaration,
    config: &HttpConfig,
    news: &NewsConfig,
    found: &Map<String, Value>,
) -> Result<News, String> {
    let whole = Value::Object(found.clone());
    if let Some(theirs) = text_at(&whole, &news.fact) {
        let name = news.facts.get(&theirs).map_or(theirs.as_str(), |fact| fact.name.as_str());
        let declared = declaration
            .fact(name)
            .ok_or_else(|| format!("expected a declared fact, found `{}`", shortened(name)))?;
        let data = match news.facts.get(&theirs).and_then(|fact| fact.fields.as_ref()) {
            Some(mapping) => mapped(mapping, &whole),
            None => at(&whole, &news.data).cloned().unwrap_or_default(),
        };
        let data = data.as_object().cloned().ok_or("expected the fact's data as an object")?;
        let data = shaped(declared.fields, &data).map_err(|error| format!("the fact {name}: {error}"))?;
        return fact(name, news, &whole, data);
    }
    let id = text_at(&whole, &news.command_id).ok_or("expected a fact or the id of a command")?;
    let id = CommandId::new(id).map_err(|error| format!("the id of a command: {error}"))?;
    // Which verb it was for, the ledger knows: fields are checked there.
    let word =
        config.reply.word.as_deref().and_then(|path| text_at(&whole, path)).ok_or("expected a word")?;
    let word = config.reply.words.get(&word).cloned().unwrap_or(word);
    let text = |path: &Option<String>| path.as_deref().and_then(|path| text_at(&whole, path));
    let said = match word.as_str() {
        "refused" => {
            let code = text(&config.reply.code).ok_or("expected the code of a refusal")?;
            Said::refused(&code, &text(&config.reply.message).unwrap_or_default())
        }
        "unknown" => Said::unknown(&text(&config.reply.message).unwrap_or_default()),
        _ => {
            let word = word.parse().map_err(|error| format!("the word: {error}"))?;
            Said { outcome: Outcome::Said { word, fields: Document(found.clone()) }, last: true }
        }
    };
    Ok(News::Answer { command_id: id, said })
}

fn fact(name: &str, news: &NewsConfig, whole: &Value, data: Document) -> Result<News, String> {
    let id = text_at(whole, &news.message_id).ok_or("expected the id of a fact")?;
    let message_id = Name::new(id).map_err(|error| format!("the id of a fact: {error}"))?;
    let at = text_at(whole, &news.at).ok_or("expected the time of a fact")?;
    let at = Timestamp::new(at).map_err(|error| format!("the time of a fact: {error}"))?;
    let key = news.key.as_deref().and_then(|path| text_at(whole, path));
    let key = key.map(Name::new).transpose().map_err(|error| format!("the key of a fact: {error}"))?;
    let (object, fact) = name.split_once('.').ok_or("expected <object>.<fact>")?;
    let token = |text: &str| Token::new(text).map_err(|error| format!("the name of a fact: {error}"));
    let message = AdapterFact { message_id, at: wire(read(&at)), key, data };
    Ok(News::Fact { object: token(object)?, fact: token(fact)?, message })
}
