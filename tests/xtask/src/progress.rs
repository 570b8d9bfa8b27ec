//! Says which step runs, and how long each took. It writes to standard error: standard output
//! belongs to what was asked for.
//!
//! A step that fails is the last one, and the error names it.

use std::time::Instant;

use anyhow::{Context, Result};

/// The steps of one command.
pub(crate) struct Steps {
    total: u32,
    begun: u32,
}

impl Steps {
    /// So many steps will come.
    pub(crate) fn of(total: u32) -> Self {
        Self { total, begun: 0 }
    }

    /// Runs one step.
    pub(crate) fn run<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        self.begun += 1;
        let (number, total) = (self.begun, self.total);
        eprintln!("[{number}/{total}] {name} …");
        let start = Instant::now();
        let done = step();
        let seconds = start.elapsed().as_secs_f64();
        let word = if done.is_ok() { "done" } else { "FAILED" };
        eprintln!("[{number}/{total}] {name}: {word} in {seconds:.1} s");
        done.with_context(|| format!("step {number} of {total}, {name}, failed"))
    }
}
