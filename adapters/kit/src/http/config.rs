//! The configuration of a back office behind HTTP, and everything that is wrong with one.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use super::mapping::{ROOTS, names};
use super::secret::Source;
use crate::declare::{Declaration, Field, Type};

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// Where: a line and column, or a path such as `verbs.mo.create.path`.
    pub place: String,
    /// What was expected, and what to do.
    pub message: String,
}

impl ConfigError {
    /// An error with a place and a sentence.
    pub fn new(place: &str, message: impl Into<String>) -> ConfigError {
        ConfigError { place: place.to_owned(), message: message.into() }
    }
}

/// A back office behind HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Where it is: `https://erp.example/api`. No user and no password in it.
    pub base_url: String,
    /// Headers of every request: `file:<path>`, `env:<name>`, or a value that is no secret.
    #[serde(default)]
    pub headers: BTreeMap<String, Source>,
    /// How long a connection may take: `PT5S`.
    #[serde(default = "five_seconds", deserialize_with = "duration")]
    pub connect_within: Duration,
    /// How long a reply may take: `PT30S`.
    #[serde(default = "thirty_seconds", deserialize_with = "duration")]
    pub answer_within: Duration,
    /// The header that takes the command id, where the back office does the work of one key once. Absent: it does not.
    #[serde(default)]
    pub idempotency_header: Option<String>,
    /// How to look up what came of a command. Absent: it cannot be looked up.
    #[serde(default)]
    pub look_up: Option<LookUpConfig>,
    /// How to ask for news. Absent: it has none.
    #[serde(default)]
    pub news: Option<NewsConfig>,
    /// How replies are read.
    #[serde(default)]
    pub reply: ReplyConfig,
    /// Which statuses are refusals, whatever the verb.
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    /// How to ask for each verb, by its name: `mo.create`. All that the adapter declares.
    pub verbs: BTreeMap<String, VerbConfig>,
}

/// How to ask for one verb.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerbConfig {
    /// `POST` if absent.
    #[serde(default = "post")]
    pub method: String,
    /// Where, behind `base_url`, with `{path}` for values of the command: `/contracts/{with.contract_no}`.
    pub path: String,
    /// The body: their field to our path. Absent: the fields of `with` as they are.
    #[serde(default)]
    pub request: Option<Value>,
    /// For each word, our field to their path. Absent: the same names.
    #[serde(default)]
    pub fields: BTreeMap<String, Value>,
    /// Their words to ours, before those of `reply`.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// Refusals of this verb, before those of all.
    #[serde(default)]
    pub refusals: Vec<Refusal>,
}

/// How replies are read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyConfig {
    /// The path of the word. Absent: every reply is `done`. The word `taken` means that the answer comes as news.
    #[serde(default)]
    pub word: Option<String>,
    /// Their words to ours.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// The path of a refusal's code.
    #[serde(default)]
    pub code: Option<String>,
    /// The path of a refusal's sentence.
    #[serde(default)]
    pub message: Option<String>,
}

/// A status that is a refusal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// Only where these paths of the body have these values.
    #[serde(default)]
    pub when: Map<String, Value>,
    /// The code to refuse with. Absent: the one in the body.
    #[serde(default)]
    pub code: Option<String>,
}

/// How to look up what came of a command: `GET`, 404 where it is not known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookUpConfig {
    /// Where: `/commands/{command_id}`. A wrong path says 404 to everything, and the work would be done again: try it.
    pub path: String,
    /// The path of a list of replies. Absent: the body is one reply.
    #[serde(default)]
    pub each: Option<String>,
}

/// How to ask for news: `GET`. The names of fields are those of the plain dialect if absent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewsConfig {
    /// Where: `/news?after={cursor}`.
    pub path: String,
    /// The path of the list.
    #[serde(default = "each")]
    pub each: String,
    /// The path of the next cursor.
    #[serde(default = "cursor")]
    pub cursor: String,
    /// The path that tells whether there is more.
    #[serde(default)]
    pub more: Option<String>,
    /// In an item: the path of the fact's name.
    #[serde(default = "fact")]
    pub fact: String,
    /// Their names of facts to ours, with a mapping of fields.
    #[serde(default)]
    pub facts: BTreeMap<String, FactConfig>,
    /// In an item: the path of a fact's id.
    #[serde(default = "message_id")]
    pub message_id: String,
    /// In an item: the path of its time.
    #[serde(default = "at")]
    pub at: String,
    /// In an item: the path of its data, where no mapping says another.
    #[serde(default = "data")]
    pub data: String,
    /// In an item: the path of what it belongs to.
    #[serde(default)]
    pub key: Option<String>,
    /// In an item that is a later answer: the path of the command's id.
    #[serde(default = "command_id")]
    pub command_id: String,
}

/// One of their facts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactConfig {
    /// Our name: `receipt.posted`.
    pub name: String,
    /// Our field to their path in the item. Absent: the same names.
    #[serde(default)]
    pub fields: Option<Value>,
}

fn five_seconds() -> Duration {
    Duration::from_secs(5)
}
fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}
fn post() -> String {
    "POST".into()
}
fn each() -> String {
    "news".into()
}
fn cursor() -> String {
    "cursor".into()
}
fn fact() -> String {
    "fact".into()
}
fn message_id() -> String {
    "message_id".into()
}
fn at() -> String {
    "at".into()
}
fn data() -> String {
    "data".into()
}
fn command_id() -> String {
    "command_id".into()
}

/// Reads `PT5S`, `P90D`, `500ms`: a length of time without years and months. A day has 24 hours.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    length(&text).ok_or_else(|| D::Error::custom("expected a length of time such as PT30S, PT5M or P90D"))
}

fn length(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let signed = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(signed).ok()
}

/// Headers whose value is a secret, whoever wrote it.
const SECRET_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];

impl HttpConfig {
    /// Finds everything that a declaration would contradict.
    pub(super) fn check(&self, declaration: &Declaration) -> Result<(), ConfigError> {
        let url = reqwest::Url::parse(&self.base_url)
            .map_err(|error| ConfigError::new("base_url", format!("expected an address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            let message = "expected http:// or https:// without user and password; put those into `headers`";
            return Err(ConfigError::new("base_url", message));
        }
        for (name, source) in &self.headers {
            if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str())
                && matches!(source, Source::Plain(_))
            {
                let message = "expected file:<path> or env:<name>: a secret has no place in a configuration";
                return Err(ConfigError::new(&format!("headers.{name}"), message));
            }
        }
        for verb in declaration.verbs {
            if !self.verbs.contains_key(verb.name) {
                let message =
                    format!("expected an entry for {}, which the adapter declares; add one", verb.name);
                return Err(ConfigError::new("verbs", message));
            }
        }
        for (name, verb) in &self.verbs {
            self.check_verb(declaration, name, verb)?;
        }
        if let Some(look_up) = &self.look_up {
            check_path("look_up.path", &look_up.path, &ROOTS)?;
        }
        self.news.as_ref().map_or(Ok(()), |news| check_news(declaration, news))
    }

    fn check_verb(
        &self,
        declaration: &Declaration,
        name: &str,
        verb: &VerbConfig,
    ) -> Result<(), ConfigError> {
        let place = format!("verbs.{name}");
        let Some(declared) = declaration.verb(name) else {
            let known: Vec<&str> = declaration.verbs.iter().map(|verb| verb.name).collect();
            let message = format!("expected one of {}; take it out", known.join(", "));
            return Err(ConfigError::new(&place, message));
        };
        if !matches!(verb.method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
            let message = "expected GET, POST, PUT, PATCH or DELETE";
            return Err(ConfigError::new(&format!("{place}.method"), message));
        }
        check_path(&format!("{place}.path"), &verb.path, &ROOTS)?;
        if let Some(request) = &verb.request {
            check_sources(&format!("{place}.request"), request)?;
        }
        for (word, mapping) in &verb.fields {
            let place = format!("{place}.fields.{word}");
            let Some((of, _)) = declared.word(word) else {
                return Err(ConfigError::new(
                    &place,
                    format!("expected a word that {name} declares; take it out"),
                ));
            };
            check_fields(&place, of.fields, mapping)?;
        }
        for (index, rule) in verb.refusals.iter().chain(&self.refusals).enumerate() {
            let place = format!("{place}.refusals[{index}]");
            if !(400..600).contains(&rule.status) {
                return Err(ConfigError::new(&place, "expected a status from 400 to 599"));
            }
            if rule.code.is_none() && self.reply.code.is_none() {
                let message = "expected a code here, or its path in `reply.code`";
                return Err(ConfigError::new(&place, message));
            }
        }
        Ok(())
    }
}

fn check_news(declaration: &Declaration, news: &NewsConfig) -> Result<(), ConfigError> {
    check_path("news.path", &news.path, &["cursor"])?;
    if names(&news.path).next().is_none() {
        return Err(ConfigError::new(
            "news.path",
            "expected {cursor} in it, or all news would come again and again",
        ));
    }
    for (theirs, fact) in &news.facts {
        let place = format!("news.facts.{theirs}");
        let Some(declared) = declaration.fact(&fact.name) else {
            return Err(ConfigError::new(&place, format!("expected a declared fact, found {}", fact.name)));
        };
        if let Some(mapping) = &fact.fields {
            check_fields(&place, declared.fields, mapping)?;
        }
    }
    Ok(())
}

fn check_path(place: &str, path: &str, roots: &[&str]) -> Result<(), ConfigError> {
    if !path.starts_with('/') || path.matches('{').count() != names(path).count() {
        return Err(ConfigError::new(place, "expected a path that begins with / and closes its braces"));
    }
    for name in names(path) {
        check_root(place, name, roots)?;
    }
    Ok(())
}

fn check_root(place: &str, path: &str, roots: &[&str]) -> Result<(), ConfigError> {
    let root = path.split('.').next().unwrap_or_default();
    if !roots.contains(&root) {
        let message = format!("expected a path that begins with {}, found {path}", roots.join(", "));
        return Err(ConfigError::new(place, message));
    }
    Ok(())
}

/// The paths of a request's mapping.
fn check_sources(place: &str, mapping: &Value) -> Result<(), ConfigError> {
    match mapping {
        Value::Object(members) => {
            members.iter().try_for_each(|(name, of)| check_sources(&format!("{place}.{name}"), of))
        }
        Value::String(path) if path.starts_with('=') => Ok(()),
        Value::String(path) => check_root(place, path, &ROOTS),
        Value::Array(_) => Err(ConfigError::new(place, "expected a path, =text or an object, not a list")),
        _ => Ok(()),
    }
}

/// The fields that a mapping of a reply makes.
fn check_fields(place: &str, fields: &[Field], mapping: &Value) -> Result<(), ConfigError> {
    let Value::Object(members) = mapping else {
        return Err(ConfigError::new(place, "expected our fields, each with the path of theirs"));
    };
    for field in fields.iter().filter(|field| !field.optional) {
        let Some(of) = members.get(field.name) else {
            let message = format!("expected the path of `{}`, which is declared; add it", field.name);
            return Err(ConfigError::new(place, message));
        };
        if let (Type::Money, Value::Object(parts)) = (field.of, of)
            && !(parts.contains_key("amount") && parts.contains_key("currency"))
        {
            let place = format!("{place}.{}", field.name);
            return Err(ConfigError::new(&place, "expected `amount` and `currency`; =CNY is the text CNY"));
        }
    }
    match members.keys().find(|name| !fields.iter().any(|field| field.name == *name)) {
        Some(surplus) => {
            Err(ConfigError::new(&format!("{place}.{surplus}"), "expected a declared field; take it out"))
        }
        None => Ok(()),
    }
}
