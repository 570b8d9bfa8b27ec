//! Instances that are kept between callbacks, for plugins with `reuse` above 1. Each still holds
//! its slot, so keeping one never lets a plugin have more than its share; and none is kept while
//! somebody waits for a slot, so keeping one never makes anybody wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::binding::Duty;
use super::instance::Live;
use crate::shards::Shards;

/// One plugin's kept instances, of all its bindings, by the thread where they last ran: there their
/// memory is still near.
pub(super) struct Warm {
    shards: Shards<Mutex<Shard>>,
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Shard {
    /// The newest is last.
    kept: Vec<Kept>,
    /// How many were there to be taken.
    taken: u64,
    /// When its thread last looked through all shards for what nobody takes.
    looked: Option<Instant>,
}

/// One that is kept.
pub(super) struct Kept {
    pub(super) binding: u64,
    pub(super) duty: Duty,
    pub(super) live: Box<Live>,
    since: Instant,
}

impl Kept {
    /// From now on.
    pub(super) fn now(binding: u64, duty: Duty, live: Box<Live>) -> Kept {
        Kept { binding, duty, live, since: Instant::now() }
    }
}

impl Default for Warm {
    fn default() -> Warm {
        Warm { shards: Shards::new(Mutex::default), waiting: AtomicUsize::new(0) }
    }
}

impl Warm {
    /// The one that was kept last for this binding and duty, by this thread where there is one.
    pub(super) fn take(&self, binding: u64, duty: Duty) -> Option<Kept> {
        let fits = |one: &Kept| one.binding == binding && one.duty == duty;
        self.shards.all().find_map(|shard| {
            let mut shard = lock(shard);
            let place = shard.kept.iter().rposition(fits)?;
            shard.taken += 1;
            Some(shard.kept.remove(place))
        })
    }

    /// Keeps one, unless its slot is waited for; lets go of those that nobody took for `idle_max`,
    /// a quarter of that later at most while callbacks come.
    pub(super) fn keep(&self, one: Kept, idle_max: Duration) {
        let now = one.since;
        let is_long = |since| now.saturating_duration_since(since) > idle_max;
        let mut shard = lock(self.shards.own());
        // Those of other threads as well: their own may have nothing to do. Now and then is enough.
        let looks = shard.looked.is_none_or(|at| now.saturating_duration_since(at) >= idle_max / 4);
        if looks {
            shard.looked = Some(now);
        }
        let refused = match self.waiting.load(Ordering::Relaxed) {
            0 => {
                shard.kept.push(one);
                None
            }
            _ => Some(one),
        };
        // Instances are taken apart without the lock.
        drop(shard);
        drop(refused);
        if looks {
            self.let_go(|old| is_long(old.since));
        }
    }

    /// Somebody is about to wait for a slot: lets the oldest one go for it. Until what is returned
    /// is dropped, none is kept.
    pub(super) fn make_room(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let oldest = |shard: &Mutex<Shard>| lock(shard).kept.first().map(|one| one.since);
        let holding = || self.shards.all().filter_map(|shard| Some((oldest(shard)?, shard)));
        while let Some((_, shard)) = holding().min_by_key(|(since, _)| *since) {
            let mut shard = lock(shard);
            if shard.kept.is_empty() {
                // Taken meanwhile.
                continue;
            }
            let oldest = shard.kept.remove(0);
            drop(shard);
            drop(oldest);
            break;
        }
        Waiting(self)
    }

    /// Lets go of everything that a binding kept.
    pub(super) fn forget(&self, binding: u64) {
        self.let_go(|one| one.binding == binding);
    }

    fn let_go(&self, is_gone: impl Fn(&Kept) -> bool) {
        for shard in self.shards.all() {
            let mut shard = lock(shard);
            let gone: Vec<Kept> = shard.kept.extract_if(.., |one| is_gone(one)).collect();
            drop(shard);
            drop(gone);
        }
    }

    /// How many are kept.
    pub(super) fn count(&self) -> usize {
        self.shards.all().map(|shard| lock(shard).kept.len()).sum()
    }

    /// How often one was there to be taken.
    pub(super) fn taken(&self) -> u64 {
        self.shards.all().map(|shard| lock(shard).taken).sum()
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // Each change is one call on the list, so a panic elsewhere left it whole.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody waits for a slot.
pub(super) struct Waiting<'w>(&'w Warm);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
