//! `explain` names the cause: a table of callbacks that are broken in the ways that senders and
//! proxies are known for, over the three providers; then through the real binary, of a running
//! router and of a file.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use hookswitch::explain::{Explanation, explain};
use hookswitch::generation::Generation;
use hookswitch::model::{Callback, Clock, Head, Header};
use serde_json::{Value, json};

use crate::support::brz;
use crate::support::router::{Router, SECRET_OF_OPS, hookswitch};

/// When all callbacks of the table came, Unix milliseconds.
const CAME_MS: u64 = 1_790_000_000_000;
const CAME_S: u64 = CAME_MS / 1000;
/// Where BRZ's signature stands.
const TAG: &str = "x-webhook-signature";
const OTHER: &str = "whsec_fedcba9876543210fedcba9876543210";

/// A config of all three providers, with these lines under `[listen]`.
pub(crate) fn config(folder: &Path, public: &str) -> PathBuf {
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a file");
    };
    write("brz.secret", brz::SECRET);
    write("other.secret", OTHER);
    write("brij.pem", &crate::support::keys().1);
    write("ops.secret", SECRET_OF_OPS);
    let text = format!(
        r#"
[listen]
{public}
[store]
path = "data/hookswitch.db"
[admin.keys.ops]
secret = {{ file = "ops.secret" }}
scopes = ["events:read"]
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
settings = {{ key_form = "full" }}
secrets = {{ signing-secret = [{{ file = "brz.secret" }}] }}
[[routes]]
name = "brz-sandbox"
path = "/sandbox"
adapter = "builtin:brz"
secrets = {{ signing-secret = [{{ file = "other.secret" }}] }}
[[routes]]
name = "brij"
path = "/brij/{{call}}"
adapter = "builtin:brij"
secrets = {{ signing-key = [{{ file = "brij.pem" }}] }}
settings = {{ partner_id = "partner-42" }}
[[routes]]
name = "brite"
path = "/brite"
adapter = "builtin:brite"
secrets = {{ api-secret = [{{ file = "other.secret" }}] }}
reveal = ["api-secret"]
allow_http = ["sandbox.britepaymentgroup.com"]
[routes.settings]
environment = "sandbox"
allow_from = ["203.0.113.0/24"]
merchant_id = "m1"
public_key = "key"
"#
    );
    write("router.toml", &text);
    folder.join("router.toml")
}

fn callback(url: &str, headers: Vec<(&str, String)>, body: impl AsRef<[u8]>) -> Callback {
    let header = |(name, value): (&str, String)| Header { name: name.to_owned(), value };
    let head = Head {
        id: "callback".to_owned(),
        method: "POST".to_owned(),
        url: url.to_owned(),
        params: url
            .rsplit_once("/brij/")
            .map(|(_, call)| ("call".to_owned(), call.to_owned()))
            .into_iter()
            .collect(),
        headers: headers.into_iter().map(header).collect(),
        peer: "192.0.2.7".to_owned(),
        received_at_ms: CAME_MS,
    };
    Callback { head, body: Bytes::copy_from_slice(body.as_ref()) }
}

/// One of BRZ's: signed over `signed`, sent with `sent`.
fn of_brz(secret: &str, time_s: u64, signed: &str, sent: &str) -> Callback {
    let signature = brz::signature(secret, &time_s.to_string(), signed.as_bytes());
    let headers =
        vec![("x-webhook-timestamp", time_s.to_string()), ("x-webhook-signature", signature)];
    callback("https://hooks.example.com/brz", headers, sent)
}

/// One of BRIJ's: a token over `signed`, with these claims in place of the right ones.
fn of_brij(signed: &str, sent: &str, claims: &Value) -> Callback {
    use jsonwebtoken::{Algorithm, EncodingKey, encode};
    let mut all = json!({
        "iss": "brij.fi", "aud": "partner-42", "iat": CAME_S, "exp": CAME_S + 600,
        "jti": "j-1", "payload_hash": brz::provider_id(signed),
    });
    for (name, value) in claims.as_object().expect("claims") {
        all[name] = value.clone();
    }
    let key = EncodingKey::from_rsa_pem(crate::support::keys().0.as_bytes()).expect("a key");
    let header = jsonwebtoken::Header::new(Algorithm::RS256);
    let token = encode(&header, &all, &key).expect("a token");
    callback("https://hooks.example.com/brij/webhook", vec![("x-brij-signature", token)], sent)
}

/// One of Brite's, from a proxy that says whom it forwards for.
fn of_brite(forwarded: &str, merchant: &str) -> Callback {
    let body = json!({ "transaction_id": "t1", "transaction_state": 1, "merchant_id": merchant });
    let headers = vec![("x-forwarded-for", forwarded.to_owned())];
    callback("https://hooks.example.com/brite", headers, body.to_string())
}

fn with_header(mut one: Callback, name: &str, change: impl Fn(&str) -> String) -> Callback {
    let headers = one.head.headers.iter_mut().filter(|header| header.name == name);
    headers.for_each(|header| header.value = change(&header.value));
    one
}

fn twice(mut one: Callback) -> Callback {
    let value = format!("sha256={}", "0".repeat(64));
    one.head.headers.push(Header { name: TAG.to_owned(), value });
    one
}

/// What it is, the callback, the adapter's word, and the cause that must stand first: its code and
/// something that it says. An empty code: there must be none.
type Case = (&'static str, Callback, &'static str, &'static str, &'static str);

fn broken() -> Vec<Case> {
    [altered_bodies(), other_keys_and_heads(), of_brij_and_brite()].concat()
}

const BODY: &str = r#"{"event":"pix.cash_in.confirmed","data":{"name":"José","url":"a/b"}}"#;
const PRETTY: &str = "{\n  \"event\": \"pix.cash_in.confirmed\",\n  \"data\": {\n    \"name\": \"José\",\n    \"url\": \"a/b\"\n  }\n}";

/// Signed over one body and sent with another.
fn altered_bodies() -> Vec<Case> {
    let python =
        r#"{"event": "pix.cash_in.confirmed", "data": {"name": "Jos\u00e9", "url": "a/b"}}"#;
    let php = r#"{"event":"pix.cash_in.confirmed","data":{"name":"Jos\u00e9","url":"a\/b"}}"#;
    let sorted = r#"{"data":{"name":"José","url":"a/b"},"event":"pix.cash_in.confirmed"}"#;
    let newline = format!("{BODY}\n");
    let marked = format!("\u{feff}{BODY}");
    let windows = PRETTY.replace('\n', "\r\n");
    let other = BODY.replace("José", "Eve");
    let rows: [(&str, &str, &str, &str, &str); 10] = [
        ("newline added", BODY, &newline, "body_newline", "without the body's trailing newline"),
        ("newline lost", &newline, BODY, "body_newline", "with a newline"),
        ("line ends", PRETTY, &windows, "body_line_ends", "CR LF"),
        ("byte order mark", BODY, &marked, "body_bom", "byte order mark"),
        ("made pretty", BODY, PRETTY, "body_json", "without white space"),
        ("made compact", PRETTY, BODY, "body_json", "in lines, 2"),
        ("as Python writes", python, BODY, "body_json", "all but ASCII"),
        ("as PHP writes", php, BODY, "body_json", "slashes"),
        ("names sorted", sorted, BODY, "body_json", "names sorted"),
        ("altered", BODY, &other, "", ""),
    ];
    let case = |(name, signed, sent, code, says): (&'static str, &str, &str, _, _)| {
        (name, of_brz(brz::SECRET, CAME_S, signed, sent), "signature_mismatch", code, says)
    };
    rows.into_iter().map(case).collect()
}

/// Of BRZ, with another key, another time or another head.
fn other_keys_and_heads() -> Vec<Case> {
    let bare = brz::SECRET.strip_prefix("whsec_").expect("a prefix");
    let signed = |secret: &str, time_s| of_brz(secret, time_s, BODY, BODY);
    let good = |time_s| signed(brz::SECRET, time_s);
    let tag = |change: fn(&str) -> String| with_header(good(CAME_S), TAG, change);
    let upper = tag(|value| format!("sha256={}", value[7..].to_uppercase()));
    let cut = tag(|value| value[7..].to_owned());
    let mismatch = "signature_mismatch";
    let (old, none) = (CAME_S - 340, callback("https://hooks.example.com/brz", Vec::new(), BODY));
    vec![
        ("late", good(old), "timestamp_late", "late", "40 s too late"),
        ("early", good(CAME_S + 400), "timestamp_early", "early", "100 s too early"),
        ("key form", signed(bare, CAME_S), mismatch, "key_form", "utf8-without-whsec"),
        ("sandbox", signed(OTHER, CAME_S), mismatch, "other_route", "route brz-sandbox"),
        ("sandbox, late", signed(OTHER, old), mismatch, "other_route_late", "besides, it came"),
        ("unknown secret", signed("whsec_nobody", CAME_S), mismatch, "", ""),
        ("upper case", upper, "signature_form", "header_form", "lower case"),
        ("no prefix", cut, "signature_form", "header_form", "sha256="),
        ("twice", twice(good(CAME_S)), "signature_repeated", "header_repeated", "1 of the 2"),
        ("unsigned", none, "signature_missing", "", ""),
    ]
}

fn of_brij_and_brite() -> Vec<Case> {
    let token = |claims: Value| of_brij(BODY, BODY, &claims);
    let (old, new) = (CAME_S - 700, CAME_S + 300);
    let expired = token(json!({ "iat": old, "exp": old + 600 }));
    let future = token(json!({ "iat": new, "exp": new + 600 }));
    let foreign = token(json!({ "aud": "partner-7" }));
    let sent = |body: &str| of_brij(BODY, body, &json!({}));
    let newline = sent(&format!("{BODY}\n"));
    let quoted = with_header(sent(BODY), "x-brij-signature", |token| format!("\"{token}\""));
    let (differs, inside) = ("payload_hash_mismatch", "203.0.113.9");
    let (proxied, elsewhere) = (of_brite(inside, "m1"), of_brite("198.51.100.1", "m1"));
    let mut merchant = of_brite("", "m2");
    merchant.head.peer = inside.to_owned();
    vec![
        ("expired", expired, "token_expired", "late", "40 s too late"),
        ("from the future", future, "token_from_future", "early", "too early"),
        ("newline added", newline, differs, "body_newline", "trailing newline"),
        ("made pretty", sent(PRETTY), differs, "body_json", "without white space"),
        ("another partner's", foreign, "audience_mismatch", "", ""),
        ("in quotes", quoted, "token_malformed", "header_form", "quotes"),
        ("behind a proxy", proxied, "peer_foreign", "caller", "trusted_proxies"),
        ("from elsewhere", elsewhere, "peer_foreign", "", ""),
        ("another merchant's", merchant, "merchant_differs", "", ""),
    ]
}

async fn generation(folder: &Path) -> Generation {
    let path = config(folder, "public = \"127.0.0.1:0\"");
    match hookswitch::app::load(&path, Clock::system(), hookswitch::app::Wanted::Serve).await {
        Ok(loaded) => loaded.generation,
        Err(fault) => panic!("{fault:?}"),
    }
}

async fn explained(generation: &Generation, callback: &Callback) -> Explanation {
    let path = callback.head.url.trim_start_matches("https://hooks.example.com/");
    let name = path.split('/').next().expect("a name");
    explain(generation, generation.route(name).expect("its route"), callback).await
}

#[tokio::test]
async fn each_broken_callback_is_told_its_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let generation = generation(folder.path()).await;
    for (name, callback, word, code, says) in broken() {
        let told = explained(&generation, &callback).await;
        assert_eq!(told.verdict, "forged", "{name}: {told:?}");
        assert_eq!(told.reason.as_ref().map(|why| why.code.as_str()), Some(word), "{name}");
        let first = told.near.first().map_or("", |miss| miss.code.as_str());
        assert_eq!(first, code, "{name}: {:?}", told.near);
        if let Some(miss) = told.near.first() {
            assert!(miss.text.contains(says), "{name}: {}", miss.text);
        }
        assert!(!told.cut_short && !told.facts.is_empty(), "{name}");
        let said = format!("{told:?}");
        for hidden in [brz::SECRET, OTHER, "José", "0123456789abcdef0123456789abcdef"] {
            assert!(!said.contains(hidden), "{name} shows {hidden}");
        }
    }
}

#[tokio::test]
async fn a_genuine_one_has_no_cause_and_names_its_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let generation = generation(folder.path()).await;
    let told = explained(&generation, &of_brz(brz::SECRET, CAME_S, "{}", "{}")).await;
    assert_eq!((told.verdict, told.near.len()), ("genuine", 0), "{told:?}");
    assert!(told.matched.is_some_and(|name| !name.is_empty()));
    let [check] = told.checks.as_slice() else { panic!("one check: {:?}", told.checks) };
    assert_eq!((check.role.as_str(), check.message_bytes), ("signing-secret", 13));
    assert_eq!(check.scheme, "HMAC-SHA256, key as utf8");
}

#[test]
fn a_running_router_explains_what_it_turned_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let public = "public = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"";
    let router = Router::start_administered(&config(folder.path(), public));
    assert_eq!(router.ask("/api/v1/forged").body, "{\"forged\":[]}\n");
    let body = brz::body("txn_1");
    let headers = brz::headers(&body);
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = router.post("/brz", &headers, format!("{body}\n").as_bytes());
    assert_eq!(reply.status, 401, "{reply:?}");
    let list: Value = serde_json::from_str(&router.ask("/api/v1/forged").body).expect("JSON");
    assert_eq!(list["forged"][0]["code"], "signature_mismatch", "{list}");
    let id = list["forged"][0]["id"].as_str().expect("an id");
    let told = router.ask(&format!("/api/v1/explanations/{id}"));
    let told: Value = serde_json::from_str(&told.body).expect("JSON");
    assert_eq!(told["near_misses"][0]["code"], "body_newline", "{told}");
    for id in ["nothing", "01890000-0000-7000-8000-000000000000"] {
        assert_eq!(router.ask(&format!("/api/v1/explanations/{id}")).status, 404, "{id}");
    }
}

#[test]
fn a_request_in_a_file_is_explained_without_a_router() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = config(folder.path(), "public = \"127.0.0.1:0\"");
    let body = brz::body("txn_1");
    let signature = brz::signature(brz::SECRET, &CAME_S.to_string(), body.as_bytes());
    let file = folder.path().join("request.http");
    let request = format!(
        "POST /brz HTTP/1.1\r\nHost: hooks.example.com\r\nX-Webhook-Timestamp: {CAME_S}\r\n\
         X-Webhook-Signature: {signature}\r\n\r\n{body}"
    );
    std::fs::write(&file, request).expect("a file");
    let (path, file) = (path.to_string_lossy(), file.to_string_lossy());
    for (late_s, exit, says) in [(0, 0, "genuine on route brz"), (340, 1, "40 s too late")] {
        let at = (CAME_MS + late_s * 1000).to_string();
        let args = ["explain", "--request", &file, "--config", &path, "--at", &at];
        let output = hookswitch(&args);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(exit), "{text}");
        assert!(text.contains(says), "{text}");
    }
}
