//! What plugins remember between calls: small values, scoped to a route or a responder, and which
//! of them changed since they were last written down.
//!
//! Never more than the limit of entries: the one that would have ended soonest makes room. Never
//! more than twice as many changed keys: where nobody writes them down for long, removals are
//! forgotten first, and a restart may bring such a value back until it ends.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Clock, StateChange};

/// One scope's values.
#[derive(Debug)]
pub struct State {
    scope: String,
    kept: Mutex<Kept>,
    entries_max: usize,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<String, Entry>,
    /// Keys that were put or removed since the last drain.
    changed: HashSet<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    value: Vec<u8>,
    ends_ms: u64,
}

impl State {
    /// An empty one.
    pub fn new(scope: impl Into<String>, entries_max: usize, clock: Clock) -> State {
        State { scope: scope.into(), kept: Mutex::default(), entries_max, clock }
    }

    /// Another one that holds the same and is nobody else's: what is done to it is never kept.
    pub fn copy(&self) -> State {
        let entries = self.lock().entries.clone();
        let kept = Mutex::new(Kept { entries, changed: HashSet::new() });
        let (scope, clock) = (self.scope.clone(), self.clock.clone());
        State { scope, kept, entries_max: self.entries_max, clock }
    }

    /// The value that stands at `key` now.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let now_ms = self.clock.now_ms();
        let kept = self.lock();
        let standing = kept.entries.get(key).filter(|entry| entry.ends_ms > now_ms);
        standing.map(|entry| entry.value.clone())
    }

    /// Puts a value that ends after `ttl_ms`.
    pub fn put(&self, key: String, value: Vec<u8>, ttl_ms: u64) {
        let now_ms = self.clock.now_ms();
        let entry = Entry { value, ends_ms: now_ms.saturating_add(ttl_ms) };
        self.lock().put(key, entry, self.entries_max, now_ms);
    }

    /// Takes a value away.
    pub fn remove(&self, key: &str) {
        let mut kept = self.lock();
        if kept.entries.remove(key).is_some() {
            kept.mark(key.to_owned(), self.entries_max);
        }
    }

    /// Puts `new` only where `old` still stands; says whether it did.
    pub fn compare_and_put(
        &self,
        key: String,
        old: Option<&[u8]>,
        new: Vec<u8>,
        ttl_ms: u64,
    ) -> bool {
        let now_ms = self.clock.now_ms();
        let mut kept = self.lock();
        let standing = kept.entries.get(&key).filter(|entry| entry.ends_ms > now_ms);
        if standing.map(|entry| entry.value.as_slice()) != old {
            return false;
        }
        let entry = Entry { value: new, ends_ms: now_ms.saturating_add(ttl_ms) };
        kept.put(key, entry, self.entries_max, now_ms);
        true
    }

    /// All that changed since the last drain, as it stands now. Whoever takes it writes it down, or
    /// gives it back with [`State::undo_drain`].
    pub fn drain(&self) -> Vec<StateChange> {
        let mut kept = self.lock();
        let Kept { entries, changed } = &mut *kept;
        let change = |key: String| {
            let value = entries.get(&key).map(|entry| (entry.value.clone(), entry.ends_ms));
            StateChange { scope: self.scope.clone(), key, value }
        };
        changed.drain().map(change).collect()
    }

    /// These weren't written down: the next drain takes their keys again, with what stands there
    /// then.
    pub fn undo_drain(&self, changes: &[StateChange]) {
        let mut kept = self.lock();
        for change in changes {
            kept.mark(change.key.clone(), self.entries_max);
        }
    }

    /// Takes over what was written down before the start. What a plugin has put since then stays.
    fn fill(&self, changes: Vec<StateChange>) {
        let now_ms = self.clock.now_ms();
        let mut kept = self.lock();
        for StateChange { key, value, .. } in changes {
            let Some((value, ends_ms)) = value.filter(|(_, ends_ms)| *ends_ms > now_ms) else {
                continue;
            };
            if !kept.entries.contains_key(&key) && !kept.changed.contains(&key) {
                kept.insert(key, Entry { value, ends_ms }, self.entries_max, now_ms);
            }
        }
    }

    fn holds_nothing(&self) -> bool {
        let kept = self.lock();
        kept.entries.is_empty() && kept.changed.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere may at most leave a key marked whose value didn't change.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, key: String, entry: Entry, entries_max: usize, now_ms: u64) {
        self.mark(key.clone(), entries_max);
        self.insert(key, entry, entries_max, now_ms);
    }

    fn insert(&mut self, key: String, entry: Entry, entries_max: usize, now_ms: u64) {
        if self.entries.len() >= entries_max && !self.entries.contains_key(&key) {
            self.entries.retain(|_, entry| entry.ends_ms > now_ms);
            let soonest = self.entries.iter().min_by_key(|(_, entry)| entry.ends_ms);
            if self.entries.len() >= entries_max
                && let Some(soonest) = soonest.map(|(key, _)| key.clone())
            {
                self.entries.remove(&soonest);
                self.mark(soonest, entries_max);
            }
        }
        self.entries.insert(key, entry);
    }

    fn mark(&mut self, key: String, entries_max: usize) {
        let changed_max = entries_max.max(1).saturating_mul(2);
        if self.changed.len() >= changed_max && !self.changed.contains(&key) {
            // There are more keys than entries, so one of them is of a removal.
            let removal = self.changed.iter().find(|key| !self.entries.contains_key(*key)).cloned();
            removal.map(|removal| self.changed.remove(&removal));
        }
        self.changed.insert(key);
    }
}

/// The states of all routes and responders, by scope; each keeps its own over a reload.
#[derive(Debug)]
pub struct States {
    scopes: Mutex<Scopes>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Scopes {
    live: HashMap<String, Arc<State>>,
    /// What was written down before the start, until its scope is asked for.
    loaded: HashMap<String, Vec<StateChange>>,
}

impl States {
    /// None yet.
    pub fn new(clock: Clock) -> States {
        States { scopes: Mutex::default(), clock }
    }

    /// Takes over what was written down before the start.
    pub fn load(&self, changes: Vec<StateChange>) {
        let mut scopes = self.lock();
        for change in changes {
            scopes.loaded.entry(change.scope.clone()).or_default().push(change);
        }
        let Scopes { live, loaded } = &mut *scopes;
        for (scope, state) in live {
            state.fill(loaded.remove(scope).unwrap_or_default());
        }
    }

    /// The state of one scope, made where it isn't there.
    pub fn of(&self, scope: &str, entries_max: usize) -> Arc<State> {
        let mut scopes = self.lock();
        // Scopes that no generation knows any more and that hold nothing are let go.
        scopes.live.retain(|_, state| Arc::strong_count(state) > 1 || !state.holds_nothing());
        if let Some(state) = scopes.live.get(scope) {
            return Arc::clone(state);
        }
        let state = Arc::new(State::new(scope, entries_max, self.clock.clone()));
        state.fill(scopes.loaded.remove(scope).unwrap_or_default());
        scopes.live.insert(scope.to_owned(), Arc::clone(&state));
        state
    }

    fn lock(&self) -> MutexGuard<'_, Scopes> {
        // Each change is a single insert or remove, so a panic elsewhere left it whole.
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
