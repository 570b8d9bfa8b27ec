//! What a listener has seen, as numbers that only grow. Reading them disturbs nothing.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections accepted.
    pub accepted: AtomicU64,
    /// Connections that have ended; `accepted` less this is how many are open.
    pub ended: AtomicU64,
    /// Accepts that failed.
    pub accept_errors: AtomicU64,
    /// Connections that broke, or broke the protocol.
    pub connection_errors: AtomicU64,
    /// Connections closed because a head took too long or no byte moved.
    pub timed_out: AtomicU64,
    /// Calls that arrived.
    pub calls: AtomicU64,
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
