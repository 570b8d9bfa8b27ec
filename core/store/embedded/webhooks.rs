//! Registered webhooks: few, so all of them are in memory too, and only written here.

use rusqlite::{Connection, params};
use serde_json::json;

use super::row::{self, corrupt, delivery_number, kept};
use super::seal::Seal;
use super::writer::{Desk, Done, JobFault};
use crate::model::{Addressee, DeliveryStatus, KindPattern, WebhookId};
use crate::store::{NewWebhook, StoreFault, Webhook, WebhookChange};

fn place(id: WebhookId) -> String {
    format!("webhook\0{id}")
}

/// All of them, as they are kept. An error where a secret can't be opened: its deliveries would be
/// signed with nothing.
pub(super) fn load(db: &Connection, seal: &Seal) -> rusqlite::Result<Vec<Webhook>> {
    let sql = "SELECT id, url, events, active, secret, triggered_ms, delivered_ms, created_ms, \
               updated_ms FROM webhooks ORDER BY seq";
    let mut all = db.prepare(sql)?;
    let rows = all.query_map([], |row| {
        let id = WebhookId::from_bytes(row::id(row, 0)?);
        let sealed: Vec<u8> = row.get(4)?;
        let opened = seal.open(&place(id), &sealed);
        let opened = opened.and_then(|opened| String::from_utf8(opened.plain).ok());
        let patterns: Vec<String> = serde_json::from_str(&row.get::<_, String>(2)?)
            .map_err(|_| corrupt(2, "no list of patterns"))?;
        Ok(Webhook {
            id,
            url: row.get(1)?,
            events: patterns.iter().filter_map(|text| KindPattern::parse(text)).collect(),
            active: row.get(3)?,
            secret: opened.ok_or_else(|| corrupt(4, "a secret that the key doesn't open"))?,
            triggered_ms: row::maybe_number(row, 5)?,
            delivered_ms: row::maybe_number(row, 6)?,
            created_ms: row::number(row, 7)?,
            updated_ms: row::number(row, 8)?,
        })
    })?;
    rows.collect()
}

fn write(desk: &Desk<'_>, webhook: &Webhook) -> Done<()> {
    let sealed = desk.seal.seal(&place(webhook.id), webhook.secret.as_bytes());
    let sealed =
        sealed.map_err(|error| JobFault::Refused(StoreFault::Failing(error.to_string())))?;
    let patterns: Vec<&str> = webhook.events.iter().map(KindPattern::as_str).collect();
    let sql = "INSERT INTO webhooks (id, url, events, active, secret, triggered_ms, \
               delivered_ms, created_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
               ON CONFLICT (id) DO UPDATE SET url = ?2, events = ?3, active = ?4, secret = ?5, \
               triggered_ms = ?6, delivered_ms = ?7, updated_ms = ?9";
    desk.db.prepare_cached(sql)?.execute(params![
        webhook.id.as_bytes(),
        webhook.url,
        json!(patterns).to_string(),
        webhook.active,
        sealed,
        webhook.triggered_ms.map(kept),
        webhook.delivered_ms.map(kept),
        kept(webhook.created_ms),
        kept(webhook.updated_ms),
    ])?;
    Ok(())
}

/// Seals all secrets with the newest key.
pub(super) fn reseal(desk: &mut Desk<'_>) -> Done<()> {
    for webhook in desk.webhooks.iter() {
        write(desk, webhook)?;
    }
    Ok(())
}

pub(super) fn register(desk: &mut Desk<'_>, new: &NewWebhook, most: usize) -> Done<Webhook> {
    if desk.webhooks.len() >= most {
        return Err(JobFault::Refused(StoreFault::TooMany(most)));
    }
    let webhook = Webhook {
        id: WebhookId::new(new.now_ms),
        url: new.url.clone(),
        events: new.events.clone(),
        active: true,
        secret: new.secret.clone(),
        triggered_ms: None,
        delivered_ms: None,
        created_ms: new.now_ms,
        updated_ms: new.now_ms,
    };
    write(desk, &webhook)?;
    desk.webhooks.push(webhook.clone());
    desk.amended = true;
    Ok(webhook)
}

pub(super) fn amend(desk: &mut Desk<'_>, id: WebhookId, change: &WebhookChange) -> Done<Webhook> {
    let at = desk.webhooks.iter().position(|webhook| webhook.id == id);
    let at = at.ok_or(JobFault::Refused(StoreFault::NotFound))?;
    let mut webhook = desk.webhooks[at].clone();
    let WebhookChange { url, events, active, secret, now_ms } = change.clone();
    webhook.url = url.unwrap_or(webhook.url);
    webhook.events = events.unwrap_or(webhook.events);
    webhook.active = active.unwrap_or(webhook.active);
    webhook.secret = secret.unwrap_or(webhook.secret);
    webhook.updated_ms = now_ms;
    write(desk, &webhook)?;
    desk.webhooks[at] = webhook.clone();
    desk.amended = true;
    Ok(webhook)
}

pub(super) fn remove(desk: &mut Desk<'_>, id: WebhookId) -> Done<bool> {
    let sql = "DELETE FROM webhooks WHERE id = ?1";
    if desk.db.prepare_cached(sql)?.execute([id.as_bytes()])? == 0 {
        return Ok(false);
    }
    desk.webhooks.retain(|webhook| webhook.id != id);
    desk.amended = true;
    let sql = "UPDATE deliveries SET status = ?2 WHERE addressee = ?1 AND status IN (?3, ?4)";
    desk.db.prepare_cached(sql)?.execute(params![
        Addressee::Webhook(id).to_string(),
        delivery_number(DeliveryStatus::Cancelled),
        delivery_number(DeliveryStatus::Waiting),
        delivery_number(DeliveryStatus::Unconfirmed),
    ])?;
    Ok(true)
}
