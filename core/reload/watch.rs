//! Watching the folders that the config, its secrets and its plugins lie in. Folders and not files,
//! since a file that an editor renames into place, or a symlink that is swapped, is another file.
//!
//! An event says no more than "look again". Where the system can't tell of changes, it is said at
//! intervals.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::config::Reloading;
use crate::observe::{self, Level};

/// Links that are followed from one path, as many as the system follows.
const LINKS_MAX: usize = 40;

/// What is watched, by its path.
pub(super) type Folders = BTreeMap<PathBuf, Folder>;

/// One folder that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    /// What counts in it; `None` = everything.
    names: Option<BTreeSet<OsString>>,
    /// Which one it is: a folder that was made anew under the same path is another.
    inode: Option<u64>,
}

impl Folder {
    fn at(path: &Path) -> Folder {
        let inode = std::fs::metadata(path).map(|about| about.ino()).ok();
        Folder { names: Some(BTreeSet::new()), inode }
    }
}

/// Tells when something may have changed.
pub(super) struct Watch {
    changed: Arc<Notify>,
    /// Dropped with all it watches.
    watcher: Option<RecommendedWatcher>,
    /// Whether some of it can't be watched.
    blind: bool,
    folders: Folders,
    poll: Duration,
}

impl Watch {
    /// Watches nothing yet.
    pub(super) fn new(poll: Duration) -> Watch {
        let changed = Arc::new(Notify::new());
        Watch { changed, watcher: None, blind: false, folders: Folders::new(), poll }
    }

    /// Watches these folders from here on. Whatever changed meanwhile has to be looked for.
    pub(super) fn follow(&mut self, folders: Folders) {
        let (watcher, fault) = watcher(Arc::clone(&self.changed), &folders);
        if let (Some(fault), false) = (&fault, self.blind) {
            let seconds = self.poll.as_secs_f32();
            let line = format!("changes are also looked for every {seconds} s: {fault}");
            observe::notice(Level::Warn, &line);
        }
        // The new one is there before the old one goes.
        self.watcher = watcher;
        self.blind = fault.is_some();
        self.folders = folders;
    }

    /// Whether these are the folders that are watched, all of them.
    pub(super) fn follows(&self, folders: &Folders) -> bool {
        self.folders == *folders
    }

    /// Waits until something may have changed.
    pub(super) async fn changed(&self) {
        let blind = async {
            match self.blind {
                true => tokio::time::sleep(self.poll).await,
                false => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.changed.notified() => {}
            () = blind => {}
        }
    }

    /// Tries anew what couldn't be watched.
    pub(super) fn retry(&mut self) {
        if self.blind {
            self.follow(self.folders.clone());
        }
    }

    /// Waits until nothing has changed for a while, or the edits have gone on for too long.
    pub(super) async fn settled(&self, rules: &Reloading) {
        settle(&self.changed, rules).await;
    }
}

async fn settle(changed: &Notify, rules: &Reloading) {
    let end = Instant::now() + rules.longest;
    loop {
        let quiet = (Instant::now() + rules.quiet).min(end);
        if timeout_at(quiet, changed.notified()).await.is_err() || Instant::now() >= end {
            return;
        }
    }
}

/// Watches what can be watched; the fault is that of the first folder that can't.
fn watcher(
    changed: Arc<Notify>,
    folders: &Folders,
) -> (Option<RecommendedWatcher>, Option<notify::Error>) {
    let names = folders.clone();
    let made = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // An error may have swallowed an event.
        if event.map_or(true, |event| concerns(&event, &names)) {
            changed.notify_one();
        }
    });
    let mut watcher = match made {
        Ok(watcher) => watcher,
        Err(fault) => return (None, Some(fault)),
    };
    let watch = |folder: &PathBuf| watcher.watch(folder, RecursiveMode::NonRecursive).err();
    let faults: Vec<notify::Error> = folders.keys().filter_map(watch).collect();
    (Some(watcher), faults.into_iter().next())
}

fn concerns(event: &Event, folders: &Folders) -> bool {
    // Reading the files is no change, and would be an event each time.
    if matches!(event.kind, EventKind::Access(access) if !is_end_of_writing(access)) {
        return false;
    }
    let known = |path: &PathBuf| {
        let folder = path.parent().and_then(|folder| folders.get(folder));
        let named =
            |names: &BTreeSet<OsString>| path.file_name().is_some_and(|name| names.contains(name));
        // A folder's own end is an event on the folder itself.
        folders.contains_key(path)
            || folder.is_some_and(|folder| folder.names.as_ref().is_none_or(named))
    };
    event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(known)
}

fn is_end_of_writing(access: notify::event::AccessKind) -> bool {
    use notify::event::{AccessKind, AccessMode};
    matches!(access, AccessKind::Close(AccessMode::Write))
}

/// The folders that have to be watched so that no change of these files and folders is missed: the
/// folder of each, of each link on the way to it, and where it isn't there, the nearest that is.
/// Of the folders in `whole` everything counts.
pub(super) fn folders<'p>(
    whole: &'p [PathBuf],
    paths: impl IntoIterator<Item = &'p PathBuf>,
) -> Folders {
    let mut folders = Folders::new();
    for path in whole.iter().chain(paths) {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        walk(&absolute, &mut folders, LINKS_MAX);
    }
    for folder in whole {
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        if absolute.is_dir() {
            folders.entry(absolute.clone()).or_insert_with(|| Folder::at(&absolute)).names = None;
        }
    }
    folders
}

/// Adds the folder of a path, and that of each link on the way to it.
fn walk(path: &Path, folders: &mut Folders, links: usize) {
    let mut so_far = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            so_far.pop();
            continue;
        }
        let next = so_far.join(component);
        if let Ok(target) = next.read_link() {
            add(&next, folders);
            if links > 0 {
                walk(&so_far.join(target), folders, links - 1);
            }
            // What `..` leads to from here is beside the target, not beside the link.
            so_far = next.canonicalize().unwrap_or(next);
            continue;
        } else if !next.exists() {
            add(&next, folders);
            return;
        }
        so_far = next;
    }
    add(&so_far, folders);
}

fn add(path: &Path, folders: &mut Folders) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    let folder = folders.entry(folder.to_owned()).or_insert_with(|| Folder::at(folder));
    if let Some(names) = &mut folder.names {
        names.insert(name.to_owned());
    }
}

#[cfg(test)]
mod tests;
