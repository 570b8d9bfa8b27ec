//! Plugins with their bounds and secrets, and whether anything uses them.

use std::collections::BTreeSet;

use super::Desk;
use crate::config::nearest::nearest;
use crate::config::raw::grants::SecretRole;
use crate::config::raw::limits::memory_above;
use crate::config::raw::{Raw, plugins as raw};
use crate::config::{Placed, PluginSettings, Problem, Role};
use crate::plugin::Source;

pub(super) fn plugin(raw: &raw::Plugin, desk: &mut Desk<'_>) -> PluginSettings {
    let mut limits = desk.limits.plugin.clone();
    limits.deadline = raw.deadline.unwrap_or(limits.deadline);
    limits.confirm_deadline = raw.confirm_deadline.unwrap_or(limits.confirm_deadline);
    limits.reuse = raw.reuse.unwrap_or(limits.reuse);
    if let Some(memory) = &raw.memory {
        limits.memory_bytes = memory.value;
        check_memory(memory, desk);
    }
    let user = format!("plugin {}", raw.name.value);
    let (secrets, offline) = roles(&raw.grants.secrets, &user, desk);
    // Without a source there was an error, and these settings are never used.
    let missing = || (Source::Builtin(String::new()), raw.name.place.clone());
    let source = raw.source.as_ref().map(|source| (source.value.clone(), source.place.clone()));
    let (source, source_place) = source.unwrap_or_else(missing);
    PluginSettings {
        name: raw.name.value.clone(),
        place: raw.name.place.clone(),
        source,
        source_place,
        vectors: raw.vectors.clone(),
        limits,
        allow_http: raw.grants.allow_http.clone(),
        settings: raw.grants.settings.clone(),
        setting_places: raw.grants.setting_places.clone(),
        secrets,
        reveal: raw.grants.reveal.clone(),
        offline,
    }
}

fn check_memory(memory: &Placed<usize>, desk: &mut Desk<'_>) {
    let ceiling = desk.limits.pool.memory_bytes;
    if memory.value > ceiling {
        desk.problems.push(Problem::error(memory_above(ceiling)).at(&memory.place));
    }
}

/// The secrets of a route or a plugin, and why it is offline, if one of them isn't there.
pub(super) fn roles(
    raw: &[SecretRole],
    user: &str,
    desk: &mut Desk<'_>,
) -> (Vec<Role>, Option<String>) {
    let mut offline = None;
    let role = |role: &SecretRole| {
        let versions = desk.shelf.versions(&role.versions, user, &mut desk.problems);
        if let Some(why) = versions.offline {
            let name = &role.name.value;
            offline.get_or_insert_with(|| format!("the secret {name} isn't there: {why}"));
        }
        Role {
            name: role.name.value.clone(),
            place: role.name.place.clone(),
            versions: versions.list,
        }
    };
    let roles = raw.iter().map(role).collect();
    (roles, offline)
}

/// Warns of plugins that nothing uses, and of grants that their use leaves without effect.
pub(super) fn check_use(raw: &Raw, desk: &mut Desk<'_>) {
    let answers = raw.routes.iter().flat_map(|route| &route.answers);
    let responders = used(answers.filter_map(|answer| answer.responder.as_ref()), desk);
    let adapters = used(raw.routes.iter().filter_map(|route| route.adapter.as_ref()), desk);
    for plugin in &raw.plugins {
        let name = plugin.name.value.as_str();
        if responders.contains(name) {
            continue;
        }
        if !adapters.contains(name) {
            let problem = Problem::warning(format!("nothing uses the plugin \"{name}\""));
            desk.problems.push(problem.at(&plugin.name.place).doubtful());
        } else if let Some(place) = &plugin.grants.place {
            let message = "this has no effect on an adapter";
            let help = "an adapter takes settings, secrets, reveal and allow_http from its route";
            desk.problems.push(Problem::warning(message).at(place).help(help).doubtful());
        }
    }
}

/// The plugins that are named. A slip counts for the plugin that was meant: it is told already.
fn used<'a>(
    written: impl Iterator<Item = &'a Placed<String>>,
    desk: &Desk<'a>,
) -> BTreeSet<&'a str> {
    let plugins = &desk.names.plugins;
    let meant = |name: &'a Placed<String>| match plugins.contains_key(name.value.as_str()) {
        true => Some(name.value.as_str()),
        false => nearest(&name.value, plugins.keys().copied()),
    };
    written.filter_map(meant).collect()
}
