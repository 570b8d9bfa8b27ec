//! Who answers one kind of request, how long that may take, and what is said where they don't. All
//! that a call needs and that doesn't differ from call to call is made here, once.

use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;

use super::Gate;
use crate::model::{Answer, Decline, SecretText};
use crate::plugin::Binding;

/// What is set aside of a deadline for a last word, which is on the disk before it leaves: a fifth
/// of it, but no more than this.
const WRITING: (u32, Duration) = (5, Duration::from_millis(200));
/// The same for what only has to be worded.
const WORDING: (u32, Duration) = (20, Duration::from_millis(25));

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
    /// From the whole callback to when what is said instead of an answer is begun with: it leaves
    /// by the deadline.
    pub fn patience(&self) -> Duration {
        let is_final = match &self.fallback {
            Some(Ok(_)) => true,
            Some(Err(decline)) => decline.status.is_final(),
            None => false,
        };
        let (part, most) = if is_final { WRITING } else { WORDING };
        self.deadline.saturating_sub(most.min(self.deadline / part))
    }

    /// The responder's plugin, where it is one.
    pub fn plugin(&self) -> Option<&Arc<Binding>> {
        match &self.responder {
            Responder::Plugin(binding) => Some(binding),
            Responder::Service(_) | Responder::Offline(_) => None,
        }
    }
}
