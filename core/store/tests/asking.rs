//! What every store must do with requests: record them before they are answered, answer each once,
//! and deliver none of them.

use super::*;
use crate::model::{EventStatus, Reply, Request, StateChange};

pub(in crate::store) const DAY_MS: u64 = 86_400_000;

/// A request of route `r`, kind `acme.order`, kept for a day.
pub(in crate::store) fn asking(id: &str, body: &'static str) -> Asking {
    let Recording { mut callback, route, generation, adapter, matched, .. } = recording(Vec::new());
    Arc::make_mut(&mut callback).body = Bytes::from_static(body.as_bytes());
    let (id, kind) = (id.to_owned(), "acme.order".to_owned());
    Asking {
        callback,
        route,
        generation,
        adapter,
        matched,
        replay_key: None,
        request: Request { id, kind, data: "{\"amount\": 1}".to_owned() },
        dedupe_ms: 3_600_000,
        keep_ms: DAY_MS,
        state: Vec::new(),
    }
}

/// The same, at another time.
pub(in crate::store) fn at(now_ms: u64, mut asking: Asking) -> Asking {
    Arc::make_mut(&mut asking.callback).head.received_at_ms = now_ms;
    asking
}

/// A reply whose bytes and headers nothing may touch.
pub(in crate::store) fn reply(status: u16, text: &str) -> Reply {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let headers = vec![header("x-b", "2"), header("x-a", " é"), header("x-b", "1")];
    Reply { status, headers, body: [text.as_bytes(), b"\xff\x00"].concat().into() }
}

/// A try that was answered with a finished reply, at once.
pub(in crate::store) fn answering(id: EventId, attempt: u32, reply: Reply) -> Answering {
    Answering {
        id,
        attempt,
        reply,
        finished: true,
        answer: Some("{\"price\": 2}".to_owned()),
        by: "quotes@ab".to_owned(),
        fallback: false,
        late: false,
        why: None,
        took_ms: 12,
        at_ms: NOW,
        state: Vec::new(),
    }
}

pub(in crate::store) fn unfinished(id: EventId, attempt: u32) -> Answering {
    let (answer, why) = (None, Some("responder_trap".to_owned()));
    Answering { finished: false, answer, why, ..answering(id, attempt, reply(503, "busy")) }
}

pub(in crate::store) async fn ask(store: &dyn Store, asking: Asking) -> Asked {
    store.ask(asking).await.expect("recorded")
}

/// What is to be computed.
pub(in crate::store) async fn open(store: &dyn Store, asking: Asking) -> (EventId, u32) {
    match ask(store, asking).await {
        Asked::Open { id, attempt } => (id, attempt),
        other => panic!("not open: {other:?}"),
    }
}

async fn whole(store: &dyn Store, id: EventId) -> EventWhole {
    store.event(id).await.expect("read").expect("it is there")
}

#[tokio::test]
async fn a_request_is_answered_once_and_byte_for_byte_also_after_a_restart() {
    let bench = Bench::open();
    let first = asking("o1", "{}");
    let (id, attempt) = open(&*bench.store, first.clone()).await;
    assert_eq!(attempt, 1);
    // The process ends before there is an answer: it is seen, and computed anew.
    let bench = bench.reopen();
    let shown = whole(&*bench.store, id).await;
    assert_eq!((shown.shown.status, shown.answers.len()), (EventStatus::Unanswered, 0));
    assert_eq!(open(&*bench.store, asking("o1", "{}")).await, (id, 2));
    let said = reply(201, "done");
    let stands = bench.store.answer(answering(id, 2, said.clone())).await;
    assert_eq!(stands, Ok(Some(said.clone())));
    assert_eq!(ask(&*bench.store, asking("o1", "{}")).await, Asked::Answered(said.clone()));
    let bench = bench.reopen();
    assert_eq!(ask(&*bench.store, asking("o1", "{}")).await, Asked::Answered(said.clone()));
    let EventWhole { shown, callback, deliveries, answers } = whole(&*bench.store, id).await;
    assert_eq!((shown.status, shown.tries, shown.repeats), (EventStatus::Answered, 2, 3));
    assert_eq!(shown.event.data.as_deref(), Some("{\"amount\": 1}"));
    assert_eq!((callback.callback, deliveries.len()), (Callback::clone(&first.callback), 0));
    let wanted = AnswerShown {
        attempt: 2,
        reply: said,
        finished: true,
        answer: Some("{\"price\": 2}".to_owned()),
        by: "quotes@ab".to_owned(),
        fallback: false,
        late: false,
        why: None,
        took_ms: 12,
        at_ms: NOW,
        stands: true,
    };
    assert_eq!(answers, [wanted]);
}

#[tokio::test]
async fn identity_is_route_and_kind_and_id_and_a_body_goes_with_it() {
    let bench = Bench::open();
    let with = |change: fn(&mut Asking)| {
        let mut asking = Asking { replay_key: Some("t1".to_owned()), ..asking("o1", "{}") };
        change(&mut asking);
        asking
    };
    let (first, _) = open(&*bench.store, with(|_| {})).await;
    let changes: [fn(&mut Asking); 4] = [
        |asking| asking.route = "other".to_owned(),
        |asking| asking.request.kind = "acme.cancel".to_owned(),
        |asking| asking.request.id = "o2".to_owned(),
        // The parts don't run together.
        |asking| asking.request.kind = "acme.order\0o1".to_owned(),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let (id, attempt) = open(&*bench.store, with(change)).await;
        assert_eq!((id == first, attempt), (false, 1), "{n}");
    }
    let other =
        |key: &str| Asking { replay_key: Some(key.to_owned()), ..asking("o1", "{\"amount\": 9}") };
    assert_eq!(ask(&*bench.store, other("t1")).await, Asked::Replayed);
    assert_eq!(ask(&*bench.store, other("t2")).await, Asked::Differs);
    // A renewed token is fine, and is remembered; so is that of one that differs.
    let renewed = |key: &str| Asking { replay_key: Some(key.to_owned()), ..asking("o1", "{}") };
    assert_eq!(open(&*bench.store, renewed("t3")).await, (first, 2));
    assert_eq!(ask(&*bench.store, other("t3")).await, Asked::Replayed);
    assert_eq!(ask(&*bench.store, renewed("t2")).await, Asked::Replayed);
    // What an answered one is asked with another body is refused too.
    bench.store.answer(answering(first, 2, reply(200, ""))).await.expect("kept");
    assert_eq!(ask(&*bench.store, other("t4")).await, Asked::Differs);
    assert_eq!(whole(&*bench.store, first).await.shown.repeats, 1);
    // Notifications know nothing of all that.
    new(bench.store.record(recording(vec![event("o1", 1)])).await.expect("recorded"));
}

#[tokio::test]
async fn the_first_finished_reply_stands() {
    let [one, two] = [reply(200, "one"), reply(200, "two")];
    let late = |answering: Answering| Answering { late: true, ..answering };
    let declined = |answering: Answering| {
        let why = Some("no such card".to_owned());
        Answering { answer: None, why, ..answering }
    };
    let id = EventId::new(NOW);
    let (first, second) = (answering(id, 1, one.clone()), answering(id, 2, two.clone()));
    use EventStatus::{Answered, Declined, Unanswered};
    for (tries, status, stands, reason) in [
        (vec![], Unanswered, None, None),
        (vec![unfinished(id, 1)], Unanswered, None, Some("responder_trap")),
        (vec![first.clone(), second.clone()], Answered, Some(&one), None),
        (vec![second.clone(), first.clone()], Answered, Some(&two), None),
        (vec![unfinished(id, 1), late(first.clone())], Answered, Some(&one), None),
        (vec![second.clone(), late(first.clone())], Answered, Some(&two), None),
        (vec![first.clone(), unfinished(id, 2)], Answered, Some(&one), None),
        (vec![declined(first.clone()), second], Declined, Some(&one), Some("no such card")),
    ] {
        let bench = Bench::open();
        let (id, _) = open(&*bench.store, asking("o1", "{}")).await;
        let mut last = None;
        for answering in &tries {
            let answering = Answering { id, ..answering.clone() };
            last = bench.store.answer(answering).await.expect("kept");
        }
        assert_eq!(last.as_ref(), stands, "{tries:?}");
        let EventWhole { shown, answers, .. } = whole(&*bench.store, id).await;
        assert_eq!((shown.status, shown.reason.as_deref()), (status, reason), "{tries:?}");
        let kept: Vec<_> = answers.iter().map(|one| (one.attempt, one.late)).collect();
        // What comes after the last word is late, whatever its maker knew.
        let last_word = tries.iter().position(|one| one.finished).unwrap_or(tries.len());
        let is_late = |(at, one): (usize, &Answering)| (one.attempt, one.late || at > last_word);
        let wanted: Vec<_> = tries.iter().enumerate().map(is_late).collect();
        assert_eq!(kept, wanted, "every try is kept");
        let stood: Vec<_> = answers.iter().filter(|one| one.stands).map(|one| &one.reply).collect();
        assert_eq!(stood, Vec::from_iter(stands), "{tries:?}");
        let again = ask(&*bench.store, asking("o1", "{}")).await;
        match stands {
            Some(stands) => assert_eq!(again, Asked::Answered(stands.clone())),
            None => assert_eq!(again, Asked::Open { id, attempt: 2 }),
        }
    }
    let bench = Bench::open();
    assert_eq!(bench.store.answer(first).await, Err(StoreFault::NotFound));
}

#[tokio::test]
async fn an_identity_is_free_again_after_its_time() {
    let bench = Bench::open();
    let (open_one, _) = open(&*bench.store, asking("open", "{}")).await;
    let (done, _) = open(&*bench.store, asking("done", "{}")).await;
    let kept = Answering { at_ms: NOW + 1000, ..answering(done, 1, reply(200, "a")) };
    bench.store.answer(kept).await.expect("kept");
    for (id, late_ms, known) in [
        ("open", DAY_MS - 1, true),
        // Asked again, it is known for longer.
        ("open", 2 * DAY_MS - 2, true),
        ("open", 3 * DAY_MS - 2, false),
        ("done", DAY_MS + 999, true),
        ("done", DAY_MS + 1000, false),
    ] {
        let asked = ask(&*bench.store, at(NOW + late_ms, asking(id, "{}"))).await;
        let same = match &asked {
            Asked::Open { id, attempt } => *id == open_one && *attempt > 1,
            other => *other == Asked::Answered(reply(200, "a")),
        };
        assert_eq!(same, known, "{id} {late_ms} {asked:?}");
    }
}

#[tokio::test]
async fn nobody_is_ever_owed_a_request() {
    let bench = Bench::open();
    let webhook = NewWebhook {
        url: "https://a.example/x".to_owned(),
        events: vec![pattern("*")],
        secret: "whsec_secret".to_owned(),
        now_ms: NOW,
    };
    bench.store.register(webhook).await.expect("registered");
    let (id, _) = open(&*bench.store, asking("o1", "{}")).await;
    for answered in [false, true] {
        if answered {
            bench.store.answer(answering(id, 1, reply(200, ""))).await.expect("kept");
        }
        ask(&*bench.store, asking("o1", "{}")).await;
        let replayed = bench.store.replay(id, vec!["ledger".to_owned()], NOW).await;
        assert_eq!(replayed, Err(StoreFault::Request), "{answered}");
        let due = bench.store.claim_unconfirmed("r", u64::MAX / 4, 9).await.expect("a claim").due;
        assert_eq!(due.len(), 0, "{answered}");
        let filter = DeliveryFilter { limit: 9, ..DeliveryFilter::default() };
        assert_eq!(bench.store.deliveries(filter).await.expect("a page").rows.len(), 0);
    }
    assert_eq!(bench.store.webhooks()[0].triggered_ms, None);
}

#[tokio::test]
async fn requests_by_filter_beside_events() {
    let bench = Bench::open();
    new(bench.store.record(recording(vec![event("o1", 1)])).await.expect("recorded"));
    let (answered, _) = open(&*bench.store, asking("o1", "{}")).await;
    bench.store.answer(answering(answered, 1, reply(200, ""))).await.expect("kept");
    let (declined, _) = open(&*bench.store, asking("o2", "{}")).await;
    let no = Answering { answer: None, ..answering(declined, 1, reply(422, "")) };
    bench.store.answer(no).await.expect("kept");
    open(&*bench.store, asking("o3", "{}")).await;
    let all = EventFilter { limit: 9, ..EventFilter::default() };
    let status = |status| EventFilter { status: Some(status), ..all.clone() };
    let text = |text: &str| Some(text.to_owned());
    for (filter, found) in [
        (all.clone(), "o3 o2 o1 o1"),
        (status(EventStatus::Accepted), "o1"),
        (status(EventStatus::Unanswered), "o3"),
        (status(EventStatus::Answered), "o1"),
        (status(EventStatus::Declined), "o2"),
        (EventFilter { kind: text("acme.order"), ..all.clone() }, "o3 o2 o1"),
        (EventFilter { provider_id: text("o1"), ..all.clone() }, "o1 o1"),
        (EventFilter { provider_id: text("o3"), ..all.clone() }, "o3"),
    ] {
        let page = bench.store.events(filter.clone()).await.expect("a page");
        let ids: Vec<_> = page.rows.iter().map(|row| row.event.id.as_str()).collect();
        assert_eq!(ids.join(" "), found, "{filter:?}");
    }
}

#[tokio::test]
async fn only_what_nobody_can_ask_again_is_forgotten() {
    let bench = Bench::open();
    let (open_one, _) = open(&*bench.store, asking("open", "{}")).await;
    let (again, _) = open(&*bench.store, asking("again", "{}")).await;
    let (done, _) = open(&*bench.store, asking("done", "{}")).await;
    bench.store.answer(answering(done, 1, reply(200, ""))).await.expect("kept");
    let hour = 3_600_000;
    open(&*bench.store, at(NOW + hour, asking("again", "{}"))).await;
    for (now_ms, gone) in [
        (NOW + hour - 1, vec![]),
        (NOW + hour + 1, vec![open_one]),
        (NOW + hour + 600_000, vec![again]),
        (NOW + DAY_MS - 1, vec![]),
        (NOW + DAY_MS, vec![done]),
    ] {
        assert_eq!(bench.store.prune(now_ms).await, Ok(gone.len()), "{}", now_ms - NOW);
        for id in gone {
            assert!(bench.store.event(id).await.expect("read").is_none());
        }
    }
    let (id, attempt) = open(&*bench.store, asking("done", "{}")).await;
    assert_eq!((id == done, attempt), (false, 1));
    assert_eq!(whole(&*bench.store, id).await.answers, []);
}

#[tokio::test]
async fn what_plugins_remembered_is_kept_with_it() {
    let bench = Bench::open();
    let keep = |key: &str| {
        let value = Some((b"v".to_vec(), NOW + 10_000));
        vec![StateChange { scope: "r".to_owned(), key: key.to_owned(), value }]
    };
    let with = |key: &str, body, token: &str| Asking {
        state: keep(key),
        replay_key: Some(token.to_owned()),
        ..asking("o1", body)
    };
    let (id, _) = open(&*bench.store, with("first", "1", "t1")).await;
    ask(&*bench.store, with("repeat", "1", "t2")).await;
    ask(&*bench.store, with("differs", "2", "t3")).await;
    ask(&*bench.store, with("replayed", "2", "t1")).await;
    let answered = Answering { state: keep("answer"), ..answering(id, 1, reply(200, "")) };
    bench.store.answer(answered).await.expect("kept");
    let bench = bench.reopen();
    let kept = bench.store.remembered(NOW).await.expect("read");
    let mut keys: Vec<_> = kept.iter().map(|change| change.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["answer", "differs", "first", "repeat"]);
}
