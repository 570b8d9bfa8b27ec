//! What a plugin did for callbacks: how often it was called and how long that took, its faults, its
//! memory. Held by the plugin, so it is shared between generations as that is, and goes with it.
//! What is made only to look (a rehearsal, an explanation, a check of the config) isn't counted.
//! Relaxed atomics: a call takes no lock and allocates nothing for it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::call::Phase;
use super::fault::Fault;
use crate::observe::{Reading, Spread};

/// The phases that a callback can lead to.
const PHASES: [Phase; 6] =
    [Phase::Take, Phase::Verify, Phase::Parse, Phase::Respond, Phase::Confirm, Phase::Compute];

/// One plugin's counts.
#[derive(Debug)]
pub(super) struct Counts {
    /// By phase.
    calls: [Spread; Phase::COUNT],
    opened: Spread,
    /// In the order of their words.
    faults: [AtomicU64; Fault::WORDS.len()],
    memory_most: AtomicUsize,
}

/// What a plugin did for callbacks since it was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Calls that ended, well or not, by their phase: how many, and how long they took.
    pub calls: Vec<(&'static str, Reading)>,
    /// Instances that were made, without the wait for a slot.
    pub opened: Reading,
    /// Times that a kept instance was there to be taken instead.
    pub reused: u64,
    /// Faults by their words, all of them.
    pub faults: Vec<(&'static str, u64)>,
    /// The most memory that one instance came to hold, in bytes.
    pub memory_most: u64,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            calls: std::array::from_fn(|_| Spread::of_times()),
            opened: Spread::of_times(),
            faults: std::array::from_fn(|_| AtomicU64::new(0)),
            memory_most: AtomicUsize::new(0),
        }
    }
}

impl Counts {
    pub(super) fn called(&self, phase: Phase, took: Duration) {
        self.calls[phase as usize].took(took);
    }

    pub(super) fn opened(&self, took: Duration) {
        self.opened.took(took);
    }

    pub(super) fn failed(&self, fault: &Fault) {
        let place = Fault::WORDS.iter().position(|word| *word == fault.word());
        if let Some(count) = place.and_then(|place| self.faults.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn held(&self, memory_bytes: usize) {
        // Nearly always it is no more than before, and nothing needs to be written.
        if memory_bytes > self.memory_most.load(Ordering::Relaxed) {
            self.memory_most.fetch_max(memory_bytes, Ordering::Relaxed);
        }
    }

    /// `reused`: how often a kept instance was taken.
    pub(super) fn read(&self, reused: u64) -> Counted {
        let call = |phase: Phase| (phase.word(), self.calls[phase as usize].read());
        let faults = self.faults.iter().map(|count| count.load(Ordering::Relaxed));
        Counted {
            calls: PHASES.into_iter().map(call).collect(),
            opened: self.opened.read(),
            reused,
            faults: Fault::WORDS.into_iter().zip(faults).collect(),
            memory_most: self.memory_most.load(Ordering::Relaxed) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_place() {
        let text = String::new;
        let faults = [
            Fault::Deadline,
            Fault::Memory,
            Fault::Table,
            Fault::Stack,
            Fault::Trap(text()),
            Fault::Forbidden(""),
            Fault::NoKey(text()),
            Fault::Returned(text()),
            Fault::Busy,
            Fault::Missing(""),
            Fault::Quarantined,
        ];
        let counts = Counts::default();
        faults.iter().for_each(|fault| counts.failed(fault));
        let all: Vec<_> = faults.iter().map(|fault| (fault.word(), 1)).collect();
        assert_eq!(counts.read(0).faults, all);
    }

    #[test]
    fn the_most_memory_stays() {
        let counts = Counts::default();
        [10, 30, 20].into_iter().for_each(|bytes| counts.held(bytes));
        assert_eq!(counts.read(0).memory_most, 30);
    }
}
