//! Events that are to be confirmed: true, false, not yet, and the same one twice.

use super::*;
use crate::model::{DeliveryStatus, EventStatus, Reason};

fn unconfirmed(id: &str, rank: u32) -> Recording {
    Recording { confirms: true, ..recording(vec![event(id, rank)]) }
}

async fn record(store: &dyn Store, id: &str, rank: u32) -> EventId {
    new(store.record(unconfirmed(id, rank)).await.expect("recorded"))[0]
}

async fn asked(store: &dyn Store, now_ms: u64) -> Vec<Unconfirmed> {
    store.claim_unconfirmed("r", now_ms, 9).await.expect("a claim").due
}

async fn settle(store: &dyn Store, id: EventId, confirmed: Confirmed) {
    let settlement = UnconfirmedSettlement { id, confirmed, state: Vec::new(), now_ms: NOW };
    store.settle_unconfirmed(settlement).await.expect("settled");
}

fn reason() -> Reason {
    Reason::new("pending", "the provider says that it isn't so yet")
}

fn truly(event: Event) -> Confirmed {
    Confirmed::True { event, named: vec!["ledger".to_owned()], dedupe_ms: 3_600_000 }
}

async fn status(store: &dyn Store, id: EventId) -> (EventStatus, Vec<DeliveryStatus>) {
    let whole = store.event(id).await.expect("read").expect("it is there");
    let deliveries = whole.deliveries.iter().map(|(delivery, _)| delivery.status);
    (whole.shown.status, deliveries.collect())
}

#[tokio::test]
async fn nothing_is_delivered_before_it_is_confirmed() {
    let bench = Bench::open();
    let store: &dyn Store = &*bench.store;
    let id = record(store, "e", 4).await;
    assert!(due(store, NOW).await.is_empty());
    let first = asked(store, NOW).await;
    assert_eq!((first[0].id, first[0].tries, first[0].since_ms), (id, 0, NOW));
    assert_eq!(first[0].event.data.as_deref(), Some("{\"a\": 1}"));
    assert!(asked(store, NOW).await.is_empty(), "it is claimed");
    settle(store, id, Confirmed::Later(reason(), NOW + 5000)).await;
    let claim = store.claim_unconfirmed("r", NOW, 9).await.expect("a claim");
    assert_eq!((claim.due.len(), claim.next_ms), (0, Some(NOW + 5000)));
    let again = asked(store, NOW + 5000).await;
    assert_eq!((again[0].id, again[0].tries), (id, 1));
    let ahead = Event { data: Some("{\"state\":5}".into()), ..event("e5", 5) };
    settle(store, id, truly(ahead)).await;
    assert_eq!(status(store, id).await, (EventStatus::Confirmed, vec![DeliveryStatus::Waiting]));
    let owed = due(store, NOW).await;
    assert_eq!((owed[0].provider_id.as_str(), &owed[0].body[..]), ("e5", &b"{\"state\":5}"[..]));
    // It is known by both ids from here on, and needs no further confirmation.
    for id in ["e", "e5"] {
        assert_eq!(store.record(unconfirmed(id, 5)).await, Ok(Recorded::Duplicate), "{id}");
    }
    assert!(asked(store, NOW + 5000).await.is_empty());
}

#[tokio::test]
async fn a_repeat_has_a_doubtful_event_confirmed_anew() {
    for (end, ended) in [
        (Confirmed::Contradicted(reason()), EventStatus::Contradicted),
        (Confirmed::GivenUp(reason()), EventStatus::GivenUp),
        (Confirmed::Later(reason(), NOW + 600_000), EventStatus::Unconfirmed),
    ] {
        let bench = Bench::open();
        let store: &dyn Store = &*bench.store;
        let id = record(store, "e", 5).await;
        assert_eq!(asked(store, NOW).await.len(), 1);
        settle(store, id, end).await;
        assert_eq!(status(store, id).await.0, ended);
        assert!(asked(store, NOW).await.is_empty(), "{ended:?}");
        let delivery =
            store.event(id).await.expect("read").expect("it is there").deliveries[0].0.id;
        assert_eq!(store.resend(delivery).await, Err(StoreFault::Untrue));
        assert_eq!(store.replay(id, Vec::new(), NOW).await, Err(StoreFault::Untrue));
        assert_eq!(store.record(unconfirmed("e", 5)).await, Ok(Recorded::Duplicate));
        let again = asked(store, NOW).await;
        assert_eq!((again[0].id, again[0].tries), (id, 0), "{ended:?}");
        settle(store, id, truly(event("e", 5))).await;
        assert_eq!(due(store, NOW).await.len(), 1, "{ended:?}");
        let found = status(store, id).await;
        assert_eq!(found, (EventStatus::Confirmed, vec![DeliveryStatus::Waiting]), "{ended:?}");
    }
}

#[tokio::test]
async fn two_that_turn_out_to_be_one_are_delivered_once() {
    let bench = Bench::open();
    let store: &dyn Store = &*bench.store;
    let (early, late) = (record(store, "e4", 4).await, record(store, "e5", 5).await);
    assert_eq!(asked(store, NOW).await.len(), 2);
    settle(store, late, truly(event("e5", 5))).await;
    settle(store, early, truly(event("e5", 5))).await;
    assert_eq!(status(store, early).await, (EventStatus::Merged, vec![DeliveryStatus::Cancelled]));
    let owed = due(store, NOW).await;
    assert_eq!(owed.iter().map(|one| one.event).collect::<Vec<_>>(), [late]);
    let merged = store.event(early).await.expect("read").expect("it is there").shown.merged;
    assert_eq!(merged, Some(late));
    assert_eq!(store.record(unconfirmed("e4", 4)).await, Ok(Recorded::Duplicate));
}

#[tokio::test]
async fn what_merges_into_a_doubtful_event_has_that_one_confirmed() {
    let bench = Bench::open();
    let store: &dyn Store = &*bench.store;
    let announced = record(store, "e5", 5).await;
    assert_eq!(asked(store, NOW).await.len(), 1);
    settle(store, announced, Confirmed::Contradicted(reason())).await;
    let other = record(store, "e4", 4).await;
    assert_eq!(asked(store, NOW).await.len(), 1);
    settle(store, other, truly(event("e5", 5))).await;
    assert_eq!(status(store, other).await.0, EventStatus::Merged);
    let again = asked(store, NOW).await;
    assert_eq!(again.iter().map(|one| one.id).collect::<Vec<_>>(), [announced]);
    settle(store, announced, truly(event("e5", 5))).await;
    assert_eq!(due(store, NOW).await.len(), 1);
}

#[tokio::test]
async fn an_event_of_another_kind_than_announced_goes_to_those_who_want_it() {
    let bench = Bench::open();
    let store: &dyn Store = &*bench.store;
    let wanting = NewWebhook {
        url: "https://a.example/".to_owned(),
        events: vec![pattern("acme.refund")],
        secret: "whsec_x".to_owned(),
        now_ms: NOW,
    };
    let webhook = store.register(wanting).await.expect("registered");
    let id = record(store, "e", 5).await;
    assert_eq!(asked(store, NOW).await.len(), 1);
    let refund = Event { kind: "acme.refund".to_owned(), ..event("e7", 7) };
    let confirmed = Confirmed::True { event: refund, named: Vec::new(), dedupe_ms: 1000 };
    settle(store, id, confirmed).await;
    let (cancelled, waiting) = (DeliveryStatus::Cancelled, DeliveryStatus::Waiting);
    assert_eq!(status(store, id).await, (EventStatus::Confirmed, vec![cancelled, waiting]));
    let to = Addressee::Webhook(webhook.id);
    let owed = store.claim(&to, NOW, 9).await.expect("a claim").due;
    assert_eq!((owed.len(), owed[0].kind.as_str()), (1, "acme.refund"));
    assert!(due(store, NOW).await.is_empty());
}

#[tokio::test]
async fn only_what_is_true_counts_for_the_order() {
    let bench = Bench::open();
    let store: &dyn Store = &*bench.store;
    let (low, high) = (record(store, "low", 4).await, record(store, "high", 6).await);
    assert_eq!(asked(store, NOW).await.len(), 2);
    settle(store, low, truly(event("low", 4))).await;
    let owed = due(store, NOW).await;
    assert!(!owed[0].superseded, "what may be a lie is no later state");
    store.release(&[owed[0].id], &[]);
    settle(store, high, truly(event("high", 6))).await;
    let said: Vec<_> =
        due(store, NOW).await.iter().map(|one| (one.event, one.superseded)).collect();
    assert_eq!(said, [(low, true), (high, false)]);
}
