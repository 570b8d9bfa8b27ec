//! Who answers one kind of request, how long that may take, and what is said where they don't. All
//! that a call needs and that doesn't differ from call to call is made here, once.

use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;

use super::Gate;
use crate::model::{Answer, Decline, DeclineStatus, SecretText};
use crate::plugin::Binding;

/// What is set aside of a deadline for writing a fallback down: a fifth of it …
const RESERVE_PART: u32 = 5;
/// … but no more than this.
const RESERVE_MOST: Duration = Duration::from_millis(200);

/// Who answers one kind of request.
pub struct Answerer {
    /// Who computes it.
    pub responder: Responder,
    /// Who that is, as history and logs have it: `quotes@<hash>`, or a URL without its query.
    pub by: String,
    /// From the whole callback to its reply.
    pub deadline: Duration,
    /// For how long a try may go on after that.
    pub longest: Duration,
    /// What is said where no answer comes in time.
    pub fallback: Option<Result<Answer, Decline>>,
    /// How many tries there may be at once, and whether any.
    pub gate: Gate,
}

/// What computes answers.
pub enum Responder {
    /// A plugin with what it is granted.
    Plugin(Arc<Binding>),
    /// A service of the operator's own.
    Service(Service),
    /// Nobody now: this is missing.
    Offline(String),
}

/// A service that is asked over HTTP.
pub struct Service {
    /// Where: the operator's own word, so any address may be dialled.
    pub url: Uri,
    /// What signs that it is us, newest first; none: requests are unsigned.
    pub secrets: Vec<SecretText>,
    /// The largest answer.
    pub answer_bytes: usize,
}

impl Answerer {
    /// From the whole callback to when the fallback is begun with. One that stands must be written
    /// down before it leaves, which takes a while.
    pub fn patience(&self) -> Duration {
        match self.fallback.as_ref().is_some_and(stands) {
            true => self.deadline.saturating_sub(RESERVE_MOST.min(self.deadline / RESERVE_PART)),
            false => self.deadline,
        }
    }

    /// The responder's plugin, where it is one.
    pub fn plugin(&self) -> Option<&Arc<Binding>> {
        match &self.responder {
            Responder::Plugin(binding) => Some(binding),
            Responder::Service(_) | Responder::Offline(_) => None,
        }
    }
}

/// Whether it is a last word: "not now" is none.
pub fn stands(said: &Result<Answer, Decline>) -> bool {
    !matches!(said, Err(decline) if decline.status == DeclineStatus::Unavailable)
}
