//! Requests: recorded before they are answered, and every try of that kept. The first finished
//! reply stands for as long as its request's identity is known.

#[cfg(test)]
mod tests;

use ring::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::json;

use super::record::{self, Prepared};
use super::row::{self, event_number, kept, rows};
use super::writer::{Desk, Done, JobFault};
use crate::model::{EventId, EventStatus, Header, Reply, Request};
use crate::store::{AnswerShown, Answering, Asked, Asking, Recording, StoreFault};

/// For how long a request that was just asked is taken to be in hand, and stays whatever happens,
/// in milliseconds.
const IN_HAND_MS: u64 = 600_000;
/// Tries that are kept of a request, beside the one that stands.
const TRIES_MOST: usize = 100;
/// Tries that are shown.
const SHOWN_MOST: usize = 20;
/// Bytes that are kept of the body of a reply that can't be sent again.
const BODY_MOST: usize = 4096;

/// A request with what takes time made before the writer has to wait for it.
pub(super) struct Question {
    prepared: Prepared,
    request: Request,
    identity: Vec<u8>,
    keep_ms: u64,
}

impl Question {
    pub(super) fn new(asking: Asking) -> Question {
        let Asking { request, keep_ms, .. } = asking;
        let identity = json!([asking.route, request.kind, request.id]).to_string();
        let identity = digest(&SHA256, identity.as_bytes()).as_ref().to_vec();
        let prepared = Prepared::new(Recording {
            callback: asking.callback,
            route: asking.route,
            generation: asking.generation,
            adapter: asking.adapter,
            matched: asking.matched,
            replay_key: asking.replay_key,
            events: Vec::new(),
            confirms: false,
            dedupe_ms: asking.dedupe_ms,
            state: asking.state,
        });
        Question { prepared, request, identity, keep_ms }
    }

    fn now_ms(&self) -> u64 {
        self.prepared.recording.callback.head.received_at_ms
    }
}

/// A request that is known by its identity.
struct Known {
    seq: i64,
    id: EventId,
    tries: u32,
    same_body: bool,
    stands: Option<i64>,
}

pub(super) fn ask(desk: &mut Desk<'_>, question: &Question) -> Done<Asked> {
    let prepared = &question.prepared;
    if record::is_replayed(desk, prepared)? {
        return Ok(Asked::Replayed);
    }
    super::state::keep(desk, &prepared.recording.state)?;
    let Some(known) = known(desk.db, question)? else {
        return Ok(Asked::Open { id: insert(desk, question)?, attempt: 1 });
    };
    if !known.same_body {
        return Ok(Asked::Differs);
    }
    let sql = "UPDATE events SET repeats = repeats + 1 WHERE seq = ?1";
    desk.db.prepare_cached(sql)?.execute([known.seq])?;
    if let Some(reply) = standing(desk.db, known.stands)? {
        return Ok(Asked::Answered(reply));
    }
    let attempt = known.tries.saturating_add(1);
    let sql = "UPDATE events SET tries = ?2 WHERE seq = ?1";
    desk.db.prepare_cached(sql)?.execute(params![known.seq, attempt])?;
    let sql = "UPDATE requests SET keep_ms = ?2, expires_ms = ?3, stays_ms = ?4 WHERE event = ?1";
    let (expires_ms, stays_ms) = open_until(question);
    let row = params![known.seq, kept(question.keep_ms), expires_ms, stays_ms];
    desk.db.prepare_cached(sql)?.execute(row)?;
    Ok(Asked::Open { id: known.id, attempt })
}

/// Until when an open request is known, and until when it is in hand.
fn open_until(question: &Question) -> (i64, i64) {
    let until = |more_ms| kept(question.now_ms().saturating_add(more_ms));
    (until(question.keep_ms), until(IN_HAND_MS))
}

fn known(db: &Connection, question: &Question) -> rusqlite::Result<Option<Known>> {
    let sql = "SELECT q.event, e.id, e.tries, q.body_hash = ?4, q.stands \
               FROM requests q JOIN events e ON e.seq = q.event \
               WHERE q.id = ?1 AND q.identity = ?2 AND q.expires_ms > ?3 \
               ORDER BY q.event DESC LIMIT 1";
    let (id, now_ms) = (&question.request.id, kept(question.now_ms()));
    let row = params![id, question.identity, now_ms, question.prepared.body_hash];
    let known = |row: &Row<'_>| {
        Ok(Known {
            seq: row.get(0)?,
            id: EventId::from_bytes(row::id(row, 1)?),
            tries: row.get(2)?,
            same_body: row.get(3)?,
            stands: row.get(4)?,
        })
    };
    db.prepare_cached(sql)?.query_row(row, known).optional()
}

fn insert(desk: &Desk<'_>, question: &Question) -> rusqlite::Result<EventId> {
    let Question { prepared, request, identity, keep_ms } = question;
    let callback = record::insert_callback(desk, prepared)?;
    let now_ms = question.now_ms();
    let id = EventId::new(now_ms);
    let sql = "INSERT INTO events (id, callback, route, provider_id, kind, data, status, tries, \
               since_ms, recorded_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?8)";
    let seq = desk.db.prepare_cached(sql)?.insert(params![
        id.as_bytes(),
        callback,
        prepared.recording.route,
        request.id,
        request.kind,
        request.data,
        event_number(EventStatus::Unanswered),
        kept(now_ms),
    ])?;
    let sql = "INSERT INTO requests (event, id, identity, body_hash, keep_ms, expires_ms, \
               stays_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (expires_ms, stays_ms) = open_until(question);
    let hash = prepared.body_hash;
    let row = params![seq, request.id, identity, hash, kept(*keep_ms), expires_ms, stays_ms];
    desk.db.prepare_cached(sql)?.execute(row)?;
    Ok(id)
}

pub(super) fn answer(desk: &mut Desk<'_>, answering: &Answering) -> Done<Option<Reply>> {
    super::state::keep(desk, &answering.state)?;
    let sql = "SELECT q.event, q.stands, q.keep_ms FROM requests q \
               JOIN events e ON e.seq = q.event WHERE e.id = ?1";
    let found: Option<(i64, Option<i64>, u64)> = (desk.db.prepare_cached(sql)?)
        .query_row([answering.id.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row::number(row, 2)?))
        })
        .optional()?;
    let Some((event, stands, keep_ms)) = found else {
        return Err(JobFault::Refused(StoreFault::NotFound));
    };
    let wins = answering.finished && stands.is_none();
    let answer = insert_answer(desk.db, event, (answering, wins))?;
    if wins {
        stand(desk.db, (event, answer), (answering, keep_ms))?;
    } else if stands.is_none() {
        let sql = "UPDATE events SET reason = ?2 WHERE seq = ?1";
        desk.db.prepare_cached(sql)?.execute(params![event, answering.why])?;
    }
    let sql = "DELETE FROM answers WHERE event = ?1 AND seq IN (SELECT a.seq FROM answers a \
               JOIN requests q ON q.event = a.event WHERE a.event = ?1 AND a.seq IS NOT q.stands \
               ORDER BY a.seq DESC LIMIT -1 OFFSET ?2)";
    desk.db.prepare_cached(sql)?.execute(params![event, rows(TRIES_MOST)])?;
    Ok(standing(desk.db, stands.or(wins.then_some(answer)))?)
}

/// From here on this is what the request is answered with.
fn stand(
    db: &Connection,
    (event, answer): (i64, i64),
    (answering, keep_ms): (&Answering, u64),
) -> rusqlite::Result<()> {
    let until_ms = kept(answering.at_ms.saturating_add(keep_ms));
    let sql = "UPDATE requests SET stands = ?2, expires_ms = ?3, stays_ms = ?3 WHERE event = ?1";
    db.prepare_cached(sql)?.execute(params![event, answer, until_ms])?;
    let status = match answering.answer {
        Some(_) => EventStatus::Answered,
        None => EventStatus::Declined,
    };
    let sql = "UPDATE events SET status = ?2, reason = ?3 WHERE seq = ?1";
    db.prepare_cached(sql)?.execute(params![event, event_number(status), answering.why])?;
    Ok(())
}

/// Keeps a try; of a reply that nobody is ever sent again only the start.
fn insert_answer(
    db: &Connection,
    event: i64,
    (answering, wins): (&Answering, bool),
) -> rusqlite::Result<i64> {
    let Answering { reply, .. } = answering;
    let headers: Vec<_> = reply.headers.iter().map(|one| (&one.name, &one.value)).collect();
    let most = if wins { usize::MAX } else { BODY_MOST };
    let body = &reply.body[..reply.body.len().min(most)];
    let sql = "INSERT INTO answers (event, attempt, status, headers, body, finished, answer, \
               computed_by, fallback, late, why, took_ms, at_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    db.prepare_cached(sql)?.insert(params![
        event,
        answering.attempt,
        reply.status,
        json!(headers).to_string(),
        body,
        answering.finished,
        answering.answer,
        answering.by,
        answering.fallback,
        answering.late,
        answering.why,
        kept(answering.took_ms),
        kept(answering.at_ms),
    ])
}

/// The reply of the try that stands.
fn standing(db: &Connection, stands: Option<i64>) -> rusqlite::Result<Option<Reply>> {
    let Some(answer) = stands else { return Ok(None) };
    let sql = "SELECT status, headers, body FROM answers WHERE seq = ?1";
    db.prepare_cached(sql)?.query_row([answer], reply).map(Some)
}

/// A reply from the first three columns.
fn reply(row: &Row<'_>) -> rusqlite::Result<Reply> {
    let headers: Vec<(String, String)> = serde_json::from_str(&row.get::<_, String>(1)?)
        .map_err(|_| row::corrupt(1, "no headers"))?;
    Ok(Reply {
        status: row.get(0)?,
        headers: headers.into_iter().map(|(name, value)| Header { name, value }).collect(),
        body: row.get::<_, Vec<u8>>(2)?.into(),
    })
}

/// The newest tries of a request and the one that stands, the oldest first; none of an event that
/// is no request.
pub(super) fn tries(db: &Connection, event: i64) -> rusqlite::Result<Vec<AnswerShown>> {
    let sql = "SELECT a.status, a.headers, a.body, a.attempt, a.finished, a.answer, \
               a.computed_by, a.fallback, a.late, a.why, a.took_ms, a.at_ms, a.seq IS q.stands \
               FROM requests q JOIN answers a ON a.event = q.event WHERE q.event = ?1 \
               AND (a.seq IS q.stands OR a.seq IN \
               (SELECT seq FROM answers WHERE event = ?1 ORDER BY seq DESC LIMIT ?2)) \
               ORDER BY a.seq";
    let shown = |row: &Row<'_>| {
        Ok(AnswerShown {
            attempt: row.get(3)?,
            reply: reply(row)?,
            finished: row.get(4)?,
            answer: row.get(5)?,
            by: row.get(6)?,
            fallback: row.get(7)?,
            late: row.get(8)?,
            why: row.get(9)?,
            took_ms: row::number(row, 10)?,
            at_ms: row::number(row, 11)?,
            stands: row.get(12)?,
        })
    };
    db.prepare_cached(sql)?.query_map(params![event, rows(SHOWN_MOST)], shown)?.collect()
}
