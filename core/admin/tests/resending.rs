//! Deliveries once more: one, and all that fit.

use serde_json::json;

use super::shelf::delivery;
use super::*;
use crate::model::Addressee;
use crate::model::DeliveryStatus::{
    self, Cancelled, Contradicted, Delivered, Exhausted, Unconfirmed, Waiting,
};

const ALL_OF: &str = "POST /api/v1/webhooks/deliveries/resend";

/// Rows that stand so, all to one destination.
fn rows(shelf: &Shelf, statuses: &[DeliveryStatus]) {
    let row = |status: &DeliveryStatus| delivery(Addressee::Named("erp".to_owned()), *status);
    shelf.rows().deliveries = statuses.iter().map(row).collect();
}

#[tokio::test]
async fn one_of_them() {
    let (admin, shelf) = shelved();
    let done = json!({ "success": true, "message": "delivery resend requested" });
    for (status, wanted, code) in [
        (Waiting, 200, ""),
        (Delivered, 200, ""),
        (Exhausted, 200, ""),
        (Cancelled, 200, ""),
        (Unconfirmed, 409, "EVENT_NOT_CONFIRMED"),
        (Contradicted, 409, "EVENT_NOT_CONFIRMED"),
    ] {
        rows(&shelf, &[status]);
        let id = shelf.rows().deliveries[0].id;
        let line = format!("POST /api/v1/webhooks/deliveries/{id}/resend");
        let said = ask(&admin, &line, &Value::Null).await;
        assert_eq!((said.status, said.code()), (wanted, code), "{status:?}");
        if wanted == 200 {
            assert_eq!(said.body["data"], done);
            assert_eq!(shelf.rows().resent.pop(), Some(id));
        }
    }
    for id in ["nothing", "018f5b6a-0000-7000-8000-000000000000"] {
        let line = format!("POST /api/v1/webhooks/deliveries/{id}/resend");
        let said = ask(&admin, &line, &Value::Null).await;
        assert_eq!((said.status, said.code()), (404, "DELIVERY_NOT_FOUND"), "{id}");
    }
}

#[tokio::test]
async fn all_that_fit() {
    let (admin, shelf) = shelved();
    let every = DeliveryStatus::ALL;
    for (body, resent) in [
        (Value::Null, 1),
        (json!({}), 1),
        (json!({ "status": "failed" }), 1),
        (json!({ "status": "delivered" }), 1),
        (json!({ "status": "pending" }), 1),
        (json!({ "destination": "erp" }), 1),
        (json!({ "destination": "other" }), 0),
        (json!({ "webhook_id": "018f5b6a-0000-7000-8000-000000000000" }), 0),
    ] {
        rows(&shelf, &every);
        let said = ask(&admin, ALL_OF, &body).await;
        let data = json!({ "resent": resent, "more": false, "next": null });
        assert_eq!(said.body, json!({ "success": true, "data": data }), "{body}");
    }
    for body in [
        json!({ "status": "cancelled" }),
        json!({ "status": 1 }),
        json!({ "start_date": "x" }),
        json!({ "before": "x" }),
    ] {
        let said = ask(&admin, ALL_OF, &body).await;
        assert_eq!((said.status, said.code()), (400, "VALIDATION_ERROR"), "{body}");
    }
    let body =
        json!({ "event_type": "payment.x", "start_date": "2026-01-02", "end_date": "2026-01-02" });
    assert_eq!(ask(&admin, ALL_OF, &body).await.status, 200);
    let wanted = shelf.rows().wanted.take().expect("it is asked");
    assert_eq!((wanted.kind.as_deref(), wanted.statuses), (Some("payment.x"), vec![Exhausted]));
    assert_eq!(wanted.from_ms.zip(wanted.to_ms).map(|(a, b)| b - a), Some(86_399_999));
}

#[tokio::test]
async fn a_thousand_at_a_time() {
    let (admin, shelf) = shelved();
    rows(&shelf, &[Delivered; 1234]);
    let body = json!({ "status": "delivered" });
    let said = ask(&admin, ALL_OF, &body).await;
    let last = shelf.rows().deliveries[999].id.to_string();
    assert_eq!(said.body["data"], json!({ "resent": 1000, "more": true, "next": last }));
    let body = json!({ "status": "delivered", "before": last });
    let said = ask(&admin, ALL_OF, &body).await;
    assert_eq!(said.body["data"], json!({ "resent": 234, "more": false, "next": null }));
    assert_eq!(shelf.rows().resent.len(), 1234);
}
