//! A destination on this machine: it keeps what it hears, byte for byte, and says what a test has
//! it say.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Heard {
    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let of = |line: &str| line.split_once(": ").map(|(key, _)| key.to_ascii_lowercase());
        let line = self.head.lines().find(|line| of(line).as_deref() == Some(name))?;
        line.split_once(": ").map(|(_, value)| value)
    }
}

/// What is said to a request.
#[derive(Debug, Clone)]
pub(super) enum Say {
    /// This status, with these header lines, on a connection that stays.
    Status(u16, &'static str),
    /// This status; the connection is closed, without a word, when it is used once more.
    Once(u16),
    /// Nothing, for ever.
    Nothing,
    /// 200, and a body of so many bytes.
    Flood(u64),
    /// 200, and half of the body.
    Half,
}

/// The server; it ends with its runtime.
pub(super) struct Server {
    pub(super) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    connections: Arc<AtomicUsize>,
    sent_bytes: Arc<AtomicU64>,
}

impl Server {
    /// Says `says[n]` to its nth request, and the last one from then on.
    pub(super) async fn start(says: &[Say]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let server = Server {
            port,
            heard: Arc::default(),
            connections: Arc::default(),
            sent_bytes: Arc::default(),
        };
        let (heard, connections) = (Arc::clone(&server.heard), Arc::clone(&server.connections));
        let (sent, says) = (Arc::clone(&server.sent_bytes), says.to_vec());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(talk(stream, Arc::clone(&heard), says.clone(), Arc::clone(&sent)));
            }
        });
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events?x=1", self.port)
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no panic while it is held").clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Bytes of floods that the other side took.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::SeqCst)
    }
}

async fn talk(
    mut stream: TcpStream,
    heard: Arc<Mutex<Vec<Heard>>>,
    says: Vec<Say>,
    sent: Arc<AtomicU64>,
) {
    while let Some(request) = read(&mut stream).await {
        let say = {
            let mut heard = heard.lock().expect("no panic while it is held");
            heard.push(request);
            says[(heard.len() - 1).min(says.len() - 1)].clone()
        };
        let text = match say {
            Say::Status(status, lines) => {
                format!("HTTP/1.1 {status} Said\r\n{lines}content-length: 4\r\n\r\nsaid")
            }
            Say::Once(status) => {
                let text = format!("HTTP/1.1 {status} Said\r\ncontent-length: 4\r\n\r\nsaid");
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.readable().await;
                return;
            }
            Say::Nothing => return std::future::pending().await,
            Say::Flood(bytes) => return flood(stream, bytes, &sent).await,
            Say::Half => {
                let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
                let _ = stream.write_all(half).await;
                return;
            }
        };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn flood(mut stream: TcpStream, bytes: u64, sent: &AtomicU64) {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    let part = vec![b'x'; 64 << 10];
    while sent.load(Ordering::SeqCst) < bytes {
        if stream.write_all(&part).await.is_err() {
            return;
        }
        sent.fetch_add(part.len() as u64, Ordering::SeqCst);
    }
}

/// The next request; `None` where there is none, or something else than one.
async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let head_len = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let read = stream.read_buf(&mut bytes).await.ok()?;
        if read == 0 || !bytes.starts_with(b"P") {
            return None;
        }
    };
    let mut body = bytes.split_off(head_len);
    let head = String::from_utf8(bytes).ok()?;
    let mut heard = Heard { head, body: Vec::new() };
    let length: usize = heard.header("content-length")?.parse().ok()?;
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    heard.body = body;
    Some(heard)
}
