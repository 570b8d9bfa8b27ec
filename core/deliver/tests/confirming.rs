//! Confirmations by a small guest, and what routes do with events that are behind.

use std::collections::HashMap;

use super::*;
use crate::model::{Clock, Event, OutOfOrder, Reason};
use crate::plugin::{Binding, Grant, Host, Limits as PluginLimits, PoolLimits, Source};
use crate::store::{Confirmed, Unconfirmed};

/// Says what the first letter of the event's id asks for: `y` confirmed as it is, `n`
/// contradicted, `t` a trap, all else not yet.
const CONFIRM: &str = r#"
  (func (export "hookswitch:plugin/confirming@0.1.0#confirm") (param $in i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (i32.load (local.get $in))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then (unreachable)))
    (if (i32.eq (local.get $letter) (i32.const 121))
      (then
        (memory.copy (i32.const 1032) (local.get $in) (i32.const 80))
        (return (i32.const 1024))))
    (i32.store8 (i32.const 1024)
      (select (i32.const 1) (i32.const 2) (i32.eq (local.get $letter) (i32.const 110))))
    (i32.const 1024))
"#;

/// The adapter that is made of this text.
async fn adapter(functions: &str) -> Arc<Binding> {
    let text = include_str!("../../../tests/guests/prelude.wat");
    let text = text.replace("(;FUNCTIONS;)", functions);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("guest.wasm");
    std::fs::write(&path, wat::parse_str(text).expect("a module")).expect("a file");
    let pool = PoolLimits { instances: 4, ..PoolLimits::default() };
    let host = Host::start(pool, None, Clock::system()).expect("an engine");
    let limits = PluginLimits::default();
    let plugin = host.load("guest", &Source::File(path), &limits).await.expect("a plugin");
    host.bind(plugin, Grant::default())
}

fn route(name: &str, adapter: &Arc<Binding>, out_of_order: OutOfOrder) -> Route {
    Route {
        name: name.to_owned(),
        path: format!("/{name}"),
        methods: vec!["POST".to_owned()],
        adapter: Arc::clone(adapter),
        offline: None,
        answers: HashMap::new(),
        deliver: vec!["ledger".into(), "other".into()],
        dedupe: Duration::from_secs(3600),
        answers_keep: Duration::from_secs(3600),
        out_of_order,
        expect_every: None,
        pulse: Arc::default(),
    }
}

fn unconfirmed(id: &str, since_ms: u64) -> Unconfirmed {
    let event = Event {
        id: id.into(),
        aliases: Vec::new(),
        kind: "acme.paid".into(),
        subject: Some("order 1".into()),
        rank: Some(3),
        occurred_at_ms: Some(NOW_MS),
        data: Some("{\"a\":1}".into()),
    };
    Unconfirmed { id: EventId::new(NOW_MS), route: "pay".into(), event, tries: 0, since_ms }
}

#[tokio::test]
async fn events_are_confirmed_contradicted_or_asked_for_again() {
    let pay = route("pay", &adapter(CONFIRM).await, OutOfOrder::Mark);
    let nobody = "http://127.0.0.1:1/".to_owned();
    let other = Destination {
        events: vec![KindPattern::parse("acme.refunded").expect("a pattern")],
        ..destination("other", nobody.clone())
    };
    let bench = Bench::start(generation(vec![destination("ledger", nobody), other], vec![pay]));
    bench.ledger.lock().failures = 1;
    let (yes, no) = (unconfirmed("yes", NOW_MS), unconfirmed("no", NOW_MS));
    let day_ms = 24 * 3_600_000;
    for event in [
        yes.clone(),
        no,
        unconfirmed("later", NOW_MS),
        unconfirmed("trap", NOW_MS),
        unconfirmed("late", NOW_MS - day_ms),
    ] {
        bench.ledger.ask(event);
    }
    let all = |kept: &super::ledger::Kept| kept.asked.iter().all(|one| one.confirmed.is_some());
    bench.ledger.until(all).await;
    let kept = bench.ledger.lock();
    let confirmed = |n: usize| kept.asked[n].confirmed.clone().expect("it was asked for");
    let Confirmed::True { event, named, dedupe_ms } = confirmed(0) else { panic!("not true") };
    assert_eq!((event, named, dedupe_ms), (yes.event, vec!["ledger".to_owned()], 3_600_000));
    assert!(matches!(confirmed(1), Confirmed::Contradicted(_)));
    assert!(matches!(confirmed(2), Confirmed::Later(_, at_ms) if at_ms == NOW_MS + 5000));
    let Confirmed::Later(Reason { code, .. }, _) = confirmed(3) else {
        panic!("no fault is final")
    };
    assert_eq!(code, "trap");
    assert!(matches!(confirmed(4), Confirmed::GivenUp(_)));
}

#[tokio::test]
async fn an_event_is_asked_for_again_when_it_is_time() {
    let pay = route("pay", &adapter(CONFIRM).await, OutOfOrder::Mark);
    let bench = Bench::start(generation(Vec::new(), vec![pay]));
    bench.ledger.ask(unconfirmed("later", NOW_MS));
    for (tries, wait_s) in [(1, 5), (2, 10), (3, 20)] {
        bench.ledger.until(|kept| kept.asked[0].unconfirmed.tries == tries).await;
        let due_ms = bench.ledger.lock().asked[0].due_ms;
        assert_eq!(due_ms, bench.clock.now_ms() + wait_s * 1000);
        bench.pass(Duration::from_secs(wait_s));
    }
    let ledger = bench.stop().await;
    assert!(ledger.lock().asked.iter().all(|asked| !asked.claimed));
}

#[tokio::test]
async fn events_that_are_behind_are_marked_delivered_or_dropped() {
    let server = Server::start(&[Say::Status(200, "")]).await;
    let adapter = adapter("").await;
    let routes =
        [("mark", OutOfOrder::Mark), ("deliver", OutOfOrder::Deliver), ("drop", OutOfOrder::Drop)];
    let made = routes.map(|(name, rule)| route(name, &adapter, rule)).into();
    let single = Destination { concurrency: 1, ..destination("ledger", server.url()) };
    let bench = Bench::start(generation(vec![single], made));
    for name in ["mark", "deliver", "drop", "unknown"] {
        let owed = Owed { route: name.into(), superseded: true, ..owed(to("ledger")) };
        bench.ledger.owe(owed);
    }
    bench.ledger.owe(Owed { route: "drop".into(), ..owed(to("ledger")) });
    let wanted = [DELIVERED, DELIVERED, Ruling::Dropped, DELIVERED, DELIVERED];
    assert_eq!(bench.ledger.rulings().await, wanted);
    assert_eq!(bench.ledger.lock().rows[2].attempts, []);
    let marks: Vec<_> = server
        .heard()
        .iter()
        .map(|one| {
            (one.header("ce-source").map(str::to_owned), one.header("ce-superseded").is_some())
        })
        .collect();
    let source = |name: &str| Some(format!("/routes/{name}"));
    let wanted = [
        (source("mark"), true),
        (source("deliver"), false),
        (source("unknown"), true),
        (source("drop"), false),
    ];
    assert_eq!(marks, wanted);
}
