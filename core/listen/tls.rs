//! The server side of TLS: a handshake is one connection's own affair, under the time that its
//! first head has, and is made with the identity that stands when it begins.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Limits;
use super::identity::Identity;
use super::pulse::Pulse;
use super::stream::Stream;

/// How every TLS connection begins: a record that holds a handshake.
const HANDSHAKE: u8 = 22;
/// What who speaks HTTP without TLS is told.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n\
    content-length: 27\r\nconnection: close\r\n\r\nThis port speaks only TLS.\n";

/// A listener's identity, which may be exchanged while it listens. Clones share it.
#[derive(Debug, Clone)]
pub struct Tls {
    identity: Arc<ArcSwap<Identity>>,
}

impl Tls {
    /// Begins with this one.
    pub fn new(identity: Identity) -> Tls {
        Tls { identity: Arc::new(ArcSwap::from_pointee(identity)) }
    }

    /// New connections get this one; those that are open go on with theirs.
    pub fn exchange(&self, identity: Identity) {
        self.identity.store(Arc::new(identity));
    }

    /// Shakes hands, for as long as the connection's pulse allows. Who speaks without TLS is told
    /// so.
    pub(super) async fn greet(
        &self,
        tcp: TcpStream,
        pulse: &Arc<Pulse>,
        limits: &Limits,
    ) -> io::Result<TlsStream<TcpStream>> {
        let late = |_| {
            pulse.give_up();
            io::Error::from(io::ErrorKind::TimedOut)
        };
        let due = pulse.due(Instant::now());
        let mut first = [0];
        timeout_at(due, tcp.peek(&mut first)).await.map_err(late)??;
        if first[0] != HANDSHAKE {
            return Err(refuse(tcp, first[0], pulse, limits).await);
        }
        let acceptor = TlsAcceptor::from(self.identity.load().config());
        timeout_at(due, acceptor.accept(tcp)).await.map_err(late)?
    }
}

/// Ends a connection that doesn't begin with TLS; where it may be HTTP, in its words.
async fn refuse(tcp: TcpStream, first: u8, pulse: &Arc<Pulse>, limits: &Limits) -> io::Error {
    if first.is_ascii_uppercase() {
        // It lingers, as after every early refusal, so that what it said can be read.
        let mut stream = Stream::new(tcp, Arc::clone(pulse), limits);
        let said = stream.write_all(PLAIN).await;
        if let Err(error) = said.and(stream.shutdown().await) {
            return error;
        }
    }
    io::Error::new(io::ErrorKind::InvalidData, "no TLS")
}
