//! One try of an answer: ask, word, write down, tell. It goes on by itself, on the generation that
//! it began with, whatever becomes of its caller; what comes late is written down all the same.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::desk::{Desk, Silence, Working};
use super::failure::{Blame, Failure};
use super::question::{Computed, Facts, Question, Worded};
use super::service;
use crate::generation::{Answerer, Responder, Trying};
use crate::plugin::{Binding, Drained, Duty, Fault};

/// A try, from the question to what is told.
pub(super) struct Try {
    pub(super) question: Arc<Question>,
    pub(super) desk: Arc<Desk>,
    pub(super) working: Working,
    /// When its caller is told something else.
    pub(super) patience: Instant,
}

impl Try {
    pub(super) async fn run(self) {
        let Some(answerer) = self.question.answerer() else { return };
        let began = Instant::now();
        let (worded, late) = self.answer(answerer).await;
        let worded = match worded {
            Ok(worded) => worded,
            Err(fault) => {
                self.working.failed(Err(Silence::Adapter(fault)));
                return;
            }
        };
        let told = Arc::new(self.question.told(&worded));
        let is_final = worded.is_final();
        if !is_final {
            // Nobody has to wait for the disk to be told to try again.
            self.working.failed(Ok(Arc::clone(&told)));
        }
        let drained = answerer.plugin().map(|binding| binding.drain_state());
        let state = drained.as_ref().map(Drained::changes).unwrap_or_default();
        let facts = Facts { late, took: began.elapsed(), state };
        let stands = self.question.write(&worded, facts, &self.desk).await;
        if let (Ok(_), Some(drained)) = (&stands, drained) {
            drained.kept();
        }
        match stands {
            Ok(Some(stands)) => self.working.stands(Arc::new(stands)),
            Ok(None) => {}
            Err(silence) if is_final => self.working.failed(Err(silence)),
            Err(_) => {}
        }
    }

    /// What there is to say, and whether it is too late to.
    async fn answer(&self, answerer: &Answerer) -> (Result<Worded, Fault>, bool) {
        if let Err(shut) = self.question.admit() {
            // Nobody is asked what nobody would word.
            return (Err(shut), false);
        }
        let (computed, mut trying) = self.compute(answerer).await;
        let worded = match self.question.word(computed).await {
            Ok(worded) => worded,
            Err(fault) => {
                if let Some(trying) = &mut trying {
                    trying.went_nowhere();
                }
                return (Err(fault), false);
            }
        };
        if let Some(trying) = &mut trying {
            match &worded {
                Ok(_) => trying.went(false),
                Err(failure) if failure.blame == Blame::Responder => trying.went(true),
                Err(_) => trying.went_nowhere(),
            }
        }
        let late = Instant::now() > self.patience;
        let worded = match worded {
            Ok(worded) => Ok(worded),
            // Whoever asks next tries again: that is better than what nobody was told.
            Err(failure) if late => self.question.unavailable(failure).await,
            Err(failure) => self.question.instead(failure).await,
        };
        (worded, late)
    }

    /// Asks, if anybody may be asked.
    async fn compute(&self, answerer: &Answerer) -> (Computed, Option<Trying>) {
        let mut trying = match answerer.gate.enter(&self.desk.clock) {
            Ok(trying) => trying,
            Err(closed) => return (Err(closed.into()), None),
        };
        let mut asked = pin!(self.ask(answerer));
        let computed = match timeout_at(self.patience, &mut asked).await {
            Ok(computed) => computed,
            Err(_) => {
                // Known now, so that not everybody waits as long as this one did.
                trying.went(true);
                let last = self.patience + answerer.longest;
                timeout_at(last, asked).await.unwrap_or_else(|_| Err(Failure::late()))
            }
        };
        (computed, Some(trying))
    }

    async fn ask(&self, answerer: &Answerer) -> Computed {
        let now_ms = self.desk.clock.now_ms();
        match &answerer.responder {
            Responder::Plugin(binding) => {
                let left = self.patience.saturating_duration_since(Instant::now());
                compute(binding, &self.question, (now_ms, left)).await
            }
            Responder::Service(service) => {
                service::ask(service, &self.desk.client, &self.question, now_ms).await
            }
            Responder::Offline(why) => Err(Failure::offline(why)),
        }
    }
}

/// Has a plugin compute it.
pub(super) async fn compute(
    binding: &Arc<Binding>,
    question: &Question,
    (now_ms, left): (u64, Duration),
) -> Computed {
    let context = question.context(now_ms, left);
    let mut instance = binding.take(Duty::Compute).await?;
    let computed = instance.compute(&question.request, &context).await;
    instance.give_back();
    Ok(computed?)
}
