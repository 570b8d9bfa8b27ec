//! Confirmations of one binding: which of them may run, and the run itself.
//!
//! Until one has brought an answer they run one at a time: what the first one fetches (a token, for
//! one) the others find in `state`, and a provider that is down is asked by one. All confirmations
//! of a plugin may have half of its instances, so that callbacks are verified while an API hangs.
//! Whoever waits here holds no instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use super::binding::{Binding, Duty};
use super::fault::Fault;
use crate::model::{Confirmation, Context, Event};

/// Whose turn it is.
#[derive(Default)]
pub(super) struct Confirming {
    /// Held by the one that runs before any has brought an answer.
    first: Mutex<()>,
    answered: AtomicBool,
}

impl Confirming {
    async fn enter<'c>(&'c self, places: &'c Semaphore) -> Result<Turn<'c>, Fault> {
        let first = match self.answered.load(Ordering::Acquire) {
            true => None,
            // Whoever ran meanwhile may have brought an answer: then nobody is held up any more.
            false => {
                let first = self.first.lock().await;
                (!self.answered.load(Ordering::Acquire)).then_some(first)
            }
        };
        // Never closed, so an error can't come.
        let place = places.acquire().await.map_err(|_| Fault::Busy)?;
        Ok(Turn { _first: first, _place: place })
    }
}

/// Leave to run, given back when it goes.
struct Turn<'c> {
    _first: Option<MutexGuard<'c, ()>>,
    _place: SemaphorePermit<'c>,
}

impl Binding {
    /// Asks the provider whether an event is true, in an instance of its own. Waits for its turn
    /// for as long as one confirmation may take.
    pub async fn confirm(
        self: &Arc<Self>,
        event: &Event,
        context: &Context,
    ) -> Result<Confirmation, Fault> {
        let plugin = self.plugin();
        let deadline = Instant::now() + plugin.limits.confirm_deadline;
        let turn = timeout_at(deadline.into(), self.confirming.enter(&plugin.confirmations)).await;
        let _turn = turn.map_err(|_| Fault::Busy)??;
        let mut instance = self.take(Duty::Confirm).await?;
        let confirmation = instance.confirm(event, context).await?;
        instance.give_back();
        if !matches!(confirmation, Confirmation::NotYet(_)) {
            self.confirming.answered.store(true, Ordering::Release);
        }
        Ok(confirmation)
    }
}
