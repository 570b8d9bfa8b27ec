//! `hookswitch events` and `hookswitch deliveries`, against a router that delivers to a destination
//! on loopback: what they print, what they have done, and what they end with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::router::{Router, hookswitch};

const PATIENCE: Duration = Duration::from_secs(20);
const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

/// A router with one route, one destination and one key, and what was delivered.
struct Bench {
    folder: tempfile::TempDir,
    router: Router,
    api: String,
    /// The id of each delivery that came.
    delivered: Receiver<String>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let (ledger, delivered) = ledger();
        let admin = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
        };
        write("secret", SECRET);
        write("router.toml", &config(admin, ledger));
        let router = Router::start(&folder.path().join("router.toml"));
        let api = format!("http://{admin}");
        let bench = Bench { folder, router, api, delivered };
        until("the API answers", || bench.run(&["events", "list"]).0 == 0);
        bench
    }

    /// Has BRZ call once.
    fn call(&self) {
        let to = format!("http://{}/brz", self.router.address);
        let secret = format!("signing-secret=@{}", self.folder.path().join("secret").display());
        let kind = ["send", "builtin:brz", "pix.cash_in.confirmed"];
        let sent = hookswitch(&[&kind[..], &["--to", &to, "--secret", &secret]].concat());
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookswitch"));
        command.args(args).env("HOOKSWITCH_API", &self.api);
        command.env("HOOKSWITCH_KEY_ID", "ops").env("HOOKSWITCH_KEY_SECRET", SECRET);
        command
    }

    /// Exit code, standard output and standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        taken_apart(&self.command(args).output().expect("the binary runs"))
    }

    /// The objects that a command prints.
    fn json(&self, args: &[&str]) -> Vec<Value> {
        let (code, out, error) = self.run(&[args, &["--json"]].concat());
        assert_eq!(code, 0, "{args:?}: {error}");
        out.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
    }

    fn next_delivered(&self) -> String {
        self.delivered.recv_timeout(PATIENCE).expect("a delivery")
    }

    /// Waits until the newest delivery is one that arrived.
    fn newest_is_delivered(&self) -> Value {
        let newest = || self.json(&["deliveries", "list", "--limit", "1"]).pop();
        until("it is delivered", || newest().is_some_and(|row| row["state"] == "delivered"));
        newest().expect("it is still there")
    }
}

fn taken_apart(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it ended"), text(&output.stdout), text(&output.stderr))
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "in time: {what}");
    }
}

fn config(admin: SocketAddr, ledger: SocketAddr) -> String {
    format!(
        r#"
[listen]
public = "127.0.0.1:0"
admin = "{admin}"

[store]
path = "data/hookswitch.db"

[admin.keys.ops]
secret = {{ file = "secret" }}
scopes = ["events:read", "events:write", "webhooks:read", "webhooks:write"]

[secrets]
brz = {{ file = "secret" }}

[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = ["brz"] }}
deliver = ["ledger"]

[destinations.ledger]
url = "http://{ledger}/events"
"#
    )
}

/// A destination that takes everything; the ids of what it took.
fn ledger() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            if let Some(id) = take(&mut stream) {
                let _ = tell.send(id);
            }
        }
    });
    (address, told)
}

/// One request and its response; `webhook-id` of the request.
fn take(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut id, mut length, mut line) = (None, 0, String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name {
            "webhook-id" => id = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
    id
}

#[test]
fn what_was_recorded_is_listed_shown_replayed_and_resent() {
    let bench = Bench::new();
    for (rows, args) in [("events", ["events", "list"]), ("deliveries", ["deliveries", "list"])] {
        let wanted = (0, String::new(), format!("no {rows} fit\n"));
        assert_eq!(bench.run(&args), wanted, "nothing yet");
    }
    bench.call();
    let first = bench.next_delivered();
    let delivery = bench.newest_is_delivered();
    assert_eq!(delivery["id"], first.as_str());
    let event = delivery["event_id"].as_str().expect("an id");

    let events = bench.json(&["events", "list", "--route", "brz", "--status", "accepted"]);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["id"], event);
    let whole = &bench.json(&["events", "show", event])[0];
    assert_eq!(whole["deliveries"][0]["attempt_log"][0]["response_status"], 200);
    for (args, holds) in [
        (&["events", "list"][..], &["ID", "STATUS", event, "pix.cash_in.confirmed"][..]),
        (&["events", "show", event], &[event, first.as_str(), "to ledger"]),
        (&["deliveries", "list", "--destination", "ledger"], &["TRIES", &first, "delivered"]),
        (&["deliveries", "show", &first], &[event, "payload", "last status", "200"]),
    ] {
        let (code, out, error) = bench.run(args);
        assert_eq!((code, error.as_str()), (0, ""), "{args:?}");
        holds.iter().for_each(|word| assert!(out.contains(word), "{args:?}: {word} in\n{out}"));
    }
    for none in [
        &["events", "list", "--kind", "brz.none"][..],
        &["events", "list", "--to", "2020-01-31"],
        &["deliveries", "list", "--status", "failed"],
        &["deliveries", "list", "--destination", "nobody"],
        &["deliveries", "list", "--subject", "nothing"],
    ] {
        assert!(bench.json(none).is_empty(), "{none:?}");
    }

    let (code, _, said) = bench.run(&["deliveries", "resend", &first]);
    assert_eq!((code, said.as_str()), (0, "resent 1 of 1\n"));
    assert_eq!(bench.next_delivered(), first, "the same one");
    bench.newest_is_delivered();
    let all = ["deliveries", "resend", "--status", "delivered", "--destination", "ledger"];
    let (code, _, said) = bench.run(&all);
    assert_eq!((code, said.as_str()), (0, "resent 1\n"));
    assert_eq!(bench.next_delivered(), first, "the same one");

    assert_eq!(bench.json(&["events", "replay", event])[0]["deliveries"], 1);
    assert_ne!(bench.next_delivered(), first, "another one");
    assert_eq!(bench.json(&["deliveries", "list"]).len(), 2);
    assert_eq!(bench.json(&["deliveries", "list", "--limit", "1"]).len(), 1);
}

#[test]
fn what_cannot_be_done_is_told_by_words_and_exit_code() {
    let bench = Bench::new();
    let unknown = "0192f0c1-0000-7000-8000-000000000001";
    for (args, code, said) in [
        (&["events", "show", unknown][..], 1, "event"),
        (&["events", "replay", unknown], 1, unknown),
        (&["deliveries", "show", "../x"], 1, "delivery"),
        (&["deliveries", "resend", unknown], 1, "resent 0 of 1"),
        (&["deliveries", "resend", "--status", "failed"], 1, "no deliveries fit"),
        (&["deliveries", "resend"], 2, "--status failed"),
        (&["deliveries", "resend", unknown, "--status", "failed"], 2, "not by both"),
        (&["deliveries", "list", "--status", "odd"], 2, "status is"),
        (&["events", "list", "--from", "yesterday"], 2, "from is a day"),
        (&["events", "list", "--limit", "0"], 2, "limit"),
        (&["events", "list", "--api", "localhost"], 2, "http(s)://"),
        // Nobody listens on a port of this kind.
        (&["events", "list", "--api", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 can't be"),
        (&["events", "list", "--api", "http://127.0.0.1:1"], 1, "`admin`"),
    ] {
        let (got, out, error) = bench.run(args);
        assert_eq!((got, out.as_str()), (code, ""), "{args:?}: {error}");
        assert!(error.contains(said), "{args:?}: {error}");
    }
    for name in ["HOOKSWITCH_KEY_ID", "HOOKSWITCH_KEY_SECRET"] {
        let mut command = bench.command(&["events", "list"]);
        let without = command.env_remove(name).output().expect("the binary runs");
        let (code, _, error) = taken_apart(&without);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains(name), "{error}");
    }
    let mut command = bench.command(&["events", "list"]);
    let wrong = command.env("HOOKSWITCH_KEY_SECRET", "whsec_wrong").output();
    let (code, _, error) = taken_apart(&wrong.expect("the binary runs"));
    assert_eq!(code, 1, "{error}");
    assert!(!error.contains("whsec_wrong"), "a secret is nobody's to read: {error}");
}

#[test]
fn a_list_that_is_followed_shows_what_is_new_until_it_is_stopped() {
    let bench = Bench::new();
    bench.call();
    let mut following = Following::start(&bench);
    let first = following.next();
    bench.call();
    let second = following.next();
    assert!(second["id"].as_str() > first["id"].as_str(), "the oldest first, and each once");
    let pid = rustix::process::Pid::from_child(&following.child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is told");
    assert_eq!(following.child.wait().expect("its end").code(), Some(0));
}

/// `hookswitch events list --follow`, ended when the test is.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn start(bench: &Bench) -> Following {
        let mut command = bench.command(&["events", "list", "--follow", "--json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let out = BufReader::new(child.stdout.take().expect("its standard output"));
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).try_for_each(|l| tell.send(l))
        });
        Following { child, lines }
    }

    fn next(&mut self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line in time");
        serde_json::from_str(&line).expect("an object a line")
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
