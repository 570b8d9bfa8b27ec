//! The end of the machine at every sync: what the log held up to there, and whatever may stand
//! behind it, must give back everything that was acknowledged by then, and each callback whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::asking::{answering, ask, asking, reply};
use super::*;
use crate::model::{Attempt, EventStatus, Reply, Settled};

const CALLBACKS: usize = 10;

/// What was acknowledged by the time that the log was so long.
#[derive(Clone, Default)]
struct Sync {
    log_bytes: u64,
    asked: BTreeSet<String>,
    answered: BTreeMap<String, Reply>,
    recorded: BTreeSet<String>,
    delivered: BTreeSet<String>,
}

fn log_of(bench: &Bench) -> PathBuf {
    bench.folder.path().join("store.db-wal")
}

/// Two callbacks and a request at once, then one delivery settled and two requests in three
/// answered, over and over; each acknowledgement is noted with the log's length.
async fn run(bench: &Bench) -> Vec<Sync> {
    let mut sync = Sync::default();
    let mut syncs = Vec::new();
    for n in 0..CALLBACKS {
        let one = |half: &str| recording(vec![event(&format!("{n}{half}"), 1)]);
        let request = format!("q{n}");
        let (a, b, asked) = tokio::join!(
            bench.store.record(one("a")),
            bench.store.record(one("b")),
            bench.store.ask(asking(&request, "{\"a\": 1}")),
        );
        for done in [a, b] {
            new(done.expect("recorded"));
        }
        sync.recorded.extend([format!("{n}a"), format!("{n}b")]);
        sync.asked.insert(request.clone());
        sync.log_bytes = fs::metadata(log_of(bench)).expect("a log").len();
        syncs.push(sync.clone());
        let owed = bench.store.claim(&ledger(), NOW, 1).await.expect("a claim").due.remove(0);
        let attempt = Attempt { at_ms: NOW, took_ms: 1, status: None, body: vec![], error: None };
        let ruling = Ruling::Settled(Settled::Delivered);
        let settlement = Settlement { id: owed.id, attempt: Some(attempt), ruling };
        bench.store.settle(settlement).await.expect("settled");
        sync.delivered.insert(owed.provider_id);
        if let (Asked::Open { id, attempt }, true) = (asked.expect("recorded"), n % 3 != 0) {
            let said = reply(200, &request);
            let stands = bench.store.answer(answering(id, attempt, said.clone())).await;
            assert_eq!(stands, Ok(Some(said.clone())));
            sync.answered.insert(request, said);
        }
        sync.log_bytes = fs::metadata(log_of(bench)).expect("a log").len();
        syncs.push(sync.clone());
    }
    syncs
}

/// What a machine may leave behind a log's synced part: nothing, part of what was to come, noise.
fn tails(log: &[u8], from: usize) -> Vec<Vec<u8>> {
    let rest = &log[from..];
    let part = |share: usize| rest[..rest.len().min(share)].to_vec();
    let noise: Vec<u8> =
        (0..9000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    vec![Vec::new(), part(1), part(24), part(2000), part(4120), vec![0; 8192], noise]
}

#[tokio::test]
async fn whatever_was_acknowledged_is_there_after_a_crash_at_any_sync() {
    let bench = Bench::open();
    let syncs = run(&bench).await;
    let log = fs::read(log_of(&bench)).expect("the log");
    let (mut images, mut last) = (0, 0);
    for sync in &syncs {
        assert!(sync.log_bytes > last, "each acknowledgement had its own sync");
        last = sync.log_bytes;
        let length = usize::try_from(sync.log_bytes).expect("it fits");
        for tail in tails(&log, length) {
            let folder = tempfile::tempdir().expect("a folder");
            for name in ["store.db", "store.db.key"] {
                let from = bench.folder.path().join(name);
                fs::copy(from, folder.path().join(name)).expect("a copy");
            }
            let image = [&log[..length], &tail].concat();
            fs::write(folder.path().join("store.db-wal"), image).expect("a log");
            check(folder.path(), sync).await;
            images += 1;
        }
    }
    println!("{} syncs, {images} crash images, {} callbacks", syncs.len(), 2 * CALLBACKS);
}

async fn check(folder: &Path, sync: &Sync) {
    let store = Embedded::open(options(folder), Clock::manual(NOW)).expect("it opens");
    let filter = EventFilter { limit: 1000, ..EventFilter::default() };
    let found = store.events(filter).await.expect("a page").rows;
    let of_events = |row: &EventShown| row.status == EventStatus::Accepted;
    let (found, requests): (Vec<_>, Vec<_>) = found.into_iter().partition(of_events);
    check_requests(&store, sync, &requests).await;
    let ids: BTreeSet<String> = found.iter().map(|one| one.event.id.clone()).collect();
    assert_eq!(ids.len(), found.len(), "nothing is there twice");
    assert!(ids.is_superset(&sync.recorded), "lost: {:?}", sync.recorded.difference(&ids));
    for one in &found {
        let whole = store.event(one.id).await.expect("read").expect("it is there");
        assert_eq!(whole.deliveries.len(), 1, "with what it caused");
        assert_eq!(&whole.callback.callback.body[..], b"{\"a\": 1}");
        let again = recording(vec![event(&one.event.id, 1)]);
        assert_eq!(store.record(again).await, Ok(Recorded::Duplicate), "it is known");
    }
    let owed: BTreeSet<String> =
        due(&store, NOW).await.into_iter().map(|one| one.provider_id).collect();
    assert!(owed.is_disjoint(&sync.delivered), "what was settled stays settled");
    let settled = ids.difference(&owed).count();
    assert!(settled <= sync.delivered.len() + 1, "all else is owed");
}

/// Each is there once, answered as it was acknowledged; all others are open, or answered whole.
async fn check_requests(store: &dyn Store, sync: &Sync, found: &[EventShown]) {
    let ids: BTreeSet<String> = found.iter().map(|one| one.event.id.clone()).collect();
    assert_eq!(ids.len(), found.len(), "nothing is there twice");
    assert!(ids.is_superset(&sync.asked), "lost: {:?}", sync.asked.difference(&ids));
    for one in found {
        let id = &one.event.id;
        let whole = store.event(one.id).await.expect("read").expect("it is there");
        assert_eq!(&whole.callback.callback.body[..], b"{\"a\": 1}");
        let again = ask(store, asking(id, "{\"a\": 1}")).await;
        match sync.answered.get(id) {
            Some(said) => assert_eq!(again, Asked::Answered(said.clone()), "it is known"),
            None if one.status == EventStatus::Unanswered => {
                assert_eq!(again, Asked::Open { id: one.id, attempt: 2 });
            }
            None => assert_eq!(again, Asked::Answered(reply(200, id)), "it was on its way"),
        }
    }
}
