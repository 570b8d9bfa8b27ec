//! Destinations over the API: those that are registered here, and, read-only, those of the config.
//! A secret is shown when it is made, and never again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};

use super::fields::Fields;
use super::reply::{self, Refusal, Reply};
use super::{Admin, Call, reachable};
use crate::generation::Destination;
use crate::model::clock::rfc3339;
use crate::model::{KindPattern, WebhookId};
use crate::store::{NewWebhook, StoreFault, Webhook, WebhookChange};

/// What all secrets begin with.
const SECRET_PREFIX: &str = "whsec_";
const SECRET_BYTES: usize = 32;

/// Patterns of kinds that one webhook may have.
const PATTERNS_MOST: usize = 100;

/// What is not there.
const WEBHOOK: &str = "webhook";

/// Registers a webhook.
pub(super) async fn create(admin: &Admin, call: &Call<'_>) -> Reply {
    let fields = Fields::of(&call.body)?;
    // Without `events` it is told of everything: a slip must not come to that.
    fields.only(&["url", "events"])?;
    let url = fields.text("url")?.ok_or(Refusal::Missing("url"))?.to_owned();
    let events = patterns(&fields)?.map_or_else(|| read_patterns(&["*"]), Ok)?;
    reachable::check(&url, &admin.cell.current()).await?;
    let (secret, now_ms) = (secret()?, call.now_ms);
    let webhook = admin.store.register(NewWebhook { url, events, secret, now_ms }).await?;
    let mut body = shown(&webhook);
    body["secret"] = json!(webhook.secret);
    Ok(reply::success_created(&json!({ "webhook": body })))
}

/// The config's destinations by name, then webhooks, the oldest first.
pub(super) fn list(admin: &Admin, call: &Call<'_>) -> Reply {
    let window = call.query().window()?;
    let (generation, webhooks) = (admin.cell.current(), admin.store.webhooks());
    let since_ms = admin.cell.record().since_ms;
    let total = generation.destinations.len() + webhooks.len();
    let named = generation.destinations.values().map(|one| shown_named(one, since_ms));
    let rows: Vec<Value> =
        named.chain(webhooks.iter().map(shown)).skip(window.offset).take(window.limit).collect();
    let (limit, offset) = (window.limit, window.offset);
    let data = json!({ "webhooks": rows, "total": total, "limit": limit, "offset": offset });
    Ok(reply::success(&data))
}

/// One of them.
pub(super) fn get(admin: &Admin, call: &Call<'_>) -> Reply {
    if let Some(destination) = admin.cell.current().destinations.get(call.id) {
        return Ok(one(&shown_named(destination, admin.cell.record().since_ms)));
    }
    let id: WebhookId = call.id.parse().map_err(|_| Refusal::NoSuch(WEBHOOK))?;
    let webhooks = admin.store.webhooks();
    let webhook = webhooks.iter().find(|webhook| webhook.id == id);
    Ok(one(&shown(webhook.ok_or(Refusal::NoSuch(WEBHOOK))?)))
}

/// Changes what is given.
pub(super) async fn update(admin: &Admin, call: &Call<'_>) -> Reply {
    let id = registered(admin, call)?;
    let fields = Fields::of(&call.body)?;
    fields.only(&["url", "events", "status"])?;
    let active = match fields.text("status")? {
        None => None,
        Some("active") => Some(true),
        Some("inactive") => Some(false),
        Some(_) => return Err(Refusal::Invalid("status is active or inactive".to_owned())),
    };
    let url = fields.text("url")?.map(str::to_owned);
    let events = patterns(&fields)?;
    if let Some(url) = &url {
        reachable::check(url, &admin.cell.current()).await?;
    }
    let change = WebhookChange { url, events, active, secret: None, now_ms: call.now_ms };
    let webhook = admin.store.amend(id, change).await.map_err(refused)?;
    Ok(one(&shown(&webhook)))
}

/// Removes it for ever.
pub(super) async fn delete(admin: &Admin, call: &Call<'_>) -> Reply {
    let id = registered(admin, call)?;
    match admin.store.remove(id).await? {
        true => Ok(reply::success(&json!({ "deleted": true }))),
        false => Err(Refusal::NoSuch(WEBHOOK)),
    }
}

/// Gives it a new secret.
pub(super) async fn rotate(admin: &Admin, call: &Call<'_>) -> Reply {
    let id = registered(admin, call)?;
    let secret = Some(secret()?);
    let change = WebhookChange { secret, now_ms: call.now_ms, ..WebhookChange::default() };
    let webhook = admin.store.amend(id, change).await.map_err(refused)?;
    let data = json!({ "webhook_id": webhook.id.to_string(), "secret": webhook.secret });
    Ok(reply::success(&data))
}

/// The id in the path, where it is a webhook's: what stands in the config is changed there.
fn registered(admin: &Admin, call: &Call<'_>) -> Result<WebhookId, Refusal> {
    match admin.cell.current().destinations.contains_key(call.id) {
        true => Err(Refusal::ReadOnly),
        false => call.id.parse().map_err(|_| Refusal::NoSuch(WEBHOOK)),
    }
}

fn refused(fault: StoreFault) -> Refusal {
    match fault {
        StoreFault::NotFound => Refusal::NoSuch(WEBHOOK),
        other => other.into(),
    }
}

/// The field `events`; a list of nothing is everything.
fn patterns(fields: &Fields) -> Result<Option<Vec<KindPattern>>, Refusal> {
    match fields.texts("events")?.as_deref() {
        None => Ok(None),
        Some([]) => read_patterns(&["*"]).map(Some),
        Some(texts) => read_patterns(texts).map(Some),
    }
}

fn read_patterns(texts: &[&str]) -> Result<Vec<KindPattern>, Refusal> {
    let read: Option<Vec<_>> = texts.iter().map(|text| KindPattern::parse(text)).collect();
    read.filter(|patterns| patterns.len() <= PATTERNS_MOST).ok_or_else(|| {
        let wanted = format!(
            "events lists at most {PATTERNS_MOST} patterns of kinds, as payment.*, of 1 to 200 \
             printable ASCII characters without blanks"
        );
        Refusal::Invalid(wanted)
    })
}

/// A new secret, right for both ways of signing.
fn secret() -> Result<String, Refusal> {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Refusal::NoRandom)?;
    Ok(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
}

fn one(webhook: &Value) -> hyper::Response<http_body_util::Full<bytes::Bytes>> {
    reply::success(&json!({ "webhook": webhook }))
}

fn shown(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id.to_string(),
        "url": webhook.url,
        "events": webhook.events.iter().map(KindPattern::as_str).collect::<Vec<_>>(),
        "status": if webhook.active { "active" } else { "inactive" },
        "last_triggered_at": webhook.triggered_ms.map(rfc3339),
        "last_delivery_at": webhook.delivered_ms.map(rfc3339),
        "created_at": rfc3339(webhook.created_ms),
        "updated_at": rfc3339(webhook.updated_ms),
    })
}

/// A destination of the config: it is as old as what runs.
fn shown_named(destination: &Destination, since_ms: u64) -> Value {
    json!({
        "id": destination.name,
        "url": destination.url,
        "events": destination.events.iter().map(KindPattern::as_str).collect::<Vec<_>>(),
        "status": if destination.offline.is_none() { "active" } else { "inactive" },
        "last_triggered_at": null,
        "last_delivery_at": null,
        "created_at": rfc3339(since_ms),
        "updated_at": rfc3339(since_ms),
        "read_only": true,
        "offline": destination.offline,
    })
}
