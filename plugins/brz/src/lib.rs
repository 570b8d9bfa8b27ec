//! The adapter for BRZ (brzip.com.br): Pix, boleto, payment-link and MED webhooks, all of them
//! notifications, signed with HMAC-SHA256 over the timestamp header and the raw body.
//!
//! Only what is under the signature decides anything: the body and the timestamp. The other
//! headers may only make a callback a duplicate of itself, or contradict the body and refuse it.

use hookswitch_sdk::{
    Callback, Content, Explaining, Fact, Head, Manifest, Outcome, ParseFault, Protocol, Reason,
    Registering, Reply, Simulating, Verdict,
};

mod catalogue;
mod describe;
mod settings;
mod verify;
mod members;
mod body;
mod parse;
mod respond;
mod register;
mod explain;
mod simulate;
mod sample;
#[cfg(test)]
mod tests;

/// The adapter.
pub struct Brz;

impl Protocol for Brz {
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
        parse::parse(call).map_err(ParseFault::Malformed)
    }

    fn respond(_head: &Head, outcome: Outcome) -> Result<Reply, Reason> {
        respond::respond(outcome)
    }
}

impl Simulating for Brz {
    fn kinds() -> Vec<String> {
        catalogue::EVENTS.iter().map(ToString::to_string).collect()
    }

    fn simulate(kind: &str, options: &str, now_ms: u64, seed: u64) -> Result<Callback, Reason> {
        simulate::simulate(kind, options, now_ms, seed)
    }
}

impl Explaining for Brz {
    fn explain(call: &Callback) -> Vec<Fact> {
        explain::explain(call)
    }
}

impl Registering for Brz {
    fn register(url: &str) -> Vec<Fact> {
        register::register(url)
    }
}

hookswitch_sdk::export!(Brz: protocol, simulating, explaining, registering);
