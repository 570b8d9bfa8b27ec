//! What the same responder costs in each language: the table of plugins/README.md. Each of the
//! example quotes answers the same question; the plugins are built before, by
//! `cargo xtask plugins --all-languages`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookswitch::model::{Clock, Context, Request};
use hookswitch::plugin::{
    Binding, Duty, Grant, Host, HostRule, Limits, Plugin, PoolLimits, Source,
};

use crate::cost::median;
use crate::prices::Prices;

/// The plugins, by their languages.
const LANGUAGES: [(&str, &str); 6] = [
    ("Rust", "quotes"),
    ("C", "quotes-c"),
    ("Zig, a bare module", "quotes-zig"),
    ("JavaScript (QuickJS)", "quotes-javascript"),
    ("TypeScript (StarlingMonkey), with a fetch", "quotes-typescript"),
    ("Python", "quotes-python"),
];

const CALLS: usize = 200;
/// Calls of a kept instance. A collected language drops what a `fetch` opened only when it
/// collects, and an instance may hold 200 such handles.
const REUSE: u32 = 20;
/// A call each may take as long as the machine does.
const DEADLINE: Duration = Duration::from_secs(20);
/// A page of a guest's memory.
const PAGE: usize = 64 << 10;

/// Measures and prints the table.
pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let prices = Prices::start().await;
        println!("{}, {CALLS} calls one after the other, medians\n", machine());
        println!("| language | file | compile | first answer, cold | from kept code | fresh call | reused call | memory it needs |");
        println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
        for (language, name) in LANGUAGES {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/plugins");
            let path = folder.join(format!("{name}.wasm"));
            if path.exists() {
                Subject { path, service: format!("http://{}", prices.address) }.row(language).await;
            } else {
                println!("| {language} | skipped: {name}.wasm isn't built |");
            }
        }
        println!();
    });
}

/// One plugin that is measured.
struct Subject {
    path: PathBuf,
    /// Where the one that fetches finds its prices.
    service: String,
}

impl Subject {
    async fn row(&self, language: &str) {
        let size = std::fs::metadata(&self.path).expect("a file").len();
        let folder = tempfile::tempdir().expect("a folder");
        // The host makes it itself, closed to others: in another it would keep no code.
        let cache = folder.path().join("cache");
        let start = Instant::now();
        let host = host(&cache);
        let cold = self.load(&host, limits(1)).await.expect("it loads");
        let compiled = start.elapsed();
        ask(&self.bind(&host, cold)).await.expect("an answer");
        let first = start.elapsed();
        drop(host);
        let start = Instant::now();
        let host = self::host(&cache);
        let kept = self.load(&host, limits(1)).await.expect("it loads");
        let fresh = self.bind(&host, kept);
        ask(&fresh).await.expect("an answer");
        let again = start.elapsed();
        let reused = self.load(&host, limits(REUSE)).await.expect("it loads");
        let reused = self.bind(&host, reused);
        let (fresh, reused) = (calls(&fresh).await, calls(&reused).await);
        let memory = self.least_memory(&host).await;
        println!(
            "| {language} | {} | {} | {} | {} | {} | {} | {:.1} MiB |",
            bytes(size),
            shown(compiled),
            shown(first),
            shown(again),
            shown(fresh),
            shown(reused),
            (memory * PAGE) as f64 / f64::from(1 << 20),
        );
    }

    async fn load(&self, host: &Arc<Host>, limits: Limits) -> Option<Arc<Plugin>> {
        host.load("measured", &Source::File(self.path.clone()), &limits).await.ok()
    }

    fn bind(&self, host: &Arc<Host>, plugin: Arc<Plugin>) -> Arc<Binding> {
        let settings = serde_json::json!({ "price_service": self.service });
        let fetches = plugin.asks().iter().any(|import| import.starts_with("wasi:http/"));
        host.bind(
            plugin,
            Grant {
                scope: "responder measured".into(),
                settings: if fetches { settings.to_string() } else { "{}".into() },
                allow_http: vec![HostRule { host: "127.0.0.1".into(), port: None }],
                allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
                ..Grant::default()
            },
        )
    }

    /// The fewest pages under which a fresh instance answers.
    async fn least_memory(&self, host: &Arc<Host>) -> usize {
        let (mut too_few, mut enough) = (0, limits(1).memory_bytes / PAGE);
        while enough - too_few > 1 {
            let pages = usize::midpoint(too_few, enough);
            let limits = Limits { memory_bytes: pages * PAGE, ..limits(1) };
            let answers = match self.load(host, limits).await {
                Some(plugin) => ask(&self.bind(host, plugin)).await.is_some(),
                None => false,
            };
            if answers { enough = pages } else { too_few = pages }
        }
        enough
    }
}

fn host(cache: &Path) -> Arc<Host> {
    let pool = PoolLimits { instances: 16, ..PoolLimits::default() };
    Host::start(pool, Some(cache), Clock::system()).expect("an engine")
}

fn limits(reuse: u32) -> Limits {
    Limits { reuse, deadline: DEADLINE, ..Limits::default() }
}

/// One question; `None` where it wasn't answered.
async fn ask(binding: &Arc<Binding>) -> Option<()> {
    let data = r#"{"rampType":"ONRAMP","fromCurrency":"BRL","toCurrency":"SOLANA_USDC","fromAmount":"250.00","network":"SOLANA"}"#;
    let request = Request { id: "ord_1".into(), kind: "quote".into(), data: data.into() };
    let context = Context {
        now_ms: 1_790_000_000_000,
        route: "bench".into(),
        attempt: 1,
        deadline_ms: 1_790_000_060_000,
        idempotency_key: "ord_1".into(),
    };
    let mut instance = binding.take(Duty::Compute).await.ok()?;
    let answer = instance.compute(&request, &context).await.ok()?.ok()?;
    instance.give_back();
    answer.data.contains("45.045045").then_some(())
}

async fn calls(binding: &Arc<Binding>) -> Duration {
    let mut seconds = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        ask(binding).await.expect("an answer");
        seconds.push(start.elapsed().as_secs_f64());
    }
    Duration::from_secs_f64(median(seconds.into_iter()))
}

fn shown(time: Duration) -> String {
    match time.as_micros() {
        0..1000 => format!("{:.0} µs", time.as_secs_f64() * 1e6),
        1000..1_000_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn bytes(size: u64) -> String {
    let kib = size as f64 / 1024.0;
    if kib < 1024.0 { format!("{kib:.0} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}

/// What it was measured on.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    format!("{} × {}, {profile} profile", cores, model.unwrap_or("an unnamed processor"))
}
