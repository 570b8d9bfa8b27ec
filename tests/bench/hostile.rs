//! What guests that mean harm do to the callbacks of another plugin: their latency alone and beside
//! each of them, one after the other, in one run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookswitch::plugin::{Binding, Duty, Grant, HostRule, Limits, Quarantine};

use crate::adapter::Adapter;
use crate::guest::tight;
use crate::guests::{self, Hostile, Phase, all, endless};

/// Calls of the hostile guest at once.
const AT_ONCE: usize = 4;
/// One BRZ callback each millisecond: a rate that leaves the machine mostly idle.
const EVERY: Duration = Duration::from_millis(1);
const CALLBACKS: usize = 3000;

/// Measures and prints the table.
pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let adapter = Adapter::new("brz").await;
        let good = adapter.bind(1).await;
        println!("p99 of verifying and parsing a BRZ callback, {CALLBACKS} each, one per ms");
        println!("{:<45} alone     beside {AT_ONCE} of it  times", "beside a guest that …");
        for hostile in all(endless().await) {
            let bad = bind(&adapter, &hostile).await;
            let alone = p99(&adapter, &good).await;
            let harm: Vec<_> =
                (0..AT_ONCE).map(|_| keep_harming(Arc::clone(&bad), hostile.phase)).collect();
            let beside = p99(&adapter, &good).await;
            harm.iter().for_each(tokio::task::JoinHandle::abort);
            let times = beside.as_secs_f64() / alone.as_secs_f64();
            println!("{:<45} {alone:>8.1?}  {beside:>13.1?}  {times:>5.2}", hostile.does);
        }
    });
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

fn keep_harming(bad: Arc<Binding>, phase: Phase) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let done = guests::harm(&bad, phase, &guests::callback()).await;
            assert!(done.is_err(), "it ends as a fault");
        }
    })
}

async fn p99(adapter: &Adapter, good: &Arc<Binding>) -> Duration {
    let mut times = Vec::with_capacity(CALLBACKS);
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for _ in 0..CALLBACKS {
        clock.tick().await;
        let (good, callback) = (Arc::clone(good), adapter.callback.clone());
        let served = tokio::spawn(async move {
            let start = Instant::now();
            let mut instance = good.take(Duty::Verify).await.expect("an instance");
            instance.verify(&callback).await.expect("a verdict");
            assert!(instance.parse(&callback).await.expect("no fault").is_ok());
            start.elapsed()
        });
        times.push(served.await.expect("no panic"));
    }
    times.sort();
    times[CALLBACKS * 99 / 100]
}
