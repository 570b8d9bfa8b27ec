//! The listener: HTTP/1.1 with bounds on how many, how large and how slow, and an end in which the
//! calls in flight are still answered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::calls::{Call, Reply, Service};
use crate::refusal::Refusal;

const CONNECTIONS_MAX: usize = 256;
const BODY_BYTES_MAX: usize = 64 << 10;
/// For a head, and again for a body.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// For calls in flight, once told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// After the system gave no connection: it may be out of files for a moment.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready, then answers what it has begun.
pub async fn serve(listener: TcpListener, service: Service, stop: impl Future<Output = ()>) {
    let service = Arc::new(service);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (leave, leaving) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            (place, accepted) = accepted => match accepted {
                Ok((stream, peer)) => {
                    let one = connection(stream, peer, Arc::clone(&service), leaving.clone());
                    connections.spawn(async move {
                        one.await;
                        drop(place);
                    });
                }
                Err(_) => sleep(ACCEPT_AGAIN).await,
            },
        }
    }
    drop((listener, leave));
    let all = async { while connections.join_next().await.is_some() {} };
    // Who still holds a connection after that is cut off.
    let _ = timeout(DRAIN_TIMEOUT, all).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: Arc<Service>,
    mut leaving: watch::Receiver<()>,
) {
    let answering = service_fn(|request| answer(Arc::clone(&service), peer, request));
    let mut http = http1::Builder::new();
    let http = http.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), answering));
    tokio::select! {
        // A caller that breaks off is no concern of ours.
        _ = serving.as_mut() => return,
        _ = leaving.changed() => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

async fn answer(
    service: Arc<Service>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let read = timeout(READ_TIMEOUT, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    let refused =
        |status, reason| Reply::json(status, Refusal::new(status, reason).body().to_string());
    let reply = match read {
        Err(_) => refused(408, "body_slow"),
        Ok(Err(_)) => refused(413, "body_broken_or_too_large"),
        Ok(Ok(body)) => {
            let call = Call {
                method: head.method,
                path: head.uri.path().to_owned(),
                headers: head.headers,
                peer,
                body: body.to_bytes(),
                now_ms: now_ms(),
            };
            let answered = spawn_blocking(move || service.answer(&call)).await;
            answered.unwrap_or_else(|_| refused(503, "failed"))
        }
    };
    Ok(worded(reply))
}

fn worded(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body.into()));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    response
}

fn now_ms() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "signatures and rows tell the real time")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
