//! What is known of a route by its name, over reloads: when it last had a genuine callback, whether
//! it counts as silent, and how long the stages of its callbacks take. Written by relaxed atomics
//! alone, since every callback does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Generation, Route};
use crate::model::units::millis;
use crate::observe::{Level, Reading, Spread, notice, traces};

/// A part of the work on a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its body comes in.
    Read,
    /// The adapter says whether it is genuine; with the wait for an instance. One that takes
    /// callbacks whole does all of its work here, and the stages that it has done take no time.
    Verify,
    /// The adapter says what it holds.
    Parse,
    /// The store writes it down.
    Record,
    /// A request's answer is waited for.
    Answer,
    /// The adapter words the reply.
    Respond,
}

impl Stage {
    /// All of them, in their order.
    const ALL: [Stage; 6] =
        [Stage::Read, Stage::Verify, Stage::Parse, Stage::Record, Stage::Answer, Stage::Respond];

    fn word(self) -> &'static str {
        match self {
            Stage::Read => "read",
            Stage::Verify => "verify",
            Stage::Parse => "parse",
            Stage::Record => "record",
            Stage::Answer => "answer",
            Stage::Respond => "respond",
        }
    }
}

/// One route's.
#[derive(Debug)]
pub struct Pulse {
    /// When its last genuine callback came, Unix milliseconds; 0: none is known.
    genuine_ms: AtomicU64,
    /// Since when it is listened to, Unix milliseconds; 0: not yet.
    since_ms: AtomicU64,
    silent: AtomicBool,
    stages: [Spread; Stage::ALL.len()],
}

impl Default for Pulse {
    fn default() -> Pulse {
        Pulse {
            genuine_ms: AtomicU64::new(0),
            since_ms: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            stages: std::array::from_fn(|_| Spread::of_times()),
        }
    }
}

impl Pulse {
    /// A genuine callback came, or is known to have come, at this time, Unix milliseconds.
    pub fn genuine(&self, at_ms: u64) {
        self.genuine_ms.store(at_ms, Ordering::Relaxed);
    }

    /// When the last genuine callback came, Unix milliseconds; `None`: none is known.
    pub fn last_genuine_ms(&self) -> Option<u64> {
        Some(self.genuine_ms.load(Ordering::Relaxed)).filter(|at_ms| *at_ms > 0)
    }

    /// Whether it counts as silent: as was last found, and told in the log.
    pub fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    /// Does the work of a stage; how long it took is counted, however it ends. The work is pinned
    /// where it is made: by value it would be copied at every step, and stand in each of them.
    pub async fn timed<T>(&self, stage: Stage, work: impl Future<Output = T> + Unpin) -> T {
        let (began, span) = (Instant::now(), traces::stage());
        let done = work.await;
        span.ended(stage.word());
        self.stages[stage as usize].took(began.elapsed());
        done
    }

    /// How long each stage takes, of those that there were.
    pub fn stages(&self) -> impl Iterator<Item = (&'static str, Reading)> {
        let reading = |stage: Stage| (stage.word(), self.stages[stage as usize].read());
        Stage::ALL.into_iter().map(reading).filter(|(_, read)| read.count > 0)
    }

    /// Looks whether it has been without a genuine callback for longer than `expected`; says so
    /// where that is news.
    fn look(&self, expected: Option<Duration>, now_ms: u64) -> Option<bool> {
        // What nobody listened to before is given its time from now on.
        let _ = self.since_ms.compare_exchange(0, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        let since_ms = || self.since_ms.load(Ordering::Relaxed);
        let heard_ms = self.last_genuine_ms().unwrap_or_else(since_ms);
        let over = |expected| now_ms.saturating_sub(heard_ms) >= millis(expected);
        let silent = expected.is_some_and(over);
        (self.silent.swap(silent, Ordering::Relaxed) != silent).then_some(silent)
    }
}

impl Generation {
    /// Looks which routes have been without a genuine callback for longer than they expect, and
    /// logs those of which that is new, or new no more.
    pub fn look_for_silence(&self, now_ms: u64) {
        for route in self.routes.targets() {
            let Route { name, expect_every, pulse, .. } = &**route;
            match pulse.look(*expect_every, now_ms) {
                None => {}
                Some(true) => {
                    let expected = expect_every.unwrap_or_default();
                    let line = format!(
                        "route \"{name}\" is silent: no genuine callback for {expected:?}, which \
                         is what it expects"
                    );
                    notice(Level::Warn, &line);
                }
                Some(false) => notice(Level::Info, &format!("route \"{name}\" is silent no more")),
            }
        }
    }

    /// The pulse of the route of this name, to be gone on with.
    pub fn pulse(&self, route: &str) -> Option<Arc<Pulse>> {
        self.route(route).map(|route| Arc::clone(&route.pulse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Option<Duration> = Some(Duration::from_secs(3600));
    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn silence_begins_once_and_ends_once() {
        let pulse = Pulse::default();
        let start = 10 * HOUR_MS;
        for (now_ms, genuine, expected, news) in [
            (start, false, HOUR, None),
            (start + HOUR_MS - 1, false, HOUR, None),
            (start + HOUR_MS, false, HOUR, Some(true)),
            (start + 5 * HOUR_MS, false, HOUR, None),
            (start + 6 * HOUR_MS, true, HOUR, Some(false)),
            (start + 7 * HOUR_MS - 1, false, HOUR, None),
            (start + 7 * HOUR_MS, false, HOUR, Some(true)),
            // The config expects nothing any more, then it does again.
            (start + 7 * HOUR_MS, false, None, Some(false)),
            (start + 7 * HOUR_MS, false, HOUR, Some(true)),
            // The clock is set back: nobody knows how long it was.
            (start, false, HOUR, Some(false)),
        ] {
            if genuine {
                pulse.genuine(now_ms);
            }
            assert_eq!(pulse.look(expected, now_ms), news, "{now_ms}");
        }
        assert!(!pulse.is_silent());
    }

    #[test]
    fn what_the_store_knows_counts_from_before_the_start() {
        let pulse = Pulse::default();
        assert_eq!(pulse.last_genuine_ms(), None);
        pulse.genuine(HOUR_MS);
        assert_eq!(pulse.look(HOUR, 3 * HOUR_MS), Some(true));
        assert_eq!((pulse.last_genuine_ms(), pulse.is_silent()), (Some(HOUR_MS), true));
    }

    #[tokio::test]
    async fn stages_that_there_were_are_told_in_their_order() {
        let pulse = Pulse::default();
        for stage in [Stage::Respond, Stage::Read, Stage::Read] {
            pulse.timed(stage, std::future::ready(())).await;
        }
        let told: Vec<_> = pulse.stages().map(|(word, read)| (word, read.count)).collect();
        assert_eq!(told, [("read", 2), ("respond", 1)]);
    }
}
