//! `/metrics`: what was counted, and what stands now. It needs no key, so it names routes, plugins
//! and destinations, and holds nothing of a callback.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use super::{Admin, shown};
use crate::generation::Generation;
use crate::observe::{self, Named, Standing};
use crate::plugin::Plugin;

/// The content type of OpenMetrics 1.0.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn metrics(admin: &Admin) -> Response<Full<Bytes>> {
    let generation = admin.cell.current();
    let named = Named {
        routes: generation.routes.targets().map(|route| route.name.as_str()).collect(),
        destinations: generation.destinations.keys().map(String::as_str).collect(),
    };
    let standing = of_router(admin, &generation).into_iter();
    let standing = standing.chain(of_routes_and_plugins(&generation));
    let mut response = Response::new(Full::from(observe::metrics(standing, &named)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn of_router(admin: &Admin, generation: &Generation) -> [Standing; 8] {
    let (id, record) = admin.cell.id_and_record();
    let health = admin.store.health();
    let one = |name, help, value| {
        let values = vec![(String::new(), value)];
        Standing { name, help, is_count: false, label: "", values }
    };
    let reloads = [("applied", record.applied), ("rejected", record.rejected)];
    let since = record.since_ms / 1000;
    [
        one("generation", "The generation that runs", id.0),
        one("generation_since_timestamp_seconds", "Since when, Unix seconds", since),
        one("generations_old", "Old ones that aren't freed yet", admin.cell.old().len() as u64),
        one("callbacks_in_flight", "Callbacks being taken", generation.calls.count() as u64),
        Standing {
            name: "reloads",
            help: "Reloads by what came of them",
            is_count: true,
            label: "result",
            values: reloads.map(|(result, count)| (result.to_owned(), count)).to_vec(),
        },
        one("store_bytes", "Bytes that the store holds", health.bytes),
        one("store_failing", "1: nothing can be written", u64::from(health.failing.is_some())),
        one("store_full", "1: it holds as much as it may", u64::from(health.full)),
    ]
}

fn of_routes_and_plugins(generation: &Generation) -> [Standing; 4] {
    let offline = |route: &crate::generation::Route| u64::from(route.offline.is_some());
    let plugins = shown::distinct(generation);
    let each = |value: fn(&Plugin) -> u64| {
        plugins.iter().map(|(one, _)| (one.name().to_owned(), value(one))).collect()
    };
    let gauge = |name, help, label, values| Standing { name, help, is_count: false, label, values };
    let offline = generation.routes.targets().map(|route| (route.name.clone(), offline(route)));
    let faults = each(|plugin| plugin.health().faults);
    let shut = each(|plugin| u64::from(plugin.health().quarantine.is_some()));
    let kept = each(|plugin| plugin.kept() as u64);
    let help = "Faults on genuine callbacks since it was loaded";
    [
        gauge("route_offline", "1: a secret is missing", "route", offline.collect()),
        gauge("plugin_quarantined", "1: it isn't called now", "plugin", shut),
        gauge("plugin_kept", "Instances kept for reuse", "plugin", kept),
        Standing { is_count: true, ..gauge("plugin_faults", help, "plugin", faults) },
    ]
}
