//! The same through the real binary and its config: what was answered outlives the process, and
//! what wasn't is asked again under the same key.

use std::path::PathBuf;

use serde_json::Value;

use super::{CREATED, ORDER};
use crate::support::router::{Router, hookswitch};
use crate::support::service::{Say, Service};

/// A folder with keys and a config.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) fn new(url: &str, more: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        let (private, public) = crate::support::keys();
        let config = format!(
            r#"
[listen]
public = "127.0.0.1:0"
[limits]
breaker_faults = 2
answer_breaker_least = "1h"
answer_breaker_most = "1h"
[secrets]
brij = {{ file = "brij.pem" }}
orders = {{ file = "orders.secret" }}
[[routes]]
name = "brij"
path = "/brij/{{call}}"
adapter = "builtin:brij"
secrets = {{ signing-key = ["brij"] }}
settings = {{ partner_id = "partner-42" }}
[routes.answers.create-order]
url = "{url}"
secret = "orders"
{more}
"#
        );
        let files = [("brij.key", private), ("brij.pem", public), ("router.toml", &config)];
        for (name, text) in files {
            std::fs::write(place.path(name), text).expect("a file");
        }
        std::fs::write(place.path("orders.secret"), "0123456789abcdef").expect("a file");
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self) -> Router {
        Router::start(&self.path("router.toml"))
    }

    /// `hookswitch send` of one order: the status and body of the reply, if one came.
    pub(super) fn send(&self, router: &Router, seed: u64) -> Option<(u64, String)> {
        let to = format!("http://{}/brij/{{call}}", router.address);
        let secret = format!("signing-key=@{}", self.path("brij.key").display());
        let seed = seed.to_string();
        let output = hookswitch(&[
            "send",
            "--json",
            "--to",
            &to,
            "--secret",
            &secret,
            "--set",
            "partner_id=partner-42",
            "--seed",
            &seed,
            "builtin:brij",
            ORDER,
        ]);
        let reply: Value = serde_json::from_slice(&output.stdout).ok()?;
        Some((reply["status"].as_u64()?, reply["body"].as_str()?.to_owned()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_outlives_the_process() {
    let script = [Say::Now(200, CREATED), Say::Held(200, CREATED), Say::Now(200, CREATED)];
    let service = Service::start(&script).await;
    let place = Place::new(&service.url(), "");
    let router = place.start();
    let created = Some((200, CREATED.to_owned()));
    assert_eq!(place.send(&router, 1), created);
    // Lines are written by a thread of their own: only one that may end has written all.
    router.terminate();
    let (_, log) = router.ended();
    let by = format!("by=\"http://{}/answers\"", service.address);
    assert!(log.contains(&by) && log.contains("fallback=false"), "{by} isn't in\n{log}");
    assert!(!log.contains("k=v"), "a query may hold what isn't for logs:\n{log}");

    let router = place.start();
    assert_eq!(place.send(&router, 1), created);
    assert_eq!(service.came().len(), 1, "it is known what was answered");
    // It ends in the middle of the second order: that is asked again, under the same key.
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| place.send(&router, 2));
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(service.wait_for(2));
        });
        let pid = rustix::process::Pid::from_raw(router.id().cast_signed()).expect("an id");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is there");
        assert_eq!(asking.join().expect("no panic"), None);
    });
    drop(router);
    let router = place.start();
    assert_eq!(place.send(&router, 2), created);
    let came = service.came();
    assert_eq!(came.len(), 3);
    for name in ["idempotency-key", "ce-id", "webhook-id"] {
        assert!(!came[1].header(name).is_empty(), "{name}");
        assert_eq!(came[1].header(name), came[2].header(name), "{name}");
    }
}

/// A responder that has no answer now, and gives its key for the reason.
const TELLS_ITS_KEY: &str = "(i32.store8 (i32.const 512) (i32.const 1)) \
     (i32.store8 (i32.const 516) (i32.const 3)) \
     (i32.store (i32.const 520) (local.get 11)) \
     (i32.store (i32.const 524) (local.get 12)) \
     (i32.store8 (i32.const 528) (i32.const 0)) \
     (return (i32.const 512))";

#[test]
fn a_plugin_gets_the_same_key_for_each_try_also_of_the_next_process() {
    let place = Place::new("http://127.0.0.1:9/", "[plugins.keys]\nsource = \"keys.wasm\"");
    let text = include_str!("../guests/spinning-responder.wat");
    let text = text.replace("(loop $for_ever (br $for_ever))", TELLS_ITS_KEY);
    std::fs::write(place.path("keys.wasm"), wat::parse_str(text).expect("a module"))
        .expect("a file");
    let config = std::fs::read_to_string(place.path("router.toml")).expect("the config");
    let service = "url = \"http://127.0.0.1:9/\"\nsecret = \"orders\"";
    assert!(config.contains(service), "{config}");
    let config = config.replace(service, "responder = \"keys\"");
    std::fs::write(place.path("router.toml"), config).expect("a file");
    let key = |router: &Router, seed: u64| {
        let (status, body) = place.send(router, seed).expect("a reply");
        let said: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(status, 503, "{said}");
        said["error"]["reason"].as_str().expect("a reason").to_owned()
    };
    let router = place.start();
    let (first, again, other) = (key(&router, 1), key(&router, 1), key(&router, 2));
    router.kill();
    let after = key(&place.start(), 1);
    assert!(first.len() == 64 && first.chars().all(|c| c.is_ascii_hexdigit()), "{first}");
    assert_eq!((&again, &after), (&first, &first), "one order, one key");
    assert_ne!(other, first, "another order, another key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn config_says_what_is_said_instead_and_reloads_know_who_fails() {
    let service = Service::start(&[Say::Now(500, "")]).await;
    let more = "fallback = { status = \"unprocessable\", reason = \"closed\" }";
    let place = Place::new(&service.url(), more);
    let router = place.start();
    let closed = Some((422, r#"{"error":{"reason":"closed"}}"#.to_owned()));
    for seed in 0..3 {
        assert_eq!(place.send(&router, seed), closed);
    }
    assert_eq!(service.came().len(), 2, "it isn't asked any more");
    let config = std::fs::read_to_string(place.path("router.toml")).expect("the config");
    let config = config.replace("\"closed\"", "\"shut\"");
    std::fs::write(place.path("router.toml"), config).expect("a file");
    let mut seed = 10;
    while place.send(&router, seed) == closed {
        seed += 1;
        assert!(seed < 200, "it was reloaded");
    }
    assert_eq!(service.came().len(), 2, "the same service fails after a reload too");
    router.terminate();
    let (_, log) = router.ended();
    assert!(log.contains("by=\"fallback\" fallback=true"), "{log}");
    assert!(log.contains("fails again and again"), "{log}");
}
