//! Why a callback isn't genuine, over the API: which were found forged lately, and what is wrong
//! with one of them, or with one that was recorded.

use serde_json::{Value, json};

use super::reply::{self, Refusal, Reply};
use super::{Admin, Call};
use crate::explain::{Explanation, NearMiss, explain};
use crate::intake::ForgedCallback;
use crate::model::clock::rfc3339;
use crate::model::{Callback, Fact};
use crate::plugin::Check;

/// Searches at once: whoever called made what is searched, and may have made it large.
pub(super) const AT_ONCE: usize = 2;

/// Those that were found forged lately, the newest first.
pub(super) fn forged(admin: &Admin) -> Reply {
    let shown = |one: &ForgedCallback| {
        json!({
            "id": one.callback.head.id,
            "received_at": rfc3339(one.callback.head.received_at_ms),
            "route": one.route,
            "peer": one.callback.head.peer,
            "code": one.reason.code,
            "reason": one.reason.detail,
        })
    };
    let rows: Vec<Value> = admin.forged.all().iter().map(shown).collect();
    Ok(reply::ok(&json!({ "forged": rows })))
}

/// One of them, by its callback's id, or a recorded one, by its event's.
pub(super) async fn explained(admin: &Admin, call: &Call<'_>) -> Reply {
    let (route, callback) = find(admin, call.id).await?;
    let generation = admin.cell.current();
    let Some(route) = generation.route(&route) else { return Err(Refusal::NoSuch("route")) };
    // Never closed, so there is always a place in the end.
    let _place = admin.explaining.acquire().await;
    let told = explain(&generation, route, &callback).await;
    Ok(reply::ok(&shown(&callback, &told)))
}

async fn find(admin: &Admin, id: &str) -> Result<(String, Callback), Refusal> {
    if let Some(forged) = admin.forged.find(id) {
        return Ok((forged.route, forged.callback));
    }
    let Ok(id) = id.parse() else { return Err(Refusal::NoSuch("callback")) };
    let whole = admin.store.event(id).await?.ok_or(Refusal::NoSuch("callback"))?;
    Ok((whole.shown.route, whole.callback.callback))
}

/// An explanation as JSON.
pub(crate) fn shown(callback: &Callback, told: &Explanation) -> Value {
    let fact = |fact: &Fact| json!({ "name": fact.name, "value": fact.value });
    let near = |near: &NearMiss| json!({ "code": near.code, "text": near.text });
    let facts = |facts: &[Fact]| -> Value { facts.iter().map(fact).collect() };
    json!({
        "id": callback.head.id,
        "received_at": rfc3339(callback.head.received_at_ms),
        "route": told.route,
        "adapter": told.adapter,
        "verdict": told.verdict,
        "matched": told.matched,
        "code": told.reason.as_ref().map(|reason| &reason.code),
        "reason": told.reason.as_ref().map(|reason| &reason.detail),
        "near_misses": told.near.iter().map(near).collect::<Value>(),
        "checks": told.checks.iter().map(check).collect::<Value>(),
        "times": facts(&told.times),
        "facts": facts(&told.facts),
        "cut_short": told.cut_short,
    })
}

fn check(check: &Check) -> Value {
    json!({
        "secret": check.role,
        "scheme": check.scheme,
        "signed_bytes": check.message_bytes,
        "signed_sha256": check.message_sha256,
        "versions": check.versions,
        "matched": check.matched,
    })
}
