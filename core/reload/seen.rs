//! The config as it stands on the disk, read away from those who serve: settings or problems, what
//! they come down to, and where changes of any of it have to be looked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest;

use super::watch::{self, Folders};
use crate::config::{self, Problem, Problems, Settings};
use crate::plugin::{Host, Source};

/// What a config comes down to, with its secrets and its plugins' files: SHA-256. The same digest,
/// the same generation.
pub type Digest = [u8; 32];

/// The config as it stands now.
pub(super) struct Seen {
    pub(super) settings: Option<Settings>,
    pub(super) problems: Problems,
    pub(super) digest: Digest,
    /// The files that matter, and where they have to be watched.
    pub(super) files: Vec<PathBuf>,
    pub(super) folders: Folders,
    /// Those of them that are empty, or gone: as they are just before they are written.
    pub(super) hollow: BTreeSet<PathBuf>,
}

/// Reads the config, away from those who serve.
pub(super) async fn see(path: &Path, host: &Arc<Host>, files: Vec<PathBuf>) -> Seen {
    let (path, host) = (path.to_owned(), Arc::clone(host));
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
                hollow: BTreeSet::new(),
            }
        }
    }
}

fn see_now(path: &Path, host: &Host, files: Vec<PathBuf>) -> Seen {
    let environment = |name: &str| std::env::var(name).ok();
    let whole = if path.is_dir() { vec![path.to_owned(), path.join("routes")] } else { Vec::new() };
    let read = config::read(path);
    let (settings, problems) = match read {
        Ok(sources) if sources.is_empty() && !sources.problems.has_errors() => {
            (None, nothing(path))
        }
        Ok(sources) => config::resolve(&sources, &environment),
        Err(problems) => (None, problems),
    };
    // Of a config that can't be read it isn't known where it lies: the old places stay.
    let files = settings.as_ref().map_or(files, files_of);
    let digest = match &settings {
        Some(settings) => digest(settings, &hashes(host, settings)),
        None => of(problems.render(false).as_bytes()),
    };
    let root = path.to_owned();
    let folders = watch::folders(&whole, std::iter::once(&root).chain(&files));
    let is_hollow = |path: &&PathBuf| std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    let hollow = files.iter().filter(is_hollow).cloned().collect();
    Seen { settings, problems, digest, files, folders, hollow }
}

/// What settings come down to, with their plugins' hashes, in the order of the settings.
pub(super) fn digest(settings: &Settings, hashes: &[String]) -> Digest {
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

pub(super) fn files_of(settings: &Settings) -> Vec<PathBuf> {
    settings.files.iter().cloned().chain(plugin_files(settings)).collect()
}

fn plugin_files(settings: &Settings) -> impl Iterator<Item = PathBuf> + '_ {
    settings.plugins.iter().filter_map(|plugin| match &plugin.source {
        Source::File(path) => Some(path.clone()),
        Source::Builtin(_) => None,
    })
}

/// A config in which nothing stands is one that is being written, or a mistake: a running router
/// doesn't drop all its routes for that.
fn nothing(path: &Path) -> Problems {
    let problem =
        Problem::error(format!("nothing stands in the config {} any more", path.display()));
    problem.help("to serve nothing, stop the router").into()
}
