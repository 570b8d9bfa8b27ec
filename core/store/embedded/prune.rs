//! Forgetting. A little at a time, so that callbacks don't wait for it; what is owed stays.

use rusqlite::{Connection, params};

use super::row::{self, kept, rows};
use super::writer::{Desk, Done};

/// Callbacks that go in one transaction.
const CHUNK: usize = 200;

/// How much goes.
pub(super) struct Bounds {
    pub(super) now_ms: u64,
    pub(super) keep_ms: u64,
    pub(super) bytes_max: u64,
}

/// What pruning did.
pub(super) struct Pruned {
    pub(super) callbacks: usize,
    pub(super) bytes: u64,
}

/// Bytes of the file that hold something.
pub(super) fn bytes(db: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row::number(row, 0));
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(pages.saturating_mul(pragma("page_size")?))
}

pub(super) fn prune(desk: &mut Desk<'_>, bounds: &Bounds) -> Done<Pruned> {
    let now_ms = kept(bounds.now_ms);
    let cutoff_ms = match bytes(desk.db)? > bounds.bytes_max {
        true => i64::MAX,
        false => kept(bounds.now_ms.saturating_sub(bounds.keep_ms)),
    };
    for sql in
        ["DELETE FROM replay_keys WHERE expires_ms <= ?1", "DELETE FROM state WHERE ends_ms <= ?1"]
    {
        desk.db.prepare_cached(sql)?.execute([now_ms])?;
    }
    let done = finished(desk.db, cutoff_ms)?;
    for seq in &done {
        forget(desk.db, *seq)?;
    }
    Ok(Pruned { callbacks: done.len(), bytes: bytes(desk.db)? })
}

/// The oldest callbacks before `cutoff_ms` of which nothing is owed.
fn finished(db: &Connection, cutoff_ms: i64) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT seq FROM callbacks c WHERE received_ms < ?1 AND NOT EXISTS ( \
               SELECT 1 FROM events e WHERE e.callback = c.seq AND (e.confirm_ms IS NOT NULL OR \
               EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.seq AND d.status IN (0, 1)))) \
               ORDER BY seq LIMIT ?2";
    let mut found = db.prepare_cached(sql)?;
    found.query_map(params![cutoff_ms, rows(CHUNK)], |row| row.get(0))?.collect()
}

fn forget(db: &Connection, callback: i64) -> rusqlite::Result<()> {
    let mut events = db.prepare_cached("SELECT seq FROM events WHERE callback = ?1")?;
    let events: Vec<i64> =
        events.query_map([callback], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for event in events {
        for sql in [
            "DELETE FROM attempts WHERE delivery IN (SELECT seq FROM deliveries WHERE event = ?1)",
            "DELETE FROM deliveries WHERE event = ?1",
            "DELETE FROM event_ids WHERE event = ?1 AND (provider_id, route) IN \
             (SELECT provider_id, route FROM events WHERE seq = ?1 UNION ALL \
             SELECT json_each.value, route FROM events, json_each(events.aliases) WHERE seq = ?1)",
            "DELETE FROM subjects WHERE (route, subject) IN \
             (SELECT route, subject FROM events WHERE seq = ?1) AND NOT EXISTS \
             (SELECT 1 FROM events o WHERE o.subject = subjects.subject AND \
             o.route = subjects.route AND o.seq <> ?1)",
            "DELETE FROM events WHERE seq = ?1",
        ] {
            db.prepare_cached(sql)?.execute([event])?;
        }
    }
    db.prepare_cached("DELETE FROM callbacks WHERE seq = ?1")?.execute([callback])?;
    Ok(())
}
