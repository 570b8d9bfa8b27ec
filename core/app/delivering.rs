//! Delivering, pruning and listening for silence beside the serving: what keeps to its own time.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::keeping;
use crate::config::Delivering;
use crate::deliver::{Engine, Limits};
use crate::generation::Cell;
use crate::model::{BreakerLimits, Clock};
use crate::store::Store;

/// What runs beside the listeners.
pub(super) struct Background {
    stop: watch::Sender<bool>,
    delivering: JoinHandle<()>,
    pruning: JoinHandle<()>,
    listening: JoinHandle<()>,
}

impl Background {
    /// Begins to deliver, to prune and to listen for silence.
    pub(super) fn start(
        store: &Arc<dyn Store>,
        cell: &Arc<Cell>,
        clock: &Clock,
        settings: &Delivering,
    ) -> Background {
        let (stop, stopped) = watch::channel(false);
        let engine = Engine {
            store: Arc::clone(store),
            cell: Arc::clone(cell),
            clock: clock.clone(),
            limits: limits(settings),
        };
        let pruning = keeping::prune(Arc::clone(store), clock.clone());
        let delivering = tokio::spawn(engine.run(stopped));
        let listening = keeping::listen(Arc::clone(cell), clock.clone());
        let (pruning, listening) = (tokio::spawn(pruning), tokio::spawn(listening));
        Background { stop, delivering, pruning, listening }
    }

    /// Begins nothing new, and lets attempts in flight end.
    pub(super) async fn stop(self) {
        self.pruning.abort();
        self.listening.abort();
        self.stop.send_replace(true);
        // A panic there was told where it happened; what it held is due again at the next start.
        let _ = self.delivering.await;
    }
}

fn limits(settings: &Delivering) -> Limits {
    Limits {
        drain: settings.deliver_drain,
        response_bytes: settings.response_bytes,
        breaker: BreakerLimits {
            faults: settings.breaker_faults,
            least: settings.breaker_least,
            most: settings.breaker_most,
        },
        confirm_first: settings.confirm_first,
        confirm_most: settings.confirm_most,
        confirm_giveup: settings.confirm_giveup,
        ..Limits::default()
    }
}
