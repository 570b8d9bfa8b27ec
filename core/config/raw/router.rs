//! `[listen]`, `[store]`, `[outbound]`, `[traces]` and `[admin]`: what is read once, when the
//! process starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::bounds::{DAY, GIB, MIB, MINUTE};
use super::forms::{self, one_of};
use super::keys::{Keys, key_name};
use super::limits::{self, Limits};
use super::secrets::{SecretRef, secret_refs};
use super::traces;
use crate::config::settings::Traces;
use crate::config::tree::{Entry, Value};
use crate::config::{Placed, Problem, Problems, StoreSettings};
use crate::intake::ForwardedHeader;
use crate::model::Network;

/// What a key of the API may be allowed.
const SCOPES: [&str; 6] =
    ["webhooks:read", "webhooks:write", "events:read", "events:write", "admin:read", "admin:write"];

/// All that needs a restart.
#[derive(Default)]
pub(crate) struct Router {
    pub(crate) listen: Listen,
    pub(crate) store_path: Option<PathBuf>,
    pub(crate) store_key: Vec<SecretRef>,
    pub(crate) limits: Limits,
    pub(crate) allow_networks: Vec<Network>,
    pub(crate) nameservers: Vec<SocketAddr>,
    pub(crate) traces: Option<Traces>,
    pub(crate) admin_keys: Vec<AdminKey>,
}

/// `[listen]`.
pub(crate) struct Listen {
    pub(crate) public: SocketAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) tls: Option<Tls>,
    pub(crate) admin_tls: AdminTls,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) forwarded_header: ForwardedHeader,
    pub(crate) debug_headers: bool,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            public: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            admin: None,
            tls: None,
            admin_tls: AdminTls::Same,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            debug_headers: false,
        }
    }
}

/// Where a certificate and its key are.
pub(crate) struct Tls {
    pub(crate) certificate: Placed<PathBuf>,
    pub(crate) key: Placed<PathBuf>,
}

/// Who the admin listener says it is.
pub(crate) enum AdminTls {
    /// As the public listener.
    Same,
    /// It speaks without TLS.
    Plain,
    /// Another one; `None` where what was written is wrong.
    Own(Option<Tls>),
}

/// One `[admin.keys.…]`.
pub(crate) struct AdminKey {
    pub(crate) name: Placed<String>,
    pub(crate) secret: Vec<SecretRef>,
    pub(crate) scopes: Vec<Placed<String>>,
}

pub(crate) fn router(keys: &mut Keys<'_, '_>) -> Router {
    let mut router = Router::default();
    if let Some(table) = keys.table("listen", "[listen]") {
        router.listen = listen(table);
    }
    if let Some(table) = keys.table("limits", "[limits]") {
        router.limits = limits::limits(table);
    }
    if let Some(table) = keys.table("store", "[store]") {
        store(table, &mut router);
    }
    if let Some(mut table) = keys.table("outbound", "[outbound]") {
        router.allow_networks = values(table.list("allow_networks", forms::network));
        router.nameservers = values(table.list("nameservers", forms::name_server));
        table.finish();
    }
    if let Some(table) = keys.table("traces", "[traces]") {
        router.traces = traces::traces(table);
    }
    if let Some(mut table) = keys.table("admin", "[admin]") {
        for entry in table.entries("keys") {
            router.admin_keys.extend(admin_key(entry, table.problems()));
        }
        table.finish();
    }
    router
}

fn values<T>(list: Option<Vec<Placed<T>>>) -> Vec<T> {
    list.unwrap_or_default().into_iter().map(|item| item.value).collect()
}

fn listen(mut keys: Keys<'_, '_>) -> Listen {
    let mut listen = Listen::default();
    if let Some(public) = keys.form("public", forms::socket) {
        listen.public = public.value;
    }
    listen.public_url = keys.form("public_url", forms::base_url).map(|url| url.value);
    let admin = keys.form("admin", forms::socket);
    // Port 0 is another one each time.
    let fixed = listen.public.port() != 0;
    if let Some(admin) = admin.as_ref().filter(|admin| fixed && admin.value == listen.public) {
        let message = "admin and public can't be the same address";
        keys.problems().push(Problem::error(message).at(&admin.place));
    }
    listen.admin = admin.map(|admin| admin.value);
    listen.tls = keys.table("tls", "tls").and_then(tls);
    listen.admin_tls = admin_tls(&mut keys);
    listen.trusted_proxies = values(keys.list("trusted_proxies", forms::network));
    let header = keys.form("forwarded_header", one_of(&["x-forwarded-for", "forwarded"]));
    if header.is_some_and(|header| header.value == "forwarded") {
        listen.forwarded_header = ForwardedHeader::Forwarded;
    }
    keys.flag("debug_headers", &mut listen.debug_headers);
    keys.finish();
    listen
}

fn admin_tls(keys: &mut Keys<'_, '_>) -> AdminTls {
    match keys.take("admin_tls").map(|node| &node.value) {
        None => AdminTls::Same,
        Some(Value::Flag(false)) => AdminTls::Plain,
        Some(_) => AdminTls::Own(keys.table("admin_tls", "admin_tls").and_then(tls)),
    }
}

fn tls(mut keys: Keys<'_, '_>) -> Option<Tls> {
    let certificate = keys.path("certificate");
    let key = keys.path("key");
    for name in ["certificate", "key"] {
        if !keys.has(name) {
            keys.missing(name, "write { certificate = \"…\", key = \"…\" }");
        }
    }
    keys.finish();
    Some(Tls { certificate: certificate?, key: key? })
}

fn store(mut keys: Keys<'_, '_>, router: &mut Router) {
    router.store_path = keys.path("path").map(|path| path.value);
    let StoreSettings { keep, bytes, .. } = &mut router.limits.store;
    keys.time("keep", MINUTE..=3650 * DAY, keep);
    keys.size("size", MIB..=1024 * GIB, bytes);
    if let Some(node) = keys.take("secret_key") {
        router.store_key = secret_refs(node, keys.problems());
    }
    if let Some(node) = keys.take("url") {
        let message = "a shared store can't be used yet";
        let help = "leave url out: this router keeps its own store, at path";
        keys.problems().push(Problem::error(message).at(&node.place).help(help));
    }
    keys.finish();
}

fn admin_key(entry: &Entry, problems: &mut Problems) -> Option<AdminKey> {
    let name = key_name(entry, problems);
    let mut keys = Keys::open(&entry.node, "[admin.keys.*]", problems)?;
    let secret = keys.take("secret").map(|node| secret_refs(node, keys.problems()));
    if secret.is_none() {
        keys.missing("secret", "write secret = { env = \"…\" }");
    }
    let scopes = keys.list("scopes", one_of(&SCOPES));
    if scopes.is_none() && !keys.has("scopes") {
        keys.missing("scopes", "write scopes = [\"events:read\"], or what else it may do");
    }
    keys.finish();
    Some(AdminKey { name: name?, secret: secret?, scopes: scopes? })
}
