//! What runs, as JSON. It is read from the generation at the moment of the call, and holds no
//! setting and no secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{ETAG, HeaderValue};
use serde_json::{Value, json};

use super::reply;
use crate::generation::{Answerer, Cell, Generation, Rejected, Route};
use crate::model::clock::rfc3339;
use crate::model::units::millis;
use crate::observe::Reading;
use crate::plugin::{Counted, Fault, HealthReport, Plugin};

/// Which generation runs, and how it came to it.
pub(super) fn generation(cell: &Cell) -> Response<Full<Bytes>> {
    let (id, record) = cell.id_and_record();
    let last = record.last_rejected.as_ref().map(|Rejected { at_ms, problems }| {
        let at = rfc3339(*at_ms);
        json!({ "at": at, "problems": problems })
    });
    let mut response = reply::ok(&json!({
        "id": id.0,
        "since": rfc3339(record.since_ms),
        "reloads": { "applied": record.applied, "rejected": record.rejected },
        "last_rejected": last,
        "needs_restart": record.needs_restart,
        "in_flight": cell.current().calls.count(),
        "old": cell.old().iter().map(|(id, calls)| json!({ "id": id.0, "in_flight": calls })).collect::<Value>(),
    }));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{id}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// All routes, in the order of the config.
pub(super) fn routes(generation: &Generation) -> Response<Full<Bytes>> {
    let routes: Vec<Value> = generation.routes.targets().map(|one| route(one)).collect();
    reply::ok(&json!({ "routes": routes }))
}

fn route(route: &Route) -> Value {
    let answerer = |answerer: &Answerer| {
        json!({
            "responder": answerer.plugin().map_or(&*answerer.by, |binding| binding.plugin().name()),
            "deadline_ms": answerer.deadline.as_millis() as u64,
        })
    };
    let answers: BTreeMap<_, _> =
        route.answers.iter().map(|(kind, one)| (kind, answerer(one))).collect();
    json!({
        "name": route.name,
        "path": route.path,
        "methods": route.methods,
        "adapter": route.adapter.plugin().name(),
        "offline": route.offline,
        "answers": answers,
        "expect_every_ms": route.expect_every.map(millis),
        "last_genuine": route.pulse.last_genuine_ms().map(rfc3339),
        "silent": route.pulse.is_silent(),
    })
}

/// All plugins that routes use, each once.
pub(super) fn plugins(generation: &Generation) -> Response<Full<Bytes>> {
    let distinct = distinct(generation);
    let plugins: Vec<Value> = distinct.iter().map(|(one, routes)| plugin(one, routes)).collect();
    reply::ok(&json!({ "plugins": plugins }))
}

fn plugin(plugin: &Plugin, routes: &[&str]) -> Value {
    let can = [
        ("adapter", plugin.is_adapter()),
        ("responder", plugin.is_responder()),
        ("confirms", plugin.confirms()),
    ];
    let exports: Vec<&str> = can.iter().filter(|(_, does)| *does).map(|(name, _)| *name).collect();
    json!({
        "name": plugin.name(),
        "hash": plugin.hash(),
        "contract": plugin.version(),
        "exports": exports,
        "imports": plugin.asks(),
        "routes": routes,
        "health": health(&plugin.health()),
        "kept": plugin.kept(),
        "counts": counts(&plugin.counted()),
    })
}

fn health(report: &HealthReport) -> Value {
    json!({
        "faults": report.faults,
        "in_a_row": report.in_a_row,
        "last": report.last.as_ref().map(Fault::word),
        "quarantined": report.shut.iter().map(|duty| duty.word()).collect::<Vec<_>>(),
        "quarantine_ms": report.quarantine.map(|left| left.as_millis() as u64),
    })
}

/// What a plugin did for callbacks; means are in milliseconds, and `null` before the first.
fn counts(counted: &Counted) -> Value {
    let times = |read: &Reading| {
        let mean_ms = read.mean().map(|seconds| (seconds * 1e6).round() / 1e3);
        json!({ "count": read.count, "mean_ms": mean_ms })
    };
    let calls: BTreeMap<_, _> =
        counted.calls.iter().map(|(phase, read)| (*phase, times(read))).collect();
    let faults: BTreeMap<_, _> = counted.faults.iter().copied().collect();
    json!({
        "calls": calls,
        "instantiated": times(&counted.opened),
        "reused": counted.reused,
        "memory_most_bytes": counted.memory_most,
        "faults": faults,
    })
}

/// Every plugin of a generation once, in the order in which routes name them, with those routes.
pub(super) fn distinct(generation: &Generation) -> Vec<(&Arc<Plugin>, Vec<&str>)> {
    let mut found: Vec<(&Arc<Plugin>, Vec<&str>)> = Vec::new();
    for route in generation.routes.targets() {
        let mut answers: Vec<_> = route.answers.iter().collect();
        answers.sort_by_key(|(kind, _)| *kind);
        let responders = answers.into_iter().filter_map(|(_, answerer)| answerer.plugin());
        for binding in std::iter::once(&route.adapter).chain(responders) {
            let plugin = binding.plugin();
            let name = route.name.as_str();
            match found.iter_mut().find(|(known, _)| Arc::ptr_eq(known, plugin)) {
                Some((_, routes)) if routes.last() == Some(&name) => {}
                Some((_, routes)) => routes.push(name),
                None => found.push((plugin, vec![name])),
            }
        }
    }
    found
}
