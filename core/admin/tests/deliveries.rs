//! Deliveries over the API: how each is shown, what lists ask the store for, and pages.

use serde_json::json;

use super::shelf::delivery;
use super::*;
use crate::model::DeliveryStatus::{
    self, Cancelled, Contradicted, Delivered, Exhausted, Unconfirmed, Waiting,
};
use crate::model::{Addressee, WebhookId};
use crate::store::{DeliveryFilter, Webhook};

const DELIVERIES: &str = "/api/v1/webhooks/deliveries";

fn named(name: &str) -> Addressee {
    Addressee::Named(name.to_owned())
}

/// Puts a webhook there.
fn webhook(shelf: &Shelf, active: bool) -> Addressee {
    let id = WebhookId::new(SINCE_MS);
    shelf.rows().webhooks.push(Webhook {
        id,
        url: "https://8.8.8.8/".to_owned(),
        events: Vec::new(),
        active,
        secret: "whsec_x".to_owned(),
        triggered_ms: None,
        delivered_ms: None,
        created_ms: SINCE_MS,
        updated_ms: SINCE_MS,
    });
    Addressee::Webhook(id)
}

#[tokio::test]
async fn where_each_stands() {
    let (admin, shelf) = shelved();
    let (active, inactive) = (webhook(&shelf, true), webhook(&shelf, false));
    let removed = Addressee::Webhook(WebhookId::new(SINCE_MS));
    for (to, status, word, state) in [
        (named("erp"), Waiting, "pending", "waiting"),
        (named("gone"), Waiting, "pending", "parked"),
        (named("never"), Waiting, "pending", "parked"),
        (active.clone(), Waiting, "pending", "waiting"),
        (inactive, Waiting, "pending", "parked"),
        (removed.clone(), Waiting, "pending", "parked"),
        (removed, Delivered, "delivered", "delivered"),
        (named("erp"), Unconfirmed, "pending", "unconfirmed"),
        (named("erp"), Delivered, "delivered", "delivered"),
        (active.clone(), Exhausted, "failed", "exhausted"),
        (active.clone(), Cancelled, "failed", "cancelled"),
        (active, Contradicted, "failed", "contradicted"),
    ] {
        let row = delivery(to, status);
        let path = format!("GET {DELIVERIES}/{}", row.id);
        shelf.rows().deliveries = vec![row];
        let said = ask(&admin, &path, &Value::Null).await;
        let row = &said.body["data"]["delivery"];
        assert_eq!(json!([row["status"], row["state"]]), json!([word, state]));
    }
}

#[tokio::test]
async fn all_that_is_shown() {
    let (admin, shelf) = shelved();
    let webhook = webhook(&shelf, true);
    let mut one = delivery(webhook.clone(), Waiting);
    let Addressee::Webhook(webhook) = webhook else { panic!("a webhook") };
    one.subject = Some("tx-1".to_owned());
    (one.response_status, one.response_body) = (Some(500), Some(b"oh\xff".to_vec()));
    one.error = Some("the destination said 500".to_owned());
    (one.attempts, one.due_ms) = (2, Some(SINCE_MS + 60_000));
    let mut two = delivery(named("erp"), Delivered);
    (two.payload, two.delivered_ms) = (Some(b"a=1\xff".to_vec()), Some(SINCE_MS + 1));
    shelf.rows().deliveries = vec![one.clone(), two.clone()];
    let said = ask(&admin, &format!("GET {DELIVERIES}"), &Value::Null).await;
    let kind = "acme.payment.confirmed";
    let first = json!({
        "id": one.id.to_string(), "webhook_id": webhook.to_string(), "destination": null,
        "transaction_id": "tx-1", "event_id": one.event.to_string(), "event_type": kind,
        "status": "pending", "state": "waiting", "payload": { "amount": "1.00" },
        "response_status": 500, "response_body": "oh\u{fffd}",
        "error": "the destination said 500", "attempts": 2,
        "next_attempt_at": "2026-01-02T03:05:05.678Z", "delivered_at": null,
        "created_at": "2026-01-02T03:04:05.678Z",
    });
    let second = json!({
        "id": two.id.to_string(), "webhook_id": null, "destination": "erp",
        "transaction_id": null, "event_id": two.event.to_string(), "event_type": kind,
        "status": "delivered", "state": "delivered", "payload": "a=1\u{fffd}",
        "response_status": null, "response_body": null, "error": null, "attempts": 0,
        "next_attempt_at": null, "delivered_at": "2026-01-02T03:04:05.679Z",
        "created_at": "2026-01-02T03:04:05.678Z",
    });
    let data = json!({ "deliveries": [first, second], "total": 2, "limit": 20, "offset": 0 });
    assert_eq!(said.body, json!({ "success": true, "data": data }));
}

#[tokio::test]
async fn pages_by_offset_and_by_number() {
    let (admin, shelf) = shelved();
    let rows: Vec<_> = (0..45).map(|_| delivery(named("erp"), Delivered)).collect();
    let ids: Vec<_> = rows.iter().map(|row| json!(row.id.to_string())).collect();
    shelf.rows().deliveries = rows;
    for (query, wanted, numbers) in [
        ("", &ids[..20], json!([45, 20, 0, null, null])),
        ("?limit=45", &ids[..], json!([45, 45, 0, null, null])),
        ("?limit=10&offset=40", &ids[40..], json!([45, 10, 40, null, null])),
        ("?page=1", &ids[..20], json!([45, 20, 0, 1, 3])),
        ("?page=5&limit=10", &ids[40..], json!([45, 10, 40, 5, 5])),
        ("?page=6&limit=10", &[], json!([45, 10, 50, 6, 5])),
        ("?page=2&limit=15&offset=1", &ids[15..30], json!([45, 15, 15, 2, 3])),
    ] {
        let said = ask(&admin, &format!("GET {DELIVERIES}{query}"), &Value::Null).await;
        let data = &said.body["data"];
        let rows = data["deliveries"].as_array().expect("rows");
        let found: Vec<_> = rows.iter().map(|row| row["id"].clone()).collect();
        assert_eq!(found, wanted, "{query}");
        let names = ["total", "limit", "offset", "page", "totalPages"];
        let shown: Vec<_> = names.iter().map(|name| data[name].clone()).collect();
        assert_eq!(json!(shown), numbers, "{query}");
    }
    for (query, rows) in [("", 45), ("?limit=3", 3)] {
        let line = format!("GET /api/v1/webhooks/activity{query}");
        let said = ask(&admin, &line, &Value::Null).await;
        let found = said.body["data"]["activity"].as_array().expect("rows").len();
        assert_eq!(found, rows, "{query}");
    }
    assert_eq!(shelf.rows().wanted.as_ref().map(|wanted| wanted.count), Some(false));
}

#[tokio::test]
async fn what_the_store_is_asked_for() {
    let (admin, shelf) = shelved();
    let id = WebhookId::new(SINCE_MS);
    let asked = async |query: &str| {
        let line = format!("GET {DELIVERIES}?{query}");
        assert_eq!(ask(&admin, &line, &Value::Null).await.status, 200, "{query}");
        shelf.rows().wanted.take().expect("it is asked")
    };
    let to = |filter: DeliveryFilter| filter.to;
    assert_eq!(to(asked(&format!("webhook_id={id}")).await), Some(Addressee::Webhook(id)));
    assert_eq!(to(asked("webhook_id=erp").await), Some(named("erp")));
    assert_eq!(to(asked("destination=erp").await), Some(named("erp")));
    let filter = asked("event_type=payment.in&transaction_id=tx%201").await;
    assert_eq!(filter.kind.as_deref(), Some("payment.in"));
    assert_eq!(filter.subject.as_deref(), Some("tx 1"));
    assert!(filter.count && filter.statuses.is_empty() && filter.to.is_none());
    let statuses: [(&str, &[DeliveryStatus]); 3] = [
        ("delivered", &[Delivered]),
        ("pending", &[Waiting, Unconfirmed]),
        ("failed", &[Exhausted, Cancelled, Contradicted]),
    ];
    for (word, wanted) in statuses {
        assert_eq!(asked(&format!("status={word}")).await.statuses, wanted, "{word}");
    }
    const DAY: u64 = 1_767_312_000_000;
    for (query, from, to) in [
        ("start_date=2026-01-02", Some(DAY), None),
        ("end_date=2026-01-02", None, Some(DAY + 86_399_999)),
        ("start_date=2026-01-02T00:00:01Z&end_date=", Some(DAY + 1000), None),
        ("end_date=2026-01-02T01:00:00%2b01:00", None, Some(DAY)),
        ("end_date=2026-01-02T01:00:00+01:00", None, Some(DAY)),
    ] {
        let filter = asked(query).await;
        assert_eq!((filter.from_ms, filter.to_ms), (from, to), "{query}");
    }
}

#[tokio::test]
async fn what_is_refused() {
    let (admin, _shelf) = shelved();
    for (query, word) in [
        ("status=open", "status"),
        ("start_date=yesterday", "start_date"),
        ("end_date=2026-02-30", "end_date"),
        ("limit=0", "limit"),
        ("page=0", "page"),
        ("offset=x", "offset"),
        ("webhook_id=a&destination=b", "destination"),
        ("status=failed&status=pending", "status"),
    ] {
        let said = ask(&admin, &format!("GET {DELIVERIES}?{query}"), &Value::Null).await;
        assert_eq!((said.status, said.code()), (400, "VALIDATION_ERROR"), "{query}");
        let message = said.body["error"]["message"].as_str().expect("a message");
        assert!(message.contains(word), "{query}: {message}");
    }
    for id in ["nothing", "018f5b6a-0000-7000-8000-000000000000"] {
        let said = ask(&admin, &format!("GET {DELIVERIES}/{id}"), &Value::Null).await;
        assert_eq!((said.status, said.code()), (404, "DELIVERY_NOT_FOUND"), "{id}");
    }
}
