//! Replies leave in time while more is asked than can be answered, and while the disk stalls: by
//! the router's own clock. `HOOKSWITCH_CALLS=100000 cargo test --release --test all overload --
//! --nocapture` measures it; without that it is a small run that only proves that all is answered.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hookswitch::generation::Cell;
use hookswitch::intake::{Intake, Limits};
use hookswitch::model::Clock;
use hookswitch::plugin::{self, Grant, Source};
use hookswitch::store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::bench::{self, Asks, Took};
use crate::support::service::{Say, Service};

/// Said to run the whole measurement: how many calls.
const CALLS: &str = "HOOKSWITCH_CALLS";
const FEW: usize = 2000;
const CONNECTIONS: usize = 200;
const DEADLINE: Duration = Duration::from_millis(500);
/// How late the slowest of 10,000 may leave.
const LATE_MOST: Duration = Duration::from_millis(20);
/// The same where nothing is measured: the machine may do what it likes besides.
const LOOSE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_replies_leave_in_time() {
    let calls = std::env::var(CALLS).ok().map(|calls| calls.parse().expect("a number"));
    let late_most = if calls.is_some() { LATE_MOST } else { LOOSE };
    for (name, fallback) in [("no fallback", false), ("a fallback that stands", true)] {
        let took = run(calls.unwrap_or(FEW), fallback).await;
        let at = |part: f64| took[((took.len() - 1) as f64 * part).round() as usize];
        println!(
            "{} calls, {name}, deadline {DEADLINE:?}: p50 {:?}, p99 {:?}, p99.99 {:?}, most {:?}",
            took.len(),
            at(0.5),
            at(0.99),
            at(0.9999),
            at(1.0),
        );
        assert!(at(0.9999) <= DEADLINE + late_most, "{name}: {:?}", at(0.9999));
    }
}

/// How long each call took, the quickest first.
async fn run(calls: usize, fallback: bool) -> Vec<Duration> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store: Arc<dyn Store> = Arc::new(bench::embedded(path.clone(), Clock::system()));
    let host = crate::support::guest::host(&folder.path().join("cache"));
    let wasm = folder.path().join("asking.wasm");
    let text = include_str!("../guests/asking-adapter.wat");
    std::fs::write(&wasm, wat::parse_str(text).expect("a module")).expect("a file");
    let limits = plugin::Limits { instances: 16, ..plugin::Limits::default() };
    let adapter = host.load("asking", &Source::File(wasm), &limits).await.expect("it loads");
    let adapter = host.bind(adapter, Grant { scope: "route".into(), ..Grant::default() });
    // Half of what it is asked it answers too late.
    let most_ms = 2 * DEADLINE.as_millis() as u64;
    let service = Service::start(&[Say::Within(most_ms, 200, "{}")]).await;
    let asks = Asks::service(&service.url());
    let asks = if fallback { asks.or("{}") } else { asks };
    let asks = Asks { deadline: DEADLINE, concurrency: 64, faults: u32::MAX, ..asks };
    let generation = bench::generation(1, &adapter, vec![("asked", asks)]);
    let cell = Arc::new(Cell::new(generation, 0));
    let intake = Intake::new(cell, store, Limits::default(), Clock::system());
    let took = Took::default();
    let address = bench::serve(intake, Arc::clone(&took)).await;
    let over = Arc::new(AtomicBool::new(false));
    let stalling = stall(&path, Arc::clone(&over));
    let each = calls / CONNECTIONS;
    let senders: Vec<_> =
        (0..CONNECTIONS).map(|one| tokio::spawn(keep_asking(address, one, each))).collect();
    for sender in senders {
        sender.await.expect("every call has its reply");
    }
    over.store(true, Ordering::Relaxed);
    tokio::task::spawn_blocking(|| stalling.join()).await.expect("no panic").expect("no panic");
    let mut took = std::mem::take(&mut *took.lock().expect("no panic"));
    assert_eq!(took.len(), each * CONNECTIONS);
    took.sort();
    took
}

/// Holds up all that is written, for 300 ms of every second.
fn stall(path: &Path, over: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    let db = rusqlite::Connection::open(path).expect("the store's file");
    std::thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            // In vain where the store is writing just then: the next time will do.
            if db.execute_batch("BEGIN IMMEDIATE").is_ok() {
                std::thread::sleep(Duration::from_millis(300));
                db.execute_batch("ROLLBACK").expect("it ends");
            }
            std::thread::sleep(Duration::from_millis(700));
        }
    })
}

async fn keep_asking(address: SocketAddr, one: usize, calls: usize) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let mut reply = Vec::with_capacity(1024);
    for call in 0..calls {
        let id = format!("{one}-{call}");
        let request =
            format!("POST /brij/x HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{id}", id.len());
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        reply.clear();
        while !is_whole(&reply) {
            let read = stream.read_buf(&mut reply).await.expect("a reply");
            assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&reply));
        }
    }
}

/// Whether a reply has come to its end.
fn is_whole(reply: &[u8]) -> bool {
    let Some(head) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&reply[..head]);
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|length| length.parse().ok()).expect("its length");
    reply.len() >= head + 4 + length
}
