//! The whole router: the only file that names every concrete type. It starts from a config, runs
//! until it is told to stop, and lets what is in flight end.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;

use crate::config::{self, Problems, Router, Settings};
use crate::generation::{Cell, Generation};
use crate::intake::{Intake, Proxies};
use crate::listen::{self, Counters, Listener};
use crate::model::{Clock, GenerationId};
use crate::observe::{self, Level};
use crate::plugin::{Host, HostFault};
use crate::reload;

/// Why the router doesn't start.
#[derive(Debug, Error)]
pub enum StartFault {
    /// The config has errors; they are among the problems.
    #[error("the config has errors")]
    Config(Problems),
    /// The engine refuses its limits.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// The address is taken, or not ours.
    #[error("can't listen on {address}: {error}")]
    Bind {
        /// Which address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

/// A config that was read, loaded and checked.
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What was built of it.
    pub generation: Generation,
    /// What loaded its plugins.
    pub host: Arc<Host>,
    /// Warnings, if there are any.
    pub problems: Problems,
}

/// Reads a config and builds its first generation. Compiled code is kept beside the store; where
/// `making` is false, only in a folder that is there already.
pub async fn load(path: &Path, clock: Clock, making: bool) -> Result<Loaded, StartFault> {
    let sources = config::read(path).map_err(StartFault::Config)?;
    let environment = |name: &str| std::env::var(name).ok();
    let (settings, mut problems) = config::resolve(&sources, &environment);
    let Some(settings) = settings else { return Err(StartFault::Config(problems)) };
    let cache = cache_path(&settings.router);
    let cache = (making || cache.is_dir()).then_some(cache);
    let host = Host::start(settings.router.pool.clone(), cache.as_deref(), clock)?;
    let (generation, found) = reload::build(&host, &settings, GenerationId(1)).await;
    problems.extend(found);
    match generation {
        Some(generation) => Ok(Loaded { settings, generation, host, problems }),
        None => Err(StartFault::Config(problems)),
    }
}

fn cache_path(router: &Router) -> PathBuf {
    router.store_path.with_file_name("plugin-cache")
}

/// A router that listens.
pub struct App {
    listener: Listener,
    intake: Arc<Intake>,
    /// Where it listens; the port is the real one where the config says 0.
    pub public: SocketAddr,
}

impl App {
    /// Opens the listener; nothing is served yet.
    pub async fn start(loaded: Loaded, clock: Clock) -> Result<App, StartFault> {
        let router = &loaded.settings.router;
        let address = router.public;
        let bind = |error| StartFault::Bind { address, error };
        let socket = TcpListener::bind(address).await.map_err(bind)?;
        let public = socket.local_addr().map_err(bind)?;
        raise_open_files(router.listen.connections);
        let proxies = Proxies {
            trusted: router.trusted_proxies.clone(),
            header: router.forwarded_header,
            public_url: router.public_url.clone(),
        };
        let cell = Arc::new(Cell::new(loaded.generation, clock.now_ms()));
        let intake = Arc::new(Intake::new(cell, router.intake.clone(), proxies, clock));
        let limits = Arc::new(router.listen.clone());
        let listener = Listener { socket, limits, counters: Arc::new(Counters::default()) };
        Ok(App { listener, intake, public })
    }

    /// Serves until `stop` ends, then lets calls in flight end; returns how many connections had to
    /// be cut off.
    pub async fn run(self, stop: impl Future<Output = ()>) -> usize {
        let App { listener, intake, public } = self;
        observe::notice(Level::Info, &format!("listening on http://{public}"));
        let (drainer, drain) = listen::drain();
        let take = move |arrival| {
            let intake = Arc::clone(&intake);
            async move { intake.take(arrival).await }
        };
        let serving = listen::run(listener, drain, take);
        let stopping = async {
            stop.await;
            observe::notice(Level::Info, "stopping: calls in flight may end");
            drainer.start();
        };
        let (cut_off, ()) = tokio::join!(serving, stopping);
        cut_off
    }
}

/// Files that are open beside connections: listeners, the store, plugins' own calls.
const OTHER_FILES: u64 = 256;

/// Lets the process open as many files as the system allows, and says where that is too few.
fn raise_open_files(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now =
        if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let wanted = connections as u64 + OTHER_FILES;
    if now.is_some_and(|now| now < wanted) {
        let line =
            format!("the limit of open files is under {wanted}: fewer connections than configured");
        observe::notice(Level::Warn, &line);
    }
}
