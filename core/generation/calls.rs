//! How many callbacks are being taken on one generation now.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts them.
#[derive(Debug, Default)]
pub struct Calls(AtomicUsize);

/// One of them, for as long as this is kept.
#[derive(Debug)]
pub struct InFlight<'c>(&'c Calls);

impl Calls {
    /// One more is taken.
    pub fn enter(&self) -> InFlight<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// How many there are now.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
