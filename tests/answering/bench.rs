//! The real steps of intake with BRIJ's adapter, over connections: who answers is the test's own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hookswitch::generation::{Answerer, Cell, Gate, Generation, Responder, Route, Service};
use hookswitch::intake::{Intake, Limits};
use hookswitch::listen::{self, Counters, Listener};
use hookswitch::model::{
    Answer, BreakerLimits, Callback, Clock, Decline, DeclineStatus, GenerationId, OutOfOrder,
};
use hookswitch::plugin::{
    self, Binding, Grant, Host, KeyVersion, Keyring, SecretText, Simulation, Source,
};
use hookswitch::route::{Endpoint, Pattern, Table};
use hookswitch::store::{AnswerShown, Embedded, EventFilter, EventWhole, Options, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::store::Scripted;

/// When every test takes place, Unix milliseconds.
pub(crate) const NOW_MS: u64 = 1_790_000_000_000;
/// What comes at all comes within this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who answers, and how.
pub(crate) struct Asks {
    pub(crate) responder: Responder,
    pub(crate) deadline: Duration,
    pub(crate) fallback: Option<Result<Answer, Decline>>,
    pub(crate) concurrency: usize,
    /// Faults in a row after which nobody is asked.
    pub(crate) faults: u32,
}

impl Asks {
    pub(crate) fn of(responder: Responder) -> Asks {
        let deadline = Duration::from_secs(10);
        Asks { responder, deadline, fallback: None, concurrency: 8, faults: 5 }
    }

    pub(crate) fn service(url: &str) -> Asks {
        let secrets = vec![SecretText::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")];
        let url = url.parse().expect("a URL");
        Asks::of(Responder::Service(Service { url, secrets, answer_bytes: 1 << 20 }))
    }

    pub(crate) fn within_ms(self, deadline_ms: u64) -> Asks {
        Asks { deadline: Duration::from_millis(deadline_ms), ..self }
    }

    /// Where nobody answers, this is.
    pub(crate) fn or(self, data: &str) -> Asks {
        Asks { fallback: Some(Ok(Answer { data: data.to_owned() })), ..self }
    }

    /// Where nobody answers, it is declined.
    pub(crate) fn or_decline(self, status: DeclineStatus) -> Asks {
        let decline = Decline { status, reason: "no quote now".into(), customer_reason: None };
        Asks { fallback: Some(Err(decline)), ..self }
    }

    fn answerer(self, kind: &str) -> Answerer {
        let least = Duration::from_secs(1);
        let limits = BreakerLimits { faults: self.faults, least, most: Duration::from_secs(60) };
        Answerer {
            responder: self.responder,
            by: "the responder".to_owned(),
            deadline: self.deadline,
            longest: Duration::from_secs(20),
            fallback: self.fallback,
            gate: Gate::new((kind, String::new()), self.concurrency, limits, None),
        }
    }
}

/// A route that is served.
pub(crate) struct Bench {
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn Store>,
    address: SocketAddr,
    cell: Arc<Cell>,
    host: Arc<Host>,
    adapter: Arc<Binding>,
    signer: Arc<Binding>,
    folder: tempfile::TempDir,
}

/// A reply, without its date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Bench {
    /// With a store in a file.
    pub(crate) async fn new(kinds: Vec<(&str, Asks)>) -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, clock) = (folder.path().join("store.db"), Clock::manual(NOW_MS));
        let store = Arc::new(embedded(path, clock.clone()));
        Bench::over(store, clock, folder, kinds).await
    }

    /// With a store that never writes anything.
    pub(crate) async fn stalled(kinds: Vec<(&str, Asks)>) -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Scripted { hangs: true, ..Scripted::default() });
        Bench::over(store, Clock::manual(NOW_MS), folder, kinds).await
    }

    async fn over(
        store: Arc<dyn Store>,
        clock: Clock,
        folder: tempfile::TempDir,
        kinds: Vec<(&str, Asks)>,
    ) -> Bench {
        let limits = plugin::PoolLimits { instances: 128, ..plugin::PoolLimits::default() };
        let host = Host::start(limits, Some(&folder.path().join("cache")), clock.clone());
        let host = host.expect("the engine starts");
        let source = Source::Builtin("brij".to_owned());
        // What is tested is who is asked and when, however long the machine takes to verify.
        let limits = plugin::Limits { deadline: PATIENCE, ..plugin::Limits::default() };
        let brij = host.load("brij", &source, &limits).await;
        let brij = brij.expect("the adapter");
        let adapter = host.bind(Arc::clone(&brij), grant(false));
        let signer = host.bind(brij, grant(true));
        let cell = Arc::new(Cell::new(generation(1, &adapter, kinds), 0));
        let intake =
            Intake::new(Arc::clone(&cell), Arc::clone(&store), Limits::default(), clock.clone());
        let address = serve(intake, Arc::default()).await;
        Bench { clock, store, address, cell, host, adapter, signer, folder }
    }

    /// From here on the adapter is this guest; two faults in a row shut it out for long.
    pub(crate) async fn take_by(&mut self, text: &str) {
        let path = self.folder.path().join("adapter.wasm");
        std::fs::write(&path, wat::parse_str(text).expect("a module")).expect("a file");
        let least = Duration::from_secs(600);
        let quarantine = plugin::Quarantine { faults: 2, least, most: least };
        let limits = plugin::Limits { quarantine, ..plugin::Limits::default() };
        let adapter = self.host.load("adapter", &Source::File(path), &limits).await;
        self.adapter = self.host.bind(adapter.expect("it loads"), grant(false));
    }

    /// From here on these answer.
    pub(crate) fn swap(&self, kinds: Vec<(&str, Asks)>) {
        let id = self.cell.id().0 + 1;
        self.cell.swap(generation(id, &self.adapter, kinds), 0);
    }

    /// The route as it is served now.
    pub(crate) fn route(&self) -> Arc<Route> {
        Arc::clone(self.cell.current().route("brij").expect("it is there"))
    }

    /// A responder whose `compute` does this.
    pub(crate) async fn guest(&self, name: &str, compute: &str) -> Responder {
        const SPINS: &str = "(loop $for_ever (br $for_ever))";
        let text = include_str!("../guests/spinning-responder.wat").replace(SPINS, compute);
        let path = self.folder.path().join(format!("{name}.wasm"));
        std::fs::write(&path, wat::parse_str(text).expect("a module")).expect("a file");
        let limits = plugin::Limits {
            deadline: Duration::from_millis(200),
            memory_bytes: 4 << 20,
            ..plugin::Limits::default()
        };
        let guest = self.host.load(name, &Source::File(path), &limits).await;
        let grant = Grant { scope: format!("responder {name}"), ..Grant::default() };
        Responder::Plugin(self.host.bind(guest.expect("the guest loads"), grant))
    }

    /// A genuine callback; the same seed is the same order.
    pub(crate) async fn callback(&self, kind: &str, seed: u64) -> Callback {
        self.callback_with(kind, seed, "{}").await
    }

    /// The same with these members of its body.
    pub(crate) async fn callback_with(&self, kind: &str, seed: u64, body: &str) -> Callback {
        let options = format!("{{\"body\":{body}}}");
        let wanted = Simulation { kind: kind.to_owned(), options, now_ms: NOW_MS, seed };
        let mut instance = self.signer.open().await.expect("an instance");
        instance.simulate(&wanted).await.expect("no fault").expect("a callback")
    }

    pub(crate) async fn send(&self, callback: &Callback) -> Sent {
        send(self.address, callback).await
    }

    /// Sends by itself.
    pub(crate) fn sending(&self, callback: &Callback) -> tokio::task::JoinHandle<Sent> {
        let (address, callback) = (self.address, callback.clone());
        tokio::spawn(async move { send(address, &callback).await })
    }

    /// The tries of the only request of this kind, once there are so many.
    pub(crate) async fn tries(&self, kind: &str, count: usize) -> Vec<AnswerShown> {
        let began = Instant::now();
        loop {
            let tries = self.whole(kind).await.answers;
            if tries.len() >= count {
                return tries;
            }
            assert!(began.elapsed() < PATIENCE, "{kind}: only {tries:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The only request of this kind.
    pub(crate) async fn whole(&self, kind: &str) -> EventWhole {
        let filter =
            EventFilter { kind: Some(kind.to_owned()), limit: 2, ..EventFilter::default() };
        let rows = self.store.events(filter).await.expect("a page").rows;
        assert_eq!(rows.len(), 1, "{kind}");
        self.store.event(rows[0].id).await.expect("it can be read").expect("it is there")
    }
}

async fn send(address: SocketAddr, callback: &Callback) -> Sent {
    let path = callback.head.url.splitn(4, '/').nth(3).expect("a path");
    let mut text = format!("POST /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for header in &callback.head.headers {
        if !["host", "content-length"].contains(&header.name.as_str()) {
            text.push_str(&format!("{}: {}\r\n", header.name, header.value));
        }
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", callback.body.len()));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(&[text.as_bytes(), &callback.body].concat()).await.expect("sent");
    let mut reply = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut reply)).await;
    read.expect("a reply in time").expect("a reply");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let head: Vec<_> = head.lines().filter(|line| !line.starts_with("date:")).collect();
    let status = head[0].split(' ').nth(1).expect("a status").parse().expect("a status");
    Sent { status, head: head.join("\n"), body: body.to_owned() }
}

pub(crate) fn embedded(path: PathBuf, clock: Clock) -> Embedded {
    let options = Options {
        path,
        secrets: Vec::new(),
        queue: 4096,
        batch: 512,
        webhooks_max: 10,
        keep: Duration::from_secs(3600),
        bytes_max: 1 << 30,
        wait_most: Duration::from_secs(3600),
    };
    Embedded::open(options, clock).expect("a store")
}

fn grant(signing: bool) -> Grant {
    let (private, public) = crate::support::keys();
    let key = if signing { private } else { public };
    let version = KeyVersion::new("current", None, SecretText::new(key.clone()));
    Grant {
        scope: "route brij".to_owned(),
        settings: r#"{"partner_id":"partner-42"}"#.to_owned(),
        keyring: Keyring::new(vec![("signing-key".to_owned(), vec![version])]),
        signing,
        ..Grant::default()
    }
}

pub(crate) fn generation(id: u64, adapter: &Arc<Binding>, kinds: Vec<(&str, Asks)>) -> Generation {
    let answers = kinds.into_iter().map(|(kind, asks)| (kind.to_owned(), asks.answerer(kind)));
    let route = Route {
        name: "brij".to_owned(),
        path: "/brij/{call}".to_owned(),
        methods: vec!["POST".to_owned()],
        adapter: Arc::clone(adapter),
        offline: None,
        answers: answers.collect::<HashMap<_, _>>(),
        deliver: Vec::new(),
        dedupe: Duration::from_secs(3600),
        answers_keep: Duration::from_secs(3600),
        out_of_order: OutOfOrder::default(),
        expect_every: None,
        pulse: Arc::default(),
    };
    let endpoint = Endpoint {
        pattern: Pattern::parse("/brij/{call}").expect("a pattern"),
        methods: route.methods.clone(),
        target: Arc::new(route),
    };
    Generation::new(GenerationId(id), Table::build(vec![endpoint]).expect("no conflicts"))
}

/// How long calls took, from the head to the reply, by the router's own clock.
pub(crate) type Took = Arc<Mutex<Vec<Duration>>>;

pub(crate) async fn serve(intake: Intake, took: Took) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("its address");
    let limits = Arc::new(listen::Limits::default());
    let listener = Listener { socket, limits, counters: Arc::new(Counters::default()), tls: None };
    let intake = Arc::new(intake);
    let (drainer, drain) = listen::drain();
    let serving = listen::run(listener, drain, move |arrival| {
        let (intake, took) = (Arc::clone(&intake), Arc::clone(&took));
        async move {
            let began = Instant::now();
            let reply = intake.take(arrival).await;
            took.lock().expect("no panic").push(began.elapsed());
            reply
        }
    });
    tokio::spawn(async move {
        let _serves_for_ever = drainer;
        serving.await
    });
    address
}
