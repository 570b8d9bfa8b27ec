//! Keeps the running generation in step with the config: one task, woken by whatever may have
//! changed something. Everything is built before anything is swapped, so a config with problems
//! changes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::build::build;
use super::certificates::{Certificates, outdated};
use super::differing;
use super::proving::{Proving, Running};
use super::rehearsing::{self, Stage};
use super::seen::{Digest, Seen, digest, files_of, see};
use super::watch::Watch;
use crate::config::{Problem, Problems, Settings};
use crate::generation::{Ask, Cell, Changes, Fate, Generation, Plan, Purpose, Rejected, Told};
use crate::model::{Clock, GenerationId};
use crate::observe::{self, Level};
use crate::plugin::Host;
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
    /// The hashes of its plugins, as they were loaded.
    pub hashes: Vec<String>,
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

impl Reloader {
    /// Reloads until nobody can ask any more and the process ends. `hangups` yields once for each
    /// SIGHUP.
    pub async fn run(self, mut asks: mpsc::Receiver<Ask>, mut hangups: mpsc::Receiver<()>) {
        let rules = self.started.router.reloading.clone();
        let mut watch = Watch::new(rules.poll);
        let files = files_of(&self.started);
        let mut live = Live {
            reloader: &self,
            running: self.digest,
            hashes: self.hashes.clone(),
            settings: None,
            rejected: None,
            files,
            hollow: BTreeSet::new(),
        };
        // The first look only finds out where to look, and what changed since the start.
        live.look(&mut watch, Look::Files).await;
        let mut changed = false;
        loop {
            // Files are left to settle; whoever asks, or sends the signal, means now.
            let wake = tokio::select! {
                () = watch.changed(), if !changed => {
                    changed = true;
                    continue;
                }
                () = watch.settled(&rules), if changed => Wake::Files,
                Some(()) = hangups.recv() => Wake::Hangup,
                Some(ask) = asks.recv() => Wake::Asked(ask),
            };
            match wake {
                Wake::Files => {}
                Wake::Hangup => {
                    live.look(&mut watch, Look::Again).await;
                }
                Wake::Asked(ask) => live.answer(&mut watch, ask).await,
            }
            // Whatever came in between, a change isn't forgotten: a plan, for one, applies nothing.
            if std::mem::take(&mut changed) {
                watch.retry();
                live.look(&mut watch, Look::Files).await;
            }
        }
    }
}

/// The task's own knowledge.
struct Live<'r> {
    reloader: &'r Reloader,
    running: Digest,
    /// The hashes of its plugins.
    hashes: Vec<String>,
    /// What that was built of; `None`: what the process was started with.
    settings: Option<Settings>,
    /// What was found wrong last, so that it is said once.
    rejected: Option<Digest>,
    /// The files that mattered when the config could last be read.
    files: Vec<PathBuf>,
    /// Those of them that were empty or gone when it was last looked.
    hollow: BTreeSet<PathBuf>,
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
        let seen = self.settled(watch).await;
        self.hollow.clone_from(&seen.hollow);
        seen
    }

    async fn settled(&mut self, watch: &mut Watch) -> Seen {
        let mut before = self.running;
        for _ in 0..TRIES_MAX {
            let seen = see(&self.reloader.path, &self.reloader.host, self.files.clone()).await;
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
            let still = if seen.hollow.is_subset(&self.hollow) { STILL } else { HOLLOW_STILL };
            tokio::time::sleep(still).await;
        }
        see(&self.reloader.path, &self.reloader.host, self.files.clone()).await
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
        let (mut generation, mut loaded, mut hashes) = (None, seen_digest, Vec::new());
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
            let runs = Some(Running { settings: before, hashes: &self.hashes });
            let proving = Proving { settings, built: &built, running: runs, allowed };
            // The bound is the new config's word, so that it can be raised for this reload.
            let (unproved, longest) = proving.run().await;
            hashes = built.hashes();
            problems.extend(built.problems);
            generation = built.generation.filter(|_| !problems.has_errors());
            // What its vectors say hides nothing else of it.
            problems.extend(unproved);
            loaded = digest(settings, &hashes);
            let built = generation.as_ref();
            let found = differing::changes((before, &running), (settings, built));
            changes = Changes { needs_restart: changes.needs_restart, ..found };
            if let Some(built) = built {
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
        Draft { settings, generation, seen: seen_digest, loaded, hashes, plan }
    }

    /// What would be done, without doing it.
    async fn plan(&mut self, watch: &mut Watch) -> Told {
        let seen = self.settle(watch).await;
        let plan = Arc::new(self.draft(seen, false).await.plan);
        self.reloader.cell.plan(Arc::clone(&plan));
        Told::Planned(plan)
    }

    async fn apply(&mut self, seen: Seen, allowed: bool) -> Told {
        let Draft { settings, generation, seen, loaded, hashes, mut plan } =
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
        (self.settings, self.hashes) = (settings, hashes);
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
    /// The hashes of its plugins.
    hashes: Vec<String>,
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

/// What is new is read twice, this long apart, and counts once both are the same: a file may have
/// been half-written, and half a config can be a valid one that lacks routes.
const STILL: Duration = Duration::from_millis(50);
/// The same where a file has become empty, or is gone. Whoever writes a file in place empties it
/// first, and a busy disk may hold up what comes then; one of several may be empty for good.
const HOLLOW_STILL: Duration = Duration::from_millis(500);
/// How often files are read again that change, or lie elsewhere than a moment ago.
const TRIES_MAX: usize = 10;
