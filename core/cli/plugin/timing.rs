//! How long a plugin's calls take on this machine: in a fresh instance, as the router has it unless
//! told otherwise, and in one that is there already.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::{Context, Request};
use crate::plugin::{Binding, Fault, Instance};

/// Calls in fresh instances.
const COLD_CALLS: usize = 15;
/// Further calls in one instance.
const WARM_CALLS: usize = 50;

/// Medians of a few calls each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// What was called.
    pub(super) call: &'static str,
    /// An instance made, and its first call.
    pub(super) cold: Duration,
    /// The same call once more.
    pub(super) warm: Duration,
}

/// An adapter is asked to describe itself, a responder to answer a question that is none.
pub(super) async fn measure(binding: &Arc<Binding>) -> Result<Timing, Fault> {
    let adapter = binding.plugin().is_adapter();
    let mut cold = Vec::new();
    for _ in 0..COLD_CALLS {
        let start = Instant::now();
        ask(&mut binding.open().await?, adapter).await?;
        cold.push(start.elapsed());
    }
    let mut instance = binding.open().await?;
    ask(&mut instance, adapter).await?;
    let mut warm = Vec::new();
    for _ in 0..WARM_CALLS {
        let start = Instant::now();
        ask(&mut instance, adapter).await?;
        warm.push(start.elapsed());
    }
    let call = if adapter { "describe" } else { "compute" };
    Ok(Timing { call, cold: median(cold), warm: median(warm) })
}

async fn ask(instance: &mut Instance, adapter: bool) -> Result<(), Fault> {
    if adapter {
        return instance.describe().await.map(|_| ());
    }
    let request = Request { id: "inspect".into(), kind: "inspect".into(), data: "{}".into() };
    let context = Context {
        now_ms: 0,
        route: "inspect".into(),
        attempt: 1,
        deadline_ms: 0,
        idempotency_key: "inspect".into(),
    };
    // That it declines is all the same here.
    instance.compute(&request, &context).await.map(|_| ())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
