//! Deliveries over the API: which ones, and how one is shown.

use std::sync::Arc;

use serde_json::{Value, json};

use super::dates::{self, Edge};
use super::reply::{self, Refusal, Reply};
use super::{Admin, Call};
use crate::generation::Generation;
use crate::model::clock::rfc3339;
use crate::model::{Addressee, DeliveryId, DeliveryStatus};
use crate::store::{DeliveryFilter, DeliveryShown, Webhook};

/// What is not there.
pub(super) const DELIVERY: &str = "delivery";

/// How many deliveries are shown as the newest, where nothing is said.
const ACTIVITY: usize = 50;

/// A page of those that fit.
pub(super) async fn list(admin: &Admin, call: &Call<'_>) -> Reply {
    let query = call.query();
    let window = query.window()?;
    let mut filter = filter(&|name| query.text(name))?;
    (filter.limit, filter.offset, filter.count) = (window.limit, window.offset, true);
    let page = admin.store.deliveries(filter).await?;
    let standing = Standing::of(admin);
    let rows: Vec<Value> = page.rows.iter().map(|row| standing.shown(row)).collect();
    let total = page.total.unwrap_or(0);
    let (limit, offset) = (window.limit, window.offset);
    let mut data = json!({ "deliveries": rows, "total": total, "limit": limit, "offset": offset });
    if let Some(page) = window.page {
        data["page"] = json!(page);
        data["totalPages"] = json!(total.div_ceil(limit as u64));
    }
    Ok(reply::success(&data))
}

/// One of them.
pub(super) async fn get(admin: &Admin, call: &Call<'_>) -> Reply {
    let found = admin.store.delivery(id(call)?).await?;
    let delivery = found.ok_or(Refusal::NoSuch(DELIVERY))?;
    let data = json!({ "delivery": Standing::of(admin).shown(&delivery) });
    Ok(reply::success(&data))
}

/// The newest ones.
pub(super) async fn activity(admin: &Admin, call: &Call<'_>) -> Reply {
    let limit = call.query().number("limit", super::query::LIMITS)?.unwrap_or(ACTIVITY);
    let page =
        admin.store.deliveries(DeliveryFilter { limit, ..DeliveryFilter::default() }).await?;
    let standing = Standing::of(admin);
    let rows: Vec<Value> = page.rows.iter().map(|row| standing.shown(row)).collect();
    Ok(reply::success(&json!({ "activity": rows })))
}

/// The id in the path.
pub(super) fn id(call: &Call<'_>) -> Result<DeliveryId, Refusal> {
    call.id.parse().map_err(|_| Refusal::NoSuch(DELIVERY))
}

/// Which deliveries are wanted, as a query or a body says it.
pub(super) fn filter<'v>(
    value: &dyn Fn(&str) -> Result<Option<&'v str>, Refusal>,
) -> Result<DeliveryFilter, Refusal> {
    let time = |name: &str, edge: Edge| time(value(name)?, name, edge);
    // A destination of the config is known by its name, also where ids are asked for.
    let webhook = value("webhook_id")?.map(|id| match id.parse() {
        Ok(id) => Addressee::Webhook(id),
        Err(_) => Addressee::Named(id.to_owned()),
    });
    let named = value("destination")?.map(|name| Addressee::Named(name.to_owned()));
    if webhook.is_some() && named.is_some() {
        let wanted = "webhook_id and destination can't both be given";
        return Err(Refusal::Invalid(wanted.to_owned()));
    }
    Ok(DeliveryFilter {
        to: webhook.or(named),
        subject: value("transaction_id")?.map(str::to_owned),
        kind: value("event_type")?.map(str::to_owned),
        statuses: value("status")?.map(statuses).transpose()?.unwrap_or_default(),
        from_ms: time("start_date", Edge::First)?,
        to_ms: time("end_date", Edge::Last)?,
        ..DeliveryFilter::default()
    })
}

/// A point in time, where one is given.
pub(super) fn time(text: Option<&str>, name: &str, edge: Edge) -> Result<Option<u64>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let wanted = || format!("{name} is a day, as 2026-01-31, or an RFC 3339 time");
    dates::parse(text, edge).map(Some).ok_or_else(|| Refusal::Invalid(wanted()))
}

fn statuses(word: &str) -> Result<Vec<DeliveryStatus>, Refusal> {
    let fits: Vec<_> =
        DeliveryStatus::ALL.into_iter().filter(|status| contract(*status) == word).collect();
    match fits.is_empty() {
        true => Err(Refusal::Invalid("status is delivered, pending or failed".to_owned())),
        false => Ok(fits),
    }
}

/// A status in the contract's three words.
fn contract(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Waiting | DeliveryStatus::Unconfirmed => "pending",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Exhausted | DeliveryStatus::Cancelled | DeliveryStatus::Contradicted => {
            "failed"
        }
    }
}

/// Who takes deliveries now.
pub(super) struct Standing {
    generation: Arc<Generation>,
    webhooks: Arc<Vec<Webhook>>,
}

impl Standing {
    /// As it is now.
    pub(super) fn of(admin: &Admin) -> Standing {
        Standing { generation: admin.cell.current(), webhooks: admin.store.webhooks() }
    }

    /// Whether anything is sent there now.
    fn takes(&self, to: &Addressee) -> bool {
        match to {
            Addressee::Named(name) => {
                self.generation.destinations.get(name).is_some_and(|one| one.offline.is_none())
            }
            Addressee::Webhook(id) => self.webhooks.iter().any(|one| one.id == *id && one.active),
        }
    }

    /// Where a delivery stands, in our own words.
    fn state(&self, delivery: &DeliveryShown) -> &'static str {
        match delivery.status {
            DeliveryStatus::Waiting if !self.takes(&delivery.to) => "parked",
            status => status.word(),
        }
    }

    /// A delivery as it is shown.
    pub(super) fn shown(&self, delivery: &DeliveryShown) -> Value {
        let (webhook, destination) = match &delivery.to {
            Addressee::Webhook(id) => (Some(id.to_string()), None),
            Addressee::Named(name) => (None, Some(name)),
        };
        json!({
            "id": delivery.id.to_string(),
            "webhook_id": webhook,
            "destination": destination,
            "transaction_id": delivery.subject,
            "event_id": delivery.event.to_string(),
            "event_type": delivery.kind,
            "status": contract(delivery.status),
            "state": self.state(delivery),
            "payload": delivery.payload.as_deref().map(data),
            "response_status": delivery.response_status,
            "response_body": delivery.response_body.as_deref().map(String::from_utf8_lossy),
            "error": delivery.error,
            "attempts": delivery.attempts,
            "next_attempt_at": delivery.due_ms.map(rfc3339),
            "delivered_at": delivery.delivered_ms.map(rfc3339),
            "created_at": rfc3339(delivery.created_ms),
        })
    }
}

/// JSON as it is, all else as text.
pub(super) fn data(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}
