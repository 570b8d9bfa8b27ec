//! What plugins' own HTTP calls may reach, against a small server on this machine.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::model::Clock;
use crate::plugin::{Grant, Host, HostRule, Limits, PoolLimits, Source};

/// A binding of some plugin: these tests never run its code.
async fn binding(grant: Grant) -> Arc<UseOf> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("guest.wat");
    let text = include_str!("../../../tests/guests/prelude.wat");
    std::fs::write(&path, wat::parse_str(text).expect("a module")).expect("a file");
    let pool = PoolLimits { instances: 1, ..PoolLimits::default() };
    let host = Host::start(pool, None::<&Path>, Clock::system()).expect("an engine");
    let limits = Limits {
        http_bytes: 1 << 10,
        http_timeout: Duration::from_secs(2),
        http_calls: 1,
        ..Limits::default()
    };
    let plugin = host.load("guest", &Source::File(path), &limits).await.expect("a plugin");
    Arc::clone(&host.bind(plugin, grant).use_of)
}

fn granted(host: &str, networks: &[&str]) -> Grant {
    Grant {
        allow_http: vec![HostRule { host: host.into(), port: None }],
        allow_networks: networks.iter().map(|net| net.parse().expect("a network")).collect(),
        ..Grant::default()
    }
}

/// A server that says `reply` to each call and then closes, or with `None` says nothing.
async fn server(reply: Option<String>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            match &reply {
                Some(reply) => {
                    let mut head = [0; 4096];
                    let _ = stream.read(&mut head).await;
                    let _ = stream.write_all(reply.as_bytes()).await;
                }
                None => silent.push(stream),
            }
        }
    });
    port
}

async fn get(fetch: &mut Fetch, url: &str) -> Result<Response<Bytes>, Error> {
    let body = Full::new(Bytes::new()).map_err(Error::from).boxed_unsync();
    let request = Request::get(url).header("host", "x").body(body).expect("a request");
    let sent = fetch.send_request(request, None, Box::new(async { Ok(()) }));
    let (response, _io) = Box::into_pin(sent).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body in memory").to_bytes();
    Ok(Response::from_parts(head, body))
}

/// One call, in a phase that may reach out or not.
async fn one(grant: Grant, open: bool, url: &str) -> Result<Response<Bytes>, Error> {
    let mut fetch = Fetch::new(&binding(grant).await);
    fetch.open = open;
    get(&mut fetch, url).await
}

const LOOPBACK: &[&str] = &["127.0.0.0/8"];

#[tokio::test]
async fn only_listed_hosts_in_phases_that_reach_out() {
    let port = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".into())).await;
    let url = format!("http://127.0.0.1:{port}/rates?x=1");
    let response = one(granted("127.0.0.1", LOOPBACK), true, &url).await.expect("a response");
    assert_eq!(response.body(), "hi");
    let closed = one(granted("127.0.0.1", LOOPBACK), false, &url).await;
    assert!(matches!(closed, Err(Error::HttpRequestDenied)), "{closed:?}");
    let unlisted = one(granted("localhost", LOOPBACK), true, &url).await;
    assert!(matches!(unlisted, Err(Error::HttpRequestDenied)), "{unlisted:?}");
    let private = one(granted("127.0.0.1", &[]), true, &url).await;
    assert!(matches!(private, Err(Error::DestinationIpProhibited)), "{private:?}");
    let named = format!("http://localhost:{port}/");
    let private = one(granted("localhost", &[]), true, &named).await;
    assert!(matches!(private, Err(Error::DestinationIpProhibited)), "{private:?}");
}

#[tokio::test]
async fn a_redirect_comes_back_as_it_is() {
    let reply = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let port = server(Some(reply.into())).await;
    let url = format!("http://127.0.0.1:{port}/");
    let response = one(granted("127.0.0.1", LOOPBACK), true, &url).await.expect("a response");
    assert_eq!(response.status(), 302);
}

#[tokio::test]
async fn responses_are_bounded_in_size_time_and_number() {
    let large = format!("HTTP/1.1 200 OK\r\ncontent-length: 2048\r\n\r\n{}", "x".repeat(2048));
    let url = format!("http://127.0.0.1:{}/", server(Some(large)).await);
    let large = one(granted("127.0.0.1", LOOPBACK), true, &url).await;
    assert!(matches!(large, Err(Error::HttpResponseBodySize(_))), "{large:?}");
    let url = format!("http://127.0.0.1:{}/", server(None).await);
    let silent = one(granted("127.0.0.1", LOOPBACK), true, &url).await;
    assert!(matches!(silent, Err(Error::HttpResponseTimeout)), "{silent:?}");
    let url = format!(
        "http://127.0.0.1:{}/",
        server(Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into())).await
    );
    let mut fetch = Fetch::new(&binding(granted("127.0.0.1", LOOPBACK)).await);
    fetch.open = true;
    assert!(get(&mut fetch, &url).await.is_ok());
    let second = get(&mut fetch, &url).await;
    assert!(matches!(second, Err(Error::ConnectionLimitReached)), "{second:?}");
}
