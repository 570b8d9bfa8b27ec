//! Calls over connections that are kept: for whoever calls the same hosts again and again. A
//! connection is guarded when it is dialled, like every other, and serves only the host and port
//! that it was dialled for.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::http::Extensions;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{self, Client as Pool};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use super::{Names, OutboundFault, Reach, Target, dial, tls};
use crate::model::Network;

/// Connections kept for one host and port while nobody uses them.
const IDLE_PER_HOST: usize = 32;
/// How long one is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(60);
/// From the name to the end of the TLS handshake. Callers bound their calls themselves; this bounds
/// a dial that goes on without its call, because another connection became free first.
const DIAL: Duration = Duration::from_secs(30);
/// Stale connections that one call may meet; with one more it fails.
const STALE_MOST: usize = 1;
/// What one connection may buffer of a response; its head has to fit.
const BUFFER_BYTES: usize = 64 << 10;

/// Which addresses may be dialled, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnedReach {
    /// All: the operator wrote the URL.
    Anywhere,
    /// The public internet's, and those of these networks.
    Public(Vec<Network>),
}

impl OwnedReach {
    fn borrowed(&self) -> Reach<'_> {
        match self {
            OwnedReach::Anywhere => Reach::Anywhere,
            OwnedReach::Public(allowed) => Reach::Public(allowed),
        }
    }
}

/// What a call brought.
#[derive(Debug)]
pub struct Brought {
    /// The response, with as much of its body as was wanted.
    pub response: Response<Bytes>,
    /// The body was longer.
    pub cut: bool,
}

/// Sends requests over connections that are kept. Clones share them.
#[derive(Debug, Clone)]
pub struct Client {
    pool: Pool<Dialler, Full<Bytes>>,
}

impl Client {
    /// A client that asks these names, and dials only where `reach` allows.
    pub fn new(reach: OwnedReach, names: Names) -> Client {
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_buf_size(BUFFER_BYTES)
            .build(Dialler { reach, names });
        Client { pool }
    }

    /// Sends a request and reads at most `bytes_max` of the response's body; where there is more,
    /// the connection is closed instead of reading on. How long that may take is the caller's to
    /// bound.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Brought, OutboundFault> {
        Target::of(request.uri()).ok_or(OutboundFault::BadUrl)?;
        let response = self.answer(request).await.map_err(|error| fault(&error))?;
        let (head, body) = response.into_parts();
        let (body, cut) = read(body, bytes_max).await?;
        Ok(Brought { response: Response::from_parts(head, body), cut })
    }

    /// The head of the response. A request that meets connections which the other side closed while
    /// they were idle is sent again at once, since a fresh one may well work.
    async fn answer(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let mut left = STALE_MOST;
        loop {
            match self.pool.request(request.clone()).await {
                Err(error) if left > 0 && was_stale(&error) => left -= 1,
                Err(error) => return Err(error),
                Ok(response) => {
                    if let Some(Served(served)) = response.extensions().get() {
                        served.store(true, Ordering::Relaxed);
                    }
                    return Ok(response);
                }
            }
        }
    }
}

/// Put on a connection: whether a response ever came by it.
#[derive(Debug, Clone, Default)]
struct Served(Arc<AtomicBool>);

/// Did a connection that once worked end instead of bringing a response? Then it was closed while
/// it was idle, and the request is on nobody's account: whoever got it anyway gets it twice.
fn was_stale(error: &legacy::Error) -> bool {
    let mut extras = Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut extras);
    }
    let served = extras.get::<Served>().is_some_and(|served| served.0.load(Ordering::Relaxed));
    let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
    let ended = cause.is_some_and(|cause| {
        cause.is_incomplete_message() || cause.source().is_some_and(|inner| inner.is::<io::Error>())
    });
    served && ended
}

/// The start of a body, and whether there was more of it.
async fn read(mut body: Incoming, bytes_max: usize) -> Result<(Bytes, bool), OutboundFault> {
    let mut start = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| OutboundFault::Body)?;
        let Ok(data) = frame.into_data() else { continue };
        let room = bytes_max - start.len();
        start.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok((start.freeze(), true));
        }
    }
    Ok((start.freeze(), false))
}

/// Why no response came, in our words where the dial failed, else in the library's.
fn fault(error: &legacy::Error) -> OutboundFault {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<OutboundFault>() {
            return again(ours);
        }
        text = inner.to_string();
        cause = inner.source();
    }
    OutboundFault::Lost(text)
}

/// The library only lends what the dial said.
fn again(fault: &OutboundFault) -> OutboundFault {
    let copy = |error: &io::Error| io::Error::new(error.kind(), error.to_string());
    match fault {
        OutboundFault::BadUrl => OutboundFault::BadUrl,
        OutboundFault::Unresolved(error) => OutboundFault::Unresolved(copy(error)),
        OutboundFault::Private => OutboundFault::Private,
        OutboundFault::Refused(error) => OutboundFault::Refused(copy(error)),
        OutboundFault::Tls(error) => OutboundFault::Tls(copy(error)),
        OutboundFault::Broken(error) => OutboundFault::Lost(error.to_string()),
        OutboundFault::Lost(text) => OutboundFault::Lost(text.clone()),
        OutboundFault::Body => OutboundFault::Body,
    }
}

/// Opens connections for the pool.
#[derive(Debug, Clone)]
struct Dialler {
    reach: OwnedReach,
    names: Names,
}

/// What a connection is made of, with TLS or without.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Connection for Box<dyn Wire> {
    fn connected(&self) -> Connected {
        Connected::new().extra(Served::default())
    }
}

type Opened = TokioIo<Box<dyn Wire>>;

impl Service<Uri> for Dialler {
    type Response = Opened;
    type Error = OutboundFault;
    type Future = Pin<Box<dyn Future<Output = Result<Opened, OutboundFault>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OutboundFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (reach, names) = (self.reach.clone(), self.names.clone());
        Box::pin(async move {
            let target = Target::of(&uri).ok_or(OutboundFault::BadUrl)?;
            let opened = tokio::time::timeout(DIAL, open(&target, &names, reach.borrowed())).await;
            opened.unwrap_or_else(|_| Err(OutboundFault::Refused(io::ErrorKind::TimedOut.into())))
        })
    }
}

async fn open(target: &Target, names: &Names, reach: Reach<'_>) -> Result<Opened, OutboundFault> {
    let stream = dial::dial(target, names, reach).await?;
    // Only speed hangs on it.
    let _ = stream.set_nodelay(true);
    let wire: Box<dyn Wire> = match target.tls {
        true => Box::new(tls::wrap(stream, &target.host).await?),
        false => Box::new(stream),
    };
    Ok(TokioIo::new(wire))
}
