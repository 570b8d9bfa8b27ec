//! A soak: BRZ callbacks, each through its own fresh instance, then as many through instances that
//! are reused, with what the process holds meanwhile. It fails where memory grows with the calls.
//!
//! `HOOKSWITCH_CALLS` says how many of each, a million where it isn't set.

use std::sync::Arc;
use std::time::Instant;

use hookswitch::model::Callback;
use hookswitch::plugin::Binding;

use crate::adapter::{Adapter, whole};
use crate::cost::{REUSE, cpu};
use crate::deliver::resident;

const CALLS: usize = 1_000_000;
/// Callbacks at the same time: as many tasks take turns.
const AT_ONCE: usize = 32;
/// Shares of the calls, in percent, after which is looked. The first one is what the last one is
/// held against: by then pools and caches are full.
const LOOKS: [usize; 4] = [10, 25, 50, 100];
/// By how much memory may grow from the first look to the last, in percent.
const GROWTH_MAX: u64 = 10;

/// Soaks and prints; panics where memory grew.
pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let calls = std::env::var("HOOKSWITCH_CALLS").map(|text| text.parse().expect("a number"));
    let calls = calls.unwrap_or(CALLS);
    println!("BRZ callbacks verified, parsed and worded, {AT_ONCE} at once");
    println!("instances       calls   after     memory   open files   CPU of each");
    let grown = runtime.block_on(async {
        let adapter = Adapter::new("brz").await;
        let mut grown = Vec::new();
        for (name, reuse) in [("fresh", 1), ("reused", REUSE)] {
            let binding = adapter.bind(reuse).await;
            grown.push((name, soak(name, &binding, (&adapter.callback, calls)).await));
        }
        grown
    });
    for (name, percent) in grown {
        assert!(percent <= GROWTH_MAX, "{name}: memory grew by {percent} %: bound {GROWTH_MAX} %");
    }
    let peak = peak() as f64 / f64::from(1 << 20);
    println!(
        "memory grew by at most {GROWTH_MAX} % from the first look to the last; peak {peak:.1} MiB"
    );
    println!();
}

/// By how many percent memory grew from the first look to the last.
async fn soak(name: &str, binding: &Arc<Binding>, (callback, calls): (&Callback, usize)) -> u64 {
    let (began, mut done, mut seen) = (Instant::now(), 0, Vec::new());
    for percent in LOOKS {
        let until = calls * percent / 100;
        let before = cpu();
        run(binding, callback, until - done).await;
        let cpu_us = (cpu() - before).as_secs_f64() * 1e6 / (until - done) as f64;
        done = until;
        let bytes = resident();
        seen.push(bytes);
        println!(
            "{name:<10} {done:>10} {:>5.0} s {:>6.1} MiB {:>12} {cpu_us:>10.1} µs",
            began.elapsed().as_secs_f64(),
            bytes as f64 / f64::from(1 << 20),
            files()
        );
    }
    let (first, last) = (seen[0], seen[LOOKS.len() - 1]);
    last.saturating_sub(first) * 100 / first
}

async fn run(binding: &Arc<Binding>, callback: &Callback, calls: usize) {
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|task| {
            let (binding, callback) = (Arc::clone(binding), callback.clone());
            let calls = calls / AT_ONCE + usize::from(task < calls % AT_ONCE);
            tokio::spawn(async move {
                for _ in 0..calls {
                    assert_eq!(whole(&binding, &callback).await, Ok(true));
                    // As between callbacks of a connection: the others get their turn.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("every callback is taken");
    }
}

/// The most memory, in bytes, that this process ever had.
fn peak() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib << 10
}

/// Open files of this process.
fn files() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}
