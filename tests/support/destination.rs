//! A destination on loopback that remembers what it was sent, and fails the deliveries that it is
//! told to. It serves in a thread of its own, until the test ends.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;

/// What comes at all comes within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// One attempt that came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it was answered with 200.
    pub(crate) taken: bool,
}

impl Came {
    /// The header's value; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Default)]
struct Seen {
    came: Vec<Came>,
    /// Deliveries that were refused once.
    refused: HashSet<String>,
    held: bool,
}

/// A running destination.
#[derive(Clone)]
pub(crate) struct Destination {
    pub(crate) address: SocketAddr,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Destination {
    /// Refuses every so many-th delivery once with a 500; 0: none.
    pub(crate) fn start(refuse_every: usize) -> Destination {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let destination = Destination { address, seen: Arc::default() };
        let serving = destination.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(serve(listener, serving, refuse_every));
        });
        destination
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("no test panics with it")
    }

    /// All that came until now.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.seen().came.clone()
    }

    /// Leaves everything that comes unanswered, and hangs up on it, or takes it again.
    pub(crate) fn hold(&self, held: bool) {
        self.seen().held = held;
        self.seen.1.notify_all();
    }

    /// Waits until what came is enough; all of it.
    pub(crate) fn wait_for(&self, enough: impl Fn(&[Came]) -> bool) -> Vec<Came> {
        let fewer = |seen: &mut Seen| !enough(&seen.came);
        let (seen, waited) =
            self.seen.1.wait_timeout_while(self.seen(), PATIENCE, fewer).expect("no panic");
        assert!(!waited.timed_out(), "no more than {} came", seen.came.len());
        seen.came.clone()
    }

    /// Notes what came; what is answered, and `None`: nothing, yet.
    fn take(&self, came: Came, refuse_every: usize) -> Option<u16> {
        let mut seen = self.seen();
        let count = seen.came.len() + 1;
        let refused = refuse_every > 0
            && count.is_multiple_of(refuse_every)
            && seen.refused.insert(came.header("webhook-id").to_owned());
        let taken = !refused && !seen.held;
        let held = seen.held;
        seen.came.push(Came { taken, ..came });
        self.seen.1.notify_all();
        match (held, taken) {
            (true, _) => None,
            (false, true) => Some(200),
            (false, false) => Some(500),
        }
    }
}

async fn serve(listener: std::net::TcpListener, destination: Destination, refuse_every: usize) {
    listener.set_nonblocking(true).expect("it waits for nobody");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    while let Ok((stream, _)) = listener.accept().await {
        let destination = destination.clone();
        let service = service_fn(move |request| answer(destination.clone(), request, refuse_every));
        let http = hyper::server::conn::http1::Builder::new();
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    destination: Destination,
    request: Request<Incoming>,
    refuse_every: usize,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // A router that was killed sent half of it, and knows that it didn't arrive.
    let Ok(body) = body.collect().await else { return Ok(Response::default()) };
    let came = Came { headers: head.headers, body: body.to_bytes(), taken: false };
    let Some(status) = destination.take(came, refuse_every) else {
        return std::future::pending().await;
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status.try_into().expect("a status");
    Ok(response)
}
