//! The adapter for Brite (britepayments.com): callbacks that tell the state of a session or a
//! transaction, all of them notifications, and none of them signed.
//!
//! A callback is never the truth. Where it comes from only filters; what is delivered is the state
//! that Brite's own API gives when it is asked.

use hookswitch_sdk::{
    Callback, Confirmation, Confirming, Content, Context, Event, Explaining, Fact, Head, Manifest,
    Outcome, ParseFault, Protocol, Reason, Registering, Reply, Simulating, Verdict,
};

mod states;
mod network;
mod settings;
mod describe;
mod scalar;
mod told;
mod verify;
mod respond;
mod api;
mod lease;
mod token;
mod confirm;
mod register;
mod explain;
mod simulate;
#[cfg(test)]
mod tests;

/// The adapter.
pub struct Brite;

impl Protocol for Brite {
    fn describe() -> Manifest {
        describe::describe()
    }

    fn configure() -> Vec<Reason> {
        settings::get().err().unwrap_or_default()
    }

    fn verify(call: &Callback) -> Verdict {
        verify::verify(call)
    }

    fn parse(call: &Callback) -> Result<Content, ParseFault> {
        let told = told::Told::read(&call.body).map_err(ParseFault::Malformed)?;
        Ok(Content::Notification(vec![told.event(told.state)]))
    }

    fn respond(_head: &Head, outcome: Outcome) -> Result<Reply, Reason> {
        respond::respond(outcome)
    }
}

impl Confirming for Brite {
    fn confirm(event: Event, context: Context) -> Confirmation {
        confirm::confirm(&event, &context)
    }
}

impl Simulating for Brite {
    fn kinds() -> Vec<String> {
        states::kinds().collect()
    }

    fn simulate(kind: &str, options: &str, now_ms: u64, seed: u64) -> Result<Callback, Reason> {
        simulate::simulate(kind, options, now_ms, seed)
    }
}

impl Explaining for Brite {
    fn explain(call: &Callback) -> Vec<Fact> {
        explain::explain(call)
    }
}

impl Registering for Brite {
    fn register(url: &str) -> Vec<Fact> {
        register::register(url)
    }
}

hookswitch_sdk::export!(Brite: protocol, confirming, simulating, explaining, registering);
