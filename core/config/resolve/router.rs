//! What needs a restart, with its defaults and secrets.

use std::path::{Path, PathBuf};

use super::Desk;
use super::tls::tls;
use crate::config::raw::router as raw;
use crate::config::{AdminKey, Problem, Router, SecretVersion, StoreSettings};
use crate::outbound::Names;

/// Where the embedded store is, from the folder that the config is in.
const STORE_PATH: &str = "data/hookswitch.db";

pub(super) fn router(raw: &raw::Router, root: &Path, desk: &mut Desk<'_>) -> Router {
    let store_key = store_key(raw, desk);
    let admin_keys = raw.admin_keys.iter().map(|key| admin_key(key, desk)).collect();
    let (listen, limits) = (&raw.listen, &raw.limits);
    let public_tls = listen.tls.as_ref().and_then(|files| tls(files, desk));
    let admin_tls = match &listen.admin_tls {
        raw::AdminTls::Same => public_tls.clone(),
        raw::AdminTls::Plain => None,
        raw::AdminTls::Own(own) => own.as_ref().and_then(|files| tls(files, desk)),
    };
    let path = raw.store_path.clone().unwrap_or_else(|| default_store(root));
    Router {
        public: listen.public,
        public_url: listen.public_url.clone(),
        admin: listen.admin,
        tls: public_tls,
        admin_tls,
        trusted_proxies: listen.trusted_proxies.clone(),
        forwarded_header: listen.forwarded_header,
        store: StoreSettings { path, ..limits.store.clone() },
        store_key,
        listen: limits.listen.clone(),
        intake: limits.intake.clone(),
        pool: limits.pool.clone(),
        plugin: limits.plugin.clone(),
        reloading: limits.reloading.clone(),
        delivering: limits.delivering.clone(),
        answering: limits.answering.clone(),
        debug_headers: listen.debug_headers,
        allow_networks: raw.allow_networks.clone(),
        names: Names::of(&raw.nameservers),
        traces: raw.traces.clone(),
        admin_keys,
    }
}

/// Unlike a route's, a secret of the store's has to be there: without it the store would be sealed
/// with another key than it was meant to be, or not open at all.
fn store_key(raw: &raw::Router, desk: &mut Desk<'_>) -> Vec<SecretVersion> {
    let key = desk.shelf.versions(&raw.store_key, "the store", &mut desk.problems);
    if let (Some(why), Some(reference)) = (key.offline, raw.store_key.first()) {
        let message = format!("the store can't be opened without its secret_key: {why}");
        desk.problems.push(Problem::error(message).at(&reference.place));
    }
    key.list
}

/// Beside what `--config` names, be it a folder or a file.
fn default_store(root: &Path) -> PathBuf {
    root.parent().unwrap_or(Path::new("")).join(STORE_PATH)
}

fn admin_key(raw: &raw::AdminKey, desk: &mut Desk<'_>) -> AdminKey {
    let user = format!("admin key {}", raw.name.value);
    AdminKey {
        name: raw.name.value.clone(),
        place: raw.name.place.clone(),
        secret: desk.shelf.versions(&raw.secret, &user, &mut desk.problems).list,
        scopes: raw.scopes.iter().map(|scope| scope.value.clone()).collect(),
    }
}
