//! Names for things that are counted or stored. Each id is a type of its own, so that one is never
//! taken for another.

use std::fmt;

/// One inbound call, for ever: a UUIDv7, so ids sort by the time of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallbackId(uuid::Uuid);

impl CallbackId {
    /// A new id for a callback that arrived at `now_ms` (Unix milliseconds).
    pub fn new(now_ms: u64) -> CallbackId {
        let nanos = u32::try_from(now_ms % 1000).unwrap_or(0) * 1_000_000;
        let stamp = uuid::Timestamp::from_unix(uuid::NoContext, now_ms / 1000, nanos);
        CallbackId(uuid::Uuid::new_v7(stamp))
    }
}

impl fmt::Display for CallbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts the snapshots of routes and plugins that ran in this process: 1, 2, 3, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GenerationId(pub u64);

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
