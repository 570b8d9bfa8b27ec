//! Genuine BRZ callbacks, signed by other code than the adapter's own.

use hookswitch::model::Clock;
use ring::hmac;

/// What BRZ and the router share.
pub(crate) const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

/// A payment of this transaction that is confirmed.
pub(crate) fn body(transaction: &str) -> String {
    format!(
        "{{\"event\":\"pix.cash_in.confirmed\",\"data\":{{\"id\":\"{transaction}\",\
         \"status\":\"completed\",\"amount\":\"1.00\"}}}}"
    )
}

/// The headers that make a body genuine now.
pub(crate) fn headers(body: &str) -> [(&'static str, String); 3] {
    let timestamp = (Clock::system().now_ms() / 1000).to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    [
        ("content-type", "application/json".to_owned()),
        ("x-webhook-timestamp", timestamp),
        ("x-webhook-signature", format!("sha256={hex}")),
    ]
}

/// The whole request, over a connection that stays open.
pub(crate) fn request(path: &str, transaction: &str) -> Vec<u8> {
    let body = body(transaction);
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: hooks.example.com\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers(&body) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(&body);
    request.into_bytes()
}
