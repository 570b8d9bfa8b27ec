//! What a reload would change, or changed, over the API; and the reload itself.

use serde_json::{Value, json};

use super::reply::{self, Reply};
use super::{Admin, Call};
use crate::generation::{Difference, Named, Plan, PluginChange, Rehearsal};
use crate::model::clock::rfc3339;

/// Reads the config again and runs it, unless something speaks against it.
pub(super) async fn reload(admin: &Admin, call: &Call<'_>) -> Reply {
    let anyway = call.query().flag("allow_differences")?;
    admin.reloads.ask(&call.head.headers, admin.cell.id(), anyway).await
}

/// What was found last; nothing before the first reload.
pub(super) fn last(admin: &Admin) -> hyper::Response<http_body_util::Full<bytes::Bytes>> {
    let plan = admin.cell.record().plan;
    reply::ok(&json!({ "plan": plan.map(|plan| shown(&plan)) }))
}

/// What a reload would change now; nothing is changed.
pub(super) async fn make(admin: &Admin) -> Reply {
    let plan = admin.reloads.plan().await?;
    Ok(reply::ok(&json!({ "plan": shown(&plan) })))
}

fn shown(plan: &Plan) -> Value {
    let plugin = |change: &PluginChange| json!({ "name": change.name, "old": change.old, "new": change.new });
    json!({
        "at": rfc3339(plan.at_ms),
        "of": plan.of.0,
        "fate": plan.fate.word(),
        "applies": plan.applies,
        "problems": plan.problems,
        "routes": named(&plan.changes.routes),
        "plugins": plan.changes.plugins.iter().map(plugin).collect::<Value>(),
        "secrets": plan.changes.secrets,
        "destinations": named(&plan.changes.destinations),
        "api_keys": named(&plan.changes.api_keys),
        "needs_restart": plan.changes.needs_restart,
        "rehearsals": plan.rehearsals.iter().map(rehearsal).collect::<Value>(),
    })
}

fn named(named: &Named) -> Value {
    let changed = named.changed.iter().map(|(name, keys)| json!({ "name": name, "keys": keys }));
    json!({
        "added": named.added,
        "removed": named.removed,
        "changed": changed.collect::<Value>(),
    })
}

fn rehearsal(rehearsal: &Rehearsal) -> Value {
    json!({
        "route": rehearsal.route,
        "callbacks": rehearsal.callbacks,
        "differing": rehearsal.differing,
        "differences": rehearsal.differences.iter().map(difference).collect::<Value>(),
        "cut_short": rehearsal.cut_short,
    })
}

/// One difference as JSON.
pub(super) fn difference(one: &Difference) -> Value {
    json!({ "callback_id": one.callback, "what": one.what, "old": one.old, "new": one.new })
}
