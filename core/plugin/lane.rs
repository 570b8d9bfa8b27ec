//! Who may use the processor for long. A guest that isn't done after its first slice goes on only
//! while it holds a place in the slow lane, which has one place fewer than there are cores: however
//! many guests spin, a core is left for those that are quick. A plugin whose calls keep taking long
//! begins them there, each phase by itself: many that end just within their first slice would
//! take all cores as well.
//!
//! A place is held only while the guest runs, never while it waits.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::coop::{Unconstrained, unconstrained};
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep_until};
use wasmtime::Engine;

use super::call::Phase;
use super::ticker::Ticker;

/// Without a pause for others: what runs for as long is no quick call.
const LONG: Duration = Duration::from_micros(500);
/// Quick calls that make up for a long one. One alone says nothing yet: the system takes the
/// processor from quick ones too.
const QUICK_PER_LONG: u32 = 16;

/// What the guests of one engine share of the processor.
pub(super) struct Processor {
    slow_lane: Arc<Semaphore>,
    ticker: Ticker,
}

impl Processor {
    pub(super) fn of(engine: &Engine) -> Processor {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let places = cores.saturating_sub(1).max(1);
        Processor { slow_lane: Arc::new(Semaphore::new(places)), ticker: Ticker::start(engine) }
    }
}

/// How a plugin's calls went of late: for each phase, how many quick ones it owes.
#[derive(Default)]
pub(super) struct Pace([AtomicU32; Phase::COUNT]);

impl Pace {
    /// Whether a call of late took long, by the clock at least.
    fn is_suspect(&self, phase: Phase) -> bool {
        self.0[phase as usize].load(Ordering::Relaxed) > 0
    }

    /// Whether its next call is taken for a long one.
    fn is_slow(&self, phase: Phase) -> bool {
        self.0[phase as usize].load(Ordering::Relaxed) > QUICK_PER_LONG
    }

    /// Enters a call; of several at once, one may go uncounted.
    fn enter(&self, phase: Phase, long: bool) {
        let owed = &self.0[phase as usize];
        let before = owed.load(Ordering::Relaxed);
        let after = match long {
            true => (before + QUICK_PER_LONG).min(2 * QUICK_PER_LONG),
            false => before.saturating_sub(1),
        };
        // Nearly always nothing is owed, and nothing needs to be written.
        if after != before {
            owed.store(after, Ordering::Relaxed);
        }
    }
}

/// One instance's way to the processor.
#[derive(Clone)]
pub(super) struct Lane(Arc<Way>);

struct Way {
    processor: Arc<Processor>,
    pace: Arc<Pace>,
    held: Mutex<Option<Held>>,
}

/// A place in the slow lane.
struct Held {
    _place: OwnedSemaphorePermit,
    /// Since when it has been used.
    since: Instant,
}

impl Lane {
    pub(super) fn new(processor: Arc<Processor>, pace: Arc<Pace>) -> Lane {
        Lane(Arc::new(Way { processor, pace, held: Mutex::default() }))
    }

    /// Runs one call of the guest, which is pinned where it is made, to its end; `None`: it hasn't
    /// come to one by `deadline`.
    pub(super) async fn run<F: Future + Unpin>(
        &self,
        phase: Phase,
        deadline: Instant,
        call: F,
    ) -> Option<F::Output> {
        let mut running = pin!(self.run_on(phase, call));
        // Nearly every call ends at once, and needs no timer, and no room for one.
        let mut timer: Option<Pin<Box<Unconstrained<Sleep>>>> = None;
        poll_fn(|context| {
            if let Poll::Ready(output) = running.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            // Whatever the call used up of the task's budget.
            let make = || Box::pin(unconstrained(sleep_until(deadline.into())));
            let timer = timer.get_or_insert_with(make);
            timer.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    async fn run_on<F: Future + Unpin>(&self, phase: Phase, mut call: F) -> F::Output {
        let pace = &self.0.pace;
        let mut long = false;
        // What the system took from it doesn't count against it, once it is asked.
        let exact = pace.is_suspect(phase);
        if pace.is_slow(phase) {
            Box::pin(self.enter()).await;
        }
        let output = poll_fn(|context| {
            self.0.processor.ticker.keep_ticking();
            let (began, used) = (Instant::now(), exact.then(processor_time));
            let polled = Pin::new(&mut call).poll(context);
            drop(self.held().take());
            let ran = match used {
                None => began.elapsed(),
                Some(used) => processor_time().saturating_sub(used),
            };
            // At once: it may have come to no end when it is given up.
            if ran >= LONG && !long {
                long = true;
                pace.enter(phase, long);
            }
            polled
        });
        let output = output.await;
        if !long {
            pace.enter(phase, long);
        }
        output
    }

    /// Whether it has a place, and that for less than so long: time that it waited for the place is
    /// none that it has used.
    pub(super) fn goes_on(&self, now: Instant, slice: Duration) -> bool {
        let held = self.held();
        held.as_ref().is_some_and(|held| now.saturating_duration_since(held.since) < slice)
    }

    /// The guest has used up a slice: what has to be awaited before it goes on.
    pub(super) fn next_slice(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let lane = self.clone();
        Box::pin(async move {
            // Whoever is quick goes first, and so does whoever else is in the slow lane.
            yield_now().await;
            lane.enter().await;
        })
    }

    async fn enter(&self) {
        // Never closed, so an error can't come; with no place the guest would run on all the same.
        let place = Arc::clone(&self.0.processor.slow_lane).acquire_owned().await.ok();
        *self.held() = place.map(|_place| Held { _place, since: Instant::now() });
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        // A single value: whatever a panic left is whole.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What this thread has used of the processor. The system has to be asked for it: only a plugin
/// that is suspect pays for that.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tokio::task::coop::consume_budget;
    use tokio::time::timeout;

    use super::*;

    /// Calls as their lengths, and whether the next one is then taken for a long one.
    #[test]
    fn a_plugin_is_slow_while_it_keeps_taking_long() {
        let quick = |count: usize| vec![false; count];
        let long = |count: usize| vec![true; count];
        for (calls, slow) in [
            (quick(3), false),
            // The system may have taken the processor from it.
            (long(1), false),
            (long(2), true),
            ([long(1), quick(15), long(1)].concat(), true),
            ([long(1), quick(16), long(1)].concat(), false),
            // However long it was slow, it has to be quick for as long.
            ([long(1000), quick(15)].concat(), true),
            ([long(1000), quick(16)].concat(), false),
        ] {
            let pace = Pace::default();
            calls.iter().for_each(|long| pace.enter(Phase::Parse, *long));
            assert_eq!(pace.is_slow(Phase::Parse), slow, "{calls:?}");
            assert!(!pace.is_slow(Phase::Verify), "each phase by itself");
        }
    }

    #[tokio::test]
    async fn a_call_is_long_where_it_runs_on_and_not_where_it_waits() {
        let (processor, pace) = (Processor::of(&Engine::default()), Arc::new(Pace::default()));
        let lane = Lane::new(Arc::new(processor), Arc::clone(&pace));
        let run = async |call: Pin<&mut dyn Future<Output = ()>>| {
            lane.run_on(Phase::Compute, call).await;
        };
        for _ in 0..2 {
            run(pin!(tokio::time::sleep(2 * LONG))).await;
        }
        assert!(!pace.is_slow(Phase::Compute), "it waited");
        for _ in 0..2 {
            let running = async {
                let before = processor_time();
                while processor_time() - before < LONG {}
            };
            run(pin!(running)).await;
        }
        assert!(pace.is_slow(Phase::Compute), "it ran");
        let places = || lane.0.processor.slow_lane.available_permits();
        let free = places();
        run(pin!(async { assert_eq!(places(), free - 1, "it holds one") })).await;
        assert_eq!(places(), free);
    }

    #[tokio::test]
    async fn a_call_that_uses_up_the_budget_of_its_task_ends_in_time() {
        let processor = Processor::of(&Engine::default());
        let lane = Lane::new(Arc::new(processor), Arc::default());
        let call = pin!(async {
            loop {
                consume_budget().await;
            }
        });
        let ended = lane.run(Phase::Compute, Instant::now() + LONG, call);
        let ended: Option<()> = timeout(Duration::from_secs(10), ended).await.expect("in time");
        assert_eq!(ended, None);
    }
}
