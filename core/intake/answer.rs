//! Step seven: whoever asks waits for the try of their question, and no longer than its deadline.
//! Then the fallback is said, which is written down first where it is the last word. What a
//! notification came to is known already.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::desk::{Desk, Seat, Silence, Told};
use super::failure::Failure;
use super::question::{Facts, Question};
use super::record::{Held, Recorded};
use super::route::Place;
use super::stop::{Refusal, Stop};
use super::trying::Try;
use crate::generation::Stage;
use crate::model::{Callback, Outcome, Proof, Reply};

/// A callback whose outcome is known.
pub(super) struct Answered {
    pub(super) place: Place,
    pub(super) callback: Arc<Callback>,
    pub(super) proof: Proof,
    pub(super) said: Answer,
}

/// What is said.
pub(super) enum Answer {
    /// This is to be worded, where it isn't yet.
    Outcome(Outcome, Option<Reply>),
    /// This, to everybody who asks.
    Told(Arc<Told>),
}

impl Recorded {
    #[inline]
    pub(super) async fn answer(self, desk: &Arc<Desk>) -> Result<Answered, Stop> {
        let Recorded { place, callback, proof, held } = self;
        let said = match held {
            Held::Told(outcome, reply) => Answer::Outcome(outcome, reply),
            Held::Answered(reply) => Answer::Told(Arc::new(Told::again(reply))),
            Held::Asked(question, seat) => {
                // Boxed: what is told at once has no room for a wait.
                let told = Box::pin(wait(question, &seat, desk));
                match place.route.pulse.timed(Stage::Answer, told).await {
                    Ok(told) => Answer::Told(told),
                    Err(silence) => return Err(silence.stop(place, callback)),
                }
            }
        };
        Ok(Answered { place, callback, proof, said })
    }
}

/// Waits for the try of this question; where there is none, one is begun.
async fn wait(
    question: Arc<Question>,
    seat: &Seat,
    desk: &Arc<Desk>,
) -> Result<Arc<Told>, Silence> {
    let Some(answerer) = question.answerer() else { return Err(Silence::Broke) };
    let patience = question.whole_at + answerer.patience();
    if let Some(working) = seat.begin() {
        let question = Arc::clone(&question);
        let one = Try { question, desk: Arc::clone(desk), working, patience };
        desk.spawn(one.run());
    }
    if let Ok(told) = timeout_at(patience, seat.said()).await {
        return told;
    }
    tokio::select! {
        biased;
        told = seat.said() => told,
        told = give_up(&question, seat, desk) => told,
    }
}

/// It has been waited for long enough: what is said instead. A fallback that is the last word
/// stands from here on, unless the answer was written down before it.
async fn give_up(question: &Question, seat: &Seat, desk: &Desk) -> Result<Arc<Told>, Silence> {
    let worded = question.instead(Failure::late()).await.map_err(Silence::Adapter)?;
    if !worded.is_final() {
        return Ok(Arc::new(question.told(&worded)));
    }
    let took = Instant::now().saturating_duration_since(question.whole_at);
    let facts = Facts { late: false, took, state: Vec::new() };
    let stands = question.write(&worded, facts, desk).await?;
    let told = Arc::new(stands.ok_or(Silence::Broke)?);
    seat.stands(Arc::clone(&told));
    Ok(told)
}

impl Silence {
    fn stop(self, place: Place, callback: Arc<Callback>) -> Stop {
        let refusal = match self {
            Silence::Adapter(fault) => return Stop::faulted(place, callback, fault),
            Silence::Unwritten(why) => Refusal::StoreDown { why },
            Silence::Broke => Refusal::Unanswered,
        };
        let (id, route) = (callback.head.id.clone(), place.route.name.clone());
        Stop::Refused { id, route, refusal }
    }
}
