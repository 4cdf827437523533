//! Master data that chains change.
