//! The store: opened from what config says, and pruned while it is open.

use std::sync::Arc;
use std::time::Duration;

use super::StartFault;
use crate::config::Router;
use crate::generation::{Cell, Generation};
use crate::model::Clock;
use crate::observe::{self, Level};
use crate::store::{Embedded, EventFilter, OpenFault, Options, Store, StoreFault};

/// How often history is looked at that may be forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(10);

/// The same while the store is full: callbacks are refused as long as that isn't seen to end.
const FULL_PRUNE_EVERY: Duration = Duration::from_millis(500);

/// The longest that config lets anything wait, with a day to spare.
const WAIT_MOST: Duration = Duration::from_secs(31 * 24 * 3600);

pub(super) async fn open(router: &Router, clock: Clock) -> Result<Arc<dyn Store>, StartFault> {
    let settings = &router.store;
    let options = Options {
        path: settings.path.clone(),
        secrets: router.store_key.iter().map(|key| key.value.expose().to_owned()).collect(),
        queue: settings.queue,
        batch: settings.batch,
        webhooks_max: settings.webhooks_max,
        keep: settings.keep,
        bytes_max: settings.bytes,
        wait_most: WAIT_MOST,
    };
    let path = options.path.clone();
    let opened = tokio::task::spawn_blocking(move || Embedded::open(options, clock)).await;
    let broken =
        |error: tokio::task::JoinError| OpenFault::Damaged { path, error: error.to_string() };
    Ok(Arc::new(opened.map_err(broken)??))
}

/// Tells each route when its newest stored event came: what came before the start counts too.
pub(super) async fn recall(store: &dyn Store, generation: &Generation) -> Result<(), StoreFault> {
    for route in generation.routes.targets() {
        let newest =
            EventFilter { route: Some(route.name.clone()), limit: 1, ..Default::default() };
        if let Some(event) = store.events(newest).await?.rows.first() {
            route.pulse.genuine(event.recorded_ms);
        }
    }
    Ok(())
}

/// How often routes are looked at that may have fallen silent, or are heard of again.
const SILENCE_EVERY: Duration = Duration::from_secs(1);

/// Looks for silent routes for as long as the router runs.
pub(super) async fn listen(cell: Arc<Cell>, clock: Clock) {
    loop {
        cell.current().look_for_silence(clock.now_ms());
        tokio::time::sleep(SILENCE_EVERY).await;
    }
}

/// Prunes for as long as the router runs.
pub(super) async fn prune(store: Arc<dyn Store>, clock: Clock) {
    loop {
        match store.prune(clock.now_ms()).await {
            Ok(0) if store.health().full => tokio::time::sleep(FULL_PRUNE_EVERY).await,
            Ok(0) => tokio::time::sleep(PRUNE_EVERY).await,
            // More may go; callbacks that wait are written in between.
            Ok(_) => tokio::task::yield_now().await,
            Err(fault) => {
                observe::notice(Level::Warn, &format!("history isn't pruned: {fault}"));
                tokio::time::sleep(PRUNE_EVERY).await;
            }
        }
    }
}
