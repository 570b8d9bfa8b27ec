//! How this service says no, in the form in which the router reads it: the status says of what sort
//! the no is, `reason` is for logs, `customer_reason` may be shown to the customer.
//!
//! Neither ever quotes what was sent.

use hookswitch_sdk::{Decline, DeclineStatus};
use serde_json::{Value, json};

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum No {
    /// The caller asked for what can't be.
    Refused(Refusal),
    /// The file can't be read or written; the caller may try again.
    Store(rusqlite::Error),
}

/// A no that is meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// 400, 409: invalid; 404: not found; 422: it can't be done; 503: not now.
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) customer_reason: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: u16, reason: &str) -> Refusal {
        Refusal { status, reason: reason.to_owned(), customer_reason: None }
    }

    /// With words that the customer may read.
    pub(crate) fn telling(self, customer: &str) -> Refusal {
        Refusal { customer_reason: Some(customer.to_owned()), ..self }
    }

    pub(crate) fn body(&self) -> Value {
        match &self.customer_reason {
            Some(customer) => json!({ "reason": self.reason, "customer_reason": customer }),
            None => json!({ "reason": self.reason }),
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> No {
        No::Refused(refusal)
    }
}

impl From<rusqlite::Error> for No {
    fn from(error: rusqlite::Error) -> No {
        No::Store(error)
    }
}

impl From<Decline> for No {
    fn from(decline: Decline) -> No {
        let status = match decline.status {
            DeclineStatus::Invalid => 400,
            DeclineStatus::NotFound => 404,
            DeclineStatus::Unprocessable => 422,
            DeclineStatus::Unavailable => 503,
        };
        let Decline { reason, customer_reason, .. } = decline;
        No::Refused(Refusal { status, reason, customer_reason })
    }
}
