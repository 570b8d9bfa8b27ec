//! What guests that mean harm do to the callbacks of another plugin: how long their sender waits
//! for a reply over real connections, alone and beside each of those guests. Both take turns in one
//! run, so that whatever else the machine does falls on both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hookswitch::plugin::{Binding, Grant, HostRule, Limits, Quarantine};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::adapter::Adapter;
use crate::cost;
use crate::guest::tight;
use crate::guests::{self, Hostile, Phase, all, endless};
use crate::load::{self, Load};
use crate::store::Scripted;

/// Calls of the hostile guest at once.
const AT_ONCE: usize = 4;
/// One BRZ callback each millisecond: a rate that leaves the machine mostly idle.
const LOAD: Load = Load { connections: 8, calls: 1000, pace: Duration::from_millis(1) };
const ROUNDS: usize = 6;
/// As in the router itself.
const EVENT_INTERVAL: u32 = 16;

/// Measures and prints the table.
pub(crate) fn print() {
    let runtime = Builder::new_multi_thread().enable_all().event_interval(EVENT_INTERVAL).build();
    let runtime = runtime.expect("a runtime");
    let bench = runtime.block_on(Bench::new());
    let calls = ROUNDS * LOAD.calls;
    println!(
        "p99 of BRZ callbacks, {calls} on each side, one per ms over {} connections",
        LOAD.connections
    );
    println!("{:<45} alone     beside {AT_ONCE} of it  times", "beside a guest that …");
    for hostile in all(runtime.block_on(endless())) {
        let bad = runtime.block_on(bind(&bench.adapter, &hostile));
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            alone.extend(bench.measure(&runtime));
            let harm = Harm::begin(&runtime, &bad, hostile.phase);
            beside.extend(bench.measure(&runtime));
            harm.end(&runtime);
        }
        let (alone, beside) = (p99(alone), p99(beside));
        let times = beside.as_secs_f64() / alone.as_secs_f64();
        println!("{:<45} {alone:>8.1?}  {beside:>13.1?}  {times:>5.2}", hostile.does);
    }
    println!();
    runtime.shutdown_background();
}

/// The good plugin, and where its callbacks are taken.
struct Bench {
    adapter: Adapter,
    to: SocketAddr,
}

impl Bench {
    async fn new() -> Bench {
        let adapter = Adapter::new("brz").await;
        let store = Scripted { forgets: true, ..Scripted::default() };
        let to = cost::serve_one(("good", adapter.bind(1).await), Arc::new(store)).await;
        Bench { adapter, to }
    }

    /// How long each callback took, for its sender.
    fn measure(&self, runtime: &Runtime) -> Vec<Duration> {
        // Signed now: this runs for longer than a signature is good for.
        let callbacks = runtime.block_on(self.adapter.more(1));
        let calls: Vec<_> = callbacks.iter().map(|one| cost::request(one, "good")).collect();
        load::run(self.to, &calls, LOAD).took
    }
}

/// A hostile guest, at work.
struct Harm(Vec<JoinHandle<()>>);

impl Harm {
    fn begin(runtime: &Runtime, bad: &Arc<Binding>, phase: Phase) -> Harm {
        let one = || {
            let bad = Arc::clone(bad);
            runtime.spawn(async move {
                loop {
                    let done = guests::harm(&bad, phase, &guests::callback()).await;
                    assert!(done.is_err(), "it ends as a fault");
                    // The next one would be another callback, and so another task.
                    tokio::task::yield_now().await;
                }
            })
        };
        Harm((0..AT_ONCE).map(|_| one()).collect())
    }

    /// Once it has ended, nothing of it runs.
    fn end(self, runtime: &Runtime) {
        for one in self.0 {
            one.abort();
            let ended = runtime.block_on(one).expect_err("it never ends by itself");
            assert!(ended.is_cancelled(), "{ended}");
        }
    }
}

async fn bind(adapter: &Adapter, hostile: &Hostile) -> Arc<Binding> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("guest.wasm");
    std::fs::write(&path, &hostile.module).expect("a file");
    let grant = Grant {
        scope: "hostile".into(),
        allow_http: vec![HostRule { host: "127.0.0.1".into(), port: None }],
        allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..Grant::default()
    };
    // Quarantine would end the harm that is to be measured.
    let quarantine = Quarantine { faults: u32::MAX, ..Quarantine::default() };
    adapter.bind_other(path, &Limits { quarantine, ..tight() }, grant).await
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}
