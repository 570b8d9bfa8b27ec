//! What was recorded, on its way out: events are confirmed, and what is owed to destinations is
//! sent until they take it. All that this knows of the intake is what stands in the store and in
//! the generation, so a crash between any two instructions repeats an attempt at the most.

mod limits;
mod request;
mod retry;
mod recipient;
mod held;
mod attempt;
mod courier;
mod confirmer;
mod staff;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use self::limits::Limits;
use self::staff::Staff;
use crate::generation::Cell;
use crate::model::Clock;
use crate::observe::{Level, notice};
use crate::store::Store;

/// The shortest wait before the store is asked again: a due time that it says is past, and doesn't
/// hand out, must not be asked for in a circle.
const LEAST_WAIT: Duration = Duration::from_millis(10);

/// Confirms and delivers.
pub struct Engine {
    /// What is owed.
    pub store: Arc<dyn Store>,
    /// Who there is to send to.
    pub cell: Arc<Cell>,
    /// The time.
    pub clock: Clock,
    /// Bounds.
    pub limits: Limits,
}

impl Engine {
    /// Runs until it is told to stop, or nobody is left who could tell it. Then nothing new is
    /// begun, what is in flight may end within `limits.drain`, and all other claims are given back.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let engine = Arc::new(self);
        let (mut swaps, mut changes) = (engine.cell.swaps(), engine.store.changes());
        let mut staff = Staff::new(Arc::clone(&engine));
        loop {
            swaps.borrow_and_update();
            changes.borrow_and_update();
            staff.renew();
            tokio::select! {
                () = told(&mut stop) => break,
                Ok(()) = swaps.changed() => {}
                Ok(()) = changes.changed() => {}
                Some(ended) = staff.ended() => if let Err(error) = ended {
                    notice(Level::Error, &format!("a task of deliveries broke: {error}"));
                    // Whatever broke it may do so again at once.
                    tokio::time::sleep(engine.limits.store_again).await;
                },
            }
        }
        staff.dismiss().await;
    }

    /// From now to this time, or to when the store is asked anyway.
    fn wait_until(&self, at_ms: Option<u64>, now_ms: u64) -> Duration {
        let look_again = self.limits.look_again;
        let wait = |at_ms: u64| Duration::from_millis(at_ms.saturating_sub(now_ms));
        at_ms.map_or(look_again, wait).min(look_again)
    }
}

/// Waits for the word to stop, or for the end of whoever could say it.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
