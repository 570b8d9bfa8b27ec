//! Who calls during the storm: two routes whose replies tell by what they are made, and two whose
//! callbacks are kept and rehearsed, one of them with signed ones.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::brz;

/// What a reply told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) generation: u64,
    pub(super) version: usize,
    pub(super) number: usize,
}

/// A reply, taken apart.
struct Reply {
    head: Vec<String>,
    body: Vec<u8>,
}

impl Reply {
    fn value(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name))
    }

    fn status(&self) -> Option<usize> {
        self.head.first()?.split(' ').nth(1)?.parse().ok()
    }

    fn generation(&self) -> Option<u64> {
        self.value("x-hookswitch-generation: ")?.parse().ok()
    }

    fn shown(&self) -> String {
        format!("{:?} {}", self.head, String::from_utf8_lossy(&self.body))
    }
}

/// A kept connection.
pub(super) struct Caller {
    stream: BufReader<TcpStream>,
}

impl Caller {
    pub(super) fn new(address: SocketAddr) -> Caller {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        Caller { stream: BufReader::new(stream) }
    }

    /// Calls, and takes the reply apart. Anything but a telling one is a failed callback.
    pub(super) fn call(&mut self, path: &str) -> Result<Told, String> {
        let reply = self.post(path, &[], "{}")?;
        let settings: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
        let number = settings.and_then(|settings| settings["n"].as_u64());
        match (reply.generation(), reply.status(), number) {
            (Some(generation), Some(status @ 200..=201), Some(number)) => Ok(Told {
                generation,
                version: status - 200,
                number: usize::try_from(number).expect("a number"),
            }),
            _ => Err(reply.shown()),
        }
    }

    /// Sends a genuine callback with this id, and gives its generation. Anything but its
    /// acknowledgement is a failure.
    fn tell(&mut self, path: &str, id: &str) -> Result<u64, String> {
        let reply = if path == "/brz" {
            let body = brz::body(id);
            self.post(path, &brz::headers(&body), &body)?
        } else {
            self.post(path, &[], id)?
        };
        match (reply.generation(), reply.status()) {
            (Some(generation), Some(200)) => Ok(generation),
            _ => Err(reply.shown()),
        }
    }

    fn post(
        &mut self,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Result<Reply, String> {
        let mut request =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let said = |error: std::io::Error| error.to_string();
        let stream = self.stream.get_mut();
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).map_err(said)?;
        let mut reply = Reply { head: Vec::new(), body: Vec::new() };
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).map_err(said)?;
            match line.trim_end() {
                "" => break,
                line => reply.head.push(line.to_lowercase()),
            }
        }
        let length = reply.value("content-length: ").and_then(|length| length.parse().ok());
        reply.body = vec![0; length.ok_or_else(|| reply.shown())?];
        self.stream.read_exact(&mut reply.body).map_err(said)?;
        Ok(reply)
    }
}

/// What one sender was told.
#[derive(Default)]
pub(super) struct Heard {
    /// By the two routes whose replies tell.
    pub(super) told: Vec<(&'static str, Result<Told, String>)>,
    /// By the two whose callbacks are kept, of their generations: those of one connection only go
    /// up.
    pub(super) kept: Vec<Result<u64, String>>,
}

/// Calls all routes by turns until told to stop.
pub(super) fn keep_calling(
    address: SocketAddr,
    (sender, stop): (usize, Arc<AtomicBool>),
) -> std::thread::JoinHandle<Heard> {
    std::thread::spawn(move || {
        let mut caller = Caller::new(address);
        let mut heard = Heard::default();
        let mut generation = 0;
        while !stop.load(Ordering::Relaxed) {
            for path in ["/telling", "/swap"] {
                let reply = caller.call(path);
                if reply.is_err() {
                    caller = Caller::new(address);
                }
                heard.told.push((path, reply));
            }
            for path in ["/noting", "/brz"] {
                let reply = caller.tell(path, &format!("{sender}-{}", heard.kept.len()));
                match &reply {
                    Ok(next) if *next < generation => {
                        heard.kept.push(Err(format!("generation {next} after {generation}")));
                    }
                    Ok(next) => generation = *next,
                    Err(_) => caller = Caller::new(address),
                }
                heard.kept.push(reply);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        heard
    })
}
