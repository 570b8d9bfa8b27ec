//! HTTP/2, by prior knowledge.

use http_body_util::BodyExt;
use hyper::Request;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::http::request::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::*;

type Client = SendRequest<Full<Bytes>>;

async fn connect(address: SocketAddr) -> Client {
    let stream = TcpStream::connect(address).await.expect("connects");
    let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (client, connection) = shaken.expect("shakes hands");
    tokio::spawn(connection);
    client
}

fn to(path: &str) -> Builder {
    Request::post(format!("http://test{path}"))
}

/// Status and body, or the error's text.
async fn call(
    client: &mut Client,
    head: Builder,
    body: impl Into<Bytes>,
) -> Result<(u16, Bytes), String> {
    let request = head.body(Full::new(body.into())).expect("a request");
    let response = timeout(PATIENCE, client.send_request(request)).await.expect("in time");
    let response = response.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let body = timeout(PATIENCE, response.into_body().collect()).await.expect("in time");
    body.map(|body| (status, body.to_bytes())).map_err(|error| error.to_string())
}

#[tokio::test]
async fn calls_share_a_connection() {
    let served = start(Limits { streams: 4, ..Limits::default() }).await;
    let mut client = connect(served.address).await;
    assert_eq!(call(&mut client, to("/"), "hello").await, Ok((200, Bytes::from("hello"))));
    let mut second = client.clone();
    let gated = tokio::spawn(async move { call(&mut second, to("/gate"), "waits").await });
    served.gate.entered.notified().await;
    assert_eq!(call(&mut client, to("/"), "overtakes").await, Ok((200, Bytes::from("overtakes"))));
    served.gate.opened.notify_one();
    assert_eq!(gated.await.expect("no panic"), Ok((200, Bytes::from("waits"))));
    assert_eq!(now(&served.counters.accepted), 1);
}

#[tokio::test]
async fn refusals_end_the_call_not_the_connection() {
    let served = start(Limits { headers: 10, head_bytes: 16 << 10, ..Limits::default() }).await;
    let mut client = connect(served.address).await;
    let many = (0..11).fold(to("/"), |head, n| head.header(format!("x-{n}"), "y"));
    assert_eq!(call(&mut client, many, "").await, Ok((431, Bytes::new())));
    let long = to("/").header("x", "y".repeat(15 << 10));
    assert_eq!(call(&mut client, long, "").await, Ok((200, Bytes::new())));
    let body = vec![0; 2 << 20];
    assert_eq!(call(&mut client, to("/"), body.clone()).await, Ok((413, Bytes::from("too large"))));
    assert_eq!(call(&mut client, to("/ignore"), body).await, Ok((404, Bytes::new())));
    assert!(call(&mut client, to("/panic"), "").await.is_err());
    assert_eq!(call(&mut client, to("/"), "still").await, Ok((200, Bytes::from("still"))));
    assert_eq!(now(&served.counters.accepted), 1);
}

#[tokio::test]
async fn it_idles_out_but_not_under_a_call() {
    let served = start(Limits { idle_timeout: SOON, ..Limits::default() }).await;
    let mut client = connect(served.address).await;
    let gated = call(&mut client, to("/gate"), "");
    let opened = async {
        served.gate.entered.notified().await;
        tokio::time::sleep(SOON * 3).await;
        served.gate.opened.notify_one();
    };
    let (gated, ()) = tokio::join!(gated, opened);
    assert_eq!(gated, Ok((200, Bytes::new())));
    reaches(&served.counters.timed_out, 1).await;
}

#[tokio::test]
async fn draining_lets_a_call_end() {
    let served = start(Limits::default()).await;
    let mut client = connect(served.address).await;
    let gated = tokio::spawn(async move { call(&mut client, to("/gate"), "waits").await });
    served.gate.entered.notified().await;
    served.drainer.start();
    served.gate.opened.notify_one();
    assert_eq!(gated.await.expect("no panic"), Ok((200, Bytes::from("waits"))));
    assert_eq!(timeout(PATIENCE, served.running).await.expect("in time").expect("no panic"), 0);
}
