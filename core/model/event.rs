//! What a notification yields.

use super::Reason;

/// One thing that happened at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The adapter's id for it: the same id on the same route is the same event.
    pub id: String,
    /// Further ids; any of them seen before makes it a duplicate.
    pub aliases: Vec<String>,
    /// `provider.what.happened`.
    pub kind: String,
    /// What it is about: a transaction, a customer.
    pub subject: Option<String>,
    /// Its place in the subject's life; a lower one is behind.
    pub rank: Option<u32>,
    /// When it happened, Unix milliseconds.
    pub occurred_at_ms: Option<u64>,
    /// JSON; `None` = the callback's body as received.
    pub data: Option<String>,
}

/// What asking the provider's own API brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// It is true, and this is what is delivered.
    Confirmed(Event),
    /// It is not true and never will be.
    Contradicted(Reason),
    /// Ask again later.
    NotYet(Reason),
}
