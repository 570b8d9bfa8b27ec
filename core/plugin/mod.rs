//! The plugin host: it turns wasm files into instances that verify, parse, respond, confirm and
//! compute, and holds each of them to its limits. The only folder that names wasmtime.
//!
//! A plugin can't take the router down: it can only fail its own call, and every way to fail is a
//! [`Fault`].

mod limits;
mod fault;
mod grant;
mod keyring;
mod looking;
mod public_key;
mod state;
mod ticker;
mod engine;
mod cache;
mod component;
mod load;
mod lane;
mod health;
mod counts;
mod warm;
mod loaded;
mod anatomy;
mod binding;
mod drained;
mod call;
mod wasi;
mod fetch;
mod bounds;
mod ahead;
mod instance;
mod confirming;
mod abi;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Linker;

pub use self::anatomy::{Anatomy, Asking};
pub use self::binding::{Binding, Duty};
pub use self::counts::Counted;
pub use self::drained::Drained;
pub use self::fault::Fault;
pub use self::grant::{Grant, HostRule};
pub use self::health::{HealthReport, Quarantine};
pub use self::instance::{Instance, Simulation};
pub use self::keyring::{KeyForm, KeyVersion, Keyring, Signed};
use self::lane::Processor;
pub use self::limits::{Limits, PoolLimits};
pub use self::load::{LoadFault, Source};
pub use self::loaded::Plugin;
pub use self::looking::{Check, Keys, Witness};
pub use self::public_key::Scheme;
pub use self::state::{State, States};
pub use crate::model::SecretText;
use crate::model::{Clock, StateChange};

/// First-party plugins by name, as components; the build made them.
const BUILTINS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// The names of the first-party plugins that are part of this binary.
pub fn builtins() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|(name, _)| *name)
}

/// The bytes of one of them.
pub fn builtin(name: &str) -> Option<&'static [u8]> {
    BUILTINS.iter().find(|(builtin, _)| *builtin == name).map(|(_, bytes)| *bytes)
}

/// The contract's texts by their place in a folder `wit`, for people who write plugins.
pub fn contract() -> impl Iterator<Item = (String, &'static str)> {
    let wasi = abi::WASI.into_iter().map(|(name, text)| (format!("deps/{name}"), text));
    let license = ("deps/LICENSE".to_owned(), abi::WASI_LICENSE);
    [("plugin.wit".to_owned(), abi::WIT), license].into_iter().chain(wasi)
}

/// Loads plugins; one for the process.
pub struct Host {
    engine: Engine,
    linker: Linker<call::Call>,
    cache: cache::Cache,
    limits: PoolLimits,
    compiles: Semaphore,
    states: States,
    processor: Arc<Processor>,
    /// Plugins in use, by their bytes' hash: the same bytes with the same limits are shared.
    loaded: Mutex<HashMap<String, Vec<Weak<Plugin>>>>,
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
#[error("the wasm engine doesn't start with these limits: {0}")]
pub struct HostFault(String);

impl Host {
    /// Starts the engine. Compiled code is kept in the folder `cache`, where one is given.
    pub fn start(
        limits: PoolLimits,
        cache: Option<&Path>,
        clock: Clock,
    ) -> Result<Arc<Host>, HostFault> {
        let fault = |error: wasmtime::Error| HostFault(format!("{error:#}"));
        let engine = engine::build(&limits).map_err(fault)?;
        let linker = engine::linker(&engine).map_err(fault)?;
        Ok(Arc::new(Host {
            linker,
            cache: cache::Cache::open(cache, limits.cache_bytes),
            compiles: Semaphore::new(limits.compiles),
            states: States::new(clock),
            processor: Arc::new(Processor::of(&engine)),
            loaded: Mutex::default(),
            engine,
            limits,
        }))
    }

    /// The plugin that `source` holds now, under the name that config gives it.
    pub async fn load(
        self: &Arc<Self>,
        name: &str,
        source: &Source,
        limits: &Limits,
    ) -> Result<Arc<Plugin>, LoadFault> {
        // Never closed, so an error can't come; compiling without the bound would be the harm.
        let _turn = self.compiles.acquire().await;
        let (host, name) = (Arc::clone(self), name.to_owned());
        let (source, limits) = (source.clone(), limits.clone());
        let work = tokio::task::spawn_blocking(move || host.load_now(&name, &source, &limits));
        match work.await {
            Ok(made) => made,
            Err(panic) => Err(LoadFault::Invalid(format!("the compiler failed: {panic}"))),
        }
    }

    /// The hash of the bytes that `source` holds now, as that of the plugin that is loaded of them.
    /// Blocking.
    pub fn hash(&self, source: &Source) -> Result<String, LoadFault> {
        load::read(source).map(|bytes| load::hash(&bytes))
    }

    fn load_now(
        &self,
        name: &str,
        source: &Source,
        limits: &Limits,
    ) -> Result<Arc<Plugin>, LoadFault> {
        let bytes = load::read(source)?;
        let hash = load::hash(&bytes);
        let same = |plugin: &Arc<Plugin>| plugin.name == name && plugin.limits == *limits;
        if let Some(plugin) = self.in_use(&hash).into_iter().find(same) {
            return Ok(plugin);
        }
        let plugin = Arc::new(load::make(self, name, &bytes, limits)?);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, plugins| {
            plugins.retain(|plugin| plugin.strong_count() > 0);
            !plugins.is_empty()
        });
        loaded.entry(hash).or_default().push(Arc::downgrade(&plugin));
        Ok(plugin)
    }

    fn in_use(&self, hash: &str) -> Vec<Arc<Plugin>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.get(hash).into_iter().flatten().filter_map(Weak::upgrade).collect()
    }

    /// Takes over what plugins remembered before the start.
    pub fn load_states(&self, changes: Vec<StateChange>) {
        self.states.load(changes);
    }

    /// A plugin with what a route or a responder grants it; state is kept by the grant's scope.
    pub fn bind(&self, plugin: Arc<Plugin>, grant: Grant) -> Arc<Binding> {
        let state = self.states.of(&grant.scope, plugin.limits.state_entries);
        Binding::new(plugin, grant, state)
    }
}
