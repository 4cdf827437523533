//! Companies whose files are part of the program: those of the demonstration and of the benchmark.

use countersign_chain::{Severity, SourceFile, compile};
use countersign_core::command::{Body, Cause, Stored};
use countersign_core::definition::FORM;
use countersign_core::name::Name;
use countersign_core::receipt::Receipt;
use countersign_runtime::{Engine, Founding, Incoming, Reply, ReplyResult};

/// A file's path in its company's folder, and its text.
pub(crate) type File = (&'static str, &'static str);

/// The definitions of these files, ready for the log. They are part of the program, so that a finding is a defect.
pub(crate) fn definitions(files: &[File]) -> Result<Vec<Stored>, String> {
    let files: Vec<SourceFile> =
        files.iter().map(|(path, text)| SourceFile { path: (*path).into(), text: (*text).into() }).collect();
    let (bundle, found) = compile(&files);
    let error = found.iter().find(|found| found.severity == Severity::Error);
    let bundle = bundle.ok_or_else(|| error.map(ToString::to_string).unwrap_or_default())?;
    let stored = bundle.definitions.into_iter().map(|c| {
        let compiled = c.definition.encode().map_err(|e| e.to_string())?;
        Ok(Stored { path: c.path.as_str().into(), source: c.source, sha256: c.sha256, form: FORM, compiled })
    });
    stored.collect()
}

/// Stores definitions and activates them, all at once.
pub(crate) fn activate(engine: &Engine, founding: &Founding, stored: Vec<Stored>) -> Result<(), String> {
    let send = |body: Body| {
        let cause = Cause::Operator { os_user: founding.os_user.clone() };
        accepted(engine.handle().command_blocking(Incoming { cause, body }).map_err(|e| e.to_string())?)
    };
    let mut definitions = Vec::new();
    for stored in stored {
        definitions.extend(send(Body::Store(Box::new(stored)))?.number);
    }
    send(Body::Activate { definitions })?;
    Ok(())
}

/// The receipt of a command that must not be refused.
pub(crate) fn accepted(reply: Reply) -> Result<Receipt, String> {
    match reply.result {
        ReplyResult::Accepted(receipt) => Ok(receipt),
        ReplyResult::Refused(rejection) => Err(rejection.to_string()),
    }
}

/// An operator at the machine.
pub(crate) fn operator(os_user: &str) -> Cause {
    Cause::Operator { os_user: Name::from(os_user) }
}
