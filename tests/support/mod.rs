//! What several tests need: small guests, callbacks, and a router that runs as a process.

pub(crate) mod api;
pub(crate) mod brz;
pub(crate) mod destination;
pub(crate) mod guest;
pub(crate) mod hostile;
pub(crate) mod router;
pub(crate) mod service;
pub(crate) mod store;

pub(crate) use self::hostile::callback;

/// An RSA key pair in PEM, made once for all tests: the private key (PKCS#8) and the public (SPKI).
pub(crate) fn keys() -> &'static (String, String) {
    use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
    static KEYS: std::sync::OnceLock<(String, String)> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
        let private = key.to_pkcs8_pem(LineEnding::LF).expect("its PEM").to_string();
        let public = key.to_public_key().to_public_key_pem(LineEnding::LF).expect("its PEM");
        (private, public)
    })
}

/// Tokens that must never be taken for BRIJ's, by name: the classic ways around a JWT library.
pub(crate) fn bad_tokens() -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let now = hookswitch::model::Clock::system().now_ms() / 1000;
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let claims = serde_json::json!({
        "iss": "brij.fi", "aud": "partner-42", "iat": now, "exp": now + 600,
        "jti": "6f1d5a0e-8a2b-4f0c-9d1e-2b3c4d5e6f70", "payload_hash": hash,
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = serde_json::json!({ "alg": "none", "typ": "JWT" });
    let hs256 = EncodingKey::from_secret(keys().1.as_bytes());
    let other = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
    let other = rsa::pkcs1::EncodeRsaPrivateKey::to_pkcs1_der(&other).expect("its DER");
    let other = EncodingKey::from_rsa_der(other.as_bytes());
    let sign = |algorithm, key: &EncodingKey| {
        encode(&Header::new(algorithm), &claims, key).expect("a token")
    };
    vec![
        ("garbage", "garbage".into()),
        ("alg none", format!("{}.{}.", part(&none), part(&claims))),
        ("HS256 with the public key", sign(Algorithm::HS256, &hs256)),
        ("another RSA key", sign(Algorithm::RS256, &other)),
    ]
}
