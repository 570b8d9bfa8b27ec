//! The traits that a plugin implements, one for each interface that it may export.
//!
//! Callbacks come by reference: the call's only copy stays with the wrapper that made it.

use crate::{
    Answer, Callback, Confirmation, Content, Context, Decline, Event, Fact, Head, Manifest,
    Outcome, ParseFault, Reason, Reply, Request, Verdict,
};

/// What every adapter exports: one provider's protocol.
pub trait Protocol {
    /// Which settings, secret roles, answer kinds and event kinds exist. Called with no settings.
    fn describe() -> Manifest;
    /// Looks at its settings and secrets once, at load; any reason refuses the route.
    fn configure() -> Vec<Reason>;
    /// Is it genuine?
    fn verify(call: &Callback) -> Verdict;
    /// What does it hold? Only ever called for a genuine one.
    fn parse(call: &Callback) -> Result<Content, ParseFault>;
    /// Words an outcome as the provider expects it. For [`Outcome::Answered`], an error means that
    /// the answer is invalid.
    fn respond(head: &Head, outcome: Outcome) -> Result<Reply, Reason>;
}

/// For providers that don't sign: asks the provider's own API before an event is delivered.
pub trait Confirming {
    /// Is the event true? What a [`Confirmation::Confirmed`] holds is what is delivered.
    fn confirm(event: Event, context: Context) -> Confirmation;
}

/// Makes callbacks as the provider would, signed and ready to send.
pub trait Simulating {
    /// The kinds that [`Simulating::simulate`] knows.
    fn kinds() -> Vec<String>;
    /// One callback of a kind. `options` is a JSON object, `now_ms` Unix milliseconds; the same
    /// arguments give the same callback.
    fn simulate(kind: &str, options: &str, now_ms: u64, seed: u64) -> Result<Callback, Reason>;
}

/// Tells a person what was signed and where the adapter looked.
pub trait Explaining {
    /// Facts about one callback, genuine or not.
    fn explain(call: &Callback) -> Vec<Fact>;
}

/// Tells a person what to register at the provider.
pub trait Registering {
    /// `url` is the route's public URL, with its path parameters as `{name}`.
    fn register(url: &str) -> Vec<Fact>;
}

/// What every responder exports.
pub trait Answering {
    /// Computes the answer to a request, before `context.deadline_ms`.
    fn compute(request: Request, context: Context) -> Result<Answer, Decline>;
}
