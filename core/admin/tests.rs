//! Who may see what, and what a reload says.

use http_body_util::BodyExt as _;
use hyper::header::{AUTHORIZATION, HeaderName};
use serde_json::Value;

use super::*;
use crate::config;
use crate::generation::{Generation, Rejected};
use crate::route::Table;

const CONFIG: &str = r#"
[listen]
admin = "127.0.0.1:1"
[admin.keys.reader]
secret = [{ env = "OLD" }, { env = "NEW" }]
scopes = ["admin:read"]
[admin.keys.writer]
secret = { env = "WRITER" }
scopes = ["admin:read", "admin:write"]
[admin.keys.stranger]
secret = { env = "STRANGER" }
scopes = ["events:read"]
[admin.keys.gone]
secret = { env = "GONE" }
scopes = ["admin:read"]
"#;

fn admin() -> (Admin, mpsc::Receiver<Ask>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    std::fs::write(&path, CONFIG).expect("a file");
    let sources = config::read(&path).expect("it can be read");
    let secret = |name: &str| (name != "GONE").then(|| format!("{name}-secret-of-a-good-length"));
    let (settings, problems) = config::resolve(&sources, &secret);
    let settings = settings.unwrap_or_else(|| panic!("{}", problems.render(false)));
    let keys = Keys::new(&settings.router.admin_keys);
    let routes = Table::build(Vec::new()).expect("no conflicts");
    let cell = Arc::new(Cell::new(Generation { id: GenerationId(3), routes }, 1000));
    let (asks, asked) = mpsc::channel(1);
    (Admin::new(cell, keys, asks), asked)
}

fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
    };
    list.iter().map(header).collect()
}

fn bearer(key: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = format!("Bearer {key}-secret-of-a-good-length");
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&value).expect("a value"));
    headers
}

async fn body(reply: Reply) -> Value {
    let bytes = reply.into_body().collect().await.expect("a body").to_bytes();
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn every_resource_wants_a_key_with_its_scope() {
    let (admin, asked) = admin();
    // Without somebody who reloads, a reload that is let in gets 503.
    drop(asked);
    let by_id = |id, secret| headers(&[("x-key-id", id), ("x-secret-key", secret)]);
    let callers = [
        (HeaderMap::new(), [401, 401, 401]),
        (bearer("WRONG"), [401, 401, 401]),
        (bearer("GONE"), [401, 401, 401]),
        (bearer("STRANGER"), [403, 403, 404]),
        (bearer("OLD"), [200, 403, 404]),
        (bearer("NEW"), [200, 403, 404]),
        (by_id("reader", "NEW-secret-of-a-good-length"), [200, 403, 404]),
        (by_id("writer", "NEW-secret-of-a-good-length"), [401, 401, 401]),
        (by_id("writer", "WRITER-secret-of-a-good-length"), [200, 503, 404]),
        (headers(&[("authorization", "Basic xyz")]), [401, 401, 401]),
    ];
    for (number, (caller, [read, write, nothing])) in callers.iter().enumerate() {
        for path in ["generation", "routes", "plugins"] {
            let reply = admin.answer("GET", &format!("/api/v1/{path}"), caller).await;
            assert_eq!(reply.status(), *read, "caller {number}: {path}");
        }
        assert_eq!(
            admin.answer("POST", "/api/v1/reload", caller).await.status(),
            *write,
            "{number}"
        );
        assert_eq!(
            admin.answer("GET", "/api/v1/other", caller).await.status(),
            *nothing,
            "{number}"
        );
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let (admin, _asked) = admin();
    let writer = bearer("WRITER");
    for (method, path, status, allow) in [
        ("POST", "/healthz", 405, Some("GET")),
        ("DELETE", "/api/v1/routes", 405, Some("GET")),
        ("GET", "/api/v1/reload", 405, Some("POST")),
        ("GET", "/", 404, None),
        ("GET", "/api/v2/routes", 404, None),
    ] {
        let reply = admin.answer(method, path, &writer).await;
        assert_eq!(reply.status(), status, "{method} {path}");
        let allowed = reply.headers().get("allow").map(|value| value.to_str().expect("text"));
        assert_eq!(allowed, allow, "{method} {path}");
    }
}

#[tokio::test]
async fn it_is_ready_until_it_stops() {
    let (admin, _asked) = admin();
    let nobody = HeaderMap::new();
    assert_eq!(admin.answer("GET", "/readyz", &nobody).await.status(), 200);
    admin.stop();
    let reply = admin.answer("GET", "/readyz", &nobody).await;
    assert_eq!(reply.status(), 503);
    assert_eq!(body(reply).await["causes"][0]["cause"], "stopping");
    assert_eq!(admin.answer("GET", "/healthz", &nobody).await.status(), 200);
}

#[tokio::test]
async fn the_generation_says_how_it_came() {
    let (admin, _asked) = admin();
    admin.cell.reject(Rejected { at_ms: 2000, problems: "line 3 is no TOML".into() });
    let reply = admin.answer("GET", "/api/v1/generation", &bearer("NEW")).await;
    assert_eq!(reply.headers()["etag"], "\"3\"");
    let body = body(reply).await;
    assert_eq!((&body["id"], &body["since_ms"]), (&Value::from(3), &Value::from(1000)));
    assert_eq!(body["reloads"]["rejected"], 1);
    assert_eq!(body["last_rejected"]["problems"], "line 3 is no TOML");
}

#[tokio::test]
async fn a_reload_says_what_came_of_it() {
    let (admin, mut asked) = admin();
    let admin = Arc::new(admin);
    let id = GenerationId(4);
    for (told, status, about) in [
        (Told::Applied(id), 200, ("changed", Value::from(true))),
        (Told::Unchanged(id), 200, ("changed", Value::from(false))),
        (Told::Rejected("no TOML".into()), 422, ("problems", Value::from("no TOML"))),
        (Told::Stale(id), 412, ("generation", Value::Null)),
    ] {
        let asking = Arc::clone(&admin);
        let mut caller = bearer("WRITER");
        caller.insert(IF_MATCH, HeaderValue::from_static("\"3\""));
        let reply =
            tokio::spawn(async move { asking.answer("POST", "/api/v1/reload", &caller).await });
        let ask = asked.recv().await.expect("it asks");
        assert_eq!(ask.only_if, Some(GenerationId(3)));
        ask.tell.send(told).expect("it waits");
        let reply = reply.await.expect("no panic");
        assert_eq!(reply.status(), status);
        let (key, value) = about;
        assert_eq!(body(reply).await[key], value);
    }
    for odd in ["3", "W/\"3\"", "\"\"", "\"-1\"", "\"3\", \"4\"", "*", "\"99999999999999999999\""] {
        let mut caller = bearer("WRITER");
        caller.insert(IF_MATCH, HeaderValue::from_static(odd));
        let reply = admin.answer("POST", "/api/v1/reload", &caller).await;
        assert_eq!(reply.status(), 400, "{odd}");
    }
}
