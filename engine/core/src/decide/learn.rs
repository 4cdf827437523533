//! What a case learns from answers, messages, children.
