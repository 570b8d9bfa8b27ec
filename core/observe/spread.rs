//! How times, or sizes, spread over buckets, for what is counted on every call: relaxed atomics, of
//! each thread's own, and nothing else, no lock and nothing allocated. Readers may see one
//! observation half entered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::shards::Shards;

/// Upper bounds of times, in nanoseconds: 10 µs to 30 s.
const TIMES: [u64; 20] = [
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// Upper bounds of sizes.
const SIZES: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/// Times, in nanoseconds, or sizes, by how large they are.
#[derive(Debug)]
pub struct Spread {
    bounds: &'static [u64],
    /// Units of what is entered in one of what is told.
    unit: f64,
    entered: Shards<Entered>,
}

#[derive(Debug)]
struct Entered {
    /// One more than there are bounds: what is above all of them.
    counts: [AtomicU64; TIMES.len() + 1],
    sum: AtomicU64,
}

/// What was entered so far; times in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// How many.
    pub count: u64,
    /// All of them together.
    pub sum: f64,
    /// Each upper bound with how many are at most that, and above the bound before; the last has
    /// none.
    pub(super) buckets: Vec<(f64, u64)>,
}

impl Spread {
    /// For times.
    pub fn of_times() -> Spread {
        Spread::new(&TIMES, 1e9)
    }

    /// For sizes.
    pub fn of_sizes() -> Spread {
        Spread::new(&SIZES, 1.0)
    }

    fn new(bounds: &'static [u64], unit: f64) -> Spread {
        let counts = || std::array::from_fn(|_| AtomicU64::new(0));
        let entered = Shards::new(|| Entered { counts: counts(), sum: AtomicU64::new(0) });
        Spread { bounds, unit, entered }
    }

    /// One more took so long.
    pub fn took(&self, time: Duration) {
        self.enter(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// One more is this large.
    pub fn enter(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        let entered = self.entered.own();
        entered.counts[place].fetch_add(1, Ordering::Relaxed);
        entered.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What was entered so far.
    pub fn read(&self) -> Reading {
        let bounds = self.bounds.iter().map(|bound| *bound as f64 / self.unit);
        let all = |load: &dyn Fn(&Entered) -> u64| self.entered.all().map(load).sum::<u64>();
        let count = |place: usize| all(&|one| one.counts[place].load(Ordering::Relaxed));
        let counts = (0..).map(count);
        let buckets: Vec<_> = bounds.chain([f64::MAX]).zip(counts).collect();
        Reading {
            count: buckets.iter().map(|(_, count)| count).sum(),
            sum: all(&|one| one.sum.load(Ordering::Relaxed)) as f64 / self.unit,
            buckets,
        }
    }
}

impl Reading {
    /// The mean, in the unit of the sum; `None` where nothing was entered.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_entered_stands_in_its_bucket() {
        let spread = Spread::of_times();
        assert_eq!((spread.read().count, spread.read().mean()), (0, None));
        for micros in [1, 10, 11, 60_000_000] {
            spread.took(Duration::from_micros(micros));
        }
        let read = spread.read();
        assert_eq!((read.count, read.buckets.len()), (4, TIMES.len() + 1));
        assert_eq!(read.buckets[..2], [(0.000_01, 2), (0.000_025, 1)]);
        assert_eq!(read.buckets.last(), Some(&(f64::MAX, 1)), "above all bounds");
        assert!((read.sum - 60.000_022).abs() < 1e-9);
        let sizes = Spread::of_sizes();
        [3, 5, 10_000].into_iter().for_each(|size| sizes.enter(size));
        assert_eq!(sizes.read().mean(), Some(10_008.0 / 3.0));
        assert_eq!(sizes.read().buckets[2..4], [(4.0, 1), (8.0, 1)]);
    }
}
