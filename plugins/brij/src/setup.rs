//! What to agree with BRIJ before a route can serve: it has no API for that, people do it.
//!
//! Invariant: every URL shown is one that `parse` knows.

use hookswitch_sdk::Fact;

use crate::{REQUESTS, WEBHOOK};

/// The facts for a route at this URL, whose path has `{call}` where the kind of call goes.
pub(crate) fn register(url: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    if !url.contains("{call}") {
        facts.push(fact("problem", "the route's path must hold {call}, as in /brij/{call}"));
    }
    for call in REQUESTS.iter().chain([&WEBHOOK]) {
        facts.push(fact(&format!("URL for {call}"), &url.replace("{call}", call)));
    }
    facts.push(fact(
        "which to give",
        "tier 1: quote and redirect-order; tier 2: quote, create-order, cancel-order and webhook",
    ));
    facts.push(fact("partner id", "ask BRIJ for yours; it goes into settings.partner_id"));
    facts.push(fact(
        "public keys",
        "ask BRIJ for the RSA key (PEM) and its kid; they go into secrets.signing-key",
    ));
    facts
}

fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: value.to_owned() }
}
