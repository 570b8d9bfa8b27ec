//! Builds one generation. Every problem is collected; there is a generation only where none is an
//! error.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::answers::Answers;
use super::{check, destinations};
use crate::config::{
    AdapterRef, AdminKey, Place, PluginSettings, Problem, Problems, Role, RouteSettings, Router,
    Settings,
};
use crate::generation::{ApiKey, Calls, Generation, Route};
use crate::model::GenerationId;
use crate::plugin::{Binding, Grant, Host, KeyVersion, Keyring, Limits, Plugin, Source};
use crate::route::{Endpoint, Pattern, Table};

/// What was built.
pub(super) struct Built {
    /// Only where nothing is an error.
    pub generation: Option<Generation>,
    /// All that was found.
    pub problems: Problems,
    /// One for each of the settings' plugins; `None` where it couldn't be loaded.
    pub plugins: Vec<Option<Arc<Plugin>>>,
}

impl Built {
    /// The hashes of the settings' plugins, as they were loaded; empty where one couldn't be.
    pub(super) fn hashes(&self) -> Vec<String> {
        let hash = |plugin: &Option<Arc<Plugin>>| {
            plugin.as_ref().map(|plugin| plugin.hash().to_owned()).unwrap_or_default()
        };
        self.plugins.iter().map(hash).collect()
    }
}

/// Builds a generation of these settings; what is unchanged since the one `before` is shared with
/// it.
pub(super) async fn build(
    host: &Arc<Host>,
    settings: &Settings,
    id: GenerationId,
    before: Option<&Generation>,
) -> Built {
    let mut problems = Problems::new();
    let (plugins, responders) = (Vec::new(), HashMap::new());
    let mut shelf = Shelf { host, settings, before, plugins, responders };
    shelf.load(&mut problems).await;
    shelf.check_shares(&mut problems);
    let mut endpoints = Vec::new();
    for route in &settings.routes {
        let built = shelf.route(route, &mut problems).await;
        if let (Some(built), Some(pattern)) = (built, pattern(route, &mut problems)) {
            let methods = route.methods.clone();
            endpoints.push((route, Endpoint { pattern, methods, target: Arc::new(built) }));
        }
    }
    let routes = table(endpoints, &mut problems).filter(|_| !problems.has_errors());
    Built {
        generation: routes.map(|routes| Generation {
            id,
            routes,
            destinations: destinations::all(&settings.destinations),
            api_keys: settings.router.admin_keys.iter().map(api_key).collect(),
            allow_networks: settings.router.allow_networks.clone(),
            names: settings.router.names.clone(),
            calls: Calls::default(),
        }),
        problems,
        plugins: shelf.plugins,
    }
}

fn api_key(key: &AdminKey) -> ApiKey {
    let secrets = key.secret.iter().map(|version| version.value.expose());
    ApiKey::new(&key.name, secrets, &key.scopes)
}

fn pattern(route: &RouteSettings, problems: &mut Problems) -> Option<Pattern> {
    Pattern::parse(&route.path.value)
        .map_err(|fault| problems.push(Problem::error(fault.to_string()).at(&route.path.place)))
        .ok()
}

type Named<'s> = (&'s RouteSettings, Endpoint<Arc<Route>>);

fn table(endpoints: Vec<Named<'_>>, problems: &mut Problems) -> Option<Table<Arc<Route>>> {
    let (routes, endpoints): (Vec<_>, Vec<_>) = endpoints.into_iter().unzip();
    let conflicts = match Table::build(endpoints) {
        Ok(table) => return Some(table),
        Err(conflicts) => conflicts,
    };
    for conflict in conflicts {
        let (first, second) = (routes[conflict.first], routes[conflict.second]);
        let message = format!(
            "routes \"{}\" and \"{}\" take the same calls: {} {}",
            first.name,
            second.name,
            conflict.methods.join(", "),
            second.path.value,
        );
        let problem = Problem::error(message).at(&second.path.place);
        problems.push(problem.related(&first.path.place, "the other path"));
    }
    None
}

/// What the generation's routes take their plugins from.
struct Shelf<'s> {
    host: &'s Arc<Host>,
    settings: &'s Settings,
    /// The generation that runs.
    before: Option<&'s Generation>,
    /// One for each of the settings' plugins; `None` where it couldn't be loaded.
    plugins: Vec<Option<Arc<Plugin>>>,
    /// Responders by the index of their plugin, bound once and shared by all routes.
    responders: HashMap<usize, Arc<Binding>>,
}

impl Shelf<'_> {
    async fn load(&mut self, problems: &mut Problems) {
        for (index, settings) in self.settings.plugins.iter().enumerate() {
            let (name, source) = (&settings.name, &settings.source);
            let plugin = self
                .fetch((name, source, &settings.source_place), &settings.limits, problems)
                .await;
            if let Some(plugin) = &plugin
                && plugin.is_responder()
            {
                let grant = responder_grant(settings, &self.settings.router);
                self.responders.insert(index, self.host.bind(Arc::clone(plugin), grant));
            }
            self.plugins.push(plugin);
        }
    }

    /// Every plugin has its own share of the pool only where the shares fit into it.
    fn check_shares(&self, problems: &mut Problems) {
        let router = &self.settings.router;
        let builtins: HashSet<&str> = (self.settings.routes.iter())
            .filter_map(|route| match &route.adapter {
                AdapterRef::Builtin(name, _) => Some(name.as_str()),
                AdapterRef::Plugin(_) => None,
            })
            .collect();
        let own: usize = self.settings.plugins.iter().map(|plugin| plugin.limits.instances).sum();
        let wanted = own.saturating_add(builtins.len().saturating_mul(router.plugin.instances));
        let pool = router.pool.instances as usize;
        if wanted > pool {
            let message =
                format!("the plugins' shares come to {wanted} instances, the pool has {pool}");
            let help = "raise `instances` under [limits], or lower `plugin_instances`";
            problems.push(Problem::error(message).help(help));
        }
    }

    async fn fetch(
        &self,
        (name, source, place): (&str, &Source, &Place),
        limits: &Limits,
        problems: &mut Problems,
    ) -> Option<Arc<Plugin>> {
        match self.host.load(name, source, limits).await {
            Ok(plugin) => Some(plugin),
            Err(fault) => {
                let message = format!("plugin \"{name}\" can't be loaded: {fault}");
                problems.push(Problem::error(message).at(place));
                None
            }
        }
    }

    async fn route(&self, route: &RouteSettings, problems: &mut Problems) -> Option<Route> {
        let plugin = match &route.adapter {
            AdapterRef::Plugin(index) => self.plugins.get(*index)?.clone()?,
            AdapterRef::Builtin(name, place) => {
                let source = Source::Builtin(name.clone());
                let limits = &self.settings.router.plugin;
                let name = format!("builtin:{name}");
                self.fetch((&name, &source, place), limits, problems).await?
            }
        };
        if !plugin.is_adapter() {
            let message = format!("plugin \"{}\" is no adapter", plugin.name());
            let help = "an adapter exports `hookswitch:plugin/protocol`";
            problems.push(Problem::error(message).at(&route.place).help(help));
            return None;
        }
        let grant = adapter_grant(route, &self.settings.router);
        let adapter = self.host.bind(Arc::clone(&plugin), grant);
        check::keys(route, problems);
        check::route(route, &adapter, problems).await;
        let answers = Answers {
            settings: self.settings,
            before: self.before,
            plugins: &self.plugins,
            responders: &self.responders,
        };
        Some(Route {
            name: route.name.clone(),
            path: route.path.value.clone(),
            methods: route.methods.clone(),
            adapter,
            offline: route.offline.clone(),
            answers: answers.of(route, problems),
            deliver: route.deliver.clone(),
            dedupe: route.dedupe,
            answers_keep: route.answers_keep,
            out_of_order: route.out_of_order,
            expect_every: route.expect_every,
            pulse: self.before.and_then(|before| before.pulse(&route.name)).unwrap_or_default(),
        })
    }
}

fn responder_grant(plugin: &PluginSettings, router: &Router) -> Grant {
    Grant {
        scope: format!("responder {}", plugin.name),
        settings: serde_json::Value::Object(plugin.settings.clone()).to_string(),
        keyring: keyring(&plugin.secrets),
        reveal: plugin.reveal.clone(),
        allow_http: plugin.allow_http.clone(),
        allow_networks: router.allow_networks.clone(),
        names: router.names.clone(),
        signing: false,
    }
}

fn adapter_grant(route: &RouteSettings, router: &Router) -> Grant {
    Grant {
        scope: format!("route {}", route.name),
        settings: serde_json::Value::Object(route.settings.clone()).to_string(),
        keyring: keyring(&route.secrets),
        reveal: route.reveal.clone(),
        allow_http: route.allow_http.clone(),
        allow_networks: router.allow_networks.clone(),
        names: router.names.clone(),
        signing: false,
    }
}

fn keyring(roles: &[Role]) -> Keyring {
    let role = |role: &Role| {
        let version = |version: &crate::config::SecretVersion| {
            KeyVersion::new(version.name.clone(), version.kid.clone(), version.value.clone())
        };
        (role.name.clone(), role.versions.iter().map(version).collect())
    };
    Keyring::new(roles.iter().map(role).collect())
}
