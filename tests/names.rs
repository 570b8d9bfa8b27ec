//! Names that are asked of the config's own name servers: what they may say, and that deliveries,
//! plugins' calls and `send` ask them and nobody else.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hookswitch::outbound::Names;

use crate::support::destination::Destination;
use crate::support::name_server::{NameServer, Says};
use crate::support::router::{Reply, Router, SECRET_OF_OPS, hookswitch};
use crate::support::{brz, waited};

fn addresses(list: &[&str], seconds: u32) -> Says {
    Says::Addresses(list.iter().map(|ip| ip.parse().expect("an IP")).collect(), seconds)
}

fn over_tcp(list: &[&str], seconds: u32) -> Says {
    Says::OverTcp(list.iter().map(|ip| ip.parse().expect("an IP")).collect(), seconds)
}

/// What is found, in order; or what is said.
async fn found(names: &Names, host: &str) -> Result<Vec<IpAddr>, String> {
    let found = names.addresses(host, 80).await.map_err(|error| error.to_string())?;
    let mut found: Vec<_> = found.iter().map(SocketAddr::ip).collect();
    found.sort();
    Ok(found)
}

#[tokio::test]
async fn what_a_name_server_may_say() {
    let server = NameServer::start(&[
        ("four.test", addresses(&["192.0.2.1", "192.0.2.2"], 60)),
        ("six.test", addresses(&["2001:db8::1"], 60)),
        ("both.test", addresses(&["192.0.2.1", "2001:db8::1"], 60)),
        ("large.test", over_tcp(&["192.0.2.3"], 60)),
        ("none.test", addresses(&[], 60)),
        ("refused.test", Says::Refuses),
    ]);
    let names = Names::of(&[server.address]);
    let none = "there is no such name, or it has no address";
    for (host, wanted) in [
        ("four.test", Ok(&["192.0.2.1", "192.0.2.2"][..])),
        ("FOUR.test", Ok(&["192.0.2.1", "192.0.2.2"])),
        ("six.test", Ok(&["2001:db8::1"])),
        ("both.test", Ok(&["192.0.2.1", "2001:db8::1"])),
        ("large.test", Ok(&["192.0.2.3"])),
        ("127.0.0.1", Ok(&["127.0.0.1"])),
        ("::1", Ok(&["::1"])),
        ("none.test", Err(none)),
        ("gone.test", Err(none)),
        ("refused.test", Err("the name servers: ")),
        ("a..b", Err("this is no name")),
    ] {
        let found = found(&names, host).await;
        match wanted {
            Ok(list) => {
                let list: Vec<IpAddr> = list.iter().map(|ip| ip.parse().expect("an IP")).collect();
                assert_eq!(found, Ok(list), "{host}");
            }
            Err(why) => {
                assert!(found.as_ref().is_err_and(|said| said.starts_with(why)), "{found:?}")
            }
        }
    }
}

#[tokio::test]
async fn answers_are_kept_as_long_as_they_say() {
    let server = NameServer::start(&[
        ("long.test", addresses(&["192.0.2.1"], 60)),
        ("short.test", addresses(&["192.0.2.2"], 1)),
    ]);
    let names = Names::of(&[server.address]);
    for host in ["long.test", "short.test"] {
        for _ in 0..3 {
            assert!(found(&names, host).await.is_ok(), "{host}");
        }
        assert_eq!(server.asked(host), 1, "{host}");
    }
    let start = Instant::now();
    while server.asked("short.test") == 1 {
        assert!(start.elapsed() < Duration::from_secs(20), "it is asked anew");
        assert!(
            found(&names, "short.test").await.is_ok() && found(&names, "long.test").await.is_ok()
        );
    }
    assert!(start.elapsed() > Duration::from_millis(500), "not at once");
    assert_eq!(server.asked("long.test"), 1);
}

#[tokio::test]
async fn one_that_says_nothing_is_not_waited_for_long() {
    let silent = NameServer::start(&[("ledger.test", Says::Nothing)]);
    let start = Instant::now();
    let said = found(&Names::of(&[silent.address]), "ledger.test").await;
    assert!(said.is_err() && start.elapsed() < Duration::from_secs(10), "{said:?}");
    let other = NameServer::start(&[("ledger.test", addresses(&["192.0.2.1"], 60))]);
    for servers in [[silent.address, other.address], [other.address, silent.address]] {
        let said = found(&Names::of(&servers), "ledger.test").await;
        assert!(said.is_ok(), "the other one is asked: {said:?}");
    }
}

/// The router with these name servers, and a destination by its name.
fn start(server: &NameServer, to: SocketAddr) -> (tempfile::TempDir, Router) {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    write("brz.secret", brz::SECRET);
    write("ops.secret", SECRET_OF_OPS);
    write(
        "router.toml",
        &format!(
            r#"
[listen]
public = "127.0.0.1:0"
admin = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
[outbound]
nameservers = ["{server}"]
[admin.keys.ops]
secret = {{ file = "ops.secret" }}
scopes = ["webhooks:read", "webhooks:write"]
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = {{ file = "brz.secret" }} }}
deliver = ["ledger", "lost"]
[destinations.ledger]
url = "http://ledger.test:{port}/events"
secret = {{ file = "brz.secret" }}
[destinations.lost]
url = "http://lost.test:{port}/events"
secret = {{ file = "brz.secret" }}
"#,
            server = server.address,
            port = to.port(),
        ),
    );
    let router = Router::start_administered(&folder.path().join("router.toml"));
    (folder, router)
}

#[test]
fn deliveries_and_webhooks_ask_the_configs_name_servers() {
    let ledger = Destination::start(0);
    let server = NameServer::start(&[
        ("ledger.test", addresses(&["127.0.0.1"], 60)),
        ("inside.test", addresses(&["127.0.0.1"], 60)),
        ("outside.test", addresses(&["192.88.99.7", "8.8.8.8"], 60)),
    ]);
    let (_folder, router) = start(&server, ledger.address);
    let body = brz::body("one");
    let headers = brz::headers(&body);
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(router.post("/brz", &headers, body.as_bytes()).status, 200);
    let came = ledger.wait_for(|came| !came.is_empty());
    assert_eq!(came[0].body, body.as_bytes());
    let why = waited("the other delivery's attempt", || {
        let said = router.ask("/api/v1/webhooks/deliveries").body;
        said.contains("there is no such name").then_some(said)
    });
    assert!(why.contains("lost"), "{why}");
    assert!(server.asked("lost.test") > 0, "it was asked for");

    // What is registered is looked at with the same eyes.
    for (host, status) in [("outside.test", 201), ("inside.test", 400), ("nowhere.test", 400)] {
        let reply = register(&router, host);
        assert_eq!(reply.status, status, "{host}: {reply:?}");
        assert!(server.asked(host) > 0, "{host} was asked for");
    }
}

fn register(router: &Router, host: &str) -> Reply {
    use std::io::{Read as _, Write as _};
    let body = format!(r#"{{"url":"https://{host}/in","events":["*"]}}"#);
    let request = format!(
        "POST /api/v1/webhooks HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\
         x-key-id: ops\r\nx-secret-key: {SECRET_OF_OPS}\r\n\r\n{body}",
        body.len()
    );
    let address = router.admin.expect("it is administered");
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    Reply::parse(&reply)
}

#[test]
fn send_asks_whom_it_is_told_to() {
    let ledger = Destination::start(0);
    let server = NameServer::start(&[("hooks.test", addresses(&["127.0.0.1"], 60))]);
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("brz.secret");
    std::fs::write(&secret, brz::SECRET).expect("a file");
    let secret = format!("signing-secret=@{}", secret.display());
    let to = format!("http://hooks.test:{}/brz", ledger.address.port());
    let (kind, asked) = ("pix.cash_in.confirmed", server.address.to_string());
    let mut args = vec!["send", "builtin:brz", kind, "--to", &to, "--secret", &secret];
    let alone = hookswitch(&args);
    assert!(!alone.status.success() && server.asked("hooks.test") == 0);
    let said = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(said.contains("the name can't be resolved"), "{said}");
    args.extend(["--nameserver", &asked]);
    let output = hookswitch(&args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(server.asked("hooks.test") > 0);
}
