//! Recording a callback: what of it is new, and what follows from that.

use ring::digest::{Context, SHA256, digest};
use rusqlite::{OptionalExtension as _, params};
use serde_json::json;

use super::made::Made;
use super::row::{delivery_number, event_number, kept};
use super::writer::{Desk, Done};
use crate::model::{
    Addressee, DeliveryId, DeliveryStatus, Event, EventId, EventStatus, Head, TraceContext,
};
use crate::observe::traces;
use crate::store::{NewEvent, Recorded, Recording};

/// A recording with what takes time made before the writer has to wait for it.
pub(super) struct Prepared {
    pub(super) recording: Recording,
    head: String,
    pub(super) body_hash: [u8; 32],
    /// Whose work it is, for whoever delivers what comes of it.
    trace: Option<TraceContext>,
}

impl Prepared {
    pub(super) fn new(recording: Recording) -> Prepared {
        let head = head(&recording.callback.head);
        let mut body_hash = [0; 32];
        body_hash.copy_from_slice(digest(&SHA256, &recording.callback.body).as_ref());
        Prepared { recording, head, body_hash, trace: traces::current() }
    }
}

fn head(head: &Head) -> String {
    let headers: Vec<_> = head.headers.iter().map(|one| (&one.name, &one.value)).collect();
    json!({ "params": head.params, "headers": headers }).to_string()
}

/// An event as it is about to be inserted.
pub(super) struct Insert<'r> {
    pub(super) event: &'r Event,
    pub(super) route: &'r str,
    pub(super) now_ms: u64,
}

pub(super) fn record(desk: &mut Desk<'_>, prepared: &Prepared) -> Done<Recorded> {
    let Prepared { recording, .. } = prepared;
    if is_replayed(desk, prepared)? {
        return Ok(Recorded::Replayed);
    }
    super::state::keep(desk, &recording.state)?;
    let now_ms = recording.callback.head.received_at_ms;
    let mut callback = None;
    let mut new = Vec::new();
    for one in &recording.events {
        if let Some(seq) = known(desk, &recording.route, &one.event, now_ms)? {
            repeat(desk, seq, now_ms)?;
            continue;
        }
        let callback = match callback {
            Some(callback) => callback,
            None => *callback.insert(insert_callback(desk, prepared)?),
        };
        let event = insert_event(desk, recording, (one, callback))?;
        traces::link(event, prepared.trace);
        new.push(event);
    }
    if recording.events.is_empty() {
        insert_callback(desk, prepared)?;
    } else if new.is_empty() {
        return Ok(Recorded::Duplicate);
    }
    Ok(Recorded::New(new))
}

/// Keeps the replay key; says whether it came with another body before.
pub(super) fn is_replayed(desk: &Desk<'_>, prepared: &Prepared) -> rusqlite::Result<bool> {
    let recording = &prepared.recording;
    let Some(key) = &recording.replay_key else { return Ok(false) };
    let now_ms = recording.callback.head.received_at_ms;
    let sql = "SELECT body_hash FROM replay_keys WHERE route = ?1 AND key = ?2 AND expires_ms > ?3";
    let seen: Option<Vec<u8>> = (desk.db.prepare_cached(sql)?)
        .query_row(params![recording.route, key, kept(now_ms)], |row| row.get(0))
        .optional()?;
    if let Some(hash) = seen {
        return Ok(hash != prepared.body_hash);
    }
    let expires_ms = kept(now_ms.saturating_add(recording.dedupe_ms));
    let sql = "INSERT OR REPLACE INTO replay_keys (route, key, body_hash, expires_ms) \
               VALUES (?1, ?2, ?3, ?4)";
    let row = params![recording.route, key, prepared.body_hash, expires_ms];
    desk.db.prepare_cached(sql)?.execute(row)?;
    Ok(false)
}

/// The event that is known by this one's id, or by one of its aliases.
pub(super) fn known(
    desk: &Desk<'_>,
    route: &str,
    event: &Event,
    now_ms: u64,
) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT event FROM event_ids WHERE digest = ?1 AND expires_ms > ?2";
    let mut find = desk.db.prepare_cached(sql)?;
    for id in std::iter::once(&event.id).chain(&event.aliases) {
        let found = find
            .query_row(params![id_digest(route, id), kept(now_ms)], |row| row.get(0))
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// An event came again: one that isn't known to be true is confirmed anew.
pub(super) fn repeat(desk: &mut Desk<'_>, seq: i64, now_ms: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE events SET repeats = repeats + 1 WHERE seq = ?1";
    desk.db.prepare_cached(sql)?.execute([seq])?;
    confirm_anew(desk, seq, now_ms)
}

/// Has an event confirmed at once, as if it had just come, unless it needs none any more.
pub(super) fn confirm_anew(desk: &mut Desk<'_>, seq: i64, now_ms: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE events SET status = ?2, tries = 0, since_ms = ?3, confirm_ms = ?3 \
               WHERE seq = ?1 AND status IN (?2, ?4, ?5)";
    let row = params![
        seq,
        event_number(EventStatus::Unconfirmed),
        kept(now_ms),
        event_number(EventStatus::Contradicted),
        event_number(EventStatus::GivenUp)
    ];
    if desk.db.prepare_cached(sql)?.execute(row)? == 0 {
        return Ok(());
    }
    desk.wakes = true;
    let sql = "UPDATE deliveries SET status = ?2 WHERE event = ?1 AND status = ?3";
    let (unconfirmed, contradicted) = (DeliveryStatus::Unconfirmed, DeliveryStatus::Contradicted);
    let row = params![seq, delivery_number(unconfirmed), delivery_number(contradicted)];
    desk.db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

pub(super) fn insert_callback(desk: &Desk<'_>, prepared: &Prepared) -> rusqlite::Result<i64> {
    let Prepared { recording, head, .. } = prepared;
    let call = &recording.callback;
    let sql = "INSERT INTO callbacks (id, route, received_ms, generation, adapter, matched, peer, \
               method, url, head, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let id: uuid::Uuid = call.head.id.parse().unwrap_or_default();
    desk.db.prepare_cached(sql)?.insert(params![
        id.as_bytes(),
        recording.route,
        kept(call.head.received_at_ms),
        kept(recording.generation.0),
        recording.adapter,
        recording.matched,
        call.head.peer,
        call.head.method,
        call.head.url,
        head,
        call.body.as_ref(),
    ])
}

fn insert_event(
    desk: &mut Desk<'_>,
    recording: &Recording,
    (one, callback): (&NewEvent, i64),
) -> rusqlite::Result<EventId> {
    let (event, now_ms) = (&one.event, recording.callback.head.received_at_ms);
    let status = if recording.confirms { EventStatus::Unconfirmed } else { EventStatus::Accepted };
    let id = EventId::new(now_ms);
    let aliases = (!event.aliases.is_empty()).then(|| json!(event.aliases).to_string());
    let sql = "INSERT INTO events (id, callback, route, provider_id, aliases, kind, subject, rank, \
               occurred_ms, data, status, since_ms, confirm_ms, recorded_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?12)";
    let seq = desk.db.prepare_cached(sql)?.insert(params![
        id.as_bytes(),
        callback,
        recording.route,
        event.id,
        aliases,
        event.kind,
        event.subject,
        event.rank,
        event.occurred_at_ms.map(kept),
        event.data,
        event_number(status),
        kept(now_ms),
        recording.confirms.then(|| kept(now_ms)),
    ])?;
    let insert = Insert { event, route: &recording.route, now_ms };
    remember_ids(desk, &insert, (seq, recording.dedupe_ms))?;
    desk.wakes |= recording.confirms;
    let due = match recording.confirms {
        true => DeliveryStatus::Unconfirmed,
        false => DeliveryStatus::Waiting,
    };
    owe(desk, (seq, due), &insert, &one.named)?;
    Ok(id)
}

/// What an id or alias is known again by on a route. No two have the same one, by accident or on
/// purpose.
pub(super) fn id_digest(route: &str, id: &str) -> [u8; 16] {
    let mut text = Context::new(&SHA256);
    // A route's name has no such byte.
    [route.as_bytes(), b"\0", id.as_bytes()].iter().for_each(|part| text.update(part));
    let mut half = [0; 16];
    half.copy_from_slice(&text.finish().as_ref()[..16]);
    half
}

/// From here on the event is known by its id and aliases.
pub(super) fn remember_ids(
    desk: &Desk<'_>,
    insert: &Insert<'_>,
    (seq, dedupe_ms): (i64, u64),
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO event_ids (digest, event, expires_ms) VALUES (?1, ?2, ?3)";
    let mut keep = desk.db.prepare_cached(sql)?;
    let expires_ms = kept(insert.now_ms.saturating_add(dedupe_ms));
    for id in std::iter::once(&insert.event.id).chain(&insert.event.aliases) {
        keep.execute(params![id_digest(insert.route, id), seq, expires_ms])?;
    }
    Ok(())
}

/// Owes the event to these destinations of the config, and to the webhooks that want it; says to
/// how many.
pub(super) fn owe(
    desk: &mut Desk<'_>,
    (seq, status): (i64, DeliveryStatus),
    insert: &Insert<'_>,
    named: &[String],
) -> rusqlite::Result<usize> {
    let mut to: Vec<Addressee> = named.iter().cloned().map(Addressee::Named).collect();
    for webhook in desk.webhooks.iter_mut().filter(|webhook| webhook.wants(&insert.event.kind)) {
        webhook.triggered_ms = Some(insert.now_ms);
        desk.amended = true;
        to.push(Addressee::Webhook(webhook.id));
    }
    let sql = "INSERT INTO deliveries (id, event, addressee, kind, status, due_ms, created_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
    let mut add = desk.db.prepare_cached(sql)?;
    for addressee in &to {
        let id = DeliveryId::new(insert.now_ms);
        let (to, now_ms) = (addressee.to_string(), kept(insert.now_ms));
        let kind = &insert.event.kind;
        let status = delivery_number(status);
        let made = add.insert(params![id.as_bytes(), seq, to, kind, status, now_ms])?;
        desk.made.add(&Made { seq: made, addressee: &to, kind, status, at_ms: now_ms });
        if let Addressee::Webhook(id) = addressee {
            let sql = "UPDATE webhooks SET triggered_ms = ?2 WHERE id = ?1";
            desk.db.prepare_cached(sql)?.execute(params![id.as_bytes(), now_ms])?;
        }
    }
    desk.wakes |= !to.is_empty();
    Ok(to.len())
}
