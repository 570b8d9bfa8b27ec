//! The bounds of plugins: what one call may take, and what all of them share.

use std::time::Duration;

use super::health::Quarantine;

/// What all plugins share; set once, when the process starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolLimits {
    /// Instances alive at once, over all plugins.
    pub instances: u32,
    /// The most memory that a plugin may be given.
    pub memory_bytes: usize,
    /// Wasm stack of a call.
    pub stack_bytes: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Plugins compiled at once.
    pub compiles: usize,
    /// Compiled code kept on disk.
    pub cache_bytes: u64,
}

impl Default for PoolLimits {
    fn default() -> PoolLimits {
        PoolLimits {
            instances: 1024,
            memory_bytes: 32 << 20,
            stack_bytes: 512 << 10,
            table_elements: 10_000,
            compiles: 1,
            cache_bytes: 1 << 30,
        }
    }
}

/// What one plugin may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of one instance, all memories together.
    pub memory_bytes: usize,
    /// One call of one phase, with the wait for a free instance.
    pub deadline: Duration,
    /// The same of a confirmation, which waits for the provider's API.
    pub confirm_deadline: Duration,
    /// Instances alive at once: its share of the pool.
    pub instances: usize,
    /// Calls that one instance takes; 1 = a fresh one for each.
    pub reuse: u32,
    /// How long an instance is kept that nobody needs.
    pub reuse_idle: Duration,
    /// What becomes of a plugin that fails again and again.
    pub quarantine: Quarantine,
    /// Log lines of one call; the rest is counted and dropped.
    pub log_lines: u32,
    /// Bytes of one log line; the rest is cut off.
    pub log_line_bytes: usize,
    /// Body and headers of one reply.
    pub reply_bytes: usize,
    /// Events of one callback.
    pub events: usize,
    /// One event, one request or one answer, all its texts together.
    pub event_bytes: usize,
    /// Entries that one route's plugin may keep in `state`.
    pub state_entries: usize,
    /// Key and value of one entry.
    pub state_entry_bytes: usize,
    /// Outgoing HTTP calls of one instance.
    pub http_calls: usize,
    /// Body of one outgoing HTTP response.
    pub http_bytes: usize,
    /// One outgoing HTTP call, from the dial to the end of the response's body.
    pub http_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 32 << 20,
            deadline: Duration::from_millis(500),
            confirm_deadline: Duration::from_secs(30),
            instances: 64,
            reuse: 1,
            reuse_idle: Duration::from_secs(60),
            quarantine: Quarantine::default(),
            log_lines: 50,
            log_line_bytes: 1 << 10,
            reply_bytes: 1 << 20,
            events: 1000,
            event_bytes: 1 << 20,
            state_entries: 1000,
            state_entry_bytes: 64 << 10,
            http_calls: 16,
            http_bytes: 4 << 20,
            http_timeout: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// How long one call may take: a confirmation, or any other.
    pub(super) fn deadline_of(&self, confirmation: bool) -> Duration {
        if confirmation { self.confirm_deadline } else { self.deadline }
    }
}
