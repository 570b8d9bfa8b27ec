//! A stored callback through today's adapter, over the API: nothing is recorded, sent or counted.

use serde_json::{Value, json};

use super::events::whole;
use super::planning::difference;
use super::reply::{self, Refusal, Reply};
use super::{Admin, Call};
use crate::rehearse::replayed;

/// What differs today of what was recorded.
pub(super) async fn rehearsed(admin: &Admin, call: &Call<'_>) -> Reply {
    let whole = whole(admin, call).await?;
    let generation = admin.cell.current();
    let Some(route) = generation.route(&whole.shown.route) else {
        return Err(Refusal::NoSuch("route"));
    };
    let differences = replayed(route, &whole).await;
    Ok(reply::ok(&json!({
        "event_id": whole.shown.id.to_string(),
        "route": route.name,
        "adapter": route.adapter.plugin().identity(),
        "differences": differences.iter().map(difference).collect::<Value>(),
    })))
}
