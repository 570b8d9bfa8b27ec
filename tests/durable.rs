//! What is acknowledged reaches its destination, through the real binary: signed, once for each
//! event, after restarts, and only what the provider's API confirms.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use hookswitch::model::Clock;
use hookswitch_brite_api::{PUBLIC_KEY, SECRET, Stub};
use serde_json::{Value, json};

use crate::support::destination::{Came, Destination};
use crate::support::router::{Reply, Router, SECRET_OF_OPS, hookswitch};
use crate::support::{brz, waited};

/// What may not come is waited for this long: many times what confirmations and retries wait.
const SOON: Duration = Duration::from_millis(600);

/// A folder with a config and its keys, a destination, and a stand-in for Brite's API.
struct Place {
    folder: tempfile::TempDir,
    destination: Destination,
    brite: Stub,
}

impl Place {
    /// `limits` goes into the config's `[limits]`, `store` into its `[store]`.
    fn new(limits: &str, store: &str) -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let place = Place {
            folder: tempfile::tempdir().expect("a folder"),
            destination: Destination::start(0),
            brite: Stub::start(listener).expect("the stand-in starts"),
        };
        let write = |name: &str, text: &str| {
            std::fs::write(place.path(name), text).expect("a file");
        };
        write("brz.secret", brz::SECRET);
        write("brite.secret", SECRET);
        write("ops.secret", SECRET_OF_OPS);
        write("brij.pem", &crate::support::keys().1);
        let (brite, to) = (place.brite.origin(), place.destination.address);
        write("router.toml", &config(&[limits, store, &brite, &to.to_string()]));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self) -> Router {
        Router::start_administered(&self.path("router.toml"))
    }

    /// Tells the stand-in something.
    fn set(&self, told: &Value) {
        self.brite.set(told).expect("it understands");
    }

    /// Waits until the API has so many events of this subject with this status; the newest.
    fn wait_for_event(&self, router: &Router, query: &str, count: usize) -> Value {
        waited(&format!("{count} events with {query}"), || {
            let events = events(router, query);
            (events.len() == count).then(|| events[0].clone())
        })
    }
}

fn config([limits, store, brite, destination]: &[&str; 4]) -> String {
    format!(
        r#"
[listen]
public = "127.0.0.1:0"
admin = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
{store}
[limits]
confirm_first = "50ms"
confirm_most = "100ms"
breaker_faults = 1000000
{limits}
[outbound]
allow_networks = ["127.0.0.0/8"]
[admin.keys.ops]
secret = {{ file = "ops.secret" }}
scopes = ["admin:read", "webhooks:read", "events:read"]
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = {{ file = "brz.secret" }} }}
deliver = ["ledger"]
[[routes]]
name = "brij"
path = "/brij/{{call}}"
adapter = "builtin:brij"
secrets = {{ signing-key = {{ file = "brij.pem" }} }}
settings = {{ partner_id = "partner-42" }}
deliver = ["ledger"]
[[routes]]
name = "brite"
path = "/brite"
adapter = "builtin:brite"
secrets = {{ api-secret = {{ file = "brite.secret" }} }}
reveal = ["api-secret"]
allow_http = ["127.0.0.1"]
deliver = ["ledger"]
[routes.settings]
environment = "sandbox"
public_key = "{PUBLIC_KEY}"
api = "{brite}"
allow_from = ["127.0.0.1"]
[destinations.ledger]
url = "http://{destination}/events"
secret = {{ file = "brz.secret" }}
retry = ["100ms", "100ms", "100ms", "100ms"]
# What is held back on purpose is no failure, however long a busy machine takes.
timeout = "60s"
"#
    )
}

fn events(router: &Router, query: &str) -> Vec<Value> {
    let reply = router.ask(&format!("/api/v1/events?{query}"));
    let body: Value = serde_json::from_str(&reply.body).expect("JSON");
    body["events"].as_array().unwrap_or_else(|| panic!("{reply:?}")).clone()
}

fn post_brz(router: &Router, body: &str, delivery: &str) -> Reply {
    let mut headers = brz::headers(body);
    headers.push(("x-webhook-id", delivery.to_owned()));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    router.post("/brz", &headers, body.as_bytes())
}

fn post_brite(router: &Router, id: &str, state: u16) {
    let body = json!({ "transaction_id": id, "transaction_state": state }).to_string();
    let reply = router.post("/brite", &[], body.as_bytes());
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// A webhook of BRIJ's whose token has this id.
fn post_brij(router: &Router, body: &str, jti: &str) -> u16 {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let now = Clock::system().now_ms() / 1000;
    let hash = brz::provider_id(body);
    let claims = json!({
        "iss": "brij.fi", "aud": "partner-42", "iat": now, "exp": now + 600,
        "jti": jti, "payload_hash": hash,
    });
    let key = EncodingKey::from_rsa_pem(crate::support::keys().0.as_bytes()).expect("a key");
    let token = encode(&Header::new(Algorithm::RS256), &claims, &key).expect("a token");
    let headers = [("content-type", "application/json"), ("x-brij-signature", token.as_str())];
    router.post("/brij/webhook", &headers, body.as_bytes()).status
}

/// Those about this subject that were taken.
fn about<'c>(came: &'c [Came], subject: &str) -> Vec<&'c Came> {
    came.iter().filter(|came| came.taken && came.header("ce-subject") == subject).collect()
}

#[test]
fn an_event_is_delivered_with_its_attributes_and_both_signatures() {
    let place = Place::new("", "");
    let router = place.start();
    let body = brz::body("txn_1");
    assert_eq!(post_brz(&router, &body, "d-1").status, 200);
    let came = &place.destination.wait_for(|came| !came.is_empty())[0];
    let event = place.wait_for_event(&router, "subject=txn_1", 1);
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", event["id"].as_str().expect("an id")),
        ("ce-providerid", &brz::provider_id(&body)),
        ("ce-source", "/routes/brz"),
        ("ce-type", "brz.pix.cash_in.confirmed"),
        ("ce-subject", "txn_1"),
        ("content-type", "application/json"),
        ("x-webhook-event", "brz.pix.cash_in.confirmed"),
        ("x-webhook-id", came.header("webhook-id")),
    ] {
        assert_eq!(came.header(name), value, "{name}");
    }
    assert_eq!(came.body, body.as_bytes());
    let webhook = standardwebhooks::Webhook::new(brz::SECRET).expect("a key");
    webhook.verify(&came.body, &came.headers).expect("it is signed");
    let time = came.header("x-webhook-timestamp");
    let wanted = brz::signature(brz::SECRET, time, &came.body);
    assert_eq!(came.header("x-webhook-signature"), wanted);
}

#[test]
fn what_comes_again_is_one_event() {
    let place = Place::new("", "");
    let router = place.start();
    let body = brz::body("txn_1");
    for delivery in ["d-1", "d-1", "d-2"] {
        assert_eq!(post_brz(&router, &body, delivery).status, 200);
    }
    let event = place.wait_for_event(&router, "route=brz", 1);
    assert_eq!(event["repeats"], 2);
    let shared = |id: &str| {
        json!({ "dataShared": { "customerId": id, "customerDataIds": [], "attestationIds": [] } })
            .to_string()
    };
    let jti = |last: u8| format!("6f1d5a0e-8a2b-4f0c-9d1e-2b3c4d5e6f{last:02}");
    let (ours, other) = (shared("cust_1"), shared("cust_2"));
    for (body, last, status) in
        [(&ours, 1, 200), (&ours, 1, 200), (&ours, 2, 200), (&other, 1, 401), (&ours, 2, 200)]
    {
        assert_eq!(post_brij(&router, body, &jti(last)), status, "{body} {last}");
    }
    let event = place.wait_for_event(&router, "route=brij", 1);
    assert_eq!((&event["subject"], &event["repeats"]), (&json!("cust_1"), &json!(3)));
    place.destination.wait_for(|came| came.len() == 2);
    std::thread::sleep(SOON);
    assert_eq!(place.destination.came().len(), 2, "each once");
}

#[test]
fn an_event_waits_for_an_api_that_is_down() {
    let place = Place::new("", "");
    let router = place.start();
    place.set(&json!({ "down": true }));
    post_brite(&router, "agTxnExample01", 5);
    waited("it is asked for", || (place.brite.count("merchant.authorize") > 0).then_some(()));
    place.wait_for_event(&router, "status=unconfirmed", 1);
    assert!(place.destination.came().is_empty());
    place.set(&json!({ "down": false }));
    let came = place.destination.wait_for(|came| !came.is_empty());
    assert_eq!(came[0].header("ce-type"), "brite.transaction.credit");
    place.wait_for_event(&router, "status=confirmed", 1);
}

#[test]
fn only_what_the_api_confirms_is_delivered_and_once() {
    let place = Place::new("", "");
    let router = place.start();
    // A session ends once: one that failed wasn't completed.
    place.set(&json!({ "session": "lie", "state": 11 }));
    let lie = br#"{"session_id":"lie","session_state":12}"#;
    assert_eq!(router.post("/brite", &[], lie).status, 200);
    post_brite(&router, "nobody", 5);
    for subject in ["lie", "nobody"] {
        place.wait_for_event(&router, &format!("subject={subject}&status=contradicted"), 1);
    }
    // A credit that is announced too early.
    place.set(&json!({ "transaction": "early", "state": 1 }));
    post_brite(&router, "early", 5);
    let early = waited("it was asked for", || {
        let early = place.wait_for_event(&router, "subject=early", 1);
        (early["tries"] != 0).then_some(early)
    });
    assert_eq!(early["status"], "unconfirmed");
    place.set(&json!({ "transaction": "early", "state": 5 }));
    post_brite(&router, "early", 5);
    // Two callbacks whose state turns out to be the same: the later one.
    place.set(&json!({ "transaction": "same", "state": 6 }));
    post_brite(&router, "same", 4);
    post_brite(&router, "same", 5);
    place.wait_for_event(&router, "subject=same&status=confirmed", 1);
    let merged = place.wait_for_event(&router, "subject=same&status=merged", 1);
    assert!(merged["merged_into"].is_string(), "{merged}");
    place.wait_for_event(&router, "subject=early&status=confirmed", 1);
    place.destination.wait_for(|came| came.len() == 2);
    std::thread::sleep(SOON);
    let came = place.destination.came();
    for (subject, kinds) in [
        ("lie", &[][..]),
        ("nobody", &[]),
        ("early", &["brite.transaction.credit"]),
        ("same", &["brite.transaction.settled"]),
    ] {
        let told: Vec<_> =
            about(&came, subject).iter().map(|came| came.header("ce-type")).collect();
        assert_eq!(told, kinds, "{subject}");
    }
}

#[test]
fn a_state_that_comes_late_is_told_as_what_it_is_now() {
    let place = Place::new("", "");
    let router = place.start();
    post_brite(&router, "agTxnExample01", 5);
    place.destination.wait_for(|came| came.len() == 1);
    post_brite(&router, "agTxnExample01", 4);
    place.wait_for_event(&router, "status=merged", 1);
    std::thread::sleep(SOON);
    assert_eq!(place.destination.came().len(), 1, "the credit, which is what Brite says");
}

#[test]
fn what_is_in_flight_at_the_end_is_delivered_after_a_restart() {
    let place = Place::new("deliver_drain = \"200ms\"", "");
    let router = place.start();
    place.destination.hold(true);
    let ids: Vec<String> = (0..40).map(|number| format!("txn_{number}")).collect();
    for id in &ids {
        assert_eq!(post_brz(&router, &brz::body(id), id).status, 200);
    }
    place.destination.wait_for(|came| came.len() >= 16);
    router.terminate();
    let (status, log) = router.ended();
    assert!(status.success(), "{log}");
    place.destination.hold(false);
    let router = place.start();
    let came = place.destination.wait_for(|came| ids.iter().all(|id| !about(came, id).is_empty()));
    assert!(ids.iter().all(|id| about(&came, id).len() == 1), "each was taken once");
    assert_eq!(router.ask("/readyz").status, 200);
}

#[test]
fn a_store_has_one_router() {
    let place = Place::new("", "");
    let router = place.start();
    let config = place.path("router.toml").display().to_string();
    let second = hookswitch(&["serve", "--config", &config]);
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("hookswitch.db is in use by another process"), "{said}");
    assert_eq!(post_brz(&router, &brz::body("txn_1"), "d").status, 200, "the first still serves");
}

/// Whether callbacks are refused for this cause, and the provider is told when to come back.
fn is_refusing(router: &Router, cause: &str) -> bool {
    let reply = post_brz(router, &brz::body("txn_refused"), "d");
    let ready = router.ask("/readyz");
    let body: Value = serde_json::from_str(&ready.body).expect("JSON");
    let causes: Vec<_> =
        body["causes"].as_array().into_iter().flatten().map(|cause| &cause["code"]).collect();
    reply.status == 503
        && reply.head.contains("\r\nretry-after: ")
        && ready.status == 503
        && causes == [cause]
}

#[test]
fn a_store_that_cannot_be_written_refuses_and_comes_back_by_itself() {
    let place = Place::new("", "");
    let router = place.start();
    let db = rusqlite::Connection::open(place.path("data/hookswitch.db")).expect("the store");
    db.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes now");
    waited("callbacks are refused", || is_refusing(&router, "store_failing").then_some(()));
    db.execute_batch("ROLLBACK").expect("others may write");
    let body = brz::body("txn_later");
    waited("callbacks are taken", || (post_brz(&router, &body, "d").status == 200).then_some(()));
    waited("it is ready", || (router.ask("/readyz").status == 200).then_some(()));
    place.destination.wait_for(|came| !about(came, "txn_later").is_empty());
}

#[test]
fn a_store_that_is_full_of_what_is_owed_refuses_until_it_is_delivered() {
    let place = Place::new("deliver_drain = \"0ms\"", "size = \"1MiB\"");
    let router = place.start();
    place.destination.hold(true);
    let padding = "x".repeat(200_000);
    for number in 0..8 {
        let body = brz::body(&format!("txn_{number}")).replacen(
            '{',
            &format!("{{\"pad\":\"{padding}\","),
            1,
        );
        assert_eq!(post_brz(&router, &body, "d").status, 200);
    }
    router.terminate();
    assert!(router.ended().0.success());
    // How much there is, is looked at when it starts.
    let router = place.start();
    waited("callbacks are refused", || is_refusing(&router, "store_full").then_some(()));
    router.terminate();
    assert!(router.ended().0.success());
    place.destination.hold(false);
    let router = place.start();
    // Until the router knew that it is full, it may have taken some that were to be refused.
    let is_large = |came: &Came| came.taken && came.body.len() > padding.len();
    place.destination.wait_for(|came| came.iter().filter(|came| is_large(came)).count() == 8);
    router.terminate();
    assert!(router.ended().0.success());
    let router = place.start();
    waited("callbacks are taken", || {
        (post_brz(&router, &brz::body("txn_later"), "d").status == 200).then_some(())
    });
}
