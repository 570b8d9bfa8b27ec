//! Destinations that are registered over the API.

use crate::model::{KindPattern, WebhookId};

/// One registered webhook, as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where events are sent.
    pub url: String,
    /// Patterns of the kinds that it wants, of every route; a kind may be named without its
    /// provider's prefix.
    pub events: Vec<KindPattern>,
    /// Whether new events are owed to it, and waiting ones sent.
    pub active: bool,
    /// What signs its deliveries: `whsec_…`. Sealed at rest.
    pub secret: String,
    /// When an event was last owed to it, Unix milliseconds.
    pub triggered_ms: Option<u64>,
    /// When it last took one, Unix milliseconds.
    pub delivered_ms: Option<u64>,
    /// Unix milliseconds.
    pub created_ms: u64,
    /// Unix milliseconds.
    pub updated_ms: u64,
}

/// The secret isn't for showing.
impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Webhook {
    /// Whether an event of this kind is owed to it.
    pub fn wants(&self, kind: &str) -> bool {
        self.active && self.events.iter().any(|pattern| pattern.matches_bare(kind))
    }
}

/// A webhook to register.
#[derive(Clone)]
pub struct NewWebhook {
    /// Where events are sent; looked at by the caller.
    pub url: String,
    /// What it wants.
    pub events: Vec<KindPattern>,
    /// What signs its deliveries.
    pub secret: String,
    /// The time, Unix milliseconds.
    pub now_ms: u64,
}

/// What is changed of a webhook; `None` leaves it.
#[derive(Clone, Default)]
pub struct WebhookChange {
    /// Where events are sent.
    pub url: Option<String>,
    /// What it wants.
    pub events: Option<Vec<KindPattern>>,
    /// Whether it is active.
    pub active: Option<bool>,
    /// What signs its deliveries from now on.
    pub secret: Option<String>,
    /// The time, Unix milliseconds.
    pub now_ms: u64,
}
