//! The router as its users run it: the real binary, a config in a folder, bytes over sockets.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::support::router::{Reply, Router, hookswitch};

/// A folder with keys and a config, as a user would lay it out.
struct Place {
    folder: tempfile::TempDir,
}

const BRZ_SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

impl Place {
    /// `limits` goes into the config's `[limits]`.
    fn new(limits: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        place.write("brz.secret", BRZ_SECRET);
        let (private, public) = crate::support::keys();
        place.write("brij.key", private);
        place.write("brij.pem", public);
        place.write("router.toml", &config(limits));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    fn start(&self) -> Router {
        Router::start(&self.path("router.toml"))
    }

    fn start_unread(&self) -> Router {
        Router::start_unread(&self.path("router.toml"))
    }

    /// `hookswitch send`: the status and body of the reply.
    fn send(&self, router: &Router, args: &[&str]) -> (u64, String) {
        let brij = args[0] == "builtin:brij";
        let path = if brij { "brij/{call}" } else { "brz" };
        let to = format!("http://{}/{path}", router.address);
        let secret = match brij {
            true => format!("signing-key=@{}", self.path("brij.key").display()),
            false => format!("signing-secret=@{}", self.path("brz.secret").display()),
        };
        let mut all = vec!["send", "--json", "--to", &to, "--secret", &secret];
        if brij {
            all.extend(["--set", "partner_id=partner-42"]);
        }
        all.extend(args);
        let output = hookswitch(&all);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let reply: serde_json::Value = serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
        let body = reply["body"].as_str().expect("a body").to_owned();
        (reply["status"].as_u64().expect("a status"), body)
    }
}

fn quotes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/plugins/quotes.wasm")
}

fn config(limits: &str) -> String {
    format!(
        r#"
[listen]
public = "127.0.0.1:0"
public_url = "https://hooks.example.com"

[store]
path = "data/hookswitch.db"

[limits]
{limits}

[secrets]
brij = {{ file = "brij.pem" }}
brz = {{ file = "brz.secret" }}
missing = {{ env = "HOOKSWITCH_TEST_NEVER_SET" }}

[plugins.quotes]
source = "{quotes}"

[[routes]]
name = "brij"
path = "/brij/{{call}}"
adapter = "builtin:brij"
secrets = {{ signing-key = ["brij"] }}
settings = {{ partner_id = "partner-42" }}
[routes.answers.quote]
responder = "quotes"
deadline = "2s"
[routes.answers.redirect-order]
responder = "quotes"

[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = ["brz"] }}

[[routes]]
name = "offline"
path = "/offline"
adapter = "builtin:brz"
secrets = {{ signing-secret = ["missing"] }}
"#,
        quotes = quotes().display()
    )
}

#[test]
fn each_provider_gets_its_reply() {
    let place = Place::new("");
    let router = place.start();
    let cases: &[(&[&str], u64, &str)] = &[
        (&["builtin:brz", "pix.cash_in.confirmed"], 200, ""),
        (&["builtin:brz", "pix.cash_in.confirmed", "--option", "shape=envelope"], 200, ""),
        (&["builtin:brz", "pix.cash_in.confirmed", "--forged"], 401, "signature_mismatch"),
        (&["builtin:brz", "pix.cash_in.confirmed", "--late"], 401, "timestamp_late"),
        (&["builtin:brij", "quote"], 200, "toAmount"),
        (&["builtin:brij", "redirect-order"], 200, "redirectUrl"),
        (&["builtin:brij", "create-order"], 503, "error"),
        (&["builtin:brij", "cancel-order"], 503, "error"),
        (&["builtin:brij", "dataShared"], 200, ""),
        (&["builtin:brij", "quote", "--forged"], 401, "error"),
        (&["builtin:brij", "quote", "--late"], 401, "error"),
    ];
    for (args, status, holds) in cases {
        let (got, body) = place.send(&router, args);
        assert_eq!(got, *status, "{args:?}: {body}");
        assert!(body.contains(holds), "{args:?}: {body}");
    }
    router.terminate();
    let (status, log) = router.ended();
    assert!(status.success(), "{log}");
    assert!(log.contains("outcome=\"answered\"") || log.contains("outcome=answered"), "{log}");
    assert!(!log.contains(BRZ_SECRET) && !log.contains("PRIVATE"), "no secret is in the log");
}

#[test]
fn a_responder_that_is_too_late_makes_the_request_unavailable() {
    let place = Place::new("plugin_deadline = \"1m\"");
    let spinning = wat::parse_str(include_str!("guests/spinning-responder.wat")).expect("a module");
    std::fs::write(place.path("spinning.wasm"), spinning).expect("a file");
    let quotes = quotes().display().to_string();
    let config = std::fs::read_to_string(place.path("router.toml")).expect("the config");
    let config = config.replace(&quotes, "spinning.wasm").replace("\"2s\"", "\"300ms\"");
    place.write("router.toml", &config);
    let router = place.start();
    let (status, body) = place.send(&router, &["builtin:brij", "quote"]);
    assert_eq!(status, 503, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["error"]["reason"], "responder_deadline");
    let (status, _) = place.send(&router, &["builtin:brij", "dataShared"]);
    assert_eq!(status, 200, "the next callback is served");
}

#[test]
fn every_refusal_has_its_status() {
    let place = Place::new("body_timeout = \"300ms\"\nurl_bytes = 2000");
    let router = place.start();
    let host = "host: a\r\n";
    let long = "x".repeat(3000);
    let cases: Vec<(String, u16)> = vec![
        ("POST /brz HTTP/1.1\r\nconnection: close\r\n\r\n".into(), 400),
        (format!("POST /brz HTTP/1.1\r\n{host}{host}connection: close\r\n\r\n"), 400),
        (format!("GET /nowhere HTTP/1.1\r\n{host}connection: close\r\n\r\n"), 404),
        (format!("GET /brz/ HTTP/1.1\r\n{host}connection: close\r\n\r\n"), 404),
        (format!("GET /brz HTTP/1.1\r\n{host}connection: close\r\n\r\n"), 405),
        (format!("GET /brz?{long} HTTP/1.1\r\n{host}connection: close\r\n\r\n"), 414),
        (format!("POST /brij/%FF HTTP/1.1\r\n{host}connection: close\r\n\r\n"), 400),
        ("POST /brz HTTP/1.1\r\nx-a: \u{1}\r\n\r\n".into(), 400),
        (format!("POST /brz HTTP/1.1\r\n{host}content-length: 9\r\n\r\nslow"), 408),
        (format!("POST /brz HTTP/1.1\r\n{host}content-length: 2097152\r\n\r\n"), 413),
        (format!("POST /offline HTTP/1.1\r\n{host}connection: close\r\n\r\n"), 503),
        ("nonsense\r\n\r\n".into(), 400),
        (format!("POST /brz HTTP/1.1\r\n{host}{}\r\n", "x-h: y\r\n".repeat(200)), 431),
        (format!("POST /brz HTTP/1.1\r\n{host}x: {}\r\n\r\n", "y".repeat(100_000)), 431),
    ];
    for (request, status) in cases {
        let reply = Reply::parse(&router.raw(request.as_bytes()));
        assert_eq!(reply.status, status, "{:.60}: {reply:?}", request);
        assert_eq!(reply.head.contains("\r\nallow: post"), status == 405, "{reply:?}");
        assert_eq!(reply.head.contains("\r\nretry-after:"), status == 503, "{reply:?}");
    }
}

#[test]
fn huge_bodies_are_refused_while_they_are_sent_and_the_next_callback_is_served() {
    let place = Place::new("");
    let router = place.start();
    let body = vec![b'x'; 2 << 20];
    // Many at once: each of them can still read why, while the others are being sent.
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                for _ in 0..4 {
                    assert_eq!(router.post("/brz", &[], &body).status, 413);
                }
            });
        }
    });
    let (status, _) = place.send(&router, &["builtin:brz", "pix.cash_in.confirmed"]);
    assert_eq!(status, 200);
}

#[test]
fn bodies_that_never_come_hold_nobody_up() {
    let place = Place::new("callbacks = 2");
    let router = place.start();
    let head =
        b"POST /brz HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    let held: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = router.connect();
            stream.write_all(head).expect("the head is sent");
            let mut said = [0; 25];
            stream.read_exact(&mut said).expect("it asks for the body");
            stream
        })
        .collect();
    let (status, _) = place.send(&router, &["builtin:brz", "pix.cash_in.confirmed"]);
    assert_eq!(status, 200);
    drop(held);
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let place = Place::new("");
    let router = place.start_unread();
    for _ in 0..2000 {
        let reply = router.raw(b"GET /nope HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert_eq!(Reply::parse(&reply).status, 404);
    }
}

#[test]
fn a_thousand_idle_connections_hold_nobody_up() {
    let place = Place::new("");
    let router = place.start();
    // Both ends of a connection are files; a shell often allows 1024.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).expect("more files");
    let idle: Vec<_> = (0..1000).map(|_| router.connect()).collect();
    let (status, _) = place.send(&router, &["builtin:brz", "pix.cash_in.confirmed"]);
    assert_eq!(status, 200);
    drop(idle);
}

#[test]
fn tokens_that_are_none_are_forged() {
    let place = Place::new("");
    let router = place.start();
    for (name, token) in crate::support::bad_tokens() {
        let reply = router.post("/brij/quote", &[("x-brij-signature", &token)], b"{}");
        assert_eq!(reply.status, 401, "{name}: {reply:?}");
        assert!(reply.body.contains("\"error\""), "{name}: {reply:?}");
    }
    let (status, body) = place.send(&router, &["builtin:brij", "quote"]);
    assert_eq!(status, 200, "{body}");
}

#[test]
fn a_call_in_flight_ends_before_the_router_does() {
    let place = Place::new("");
    let router = place.start();
    let mut stream = router.connect();
    stream
        .write_all(
            b"POST /brz HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n",
        )
        .expect("the head is sent");
    // The router asks for the body only once the call is being served.
    let mut said = [0; 25];
    stream.read_exact(&mut said).expect("it asks for the body");
    assert!(said.starts_with(b"HTTP/1.1 100"), "{said:?}");
    router.terminate();
    while std::net::TcpStream::connect(router.address).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(b"{}").expect("the body is sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    assert_eq!(Reply::parse(&reply).status, 401, "{reply}");
    let (status, log) = router.ended();
    assert!(status.success() && log.contains("cut off: 0"), "{log}");
}

#[test]
fn two_routers_on_one_address_is_one_too_many() {
    let place = Place::new("");
    let router = place.start();
    let taken = config("").replace("127.0.0.1:0", &router.address.to_string());
    place.write("second.toml", &taken);
    let output = hookswitch(&["serve", "--config", &place.path("second.toml").to_string_lossy()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("can't listen on"), "{said}");
}

#[test]
fn check_shows_every_problem_with_its_line() {
    let place = Place::new("");
    let broken = config("body_bites = 1")
        .replace("builtin:brz\"", "builtin:brs\"")
        .replace("partner_id =", "partnerid =")
        .replace("[routes.answers.quote]", "[routes.answers.quota]");
    place.write("broken.toml", &broken);
    let path = place.path("broken.toml");
    let output = hookswitch(&["check", "--config", &path.to_string_lossy()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("body_bites") && said.contains("body_bytes"), "{said}");

    place.write("broken.toml", &broken.replace("body_bites = 1", ""));
    let output = hookswitch(&["check", "--json", "--config", &path.to_string_lossy()]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let problems = said["problems"].as_array().expect("problems");
    for wanted in ["builtin:brs", "partnerid", "partner_id", "quota"] {
        let named = |problem: &&serde_json::Value| {
            problem["message"].as_str().is_some_and(|message| message.contains(wanted))
                && problem["line"].as_u64().is_some_and(|line| line > 1)
        };
        assert!(problems.iter().any(|problem| named(&problem)), "{wanted}: {said:#}");
    }

    let good = place.path("router.toml");
    let output = hookswitch(&["check", "--config", &good.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn setup_says_what_to_register() {
    let place = Place::new("");
    let path = place.path("router.toml");
    for (route, wanted) in
        [("brij", "https://hooks.example.com/brij/quote"), ("brz", "https://hooks.example.com/brz")]
    {
        let output = hookswitch(&["setup", route, "--config", &path.to_string_lossy()]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains(wanted), "{route}: {said}");
    }
    let output = hookswitch(&["setup", "brx", "--config", &path.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean"));
    assert_eq!(hookswitch(&["no-such-command"]).status.code(), Some(2));
}
