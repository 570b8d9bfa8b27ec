//! A recorded request asked of today's responder, over the API: nothing is recorded or counted. A
//! service of the operator's gets a call, so whoever may only look may not ask for it; and answers
//! are shown, so nor may whoever may not look.

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::events::{answer, whole};
use super::planning::difference;
use super::reply::{self, Refusal, Reply};
use super::{Admin, Call};
use crate::generation::Cell;
use crate::intake;
use crate::model::EventStatus;
use crate::outbound::{Client, OwnedReach};
use crate::rehearse::{answered, stored};

/// Dry runs at once: responders are there for those who call.
const AT_ONCE: usize = 4;

/// What dry runs need and nothing else does.
pub(super) struct DryRuns {
    /// Connections to services.
    client: Client,
    places: Semaphore,
}

impl DryRuns {
    pub(super) fn new(cell: &Cell) -> DryRuns {
        // The operator wrote services' URLs.
        let client = Client::new(OwnedReach::Anywhere, cell.current().names.clone());
        DryRuns { client, places: Semaphore::new(AT_ONCE) }
    }
}

/// What today's responder says to it, and how that differs.
pub(super) async fn dry_run(admin: &Admin, call: &Call<'_>) -> Reply {
    let whole = whole(admin, call).await?;
    match whole.shown.status {
        EventStatus::Unanswered | EventStatus::Answered | EventStatus::Declined => {}
        EventStatus::Accepted
        | EventStatus::Confirmed
        | EventStatus::Unconfirmed
        | EventStatus::Contradicted
        | EventStatus::GivenUp
        | EventStatus::Merged => return Err(Refusal::Notification),
    }
    let generation = admin.cell.current();
    let Some(route) = generation.route(&whole.shown.route) else {
        return Err(Refusal::NoSuch("route"));
    };
    // Never closed, so there is always a place in the end.
    let _place = admin.dry_runs.places.acquire().await;
    let today = intake::dry_run(route, &whole, &admin.dry_runs.client, &admin.clock).await;
    let differences = answered(&whole, &today);
    Ok(reply::ok(&json!({
        "event_id": whole.shown.id.to_string(),
        "route": route.name,
        "stored": stored(&whole).map(answer),
        "today": answer(&today),
        "differences": differences.iter().map(difference).collect::<Value>(),
    })))
}
