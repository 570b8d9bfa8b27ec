//! Many connections, quiet connections, and connections that are used again.

use tokio::io::AsyncWriteExt;

use super::wire::{Wire, get, post};
use super::*;

/// As many idle connections as are asked for, or as this process may open.
async fn idle(address: SocketAddr, wanted: usize) -> Vec<Wire> {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open_files = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = open_files.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    // Both ends are in this process, which other tests share.
    let count = wanted.min(soft.unwrap_or(256_usize).saturating_sub(150) / 2);
    let mut idle = Vec::with_capacity(count);
    for _ in 0..count {
        idle.push(Wire::connect(address).await);
    }
    idle
}

#[tokio::test]
async fn a_thousand_idle_connections_do_not_stop_the_next_call() {
    let patient = Limits { head_timeout: PATIENCE * 10, ..Limits::default() };
    let served = start(patient).await;
    let idle = idle(served.address, 1000).await;
    reaches(&served.counters.accepted, idle.len() as u64).await;
    let mut wire = Wire::sent(served.address, post("/", "hello")).await;
    assert_eq!(wire.reply().await.body, b"hello");
    assert_eq!(now(&served.counters.ended), 0);
}

#[tokio::test]
async fn one_connection_too_many_waits_until_one_idles_out() {
    let limits = Limits { connections: 2, idle_timeout: SOON, ..Limits::default() };
    let served = start(limits).await;
    let mut first = Wire::sent(served.address, get("/")).await;
    assert_eq!(first.reply().await.status, 200);
    let _second = Wire::connect(served.address).await;
    reaches(&served.counters.accepted, 2).await;
    let mut third = Wire::sent(served.address, get("/")).await;
    assert_eq!(third.reply().await.status, 200);
    assert!(now(&served.counters.timed_out) >= 1, "one had to go first");
    first.closed().await;
}

/// With no place left, whoever has been without a call for longest goes: not one that has a call,
/// and pings, or bytes of a head, are none.
#[tokio::test]
async fn whoever_idles_longest_makes_way() {
    let patient = Limits { connections: 3, head_timeout: PATIENCE * 10, ..Limits::default() };
    let served = start(Limits { idle_timeout: PATIENCE * 10, ..patient }).await;
    let mut busy = Wire::sent(served.address, get("/gate")).await;
    served.gate.entered.notified().await;
    let mut longest = Wire::sent(served.address, get("/")).await;
    assert_eq!(longest.reply().await.status, 200);
    let mut lately = Wire::sent(served.address, get("/")).await;
    assert_eq!(lately.reply().await.status, 200);
    for _ in 0..2 {
        let mut next = Wire::sent(served.address, get("/")).await;
        assert_eq!(next.reply().await.status, 200);
    }
    longest.closed().await;
    lately.closed().await;
    served.gate.opened.notify_one();
    assert_eq!(busy.reply().await.status, 200);
    assert_eq!(now(&served.counters.timed_out), 0, "no time was up");
}

#[tokio::test]
async fn a_connection_is_used_again_and_ahead_of_time() {
    let served = start(Limits { linger_timeout: PATIENCE * 10, ..Limits::default() }).await;
    let mut wire = Wire::connect(served.address).await;
    for body in ["one", "two"] {
        wire.send(post("/", body)).await;
        assert_eq!(wire.reply().await.body, body.as_bytes());
    }
    wire.send([post("/", "three"), get("/ignore"), post("/", "four")].concat()).await;
    assert_eq!(wire.reply().await.body, b"three");
    assert_eq!(wire.reply().await.status, 404);
    assert_eq!(wire.reply().await.body, b"four");
    assert_eq!(now(&served.counters.accepted), 1);
    wire.send("GET / HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert_eq!(wire.reply().await.status, 200);
    wire.closed().await;
    reaches(&served.counters.ended, 1).await;
    assert_eq!(now(&served.counters.connection_errors), 0);
}

#[tokio::test]
async fn a_half_closed_sender_gets_its_response() {
    let served = start(Limits::default()).await;
    let mut wire = Wire::sent(served.address, get("/gate")).await;
    served.gate.entered.notified().await;
    wire.write.shutdown().await.expect("shuts its half down");
    wire.quiet(SOON).await;
    served.gate.opened.notify_one();
    assert_eq!(wire.reply().await.status, 200);
    wire.closed().await;
}

#[tokio::test]
async fn a_call_may_take_longer_than_a_connection_may_idle() {
    let served = start(Limits { idle_timeout: SOON, ..Limits::default() }).await;
    let mut wire = Wire::sent(served.address, get("/gate")).await;
    served.gate.entered.notified().await;
    wire.quiet(SOON * 3).await;
    served.gate.opened.notify_one();
    assert_eq!(wire.reply().await.status, 200);
    wire.closed().await;
    reaches(&served.counters.timed_out, 1).await;
}

#[tokio::test]
async fn a_response_that_nobody_takes_is_given_up() {
    let served = start(Limits { idle_timeout: SOON, ..Limits::default() }).await;
    let _wire = Wire::sent(served.address, get("/huge")).await;
    reaches(&served.counters.timed_out, 1).await;
    reaches(&served.counters.ended, 1).await;
}

#[tokio::test]
async fn a_panic_ends_its_own_connection_only() {
    let served = start(Limits { connections: 2, ..Limits::default() }).await;
    let mut other = Wire::connect(served.address).await;
    for _ in 0..5 {
        Wire::sent(served.address, get("/panic")).await.closed().await;
    }
    other.send(get("/")).await;
    assert_eq!(other.reply().await.status, 200);
    reaches(&served.counters.ended, 5).await;
    assert!(!served.running.is_finished());
}
