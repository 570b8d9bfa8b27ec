//! What is due, and how it is settled.

use bytes::Bytes;

use crate::model::{
    Addressee, Attempt, Confirmation, DeliveryId, Event, EventId, Reason, Settled, StateChange,
};

/// Work that was taken, and when there is more.
#[derive(Debug, Clone)]
pub struct Claim<T> {
    /// What is due; it is this owner's until it is settled.
    pub due: Vec<T>,
    /// When the next one is due that isn't claimed, Unix milliseconds. Not later than the claim's
    /// own time where more is due than was taken.
    pub next_ms: Option<u64>,
}

/// One delivery with all that is sent.
#[derive(Debug, Clone)]
pub struct Owed {
    /// Which delivery.
    pub id: DeliveryId,
    /// To whom.
    pub to: Addressee,
    /// Which event, as destinations know it.
    pub event: EventId,
    /// The adapter's id for it.
    pub provider_id: String,
    /// The route that it came by.
    pub route: String,
    /// Its kind.
    pub kind: String,
    /// What it is about.
    pub subject: Option<String>,
    /// When it happened, or when the callback came; Unix milliseconds.
    pub time_ms: u64,
    /// The event's data, or the callback's bytes exactly.
    pub body: Bytes,
    /// The callback's content type; `application/json` for an event with data of its own.
    pub content_type: Option<String>,
    /// Attempts made since it was last put to waiting: 0 at the first.
    pub tries: u32,
    /// A later state of the subject is known.
    pub superseded: bool,
}

/// How an attempt of a delivery ended.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which delivery.
    pub id: DeliveryId,
    /// The attempt; `None` where none was made: the event is superseded and its route drops those,
    /// or nobody may be asked now.
    pub attempt: Option<Attempt>,
    /// What the delivery is now.
    pub ruling: Ruling,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// By an attempt.
    Settled(Settled),
    /// It isn't sent: it is behind, and its route drops what is.
    Dropped,
    /// The destination wants nothing any more (410): the delivery is exhausted, and a webhook is
    /// made inactive.
    Gone,
}

/// An event that is to be confirmed.
#[derive(Debug, Clone)]
pub struct Unconfirmed {
    /// Which one.
    pub id: EventId,
    /// The route that it came by.
    pub route: String,
    /// What the adapter said of it; its `data` is always there: where the adapter gave none, it is
    /// the callback's body.
    pub event: Event,
    /// Confirmations tried since it was recorded, or repeated: 0 at the first.
    pub tries: u32,
    /// When that was, Unix milliseconds.
    pub since_ms: u64,
}

/// What a confirmation brought.
#[derive(Debug, Clone)]
pub struct UnconfirmedSettlement {
    /// Which event.
    pub id: EventId,
    /// What is kept of it.
    pub confirmed: Confirmed,
    /// What the route's adapter remembered or forgot.
    pub state: Vec<StateChange>,
    /// The time, Unix milliseconds.
    pub now_ms: u64,
}

/// What becomes of an event that was to be confirmed.
#[derive(Debug, Clone)]
pub enum Confirmed {
    /// It is true; this is what is delivered, to these destinations of the config and to the
    /// webhooks that want its kind.
    True {
        /// As the provider says it is.
        event: Event,
        /// Names in the config.
        named: Vec<String>,
        /// For how long its id is known again, in milliseconds.
        dedupe_ms: u64,
    },
    /// It isn't.
    Contradicted(Reason),
    /// Ask again at this time, Unix milliseconds.
    Later(Reason, u64),
    /// It was asked for long enough.
    GivenUp(Reason),
}

impl Confirmed {
    /// From what the adapter said. `again_ms`: when to ask again; `None`: never.
    pub fn of(
        said: Confirmation,
        named: impl FnOnce(&Event) -> Vec<String>,
        dedupe_ms: u64,
        again_ms: Option<u64>,
    ) -> Confirmed {
        match (said, again_ms) {
            (Confirmation::Confirmed(event), _) => {
                let named = named(&event);
                Confirmed::True { event, named, dedupe_ms }
            }
            (Confirmation::Contradicted(reason), _) => Confirmed::Contradicted(reason),
            (Confirmation::NotYet(reason), Some(at_ms)) => Confirmed::Later(reason, at_ms),
            (Confirmation::NotYet(reason), None) => Confirmed::GivenUp(reason),
        }
    }
}
