//! One call over HTTP/1.1 on loopback: the reply is read to its end, within a time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// Registering a webhook looks up a name first.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends JSON; `head` is the method with the path, then further headers, each with its line end.
/// Gives status and body of the reply.
pub(crate) fn call(address: SocketAddr, head: [&str; 2], body: &str) -> Result<(u16, String)> {
    let [line, headers] = head;
    let mut stream = TcpStream::connect(address).context("nobody listens")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: {address}\r\n{headers}content-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
    )?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").context("a reply without a body")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.context("a reply without a status")?, body.to_owned()))
}
