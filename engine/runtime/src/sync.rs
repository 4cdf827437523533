//! Locks and channels between the core thread, the log thread and the release thread: the standard library's. The tests in
//! [`crate::shuttled`] put others in their place, which try the threads in every order that they draw.

pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
