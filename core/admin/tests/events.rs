//! Events over the API: lists, one with all that belongs to it, and one once more.

use serde_json::json;

use super::shelf::{delivery, event, failed};
use super::*;
use crate::model::{Addressee, DeliveryStatus, EventId, EventStatus, Reply};
use crate::store::AnswerShown;

const NOBODY: &str = "018f5b6a-0000-7000-8000-000000000000";

#[tokio::test]
async fn one_with_all_that_belongs_to_it() {
    let (admin, shelf) = shelved();
    let mut whole = event(EventStatus::Confirmed, b"{\"id\":1}");
    let row = delivery(Addressee::Named("erp".to_owned()), DeliveryStatus::Exhausted);
    whole.deliveries = vec![(row, vec![failed()])];
    let id = whole.shown.id;
    let callback_id = whole.shown.callback.to_string();
    shelf.rows().events = vec![whole];
    let said = ask(&admin, &format!("GET /api/v1/events/{id}"), &Value::Null).await;
    assert_eq!(said.status, 200);
    let wanted = json!({
        "id": id.to_string(), "callback_id": callback_id, "route": "r",
        "provider_id": "E1", "aliases": ["E1b"], "kind": "acme.payment.confirmed",
        "subject": "tx-1", "rank": 2, "occurred_at": "2026-01-02T03:04:04.678Z",
        "status": "confirmed", "superseded": false, "repeats": 1, "tries": 0,
        "next_confirm_at": null, "reason": null, "merged_into": null,
        "recorded_at": "2026-01-02T03:04:05.678Z", "data": { "amount": "1.00" },
    });
    assert_eq!(said.body["event"], wanted);
    let wanted = json!({
        "id": "call-1", "method": "POST", "url": "https://hooks.example.com/r?x=1",
        "headers": [["x-a", "1"], ["x-a", "2"], ["authorization", "Basic x"]],
        "body": "{\"id\":1}", "body_encoding": "utf-8", "peer": "192.0.2.1",
        "received_at": "2026-01-02T03:04:05.678Z",
        "generation": 1, "adapter": "good@abc", "matched": "new",
    });
    assert_eq!(said.body["callback"], wanted);
    let row = &said.body["deliveries"][0];
    assert_eq!(json!([row["destination"], row["state"]]), json!(["erp", "exhausted"]));
    let attempt = json!({
        "at": "2026-01-02T03:04:05.678Z", "took_ms": 12, "response_status": 500,
        "response_body": "oh", "error": "the destination said 500",
    });
    assert_eq!(row["attempt_log"], json!([attempt]));
    assert_eq!(said.body["answers"], json!([]));
}

#[tokio::test]
async fn a_request_with_its_tries() {
    let (admin, shelf) = shelved();
    let mut whole = event(EventStatus::Answered, b"{}");
    let failed = AnswerShown {
        attempt: 1,
        reply: Reply { status: 503, headers: Vec::new(), body: "busy".into() },
        finished: false,
        answer: None,
        by: "quotes@ab".to_owned(),
        fallback: false,
        late: false,
        why: Some("trap".to_owned()),
        took_ms: 3,
        at_ms: SINCE_MS,
        stands: false,
    };
    let stands = AnswerShown {
        attempt: 2,
        reply: Reply { status: 200, headers: Vec::new(), body: "{\"q\":1}".into() },
        finished: true,
        answer: Some("{\"price\": 1}".to_owned()),
        late: true,
        why: None,
        stands: true,
        ..failed.clone()
    };
    whole.answers = vec![failed, stands];
    let id = whole.shown.id;
    shelf.rows().events = vec![whole];
    let said = ask(&admin, &format!("GET /api/v1/events/{id}"), &Value::Null).await;
    let at = "2026-01-02T03:04:05.678Z";
    let wanted = json!([
        {
            "attempt": 1, "stands": false, "finished": false, "answer": null, "by": "quotes@ab",
            "fallback": false, "late": false, "why": "trap", "took_ms": 3, "at": at,
            "response_status": 503, "response_body": "busy",
        },
        {
            "attempt": 2, "stands": true, "finished": true, "answer": { "price": 1 },
            "by": "quotes@ab", "fallback": false, "late": true, "why": null, "took_ms": 3,
            "at": at, "response_status": 200, "response_body": "{\"q\":1}",
        },
    ]);
    assert_eq!(
        (&said.body["answers"], &said.body["event"]["status"]),
        (&wanted, &json!("answered"))
    );
}

#[tokio::test]
async fn a_body_that_is_no_text() {
    let (admin, shelf) = shelved();
    let mut whole = event(EventStatus::Accepted, b"\xff\x00");
    whole.shown.event.data = None;
    let id = whole.shown.id;
    shelf.rows().events = vec![whole];
    let said = ask(&admin, &format!("GET /api/v1/events/{id}"), &Value::Null).await;
    let callback = &said.body["callback"];
    assert_eq!(json!([callback["body"], callback["body_encoding"]]), json!(["/wA=", "base64"]));
    assert_eq!(said.body["event"]["data"], Value::Null);
}

#[tokio::test]
async fn pages_by_cursor() {
    let (admin, shelf) = shelved();
    let all: Vec<_> = (0..5).map(|_| event(EventStatus::Accepted, b"{}")).collect();
    let ids: Vec<_> = all.iter().map(|event| event.shown.id.to_string()).collect();
    shelf.rows().events = all;
    let (mut found, mut query) = (Vec::new(), "limit=2".to_owned());
    for page in [2, 2, 1] {
        let said = ask(&admin, &format!("GET /api/v1/events?{query}"), &Value::Null).await;
        let rows = said.body["events"].as_array().expect("rows");
        assert_eq!(rows.len(), page);
        found.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        assert!(rows.iter().all(|row| row.get("data").is_none()), "lists hold no data");
        match said.body["next"].as_str() {
            Some(next) => query = format!("limit=2&before={next}"),
            None => assert_eq!(page, 1, "only the last page has no next one"),
        }
    }
    assert_eq!(found, ids);
}

#[tokio::test]
async fn what_the_store_is_asked_for() {
    let (admin, shelf) = shelved();
    let query = "route=r&kind=k&subject=s&status=given-up&provider_id=E1&from=2026-01-02\
                 &to=2026-01-02&limit=7";
    let line = format!("GET /api/v1/events?{query}&before={NOBODY}");
    assert_eq!(ask(&admin, &line, &Value::Null).await.status, 200);
    let wanted = shelf.rows().wanted_events.take().expect("it is asked");
    let texts = [&wanted.route, &wanted.kind, &wanted.subject, &wanted.provider_id];
    assert_eq!(texts.map(|text| text.as_deref()), [Some("r"), Some("k"), Some("s"), Some("E1")]);
    assert_eq!((wanted.status, wanted.limit), (Some(EventStatus::GivenUp), 7));
    assert_eq!(wanted.before, NOBODY.parse().ok());
    assert_eq!(wanted.from_ms.zip(wanted.to_ms).map(|(a, b)| b - a), Some(86_399_999));
    assert_eq!(ask(&admin, "GET /api/v1/events", &Value::Null).await.status, 200);
    let wanted = shelf.rows().wanted_events.take().expect("it is asked");
    assert_eq!((wanted.limit, wanted.before, wanted.status), (20, None, None));
    for query in ["status=open", "limit=0", "before=x", "from=x", "to=x"] {
        let said = ask(&admin, &format!("GET /api/v1/events?{query}"), &Value::Null).await;
        assert_eq!((said.status, said.code()), (400, "VALIDATION_ERROR"), "{query}");
    }
}

#[tokio::test]
async fn once_more_to_whom_it_is_owed_now() {
    let workshop = Workshop::open();
    let mut owing = route("r", &workshop.good().await);
    owing.deliver = vec!["erp".to_owned(), "other".to_owned(), "gone".to_owned()];
    let shelf = Arc::new(Shelf::default());
    let mut generation = generation(1, vec![owing]);
    for (name, wants) in [("erp", "acme.*"), ("other", "other.*"), ("gone", "*")] {
        generation.destinations.insert(name.to_owned(), destination(name, wants, None));
    }
    let (admin, _asked) = furnished(generation, Arc::clone(&shelf));
    let replay = async |id: EventId| {
        ask(&admin, &format!("POST /api/v1/events/{id}/replay"), &Value::Null).await
    };
    for (status, code, deliveries) in [
        (EventStatus::Accepted, 200, json!(2)),
        (EventStatus::Confirmed, 200, json!(2)),
        (EventStatus::Unconfirmed, 409, Value::Null),
        (EventStatus::Contradicted, 409, Value::Null),
        (EventStatus::GivenUp, 409, Value::Null),
        (EventStatus::Merged, 409, Value::Null),
        (EventStatus::Unanswered, 409, Value::Null),
        (EventStatus::Answered, 409, Value::Null),
        (EventStatus::Declined, 409, Value::Null),
    ] {
        let whole = event(status, b"{}");
        let id = whole.shown.id;
        shelf.rows().events = vec![whole];
        let said = replay(id).await;
        assert_eq!((said.status, &said.body["deliveries"]), (code, &deliveries), "{status:?}");
        if code == 409 {
            let asked = matches!(status.word(), "unanswered" | "answered" | "declined");
            let wanted = if asked { "EVENT_IS_REQUEST" } else { "EVENT_NOT_CONFIRMED" };
            assert_eq!(said.code(), wanted, "{status:?}");
        }
        let owed = vec!["erp".to_owned(), "gone".to_owned()];
        let wanted = (code == 200).then_some((id, owed));
        assert_eq!(shelf.rows().replayed.pop(), wanted, "{status:?}");
    }
    // Of a route that the config no longer has, only webhooks want it.
    let mut whole = event(EventStatus::Accepted, b"{}");
    whole.shown.route = "old".to_owned();
    let id = whole.shown.id;
    shelf.rows().events = vec![whole];
    assert_eq!(replay(id).await.body, json!({ "deliveries": 0 }));
}

#[tokio::test]
async fn what_is_not_there() {
    let (admin, _shelf) = shelved();
    for id in ["nothing", NOBODY] {
        for line in [format!("GET /api/v1/events/{id}"), format!("POST /api/v1/events/{id}/replay")]
        {
            let said = ask(&admin, &line, &Value::Null).await;
            assert_eq!((said.status, said.code()), (404, "EVENT_NOT_FOUND"), "{line}");
        }
    }
}
