//! As much of HTTP/1.1 as the stand-in needs: one request with a length, one response, then the
//! connection closes. What is larger or slower than its bound is an error.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

const HEAD_BYTES_MAX: u64 = 16 << 10;
const BODY_BYTES_MAX: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(10);

/// A request.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    /// Null where there is none, or no JSON.
    pub(crate) body: Value,
}

pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Asked> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut head = (&mut reader).take(HEAD_BYTES_MAX);
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let first = line(&mut head)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().ok_or_else(broken)?);
    let (mut authorization, mut length) = (None, 0);
    loop {
        let line = line(&mut head)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(broken)?;
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorization = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().map_err(|_| broken())?,
            "transfer-encoding" => return Err(broken()),
            _ => {}
        }
    }
    if length > BODY_BYTES_MAX {
        return Err(broken());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Asked { method: method.to_owned(), path: path.to_owned(), authorization, body })
}

/// A line without its end. One that the limit cut off has none.
fn line(head: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    head.read_line(&mut line)?;
    let whole = line.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(whole.trim_end_matches('\r').to_owned())
}

pub(crate) fn write(stream: &mut TcpStream, status: u16, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())
}
