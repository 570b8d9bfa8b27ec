//! Pages and filters of history.

use super::*;
use crate::model::{Attempt, DeliveryStatus, EventStatus, Settled};

/// Ten events, `e0` to `e9`, a second apart, of two kinds and three subjects; the even ones are
/// delivered, `e1` is exhausted.
async fn filled() -> Bench {
    let bench = Bench::open();
    for n in 0..10_u64 {
        let kind = if n < 7 { "acme.payment.done" } else { "acme.refund" };
        let subject = Some(format!("s{}", n % 3));
        let mut one =
            recording(vec![Event { kind: kind.into(), subject, ..event(&format!("e{n}"), 1) }]);
        Arc::make_mut(&mut one.callback).head.received_at_ms = NOW + n * 1000;
        if n == 9 {
            one.route = "other".to_owned();
        }
        new(bench.store.record(one).await.expect("recorded"));
    }
    for owed in due(&*bench.store, NOW + 100_000).await {
        let number: u64 = owed.provider_id[1..].parse().expect("a number");
        let settled = match number {
            1 => Settled::Exhausted,
            even if even % 2 == 0 => Settled::Delivered,
            _ => continue,
        };
        let attempt = Attempt { at_ms: NOW, took_ms: 1, status: None, body: vec![], error: None };
        let settlement =
            Settlement { id: owed.id, attempt: Some(attempt), ruling: Ruling::Settled(settled) };
        bench.store.settle(settlement).await.expect("settled");
    }
    bench
}

#[tokio::test]
async fn events_by_every_filter() {
    let bench = filled().await;
    let all = EventFilter { limit: 100, ..EventFilter::default() };
    let text = |text: &str| Some(text.to_owned());
    for (filter, found) in [
        (all.clone(), "9876543210"),
        (EventFilter { route: text("other"), ..all.clone() }, "9"),
        (EventFilter { kind: text("acme.refund"), ..all.clone() }, "987"),
        (EventFilter { kind: text("acme"), ..all.clone() }, ""),
        (EventFilter { subject: text("s1"), ..all.clone() }, "741"),
        (EventFilter { provider_id: text("e4"), ..all.clone() }, "4"),
        (EventFilter { status: Some(EventStatus::Accepted), ..all.clone() }, "9876543210"),
        (EventFilter { status: Some(EventStatus::Unconfirmed), ..all.clone() }, ""),
        (EventFilter { from_ms: Some(NOW + 3000), ..all.clone() }, "9876543"),
        (EventFilter { to_ms: Some(NOW + 3000), ..all.clone() }, "3210"),
        (EventFilter { to_ms: Some(NOW - 1), ..all.clone() }, ""),
        (EventFilter { from_ms: Some(NOW + 3000), subject: text("s1"), ..all.clone() }, "74"),
        (EventFilter { limit: 4, ..all.clone() }, "9876"),
    ] {
        let page = bench.store.events(filter.clone()).await.expect("a page");
        let ids: String = page.rows.iter().map(|row| &row.event.id[1..]).collect();
        assert_eq!(ids, found, "{filter:?}");
        assert_eq!(page.more, filter.limit == 4, "{filter:?}");
    }
    let (mut seen, mut before) = (String::new(), None);
    loop {
        let filter = EventFilter { limit: 3, before, ..EventFilter::default() };
        let page = bench.store.events(filter).await.expect("a page");
        seen.extend(page.rows.iter().map(|row| &row.event.id[1..]));
        before = page.rows.last().map(|row| row.id);
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, "9876543210");
}

#[tokio::test]
async fn deliveries_by_every_filter() {
    use DeliveryStatus::{Delivered, Exhausted, Waiting};
    let bench = filled().await;
    let all = DeliveryFilter { limit: 100, count: true, ..DeliveryFilter::default() };
    let text = |text: &str| Some(text.to_owned());
    let nobody = Some(Addressee::Named("nobody".into()));
    for (filter, found, total) in [
        (all.clone(), "9876543210", 10),
        (DeliveryFilter { statuses: vec![Delivered], ..all.clone() }, "86420", 5),
        (DeliveryFilter { statuses: vec![Exhausted], ..all.clone() }, "1", 1),
        (DeliveryFilter { statuses: vec![Waiting, Exhausted], ..all.clone() }, "97531", 5),
        (DeliveryFilter { kind: text("acme.refund"), ..all.clone() }, "987", 3),
        (DeliveryFilter { kind: text("refund"), ..all.clone() }, "987", 3),
        (DeliveryFilter { kind: text("fund"), ..all.clone() }, "", 0),
        (DeliveryFilter { subject: text("s0"), ..all.clone() }, "9630", 4),
        (DeliveryFilter { to: Some(ledger()), ..all.clone() }, "9876543210", 10),
        (DeliveryFilter { to: nobody, ..all.clone() }, "", 0),
        (DeliveryFilter { from_ms: Some(NOW + 8000), ..all.clone() }, "98", 2),
        (DeliveryFilter { to_ms: Some(NOW + 1000), ..all.clone() }, "10", 2),
        (DeliveryFilter { offset: 8, ..all.clone() }, "10", 10),
        (DeliveryFilter { offset: 20, ..all.clone() }, "", 10),
        (DeliveryFilter { limit: 2, offset: 1, ..all.clone() }, "87", 10),
        (
            DeliveryFilter {
                limit: 2,
                offset: 1,
                statuses: vec![Waiting, Exhausted],
                ..all.clone()
            },
            "75",
            5,
        ),
    ] {
        let page = bench.store.deliveries(filter.clone()).await.expect("a page");
        let mut ids = String::new();
        for row in &page.rows {
            let event = bench.store.event(row.event).await.expect("read").expect("it is there");
            ids.push_str(&event.shown.event.id[1..]);
        }
        assert_eq!((ids.as_str(), page.total), (found, Some(total)), "{filter:?}");
        assert_eq!(page.more, filter.limit == 2, "{filter:?}");
    }
}

#[tokio::test]
async fn a_replayed_event_is_owed_once_more() {
    let bench = filled().await;
    let filter = EventFilter { limit: 1, ..EventFilter::default() };
    let id = bench.store.events(filter).await.expect("a page").rows[0].id;
    let named = vec!["ledger".to_owned(), "books".to_owned()];
    assert_eq!(bench.store.replay(id, named, NOW).await, Ok(Some(2)));
    assert_eq!(bench.store.replay(EventId::new(NOW), Vec::new(), NOW).await, Ok(None));
    let whole = bench.store.event(id).await.expect("read").expect("it is there");
    assert_eq!(whole.deliveries.len(), 3);
}
