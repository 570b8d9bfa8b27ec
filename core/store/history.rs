//! What is shown of what was recorded: filters, pages and rows.

use crate::model::{
    Addressee, Attempt, Callback, CallbackId, DeliveryId, DeliveryStatus, Event, EventId,
    EventStatus, GenerationId, Reply,
};

/// Which events are wanted; every part that is set must fit.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this route.
    pub route: Option<String>,
    /// Of exactly this kind.
    pub kind: Option<String>,
    /// About this.
    pub subject: Option<String>,
    /// That stand so.
    pub status: Option<EventStatus>,
    /// With this id of the adapter's.
    pub provider_id: Option<String>,
    /// Whose answer that stands is by the plugin of this name, whichever build of it, or by this
    /// service, build or `fallback`.
    pub answered_by: Option<String>,
    /// Only those whose answer that stands is what config says where nobody answers.
    pub fallback: bool,
    /// Recorded at or after, Unix milliseconds.
    pub from_ms: Option<u64>,
    /// Recorded at or before, Unix milliseconds.
    pub to_ms: Option<u64>,
    /// Only those that came before this one: the last of the page before.
    pub before: Option<EventId>,
    /// Rows of a page.
    pub limit: usize,
}

/// Which deliveries are wanted; every part that is set must fit.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// To this destination.
    pub to: Option<Addressee>,
    /// Whose event is about this.
    pub subject: Option<String>,
    /// Of an event of exactly this kind, or of this kind with a provider's prefix.
    pub kind: Option<String>,
    /// That stand in one of these ways; none: in any.
    pub statuses: Vec<DeliveryStatus>,
    /// Made at or after, Unix milliseconds.
    pub from_ms: Option<u64>,
    /// Made at or before, Unix milliseconds.
    pub to_ms: Option<u64>,
    /// So many of them are left out first.
    pub offset: usize,
    /// Only those that came before this one: the last of the page before.
    pub before: Option<DeliveryId>,
    /// Rows of a page.
    pub limit: usize,
    /// Whether all that fit are counted.
    pub count: bool,
}

/// A part of what was asked for, the newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many fit in all, where that was asked.
    pub total: Option<u64>,
    /// Whether there are further ones.
    pub more: bool,
}

/// An event as lists show it.
#[derive(Debug, Clone)]
pub struct EventShown {
    /// Its id.
    pub id: EventId,
    /// The callback that brought it.
    pub callback: CallbackId,
    /// The route that it came by.
    pub route: String,
    /// What the adapter said, or the provider since. `data` is `None` where it is the callback's
    /// body, and in lists.
    pub event: Event,
    /// Where it stands.
    pub status: EventStatus,
    /// Whether a later state of its subject is known.
    pub superseded: bool,
    /// How often it came again.
    pub repeats: u32,
    /// Confirmations tried, or tries of a request's answer.
    pub tries: u32,
    /// When it is confirmed next, Unix milliseconds.
    pub confirm_ms: Option<u64>,
    /// What the last confirmation said, where that wasn't yes; why a request is unanswered, or was
    /// declined.
    pub reason: Option<String>,
    /// The event that it was merged into.
    pub merged: Option<EventId>,
    /// When it was recorded, Unix milliseconds.
    pub recorded_ms: u64,
}

/// An event with everything that belongs to it.
#[derive(Debug, Clone)]
pub struct EventWhole {
    /// The event; its `data` is there where it has some of its own.
    pub shown: EventShown,
    /// The callback that brought it.
    pub callback: CallbackShown,
    /// Its deliveries, the oldest first, with their attempts; at most 500.
    pub deliveries: Vec<(DeliveryShown, Vec<Attempt>)>,
    /// The tries of a request that ended, the oldest first: the 20 newest, and the one whose reply
    /// stands.
    pub answers: Vec<AnswerShown>,
}

/// How one try of a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerShown {
    /// Which try: 1 is the first. A late answer has the number of the try that was given up.
    pub attempt: u32,
    /// What was said; only the start of the body where it doesn't stand.
    pub reply: Reply,
    /// Whether it may be sent again.
    pub finished: bool,
    /// The answer's JSON.
    pub answer: Option<String>,
    /// Who computed it.
    pub by: String,
    /// Whether it is what the config says where no responder answers.
    pub fallback: bool,
    /// Whether its caller was told something else before it came.
    pub late: bool,
    /// What went wrong, or why it was declined.
    pub why: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When it ended, Unix milliseconds.
    pub at_ms: u64,
    /// Whether it is what whoever asks again gets.
    pub stands: bool,
}

/// A callback as it was recorded.
#[derive(Debug, Clone)]
pub struct CallbackShown {
    /// Byte for byte.
    pub callback: Callback,
    /// Which generation took it.
    pub generation: GenerationId,
    /// Which adapter found it genuine.
    pub adapter: String,
    /// Which version of the secret matched.
    pub matched: Option<String>,
}

/// A delivery as it stands.
#[derive(Debug, Clone)]
pub struct DeliveryShown {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub to: Addressee,
    /// Which event.
    pub event: EventId,
    /// The event's kind.
    pub kind: String,
    /// What the event is about.
    pub subject: Option<String>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// What is sent; `None` where that is more than lists show. It stands whole in its event.
    pub payload: Option<Vec<u8>>,
    /// The status of the last response.
    pub response_status: Option<u16>,
    /// The start of the last response's body.
    pub response_body: Option<Vec<u8>>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Attempts made in all.
    pub attempts: u32,
    /// When it is due, while it waits; Unix milliseconds.
    pub due_ms: Option<u64>,
    /// When it was delivered, Unix milliseconds.
    pub delivered_ms: Option<u64>,
    /// When it was made, Unix milliseconds.
    pub created_ms: u64,
}

/// How a store does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Why nothing can be written now.
    pub failing: Option<String>,
    /// Whether it holds as much as it may.
    pub full: bool,
    /// Bytes that it holds.
    pub bytes: u64,
}

impl Health {
    /// Whether callbacks can be recorded now.
    pub fn takes(&self) -> bool {
        self.failing.is_none() && !self.full
    }
}
