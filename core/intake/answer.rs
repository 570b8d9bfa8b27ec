//! Step seven: a request is asked of its responder, under its deadline. No instance of the adapter
//! is held meanwhile. What a notification came to is known already.

use ring::digest;
use tokio::time::timeout;

use super::record::{Held, Recorded, keep};
use super::route::Place;
use super::stop::Stop;
use crate::generation::Answerer;
use crate::model::{Clock, Context, Head, Outcome, Proof, Reason, Reply, Request};
use crate::plugin::Duty;
use crate::store::Store;

/// A callback whose outcome is known.
pub(super) struct Answered {
    pub(super) place: Place,
    pub(super) head: Head,
    pub(super) proof: Proof,
    pub(super) outcome: Outcome,
    /// How it is worded, where the adapter has said so already.
    pub(super) reply: Option<Reply>,
}

impl Recorded {
    pub(super) async fn answer(self, clock: &Clock, store: &dyn Store) -> Result<Answered, Stop> {
        let Recorded { place, head, proof, held } = self;
        let (outcome, reply) = match held {
            Held::Told(outcome, reply) => (outcome, reply),
            Held::Asked(request) => (answer(&place, &request, clock, store).await, None),
        };
        Ok(Answered { place, head, proof, outcome, reply })
    }
}

async fn answer(place: &Place, request: &Request, clock: &Clock, store: &dyn Store) -> Outcome {
    let Some(answerer) = place.route.answers.get(&request.kind) else {
        return unavailable("no_responder", "nobody is configured to answer this kind");
    };
    let outcome = ask(answerer, &place.route.name, request, clock).await;
    // The answer stands all the same: what couldn't be written down goes with the next one.
    let _ = keep(store, &answerer.responder).await;
    outcome
}

async fn ask(answerer: &Answerer, route: &str, request: &Request, clock: &Clock) -> Outcome {
    let now_ms = clock.now_ms();
    let deadline_ms = u64::try_from(answerer.deadline.as_millis()).unwrap_or(u64::MAX);
    let context = Context {
        now_ms,
        route: route.to_owned(),
        attempt: 1,
        deadline_ms: now_ms.saturating_add(deadline_ms),
        idempotency_key: idempotency_key(route, request),
    };
    let computed = async {
        let mut instance = answerer.responder.take(Duty::Compute).await?;
        let computed = instance.compute(request, &context).await;
        instance.give_back();
        computed
    };
    match timeout(answerer.deadline, computed).await {
        Ok(Ok(Ok(answer))) => Outcome::Answered(answer),
        Ok(Ok(Err(decline))) => Outcome::Declined(decline),
        Ok(Err(fault)) => unavailable(&format!("responder_{}", fault.word()), &fault.to_string()),
        Err(_) => unavailable("responder_deadline", "no answer came in time"),
    }
}

fn unavailable(code: &str, detail: &str) -> Outcome {
    Outcome::Unavailable(Reason::new(code, detail))
}

/// The same for every try of one question: its identity is (route, kind, id).
fn idempotency_key(route: &str, request: &Request) -> String {
    let identity = [route, &request.kind, &request.id].join("\0");
    let digest = digest::digest(&digest::SHA256, identity.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
