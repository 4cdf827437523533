//! Founding a company, and bringing its rules into the log.

use std::path::Path;
use std::sync::Arc;

use countersign_chain::{Bundle, Compiled, Diagnostic, Severity, SourceFile, compile, load_dir};
use countersign_core::command::{Body, Cause, Stored};
use countersign_core::definition::{Definition, FORM};
use countersign_core::name::Name;
use countersign_core::rejection::Rejection;
use countersign_core::state::{Release, State};
use countersign_messages::{LogId, Token};
use countersign_runtime::{
    Engine, EngineError, EngineHandle, EngineOptions, Founding, Incoming, ReplyResult, Unavailable, ViewsAt,
};
use thiserror::Error;

/// What was set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The company.
    pub company: String,
    /// The identity of its log.
    pub log_id: String,
    /// The release that holds now.
    pub release: u32,
    /// Definitions that were stored now; the others of the release are unchanged.
    pub stored: Vec<StoredNow>,
    /// How many definitions the release has.
    pub definitions: usize,
    /// Whether another release holds than before.
    pub changed: bool,
    /// Findings that are no errors.
    pub warnings: Vec<Diagnostic>,
}

/// A definition that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNow {
    /// Its number in the log.
    pub number: u32,
    /// Where it was written.
    pub path: String,
    /// Its name.
    pub name: String,
}

/// Why nothing was set up.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The files of the company do not compile.
    #[error("expected definitions without errors, found {} finding(s)", .diagnostics.len())]
    Definitions {
        /// Every finding, warnings among them.
        diagnostics: Vec<Diagnostic>,
        /// The files, to show findings in.
        files: Vec<SourceFile>,
    },
    /// The company's id cannot stand in a subject.
    #[error("expected a company id of a-z, 0-9 and -, found {0:?}: it is part of every subject")]
    CompanyId(String),
    /// The definitions are another company's.
    #[error("expected the definitions of {expected}, found those of {found}")]
    OtherCompany {
        /// The company of the log.
        expected: String,
        /// The company of the files.
        found: String,
    },
    /// A definition was refused.
    #[error("{path} was refused: {rejection}")]
    Refused {
        /// Where it was written.
        path: String,
        /// Why.
        rejection: Rejection,
    },
    /// A compiled definition cannot be encoded: a defect.
    #[error("expected {0} to be encodable")]
    Encoding(String),
    /// The log cannot be created or opened.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine gives no answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl SetupError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            SetupError::Definitions { .. } => "DEFINITION_INVALID",
            SetupError::CompanyId(_) => "COMPANY_ID",
            SetupError::OtherCompany { .. } => "OTHER_COMPANY",
            SetupError::Refused { rejection, .. } => rejection.code.as_str(),
            SetupError::Encoding(_) => "INTERNAL",
            SetupError::Engine(error) => error.code(),
            SetupError::Unavailable(error) => error.code(),
        }
    }
}

/// Founds a company: compiles its files, creates the log and brings the definitions into it. Not to be called from a
/// task. Nothing is written before the files are without errors; where it was interrupted, the same call completes
/// it.
///
/// # Errors
/// `DEFINITION_INVALID` with every finding, `LOG_EXISTS`, `LOCKED`, `DISK_FULL`, `IO`.
pub fn init_company(
    data: &Path,
    workflows: &Path,
    administrator: &str,
    os_user: &str,
) -> Result<Report, SetupError> {
    let options = EngineOptions { views: ViewsAt::Off, ..EngineOptions::directory(data) };
    init_with(options, &read(workflows)?, administrator, os_user)
}

/// The same for an engine with options of one's own, and definitions that were compiled before.
///
/// # Errors
/// Those of [`init_company`].
pub fn init_with(
    options: EngineOptions,
    compiled: &CompiledCompany,
    administrator: &str,
    os_user: &str,
) -> Result<Report, SetupError> {
    let company = Name::from(compiled.company()?);
    let (administrator, os_user) = (Name::from(administrator), Name::from(os_user));
    let founding = Founding { company, administrator, os_user: os_user.clone() };
    let engine = match Engine::create(options.clone(), &founding) {
        Err(error) if error.code() == "LOG_EXISTS" => unfinished(options, error)?,
        created => created?.0,
    };
    let report = deploy(engine.handle(), compiled, &os_user)?;
    engine.stop()?;
    Ok(report)
}

/// A company that was founded and never got its definitions; any other is left as it is.
fn unfinished(options: EngineOptions, exists: EngineError) -> Result<Engine, SetupError> {
    let (engine, _) = Engine::open(options)?;
    let (bare, _) = engine.handle().read_blocking(|state| state.definitions().active().is_none())?;
    if bare { Ok(engine) } else { Err(exists.into()) }
}

/// A company's files without errors.
#[derive(Clone, Debug)]
pub struct CompiledCompany {
    bundle: Arc<Bundle>,
    /// Findings that are no errors.
    pub warnings: Vec<Diagnostic>,
}

impl CompiledCompany {
    /// The company's id.
    ///
    /// # Errors
    /// `COMPANY_ID` if it cannot stand in a subject.
    pub fn company(&self) -> Result<&str, SetupError> {
        let company = self.bundle.definitions.iter().find_map(|compiled| match &compiled.definition {
            Definition::Company(company) => Some(company.id.as_str()),
            _ => None,
        });
        let company = company.unwrap_or_default();
        Token::new(company).map_err(|_| SetupError::CompanyId(company.to_owned()))?;
        Ok(company)
    }

    /// The definitions.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }
}

/// Reads and compiles the files of a company.
///
/// # Errors
/// `DEFINITION_INVALID` with every finding.
pub fn read(workflows: &Path) -> Result<CompiledCompany, SetupError> {
    let found = load_dir(workflows);
    let files =
        found.map_err(|finding| SetupError::Definitions { diagnostics: vec![finding], files: Vec::new() })?;
    let (bundle, diagnostics) = compile(&files);
    match bundle {
        Some(bundle) if diagnostics.iter().all(|found| found.severity == Severity::Warning) => {
            Ok(CompiledCompany { bundle: Arc::new(bundle), warnings: diagnostics })
        }
        _ => Err(SetupError::Definitions { diagnostics, files }),
    }
}

/// Brings definitions into a company's log and activates them all at once. Those that have not changed are not
/// stored again; where none has, nothing happens. Not to be called from a task.
///
/// # Errors
/// `OTHER_COMPANY`, `DEFINITION_INVALID`, and whatever keeps the engine from answering.
pub fn deploy(
    handle: &EngineHandle,
    compiled: &CompiledCompany,
    os_user: &Name,
) -> Result<Report, SetupError> {
    deploy_by(handle, compiled, &|_, _| Cause::Operator { os_user: os_user.clone() })
}

/// Why a command is given, by its number and what it asks.
pub(crate) type Causes<'a> = &'a dyn Fn(usize, &Body) -> Cause;

/// The numbers of definitions that hold already as the files have them.
pub(crate) fn known_numbers(
    handle: &EngineHandle,
    compiled: &CompiledCompany,
) -> Result<Vec<Option<u32>>, SetupError> {
    let bundle = compiled.bundle.clone();
    Ok(handle.read_blocking(move |state: &State| known(state, &bundle).numbers)?.0)
}

/// The same, for whoever the causes name.
pub(crate) fn deploy_by(
    handle: &EngineHandle,
    compiled: &CompiledCompany,
    causes: Causes<'_>,
) -> Result<Report, SetupError> {
    let bundle = compiled.bundle.clone();
    let look = move |state: &State| (state.head().company.clone(), known(state, &bundle));
    let ((company, known), _) = handle.read_blocking(look)?;
    let found = compiled.company()?;
    if *company != *found {
        return Err(SetupError::OtherCompany { expected: company.to_string(), found: found.to_owned() });
    }
    let mut numbers = Vec::new();
    let mut stored = Vec::new();
    for (definition, number) in compiled.bundle.definitions.iter().zip(&known.numbers) {
        let number = match number {
            Some(number) => *number,
            None => {
                let number = store(handle, definition, &|body| causes(stored.len(), body))?;
                let (path, name) = (definition.path.clone(), definition.definition.name().to_string());
                stored.push(StoredNow { number, path, name });
                number
            }
        };
        numbers.push(number);
    }
    let same = stored.is_empty() && known.release.as_ref().is_some_and(|r| r.members.len() == numbers.len());
    let definitions = numbers.len();
    let release = match known.release.filter(|_| same) {
        Some(release) => release.number,
        None => {
            let body = Body::Activate { definitions: numbers };
            let cause = causes(stored.len(), &body);
            command(handle, (cause, body), "the release")?
        }
    };
    Ok(Report {
        company: company.to_string(),
        log_id: LogId::from_bytes(&handle.log().log_id().0).into(),
        release,
        stored,
        definitions,
        changed: !same,
        warnings: compiled.warnings.clone(),
    })
}

/// The release that holds, and the numbers of definitions that are in it unchanged.
struct Known {
    release: Option<Arc<Release>>,
    numbers: Vec<Option<u32>>,
}

fn known(state: &State, bundle: &Bundle) -> Known {
    let release = state.definitions().active().cloned();
    let number = |compiled: &Compiled| {
        let release = release.as_ref()?;
        let key = (compiled.definition.kind(), compiled.definition.name());
        let number = *release.members.get(&key)?;
        let stored = state.definitions().stored(number)?;
        // The same text may mean something else beside other files, so both must be equal.
        (stored.sha256 == compiled.sha256 && is_in(release, &compiled.definition)).then_some(number)
    };
    let numbers = bundle.definitions.iter().map(number).collect();
    Known { release, numbers }
}

fn is_in(release: &Release, definition: &Definition) -> bool {
    match definition {
        Definition::Company(d) => release.company() == Some(d),
        Definition::Organisation(d) => release.organisation() == Some(d),
        Definition::Systems(d) => release.systems() == Some(d),
        Definition::Authority(d) => release.authority(&d.name) == Some(d),
        Definition::Document(d) => release.document(&d.name) == Some(d),
        Definition::Table(d) => release.table(&d.name) == Some(d),
        Definition::Adapters(d) => release.adapters() == Some(d),
        Definition::Reports(d) => release.reports() == Some(d),
        Definition::Chain(d) => release.chain(&d.name) == Some(d),
        Definition::Account(d) => release.account(&d.name) == Some(d),
        Definition::Confidential(d) => release.confidential(&d.document) == Some(d),
    }
}

fn store(
    handle: &EngineHandle,
    compiled: &Compiled,
    cause: &dyn Fn(&Body) -> Cause,
) -> Result<u32, SetupError> {
    let encoded = compiled.definition.encode().map_err(|_| SetupError::Encoding(compiled.path.clone()))?;
    let stored = Stored {
        path: Name::from(compiled.path.as_str()),
        source: compiled.source.clone(),
        sha256: compiled.sha256,
        form: FORM,
        compiled: encoded,
    };
    let body = Body::Store(Box::new(stored));
    command(handle, (cause(&body), body), &compiled.path)
}

/// Runs a command that gives a number.
fn command(handle: &EngineHandle, (cause, body): (Cause, Body), path: &str) -> Result<u32, SetupError> {
    let reply = handle.command_blocking(Incoming { cause, body })?;
    match reply.result {
        ReplyResult::Accepted(receipt) => Ok(receipt.number.unwrap_or_default()),
        ReplyResult::Refused(rejection) => Err(SetupError::Refused { path: path.to_owned(), rejection }),
    }
}
