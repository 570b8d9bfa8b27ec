//! Step six: what came is written down before anything follows from it: a notification before it is
//! acknowledged, a request before anybody is asked. No instance of the adapter is held meanwhile.
//! What isn't known to be written is refused, and the provider tries again.

use std::sync::Arc;

use tokio::time::Instant;

use super::desk::{Desk, Seat};
use super::failure::Failure;
use super::parse::{Parsed, Worded};
use super::question::Question;
use super::route::Place;
use super::stop::{Refusal, Stop};
use crate::generation::{Generation, Stage};
use crate::model::units::millis;
use crate::model::{Callback, Event, GenerationId, Outcome, Proof, Reason, Reply, Request};
use crate::store::{self, Asked, Asking, NewEvent, Recording, StoreFault};

/// A callback of which nothing can get lost any more.
pub(super) struct Recorded {
    pub(super) place: Place,
    pub(super) callback: Arc<Callback>,
    pub(super) proof: Proof,
    pub(super) held: Held,
}

/// What is left to do.
pub(super) enum Held {
    /// An outcome, and its reply where the adapter has worded it already.
    Told(Outcome, Option<Reply>),
    /// A request that was answered before, with this.
    Answered(Reply),
    /// A request that is to be answered.
    Asked(Arc<Question>, Seat),
}

/// A notification that is to be written down.
struct Notification {
    callback: Arc<Callback>,
    events: Vec<Event>,
    accepted: Reply,
}

impl Parsed {
    #[inline]
    pub(super) async fn record(
        self,
        desk: &Arc<Desk>,
        generation: &Generation,
    ) -> Result<Recorded, Stop> {
        let Parsed { place, callback, proof, content, whole_at } = self;
        let id = &callback.head.id;
        let held = match content {
            Worded::Notification { events, accepted } => {
                let notification =
                    Notification { callback: Arc::clone(&callback), events, accepted };
                notification.record((&place, &proof), desk, generation).await
            }
            Worded::Request(request) => {
                let coming = Coming { callback: Arc::clone(&callback), request, whole_at };
                // Boxed: notifications have no room for it.
                Box::pin(coming.record((&place, &proof), desk, generation.id)).await
            }
        };
        match held {
            Ok(held) => Ok(Recorded { place, callback, proof, held }),
            Err(fault) => Err(down(&place, id, &fault)),
        }
    }
}

impl Notification {
    #[inline]
    async fn record(
        self,
        (place, proof): (&Place, &Proof),
        desk: &Desk,
        generation: &Generation,
    ) -> Result<Held, StoreFault> {
        let drained = place.adapter.drain_state();
        let recording = Recording {
            callback: self.callback,
            route: place.route.name.clone(),
            generation: generation.id,
            adapter: place.adapter.plugin().identity().to_owned(),
            matched: proof.matched.clone(),
            replay_key: proof.replay_key.clone(),
            events: owed(self.events, place, generation),
            confirms: place.adapter.plugin().confirms(),
            dedupe_ms: millis(place.route.dedupe),
            state: drained.changes(),
        };
        let recorded = desk.store.record(recording);
        Ok(match place.route.pulse.timed(Stage::Record, recorded).await? {
            store::Recorded::New(_) => {
                drained.kept();
                Held::Told(Outcome::Accepted, Some(self.accepted))
            }
            store::Recorded::Duplicate => {
                drained.kept();
                Held::Told(Outcome::Duplicate, None)
            }
            store::Recorded::Replayed => Held::Told(replayed(), None),
        })
    }
}

/// A request that is to be written down.
struct Coming {
    callback: Arc<Callback>,
    request: Request,
    whole_at: Instant,
}

impl Coming {
    async fn record(
        self,
        (place, proof): (&Place, &Proof),
        desk: &Arc<Desk>,
        generation: GenerationId,
    ) -> Result<Held, StoreFault> {
        let Coming { callback, request, whole_at } = self;
        let seat = desk.seat(&place.route.name, &request);
        let drained = place.adapter.drain_state();
        let asking = Asking {
            callback: Arc::clone(&callback),
            route: place.route.name.clone(),
            generation,
            adapter: place.adapter.plugin().identity().to_owned(),
            matched: proof.matched.clone(),
            replay_key: proof.replay_key.clone(),
            request: request.clone(),
            dedupe_ms: millis(place.route.dedupe),
            keep_ms: millis(place.route.answers_keep),
            state: drained.changes(),
        };
        let asked = place.route.pulse.timed(Stage::Record, desk.store.ask(asking)).await?;
        if asked == Asked::Replayed {
            return Ok(Held::Told(replayed(), None));
        }
        drained.kept();
        Ok(match asked {
            Asked::Open { id, attempt } if place.route.answers.contains_key(&request.kind) => {
                let place = place.clone();
                let question =
                    Question { place, callback, request, id, attempt, whole_at, dry_run: false };
                Held::Asked(Arc::new(question), seat)
            }
            Asked::Open { .. } => Held::Told(unanswered(), None),
            Asked::Answered(reply) => Held::Answered(reply),
            Asked::Differs | Asked::Replayed => Held::Told(differs(), None),
        })
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

fn differs() -> Outcome {
    let detail = "a request of this id came before, with another body";
    Outcome::Malformed(Reason::new("request_differs", detail))
}

fn unanswered() -> Outcome {
    Outcome::Unavailable(Failure::nobody().reason())
}

fn down(place: &Place, id: &str, fault: &StoreFault) -> Stop {
    let refusal = Refusal::StoreDown { why: fault.to_string() };
    Stop::Refused { id: id.to_owned(), route: place.route.name.clone(), refusal }
}
