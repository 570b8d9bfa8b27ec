//! Forgetting what nothing is owed of. What may go is found by a reader; the writer only takes it
//! out, a little at a time, so that callbacks hardly wait for it.

use rusqlite::{Connection, params};

use super::find::aliases as aliases_of;
use super::record::id_digest;
use super::row::{self, kept, rows};
use super::writer::{Desk, Done};

/// Callbacks that go in one transaction.
const CHUNK: usize = 200;
/// Callbacks that are looked at in one go.
const LOOK: usize = 1000;

/// How much may stay.
pub(super) struct Bounds {
    pub(super) now_ms: u64,
    pub(super) keep_ms: u64,
    pub(super) bytes_max: u64,
}

/// What may go.
pub(super) struct Found {
    pub(super) callbacks: Vec<i64>,
    /// The last one that was looked at; 0: all that may go were.
    pub(super) at: i64,
    /// Bytes of the file that hold something.
    pub(super) bytes: u64,
}

/// The oldest callbacks after `at` that may go.
pub(super) fn find(db: &Connection, bounds: &Bounds, mut at: i64) -> rusqlite::Result<Found> {
    let bytes = bytes(db)?;
    let cutoff_ms = match bytes > bounds.bytes_max {
        true => i64::MAX,
        false => kept(bounds.now_ms.saturating_sub(bounds.keep_ms)),
    };
    let mut callbacks = Vec::new();
    while callbacks.len() < CHUNK {
        let looked = look(db, (cutoff_ms, kept(bounds.now_ms)), at)?;
        let end = looked.len() < LOOK;
        for (seq, old, owed) in looked {
            // They stand in the order in which they came: what follows isn't old either.
            if !old || callbacks.len() == CHUNK {
                return Ok(Found { callbacks, at: if old { at } else { 0 }, bytes });
            }
            at = seq;
            if !owed {
                callbacks.push(seq);
            }
        }
        if end {
            at = 0;
            break;
        }
    }
    Ok(Found { callbacks, at, bytes })
}

fn look(
    db: &Connection,
    (cutoff_ms, now_ms): (i64, i64),
    at: i64,
) -> rusqlite::Result<Vec<(i64, bool, bool)>> {
    let sql = format!(
        "SELECT c.seq, c.received_ms < ?1, {} FROM callbacks c WHERE c.seq > ?2 \
         ORDER BY c.seq LIMIT ?3",
        owed("?4")
    );
    let mut found = db.prepare_cached(&sql)?;
    let one = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    found.query_map(params![cutoff_ms, at, rows(LOOK), now_ms], one)?.collect()
}

/// SQL that says whether anything is owed of a callback `c` at a time, to a destination or to
/// whoever asks again.
fn owed(now_ms: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM events e WHERE e.callback = c.seq AND \
         (e.confirm_ms IS NOT NULL OR EXISTS (SELECT 1 FROM deliveries d \
         WHERE d.event = e.seq AND d.status IN (0, 1)) OR EXISTS (SELECT 1 FROM requests q \
         WHERE q.event = e.seq AND q.stays_ms > {now_ms})))"
    )
}

fn bytes(db: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row::number(row, 0));
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(pages.saturating_mul(pragma("page_size")?))
}

/// Takes these out, and what has ended by itself.
pub(super) fn forget(desk: &mut Desk<'_>, callbacks: &[i64], now_ms: u64) -> Done<()> {
    for sql in
        ["DELETE FROM replay_keys WHERE expires_ms <= ?1", "DELETE FROM state WHERE ends_ms <= ?1"]
    {
        desk.db.prepare_cached(sql)?.execute([kept(now_ms)])?;
    }
    let sql = format!("SELECT {} FROM callbacks c WHERE c.seq = ?1", owed("?2"));
    for seq in callbacks {
        // It may be owed again since it was found: resent, replayed, announced or asked once more.
        let owed = (desk.db.prepare_cached(&sql)?)
            .query_row(params![seq, kept(now_ms)], |row| row.get::<_, bool>(0))?;
        if !owed {
            forget_one(desk.db, *seq)?;
        }
    }
    Ok(())
}

fn forget_ids(db: &Connection, event: i64) -> rusqlite::Result<()> {
    let sql = "SELECT route, provider_id, aliases FROM events WHERE seq = ?1";
    let (route, id, aliases): (String, String, Option<String>) = (db.prepare_cached(sql)?)
        .query_row([event], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    // One that expired may be another event's by now.
    let sql = "DELETE FROM event_ids WHERE digest = ?1 AND event = ?2";
    let mut forget = db.prepare_cached(sql)?;
    for id in std::iter::once(id).chain(aliases_of(aliases)) {
        forget.execute(params![id_digest(&route, &id), event])?;
    }
    Ok(())
}

fn forget_one(db: &Connection, callback: i64) -> rusqlite::Result<()> {
    let mut events = db.prepare_cached("SELECT seq FROM events WHERE callback = ?1")?;
    let events: Vec<i64> =
        events.query_map([callback], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for event in events {
        forget_ids(db, event)?;
        for sql in [
            "DELETE FROM attempts WHERE delivery IN (SELECT seq FROM deliveries WHERE event = ?1)",
            "DELETE FROM deliveries WHERE event = ?1",
            "INSERT INTO subjects (route, subject, rank) SELECT route, subject, rank FROM events e \
             WHERE seq = ?1 AND rank IS NOT NULL AND status IN (0, 2) AND EXISTS \
             (SELECT 1 FROM events o WHERE o.subject = e.subject AND o.route = e.route \
             AND o.seq <> ?1) \
             ON CONFLICT DO UPDATE SET rank = excluded.rank WHERE excluded.rank > rank",
            "DELETE FROM subjects WHERE (route, subject) IN \
             (SELECT route, subject FROM events WHERE seq = ?1) AND NOT EXISTS \
             (SELECT 1 FROM events o WHERE o.subject = subjects.subject AND \
             o.route = subjects.route AND o.seq <> ?1)",
            "DELETE FROM answers WHERE event = ?1",
            "DELETE FROM requests WHERE event = ?1",
            "DELETE FROM events WHERE seq = ?1",
        ] {
            db.prepare_cached(sql)?.execute([event])?;
        }
    }
    db.prepare_cached("DELETE FROM callbacks WHERE seq = ?1")?.execute([callback])?;
    Ok(())
}
