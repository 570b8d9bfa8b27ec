//! Webhooks over the API, by the contract: statuses, shapes, and what is kept.

use serde_json::json;

use super::*;
use crate::store::StoreFault;

const WEBHOOKS: &str = "/api/v1/webhooks";
const URL: &str = "https://8.8.8.8/in";
const NOBODY: &str = "018f5b6a-0000-7000-8000-000000000000";

/// Registers one that wants this; gives its id and secret.
async fn created(admin: &Admin, body: &Value) -> (String, String) {
    let said = ask(admin, "POST /api/v1/webhooks", body).await;
    assert_eq!(said.status, 201, "{said:?}");
    let webhook = &said.body["data"]["webhook"];
    let text = |name: &str| webhook[name].as_str().expect("a text").to_owned();
    (text("id"), text("secret"))
}

#[tokio::test]
async fn one_from_its_first_day_to_its_last() {
    let (admin, shelf) = shelved();
    let slip = json!({ "url": URL, "evnts": ["payment.*"] });
    let said = ask(&admin, "POST /api/v1/webhooks", &slip).await;
    assert_eq!(said.status, 400, "it would be told of everything: {said:?}");
    let body = json!({ "url": URL, "events": ["payment.*"] });
    let (id, secret) = created(&admin, &body).await;
    assert_eq!(shelf.rows().webhooks[0].secret, secret);
    let path = format!("{WEBHOOKS}/{id}");
    let mut webhook = json!({
        "id": id, "url": URL, "events": ["payment.*"], "status": "active",
        "last_triggered_at": null, "last_delivery_at": null,
        "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:04:05.678Z",
    });
    let said = ask(&admin, &format!("GET {path}"), &Value::Null).await;
    assert_eq!(said.body, json!({ "success": true, "data": { "webhook": webhook } }));

    admin.clock.set(SINCE_MS + 1000);
    let change = json!({ "status": "inactive", "events": [], "url": "http://10.1.2.3/" });
    let said = ask(&admin, &format!("PUT {path}"), &change).await;
    webhook["status"] = json!("inactive");
    webhook["events"] = json!(["*"]);
    webhook["url"] = json!("http://10.1.2.3/");
    webhook["updated_at"] = json!("2026-01-02T03:04:06.678Z");
    assert_eq!(said.body, json!({ "success": true, "data": { "webhook": webhook } }));
    let said = ask(&admin, &format!("PUT {path}"), &json!({})).await;
    assert_eq!(said.body["data"]["webhook"], webhook, "what isn't given stays");

    let said = ask(&admin, &format!("POST {path}/rotate-secret"), &Value::Null).await;
    let rotated = said.body["data"]["secret"].as_str().expect("a secret");
    assert_eq!(said.body["data"]["webhook_id"], json!(id));
    assert_ne!(rotated, secret);
    assert_eq!(shelf.rows().webhooks[0].secret, rotated);

    let said = ask(&admin, &format!("DELETE {path}"), &Value::Null).await;
    assert_eq!(said.body, json!({ "success": true, "data": { "deleted": true } }));
    assert!(shelf.rows().webhooks.is_empty());
    let said = ask(&admin, &format!("DELETE {path}"), &Value::Null).await;
    assert_eq!((said.status, said.code()), (404, "WEBHOOK_NOT_FOUND"));
}

#[tokio::test]
async fn secrets_are_random_and_right_for_both_ways_of_signing() {
    use base64::Engine as _;
    let (admin, _shelf) = shelved();
    let (_, first) = created(&admin, &json!({ "url": URL })).await;
    let (_, second) = created(&admin, &json!({ "url": URL, "events": ["*"] })).await;
    assert_ne!(first, second);
    let bytes = first.strip_prefix("whsec_").expect("a prefix");
    let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).expect("base64");
    assert_eq!(bytes.len(), 32);
    assert!(standardwebhooks::Webhook::new(&first).is_ok());
}

#[tokio::test]
async fn what_is_refused() {
    let (admin, shelf) = shelved();
    let (id, _) = created(&admin, &json!({ "url": URL })).await;
    let one = format!("PUT {WEBHOOKS}/{id}");
    let long = "x".repeat(201);
    let many = vec!["*"; 101];
    let create = "POST /api/v1/webhooks";
    for (line, body, code, word) in [
        (create, json!({}), "MISSING_FIELDS", "url"),
        (create, json!({ "url": null }), "MISSING_FIELDS", "url"),
        (create, json!({ "url": 1 }), "VALIDATION_ERROR", "url"),
        (create, json!({ "url": "http://8.8.8.8/" }), "VALIDATION_ERROR", "https"),
        (create, json!({ "url": "https://u:p@8.8.8.8/" }), "VALIDATION_ERROR", "url"),
        (create, json!({ "url": "https://192.168.0.1/" }), "VALIDATION_ERROR", "private"),
        (create, json!({ "url": URL, "events": "*" }), "VALIDATION_ERROR", "events"),
        (create, json!({ "url": URL, "events": [1] }), "VALIDATION_ERROR", "events"),
        (create, json!({ "url": URL, "events": [""] }), "VALIDATION_ERROR", "events"),
        (create, json!({ "url": URL, "events": [long] }), "VALIDATION_ERROR", "events"),
        (create, json!({ "url": URL, "events": many }), "VALIDATION_ERROR", "events"),
        (create, json!([]), "VALIDATION_ERROR", "body"),
        (&one, json!({ "status": "off" }), "VALIDATION_ERROR", "status"),
        (&one, json!({ "status": true }), "VALIDATION_ERROR", "status"),
        (&one, json!({ "url": "http://8.8.8.8/" }), "VALIDATION_ERROR", "url"),
        (&one, json!({ "events": {} }), "VALIDATION_ERROR", "events"),
    ] {
        let said = ask(&admin, line, &body).await;
        assert_eq!((said.status, said.code()), (400, code), "{line} {body}");
        assert_eq!(said.body["success"], false, "{line} {body}");
        let message = said.body["error"]["message"].as_str().expect("a message");
        assert!(message.contains(word), "{line} {body}: {message}");
    }
    for body in ["", "url=x", "{\"url\":", "\"x\""] {
        assert_eq!(send(&admin, create, &[MASTER], body).await.status, 400, "{body}");
    }
    assert_eq!(shelf.rows().webhooks.len(), 1);
}

#[tokio::test]
async fn what_is_not_there_and_what_stands_in_the_config() {
    let (admin, _shelf) = shelved();
    let change = json!({ "status": "inactive" });
    for (id, read, write, code) in [
        (NOBODY, 404, 404, "WEBHOOK_NOT_FOUND"),
        ("wh_1", 404, 404, "WEBHOOK_NOT_FOUND"),
        ("%2e%2e", 404, 404, "WEBHOOK_NOT_FOUND"),
        ("erp", 200, 409, "READ_ONLY"),
        ("%65rp", 200, 409, "READ_ONLY"),
    ] {
        let get = ask(&admin, &format!("GET {WEBHOOKS}/{id}"), &Value::Null).await;
        assert_eq!(get.status, read, "{id}");
        for line in [
            format!("PUT {WEBHOOKS}/{id}"),
            format!("DELETE {WEBHOOKS}/{id}"),
            format!("POST {WEBHOOKS}/{id}/rotate-secret"),
        ] {
            let said = ask(&admin, &line, &change).await;
            assert_eq!((said.status, said.code()), (write, code), "{line}");
        }
    }
}

#[tokio::test]
async fn lists_show_the_config_first_and_never_a_secret() {
    let (admin, _shelf) = shelved();
    let mut ids = vec![json!("erp"), json!("gone")];
    for _ in 0..3 {
        ids.push(json!(created(&admin, &json!({ "url": URL })).await.0));
    }
    for (query, wanted, limit, offset) in [
        ("", &ids[..], 20, 0),
        ("?limit=2", &ids[..2], 2, 0),
        ("?limit=2&offset=1", &ids[1..3], 2, 1),
        ("?offset=4", &ids[4..], 20, 4),
        ("?offset=5", &[], 20, 5),
    ] {
        let said = ask(&admin, &format!("GET {WEBHOOKS}{query}"), &Value::Null).await;
        let data = &said.body["data"];
        let rows = data["webhooks"].as_array().expect("rows");
        let found: Vec<_> = rows.iter().map(|row| row["id"].clone()).collect();
        assert_eq!(found, wanted, "{query}");
        let counts = json!([data["total"], data["limit"], data["offset"]]);
        assert_eq!(counts, json!([5, limit, offset]), "{query}");
        assert!(!said.body.to_string().contains("whsec_"), "{query}");
    }
    let said = ask(&admin, &format!("GET {WEBHOOKS}?limit=2"), &Value::Null).await;
    let rows = &said.body["data"]["webhooks"];
    assert_eq!(json!([rows[0]["status"], rows[0]["read_only"]]), json!(["active", true]));
    assert_eq!(
        json!([rows[1]["status"], rows[1]["offline"]]),
        json!(["inactive", "a secret isn't set"])
    );
    let said = ask(&admin, &format!("GET {WEBHOOKS}?limit=101"), &Value::Null).await;
    assert_eq!((said.status, said.code()), (400, "VALIDATION_ERROR"));
}

#[tokio::test]
async fn faults_of_the_store() {
    let (admin, shelf) = shelved();
    for (fault, status, code) in [
        (StoreFault::TooMany(1000), 409, "LIMIT_EXCEEDED"),
        (StoreFault::Full("too many wait"), 503, "STORE_FULL"),
        (StoreFault::Failing("/secret/path: I/O error".to_owned()), 503, "STORE_FAILING"),
        (StoreFault::Closed, 503, "STORE_CLOSED"),
    ] {
        shelf.rows().fault = Some(fault);
        let said = ask(&admin, "POST /api/v1/webhooks", &json!({ "url": URL })).await;
        assert_eq!((said.status, said.code()), (status, code));
        assert_eq!(said.header("retry-after"), (status == 503).then_some("1"));
        assert!(!said.body.to_string().contains("/secret"), "{said:?}");
    }
}
