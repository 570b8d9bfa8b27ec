//! The only place that reads the wall clock. Everything else is told the time, so tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where "now" comes from: the system, or a test's hand.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    set_ms: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that stands at `now_ms` until [`Clock::set`] moves it.
    pub fn manual(now_ms: u64) -> Clock {
        Clock { set_ms: Some(Arc::new(AtomicU64::new(now_ms))) }
    }

    /// Moves a manual clock; the system's clock stays as it is.
    pub fn set(&self, now_ms: u64) {
        if let Some(set) = &self.set_ms {
            set.store(now_ms, Ordering::SeqCst);
        }
    }

    /// Unix time in milliseconds; 0 where the system's clock stands before 1970.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now_ms(&self) -> u64 {
        match &self.set_ms {
            Some(set) => set.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}
