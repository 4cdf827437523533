//! The append-only log of opaque groups on disk.
