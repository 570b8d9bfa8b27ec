//! The same with the store that keeps it in a file: what is owed outlives the engine and the store.

use std::path::Path;

use super::*;
use crate::model::{Callback, DeliveryStatus, Event, Head, Header};
use crate::store::{
    DeliveryFilter, DeliveryShown, Embedded, NewEvent, NewWebhook, Options, Recorded, Recording,
    Store,
};

fn open(folder: &Path, clock: &Clock) -> Arc<dyn Store> {
    let options = Options {
        path: folder.join("hookswitch.db"),
        secrets: Vec::new(),
        queue: 1000,
        batch: 100,
        webhooks_max: 10,
        keep: Duration::from_secs(3600),
        bytes_max: 1 << 30,
        wait_most: Duration::from_secs(48 * 3600),
    };
    Arc::new(Embedded::open(options, clock.clone()).expect("it opens"))
}

/// An engine on this store; it ends where the sender is dropped.
fn deliver(
    store: &Arc<dyn Store>,
    clock: &Clock,
    generation: Generation,
) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    let engine = Engine {
        store: Arc::clone(store),
        cell: Arc::new(Cell::new(generation, NOW_MS)),
        clock: clock.clone(),
        limits: Limits { drain: Duration::from_millis(20), ..Limits::default() },
    };
    (stop, tokio::spawn(engine.run(stopped)))
}

/// Records a callback with an event of this id.
async fn record(store: &dyn Store, id: &str) {
    let head = Head {
        id: uuid::Uuid::now_v7().to_string(),
        method: "POST".into(),
        url: "https://hooks.example.com/pay".into(),
        params: Vec::new(),
        headers: vec![Header { name: "content-type".into(), value: "text/x-pay".into() }],
        peer: "203.0.113.1".into(),
        received_at_ms: NOW_MS,
    };
    let event = Event {
        id: id.into(),
        aliases: Vec::new(),
        kind: "acme.paid".into(),
        subject: None,
        rank: None,
        occurred_at_ms: None,
        data: None,
    };
    let recording = Recording {
        callback: Arc::new(Callback { head, body: Bytes::from_static(b"\xffpaid\r\n") }),
        route: "pay".into(),
        generation: GenerationId(1),
        adapter: "guest".into(),
        matched: None,
        replay_key: None,
        events: vec![NewEvent { event, named: vec!["ledger".into()] }],
        confirms: false,
        dedupe_ms: 3_600_000,
        state: Vec::new(),
    };
    let recorded = store.record(recording).await.expect("it is recorded");
    assert!(matches!(recorded, Recorded::New(events) if events.len() == 1));
}

/// Waits until one's deliveries, the newest first, are so.
async fn until(
    store: &dyn Store,
    to: &Addressee,
    so: impl Fn(&[DeliveryShown]) -> bool,
) -> Vec<DeliveryShown> {
    let came = async {
        loop {
            let filter =
                DeliveryFilter { to: Some(to.clone()), limit: 100, ..DeliveryFilter::default() };
            let rows = store.deliveries(filter).await.expect("it can be read").rows;
            if so(&rows) {
                return rows;
            }
            // Nobody is told of a settlement.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, came).await.expect("it comes to that in time")
}

fn stand(rows: &[DeliveryShown]) -> Vec<DeliveryStatus> {
    rows.iter().map(|row| row.status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_flight_at_the_end_is_delivered_after_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(NOW_MS);
    let hangs = Server::start(&[Say::Nothing]).await;
    let store = open(folder.path(), &clock);
    record(&*store, "p-1").await;
    let hung = destination("ledger", hangs.url());
    let (stop, engine) = deliver(&store, &clock, generation(vec![hung], Vec::new()));
    let reached = async {
        while hangs.heard().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("it is sent");
    drop(stop);
    engine.await.expect("it ends");
    assert_eq!(Arc::strong_count(&store), 1, "nobody works on any more");
    drop(store);

    let works = Server::start(&[Say::Status(500, ""), Say::Status(200, "")]).await;
    let store = open(folder.path(), &clock);
    let works_now = destination("ledger", works.url());
    let (_stop, _engine) = deliver(&store, &clock, generation(vec![works_now], Vec::new()));
    until(&*store, &to("ledger"), |rows| rows[0].attempts == 1).await;
    clock.set(NOW_MS + 66_000);
    // A change about somebody else: all couriers look again.
    record(&*store, "p-2").await;
    let delivered = |rows: &[DeliveryShown]| stand(rows) == [DeliveryStatus::Delivered; 2];
    let rows = until(&*store, &to("ledger"), delivered).await;
    assert_eq!((rows[1].attempts, rows[1].response_status), (2, Some(200)));
    assert_eq!(rows[1].response_body.as_deref(), Some(b"said".as_slice()));
    let heard = works.heard();
    assert_eq!(heard[0].body, b"\xffpaid\r\n");
    assert_eq!(heard[0].header("content-type"), Some("text/x-pay"));
    assert_eq!(heard[0].header("webhook-id"), hangs.heard()[0].header("webhook-id"));
    assert_eq!(heard[0].header("ce-id"), hangs.heard()[0].header("ce-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_gone_is_inactive() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::manual(NOW_MS);
    let store = open(folder.path(), &clock);
    let server = Server::start(&[Say::Status(200, ""), Say::Status(410, "")]).await;
    let new = NewWebhook {
        url: server.url(),
        events: vec![KindPattern::parse("paid").expect("a pattern")],
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
        now_ms: NOW_MS,
    };
    let hook = store.register(new).await.expect("it is registered");
    let allowed = vec!["127.0.0.0/8".parse().expect("a network")];
    let reach = Generation { allow_networks: allowed, ..generation(Vec::new(), Vec::new()) };
    let (_stop, _engine) = deliver(&store, &clock, reach);
    let to = Addressee::Webhook(hook.id);
    record(&*store, "p-1").await;
    until(&*store, &to, |rows| stand(rows) == [DeliveryStatus::Delivered]).await;
    record(&*store, "p-2").await;
    let gone = [DeliveryStatus::Exhausted, DeliveryStatus::Delivered];
    until(&*store, &to, |rows| stand(rows) == gone).await;
    // The list is renewed after the rows are there.
    let mut changes = store.changes();
    while store.webhooks()[0].active {
        changes.changed().await.expect("the store lives");
    }
    record(&*store, "p-3").await;
    assert_eq!(
        stand(&until(&*store, &to, |rows| !rows.is_empty()).await),
        gone,
        "it wants no more"
    );
    assert_eq!(server.heard().len(), 2);
}
