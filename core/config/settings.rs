//! What the config means: every name resolved, every bound checked, every default filled in.
//!
//! Settings stand on their own: whoever has them needs no config file, and may still point into
//! one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Answering, Delivering, Place, Placed, Reloading, StoreSettings};
use crate::intake::ForwardedHeader;
use crate::listen::Identity;
use crate::model::{Answer, Decline, KindPattern, Network, OutOfOrder};
use crate::observe::Sampling;
use crate::outbound::Names;
use crate::plugin::{HostRule, SecretText, Source};
use crate::{intake, listen, plugin};

/// All that the config says.
#[derive(Debug)]
pub struct Settings {
    /// What needs a restart.
    pub router: Router,
    /// All `[plugins.…]`; [`AdapterRef::Plugin`] and [`ResponderRef::Plugin`] count in here.
    pub plugins: Vec<PluginSettings>,
    /// All `[[routes]]`.
    pub routes: Vec<RouteSettings>,
    /// All `[destinations.…]`; [`RouteSettings::deliver`] names them.
    pub destinations: Vec<DestinationSettings>,
    /// The files that were read, or tried: config files, and secrets' files in use.
    pub files: Vec<PathBuf>,
    /// SHA-256 in hex over all config files and the secrets in use: the same digest, the same
    /// settings. Plugins' own files aren't in it. It isn't for showing: it could confirm a guess at
    /// a weak secret.
    pub digest: String,
}

/// What is read once, when the process starts.
#[derive(Debug)]
pub struct Router {
    /// Where providers call.
    pub public: SocketAddr,
    /// What they think they call: `http` or `https` and a host, perhaps a path, no `/` at its end.
    pub public_url: Option<String>,
    /// Health, metrics and the API.
    pub admin: Option<SocketAddr>,
    /// Who the public listener says it is; `None`: it speaks without TLS.
    pub tls: Option<Tls>,
    /// Who the admin listener says it is.
    pub admin_tls: Option<Tls>,
    /// Whose word on the caller's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// Which header carries that word.
    pub forwarded_header: ForwardedHeader,
    /// The embedded store.
    pub store: StoreSettings,
    /// Encrypts what is secret in the store.
    pub store_key: Vec<SecretVersion>,
    /// The bounds of connections.
    pub listen: listen::Limits,
    /// The bounds of callbacks.
    pub intake: intake::Limits,
    /// What all plugins share.
    pub pool: plugin::PoolLimits,
    /// What one plugin may take, where it says nothing of its own.
    pub plugin: plugin::Limits,
    /// How changes are waited for.
    pub reloading: Reloading,
    /// How events are confirmed and delivered.
    pub delivering: Delivering,
    /// How requests are answered.
    pub answering: Answering,
    /// Replies say which generation they ran on.
    pub debug_headers: bool,
    /// Private networks that plugins and API-registered webhooks may reach.
    pub allow_networks: Vec<Network>,
    /// Whom to ask for addresses.
    pub names: Names,
    /// Where spans are sent; `None`: there are none.
    pub traces: Option<Traces>,
    /// Who may use the API.
    pub admin_keys: Vec<AdminKey>,
}

impl Router {
    /// The keys that differ in `new` and count only after a restart. What plugins may take and
    /// reach, and who may use the API, isn't among them: each generation is built with what the
    /// config says then.
    pub fn changed(&self, new: &Router) -> Vec<String> {
        let mut keys = Vec::new();
        let mut look = |same: bool, table: &str, key: &str| {
            if !same {
                keys.push(format!("{key} in [{table}]"));
            }
        };
        look(self.public == new.public, "listen", "public");
        look(self.public_url == new.public_url, "listen", "public_url");
        look(self.admin == new.admin, "listen", "admin");
        // Other certificates are taken up while it runs; with TLS or without is for a restart.
        look(self.tls.is_some() == new.tls.is_some(), "listen", "tls");
        look(self.admin_tls.is_some() == new.admin_tls.is_some(), "listen", "admin_tls");
        look(self.trusted_proxies == new.trusted_proxies, "listen", "trusted_proxies");
        look(self.forwarded_header == new.forwarded_header, "listen", "forwarded_header");
        look(self.debug_headers == new.debug_headers, "listen", "debug_headers");
        let (store, new_store) = (&self.store, &new.store);
        look(store.path == new_store.path, "store", "path");
        look(store.keep == new_store.keep, "store", "keep");
        look(store.bytes == new_store.bytes, "store", "size");
        look(store.queue == new_store.queue, "limits", "store_queue");
        look(store.batch == new_store.batch, "limits", "store_batch");
        look(store.webhooks_max == new_store.webhooks_max, "limits", "webhooks");
        look(self.store_key == new.store_key, "store", "secret_key");
        look(self.names == new.names, "outbound", "nameservers");
        look(self.traces == new.traces, "traces", "endpoint, sample and believe_parent");
        let pool = |field: String| match field.as_str() {
            "memory_bytes" => "plugin_memory".to_owned(),
            _ => field,
        };
        let limits = fields(&self.listen, &new.listen)
            .into_iter()
            .chain(fields(&self.intake, &new.intake))
            .chain(fields(&self.delivering, &new.delivering))
            .chain(fields(&self.pool, &new.pool).into_iter().map(pool))
            .chain(
                fields(&self.reloading, &new.reloading).into_iter().map(|f| format!("reload_{f}")),
            );
        limits.for_each(|key| look(false, "limits", &key));
        keys
    }
}

/// The names of the fields that differ; limits are named as their keys are.
fn fields<T: std::fmt::Debug>(old: &T, new: &T) -> Vec<String> {
    let (old, new) = (format!("{old:#?}"), format!("{new:#?}"));
    let name = |(old, new): (&str, &str)| {
        let (name, _) = new.trim().split_once(':')?;
        (old != new).then(|| name.to_owned())
    };
    old.lines().zip(new.lines()).filter_map(name).collect()
}

/// Spans of callbacks, of what they ask and of what is delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Traces {
    /// The collector's URL, which takes OTLP over HTTP.
    pub endpoint: String,
    /// Which callbacks have any.
    pub sampling: Sampling,
}

/// A certificate with its key, as it was read.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Where the certificate's file is named.
    pub place: Place,
    /// What was read.
    pub identity: Identity,
}

/// One key of the API.
#[derive(Debug)]
pub struct AdminKey {
    /// Its id.
    pub name: String,
    /// Where it is defined.
    pub place: Place,
    /// Its secret; empty where that isn't to be had.
    pub secret: Vec<SecretVersion>,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// One version of a secret; several stand side by side while keys are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// What logs and verdicts call it: its name in `[secrets]`, or where it comes from.
    pub name: String,
    /// The key id that providers send along.
    pub kid: Option<String>,
    /// The secret itself.
    pub value: SecretText,
}

/// A key of a `secrets` table: what an adapter calls a secret.
#[derive(Debug, Clone)]
pub struct Role {
    /// The key.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// The versions that are to be had, in the order of the config.
    pub versions: Vec<SecretVersion>,
}

/// One `[plugins.…]`.
#[derive(Debug)]
pub struct PluginSettings {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub place: Place,
    /// Its code.
    pub source: Source,
    /// Where its code is named.
    pub source_place: Place,
    /// The folder with its vectors, which run before it does.
    pub vectors: Option<Placed<PathBuf>>,
    /// What it may take.
    pub limits: plugin::Limits,
    /// Hosts that it may call as a responder.
    pub allow_http: Vec<HostRule>,
    /// Its settings as a responder.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Where each of the settings' keys is written.
    pub setting_places: BTreeMap<String, Place>,
    /// Its secrets as a responder.
    pub secrets: Vec<Role>,
    /// Which of them it may read in plain.
    pub reveal: Vec<String>,
    /// Why it can't answer now: one of its secrets isn't there.
    pub offline: Option<String>,
}

/// What speaks a provider's protocol on a route.
#[derive(Debug, Clone)]
pub enum AdapterRef {
    /// Embedded in the binary, by name; whether there is such a one is for the loader to say.
    Builtin(String, Place),
    /// One of [`Settings::plugins`].
    Plugin(usize),
}

/// One `[[routes]]`.
#[derive(Debug)]
pub struct RouteSettings {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub place: Place,
    /// Its pattern, not yet looked at.
    pub path: Placed<String>,
    /// Methods that it takes, in upper case.
    pub methods: Vec<String>,
    /// Its adapter.
    pub adapter: AdapterRef,
    /// Its adapter's settings.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Where each of the settings' keys is written.
    pub setting_places: BTreeMap<String, Place>,
    /// Where the settings are written; the route's own place where there are none.
    pub settings_place: Place,
    /// Its adapter's secrets.
    pub secrets: Vec<Role>,
    /// Which of them its adapter may read in plain.
    pub reveal: Vec<String>,
    /// Hosts that its adapter may call.
    pub allow_http: Vec<HostRule>,
    /// Who answers which kind of request.
    pub answers: Vec<AnswerSettings>,
    /// Names of [`Settings::destinations`].
    pub deliver: Vec<String>,
    /// For how long ids of its events are known again.
    pub dedupe: Duration,
    /// For how long requests and their answers are known again.
    pub answers_keep: Duration,
    /// What becomes of events that are behind what is known.
    pub out_of_order: OutOfOrder,
    /// The longest that it is usually without a genuine callback.
    pub expect_every: Option<Duration>,
    /// How many of its newest stored callbacks a reload tries with an adapter that differs.
    pub rehearse: usize,
    /// Why it can't serve now: one of its secrets isn't there.
    pub offline: Option<String>,
}

/// One `[routes.answers.…]`.
#[derive(Debug)]
pub struct AnswerSettings {
    /// The kind of request.
    pub kind: String,
    /// Where it is defined.
    pub place: Place,
    /// Who computes it.
    pub responder: ResponderRef,
    /// From the whole callback to its reply.
    pub deadline: Duration,
    /// What is said where no answer comes in time.
    pub fallback: Option<Result<Answer, Decline>>,
    /// Tries at once.
    pub concurrency: usize,
}

/// What computes answers.
#[derive(Debug)]
pub enum ResponderRef {
    /// One of [`Settings::plugins`].
    Plugin(usize),
    /// A service of the operator's own.
    Service(ServiceSettings),
}

/// A service that is asked over HTTP.
#[derive(Debug)]
pub struct ServiceSettings {
    /// Where.
    pub url: Placed<String>,
    /// What signs that it is us; empty = unsigned, or see `offline`.
    pub secret: Vec<SecretVersion>,
    /// Why it can't be asked now: its secret isn't there.
    pub offline: Option<String>,
}

/// One `[destinations.…]`.
#[derive(Debug)]
pub struct DestinationSettings {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub place: Place,
    /// Where events are sent.
    pub url: String,
    /// Patterns of the kinds that it takes.
    pub events: Vec<KindPattern>,
    /// What signs the deliveries; empty = unsigned, or see `offline`.
    pub secret: Vec<SecretVersion>,
    /// Waits before each further attempt.
    pub retry: Vec<Duration>,
    /// Of one attempt.
    pub timeout: Duration,
    /// Attempts at once.
    pub concurrency: usize,
    /// Why nothing can be sent now: its secret isn't there.
    pub offline: Option<String>,
}
