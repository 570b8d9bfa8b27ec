//! What an adapter says of a callback: is it genuine, and what does it hold.

use std::fmt;

use super::{Event, Request};

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable word in snake_case, for programs: `signature_mismatch`.
    pub code: String,
    /// A sentence for the operator; never a secret.
    pub detail: String,
}

impl Reason {
    /// A reason from its two parts.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Reason {
        Reason { code: code.into(), detail: detail.into() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)
    }
}

/// What makes a callback genuine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// The version of the secret that matched, by name.
    pub matched: Option<String>,
    /// Comes once: seen again with another body, the callback is forged.
    pub replay_key: Option<String>,
}

/// What `verify` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// From the provider.
    Genuine(Proof),
    /// Only wants this token echoed.
    Challenge(String),
    /// Not from the provider, or altered, or too old.
    Forged(Reason),
    /// Can't be told now; the sender should try again.
    Unavailable(Reason),
}

/// What a genuine callback holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Zero or more things that happened.
    Notification(Vec<Event>),
    /// A question that needs a computed answer.
    Request(Request),
}

/// Why a genuine callback could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseFault {
    /// The sender broke its own format.
    Malformed(Reason),
    /// There is nothing at this path.
    NotFound(Reason),
}
