//! Accepting connections until told to stop. A place is held before a connection is taken, so load
//! is bounded at the door, and no error of `accept` ends the listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::{Arrival, Door};
use super::counters::count;
use super::{Drain, Limits, Listener};

const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Serves calls until `drain` is told, then lets those in flight end. Returns how many connections
/// had to be cut off at `drain_timeout`.
///
/// Dropping this future closes every connection. The future that `serve` returns is dropped
/// unfinished where its connection breaks or its HTTP/2 stream is reset: what must not stop
/// half-way belongs in a task of its own. A panic in it ends its own call, and over HTTP/1.1 the
/// connection.
pub async fn run<S, F>(listener: Listener, mut drain: Drain, serve: S) -> usize
where
    S: Fn(Arrival) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let Listener { socket, limits, counters, tls } = listener;
    let door = Arc::new(Door::new((Arc::clone(&limits), Arc::clone(&counters)), tls, serve));
    let mut open = JoinSet::new();
    loop {
        let next = next(door.place(), &counters.accept_errors, || socket.accept());
        let (place, connection) = tokio::select! {
            biased;
            () = drain.told() => break,
            next = next => next,
        };
        while open.try_join_next().is_some() {}
        open.spawn(keep(Arc::clone(&door), connection, drain.clone(), place));
    }
    drop(socket);
    finish(open, &limits).await
}

/// One connection, for as long as it lasts. Its place goes when all else is gone.
async fn keep<S, F>(
    door: Arc<Door<S>>,
    (tcp, peer): (TcpStream, SocketAddr),
    drain: Drain,
    place: OwnedSemaphorePermit,
) where
    S: Fn(Arrival) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    door.pass(tcp, peer, drain).await;
    drop(place);
}

/// The next connection, and the place that it has.
async fn next<T, A, W, P>(
    place: impl Future<Output = P>,
    errors: &AtomicU64,
    mut accept: A,
) -> (P, T)
where
    A: FnMut() -> W,
    W: Future<Output = io::Result<T>>,
{
    let place = place.await;
    let mut pause = PAUSE_MIN;
    loop {
        match accept().await {
            Ok(connection) => return (place, connection),
            Err(error) => {
                count(errors);
                if !is_of_one_connection(&error) {
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }
}

/// Whether the error is about the connection that would have been accepted, not about this process
/// (no file descriptor or no memory left): then the next one can be tried at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Waits until all connections have ended or the time is up; cuts off the others and counts them.
async fn finish(mut open: JoinSet<()>, limits: &Limits) -> usize {
    let all_ended = async { while open.join_next().await.is_some() {} };
    // Late or not, what counts is how many are left.
    let _ = timeout(limits.drain_timeout, all_ended).await;
    while open.try_join_next().is_some() {}
    let cut_off = open.len();
    open.shutdown().await;
    cut_off
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn accept_errors_are_counted_and_waited_out() {
        let errors = AtomicU64::new(0);
        // EMFILE, ENFILE, ENOMEM: what a process that has run out of something gets.
        let mut script = vec![Ok("connection"), Err(12), Err(23), Err(24)];
        let start = Instant::now();
        let accept = || {
            let next = script.pop().expect("accept isn't asked again once it gave a connection");
            async move { next.map_err(io::Error::from_raw_os_error) }
        };
        let (place, connection) = next(async { "place" }, &errors, accept).await;
        assert_eq!((place, connection), ("place", "connection"));
        assert_eq!(errors.load(Ordering::Relaxed), 3);
        assert!(start.elapsed() >= PAUSE_MIN * (1 + 2 + 4), "each pause doubles the last");
    }

    #[tokio::test]
    async fn an_aborted_connection_does_not_delay_the_next() {
        let errors = AtomicU64::new(0);
        let mut aborted = 0;
        let accept = || {
            aborted += 1;
            let kind = io::ErrorKind::ConnectionAborted;
            let result = if aborted < 1000 { Err(io::Error::from(kind)) } else { Ok(()) };
            async move { result }
        };
        let soon = timeout(PAUSE_MAX * 5, next(async {}, &errors, accept)).await;
        assert!(soon.is_ok(), "1000 pauses would take minutes");
        assert_eq!(errors.load(Ordering::Relaxed), 999);
    }
}
