//! What intake asks of the store, and what the provider is told of what came of that: the real
//! steps and a first-party adapter, over connections, and a store by script.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hookswitch::generation::{Cell, Destination, Generation, Route};
use hookswitch::intake::{Intake, Limits, Proxies};
use hookswitch::listen::{self, Counters, Listener};
use hookswitch::model::{Callback, Clock, GenerationId, KindPattern, OutOfOrder};
use hookswitch::plugin::{
    self, Binding, Grant, KeyVersion, Keyring, Plugin, SecretText, Simulation, Source, State,
};
use hookswitch::route::{Endpoint, Pattern, Table};
use hookswitch::store::{Health, Recorded, StoreFault};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::store::{Scripted, Told};

const BRZ: (&str, &str) = ("brz", "pix.cash_in.confirmed");
const BRIJ: (&str, &str) = ("brij", "quote");

/// One route that is served, what its adapter remembers, and a genuine callback for it.
struct Bench {
    address: SocketAddr,
    store: Arc<Scripted>,
    state: Arc<State>,
    callback: Callback,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new((name, kind): (&str, &str), store: Scripted, limits: Limits) -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let host = crate::support::guest::host(&folder.path().join("cache"));
        let source = Source::Builtin(name.to_owned());
        let plugin = host.load(name, &source, &plugin::Limits::default()).await;
        let plugin = plugin.expect("the adapter");
        let scope = format!("route {name}");
        let state = Arc::new(State::new(scope, 10, Clock::system()));
        let bind =
            |signing| Binding::new(Arc::clone(&plugin), grant(name, signing), Arc::clone(&state));
        let callback = simulate(&plugin, &bind(true), kind).await;
        let store = Arc::new(store);
        let cell = Arc::new(Cell::new(generation(name, bind(false)), 0));
        let mut intake = Intake::new(cell, Arc::clone(&store) as _, limits, Clock::system());
        let trusted = vec!["127.0.0.0/8".parse().expect("a network")];
        intake.proxies = Proxies { trusted, ..Proxies::default() };
        let address = serve(intake).await;
        Bench { address, store, state, callback, _folder: folder }
    }

    /// Sends the callback; the reply's bytes.
    async fn send(&self, header: &str) -> String {
        let path = self.callback.head.url.splitn(4, '/').nth(3).expect("a path");
        let mut text = format!("POST /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}");
        for header in &self.callback.head.headers {
            if !["host", "content-length"].contains(&header.name.as_str()) {
                text.push_str(&format!("{}: {}\r\n", header.name, header.value));
            }
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", self.callback.body.len()));
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.write_all(&[text.as_bytes(), &self.callback.body].concat()).await.expect("sent");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.expect("a reply");
        reply
    }
}

fn grant(name: &str, signing: bool) -> Grant {
    let (private, public) = crate::support::keys();
    let brz = "whsec_0123456789abcdef0123456789abcdef".to_owned();
    let (role, settings, key) = match name {
        "brij" if signing => ("signing-key", r#"{"partner_id":"partner-42"}"#, private.clone()),
        "brij" => ("signing-key", r#"{"partner_id":"partner-42"}"#, public.clone()),
        _ => ("signing-secret", "{}", brz),
    };
    let version = KeyVersion::new("current", None, SecretText::new(key));
    Grant {
        scope: format!("route {name}"),
        settings: settings.to_owned(),
        keyring: Keyring::new(vec![(role.to_owned(), vec![version])]),
        signing,
        ..Grant::default()
    }
}

async fn simulate(plugin: &Plugin, signer: &Arc<Binding>, kind: &str) -> Callback {
    let now_ms = Clock::system().now_ms();
    let wanted = Simulation { kind: kind.to_owned(), options: "{}".to_owned(), now_ms, seed: 1 };
    let mut instance = signer.open().await.expect("an instance");
    let made = instance.simulate(&wanted).await.expect("no fault");
    made.unwrap_or_else(|why| panic!("{}: {why}", plugin.name()))
}

/// The seventh; two of its destinations want what BRZ tells, one of them is the route's.
fn generation(name: &str, adapter: Arc<Binding>) -> Generation {
    let path = if name == "brij" { "/brij/{call}" } else { "/brz" };
    let route = Route {
        name: name.to_owned(),
        path: path.to_owned(),
        methods: vec!["POST".to_owned()],
        adapter,
        offline: None,
        answers: HashMap::new(),
        deliver: vec!["ledger".to_owned(), "quotes".to_owned()],
        dedupe: Duration::from_secs(3600),
        answers_keep: Duration::from_secs(3600),
        out_of_order: OutOfOrder::default(),
        expect_every: None,
        pulse: Arc::default(),
    };
    let endpoint = Endpoint {
        pattern: Pattern::parse(path).expect("a pattern"),
        methods: route.methods.clone(),
        target: Arc::new(route),
    };
    let routes = Table::build(vec![endpoint]).expect("no conflicts");
    let destinations = [("ledger", "brz.pix.*"), ("quotes", "brij.*"), ("other", "*")];
    let destinations: BTreeMap<_, _> = (destinations.into_iter())
        .map(|(name, pattern)| (name.to_owned(), Arc::new(destination(name, pattern))))
        .collect();
    Generation { destinations, ..Generation::new(GenerationId(7), routes) }
}

fn destination(name: &str, pattern: &str) -> Destination {
    Destination {
        name: name.to_owned(),
        url: format!("http://127.0.0.1/{name}"),
        events: vec![KindPattern::parse(pattern).expect("a pattern")],
        secrets: Vec::new(),
        retry: Vec::new(),
        timeout: Duration::from_secs(1),
        concurrency: 1,
        offline: None,
    }
}

async fn serve(intake: Intake) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("its address");
    let limits = Arc::new(listen::Limits::default());
    let listener = Listener { socket, limits, counters: Arc::new(Counters::default()), tls: None };
    let intake = Arc::new(intake);
    let (drainer, drain) = listen::drain();
    let serving = listen::run(listener, drain, move |arrival| {
        let intake = Arc::clone(&intake);
        async move { intake.take(arrival).await }
    });
    tokio::spawn(async move {
        let _serves_for_ever = drainer;
        serving.await
    });
    address
}

#[tokio::test]
async fn what_came_of_recording_is_what_the_provider_is_told() {
    let bench = Bench::new(BRZ, Scripted::default(), Limits::default()).await;
    let event = hookswitch::model::EventId::new(1);
    let unavailable: &[&str] = &["503", "retry-after: ", "store_unavailable"];
    // What the store says, what the provider reads, and whether what was remembered is written.
    let cases: [(Told, &[&str], bool); 7] = [
        (Ok(Recorded::New(vec![event])), &["200", "received"], true),
        (Ok(Recorded::New(Vec::new())), &["200", "received"], true),
        (Ok(Recorded::Duplicate), &["200", "received"], true),
        (Ok(Recorded::Replayed), &["401", "replayed"], false),
        (Err(StoreFault::Full("it is full")), unavailable, false),
        (Err(StoreFault::Failing("no space".into())), unavailable, false),
        (Err(StoreFault::Closed), unavailable, false),
    ];
    for (told, wanted, written) in cases {
        let said = format!("{told:?}");
        bench.state.put("seen".into(), vec![1], 60_000);
        bench.store.script.lock().expect("no panic").push_back(told);
        let reply = bench.send("").await;
        for part in wanted {
            assert!(reply.contains(part), "{said}: {part} isn't in {reply}");
        }
        let asked = bench.store.recorded.lock().expect("no panic").pop().expect("a recording");
        assert_eq!((asked.state.len(), asked.state[0].key.as_str()), (1, "seen"), "{said}");
        assert_eq!(bench.state.drain().is_empty(), written, "{said}");
    }
}

#[tokio::test]
async fn a_recording_is_whole() {
    let bench = Bench::new(BRZ, Scripted::default(), Limits::default()).await;
    bench.send("").await;
    let asked = bench.store.recorded.lock().expect("no panic").pop().expect("a recording");
    assert_eq!(asked.callback.body, bench.callback.body);
    assert_eq!((asked.route.as_str(), asked.generation), ("brz", GenerationId(7)));
    assert!(asked.adapter.starts_with("brz@") && asked.adapter.len() == 4 + 64, "{asked:?}");
    assert_eq!((asked.matched.as_deref(), asked.confirms), (Some("current"), false));
    assert_eq!(asked.dedupe_ms, 3_600_000);
    assert_eq!(asked.events.len(), 1);
    assert_eq!(asked.events[0].event.kind, "brz.pix.cash_in.confirmed");
    // One wants other kinds, and one that wants all isn't the route's.
    assert_eq!(asked.events[0].named, ["ledger"]);
    assert!(asked.state.is_empty() && bench.store.kept.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_store_that_takes_nothing_is_asked_for_nothing() {
    let bench = Bench::new(BRZ, Scripted::default(), Limits::default()).await;
    let failing = Health { failing: Some("no space".into()), ..Health::default() };
    for health in [failing, Health { full: true, ..Health::default() }] {
        *bench.store.health.lock().expect("no panic") = health;
        let reply = bench.send("").await;
        assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("store_unavailable"));
    }
    assert!(bench.store.recorded.lock().expect("no panic").is_empty());
    *bench.store.health.lock().expect("no panic") = Health::default();
    assert!(bench.send("").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_call_that_is_given_up_remembers_what_was_not_written() {
    let limits = Limits { call_timeout: Duration::from_secs(1), ..Limits::default() };
    let bench = Bench::new(BRZ, Scripted { hangs: true, ..Scripted::default() }, limits).await;
    bench.state.put("seen".into(), vec![1], 60_000);
    let reply = bench.send("").await;
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("too_slow"), "{reply}");
    assert_eq!(bench.store.recorded.lock().expect("no panic").len(), 1);
    assert_eq!(bench.state.drain().len(), 1);
}

#[tokio::test]
async fn of_a_request_only_what_was_remembered_is_kept() {
    let bench = Bench::new(BRIJ, Scripted::default(), Limits::default()).await;
    bench.send("").await;
    assert!(bench.store.kept.lock().expect("no panic").is_empty());
    bench.state.put("seen".into(), vec![1], 60_000);
    let reply = bench.send("").await;
    let kept = bench.store.kept.lock().expect("no panic").clone();
    assert_eq!((kept.len(), kept[0][0].key.as_str()), (1, "seen"), "{reply}");
    assert_eq!(kept[0][0].scope, "route brij");
    assert!(bench.store.recorded.lock().expect("no panic").is_empty());
    assert!(bench.state.drain().is_empty());
}

#[tokio::test]
async fn a_proxy_that_names_no_address_is_refused() {
    let bench = Bench::new(BRZ, Scripted::default(), Limits::default()).await;
    let reply = bench.send("x-forwarded-for: unknown\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 400") && reply.contains("bad_forwarded"), "{reply}");
    assert!(bench.send("x-forwarded-for: 203.0.113.9\r\n").await.starts_with("HTTP/1.1 200"));
    let asked = bench.store.recorded.lock().expect("no panic").pop().expect("a recording");
    assert_eq!(asked.callback.head.peer, "203.0.113.9");
}
