//! The bounds of one callback.

use std::time::Duration;

/// Bounds on callbacks, whatever their route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Callbacks being worked on at once; one more gets 503.
    pub callbacks: usize,
    /// Path and query (414).
    pub url_bytes: usize,
    /// Body (413).
    pub body_bytes: usize,
    /// The whole body (408).
    pub body_timeout: Duration,
    /// From the end of the head to the reply (503).
    pub call_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            callbacks: 1024,
            url_bytes: 8 << 10,
            body_bytes: 1 << 20,
            body_timeout: Duration::from_secs(15),
            call_timeout: Duration::from_secs(30),
        }
    }
}
