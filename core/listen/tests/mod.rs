//! The listener through real sockets. Clients write raw bytes, so that they can misbehave; every
//! wait of theirs has an end, and what can be awaited is awaited.

mod wire;
mod heads;
mod bodies;
mod connections;
mod multiplexed;
mod draining;
mod secured;

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(20);
/// Short, where a timeout is what is tested.
const SOON: Duration = Duration::from_millis(250);
const BODY_BYTES_MAX: usize = 1 << 20;

/// A running listener, and what its calls meet.
struct Served {
    address: SocketAddr,
    drainer: Drainer,
    counters: Arc<Counters>,
    gate: Arc<Gate>,
    running: JoinHandle<usize>,
}

/// `/gate` waits here until it is let through.
#[derive(Default)]
struct Gate {
    entered: Notify,
    opened: Notify,
}

async fn start(limits: Limits) -> Served {
    start_with(limits, None).await
}

async fn start_with(limits: Limits, tls: Option<Tls>) -> Served {
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = socket.local_addr().expect("a bound socket");
    let (counters, gate) = (Arc::<Counters>::default(), Arc::<Gate>::default());
    let (drainer, drain) = drain();
    let (limits, counted) = (Arc::new(limits), Arc::clone(&counters));
    let listener = Listener { socket, limits, counters: counted, tls };
    let shared = Arc::clone(&gate);
    let serve = move |arrival| answer(arrival, Arc::clone(&shared));
    let running = tokio::spawn(run(listener, drain, serve));
    Served { address, drainer, counters, gate, running }
}

async fn answer(arrival: Arrival, gate: Arc<Gate>) -> Response<Full<Bytes>> {
    assert!(arrival.peer.ip().is_loopback());
    let body_timeout = match arrival.head.uri.path() {
        "/gate" => {
            gate.entered.notify_one();
            gate.opened.notified().await;
            PATIENCE
        }
        "/hang" => {
            gate.entered.notify_one();
            pending().await
        }
        "/panic" => panic!("a call that panics on purpose"),
        "/huge" => return reply(200, Bytes::from(vec![b'.'; 64 << 20])),
        "/ignore" => return reply(404, Bytes::new()),
        "/hasty" => SOON,
        _ => PATIENCE,
    };
    match arrival.body.read(BODY_BYTES_MAX, body_timeout).await {
        Ok(bytes) => reply(200, bytes),
        Err(BodyFault::TooLarge) => reply(413, Bytes::from("too large")),
        Err(BodyFault::TimedOut) => reply(408, Bytes::new()),
        Err(BodyFault::Broken) => reply(400, Bytes::new()),
    }
}

fn reply(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// Waits until a counter has reached a number.
async fn reaches(counter: &AtomicU64, wanted: u64) {
    let reached = async {
        while counter.load(Ordering::Relaxed) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{counter:?} reaches {wanted}"));
}

fn now(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
