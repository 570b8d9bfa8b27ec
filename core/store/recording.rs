//! A genuine notification as it is recorded, and what came of that.

use std::sync::Arc;

use crate::model::{Callback, Event, EventId, GenerationId, StateChange};

/// All that one transaction records.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The callback, byte for byte.
    pub callback: Arc<Callback>,
    /// Its route's name.
    pub route: String,
    /// Which generation took it.
    pub generation: GenerationId,
    /// Which adapter found it genuine: its name and the hash of its code.
    pub adapter: String,
    /// The version of the secret that matched.
    pub matched: Option<String>,
    /// Comes once: seen again with another body, the callback is forged.
    pub replay_key: Option<String>,
    /// What it holds; nothing for a kind that nobody knows.
    pub events: Vec<NewEvent>,
    /// Whether events are confirmed before they are delivered.
    pub confirms: bool,
    /// For how long ids and replay keys are known again, in milliseconds.
    pub dedupe_ms: u64,
    /// What the route's adapter remembered or forgot.
    pub state: Vec<StateChange>,
}

/// One of a callback's events.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What the adapter said.
    pub event: Event,
    /// The destinations of the config that it is owed to. Registered webhooks that want its kind
    /// are found by the store.
    pub named: Vec<String>,
}

/// What recording came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// These events are new; none where the callback held none.
    New(Vec<EventId>),
    /// All of its events were recorded before: nothing is done twice.
    Duplicate,
    /// Its replay key was seen with another body: nothing was recorded.
    Replayed,
}
