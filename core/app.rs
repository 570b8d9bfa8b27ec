//! The whole router: the only file that names every concrete type. It starts from a config, runs
//! until it is told to stop, and lets what is in flight end.

mod sockets;
mod keeping;
mod delivering;
mod exporting;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use self::delivering::Background;
use self::exporting::Exporting;
use self::sockets::Sockets;
use crate::admin::{Admin, Backing};
use crate::config::{self, Problems, Router, Settings};
use crate::generation::{Cell, Generation};
use crate::intake::{Intake, Proxies};
use crate::listen::{self, Counters, Listener, Tls};
use crate::model::Clock;
use crate::observe::{self, Level};
use crate::plugin::{Host, HostFault};
use crate::reload::{self, Certificates, First, Reloader};
use crate::store::{OpenFault, Store, StoreFault};

/// Why the router doesn't start.
#[derive(Debug, Error)]
pub enum StartFault {
    /// The config has errors; they are among the problems.
    #[error("the config has errors")]
    Config(Problems),
    /// The engine refuses its limits.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// The store can't be opened, or read.
    #[error("the store can't be opened")]
    Store(#[from] OpenFault),
    /// What plugins remembered can't be read.
    #[error("what plugins remembered can't be read")]
    Unreadable(#[from] StoreFault),
    /// What systemd passed doesn't fit.
    #[error("the sockets that were passed can't be used: {0}")]
    Passed(String),
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
    /// What that comes down to.
    pub digest: reload::Digest,
    /// The hashes of its plugins, as they were loaded.
    pub hashes: Vec<String>,
    /// What loaded its plugins.
    pub host: Arc<Host>,
    /// Warnings, if there are any.
    pub problems: Problems,
}

/// What a config is loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// To serve: compiled code is kept beside the store, in a folder that is made.
    Serve,
    /// To say whether it could: nothing is made, so compiled code is kept only in a folder that is
    /// there already.
    Check,
    /// To look something up with it: the same, and its plugins' vectors don't run.
    Look,
}

/// Reads a config and builds its first generation.
pub async fn load(path: &Path, clock: Clock, wanted: Wanted) -> Result<Loaded, StartFault> {
    let sources = config::read(path).map_err(StartFault::Config)?;
    let environment = |name: &str| std::env::var(name).ok();
    let (settings, mut problems) = config::resolve(&sources, &environment);
    let Some(settings) = settings else { return Err(StartFault::Config(problems)) };
    let cache = cache_path(&settings.router);
    let cache = (wanted == Wanted::Serve || cache.is_dir()).then_some(cache);
    let now_ms = clock.now_ms();
    let host = Host::start(settings.router.pool.clone(), cache.as_deref(), clock)?;
    let First { generation, problems: found, digest, hashes } =
        reload::first(&host, &settings, wanted != Wanted::Look).await;
    problems.extend(found);
    problems.extend(reload::outdated(&settings.router, now_ms));
    match generation {
        Some(generation) => Ok(Loaded { settings, generation, digest, hashes, host, problems }),
        None => Err(StartFault::Config(problems)),
    }
}

fn cache_path(router: &Router) -> PathBuf {
    router.store.path.with_file_name("plugin-cache")
}

/// A router that listens.
pub struct App {
    listener: Listener,
    intake: Arc<Intake>,
    store: Arc<dyn Store>,
    reloader: Reloader,
    admin: Option<TcpListener>,
    /// Where it listens; the port is the real one where the config says 0.
    pub public: SocketAddr,
}

impl App {
    /// Opens the listener; nothing is served yet. `path` is where the config was loaded from.
    pub async fn start(loaded: Loaded, path: &Path, clock: Clock) -> Result<App, StartFault> {
        let Loaded { settings, generation, digest, hashes, host, .. } = loaded;
        let router = &settings.router;
        let Sockets { public: socket, admin } = sockets::open(router).await?;
        let public = socket.local_addr();
        let public = public.map_err(|error| StartFault::Bind { address: router.public, error })?;
        raise_open_files(router.listen.connections);
        let proxies = Proxies {
            trusted: router.trusted_proxies.clone(),
            header: router.forwarded_header,
            public_url: router.public_url.clone(),
            tls: router.tls.is_some(),
        };
        let cell = Arc::new(Cell::new(generation, clock.now_ms()));
        let store = keeping::open(router, clock.clone()).await?;
        host.load_states(store.remembered(clock.now_ms()).await?);
        keeping::recall(&*store, &cell.current()).await?;
        let limits = router.intake.clone();
        let mut intake = Intake::new(Arc::clone(&cell), Arc::clone(&store), limits, clock.clone());
        intake.proxies = proxies;
        intake.debug_headers = router.debug_headers;
        let limits = Arc::new(router.listen.clone());
        let certificates = Certificates::of(router);
        let tls = certificates.public.clone();
        let listener = Listener { socket, limits, counters: Arc::new(Counters::default()), tls };
        let path = path.to_owned();
        let kept = Arc::clone(&store);
        let reloader = Reloader {
            path,
            host,
            cell,
            store: kept,
            clock,
            started: settings,
            digest,
            hashes,
            certificates,
        };
        Ok(App { listener, intake: Arc::new(intake), store, reloader, admin, public })
    }

    /// Serves until `stop` ends, then lets calls in flight end; returns how many connections had to
    /// be cut off. Each `hangups` looks at the config once more.
    pub async fn run(self, stop: impl Future<Output = ()>, hangups: mpsc::Receiver<()>) -> usize {
        let App { listener, intake, store, reloader, admin, public } = self;
        let scheme = scheme(listener.tls.as_ref());
        observe::notice(Level::Info, &format!("listening on {scheme}://{public}"));
        let (drainer, drain) = listen::drain();
        let forged = Arc::clone(&intake.forged);
        let late = Arc::clone(&intake);
        let take = move |arrival| {
            let intake = Arc::clone(&intake);
            async move { intake.take(arrival).await }
        };
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let (cell, clock) = (Arc::clone(&reloader.cell), reloader.clock.clone());
        let settings = &reloader.started.router.delivering;
        let drain_limit = settings.deliver_drain;
        let exporting = Exporting::start(&reloader.started.router);
        let background = Background::start(&store, &cell, &clock, settings);
        let office = Arc::new(Admin::new(Backing { cell, asks, store, forged, clock }));
        let admin = admin.zip(Some(reloader.certificates.admin.clone()));
        let administering = tokio::spawn(administer(admin, Arc::clone(&office)));
        let reloading = tokio::spawn(reloader.run(asked, hangups));
        let serving = listen::run(listener, drain, take);
        // Both sockets have been open since the start: whoever calls now waits in their queues.
        sockets::tell("READY=1");
        let stopping = async {
            stop.await;
            sockets::tell("STOPPING=1");
            observe::notice(Level::Info, "stopping: calls in flight may end");
            office.stop();
            reloading.abort();
            drainer.start();
        };
        let (cut_off, ()) = tokio::join!(serving, stopping);
        tokio::join!(background.stop(), late.close(drain_limit));
        exporting.stop().await;
        // Until here it can be asked why nothing is taken any more.
        administering.abort();
        cut_off
    }
}

/// Connections of the admin listener at once.
const ADMIN_CONNECTIONS: usize = 64;

async fn administer(socket: Option<(TcpListener, Option<Tls>)>, office: Arc<Admin>) {
    let Some((socket, tls)) = socket else { return };
    if let Ok(address) = socket.local_addr() {
        let scheme = scheme(tls.as_ref());
        observe::notice(Level::Info, &format!("administered at {scheme}://{address}"));
    }
    let limits = listen::Limits { connections: ADMIN_CONNECTIONS, ..listen::Limits::default() };
    let listener = Listener { socket, limits: Arc::new(limits), counters: Arc::default(), tls };
    // Ended from outside, when all else has ended.
    let (_never, drain) = listen::drain();
    let take = move |arrival| {
        let office = Arc::clone(&office);
        async move { office.take(arrival).await }
    };
    listen::run(listener, drain, take).await;
}

fn scheme(tls: Option<&Tls>) -> &'static str {
    if tls.is_some() { "https" } else { "http" }
}

/// Reloads that may be asked for before the first of them is done.
const ASKS_MAX: usize = 16;

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
