//! Step six: a notification is written down before it is acknowledged, with all that follows from
//! it. No instance of the adapter is held meanwhile. What isn't known to be written is refused, and
//! the provider tries again.

use std::sync::Arc;

use super::parse::{Parsed, Worded};
use super::route::Place;
use super::stop::{Refusal, Stop};
use crate::generation::Generation;
use crate::model::{Event, Head, Outcome, Proof, Reason, Reply, Request};
use crate::plugin::Binding;
use crate::store::{self, NewEvent, Recording, Store, StoreFault};

/// A callback of which nothing can get lost any more.
pub(super) struct Recorded {
    pub(super) place: Place,
    pub(super) head: Head,
    pub(super) proof: Proof,
    pub(super) held: Held,
}

/// What is left to do.
pub(super) enum Held {
    /// A notification's outcome, and its reply where the adapter has worded it already.
    Told(Outcome, Option<Reply>),
    /// A request is to be answered.
    Asked(Request),
}

impl Parsed {
    pub(super) async fn record(
        self,
        store: &dyn Store,
        generation: &Generation,
    ) -> Result<Recorded, Stop> {
        let Parsed { place, callback, proof, content } = self;
        let head = callback.head.clone();
        let (events, accepted) = match content {
            Worded::Notification { events, accepted } => (events, accepted),
            Worded::Request(request) => {
                let held = Held::Asked(request);
                return match keep(store, &place.adapter).await {
                    Ok(()) => Ok(Recorded { place, head, proof, held }),
                    Err(fault) => Err(down(&place, head, &fault)),
                };
            }
        };
        let drained = place.adapter.drain_state();
        let plugin = place.adapter.plugin();
        let recording = Recording {
            callback,
            route: place.route.name.clone(),
            generation: generation.id,
            adapter: format!("{}@{}", plugin.name(), plugin.hash()),
            matched: proof.matched.clone(),
            replay_key: proof.replay_key.clone(),
            events: owed(events, &place, generation),
            confirms: plugin.confirms(),
            dedupe_ms: u64::try_from(place.route.dedupe.as_millis()).unwrap_or(u64::MAX),
            state: drained.changes(),
        };
        let held = match store.record(recording).await {
            Ok(store::Recorded::New(_)) => {
                drained.kept();
                Held::Told(Outcome::Accepted, Some(accepted))
            }
            Ok(store::Recorded::Duplicate) => {
                drained.kept();
                Held::Told(Outcome::Duplicate, None)
            }
            Ok(store::Recorded::Replayed) => Held::Told(replayed(), None),
            Err(fault) => return Err(down(&place, head, &fault)),
        };
        Ok(Recorded { place, head, proof, held })
    }
}

fn owed(events: Vec<Event>, place: &Place, generation: &Generation) -> Vec<NewEvent> {
    let owed = |event: Event| {
        let named = generation.owed(&place.route, &event.kind);
        NewEvent { event, named }
    };
    events.into_iter().map(owed).collect()
}

fn replayed() -> Outcome {
    let detail = "what makes it genuine was seen before, with another body";
    Outcome::Forged(Reason::new("replayed", detail))
}

fn down(place: &Place, head: Head, fault: &StoreFault) -> Stop {
    let refusal = Refusal::StoreDown { why: fault.to_string() };
    Stop::Refused { id: head.id, route: place.route.name.clone(), refusal }
}

/// Writes down what a plugin remembered outside a notification; nothing is waited for where that
/// is nothing.
pub(super) async fn keep(store: &dyn Store, binding: &Arc<Binding>) -> Result<(), StoreFault> {
    let drained = binding.drain_state();
    let changes = drained.changes();
    if !changes.is_empty() {
        store.keep(changes).await?;
    }
    drained.kept();
    Ok(())
}
