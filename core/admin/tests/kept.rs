//! The same over the store that is used: from a webhook that is registered to a delivery that is
//! sent once more.

use serde_json::json;

use super::*;
use crate::model::{Addressee, Attempt, Callback, Event, Head, Settled};
use crate::store::{Embedded, NewEvent, Options, Recorded, Recording, Ruling, Settlement, Store};

const DELIVERIES: &str = "/api/v1/webhooks/deliveries";

fn open(folder: &TempDir) -> Arc<Embedded> {
    let options = Options {
        path: folder.path().join("store.db"),
        secrets: vec!["a key of at least thirty-two bytes".to_owned()],
        queue: 64,
        batch: 64,
        webhooks_max: 2,
        keep: Duration::from_secs(3600),
        bytes_max: 1 << 30,
        wait_most: Duration::from_secs(3600),
    };
    Arc::new(Embedded::open(options, Clock::manual(SINCE_MS)).expect("a store"))
}

/// A callback whose one event is this, owed to the config's `erp`.
fn recording(id: &str, kind: &str, confirms: bool) -> Recording {
    let head = Head {
        id: crate::model::CallbackId::new(SINCE_MS).to_string(),
        method: "POST".to_owned(),
        url: "https://hooks.example.com/r".to_owned(),
        params: Vec::new(),
        headers: Vec::new(),
        peer: "192.0.2.1".to_owned(),
        received_at_ms: SINCE_MS,
    };
    let event = Event {
        id: id.to_owned(),
        aliases: Vec::new(),
        kind: kind.to_owned(),
        subject: Some(format!("tx-{id}")),
        rank: None,
        occurred_at_ms: None,
        data: None,
    };
    let body = Bytes::from(format!("{{\"id\":\"{id}\"}}"));
    Recording {
        callback: Arc::new(Callback { head, body }),
        route: "r".to_owned(),
        generation: GenerationId(1),
        adapter: "good@abc".to_owned(),
        matched: None,
        replay_key: None,
        events: vec![NewEvent { event, named: vec!["erp".to_owned()] }],
        confirms,
        dedupe_ms: 3_600_000,
        state: Vec::new(),
    }
}

/// Has every attempt at a destination fail for good.
async fn exhaust(store: &Embedded, to: &Addressee) -> usize {
    let due = store.claim(to, SINCE_MS, 100).await.expect("a claim").due;
    for owed in &due {
        let error = Some("the destination said 500".to_owned());
        let body = b"oh".to_vec();
        let attempt = Attempt { at_ms: SINCE_MS, took_ms: 3, status: Some(500), body, error };
        let ruling = Ruling::Settled(Settled::Exhausted);
        let settlement = Settlement { id: owed.id, attempt: Some(attempt), ruling };
        store.settle(settlement).await.expect("it is settled");
    }
    due.len()
}

/// An admin over a store of its own in this folder.
async fn kept(folder: &TempDir) -> (Workshop, Admin, Arc<Embedded>) {
    let workshop = Workshop::open();
    let mut owing = route("r", &workshop.good().await);
    owing.deliver = vec!["erp".to_owned()];
    let mut generation = generation(1, vec![owing]);
    generation.destinations.insert("erp".to_owned(), destination("erp", "*", None));
    let store = open(folder);
    let (admin, _asked) = furnished(generation, Arc::clone(&store));
    (workshop, admin, store)
}

async fn data(admin: &Admin, line: &str, body: &Value) -> Value {
    let said = ask(admin, line, body).await;
    assert!(said.status < 300, "{line}: {said:?}");
    said.body["data"].clone()
}

#[tokio::test]
async fn from_a_webhook_to_a_delivery_that_is_sent_once_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_workshop, admin, store) = kept(&folder).await;
    let body = json!({ "url": "https://8.8.8.8/in", "events": ["payment.*"] });
    let webhook = data(&admin, "POST /api/v1/webhooks", &body).await["webhook"].clone();
    let id = webhook["id"].as_str().expect("an id");
    let recorded = store.record(recording("1", "acme.payment.in", false)).await;
    let Ok(Recorded::New(events)) = recorded else { panic!("{recorded:?}") };
    store.record(recording("2", "acme.refund", false)).await.expect("it is recorded");
    for (query, total) in [
        ("", 3),
        ("?status=pending", 3),
        ("?status=delivered", 0),
        (&format!("?webhook_id={id}"), 1),
        ("?webhook_id=erp", 2),
        ("?destination=erp&event_type=refund", 1),
        ("?event_type=acme.payment.in", 2),
        ("?transaction_id=tx-2", 1),
        ("?start_date=2026-01-02&end_date=2026-01-02", 3),
        ("?end_date=2026-01-01", 0),
        ("?start_date=2026-01-03T00:00:00Z", 0),
        ("?page=2&limit=2", 3),
    ] {
        let found = data(&admin, &format!("GET {DELIVERIES}{query}"), &Value::Null).await;
        assert_eq!(found["total"], total, "{query}");
    }

    let to = Addressee::Webhook(id.parse().expect("an id"));
    assert_eq!(exhaust(&store, &to).await, 1);
    let found = data(&admin, &format!("GET {DELIVERIES}?status=failed"), &Value::Null).await;
    let failed = &found["deliveries"][0];
    assert_eq!(json!([failed["state"], failed["attempts"]]), json!(["exhausted", 1]));
    assert_eq!(json!([failed["response_status"], failed["payload"]]), json!([500, { "id": "1" }]));
    let line = format!("POST {DELIVERIES}/resend");
    let all = data(&admin, &line, &json!({ "webhook_id": id })).await;
    assert_eq!(all, json!({ "resent": 1, "more": false, "next": null }));
    assert_eq!(exhaust(&store, &to).await, 1, "it was due once more");
    let delivery = failed["id"].as_str().expect("an id");
    data(&admin, &format!("POST {DELIVERIES}/{delivery}/resend"), &Value::Null).await;

    let line = format!("POST /api/v1/events/{}/replay", events[0]);
    assert_eq!(ask(&admin, &line, &Value::Null).await.body, json!({ "deliveries": 2 }));
    let whole = ask(&admin, &format!("GET /api/v1/events/{}", events[0]), &Value::Null).await.body;
    assert_eq!(whole["callback"]["body"], "{\"id\":\"1\"}");
    let deliveries = whole["deliveries"].as_array().expect("a list");
    assert_eq!(deliveries.len(), 4);
    let logged: usize =
        deliveries.iter().map(|row| row["attempt_log"].as_array().expect("a list").len()).sum();
    assert_eq!(logged, 2);

    // What still waits for a webhook that is deleted was cancelled.
    data(&admin, &format!("DELETE /api/v1/webhooks/{id}"), &Value::Null).await;
    let line = format!("GET {DELIVERIES}?webhook_id={id}");
    let rows = data(&admin, &line, &Value::Null).await["deliveries"].clone();
    let states: Vec<_> = rows.as_array().expect("rows").iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["cancelled", "cancelled"]);
}

#[tokio::test]
async fn what_is_not_confirmed_is_not_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_workshop, admin, store) = kept(&folder).await;
    let recorded = store.record(recording("1", "acme.payment.in", true)).await;
    let Ok(Recorded::New(events)) = recorded else { panic!("{recorded:?}") };
    let line = format!("POST /api/v1/events/{}/replay", events[0]);
    let said = ask(&admin, &line, &Value::Null).await;
    assert_eq!((said.status, said.code()), (409, "EVENT_NOT_CONFIRMED"));
    let found = data(&admin, &format!("GET {DELIVERIES}"), &Value::Null).await;
    for row in found["deliveries"].as_array().expect("rows") {
        let id = row["id"].as_str().expect("an id");
        let said = ask(&admin, &format!("POST {DELIVERIES}/{id}/resend"), &Value::Null).await;
        assert_eq!((said.status, said.code()), (409, "EVENT_NOT_CONFIRMED"));
    }
    let all = data(&admin, &format!("POST {DELIVERIES}/resend"), &Value::Null).await;
    assert_eq!(all["resent"], 0);
}

#[tokio::test]
async fn webhooks_outlive_the_process_and_are_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = json!({ "url": "https://8.8.8.8/in" });
    let (_workshop, admin, store) = kept(&folder).await;
    for second in 0..2 {
        admin.clock.set(SINCE_MS + second * 1000);
        data(&admin, "POST /api/v1/webhooks", &url).await;
    }
    let said = ask(&admin, "POST /api/v1/webhooks", &url).await;
    assert_eq!((said.status, said.code()), (409, "LIMIT_EXCEEDED"));
    let before = data(&admin, "GET /api/v1/webhooks", &Value::Null).await;
    assert_eq!(before["total"], 3);
    drop((admin, store));
    let (_workshop, admin, _store) = kept(&folder).await;
    assert_eq!(data(&admin, "GET /api/v1/webhooks", &Value::Null).await, before);
}

#[tokio::test]
async fn events_by_filter_and_cursor() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_workshop, admin, store) = kept(&folder).await;
    for id in 0..5 {
        let recording = recording(&id.to_string(), "acme.payment.in", id == 4);
        store.record(recording).await.expect("it is recorded");
    }
    let events = async |query: &str| {
        ask(&admin, &format!("GET /api/v1/events?{query}"), &Value::Null).await.body
    };
    for (query, count) in [
        ("", 5),
        ("route=r", 5),
        ("route=x", 0),
        ("kind=acme.payment.in", 5),
        ("subject=tx-3", 1),
        ("provider_id=3", 1),
        ("status=unconfirmed", 1),
        ("status=accepted", 4),
        ("from=2026-01-02&to=2026-01-02", 5),
        ("to=2026-01-01", 0),
        ("from=2026-01-03", 0),
    ] {
        let found = events(query).await;
        assert_eq!(found["events"].as_array().map(Vec::len), Some(count), "{query}");
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = events(&query).await;
        let rows = page["events"].as_array().expect("rows");
        seen.extend(rows.iter().map(|row| row["provider_id"].as_str().expect("an id").to_owned()));
        assert!(seen.len() <= 5, "{seen:?}");
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&before={next}");
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
}
