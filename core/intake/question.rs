//! One request that is being answered: what is said to it, worded by its adapter, and written down
//! before it leaves where it is the last word. Only what can be worded is ever said.

use std::sync::Arc;
use std::time::Duration;

use ring::digest;
use tokio::time::Instant;

use super::desk::{Desk, Silence, Told};
use super::failure::Failure;
use super::route::Place;
use crate::generation::Answerer;
use crate::model::hex;
use crate::model::units::millis;
use crate::model::{
    Answer, Callback, Context, Decline, EventId, Outcome, Reason, Reply, Request, StateChange,
};
use crate::plugin::{Duty, Fault};
use crate::store::{AnswerShown, Answering};

/// What a responder brought.
pub(super) type Computed = Result<Result<Answer, Decline>, Failure>;

/// A request that was recorded and has no answer.
pub(super) struct Question {
    pub(super) place: Place,
    pub(super) callback: Arc<Callback>,
    pub(super) request: Request,
    /// What it is recorded as.
    pub(super) id: EventId,
    /// Which try this is: 1 is the first.
    pub(super) attempt: u32,
    /// When its callback was there as a whole: what deadlines count from.
    pub(super) whole_at: Instant,
    /// Nothing hangs on it: it is asked only to see what would be said.
    pub(super) dry_run: bool,
}

/// Something to say, in the adapter's words.
pub(super) struct Worded {
    reply: Reply,
    outcome: Outcome,
    /// What went wrong before this was said.
    failure: Option<Failure>,
    /// It is what config says where nobody answers.
    fallback: bool,
}

/// How a try went, beside what is said.
pub(super) struct Facts {
    /// The caller was told something else.
    pub(super) late: bool,
    pub(super) took: Duration,
    /// What plugins remembered or forgot.
    pub(super) state: Vec<StateChange>,
}

impl Question {
    /// Who answers it; nobody where config names nobody for its kind.
    pub(super) fn answerer(&self) -> Option<&Answerer> {
        self.place.route.answers.get(&self.request.kind)
    }

    /// What a plugin is told beside the question. `left`: until its answer is too late.
    pub(super) fn context(&self, now_ms: u64, left: Duration) -> Context {
        Context {
            now_ms,
            route: self.place.route.name.clone(),
            attempt: self.attempt,
            deadline_ms: now_ms.saturating_add(millis(left)),
            idempotency_key: self.idempotency_key(),
        }
    }

    /// The same for every try of one question: its identity is (route, kind, id).
    pub(super) fn idempotency_key(&self) -> String {
        let Request { kind, id, .. } = &self.request;
        let identity = [self.place.route.name.as_str(), kind, id].join("\0");
        let digest = digest::digest(&digest::SHA256, identity.as_bytes());
        hex::encode(digest.as_ref())
    }

    /// What was computed, in the adapter's words; the inner error where it is no answer, or none
    /// that the adapter may give.
    pub(super) async fn word(&self, computed: Computed) -> Result<Result<Worded, Failure>, Fault> {
        let outcome = match computed {
            Ok(said) => outcome_of(said),
            Err(failure) => return Ok(Err(failure)),
        };
        let worded = self.respond(&outcome).await?;
        Ok(match worded {
            Ok(reply) => Ok(Worded { reply, outcome, failure: None, fallback: false }),
            Err(invalid) => Err(Failure::invalid(&invalid)),
        })
    }

    /// What is said instead of an answer: the fallback, else that there is none now.
    pub(super) async fn instead(&self, failure: Failure) -> Result<Worded, Fault> {
        let fallback = self.answerer().and_then(|answerer| answerer.fallback.clone());
        let Some(outcome) = fallback.map(outcome_of) else {
            return self.unavailable(failure).await;
        };
        match self.respond(&outcome).await? {
            Ok(reply) => Ok(Worded { reply, outcome, failure: Some(failure), fallback: true }),
            Err(invalid) => {
                let detail =
                    format!("{}; the fallback is invalid: {}", failure.detail, invalid.detail);
                self.unavailable(Failure { detail, ..failure }).await
            }
        }
    }

    /// That there is no answer now, and why.
    pub(super) async fn unavailable(&self, failure: Failure) -> Result<Worded, Fault> {
        let outcome = Outcome::Unavailable(failure.reason());
        match self.respond(&outcome).await? {
            Ok(reply) => Ok(Worded { reply, outcome, failure: Some(failure), fallback: false }),
            Err(why) => Err(Fault::Returned(format!("no reply for `unavailable`: {}", why.code))),
        }
    }

    /// Whether its adapter may be called to word an outcome.
    pub(super) fn admit(&self) -> Result<(), Fault> {
        self.place.adapter.admit(Duty::Respond)
    }

    async fn respond(&self, outcome: &Outcome) -> Result<Result<Reply, Reason>, Fault> {
        let mut instance = self.place.adapter.take(Duty::Respond).await?;
        let worded = instance.respond(&self.callback.head, outcome).await;
        instance.give_back();
        worded
    }

    /// Writes down what is said; what everybody is told from then on, where it is the last word.
    pub(super) async fn write(
        &self,
        worded: &Worded,
        facts: Facts,
        desk: &Desk,
    ) -> Result<Option<Told>, Silence> {
        let mine = self.told(worded);
        let answering = Answering {
            id: self.id,
            attempt: self.attempt,
            reply: worded.reply.clone(),
            finished: worded.is_final(),
            answer: worded.answer(),
            by: mine.by.clone(),
            fallback: worded.fallback,
            late: facts.late,
            why: worded.why(),
            took_ms: millis(facts.took),
            at_ms: desk.clock.now_ms(),
            state: facts.state,
        };
        match desk.store.answer(answering).await {
            Ok(Some(reply)) if reply == mine.reply => Ok(Some(mine)),
            Ok(Some(reply)) => Ok(Some(Told::again(reply))),
            Ok(None) => Ok(None),
            Err(fault) => Err(Silence::Unwritten(fault.to_string())),
        }
    }

    /// What is said, as history would have it.
    pub(super) fn shown(&self, worded: &Worded, facts: &Facts, at_ms: u64) -> AnswerShown {
        let Told { reply, by, fallback, .. } = self.told(worded);
        AnswerShown {
            attempt: self.attempt,
            reply,
            finished: worded.is_final(),
            answer: worded.answer(),
            by,
            fallback,
            late: facts.late,
            why: worded.why(),
            took_ms: millis(facts.took),
            at_ms,
            stands: false,
        }
    }

    /// What is said, as those are told who ask.
    pub(super) fn told(&self, worded: &Worded) -> Told {
        let by = match worded.fallback {
            true => "fallback",
            false => self.answerer().map_or("", |answerer| &answerer.by),
        };
        Told {
            reply: worded.reply.clone(),
            outcome: worded.outcome.word(),
            reason: worded.failure.as_ref().map(|f| f.reason().to_string()).unwrap_or_default(),
            by: by.to_owned(),
            fallback: worded.fallback,
        }
    }
}

impl Told {
    /// What stands already.
    pub(super) fn again(reply: Reply) -> Told {
        let by = "store".to_owned();
        Told { reply, outcome: "repeated", reason: String::new(), by, fallback: false }
    }
}

impl Worded {
    /// This, which no adapter worded.
    pub(super) fn unworded(reply: Reply, failure: Failure) -> Worded {
        let outcome = Outcome::Unavailable(failure.reason());
        Worded { reply, outcome, failure: Some(failure), fallback: false }
    }

    /// Whether it is the last word: "not now" is none.
    pub(super) fn is_final(&self) -> bool {
        match &self.outcome {
            Outcome::Answered(_) => true,
            Outcome::Declined(decline) => decline.status.is_final(),
            _ => false,
        }
    }

    fn answer(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Answered(answer) => Some(answer.data.clone()),
            _ => None,
        }
    }

    /// What went wrong, or why it was declined.
    fn why(&self) -> Option<String> {
        let declined = match &self.outcome {
            Outcome::Declined(decline) => Some(decline.reason.clone()),
            _ => None,
        };
        self.failure.as_ref().map(|failure| failure.reason().to_string()).or(declined)
    }
}

fn outcome_of(said: Result<Answer, Decline>) -> Outcome {
    match said {
        Ok(answer) => Outcome::Answered(answer),
        Err(decline) => Outcome::Declined(decline),
    }
}
