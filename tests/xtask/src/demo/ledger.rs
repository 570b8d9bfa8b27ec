//! A destination: a server in this process that takes what the router delivers, checks how it is
//! signed, and keeps what it was told. What isn't signed as it must be is kept so, and refused.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

const LINE_BYTES_MAX: u64 = 16 << 10;
const HEADERS_MAX: usize = 100;
const BODY_BYTES_MAX: usize = 2 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// The server.
pub(crate) struct Ledger {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    /// The key that each path is signed with.
    keys: HashMap<String, hmac::Key>,
    /// How many are still refused as if the server were down.
    failures: u32,
    entries: Vec<Entry>,
}

/// One attempt as it came.
#[derive(Clone)]
pub(crate) struct Entry {
    /// The delivery's id: the same in each attempt.
    pub(crate) id: String,
    pub(crate) signed: bool,
    /// What was answered.
    pub(crate) status: u16,
}

impl Ledger {
    /// Serves on a listener, in threads of its own.
    pub(crate) fn start(listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let book = Arc::new(Mutex::new(Book::default()));
        let serving = Arc::clone(&book);
        thread::Builder::new().name("ledger".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let book = Arc::clone(&serving);
                // A router that breaks off, or can't be served, tries again.
                let _ = thread::Builder::new().spawn(move || serve(&book, stream));
            }
        })?;
        Ok(Self { address, book })
    }

    /// A path of it as a URL.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What comes to this path must be signed with this secret.
    pub(crate) fn expect(&self, path: &str, secret: &str) -> Result<()> {
        let coded = secret.trim().strip_prefix("whsec_").context("no secret of a webhook")?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(coded)?);
        open(&self.book).keys.insert(path.to_owned(), key);
        Ok(())
    }

    /// Refuses the next attempts.
    pub(crate) fn fail(&self, attempts: u32) {
        open(&self.book).failures = attempts;
    }

    /// All attempts of one delivery.
    pub(crate) fn entries(&self, id: &str) -> Vec<Entry> {
        open(&self.book).entries.iter().filter(|entry| entry.id == id).cloned().collect()
    }
}

/// The book is whole after each of its changes.
fn open(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One attempt, start to end.
fn serve(book: &Mutex<Book>, mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let told = Told::read(&mut BufReader::new(&stream))?;
    let status = {
        let mut book = open(book);
        let signed = book.keys.get(&told.path).is_some_and(|key| told.is_signed(key));
        let status = match (signed, book.failures) {
            (false, _) => 401,
            (true, 0) => 200,
            (true, _) => {
                book.failures -= 1;
                503
            }
        };
        book.entries.push(Entry { id: told.header("webhook-id").to_owned(), signed, status });
        status
    };
    write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

/// A request.
struct Told {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Told {
    fn read(reader: &mut impl BufRead) -> io::Result<Self> {
        let first = line(reader)?;
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = HashMap::new();
        loop {
            let line = line(reader)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            if headers.len() > HEADERS_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        let mut told = Self { path, headers, body: Vec::new() };
        let length = told.header("content-length").parse().ok();
        let length = length.filter(|length| *length <= BODY_BYTES_MAX);
        told.body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
        reader.read_exact(&mut told.body)?;
        Ok(told)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// As Standard Webhooks has it: any one of the signatures will do.
    fn is_signed(&self, key: &hmac::Key) -> bool {
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &self.body].concat();
        self.header("webhook-signature").split(' ').any(|signature| {
            let tag = signature.strip_prefix("v1,").and_then(|tag| STANDARD.decode(tag).ok());
            tag.is_some_and(|tag| hmac::verify(key, &signed, &tag).is_ok())
        })
    }
}

/// A line without its end. One that its limit cut off has none.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.take(LINE_BYTES_MAX).read_line(&mut line)?;
    let whole = line.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(whole.trim_end_matches('\r').to_owned())
}
