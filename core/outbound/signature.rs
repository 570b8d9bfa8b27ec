//! How what is sent is signed: Standard Webhooks and the `sha256=` form at once, since their
//! headers don't clash. Both sign the bytes that are sent, and the time at which they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::model::{SecretText, hex};

/// What stands before a secret that is meant for webhooks.
const WHSEC: &str = "whsec_";
/// Who sends.
const SOURCE: &str = "hookswitch";

/// What is signed, and by what.
pub(super) struct Signing<'a> {
    /// The id of what is sent: the same over all attempts.
    pub(super) id: &'a str,
    /// The attempt's time, Unix seconds.
    pub(super) at_s: u64,
    /// The kind of it, as a header may hold it.
    pub(super) kind: &'a str,
    /// The body's bytes.
    pub(super) body: &'a [u8],
    /// Newest first; none: only ids and times are told.
    pub(super) secrets: &'a [SecretText],
}

/// The headers of both forms, names in lower case.
pub(super) fn headers(signing: &Signing<'_>) -> Vec<(&'static str, String)> {
    let Signing { id, at_s, kind, body, secrets } = *signing;
    let time = at_s.to_string();
    let mut headers = vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time.clone()),
        ("x-webhook-id", id.to_owned()),
        ("x-webhook-timestamp", time.clone()),
        ("x-webhook-event", kind.to_owned()),
        ("x-webhook-source", SOURCE.to_owned()),
    ];
    if let Some(newest) = secrets.first() {
        let standard: Vec<String> =
            secrets.iter().map(|secret| standard(secret, id, &time, body)).collect();
        headers.push(("webhook-signature", standard.join(" ")));
        headers.push(("x-webhook-signature", plain(newest, &time, body)));
    }
    headers
}

/// `v1,…`, as Standard Webhooks has it.
fn standard(secret: &SecretText, id: &str, time: &str, body: &[u8]) -> String {
    let text = secret.expose();
    let coded = text.strip_prefix(WHSEC).unwrap_or(text);
    let key = STANDARD.decode(coded).unwrap_or_else(|_| text.as_bytes().to_vec());
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    format!("v1,{}", STANDARD.encode(mac(&key, &parts)))
}

/// `sha256=…`: the key is the secret's whole text, `whsec_` and all.
fn plain(secret: &SecretText, time: &str, body: &[u8]) -> String {
    let tag = mac(secret.expose().as_bytes(), &[time.as_bytes(), b".", body]);
    format!("sha256={}", hex::encode(tag.as_ref()))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        mac.update(part);
    }
    mac.sign()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Clock;

    const ID: &str = "0192f0c1-0000-7000-8000-000000000001";

    fn signed(secrets: &[&str], at_s: u64, body: &[u8]) -> Vec<(&'static str, String)> {
        let secrets: Vec<SecretText> = secrets.iter().map(|text| SecretText::new(*text)).collect();
        headers(&Signing { id: ID, at_s, kind: "a.b", body, secrets: &secrets })
    }

    fn value<'a>(headers: &'a [(&str, String)], name: &str) -> Option<&'a str> {
        headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_plain_form_has_its_check_value() {
        let body = br#"{"event":"pix.cash_in.confirmed","data":{"id":"txn_1"}}"#;
        let headers = signed(&["whsec_0123456789abcdef0123456789abcdef"], 1_790_000_000, body);
        let wanted = "sha256=a2655c97bc2152154d75748a3401288a2886fb501357ff5f160d8b68f7858721";
        assert_eq!(value(&headers, "x-webhook-signature"), Some(wanted));
        assert_eq!(value(&headers, "x-webhook-timestamp"), Some("1790000000"));
        assert_eq!(value(&headers, "x-webhook-id"), Some(ID));
        assert_eq!(value(&headers, "x-webhook-event"), Some("a.b"));
        assert_eq!(value(&headers, "x-webhook-source"), Some("hookswitch"));
    }

    #[test]
    fn other_peoples_check_of_the_standard_form_agrees() {
        let now_s = Clock::system().now_ms() / 1000;
        let (new, old) =
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let body = "{\"a\":\"é\"}".as_bytes();
        let headers = signed(&[new, old, "not base64 at all"], now_s, body);
        assert_eq!(value(&headers, "webhook-signature").map(|all| all.split(' ').count()), Some(3));
        let mut map = hyper::HeaderMap::new();
        for (name, value) in headers {
            map.insert(name, value.parse().expect("a header's value"));
        }
        let key = |bytes: &[u8]| standardwebhooks::Webhook::from_bytes(bytes.to_vec());
        let known = [standardwebhooks::Webhook::new(new), standardwebhooks::Webhook::new(old)];
        for webhook in known.into_iter().chain([key(b"not base64 at all")]) {
            let webhook = webhook.expect("a key");
            webhook.verify(body, &map).expect("it is signed");
            assert!(webhook.verify(b"{}", &map).is_err(), "another body");
        }
        let other = key(b"another").expect("a key");
        assert!(other.verify(body, &map).is_err(), "another key");
    }

    #[test]
    fn without_a_secret_nothing_is_signed() {
        let headers = signed(&[], 1, b"");
        assert_eq!(value(&headers, "webhook-id"), Some(ID));
        assert_eq!(value(&headers, "webhook-timestamp"), Some("1"));
        assert!(!headers.iter().any(|(name, _)| name.contains("signature")));
    }
}
