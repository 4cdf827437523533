//! Refusals as they go out: a stable code, a sentence, the field, and when another try makes sense.

use countersign_core::rejection::Rejection;
use countersign_messages::ErrorBody;
use countersign_runtime::Unavailable;
use countersign_runtime::views::ViewsError;

/// When views that are behind are worth another question, in milliseconds.
const VIEW_RETRY_MS: u64 = 1_000;

/// A refusal on its way out.
pub(super) type Refusal = Box<ErrorBody>;

/// A refusal with a code and a sentence.
pub(super) fn of(code: &str, message: impl Into<String>) -> Refusal {
    Box::new(ErrorBody::new(code, message))
}

/// A refusal of core.
pub(super) fn rejected(rejection: Rejection) -> Refusal {
    let told = ErrorBody::new(rejection.code.as_str(), rejection.message);
    Box::new(ErrorBody { field: rejection.field, ..told })
}

/// An engine that gives no answer.
pub(super) fn unavailable(error: &Unavailable) -> Refusal {
    let told = ErrorBody::new(error.code(), error.to_string());
    Box::new(ErrorBody { retry_after_ms: error.retry_after_ms(), ..told })
}

/// Views that give no answer.
pub(super) fn no_view(error: &ViewsError) -> Refusal {
    let behind = matches!(error, ViewsError::Behind { .. });
    let retry_after_ms = behind.then_some(VIEW_RETRY_MS);
    Box::new(ErrorBody { retry_after_ms, ..ErrorBody::new(error.code(), error.to_string()) })
}

/// An engine that was opened without views.
pub(super) fn views_off() -> Refusal {
    of("VIEW_FAILED", "expected an engine that keeps views; this one was started without them")
}
