//! What plugins remember between calls: small values, scoped to a route. Kept in memory for now, so
//! a restart forgets them. Never more than the limit of entries: the one that would have ended
//! soonest makes room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Clock;

/// One route's values.
#[derive(Debug)]
pub struct State {
    entries: Mutex<HashMap<String, Entry>>,
    entries_max: usize,
    clock: Clock,
}

#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    ends_ms: u64,
}

impl State {
    /// An empty one.
    pub fn new(entries_max: usize, clock: Clock) -> State {
        State { entries: Mutex::default(), entries_max, clock }
    }

    /// The value that stands at `key` now.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let now_ms = self.clock.now_ms();
        self.lock().get(key).filter(|entry| entry.ends_ms > now_ms).map(|entry| entry.value.clone())
    }

    /// Puts a value that ends after `ttl_ms`.
    pub fn put(&self, key: String, value: Vec<u8>, ttl_ms: u64) {
        let now_ms = self.clock.now_ms();
        insert(&mut self.lock(), self.entries_max, now_ms, (key, value, ttl_ms));
    }

    /// Takes a value away.
    pub fn remove(&self, key: &str) {
        self.lock().remove(key);
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
        let mut entries = self.lock();
        let standing = entries.get(&key).filter(|entry| entry.ends_ms > now_ms);
        if standing.map(|entry| entry.value.as_slice()) != old {
            return false;
        }
        insert(&mut entries, self.entries_max, now_ms, (key, new, ttl_ms));
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // Each change is a single insert or remove, so a panic elsewhere left it whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn insert(
    entries: &mut HashMap<String, Entry>,
    entries_max: usize,
    now_ms: u64,
    (key, value, ttl_ms): (String, Vec<u8>, u64),
) {
    if entries.len() >= entries_max && !entries.contains_key(&key) {
        entries.retain(|_, entry| entry.ends_ms > now_ms);
        if entries.len() >= entries_max
            && let Some(soonest) =
                entries.iter().min_by_key(|(_, entry)| entry.ends_ms).map(|(key, _)| key.clone())
        {
            entries.remove(&soonest);
        }
    }
    entries.insert(key, Entry { value, ends_ms: now_ms.saturating_add(ttl_ms) });
}

/// The states of all routes, by name; a route keeps its own over a reload.
#[derive(Debug)]
pub struct States {
    by_scope: Mutex<HashMap<String, Arc<State>>>,
    clock: Clock,
}

impl States {
    /// None yet.
    pub fn new(clock: Clock) -> States {
        States { by_scope: Mutex::default(), clock }
    }

    /// The state of one scope, made where it isn't there.
    pub fn of(&self, scope: &str, entries_max: usize) -> Arc<State> {
        let mut by_scope = self.by_scope.lock().unwrap_or_else(PoisonError::into_inner);
        // Scopes that no generation knows any more and that hold nothing are let go.
        by_scope.retain(|_, state| Arc::strong_count(state) > 1 || !state.lock().is_empty());
        let made = || Arc::new(State::new(entries_max, self.clock.clone()));
        Arc::clone(by_scope.entry(scope.to_owned()).or_insert_with(made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_and_the_soonest_makes_room() {
        let clock = Clock::manual(1000);
        let state = State::new(2, clock.clone());
        state.put("a".into(), vec![1], 10);
        state.put("b".into(), vec![2], 500);
        state.put("c".into(), vec![3], 100);
        assert_eq!((state.get("a"), state.get("b")), (None, Some(vec![2])));
        clock.set(1100);
        assert_eq!((state.get("c"), state.get("b")), (None, Some(vec![2])));
    }

    #[test]
    fn compare_and_put_needs_the_old_value() {
        let state = State::new(2, Clock::manual(0));
        assert!(!state.compare_and_put("k".into(), Some(b"x"), vec![1], 10));
        assert!(state.compare_and_put("k".into(), None, vec![1], 10));
        assert!(!state.compare_and_put("k".into(), None, vec![2], 10));
        assert!(state.compare_and_put("k".into(), Some(&[1]), vec![2], 10));
        assert_eq!(state.get("k"), Some(vec![2]));
    }
}
