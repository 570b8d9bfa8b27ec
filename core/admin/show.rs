//! What runs, as JSON. Names, hashes and counts only.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::generation::{Generation, Record, Route};
use crate::model::GenerationId;
use crate::plugin::Plugin;

pub(super) fn generation(id: GenerationId, record: &Record) -> Value {
    let rejected = record.last_rejected.as_ref();
    json!({
        "id": id.0,
        "since_ms": record.since_ms,
        "reloads": { "applied": record.applied, "rejected": record.rejected },
        "last_rejected": rejected.map(|last| json!({ "at_ms": last.at_ms, "problems": last.problems })),
        "needs_restart": record.needs_restart,
    })
}

pub(super) fn routes(generation: &Generation) -> Value {
    let mut routes: Vec<&Arc<Route>> = generation.routes.targets().collect();
    routes.sort_by(|a, b| a.name.cmp(&b.name));
    let route = |route: &Arc<Route>| {
        let answers: BTreeMap<&str, Value> = (route.answers.iter())
            .map(|(kind, answerer)| {
                let responder = answerer.responder.plugin().name();
                let deadline_ms = answerer.deadline.as_millis();
                (kind.as_str(), json!({ "responder": responder, "deadline_ms": deadline_ms }))
            })
            .collect();
        json!({
            "name": route.name,
            "path": route.path,
            "methods": route.methods,
            "adapter": route.adapter.plugin().name(),
            "offline": route.offline,
            "answers": answers,
        })
    };
    json!({ "routes": routes.into_iter().map(route).collect::<Vec<_>>() })
}

/// A plugin, and the names of the routes that use it.
type Used<'g> = (&'g Arc<Plugin>, Vec<&'g str>);

fn used(generation: &Generation) -> BTreeMap<(&str, &str), Used<'_>> {
    let mut used: BTreeMap<(&str, &str), Used<'_>> = BTreeMap::new();
    for route in generation.routes.targets() {
        let responders = route.answers.values().map(|answerer| answerer.responder.plugin());
        for plugin in std::iter::once(route.adapter.plugin()).chain(responders) {
            let entry = used.entry((plugin.name(), plugin.hash()));
            let (_, routes) = entry.or_insert_with(|| (plugin, Vec::new()));
            if !routes.contains(&route.name.as_str()) {
                routes.push(&route.name);
            }
        }
    }
    used
}

pub(super) fn plugins(generation: &Generation) -> Value {
    let plugin = |(plugin, mut routes): Used<'_>| {
        routes.sort_unstable();
        let exports = [
            (plugin.is_adapter(), "adapter"),
            (plugin.is_responder(), "responder"),
            (plugin.confirms(), "confirms"),
        ];
        let exports: Vec<&str> =
            exports.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
        let health = plugin.health();
        json!({
            "name": plugin.name(),
            "hash": plugin.hash(),
            "contract": plugin.version(),
            "exports": exports,
            "imports": plugin.asks(),
            "routes": routes,
            "health": {
                "faults": health.faults,
                "in_a_row": health.in_a_row,
                "last": health.last.map(|fault| fault.word()),
                "quarantine_ms": health.quarantine.map(|left| left.as_millis()),
            },
            "kept": plugin.kept(),
        })
    };
    json!({ "plugins": used(generation).into_values().map(plugin).collect::<Vec<_>>() })
}

/// What can't serve now. No reasons: whoever asks needs no key.
pub(super) fn causes(generation: &Generation) -> Vec<Value> {
    let offline = generation.routes.targets().filter(|route| route.offline.is_some());
    let offline = offline.map(|route| json!({ "cause": "route_offline", "route": route.name }));
    let shut =
        used(generation).into_values().filter(|(plugin, _)| plugin.health().quarantine.is_some());
    let shut = shut.map(|(plugin, routes)| {
        json!({ "cause": "plugin_in_quarantine", "plugin": plugin.name(), "routes": routes })
    });
    offline.chain(shut).collect()
}
