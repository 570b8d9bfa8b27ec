//! `/metrics`: what was counted, and what stands now. It needs no key, so it names routes, plugins
//! and destinations, and holds nothing of a callback.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use super::{Admin, shown};
use crate::observe::{self, Gauge};

/// The content type of OpenMetrics 1.0.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn metrics(admin: &Admin) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(observe::metrics(gauges(admin))));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn gauges(admin: &Admin) -> Vec<Gauge> {
    let (id, record) = admin.cell.id_and_record();
    let (generation, health) = (admin.cell.current(), admin.store.health());
    let one = |name, help, stands: u64| {
        let stands = i64::try_from(stands).unwrap_or(i64::MAX);
        Gauge { name, help, label: "", values: vec![(String::new(), stands)] }
    };
    let routes = generation.routes.targets();
    let offline = routes.map(|route| (route.name.clone(), i64::from(route.offline.is_some())));
    let plugins = || shown::distinct(&generation).into_iter().map(|(plugin, _)| plugin);
    let name = |plugin: &crate::plugin::Plugin| plugin.name().to_owned();
    let shut = plugins().map(|one| (name(one), i64::from(one.health().quarantine.is_some())));
    let faults = plugins().map(|one| {
        let faults = i64::try_from(one.health().faults).unwrap_or(i64::MAX);
        (name(one), faults)
    });
    let kept = plugins().map(|one| (name(one), i64::try_from(one.kept()).unwrap_or(i64::MAX)));
    let labelled = |name, help, label, values| Gauge { name, help, label, values };
    vec![
        one("generation", "The generation that runs", id.0),
        one("generation_since_ms", "Since when, Unix milliseconds", record.since_ms),
        one("generations_old", "Old ones that aren't freed yet", admin.cell.old().len() as u64),
        one("callbacks_in_flight", "Callbacks being taken", generation.calls.count() as u64),
        one("reloads_applied", "Reloads that were swapped in", record.applied),
        one("reloads_rejected", "Reloads that had problems", record.rejected),
        one("store_bytes", "Bytes that the store holds", health.bytes),
        one("store_failing", "1: nothing can be written", u64::from(health.failing.is_some())),
        one("store_full", "1: it holds as much as it may", u64::from(health.full)),
        labelled("route_offline", "1: a secret is missing", "route", offline.collect()),
        labelled("plugin_quarantined", "1: it isn't called now", "plugin", shut.collect()),
        labelled("plugin_faults", "Faults on genuine callbacks", "plugin", faults.collect()),
        labelled("plugin_kept", "Instances kept for reuse", "plugin", kept.collect()),
    ]
}
