//! A `[destinations.NAME]` as it is used: where to send, what, signed by what, how often.

use std::time::Duration;

use crate::model::KindPattern;
use crate::plugin::SecretText;

/// One destination of the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its name.
    pub name: String,
    /// Where events are sent: the operator's own word, so any address may be dialled.
    pub url: String,
    /// What it wants.
    pub events: Vec<KindPattern>,
    /// What signs deliveries, newest first; none: they are unsigned.
    pub secrets: Vec<SecretText>,
    /// Waits before each further attempt.
    pub retry: Vec<Duration>,
    /// Of one attempt.
    pub timeout: Duration,
    /// Attempts at once.
    pub concurrency: usize,
    /// Why nothing can be sent now: its secret isn't there.
    pub offline: Option<String>,
}

impl Destination {
    /// Whether events of this kind are owed to it.
    pub fn wants(&self, kind: &str) -> bool {
        self.events.iter().any(|pattern| pattern.matches(kind))
    }
}
