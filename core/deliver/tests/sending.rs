//! What is sent, and what becomes of it at destinations that work.

use super::*;
use crate::plugin::SecretText;

#[tokio::test]
async fn a_delivery_comes_with_all_that_it_should() {
    let server = Server::start(&[Say::Status(202, "")]).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let signed = Destination {
        secrets: vec![SecretText::new(secret)],
        ..destination("ledger", server.url())
    };
    let bench = Bench::start(generation(vec![signed], Vec::new()));
    let owed = owed(to("ledger"));
    bench.ledger.owe(owed.clone());
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);

    let heard = server.heard();
    let [one] = heard.as_slice() else { panic!("one request: {heard:?}") };
    assert!(one.head.starts_with("POST /events?x=1 HTTP/1.1\r\n"), "{}", one.head);
    assert_eq!(one.body, owed.body);
    for (name, value) in [
        ("host", format!("127.0.0.1:{}", server.port)),
        ("content-type", "application/json".into()),
        ("ce-specversion", "1.0".into()),
        ("ce-id", owed.event.to_string()),
        ("ce-providerid", "p-1".into()),
        ("ce-source", "/routes/pay".into()),
        ("ce-type", "acme.paid".into()),
        ("ce-subject", "order%201".into()),
        ("ce-time", "2026-01-02T03:04:05.678Z".into()),
        ("webhook-id", owed.id.to_string()),
        ("webhook-timestamp", (NOW_MS / 1000).to_string()),
        ("x-webhook-id", owed.id.to_string()),
        ("x-webhook-event", "acme.paid".into()),
    ] {
        assert_eq!(one.header(name), Some(value.as_str()), "{name}");
    }
    assert!(one.header("webhook-signature").is_some_and(|value| value.starts_with("v1,")));
    assert!(one.header("x-webhook-signature").is_some_and(|value| value.starts_with("sha256=")));
    let kept = bench.ledger.lock();
    let attempt = &kept.rows[0].attempts[0];
    assert_eq!((attempt.at_ms, attempt.status), (NOW_MS, Some(202)));
    assert_eq!((attempt.body.as_slice(), attempt.error.as_deref()), (b"said".as_slice(), None));
}

#[tokio::test]
async fn connections_are_kept_and_places_never_exceeded() {
    let server = Server::start(&[Say::Status(200, "")]).await;
    let narrow = Destination { concurrency: 2, ..destination("ledger", server.url()) };
    let bench = Bench::start(generation(vec![narrow], Vec::new()));
    for _ in 0..40 {
        bench.ledger.owe(owed(to("ledger")));
    }
    assert_eq!(bench.ledger.rulings().await, [DELIVERED; 40]);
    assert_eq!(server.heard().len(), 40);
    assert!(server.connections() <= 4, "{}", server.connections());
    assert!(bench.ledger.lock().claimed_most <= 2);
}

#[tokio::test]
async fn connections_that_were_closed_meanwhile_fail_nothing() {
    let server = Server::start(&[Say::Once(200)]).await;
    let single = Destination { concurrency: 1, ..destination("ledger", server.url()) };
    let bench = Bench::start(generation(vec![single], Vec::new()));
    for _ in 0..5 {
        bench.ledger.owe(owed(to("ledger")));
    }
    assert_eq!(bench.ledger.rulings().await, [DELIVERED; 5]);
    assert!(bench.ledger.lock().rows.iter().all(|row| row.attempts.len() == 1));
    assert_eq!((server.heard().len(), server.connections()), (5, 5));
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = Server::start(&[Say::Flood(1 << 30)]).await;
    let bench = Bench::start(generation(vec![destination("ledger", server.url())], Vec::new()));
    bench.ledger.owe(owed(to("ledger")));
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);
    assert_eq!(bench.ledger.lock().rows[0].attempts[0].body.len(), 4 << 10);
    // What the machine itself keeps of a connection is some megabytes.
    assert!(server.sent_bytes() < 64 << 20, "{}", server.sent_bytes());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(&[Say::Status(200, "")]).await;
    let location = format!("location: {}\r\n", other.url());
    let server = Server::start(&[Say::Status(307, location.leak())]).await;
    let once = Destination { retry: Vec::new(), ..destination("ledger", server.url()) };
    let bench = Bench::start(generation(vec![once], Vec::new()));
    bench.ledger.owe(owed(to("ledger")));
    assert_eq!(bench.ledger.rulings().await, [EXHAUSTED]);
    let error = bench.ledger.lock().rows[0].attempts[0].error.clone();
    assert_eq!(error.as_deref(), Some("it answered 307, and redirects are not followed"));
    assert_eq!((server.heard().len(), other.connections()), (1, 0));
}
