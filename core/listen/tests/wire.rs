//! A client that sends what it is told to, byte by byte if need be, and reads one response at a
//! time.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::PATIENCE;

pub(super) struct Wire {
    pub(super) read: BufReader<OwnedReadHalf>,
    pub(super) write: OwnedWriteHalf,
}

/// A response as it came, header names in lower case.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Wire {
    pub(super) async fn connect(address: SocketAddr) -> Wire {
        let connecting = timeout(PATIENCE, TcpStream::connect(address)).await;
        let (read, write) = connecting.expect("connects in time").expect("connects").into_split();
        Wire { read: BufReader::new(read), write }
    }

    /// A new connection that has sent this.
    pub(super) async fn sent(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Wire {
        let mut wire = Wire::connect(address).await;
        wire.send(bytes).await;
        wire
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sending = timeout(PATIENCE, self.write.write_all(bytes.as_ref())).await;
        sending.expect("sends in time").expect("sends");
    }

    /// Waits until a response has begun to come, then still sends, as a sender that doesn't look.
    pub(super) async fn send_regardless(&mut self, bytes: impl AsRef<[u8]>) {
        let begun = timeout(PATIENCE, self.read.fill_buf()).await.expect("a response in time");
        assert!(!begun.expect("a response").is_empty());
        for piece in bytes.as_ref().chunks(64 << 10) {
            self.send(piece).await;
            tokio::task::yield_now().await;
        }
    }

    /// The next response, body by its content-length.
    pub(super) async fn reply(&mut self) -> Reply {
        timeout(PATIENCE, self.reply_in_any_time()).await.expect("a response in time")
    }

    async fn reply_in_any_time(&mut self) -> Reply {
        let line = self.line().await;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("a status line, not {line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut reply = Reply { status, headers, body: Vec::new() };
        let length =
            reply.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        reply.body.resize(length, 0);
        self.read.read_exact(&mut reply.body).await.expect("a whole body");
        reply
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.read.read_line(&mut line).await.expect("a line");
        line.trim_end().to_owned()
    }

    /// Waits until the listener has closed in good order; nothing else may come before that, and no
    /// reset, which could have overtaken a response.
    pub(super) async fn closed(&mut self) {
        let read = timeout(PATIENCE, self.read.read_u8()).await.expect("closed in time");
        let end = read.map_err(|error| error.kind());
        assert_eq!(end, Err(ErrorKind::UnexpectedEof), "closed in good order");
    }

    /// Nothing comes for so long, and the connection stays.
    pub(super) async fn quiet(&mut self, how_long: Duration) {
        let read = timeout(how_long, self.read.read_u8()).await;
        assert!(read.is_err(), "quiet, but {read:?} came");
    }
}

/// A request without a body.
pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

/// A request with one.
pub(super) fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
