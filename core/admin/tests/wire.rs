//! The same over a real listener: what only shows in bytes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::generation::Told;
use crate::listen::{self, Counters, Listener};

/// Sends this and reads to the end of the connection.
async fn exchange(address: std::net::SocketAddr, text: String) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(text.as_bytes()).await.expect("sends");
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.expect("reads to a good end");
        String::from_utf8(read).expect("text")
    };
    timeout(PATIENCE, exchange).await.expect("in time")
}

#[tokio::test]
async fn over_a_real_connection() {
    let (admin, mut asked) = admin(Vec::new());
    let admin = Arc::new(admin);
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = socket.local_addr().expect("a bound socket");
    let limits = Arc::new(listen::Limits::default());
    let listener = Listener { socket, limits, counters: Arc::new(Counters::default()), tls: None };
    let (drainer, drain) = listen::drain();
    let running = tokio::spawn(listen::run(listener, drain, move |arrival| {
        let admin = Arc::clone(&admin);
        async move { admin.take(arrival).await }
    }));
    tokio::spawn(async move {
        while let Some(ask) = asked.recv().await {
            let _ = ask.tell.send(Told::Applied(GenerationId(2)));
        }
    });

    let close = "host: x\r\nconnection: close\r\n\r\n";
    let get = exchange(address, format!("GET /healthz HTTP/1.1\r\n{close}")).await;
    assert!(get.starts_with("HTTP/1.1 200 OK\r\n"), "{get}");
    let (_, body) = get.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, "{\"status\":\"ok\"}\n");

    let head = exchange(address, format!("HEAD /healthz HTTP/1.1\r\n{close}")).await;
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");

    // A body that nobody wants isn't read, and so the connection ends with the reply.
    let key = format!("x-key-id: writer\r\nx-secret-key: {WRITE}\r\n");
    let post = format!(
        "POST /api/v1/reload HTTP/1.1\r\nhost: x\r\n{key}content-length: 100000\r\n\r\n{{}}"
    );
    let post = exchange(address, post).await;
    assert!(post.starts_with("HTTP/1.1 200 OK\r\n"), "{post}");
    assert!(post.contains("connection: close\r\n"), "{post}");
    assert!(post.ends_with("{\"changed\":true,\"generation\":2}\n"), "{post}");

    // One that is wanted is read, but not of strangers, and not beyond its bound.
    let create = |key: &str, length: usize, body: &str| {
        let head = format!("POST /api/v1/webhooks HTTP/1.1\r\nhost: x\r\n{key}");
        format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
    };
    let key = format!("x-key-id: all\r\nx-secret-key: {ALL}\r\n");
    let body = "{\"url\":\"https://8.8.8.8/\"}";
    for (key, length, body, status, code) in [
        (key.as_str(), body.len(), body, 201, "whsec_"),
        (&key, 65_537, "{", 413, "BODY_TOO_LARGE"),
        ("", 100, "{", 401, "MISSING_API_CREDENTIALS"),
    ] {
        let said = exchange(address, create(key, length, body)).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
        assert!(said.contains(code), "{said}");
    }

    drainer.start();
    assert_eq!(timeout(PATIENCE, running).await.expect("in time").expect("no panic"), 0);
}
