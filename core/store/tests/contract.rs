//! What every store must do: record once, owe until settled, forget only what isn't owed.

use super::*;
use crate::model::{Attempt, DeliveryStatus, EventStatus, Settled, StateChange};

fn attempt(status: u16) -> Attempt {
    let error = (status != 200).then(|| format!("status {status}"));
    Attempt { at_ms: NOW, took_ms: 5, status: Some(status), body: b"said".to_vec(), error }
}

fn settlement(id: DeliveryId, status: u16, settled: Settled) -> Settlement {
    Settlement { id, attempt: Some(attempt(status)), ruling: Ruling::Settled(settled) }
}

#[tokio::test]
async fn a_callback_is_kept_byte_for_byte_with_all_that_follows() {
    let bench = Bench::open();
    let sent = recording(vec![event("e1", 1), Event { data: Some("{}".into()), ..event("e2", 2) }]);
    let ids = new(bench.store.record(sent.clone()).await.expect("recorded"));
    let bench = bench.reopen();
    let whole = bench.store.event(ids[0]).await.expect("read").expect("it is there");
    assert_eq!(whole.callback.callback, *sent.callback);
    assert_eq!(
        (whole.callback.generation, whole.callback.adapter.as_str()),
        (GenerationId(7), "acme@00")
    );
    assert_eq!(whole.callback.matched.as_deref(), Some("key-1"));
    assert_eq!((whole.shown.status, whole.deliveries.len()), (EventStatus::Accepted, 1));
    let owed = due(&*bench.store, NOW).await;
    let bodies: Vec<_> = owed.iter().map(|one| (one.provider_id.as_str(), &one.body[..])).collect();
    assert_eq!(bodies, [("e1", &b"{\"a\": 1}"[..]), ("e2", b"{}")]);
    assert_eq!(owed[0].content_type.as_deref(), Some("application/json"));
    assert_eq!((owed[0].event, owed[0].tries, owed[0].time_ms), (ids[0], 0, NOW));
}

#[tokio::test]
async fn an_event_is_known_again_by_its_id_and_its_aliases() {
    let bench = Bench::open();
    let with = |id: &str, aliases: &[&str]| {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        recording(vec![Event { aliases, ..event(id, 1) }])
    };
    new(bench.store.record(with("a", &["b", "c"])).await.expect("recorded"));
    for (id, aliases) in [("a", &[][..]), ("b", &[]), ("x", &["c"]), ("y", &["z", "a"])] {
        let again = bench.store.record(with(id, aliases)).await.expect("recorded");
        assert_eq!(again, Recorded::Duplicate, "{id} {aliases:?}");
    }
    assert_eq!(due(&*bench.store, NOW).await.len(), 1);
    // Another route has ids of its own, and a known one may come beside a new one.
    let elsewhere = Recording { route: "other".into(), ..with("a", &[]) };
    assert_eq!(new(bench.store.record(elsewhere).await.expect("recorded")).len(), 1);
    let mixed = recording(vec![event("a", 1), event("d", 1)]);
    assert_eq!(new(bench.store.record(mixed).await.expect("recorded")).len(), 1);
    // After its time it is a new one.
    let mut late = with("a", &[]);
    Arc::make_mut(&mut late.callback).head.received_at_ms = NOW + 3_600_001;
    assert_eq!(new(bench.store.record(late).await.expect("recorded")).len(), 1);
    let none = bench.store.record(recording(Vec::new())).await.expect("recorded");
    assert_eq!(none, Recorded::New(Vec::new()));
}

#[tokio::test]
async fn a_replay_key_with_another_body_is_a_replay() {
    let bench = Bench::open();
    let with = |id: &str, body: &'static [u8]| {
        let mut recording = recording(vec![event(id, 1)]);
        recording.replay_key = Some("jti".to_owned());
        Arc::make_mut(&mut recording.callback).body = Bytes::from_static(body);
        recording
    };
    new(bench.store.record(with("a", b"1")).await.expect("recorded"));
    assert_eq!(bench.store.record(with("a", b"1")).await, Ok(Recorded::Duplicate));
    assert_eq!(bench.store.record(with("b", b"2")).await, Ok(Recorded::Replayed));
    let other = Recording { route: "other".into(), ..with("b", b"2") };
    assert_eq!(new(bench.store.record(other).await.expect("recorded")).len(), 1);
    assert_eq!(due(&*bench.store, NOW).await.len(), 2);
}

#[tokio::test]
async fn what_is_claimed_is_nobody_elses_until_it_is_settled() {
    let bench = Bench::open();
    let events = (0..5).map(|n| event(&format!("e{n}"), 1)).collect();
    new(bench.store.record(recording(events)).await.expect("recorded"));
    let claim = bench.store.claim(&ledger(), NOW, 2).await.expect("a claim");
    assert_eq!((claim.due.len(), claim.next_ms), (2, Some(NOW)));
    let rest = bench.store.claim(&ledger(), NOW, 9).await.expect("a claim");
    assert_eq!((rest.due.len(), rest.next_ms), (3, None));
    let [first, second] = [claim.due[0].id, claim.due[1].id];
    let again = settlement(first, 500, Settled::Again(NOW + 60_000));
    bench.store.settle(again).await.expect("settled");
    bench.store.settle(settlement(second, 200, Settled::Delivered)).await.expect("settled");
    bench.store.release(&[rest.due[0].id], &[]);
    let claim = bench.store.claim(&ledger(), NOW, 9).await.expect("a claim");
    assert_eq!((claim.due.len(), claim.next_ms), (1, Some(NOW + 60_000)));
    assert_eq!(claim.due[0].id, rest.due[0].id);
    let later = bench.store.claim(&ledger(), NOW + 60_000, 9).await.expect("a claim");
    assert_eq!((later.due.len(), later.due[0].id, later.due[0].tries), (1, first, 1));
    // Whoever held the other claims is gone with the process.
    let bench = bench.reopen();
    assert_eq!(due(&*bench.store, NOW + 60_000).await.len(), 4);
    let shown = bench.store.delivery(second).await.expect("read").expect("it is there");
    assert_eq!((shown.status, shown.response_status), (DeliveryStatus::Delivered, Some(200)));
    assert_eq!(shown.response_body.as_deref(), Some(&b"said"[..]));
}

#[tokio::test]
async fn an_exhausted_delivery_is_sent_again_by_hand_with_all_its_attempts() {
    let bench = Bench::open();
    new(bench.store.record(recording(vec![event("e", 1)])).await.expect("recorded"));
    let id = due(&*bench.store, NOW).await[0].id;
    bench.store.settle(settlement(id, 500, Settled::Exhausted)).await.expect("settled");
    assert!(due(&*bench.store, u64::MAX / 4).await.is_empty());
    let mut changes = bench.store.changes();
    changes.borrow_and_update();
    assert_eq!(bench.store.resend(id).await, Ok(true));
    changed(&mut changes).await;
    let owed = due(&*bench.store, NOW).await;
    assert_eq!((owed[0].id, owed[0].tries), (id, 0));
    bench.store.settle(settlement(id, 200, Settled::Delivered)).await.expect("settled");
    let shown = bench.store.delivery(id).await.expect("read").expect("it is there");
    assert_eq!((shown.attempts, shown.delivered_ms), (2, Some(NOW + 5)));
    assert_eq!(bench.store.resend(DeliveryId::new(NOW)).await, Ok(false));
}

#[tokio::test]
async fn a_resend_during_an_attempt_outlives_it() {
    for settled in [Settled::Exhausted, Settled::Again(NOW + 60_000)] {
        let bench = Bench::open();
        new(bench.store.record(recording(vec![event("e", 1)])).await.expect("recorded"));
        let id = due(&*bench.store, NOW).await[0].id;
        assert_eq!(bench.store.resend(id).await, Ok(true));
        assert!(due(&*bench.store, NOW).await.is_empty(), "one attempt at a time");
        bench.store.settle(settlement(id, 500, settled)).await.expect("settled");
        let again = due(&*bench.store, NOW).await;
        assert_eq!((again.len(), again[0].tries), (1, 0), "{settled:?}");
        // It was asked for once.
        bench.store.settle(settlement(id, 500, settled)).await.expect("settled");
        assert!(due(&*bench.store, NOW).await.is_empty(), "{settled:?}");
    }
}

#[tokio::test]
async fn an_event_behind_what_is_known_is_superseded() {
    let bench = Bench::open();
    for (id, rank) in [("mid", 2), ("old", 1), ("new", 3)] {
        new(bench.store.record(recording(vec![event(id, rank)])).await.expect("recorded"));
    }
    let owed = due(&*bench.store, NOW).await;
    let said: Vec<_> = owed.iter().map(|one| (one.provider_id.as_str(), one.superseded)).collect();
    assert_eq!(said, [("mid", true), ("old", true), ("new", false)]);
    // Another subject, or none, knows nothing of it.
    let other = Event { subject: Some("t".into()), ..event("t", 1) };
    let none = Event { subject: None, ..event("none", 1) };
    new(bench.store.record(recording(vec![other, none])).await.expect("recorded"));
    assert!(due(&*bench.store, NOW).await.iter().all(|one| !one.superseded));
}

#[tokio::test]
async fn registered_webhooks_are_owed_what_they_want_until_they_are_removed() {
    let bench = Bench::open();
    let webhook = |events: &str| NewWebhook {
        url: "https://a.example/x".to_owned(),
        events: vec![pattern(events)],
        secret: "whsec_secret".to_owned(),
        now_ms: NOW,
    };
    let all = bench.store.register(webhook("*")).await.expect("registered");
    let bare = bench.store.register(webhook("payment.*")).await.expect("registered");
    let none = bench.store.register(webhook("other.*")).await.expect("registered");
    assert_eq!(bench.store.register(webhook("*")).await, Err(StoreFault::TooMany(3)));
    new(bench.store.record(recording(vec![event("e", 1)])).await.expect("recorded"));
    let bench = bench.reopen();
    let kept = bench.store.webhooks();
    assert_eq!(kept.iter().map(|one| one.id).collect::<Vec<_>>(), [all.id, bare.id, none.id]);
    assert_eq!((kept[0].secret.as_str(), kept[0].triggered_ms), ("whsec_secret", Some(NOW)));
    assert_eq!(kept[2].triggered_ms, None);
    let owed_to = async |id, now_ms| {
        let claim = bench.store.claim(&Addressee::Webhook(id), now_ms, 9).await;
        claim.expect("a claim").due.len()
    };
    assert_eq!((owed_to(all.id, NOW).await, owed_to(none.id, NOW).await), (1, 0));
    assert_eq!(bench.store.remove(bare.id).await, Ok(true));
    assert_eq!((bench.store.remove(bare.id).await, owed_to(bare.id, NOW).await), (Ok(false), 0));
    let gone = bench.store.deliveries(DeliveryFilter {
        to: Some(Addressee::Webhook(bare.id)),
        limit: 9,
        ..DeliveryFilter::default()
    });
    let gone = gone.await.expect("a page").rows[0].id;
    assert_eq!(bench.store.resend(gone).await, Err(StoreFault::NotFound), "nobody takes it");
    // One that wants nothing any more is inactive, and owed nothing new.
    let owed = bench.store.deliveries(DeliveryFilter {
        to: Some(Addressee::Webhook(all.id)),
        limit: 9,
        ..DeliveryFilter::default()
    });
    let id = owed.await.expect("a page").rows[0].id;
    let gone = Settlement { id, attempt: Some(attempt(410)), ruling: Ruling::Gone };
    bench.store.settle(gone).await.expect("settled");
    assert!(!bench.store.webhooks()[0].active);
    new(bench.store.record(recording(vec![event("e2", 1)])).await.expect("recorded"));
    assert_eq!(owed_to(all.id, NOW).await, 0);
    let change = WebhookChange { active: Some(true), now_ms: NOW + 1, ..WebhookChange::default() };
    let amended = bench.store.amend(all.id, change.clone()).await.expect("amended");
    assert_eq!((amended.active, amended.updated_ms), (true, NOW + 1));
    assert_eq!(bench.store.amend(bare.id, change).await, Err(StoreFault::NotFound));
}

#[tokio::test]
async fn what_plugins_remember_outlives_the_process() {
    let bench = Bench::open();
    let value = |key: &str, ends_ms| StateChange {
        scope: "r".to_owned(),
        key: key.to_owned(),
        value: Some((key.as_bytes().to_vec(), ends_ms)),
    };
    let kept = vec![value("a", NOW + 10), value("b", NOW + 20), value("c", NOW + 20)];
    bench.store.keep(kept).await.expect("kept");
    let gone = StateChange { value: None, ..value("c", 0) };
    let with = Recording { state: vec![gone, value("d", NOW + 20)], ..recording(Vec::new()) };
    new(bench.store.record(with).await.expect("recorded"));
    let bench = bench.reopen();
    let mut remembered = bench.store.remembered(NOW + 10).await.expect("read");
    remembered.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(remembered, [value("b", NOW + 20), value("d", NOW + 20)]);
}

#[tokio::test]
async fn history_is_forgotten_but_never_what_is_owed() {
    let bench = Bench::open();
    for (id, rank) in [("done", 2), ("owed", 1)] {
        new(bench.store.record(recording(vec![event(id, rank)])).await.expect("recorded"));
    }
    let done = due(&*bench.store, NOW).await[0].id;
    bench.store.settle(settlement(done, 200, Settled::Delivered)).await.expect("settled");
    let later = NOW + 3_600_001;
    assert_eq!(bench.store.prune(NOW + 1000).await, Ok(0));
    assert_eq!(bench.store.prune(later).await, Ok(1));
    assert_eq!(bench.store.prune(later).await, Ok(0));
    let left = bench.store.events(EventFilter { limit: 9, ..EventFilter::default() }).await;
    let left = left.expect("a page").rows;
    assert_eq!(left.iter().map(|one| one.event.id.as_str()).collect::<Vec<_>>(), ["owed"]);
    assert!(left[0].superseded, "how far its subject is isn't forgotten");
    assert_eq!(bench.store.delivery(done).await.expect("read").map(|one| one.id), None);
    new(bench.store.record(recording(vec![event("done", 2)])).await.expect("it isn't known"));
}

#[tokio::test]
async fn a_clock_that_jumps_loses_nothing_and_keeps_nobody_waiting() {
    let bench = Bench::open();
    new(bench.store.record(recording(vec![event("e", 1)])).await.expect("recorded"));
    let id = due(&*bench.store, NOW).await[0].id;
    let again = settlement(id, 500, Settled::Again(NOW + 60_000));
    bench.store.settle(again).await.expect("settled");
    let mut changes = bench.store.changes();
    changes.borrow_and_update();
    // An hour back: it is due a minute from there, not an hour and a minute.
    let back = NOW - 3_600_000;
    assert!(due(&*bench.store, back).await.is_empty());
    changed(&mut changes).await;
    let claim = bench.store.claim(&ledger(), back, 9).await.expect("a claim");
    assert_eq!((claim.due.len(), claim.next_ms), (0, Some(back + 60_000)));
    // A year forward: it is due.
    assert_eq!(due(&*bench.store, NOW + 31_536_000_000).await.len(), 1);
    // Set back by years while it didn't run: nothing waits for longer than anything may.
    let bench = bench.reopen();
    assert_eq!(due(&*bench.store, NOW - 315_360_000_000).await.len(), 1);
}
