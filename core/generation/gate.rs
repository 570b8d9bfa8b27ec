//! The gate before one who answers: so many tries at once, and none for a while where they fail
//! again and again. What it knows outlives its generation, as long as the same ones answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::breaker::{Leave, Pass};
use crate::model::{Breaker, BreakerLimits, Clock};
use crate::observe::{Level, notice};

/// The gate of one kind of request.
pub struct Gate {
    /// What lines call it.
    name: Arc<str>,
    /// Who answers, and with what settings: another one is given a new chance.
    target: String,
    concurrency: usize,
    limits: BreakerLimits,
    places: Arc<Semaphore>,
    breaker: Arc<Mutex<Breaker>>,
}

/// Why there is no try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// There are too many already.
    Overloaded,
    /// They fail.
    Failing,
}

/// Leave for one try. Dropped before it is known how the try went, it went badly.
pub struct Trying {
    gate: Arc<str>,
    breaker: Arc<Mutex<Breaker>>,
    pass: Option<Pass>,
    clock: Clock,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    /// An open one. What is known of the one `before` it is taken over, where that stood before
    /// the same target.
    pub fn new(
        (name, target): (&str, String),
        concurrency: usize,
        limits: BreakerLimits,
        before: Option<&Gate>,
    ) -> Gate {
        let before = before.filter(|before| before.target == target);
        let places = before.filter(|before| before.concurrency == concurrency);
        let breaker = before.filter(|before| before.limits == limits);
        let new_places = || Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS)));
        Gate {
            name: name.into(),
            concurrency,
            limits,
            places: places.map_or_else(new_places, |before| Arc::clone(&before.places)),
            breaker: breaker.map_or_else(
                || Arc::new(Mutex::new(Breaker::new(limits))),
                |before| Arc::clone(&before.breaker),
            ),
            target,
        }
    }

    /// Whether nobody is asked now, for failing again and again, or one try is to find out.
    pub fn is_shut(&self) -> bool {
        lock(&self.breaker).until_ms().is_some()
    }

    /// Leave for one try, or why there is none.
    pub fn enter(&self, clock: &Clock) -> Result<Trying, Closed> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Closed::Overloaded)?;
        let mut breaker = lock(&self.breaker);
        if matches!(breaker.leave(clock.now_ms()), Leave::Not(_)) {
            return Err(Closed::Failing);
        }
        Ok(Trying {
            gate: Arc::clone(&self.name),
            breaker: Arc::clone(&self.breaker),
            pass: Some(breaker.begin()),
            clock: clock.clone(),
            _place: place,
        })
    }
}

impl Trying {
    /// How it went: was it the fault of who answers? Only the first word counts.
    pub fn went(&mut self, badly: bool) {
        let Some(pass) = self.pass.take() else { return };
        let now_ms = self.clock.now_ms();
        let mut breaker = lock(&self.breaker);
        let before = breaker.until_ms();
        breaker.end(pass, badly, now_ms);
        let after = breaker.until_ms();
        drop(breaker);
        let name = &self.gate;
        match after {
            _ if before == after => {}
            None => notice(Level::Info, &format!("{name} is asked again")),
            Some(until_ms) => {
                let wait_ms = until_ms.saturating_sub(now_ms);
                let line = format!("{name} fails again and again: not asked for {wait_ms} ms");
                notice(Level::Warn, &line);
            }
        }
    }

    /// It was never asked, or said nothing that tells how it does.
    pub fn went_nowhere(&mut self) {
        match self.pass {
            // Others wait for what this one finds out.
            Some(Pass::Trial) => self.went(true),
            Some(Pass::Usual) | None => self.pass = None,
        }
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        self.went(true);
    }
}

fn lock(breaker: &Mutex<Breaker>) -> MutexGuard<'_, Breaker> {
    // Plain values, each written whole.
    breaker.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: BreakerLimits =
        BreakerLimits { faults: 5, least: Duration::from_secs(1), most: Duration::from_secs(60) };

    fn gate(target: &str, concurrency: usize, before: Option<&Gate>) -> Gate {
        Gate::new(("quote on r", target.to_owned()), concurrency, LIMITS, before)
    }

    #[test]
    fn it_lets_so_many_in_at_once() {
        let (gate, clock) = (gate("a", 2, None), Clock::manual(0));
        let mut all: Vec<_> = (0..2).map(|_| gate.enter(&clock).expect("a place")).collect();
        assert_eq!(gate.enter(&clock).err(), Some(Closed::Overloaded));
        all.iter_mut().for_each(|trying| trying.went(false));
        assert_eq!(gate.enter(&clock).err(), Some(Closed::Overloaded), "they aren't out yet");
        all.pop();
        assert!(gate.enter(&clock).is_ok());
    }

    #[test]
    fn five_faults_in_a_row_shut_it_and_one_try_opens_it() {
        let (gate, clock) = (gate("a", 9, None), Clock::manual(0));
        for _ in 0..4 {
            gate.enter(&clock).expect("it is open").went(true);
        }
        gate.enter(&clock).expect("it is open").went(false);
        for _ in 0..4 {
            gate.enter(&clock).expect("they weren't in a row").went(true);
        }
        gate.enter(&clock).expect("it is open").went_nowhere();
        // Given up: nobody said how it went.
        drop(gate.enter(&clock).expect("it is open"));
        assert_eq!(gate.enter(&clock).err(), Some(Closed::Failing));
        assert!(gate.is_shut());
        clock.set(1000);
        let mut trial = gate.enter(&clock).expect("half open");
        assert_eq!(gate.enter(&clock).err(), Some(Closed::Failing), "one at a time");
        trial.went(true);
        trial.went(false);
        clock.set(2999);
        assert_eq!(gate.enter(&clock).err(), Some(Closed::Failing), "for twice as long");
        clock.set(3000);
        gate.enter(&clock).expect("half open").went(false);
        assert!(!gate.is_shut());
        assert!(gate.enter(&clock).is_ok() && gate.enter(&clock).is_ok());
    }

    #[test]
    fn the_next_generation_knows_what_this_one_knew() {
        let (first, clock) = (gate("a", 1, None), Clock::manual(0));
        let held = first.enter(&clock).expect("a place");
        assert_eq!(gate("a", 1, Some(&first)).enter(&clock).err(), Some(Closed::Overloaded));
        drop(held);
        for _ in 0..4 {
            drop(first.enter(&clock).expect("it is open"));
        }
        assert_eq!(gate("a", 2, Some(&first)).enter(&clock).err(), Some(Closed::Failing));
        assert!(gate("b", 1, Some(&first)).enter(&clock).is_ok(), "somebody else answers");
    }
}
