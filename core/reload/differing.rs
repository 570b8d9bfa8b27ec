//! How two configs differ, by names: routes, plugins, secrets, destinations. Where a thing is
//! written doesn't count, and no value is told.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{
    AdapterRef, AnswerSettings, DestinationSettings, PluginSettings, ResponderRef, Role,
    RouteSettings, SecretVersion, Settings,
};
use crate::generation::{Changes, Generation, Named, PluginChange};

/// All that differs; what `old` and `new` hold was built of these settings, `new` where it could
/// be.
pub(super) fn changes(
    (old, running): (&Settings, &Generation),
    (new, built): (&Settings, Option<&Generation>),
) -> Changes {
    Changes {
        routes: named(&by_name(&old.routes, |r| &r.name), &by_name(&new.routes, |r| &r.name), {
            |was: &&RouteSettings, is: &&RouteSettings| route((old, was), (new, is))
        }),
        plugins: built.map(|built| plugins(running, built)).unwrap_or_default(),
        secrets: secrets(&users(old), &users(new)),
        destinations: named(
            &by_name(&old.destinations, |d| &d.name),
            &by_name(&new.destinations, |d| &d.name),
            |was, is| destination(was, is),
        ),
        api_keys: named(
            &by_name(&old.router.admin_keys, |key| &key.name),
            &by_name(&new.router.admin_keys, |key| &key.name),
            |was, is| {
                let (scopes, secret) = (was.scopes == is.scopes, was.secret == is.secret);
                unequal(&[("scopes", scopes), ("secret", secret)])
            },
        ),
        needs_restart: Vec::new(),
    }
}

fn by_name<T>(list: &[T], name: impl Fn(&T) -> &String) -> BTreeMap<String, &T> {
    list.iter().map(|one| (name(one).clone(), one)).collect()
}

fn named<T>(
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
    keys: impl Fn(&T, &T) -> Vec<String>,
) -> Named {
    let only = |these: &BTreeMap<String, T>, those: &BTreeMap<String, T>| -> Vec<String> {
        these.keys().filter(|name| !those.contains_key(*name)).cloned().collect()
    };
    let changed = old.iter().filter_map(|(name, was)| {
        let keys = keys(was, new.get(name)?);
        (!keys.is_empty()).then(|| (name.clone(), keys))
    });
    Named { added: only(new, old), removed: only(old, new), changed: changed.collect() }
}

/// The keys of a list of comparisons that came out unequal.
fn unequal(looks: &[(&str, bool)]) -> Vec<String> {
    looks.iter().filter(|(_, same)| !same).map(|(key, _)| (*key).to_owned()).collect()
}

fn route(
    (old, was): (&Settings, &RouteSettings),
    (new, is): (&Settings, &RouteSettings),
) -> Vec<String> {
    let mut keys = unequal(&[
        ("path", was.path.value == is.path.value),
        ("methods", was.methods == is.methods),
        ("adapter", adapter(old, was) == adapter(new, is)),
        ("secrets", roles(&was.secrets) == roles(&is.secrets)),
        ("reveal", was.reveal == is.reveal),
        ("allow_http", was.allow_http == is.allow_http),
        ("deliver", was.deliver == is.deliver),
        ("dedupe", was.dedupe == is.dedupe),
        ("answers_keep", was.answers_keep == is.answers_keep),
        ("out_of_order", was.out_of_order == is.out_of_order),
        ("expect_every", was.expect_every == is.expect_every),
        ("rehearse", was.rehearse == is.rehearse),
    ]);
    keys.extend(settings("settings", &was.settings, &is.settings));
    let answers = |route: &RouteSettings, settings: &Settings| -> BTreeMap<String, String> {
        route.answers.iter().map(|one| (one.kind.clone(), answer(settings, one))).collect()
    };
    let (was, is) = (answers(was, old), answers(is, new));
    let kinds: BTreeSet<_> = was.keys().chain(is.keys()).collect();
    let changed = kinds.into_iter().filter(|kind| was.get(*kind) != is.get(*kind));
    keys.extend(changed.map(|kind| format!("answers.{kind}")));
    keys
}

type Table = serde_json::Map<String, serde_json::Value>;

/// The names of the settings that differ.
fn settings(table: &str, old: &Table, new: &Table) -> Vec<String> {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    changed.map(|name| format!("{table}.{name}")).collect()
}

fn adapter(settings: &Settings, route: &RouteSettings) -> String {
    match &route.adapter {
        AdapterRef::Builtin(name, _) => format!("builtin:{name}"),
        AdapterRef::Plugin(index) => name_of(&settings.plugins, *index),
    }
}

fn name_of(plugins: &[PluginSettings], index: usize) -> String {
    plugins.get(index).map(|plugin| plugin.name.clone()).unwrap_or_default()
}

/// All of an answer but its place and its secret, only to be compared.
fn answer(settings: &Settings, answer: &AnswerSettings) -> String {
    let by = match &answer.responder {
        ResponderRef::Plugin(index) => name_of(&settings.plugins, *index),
        ResponderRef::Service(service) => service.url.value.clone(),
    };
    let AnswerSettings { deadline, fallback, concurrency, .. } = answer;
    format!("{by} {deadline:?} {fallback:?} {concurrency}")
}

fn destination(was: &DestinationSettings, is: &DestinationSettings) -> Vec<String> {
    unequal(&[
        ("url", was.url == is.url),
        ("events", was.events == is.events),
        ("secret", was.secret == is.secret),
        ("retry", was.retry == is.retry),
        ("timeout", was.timeout == is.timeout),
        ("concurrency", was.concurrency == is.concurrency),
    ])
}

fn roles(roles: &[Role]) -> Vec<(&str, &[SecretVersion])> {
    roles.iter().map(|role| (role.name.as_str(), role.versions.as_slice())).collect()
}

/// Whoever uses secrets, with those.
fn users(settings: &Settings) -> BTreeMap<String, &[SecretVersion]> {
    let mut users = BTreeMap::new();
    for route in &settings.routes {
        for role in &route.secrets {
            users.insert(format!("route {}: {}", route.name, role.name), &*role.versions);
        }
        for answer in &route.answers {
            if let ResponderRef::Service(service) = &answer.responder {
                let user = format!("route {}: answers.{}", route.name, answer.kind);
                users.insert(user, &*service.secret);
            }
        }
    }
    for plugin in &settings.plugins {
        for role in &plugin.secrets {
            users.insert(format!("plugin {}: {}", plugin.name, role.name), &*role.versions);
        }
    }
    for destination in &settings.destinations {
        users.insert(format!("destination {}", destination.name), &*destination.secret);
    }
    users
}

type Users<'s> = BTreeMap<String, &'s [SecretVersion]>;

fn secrets(old: &Users<'_>, new: &Users<'_>) -> Vec<String> {
    let names = |versions: &[SecretVersion]| {
        let names: Vec<_> = versions.iter().map(|version| version.name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let users: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let changed = users.into_iter().filter_map(|user| {
        let none: &[SecretVersion] = &[];
        let (was, is) = (old.get(user).unwrap_or(&none), new.get(user).unwrap_or(&none));
        let (from, to) = (names(was), names(is));
        match (was == is, from == to) {
            (true, _) => None,
            (false, true) => Some(format!("{user}: another value of {to}")),
            (false, false) => Some(format!("{user}: {from} → {to}")),
        }
    });
    changed.collect()
}

fn plugins(running: &Generation, built: &Generation) -> Vec<PluginChange> {
    let (old, new) = (hashes(running), hashes(built));
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let change = |name: &String| PluginChange {
        name: name.clone(),
        old: old.get(name).cloned(),
        new: new.get(name).cloned(),
    };
    changed.map(change).collect()
}

/// The hashes of all plugins that routes use.
fn hashes(generation: &Generation) -> BTreeMap<String, String> {
    let mut hashes = BTreeMap::new();
    for route in generation.routes.targets() {
        let responders = route.answers.values().filter_map(|answerer| answerer.plugin());
        for binding in std::iter::once(&route.adapter).chain(responders) {
            hashes.insert(binding.plugin().name().to_owned(), binding.plugin().hash().to_owned());
        }
    }
    hashes
}
