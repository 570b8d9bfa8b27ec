//! The contract, held against every implementation (`contract`, `confirming`, `shown`,
//! `asking`, `interleaved`), and what is
//! the embedded one's own: crashes at each sync, and files that are damaged or foreign.

mod contract;
mod confirming;
mod shown;
pub(super) mod asking;
mod answered;
mod interleaved;
mod crash;
mod files;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;

use super::*;
use crate::model::{Callback, CallbackId, Clock, Event, GenerationId, Head, Header, KindPattern};

/// When the tests begin, Unix milliseconds.
pub(super) const NOW: u64 = 1_790_000_000_000;

/// A store in a folder of its own, with the clock that it goes by.
pub(super) struct Bench {
    pub(super) store: Arc<Embedded>,
    pub(super) clock: Clock,
    pub(super) folder: TempDir,
}

impl Bench {
    pub(super) fn open() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(NOW);
        let store = Embedded::open(options(folder.path()), clock.clone()).expect("a store");
        Bench { store: Arc::new(store), clock, folder }
    }

    /// Ends the store as a process would that is told to stop, and opens it again.
    pub(super) fn reopen(self) -> Bench {
        let Bench { store, clock, folder } = self;
        drop(store);
        let store = Embedded::open(options(folder.path()), clock.clone()).expect("the same store");
        Bench { store: Arc::new(store), clock, folder }
    }
}

pub(super) fn options(folder: &Path) -> Options {
    Options {
        path: folder.join("store.db"),
        secrets: Vec::new(),
        queue: 1024,
        batch: 64,
        webhooks_max: 3,
        keep: Duration::from_secs(3600),
        bytes_max: 1 << 30,
        wait_most: Duration::from_secs(24 * 3600),
    }
}

/// An event with an id, about subject `s`.
pub(super) fn event(id: &str, rank: u32) -> Event {
    Event {
        id: id.to_owned(),
        aliases: Vec::new(),
        kind: "acme.payment.done".to_owned(),
        subject: Some("s".to_owned()),
        rank: Some(rank),
        occurred_at_ms: None,
        data: None,
    }
}

/// A callback on route `r` that holds these events, each owed to `ledger`.
pub(super) fn recording(events: Vec<Event>) -> Recording {
    let head = Head {
        id: CallbackId::new(NOW).to_string(),
        method: "POST".to_owned(),
        url: "https://hooks.example/r?x=1".to_owned(),
        params: vec![("call".to_owned(), "quote".to_owned())],
        headers: vec![
            Header { name: "content-type".to_owned(), value: "application/json".to_owned() },
            Header { name: "x-twice".to_owned(), value: "1".to_owned() },
            Header { name: "x-twice".to_owned(), value: "2".to_owned() },
        ],
        peer: "192.0.2.1".to_owned(),
        received_at_ms: NOW,
    };
    let named = vec!["ledger".to_owned()];
    let events = events.into_iter().map(|event| NewEvent { event, named: named.clone() });
    Recording {
        callback: Arc::new(Callback { head, body: Bytes::from_static(b"{\"a\": 1}") }),
        route: "r".to_owned(),
        generation: GenerationId(7),
        adapter: "acme@00".to_owned(),
        matched: Some("key-1".to_owned()),
        replay_key: None,
        events: events.collect(),
        confirms: false,
        dedupe_ms: 3_600_000,
        state: Vec::new(),
    }
}

pub(super) fn ledger() -> Addressee {
    Addressee::Named("ledger".to_owned())
}

pub(super) fn pattern(text: &str) -> KindPattern {
    KindPattern::parse(text).expect("a pattern")
}

/// The ids of what was recorded as new.
pub(super) fn new(recorded: Recorded) -> Vec<EventId> {
    match recorded {
        Recorded::New(ids) => ids,
        other => panic!("not new: {other:?}"),
    }
}

/// Takes everything that is due to `ledger`.
pub(super) async fn due(store: &dyn Store, now_ms: u64) -> Vec<Owed> {
    store.claim(&ledger(), now_ms, 1000).await.expect("a claim").due
}

/// Waits until the store says that something may be due.
pub(super) async fn changed(changes: &mut watch::Receiver<u64>) {
    let waited = tokio::time::timeout(Duration::from_secs(30), changes.changed()).await;
    waited.expect("a change in time").expect("a store that is open");
}
