//! What the config means: names found, secrets fetched, bounds compared, defaults filled in.
//!
//! Either there is no error and there are settings, or there are errors and nothing.

mod names;
mod shelf;
mod router;
mod tls;
mod plugins;
mod routes;
mod destinations;

use std::collections::BTreeSet;
use std::path::PathBuf;

use ring::digest;

use self::names::Names;
use self::shelf::Shelf;
use super::raw::limits::Limits;
use super::raw::{Raw, raw};
use super::source::Sources;
use super::{Problem, Problems, Settings, Severity};
use crate::model::hex;

/// What all parts of resolving share.
struct Desk<'a> {
    names: &'a Names<'a>,
    limits: &'a Limits,
    shelf: Shelf<'a>,
    /// Files that were read or tried, beside config files and secrets'.
    read: Vec<Read>,
    problems: Problems,
}

/// A file, and what was in it; nothing where it couldn't be read.
struct Read {
    path: PathBuf,
    digest: digest::Digest,
}

/// Finds what the config means. Warnings come beside the settings; with any error there are none.
/// `environment` looks up a variable, and says nothing of one that isn't there or isn't UTF-8.
pub fn resolve(
    sources: &Sources,
    environment: &dyn Fn(&str) -> Option<String>,
) -> (Option<Settings>, Problems) {
    let mut found = Problems::new();
    let raw = raw(sources, &mut found);
    let names = Names::collect(&raw, &mut found);
    let shelf = Shelf::new(&raw.secrets, &names, environment);
    let limits = &raw.router.limits;
    let desk = Desk { names: &names, limits, shelf, read: Vec::new(), problems: found };
    let (settings, mut found) = settings(sources, &raw, desk);
    drop_what_follows(sources, &mut found);
    let mut problems = sources.problems.clone();
    problems.extend(found);
    ((!problems.has_errors()).then_some(settings).flatten(), problems.sorted())
}

fn settings(sources: &Sources, raw: &Raw, mut desk: Desk<'_>) -> (Option<Settings>, Problems) {
    if raw.routes.is_empty() {
        let message = format!("there are no routes in {}", sources.root.display());
        let help = "routes stand under [[routes]], in routes/*.toml of the config's folder";
        desk.problems.push(Problem::warning(message).help(help).doubtful());
    }
    let router = router::router(&raw.router, &sources.root, &mut desk);
    let plugins = raw.plugins.iter().map(|plugin| plugins::plugin(plugin, &mut desk)).collect();
    let routes: Vec<_> = raw.routes.iter().map(|route| routes::route(route, &mut desk)).collect();
    let destinations =
        raw.destinations.iter().map(|one| destinations::destination(one, &mut desk)).collect();
    plugins::check_use(raw, &mut desk);
    destinations::check_use(raw, &mut desk);
    desk.shelf.report(&mut desk.problems);
    let mut files: Vec<_> = sources.files().map(ToOwned::to_owned).collect();
    let digest = digest(sources, &desk);
    files.extend(desk.read.into_iter().map(|read| read.path));
    files.extend(desk.shelf.into_files());
    let settings = routes.into_iter().collect::<Option<Vec<_>>>().map(|routes| Settings {
        router,
        plugins,
        routes,
        destinations,
        files,
        digest,
    });
    (settings, desk.problems)
}

/// The same for the same files with the same secrets and certificates.
fn digest(sources: &Sources, desk: &Desk<'_>) -> String {
    let mut all = digest::Context::new(&digest::SHA256);
    for document in &sources.documents {
        let path = document.source.path().as_os_str().as_encoded_bytes();
        all.update(digest::digest(&digest::SHA256, path).as_ref());
        all.update(document.digest.as_ref());
    }
    for part in desk.shelf.digests().chain(desk.read.iter().map(|read| read.digest)) {
        all.update(part.as_ref());
    }
    hex::encode(all.finish().as_ref())
}

/// Where text could not be read, what was found behind it may be wrong, and so may be whatever
/// wants something that could stand there.
fn drop_what_follows(sources: &Sources, found: &mut Problems) {
    let lost = sources.documents.iter().any(|document| document.lost_from.is_some());
    let unread = sources
        .problems
        .iter()
        .any(|problem| problem.place.is_none() && problem.severity == Severity::Error);
    let told: BTreeSet<_> = sources.problems.iter().filter_map(Problem::rank).collect();
    found.retain(|problem| {
        let doubtful = problem.doubtful && (lost || unread);
        let hidden = problem.place.as_ref().is_some_and(|place| {
            let document = sources.documents.get(place.rank().0);
            told.contains(&place.rank()) || document.is_some_and(|document| document.hides(place))
        });
        !doubtful && !hidden
    });
}
