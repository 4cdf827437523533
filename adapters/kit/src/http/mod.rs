//! A back office that speaks HTTP and JSON, by configuration alone: paths, fields, refusals, look-up, news.
//!
//! How an outcome is read, in this order:
//!
//! | what comes | what it means |
//! |---|---|
//! | no connection | not taken: tried again |
//! | no answer in time, a broken connection | in doubt: looked up before it is repeated |
//! | a status that `refusals` lists | refused, with the code listed or the one in the body |
//! | 2xx | the answer, by `reply` and the verb's `fields` |
//! | 401 403 404 405 408 409 423 425 429 503 | not taken: locked, busy, or not let in; tried again |
//! | 500 502 504 and other 5xx | in doubt |
//! | any other | not understood: `unknown`, a person has to look |

mod config;
mod mapping;
mod reply;
mod secret;

use std::time::Duration;

use async_trait::async_trait;
use countersign_messages::{Limits, decode};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::{Map, Value};

pub(crate) use config::duration;
pub use config::{ConfigError, HttpConfig, LookUpConfig, NewsConfig, Refusal, ReplyConfig, VerbConfig};
pub use secret::{Secret, Source};

use crate::declare::Declaration;
use crate::office::{BackOffice, Batch, Found, Trouble};
use crate::shape::shortened;
use crate::work::{Said, Work};
use mapping::{context, expanded, mapped};

/// The largest body that is read: a message's limit.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A back office behind HTTP.
pub struct HttpBackOffice {
    declaration: &'static Declaration,
    config: HttpConfig,
    headers: HeaderMap,
    client: Client,
    limits: Limits,
}

/// What came over HTTP.
struct Came {
    status: StatusCode,
    body: Vec<u8>,
}

impl HttpBackOffice {
    /// A back office by a configuration, which is checked against the declaration. Secrets are read now.
    pub fn new(declaration: &'static Declaration, config: HttpConfig) -> Result<HttpBackOffice, ConfigError> {
        config.check(declaration)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, source) in &config.headers {
            let place = format!("headers.{name}");
            let failed = |why: String| ConfigError::new(&place, why);
            let header: HeaderName =
                name.parse().map_err(|_| failed("expected the name of a header".into()))?;
            let secret = source.read().map_err(failed)?;
            let mut value = HeaderValue::from_str(secret.reveal())
                .map_err(|_| failed("expected a text without control characters".into()))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        // The one crypto provider of the tree; an error means that it has been installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(config.connect_within)
            .timeout(config.answer_within)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ConfigError::new("back_office", format!("expected a client: {error}")))?;
        Ok(HttpBackOffice { declaration, config, headers, client, limits: Limits::default() })
    }

    /// Longer than a call may take here, so that this client's own time runs out first.
    pub fn call_within(&self) -> Duration {
        self.config.connect_within + self.config.answer_within + Duration::from_secs(1)
    }

    fn url(&self, path: &str) -> Result<Url, Trouble> {
        let base = self.config.base_url.trim_end_matches('/');
        Url::parse(&format!("{base}{path}"))
            .map_err(|error| Trouble::NotUnderstood(format!("expected a path, found {path}: {error}")))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Came, Trouble> {
        let mut request = self.client.request(method, self.url(path)?).headers(self.headers.clone());
        if let (Some(name), Some(key)) = (&self.config.idempotency_header, key) {
            request = request.header(name, key);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let mut response = request.send().await.map_err(|error| sending(&error))?;
        let status = response.status();
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| sending(&error))? {
            read.extend_from_slice(&chunk);
            if read.len() > BODY_BYTES_MAX {
                return Err(Trouble::InDoubt(format!("{status} with more than {BODY_BYTES_MAX} bytes")));
            }
        }
        Ok(Came { status, body: read })
    }

    /// The object in a body.
    fn object(&self, came: &Came) -> Result<Map<String, Value>, Trouble> {
        decode(&came.body, &self.limits).map_err(|error| {
            Trouble::InDoubt(format!("{} with a body that cannot be read: {error}", came.status))
        })
    }

    fn verb(&self, work: &Work) -> Result<&VerbConfig, Trouble> {
        let name = work.name();
        self.config.verbs.get(&name).ok_or_else(|| {
            Trouble::NotUnderstood(format!("the configuration does not say how to ask for {name}"))
        })
    }

    /// What a reply to a call says.
    fn heard(&self, work: &Work, came: &Came) -> Result<Vec<Said>, Trouble> {
        let name = work.name();
        let verb = self.verb(work)?;
        if let Some(said) = self.refused(verb, came) {
            return Ok(vec![said]);
        }
        if !came.status.is_success() {
            return Err(trouble(came));
        }
        if came.body.is_empty() {
            let said = reply::said(self.declaration, &name, &self.config.reply, verb, &Map::new());
            return said.map(|said| vec![said]).map_err(Trouble::InDoubt);
        }
        let body = self.object(came)?;
        reply::said_or_taken(self.declaration, &name, &self.config.reply, verb, &body)
            .map_err(Trouble::InDoubt)
    }

    fn refused(&self, verb: &VerbConfig, came: &Came) -> Option<Said> {
        let mut rules = verb.refusals.iter().chain(&self.config.refusals);
        let body: Map<String, Value> = decode(&came.body, &self.limits).unwrap_or_default();
        let body = Value::Object(body);
        let rule = rules.find(|rule| {
            let holds = |(path, value): (&String, &Value)| mapping::at(&body, path) == Some(value);
            rule.status == came.status.as_u16() && rule.when.iter().all(holds)
        })?;
        let text = |path: &Option<String>| path.as_deref().and_then(|path| mapping::text_at(&body, path));
        let code = rule.code.clone().or_else(|| text(&self.config.reply.code))?;
        let message = text(&self.config.reply.message);
        let message =
            message.unwrap_or_else(|| format!("the back office refuses with status {}", rule.status));
        Some(Said::refused(&code, &message))
    }
}

fn sending(error: &reqwest::Error) -> Trouble {
    // The address may hold what a log should not.
    let why = error.without_url_text();
    if error.is_builder() {
        Trouble::NotUnderstood(why)
    } else if error.is_connect() {
        Trouble::NotTaken(why)
    } else {
        Trouble::InDoubt(why)
    }
}

/// An error's sentence with its causes and without the address.
trait WithoutUrl {
    fn without_url_text(&self) -> String;
}

impl WithoutUrl for reqwest::Error {
    fn without_url_text(&self) -> String {
        let what = if self.is_timeout() {
            "no answer in time"
        } else if self.is_connect() {
            "no connection"
        } else {
            "the connection broke"
        };
        let mut cause = std::error::Error::source(self);
        while let Some(deeper) = cause.and_then(std::error::Error::source) {
            cause = Some(deeper);
        }
        cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
    }
}

/// What a status means that is neither a success nor a refusal.
fn trouble(came: &Came) -> Trouble {
    let shown = shortened(&String::from_utf8_lossy(&came.body));
    let why = format!("status {}: {shown}", came.status);
    match came.status.as_u16() {
        401 | 403 | 404 | 405 | 408 | 409 | 423 | 425 | 429 | 503 => Trouble::NotTaken(why),
        500.. => Trouble::InDoubt(why),
        _ => Trouble::NotUnderstood(why),
    }
}

#[async_trait]
impl BackOffice for HttpBackOffice {
    async fn call(&self, work: &Work) -> Result<Vec<Said>, Trouble> {
        let verb = self.verb(work)?;
        let context = context(work);
        let path = expanded(&verb.path, &context).map_err(Trouble::NotUnderstood)?;
        let body = match &verb.request {
            Some(request) => mapped(request, &context),
            None => mapping::plain(work),
        };
        let method: Method = verb.method.parse().unwrap_or(Method::POST);
        let body = (method != Method::GET).then_some(body);
        let came = self.ask(method, &path, Some(work.id().as_str()), body.as_ref()).await?;
        self.heard(work, &came)
    }

    async fn find(&self, work: &Work) -> Result<Found, Trouble> {
        let Some(look_up) = &self.config.look_up else { return Ok(Found::Unsupported) };
        let verb = self.verb(work)?;
        let path = expanded(&look_up.path, &context(work)).map_err(Trouble::NotUnderstood)?;
        let came = self.ask(Method::GET, &path, None, None).await?;
        if came.status == StatusCode::NOT_FOUND {
            return Ok(Found::NotFound);
        }
        if !came.status.is_success() {
            return Err(trouble(&came));
        }
        let body = self.object(&came)?;
        let replies = match &look_up.each {
            None => vec![body],
            Some(each) => mapping::objects_at(&Value::Object(body), each).ok_or_else(|| {
                Trouble::InDoubt(format!("the look-up: expected a list of objects at `{each}`"))
            })?,
        };
        let name = work.name();
        let mut said = Vec::new();
        for reply in &replies {
            let heard = reply::said_or_taken(self.declaration, &name, &self.config.reply, verb, reply);
            said.extend(heard.map_err(Trouble::InDoubt)?);
        }
        Ok(Found::Known(said))
    }

    fn repeats_safely(&self, _work: &Work) -> bool {
        self.config.idempotency_header.is_some()
    }

    async fn news(&self, after: &str) -> Result<Batch, Trouble> {
        let Some(news) = &self.config.news else {
            return Ok(Batch { cursor: after.to_owned(), ..Batch::default() });
        };
        let cursor = [("cursor".to_owned(), Value::from(after))].into_iter().collect();
        let path = expanded(&news.path, &Value::Object(cursor)).map_err(Trouble::NotUnderstood)?;
        let came = self.ask(Method::GET, &path, None, None).await?;
        if !came.status.is_success() {
            return Err(trouble(&came));
        }
        let body = Value::Object(self.object(&came)?);
        reply::batch(self.declaration, &self.config, news, &body, after).map_err(Trouble::InDoubt)
    }
}
