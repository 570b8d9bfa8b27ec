//! The words of the product as plain data: what a callback is, what an adapter may say of it, what
//! a request asks and what an answer holds. Nothing here does I/O, waits, or knows HTTP libraries
//! or wasm.

pub mod ids;
pub mod clock;
pub mod callback;
pub mod verdict;
pub mod event;
pub mod kinds;
pub mod delivery;
pub mod state;
pub mod request;
pub mod outcome;
pub mod manifest;
pub mod address;
pub mod units;
pub mod hex;
pub mod breaker;
pub mod secret;
pub mod trace;

pub use address::{Network, is_public};
pub use breaker::{Breaker, BreakerLimits};
pub use callback::{Callback, Head, Header, Reply};
pub use clock::Clock;
pub use delivery::{Addressee, Attempt, DeliveryStatus, EventStatus, OutOfOrder, Settled};
pub use event::{Confirmation, Event};
pub use ids::{CallbackId, DeliveryId, EventId, GenerationId, NoId, WebhookId};
pub use kinds::KindPattern;
pub use manifest::{Fact, Manifest, SecretRole, Setting};
pub use outcome::Outcome;
pub use request::{Answer, Context, Decline, DeclineStatus, Request};
pub use secret::SecretText;
pub use state::StateChange;
pub use trace::TraceContext;
pub use verdict::{Content, ParseFault, Proof, Reason, Verdict};
