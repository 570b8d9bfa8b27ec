//! How deliveries end, and how they begin again.

use rusqlite::{OptionalExtension as _, params};

use super::record::{Insert, owe};
use super::row::{self, delivery_number, event_status, kept};
use super::writer::{Desk, Done, JobFault};
use crate::model::{
    Addressee, Attempt, DeliveryId, DeliveryStatus, Event, EventId, EventStatus, Settled,
};
use crate::store::{Ruling, Settlement, StoreFault};

/// `resent`: it was asked to be sent again while this attempt ran, so whatever the attempt came to,
/// short of success, it goes on as it was put then.
pub(super) fn settle(desk: &mut Desk<'_>, settlement: &Settlement, resent: bool) -> Done<()> {
    let id = settlement.id.as_bytes();
    let found: Option<(i64, String, DeliveryStatus)> = desk
        .db
        .prepare_cached("SELECT seq, addressee, status FROM deliveries WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row::delivery_status(row, 2)?)))
        .optional()?;
    // Pruned meanwhile, or never there: nothing is owed.
    let Some((seq, to, status)) = found else { return Ok(()) };
    if let Some(attempt) = &settlement.attempt {
        keep_attempt(desk, seq, attempt)?;
    }
    let to = Addressee::parse(&to);
    if settlement.ruling == Ruling::Gone {
        deactivate(desk, &to)?;
    }
    let ended_ms = settlement.attempt.as_ref().map_or(0, |one| one.at_ms + one.took_ms);
    if settlement.ruling == Ruling::Settled(Settled::Delivered) {
        delivered(desk, &to, ended_ms)?;
    } else if status != DeliveryStatus::Waiting {
        // Cancelled while the attempt ran.
        return Ok(());
    } else if resent && settlement.ruling != Ruling::Gone {
        let sql = "UPDATE deliveries SET tries = 0 WHERE seq = ?1";
        desk.db.prepare_cached(sql)?.execute([seq])?;
        desk.wakes = true;
        return Ok(());
    }
    let (status, due_ms) = match settlement.ruling {
        Ruling::Settled(Settled::Delivered) => (DeliveryStatus::Delivered, None),
        Ruling::Settled(Settled::Again(due_ms)) => (DeliveryStatus::Waiting, Some(kept(due_ms))),
        Ruling::Settled(Settled::Exhausted) | Ruling::Gone => (DeliveryStatus::Exhausted, None),
        Ruling::Dropped => (DeliveryStatus::Cancelled, None),
    };
    let delivered_ms = (status == DeliveryStatus::Delivered).then(|| kept(ended_ms));
    let sql = "UPDATE deliveries SET status = ?2, due_ms = coalesce(?3, due_ms), \
               delivered_ms = coalesce(?4, delivered_ms) WHERE seq = ?1";
    let row = params![seq, delivery_number(status), due_ms, delivered_ms];
    desk.db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

fn keep_attempt(desk: &Desk<'_>, seq: i64, attempt: &Attempt) -> rusqlite::Result<()> {
    let sql = "UPDATE deliveries SET tries = tries + 1, attempts = attempts + 1 WHERE seq = ?1 \
               RETURNING attempts";
    let number: i64 = desk.db.prepare_cached(sql)?.query_row([seq], |row| row.get(0))?;
    let sql = "INSERT OR REPLACE INTO attempts (delivery, number, at_ms, took_ms, status, body, \
               error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Attempt { at_ms, took_ms, status, body, error } = attempt;
    let row = params![seq, number, kept(*at_ms), kept(*took_ms), status, body, error];
    desk.db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

fn delivered(desk: &mut Desk<'_>, to: &Addressee, now_ms: u64) -> rusqlite::Result<()> {
    let Addressee::Webhook(id) = to else { return Ok(()) };
    if let Some(webhook) = desk.webhooks.iter_mut().find(|webhook| webhook.id == *id) {
        webhook.delivered_ms = Some(now_ms);
        desk.amended = true;
        let sql = "UPDATE webhooks SET delivered_ms = ?2 WHERE id = ?1";
        desk.db.prepare_cached(sql)?.execute(params![id.as_bytes(), kept(now_ms)])?;
    }
    Ok(())
}

fn deactivate(desk: &mut Desk<'_>, to: &Addressee) -> rusqlite::Result<()> {
    let Addressee::Webhook(id) = to else { return Ok(()) };
    if let Some(webhook) = desk.webhooks.iter_mut().find(|webhook| webhook.id == *id) {
        webhook.active = false;
        desk.amended = true;
        let sql = "UPDATE webhooks SET active = 0 WHERE id = ?1";
        desk.db.prepare_cached(sql)?.execute([id.as_bytes()])?;
    }
    Ok(())
}

pub(super) fn resend(desk: &mut Desk<'_>, id: DeliveryId, now_ms: u64) -> Done<bool> {
    let sql = "SELECT d.seq, e.status, d.addressee FROM deliveries d \
               JOIN events e ON e.seq = d.event WHERE d.id = ?1";
    let found: Option<(i64, EventStatus, String)> = desk
        .db
        .prepare_cached(sql)?
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, event_status(row, 1)?, row.get(2)?)))
        .optional()?;
    let Some((seq, status, to)) = found else { return Ok(false) };
    is_true(status)?;
    // Nobody takes it any more, and nobody will: it would be owed for ever.
    if let Addressee::Webhook(webhook) = Addressee::parse(&to)
        && !desk.webhooks.iter().any(|one| one.id == webhook)
    {
        return Err(JobFault::Refused(StoreFault::NotFound));
    }
    let sql = "UPDATE deliveries SET status = ?2, due_ms = ?3, tries = 0 WHERE seq = ?1";
    let row = params![seq, delivery_number(DeliveryStatus::Waiting), kept(now_ms)];
    desk.db.prepare_cached(sql)?.execute(row)?;
    desk.wakes = true;
    Ok(true)
}

fn is_true(status: EventStatus) -> Done<()> {
    match status {
        EventStatus::Accepted | EventStatus::Confirmed => Ok(()),
        EventStatus::Unconfirmed
        | EventStatus::Contradicted
        | EventStatus::GivenUp
        | EventStatus::Merged => Err(JobFault::Refused(StoreFault::Untrue)),
        EventStatus::Unanswered | EventStatus::Answered | EventStatus::Declined => {
            Err(JobFault::Refused(StoreFault::Request))
        }
    }
}

pub(super) fn replay(
    desk: &mut Desk<'_>,
    id: EventId,
    (named, now_ms): (&[String], u64),
) -> Done<Option<usize>> {
    let sql = "SELECT seq, status, route, provider_id, kind FROM events WHERE id = ?1";
    let found: Option<(i64, EventStatus, String, Event)> = desk
        .db
        .prepare_cached(sql)?
        .query_row([id.as_bytes()], |row| {
            let event = Event {
                id: row.get(3)?,
                aliases: Vec::new(),
                kind: row.get(4)?,
                subject: None,
                rank: None,
                occurred_at_ms: None,
                data: None,
            };
            Ok((row.get(0)?, event_status(row, 1)?, row.get(2)?, event))
        })
        .optional()?;
    let Some((seq, status, route, event)) = found else { return Ok(None) };
    is_true(status)?;
    let insert = Insert { event: &event, route: &route, now_ms };
    Ok(Some(owe(desk, (seq, DeliveryStatus::Waiting), &insert, named)?))
}

/// A clock that was set back: what waits, waits as long as it would have.
pub(super) fn shift(desk: &mut Desk<'_>, back_ms: u64, now_ms: u64) -> Done<()> {
    let row = params![kept(back_ms), kept(now_ms)];
    let sql = "UPDATE deliveries SET due_ms = due_ms - ?1 WHERE status = 0 AND due_ms > ?2";
    desk.db.execute(sql, row)?;
    let sql = "UPDATE events SET confirm_ms = confirm_ms - ?1, since_ms = since_ms - ?1 \
               WHERE confirm_ms IS NOT NULL AND confirm_ms > ?2";
    desk.db.execute(sql, row)?;
    desk.wakes = true;
    Ok(())
}
