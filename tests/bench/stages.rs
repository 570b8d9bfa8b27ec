//! What a callback costs stage by stage, as medians. All of it runs on one thread, so the figures
//! are the work itself and not the waiting.

use std::sync::Arc;

use divan::Bencher;
use hookswitch::model::{Callback, Outcome};
use hookswitch::plugin::Binding;
use hookswitch::route::{Endpoint, Pattern, Table};
use tokio::runtime::{Builder, Runtime};

use crate::adapter::{self, Adapter, NAMES};

/// One thread, an adapter on it, and a genuine callback for it.
struct Stage {
    runtime: Runtime,
    binding: Arc<Binding>,
    callback: Callback,
}

impl Stage {
    fn new(adapter: &str) -> Stage {
        Stage::reusing(adapter, 1)
    }

    fn reusing(adapter: &str, reuse: u32) -> Stage {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let adapter = runtime.block_on(Adapter::new(adapter));
        let binding = runtime.block_on(adapter.bind(reuse));
        Stage { runtime, binding, callback: adapter.callback }
    }
}

#[divan::bench]
fn route(bencher: Bencher<'_, '_>) {
    let endpoint = |number: usize| Endpoint {
        pattern: Pattern::parse(&format!("/provider-{number}/{{call}}")).expect("a pattern"),
        methods: vec!["POST".to_owned()],
        target: number,
    };
    let table = Table::build((0..100).map(endpoint).collect()).expect("no conflicts");
    bencher.bench(|| table.find("POST", divan::black_box("/provider-50/quote")));
}

#[divan::bench(args = NAMES)]
fn instantiate(bencher: Bencher<'_, '_>, adapter: &str) {
    let stage = Stage::new(adapter);
    bencher.bench_local(|| stage.runtime.block_on(stage.binding.open()).is_ok());
}

#[divan::bench(args = NAMES)]
fn verify(bencher: Bencher<'_, '_>, adapter: &str) {
    let stage = Stage::new(adapter);
    bencher
        .with_inputs(|| stage.runtime.block_on(stage.binding.open()).expect("an instance"))
        .bench_local_refs(|instance| {
            stage.runtime.block_on(instance.verify(&stage.callback)).expect("a verdict")
        });
}

#[divan::bench(args = NAMES)]
fn parse(bencher: Bencher<'_, '_>, adapter: &str) {
    let stage = Stage::new(adapter);
    bencher
        .with_inputs(|| stage.runtime.block_on(stage.binding.open()).expect("an instance"))
        .bench_local_refs(|instance| {
            stage.runtime.block_on(instance.parse(&stage.callback)).expect("no fault").is_ok()
        });
}

#[divan::bench(args = NAMES)]
fn respond(bencher: Bencher<'_, '_>, adapter: &str) {
    let stage = Stage::new(adapter);
    let head = &stage.callback.head;
    bencher
        .with_inputs(|| stage.runtime.block_on(stage.binding.open()).expect("an instance"))
        .bench_local_refs(|instance| {
            stage.runtime.block_on(instance.respond(head, &Outcome::Accepted)).expect("worded")
        });
}

/// Verify, parse and respond in one instance, fresh or reused: what the router does for a
/// notification, without the connection.
#[divan::bench(args = NAMES)]
fn whole_callback(bencher: Bencher<'_, '_>, adapter: &str) {
    whole(bencher, &Stage::new(adapter));
}

#[divan::bench(args = NAMES)]
fn whole_callback_reused(bencher: Bencher<'_, '_>, adapter: &str) {
    whole(bencher, &Stage::reusing(adapter, u32::MAX));
}

fn whole(bencher: Bencher<'_, '_>, stage: &Stage) {
    let whole = || adapter::whole(&stage.binding, &stage.callback);
    bencher.bench_local(|| assert_eq!(stage.runtime.block_on(whole()), Ok(true)));
}
