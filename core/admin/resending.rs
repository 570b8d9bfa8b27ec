//! Deliveries that are sent once more: one, or all that fit. What isn't true is never sent.

use serde_json::json;

use super::deliveries::{self, DELIVERY};
use super::fields::Fields;
use super::reply::{self, Refusal, Reply};
use super::{Admin, Call};
use crate::model::{DeliveryId, DeliveryStatus};
use crate::store::{DeliveryFilter, StoreFault};

/// Deliveries that one call looks at, and puts back to waiting.
const LOOKED_MOST: usize = 1000;
/// Deliveries that are read at once.
const PAGE: usize = 100;

/// What says which are sent again.
const FIELDS: [&str; 8] = [
    "status",
    "event_type",
    "webhook_id",
    "destination",
    "transaction_id",
    "start_date",
    "end_date",
    "before",
];

/// Puts one back to waiting.
pub(super) async fn one(admin: &Admin, call: &Call<'_>) -> Reply {
    match admin.store.resend(deliveries::id(call)?).await? {
        true => {
            let data = json!({ "success": true, "message": "delivery resend requested" });
            Ok(reply::success(&data))
        }
        false => Err(Refusal::NoSuch(DELIVERY)),
    }
}

/// Puts all that fit back to waiting, as many as one call may. Where there are more, the next call
/// names the last that was looked at.
pub(super) async fn all(admin: &Admin, call: &Call<'_>) -> Reply {
    let mut filter = wanted(&Fields::of_any(&call.body)?)?;
    let (mut resent, mut looked, mut more) = (0, 0, !filter.statuses.is_empty());
    while more && looked < LOOKED_MOST {
        filter.limit = PAGE.min(LOOKED_MOST - looked);
        let page = admin.store.deliveries(filter.clone()).await?;
        for row in &page.rows {
            resent += usize::from(resend(admin, row.id).await?);
        }
        looked += page.rows.len();
        more = page.more && !page.rows.is_empty();
        filter.before = page.rows.last().map(|row| row.id).or(filter.before);
    }
    let next = filter.before.filter(|_| more).map(|id| id.to_string());
    let data = json!({ "resent": resent, "more": more, "next": next });
    Ok(reply::success(&data))
}

/// Those that failed where nothing else is said. What was cancelled nobody wants any more, and an
/// event that isn't true, or isn't known to be, isn't sent: none of them fit.
fn wanted(fields: &Fields) -> Result<DeliveryFilter, Refusal> {
    fields.only(&FIELDS)?;
    let mut filter = deliveries::filter(&|name| match name {
        "status" => Ok(Some(fields.text(name)?.unwrap_or("failed"))),
        name => fields.text(name),
    })?;
    filter.statuses.retain(|status| match status {
        DeliveryStatus::Waiting | DeliveryStatus::Delivered | DeliveryStatus::Exhausted => true,
        DeliveryStatus::Unconfirmed | DeliveryStatus::Cancelled | DeliveryStatus::Contradicted => {
            false
        }
    });
    let before = fields.text("before")?.map(str::parse::<DeliveryId>).transpose();
    filter.before = before.map_err(|_| Refusal::Invalid("before is a delivery's id".to_owned()))?;
    Ok(filter)
}

/// Whether it was put back; what became of it meanwhile is no fault of the call.
async fn resend(admin: &Admin, id: DeliveryId) -> Result<bool, Refusal> {
    match admin.store.resend(id).await {
        Ok(resent) => Ok(resent),
        Err(StoreFault::Untrue | StoreFault::NotFound) => Ok(false),
        Err(fault) => Err(fault.into()),
    }
}
