//! Bodies that are too large, too slow, broken or unwanted. The response gets through all the same.

use tokio::io::AsyncWriteExt;

use super::wire::{Wire, post};
use super::*;

/// The head of a request whose body is yet to be sent.
fn announced(path: &str, framing: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: test\r\n{framing}\r\n\r\n")
}

#[tokio::test]
async fn a_sender_that_goes_on_sending_still_reads_the_413() {
    let served = start(Limits::default()).await;
    let body = vec![b'x'; 2 << 20];
    let mut chunked = format!("{:x}\r\n", body.len()).into_bytes();
    chunked.extend_from_slice(&body);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let length = format!("content-length: {}", body.len());
    for (path, framing, body, status) in [
        ("/", length.as_str(), &body, 413),
        ("/", "transfer-encoding: chunked", &chunked, 413),
        ("/ignore", length.as_str(), &body, 404),
    ] {
        let mut wire = Wire::sent(served.address, announced(path, framing)).await;
        // More than is allowed, chunk framing included.
        let (early, late) = body.split_at(BODY_BYTES_MAX + 16);
        wire.send(early).await;
        wire.send_regardless(late).await;
        let reply = wire.reply().await;
        assert_eq!((reply.status, reply.header("connection")), (status, Some("close")));
        wire.closed().await;
    }
    reaches(&served.counters.ended, 3).await;
    assert_eq!(now(&served.counters.connection_errors), 0);
}

#[tokio::test]
async fn an_announced_length_is_refused_before_a_byte_of_it() {
    let served = start(Limits::default()).await;
    let framing = format!("content-length: {}", BODY_BYTES_MAX + 1);
    let mut wire = Wire::sent(served.address, announced("/", &framing)).await;
    let reply = wire.reply().await;
    assert_eq!((reply.status, reply.body), (413, b"too large".to_vec()));
    wire.closed().await;

    let framing = format!("expect: 100-continue\r\n{framing}");
    let mut wire = Wire::sent(served.address, announced("/", &framing)).await;
    assert_eq!(wire.reply().await.status, 413, "not told to continue");
}

#[tokio::test]
async fn a_body_of_just_the_right_size_is_read_exactly() {
    let served = start(Limits::default()).await;
    let body = "x".repeat(BODY_BYTES_MAX);
    let mut wire = Wire::sent(served.address, post("/", &body)).await;
    let reply = wire.reply().await;
    assert!((reply.status, reply.body) == (200, body.into_bytes()));

    wire.send(announced("/", "expect: 100-continue\r\ncontent-length: 3")).await;
    assert_eq!(wire.reply().await.status, 100);
    wire.send("abc").await;
    assert_eq!(wire.reply().await.body, b"abc");

    wire.send(announced("/", "transfer-encoding: chunked")).await;
    wire.send("2\r\nab\r\n1;extension=x\r\nc\r\n0\r\ntrailer: x\r\n\r\n").await;
    assert_eq!(wire.reply().await.body, b"abc");
    assert_eq!(now(&served.counters.accepted), 1, "all on one connection");
}

#[tokio::test]
async fn a_slow_body_times_out_and_a_broken_one_is_known() {
    let served = start(Limits::default()).await;
    let mut slow = Wire::sent(served.address, announced("/hasty", "content-length: 9")).await;
    slow.send("half").await;
    let reply = slow.reply().await;
    assert_eq!((reply.status, reply.header("connection")), (408, Some("close")));
    slow.closed().await;

    let mut broken = Wire::sent(served.address, announced("/", "transfer-encoding: chunked")).await;
    broken.send("zz\r\n").await;
    assert_eq!(broken.reply().await.status, 400);
    broken.closed().await;

    let mut cut = Wire::sent(served.address, announced("/", "content-length: 9")).await;
    cut.send("half").await;
    cut.write.shutdown().await.expect("shuts its half down");
    assert_eq!(cut.reply().await.status, 400);
    cut.closed().await;
}

#[tokio::test]
async fn lingering_has_bounds() {
    let bytes =
        Limits { linger_bytes: 64 << 10, linger_timeout: PATIENCE * 10, ..Limits::default() };
    let time = Limits { linger_bytes: usize::MAX, linger_timeout: SOON, ..Limits::default() };
    for limits in [bytes, time] {
        let served = start(limits).await;
        let framing = format!("content-length: {}", u32::MAX);
        let mut wire = Wire::sent(served.address, announced("/ignore", &framing)).await;
        assert_eq!(wire.reply().await.status, 404);
        let flood = async { while wire.write.write_all(&[0; 4 << 10]).await.is_ok() {} };
        timeout(PATIENCE, flood).await.expect("an endless body is let go");
        reaches(&served.counters.ended, 1).await;
    }
    // Whoever has sent all and goes is not waited for.
    let served = start(Limits { linger_timeout: PATIENCE * 10, ..Limits::default() }).await;
    let mut wire = Wire::sent(served.address, announced("/ignore", "content-length: 9")).await;
    assert_eq!(wire.reply().await.status, 404);
    drop(wire);
    reaches(&served.counters.ended, 1).await;
}
