//! The bounds of a listener: what a sender may cost before it is known who it is.

use std::time::Duration;

/// Bounds on connections and on what travels over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once; further ones wait in the kernel's queue.
    pub connections: usize,
    /// HTTP/2 streams at once on one connection.
    pub streams: u32,
    /// Request line and headers together (431).
    pub head_bytes: usize,
    /// Number of headers (431).
    pub headers: usize,
    /// From the first byte of a head, or from the connection's start, to its last.
    pub head_timeout: Duration,
    /// A connection on which no byte moves, in either direction, is closed, unless a call is being
    /// served: that has its own bounds.
    pub idle_timeout: Duration,
    /// How much of a body that nobody wants is read, so that an early reply stays readable.
    pub linger_bytes: usize,
    /// How long that may take.
    pub linger_timeout: Duration,
    /// How long calls in flight may take to end once the router is told to stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 4096,
            streams: 100,
            head_bytes: 64 << 10,
            headers: 100,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            linger_bytes: 4 << 20,
            linger_timeout: Duration::from_secs(2),
            drain_timeout: Duration::from_secs(30),
        }
    }
}
