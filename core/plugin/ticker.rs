//! What the slices of running guests are counted by: a thread that moves an engine's epoch on. It
//! rests when no guest has run for a while, so that an idle router wakes nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// From one tick to the next.
pub(super) const TICK: Duration = Duration::from_millis(1);
/// Ticks without a guest, and then it rests. Many more than a slice has: whoever runs for longer
/// than that has said so again.
const PATIENCE: u32 = 100;

/// The ticker of one engine. Its thread ends with it, or with the engine.
pub(super) struct Ticker {
    seen: Arc<Seen>,
    wake: SyncSender<()>,
}

#[derive(Default)]
struct Seen {
    /// A guest has run since the last tick.
    ran: AtomicBool,
    resting: AtomicBool,
}

impl Ticker {
    /// A thread of its own, so that a busy runtime can't hold it up.
    pub(super) fn start(engine: &Engine) -> Ticker {
        let seen = Arc::new(Seen::default());
        let (wake, woken) = sync_channel(1);
        let ticker = Ticker { seen: Arc::clone(&seen), wake };
        let engine = engine.weak();
        thread::spawn(move || {
            let mut idle = 0;
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
                idle = if seen.ran.swap(false, Ordering::SeqCst) { 0 } else { idle + 1 };
                if idle < PATIENCE {
                    continue;
                }
                idle = 0;
                seen.resting.store(true, Ordering::SeqCst);
                // Whoever runs says so first and looks for this second: one of the two sees the
                // other.
                if !seen.ran.load(Ordering::SeqCst) && woken.recv().is_err() {
                    return;
                }
                seen.resting.store(false, Ordering::SeqCst);
            }
        });
        ticker
    }

    /// A guest is about to run for a slice.
    pub(super) fn keep_ticking(&self) {
        // What is still set was set since the last tick, and keeps it from resting.
        if self.seen.ran.load(Ordering::Relaxed) {
            return;
        }
        self.seen.ran.store(true, Ordering::SeqCst);
        if self.seen.resting.load(Ordering::SeqCst) {
            // Full is as good: it has been woken already.
            let _ = self.wake.try_send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use wasmtime::{Config, Instance, Module, Store, Trap};

    use super::*;

    #[test]
    fn a_guest_is_interrupted_also_where_the_ticker_rested() {
        let engine = Engine::new(Config::new().epoch_interruption(true)).expect("an engine");
        let ticker = Ticker::start(&engine);
        let endless = r#"(module (func (export "spin") (loop (br 0))))"#;
        let endless = Module::new(&engine, wat::parse_str(endless).expect("wat")).expect("wasm");
        for _ in 0..3 {
            let began = Instant::now();
            while !ticker.seen.resting.load(Ordering::SeqCst) {
                assert!(began.elapsed() < Duration::from_secs(30), "it never rests");
                thread::yield_now();
            }
            let mut store = Store::new(&engine, ());
            let guest = Instance::new(&mut store, &endless, &[]).expect("it is sound");
            let spin = guest.get_typed_func::<(), ()>(&mut store, "spin").expect("a function");
            store.set_epoch_deadline(2);
            ticker.keep_ticking();
            let error = spin.call(&mut store, ()).expect_err("it is endless");
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
        }
    }
}
