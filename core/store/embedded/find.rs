//! Events as they are shown. Rows are found by their order first, over an index, and read whole
//! only for the page.

use bytes::Bytes;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use serde::Deserialize;

use super::record::id_digest;
use super::row::{self, event_number, kept, rows};
use crate::model::{Attempt, Callback, CallbackId, Event, EventId, GenerationId, Head, Header};
use crate::store::{CallbackShown, DeliveryShown, EventFilter, EventShown, EventWhole, Page};

/// What is kept of a head beside its columns.
#[derive(Deserialize)]
pub(super) struct KeptHead {
    pub(super) params: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
}

/// Aliases as they are kept.
pub(super) fn aliases(kept: Option<String>) -> Vec<String> {
    kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Conditions with the values that they compare with.
#[derive(Clone, Default)]
pub(super) struct Conditions {
    texts: Vec<String>,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// Adds a condition, in which `?` is the value.
    pub(super) fn add(&mut self, text: &str, value: impl Into<Value>) {
        let place = self.value(value);
        self.texts.push(text.replace('?', &place));
    }

    /// Adds that the column has one of these values.
    pub(super) fn any<V: Into<Value>>(&mut self, column: &str, of: impl IntoIterator<Item = V>) {
        let places: Vec<String> = of.into_iter().map(|value| self.value(value)).collect();
        self.texts.push(format!("{column} IN ({})", places.join(", ")));
    }

    /// A value of whatever else is said; brings its place.
    pub(super) fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// One without a value of its own.
    pub(super) fn say(&mut self, text: &str) {
        self.texts.push(text.to_owned());
    }

    /// `WHERE …`, or nothing.
    pub(super) fn sql(&self) -> String {
        match self.texts.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.texts.join(" AND ")),
        }
    }
}

/// A callback is recorded at most this long after the time in its events' ids.
const SLACK_MS: u64 = 600_000;

/// Ids sort by the time at which they were made, and `seq` by when they were recorded, so a bound
/// of time is one of `seq`: what was made so long before it was recorded before it too. That is the
/// nearest row beyond the bound, never the first within it: ids of one millisecond are in no order.
fn bound_of_time(db: &Connection, ms: u64, conditions: &mut Conditions) -> rusqlite::Result<()> {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&ms.saturating_sub(SLACK_MS).to_be_bytes()[2..]);
    let sql = "SELECT seq FROM events WHERE id < ?1 ORDER BY id DESC LIMIT 1";
    let before: Option<i64> =
        db.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    if let Some(seq) = before {
        conditions.add("seq > ?", seq);
    }
    Ok(())
}

/// The same for the end of a time.
fn end_of_time(db: &Connection, ms: u64, conditions: &mut Conditions) -> rusqlite::Result<()> {
    let mut id = [0xff; 16];
    id[..6].copy_from_slice(&ms.saturating_add(SLACK_MS).to_be_bytes()[2..]);
    let sql = "SELECT seq FROM events WHERE id > ?1 ORDER BY id LIMIT 1";
    let after: Option<i64> =
        db.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    if let Some(seq) = after {
        conditions.add("seq < ?", seq);
    }
    Ok(())
}

/// What an id may be known by: on this route, or on any that has events. There are few, and each is
/// found at one step through the index.
fn digests(db: &Connection, route: Option<&str>, id: &str) -> rusqlite::Result<Vec<Vec<u8>>> {
    let sql = "WITH RECURSIVE known (route) AS (SELECT min(route) FROM events UNION ALL \
               SELECT (SELECT min(route) FROM events WHERE route > known.route) FROM known \
               WHERE known.route IS NOT NULL) SELECT route FROM known WHERE route IS NOT NULL";
    let routes: Vec<String> = match route {
        Some(route) => vec![route.to_owned()],
        None => {
            db.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?
        }
    };
    Ok(routes.iter().map(|route| id_digest(route, id).to_vec()).collect())
}

pub(super) fn events(db: &Connection, filter: &EventFilter) -> rusqlite::Result<Page<EventShown>> {
    let mut conditions = Conditions::default();
    let texts = [
        ("route = ?", &filter.route),
        ("kind = ?", &filter.kind),
        ("subject = ?", &filter.subject),
    ];
    for (text, value) in texts {
        if let Some(value) = value {
            conditions.add(text, value.clone());
        }
    }
    if let Some(id) = &filter.provider_id {
        let known = digests(db, filter.route.as_deref(), id)?;
        let places: Vec<String> = known.into_iter().map(|one| conditions.value(one)).collect();
        let places = places.join(", ");
        // A request's identity is another one, so it is looked for by its id.
        let request = conditions.value(id.clone());
        conditions.say(&format!(
            "seq IN (SELECT event FROM event_ids WHERE digest IN ({places}) \
             UNION SELECT event FROM requests WHERE id = {request})"
        ));
    }
    if let Some(status) = filter.status {
        let number = event_number(status);
        conditions.add("status = ?", number);
        if number != 0 {
            conditions.say("status <> 0");
        }
    }
    if let Some(ms) = filter.from_ms {
        bound_of_time(db, ms, &mut conditions)?;
        conditions.add("recorded_ms >= ?", kept(ms));
    }
    if let Some(ms) = filter.to_ms {
        end_of_time(db, ms, &mut conditions)?;
        conditions.add("recorded_ms <= ?", kept(ms));
    }
    if let Some(before) = &filter.before {
        let id = before.as_bytes().to_vec();
        conditions.add("seq < coalesce((SELECT seq FROM events WHERE id = ?), 0)", id);
    }
    let most = filter.limit.saturating_add(1);
    let mut seqs: Vec<i64> = Vec::new();
    for (source, conditions) in super::answered::sources(db, filter, conditions)? {
        let sql = format!(
            "SELECT seq FROM {source} {} ORDER BY seq DESC LIMIT {}",
            conditions.sql(),
            rows(most)
        );
        let mut found = db.prepare_cached(&sql)?;
        for seq in found.query_map(params_from_iter(&conditions.values), |row| row.get(0))? {
            seqs.push(seq?);
        }
    }
    seqs.sort_unstable_by_key(|seq| std::cmp::Reverse(*seq));
    let more = seqs.len() > filter.limit;
    let shown = seqs.iter().take(filter.limit).map(|seq| event_at(db, *seq, false));
    Ok(Page { rows: shown.collect::<rusqlite::Result<_>>()?, total: None, more })
}

/// SQL that says whether a later state of an event's subject is known, of an event `e`: by one that
/// was accepted or confirmed, or by one that was forgotten.
pub(super) const SUPERSEDED: &str = "(EXISTS (SELECT 1 FROM events o WHERE o.subject = e.subject \
     AND o.rank > e.rank AND o.route = e.route AND o.status IN (0, 2)) \
     OR EXISTS (SELECT 1 FROM subjects s WHERE s.route = e.route AND s.subject = e.subject \
     AND s.rank > e.rank))";

fn event_at(db: &Connection, seq: i64, whole: bool) -> rusqlite::Result<EventShown> {
    let sql = format!(
        "SELECT e.id, c.id, e.route, e.provider_id, e.aliases, e.kind, e.subject, e.rank, \
               e.occurred_ms, e.data, e.status, {SUPERSEDED}, e.repeats, e.tries, \
               e.confirm_ms, e.reason, e.merged, e.recorded_ms \
               FROM events e JOIN callbacks c ON c.seq = e.callback \
               WHERE e.seq = ?1"
    );
    db.prepare_cached(&sql)?.query_row([seq], |row| {
        Ok(EventShown {
            id: EventId::from_bytes(row::id(row, 0)?),
            callback: CallbackId::from_bytes(row::id(row, 1)?),
            route: row.get(2)?,
            event: Event {
                id: row.get(3)?,
                aliases: aliases(row.get(4)?),
                kind: row.get(5)?,
                subject: row.get(6)?,
                rank: row.get(7)?,
                occurred_at_ms: row::maybe_number(row, 8)?,
                data: if whole { row.get(9)? } else { None },
            },
            status: row::event_status(row, 10)?,
            superseded: row.get(11)?,
            repeats: row.get(12)?,
            tries: row.get(13)?,
            confirm_ms: row::maybe_number(row, 14)?,
            reason: row.get(15)?,
            merged: row.get::<_, Option<[u8; 16]>>(16)?.map(EventId::from_bytes),
            recorded_ms: row::number(row, 17)?,
        })
    })
}

pub(super) fn event(db: &Connection, id: EventId) -> rusqlite::Result<Option<EventWhole>> {
    let sql = "SELECT seq, callback FROM events WHERE id = ?1";
    let found: Option<(i64, i64)> = (db.prepare_cached(sql)?)
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((seq, callback)) = found else { return Ok(None) };
    let shown = event_at(db, seq, true)?;
    let mut of =
        db.prepare_cached("SELECT seq FROM deliveries WHERE event = ?1 ORDER BY seq LIMIT 500")?;
    let seqs: Vec<i64> = of.query_map([seq], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let whole = |seq: &i64| -> rusqlite::Result<(DeliveryShown, Vec<Attempt>)> {
        Ok((super::deliveries::at(db, *seq)?, attempts(db, *seq)?))
    };
    Ok(Some(EventWhole {
        shown,
        callback: callback_at(db, callback)?,
        answers: super::asking::tries(db, seq)?,
        deliveries: seqs.iter().map(whole).collect::<rusqlite::Result<_>>()?,
    }))
}

fn attempts(db: &Connection, delivery: i64) -> rusqlite::Result<Vec<Attempt>> {
    let sql = "SELECT at_ms, took_ms, status, body, error FROM attempts WHERE delivery = ?1 \
               ORDER BY number";
    let mut found = db.prepare_cached(sql)?;
    let attempt = |row: &Row<'_>| {
        Ok(Attempt {
            at_ms: row::number(row, 0)?,
            took_ms: row::number(row, 1)?,
            status: row.get(2)?,
            body: row.get(3)?,
            error: row.get(4)?,
        })
    };
    found.query_map([delivery], attempt)?.collect()
}

fn callback_at(db: &Connection, seq: i64) -> rusqlite::Result<CallbackShown> {
    let sql = "SELECT id, received_ms, generation, adapter, matched, peer, method, url, head, body \
               FROM callbacks WHERE seq = ?1";
    db.prepare_cached(sql)?.query_row([seq], |row| {
        let head: KeptHead = serde_json::from_str(&row.get::<_, String>(8)?)
            .map_err(|_| row::corrupt(8, "no head"))?;
        let headers = head.headers.into_iter().map(|(name, value)| Header { name, value });
        let head = Head {
            id: CallbackId::from_bytes(row::id(row, 0)?).to_string(),
            method: row.get(6)?,
            url: row.get(7)?,
            params: head.params,
            headers: headers.collect(),
            peer: row.get(5)?,
            received_at_ms: row::number(row, 1)?,
        };
        Ok(CallbackShown {
            callback: Callback { head, body: Bytes::from(row.get::<_, Vec<u8>>(9)?) },
            generation: GenerationId(row::number(row, 2)?),
            adapter: row.get(3)?,
            matched: row.get(4)?,
        })
    })
}
