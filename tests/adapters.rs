//! The first-party adapters' vectors, through the components that are embedded in the binary: the
//! same files that their own tests run natively, by the command that anybody runs theirs with.

use hookswitch::model::Clock;
use hookswitch::plugin::{Host, Limits, PoolLimits, Source};
use serde_json::Value;

use crate::support::router::hookswitch;

/// Runs every vector of a plugin, a file or a builtin; at least `least` of them.
pub(crate) fn run(plugin: &str, folder: &str, least: usize) {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let ran = hookswitch(&["plugin", "test", plugin, "--vectors", &folder, "--json"]);
    let error = String::from_utf8_lossy(&ran.stderr);
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{error}"));
    let vectors = said["vectors"].as_array().expect("a list");
    let failed: Vec<&Value> = vectors.iter().filter(|vector| vector["held"] != true).collect();
    assert!(failed.is_empty() && ran.status.success(), "{failed:#?}");
    assert!(vectors.len() >= least, "{} vectors", vectors.len());
}

#[test]
fn brij_vectors_hold_for_the_component() {
    run("builtin:brij", "plugins/brij/vectors", 20);
}

#[test]
fn brz_vectors_hold_for_the_component() {
    run("builtin:brz", "plugins/brz/vectors", 20);
}

#[test]
fn brite_vectors_hold_for_the_component() {
    run("builtin:brite", "plugins/brite/vectors", 140);
}

#[tokio::test]
async fn only_an_adapter_that_asks_its_provider_imports_http() {
    let pool = PoolLimits { instances: 1, ..PoolLimits::default() };
    let host = Host::start(pool, None, Clock::system()).expect("the engine starts");
    for (name, asks) in [("brij", false), ("brz", false), ("brite", true)] {
        let source = Source::Builtin(name.to_owned());
        let plugin = host.load(name, &source, &Limits::default()).await.expect("it loads");
        let of_wasi = |import: &&String| import.starts_with("wasi:");
        let wasi: Vec<&String> = plugin.asks().iter().filter(of_wasi).collect();
        let http = wasi.iter().any(|import| import.starts_with("wasi:http/outgoing-handler@"));
        assert_eq!((!wasi.is_empty(), http), (asks, asks), "{name}: {wasi:?}");
    }
}
