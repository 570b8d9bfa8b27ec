//! Asks providers whether the events of one route are true, before those are delivered. Whatever
//! goes wrong, the event is asked for again until it was long enough; nothing is taken for true
//! that wasn't said to be.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Engine;
use super::held::{Held, Work};
use super::limits::Limits;
use crate::generation::{Generation, Route};
use crate::model::units::millis;
use crate::model::{Confirmation, Context, Event, Reason};
use crate::observe::{ConfirmLine, confirm_line, traces};
use crate::store::{Confirmed, Unconfirmed, UnconfirmedSettlement};

/// The task of one route.
pub(super) struct Confirmer {
    engine: Arc<Engine>,
    /// The route's name.
    route: String,
    /// Where nobody holds the other end any more, it ends.
    told: watch::Receiver<()>,
    asked: JoinSet<()>,
}

impl Confirmer {
    pub(super) fn new(engine: Arc<Engine>, route: String, told: watch::Receiver<()>) -> Confirmer {
        Confirmer { engine, route, told, asked: JoinSet::new() }
    }

    /// Confirms until it is told to end; then confirmations in flight may end.
    pub(super) async fn run(mut self) {
        let mut changes = self.engine.store.changes();
        loop {
            changes.borrow_and_update();
            let wait = self.begin().await;
            tokio::select! {
                told = self.told.changed() => if told.is_err() { break },
                Ok(()) = changes.changed() => {}
                // One that panicked gave its claim back, and is claimed again.
                Some(_) = self.asked.join_next() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        let limit = self.engine.limits.drain;
        let all = async { while self.asked.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limit, all).await;
        self.asked.shutdown().await;
    }

    /// Begins as many confirmations as may, and says for how long there is nothing more to begin.
    async fn begin(&mut self) -> Duration {
        let limits = &self.engine.limits;
        loop {
            let free = limits.confirms_at_once.saturating_sub(self.asked.len());
            let generation = self.engine.cell.current();
            let Some(route) = generation.route(&self.route).filter(|_| free > 0) else {
                return limits.look_again;
            };
            let now_ms = self.engine.clock.now_ms();
            let claim = self.engine.store.claim_unconfirmed(&self.route, now_ms, free).await;
            let Ok(claim) = claim else { return limits.store_again };
            let nothing = claim.due.is_empty();
            for unconfirmed in claim.due {
                let asking = Asking {
                    engine: Arc::clone(&self.engine),
                    held: Held::new(&self.engine, Work::Event(unconfirmed.id)),
                    generation: Arc::clone(&generation),
                    route: Arc::clone(route),
                    unconfirmed,
                };
                match traces::attempt(asking.unconfirmed.id, now_ms) {
                    None => self.asked.spawn(asking.run()),
                    Some(active) => self.asked.spawn(traces::within(active, asking.run())),
                };
            }
            let wait = self.engine.wait_until(claim.next_ms, now_ms);
            if nothing || !wait.is_zero() {
                return wait.max(super::LEAST_WAIT);
            }
        }
    }
}

/// A confirmation in flight; it sees one generation, start to end.
struct Asking {
    engine: Arc<Engine>,
    held: Held,
    generation: Arc<Generation>,
    route: Arc<Route>,
    unconfirmed: Unconfirmed,
}

impl Asking {
    async fn run(self) {
        let Asking { engine, held, generation, route, unconfirmed } = self;
        let said = ask(&engine, &route, &unconfirmed).await;
        let now_ms = engine.clock.now_ms();
        let again_ms = again_ms(&engine.limits, &unconfirmed, now_ms);
        let dedupe_ms = millis(route.dedupe);
        let owed = |event: &Event| generation.owed(&route, &event.kind);
        let confirmed = Confirmed::of(said, owed, dedupe_ms, again_ms);
        let (outcome, reason) = word(&confirmed);
        let reason = reason.to_owned();
        let drained = route.adapter.drain_state();
        let state = drained.changes();
        let settlement = UnconfirmedSettlement { id: unconfirmed.id, confirmed, state, now_ms };
        held.settle(|store| store.settle_unconfirmed(settlement.clone())).await;
        drained.kept();
        confirm_line(&ConfirmLine {
            event: &unconfirmed.id.to_string(),
            route: &route.name,
            attempt: unconfirmed.tries.saturating_add(1),
            outcome,
            reason: &reason,
        });
    }
}

/// What the provider says, in its adapter's words; where the adapter fails, nothing is known yet.
async fn ask(engine: &Engine, route: &Route, unconfirmed: &Unconfirmed) -> Confirmation {
    let now_ms = engine.clock.now_ms();
    let deadline = route.adapter.plugin().confirm_deadline();
    let context = Context {
        now_ms,
        route: route.name.clone(),
        attempt: unconfirmed.tries.saturating_add(1),
        deadline_ms: now_ms.saturating_add(millis(deadline)),
        idempotency_key: unconfirmed.id.to_string(),
    };
    route.adapter.confirm(&unconfirmed.event, &context).await.unwrap_or_else(|fault| {
        Confirmation::NotYet(Reason { code: fault.word().to_owned(), detail: fault.to_string() })
    })
}

/// When the provider is asked again; `None`: it was asked for long enough.
fn again_ms(limits: &Limits, unconfirmed: &Unconfirmed, now_ms: u64) -> Option<u64> {
    if now_ms.saturating_sub(unconfirmed.since_ms) >= millis(limits.confirm_giveup) {
        return None;
    }
    let times = 1_u64.checked_shl(unconfirmed.tries).unwrap_or(u64::MAX);
    let wait_ms = millis(limits.confirm_first).saturating_mul(times);
    Some(now_ms.saturating_add(wait_ms.min(millis(limits.confirm_most))))
}

fn word(confirmed: &Confirmed) -> (&'static str, &str) {
    match confirmed {
        Confirmed::True { .. } => ("confirmed", ""),
        Confirmed::Contradicted(reason) => ("contradicted", &reason.code),
        Confirmed::Later(reason, _) => ("later", &reason.code),
        Confirmed::GivenUp(reason) => ("given-up", &reason.code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventId;

    #[test]
    fn when_it_is_asked_again() {
        let event = Event {
            id: "1".into(),
            aliases: Vec::new(),
            kind: "a.b".into(),
            subject: None,
            rank: None,
            occurred_at_ms: None,
            data: None,
        };
        let limits = Limits::default();
        let day_ms = 24 * 3_600_000;
        for (tries, since_ms, now_ms, wanted_ms) in [
            (0, 1000, 1000, Some(6000)),
            (1, 1000, 6000, Some(16_000)),
            (6, 0, 0, Some(320_000)),
            (7, 0, 0, Some(600_000)),
            (64, 0, 0, Some(600_000)),
            (u32::MAX, 0, 0, Some(600_000)),
            (200, 0, day_ms - 1, Some(day_ms - 1 + 600_000)),
            (200, 0, day_ms, None),
            // The clock was set back.
            (0, 9000, 1000, Some(6000)),
        ] {
            let id = EventId::new(0);
            let event = event.clone();
            let unconfirmed = Unconfirmed { id, route: "r".into(), event, tries, since_ms };
            assert_eq!(again_ms(&limits, &unconfirmed, now_ms), wanted_ms, "{tries} {now_ms}");
        }
    }
}
