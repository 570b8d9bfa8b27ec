//! What a callback costs, stage by stage: `cargo bench` prints the median of each. All of it runs
//! on one thread, so the figures are the work itself and not the waiting.

use std::sync::Arc;

use divan::Bencher;
use hookswitch::model::{Callback, Clock, Outcome};
use hookswitch::plugin::{
    Binding, Grant, Host, KeyVersion, Keyring, Limits, PoolLimits, SecretText, Simulation, Source,
};
use hookswitch::route::{Endpoint, Pattern, Table};
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use tokio::runtime::{Builder, Runtime};

fn main() {
    divan::main();
}

/// An adapter as a route uses it, and a genuine callback for it.
struct Bench {
    runtime: Runtime,
    binding: Arc<Binding>,
    callback: Callback,
}

/// The adapters, each with a callback to measure it by.
const ADAPTERS: [(&str, &str); 2] = [("brz", "pix.cash_in.confirmed"), ("brij", "quote")];

impl Bench {
    fn new((adapter, kind): (&str, &str)) -> Bench {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let host = Host::start(PoolLimits::default(), None, Clock::system()).expect("an engine");
        let source = Source::Builtin(adapter.to_owned());
        let limits = Limits::default();
        let loading = host.load(adapter, &source, &limits);
        let plugin = runtime.block_on(loading).expect("the adapter");
        let (private, public) = keys(adapter);
        let grant = |text: String, signing| Grant {
            scope: "bench".into(),
            settings: r#"{"partner_id":"partner-42"}"#.into(),
            keyring: keyring(adapter, text),
            signing,
            ..Grant::default()
        };
        let settings = |grant: Grant| match adapter {
            "brij" => grant,
            _ => Grant { settings: "{}".into(), ..grant },
        };
        let signer = host.bind(Arc::clone(&plugin), settings(grant(private, true)));
        let wanted = Simulation {
            kind: kind.to_owned(),
            options: "{}".into(),
            now_ms: Clock::system().now_ms(),
            seed: 1,
        };
        let callback = runtime.block_on(async {
            let mut instance = signer.open().await.expect("an instance");
            let made = instance.simulate(&wanted).await.expect("no fault");
            let mut callback = made.expect("a callback");
            callback.head.received_at_ms = wanted.now_ms;
            callback
        });
        Bench { runtime, binding: host.bind(plugin, settings(grant(public, false))), callback }
    }
}

fn keyring(adapter: &str, text: String) -> Keyring {
    let role = if adapter == "brij" { "signing-key" } else { "signing-secret" };
    let version = KeyVersion::new("bench", None, SecretText::new(text));
    Keyring::new(vec![(role.to_owned(), vec![version])])
}

fn keys(adapter: &str) -> (String, String) {
    if adapter != "brij" {
        let secret = "whsec_bench-bench-bench-bench-bench".to_owned();
        return (secret.clone(), secret);
    }
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
    let private = key.to_pkcs8_pem(LineEnding::LF).expect("its PEM").to_string();
    (private, key.to_public_key().to_public_key_pem(LineEnding::LF).expect("its PEM"))
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

#[divan::bench(args = ADAPTERS.map(|(adapter, _)| adapter))]
fn instantiate(bencher: Bencher<'_, '_>, adapter: &str) {
    let bench = Bench::new(of(adapter));
    bencher.bench_local(|| bench.runtime.block_on(bench.binding.open()).is_ok());
}

#[divan::bench(args = ADAPTERS.map(|(adapter, _)| adapter))]
fn verify(bencher: Bencher<'_, '_>, adapter: &str) {
    let bench = Bench::new(of(adapter));
    bencher
        .with_inputs(|| bench.runtime.block_on(bench.binding.open()).expect("an instance"))
        .bench_local_refs(|instance| {
            bench.runtime.block_on(instance.verify(&bench.callback)).expect("a verdict")
        });
}

#[divan::bench(args = ADAPTERS.map(|(adapter, _)| adapter))]
fn parse(bencher: Bencher<'_, '_>, adapter: &str) {
    let bench = Bench::new(of(adapter));
    bencher
        .with_inputs(|| bench.runtime.block_on(bench.binding.open()).expect("an instance"))
        .bench_local_refs(|instance| {
            bench.runtime.block_on(instance.parse(&bench.callback)).expect("no fault").is_ok()
        });
}

#[divan::bench(args = ADAPTERS.map(|(adapter, _)| adapter))]
fn respond(bencher: Bencher<'_, '_>, adapter: &str) {
    let bench = Bench::new(of(adapter));
    let head = &bench.callback.head;
    bencher
        .with_inputs(|| bench.runtime.block_on(bench.binding.open()).expect("an instance"))
        .bench_local_refs(|instance| {
            bench.runtime.block_on(instance.respond(head, &Outcome::Accepted)).expect("worded")
        });
}

/// Verify and parse in one fresh instance, respond in another: what the router does for a
/// notification, without the connection.
#[divan::bench(args = ADAPTERS.map(|(adapter, _)| adapter))]
fn whole_callback(bencher: Bencher<'_, '_>, adapter: &str) {
    let bench = Bench::new(of(adapter));
    let whole = async || {
        let mut instance = bench.binding.open().await?;
        instance.verify(&bench.callback).await?;
        let parsed = instance.parse(&bench.callback).await?;
        drop(instance);
        let mut instance = bench.binding.open().await?;
        let worded = instance.respond(&bench.callback.head, &Outcome::Accepted).await?;
        Ok::<bool, hookswitch::plugin::Fault>(parsed.is_ok() && worded.is_ok())
    };
    bencher.bench_local(|| assert_eq!(bench.runtime.block_on(whole()), Ok(true)));
}

fn of(adapter: &str) -> (&'static str, &'static str) {
    ADAPTERS.into_iter().find(|(name, _)| *name == adapter).expect("one of the adapters")
}
