//! Leaves whoever is down alone for a while: a destination, so that its deliveries don't use up
//! their attempts, or who answers requests, so that nobody waits in vain. A pure state machine. It
//! opens after some failures in a row; later one attempt is let through, and what comes of that
//! closes it, or opens it for longer.

use std::time::Duration;

use super::units::millis;

/// When somebody counts as down, and for how long they are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerLimits {
    /// Failed attempts in a row that open it.
    pub faults: u32,
    /// How long it is open first; that doubles with each failed try.
    pub least: Duration,
    /// The longest that it is open.
    pub most: Duration,
}

impl Default for BreakerLimits {
    fn default() -> BreakerLimits {
        BreakerLimits { faults: 5, least: Duration::from_secs(30), most: Duration::from_secs(300) }
    }
}

/// The breaker of one destination, or of one who answers.
#[derive(Debug)]
pub struct Breaker {
    limits: BreakerLimits,
    state: State,
    /// How often it opened since it was last closed.
    opened: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// With so many failures in a row.
    Closed { faults: u32 },
    /// Until then, Unix milliseconds; from then on one attempt may try.
    Open { until_ms: u64 },
    /// One attempt tries.
    Trying,
}

/// Leave for one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "how the attempt ended has to be told"]
pub enum Pass {
    /// One of many.
    Usual,
    /// The one that tries whether the destination is back.
    Trial,
}

/// How many attempts may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// As many as there are places.
    All,
    /// One, as a trial.
    One,
    /// None before this time, Unix milliseconds; `None`: before the trial ended.
    Not(Option<u64>),
}

impl Breaker {
    /// A closed one.
    pub fn new(limits: BreakerLimits) -> Breaker {
        Breaker { limits, state: State::Closed { faults: 0 }, opened: 0 }
    }

    /// What may begin at `now_ms`.
    pub fn leave(&self, now_ms: u64) -> Leave {
        match self.state {
            State::Closed { .. } => Leave::All,
            State::Trying => Leave::Not(None),
            // A time that is further off than any wait means that the clock was set back.
            State::Open { until_ms }
                if until_ms > now_ms && until_ms - now_ms <= self.most_ms() =>
            {
                Leave::Not(Some(until_ms))
            }
            State::Open { .. } => Leave::One,
        }
    }

    /// Until when nothing is let through, Unix milliseconds; 0 while one attempt tries.
    pub fn until_ms(&self) -> Option<u64> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { until_ms } => Some(until_ms),
            State::Trying => Some(0),
        }
    }

    /// An attempt begins, with the leave for it.
    pub fn begin(&mut self) -> Pass {
        match self.state {
            State::Closed { .. } => Pass::Usual,
            State::Open { .. } | State::Trying => {
                self.state = State::Trying;
                Pass::Trial
            }
        }
    }

    /// An attempt ended: was the destination down?
    pub fn end(&mut self, pass: Pass, down: bool, now_ms: u64) {
        match (self.state, pass) {
            // Whoever came through, the destination is there.
            _ if !down => {
                self.state = State::Closed { faults: 0 };
                self.opened = 0;
            }
            (State::Closed { faults }, _) if faults + 1 < self.limits.faults => {
                self.state = State::Closed { faults: faults + 1 };
            }
            (State::Closed { .. }, _) | (State::Trying, Pass::Trial) => self.open(now_ms),
            // Those that began before it opened say nothing new.
            (State::Open { .. } | State::Trying, _) => {}
        }
    }

    fn open(&mut self, now_ms: u64) {
        let least_ms = millis(self.limits.least);
        let doubled_ms =
            least_ms.saturating_mul(1_u64.checked_shl(self.opened).unwrap_or(u64::MAX));
        self.opened = self.opened.saturating_add(1);
        let until_ms = now_ms.saturating_add(doubled_ms.min(self.most_ms()));
        self.state = State::Open { until_ms };
    }

    fn most_ms(&self) -> u64 {
        millis(self.limits.most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_opens_doubles_and_closes() {
        let mut breaker = Breaker::new(BreakerLimits::default());
        for _ in 0..5 {
            assert_eq!(breaker.leave(0), Leave::All);
            let pass = breaker.begin();
            breaker.end(pass, true, 0);
        }
        let mut now_ms = 0;
        for wait_s in [30, 60, 120, 240, 300, 300] {
            let until_ms = now_ms + wait_s * 1000;
            assert_eq!(breaker.leave(now_ms), Leave::Not(Some(until_ms)));
            assert_eq!(breaker.leave(until_ms - 1), Leave::Not(Some(until_ms)));
            assert_eq!(breaker.leave(until_ms), Leave::One);
            now_ms = until_ms;
            let pass = breaker.begin();
            assert_eq!((pass, breaker.leave(now_ms)), (Pass::Trial, Leave::Not(None)));
            breaker.end(Pass::Usual, true, now_ms);
            assert_eq!(breaker.leave(now_ms), Leave::Not(None), "an old attempt is no trial");
            breaker.end(pass, true, now_ms);
        }
        assert_eq!(breaker.leave(0), Leave::One, "the clock was set back");
        let pass = breaker.begin();
        breaker.end(pass, false, now_ms);
        assert_eq!(breaker.leave(now_ms), Leave::All);
        for _ in 0..5 {
            breaker.end(Pass::Usual, true, now_ms);
        }
        assert_eq!(breaker.leave(now_ms), Leave::Not(Some(now_ms + 30_000)), "it began anew");
    }

    proptest! {
        /// Attempts begin and end in any order while time goes on.
        #[test]
        fn it_never_locks_up_and_never_opens_early(
            steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0_u64..100_000), 0..200),
        ) {
            let limits = BreakerLimits::default();
            let mut breaker = Breaker::new(limits);
            let (mut now_ms, mut row, mut flying) = (0, 0, Vec::new());
            for (begins, down, passed_ms) in steps {
                now_ms += passed_ms;
                let leave = breaker.leave(now_ms);
                prop_assert!(row >= limits.faults || leave == Leave::All);
                if let Leave::Not(Some(until_ms)) = leave {
                    prop_assert!(until_ms > now_ms && until_ms - now_ms <= 300_000);
                }
                if begins && !matches!(leave, Leave::Not(_)) {
                    flying.push(breaker.begin());
                } else if !flying.is_empty() {
                    breaker.end(flying.remove(0), down, now_ms);
                    row = if down { row + 1 } else { 0 };
                    prop_assert!(down || breaker.leave(now_ms) == Leave::All);
                }
                let trials = flying.iter().filter(|pass| **pass == Pass::Trial).count();
                if breaker.leave(now_ms) == Leave::Not(None) {
                    prop_assert!(trials >= 1, "a trial is waited for that nobody makes");
                }
            }
            // Once all have ended and the longest wait is over, something may begin.
            for pass in flying {
                breaker.end(pass, true, now_ms);
            }
            prop_assert!(!matches!(breaker.leave(now_ms + 300_000), Leave::Not(_)));
        }
    }
}
