//! Deliveries over real sockets on this machine, and confirmations by small guests; the store is
//! one in memory that every settlement can be seen in, or the one in a file.

mod ledger;
mod server;
mod sending;
mod failing;
mod staffing;
mod confirming;
mod kept;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::ledger::Ledger;
use self::server::{Say, Server};
use super::{Engine, Limits};
use crate::generation::{Cell, Destination, Generation, Route};
use crate::model::{
    Addressee, Clock, DeliveryId, EventId, GenerationId, KindPattern, Settled, WebhookId,
};
use crate::route::{Endpoint, Pattern, Table};
use crate::store::{Owed, Ruling, Webhook};

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(20);

/// 2026-01-02T03:04:05.678Z.
const NOW_MS: u64 = 1_767_323_045_678;

const DELIVERED: Ruling = Ruling::Settled(Settled::Delivered);
const EXHAUSTED: Ruling = Ruling::Settled(Settled::Exhausted);

/// An engine that runs, its store and its clock.
struct Bench {
    ledger: Arc<Ledger>,
    cell: Arc<Cell>,
    clock: Clock,
    stop: watch::Sender<bool>,
    engine: JoinHandle<()>,
}

impl Bench {
    fn start(generation: Generation) -> Bench {
        Bench::with(generation, Limits::default())
    }

    fn with(generation: Generation, limits: Limits) -> Bench {
        let ledger = Ledger::new();
        let cell = Arc::new(Cell::new(generation, NOW_MS));
        let clock = Clock::manual(NOW_MS);
        let (stop, stopped) = watch::channel(false);
        let engine = Engine {
            store: ledger.clone(),
            cell: Arc::clone(&cell),
            clock: clock.clone(),
            limits: Limits { store_again: Duration::from_millis(5), ..limits },
        };
        let engine = tokio::spawn(engine.run(stopped));
        Bench { ledger, cell, clock, stop, engine }
    }

    /// Lets so much time pass for everybody.
    fn pass(&self, time: Duration) {
        let passed_ms = u64::try_from(time.as_millis()).expect("a short time");
        self.clock.set(self.clock.now_ms() + passed_ms);
        self.ledger.poke();
    }

    /// Has the engine do all that it wants to now: a delivery to somebody else comes and goes.
    /// Destination `probe` has to be there.
    async fn look_around(&self) {
        self.ledger.owe(owed(to("probe")));
        let probes = |kept: &ledger::Kept| {
            let mut probes = kept.rows.iter().filter(|row| row.owed.to == to("probe"));
            probes.all(|row| row.ruling == Some(DELIVERED))
        };
        self.ledger.until(probes).await;
        self.ledger.lock().rows.retain(|row| row.owed.to != to("probe"));
    }

    /// Stops the engine, which takes no longer than it may.
    async fn stop(self) -> Arc<Ledger> {
        self.stop.send_replace(true);
        let ended = tokio::time::timeout(PATIENCE, self.engine).await;
        ended.expect("it ends in time").expect("it doesn't panic");
        self.ledger
    }
}

/// These destinations, and these routes.
fn generation(destinations: Vec<Destination>, routes: Vec<Route>) -> Generation {
    let row = |route: Route| Endpoint {
        pattern: Pattern::parse(&route.path).expect("a pattern"),
        methods: route.methods.clone(),
        target: Arc::new(route),
    };
    let routes = Table::build(routes.into_iter().map(row).collect()).expect("no conflicts");
    let named = destinations.into_iter().map(|one| (one.name.clone(), Arc::new(one)));
    Generation { destinations: named.collect(), ..Generation::new(GenerationId(1), routes) }
}

/// A destination that is tried again after a minute, once.
fn destination(name: &str, url: String) -> Destination {
    Destination {
        name: name.into(),
        url,
        events: vec![KindPattern::parse("*").expect("a pattern")],
        secrets: Vec::new(),
        retry: vec![Duration::from_secs(60)],
        timeout: Duration::from_secs(10),
        concurrency: 4,
        offline: None,
    }
}

fn webhook(url: String) -> Webhook {
    Webhook {
        id: WebhookId::new(NOW_MS),
        url,
        events: Vec::new(),
        active: true,
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
        triggered_ms: None,
        delivered_ms: None,
        created_ms: NOW_MS,
        updated_ms: NOW_MS,
    }
}

fn owed(to: Addressee) -> Owed {
    Owed {
        id: DeliveryId::new(NOW_MS),
        to,
        event: EventId::new(NOW_MS),
        provider_id: "p-1".into(),
        route: "pay".into(),
        kind: "acme.paid".into(),
        subject: Some("order 1".into()),
        time_ms: NOW_MS,
        body: Bytes::from_static(b"{ \"a\" : 1 }\n"),
        content_type: Some("application/json".into()),
        tries: 0,
        superseded: false,
    }
}

fn to(name: &str) -> Addressee {
    Addressee::Named(name.into())
}
