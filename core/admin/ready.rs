//! Does the process live, and is it worth sending callbacks to? The module above says what counts.
//! These answers need no key, so they name routes and plugins, and never say why.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use serde_json::{Value, json};

use super::{Admin, reply, shown};
use crate::generation::{Generation, Route};
use crate::plugin::Duty;
use crate::store::Health;

/// It lives, or it wouldn't say so.
pub(super) fn alive() -> Response<Full<Bytes>> {
    reply::ok(&json!({ "status": "ok" }))
}

/// Is it ready?
pub(super) fn ready(admin: &Admin) -> Response<Full<Bytes>> {
    let (generation, health) = (admin.cell.current(), admin.store.health());
    let stopping = admin.stopping.load(Ordering::Relaxed);
    let causes = causes(&generation, stopping, &health);
    match is_ready(admin, &generation, &health) {
        true => reply::ok(&json!({ "status": "ready", "causes": causes })),
        false => reply::unready(&json!({ "status": "unready", "causes": causes })),
    }
}

/// Whether this process is worth sending callbacks to.
pub(super) fn is_ready(admin: &Admin, generation: &Generation, health: &Health) -> bool {
    let stopping = admin.stopping.load(Ordering::Relaxed);
    !stopping && health.takes() && generation.routes.targets().any(serves)
}

/// Whether callbacks of this route are taken now.
fn serves(route: &Arc<Route>) -> bool {
    let shut = route.adapter.plugin().health().shut;
    route.offline.is_none() && !shut.contains(&Duty::Verify)
}

fn causes(generation: &Generation, stopping: bool, health: &Health) -> Vec<Value> {
    let mut causes = Vec::new();
    if stopping {
        causes.push(json!({ "code": "draining" }));
    }
    if health.failing.is_some() {
        causes.push(json!({ "code": "store_failing" }));
    }
    if health.full {
        causes.push(json!({ "code": "store_full" }));
    }
    if generation.routes.targets().next().is_none() {
        causes.push(json!({ "code": "no_routes" }));
    }
    let offline = generation.routes.targets().filter(|route| route.offline.is_some());
    causes.extend(offline.map(|route| json!({ "code": "route_offline", "route": route.name })));
    let silent = generation.routes.targets().filter(|route| route.pulse.is_silent());
    causes.extend(silent.map(|route| json!({ "code": "route_silent", "route": route.name })));
    for (plugin, _) in shown::distinct(generation) {
        let duties: Vec<_> = plugin.health().shut.into_iter().map(Duty::word).collect();
        if !duties.is_empty() {
            let (code, plugin) = ("plugin_quarantined", plugin.name());
            causes.push(json!({ "code": code, "plugin": plugin, "duties": duties }));
        }
    }
    causes
}
