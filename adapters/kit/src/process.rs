//! From a configuration file to a running adapter: what `countersign adapter <name> --config <file>` does, and what
//! `serve` does for adapters that run inside it.
//!
//! ```yaml
//! company: yuanlan
//! ledger: /var/lib/countersign/erp.redb
//! nats: { url: "nats://127.0.0.1:4222", user: erp, password: env:COUNTERSIGN_ERP_PASSWORD, inbox_prefix: _INBOX.erp }
//! back_office:
//!   plain_http: { base_url: "https://erp.example/api", headers: { authorization: file:/run/secrets/erp } }
//! bounds: { calls_at_once: 4, answers_kept: P90D }
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_messages::Token;
use jiff::tz::Offset;
use serde::Deserialize;
use serde_json::Value;

use crate::declare::Declaration;
use crate::http::{ConfigError, HttpBackOffice, HttpConfig, Source};
use crate::ledger::{Ledger, LedgerError};
use crate::office::BackOffice;
use crate::run::{Adapter, Running};
use crate::sandbox::{Faults, Office, Rules, Sandbox, Setup};
use crate::schedule::Schedule;
use crate::settings::Settings;
use crate::time::{Clock, SystemClock};
use crate::transport::nats::{Credentials, NatsSettings, Tls, connect};
use crate::transport::{Transport, TransportError};

/// One kind of adapter, as its crate declares it.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What it can be asked.
    pub declaration: &'static Declaration,
    /// Its mapping for the plain dialect that sandboxes speak, in YAML, without `base_url`.
    pub plain_http: &'static str,
    /// Makes the rules of its sandbox from their settings. The error says what was expected.
    pub sandbox: fn(Value) -> Result<Box<dyn Rules>, String>,
}

/// What a file configures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessConfig {
    /// For which company.
    pub company: Token,
    /// The file of the ledger; it is made if it is not there, its directory is not.
    pub ledger: PathBuf,
    /// The way to NATS. Absent only where the adapter runs inside `serve`.
    #[serde(default)]
    pub nats: Option<NatsConfig>,
    /// The system that does the work.
    pub back_office: OfficeConfig,
    /// Bounds, where they are not the usual ones.
    #[serde(default)]
    pub bounds: BoundsConfig,
}

/// The way to NATS.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsConfig {
    /// `nats://127.0.0.1:4222`, or several, separated by commas.
    pub url: String,
    /// The user, with a password.
    #[serde(default)]
    pub user: Option<String>,
    /// `file:<path>` or `env:<name>`.
    #[serde(default)]
    pub password: Option<Source>,
    /// A credentials file, in place of user and password.
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
    /// The seed of an nkey, in place of both: `file:<path>` or `env:<name>`.
    #[serde(default)]
    pub nkey_seed: Option<Source>,
    /// The authorities (PEM) whose certificates are believed, in place of the system's. Asks for TLS, as do the two
    /// that follow.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The certificate (PEM) that is shown to the server.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Sends a password without TLS to another machine; for a network that is protected otherwise.
    #[serde(default)]
    pub allow_cleartext: bool,
    /// `_INBOX`, or what the server's permissions allow.
    #[serde(default)]
    pub inbox_prefix: Option<String>,
}

impl NatsConfig {
    /// Who the adapter is there: exactly one way, or none.
    fn credentials(&self) -> Result<Credentials, ProcessError> {
        let secret = |field: &str, source: &Source| match source {
            Source::Plain(_) => {
                let message = "expected file:<path> or env:<name>: a secret has no place in a configuration";
                Err(ConfigError::new(field, message))
            }
            source => source.read().map_err(|why| ConfigError::new(field, why)),
        };
        match (&self.user, &self.password, &self.credentials_file, &self.nkey_seed) {
            (None, None, None, None) => Ok(Credentials::None),
            (None, None, Some(file), None) => Ok(Credentials::CredentialsFile(file.clone())),
            (None, None, None, Some(seed)) => Ok(Credentials::NkeySeed(secret("nats.nkey_seed", seed)?)),
            (Some(user), Some(password), None, None) => {
                let password = secret("nats.password", password)?;
                Ok(Credentials::UserPassword { user: user.clone(), password })
            }
            _ => {
                let message = "expected a user with a password, a credentials file, the seed of an nkey, or nothing; \
                               not a mixture";
                Err(ConfigError::new("nats", message).into())
            }
        }
    }
}

/// The system that does the work: one of the three.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OfficeConfig {
    /// Any system that speaks HTTP and JSON.
    Http(Box<HttpConfig>),
    /// One that speaks the plain dialect.
    PlainHttp(PlainHttpConfig),
    /// None: a sandbox within the process.
    Sandbox(SandboxConfig),
}

/// A system that speaks the plain dialect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainHttpConfig {
    /// Where it is.
    pub base_url: String,
    /// Headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, Source>,
}

/// A sandbox within the process.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxConfig {
    /// Its local time: `+08:00`; UTC if absent.
    #[serde(default)]
    pub offset: Option<String>,
    /// Stands in every number that it gives out. Absent: made from the time at which it starts, because its books are
    /// forgotten when it ends and no number may come again.
    #[serde(default)]
    pub series: Option<String>,
    /// Of a hundred calls, so many go wrong.
    #[serde(default)]
    pub faults_percent: u64,
    /// Which ones, by chance that is the same for the same seed.
    #[serde(default)]
    pub seed: u64,
    /// The settings of its rules.
    #[serde(default)]
    pub rules: Value,
}

/// Bounds that differ from the usual ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundsConfig {
    /// See [`Settings::calls_at_once`].
    #[serde(default)]
    pub calls_at_once: Option<usize>,
    /// See [`Settings::in_hand_max`].
    #[serde(default)]
    pub in_hand_max: Option<u32>,
    /// See [`Settings::call_within`].
    #[serde(default)]
    pub call_within: Option<Length>,
    /// The first pause before another try.
    #[serde(default)]
    pub retry_first: Option<Length>,
    /// The longest.
    #[serde(default)]
    pub retry_most: Option<Length>,
    /// See [`Settings::tries_max`].
    #[serde(default)]
    pub tries_max: Option<u32>,
    /// See [`Settings::deliveries_max`].
    #[serde(default)]
    pub deliveries_max: Option<u64>,
    /// See [`Settings::keeps_deadlines`].
    #[serde(default)]
    pub keeps_deadlines: Option<bool>,
    /// See [`Settings::news_every`].
    #[serde(default)]
    pub news_every: Option<Length>,
    /// See [`Settings::remember`].
    #[serde(default)]
    pub answers_kept: Option<Length>,
}

/// A length of time: `PT30S`, `P90D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(pub Duration);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::http::duration(deserializer).map(Length)
    }
}

/// Why an adapter cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Its configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Its ledger.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// Its way to the engine.
    #[error("{0}")]
    Transport(#[from] TransportError),
}

impl ProcessError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ProcessError::Config(_) => "ADAPTER_CONFIG",
            ProcessError::Ledger(_) => "ADAPTER_LEDGER",
            ProcessError::Transport(error) => error.code,
        }
    }
}

impl ProcessConfig {
    /// Reads a file's text. The error has the line.
    pub fn read(text: &str) -> Result<ProcessConfig, ConfigError> {
        parsed(text, "the configuration")
    }

    fn settings(&self) -> Settings {
        let (of, usual) = (&self.bounds, Settings::default());
        let length = |of: Option<Length>, usual: Duration| of.map_or(usual, |length| length.0);
        Settings {
            calls_at_once: of.calls_at_once.unwrap_or(usual.calls_at_once),
            in_hand_max: of.in_hand_max.map_or(usual.in_hand_max, |max| max.max(1) as usize),
            call_within: length(of.call_within, usual.call_within),
            retry: Schedule {
                first: length(of.retry_first, usual.retry.first),
                most: length(of.retry_most, usual.retry.most),
            },
            tries_max: of.tries_max.unwrap_or(usual.tries_max),
            deliveries_max: of.deliveries_max.unwrap_or(usual.deliveries_max),
            keeps_deadlines: of.keeps_deadlines.unwrap_or(usual.keeps_deadlines),
            news_every: length(of.news_every, usual.news_every),
            remember: length(of.answers_kept, usual.remember),
        }
    }
}

/// The adapter of a configuration, to be started on any transport: what `serve` does inside.
pub fn adapter(kind: &Kind, config: &ProcessConfig, clock: Arc<dyn Clock>) -> Result<Adapter, ProcessError> {
    let mut settings = config.settings();
    let office: Arc<dyn BackOffice> = match &config.back_office {
        OfficeConfig::Sandbox(sandbox) => Arc::new(sandbox_office(kind, sandbox, clock.clone())?),
        OfficeConfig::Http(http) => http_office(kind, (**http).clone(), &mut settings)?,
        OfficeConfig::PlainHttp(plain) => http_office(kind, plain_http(kind, plain)?, &mut settings)?,
    };
    let ledger = Ledger::open(&config.ledger)?;
    Ok(Adapter {
        declaration: kind.declaration,
        company: config.company.clone(),
        office,
        ledger,
        clock,
        settings,
    })
}

fn http_office(
    kind: &Kind,
    config: HttpConfig,
    settings: &mut Settings,
) -> Result<Arc<dyn BackOffice>, ConfigError> {
    let office = HttpBackOffice::new(kind.declaration, config)?;
    settings.call_within = settings.call_within.max(office.call_within());
    Ok(Arc::new(office))
}

/// The configuration of a system that speaks the plain dialect.
pub fn plain_http(kind: &Kind, plain: &PlainHttpConfig) -> Result<HttpConfig, ConfigError> {
    let text = format!("base_url: http://replaced.invalid\n{}", kind.plain_http);
    let mut config: HttpConfig = parsed(&text, "the adapter's own mapping")?;
    config.base_url.clone_from(&plain.base_url);
    config.headers.clone_from(&plain.headers);
    Ok(config)
}

/// The sandbox of a configuration.
pub fn sandbox_office(
    kind: &Kind,
    config: &SandboxConfig,
    clock: Arc<dyn Clock>,
) -> Result<Office<Box<dyn Rules>>, ConfigError> {
    let at =
        |place: &str, message: String| ConfigError::new(&format!("back_office.sandbox.{place}"), message);
    let rules =
        if config.rules.is_null() { Value::Object(serde_json::Map::new()) } else { config.rules.clone() };
    let rules = (kind.sandbox)(rules).map_err(|message| at("rules", message))?;
    let offset = match config.offset.as_deref() {
        None => Offset::UTC,
        Some(text) => {
            offset(text).ok_or_else(|| at("offset", "expected an offset such as +08:00".to_owned()))?
        }
    };
    let series = config.series.clone().unwrap_or_else(|| format!("{:x}", clock.now().as_second()));
    let faults = match config.faults_percent {
        0 => Faults::none(),
        percent => Faults::seeded(config.seed, percent),
    };
    let setup = Setup { offset, series, faults, ..Setup::default() };
    Ok(Office::new(Sandbox::new(rules, setup), clock))
}

/// `+08:00`, `-03:30`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let part = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten().map(i32::from);
    let minutes = part(hours)? * 60 + part(minutes).filter(|minutes| *minutes < 60)?;
    Offset::from_seconds(sign * minutes * 60).ok()
}

/// Starts an adapter as its own process: reads everything, connects, begins to work.
pub async fn start(kind: &Kind, config: &ProcessConfig) -> Result<Running, ProcessError> {
    let transport = nats_transport(kind, config).await?;
    Ok(adapter(kind, config, Arc::new(SystemClock))?.start(transport))
}

async fn nats_transport(kind: &Kind, config: &ProcessConfig) -> Result<Transport, ProcessError> {
    let Some(nats) = &config.nats else {
        return Err(
            ConfigError::new("nats", "expected the way to a NATS server; add `nats: { url: ... }`").into()
        );
    };
    let mut settings = NatsSettings::new(&nats.url, nats.credentials()?);
    settings.tls = Tls { ca: nats.ca.clone(), certificate: nats.certificate.clone(), key: nats.key.clone() };
    settings.allow_cleartext = nats.allow_cleartext;
    if let Some(prefix) = &nats.inbox_prefix {
        settings.inbox_prefix.clone_from(prefix);
    }
    settings.max_ack_pending = config.bounds.in_hand_max.unwrap_or(settings.max_ack_pending).max(1);
    let adapter = Token::new(kind.declaration.adapter)
        .map_err(|error| ConfigError::new("the adapter's name", error.to_string()))?;
    Ok(connect(&settings, &config.company, &adapter).await?)
}

/// Runs an adapter until it is told to stop, then lets what is under way come to its end within this time.
pub async fn run(
    kind: &Kind,
    config: &ProcessConfig,
    stop: impl Future<Output = ()>,
    within: Duration,
) -> Result<(), ProcessError> {
    let running = start(kind, config).await?;
    tracing::info!(adapter = kind.declaration.adapter, company = %config.company, "the adapter is at work");
    stop.await;
    if !running.stop(within).await {
        tracing::warn!("what was under way was cut off; it comes again");
    }
    Ok(())
}

fn parsed<'de, T: Deserialize<'de>>(text: &'de str, what: &str) -> Result<T, ConfigError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map_or_else(
            || what.to_owned(),
            |at| format!("{what}, line {}, column {}", at.line(), at.column()),
        );
        let sentence = error.without_snippet().to_string();
        ConfigError::new(&place, sentence.lines().next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read() {
        let seconds = |text| offset(text).map(Offset::seconds);
        assert_eq!(seconds("+08:00"), Some(8 * 3600));
        assert_eq!(seconds("-03:30"), Some(-12_600));
        for bad in ["8", "+8:00", "+08:60", "+99:00", "08:00", "+08"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
