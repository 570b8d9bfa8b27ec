//! `/metrics`: what was counted, and what stands now. It needs no key, so it names routes, plugins
//! and destinations, and holds nothing of a callback.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use super::{Admin, ready, shown};
use crate::generation::{Answerer, Generation, Route};
use crate::observe::{self, Named, Standing, Values};
use crate::plugin::{Counted, Duty, Plugin};

/// The content type of OpenMetrics 1.0.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn metrics(admin: &Admin) -> Response<Full<Bytes>> {
    let generation = admin.cell.current();
    let named = Named {
        routes: generation.routes.targets().map(|route| route.name.as_str()).collect(),
        destinations: generation.destinations.keys().map(String::as_str).collect(),
    };
    let standing = of_router(admin, &generation).into_iter();
    let standing = standing.chain(of_routes(&generation)).chain(of_plugins(&generation));
    let mut response = Response::new(Full::from(observe::metrics(standing, &named)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn of_router(admin: &Admin, generation: &Generation) -> [Standing; 10] {
    let (id, record) = admin.cell.id_and_record();
    let health = admin.store.health();
    let one = Standing::one;
    let reloads = [("applied", record.applied), ("rejected", record.rejected)];
    let reloads = reloads.map(|(result, count)| (vec![result.to_owned()], count));
    let since = record.since_ms / 1000;
    let rejected = record.last_rejected.is_some();
    let ready = ready::is_ready(admin, generation, &health);
    [
        one("ready", "1: worth sending callbacks to", u64::from(ready)),
        one("reload_rejected", "1: the config on the disk isn't what runs", u64::from(rejected)),
        one("generation", "The generation that runs", id.0),
        one("generation_since_timestamp_seconds", "Since when, Unix seconds", since),
        one("generations_old", "Old ones that aren't freed yet", admin.cell.old().len() as u64),
        one("callbacks_in_flight", "Callbacks being taken", generation.calls.count() as u64),
        Standing {
            name: "reloads",
            help: "Reloads by what came of them",
            labels: &["result"],
            values: Values::Count(reloads.to_vec()),
        },
        one("store_bytes", "Bytes that the store holds", health.bytes),
        one("store_failing", "1: nothing can be written", u64::from(health.failing.is_some())),
        one("store_full", "1: it holds as much as it may", u64::from(health.full)),
    ]
}

fn of_routes(generation: &Generation) -> [Standing; 5] {
    const ROUTE: &[&str] = &["route"];
    let each = |value: fn(&Route) -> Option<u64>| {
        let value = |route: &Arc<Route>| Some((vec![route.name.clone()], value(route)?));
        Values::Gauge(generation.routes.targets().filter_map(value).collect())
    };
    let gauge = |name, help, value| Standing { name, help, labels: ROUTE, values: each(value) };
    let last = "When its last genuine callback came, Unix seconds";
    let silent = "1: no genuine callback for longer than it expects";
    [
        gauge("route_offline", "1: a secret is missing", |route| {
            Some(u64::from(route.offline.is_some()))
        }),
        gauge("route_silent", silent, |route| Some(u64::from(route.pulse.is_silent()))),
        gauge("route_last_genuine_timestamp_seconds", last, |route| {
            Some(route.pulse.last_genuine_ms()? / 1000)
        }),
        stages(generation),
        answerers(generation),
    ]
}

fn stages(generation: &Generation) -> Standing {
    let of = |route: &Arc<Route>| {
        let stages = route.pulse.stages();
        let labelled =
            |(stage, read): (&str, _)| (vec![route.name.clone(), stage.to_owned()], read);
        stages.map(labelled).collect::<Vec<_>>()
    };
    Standing {
        name: "stage",
        help: "The stages of callbacks, well ended or not",
        labels: &["route", "stage"],
        values: Values::Seconds(generation.routes.targets().flat_map(of).collect()),
    }
}

fn answerers(generation: &Generation) -> Standing {
    let of = |route: &Arc<Route>| {
        let labelled = |(kind, answerer): (&String, &Answerer)| {
            (vec![route.name.clone(), kind.clone()], u64::from(answerer.gate.is_shut()))
        };
        route.answers.iter().map(labelled).collect::<Vec<_>>()
    };
    Standing {
        name: "answerer_breaker_open",
        help: "1: nobody is asked for failing",
        labels: &["route", "kind"],
        values: Values::Gauge(generation.routes.targets().flat_map(of).collect()),
    }
}

/// Digits of a plugin's hash that stand for its version: as many as nobody confuses.
const VERSION_DIGITS: usize = 12;

/// The plugins' labels: the config's name for it, and which code that is.
const PLUGIN: &[&str] = &["plugin", "version"];

fn of_plugins(generation: &Generation) -> [Standing; 7] {
    let plugins = shown::distinct(generation);
    let plugins: Vec<(&Plugin, Counted)> =
        plugins.iter().map(|(one, _)| (&***one, one.counted())).collect();
    let each = |value: fn(&Plugin, &Counted) -> u64| {
        plugins.iter().map(|(one, counted)| (labels(one, None), value(one, counted))).collect()
    };
    let gauge = |name, help, value| {
        let values = Values::Gauge(each(value));
        Standing { name, help, labels: PLUGIN, values }
    };
    let most = "The most memory that one instance came to hold";
    let opened = |(one, counted): &(&Plugin, Counted)| (labels(one, None), counted.opened.clone());
    [
        Standing {
            name: "plugin_quarantined",
            help: "1: it isn't called for this now",
            labels: &["plugin", "version", "duty"],
            values: Values::Gauge(by_word(&plugins, |one, _| {
                let shut = one.health().shut;
                let duties = Duty::ALL.into_iter().filter(|duty| one.serves(*duty));
                duties.map(|duty| (duty.word(), u64::from(shut.contains(&duty)))).collect()
            })),
        },
        gauge("plugin_kept", "Instances kept for reuse", |one, _| one.kept() as u64),
        gauge("plugin_memory_most_bytes", most, |_, counted| counted.memory_most),
        Standing {
            name: "plugin_reused",
            help: "Times that a kept instance was taken instead of a fresh one",
            labels: PLUGIN,
            values: Values::Count(each(|_, counted| counted.reused)),
        },
        Standing {
            name: "plugin_instantiate",
            help: "Fresh instances for callbacks, without the wait for a place",
            labels: PLUGIN,
            values: Values::Seconds(plugins.iter().map(opened).collect()),
        },
        Standing {
            name: "plugin_call",
            help: "Calls for callbacks, well ended or not",
            labels: &["plugin", "version", "phase"],
            values: Values::Seconds(by_word(&plugins, |_, counted| {
                // What a plugin doesn't do makes no series.
                counted.calls.into_iter().filter(|(_, read)| read.count > 0).collect()
            })),
        },
        Standing {
            name: "plugin_faults",
            help: "Faults in work for callbacks, by name",
            labels: &["plugin", "version", "fault"],
            values: Values::Count(by_word(&plugins, |_, counted| counted.faults)),
        },
    ]
}

/// What each plugin has by one more word.
fn by_word<T>(
    plugins: &[(&Plugin, Counted)],
    of: impl Fn(&Plugin, Counted) -> Vec<(&'static str, T)>,
) -> Vec<(Vec<String>, T)> {
    let each = |(one, counted): &(&Plugin, Counted)| {
        let values = of(one, counted.clone()).into_iter();
        values.map(|(word, value)| (labels(one, Some(word)), value)).collect::<Vec<_>>()
    };
    plugins.iter().flat_map(each).collect()
}

fn labels(plugin: &Plugin, word: Option<&str>) -> Vec<String> {
    let version = plugin.hash().chars().take(VERSION_DIGITS).collect();
    let own = [plugin.name().to_owned(), version];
    own.into_iter().chain(word.map(str::to_owned)).collect()
}
