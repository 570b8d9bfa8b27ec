//! What a vector expects, in types that hold only what will be compared. `None` = not compared.

use serde_json::Value;

use crate::{Decline, Exchange};

/// What has to come of a vector's callback.
#[derive(Debug, Clone)]
pub struct Expected {
    pub(crate) verdict: VerdictExpected,
    /// Only with a genuine verdict.
    pub(crate) content: Option<ContentExpected>,
    /// Only with an event.
    pub(crate) confirm: Option<ConfirmExpected>,
    pub(crate) replies: Vec<ReplyExpected>,
}

#[derive(Debug, Clone)]
pub(crate) enum VerdictExpected {
    Genuine {
        matched: Option<String>,
        replay_key: Option<String>,
    },
    Challenge,
    /// By its reason's code.
    Forged(Option<String>),
    /// By its reason's code.
    Unavailable(Option<String>),
}

#[derive(Debug, Clone)]
pub(crate) enum ContentExpected {
    /// As many events, in this order.
    Notification(Option<Vec<EventExpected>>),
    Request(RequestExpected),
    /// By its reason's code.
    Malformed(Option<String>),
    /// By its reason's code.
    NotFound(Option<String>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct EventExpected {
    pub(crate) id: Option<String>,
    pub(crate) aliases: Option<Vec<String>>,
    pub(crate) kind: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) rank: Option<u32>,
    pub(crate) occurred_at_ms: Option<u64>,
    pub(crate) data: Option<Value>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct RequestExpected {
    pub(crate) id: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) data: Option<Value>,
}

/// How the first event has to be confirmed.
#[derive(Debug, Clone)]
pub(crate) struct ConfirmExpected {
    pub(crate) now_ms: u64,
    pub(crate) origin: String,
    pub(crate) state: Vec<(String, String)>,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) confirmation: ConfirmationExpected,
    pub(crate) state_after: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub(crate) enum ConfirmationExpected {
    Confirmed(Option<EventExpected>),
    /// By its reason's code.
    Contradicted(Option<String>),
    /// By its reason's code.
    NotYet(Option<String>),
}

/// How one outcome has to be worded.
#[derive(Debug, Clone)]
pub(crate) struct ReplyExpected {
    pub(crate) outcome: OutcomeAsked,
    pub(crate) wording: Wording,
}

/// Which outcome the adapter is asked to word.
#[derive(Debug, Clone)]
pub(crate) enum OutcomeAsked {
    Accepted,
    Duplicate,
    Challenged,
    /// JSON.
    Answered(String),
    Declined(Decline),
    Forged,
    Malformed,
    NotFound,
    Unavailable,
    /// What `verify` and `parse` led to, with the reason that they gave.
    AsParsed,
}

impl OutcomeAsked {
    /// The word that a vector's file has for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            OutcomeAsked::Accepted => "accepted",
            OutcomeAsked::Duplicate => "duplicate",
            OutcomeAsked::Challenged => "challenged",
            OutcomeAsked::Answered(_) => "answered",
            OutcomeAsked::Declined(_) => "declined",
            OutcomeAsked::Forged => "forged",
            OutcomeAsked::Malformed => "malformed",
            OutcomeAsked::NotFound => "not-found",
            OutcomeAsked::Unavailable => "unavailable",
            OutcomeAsked::AsParsed => "as-parsed",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Wording {
    Reply {
        status: u16,
        /// By name, with all values it has to have, in order; none of them = it must not be there.
        headers: Vec<(String, Vec<String>)>,
        body: Option<BodyExpected>,
    },
    /// `respond` refuses, with this code.
    Error(String),
}

#[derive(Debug, Clone)]
pub(crate) enum BodyExpected {
    Exact(String),
    Json(Value),
}
