//! The bounds of deliveries and confirmations, and what registered webhooks can't set themselves.

use std::time::Duration;

use crate::model::BreakerLimits;

/// What deliveries may take, and how long things are waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long attempts in flight may go on once the engine stops.
    pub drain: Duration,
    /// The wait before the store is asked again, after it failed.
    pub store_again: Duration,
    /// The longest wait before the store is asked without a reason.
    pub look_again: Duration,
    /// The longest wait of a destination for further changes, where those before weren't about it.
    pub gather_most: Duration,
    /// Bytes read of a response's body; where there is more, the connection is closed.
    pub response_read_bytes: usize,
    /// Bytes kept of them.
    pub response_bytes: usize,
    /// What closes the door to a destination that is down.
    pub breaker: BreakerLimits,
    /// The wait after an event's first confirmation that brought nothing; it doubles.
    pub confirm_first: Duration,
    /// The longest of these waits.
    pub confirm_most: Duration,
    /// How long an event is confirmed at all, from when it came.
    pub confirm_giveup: Duration,
    /// Confirmations of one route at once.
    pub confirms_at_once: usize,
    /// Waits before each further attempt at a registered webhook.
    pub webhook_retry: Vec<Duration>,
    /// Of one attempt at a registered webhook.
    pub webhook_timeout: Duration,
    /// Attempts at one registered webhook at once.
    pub webhook_concurrency: usize,
}

impl Limits {
    /// What is kept has to be read.
    pub(super) fn read_bytes(&self) -> usize {
        self.response_read_bytes.max(self.response_bytes)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            drain: Duration::from_secs(10),
            store_again: Duration::from_secs(1),
            look_again: Duration::from_secs(60),
            gather_most: Duration::from_millis(64),
            response_read_bytes: 64 << 10,
            response_bytes: 4 << 10,
            breaker: BreakerLimits::default(),
            confirm_first: Duration::from_secs(5),
            confirm_most: Duration::from_secs(600),
            confirm_giveup: Duration::from_secs(24 * 3600),
            confirms_at_once: 8,
            webhook_retry: [60, 300, 1800, 3600].map(Duration::from_secs).to_vec(),
            webhook_timeout: Duration::from_secs(10),
            webhook_concurrency: 16,
        }
    }
}
