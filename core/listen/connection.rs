//! One connection, from its first byte to its last: HTTP/1.1 or HTTP/2 by what the sender speaks
//! first, with TLS around it where the listener has a certificate. Whatever is malformed or too
//! large is answered here, before anybody else sees it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::body::Body;
use super::counters::{Counters, count};
use super::crowd::Crowd;
use super::pulse::Pulse;
use super::stream::Stream;
use super::tls::Tls;
use super::{Drain, Limits};

/// The protocol library takes no smaller buffer for a head.
const HEAD_BYTES_MIN: usize = 8 << 10;
/// HTTP/2: how far a sender may run ahead of what is read, on one stream and on all together.
const STREAM_WINDOW_BYTES: u32 = 128 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 512 << 10;
/// HTTP/2: how much of a response is queued while the other side doesn't take it.
const SEND_BUFFER_BYTES: usize = 64 << 10;
/// HTTP/2: streams reset by the sender before they were served, and by us for protocol errors,
/// after which the connection is given up (the rapid-reset attacks of 2023 and 2025).
const RESET_STREAMS_MAX: usize = 20;
const ERROR_STREAMS_MAX: usize = 100;

/// A call: its head has come, its body may still be on the way.
#[derive(Debug)]
pub struct Arrival {
    /// Method, target, version and headers.
    pub head: Parts,
    /// The body, unread.
    pub body: Body,
    /// Whoever holds the other end of the connection.
    pub peer: SocketAddr,
}

/// What all connections of a listener share.
pub(super) struct Door<S> {
    limits: Arc<Limits>,
    counters: Arc<Counters>,
    crowd: Crowd,
    protocol: auto::Builder<TokioExecutor>,
    tls: Option<Tls>,
    serve: S,
}

impl<S, F> Door<S>
where
    S: Fn(Arrival) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    pub(super) fn new(
        (limits, counters): (Arc<Limits>, Arc<Counters>),
        tls: Option<Tls>,
        serve: S,
    ) -> Door<S> {
        let (protocol, crowd) = (protocol(&limits), Crowd::new(limits.connections));
        Door { limits, counters, crowd, protocol, tls, serve }
    }

    /// A place for one more connection, once there is one.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        self.crowd.place().await
    }

    /// Serves one connection to its end.
    pub(super) async fn pass(self: &Arc<Self>, tcp: TcpStream, peer: SocketAddr, drain: Drain) {
        count(&self.counters.accepted);
        let _ended = Ended { counters: &self.counters };
        // Without it a small response may wait for an acknowledgement; where it fails, it may.
        let _ = tcp.set_nodelay(true);
        let pulse = Arc::new(Pulse::new(&self.limits));
        let _present = self.crowd.enter(&pulse);
        let ended = match &self.tls {
            None => self.speak(tcp, peer, &pulse, drain).await,
            Some(tls) => self.speak_safely(tls, tcp, peer, (&pulse, drain)).await,
        };
        if pulse.is_given_up() {
            count(&self.counters.timed_out);
        } else if ended.is_err() {
            count(&self.counters.connection_errors);
        }
    }

    /// Shakes hands, and then speaks. Nothing has been served before that is done, so being told to
    /// stop ends it.
    async fn speak_safely(
        self: &Arc<Self>,
        tls: &Tls,
        tcp: TcpStream,
        peer: SocketAddr,
        (pulse, mut drain): (&Arc<Pulse>, Drain),
    ) -> Result<(), Failure> {
        let stream = tokio::select! {
            shaken = tls.greet(tcp, pulse, &self.limits) => shaken?,
            () = drain.told() => return Ok(()),
            () = pulse.is_asked() => return Ok(()),
        };
        self.speak(stream, peer, pulse, drain).await
    }

    async fn speak<T>(
        self: &Arc<Self>,
        transport: T,
        peer: SocketAddr,
        pulse: &Arc<Pulse>,
        mut drain: Drain,
    ) -> Result<(), Failure>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(Stream::new(transport, Arc::clone(pulse), &self.limits));
        let service =
            service_fn(|request| call(Arc::clone(self), request, peer, Arc::clone(pulse)));
        let mut connection = pin!(self.protocol.serve_connection(stream, service));
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = drain.told() => connection.as_mut().graceful_shutdown(),
            () = pulse.is_asked() => connection.as_mut().graceful_shutdown(),
        }
        // Being told to stop before a first byte has come is an error to the library, not to us.
        connection.await.or(Ok(()))
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counts the end of a connection, however it ends.
struct Ended<'c> {
    counters: &'c Counters,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        count(&self.counters.ended);
    }
}

/// One call: its head is within bounds, and the connection knows that it is open.
async fn call<S, F>(
    door: Arc<Door<S>>,
    request: Request<Incoming>,
    peer: SocketAddr,
    pulse: Arc<Pulse>,
) -> Result<Response<Full<Bytes>>, Infallible>
where
    S: Fn(Arrival) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
{
    count(&door.counters.calls);
    let (head, incoming) = request.into_parts();
    let multiplexed = head.version == Version::HTTP_2;
    let _open = Pulse::begin(&pulse, multiplexed);
    let body = Body::new(incoming, (!multiplexed).then(|| Arc::clone(&pulse)));
    // Over HTTP/1.1 the parser has answered this already; HTTP/2 bounds bytes only.
    if head.headers.len() > door.limits.headers {
        return Ok(empty(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    let mut response = (door.serve)(Arrival { head, body, peer }).await;
    if pulse.is_unread() {
        // The rest of the body stands where the next head would: say that there is no next one.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn protocol(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    protocol
        .http1()
        .max_headers(limits.headers)
        .max_buf_size(limits.head_bytes.max(HEAD_BYTES_MIN))
        // A sender that closes its half has not hung up; and an answer that is being computed is
        // finished and recorded even if nobody waits for it any more.
        .half_close(true)
        // The stream keeps this time: the library's would also count a connection's idle time.
        .header_read_timeout(None);
    protocol
        .http2()
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_pending_accept_reset_streams(RESET_STREAMS_MAX)
        .max_local_error_reset_streams(ERROR_STREAMS_MAX);
    protocol
}
