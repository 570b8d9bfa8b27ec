//! What the token says of itself, as facts for a person. Nothing here was checked: whoever made the
//! callback may have written all of it.

use hookswitch_sdk::{Callback, Fact, crypto, text};
use serde_json::Value;

use crate::Settings;
use crate::token::{HEADER, unchecked};

/// Bytes of a claim that are shown.
const SHOWN_MAX: usize = 80;

pub(crate) fn explain(call: &Callback) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let parts = "the token's first two parts and the dot between; the token holds the body's hash";
    let mut facts = vec![fact("signed", format!("{parts}, in {HEADER}"))];
    let (jose, claims) = match unchecked(call) {
        Ok(parts) => parts,
        Err(reason) => {
            facts.push(fact("token", reason.detail));
            return facts;
        }
    };
    facts.push(fact("key id", shown(&jose["kid"])));
    facts.push(fact("algorithm", shown(&jose["alg"])));
    let (issuer, partner) = match Settings::get() {
        Ok(settings) => (settings.issuer.clone(), settings.partner_id.clone()),
        Err(_) => Default::default(),
    };
    facts.push(fact("issuer", format!("{}, expected {issuer:?}", shown(&claims["iss"]))));
    facts.push(fact("audience", format!("{}, expected {partner:?}", shown(&claims["aud"]))));
    let hash = text::encode_hex(&crypto::sha256(&call.body));
    let same = claims["payload_hash"].as_str().is_some_and(|one| one.eq_ignore_ascii_case(&hash));
    let (bytes, is) = (call.body.len(), if same { "is" } else { "isn't" });
    facts.push(fact("body", format!("{bytes} bytes, whose SHA-256 {is} the token's payload_hash")));
    facts
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        value => value.to_string().chars().take(SHOWN_MAX).collect(),
    }
}
