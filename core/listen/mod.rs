//! The public door: bytes in, bytes out, over HTTP/1.1 and HTTP/2, with TLS or without. It knows no
//! callback; whatever a sender does costs a bounded part of one connection, and never the listener.

mod limits;
mod counters;
mod drain;
mod accept;
mod connection;
mod body;
mod crowd;
mod pulse;
mod stream;
mod identity;
mod tls;
#[cfg(test)]
mod tests;

pub use accept::run;
pub use body::{Body, BodyFault};
pub use connection::Arrival;
pub use counters::Counters;
pub use drain::{Drain, Drainer, drain};
pub use identity::{Identity, IdentityFault};
pub use limits::Limits;
pub use tls::Tls;

use std::sync::Arc;

use tokio::net::TcpListener;

/// A bound socket, what its senders may cost, and where is counted what they did.
#[derive(Debug)]
pub struct Listener {
    /// Where connections come from.
    pub socket: TcpListener,
    /// The bounds on them.
    pub limits: Arc<Limits>,
    /// What is counted; shared with whoever shows it.
    pub counters: Arc<Counters>,
    /// Who it says it is; `None`: it speaks without TLS.
    pub tls: Option<Tls>,
}
