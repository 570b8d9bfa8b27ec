//! Who may use the processor for long. A guest that isn't done after its first slice goes on only
//! while it holds a place in the slow lane, which has one place fewer than there are cores: however
//! many guests spin, a core is left for those that are quick.
//!
//! A place is held only while the guest runs, never while it waits.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;

/// The slow lane of one engine.
pub(super) fn slow_lane() -> Arc<Semaphore> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Arc::new(Semaphore::new(cores.saturating_sub(1).max(1)))
}

/// One instance's way to the processor.
#[derive(Clone)]
pub(super) struct Lane(Arc<Way>);

struct Way {
    slow: Arc<Semaphore>,
    /// Whether the plugin's last call was a long one: its next one is taken for one too.
    plugin_is_slow: Arc<AtomicBool>,
    held: Mutex<Option<OwnedSemaphorePermit>>,
    /// Whether this call has outrun a slice.
    outran: AtomicBool,
}

impl Lane {
    pub(super) fn new(slow: Arc<Semaphore>, plugin_is_slow: Arc<AtomicBool>) -> Lane {
        let (held, outran) = (Mutex::default(), AtomicBool::new(false));
        Lane(Arc::new(Way { slow, plugin_is_slow, held, outran }))
    }

    /// Runs one call of the guest, which is pinned where it is made, to its end.
    pub(super) async fn run<F: Future + Unpin>(&self, mut call: F) -> F::Output {
        self.0.outran.store(false, Ordering::Relaxed);
        if self.0.plugin_is_slow.load(Ordering::Relaxed) {
            self.enter().await;
        }
        let output = poll_fn(|context| {
            let polled = Pin::new(&mut call).poll(context);
            drop(self.held().take());
            polled
        });
        let output = output.await;
        if !self.0.outran.load(Ordering::Relaxed) {
            self.0.plugin_is_slow.store(false, Ordering::Relaxed);
        }
        output
    }

    /// The guest has used up a slice: what has to be awaited before it goes on.
    pub(super) fn next_slice(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.outran.store(true, Ordering::Relaxed);
        self.0.plugin_is_slow.store(true, Ordering::Relaxed);
        let lane = self.clone();
        Box::pin(async move {
            // Whoever is quick goes first, and so does whoever else is in the slow lane.
            yield_now().await;
            lane.enter().await;
        })
    }

    async fn enter(&self) {
        // Never closed, so an error can't come; with no place the guest would run on all the same.
        let place = Arc::clone(&self.0.slow).acquire_owned().await.ok();
        *self.held() = place;
    }

    fn held(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        // A single value: whatever a panic left is whole.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
