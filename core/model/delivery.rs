//! An event on its way to a destination: who it is for, how an attempt ended, and what becomes of
//! the delivery then.

use std::fmt;

use super::WebhookId;

/// Where deliveries go, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Addressee {
    /// A `[destinations.NAME]` of the config.
    Named(String),
    /// One that was registered over the API.
    Webhook(WebhookId),
}

/// What stands before a webhook's id, where both kinds are kept as text. No name in config holds a
/// slash.
const WEBHOOK: &str = "webhook/";

impl fmt::Display for Addressee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Addressee::Named(name) => f.write_str(name),
            Addressee::Webhook(id) => write!(f, "{WEBHOOK}{id}"),
        }
    }
}

impl Addressee {
    /// From the text that it is kept as.
    pub fn parse(text: &str) -> Addressee {
        let webhook = text.strip_prefix(WEBHOOK).and_then(|id| id.parse().ok());
        webhook.map_or_else(|| Addressee::Named(text.to_owned()), Addressee::Webhook)
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// It is due now or later. Shown as parked where its destination isn't there, or is inactive.
    Waiting,
    /// Its event isn't confirmed yet.
    Unconfirmed,
    /// The destination took it.
    Delivered,
    /// All attempts failed: only a resend goes on.
    Exhausted,
    /// Nobody wants it any more: its webhook was deleted, its event was merged into another or is
    /// superseded and its route drops those.
    Cancelled,
    /// Its event turned out not to be true.
    Contradicted,
}

impl DeliveryStatus {
    /// All of them, in the order of the numbers that they are kept as.
    pub const ALL: [DeliveryStatus; 6] = [
        DeliveryStatus::Waiting,
        DeliveryStatus::Unconfirmed,
        DeliveryStatus::Delivered,
        DeliveryStatus::Exhausted,
        DeliveryStatus::Cancelled,
        DeliveryStatus::Contradicted,
    ];

    /// One word, as the API and the command line show it.
    pub fn word(self) -> &'static str {
        match self {
            DeliveryStatus::Waiting => "waiting",
            DeliveryStatus::Unconfirmed => "unconfirmed",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Exhausted => "exhausted",
            DeliveryStatus::Cancelled => "cancelled",
            DeliveryStatus::Contradicted => "contradicted",
        }
    }
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventStatus {
    /// It needs no confirmation.
    Accepted,
    /// The provider is yet to be asked whether it is true.
    Unconfirmed,
    /// It is true.
    Confirmed,
    /// It isn't true.
    Contradicted,
    /// The provider didn't say in time whether it is true.
    GivenUp,
    /// It turned out to be an event that is recorded already.
    Merged,
    /// It is a request, and nobody has answered it so far.
    Unanswered,
    /// It is a request that has its answer.
    Answered,
    /// It is a request whose answer is no, for ever.
    Declined,
}

impl EventStatus {
    /// All of them, in the order of the numbers that they are kept as.
    pub const ALL: [EventStatus; 9] = [
        EventStatus::Accepted,
        EventStatus::Unconfirmed,
        EventStatus::Confirmed,
        EventStatus::Contradicted,
        EventStatus::GivenUp,
        EventStatus::Merged,
        EventStatus::Unanswered,
        EventStatus::Answered,
        EventStatus::Declined,
    ];

    /// One word, as the API and the command line show it.
    pub fn word(self) -> &'static str {
        match self {
            EventStatus::Accepted => "accepted",
            EventStatus::Unconfirmed => "unconfirmed",
            EventStatus::Confirmed => "confirmed",
            EventStatus::Contradicted => "contradicted",
            EventStatus::GivenUp => "given-up",
            EventStatus::Merged => "merged",
            EventStatus::Unanswered => "unanswered",
            EventStatus::Answered => "answered",
            EventStatus::Declined => "declined",
        }
    }
}

/// One try of a delivery, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began, Unix milliseconds.
    pub at_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The status of the response, where one came.
    pub status: Option<u16>,
    /// The start of the response's body.
    pub body: Vec<u8>,
    /// Why it failed, for the operator; `None`: it didn't.
    pub error: Option<String>,
}

/// What a delivery is after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Done.
    Delivered,
    /// To be tried again at this time, Unix milliseconds.
    Again(u64),
    /// That was the last attempt.
    Exhausted,
}

/// What becomes of an event that is behind what is known of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutOfOrder {
    /// It is delivered, and marked.
    #[default]
    Mark,
    /// It is delivered like any other.
    Deliver,
    /// It isn't delivered.
    Drop,
}
