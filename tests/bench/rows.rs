//! Rows as the store writes them, in plain SQL: the yardstick for what the store adds, and the way
//! to fill one fast.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hookswitch::model::{
    Callback, CallbackId, Clock, DeliveryId, DeliveryStatus, Event, EventId, EventStatus,
    GenerationId, Head, Header,
};
use hookswitch::store::{Embedded, NewEvent, Options, Recording};
use ring::digest::{SHA256, digest};
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// For how long ids are known again, in milliseconds.
pub(crate) const DEDUPE_MS: u64 = 30 * 24 * 3600 * 1000;

/// A folder with a store in it, as the router makes it.
pub(crate) struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place::of(tempfile::tempdir().expect("a folder"))
    }

    /// The same in a folder beneath this one.
    pub(crate) fn beneath(folder: &Path) -> Place {
        Place::of(tempfile::tempdir_in(folder).expect("a folder"))
    }

    fn of(folder: TempDir) -> Place {
        let path = folder.path().join("hookswitch.db");
        let place = Place { _folder: folder, path };
        drop(place.open());
        place
    }

    /// The store, with the bounds that config has where it says nothing.
    pub(crate) fn open(&self) -> Embedded {
        let options = Options {
            path: self.path.clone(),
            secrets: Vec::new(),
            queue: 4096,
            batch: 512,
            webhooks_max: 100,
            keep: Duration::from_secs(90 * 24 * 3600),
            bytes_max: 100 << 30,
            wait_most: Duration::from_secs(31 * 24 * 3600),
        };
        Embedded::open(options, Clock::system()).expect("a store")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file without the store, set up as the store does it.
    pub(crate) fn plain(&self, synchronous: &str) -> Connection {
        let db = Connection::open(&self.path).expect("the file");
        db.set_prepared_statement_cache_capacity(64);
        for (name, value) in [("journal_mode", "wal"), ("synchronous", synchronous)] {
            db.pragma_update(None, name, value).expect(name);
        }
        db.pragma_update(None, "wal_autocheckpoint", 8000).expect("a bounded log");
        db.pragma_update(None, "cache_size", -(64 << 10)).expect("memory");
        db
    }
}

/// A callback with one event and one delivery.
pub(crate) struct Row {
    pub(crate) recording: Recording,
    pub(crate) event: EventStatus,
    pub(crate) delivery: DeliveryStatus,
}

/// What the BRZ adapter makes of a callback of 1 KiB: one event with one alias, owed to one
/// destination.
pub(crate) fn recording(number: u64, now_ms: u64) -> Recording {
    let header = |at: u64| Header {
        name: format!("x-webhook-header-{at}"),
        value: format!("{at:032x}{number:016x}"),
    };
    let head = Head {
        id: CallbackId::new(now_ms).to_string(),
        method: "POST".to_owned(),
        url: "https://hooks.example.com/brz".to_owned(),
        params: Vec::new(),
        headers: (0..8).map(header).collect(),
        peer: "192.0.2.7".to_owned(),
        received_at_ms: now_ms,
    };
    // As hashes are: no two that follow each other are near each other.
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let event = Event {
        id: format!("{scattered:016x}{:048x}", number),
        aliases: vec![format!("delivery-{:016x}{:048x}", scattered.rotate_left(32), number)],
        kind: "brz.pix.cash_in.confirmed".to_owned(),
        subject: Some(format!("tx-{scattered:016x}")),
        rank: Some(2),
        occurred_at_ms: Some(now_ms),
        data: None,
    };
    let body = format!("{{\"id\":{number:08},\"pad\":\"{}\"}}", "x".repeat(1000));
    Recording {
        callback: Arc::new(Callback { head, body: body.into() }),
        route: "brz".to_owned(),
        generation: GenerationId(1),
        adapter: "brz 00112233".to_owned(),
        matched: Some("v1".to_owned()),
        replay_key: None,
        events: vec![NewEvent { event, named: vec!["books".to_owned()] }],
        confirms: false,
        dedupe_ms: DEDUPE_MS,
        state: Vec::new(),
    }
}

/// Inserts what recording it would insert; [`count`] is to follow, for any number of them.
pub(crate) fn insert(db: &Connection, row: &Row) -> rusqlite::Result<()> {
    let Row { recording, event: status, .. } = row;
    let (head, body) = (&recording.callback.head, &recording.callback.body);
    let now_ms = i64::try_from(head.received_at_ms).expect("a time");
    let headers: Vec<_> = head.headers.iter().map(|one| (&one.name, &one.value)).collect();
    let headers = serde_json::json!({ "params": head.params, "headers": headers }).to_string();
    let id: CallbackId = head.id.parse().expect("an id");
    let sql = "INSERT INTO callbacks (id, route, received_ms, generation, adapter, matched, peer, \
               method, url, head, body) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let callback = db.prepare_cached(sql)?.insert(params![
        id.as_bytes(),
        recording.route,
        now_ms,
        recording.adapter,
        recording.matched,
        head.peer,
        head.method,
        head.url,
        headers,
        body.as_ref()
    ])?;
    let event = &recording.events[0].event;
    let sql = "INSERT INTO events (id, callback, route, provider_id, aliases, kind, subject, rank, \
               occurred_ms, status, since_ms, recorded_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?9)";
    let seq = db.prepare_cached(sql)?.insert(params![
        EventId::new(head.received_at_ms).as_bytes(),
        callback,
        recording.route,
        event.id,
        serde_json::json!(event.aliases).to_string(),
        event.kind,
        event.subject,
        event.rank,
        now_ms,
        *status as i64
    ])?;
    insert_beside(db, row, seq)
}

/// Counts the deliveries that were inserted after this one, as the store does once a batch.
pub(crate) fn count(db: &Connection, after: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO delivery_blocks SELECT seq >> 13, addressee, kind, status, count(*), \
               min(created_ms), max(created_ms) FROM deliveries WHERE seq > ?1 \
               GROUP BY 1, 2, 3, 4 ON CONFLICT DO UPDATE SET many = many + excluded.many, \
               from_ms = min(from_ms, excluded.from_ms), to_ms = max(to_ms, excluded.to_ms)";
    db.prepare_cached(sql)?.execute([after])?;
    Ok(())
}

/// The last delivery there is.
pub(crate) fn last(db: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(seq), 0) FROM deliveries";
    db.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Ids and deliveries.
fn insert_beside(db: &Connection, row: &Row, seq: i64) -> rusqlite::Result<()> {
    let Row { recording, delivery: status, .. } = row;
    let NewEvent { event, named } = &recording.events[0];
    let received_ms = recording.callback.head.received_at_ms;
    let now_ms = i64::try_from(received_ms).expect("a time");
    let expires_ms = i64::try_from(received_ms + recording.dedupe_ms).expect("a time");
    let sql = "INSERT OR REPLACE INTO event_ids (digest, event, expires_ms) VALUES (?1, ?2, ?3)";
    for id in std::iter::once(&event.id).chain(&event.aliases) {
        let digest = digest(&SHA256, format!("{}\0{id}", recording.route).as_bytes());
        db.prepare_cached(sql)?.execute(params![&digest.as_ref()[..16], seq, expires_ms])?;
    }
    let sql = "INSERT INTO deliveries (id, event, addressee, kind, status, due_ms, created_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
    for to in named {
        let id = DeliveryId::new(received_ms);
        let row = params![id.as_bytes(), seq, to, event.kind, *status as i64, now_ms];
        db.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}
