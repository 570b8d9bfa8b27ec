//! The cell that holds the generation which new callbacks take, and the record of how it came
//! there. Swapping is one pointer; whoever took the old one keeps it until done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::{Generation, Plan, Route};
use crate::model::GenerationId;

/// Holds the generation that new callbacks take.
#[derive(Debug)]
pub struct Cell {
    current: ArcSwap<Generation>,
    record: Mutex<Record>,
    swaps: watch::Sender<u64>,
    old: Mutex<Vec<Old>>,
}

/// One that ran before. It is seen without being kept alive.
#[derive(Debug)]
struct Old {
    id: GenerationId,
    whole: Weak<Generation>,
    /// A request that is still being answered keeps its route, and that its plugins.
    routes: Vec<Weak<Route>>,
}

impl Old {
    fn of(generation: &Arc<Generation>) -> Old {
        let routes = generation.routes.targets().map(Arc::downgrade).collect();
        Old { id: generation.id, whole: Arc::downgrade(generation), routes }
    }

    fn lives(&self) -> bool {
        let lives = |route: &Weak<Route>| route.strong_count() > 0;
        self.whole.strong_count() > 0 || self.routes.iter().any(lives)
    }
}

/// How the generations of this process came and went.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// When the one that runs was swapped in, Unix milliseconds.
    pub since_ms: u64,
    /// Reloads that were swapped in.
    pub applied: u64,
    /// Reloads that had problems, and changed nothing.
    pub rejected: u64,
    /// The last of those, where it is still the newest word on the config.
    pub last_rejected: Option<Rejected>,
    /// Keys that were changed and only count after a restart.
    pub needs_restart: Vec<String>,
    /// What the last reload, or whoever last asked, found to be different.
    pub plan: Option<Arc<Plan>>,
}

/// A reload that changed nothing.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// What is wrong, as a person reads it.
    pub problems: String,
}

impl Cell {
    /// Starts with the first one.
    pub fn new(first: Generation, now_ms: u64) -> Cell {
        let record = Mutex::new(Record { since_ms: now_ms, ..Record::default() });
        let swaps = watch::Sender::new(0);
        let old = Mutex::default();
        Cell { current: ArcSwap::from_pointee(first), record, swaps, old }
    }

    /// The one that runs now.
    pub fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// The number of the one that runs now.
    pub fn id(&self) -> GenerationId {
        self.current.load().id
    }

    /// The number of the one that runs, with the record that belongs to it.
    pub fn id_and_record(&self) -> (GenerationId, Record) {
        // Whoever swaps holds the record, so neither changes between the two.
        let record = self.lock();
        (self.id(), record.clone())
    }

    /// From here on, new callbacks take this one.
    pub fn swap(&self, next: Generation, now_ms: u64) {
        let mut record = self.lock();
        let before = self.current.swap(Arc::new(next));
        let mut old = self.lock_old();
        old.retain(Old::lives);
        old.push(Old::of(&before));
        drop(old);
        record.since_ms = now_ms;
        record.applied += 1;
        record.last_rejected = None;
        self.swaps.send_modify(|swaps| *swaps += 1);
    }

    /// Those that ran before and aren't freed yet: their numbers, and how many callbacks are being
    /// taken on each. One that has no callback any more is still answering a request.
    pub fn old(&self) -> Vec<(GenerationId, usize)> {
        let mut old = self.lock_old();
        old.retain(Old::lives);
        let calls = |old: &Old| old.whole.upgrade().map_or(0, |whole| whole.calls.count());
        old.iter().map(|old| (old.id, calls(old))).collect()
    }

    /// What a reload would change, or changed, as it was last found.
    pub fn plan(&self, plan: Arc<Plan>) {
        self.lock().plan = Some(plan);
    }

    /// Counts up whenever another one was swapped in.
    pub fn swaps(&self) -> watch::Receiver<u64> {
        self.swaps.subscribe()
    }

    /// A reload had problems: what runs goes on running.
    pub fn reject(&self, rejected: Rejected) {
        let mut record = self.lock();
        record.rejected += 1;
        record.last_rejected = Some(rejected);
    }

    /// A reload found what runs already: an earlier rejection is mended.
    pub fn unchanged(&self) {
        self.lock().last_rejected = None;
    }

    /// Which keys wait for a restart.
    pub fn needs_restart(&self, keys: Vec<String>) {
        self.lock().needs_restart = keys;
    }

    /// How it came to what runs now.
    pub fn record(&self) -> Record {
        self.lock().clone()
    }

    fn lock_old(&self) -> MutexGuard<'_, Vec<Old>> {
        self.old.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // Plain values, each written whole.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Table;

    fn generation(id: u64) -> Generation {
        let table = Table::build(Vec::new()).expect("no conflicts");
        Generation::new(GenerationId(id), table)
    }

    #[test]
    fn an_old_one_is_counted_until_its_last_callback_ends() {
        let cell = Cell::new(generation(1), 0);
        let first = cell.current();
        let calls = [first.calls.enter(), first.calls.enter()];
        assert_eq!(first.calls.count(), 2);
        cell.swap(generation(2), 1);
        assert_eq!(cell.old(), [(GenerationId(1), 2)]);
        drop(calls);
        assert_eq!(cell.old(), [(GenerationId(1), 0)], "somebody still has it");
        let freed = Arc::downgrade(&first);
        drop(first);
        assert!(freed.upgrade().is_none(), "nothing else kept it");
        assert_eq!(cell.old(), []);
        cell.swap(generation(3), 2);
        assert_eq!(cell.old(), [], "one that nobody uses goes at once");
    }
}
