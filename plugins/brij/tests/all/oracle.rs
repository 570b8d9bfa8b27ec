//! Tokens signed by another library (`jsonwebtoken`, whose RSA is not the stand-in host's), so that
//! signer and verifier can't share a mistake.

use hookswitch_brij::Brij;
use hookswitch_sdk::{Callback, Protocol, Verdict};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::keys::{NOW_MS, callback, host, pair};

const BODY: &[u8] =
    br#"{"dataShared":{"customerId":"cust_1","customerDataIds":[],"attestationIds":["att_9"]}}"#;
/// The body's SHA-256, worked out by hand (`sha256sum`).
const HASH: &str = "3016a79383cc99706264b1eafc16238901b806841b8a9d5e0abe7518d8eff9b2";

fn claims() -> Value {
    let now_s = NOW_MS / 1000;
    json!({
        "iss": "brij.fi", "aud": "partner-42", "iat": now_s, "exp": now_s + 600,
        "jti": "6f1c1f7e-95a5-4f0c-9e0c-0a4f1f0f8a11", "payload_hash": HASH,
    })
}

fn signed(algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> Callback {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    let key = EncodingKey::from_rsa_pem(pair().private.as_bytes()).unwrap();
    callback("webhook", &jsonwebtoken::encode(&header, claims, &key).unwrap(), BODY)
}

fn verify(call: &Callback) -> Verdict {
    host(&pair().public).run(|| Brij::verify(call))
}

fn code(verdict: Verdict) -> String {
    match verdict {
        Verdict::Forged(reason) => reason.code,
        other => panic!("{other:?} where a forgery was expected"),
    }
}

#[test]
fn another_library_signs_and_we_agree() {
    for kid in [None, Some("key-1"), Some("key-of-next-year")] {
        let Verdict::Genuine(proof) = verify(&signed(Algorithm::RS256, kid, &claims())) else {
            panic!("kid {kid:?}: not genuine");
        };
        assert_eq!(proof.matched.as_deref(), Some("current"));
        assert_eq!(proof.replay_key.as_deref(), Some("6f1c1f7e-95a5-4f0c-9e0c-0a4f1f0f8a11"));
    }
}

#[test]
fn other_rsa_algorithms_by_the_right_key_are_forged() {
    use Algorithm::{PS256, PS384, PS512, RS384, RS512};
    for algorithm in [RS384, RS512, PS256, PS384, PS512] {
        let verdict = verify(&signed(algorithm, None, &claims()));
        assert_eq!(code(verdict), "alg_not_allowed", "{algorithm:?}");
    }
}

#[test]
fn every_character_of_a_token_counts() {
    let genuine = signed(Algorithm::RS256, Some("key-1"), &claims());
    let token = genuine.head.header("x-brij-signature").expect("it is signed");
    for at in 0..token.len() {
        let mut altered = token.to_owned();
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        altered.replace_range(at..=at, other);
        let verdict = verify(&callback("webhook", &altered, BODY));
        assert!(matches!(verdict, Verdict::Forged(_)), "character {at}: {verdict:?}");
    }
}

#[test]
fn every_bit_of_the_body_counts() {
    let genuine = signed(Algorithm::RS256, None, &claims());
    for bit in 0..BODY.len() * 8 {
        let mut call = genuine.clone();
        call.body[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(code(verify(&call)), "payload_hash_mismatch", "bit {bit}");
    }
}

#[test]
fn broken_settings_are_our_fault_not_the_senders() {
    let call = signed(Algorithm::RS256, None, &claims());
    for settings in [json!({}), json!({ "partner_id": "partner-42", "leeway": "a while" })] {
        let broken = host(&pair().public).settings(settings);
        let (verdict, reasons) = broken.run(|| (Brij::verify(&call), Brij::configure()));
        assert!(matches!(verdict, Verdict::Unavailable(_)), "{verdict:?}");
        assert_eq!(reasons.len(), 1);
        assert_eq!(reasons[0].code, "settings_invalid");
    }
}

#[test]
fn configure_names_what_is_wrong() {
    let configured = |settings| host(&pair().public).settings(settings).run(Brij::configure);
    assert_eq!(configured(json!({ "partner_id": "partner-42", "leeway": "2m" })), []);
    let wrong = [
        (json!({ "partner_id": " " }), "partner_id"),
        (json!({ "partner_id": "p", "issuer": "" }), "issuer"),
        (json!({ "partner_id": "p", "leeway": "60" }), "leeway"),
        (json!({ "partner_id": "p", "leway": "60s" }), "leway"),
    ];
    for (settings, named) in wrong {
        let reasons = configured(settings);
        assert!(reasons.len() == 1 && reasons[0].detail.contains(named), "{named}: {reasons:?}");
    }
}
