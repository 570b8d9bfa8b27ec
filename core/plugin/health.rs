//! How a plugin has been doing. One that fails again and again is put into quarantine: it isn't
//! called for a while, and where it fails the next time too, that while doubles.
//!
//! Only work on callbacks that were found genuine counts, for good and for bad: whoever can send a
//! forged one can neither shut a route nor keep it shut. And each duty counts by itself: one that
//! can't confirm still takes callbacks, and callbacks that it takes say nothing of its confirming.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::binding::Duty;
use super::fault::Fault;

/// When a plugin is put into quarantine, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Faults in a row that lead to it.
    pub faults: u32,
    /// How long the first one is.
    pub least: Duration,
    /// How long the longest is.
    pub most: Duration,
}

impl Default for Quarantine {
    fn default() -> Quarantine {
        Quarantine { faults: 5, least: Duration::from_secs(1), most: Duration::from_secs(60) }
    }
}

/// One plugin's record.
#[derive(Debug)]
pub(super) struct Health {
    rules: Quarantine,
    /// By duty, whether the last work failed: what does well needs no lock to say so.
    failing: [AtomicBool; Duty::COUNT],
    record: Mutex<Record>,
    /// Genuine callbacks to come that are taken step by step.
    stepwise: AtomicU32,
    /// How many those were at first; 0 once one was taken whole.
    doubt: AtomicU32,
}

/// Genuine callbacks that a plugin is asked of step by step after it failed to take one whole:
/// enough for a plugin that keeps failing to be seen, and shut out. Twice as many each time that
/// none was taken whole in between, up to the most.
const STEPWISE: u32 = 100;
const STEPWISE_MOST: u32 = 100_000;

#[derive(Debug, Default)]
struct Record {
    faults: u64,
    last: Option<Fault>,
    /// By duty.
    rows: [Row; Duty::COUNT],
}

/// Faults since it last did well at one duty, and what came of them.
#[derive(Debug, Default)]
struct Row {
    faults: u32,
    /// How long the last quarantine was.
    length: Duration,
    until: Option<Instant>,
}

impl Row {
    /// How much longer it isn't called.
    fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until.map(|until| until.saturating_duration_since(now));
        left.filter(|left| !left.is_zero())
    }
}

/// How a plugin is doing, for whoever looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthReport {
    /// Faults that counted, since it was loaded.
    pub faults: u64,
    /// Those since it last did well, at the duty at which these are the most.
    pub in_a_row: u32,
    /// The last of them.
    pub last: Option<Fault>,
    /// What it isn't called for now: for these it is in quarantine.
    pub shut: Vec<Duty>,
    /// How much longer that lasts, at the longest.
    pub quarantine: Option<Duration>,
}

impl Health {
    pub(super) fn new(rules: Quarantine) -> Health {
        let (failing, record) = (Default::default(), Mutex::default());
        let (stepwise, doubt) = (AtomicU32::new(0), AtomicU32::new(0));
        Health { rules, failing, record, stepwise, doubt }
    }

    /// May it be called for this?
    pub(super) fn admit(&self, duty: Duty) -> Result<(), Fault> {
        let failing = self.failing[duty as usize].load(Ordering::Relaxed);
        match failing && self.is_shut(duty, Instant::now()) {
            true => Err(Fault::Quarantined),
            false => Ok(()),
        }
    }

    fn is_shut(&self, duty: Duty, now: Instant) -> bool {
        self.lock().rows[duty as usize].left(now).is_some()
    }

    /// Is the next callback asked of in one call? Where that fails, nobody knows which step did.
    pub(super) fn trusts_whole(&self) -> bool {
        self.stepwise.load(Ordering::Relaxed) == 0
    }

    /// A callback was found genuine step by step. Others don't count: whoever can send a forged one
    /// could end the doubt with it.
    pub(super) fn stepped(&self) {
        let less = |left: u32| left.checked_sub(1);
        // Nearly always there is no doubt, and nothing needs to be written.
        let _ = self.stepwise.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// A callback was taken whole and found genuine.
    pub(super) fn took_whole(&self) {
        if self.doubt.load(Ordering::Relaxed) > 0 {
            self.doubt.store(0, Ordering::Relaxed);
        }
    }

    /// A callback that was asked of in one call brought a fault.
    pub(super) fn doubt_whole(&self) {
        // Calls that had begun before the doubt say nothing new.
        if !self.trusts_whole() {
            return;
        }
        let before = self.doubt.load(Ordering::Relaxed);
        let doubt = before.saturating_mul(2).clamp(STEPWISE, STEPWISE_MOST);
        self.doubt.store(doubt, Ordering::Relaxed);
        self.stepwise.store(doubt, Ordering::Relaxed);
    }

    /// All of its work on a callback went well.
    pub(super) fn did_well(&self, duty: Duty) {
        let failing = &self.failing[duty as usize];
        // Nearly always there is nothing to be ended, and nothing needs to be written.
        if failing.load(Ordering::Relaxed) && failing.swap(false, Ordering::Relaxed) {
            self.lock().rows[duty as usize] = Row::default();
        }
    }

    /// It failed; gives the length of the quarantine that this leads to, if it does.
    pub(super) fn failed(&self, duty: Duty, fault: &Fault, now: Instant) -> Option<Duration> {
        if !fault.is_of_the_plugin() {
            return None;
        }
        let mut record = self.lock();
        record.faults += 1;
        record.last = Some(fault.clone());
        let row = &mut record.rows[duty as usize];
        // Calls that had begun before it was shut out say nothing new.
        if row.left(now).is_some() {
            return None;
        }
        self.failing[duty as usize].store(true, Ordering::Relaxed);
        row.faults = row.faults.saturating_add(1);
        if row.faults < self.rules.faults {
            return None;
        }
        let Quarantine { least, most, .. } = self.rules;
        row.length = (row.length * 2).max(least).min(most.max(least));
        row.until = Some(now + row.length);
        Some(row.length)
    }

    pub(super) fn report(&self) -> HealthReport {
        let now = Instant::now();
        let record = self.lock();
        let left = |duty: Duty| record.rows[duty as usize].left(now);
        HealthReport {
            faults: record.faults,
            in_a_row: record.rows.iter().map(|row| row.faults).max().unwrap_or_default(),
            last: record.last.clone(),
            shut: Duty::ALL.into_iter().filter(|duty| left(*duty).is_some()).collect(),
            quarantine: Duty::ALL.into_iter().filter_map(left).max(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // Plain numbers: whatever a panic elsewhere left is as good as any.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAP: Fault = Fault::Deadline;
    const DUTY: Duty = Duty::Verify;

    #[test]
    fn after_a_fault_that_may_not_count_the_next_ones_are_asked_step_by_step() {
        let (health, _) = health();
        let steps = || {
            let mut steps = 0;
            while !health.trusts_whole() {
                health.stepped();
                steps += 1;
            }
            steps
        };
        assert_eq!(steps(), 0);
        for wanted in [100, 200, 400] {
            health.doubt_whole();
            assert!(!health.trusts_whole() && !health.trusts_whole(), "asking changes nothing");
            (0..20).for_each(|_| health.doubt_whole());
            assert_eq!(steps(), wanted);
        }
        health.took_whole();
        health.doubt_whole();
        assert_eq!(steps(), 100, "as at first");
        let most = (0..20).map(|_| {
            health.doubt_whole();
            steps()
        });
        assert_eq!(most.last(), Some(STEPWISE_MOST));
    }

    fn health() -> (Health, Instant) {
        let (least, most) = (Duration::from_secs(1), Duration::from_secs(3));
        (Health::new(Quarantine { faults: 3, least, most }), Instant::now())
    }

    #[test]
    fn quarantine_comes_after_faults_in_a_row_and_doubles_up_to_a_limit() {
        let (health, mut now) = health();
        let failed = |now| health.failed(DUTY, &TRAP, now).map(|length| length.as_secs());
        assert_eq!((failed(now), failed(now)), (None, None));
        for length in [1, 2, 3, 3] {
            assert!(!health.is_shut(DUTY, now));
            assert_eq!(failed(now), Some(length));
            assert!(health.is_shut(DUTY, now), "for {length} s");
            assert_eq!(failed(now), None, "one that had begun before");
            now += Duration::from_secs(length);
        }
        assert_eq!(health.report().faults, 10);
    }

    #[test]
    fn one_success_ends_all_of_it() {
        let (health, now) = health();
        let failed = || health.failed(DUTY, &TRAP, now).map(|length| length.as_secs());
        assert_eq!([failed(), failed(), failed()], [None, None, Some(1)]);
        health.did_well(DUTY);
        assert!(!health.is_shut(DUTY, now));
        assert_eq!([failed(), failed(), failed()], [None, None, Some(1)], "as at first");
    }

    #[test]
    fn duties_say_nothing_of_each_other() {
        let (health, now) = health();
        for fault in 1..=3 {
            health.failed(Duty::Confirm, &TRAP, now);
            health.did_well(Duty::Verify);
            assert_eq!(health.report().in_a_row, fault);
        }
        assert_eq!(health.report().shut, [Duty::Confirm]);
        assert_eq!(health.admit(Duty::Confirm), Err(Fault::Quarantined));
        assert_eq!(health.admit(Duty::Verify), Ok(()));
    }

    #[test]
    fn what_the_plugin_is_not_to_blame_for_does_not_count() {
        let (health, now) = health();
        for _ in 0..9 {
            assert_eq!(health.failed(DUTY, &Fault::Busy, now), None);
        }
        assert_eq!(health.report().faults, 0);
    }
}
