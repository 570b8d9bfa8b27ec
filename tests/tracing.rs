//! Spans of the real binary, as a collector on loopback gets them: which come, what hangs together,
//! and that nothing hangs on the collector.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::support::brz;
use crate::support::destination::Destination;
use crate::support::router::{Router, hookswitch};
use crate::support::service::{Came, Say, Service};

const ANSWER: &str = r#"{"externalOrderId":"p1","status":"IN_REVIEW","toAmount":"249.10"}"#;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A folder with keys and a config.
fn place(traces: &str, to: &Destination, answers: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    let (private, public) = crate::support::keys();
    write("brz.secret", brz::SECRET);
    write("brij.key", private);
    write("brij.pem", public);
    let config = format!(
        r#"
[listen]
public = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
[outbound]
allow_networks = ["127.0.0.0/8"]
{traces}
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = {{ file = "brz.secret" }} }}
deliver = ["ledger"]
[destinations.ledger]
url = "http://{destination}/events"
[[routes]]
name = "brij"
path = "/brij/{{call}}"
adapter = "builtin:brij"
secrets = {{ signing-key = {{ file = "brij.pem" }} }}
settings = {{ partner_id = "partner-42" }}
{answers}
"#,
        destination = to.address
    );
    write("router.toml", &config);
    folder
}

fn start(folder: &Path) -> Router {
    Router::start(&folder.join("router.toml"))
}

fn table(collector: SocketAddr, more: &str) -> String {
    format!("[traces]\nendpoint = \"http://{collector}/v1/traces\"\nsample = 1\n{more}\n")
}

/// One payment told by BRZ, as part of this trace.
fn pay(router: &Router, id: &str, traceparent: &str) {
    let body = brz::body(id);
    let made = brz::headers(&body);
    let mut headers: Vec<_> = made.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.push(("traceparent", traceparent));
    assert_eq!(router.post("/brz", &headers, body.as_bytes()).status, 200);
}

/// One request of BRIJ's.
fn ask(router: &Router, folder: &Path, kind: &str) {
    let to = format!("http://{}/brij/{{call}}", router.address);
    let key = format!("signing-key=@{}", folder.join("brij.key").display());
    let set = "partner_id=partner-42";
    let asked =
        ["send", "builtin:brij", kind, "--to", &to, "--secret", &key, "--set", set, "--json"];
    let output = hookswitch(&asked);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// All spans of the collector's requests.
fn spans(came: &[Came]) -> Vec<Value> {
    let body = |one: &Came| serde_json::from_slice(&one.body).expect("JSON");
    let spans = |body: Value| {
        let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        spans.as_array().expect("a list").clone()
    };
    came.iter().map(body).flat_map(spans).collect()
}

/// Stops the router, which sends what it has; the spans of these names.
fn ended<const N: usize>(router: Router, collector: &Service, names: [&str; N]) -> [Value; N] {
    router.terminate();
    let (status, log) = router.ended();
    assert!(status.success(), "{log}");
    let spans = spans(&collector.came());
    names.map(|name| {
        let found = spans.iter().find(|span| span["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {spans:#?}\n{log}")).clone()
    })
}

fn attribute<'s>(span: &'s Value, key: &str) -> &'s Value {
    let all = span["attributes"].as_array().expect("a list");
    let found = all.iter().find(|attribute| attribute["key"] == key);
    &found.unwrap_or_else(|| panic!("no {key}: {span}"))["value"]
}

/// The header that tells of this span.
fn traceparent(span: &Value) -> String {
    let id = |key: &str| span[key].as_str().expect("an id").to_owned();
    format!("00-{}-{}-01", id("traceId"), id("spanId"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_and_its_delivery_are_one_trace() {
    for (more, believed) in [("", false), ("believe_parent = true", true)] {
        let (collector, ledger) = (
            Service::start(&[Say::Now(503, ""), Say::Now(200, "{}")]).await,
            Destination::start(0),
        );
        let folder = place(&table(collector.address, more), &ledger, "");
        let router = start(folder.path());
        pay(&router, "p1", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
        let came = ledger.wait_for(|came| came.len() == 1);
        // The first time it was refused, and was sent again.
        collector.wait_for(2).await;
        let names = ["callback brz", "delivery", "verify", "parse", "record", "respond"];
        let [callback, delivery, stages @ ..] = ended(router, &collector, names);
        for stage in stages {
            assert_eq!(stage["parentSpanId"], callback["spanId"], "{stage}");
            assert_eq!(stage["traceId"], callback["traceId"], "{stage}");
        }
        assert_eq!(callback["traceId"] == TRACE, believed, "{callback}");
        let parent = believed.then_some("00f067aa0ba902b7");
        assert_eq!(callback["parentSpanId"].as_str(), parent);
        assert_eq!(attribute(&callback, "hookswitch.route")["stringValue"], "brz");
        assert_eq!(attribute(&callback, "hookswitch.outcome")["stringValue"], "accepted");
        assert_eq!(attribute(&callback, "http.response.status_code")["intValue"], "200");
        let adapter = attribute(&callback, "hookswitch.adapter")["stringValue"].as_str();
        assert!(adapter.is_some_and(|adapter| adapter.contains("brz")), "{adapter:?}");
        assert_eq!(delivery["traceId"], callback["traceId"]);
        assert_eq!(delivery["parentSpanId"], callback["spanId"]);
        assert_eq!(attribute(&delivery, "hookswitch.destination")["stringValue"], "ledger");
        assert_eq!(attribute(&delivery, "hookswitch.outcome")["stringValue"], "delivered");
        assert_eq!(
            attribute(&delivery, "hookswitch.event_id")["stringValue"],
            came[0].header("ce-id")
        );
        assert_eq!(came[0].header("traceparent"), traceparent(&delivery));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answering_service_is_told_the_trace() {
    let collector = Service::start(&[Say::Now(200, "{}")]).await;
    let (answering, ledger) =
        (Service::start(&[Say::Now(200, ANSWER)]).await, Destination::start(0));
    let answers = format!("[routes.answers.create-order]\nurl = \"{}\"", answering.url());
    let folder = place(&table(collector.address, ""), &ledger, &answers);
    let router = start(folder.path());
    ask(&router, folder.path(), "create-order");
    let [callback, call] = ended(router, &collector, ["callback brij", "answering service"]);
    assert_eq!(call["traceId"], callback["traceId"]);
    assert_eq!(call["parentSpanId"], callback["spanId"]);
    assert_eq!(attribute(&call, "hookswitch.called")["stringValue"], "brij");
    assert_eq!(answering.came()[0].header("traceparent"), traceparent(&call));
    let text = spans(&collector.came()).iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains("249.10"), "nothing of what was said is told: {text}");
}

/// The plugin is one that asks for its prices; where its language wasn't built, it is skipped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_plugin_calls_is_told_the_trace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let plugin = root.join("target/plugins/quotes-typescript.wasm");
    if !plugin.exists() {
        println!("skipped: quotes-typescript isn't built");
        return;
    }
    let collector = Service::start(&[Say::Now(200, "{}")]).await;
    let (prices, ledger) =
        (Service::start(&[Say::Now(200, r#"{"price":"5.55"}"#)]).await, Destination::start(0));
    let answers = format!(
        "[routes.answers.quote]\nresponder = \"quotes\"\ndeadline = \"20s\"\n[plugins.quotes]\n\
         source = \"{}\"\ndeadline = \"20s\"\nallow_http = [\"127.0.0.1\"]\n\
         settings = {{ price_service = \"http://{}\" }}\n",
        plugin.display(),
        prices.address
    );
    let folder = place(&table(collector.address, ""), &ledger, &answers);
    let router = start(folder.path());
    ask(&router, folder.path(), "quote");
    let [callback, call] = ended(router, &collector, ["callback brij", "plugin call"]);
    assert_eq!(call["parentSpanId"], callback["spanId"]);
    let told = prices.came();
    assert!(told.iter().any(|came| came.header("traceparent") == traceparent(&call)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_hangs_on_the_collector() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = gone.local_addr().expect("its address");
    drop(gone);
    let silent = Service::start(&[Say::Held(200, "")]).await;
    for address in [nobody, silent.address] {
        let ledger = Destination::start(0);
        let folder = place(&table(address, ""), &ledger, "");
        let router = start(folder.path());
        (0..20).for_each(|number| pay(&router, &format!("p{number}"), ""));
        let came = ledger.wait_for(|came| came.len() == 20);
        assert!(came.iter().all(|one| one.header("traceparent").len() == 55), "{came:?}");
        let stopping = Instant::now();
        router.terminate();
        let (status, log) = router.ended();
        assert!(status.success(), "{log}");
        // What is left is given two seconds; what else may take long is a loaded machine.
        assert!(stopping.elapsed().as_secs() < 20, "{log}");
    }
}

#[test]
fn without_the_table_there_are_no_traces() {
    let ledger = Destination::start(0);
    let folder = place("", &ledger, "");
    let router = start(folder.path());
    pay(&router, "p1", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let came = ledger.wait_for(|came| came.len() == 1);
    assert_eq!(came[0].header("traceparent"), "");
}
