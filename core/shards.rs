//! A thing in several copies, of which each thread uses one of its own: what every callback writes
//! to would else be passed from processor to processor all the time.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Copies for each processor: threads that only look in now and then take numbers as well, and two
/// that are always at work shall not come to share one for that.
const PER_PROCESSOR: usize = 4;
/// Copies that there are at most: more threads share them.
const MOST: usize = 16;

/// The copies, no two on one line of a processor's cache.
#[derive(Debug)]
pub(crate) struct Shards<T>(Box<[Apart<T>]>);

/// Processors fetch lines of 64 bytes in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Apart<T>(T);

impl<T> Shards<T> {
    /// So many that those who are at work at once hardly ever share one.
    pub(crate) fn new(make: impl Fn() -> T) -> Shards<T> {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Shards::so_many((PER_PROCESSOR * processors).min(MOST), make)
    }

    fn so_many(count: usize, make: impl Fn() -> T) -> Shards<T> {
        Shards((0..count.max(1)).map(|_| Apart(make())).collect())
    }

    /// The one of the thread that asks.
    pub(crate) fn own(&self) -> &T {
        &self.0[this_thread() % self.0.len()].0
    }

    /// All of them, beginning with the one of the thread that asks.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        let (before, from) = self.0.split_at(this_thread() % self.0.len());
        from.iter().chain(before).map(|Apart(copy)| copy)
    }
}

/// Threads by the order in which they first asked.
fn this_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    OWN.with(|own| *own)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_thread_has_its_own_and_sees_all() {
        let shards = Shards::so_many(3, || Mutex::new(0));
        let enter = || *shards.own().lock().expect("nobody panicked") += 1;
        std::thread::scope(|scope| {
            for _ in 0..3 {
                // One after the other: their numbers follow each other.
                let ran = scope.spawn(|| (0..5).for_each(|_| enter()));
                ran.join().expect("it ended");
            }
        });
        let counts = || shards.all().map(|count| *count.lock().expect("nobody panicked"));
        assert_eq!(counts().sum::<i32>(), 15);
        enter();
        let own: *const _ = shards.own();
        assert!(std::ptr::eq(shards.all().next().expect("the first"), own));
        assert_eq!(shards.all().count(), 3);
        assert_eq!(Shards::so_many(0, || ()).all().count(), 1, "there is always one");
    }
}
