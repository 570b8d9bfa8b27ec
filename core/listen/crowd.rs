//! All connections of a listener, for when there is no room for another one: whoever has been
//! without a call for longest makes way. So nobody can hold all places by doing nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::pulse::Pulse;

/// Whoever has been without a call for less may be about to make one.
const IDLE_LEAST: Duration = Duration::from_secs(1);
/// How often it is looked again for somebody who may go.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Who is connected, and how many may be.
#[derive(Debug)]
pub(super) struct Crowd {
    room: Arc<Semaphore>,
    present: Mutex<Present>,
}

#[derive(Debug, Default)]
struct Present {
    pulses: HashMap<u64, Arc<Pulse>>,
    next: u64,
}

/// One connection's entry, as long as it lasts.
#[derive(Debug)]
pub(super) struct Entry<'c> {
    crowd: &'c Crowd,
    number: u64,
}

impl Crowd {
    /// So many at once.
    pub(super) fn new(connections: usize) -> Crowd {
        let room = connections.clamp(1, Semaphore::MAX_PERMITS);
        Crowd { room: Arc::new(Semaphore::new(room)), present: Mutex::default() }
    }

    /// A place for one more, once there is one.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            let place = Arc::clone(&self.room).acquire_owned();
            if self.room.available_permits() == 0 {
                self.make_way(Instant::now());
            }
            match timeout(LOOK_AGAIN, place).await {
                Ok(Ok(place)) => return place,
                // Nobody closes it; were it closed, there would be no next connection.
                Ok(Err(_)) => return std::future::pending().await,
                Err(_) => {}
            }
        }
    }

    /// Remembers one that is there now.
    pub(super) fn enter(&self, pulse: &Arc<Pulse>) -> Entry<'_> {
        let mut present = self.present();
        let number = present.next;
        present.next += 1;
        present.pulses.insert(number, Arc::clone(pulse));
        Entry { crowd: self, number }
    }

    /// Asks the one to leave that has been without a call for longest.
    fn make_way(&self, now: Instant) {
        let present = self.present();
        let idle = present.pulses.values().filter_map(|pulse| Some((pulse.idle_since()?, pulse)));
        if let Some((since, longest)) = idle.min_by_key(|(since, _)| *since)
            && now.saturating_duration_since(since) >= IDLE_LEAST
        {
            longest.make_way();
        }
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        // Nothing in here breaks off half-way.
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.crowd.present().pulses.remove(&self.number);
    }
}
