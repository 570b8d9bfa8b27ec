//! What a vector holds and what an adapter says, as plain data of this crate's own: it is run by
//! the SDK's side and by the router's, and depends on neither.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::{Exchange, Expected};

/// One recorded callback, with its surroundings and what is expected.
#[derive(Debug, Clone)]
pub struct Vector {
    /// The files' name without its ending.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// The callback as the adapter gets it.
    pub call: Callback,
    /// The route's settings, a JSON object.
    pub settings: Value,
    /// Every version of every secret, in the order written.
    pub secrets: Vec<Secret>,
    /// What has to come of it.
    pub expected: Expected,
}

/// One inbound HTTP call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The call's id; a vector's own is its name.
    pub id: String,
    /// Upper-case method.
    pub method: String,
    /// Absolute, with the query string.
    pub url: String,
    /// The path's parameters by name.
    pub params: Vec<(String, String)>,
    /// Lower-case names; order and repeats as written.
    pub headers: Vec<(String, String)>,
    /// A bare address.
    pub peer: String,
    /// Unix milliseconds.
    pub received_at_ms: u64,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// One version of a secret. Its `Debug` leaves the text out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The role that the adapter names.
    pub role: String,
    /// The version's name, which `matched` says.
    pub version: String,
    /// The provider's name for the key.
    pub kid: Option<String>,
    /// The secret itself: text, or a key in PEM. Vectors hold invented ones only.
    pub text: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} {} {:?})", self.role, self.version, self.kid)
    }
}

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable word in snake_case.
    pub code: String,
    /// A sentence.
    pub detail: String,
}

/// What `verify` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// From the provider.
    Genuine {
        /// The version of the secret that matched.
        matched: Option<String>,
        /// Comes once.
        replay_key: Option<String>,
    },
    /// Only wants this token echoed.
    Challenge(String),
    /// Not from the provider.
    Forged(Reason),
    /// Can't be told now.
    Unavailable(Reason),
}

/// What `parse` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Zero or more events.
    Notification(Vec<Event>),
    /// A question.
    Request(Request),
    /// It breaks the provider's format.
    Malformed(Reason),
    /// There is nothing here.
    NotFound(Reason),
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the contract's event")]
pub struct Event {
    pub id: String,
    pub aliases: Vec<String>,
    pub kind: String,
    pub subject: Option<String>,
    pub rank: Option<u32>,
    pub occurred_at_ms: Option<u64>,
    /// JSON; `None` = the body as received.
    pub data: Option<String>,
}

/// What an adapter is asked to confirm, and what it finds while it does.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As `parse` gave it.
    pub event: Event,
    /// Unix milliseconds.
    pub now_ms: u64,
    /// When the answer is too late, Unix milliseconds.
    pub deadline_ms: u64,
    /// Where the settings say that the provider's API is; the exchanges' paths stand behind it.
    pub origin: String,
    /// Values in `state`, as texts.
    pub state: Vec<(String, String)>,
    /// The calls of the API that are made, in this order.
    pub exchanges: Vec<Exchange>,
    /// Keys of `state` whose values are wanted back.
    pub watched: Vec<String>,
}

/// What came of asking for a confirmation.
#[derive(Debug, Clone)]
pub struct Came {
    /// What was said.
    pub confirmation: Confirmation,
    /// Which calls weren't as scripted, each in a sentence.
    pub problems: Vec<String>,
    /// The watched values that are there.
    pub state: Vec<(String, String)>,
}

/// What `confirm` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// True, and this is what is delivered.
    Confirmed(Event),
    /// Not true, for good.
    Contradicted(Reason),
    /// Can't be told now.
    NotYet(Reason),
}

/// A question; `data` is JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the contract's request")]
pub struct Request {
    pub id: String,
    pub kind: String,
    pub data: String,
}

/// What an adapter is asked to word.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the cases are those of the contract's outcome")]
pub enum Outcome {
    Accepted,
    Duplicate,
    /// The token.
    Challenged(String),
    /// JSON.
    Answered(String),
    Declined(Decline),
    Forged(Reason),
    Malformed(Reason),
    NotFound(Reason),
    Unavailable(Reason),
}

/// A responder's no.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// Which kind of no.
    pub status: DeclineStatus,
    /// For logs.
    pub reason: String,
    /// For the provider's customer.
    pub customer_reason: Option<String>,
}

/// How a responder says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the cases are those of the contract's decline status")]
pub enum DeclineStatus {
    Invalid,
    NotFound,
    Unprocessable,
    Unavailable,
}

/// What goes back to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}
