//! Keeps the running generation in step with the config: one task, woken by whatever may have
//! changed something. Everything is built before anything is swapped, so a config with problems
//! changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ring::digest;
use tokio::sync::mpsc;

use super::certificates::{Certificates, outdated};
use super::rehearsing::{self, Stage};
use super::watch::{self, Folders, Watch};
use super::{build, differing};
use crate::config::{self, Problem, Problems, Settings};
use crate::generation::{Ask, Cell, Changes, Fate, Generation, Plan, Purpose, Rejected, Told};
use crate::model::{Clock, GenerationId};
use crate::observe::{self, Level};
use crate::plugin::{Host, Source};
use crate::store::Store;

/// What a reload works with.
pub struct Reloader {
    /// What `--config` names.
    pub path: PathBuf,
    /// What loads plugins.
    pub host: Arc<Host>,
    /// Where the running generation is.
    pub cell: Arc<Cell>,
    /// What has the callbacks that are rehearsed.
    pub store: Arc<dyn Store>,
    /// What the time is.
    pub clock: Clock,
    /// What the process was started with.
    pub started: Settings,
    /// What that came down to, plugins and all, before they were loaded.
    pub digest: Digest,
    /// What the listeners show of themselves.
    pub certificates: Certificates,
}

/// What wakes the task. There is nothing else that does.
#[derive(Debug)]
enum Wake {
    /// Files may have changed.
    Files,
    /// SIGHUP.
    Hangup,
    /// Somebody asks.
    Asked(Ask),
}

/// How the config is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Files may have changed: what was rejected stays so while it is the same.
    Files,
    /// What was rejected is tried once more: what was wrong may not have been in a file.
    Again,
    /// The same, whatever rehearsing brings.
    Anyway,
}

/// What a config comes down to, with its secrets and its plugins' files: SHA-256. The same digest,
/// the same generation.
pub type Digest = [u8; 32];

/// The config as it stands now.
struct Seen {
    settings: Option<Settings>,
    problems: Problems,
    digest: Digest,
    /// The files that matter, and where they have to be watched.
    files: Vec<PathBuf>,
    folders: Folders,
}

impl Reloader {
    /// Reloads until nobody can ask any more and the process ends. `hangups` yields once for each
    /// SIGHUP.
    pub async fn run(self, mut asks: mpsc::Receiver<Ask>, mut hangups: mpsc::Receiver<()>) {
        let rules = self.started.router.reloading.clone();
        let mut watch = Watch::new(rules.poll);
        let files = files_of(&self.started);
        let mut live =
            Live { reloader: &self, running: self.digest, settings: None, rejected: None, files };
        // The first look only finds out where to look, and what changed since the start.
        live.look(&mut watch, Look::Files).await;
        loop {
            // Files are left to settle; whoever asks, or sends the signal, means now.
            let files = async {
                watch.changed().await;
                watch.settled(&rules).await;
            };
            let wake = tokio::select! {
                () = files => Wake::Files,
                Some(()) = hangups.recv() => Wake::Hangup,
                Some(ask) = asks.recv() => Wake::Asked(ask),
            };
            match wake {
                Wake::Files => {
                    watch.retry();
                    live.look(&mut watch, Look::Files).await;
                }
                Wake::Hangup => {
                    live.look(&mut watch, Look::Again).await;
                }
                Wake::Asked(ask) => live.answer(&mut watch, ask).await,
            }
        }
    }
}

/// The task's own knowledge.
struct Live<'r> {
    reloader: &'r Reloader,
    running: Digest,
    /// What that was built of; `None`: what the process was started with.
    settings: Option<Settings>,
    /// What was found wrong last, so that it is said once.
    rejected: Option<Digest>,
    /// The files that mattered when the config could last be read.
    files: Vec<PathBuf>,
}

impl Live<'_> {
    async fn answer(&mut self, watch: &mut Watch, ask: Ask) {
        let id = self.reloader.cell.id();
        let told = match ask.only_if {
            Some(wanted) if wanted != id => Told::Stale(id),
            _ => match ask.purpose {
                Purpose::Reload => self.look(watch, Look::Again).await,
                Purpose::ReloadAnyway => self.look(watch, Look::Anyway).await,
                Purpose::Plan => self.plan(watch).await,
            },
        };
        // Whoever asked may have gone.
        let _ = ask.tell.send(told);
    }

    async fn look(&mut self, watch: &mut Watch, look: Look) -> Told {
        let seen = self.settle(watch).await;
        self.consider(seen, look).await
    }

    /// The config, once it stands still.
    async fn settle(&mut self, watch: &mut Watch) -> Seen {
        let mut before = self.running;
        for _ in 0..TRIES_MAX {
            let seen = see(self.reloader, self.files.clone()).await;
            self.files.clone_from(&seen.files);
            let (digest, moved) = (seen.digest, !watch.follows(&seen.folders));
            if digest == before && !moved {
                return seen;
            }
            // Of what lies elsewhere now, changes before it was watched are found by looking again.
            if moved {
                watch.follow(seen.folders);
            }
            before = digest;
            tokio::time::sleep(STILL).await;
        }
        see(self.reloader, self.files.clone()).await
    }

    async fn consider(&mut self, seen: Seen, look: Look) -> Told {
        let (cell, digest) = (&self.reloader.cell, seen.digest);
        if self.running == digest {
            if self.rejected.take().is_some() {
                observe::notice(Level::Info, "the config is again what runs");
            }
            cell.unchanged();
            return Told::Unchanged(cell.id());
        }
        if self.rejected == Some(digest) && look == Look::Files {
            return Told::Unchanged(cell.id());
        }
        self.apply(seen, look == Look::Anyway).await
    }

    /// Says which changed keys wait for a restart.
    fn tell_restart(&self, keys: Vec<String>) {
        if self.reloader.cell.record().needs_restart != keys {
            for key in &keys {
                observe::notice(Level::Warn, &format!("{key} was changed: it needs a restart"));
            }
        }
        self.reloader.cell.needs_restart(keys);
    }

    /// Builds a generation of what was seen, and finds out what it would change. Nothing that runs
    /// is touched.
    async fn draft(&self, seen: Seen, allowed: bool) -> Draft {
        let Seen { settings, mut problems, digest: seen_digest, .. } = seen;
        let Reloader { host, cell, store, clock, started, .. } = self.reloader;
        let (running, before) = (cell.current(), self.settings.as_ref().unwrap_or(started));
        let id = GenerationId(running.id.0 + 1);
        let (mut generation, mut loaded) = (None, seen_digest);
        let (mut changes, mut rehearsals) = (Changes::default(), Vec::new());
        let settings = settings.map(|mut settings| {
            changes.needs_restart = started.router.changed(&settings.router);
            settings.router.pool = started.router.pool.clone();
            settings.router.names = started.router.names.clone();
            settings
        });
        if let Some(settings) = &settings {
            problems.extend(outdated(&settings.router, clock.now_ms()));
            problems.extend(check_memory(settings));
            let built = build(host, settings, id, Some(&running)).await;
            problems.extend(built.problems);
            generation = built.generation.filter(|_| !problems.has_errors());
            loaded = digest(settings, &built.hashes);
            let built = generation.as_ref();
            let found = differing::changes((before, &running), (settings, built));
            changes = Changes { needs_restart: changes.needs_restart, ..found };
            if let Some(built) = built {
                // The bound is the new config's word, so that it can be raised for this reload.
                let longest = settings.router.reloading.rehearsal;
                let store = &**store;
                let running = &*running;
                let stage = Stage { store, running, built, settings, longest };
                rehearsals = stage.run().await;
                problems.extend(rehearsing::problems(&rehearsals, settings, allowed));
            }
        }
        let generation = generation.filter(|_| !problems.has_errors());
        let plan = Plan {
            at_ms: clock.now_ms(),
            of: running.id,
            fate: Fate::Asked,
            applies: generation.is_some(),
            problems: problems.render(false),
            changes,
            rehearsals,
        };
        Draft { settings, generation, seen: seen_digest, loaded, plan }
    }

    /// What would be done, without doing it.
    async fn plan(&mut self, watch: &mut Watch) -> Told {
        let seen = self.settle(watch).await;
        let plan = Arc::new(self.draft(seen, false).await.plan);
        self.reloader.cell.plan(Arc::clone(&plan));
        Told::Planned(plan)
    }

    async fn apply(&mut self, seen: Seen, allowed: bool) -> Told {
        let Draft { settings, generation, seen, loaded, mut plan } =
            self.draft(seen, allowed).await;
        let cell = &self.reloader.cell;
        self.tell_restart(plan.changes.needs_restart.clone());
        let (now_ms, rendered) = (plan.at_ms, plan.problems.clone());
        plan.fate = if generation.is_some() { Fate::Applied } else { Fate::Refused };
        cell.plan(Arc::new(plan));
        let Some(generation) = generation else {
            self.rejected = Some(seen);
            let line = format!("the config has problems: generation {} runs on", cell.id());
            observe::notice(Level::Error, &format!("{line}\n{rendered}"));
            cell.reject(Rejected { at_ms: now_ms, problems: rendered.clone() });
            return Told::Rejected(rendered);
        };
        let id = generation.id;
        cell.swap(generation, now_ms);
        if let Some(settings) = &settings {
            self.reloader.certificates.exchange(&settings.router);
        }
        // Not what was seen: a plugin's file may have changed again before it was loaded.
        (self.running, self.rejected) = (loaded, None);
        self.settings = settings;
        if !rendered.is_empty() {
            observe::notice(Level::Warn, &rendered);
        }
        observe::notice(Level::Info, &format!("generation {id} runs"));
        Told::Applied(id)
    }
}

/// What a config comes to, before anything is done with it.
struct Draft {
    settings: Option<Settings>,
    /// Only where nothing speaks against it.
    generation: Option<Generation>,
    /// What was read.
    seen: Digest,
    /// What was loaded.
    loaded: Digest,
    plan: Plan,
}

/// Plugins may have no more than the pool that runs gives; the settings were read under their own.
fn check_memory(settings: &Settings) -> Problems {
    let mut problems = Problems::new();
    for plugin in &settings.plugins {
        if plugin.limits.memory_bytes > settings.router.pool.memory_bytes {
            let message = format!("plugin \"{}\" has more memory than plugin_memory", plugin.name);
            let help = "plugin_memory was raised: it needs a restart";
            problems.push(Problem::error(message).at(&plugin.place).help(help));
        }
    }
    problems
}

/// A folder without a single config file is one that is being written, or a mistake: a running
/// router doesn't drop all its routes for that.
fn refuse_nothing(
    settings: Option<Settings>,
    mut problems: Problems,
) -> (Option<Settings>, Problems) {
    if settings.as_ref().is_some_and(|settings| settings.files.is_empty()) {
        problems.push(Problem::error("there is no config file any more"));
        return (None, problems);
    }
    (settings, problems)
}

/// What is new is read twice, this long apart, and counts once both are the same: a file may have
/// been half-written, and half a config can be a valid one that lacks routes.
const STILL: Duration = Duration::from_millis(50);
/// How often files are read again that change, or lie elsewhere than a moment ago.
const TRIES_MAX: usize = 10;

/// Reads the config, away from those who serve.
async fn see(reloader: &Reloader, files: Vec<PathBuf>) -> Seen {
    let (path, host) = (reloader.path.clone(), Arc::clone(&reloader.host));
    let seeing = tokio::task::spawn_blocking(move || see_now(&path, &host, files));
    match seeing.await {
        Ok(seen) => seen,
        Err(panic) => {
            let problem = Problem::error(format!("reading the config failed: {panic}"));
            Seen {
                settings: None,
                problems: problem.into(),
                digest: [0; 32],
                files: Vec::new(),
                folders: Folders::new(),
            }
        }
    }
}

fn see_now(path: &Path, host: &Host, files: Vec<PathBuf>) -> Seen {
    let environment = |name: &str| std::env::var(name).ok();
    let whole = if path.is_dir() { vec![path.to_owned(), path.join("routes")] } else { Vec::new() };
    let read = config::read(path);
    let (settings, problems) = match read {
        Ok(sources) => config::resolve(&sources, &environment),
        Err(problems) => (None, problems),
    };
    let (settings, problems) = refuse_nothing(settings, problems);
    // Of a config that can't be read it isn't known where it lies: the old places stay.
    let files = settings.as_ref().map_or(files, files_of);
    let digest = match &settings {
        Some(settings) => digest(settings, &hashes(host, settings)),
        None => of(problems.render(false).as_bytes()),
    };
    let root = path.to_owned();
    let folders = watch::folders(&whole, std::iter::once(&root).chain(&files));
    Seen { settings, problems, digest, files, folders }
}

/// What settings come down to, with their plugins' hashes, in the order of the settings.
pub fn digest(settings: &Settings, hashes: &[String]) -> Digest {
    of(format!("{} {}", settings.digest, hashes.join(" ")).as_bytes())
}

/// The hashes of the plugins' files as they stand now. Blocking: it reads them.
fn hashes(host: &Host, settings: &Settings) -> Vec<String> {
    settings.plugins.iter().map(|plugin| host.hash(&plugin.source).unwrap_or_default()).collect()
}

fn of(bytes: &[u8]) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    digest
}

fn files_of(settings: &Settings) -> Vec<PathBuf> {
    settings.files.iter().cloned().chain(plugin_files(settings)).collect()
}

fn plugin_files(settings: &Settings) -> impl Iterator<Item = PathBuf> + '_ {
    settings.plugins.iter().filter_map(|plugin| match &plugin.source {
        Source::File(path) => Some(path.clone()),
        Source::Builtin(_) => None,
    })
}
