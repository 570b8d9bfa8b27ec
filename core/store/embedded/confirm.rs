//! What a confirmation makes of an event: true, false, not known yet, or one that is recorded
//! already.

use rusqlite::{OptionalExtension as _, params};
use serde_json::json;

use super::record::{self, Insert};
use super::row::{delivery_number, event_number, kept};
use super::writer::{Desk, Done};
use crate::model::{DeliveryStatus, Event, EventStatus, Reason};
use crate::store::{Confirmed, UnconfirmedSettlement};

pub(super) fn settle(desk: &mut Desk<'_>, settlement: &UnconfirmedSettlement) -> Done<()> {
    super::state::keep(desk, &settlement.state)?;
    let sql = "SELECT seq, route FROM events WHERE id = ?1 AND status = ?2";
    let key = params![settlement.id.as_bytes(), event_number(EventStatus::Unconfirmed)];
    let found: Option<(i64, String)> = (desk.db.prepare_cached(sql)?)
        .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((seq, route)) = found else { return Ok(()) };
    let now_ms = settlement.now_ms;
    match &settlement.confirmed {
        Confirmed::True { event, named, dedupe_ms } => {
            let insert = Insert { event, route: &route, now_ms };
            match record::known(desk, &route, event, now_ms)?.filter(|known| *known != seq) {
                Some(known) => merge(desk, (seq, known), now_ms)?,
                None => confirm(desk, (seq, *dedupe_ms), &insert, named)?,
            }
        }
        Confirmed::Contradicted(reason) => {
            end(desk, seq, (EventStatus::Contradicted, reason))?;
            let sql = "UPDATE deliveries SET status = ?2 WHERE event = ?1 AND status = ?3";
            let (from, to) = (DeliveryStatus::Unconfirmed, DeliveryStatus::Contradicted);
            let row = params![seq, delivery_number(to), delivery_number(from)];
            desk.db.prepare_cached(sql)?.execute(row)?;
        }
        Confirmed::GivenUp(reason) => end(desk, seq, (EventStatus::GivenUp, reason))?,
        Confirmed::Later(reason, at_ms) => {
            let sql = "UPDATE events SET tries = tries + 1, confirm_ms = ?2, reason = ?3 \
                       WHERE seq = ?1";
            let row = params![seq, kept(*at_ms), reason.to_string()];
            desk.db.prepare_cached(sql)?.execute(row)?;
        }
    }
    Ok(())
}

fn end(
    desk: &Desk<'_>,
    seq: i64,
    (status, reason): (EventStatus, &Reason),
) -> rusqlite::Result<()> {
    let sql = "UPDATE events SET tries = tries + 1, status = ?2, confirm_ms = NULL, reason = ?3 \
               WHERE seq = ?1";
    let row = params![seq, event_number(status), reason.to_string()];
    desk.db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// It is the event `known`: that one is delivered, or is to be confirmed.
fn merge(desk: &mut Desk<'_>, (seq, known): (i64, i64), now_ms: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE events SET tries = tries + 1, status = ?2, confirm_ms = NULL, reason = NULL, \
               merged = (SELECT coalesce(merged, id) FROM events WHERE seq = ?3) WHERE seq = ?1";
    let row = params![seq, event_number(EventStatus::Merged), known];
    desk.db.prepare_cached(sql)?.execute(row)?;
    cancel(desk, seq)?;
    record::confirm_anew(desk, known, now_ms)
}

fn cancel(desk: &Desk<'_>, seq: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE deliveries SET status = ?2 WHERE event = ?1 AND status = ?3";
    let (from, to) = (DeliveryStatus::Unconfirmed, DeliveryStatus::Cancelled);
    desk.db.prepare_cached(sql)?.execute(params![
        seq,
        delivery_number(to),
        delivery_number(from)
    ])?;
    Ok(())
}

fn confirm(
    desk: &mut Desk<'_>,
    (seq, dedupe_ms): (i64, u64),
    insert: &Insert<'_>,
    named: &[String],
) -> rusqlite::Result<()> {
    let Event { id, aliases, kind, subject, rank, occurred_at_ms, data } = insert.event;
    let aliases = (!aliases.is_empty()).then(|| json!(aliases).to_string());
    let sql = "UPDATE events SET provider_id = ?2, aliases = ?3, kind = ?4, subject = ?5, \
               rank = ?6, occurred_ms = ?7, data = ?8, status = ?9, confirm_ms = NULL, \
               reason = NULL, tries = tries + 1 WHERE seq = ?1";
    desk.db.prepare_cached(sql)?.execute(params![
        seq,
        id,
        aliases,
        kind,
        subject,
        rank,
        occurred_at_ms.map(kept),
        data,
        event_number(EventStatus::Confirmed),
    ])?;
    record::remember_ids(desk, insert, (seq, dedupe_ms))?;
    if announced(desk, seq)? == *kind && keep_owing(desk, seq, insert.now_ms)? {
        desk.wakes = true;
        return Ok(());
    }
    // It is of another kind than was announced: others may want it.
    cancel(desk, seq)?;
    record::owe(desk, (seq, DeliveryStatus::Waiting), insert, named)?;
    Ok(())
}

/// The kind that its deliveries were made for; empty where there are none.
fn announced(desk: &Desk<'_>, seq: i64) -> rusqlite::Result<String> {
    let sql = "SELECT kind FROM deliveries WHERE event = ?1 LIMIT 1";
    let kind = desk.db.prepare_cached(sql)?.query_row([seq], |row| row.get(0)).optional()?;
    Ok(kind.unwrap_or_default())
}

/// What was owed on condition is owed now; says whether there was anything.
fn keep_owing(desk: &Desk<'_>, seq: i64, now_ms: u64) -> rusqlite::Result<bool> {
    let sql = "UPDATE deliveries SET status = ?2, due_ms = ?3 WHERE event = ?1 AND status = ?4";
    let (from, to) = (DeliveryStatus::Unconfirmed, DeliveryStatus::Waiting);
    let row = params![seq, delivery_number(to), kept(now_ms), delivery_number(from)];
    Ok(desk.db.prepare_cached(sql)?.execute(row)? > 0)
}
