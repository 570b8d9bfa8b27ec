//! Heads that are too large, too slow or no heads at all.

use std::fmt::Write;
use std::time::Instant;

use super::wire::{Wire, get};
use super::*;

#[tokio::test]
async fn a_huge_header_is_431_though_its_sender_goes_on() {
    let served = start(Limits { head_bytes: 16 << 10, ..Limits::default() }).await;
    let head = format!("GET / HTTP/1.1\r\nx: {}", "a".repeat(16 << 10));
    let mut wire = Wire::sent(served.address, head).await;
    wire.send_regardless("a".repeat(1 << 20)).await;
    assert_eq!(wire.reply().await.status, 431);
    wire.closed().await;
    drop(wire);
    assert_eq!(now(&served.counters.calls), 0);
    reaches(&served.counters.connection_errors, 1).await;
}

#[tokio::test]
async fn too_many_headers_are_431() {
    let served = start(Limits { headers: 10, ..Limits::default() }).await;
    let head = |count| {
        let mut head = "GET / HTTP/1.1\r\n".to_owned();
        (0..count).for_each(|n| write!(head, "x-{n}: y\r\n").expect("writes to a string"));
        head + "\r\n"
    };
    assert_eq!(Wire::sent(served.address, head(10)).await.reply().await.status, 200);
    assert_eq!(Wire::sent(served.address, head(11)).await.reply().await.status, 431);
    assert_eq!(now(&served.counters.calls), 1);
}

#[tokio::test]
async fn a_long_target_is_414_or_with_its_head_431() {
    let served = start(Limits { head_bytes: 128 << 10, ..Limits::default() }).await;
    let target = format!("/{}", "a".repeat(70_000));
    assert_eq!(Wire::sent(served.address, get(&target)).await.reply().await.status, 414);
    let served = start(Limits::default()).await;
    assert_eq!(Wire::sent(served.address, get(&target)).await.reply().await.status, 431);
    assert_eq!(Wire::sent(served.address, get(&target[..60_000])).await.reply().await.status, 200);
}

#[tokio::test]
async fn garbage_is_400() {
    let served = start(Limits::default()).await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x01 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nfolded: a\r\n b\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\nno",
    ] {
        let mut wire = Wire::sent(served.address, garbage).await;
        let status = wire.reply().await.status;
        assert_eq!(status, 400, "{}", garbage.escape_ascii());
        wire.closed().await;
    }
    assert_eq!(now(&served.counters.calls), 0);
}

#[tokio::test]
async fn a_slow_head_is_closed_however_lively() {
    let served = start(Limits { head_timeout: SOON, ..Limits::default() }).await;
    let started = Instant::now();
    let mut silent = Wire::connect(served.address).await;
    let mut preface = Wire::sent(served.address, "PRI * HT").await;
    let mut trickling = Wire::sent(served.address, "GET / HTTP/1.1\r\nx: ").await;
    let trickle = async {
        // Ends with an error, once the listener has closed.
        while tokio::io::AsyncWriteExt::write_all(&mut trickling.write, b"y").await.is_ok() {
            tokio::time::sleep(SOON / 10).await;
        }
    };
    timeout(PATIENCE, trickle).await.expect("a slow head is closed in time");
    silent.closed().await;
    preface.closed().await;
    assert!(started.elapsed() >= SOON);
    reaches(&served.counters.timed_out, 3).await;
    assert_eq!(now(&served.counters.connection_errors), 0);
}

#[tokio::test]
async fn between_calls_no_head_is_owed() {
    let served = start(Limits { head_timeout: SOON, ..Limits::default() }).await;
    let mut wire = Wire::sent(served.address, get("/")).await;
    assert_eq!(wire.reply().await.status, 200);
    wire.quiet(SOON * 3).await;
    wire.send(get("/")).await;
    assert_eq!(wire.reply().await.status, 200);
    wire.send("GET").await;
    wire.closed().await;
    reaches(&served.counters.timed_out, 1).await;
}
