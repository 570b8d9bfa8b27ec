//! TLS through the real binary: callbacks over it, certificates that change under it, and what a
//! sender can do that never gets as far as a callback.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::router::{Reply, Router, SECRET_OF_OPS, hookswitch};
use crate::support::tls::{Pair, Secured, connect, trusting};
use crate::support::{brz, waited};

/// A folder with a config whose listeners speak TLS.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(listen: &str, limits: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        place.write("brz.secret", brz::SECRET);
        place.write("ops.secret", SECRET_OF_OPS);
        place.write("router.toml", &config(listen, limits));
        place
    }

    /// One with this certificate.
    fn with(pair: &Pair) -> Place {
        let place = Place::new(TLS, "");
        pair.write(place.folder.path(), "tls");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    fn start(&self) -> Router {
        Router::start_administered(&self.path("router.toml"))
    }
}

const TLS: &str = "tls = { certificate = \"tls.pem\", key = \"tls.key\" }";

fn config(listen: &str, limits: &str) -> String {
    format!(
        r#"[listen]
{listen}
public = "127.0.0.1:0"
admin = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
[limits]
{limits}
[admin.keys.ops]
secret = {{ file = "ops.secret" }}
scopes = ["admin:read"]
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = {{ file = "brz.secret" }} }}
"#
    )
}

/// One callback of BRZ as it is written to a connection.
fn callback(id: &str) -> Vec<u8> {
    let body = brz::body(id);
    let mut head = format!("POST /brz HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in brz::headers(&body) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// Sends it, and reads one reply without a body; the connection stays.
fn exchange(stream: &mut Secured, bytes: &[u8]) -> Reply {
    stream.write_all(bytes).expect("it is sent");
    let mut said = Vec::new();
    while !said.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a reply");
        said.push(byte[0]);
    }
    Reply::parse(&String::from_utf8_lossy(&said))
}

/// What a GET brings, to the end of the connection.
fn get(mut stream: Secured, path: &str) -> Reply {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         x-key-id: ops\r\nx-secret-key: {SECRET_OF_OPS}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("a reply, and an end that was said");
    Reply::parse(&said)
}

#[test]
fn callbacks_and_the_admin_listener_over_tls() {
    let pair = Pair::new();
    let place = Place::with(&pair);
    let router = place.start();
    let mut stream = connect(router.address, trusting(&[&pair], &[])).expect("a handshake");
    for id in ["one", "two"] {
        assert_eq!(exchange(&mut stream, &callback(id)).status, 200, "over one connection");
    }
    let mut forged = callback("three");
    *forged.last_mut().expect("a body") = b' ';
    let mut stream = connect(router.address, trusting(&[&pair], &["http/1.1"])).expect("again");
    assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
    stream.write_all(&forged).expect("it is sent");
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("a reply");
    assert_eq!(&start, b"HTTP/1.1 401");

    let admin = router.admin.expect("it is administered");
    let stream = connect(admin, trusting(&[&pair], &[])).expect("a handshake");
    assert_eq!(get(stream, "/healthz").status, 200);
    router.terminate();
    let (status, log) = router.ended();
    assert!(status.success() && log.contains("listening on https://"), "{log}");
    assert!(log.contains("administered at https://"), "{log}");
    assert!(!log.contains("PRIVATE") && !log.contains(&pair.key[40..60]), "{log}");
}

#[test]
fn http_2_is_what_both_prefer() {
    let pair = Pair::new();
    let place = Place::with(&pair);
    let router = place.start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let config = std::sync::Arc::new(trusting(&[&pair], &["http/1.1", "h2"]));
        let tcp = tokio::net::TcpStream::connect(router.address).await.expect("a connection");
        let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
        let tls = tokio_rustls::TlsConnector::from(config).connect(name, tcp).await;
        let tls = tls.expect("a handshake");
        assert_eq!(tls.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let opened = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls));
        let (mut sender, connection) = opened.await.expect("HTTP/2");
        tokio::spawn(connection);
        let replies = (0..20).map(|id| {
            let body = brz::body(&id.to_string());
            let mut request = Request::post("https://localhost/brz");
            for (name, value) in brz::headers(&body) {
                request = request.header(name, value);
            }
            let request = request.body(Full::new(Bytes::from(body))).expect("a request");
            sender.send_request(request)
        });
        for reply in replies.collect::<Vec<_>>() {
            assert_eq!(reply.await.expect("a reply").status(), 200);
        }
    });
}

#[test]
fn a_new_certificate_is_for_new_connections_and_a_broken_one_for_none() {
    let (old, new) = (Pair::new(), Pair::new());
    let place = Place::with(&old);
    let router = place.start();
    let folder = place.folder.path();
    let both = || trusting(&[&old, &new], &[]);
    let shown = |address| {
        let stream = connect(address, both()).expect("a handshake");
        stream.conn.peer_certificates().expect("a certificate")[0].clone()
    };
    let mut open = connect(router.address, both()).expect("a handshake");
    assert_eq!(exchange(&mut open, &callback("one")).status, 200);
    assert_eq!(shown(router.address), old.der());

    new.write(folder, "tls");
    let admin = router.admin.expect("it is administered");
    for address in [router.address, admin] {
        waited("the new certificate", || (shown(address) == new.der()).then_some(()));
    }
    assert_eq!(exchange(&mut open, &callback("two")).status, 200, "the old connection goes on");

    let generation =
        || get(connect(admin, both()).expect("a handshake"), "/api/v1/generation").body;
    let key = Pair::new().key;
    place.write("tls.key", &key);
    let said = waited("a rejected reload", || {
        let said = generation();
        said.contains("isn't the certificate's").then_some(said)
    });
    assert!(said.contains("tls.key") && said.contains("router.toml:2"), "{said}");
    assert_eq!(shown(router.address), new.der(), "what is broken changes nothing");
    assert_eq!(exchange(&mut open, &callback("three")).status, 200);

    std::fs::remove_file(place.path("tls.pem")).expect("it was there");
    waited("another rejected reload", || {
        generation().contains("tls.pem can't be read").then_some(())
    });
    assert_eq!(shown(router.address), new.der());
    old.write(folder, "tls");
    waited("the old certificate", || (shown(router.address) == old.der()).then_some(()));
    assert_eq!(exchange(&mut open, &callback("four")).status, 200);
    router.terminate();
    let (_, log) = router.ended();
    assert!(log.contains("isn't the certificate's"), "{log}");
    assert!(!log.contains(&key[40..60]), "no key is in the log");
}

#[test]
fn pairs_that_do_not_work_are_refused_with_their_place() {
    let (pair, other, late) = (Pair::new(), Pair::new(), Pair::valid_until(2020));
    let place = Place::with(&pair);
    let cases = [
        (
            "certificate = \"no.pem\", key = \"tls.key\"",
            2,
            "no.pem can't be read: there is no such",
        ),
        (
            "certificate = \"tls.pem\", key = \"no.key\"",
            2,
            "no.key can't be read: there is no such",
        ),
        ("certificate = \"tls.key\", key = \"tls.key\"", 2, "there is no certificate in it"),
        ("certificate = \"tls.pem\", key = \"tls.pem\"", 2, "there is no private key in it"),
        ("certificate = \"tls.pem\", key = \"other.key\"", 2, "isn't the certificate's"),
        ("certificate = \"tls.pem\"", 2, "tls has no key"),
    ];
    other.write(place.folder.path(), "other");
    late.write(place.folder.path(), "late");
    let path = place.path("router.toml").display().to_string();
    let check = |listen: &str| {
        place.write("router.toml", &config(listen, ""));
        let output = hookswitch(&["check", "--json", "--config", &path]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        (output.status.code(), said["problems"].clone())
    };
    for name in ["tls", "admin_tls"] {
        for (pair, line, holds) in &cases {
            let (code, problems) = check(&format!("{name} = {{ {pair} }}"));
            let holds = holds.replace("tls has", &format!("{name} has"));
            let found = problems.as_array().expect("problems").iter().any(|problem| {
                problem["line"] == *line
                    && problem["message"].as_str().is_some_and(|said| said.contains(&holds))
            });
            assert!(found && code == Some(1), "{name} {pair}: {problems:#}");
        }
    }
    let (code, problems) = check("tls = { certificate = \"late.pem\", key = \"late.key\" }");
    assert_eq!(code, Some(0), "it may be renewed at any time: {problems:#}");
    assert_eq!(problems.as_array().map(Vec::len), Some(1), "said once: {problems:#}");
    assert_eq!(problems[0]["severity"], "warning");
    let said = problems[0]["message"].as_str().expect("a message");
    assert!(said.contains("expired at 2020-01-01"), "{said}");
}

#[test]
fn another_certificate_or_none_for_the_admin_listener() {
    let (pair, other) = (Pair::new(), Pair::new());
    let own = format!("{TLS}\nadmin_tls = {{ certificate = \"other.pem\", key = \"other.key\" }}");
    let place = Place::new(&own, "");
    pair.write(place.folder.path(), "tls");
    other.write(place.folder.path(), "other");
    let router = place.start();
    let admin = router.admin.expect("it is administered");
    assert!(connect(router.address, trusting(&[&pair], &[])).is_ok());
    assert!(connect(admin, trusting(&[&pair], &[])).is_err(), "it shows the other one");
    let stream = connect(admin, trusting(&[&other], &[])).expect("a handshake");
    assert_eq!(get(stream, "/healthz").status, 200);
    drop(router);

    place.write("router.toml", &config(&format!("{TLS}\nadmin_tls = false"), ""));
    let router = place.start();
    assert!(connect(router.address, trusting(&[&pair], &[])).is_ok());
    assert_eq!(router.ask("/healthz").status, 200, "without TLS");
}

#[test]
fn a_handshake_that_is_slow_costs_only_itself() {
    let pair = Pair::new();
    let place = Place::new(TLS, "head_timeout = \"2s\"");
    pair.write(place.folder.path(), "tls");
    let router = place.start();
    // One says nothing, one breaks off in the middle, one shakes hands and then sends no head.
    let silent: Vec<_> = (0..50).map(|_| router.connect()).collect();
    let mut halves: Vec<_> = (0..50).map(|_| router.connect()).collect();
    for half in &mut halves {
        half.write_all(&[22, 3, 1, 2, 0, 1]).expect("it is sent");
    }
    let shaken = connect(router.address, trusting(&[&pair], &[])).expect("a handshake");
    let start = Instant::now();
    let mut stream = connect(router.address, trusting(&[&pair], &[])).expect("a handshake");
    assert_eq!(exchange(&mut stream, &callback("one")).status, 200);
    assert!(start.elapsed() < Duration::from_secs(2), "nobody waits for those that are slow");
    for mut slow in silent.into_iter().chain(halves).chain([shaken.sock]) {
        let mut rest = Vec::new();
        // Closed or reset, but not left open.
        let ended = slow.read_to_end(&mut rest);
        let open = ended.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(!open, "a slow handshake ends");
    }
    router.terminate();
    assert!(router.ended().0.success());
}

#[test]
fn who_speaks_http_without_tls_is_told_so() {
    let pair = Pair::new();
    let place = Place::with(&pair);
    let router = place.start();
    for request in [callback("one"), b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()] {
        let reply = Reply::parse(&router.raw(&request));
        assert_eq!((reply.status, reply.body.as_str()), (400, "This port speaks only TLS.\n"));
    }
    // What is neither gets no word, and what looks like TLS an alert at the most.
    assert_eq!(router.raw(b"\x00\x01\x02 nonsense"), "");
    assert!(!router.raw(&[&[22, 3, 1, 0, 5][..], b"nonsense"].concat()).contains("HTTP"));
    let mut stream = connect(router.address, trusting(&[&pair], &[])).expect("a handshake");
    assert_eq!(exchange(&mut stream, &callback("two")).status, 200);
}
