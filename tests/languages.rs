//! The example plugins of every language, as built components: the quotes of all of them answer
//! the same vectors alike. `cargo xtask test` builds them first and says which languages it has;
//! without it, what lies in `target/plugins` is run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hookswitch::model::{Answer, Decline, DeclineStatus};
use hookswitch::plugin::{Binding, Duty, Fault, Grant, HostRule, Limits, Source};

use crate::adapters;
use crate::support::answering::{self, Vector};
use crate::support::callback;
use crate::support::guest::{Bench, Guest, tight};
use crate::support::hostile::{Phase, harm};
use crate::support::prices::Prices;

/// The built plugins that this run has to have, by name; unset: none has to be there.
const WANTED: &str = "HOOKSWITCH_PLUGINS";

/// Where a plugin is; `None`, said aloud, where its language was skipped.
fn built(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("target/plugins").join(format!("{name}.wasm"));
    let wanted = match std::env::var(WANTED) {
        Ok(names) => names.split(',').any(|wanted| wanted == name),
        Err(_) => path.exists(),
    };
    if !wanted {
        println!("skipped: {name} isn't built; `cargo xtask build --all-languages` does it");
        return None;
    }
    assert!(path.exists(), "{name} was to be built, and isn't there");
    Some(path)
}

/// Time enough on a machine that does much else; everything else as config has it.
fn patient() -> Limits {
    Limits { deadline: Duration::from_secs(20), ..Limits::default() }
}

async fn quotes(name: &str) {
    let Some(path) = built(name) else { return };
    let (bench, prices) = (Bench::new(), Prices::start().await);
    let plugin = bench.host.load(name, &Source::File(path), &patient()).await.expect("it loads");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = answering::load(&root.join("examples/quotes/vectors"));
    assert!(vectors.len() > 40, "{} vectors", vectors.len());
    let mut problems = String::new();
    for vector in &vectors {
        let grant = grant(name, vector, &format!("http://{}", prices.address));
        let binding = bench.host.bind(plugin.clone(), grant);
        let problem = match ask(&binding, vector).await {
            Ok(came) => vector.mismatch(&came),
            Err(fault) => Some(format!("{}: {fault}", vector.name)),
        };
        problems.extend(problem.map(|problem| problem + "\n"));
    }
    assert!(problems.is_empty(), "{name}\n{problems}");
}

async fn ask(
    binding: &std::sync::Arc<Binding>,
    vector: &Vector,
) -> Result<Result<Answer, Decline>, Fault> {
    let mut instance = binding.take(Duty::Compute).await?;
    instance.compute(&vector.request(), &vector.context()).await
}

/// The vector's settings. The one that fetches its prices is told from where, and may.
fn grant(name: &str, vector: &Vector, service: &str) -> Grant {
    let mut settings = vector.settings.clone();
    let fetches = name == "quotes-typescript";
    if fetches {
        settings.insert("price_service".into(), service.into());
    }
    let host = HostRule { host: "127.0.0.1".into(), port: None };
    Grant {
        scope: format!("responder {name}"),
        settings: serde_json::Value::Object(settings).to_string(),
        allow_http: if fetches { vec![host] } else { Vec::new() },
        allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..Grant::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_rust() {
    quotes("quotes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_javascript() {
    quotes("quotes-javascript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_c() {
    quotes("quotes-c").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_zig_as_a_bare_module() {
    quotes("quotes-zig").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_python() {
    quotes("quotes-python").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_typescript_that_fetch_their_prices() {
    quotes("quotes-typescript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_service_that_fails_or_is_not_allowed_makes_the_answer_unavailable() {
    let Some(path) = built("quotes-typescript") else { return };
    let (bench, prices) = (Bench::new(), Prices::start().await);
    let plugin = bench.host.load("ts", &Source::File(path), &patient()).await.expect("it loads");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quotes/vectors");
    let vectors = answering::load(&folder);
    let vector = vectors.iter().find(|vector| vector.name == "buy-usdc").expect("it is there");
    let service = format!("http://{}", prices.address);
    for (path, allowed) in [("/broken", true), ("/garbage", true), ("/down", true), ("", false)] {
        let mut grant = grant("quotes-typescript", vector, &format!("{service}{path}"));
        if !allowed {
            grant.allow_http.clear();
        }
        let binding = bench.host.bind(plugin.clone(), grant);
        let no = ask(&binding, vector).await.expect("no fault").expect_err("no price");
        assert_eq!(no.status, DeclineStatus::Unavailable, "{path} {allowed}: {}", no.reason);
    }
}

#[test]
fn standard_webhooks_vectors_hold() {
    let Some(path) = built("standard-webhooks") else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("examples/standard-webhooks/vectors");
    adapters::run_all(&folder, &Source::File(path), &patient(), 30);
}

/// What an engine does that its language runs out of, and how that ends.
async fn ends_as(name: &str, word: &str, limits: Limits) {
    let Some(path) = built(name) else { return };
    let bench = Bench::new();
    let plugin = bench.host.load(name, &Source::File(path), &limits).await.expect("it loads");
    let binding = bench.host.bind(plugin, Grant { scope: "hostile".into(), ..Grant::default() });
    for _ in 0..2 {
        let fault = harm(&binding, Phase::Compute, &callback()).await.expect_err(name);
        assert_eq!(fault.word(), word, "{name}: {fault}");
        let good = bench.bind(Guest::default(), &tight()).await;
        let verdict = good.take(Duty::Verify).await.expect("an instance").verify(&callback()).await;
        assert!(verdict.is_ok(), "after {name}: {verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_in_javascript_ends_by_its_deadline() {
    ends_as("hostile-loop", "deadline", Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_allocation_bomb_in_python_ends_by_its_memory() {
    ends_as("hostile-bomb", "memory", patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_smash_in_c_ends_as_a_trap() {
    ends_as("hostile-smash", "trap", patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_recursion_in_c_ends_by_its_stack() {
    ends_as("hostile-recursion", "stack", patient()).await;
}
