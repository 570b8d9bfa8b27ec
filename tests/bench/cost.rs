//! CPU of the server per BRZ callback, over real connections: written natively with nothing around
//! it, natively in the router's own line (`inline`, the yardstick), in a reused instance, in a
//! fresh one; and of a guest that does nothing with the same callback, step by step, which is what
//! the router and the engine cost alone. All take turns in one run, so that whatever else the
//! machine does falls on all of them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hookswitch::generation::{Cell, Generation, Route};
use hookswitch::intake::{Intake, Limits};
use hookswitch::listen::{self, Arrival, Counters, Listener};
use hookswitch::model::{Callback, Clock, GenerationId, OutOfOrder};
use hookswitch::plugin::{Binding, Grant, Limits as PluginLimits};
use hookswitch::route::{Endpoint, Pattern, Table};
use hookswitch::store::Store;
use http_body_util::Full;
use hyper::Response;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpListener;

use crate::adapter::Adapter;
use crate::deliver;
use crate::guest::Guest;
use crate::inline::Inline;
use crate::load::{self, Load};
use crate::native::Native;
use crate::store::Scripted;

/// The same callback, taken in these ways; the paths are their names.
const WAYS: [&str; 6] = ["native", "inline", "reused", "fresh", "empty-reused", "empty-fresh"];
/// The place of the yardstick among them.
const INLINE: usize = 1;
const CONNECTIONS: [usize; 2] = [1, 32];
const ROUNDS: usize = 9;
const CALLS: usize = 16_000;
/// Callbacks that one instance takes where it is reused.
pub(crate) const REUSE: u32 = 1000;

/// Measures and prints the table.
pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let adapter = runtime.block_on(Adapter::new("brz"));
    let address = runtime.block_on(serve(&adapter));
    println!("CPU of the server per BRZ callback, median of {ROUNDS} rounds of {CALLS} callbacks");
    println!("connections  way           CPU      over inline (least to most)  callbacks/s");
    for connections in CONNECTIONS {
        let rounds =
            (0..ROUNDS).map(|_| WAYS.map(|way| measure(&adapter, address, way, connections)));
        show(connections, &rounds.collect::<Vec<_>>());
    }
    println!();
    runtime.shutdown_background();
}

/// What one way of taking callbacks came to.
#[derive(Clone, Copy)]
struct Measured {
    cpu_us: f64,
    per_second: f64,
}

fn measure(adapter: &Adapter, to: SocketAddr, way: &str, connections: usize) -> Measured {
    let call = [request(&adapter.callback, way)];
    let warm = Load::eager(connections, CALLS / 16);
    load::run(to, &call, warm);
    let (before, start) = (cpu(), Instant::now());
    load::run(to, &call, Load::eager(connections, CALLS));
    let calls = (CALLS / connections * connections) as f64;
    Measured {
        cpu_us: (cpu() - before).as_secs_f64() * 1e6 / calls,
        per_second: calls / start.elapsed().as_secs_f64(),
    }
}

fn show(connections: usize, rounds: &[[Measured; WAYS.len()]]) {
    for (way, name) in WAYS.iter().enumerate() {
        let cpu_us = median(rounds.iter().map(|round| round[way].cpu_us));
        let rate = median(rounds.iter().map(|round| round[way].per_second));
        let mut over: Vec<f64> =
            rounds.iter().map(|round| round[way].cpu_us - round[INLINE].cpu_us).collect();
        over.sort_by(f64::total_cmp);
        let (least, most) = (over[0], over[ROUNDS - 1]);
        let middle = over[ROUNDS / 2];
        println!(
            "{connections:>11}  {name:<12} {cpu_us:>5.1} µs  {middle:>5.1} µs ({least:.1} to {most:.1}) \
             {rate:>16.0}"
        );
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// CPU time of this process so far: of all its threads, also those that have ended.
pub(crate) fn cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("it isn't negative")
}

/// The callback as bytes on the wire.
pub(crate) fn request(callback: &Callback, way: &str) -> Vec<u8> {
    let mut text = format!("POST /{way} HTTP/1.1\r\nhost: hooks.example.com\r\n");
    for header in &callback.head.headers {
        if !["host", "content-length"].contains(&header.name.as_str()) {
            text.push_str(&format!("{}: {}\r\n", header.name, header.value));
        }
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", callback.body.len()));
    [text.as_bytes(), &callback.body].concat()
}

/// Serves all ways on one listener.
async fn serve(adapter: &Adapter) -> SocketAddr {
    let routes = [
        ("fresh", adapter.bind(1).await),
        ("reused", adapter.bind(REUSE).await),
        ("empty-fresh", empty(adapter, 1).await),
        ("empty-reused", empty(adapter, REUSE).await),
        // Which adapter it has makes no difference: native code takes what comes for it.
        ("inline", adapter.bind(1).await),
    ];
    let store = Scripted { forgets: true, ..Scripted::default() };
    let intake = Arc::new(intake(routes.into(), Arc::new(store)));
    let native = Arc::new(Native::new(adapter.secret()));
    let inline = Arc::new(Inline::new(Arc::clone(&intake), Arc::clone(&native)));
    listen(move |arrival| {
        let (intake, native) = (Arc::clone(&intake), Arc::clone(&native));
        let inline = Arc::clone(&inline);
        async move {
            match arrival.head.uri.path() {
                "/native" => native.take(arrival).await,
                "/inline" => inline.take(arrival).await,
                _ => intake.take(arrival).await,
            }
        }
    })
    .await
}

/// A guest that finds every callback genuine, finds nothing in it and says 200.
async fn empty(adapter: &Adapter, reuse: u32) -> Arc<Binding> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("empty.wasm");
    // What it was shown before is given up: it never frees.
    let verify = "(global.set $next (i32.const 4096))";
    let module = Guest { verify, ..Guest::default() }.module();
    std::fs::write(&path, module).expect("a file");
    let limits =
        PluginLimits { reuse, deadline: Duration::from_secs(10), ..PluginLimits::default() };
    let grant = Grant { scope: "empty".to_owned(), ..Grant::default() };
    adapter.bind_other(path, &limits, grant).await
}

/// Serves one route over this store. A callback of it is new each time, also where its sender
/// repeats itself.
pub(crate) async fn serve_one(
    route: (&'static str, Arc<Binding>),
    store: Arc<dyn Store>,
) -> SocketAddr {
    let intake = Arc::new(intake(vec![route], store));
    listen(move |arrival| {
        let intake = Arc::clone(&intake);
        async move { intake.take(arrival).await }
    })
    .await
}

/// Serves by this until the runtime ends.
pub(crate) async fn listen<S, F>(serve: S) -> SocketAddr
where
    S: Fn(Arrival) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("its address");
    let limits = Arc::new(listen::Limits::default());
    let listener = Listener { socket, limits, counters: Arc::new(Counters::default()), tls: None };
    let (drainer, drain) = listen::drain();
    let serving = listen::run(listener, drain, serve);
    tokio::spawn(async move {
        let _serves_for_ever = drainer;
        serving.await
    });
    address
}

fn intake(routes: Vec<(&str, Arc<Binding>)>, store: Arc<dyn Store>) -> Intake {
    let endpoint = |(name, adapter): (&str, Arc<Binding>)| Endpoint {
        pattern: Pattern::parse(&format!("/{name}")).expect("a pattern"),
        methods: vec!["POST".to_owned()],
        target: Arc::new(Route {
            name: name.to_owned(),
            path: format!("/{name}"),
            methods: vec!["POST".to_owned()],
            adapter,
            offline: None,
            answers: HashMap::new(),
            deliver: vec!["books".to_owned()],
            // Whoever sends repeats itself; each callback is to be new.
            dedupe: Duration::ZERO,
            answers_keep: Duration::ZERO,
            out_of_order: OutOfOrder::default(),
            expect_every: None,
            pulse: Arc::default(),
        }),
    };
    let routes = Table::build(routes.into_iter().map(endpoint).collect()).expect("no conflicts");
    let books = Arc::new(deliver::destination("http://127.0.0.1:9/".to_owned()));
    let destinations = [(books.name.clone(), books)].into();
    let generation = Generation { destinations, ..Generation::new(GenerationId(1), routes) };
    let cell = Arc::new(Cell::new(generation, 0));
    Intake::new(cell, store, Limits::default(), Clock::system())
}
