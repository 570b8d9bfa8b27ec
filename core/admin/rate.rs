//! How often a key may call: 100 calls at once, and 50 a second after that. There are as many
//! buckets as keys, and no more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Calls at once.
const BURST: u64 = 100;
/// Calls a second, for as long as one likes; and thousandths of a call a millisecond.
const PER_SECOND: u64 = 50;
/// A bucket is counted in thousandths of a call.
const CALL: u64 = 1000;

/// What is left of one key's calls.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at_ms: u64,
}

impl Bucket {
    fn full(now_ms: u64) -> Bucket {
        Bucket { left: BURST * CALL, at_ms: now_ms }
    }

    /// Takes one call out, where there is one. A clock that was set back fills nothing.
    fn take(&mut self, now_ms: u64) -> bool {
        let filled = now_ms.saturating_sub(self.at_ms).saturating_mul(PER_SECOND);
        self.left = self.left.saturating_add(filled).min(BURST * CALL);
        self.at_ms = now_ms;
        match self.left.checked_sub(CALL) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

/// The buckets of all keys.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<String, Bucket>>);

impl Rates {
    /// Takes one call of this key's, where it has one left. `key` is a key of the config.
    pub(super) fn take(&self, key: &str, now_ms: u64) -> bool {
        // Plain numbers, each written whole.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match buckets.get_mut(key) {
            Some(bucket) => bucket.take(now_ms),
            None => buckets.entry(key.to_owned()).or_insert(Bucket::full(now_ms)).take(now_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rates: &Rates, key: &str, now_ms: u64) -> usize {
        (0..1000).take_while(|_| rates.take(key, now_ms)).count()
    }

    #[test]
    fn a_burst_and_then_fifty_a_second() {
        let rates = Rates::default();
        for (now_ms, calls) in [
            (5000, 100),
            (5000, 0),
            (5019, 0),
            (5020, 1),
            (5059, 1),
            (5060, 1),
            (6060, 50),
            // Set back by an hour: nothing is won, and it goes on from there.
            (1000, 0),
            (1020, 1),
            (3_601_020, 100),
        ] {
            assert_eq!(taken(&rates, "a", now_ms), calls, "at {now_ms}");
        }
        assert_eq!(taken(&rates, "b", 3_601_020), 100, "each key has its own");
        let mut bucket = Bucket::full(0);
        assert!(bucket.take(u64::MAX));
    }
}
