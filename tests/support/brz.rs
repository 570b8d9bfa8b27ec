//! BRZ as the router knows it: callbacks with ids of their own, signed now.

use hookswitch::model::Clock;
use ring::{digest, hmac};

/// What signs them.
pub(crate) const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

/// The body that tells of a payment.
pub(crate) fn body(id: &str) -> String {
    format!(
        r#"{{"event":"pix.cash_in.confirmed","timestamp":"2026-08-01T10:00:00Z","data":{{"id":"{id}","status":"completed"}}}}"#
    )
}

/// The headers that it is sent with now.
pub(crate) fn headers(body: &str) -> Vec<(&'static str, String)> {
    let time = (Clock::system().now_ms() / 1000).to_string();
    let signature = signature(SECRET, &time, body.as_bytes());
    vec![
        ("content-type", "application/json".to_owned()),
        ("x-webhook-timestamp", time),
        ("x-webhook-signature", signature),
    ]
}

/// BRZ's form of a signature.
pub(crate) fn signature(secret: &str, time: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[time.as_bytes(), b".", body].concat());
    format!("sha256={}", hex(tag.as_ref()))
}

/// The id of the event that the adapter makes of a body.
pub(crate) fn provider_id(body: &str) -> String {
    hex(digest::digest(&digest::SHA256, body.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
