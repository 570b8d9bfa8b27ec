//! Webhooks: a JSON object with one member, whose name is the kind (the form of a protobuf oneof).
//!
//! Invariant: a kind that isn't known is still taken: BRIJ hints at more of them than it documents,
//! and would send a refused one again and again.

use hookswitch_sdk::{Callback, Event, Reason, crypto, text};
use serde_json::Value;

use crate::fields::{self, is_text};
use crate::token;

const KEY_BYTES_MAX: usize = 64;

/// Reads the one event of a webhook; its data is the body as received.
///
/// Its id is the body's hash, for nobody says whether a retry keeps its token; the token's id is a
/// second one.
pub(crate) fn parse(call: &Callback) -> Result<Vec<Event>, Reason> {
    let members = fields::object(&call.body);
    let mut pairs = members.iter().flatten();
    let (Some((key, value)), None) = (pairs.next(), pairs.next()) else {
        let detail = "the body must be a JSON object with exactly one member";
        return Err(Reason::new("body_malformed", detail));
    };
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if key.is_empty() || key.len() > KEY_BYTES_MAX || !key.bytes().all(word) {
        let detail = "the member's name must be 1 to 64 letters, digits and underscores";
        return Err(Reason::new("body_malformed", detail));
    }
    let subject = match key.as_str() {
        "dataShared" => {
            Some(customer_id(value).map_err(|detail| Reason::new("field_invalid", detail))?)
        }
        _ => None,
    };
    Ok(vec![Event {
        id: text::encode_hex(&crypto::sha256(&call.body)),
        aliases: vec![token::id(call)?],
        kind: format!("brij.{key}"),
        subject,
        rank: None,
        occurred_at_ms: None,
        data: None,
    }])
}

/// Checks `dataShared` and says whose data it is.
fn customer_id(shared: &Value) -> Result<String, String> {
    let members = shared.as_object().ok_or("dataShared must be an object")?;
    let id = |value: &Value| value.as_str().is_some_and(is_text);
    let ids = |list: &Value| list.as_array().is_some_and(|all| all.iter().all(id));
    for name in ["customerDataIds", "attestationIds"] {
        // Protobuf's JSON may leave an empty list out.
        if !members.get(name).is_none_or(ids) {
            return Err(format!("dataShared.{name} must be a list of strings of 1 to 256 bytes"));
        }
    }
    let customer_id = fields::text(members, "customerId");
    customer_id.map(str::to_owned).map_err(|wrong| format!("dataShared.{wrong}"))
}
