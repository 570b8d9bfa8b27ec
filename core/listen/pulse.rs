//! What is known of one connection's life: when a byte last moved, since when a head is being sent,
//! how many calls are open. From it follows the one moment at which the connection is given up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Limits;

/// Longer waits are cut to this, so that no sum of times overflows.
pub(super) const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Shared between a connection's stream and its calls.
#[derive(Debug)]
pub(super) struct Pulse {
    head_timeout: Duration,
    idle_timeout: Duration,
    beat: Mutex<Beat>,
    leave: Notify,
}

#[derive(Debug)]
struct Beat {
    moved: Instant,
    /// When a call last began or ended; whatever else moves, as pings do, is none.
    served: Instant,
    /// Whether it was asked to make way.
    asked: bool,
    /// Since when the sender owes the rest of a head. The first is owed from the start on.
    head: Option<Instant>,
    /// Calls that are being served.
    calls: usize,
    /// HTTP/2: frames come at any time, so bytes between calls say nothing about a head.
    multiplexed: bool,
    /// A body was dropped before its end.
    unread: bool,
    /// A response was written though no whole head had come: HTTP itself was refused.
    refused: bool,
    /// It was due, and the stream acted on it.
    given_up: bool,
}

impl Pulse {
    pub(super) fn new(limits: &Limits) -> Pulse {
        let now = Instant::now();
        Pulse {
            head_timeout: limits.head_timeout.min(FOREVER),
            idle_timeout: limits.idle_timeout.min(FOREVER),
            beat: Mutex::new(Beat {
                moved: now,
                served: now,
                asked: false,
                head: Some(now),
                calls: 0,
                multiplexed: false,
                unread: false,
                refused: false,
                given_up: false,
            }),
            leave: Notify::new(),
        }
    }

    /// Bytes came.
    pub(super) fn read(&self) {
        let mut beat = self.beat();
        beat.moved = Instant::now();
        if beat.calls == 0 && !beat.multiplexed {
            let now = beat.moved;
            beat.head.get_or_insert(now);
        }
    }

    /// Bytes went.
    pub(super) fn wrote(&self) {
        let mut beat = self.beat();
        beat.moved = Instant::now();
        beat.refused |= beat.head.is_some() && beat.calls == 0 && !beat.multiplexed;
    }

    /// A whole head has come; the call lasts until what is returned is dropped.
    pub(super) fn begin(pulse: &Arc<Pulse>, multiplexed: bool) -> OpenCall {
        let mut beat = pulse.beat();
        beat.head = None;
        beat.refused = false;
        beat.multiplexed |= multiplexed;
        beat.calls += 1;
        beat.served = Instant::now();
        OpenCall { pulse: Arc::clone(pulse) }
    }

    /// A body won't be read to its end.
    pub(super) fn left_unread(&self) {
        self.beat().unread = true;
    }

    /// Whether a body was left unread.
    pub(super) fn is_unread(&self) -> bool {
        self.beat().unread
    }

    /// Whether the sender may still be sending what nobody will read.
    pub(super) fn is_cut_short(&self) -> bool {
        let beat = self.beat();
        beat.unread || beat.refused
    }

    /// When to give the connection up, as things stand at `now`. Never while a call is served: that
    /// has its own bounds, and no byte need move while an answer is computed.
    pub(super) fn due(&self, now: Instant) -> Instant {
        let beat = self.beat();
        if beat.calls > 0 {
            return now + self.idle_timeout;
        }
        let idle = beat.moved + self.idle_timeout;
        match beat.head {
            Some(since) => idle.min(since + self.head_timeout),
            None => idle,
        }
    }

    /// Since when it has had no call; `None`: it has one, or was asked to leave already.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let beat = self.beat();
        (beat.calls == 0 && !beat.asked).then_some(beat.served)
    }

    /// Asks it to leave, after the call that may just have come.
    pub(super) fn make_way(&self) {
        self.beat().asked = true;
        self.leave.notify_one();
    }

    /// Waits until it is asked to leave.
    pub(super) async fn is_asked(&self) {
        self.leave.notified().await;
    }

    /// The moment has come.
    pub(super) fn give_up(&self) {
        self.beat().given_up = true;
    }

    /// Whether the connection ended because its time was up.
    pub(super) fn is_given_up(&self) -> bool {
        self.beat().given_up
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is being served.
#[derive(Debug)]
pub(super) struct OpenCall {
    pulse: Arc<Pulse>,
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let mut beat = self.pulse.beat();
        beat.calls -= 1;
        beat.moved = Instant::now();
        beat.served = beat.moved;
    }
}
