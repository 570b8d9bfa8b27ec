//! Requests are answered once, in time, whatever who answers does: each way in which that can go
//! wrong, over connections, with BRIJ's adapter, a service by script, and a store in a file.

mod bench;
mod dry_run;
mod overload;
mod whole;

use std::time::{Duration, Instant};

use hookswitch::generation::Responder;
use hookswitch::model::{DeclineStatus, EventStatus};

use self::bench::{Asks, Bench, Sent};
use crate::support::service::{Say, Service};

const CREATED: &str = r#"{"externalOrderId":"p1","status":"IN_REVIEW","toAmount":"249.10"}"#;
const FALLBACK: &str = r#"{"externalOrderId":"later","status":"IN_REVIEW","toAmount":"1.00"}"#;
const ORDER: &str = "create-order";

/// One that answers `create-order` by this script, and says this on top.
async fn asked(script: &[Say], asks: impl Fn(Asks) -> Asks) -> (Bench, Service) {
    let service = Service::start(script).await;
    let bench = Bench::new(vec![(ORDER, asks(Asks::service(&service.url())))]).await;
    (bench, service)
}

fn reason(sent: &Sent) -> String {
    let body: serde_json::Value = serde_json::from_str(&sent.body).expect("JSON");
    body["error"]["reason"].as_str().expect("a reason").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_answer_for_all_who_ask() {
    let (bench, service) = asked(&[Say::Held(200, CREATED)], |asks| asks).await;
    let callback = bench.callback(ORDER, 1).await;
    let during: Vec<_> = (0..4).map(|_| bench.sending(&callback)).collect();
    service.wait_for(1).await;
    service.go_on();
    let mut replies = Vec::new();
    for one in during {
        replies.push(one.await.expect("no panic"));
    }
    for _ in 0..2 {
        replies.push(bench.send(&callback).await);
    }
    assert_eq!((replies[0].status, &*replies[0].body), (200, CREATED));
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    assert_eq!(service.came().len(), 1);
    let other = bench.callback_with(ORDER, 1, r#"{"fromAmount":"251.00"}"#).await;
    // With a token of its own: BRIJ signs each call anew.
    let refused = bench.send(&other).await;
    assert_eq!(refused.status, 401, "the token's own id came with another body: {refused:?}");
    let whole = bench.whole(ORDER).await;
    assert_eq!(whole.shown.status, EventStatus::Answered);
    let [only] = &whole.answers[..] else { panic!("{:?}", whole.answers) };
    assert!(only.stands && !only.late && !only.fallback && only.by == "the responder", "{only:?}");
    assert_eq!(only.answer.as_deref(), Some(CREATED));
    // Of the four who asked together, any may have been the one that tried.
    assert!((1..=4).contains(&only.attempt), "{only:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_for_an_adapter_that_can_not_word_it() {
    let service = Service::start(&[Say::Now(200, CREATED)]).await;
    let mut bench = Bench::new(Vec::new()).await;
    let text = include_str!("guests/asking-adapter.wat");
    let words = "(param i32) (result i32)\n    (i32.const 2048)";
    assert!(text.contains(words), "what it does to word an outcome");
    bench.take_by(&text.replace(words, "(param i32) (result i32) unreachable")).await;
    bench.swap(vec![("asked", Asks::service(&service.url()))]);
    for order in 0..4 {
        let mut callback = crate::support::callback();
        callback.head.url = "https://hooks.example.com/brij/x".to_owned();
        callback.body = format!("order-{order}").into();
        assert_eq!(bench.send(&callback).await.status, 503);
    }
    assert_eq!(service.came().len(), 2, "then it is shut out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_with_another_body_is_refused() {
    let (bench, service) = asked(&[Say::Now(200, CREATED)], |asks| asks).await;
    let callback = bench.callback(ORDER, 1).await;
    assert_eq!(bench.send(&callback).await.status, 200);
    // Another token, another amount, the same order.
    let body = r#"{"orderId":"ord_0000000000000001"}"#;
    let other = bench.callback_with(ORDER, 2, body).await;
    let refused = bench.send(&other).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(reason(&refused).contains("another body"), "{refused:?}");
    // An order that is created can be cancelled: what is asked is part of who asks.
    bench.swap(vec![("cancel-order", Asks::service(&service.url()))]);
    let cancelled = bench.send(&bench.callback("cancel-order", 1).await).await;
    assert_eq!((cancelled.status, &*cancelled.body), (200, "{}"));
    assert_eq!(service.came().len(), 2);
    // What was answered is known, whoever would answer now.
    assert_eq!(bench.send(&callback).await.body, CREATED);
}

/// What a service says, and what that comes to without a fallback and with one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_service_says() {
    const LONG: u16 = 503;
    let no = r#"{"reason":"closed today","customer_reason":"Sorry"}"#;
    // Status and reason without a fallback; whether it is asked again; whether a fallback is used.
    let cases = [
        (Say::Now(201, CREATED), 200, "", false),
        (Say::Now(404, no), 404, "closed today", false),
        (Say::Now(422, no), 422, "closed today", false),
        (Say::Now(400, no), 400, "closed today", false),
        (Say::Now(404, "?"), LONG, "responder_status", true),
        (Say::Now(401, no), LONG, "responder_status", true),
        (Say::Now(429, no), LONG, "responder_status", true),
        (Say::Now(500, no), LONG, "responder_status", true),
        (Say::Now(302, no), LONG, "responder_status", true),
        (Say::Now(200, "no json"), LONG, "responder_returned", true),
        (Say::Now(200, r#"{"status":"?"}"#), LONG, "answer_invalid", true),
        (Say::HangUp, LONG, "responder_unreachable", true),
    ];
    let bench = Bench::new(Vec::new()).await;
    for (seed, (say, status, said, fault)) in cases.into_iter().enumerate() {
        let service = Service::start(&[say]).await;
        bench.swap(vec![(ORDER, Asks::service(&service.url()))]);
        let callback = bench.callback(ORDER, seed as u64).await;
        let reply = bench.send(&callback).await;
        assert_eq!(reply.status, status, "{say:?}: {reply:?}");
        assert!(said.is_empty() || reason(&reply) == said, "{say:?}: {reply:?}");
        assert_eq!(reply.head.contains("retry-after"), status == LONG, "{say:?}: {reply:?}");
        bench.send(&callback).await;
        assert_eq!(service.came().len(), if fault { 2 } else { 1 }, "{say:?}");

        bench.swap(vec![(ORDER, Asks::service(&service.url()).or(FALLBACK))]);
        let callback = bench.callback(ORDER, 100 + seed as u64).await;
        let reply = bench.send(&callback).await;
        assert_eq!(reply.body == FALLBACK, fault, "{say:?}: {reply:?}");
        assert_eq!(bench.send(&callback).await, reply, "{say:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plugin_does() {
    let bench = Bench::new(Vec::new()).await;
    let grows = "(loop $more (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) \
                 (then unreachable)) (br $more))";
    let cases = [
        ("traps", "unreachable", "responder_trap"),
        ("grows", grows, "responder_memory"),
        ("spins", "(loop $for_ever (br $for_ever))", "responder_deadline"),
        ("lies", "(return (i32.const -1))", "responder_trap"),
    ];
    for (seed, (name, compute, said)) in cases.into_iter().enumerate() {
        let guest = bench.guest(name, compute).await;
        bench.swap(vec![(ORDER, Asks::of(guest))]);
        let reply = bench.send(&bench.callback(ORDER, seed as u64).await).await;
        assert_eq!((reply.status, reason(&reply).as_str()), (503, said), "{name}");
        let guest = bench.guest(&format!("{name}-again"), compute).await;
        bench.swap(vec![(ORDER, Asks::of(guest).or_decline(DeclineStatus::NotFound))]);
        let callback = bench.callback(ORDER, 100 + seed as u64).await;
        let reply = bench.send(&callback).await;
        assert_eq!((reply.status, reason(&reply).as_str()), (404, "no quote now"), "{name}");
        assert_eq!(bench.send(&callback).await, reply, "{name}");
    }
    bench.swap(vec![(ORDER, Asks::of(Responder::Offline("its key isn't there".into())))]);
    let reply = bench.send(&bench.callback(ORDER, 50).await).await;
    assert_eq!((reply.status, reason(&reply).as_str()), (503, "responder_offline"));
    bench.swap(Vec::new());
    let reply = bench.send(&bench.callback(ORDER, 51).await).await;
    assert_eq!((reply.status, reason(&reply).as_str()), (503, "no_responder"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_becomes_the_one_that_stands() {
    let unavailable = |asks: Asks| asks.within_ms(1000).or_decline(DeclineStatus::Unavailable);
    let (bench, service) = asked(&[Say::Held(200, CREATED)], unavailable).await;
    let callback = bench.callback(ORDER, 1).await;
    let began = Instant::now();
    let reply = bench.send(&callback).await;
    assert!(began.elapsed() >= Duration::from_millis(950), "{:?}", began.elapsed());
    // On a machine that is busy there may be no time to word it.
    let worded = ["no quote now", "unanswered"].iter().any(|word| reply.body.contains(word));
    assert!(reply.status == 503 && worded, "{reply:?}");
    service.go_on();
    let tries = bench.tries(ORDER, 1).await;
    assert!(tries[0].late && tries[0].finished && tries[0].stands, "{tries:?}");
    let again = bench.send(&callback).await;
    assert_eq!((again.status, &*again.body, service.came().len()), (200, CREATED, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fallback_that_was_said_stands() {
    let fallback = |asks: Asks| asks.within_ms(3000).or(FALLBACK);
    let (bench, service) = asked(&[Say::Held(200, CREATED)], fallback).await;
    let callback = bench.callback(ORDER, 1).await;
    let (first, second) = (bench.sending(&callback), bench.sending(&callback));
    let first = first.await.expect("no panic");
    assert_eq!((first.status, &*first.body), (200, FALLBACK));
    assert_eq!(second.await.expect("no panic"), first);
    service.go_on();
    let late = |tries: &[hookswitch::store::AnswerShown]| tries.iter().any(|one| one.late);
    let mut tries = bench.tries(ORDER, 2).await;
    while !late(&tries) {
        tries = bench.tries(ORDER, tries.len() + 1).await;
    }
    let stands: Vec<_> = tries.iter().filter(|one| one.stands).collect();
    assert!(stands.len() == 1 && stands[0].fallback && stands[0].by == "fallback", "{tries:?}");
    assert!(stands[0].why.as_ref().is_some_and(|why| why.contains("responder_deadline")));
    assert_eq!(bench.send(&callback).await, first);
    assert_eq!(service.came().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_at_once_are_not_asked() {
    let narrow = |asks: Asks| Asks { concurrency: 1, ..asks };
    let (bench, service) = asked(&[Say::Held(200, CREATED)], narrow).await;
    let first = bench.sending(&bench.callback(ORDER, 1).await);
    service.wait_for(1).await;
    for seed in 10..20 {
        let reply = bench.send(&bench.callback(ORDER, seed).await).await;
        assert_eq!((reply.status, reason(&reply).as_str()), (503, "responder_overloaded"));
    }
    service.go_on();
    assert_eq!(first.await.expect("no panic").body, CREATED);
    // More than five times overloaded is no fault of the service.
    let reply = bench.send(&bench.callback(ORDER, 30).await).await;
    assert_eq!((reply.status, service.came().len()), (200, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fails_again_and_again_is_left_alone() {
    let mut script = vec![Say::Now(404, r#"{"reason":"none"}"#)];
    script.extend([Say::Now(500, ""); 6]);
    script.push(Say::Now(200, CREATED));
    let (bench, service) = asked(&script, |asks| asks).await;
    let mut seed = 0;
    let mut ask = async |wanted: u16, said: &str, came: usize| {
        seed += 1;
        let reply = bench.send(&bench.callback(ORDER, seed).await).await;
        assert_eq!(reply.status, wanted, "{seed}: {reply:?}");
        assert!(said.is_empty() || reason(&reply) == said, "{seed}: {reply:?}");
        assert_eq!(service.came().len(), came, "{seed}");
    };
    ask(404, "", 1).await;
    for came in 2..=6 {
        ask(503, "responder_status", came).await;
    }
    ask(503, "responder_failing", 6).await;
    bench.clock.set(bench::NOW_MS + 999);
    ask(503, "responder_failing", 6).await;
    // Half open: one is let through, and fails.
    bench.clock.set(bench::NOW_MS + 1000);
    ask(503, "responder_status", 7).await;
    ask(503, "responder_failing", 7).await;
    bench.clock.set(bench::NOW_MS + 3000);
    ask(200, "", 8).await;
    ask(200, "", 9).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_generation_that_was_asked_answers() {
    let (bench, old) = asked(&[Say::Held(200, CREATED)], |asks| asks).await;
    let callback = bench.callback(ORDER, 1).await;
    let first = bench.sending(&callback);
    old.wait_for(1).await;
    let new = Service::start(&[Say::Now(200, FALLBACK)]).await;
    bench.swap(vec![(ORDER, Asks::service(&new.url()))]);
    let second = bench.sending(&callback);
    let other = bench.send(&bench.callback(ORDER, 2).await).await;
    assert_eq!(other.body, FALLBACK);
    old.go_on();
    assert_eq!(first.await.expect("no panic").body, CREATED);
    assert_eq!(second.await.expect("no panic").body, CREATED);
    assert_eq!((old.came().len(), new.came().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_stalls_holds_no_reply_back() {
    let service = Service::start(&[Say::Now(200, CREATED)]).await;
    for asks in [Asks::service(&service.url()), Asks::service(&service.url()).or(FALLBACK)] {
        let bench = Bench::stalled(vec![(ORDER, asks.within_ms(300))]).await;
        let callback = bench.callback(ORDER, 1).await;
        let began = Instant::now();
        let reply = bench.send(&callback).await;
        assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
        assert_eq!((reply.status, reply.body.contains("unanswered")), (503, true), "{reply:?}");
        assert!(reply.head.contains("retry-after: 1"), "{reply:?}");
    }
    assert!(service.came().is_empty(), "nobody is asked what isn't recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_service_is_asked() {
    let (bench, service) = asked(&[Say::Now(500, "")], |asks| asks).await;
    let callback = bench.callback(ORDER, 1).await;
    for _ in 0..2 {
        bench.send(&callback).await;
    }
    let came = service.wait_for(2).await;
    let id = bench.whole(ORDER).await.shown.id.to_string();
    for (name, value) in [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", &id),
        ("ce-providerid", "ord_0000000000000001"),
        ("ce-source", "/routes/brij"),
        ("ce-type", ORDER),
        ("ce-time", &hookswitch::model::clock::rfc3339(bench::NOW_MS)),
        ("webhook-id", &id),
        ("x-webhook-event", ORDER),
    ] {
        assert_eq!(came[0].header(name), value, "{name}");
    }
    assert_eq!(came[0].header("idempotency-key").len(), 64);
    assert_eq!(came[0].header("idempotency-key"), came[1].header("idempotency-key"));
    let body: serde_json::Value = serde_json::from_slice(&came[0].body).expect("JSON");
    assert_eq!(body["orderId"], "ord_0000000000000001");
    assert!(came[0].header("webhook-signature").starts_with("v1,"));
    assert!(came[0].header("x-webhook-signature").starts_with("sha256="));
    let tries = bench.tries(ORDER, 2).await;
    assert_eq!(tries.iter().map(|one| one.attempt).collect::<Vec<_>>(), [1, 2]);
    assert!(tries.iter().all(|one| !one.finished && one.why.is_some()), "{tries:?}");
}
