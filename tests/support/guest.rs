//! Guests in a few lines of WebAssembly text, and a host to load them into.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hookswitch::model::Clock;
use hookswitch::plugin::{Binding, Grant, Host, Limits, LoadFault, Plugin, PoolLimits, Source};

const PRELUDE: &str = include_str!("../guests/prelude.wat");

/// What a guest does otherwise than nothing.
#[derive(Default)]
pub(crate) struct Guest<'a> {
    pub(crate) imports: &'a str,
    pub(crate) verify: &'a str,
    pub(crate) respond: &'a str,
    pub(crate) functions: &'a str,
}

impl Guest<'_> {
    /// The core module.
    pub(crate) fn module(&self) -> Vec<u8> {
        let text = PRELUDE
            .replace("(;IMPORTS;)", self.imports)
            .replace("(;VERIFY;)", self.verify)
            .replace("(;RESPOND;)", self.respond)
            .replace("(;FUNCTIONS;)", self.functions);
        wat::parse_str(text).expect("the guest's text")
    }
}

/// A small host, and the folder its files are in.
pub(crate) struct Bench {
    pub(crate) host: Arc<Host>,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let host = host(&folder.path().join("cache"));
        Bench { host, folder }
    }

    /// Writes the bytes to a file.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// Loads bytes as a plugin.
    pub(crate) async fn load(
        &self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Arc<Plugin>, LoadFault> {
        let path = self.file("guest.wasm", bytes);
        self.host.load("guest", &Source::File(path), limits).await
    }

    /// Loads a guest and binds it with no grants.
    pub(crate) async fn bind(&self, guest: Guest<'_>, limits: &Limits) -> Arc<Binding> {
        let plugin = self.load(&guest.module(), limits).await.expect("the guest loads");
        self.host.bind(plugin, Grant { scope: "test".into(), ..Grant::default() })
    }
}

/// A host with a pool for a few instances.
pub(crate) fn host(cache: &std::path::Path) -> Arc<Host> {
    let limits = PoolLimits { instances: 16, ..PoolLimits::default() };
    Host::start(limits, Some(cache), Clock::system()).expect("the engine starts")
}

/// Limits under which a hostile guest is soon caught.
pub(crate) fn tight() -> Limits {
    Limits {
        // The wall's clock runs on where a busy machine lets nobody work.
        deadline: Duration::from_secs(1),
        memory_bytes: 4 << 20,
        reply_bytes: 1 << 10,
        ..Limits::default()
    }
}
