//! Being told to stop.

use std::time::Instant;

use tokio::net::TcpStream;

use super::wire::{Wire, get, post};
use super::*;

async fn cut_off(running: JoinHandle<usize>) -> usize {
    timeout(PATIENCE, running).await.expect("ends in time").expect("no panic")
}

#[tokio::test]
async fn a_call_in_flight_ends_and_idle_connections_close_at_once() {
    let served = start(Limits { drain_timeout: PATIENCE * 10, ..Limits::default() }).await;
    let mut unused = Wire::connect(served.address).await;
    let mut used = Wire::sent(served.address, post("/", "hello")).await;
    assert_eq!(used.reply().await.status, 200);
    let mut busy = Wire::sent(served.address, post("/gate", "hello")).await;
    served.gate.entered.notified().await;
    reaches(&served.counters.accepted, 3).await;

    served.drainer.start();
    unused.closed().await;
    used.closed().await;
    reaches(&served.counters.ended, 2).await;
    assert!(TcpStream::connect(served.address).await.is_err(), "nobody is accepted any more");
    assert!(!served.running.is_finished());

    served.gate.opened.notify_one();
    let reply = busy.reply().await;
    assert_eq!((reply.body.as_slice(), reply.header("connection")), (&b"hello"[..], Some("close")));
    busy.closed().await;
    assert_eq!(cut_off(served.running).await, 0);
    assert_eq!(now(&served.counters.connection_errors), 0);
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_off_at_the_bound() {
    let served = start(Limits { drain_timeout: SOON, ..Limits::default() }).await;
    let mut hung = Wire::sent(served.address, get("/hang")).await;
    served.gate.entered.notified().await;
    let told = Instant::now();
    served.drainer.start();
    assert_eq!(cut_off(served.running).await, 1);
    assert!(told.elapsed() >= SOON);
    hung.closed().await;
    assert_eq!(now(&served.counters.ended), 1);
}

#[tokio::test]
async fn a_full_house_can_be_told_as_well() {
    let served = start(Limits { connections: 1, drain_timeout: SOON, ..Limits::default() }).await;
    let _hung = Wire::sent(served.address, get("/hang")).await;
    served.gate.entered.notified().await;
    let _waiting = Wire::sent(served.address, get("/")).await;
    // Nobody is left to say it: that says it.
    drop(served.drainer);
    assert_eq!(cut_off(served.running).await, 1);
    assert_eq!(now(&served.counters.accepted), 1);
}
