//! A callback that asks, and what may be said to it.

/// A question that needs a computed answer in the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// With route and kind, its identity.
    pub id: String,
    /// Which `[routes.answers.<kind>]` computes it.
    pub kind: String,
    /// JSON.
    pub data: String,
}

/// What a responder computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// JSON.
    pub data: String,
}

/// How a responder says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineStatus {
    /// The question is wrong.
    Invalid,
    /// It asks for something that isn't there.
    NotFound,
    /// Understood, and can't be done.
    Unprocessable,
    /// Not now.
    Unavailable,
}

impl DeclineStatus {
    /// Whether it is a last word: "not now" is none.
    pub fn is_final(self) -> bool {
        self != DeclineStatus::Unavailable
    }
}

/// A responder's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Which kind of no.
    pub status: DeclineStatus,
    /// For the provider's logs and the operator's.
    pub reason: String,
    /// For the provider's customer.
    pub customer_reason: Option<String>,
}

/// What a responder or a confirmation is told beside the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The time, Unix milliseconds.
    pub now_ms: u64,
    /// The route's name.
    pub route: String,
    /// 1 at the first try.
    pub attempt: u32,
    /// When the answer is too late, Unix milliseconds.
    pub deadline_ms: u64,
    /// The same over all tries of one question.
    pub idempotency_key: String,
}
