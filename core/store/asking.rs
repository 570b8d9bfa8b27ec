//! A genuine request as it is recorded before it is answered, and how each try of that ended. The
//! first finished reply is the one that stands.

use std::sync::Arc;

use crate::model::{Callback, EventId, GenerationId, Reply, Request, StateChange};

/// All that one transaction records of a request.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The callback, byte for byte; the SHA-256 of its body is what a repeat has to match.
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
    /// What is asked. With the route, its kind and id are its identity.
    pub request: Request,
    /// For how long its replay key is known again, in milliseconds.
    pub dedupe_ms: u64,
    /// For how long its identity and the reply that stands are kept, in milliseconds.
    pub keep_ms: u64,
    /// What the route's adapter remembered or forgot.
    pub state: Vec<StateChange>,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nobody has answered it yet: it is to be computed.
    Open {
        /// The event that it is kept as.
        id: EventId,
        /// Which try it would be: 1 is the first. Of those who ask at the same time each has a
        /// number, and any of them may be the one that tries.
        attempt: u32,
    },
    /// It has a finished reply, to be sent again byte for byte.
    Answered(Reply),
    /// The same identity came before with another body.
    Differs,
    /// Its replay key was seen with another body: nothing was recorded.
    Replayed,
}

/// How one try of a request ended.
#[derive(Debug, Clone)]
pub struct Answering {
    /// The event that the request is kept as.
    pub id: EventId,
    /// Which try, as whoever tries was told.
    pub attempt: u32,
    /// What is said to the caller, as the adapter worded it.
    pub reply: Reply,
    /// Whether the reply may stand; `false`: unavailable, which is kept as a try and never sent
    /// again.
    pub finished: bool,
    /// The answer's JSON; `None` where there was none. A finished try without one is a decline.
    pub answer: Option<String>,
    /// Who computed it: `quotes@<hash>`, a URL, or `fallback`.
    pub by: String,
    /// Whether it is what the config says where no responder answers.
    pub fallback: bool,
    /// Whether its caller was told something else before it came.
    pub late: bool,
    /// What went wrong, or why it was declined. Nothing of a body.
    pub why: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When it ended, Unix milliseconds.
    pub at_ms: u64,
    /// What the responder and the route's adapter remembered or forgot.
    pub state: Vec<StateChange>,
}
