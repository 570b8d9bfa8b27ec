//! How long whoever asks for a quote waits: BRIJ's signed request over loopback, through the whole
//! router, to a reply that is on the disk; by a process that only sends, and by the router's own
//! clock. Beside the example's responder stands one that answers at once: what is left of a quote
//! then is the router's and the adapter's. Every request is another one, and each row has a new
//! store, so that nothing is answered from it.

mod parts;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hookswitch::generation::{Answerer, Cell, Gate, Generation, Responder, Route};
use hookswitch::intake::{Intake, Limits};
use hookswitch::model::{BreakerLimits, Callback, Clock, GenerationId, OutOfOrder};
use hookswitch::plugin::{Binding, Grant, Limits as PluginLimits};
use hookswitch::route::{Endpoint, Pattern, Table};
use hookswitch::store::Store;
use tokio::runtime::{Builder, Runtime};

use crate::adapter::Adapter;
use crate::cost::{self, REUSE};
use crate::languages;
use crate::load::{self, Load};
use crate::rows::Place;

/// Connections, and calls over all of them together.
const LOADS: [Load; 3] = [
    Load::eager(1, if SHORT { 128 } else { 4096 }),
    Load::eager(32, if SHORT { 256 } else { 8192 }),
    Load::eager(256, if SHORT { 512 } else { 8192 }),
];
/// Calls before those, which count for nothing.
const WARM: usize = 256;
const ROUNDS: usize = if SHORT { 1 } else { 3 };
/// Unoptimised, it is only tried.
const SHORT: bool = cfg!(debug_assertions);
/// Where a sync costs nothing, since there is no disk.
const MEMORY: &str = "/dev/shm";

/// A responder that answers the same at once; what it was shown before is given up.
const AT_ONCE: &str = "(global.set $next (i32.const 1024)) \
     (i32.store8 (i32.const 512) (i32.const 0)) \
     (i32.store (i32.const 516) (i32.const 16)) \
     (i32.store (i32.const 520) (i32.const 20)) \
     (return (i32.const 512))";
const ANSWER: &str = "(memory (export \"memory\") 1) \
     (data (i32.const 16) \"{\\\"toAmount\\\":\\\"45.04\\\"}\")";

/// Measures and prints the table.
pub(crate) fn print() {
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let Some(bench) = runtime.block_on(Bench::new()) else {
        println!("quotes: skipped: quotes.wasm isn't built (cargo xtask plugins)\n");
        return;
    };
    println!("{}; each row {ROUNDS} rounds in turns, pooled", languages::machine());
    println!("asked: from the first byte sent to the whole reply read, on the same machine");
    println!("router: from the head read to the reply handed to the connection, sync included");
    let mut rows = bench.rows();
    for _ in 0..ROUNDS {
        for row in &mut rows {
            bench.measure(row);
        }
    }
    show(&rows);
    let bindings = (&bench.adapter, &bench.responders[0].1);
    runtime.block_on(parts::show(bindings, &bench.callbacks));
    parts::show_verification();
    println!();
}

/// What is asked, by whom it is verified and answered.
struct Bench {
    adapter: Arc<Binding>,
    /// By what the rows call them.
    responders: [(&'static str, Arc<Binding>); 2],
    callbacks: Vec<Callback>,
    /// The same on the wire.
    calls: Vec<Vec<u8>>,
    /// When all of them are in time.
    clock: Clock,
}

/// One row: where it is measured, and every call of it.
struct Row {
    responder: usize,
    /// A folder, and what it stands for.
    on: (Option<PathBuf>, &'static str),
    load: Load,
    asked: Vec<Duration>,
    router: Vec<Duration>,
    cpu: Duration,
    time: Duration,
}

impl Bench {
    async fn new() -> Option<Bench> {
        let quotes = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/plugins/quotes.wasm");
        if !quotes.exists() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let at_once = folder.path().join("at-once.wasm");
        let text = include_str!("../guests/spinning-responder.wat")
            .replace("(loop $for_ever (br $for_ever))", AT_ONCE)
            .replace("(memory (export \"memory\") 1)", ANSWER);
        std::fs::write(&at_once, wat::parse_str(text).expect("a module")).expect("a file");
        let brij = Adapter::new("brij").await;
        let bind = async |name: &str, file: PathBuf| {
            let deadline = Duration::from_secs(10);
            let limits = PluginLimits { reuse: REUSE, deadline, ..PluginLimits::default() };
            let settings = "{}".to_owned();
            let grant = Grant { scope: format!("responder {name}"), settings, ..Grant::default() };
            brij.bind_other(file, &limits, grant).await
        };
        let responders =
            [("quotes", bind("quotes", quotes).await), ("at once", bind("at once", at_once).await)];
        let most = LOADS.iter().map(|load| load.calls).max().unwrap_or_default();
        let callbacks = brij.more(WARM + most).await;
        let path = |callback: &Callback| {
            callback.head.url.splitn(4, '/').nth(3).expect("a path").to_owned()
        };
        let calls = callbacks.iter().map(|call| cost::request(call, &path(call))).collect();
        let clock = Clock::manual(Clock::system().now_ms());
        Some(Bench { adapter: brij.bind(REUSE).await, responders, callbacks, calls, clock })
    }

    fn rows(&self) -> Vec<Row> {
        let memory = Some(PathBuf::from(MEMORY)).filter(|path| path.is_dir());
        let places = [(None, "disk"), (memory, "tmpfs")];
        let mut rows = Vec::new();
        for responder in 0..self.responders.len() {
            for on in places.iter().filter(|(folder, name)| folder.is_some() || *name == "disk") {
                rows.extend(LOADS.map(|load| Row {
                    responder,
                    on: on.clone(),
                    load,
                    asked: Vec::new(),
                    router: Vec::new(),
                    cpu: Duration::ZERO,
                    time: Duration::ZERO,
                }));
            }
        }
        rows
    }

    fn measure(&self, row: &mut Row) {
        // One of its own, so that nothing is left of the router when it ends.
        let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let place = match &row.on.0 {
            Some(folder) => Place::beneath(folder),
            None => Place::new(),
        };
        let took = Took::default();
        let to = self.serve(&runtime, (row.responder, &place), &took);
        let (warm, measured) = self.calls.split_at(WARM);
        load::run(to, warm, Load { calls: WARM, ..row.load });
        took.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let sent = load::run(to, &measured[..row.load.calls], row.load);
        runtime.shutdown_timeout(Duration::from_secs(5));
        row.asked.extend(sent.took);
        row.time += sent.time;
        row.cpu += sent.cpu;
        row.router.append(&mut took.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn serve(&self, runtime: &Runtime, on: (usize, &Place), took: &Took) -> SocketAddr {
        let (responder, place) = on;
        let store: Arc<dyn Store> = Arc::new(place.open());
        let (_, binding) = &self.responders[responder];
        let generation = generation(&self.adapter, binding);
        let cell = Arc::new(Cell::new(generation, 0));
        let clock = self.clock.clone();
        let intake = Arc::new(Intake::new(cell, store, Limits::default(), clock));
        let took = Arc::clone(took);
        runtime.block_on(cost::listen(move |arrival| {
            let (intake, took) = (Arc::clone(&intake), Arc::clone(&took));
            async move {
                let began = Instant::now();
                let reply = intake.take(arrival).await;
                took.lock().unwrap_or_else(PoisonError::into_inner).push(began.elapsed());
                reply
            }
        }))
    }
}

/// How long calls took, by the router's clock.
type Took = Arc<Mutex<Vec<Duration>>>;

fn generation(adapter: &Arc<Binding>, responder: &Arc<Binding>) -> Generation {
    let limits =
        BreakerLimits { faults: 5, least: Duration::from_secs(1), most: Duration::from_secs(60) };
    let answerer = Answerer {
        responder: Responder::Plugin(Arc::clone(responder)),
        by: responder.plugin().identity().to_owned(),
        deadline: Duration::from_secs(10),
        longest: Duration::from_secs(10),
        fallback: None,
        // All that ask at once: whoever isn't asked is no quote.
        gate: Gate::new(("quote", String::new()), 1024, limits, None),
    };
    let route = Route {
        name: "brij".to_owned(),
        path: "/brij/{call}".to_owned(),
        methods: vec!["POST".to_owned()],
        adapter: Arc::clone(adapter),
        offline: None,
        answers: HashMap::from([("quote".to_owned(), answerer)]),
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
    Generation::new(GenerationId(1), Table::build(vec![endpoint]).expect("no conflicts"))
}

fn show(rows: &[Row]) {
    println!(
        "responder  store  connections  asked: p50      p99    p99.9  router: p50      p99    \
         p99.9       CPU  quotes/s"
    );
    for row in rows {
        let (asked, router) = (ranks(&row.asked), ranks(&row.router));
        let times = |[p50, p99, most]: [f64; 3]| format!("{p50:>8.2} {p99:>8.2} {most:>8.2}");
        let count = row.asked.len() as f64;
        println!(
            "{:<9}  {:<5}  {:>11}    {} ms  {} ms  {:>5.0} µs  {:>8.0}",
            if row.responder == 0 { "quotes" } else { "at once" },
            row.on.1,
            row.load.connections,
            times(asked),
            times(router),
            row.cpu.as_secs_f64() * 1e6 / count,
            count / row.time.as_secs_f64(),
        );
    }
    println!("tmpfs: the same store and its syncs on {MEMORY}, where those cost no disk");
}

/// p50, p99 and p99.9 in milliseconds.
fn ranks(times: &[Duration]) -> [f64; 3] {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    [0.5, 0.99, 0.999].map(|part| {
        let at = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
        sorted[at].as_secs_f64() * 1e3
    })
}
