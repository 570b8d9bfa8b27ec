//! Claimed work in somebody's hands. Either how it ended is kept by the store, however often that
//! has to be tried, or the claim goes back: also when the task that holds it is ended or panics.

use std::sync::Arc;

use super::Engine;
use crate::model::{DeliveryId, EventId};
use crate::observe::{Level, notice};
use crate::store::{Pending, Store, StoreFault};

/// What is claimed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// A delivery, to be sent.
    Delivery(DeliveryId),
    /// An event, to be confirmed.
    Event(EventId),
}

/// A claim; dropping it gives the work back as it was.
pub(super) struct Held {
    engine: Arc<Engine>,
    work: Work,
    settled: bool,
}

impl Held {
    pub(super) fn new(engine: &Arc<Engine>, work: Work) -> Held {
        Held { engine: Arc::clone(engine), work, settled: false }
    }

    /// Has the store keep how it ended. While the store fails this waits and tries again, for as
    /// long as the process lives: what was found out isn't found out a second time.
    pub(super) async fn settle(
        mut self,
        mut keep: impl for<'s> FnMut(&'s dyn Store) -> Pending<'s, ()>,
    ) {
        let mut told = false;
        loop {
            let kept = keep(&*self.engine.store).await;
            match kept {
                Ok(()) => {
                    self.settled = true;
                    return;
                }
                Err(fault @ (StoreFault::Full(_) | StoreFault::Failing(_))) => {
                    if !std::mem::replace(&mut told, true) {
                        notice(Level::Warn, &format!("what was done can't be kept yet: {fault}"));
                    }
                    tokio::time::sleep(self.engine.limits.store_again).await;
                }
                // Nothing will change that: the process ends, or the work isn't there any more.
                Err(
                    StoreFault::Closed
                    | StoreFault::NotFound
                    | StoreFault::TooMany(_)
                    | StoreFault::Untrue
                    | StoreFault::Request,
                ) => return,
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        match self.work {
            Work::Delivery(id) => self.engine.store.release(&[id], &[]),
            Work::Event(id) => self.engine.store.release(&[], &[id]),
        }
    }
}
