//! The real binary: run as a command, or as a router that serves until the test ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The admin key of tests that have one.
pub(crate) const SECRET_OF_OPS: &str = "ops-0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command to its end.
pub(crate) fn hookswitch(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hookswitch")).args(args).output().expect("the binary runs")
}

/// A router that serves.
pub(crate) struct Router {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Where it is administered, where that was waited for.
    pub(crate) admin: Option<SocketAddr>,
    /// Everything it logged, once it has ended.
    log: std::thread::JoinHandle<String>,
}

impl Router {
    /// Starts it and waits until it listens. The config says `public = "127.0.0.1:0"`.
    pub(crate) fn start(config: &Path) -> Router {
        Router::launch(config, true, false)
    }

    /// The same, but its log isn't read after the line that says where it listens.
    pub(crate) fn start_unread(config: &Path) -> Router {
        Router::launch(config, false, false)
    }

    /// The same, and waits for the admin listener too: `admin = "127.0.0.1:0"`.
    pub(crate) fn start_administered(config: &Path) -> Router {
        Router::launch(config, true, true)
    }

    fn launch(config: &Path, read: bool, administered: bool) -> Router {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .args(["serve", "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its standard error"));
        let mut log = String::new();
        let (mut address, mut admin) = (None, None);
        while address.is_none() || (administered && admin.is_none()) {
            let mut line = String::new();
            let read = lines.read_line(&mut line).expect("a line of its log");
            assert!(read > 0, "the router ended before it listened:\n{log}");
            log.push_str(&line);
            for (word, found) in [("listening on", &mut address), ("administered at", &mut admin)] {
                let said = line.trim_end().split_once(&format!("{word} http"));
                let said = said.and_then(|(_, said)| said.split_once("://"));
                *found = found.or(said.map(|(_, said)| said.parse().expect("an address")));
            }
        }
        let address = address.expect("the loop ends with it");
        let log = std::thread::spawn(move || {
            if read {
                let _ = lines.read_to_string(&mut log);
                return log;
            }
            // The pipe stays open, and full, for as long as the test runs.
            std::mem::forget(lines);
            log
        });
        Router { child, address, admin, log }
    }

    /// A connection of its own.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time-out");
        stream
    }

    /// What the admin API says, with the key `ops` whose secret is `SECRET_OF_OPS`.
    pub(crate) fn ask(&self, path: &str) -> Reply {
        let address = self.admin.expect("it was started with its admin listener");
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
             x-key-id: ops\r\nx-secret-key: {SECRET_OF_OPS}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it is asked");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        Reply::parse(&reply)
    }

    /// The JSON that the admin API says there.
    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.ask(path).body).expect("JSON")
    }

    /// Waits until this holds of the JSON that the admin API says there.
    pub(crate) fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let said = self.json(path);
            if holds(&said) {
                return said;
            }
            assert!(began.elapsed() < PATIENCE, "{said}");
            // Less often than the admin API lets anybody ask.
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Runs a command against its admin API; the exit code and all that it printed.
    pub(crate) fn told(&self, args: &[&str]) -> (Option<i32>, String) {
        let admin = self.admin.expect("it was started with its admin listener");
        let output = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .args(args)
            .env("HOOKSWITCH_API", format!("http://{admin}"))
            .env("HOOKSWITCH_KEY_ID", "ops")
            .env("HOOKSWITCH_KEY_SECRET", SECRET_OF_OPS)
            .output()
            .expect("the binary runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Sends bytes and reads all that comes back until the router closes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The router may refuse and close before all is sent; what it said is what counts.
        let _ = stream.write_all(bytes);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        String::from_utf8_lossy(&reply).into_owned()
    }

    /// One POST with these headers.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: hooks.example.com\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let bytes = [request.as_bytes(), b"\r\n", body].concat();
        Reply::parse(&self.raw(&bytes))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it SIGHUP.
    pub(crate) fn hang_up(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("it is told");
    }

    /// Ends it with no warning; its log.
    pub(crate) fn kill(self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is there");
        self.ended().1
    }

    /// Tells it to stop.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is told");
    }

    /// Waits for its end; its exit status and its log.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("its exit status");
        let log = std::mem::replace(&mut self.log, std::thread::spawn(String::new));
        (status, log.join().expect("its log"))
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A reply, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn parse(text: &str) -> Reply {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Reply {
            status: status.unwrap_or_else(|| panic!("no reply: {text:?}")),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }
}
