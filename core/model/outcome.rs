//! What happened to a callback, handed to its adapter to be worded for that provider.

use super::{Answer, Decline, Reason};

/// How a callback ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A notification was taken.
    Accepted,
    /// A notification that was taken before.
    Duplicate,
    /// Echo this token.
    Challenged(String),
    /// A request has its answer.
    Answered(Answer),
    /// A request was refused by its responder.
    Declined(Decline),
    /// It isn't from the provider.
    Forged(Reason),
    /// It breaks the provider's format.
    Malformed(Reason),
    /// There is nothing here.
    NotFound(Reason),
    /// Not now; the sender should try again.
    Unavailable(Reason),
}

impl Outcome {
    /// One word for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Duplicate => "duplicate",
            Outcome::Challenged(_) => "challenged",
            Outcome::Answered(_) => "answered",
            Outcome::Declined(_) => "declined",
            Outcome::Forged(_) => "forged",
            Outcome::Malformed(_) => "malformed",
            Outcome::NotFound(_) => "not-found",
            Outcome::Unavailable(_) => "unavailable",
        }
    }

    /// Why, where there is a reason to give.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Outcome::Forged(reason)
            | Outcome::Malformed(reason)
            | Outcome::NotFound(reason)
            | Outcome::Unavailable(reason) => Some(reason),
            _ => None,
        }
    }
}
