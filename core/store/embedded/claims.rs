//! What is being worked on, and what is due beside it. Claims are in memory: at the next start all
//! of them are void, since whoever held them is gone.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, Row, params};

use super::find::SUPERSEDED;
use super::row::{self, kept, rows};
use crate::model::{Addressee, DeliveryId, Event, EventId};
use crate::store::{Claim, Owed, Unconfirmed};

/// Claims, with the connection that finds what is due.
pub(super) struct Claims {
    held: Mutex<Held>,
    /// Ended since the last claim. What stands here was committed before, so a claim that takes
    /// it out and only then reads the file can't find it as it was.
    ended: Mutex<Vec<[u8; 16]>>,
    /// To be sent again, though an attempt is running.
    resent: Mutex<HashSet<[u8; 16]>>,
    wait_most_ms: u64,
}

struct Held {
    db: Connection,
    ids: HashSet<[u8; 16]>,
    /// How many of those each claimant holds, so that it looks far enough past them.
    by: HashMap<String, HashSet<[u8; 16]>>,
    last_ms: u64,
}

/// A clock that was set back by more than this isn't just corrected.
const SET_BACK_MS: u64 = 1000;

/// Deliveries and events together are found by two queries of this form.
struct Due<'q> {
    claimant: &'q str,
    now: &'q str,
    later: &'q str,
    far: &'q str,
}

const DELIVERIES: Due<'static> = Due {
    claimant: "d",
    now: "SELECT id FROM deliveries WHERE addressee = ?1 AND status = 0 AND due_ms <= ?2 \
          ORDER BY due_ms LIMIT ?3",
    later: "SELECT min(due_ms) FROM deliveries WHERE addressee = ?1 AND status = 0 AND due_ms > ?2",
    far: "SELECT id FROM deliveries WHERE addressee = ?1 AND status = 0 AND due_ms > ?2 LIMIT ?3",
};

const EVENTS: Due<'static> = Due {
    claimant: "e",
    now: "SELECT id FROM events WHERE route = ?1 AND confirm_ms <= ?2 ORDER BY confirm_ms LIMIT ?3",
    later: "SELECT min(confirm_ms) FROM events WHERE route = ?1 AND confirm_ms > ?2",
    far: "SELECT id FROM events WHERE route = ?1 AND confirm_ms > ?2 LIMIT ?3",
};

impl Claims {
    pub(super) fn new(db: Connection, wait_most_ms: u64) -> Claims {
        let held = Held { db, ids: HashSet::new(), by: HashMap::new(), last_ms: 0 };
        Claims {
            held: Mutex::new(held),
            ended: Mutex::default(),
            resent: Mutex::default(),
            wait_most_ms,
        }
    }

    /// Ends a claim; after what it was for is committed.
    pub(super) fn end(&self, id: [u8; 16]) {
        lock(&self.resent).remove(&id);
        lock(&self.ended).push(id);
    }

    /// It was put back to waiting: the attempt that may be running is not to undo that.
    pub(super) fn resent(&self, id: [u8; 16]) {
        let held = lock(&self.held).ids.contains(&id) && !lock(&self.ended).contains(&id);
        if held {
            lock(&self.resent).insert(id);
        }
    }

    /// Whether it was put back to waiting while it was claimed.
    pub(super) fn was_resent(&self, id: [u8; 16]) -> bool {
        lock(&self.resent).contains(&id)
    }

    pub(super) fn deliveries(
        &self,
        to: &Addressee,
        now_ms: u64,
        most: usize,
    ) -> rusqlite::Result<Claim<Owed>> {
        let text = to.to_string();
        self.claim(&DELIVERIES, (&text, now_ms, most), |db, id| owed(db, id, to))
    }

    pub(super) fn events(
        &self,
        route: &str,
        now_ms: u64,
        most: usize,
    ) -> rusqlite::Result<Claim<Unconfirmed>> {
        self.claim(&EVENTS, (route, now_ms, most), unconfirmed)
    }

    /// By how much the clock was set back since the last claim, in milliseconds.
    pub(super) fn set_back(&self, now_ms: u64) -> Option<u64> {
        let mut held = lock(&self.held);
        let back = held.last_ms.saturating_sub(now_ms);
        held.last_ms = now_ms;
        (back > SET_BACK_MS).then_some(back)
    }

    fn claim<T>(
        &self,
        due: &Due<'_>,
        (who, now_ms, most): (&str, u64, usize),
        load: impl Fn(&Connection, &[u8; 16]) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Claim<T>> {
        let mut held = lock(&self.held);
        let held = &mut *held;
        for id in lock(&self.ended).drain(..) {
            if held.ids.remove(&id) {
                held.by.values_mut().for_each(|ids| {
                    ids.remove(&id);
                });
            }
        }
        held.by.retain(|_, ids| !ids.is_empty());
        let claimant = format!("{} {who}", due.claimant);
        let mine = held.by.get(&claimant).map_or(0, HashSet::len);
        let look = most.saturating_add(mine).saturating_add(1);
        let db = &held.db;
        let far_ms = kept(now_ms.saturating_add(self.wait_most_ms));
        let find = |sql: &str, at: i64| -> rusqlite::Result<Vec<[u8; 16]>> {
            let mut found = db.prepare_cached(sql)?;
            found.query_map(params![who, at, rows(look)], |row| row.get(0))?.collect()
        };
        let mut ids = find(due.now, kept(now_ms))?;
        ids.extend(find(due.far, far_ms)?);
        ids.retain(|id| !held.ids.contains(id));
        let more = ids.len() > most;
        ids.truncate(most);
        let loaded: Vec<T> = ids.iter().map(|id| load(db, id)).collect::<rusqlite::Result<_>>()?;
        let next_ms = match more {
            true => Some(now_ms),
            false => db
                .prepare_cached(due.later)?
                .query_row(params![who, kept(now_ms)], |row| row::maybe_number(row, 0))?,
        };
        held.ids.extend(&ids);
        held.by.entry(claimant).or_default().extend(ids);
        Ok(Claim { due: loaded, next_ms })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in between leaves a claim that ends with the process.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn owed(db: &Connection, id: &[u8; 16], to: &Addressee) -> rusqlite::Result<Owed> {
    let sql = format!(
        "SELECT e.id, e.provider_id, e.route, e.kind, e.subject, \
               coalesce(e.occurred_ms, e.recorded_ms), e.data, c.body, c.head, d.tries, \
               {SUPERSEDED} FROM deliveries d JOIN events e ON e.seq = d.event \
               JOIN callbacks c ON c.seq = e.callback \
               WHERE d.id = ?1"
    );
    db.prepare_cached(&sql)?.query_row([id], |row: &Row<'_>| {
        let data: Option<String> = row.get(6)?;
        let (body, content_type) = match data {
            Some(data) => (Bytes::from(data), Some("application/json".to_owned())),
            None => {
                (Bytes::from(row.get::<_, Vec<u8>>(7)?), content_type(&row.get::<_, String>(8)?))
            }
        };
        Ok(Owed {
            id: DeliveryId::from_bytes(*id),
            to: to.clone(),
            event: EventId::from_bytes(row::id(row, 0)?),
            provider_id: row.get(1)?,
            route: row.get(2)?,
            kind: row.get(3)?,
            subject: row.get(4)?,
            time_ms: row::number(row, 5)?,
            body,
            content_type,
            tries: row.get(9)?,
            superseded: row.get(10)?,
        })
    })
}

fn content_type(head: &str) -> Option<String> {
    let head: super::find::KeptHead = serde_json::from_str(head).ok()?;
    head.headers.into_iter().find(|(name, _)| name == "content-type").map(|(_, value)| value)
}

fn unconfirmed(db: &Connection, id: &[u8; 16]) -> rusqlite::Result<Unconfirmed> {
    let sql = "SELECT e.route, e.provider_id, e.aliases, e.kind, e.subject, e.rank, e.occurred_ms, \
               e.data, c.body, e.tries, e.since_ms \
               FROM events e JOIN callbacks c ON c.seq = e.callback WHERE e.id = ?1";
    db.prepare_cached(sql)?.query_row([id], |row| {
        let data: Option<String> = row.get(7)?;
        let data = match data {
            Some(data) => data,
            // An adapter whose events have the body for data found it to be text.
            None => String::from_utf8_lossy(&row.get::<_, Vec<u8>>(8)?).into_owned(),
        };
        Ok(Unconfirmed {
            id: EventId::from_bytes(*id),
            route: row.get(0)?,
            event: Event {
                id: row.get(1)?,
                aliases: super::find::aliases(row.get(2)?),
                kind: row.get(3)?,
                subject: row.get(4)?,
                rank: row.get(5)?,
                occurred_at_ms: row::maybe_number(row, 6)?,
                data: Some(data),
            },
            tries: row.get(9)?,
            since_ms: row::number(row, 10)?,
        })
    })
}
