//! The single writer and its followers.
