//! Whether a call comes from the router: Standard Webhooks (standardwebhooks.com), which is
//! HMAC-SHA256 over `id.timestamp.body` with the secret that both share.
//!
//! Nothing in a call is believed before this was checked, its headers included: what isn't signed
//! (the kind, the idempotency key) can be altered, so it never decides which order is meant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use ring::hmac;

/// How far a call's time may be from ours, in seconds: what Standard Webhooks' own libraries allow.
const TOLERANCE_S: u64 = 300;

/// The shared secret.
pub struct Key(hmac::Key);

impl Key {
    /// From the secret's text: `whsec_` and base64 of at least 16 bytes.
    pub fn parse(secret: &str) -> Result<Key, &'static str> {
        const FORM: &str = "the secret must be whsec_ and base64 of at least 16 bytes: \
                            make one with `echo whsec_$(openssl rand -base64 32)`";
        let coded = secret.trim().strip_prefix("whsec_").ok_or(FORM)?;
        let bytes = STANDARD.decode(coded).ok().filter(|bytes| bytes.len() >= 16).ok_or(FORM)?;
        Ok(Key(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Whether the body is signed, and just now. While the router's secret is being rotated there
    /// are several signatures: any one will do.
    pub(crate) fn has_signed(&self, headers: &HeaderMap, body: &[u8], now_s: u64) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let named =
            (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
        let (Some(id), Some(time), Some(signatures)) = named else { return false };
        let recent = time.parse::<u64>().is_ok_and(|sent_s| sent_s.abs_diff(now_s) <= TOLERANCE_S);
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
        let genuine = |signature: &str| {
            let tag = signature.strip_prefix("v1,").and_then(|tag| STANDARD.decode(tag).ok());
            tag.is_some_and(|tag| hmac::verify(&self.0, &signed, &tag).is_ok())
        };
        recent && signatures.split(' ').any(genuine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SENT_S: u64 = 1_790_000_000;

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let time = SENT_S.to_string();
        for (name, value) in [
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", &time),
            ("webhook-signature", signature),
        ] {
            headers.insert(name, value.parse().expect("a header's value"));
        }
        headers
    }

    #[test]
    fn takes_what_others_sign_and_nothing_else() {
        let key = Key::parse(SECRET).expect("a secret");
        let sign = |secret: &str, body: &[u8]| {
            let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
            webhook.sign("msg_1", SENT_S.cast_signed(), body).expect("a signature")
        };
        let good = sign(SECRET, b"{}");
        let foreign = sign("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", b"{}");
        let both = format!("{foreign} {good}");
        let cases = [
            (good.as_str(), SENT_S, true),
            (&good, SENT_S + TOLERANCE_S, true),
            (&good, SENT_S - TOLERANCE_S, true),
            (&both, SENT_S, true),
            (&good, SENT_S + TOLERANCE_S + 1, false),
            (&good, SENT_S - TOLERANCE_S - 1, false),
            (&foreign, SENT_S, false),
            (&sign(SECRET, b"[]"), SENT_S, false),
            (good.trim_start_matches("v1,"), SENT_S, false),
            ("v1,", SENT_S, false),
            ("", SENT_S, false),
        ];
        for (signature, now_s, taken) in cases {
            assert_eq!(key.has_signed(&headers(signature), b"{}", now_s), taken, "{signature}");
        }
        for missing in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let mut headers = headers(&good);
            headers.remove(missing);
            assert!(!key.has_signed(&headers, b"{}", SENT_S), "without {missing}");
        }
    }

    #[test]
    fn a_secret_has_its_form() {
        for wrong in ["", "whsec_", "whsec_!", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        {
            assert!(Key::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Key::parse(&format!("{SECRET}\n")).is_ok());
    }
}
