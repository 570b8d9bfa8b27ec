//! `hookswitch plugin inspect`: what a plugin is, what it asks for, and what it costs here. Nothing
//! that it asks for is granted while it is looked at.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::granting::{lines, words};
use super::timing::{Timing, measure};
use super::{host, load};
use crate::cli::table::{self, clean};
use crate::model::Manifest;
use crate::plugin::{Anatomy, Binding, Grant, Limits, Plugin};

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The plugin: a `.wasm` file, or `builtin:NAME`.
    plugin: String,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// All that is told of it.
struct Seen {
    plugin: Arc<Plugin>,
    anatomy: Anatomy,
    load: Duration,
    /// What an adapter says of itself.
    manifest: Option<Manifest>,
    timing: Timing,
}

impl Inspect {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let host = host()?;
        let start = Instant::now();
        let plugin = load(&host, &self.plugin).await?;
        let load = start.elapsed();
        let grant = Grant { scope: "inspect".into(), settings: "{}".into(), ..Grant::default() };
        let binding = host.bind(Arc::clone(&plugin), grant);
        let manifest = manifest(&binding).await?;
        let timing = measure(&binding).await?;
        let seen = Seen { anatomy: plugin.anatomy(), plugin, load, manifest, timing };
        let text = if self.json { format!("{}\n", seen.as_json()) } else { seen.as_text() };
        table::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn manifest(binding: &Arc<Binding>) -> anyhow::Result<Option<Manifest>> {
    if !binding.plugin().is_adapter() {
        return Ok(None);
    }
    Ok(Some(binding.open().await?.describe().await?))
}

const KIB: usize = 1 << 10;

impl Seen {
    fn kind(&self) -> &'static str {
        match (self.plugin.is_adapter(), self.plugin.is_responder()) {
            (true, false) => "adapter",
            (true, true) => "adapter and responder",
            (false, _) => "responder",
        }
    }

    /// The contract's world that it fits into: all but what it exports besides.
    fn world(&self) -> &'static str {
        let exports = |name: &str| self.exports().contains(&name);
        match () {
            () if exports("confirming") => "confirming-adapter",
            () if exports("simulating") && exports("explaining") => "simulated-adapter",
            () if exports("protocol") => "adapter",
            () => "responder",
        }
    }

    fn exports(&self) -> Vec<&str> {
        self.anatomy.exports.iter().map(|name| interface(name)).collect()
    }

    /// The contract's interfaces that it imports, and those of WASI.
    fn imports(&self) -> (Vec<&str>, Vec<&str>) {
        let ours = |name: &&String| !name.starts_with("wasi:");
        let (ours, wasi): (Vec<&String>, Vec<&String>) =
            self.anatomy.imports.iter().partition(ours);
        let types = |name: &&str| *name != "types";
        let ours = ours.into_iter().map(|name| interface(name)).filter(types).collect();
        (ours, wasi.into_iter().map(String::as_str).collect())
    }

    /// What the config may call it: the file's name, where that can stand as a key.
    fn config_name(&self) -> String {
        let name = self.plugin.name();
        let name = name.strip_prefix("builtin:").unwrap_or(name);
        let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        stem.filter(|stem| stem.chars().all(plain)).unwrap_or_else(|| "NAME".to_owned())
    }

    fn as_text(&self) -> String {
        let Anatomy { bytes, compiled_bytes, memory_pages, .. } = self.anatomy;
        let (ours, wasi) = self.imports();
        let wasi = match wasi.as_slice() {
            [] => "none".to_owned(),
            names => format!(
                "{} (denies, but for clocks, random numbers and what is granted)",
                names.join(" ")
            ),
        };
        let asks = match words(self.plugin.asking()).as_slice() {
            [] => "nothing but its own settings and checks by its secrets".to_owned(),
            words => words.join("; "),
        };
        let form =
            if self.anatomy.wrapped { "a core module, wrapped when loaded" } else { "a component" };
        let limit = Limits::default().memory_bytes >> 20;
        let memory = format!(
            "{} pages of 64 KiB at the start, {limit} MiB at most; tables: {}, elements: {}",
            memory_pages, self.anatomy.tables, self.anatomy.table_elements
        );
        let Timing { call, cold, warm } = self.timing;
        let facts = [
            ("plugin", self.plugin.name().to_owned()),
            ("kind", self.kind().to_owned()),
            ("world", format!("{}, version {}", self.world(), self.plugin.version())),
            ("exports", self.exports().join(" ")),
            ("imports", ours.join(" ")),
            ("wasi", wasi),
            ("asks for", asks),
            ("file", format!("{} KiB, {form}", bytes.div_ceil(KIB))),
            (
                "compiled",
                format!("{} KiB in {} ms", compiled_bytes.div_ceil(KIB), self.load.as_millis()),
            ),
            ("memory", memory),
            ("cold call", format!("{} µs: a fresh instance and `{call}`", cold.as_micros())),
            ("warm call", format!("{} µs: `{call}` again", warm.as_micros())),
            ("sha256", self.plugin.hash().to_owned()),
        ];
        let line = |(name, value): &(&str, String)| format!("{name:<10} {}\n", clean(value));
        let facts: String = facts.iter().map(line).collect();
        format!("{facts}\nin the config:\n\n{}", self.lines())
    }

    fn lines(&self) -> String {
        lines(&self.config_name(), &self.plugin, self.manifest.as_ref())
    }

    fn as_json(&self) -> Value {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let (Anatomy { bytes, wrapped, compiled_bytes, .. }, asking) =
            (&self.anatomy, self.plugin.asking());
        json!({
            "plugin": self.plugin.name(),
            "sha256": self.plugin.hash(),
            "kind": self.kind(),
            "world": self.world(),
            "version": self.plugin.version(),
            "exports": self.anatomy.exports,
            "imports": self.anatomy.imports,
            "asks": { "http": asking.http, "secrets": asking.secrets },
            "config": self.lines(),
            "bytes": bytes,
            "core_module": wrapped,
            "compiled_bytes": compiled_bytes,
            "load_us": micros(self.load),
            "memories": self.anatomy.memories,
            "memory_pages": self.anatomy.memory_pages,
            "tables": self.anatomy.tables,
            "table_elements": self.anatomy.table_elements,
            "call": self.timing.call,
            "cold_us": micros(self.timing.cold),
            "warm_us": micros(self.timing.warm),
        })
    }
}

/// `protocol` of `hookswitch:plugin/protocol@0.1.0`.
fn interface(name: &str) -> &str {
    let after = name.rsplit_once('/').map_or(name, |(_, interface)| interface);
    after.split('@').next().unwrap_or(after)
}
