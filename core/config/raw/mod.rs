//! What the user typed: every table of every file read into plain data, each value checked for its
//! own form, and nothing looked up yet.
//!
//! Only the tables that need a restart are bound to a file, `router.toml`; the others may stand in
//! any.

pub(crate) mod keys;
pub(crate) mod forms;
pub(crate) mod bounds;
pub(crate) mod router;
pub(crate) mod limits;
pub(crate) mod secrets;
pub(crate) mod grants;
pub(crate) mod plugins;
pub(crate) mod routes;
pub(crate) mod answers;
pub(crate) mod traces;
pub(crate) mod destinations;

use self::destinations::Destination;
use self::keys::{Keys, items};
use self::plugins::Plugin;
use self::router::Router;
use self::routes::Route;
use self::secrets::NamedSecret;
use super::source::{Document, Part, Sources};
use super::{Place, Problem, Problems};

/// Tables of `router.toml`.
const ROUTER_TABLES: [&str; 6] = ["listen", "store", "limits", "outbound", "traces", "admin"];

/// The whole config as it was typed.
#[derive(Default)]
pub(crate) struct Raw {
    pub(crate) router: Router,
    pub(crate) secrets: Vec<NamedSecret>,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) routes: Vec<Route>,
    pub(crate) destinations: Vec<Destination>,
}

/// Reads all files.
pub(crate) fn raw(sources: &Sources, problems: &mut Problems) -> Raw {
    let mut raw = Raw::default();
    for document in &sources.documents {
        read_document(document, &mut raw, problems);
    }
    raw
}

fn read_document(document: &Document, raw: &mut Raw, problems: &mut Problems) {
    let start = Place::new(&document.source, 0..0);
    let mut keys = Keys::of(&document.entries, &start, "the config", problems);
    match document.part {
        Part::Router => raw.router = router::router(&mut keys),
        Part::Routes => refuse_router_tables(&mut keys),
    }
    for entry in keys.entries("secrets") {
        raw.secrets.extend(secrets::named(entry, keys.problems()));
    }
    for entry in keys.entries("plugins") {
        raw.plugins.extend(plugins::plugin(entry, keys.problems()));
    }
    if let Some(node) = keys.take("routes") {
        let list = items(node, "a list of tables, each under [[routes]]", keys.problems());
        for item in list.unwrap_or_default() {
            raw.routes.extend(routes::route(item, keys.problems()));
        }
    }
    for entry in keys.entries("destinations") {
        raw.destinations.extend(destinations::destination(entry, keys.problems()));
    }
    keys.finish();
}

fn refuse_router_tables(keys: &mut Keys<'_, '_>) {
    for table in ROUTER_TABLES {
        if let Some(node) = keys.take(table) {
            let message = format!("[{table}] belongs in router.toml");
            let help = "what stands there is read once, when the router starts";
            keys.problems().push(Problem::error(message).at(&node.place).help(help));
        }
    }
}
