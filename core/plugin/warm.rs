//! Instances that are kept between callbacks, for plugins with `reuse` above 1. Each still holds
//! its slot, so keeping one never lets a plugin have more than its share; and none is kept while
//! somebody waits for a slot, so keeping one never makes anybody wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::binding::Duty;
use super::instance::Live;

/// One plugin's kept instances, of all its bindings; the newest is last.
#[derive(Default)]
pub(super) struct Warm {
    kept: Mutex<Vec<Kept>>,
    waiting: AtomicUsize,
}

/// One that is kept.
pub(super) struct Kept {
    pub(super) binding: u64,
    pub(super) duty: Duty,
    pub(super) live: Box<Live>,
    since: Instant,
    /// Where it last ran.
    thread: usize,
}

impl Kept {
    /// From now on, where its last callback ran.
    pub(super) fn now(binding: u64, duty: Duty, live: Box<Live>) -> Kept {
        Kept { binding, duty, live, since: Instant::now(), thread: this_thread() }
    }
}

/// A number that no other thread has meanwhile: the place of something of its own.
fn this_thread() -> usize {
    thread_local!(static OWN: u8 = const { 0 });
    OWN.with(|own| std::ptr::from_ref(own).addr())
}

impl Warm {
    /// The one that was kept last for this binding and duty, by this thread where there is one: its
    /// memory is still near.
    pub(super) fn take(&self, binding: u64, duty: Duty) -> Option<Kept> {
        let here = this_thread();
        let mut kept = self.lock();
        let fits = |one: &Kept| one.binding == binding && one.duty == duty;
        let near = kept.iter().rposition(|one| fits(one) && one.thread == here);
        let place = near.or_else(|| kept.iter().rposition(fits))?;
        Some(kept.remove(place))
    }

    /// Keeps one, unless its slot is waited for; lets go of those that nobody took for `idle_max`.
    pub(super) fn keep(&self, one: Kept, idle_max: Duration) {
        let now = one.since;
        let mut kept = self.lock();
        let stale = kept.partition_point(|old| now.duration_since(old.since) > idle_max);
        let mut gone: Vec<Kept> = kept.drain(..stale).collect();
        match self.waiting.load(Ordering::Relaxed) {
            0 => kept.push(one),
            _ => gone.push(one),
        }
        // Instances are taken apart without the lock.
        drop(kept);
        drop(gone);
    }

    /// Somebody is about to wait for a slot: lets the oldest one go for it. Until what is returned
    /// is dropped, none is kept.
    pub(super) fn make_room(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut kept = self.lock();
        let oldest = (!kept.is_empty()).then(|| kept.remove(0));
        drop(kept);
        drop(oldest);
        Waiting(self)
    }

    /// Lets go of everything that a binding kept.
    pub(super) fn forget(&self, binding: u64) {
        let mut kept = self.lock();
        let gone: Vec<Kept> = kept.extract_if(.., |one| one.binding == binding).collect();
        drop(kept);
        drop(gone);
    }

    /// How many are kept.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        // Each change is one call on the list, so a panic elsewhere left it whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits for a slot.
pub(super) struct Waiting<'w>(&'w Warm);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
