//! An RSA key pair made at run time, once for all tests, and callbacks around a token.

use std::sync::OnceLock;

use hookswitch_sdk::native::Host;
use hookswitch_sdk::{Callback, Head};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use serde_json::json;

/// When every callback here is received.
pub(crate) const NOW_MS: u64 = 1_790_000_000_000;

/// Both halves in PEM: private as PKCS#8, public as SPKI.
pub(crate) struct Pair {
    pub(crate) private: String,
    pub(crate) public: String,
}

/// A fresh pair for this run.
pub(crate) fn pair() -> &'static Pair {
    static PAIR: OnceLock<Pair> = OnceLock::new();
    PAIR.get_or_init(|| {
        let key = RsaPrivateKey::new(&mut rand::thread_rng(), 2048).unwrap();
        Pair {
            private: key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
            public: key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap(),
        }
    })
}

/// A host for `partner-42` that holds this key.
pub(crate) fn host(pem: &str) -> Host {
    let settings = json!({ "partner_id": "partner-42" });
    Host::new().settings(settings).secret("signing-key", "current", Some("key-1"), pem)
}

/// A callback as the router would hand it on.
pub(crate) fn callback(call: &str, token: &str, body: &[u8]) -> Callback {
    let head = Head::new("POST", &format!("https://hooks.example.com/brij/{call}"))
        .with_id("call-1")
        .with_param("call", call)
        .with_header("x-brij-signature", token)
        .with_peer("203.0.113.7")
        .with_time(NOW_MS);
    Callback { head, body: body.to_vec() }
}
