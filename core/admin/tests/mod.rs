//! The admin listener by plain heads, without a socket but for one test. Its generations are made
//! of small guests, its keys are read from a config.

mod access;
mod states;
mod reloading;
mod wire;
mod shelf;
mod schema;
mod document;
mod granting;
mod webhooks;
mod deliveries;
mod resending;
mod events;
mod kept;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::{HeaderMap, Request};
use serde_json::Value;
use tempfile::TempDir;

use self::shelf::Shelf;
use super::*;
use crate::config::{AdminKey, read, resolve};
use crate::generation::{ApiKey, Destination, Generation, Route};
use crate::model::{GenerationId, KindPattern, OutOfOrder};
use crate::plugin::{Binding, Grant, Host, Limits, PoolLimits, Quarantine, Source};
use crate::route::{Endpoint as Row, Pattern, Table};

const ADAPTER: &str = include_str!("../../../tests/guests/prelude.wat");
const RESPONDER: &str = include_str!("../../../tests/guests/spinning-responder.wat");

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(20);

/// 2026-01-02T03:04:05.678Z.
const SINCE_MS: u64 = 1_767_323_045_678;

const READ: &str = "read-0123456789abcdef";
const READ_OLD: &str = "old-read-0123456789";
const WRITE: &str = "write-0123456789abcdef";
const ALL: &str = "all-0123456789abcdef";

/// `off` has a secret that isn't set.
const KEYS: &str = r#"
[admin.keys.reader]
secret = [{ env = "READ_OLD" }, { env = "READ" }]
scopes = ["admin:read"]
[admin.keys.writer]
secret = { env = "WRITE" }
scopes = ["admin:write", "events:read"]
[admin.keys.all]
secret = { env = "ALL" }
scopes = ["webhooks:read", "webhooks:write", "events:read", "events:write", "admin:read", "admin:write"]
[admin.keys.off]
secret = { env = "OFF" }
scopes = ["admin:read", "admin:write"]
"#;

fn keys() -> Vec<ApiKey> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("router.toml");
    std::fs::write(&path, KEYS).expect("a file");
    let sources = read(&path).expect("it can be read");
    let environment = |name: &str| match name {
        "READ_OLD" => Some(READ_OLD.to_owned()),
        "READ" => Some(READ.to_owned()),
        "WRITE" => Some(WRITE.to_owned()),
        "ALL" => Some(ALL.to_owned()),
        _ => None,
    };
    let (settings, problems) = resolve(&sources, &environment);
    let settings = settings.unwrap_or_else(|| panic!("{}", problems.render(false)));
    assert_eq!(settings.router.admin_keys.len(), 4);
    let key = |key: &AdminKey| {
        let secrets = key.secret.iter().map(|version| version.value.expose());
        ApiKey::new(&key.name, secrets, &key.scopes)
    };
    settings.router.admin_keys.iter().map(key).collect()
}

/// An admin of these routes, and where its asks come out.
fn admin(routes: Vec<Route>) -> (Admin, mpsc::Receiver<Ask>) {
    furnished(generation(1, routes), Arc::<Shelf>::default())
}

/// An admin of this generation, over this store.
fn furnished<S: Store + 'static>(
    generation: Generation,
    store: Arc<S>,
) -> (Admin, mpsc::Receiver<Ask>) {
    let (asks, asked) = mpsc::channel(1);
    let cell = Arc::new(Cell::new(generation, SINCE_MS));
    let clock = Clock::manual(SINCE_MS);
    (Admin::new(Backing { cell, asks, store, forged: Arc::default(), clock }), asked)
}

/// An admin without routes, and its rows.
fn shelved() -> (Admin, Arc<Shelf>) {
    let shelf = Arc::new(Shelf::default());
    let mut generation = generation(1, Vec::new());
    generation.allow_networks = vec!["10.0.0.0/8".parse().expect("a network")];
    for (name, offline) in [("erp", None), ("gone", Some("a secret isn't set"))] {
        generation.destinations.insert(name.to_owned(), destination(name, "acme.*", offline));
    }
    (furnished(generation, Arc::clone(&shelf)).0, shelf)
}

/// A destination of the config.
fn destination(name: &str, wants: &str, offline: Option<&str>) -> Arc<Destination> {
    Arc::new(Destination {
        name: name.to_owned(),
        url: format!("https://{name}.example.com/in"),
        events: vec![KindPattern::parse(wants).expect("a pattern")],
        secrets: Vec::new(),
        retry: Vec::new(),
        timeout: PATIENCE,
        concurrency: 1,
        offline: offline.map(str::to_owned),
    })
}

fn generation(id: u64, routes: Vec<Route>) -> Generation {
    let row = |route: Route| Row {
        pattern: Pattern::parse(&route.path).expect("a pattern"),
        methods: route.methods.clone(),
        target: Arc::new(route),
    };
    let routes = Table::build(routes.into_iter().map(row).collect()).expect("no conflicts");
    Generation { api_keys: keys(), ..Generation::new(GenerationId(id), routes) }
}

fn route(name: &str, adapter: &Arc<Binding>) -> Route {
    Route {
        name: name.to_owned(),
        path: format!("/{name}"),
        methods: vec!["POST".to_owned()],
        adapter: Arc::clone(adapter),
        offline: None,
        answers: HashMap::new(),
        deliver: Vec::new(),
        dedupe: Duration::from_secs(3600),
        answers_keep: Duration::from_secs(3600),
        out_of_order: OutOfOrder::default(),
        expect_every: None,
        pulse: Arc::default(),
    }
}

/// Where guests are made into plugins.
struct Workshop {
    host: Arc<Host>,
    folder: TempDir,
}

impl Workshop {
    fn open() -> Workshop {
        let pool = PoolLimits { instances: 4, ..PoolLimits::default() };
        let host = Host::start(pool, None, Clock::system()).expect("an engine");
        Workshop { host, folder: tempfile::tempdir().expect("a folder") }
    }

    /// A binding of this guest, whose first fault puts it into quarantine for an hour.
    async fn bind(&self, name: &str, text: &str) -> Arc<Binding> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, wat::parse_str(text).expect("a module")).expect("a file");
        let hour = Duration::from_secs(3600);
        let quarantine = Quarantine { faults: 1, least: hour, most: hour };
        let limits = Limits { quarantine, ..Limits::default() };
        let plugin = self.host.load(name, &Source::File(path), &limits).await.expect("a plugin");
        self.host.bind(plugin, Grant::default())
    }

    /// One that does well.
    async fn good(&self) -> Arc<Binding> {
        self.bind("good", ADAPTER).await
    }
}

/// What came back.
#[derive(Debug)]
struct Said {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Said {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The code of the error that it is.
    fn code(&self) -> &str {
        let nested = self.body["error"]["code"].as_str();
        nested.or(self.body["code"].as_str()).unwrap_or_default()
    }
}

const READER: (&str, &str) = ("authorization", "Bearer read-0123456789abcdef");
const WRITER: (&str, &str) = ("authorization", "Bearer write-0123456789abcdef");
const MASTER: (&str, &str) = ("authorization", "Bearer all-0123456789abcdef");

async fn call(admin: &Admin, line: &str, headers: &[(&str, &str)]) -> Said {
    send(admin, line, headers, "").await
}

/// The same by the key that may do everything, with JSON.
async fn ask(admin: &Admin, line: &str, body: &Value) -> Said {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(admin, line, &[MASTER], &body).await
}

/// Sends this. Whatever comes back has to be as the API's document says.
async fn send(admin: &Admin, line: &str, headers: &[(&str, &str)], body: &str) -> Said {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).expect("a request").into_parts();
    let sent = std::future::ready(Ok(Bytes::copy_from_slice(body.as_bytes())));
    let (parts, body) = admin.answer(&head, sent).await.into_parts();
    let body = body.collect().await.expect("a body in memory").to_bytes();
    let is_text = line.ends_with(" /metrics");
    let body = match (body.is_empty(), is_text) {
        (true, _) => Value::Null,
        (false, true) => Value::from(String::from_utf8_lossy(&body)),
        (false, false) => serde_json::from_slice(&body).expect("JSON"),
    };
    let said = Said { status: parts.status.as_u16(), headers: parts.headers, body };
    let openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let wanted = if is_text { openmetrics } else { "application/json" };
    assert_eq!(said.header("content-type"), Some(wanted), "{line}");
    assert_eq!(said.header("cache-control"), Some("no-store"), "{line}");
    if head.method != Method::HEAD && !is_text {
        schema::check(&head, &said);
    }
    said
}
